// SPDX-License-Identifier: GPL-2.0-only
/* A statement that a store is asked in SQL: what it wants is pushed down to blocks and columns. */
#include <sqlite3.h>

#include "../../lib/sql/vtab.h"
#include "fuzz_store_dir.h"

#define STEPS 1000 /* of SQLite, between two looks */
#define LOOKS 100 /* at which a statement ends: it need not end by itself */
#define ROWS 2000u

static sqlite3 *db;
static struct sc_vtab_state state;
static unsigned looks;

static int only_ask(void *arg, int action, const char *one, const char *two, const char *schema,
		    const char *trigger)
{
	(void)arg, (void)one, (void)schema, (void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		/* A string as long as one likes. */
		return two && (strstr(two, "blob") || strstr(two, "printf") ||
			       strstr(two, "format") || strstr(two, "load_extension")) ?
			       SQLITE_DENY :
			       SQLITE_OK;
	default:
		return SQLITE_DENY;
	}
}

static int look(void *arg)
{
	(void)arg;
	return ++looks > LOOKS;
}

static void begin(void)
{
	struct sc_error err;
	char path[128];

	fuzz_make_store();
	fuzz_path(path, sizeof(path), "");
	FUZZ_CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
	FUZZ_CHECK(sc_vtab_register(db, &state) == SQLITE_OK);
	FUZZ_CHECK(sc_vtab_tables(db, path, &err) == 0);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 100000);
	sqlite3_set_authorizer(db, only_ask, NULL);
	sqlite3_progress_handler(db, STEPS, look, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	const char *rest = text;

	if (!db)
		begin();
	looks = 0;
	for (unsigned n = 0; n < 4 && *rest; n++) {
		sqlite3_stmt *ask = NULL;
		unsigned rows = 0;

		if (sqlite3_prepare_v2(db, rest, -1, &ask, &rest) != SQLITE_OK)
			break;
		while (rows++ < ROWS && sqlite3_step(ask) == SQLITE_ROW)
			for (int i = 0; i < sqlite3_column_count(ask); i++)
				fuzz_touch(sqlite3_column_blob(ask, i),
					   (size_t)sqlite3_column_bytes(ask, i));
		sqlite3_finalize(ask);
	}
	FUZZ_CHECK(state.damage.blocks == 0);
	free(text);
	return 0;
}
