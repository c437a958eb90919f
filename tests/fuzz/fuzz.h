/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput(); a
 * property that does not hold ends it by FUZZ_CHECK().
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_CHECK(condition)                                                                   \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read every byte, so that one that is not there is noticed. */
static inline void fuzz_touch(const void *bytes, size_t size)
{
	static volatile uint8_t sink;
	const uint8_t *p = bytes;
	uint8_t sum = 0;
	size_t i;

	for (i = 0; i < size; i++)
		sum ^= p[i];
	sink = sum;
}

/* The input as a string of its own, to be freed. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	FUZZ_CHECK(text != NULL);
	if (size != 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
