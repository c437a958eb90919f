// SPDX-License-Identifier: GPL-2.0-only
/* What the store's bytes are made of. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../lib/base/put.h"
#include "../lib/store/store_stats.h"
#include "query.h"

/* How most blocks have the column: "delta, bits, zstd". */
static const char *encoding(const struct sc_column_stats *c, char text[64])
{
	unsigned most = 0;

	for (unsigned t = 1; t < SC_TRANSFORMS; t++)
		if (c->by_transform[t] > c->by_transform[most])
			most = t;
	snprintf(text, 64, "%s%s%s", sc_transform_name(most),
		 2 * c->bits > c->blocks ? ", bits" : "",
		 2 * c->zstd > c->blocks ? ", zstd" :
		 2 * c->lz4 > c->blocks	 ? ", lz4" :
					   "");
	return text;
}

static void text_row(struct query *q, const struct sc_store_stats *st, const char *name,
		     uint64_t bytes, const char *how)
{
	uint64_t all = st->segment_bytes + st->index_bytes;
	char line[160];

	snprintf(line, sizeof(line), "%-24s %14" PRIu64 " %10.3f %5.1f%%  %s", name, bytes,
		 st->calls ? (double)bytes / (double)st->calls : 0.0,
		 all ? 100.0 * (double)bytes / (double)all : 0.0, how);
	for (size_t n = strlen(line); n && line[n - 1] == ' '; n--)
		line[n - 1] = '\0';
	sc_out_commit(q->out, SC_PUT(sc_put_str(sc_out_reserve(q->out), line), "\n"));
}

static void print_text(struct query *q, const struct sc_store_stats *st)
{
	uint64_t other = st->segment_bytes - st->head_bytes;
	char how[64];

	sc_out_commit(q->out, SC_PUT(sc_out_reserve(q->out),
				     "COLUMN                            BYTES BYTES/CALL SHARE  "
				     "ENCODED\n"));
	for (unsigned id = 0; id < SC_COLUMN_IDS; id++) {
		const struct sc_column_stats *c = &st->columns[id];

		other -= c->stored;
		if (c->blocks)
			text_row(q, st, sc_column_name(id), c->stored, encoding(c, how));
	}
	snprintf(how, sizeof(how), "%" PRIu64 " blocks", st->blocks);
	text_row(q, st, "(heads of blocks)", st->head_bytes, how);
	snprintf(how, sizeof(how), "%zu segments", st->n_segments);
	text_row(q, st, "(rest of segments)", other, how);
	text_row(q, st, "(index)", st->index_bytes, "");
	snprintf(how, sizeof(how), "%" PRIu64 " calls", st->calls);
	text_row(q, st, "(all)", st->segment_bytes + st->index_bytes, how);
	for (size_t i = 0; i < st->n_segments; i++) {
		char name[32];

		snprintf(name, sizeof(name), "segment %" PRIu32, st->segments[i].number);
		snprintf(how, sizeof(how), "%" PRIu64 " calls, %" PRIu64 " blocks",
			 st->segments[i].calls, st->segments[i].blocks);
		text_row(q, st, name, st->segments[i].bytes, how);
	}
}

static char *put_number(char *p, const char *name, uint64_t value)
{
	p = sc_put_str(SC_PUT(p, ",\""), name);
	return sc_put_u64(SC_PUT(p, "\":"), value);
}

static void json_column(struct query *q, const char *name, const struct sc_column_stats *c)
{
	char *p = sc_out_reserve(q->out);
	bool first = true;

	p = sc_put_str(SC_PUT(p, "{\"column\":\""), name);
	p = put_number(SC_PUT(p, "\""), "bytes", c->stored);
	p = put_number(p, "raw", c->raw);
	p = put_number(p, "blocks", c->blocks);
	p = SC_PUT(p, ",\"transforms\":{");
	for (unsigned t = 0; t < SC_TRANSFORMS; t++) {
		if (!c->by_transform[t])
			continue;
		p = sc_put_str(first ? SC_PUT(p, "\"") : SC_PUT(p, ",\""), sc_transform_name(t));
		p = sc_put_u64(SC_PUT(p, "\":"), c->by_transform[t]);
		first = false;
	}
	p = put_number(SC_PUT(p, "}"), "bits", c->bits);
	p = put_number(p, "lz4", c->lz4);
	p = put_number(p, "zstd", c->zstd);
	sc_out_commit(q->out, SC_PUT(p, "}\n"));
}

static void print_json(struct query *q, const struct sc_store_stats *st)
{
	char *p;

	for (unsigned id = 0; id < SC_COLUMN_IDS; id++)
		if (st->columns[id].blocks)
			json_column(q, sc_column_name(id), &st->columns[id]);
	for (size_t i = 0; i < st->n_segments; i++) {
		p = sc_out_reserve(q->out);
		p = sc_put_u64(SC_PUT(p, "{\"segment\":"), st->segments[i].number);
		p = put_number(p, "bytes", st->segments[i].bytes);
		p = put_number(p, "blocks", st->segments[i].blocks);
		p = put_number(p, "calls", st->segments[i].calls);
		sc_out_commit(q->out, SC_PUT(p, "}\n"));
	}
	p = sc_put_u64(SC_PUT(sc_out_reserve(q->out), "{\"calls\":"), st->calls);
	p = put_number(p, "blocks", st->blocks);
	p = put_number(p, "segments", st->n_segments);
	p = put_number(p, "segment_bytes", st->segment_bytes);
	p = put_number(p, "head_bytes", st->head_bytes);
	p = put_number(p, "index_bytes", st->index_bytes);
	sc_out_commit(q->out, SC_PUT(p, "}\n"));
}

int query_stats(struct query *q)
{
	struct sc_error err = { "" };
	struct sc_store_stats st;
	int rc = sc_store_stats(q->store, &st, &q->damage, &err);

	if (!rc && q->print.format == SC_PRINT_JSON)
		print_json(q, &st);
	else if (!rc)
		print_text(q, &st);
	rc = query_result(q, rc, st.blocks > 0, &err);
	sc_store_stats_free(&st);
	return rc;
}
