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
	static volatile uint8_t sink __attribute__((unused));
	const uint8_t *p = bytes;
	uint8_t sum = 0;
	size_t i;

	for (i = 0; i < size; i++)
		sum ^= p[i];
	sink = sum;
}

/* An input that is taken apart; behind its end are zeros. */
struct fuzz_input {
	const uint8_t *p;
	size_t left;
};

static inline void fuzz_take(struct fuzz_input *in, void *to, size_t size)
{
	size_t n = size < in->left ? size : in->left;

	memset(to, 0, size);
	if (n == 0)
		return;
	memcpy(to, in->p, n);
	in->p += n;
	in->left -= n;
}

static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
	uint8_t value;

	fuzz_take(in, &value, sizeof(value));
	return value;
}

/* A number: mostly small, or near 0 from below, or anything. */
static inline uint64_t fuzz_number(struct fuzz_input *in)
{
	uint8_t kind = fuzz_byte(in);
	uint64_t value;

	if (kind < 0xe0)
		return kind;
	if (kind < 0xf0)
		return (uint64_t)kind - 0xf0;
	fuzz_take(in, &value, kind < 0xf8 ? 4 : 8);
	if (kind < 0xf8)
		value &= UINT32_MAX;
	return value;
}

/* So many bytes in place, or those that are left. */
static inline const uint8_t *fuzz_bytes(struct fuzz_input *in, size_t *size)
{
	const uint8_t *p = in->p;

	if (*size > in->left)
		*size = in->left;
	in->p += *size;
	in->left -= *size;
	return p;
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
