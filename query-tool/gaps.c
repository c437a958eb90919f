// SPDX-License-Identifier: GPL-2.0-only
/* What is missing from the recording, and why. */
#include <stdlib.h>

#include "../lib/format/fact.h"
#include "../lib/base/put.h"
#include "../lib/decode/syscalls.h"
#include "../lib/base/timespec.h"
#include "query.h"

static char *put_count(char *p, uint64_t count)
{
	return count == ~0ULL ? SC_PUT(p, "null") : sc_put_u64(p, count);
}

static void print_json(struct query *q, const struct sc_gap *g)
{
	char iso[SC_TIME_ISO_LEN];
	char *p = sc_out_reserve(q->out);

	p = sc_put_u64(SC_PUT(p, "{\"session\":"), g->session);
	p = sc_put_str(SC_PUT(p, ",\"reason\":\""), sc_gap_reason_name(g->reason));
	if (SC_GAP_REASON(g->reason) == SCAUDIT_GAP_BLIND) {
		p = SC_PUT(p, "\",\"insn\":\"");
		p = sc_put_str(p, sc_insn_name(SC_GAP_DETAIL(g->reason)));
	}
	if (SC_GAP_REASON(g->reason) == SC_GAP_RETIRED) {
		p = SC_PUT(p, "\",\"why\":\"");
		p = sc_put_str(p, sc_why_name(SC_GAP_DETAIL(g->reason)));
	}
	p = SC_PUT(p, "\",\"vcpu\":");
	p = g->vcpu == ~0u ? SC_PUT(p, "null") : sc_put_u64(p, g->vcpu);
	p = put_count(SC_PUT(p, ",\"calls\":"), g->entries);
	p = put_count(SC_PUT(p, ",\"returns\":"), g->returns);
	sc_time_iso(g->first, iso);
	p = sc_put_str(SC_PUT(p, ",\"first\":\""), iso);
	sc_time_iso(g->last, iso);
	p = sc_put_str(SC_PUT(p, "\",\"last\":\""), iso);
	p = sc_put_u64(SC_PUT(p, "\",\"after_seq\":"), g->after_seq);
	sc_out_commit(q->out, SC_PUT(p, "}\n"));
}

int query_gaps(struct query *q)
{
	struct sc_error err = { "" };
	struct sc_gap *gaps;
	size_t i, n;
	int rc = query_range_gaps(q, &gaps, &n, &err);

	for (i = 0; i < n && (!q->limit || i < q->limit); i++) {
		const struct sc_gap *g = &gaps[q->reverse ? n - 1 - i : i];

		if (q->print.format == SC_PRINT_JSON)
			print_json(q, g);
		else
			sc_print_gap(&q->print, q->out, g);
	}
	free(gaps);
	return query_result(q, rc, n > 0, &err);
}
