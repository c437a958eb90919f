// SPDX-License-Identifier: GPL-2.0-only
/* Where the blocks of a store lie, for those that go through many of them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_private.h"

static int list_once(struct sc_store *s, const char *sql, uint32_t session,
		     struct sc_block_place **places, size_t *n, struct sc_error *err)
{
	sqlite3_stmt *row = NULL;
	size_t cap = 0;
	int rc = sc_store_query(s, sql, &row, err);

	free(*places);
	*places = NULL;
	*n = 0;
	if (rc)
		return rc;
	if (session)
		sqlite3_bind_int64(row, 1, session);
	while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
		const void *hash = sqlite3_column_blob(row, 5);
		struct sc_block_place *p;

		if (*n == cap) {
			cap = cap ? 2 * cap : 64;
			p = realloc(*places, cap * sizeof(*p));
			if (!p) {
				sqlite3_finalize(row);
				return sc_fail(err, -ENOMEM, "%s: no memory", s->dir);
			}
			*places = p;
		}
		p = &(*places)[(*n)++];
		*p = (struct sc_block_place){
			.block = (uint64_t)sqlite3_column_int64(row, 0),
			.offset = (uint64_t)sqlite3_column_int64(row, 1),
			.length = (uint64_t)sqlite3_column_int64(row, 2),
			.rows = (uint64_t)sqlite3_column_int64(row, 3),
			.segment = (uint32_t)sqlite3_column_int64(row, 4),
		};
		if (hash && sqlite3_column_bytes(row, 5) == SC_HASH_LEN)
			memcpy(p->hash, hash, SC_HASH_LEN);
	}
	rc = rc == SQLITE_DONE ? 0 : sc_index_fail(s->ix, err, "cannot be read");
	sqlite3_finalize(row);
	return rc;
}

int sc_block_places(struct sc_store *s, const char *which, uint32_t session,
		    struct sc_block_place **places, size_t *n, struct sc_error *err)
{
	char sql[256];
	int rc;

	snprintf(sql, sizeof(sql),
		 "SELECT b.number, b.offset, b.length, b.rows, b.segment, b.hash FROM blocks b %s "
		 "ORDER BY b.number",
		 which);
	do {
		rc = list_once(s, sql, session, places, n, err);
		rc = sc_index_again(s->ix, rc, err);
	} while (rc == 1);
	return rc;
}
