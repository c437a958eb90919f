/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of a statement as a table, as CSV, or as JSON; what guests say is escaped. */
#ifndef SQL_OUTPUT_H
#define SQL_OUTPUT_H

#include <sqlite3.h>

#include "line.h"

enum sql_format {
	SQL_TABLE,
	SQL_CSV, /* RFC 4180 */
	SQL_JSON /* an object a line */
};

struct sql_output {
	struct sc_out *out;
	enum sql_format format;
	bool no_header;
	uint64_t rows;

	/* Of this file. */
	struct line line;
	char **names; /* of the columns, safe for a terminal */
	unsigned *widths;
	char **cells; /* of the first rows of a table, from which the widths are taken */
	bool *right; /* numbers stand to the right */
	size_t n_cells, bytes;
	int columns;
	bool settled; /* the widths are */
};

/* Begin with the columns of a statement. @retval 0, or -ENOMEM */
int sql_output_begin(struct sql_output *o, sqlite3_stmt *row);

/* The statement's present row. @retval 0, or negative errno */
int sql_output_row(struct sql_output *o, sqlite3_stmt *row);

/* All rows are there: write what was held back. */
int sql_output_end(struct sql_output *o);

void sql_output_free(struct sql_output *o);

#endif
