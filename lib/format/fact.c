// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "base/cbor.h"
#include "fact.h"

#define RETIRED_FIELDS 12u
#define FULL_FIELDS 4u

const char *sc_why_name(unsigned why)
{
	static const char *const names[SC_WHY_COUNT] = {
		[SC_WHY_SIZE] = "size",
		[SC_WHY_AGE] = "age",
		[SC_WHY_FREE] = "free space",
		[SC_WHY_FULL] = "disk full",
	};

	return why < SC_WHY_COUNT && names[why] ? names[why] : "?";
}

void sc_facts_put(const struct sc_fact *facts, size_t n, struct sc_buf *out)
{
	sc_cbor_put(out, SC_CBOR_ARRAY, n);
	for (size_t i = 0; i < n; i++) {
		const struct sc_fact *f = &facts[i];

		if (f->kind == SC_FACT_FULL) {
			sc_cbor_put(out, SC_CBOR_ARRAY, FULL_FIELDS);
			sc_cbor_put_uint(out, f->kind);
			sc_cbor_put_uint(out, f->session);
			sc_cbor_put_uint(out, f->begin);
			sc_cbor_put_uint(out, f->end);
			continue;
		}
		sc_cbor_put(out, SC_CBOR_ARRAY, RETIRED_FIELDS);
		sc_cbor_put_uint(out, f->kind);
		sc_cbor_put_uint(out, f->why);
		sc_cbor_put_uint(out, f->session);
		sc_cbor_put_uint(out, f->segment);
		sc_cbor_put_uint(out, f->segments);
		sc_cbor_put_uint(out, f->block);
		sc_cbor_put_uint(out, f->calls);
		sc_cbor_put_uint(out, f->first);
		sc_cbor_put_uint(out, f->next);
		sc_cbor_put_uint(out, f->begin);
		sc_cbor_put_uint(out, f->end);
		sc_cbor_put_bytes(out, f->hash, sizeof(f->hash));
	}
}

static uint32_t get_u32(struct sc_cbor *in)
{
	return (uint32_t)sc_cbor_get_max(in, UINT32_MAX);
}

/* The fields behind the kind; more may come in later versions. @retval how many there are */
static unsigned get_fields(struct sc_cbor *in, struct sc_fact *f)
{
	if (f->kind == SC_FACT_FULL) {
		f->session = get_u32(in);
		f->begin = sc_cbor_get(in, SC_CBOR_UINT);
		f->end = sc_cbor_get(in, SC_CBOR_UINT);
		return FULL_FIELDS;
	}
	f->why = get_u32(in);
	f->session = get_u32(in);
	f->segment = get_u32(in);
	f->segments = get_u32(in);
	f->block = sc_cbor_get_max(in, INT64_MAX);
	f->calls = sc_cbor_get_max(in, INT64_MAX);
	f->first = sc_cbor_get_max(in, INT64_MAX);
	f->next = sc_cbor_get_max(in, INT64_MAX);
	f->begin = sc_cbor_get(in, SC_CBOR_UINT);
	f->end = sc_cbor_get(in, SC_CBOR_UINT);
	sc_cbor_get_fixed(in, f->hash, sizeof(f->hash));
	in->bad |= !f->segment || !f->block || !f->first || f->next < f->first;
	return RETIRED_FIELDS;
}

int sc_facts_get(const uint8_t *data, size_t len, struct sc_fact *list, size_t *n)
{
	struct sc_cbor in = { data, data + len, false };
	uint64_t facts = sc_cbor_get(&in, SC_CBOR_ARRAY);

	*n = 0;
	for (uint64_t i = 0; i < facts && !in.bad; i++) {
		uint64_t fields = sc_cbor_get(&in, SC_CBOR_ARRAY), had = 1;
		struct sc_fact f = { .kind = fields ? get_u32(&in) : 0 };

		if (f.kind == SC_FACT_RETIRED || f.kind == SC_FACT_FULL) {
			had = get_fields(&in, &f);
			in.bad |= fields < had || *n == SC_FACTS_MAX;
			if (!in.bad)
				list[(*n)++] = f;
		}
		for (; had < fields && !in.bad; had++)
			sc_cbor_skip(&in);
	}
	if (in.bad || in.at != in.end) {
		*n = 0;
		return -EBADMSG;
	}
	return 0;
}

/* The second stands for both. */
static void join(struct sc_fact *a, const struct sc_fact *b)
{
	if (a->session != b->session)
		a->session = 0;
	a->why = b->why;
	a->segment = b->segment;
	a->segments += b->segments;
	a->block = b->block;
	a->calls += b->calls;
	a->next = b->next;
	if (b->begin && (!a->begin || b->begin < a->begin))
		a->begin = b->begin;
	if (b->end > a->end)
		a->end = b->end;
	memcpy(a->hash, b->hash, sizeof(a->hash));
}

void sc_facts_retire(struct sc_fact *list, size_t *n, const struct sc_fact *more)
{
	if (*n && list[*n - 1].session == more->session && list[*n - 1].why == more->why) {
		join(&list[*n - 1], more);
		return;
	}
	list[(*n)++] = *more;
	if (*n <= SC_FACTS_RETIRED)
		return;
	join(&list[0], &list[1]);
	--*n;
	memmove(&list[1], &list[2], (*n - 1) * sizeof(*list));
}
