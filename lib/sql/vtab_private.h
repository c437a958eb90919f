/* SPDX-License-Identifier: GPL-2.0-only */
/* What vtab.c (the module) and its kinds of tables share. */
#ifndef SC_VTAB_PRIVATE_H
#define SC_VTAB_PRIVATE_H

#include "base/buf.h"
#include "vtab.h"

struct vtab {
	sqlite3_vtab base;
	struct sc_vtab_state *state;
	char *dir;
	unsigned table;
	uint64_t calls; /* of the store, when the table was made: for estimates */
	sqlite3 *list; /* of tables that are lists: a database of our own that has it */
	struct sc_store_end end; /* … as the store was then */
	uint64_t rows;
};

/* The message of a table; SQLite frees it. @retval SQLITE_ERROR, or of errnos what fits */
int vtab_fail(struct vtab *t, int rc, const char *text);

/* A store for a query, which can be stopped. */
int vtab_store(struct vtab *t, struct sc_store **store, struct sc_error *err);

/* ---- calls: vtab_calls.c ---- */

struct calls;

const char *calls_columns(void); /* CREATE TABLE */
int calls_plan(struct vtab *t, sqlite3_index_info *info);
int calls_open(struct vtab *t, struct calls **c);
void calls_close(struct calls *c);
int calls_filter(struct calls *c, const char *plan, int argc, sqlite3_value **argv);
int calls_next(struct calls *c);
bool calls_eof(const struct calls *c);
int calls_column(struct calls *c, sqlite3_context *to, int column);
sqlite3_int64 calls_rowid(const struct calls *c);

/* ---- lists: vtab_lists.c ---- */

struct list;

const char *list_columns(unsigned table);
int list_plan(struct vtab *t, sqlite3_index_info *info);
int list_open(struct vtab *t, struct list **l);
void list_close(struct list *l);
int list_filter(struct list *l, const char *plan, int argc, sqlite3_value **argv);
int list_next(struct list *l);
bool list_eof(const struct list *l);
int list_column(struct list *l, sqlite3_context *to, int column);
sqlite3_int64 list_rowid(const struct list *l);

/* Of both: the operator of a constraint that is understood, or NULL. */
static inline const char *vtab_op(unsigned char op)
{
	return op == SQLITE_INDEX_CONSTRAINT_EQ ? "=" :
	       op == SQLITE_INDEX_CONSTRAINT_LT ? "<" :
	       op == SQLITE_INDEX_CONSTRAINT_LE ? "<=" :
	       op == SQLITE_INDEX_CONSTRAINT_GT ? ">" :
	       op == SQLITE_INDEX_CONSTRAINT_GE ? ">=" :
						  NULL;
}

#endif
