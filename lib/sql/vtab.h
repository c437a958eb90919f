/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A store as tables of SQLite, for reading only: docs/sql.md. What a query asks of `calls` is
 * turned into a filter (expr.h), so that blocks and columns that it does not need are not read.
 *
 *   CREATE VIRTUAL TABLE temp.calls USING scaudit('/var/lib/scaudit/web', 'calls');
 */
#ifndef SC_VTAB_H
#define SC_VTAB_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/* What all tables of a connection have come upon. */
struct sc_vtab_state {
	struct sc_damage damage; /* of calls that could not be read */
	struct sc_error notice; /* what is wrong with a store as a whole, or empty */
	uint64_t read, blocks; /* blocks read by scans of `calls`, of those that there were */
	bool plain; /* for tests: nothing is pushed down */
	bool (*stopped)(void); /* asked before each block: true ends the query; may be NULL */
};

#define SC_VTAB_TABLES 6u

/* "calls", "processes", … */
const char *sc_vtab_name(unsigned table);

/* One line for a list of them. */
const char *sc_vtab_about(unsigned table);

/*
 * Make the module known to a connection.
 * @state  zero at first; lives as long as the connection
 * @retval SQLITE_OK or what SQLite says
 */
int sc_vtab_register(sqlite3 *db, struct sc_vtab_state *state);

/*
 * Make all tables of a store, in the schema temp.
 * @dir  of the store; it is opened now, and again by each query
 * @retval 0  @retval as of sc_store_open()
 */
int sc_vtab_tables(sqlite3 *db, const char *dir, struct sc_error *err);

#endif
