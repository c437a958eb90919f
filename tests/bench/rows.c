// SPDX-License-Identifier: GPL-2.0-only
/*
 * rows DIR: the calls of a store as CSV, for peers: seq, ts, dur, pid, tid, uid, comm, abi, nr,
 * six arguments, ret (empty: not seen), state, path.
 * rows --sqlite FILE DIR: the same as rows of a SQLite table, with what that costs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sqlite3.h>

#include "../../lib/decode/signature.h"
#include "../../lib/format/payload.h"
#include "../../lib/store/store.h"

#define BATCH 65536u /* rows of a transaction: as many as a block has */

struct insert {
	sqlite3 *db;
	sqlite3_stmt *row;
	uint64_t rows;
};

/* The first name of a file among a call's arguments, as it was given, or nothing. */
static void find_path(const struct sc_call *c, struct sc_piece *path)
{
	const struct sc_signature *sig = sc_call_signature(c);

	*path = (struct sc_piece){ .data = (const uint8_t *)"" };
	for (unsigned i = 0; sig && i < sig->n_args; i++) {
		struct sc_piece piece;

		if (sig->args[i].type != SC_TYPE_PATH ||
		    !sc_call_piece(c, i, SCAUDIT_PART_DATA, 0, false, &piece) || !piece.size)
			continue;
		*path = piece;
		return;
	}
}

/* A text of the guest's as a field of CSV. DuckDB takes no bytes that are not UTF-8. */
static void print_text(const void *text, size_t size)
{
	const unsigned char *p = text;

	putchar('"');
	for (size_t i = 0; i < size; i++) {
		if (p[i] == '"')
			putchar('"');
		putchar(p[i] < ' ' || p[i] > '~' ? '?' : p[i]);
	}
	putchar('"');
}

static int print(const struct sc_call *c, void *arg)
{
	const struct sc_task *t = c->task;
	struct sc_piece path;

	(void)arg;
	find_path(c, &path);
	printf("%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%u,%u,%u,", c->seq, c->ts, c->dur, t->pid,
	       t->tid, t->uid);
	print_text(t->comm, strnlen(t->comm, sizeof(t->comm)));
	printf(",%u,%" PRIu64, c->abi, c->nr);
	for (unsigned i = 0; i < 6; i++)
		printf(",%" PRId64, (int64_t)c->args[i]);
	if (sc_call_has_ret(c))
		printf(",%" PRId64, c->ret);
	else
		putchar(',');
	printf(",%u,", c->state);
	print_text(path.data, path.size);
	putchar('\n');
	return 0;
}

static int insert(const struct sc_call *c, void *arg)
{
	const struct sc_task *t = c->task;
	struct insert *in = arg;
	struct sc_piece path;
	int k = 1;

	find_path(c, &path);
	sqlite3_bind_int64(in->row, k++, (int64_t)c->seq);
	sqlite3_bind_int64(in->row, k++, (int64_t)c->ts);
	sqlite3_bind_int64(in->row, k++, (int64_t)c->dur);
	sqlite3_bind_int64(in->row, k++, t->pid);
	sqlite3_bind_int64(in->row, k++, t->tid);
	sqlite3_bind_int64(in->row, k++, t->uid);
	sqlite3_bind_text(in->row, k++, t->comm, -1, SQLITE_STATIC);
	sqlite3_bind_int64(in->row, k++, c->abi);
	sqlite3_bind_int64(in->row, k++, (int64_t)c->nr);
	for (unsigned i = 0; i < 6; i++)
		sqlite3_bind_int64(in->row, k++, (int64_t)c->args[i]);
	if (sc_call_has_ret(c))
		sqlite3_bind_int64(in->row, k++, c->ret);
	else
		sqlite3_bind_null(in->row, k++);
	sqlite3_bind_int64(in->row, k++, c->state);
	sqlite3_bind_text(in->row, k++, (const char *)path.data, (int)path.size, SQLITE_STATIC);
	if (sqlite3_step(in->row) != SQLITE_DONE)
		return 1;
	sqlite3_reset(in->row);
	if (++in->rows % BATCH)
		return 0;
	return sqlite3_exec(in->db, "COMMIT; BEGIN", NULL, NULL, NULL) != SQLITE_OK;
}

static double used(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fill(const char *file, struct sc_store *s)
{
	static const char make[] =
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		"CREATE TABLE calls (seq INTEGER PRIMARY KEY, ts, dur, pid, tid, uid, comm, abi, nr, "
		"a0, a1, a2, a3, a4, a5, ret, state, path); BEGIN";
	static const char row[] = "INSERT INTO calls VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
	struct insert in = { 0 };
	struct sc_error err = { "" };
	struct stat st = { 0 };
	double from = used();

	if (sqlite3_open(file, &in.db) || sqlite3_exec(in.db, make, NULL, NULL, NULL) ||
	    sqlite3_prepare_v2(in.db, row, -1, &in.row, NULL) ||
	    sc_store_scan(s, NULL, SC_COL_ALL, false, insert, &in, NULL, &err) ||
	    sqlite3_exec(in.db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL)) {
		fprintf(stderr, "rows: %s%s\n", sqlite3_errmsg(in.db), err.text);
		return 4;
	}
	sqlite3_finalize(in.row);
	sqlite3_close(in.db);
	stat(file, &st);
	printf("peer/sqlite/ingest %.0f calls/s\n", (double)in.rows / (used() - from));
	printf("peer/sqlite/size/mixed %.2f bytes/call\n", (double)st.st_size / (double)in.rows);
	return 0;
}

int main(int argc, char **argv)
{
	bool sqlite = argc == 4 && strcmp(argv[1], "--sqlite") == 0;
	struct sc_error err = { "" };
	struct sc_store *s;
	int rc;

	if ((argc != 2 && !sqlite) || sc_store_open(argv[argc - 1], &s, &err)) {
		fprintf(stderr, "rows: %s\n",
			err.text[0] ? err.text : "usage: rows [--sqlite FILE] DIR");
		return 2;
	}
	if (sqlite) {
		rc = fill(argv[2], s);
	} else {
		printf("seq,ts,dur,pid,tid,uid,comm,abi,nr,a0,a1,a2,a3,a4,a5,ret,state,path\n");
		rc = sc_store_scan(s, NULL, SC_COL_ALL, false, print, NULL, NULL, &err) ? 4 : 0;
		if (fflush(stdout))
			rc = 4;
	}
	sc_store_close(s);
	return rc;
}
