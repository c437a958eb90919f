// SPDX-License-Identifier: GPL-2.0-only
#include "sql_output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELD_ROWS 500u /* of a table, for its widths */
#define HELD_BYTES (1u << 20)
#define WIDEST 60u /* a cell that is wider pushes the rest of its row */

/* Printable ASCII stays as it is; what has anything else in it is escaped, all of it. */
static void put_bytes(struct line *l, const uint8_t *bytes, size_t n)
{
	size_t i = 0;

	while (i < n && bytes[i] >= ' ' && bytes[i] < 0x7f)
		i++;
	if (i == n)
		sc_buf_add(&l->text, bytes, n);
	else
		line_escape(l, bytes, n);
}

/* A value as text in the line. */
static void put_value(struct line *l, sqlite3_stmt *row, int column)
{
	switch (sqlite3_column_type(row, column)) {
	case SQLITE_NULL:
		break;
	case SQLITE_INTEGER:
	case SQLITE_FLOAT:
		line_put(l, (const char *)sqlite3_column_text(row, column));
		break;
	default: {
		const void *bytes = sqlite3_column_blob(row, column);
		int n = sqlite3_column_bytes(row, column);

		if (bytes && n > 0)
			put_bytes(l, bytes, (size_t)n);
	}
	}
}

/* As RFC 4180 has it. */
static void put_quoted(struct line *l, const char *text, size_t len)
{
	line_put(l, "\"");
	for (size_t i = 0; i < len; i++) {
		sc_buf_add(&l->text, text + i, 1);
		if (text[i] == '"')
			sc_buf_add(&l->text, "\"", 1);
	}
	line_put(l, "\"");
}

int sql_output_begin(struct sql_output *o, sqlite3_stmt *row)
{
	o->columns = sqlite3_column_count(row);
	o->widths = calloc((size_t)o->columns + 1, sizeof(*o->widths));
	o->right = calloc((size_t)o->columns + 1, sizeof(*o->right));
	o->names = calloc((size_t)o->columns + 1, sizeof(*o->names));
	if (!o->widths || !o->right || !o->names)
		return -ENOMEM;
	for (int i = 0; i < o->columns; i++) {
		const char *name = sqlite3_column_name(row, i);

		o->line.text.len = 0;
		if (name)
			put_bytes(&o->line, (const uint8_t *)name, strlen(name));
		sc_buf_add(&o->line.text, "", 1);
		o->names[i] = o->line.text.failed ? NULL : strdup((char *)o->line.text.data);
		if (!o->names[i])
			return -ENOMEM;
	}
	o->line.text.len = 0;
	if (o->format != SQL_CSV || o->no_header)
		return 0;
	for (int i = 0; i < o->columns; i++) {
		line_put(&o->line, i ? "," : "");
		put_quoted(&o->line, o->names[i], strlen(o->names[i]));
	}
	line_put(&o->line, "\r");
	return line_end(&o->line, o->out);
}

/* ---- tables ---- */

