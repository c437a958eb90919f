// SPDX-License-Identifier: GPL-2.0-only
/*
 * Columns as transforms and layouts make them. Every call that is recorded comes through here
 * some 25 times, so the loops over rows are few, simple, and compiled for wide vectors where
 * the CPU has them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "column_private.h"
#include "base/salt.h"
#include "base/vector.h"

#define DICT_SLOTS (4 * SC_DICTIONARY_MAX) /* power of two */
#define DICT_PATIENCE 1024u /* rows after which a dictionary must have begun to pay */
#define RUN 64u /* rows that are looked at together for being the same */
#define CHUNK 1024u /* rows that are worked on together: they fit the nearest cache */

static unsigned log2_unsigned(uint64_t max)
{
	return max <= UINT8_MAX ? 0 : max <= UINT16_MAX ? 1 : max <= UINT32_MAX ? 2 : 3;
}

static unsigned log2_signed(int64_t min, int64_t max)
{
	if (min >= INT8_MIN && max <= INT8_MAX)
		return 0;
	if (min >= INT16_MIN && max <= INT16_MAX)
		return 1;
	return min >= INT32_MIN && max <= INT32_MAX ? 2 : 3;
}

/* ---- loops over rows ---- */

SC_FOR_EACH_CPU static uint64_t differences(const uint64_t *v, uint32_t n, uint64_t from)
{
	uint64_t differs = 0;

	for (uint32_t i = 0; i < n; i++)
		differs |= v[i] ^ from;
	return differs;
}

bool column_is_constant(const uint64_t *v, uint32_t n)
{
	/* A column that is not says so early, as a rule. */
	for (uint32_t i = 0; i < n; i += CHUNK)
		if (differences(v + i, n - i < CHUNK ? n - i : CHUNK, v[0]))
			return false;
	return true;
}

/* Least and largest of numbers that are taken as signed. */
struct range {
	int64_t min, max;
};

/* Of v[i] - v[0]. */
SC_FOR_EACH_CPU static struct range value_range(const uint64_t *v, uint32_t n)
{
	const uint64_t first = v[0];
	int64_t min = 0, max = 0;

	for (uint32_t i = 1; i < n; i++) {
		int64_t e = (int64_t)(v[i] - first);

		min = e < min ? e : min;
		max = e > max ? e : max;
	}
	return (struct range){ min, max };
}

/* Of v[i] - v[i-1]. */
SC_FOR_EACH_CPU static struct range delta_range(const uint64_t *v, uint32_t n)
{
	int64_t min = 0, max = 0;

	for (uint32_t i = 1; i < n; i++) {
		int64_t e = (int64_t)(v[i] - v[i - 1]);

		min = e < min ? e : min;
		max = e > max ? e : max;
	}
	return (struct range){ min, max };
}

SC_FOR_EACH_CPU static void to_plain(uint64_t *restrict e, const uint64_t *restrict v, uint32_t n,
				     uint64_t base)
{
	for (uint32_t i = 0; i < n; i++)
		e[i] = v[i] - base;
}

/* before: the value of the row ahead of the first */
SC_FOR_EACH_CPU static void to_delta(uint64_t *restrict e, const uint64_t *restrict v, uint32_t n,
				     uint64_t before)
{
	e[0] = v[0] - before;
	for (uint32_t i = 1; i < n; i++)
		e[i] = v[i] - v[i - 1];
}

SC_FOR_EACH_CPU static void store_index_8(uint8_t *restrict to, const uint16_t *restrict index,
					  uint32_t n, unsigned shift)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] = (uint8_t)(index[i] >> shift);
}

static void fill_index(uint16_t *index, uint32_t n, uint16_t value)
{
	for (uint32_t i = 0; i < n; i++)
		index[i] = value;
}

SC_FOR_EACH_CPU static void store_8(uint8_t *restrict to, const uint64_t *restrict e, uint32_t n,
				    unsigned shift)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] = (uint8_t)(e[i] >> shift);
}

