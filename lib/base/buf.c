// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "buf.h"

uint8_t *sc_buf_room(struct sc_buf *b, size_t n)
{
	size_t cap;
	uint8_t *data;

	if (b->failed)
		return NULL;
	if (b->data && b->cap - b->len >= n)
		return b->data + b->len;

	cap = b->cap ? b->cap : 256;
	while (cap - b->len < n) {
		if (cap > SIZE_MAX / 2) {
			b->failed = true;
			return NULL;
		}
		cap *= 2;
	}
	data = realloc(b->data, cap);
	if (!data) {
		b->failed = true;
		return NULL;
	}
	b->data = data;
	b->cap = cap;
	return b->data + b->len;
}

void sc_buf_add(struct sc_buf *b, const void *data, size_t n)
{
	uint8_t *to = sc_buf_room(b, n);

	if (!to || !n)
		return;
	memcpy(to, data, n);
	b->len += n;
}

void sc_buf_reset(struct sc_buf *b)
{
	b->len = 0;
	b->failed = false;
}

void sc_buf_free(struct sc_buf *b)
{
	free(b->data);
	*b = (struct sc_buf){ 0 };
}