/* Columns of a terminal: bytes of UTF-8 that begin a character. */
static unsigned width_of(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void put_cell(struct sql_output *o, int column, const char *text, bool right)
{
	unsigned width = width_of(text), wanted = o->widths[column];

	if (column)
		line_put(&o->line, " ");
	for (unsigned i = width; right && i < wanted; i++)
		line_put(&o->line, " ");
	line_put(&o->line, text);
	for (unsigned i = width; !right && column + 1 < o->columns && i < wanted; i++)
		line_put(&o->line, " ");
}

/* The row's cells as text of our own. @retval -ENOMEM */
static int make_cells(struct sql_output *o, sqlite3_stmt *row, char **cells)
{
	struct line l = { 0 };

	for (int i = 0; i < o->columns; i++) {
		l.text.len = 0;
		put_value(&l, row, i);
		sc_buf_add(&l.text, "", 1);
		cells[i] = l.text.failed ? NULL : strdup((char *)l.text.data);
		if (!cells[i]) {
			while (i-- > 0)
				free(cells[i]);
			line_free(&l);
			return -ENOMEM;
		}
		if (!cells[i][0] && sqlite3_column_type(row, i) == SQLITE_NULL) {
			free(cells[i]);
			cells[i] = strdup("-");
			if (!cells[i])
				return -ENOMEM;
		}
	}
	line_free(&l);
	return 0;
}

static int write_cells(struct sql_output *o, char **cells)
{
	for (int i = 0; i < o->columns; i++)
		put_cell(o, i, cells[i], o->right[i]);
	return line_end(&o->line, o->out);
}

static void free_cells(char **cells, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(cells[i]);
}

/* The widths are known: the header, and what was held back. */
static int settle(struct sql_output *o)
{
	int rc = 0;

	o->settled = true;
	for (int i = 0; i < o->columns; i++) {
		unsigned width = o->no_header ? 0 : width_of(o->names[i]);

		for (size_t at = (size_t)i; at < o->n_cells; at += (size_t)o->columns) {
			unsigned cell = width_of(o->cells[at]);

			if (cell > width)
				width = cell > WIDEST ? WIDEST : cell;
		}
		o->widths[i] = width;
	}
	if (!o->no_header && o->columns) {
		for (int i = 0; i < o->columns; i++)
			put_cell(o, i, o->names[i], o->right[i]);
		rc = line_end(&o->line, o->out);
	}
	for (size_t at = 0; !rc && at < o->n_cells; at += (size_t)o->columns)
		rc = write_cells(o, o->cells + at);
	free_cells(o->cells, o->n_cells);
	o->n_cells = 0;
	return rc;
}

static int table_row(struct sql_output *o, sqlite3_stmt *row)
{
	size_t n = (size_t)o->columns;
	char **cells;
	int rc;

	if (o->settled) {
		cells = calloc(n, sizeof(*cells));
		rc = cells ? make_cells(o, row, cells) : -ENOMEM;
		if (!rc) {
			rc = write_cells(o, cells);
			free_cells(cells, n);
		}
		free(cells);
		return rc;
	}
	if (!o->cells)
		o->cells = calloc(n * HELD_ROWS, sizeof(*o->cells));
	if (!o->cells)
		return -ENOMEM;
	rc = make_cells(o, row, o->cells + o->n_cells);
	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++) {
		int type = sqlite3_column_type(row, (int)i);

		o->bytes += strlen(o->cells[o->n_cells + i]);
		o->right[i] |= type == SQLITE_INTEGER || type == SQLITE_FLOAT;
	}
	o->n_cells += n;
	return o->n_cells == n * HELD_ROWS || o->bytes > HELD_BYTES ? settle(o) : 0;
}

/* ---- CSV and JSON ---- */

static int csv_row(struct sql_output *o, sqlite3_stmt *row)
{
	struct line cell = { 0 };

	for (int i = 0; i < o->columns; i++) {
		int type = sqlite3_column_type(row, i);

		if (i)
			line_put(&o->line, ",");
		if (type != SQLITE_TEXT && type != SQLITE_BLOB) {
			put_value(&o->line, row, i);
			continue;
		}
		cell.text.len = 0;
		put_value(&cell, row, i);
		put_quoted(&o->line, (const char *)cell.text.data, cell.text.len);
	}
	o->line.text.failed |= cell.text.failed;
	line_free(&cell);
	line_put(&o->line, "\r");
	return line_end(&o->line, o->out);
}

static int json_row(struct sql_output *o, sqlite3_stmt *row)
{
	struct line *l = &o->line;

	line_put(l, "{");
	for (int i = 0; i < o->columns; i++) {
		int type = sqlite3_column_type(row, i);
		const char *name = sqlite3_column_name(row, i);
		const void *bytes;

		/* A statement may name its columns anything. */
		line_json_item(l, name ? name : "", name ? strlen(name) : 0, i == 0);
		line_put(l, ":");
		if (type == SQLITE_NULL) {
			line_put(l, "null");
		} else if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
			line_put(l, (const char *)sqlite3_column_text(row, i));
		} else {
			bytes = sqlite3_column_blob(row, i);
			line_json_item(l, bytes ? bytes : "",
				       bytes ? (size_t)sqlite3_column_bytes(row, i) : 0, true);
		}
	}
	line_put(l, "}");
	return line_end(l, o->out);
}

int sql_output_row(struct sql_output *o, sqlite3_stmt *row)
{
	o->rows++;
	switch (o->format) {
	case SQL_CSV:
		return csv_row(o, row);
	case SQL_JSON:
		return json_row(o, row);
	default:
		return table_row(o, row);
	}
}

int sql_output_end(struct sql_output *o)
{
	return o->format == SQL_TABLE && !o->settled && o->columns ? settle(o) : 0;
}

void sql_output_free(struct sql_output *o)
{
	free_cells(o->cells, o->n_cells);
	free(o->cells);
	if (o->names)
		free_cells(o->names, (size_t)o->columns);
	free(o->names);
	free(o->widths);
	free(o->right);
	line_free(&o->line);
}