SC_FOR_EACH_CPU static void store_16(uint8_t *restrict to, const uint64_t *restrict e, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint16_t x = (uint16_t)e[i];

		memcpy(to + (size_t)i * sizeof(x), &x, sizeof(x));
	}
}

SC_FOR_EACH_CPU static void store_32(uint8_t *restrict to, const uint64_t *restrict e, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t x = (uint32_t)e[i];

		memcpy(to + (size_t)i * sizeof(x), &x, sizeof(x));
	}
}

SC_FOR_EACH_CPU static void to_zigzag(uint64_t *e, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		e[i] = e[i] << 1 ^ (uint64_t)((int64_t)e[i] >> 63);
}

/* ---- transforms ---- */

int column_plain(const uint64_t *v, uint32_t n, struct choice *ch)
{
	struct range r = value_range(v, n);

	/* Exact also where the range is not one of signed numbers: all is modulo 2^64. */
	*ch = (struct choice){
		.transform = SC_TRANSFORM_PLAIN,
		.base = v[0] + (uint64_t)r.min,
		.log2 = (uint8_t)log2_unsigned((uint64_t)r.max - (uint64_t)r.min),
	};
	return 1;
}

int column_delta(const uint64_t *v, uint32_t n, struct choice *ch)
{
	struct range r = delta_range(v, n);

	*ch = (struct choice){
		.transform = SC_TRANSFORM_DELTA,
		.base = v[0],
		.log2 = (uint8_t)log2_signed(r.min, r.max),
	};
	return 1;
}

/*
 * Number the distinct values in order of appearance: indices in s->index,
 * values in s->dictionary.
 * @retval how many; 0: too many to be worth it  @retval -ENOMEM
 */
static int number_values(const uint64_t *v, uint32_t n, struct sc_column_scratch *s)
{
	const uint64_t salt = sc_salt();
	uint32_t count = 0;

	if (s->index_cap < n) {
		free(s->index);
		s->index_cap = 0;
		s->index = malloc(n * sizeof(*s->index));
		if (!s->index)
			return -ENOMEM;
		s->index_cap = n;
	}
	if (!s->slots) {
		s->slots = calloc(DICT_SLOTS, sizeof(*s->slots));
		if (!s->slots)
			return -ENOMEM;
	}
	/* Of the column before; the whole table would be much for a few values. */
	while (s->used)
		s->slots[s->used_slots[--s->used]] = 0;

	for (uint32_t i = 0, end; i < n; i = end) {
		end = n - i < RUN ? n : i + RUN;
		/* Most columns that have few values change them seldom. */
		if (i && !differences(v + i, end - i, v[i - 1])) {
			fill_index(s->index + i, end - i, s->index[i - 1]);
			continue;
		}
		for (uint32_t k = i; k < end; k++) {
			uint32_t slot = (uint32_t)((v[k] * salt) >> 40) & (DICT_SLOTS - 1);

			if (k && v[k] == v[k - 1]) {
				s->index[k] = s->index[k - 1];
				continue;
			}
			while (s->slots[slot] && s->dictionary[s->slots[slot] - 1] != v[k])
				slot = (slot + 1) & (DICT_SLOTS - 1);
			if (!s->slots[slot]) {
				if (count == SC_DICTIONARY_MAX)
					return 0;
				s->dictionary[count] = v[k];
				s->slots[slot] = ++count;
				s->used_slots[s->used++] = (uint16_t)slot;
			}
			s->index[k] = (uint16_t)(s->slots[slot] - 1);
		}
		if (end == DICT_PATIENCE && count > DICT_PATIENCE / 2)
			return 0;
	}
	return (int)count;
}

int column_dictionary(const uint64_t *v, uint32_t n, struct sc_column_scratch *s, struct choice *ch)
{
	int entries = number_values(v, n, s);

	if (entries <= 0)
		return entries;
	*ch = (struct choice){
		.transform = SC_TRANSFORM_DICTIONARY,
		.log2 = (uint8_t)log2_unsigned((uint64_t)entries - 1),
		.dictionary = (uint32_t)entries,
	};
	return 1;
}

