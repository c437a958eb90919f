// SPDX-License-Identifier: GPL-2.0-only
/*
 * scaudit.so: the tables in the sqlite3 shell, and in any program that loads extensions.
 *
 *   .load scaudit
 *   SELECT scaudit('/var/lib/scaudit/web');    makes the tables, in the schema temp
 *
 * It is linked to the SQLite library of the system, as that program has to be: two copies of
 * SQLite in one process know nothing of each other's connections.
 */
/* Not the program's SQLite by its table of functions, but the library, as all else here does. */
#define SQLITE_CORE 1
#include <sqlite3ext.h>
#include <stdlib.h>

#include "vtab.h"

__attribute__((visibility("default"))) int sqlite3_scaudit_init(sqlite3 *db, char **why,
								const sqlite3_api_routines *api);

static void make_tables(sqlite3_context *to, int argc, sqlite3_value **argv)
{
	const char *dir = (const char *)sqlite3_value_text(argv[0]);
	struct sc_error err = { "" };

	(void)argc;
	if (!dir)
		sqlite3_result_error(to, "scaudit: give the store's folder", -1);
	else if (sc_vtab_tables(sqlite3_context_db_handle(to), dir, &err))
		sqlite3_result_error(to, err.text, -1);
	else
		sqlite3_result_text(to, "calls, processes, files, blocks, gaps, sessions", -1,
				    SQLITE_STATIC);
}

/* What could not be read so far, or NULL: queries go on over damage. */
static void tell_damage(sqlite3_context *to, int argc, sqlite3_value **argv)
{
	const struct sc_vtab_state *state = sqlite3_user_data(to);
	const char *text = state->damage.blocks ? state->damage.first.text : state->notice.text;

	(void)argc;
	(void)argv;
	if (text[0])
		sqlite3_result_text(to, text, -1, SQLITE_TRANSIENT);
}

int sqlite3_scaudit_init(sqlite3 *db, char **why, const sqlite3_api_routines *api)
{
	struct sc_vtab_state *state;
	int rc;

	if (api->libversion_number() != sqlite3_libversion_number()) {
		*why = api->mprintf("scaudit: this program has a SQLite of its own (another "
				    "than the system's); use the system's sqlite3");
		return SQLITE_ERROR;
	}
	state = calloc(1, sizeof(*state));
	if (!state)
		return SQLITE_NOMEM;
	rc = sc_vtab_register(db, state);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "scaudit", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
						NULL, make_tables, NULL, NULL, NULL);
	/* The connection's end frees it. */
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "scaudit_damage", 0, SQLITE_UTF8, state,
						tell_damage, NULL, NULL, free);
	return rc;
}
