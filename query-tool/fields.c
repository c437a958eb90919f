// SPDX-License-Identifier: GPL-2.0-only
/* What a filter can ask of: docs/filter-language.md says how. */
#include <string.h>

#include "line.h"
#include "query.h"

static const char *of_what(const struct sc_field_row *f)
{
	if (f->of & SC_OF_PROCESS)
		return f->of & SC_OF_FLOW ? "calls, processes, connections" : "calls, processes";
	return f->of & SC_OF_FLOW ? "calls, connections" : "calls";
}

static void put_json(struct line *l, const struct sc_field_row *f)
{
	line_json_text(l, "name", f->name);
	line_json_text(l, "type", sc_kind_name(f->kind));
	line_json_text(l, "of", of_what(f));
	line_json_name(l, "history");
	line_put(l, f->history ? "true" : "false");
	line_json_text(l, "example", f->example);
	line_json_text(l, "help", f->help);
	line_put(l, "}");
}

static void put_text(struct line *l, const struct sc_field_row *f)
{
	line_put(l, f->name);
	line_cell(l, 9);
	line_put(l, sc_kind_name(f->kind));
	line_cell(l, 9);
	line_put(l, f->help);
	line_put(l, "\n");
	l->cell = l->text.len;
	line_cell(l, 19);
	line_put(l, f->example);
}

int query_fields(struct query *q)
{
	struct sc_error err = { "" };
	struct line l = { 0 };
	int rc = 0;

	for (unsigned i = 0; i < SC_FIELDS && !rc; i++) {
		if (q->print.format == SC_PRINT_JSON)
			put_json(&l, &sc_field_rows[i]);
		else
			put_text(&l, &sc_field_rows[i]);
		rc = line_end(&l, q->out) ? QUERY_STOP_OUTPUT : 0;
	}
	line_free(&l);
	return query_result(q, rc, true, &err);
}