/* Room for n numbers apart; NULL: none. */
static uint64_t *apart(struct sc_column_scratch *s, uint32_t n)
{
	sc_buf_reset(&s->apart);
	return (uint64_t *)(void *)sc_buf_room(&s->apart, (size_t)n * sizeof(uint64_t));
}

int column_line(const uint64_t *v, uint32_t n, const struct sc_column_with *with,
		struct sc_column_scratch *s, struct choice *ch)
{
	struct range r;
	uint64_t *e;

	if (!with || !with->line || !with->line->slope)
		return 0;
	e = apart(s, n);
	if (!e)
		return -ENOMEM;
	sc_line_differences(with->line, v, e);
	r = value_range(e, n);
	*ch = (struct choice){
		.transform = SC_TRANSFORM_LINE,
		.log2 = (uint8_t)log2_signed(r.min, r.max),
	};
	/* The range is of what is more than the first one. */
	if (e[0])
		ch->log2 = 3;
	return 1;
}

/*
 * Where the value of a row behind the first may be told from: rows like the one above have the
 * same, mostly; those of the source TASK next. @first  asked before all others
 */
static inline uint8_t source_of(const struct sc_context *x, const uint64_t *v, uint32_t i,
				enum sc_context_source first, bool place)
{
	uint32_t task;

	if (v[i] == v[x->before[first][i]])
		return (uint8_t)first;
	if (first != SC_SOURCE_CALL && v[i] == v[x->before[SC_SOURCE_CALL][i]])
		return SC_SOURCE_CALL;
	if (place && v[i] == v[x->before[SC_SOURCE_PLACE][i]])
		return SC_SOURCE_PLACE;
	task = x->before[SC_SOURCE_TASK][i];
	if (v[i] == v[task])
		return SC_SOURCE_TASK;
	return v[i] == x->ret[task] ? SC_SOURCE_RESULT : SC_SOURCE_STORED;
}

/* How many are stored: they go to values. */
static uint32_t find_sources(const struct sc_context *x, const uint64_t *v, uint32_t n,
			     enum sc_context_source first, bool place, uint8_t *to,
			     uint64_t *values)
{
	uint32_t count = v[0] != 0;

	/* Ahead of the first row all is 0. */
	to[0] = v[0] ? SC_SOURCE_STORED : SC_SOURCE_CALL;
	values[0] = v[0];
	for (uint32_t i = 1; i < n; i++) {
		uint8_t from = source_of(x, v, i, first, place);

		to[i] = from;
		values[count] = v[i];
		count += from == SC_SOURCE_STORED;
	}
	return count;
}

int column_context(const uint64_t *v, uint32_t n, const struct sc_column_with *with,
		   struct sc_column_scratch *s, struct choice *ch)
{
	uint64_t *values, most = 0;
	uint32_t count;
	int rc;

	if (!with || !with->context)
		return 0;
	rc = sc_context_make(with->context, with->place);
	if (rc)
		return rc;
	values = apart(s, n);
	sc_buf_reset(&s->raw);
	if (!values || !sc_buf_room(&s->raw, n))
		return -ENOMEM;
	if (with->latest)
		count = find_sources(with->context, v, n, SC_SOURCE_TASK, with->place, s->raw.data,
				     values);
	else if (with->place)
		count = find_sources(with->context, v, n, SC_SOURCE_CALL, true, s->raw.data,
				     values);
	else
		count = find_sources(with->context, v, n, SC_SOURCE_CALL, false, s->raw.data,
				     values);
	for (uint32_t i = 0; i < count; i++)
		most |= values[i];
	*ch = (struct choice){
		.transform = SC_TRANSFORM_CONTEXT,
		.log2 = (uint8_t)log2_unsigned(most),
		.dictionary = count,
	};
	return 1;
}

/* ---- layouts ---- */

static void emit_index(uint8_t *to, const struct choice *ch, const uint16_t *index, uint32_t n)
{
	if (ch->log2 && ch->layout == SC_LAYOUT_ROWS) {
		memcpy(to, index, (size_t)n * sizeof(*index));
		return;
	}
	for (unsigned p = 0; p < 1u << ch->log2; p++)
		store_index_8(to + (size_t)p * n, index, n, 8 * p);
}

/* What of rows [i, i + n) is to be stored. */
static void elements(const struct choice *ch, const uint64_t *v, uint32_t i, uint32_t n,
		     const struct sc_column_scratch *s, uint64_t *e)
{
	if (ch->transform == SC_TRANSFORM_PLAIN)
		to_plain(e, v + i, n, ch->base);
	else if (ch->transform == SC_TRANSFORM_DELTA)
		to_delta(e, v + i, n, i ? v[i - 1] : ch->base);
	else
		memcpy(e, s->apart.data + (size_t)i * sizeof(*e), n * sizeof(*e));
}

static void emit_array(uint8_t *to, const struct choice *ch, const uint64_t *v, uint32_t from,
		       uint32_t n, const struct sc_column_scratch *s)
{
	uint64_t e[CHUNK];

	if (ch->transform == SC_TRANSFORM_DICTIONARY) {
		emit_index(to, ch, s->index + from, n);
		return;
	}
	for (uint32_t at = 0, rows; at < n; at += rows) {
		rows = n - at < CHUNK ? n - at : CHUNK;
		elements(ch, v, from + at, rows, s, e);
		if (ch->layout == SC_LAYOUT_PLANES || ch->log2 == 0)
			for (unsigned p = 0; p < 1u << ch->log2; p++)
				store_8(to + (size_t)p * n + at, e, rows, 8 * p);
		else if (ch->log2 == 1)
			store_16(to + (size_t)at * 2, e, rows);
		else if (ch->log2 == 2)
			store_32(to + (size_t)at * 4, e, rows);
		else
			memcpy(to + (size_t)at * 8, e, (size_t)rows * 8);
	}
}

static int emit_bits(const struct choice *ch, const uint64_t *v, uint32_t from, uint32_t n,
		     struct sc_column_scratch *s)
{
	struct sc_bits to = { 0 };
	uint64_t e[CHUNK];

	sc_buf_reset(&s->raw);
	if (!sc_buf_room(&s->raw, n) || !sc_buf_room(&s->tail, sc_bits_bound(n)))
		return -ENOMEM;
	to.at = s->tail.data;
	for (uint32_t at = 0, rows; at < n; at += rows) {
		rows = n - at < CHUNK ? n - at : CHUNK;
		elements(ch, v, from + at, rows, s, e);
		if (ch->transform != SC_TRANSFORM_PLAIN)
			to_zigzag(e, rows);
		sc_bits_put(&to, s->raw.data + at, e, rows);
	}
	sc_bits_end(&to);
	s->raw.len = n;
	s->tail.len = (size_t)(to.at - s->tail.data);
	return 0;
}

int column_emit(const struct choice *ch, const uint64_t *v, uint32_t from, uint32_t n,
		struct sc_column_scratch *s)
{
	size_t size = (size_t)n << ch->log2;

	sc_buf_reset(&s->tail);
	if (ch->layout == SC_LAYOUT_BITS)
		return emit_bits(ch, v, from, n, s);
	if (ch->transform == SC_TRANSFORM_CONTEXT) {
		size = (size_t)ch->dictionary << ch->log2;
		if (!sc_buf_room(&s->tail, size + 1))
			return -ENOMEM;
		emit_array(s->tail.data, ch, v, 0, ch->dictionary, s);
		s->tail.len = size;
		s->raw.len = n;
		return 0;
	}
	sc_buf_reset(&s->raw);
	if (!sc_buf_room(&s->raw, size))
		return -ENOMEM;
	emit_array(s->raw.data, ch, v, from, n, s);
	s->raw.len = size;
	return 0;
}
