// SPDX-License-Identifier: GPL-2.0-only
/* Whatever is done to a sealed store, verifying it tells. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>
#include <xxhash.h>

#include "sealed.h"

static void intact(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct sc_verify_options o = {
			.full = i & 1,
			.no_index = i & 2,
			.keys = &key.pub,
			.n_keys = i & 4 ? 1 : 0,
		};

		assert_int_equal(verify_with(o), 0);
		assert_int_equal(n_findings, 0);
		assert_int_equal(verified.segments, 3);
		assert_int_equal(verified.sessions, 2);
		assert_int_equal(verified.blocks, 6);
		assert_int_equal(verified.calls, 12);
		assert_int_equal(verified.first_block, 1);
		assert_int_equal(verified.last_block, 6);
		assert_int_equal(verified.last_seq, 12);
		assert_int_equal(verified.items, n_items);
		assert_int_equal(verified.sealed_items, n_items);
		assert_int_equal(verified.sealed_block, 6);
		assert_true(verified.sealed_to_end);
		assert_false(verified.live);
		assert_memory_equal(verified.key, key.pub.key, SC_KEY_LEN);
	}
}

static void flipped(void **state)
{
	(void)state;
	for (unsigned number = 1; number <= SEGMENTS; number++) {
		char name[64], path[PATH_MAX];
		int fd;

		segment_path(name, number);
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		fd = open(path, O_RDWR | O_CLOEXEC);
		for (size_t at = number % STRIDE; at < sizes[number]; at += STRIDE) {
			uint8_t byte = files[number][at] ^ (uint8_t)(1 << at % 8);

			assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
			if (!is_seen(true))
				fail_msg("segment %u, byte %zu: not seen", number, at);
			assert_int_equal(pwrite(fd, &files[number][at], 1, (off_t)at), 1);
		}
		close(fd);
	}
	assert_false(is_seen(false));
}

/* In full it is said which block, and after when. */
static void which_block(void **state)
{
	const struct item *it = &items[2];
	uint8_t byte;
	char path[PATH_MAX];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/segments/000001.scs", dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	byte = files[1][it->at + it->len - 1] ^ 1;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)(it->at + it->len - 1)), 1);
	close(fd);
	assert_int_equal(VERIFY(.full = true), 1);
	assert_int_equal(findings[0].kind, SC_FINDING_ALTERED);
	assert_int_equal(findings[0].segment, 1);
	assert_int_equal(findings[0].offset, it->at);
	assert_int_equal(findings[0].block, 2);
	assert_int_equal(findings[0].blocks, 1);
	assert_int_equal(findings[0].seq, 3);
	assert_int_equal(findings[0].calls, 2);
	assert_true(findings[0].time > SYNTH_BEGIN);
	assert_int_equal(verified.bad_blocks, 1);
	assert_int_equal(verified.blocks, 5);
	/* The heads are sound. */
	assert_int_equal(VERIFY(.full = false), 0);
}

/* A segment made of these of its items. */
static void put_items(unsigned number, const unsigned *list, unsigned n)
{
	struct sc_buf out = { 0 };

	for (unsigned i = 0; i < n; i++)
		sc_buf_add(&out, files[items[list[i]].segment] + items[list[i]].at,
			   items[list[i]].len);
	write_segment(number, out.data, out.len);
	sc_buf_free(&out);
}

static unsigned list_items(unsigned number, unsigned list[ITEMS])
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_items; i++)
		if (items[i].segment == number)
			list[n++] = i;
	return n;
}

/* Each item removed, repeated at each place, and exchanged with each other, in all segments. */
static void items_moved(void **state)
{
	(void)state;
	for (unsigned number = 1; number <= SEGMENTS; number++) {
		unsigned list[ITEMS], n = list_items(number, list), moved[ITEMS + 1];

		for (unsigned i = 0; i < n; i++) {
			memcpy(moved, list, i * sizeof(*list));
			memcpy(moved + i, list + i + 1, (n - i - 1) * sizeof(*list));
			put_items(number, moved, n - 1);
			/* The very last leaves a store that has not ended; the index knows. */
			if (!VERIFY(.no_index = number < SEGMENTS || i + 1 < n))
				fail_msg("segment %u, item %u: removed, not seen", number, i);
		}
		for (unsigned from = 0; from < n_items; from++)
			for (unsigned to = 0; to <= n; to++) {
				memcpy(moved, list, to * sizeof(*list));
				moved[to] = from;
				memcpy(moved + to + 1, list + to, (n - to) * sizeof(*list));
				put_items(number, moved, n + 1);
				if (!VERIFY(.no_index = true))
					fail_msg("segment %u: item %u put in at %u, not seen",
						 number, from, to);
			}
		for (unsigned i = 0; i < n; i++)
			for (unsigned k = 0; k < n_items; k++) {
				if (list[i] == k)
					continue;
				memcpy(moved, list, n * sizeof(*list));
				moved[i] = k;
				put_items(number, moved, n);
				if (!VERIFY(.no_index = true))
					fail_msg("segment %u: item %u instead of %u, not seen",
						 number, k, i);
			}
		restore(number);
	}
	assert_int_equal(VERIFY(.full = true), 0);
}

static void segments_moved(void **state)
{
	struct sc_checkpoint c;
	struct sc_error err;

	(void)state;
	assert_int_equal(sc_checkpoint_make(dir, &c, &err), 0);
	for (unsigned number = 1; number <= SEGMENTS; number++) {
		drop_segment(number);
		assert_true(VERIFY(.full = false));
		assert_true(has(SC_FINDING_MISSING));
		/* Without the index, only a checkpoint knows of the last. */
		assert_true(VERIFY(.no_index = true, .checkpoint = &c));
		assert_int_equal(VERIFY(.no_index = true) == 0, number == SEGMENTS);
		for (unsigned k = 1; k <= SEGMENTS; k++) {
			if (k == number)
				continue;
			write_segment(number, files[k], sizes[k]);
			assert_true(VERIFY(.no_index = true));
		}
		restore(number);
	}
	assert_int_equal(VERIFY(.checkpoint = &c), 0);
	assert_true(verified.checkpoint_found);
	/* One more, that nobody wrote. */
	write_segment(SEGMENTS + 1, files[1], sizes[1]);
	assert_true(VERIFY(.no_index = true));
	/* All of them. */
	for (unsigned number = 1; number <= SEGMENTS + 1; number++)
		drop_segment(number);
	assert_int_equal(VERIFY(.no_index = true), 1);
	assert_true(has(SC_FINDING_MISSING));
	assert_true(VERIFY(.full = true));
	for (unsigned number = 1; number <= SEGMENTS; number++)
		restore(number);
}

/* The end cut off: at each item nothing but an index or a checkpoint tells, else the bytes do. */
static void cut(void **state)
{
	struct sc_checkpoint c;
	struct sc_error err;

	(void)state;
	assert_int_equal(sc_checkpoint_make(dir, &c, &err), 0);
	for (unsigned number = 1; number <= SEGMENTS; number++) {
		char name[64], path[PATH_MAX];

		segment_path(name, number);
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		for (size_t keep = sizes[number]; keep;
		     keep -= keep < STRIDE * 3 ? keep : STRIDE * 3) {
			assert_int_equal(truncate(path, (off_t)keep - 1), 0);
			if (!VERIFY(.no_index = true, .checkpoint = &c))
				fail_msg("segment %u: cut at %zu, not seen", number, keep - 1);
		}
		for (unsigned i = 0; i < n_items; i++) {
			if (items[i].segment != number)
				continue;
			write_segment(number, files[number], items[i].at);
			assert_true(VERIFY(.full = false));
		}
		restore(number);
	}
}

/* A segment as it was when it was written to, put back later. */
static void replayed(void **state)
{
	struct sc_writer *w;
	struct synth s;
	uint8_t *old, *index;
	size_t n, m;

	(void)state;
	synth_init(&s, 9);
	w = begin(dir, 3, &key);
	add(w, &s, 2);
	old = file_read(dir, "segments/000004.scs", &n);
	index = file_read(dir, "index.db", &m);
	add(w, &s, 1);
	end(w);
	assert_int_equal(VERIFY(.full = true, TRUST(key)), 0);
	file_write(dir, "segments/000004.scs", old, n);
	assert_true(VERIFY(.full = false));
	assert_true(has(SC_FINDING_MISSING));
	/* With a session behind it the chain itself tells. */
	folder_remove(dir);
	folder_copy(sound, dir);
	w = begin(dir, 3, &key);
	add(w, &s, 3);
	end(w);
	w = begin(dir, 4, &key);
	add(w, &s, 1);
	end(w);
	assert_int_equal(VERIFY(.full = true), 0);
	file_write(dir, "segments/000004.scs", old, n);
	assert_true(VERIFY(.no_index = true));
	free(old);
	free(index);
}

/* Change a head and make its checksum true again, as somebody does who knows the format. */
static void forge(const struct item *it, size_t into)
{
	uint8_t *data = malloc(sizes[it->segment]);
	struct sc_cbor in;
	uint64_t check;
	size_t n;
	const uint8_t *head;

	memcpy(data, files[it->segment], sizes[it->segment]);
	in = (struct sc_cbor){ data + it->at, data + it->at + it->len, false };
	sc_cbor_get(&in, SC_CBOR_ARRAY);
	sc_cbor_get_string(&in, SC_CBOR_TEXT, &n);
	head = sc_cbor_get_string(&in, SC_CBOR_BYTES, &n);
	assert_non_null(head);
	data[(size_t)(head - data) + n - into] ^= 1;
	check = htobe64(XXH3_64bits(head, n));
	memcpy(data + (in.at - data) + 1, &check, sizeof(check));
	write_segment(it->segment, data, sizes[it->segment]);
	free(data);
}

static void forged(void **state)
{
	(void)state;
	/* Of a footer the number of the last event, of which nothing follows. */
	for (unsigned i = 0; i < n_items; i++) {
		forge(&items[i], items[i].kind == SC_ITEM_FOOTER ? 19 : 1);
		if (!VERIFY(.no_index = true))
			fail_msg("item %u: forged, not seen", i);
		restore(items[i].segment);
	}
	/* Of the last item nothing but its seal tells. */
	forge(&items[n_items - 1], 19);
	assert_int_equal(VERIFY(.no_index = true), 1);
	assert_true(has(SC_FINDING_SEAL));
}

/* ---- the index ---- */

static void sql(const char *text)
{
	char path[PATH_MAX];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/index.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	sqlite3_close(db);
}

#define COLUMNS_MAX 24

static unsigned column_names(const char *table, char names[COLUMNS_MAX][32])
{
	char path[PATH_MAX], text[128];
	unsigned columns = 0;
	sqlite3_stmt *row;
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/index.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	snprintf(text, sizeof(text), "SELECT name FROM pragma_table_info('%s')", table);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &row, NULL), SQLITE_OK);
	while (sqlite3_step(row) == SQLITE_ROW)
		snprintf(names[columns++], 32, "%s", sqlite3_column_text(row, 0));
	sqlite3_finalize(row);
	sqlite3_close(db);
	return columns;
}

/* Each column of each row that says something of the segments, changed in turn. */
static void index_changed(void **state)
{
	static const char *const tables[] = { "sessions", "segments", "blocks",
					      "tasks",	  "gaps",     "block_tasks" };
	uint8_t *index;
	size_t n;

	(void)state;
	index = file_read(dir, "index.db", &n);
	for (unsigned t = 0; t < sizeof(tables) / sizeof(*tables); t++) {
		char text[2048], names[COLUMNS_MAX][32];
		unsigned columns = column_names(tables[t], names);

		for (unsigned c = 0; c < columns; c++) {
			/* Which number a task has is the index's own affair. */
			if (!strcmp(tables[t], "tasks") && !strcmp(names[c], "number"))
				continue;
			snprintf(text, sizeof(text),
				 "UPDATE %s SET \"%s\" = \"%s\" || '1' WHERE rowid = 2", tables[t],
				 names[c], names[c]);
			if (!strcmp(tables[t], "block_tasks"))
				snprintf(text, sizeof(text),
					 "UPDATE block_tasks SET %s = 77 WHERE block = 2",
					 names[c]);
			else if (!strcmp(names[c], "number") || !strcmp(names[c], "block"))
				snprintf(text, sizeof(text),
					 "UPDATE %s SET %s = 77 WHERE rowid = 2", tables[t],
					 names[c]);
			sql(text);
			if (!VERIFY(.full = true))
				fail_msg("%s: not seen", text);
			file_write(dir, "index.db", index, n);
		}
		snprintf(text, sizeof(text), "DELETE FROM %s WHERE %s = 2", tables[t],
			 !strcmp(tables[t], "gaps") || !strcmp(tables[t], "block_tasks") ?
				 "block" :
				 "number");
		sql(text);
		if (strcmp(tables[t], "sessions") != 0 && !VERIFY(.full = true))
			fail_msg("%s: not seen", text);
		file_write(dir, "index.db", index, n);
	}
	assert_int_equal(VERIFY(.full = true), 0);
	free(index);
}

/* Each column of a table's first row changed in turn, the row taken away, and one put there. */
static void change_all(const char *table)
{
	char text[2048], values[1024] = "", names[COLUMNS_MAX][32];
	unsigned columns = column_names(table, names);
	uint8_t *index;
	size_t n;

	index = file_read(dir, "index.db", &n);
	assert_true(columns > 8);
	for (unsigned c = 0; c < columns + 2; c++) {
		if (c < columns)
			snprintf(
				text, sizeof(text),
				"UPDATE %s SET \"%s\" = 77 WHERE rowid = (SELECT min(rowid) FROM %s)",
				table, names[c], table);
		else if (c == columns)
			snprintf(text, sizeof(text),
				 "DELETE FROM %s WHERE rowid = (SELECT max(rowid) FROM %s)", table,
				 table);
		else
			snprintf(text, sizeof(text), "INSERT INTO %s VALUES (7%s)", table, values);
		if (c < columns - 1)
			strcat(values, ",7");
		sql(text);
		if (!VERIFY(.full = true))
			fail_msg("%s: not seen", text);
		file_write(dir, "index.db", index, n);
	}
	assert_int_equal(VERIFY(.full = true), 0);
	free(index);
}

/* What only a recorder that goes on needs: the calls that are open; and the store's own life. */
static void index_of_recorder(void **state)
{
	const struct sc_fact full = { .kind = SC_FACT_FULL, .begin = 5, .end = 6 };
	struct sc_writer *w = begin(dir, 3, &key);
	struct sc_error err = { "" };
	struct synth s;

	(void)state;
	synth_init(&s, 3);
	s.open_of_256 = 128;
	add(w, &s, 20);
	assert_int_equal(sc_writer_flush(w, 20, &err), 0);
	assert_int_equal(sc_writer_add_facts(w, &full, 1, &err), 0);
	sc_writer_close(w, NULL, NULL);
	assert_int_equal(VERIFY(.full = true), 0);
	change_all("open_calls");
	change_all("facts");
}

static void index_gone(void **state)
{
	(void)state;
	drop("index.db");
	assert_int_equal(VERIFY(.full = true), 1);
	assert_int_equal(findings[0].kind, SC_FINDING_MISSING);
	file_write(dir, "index.db", "nonsense, and nothing else but that", 35);
	assert_int_equal(VERIFY(.full = true), 1);
	assert_int_equal(findings[0].kind, SC_FINDING_INDEX);
	assert_int_equal(VERIFY(.no_index = true), 0);
}

/* One that was taken back to an earlier state by a crash is made up for by the next recorder. */
static void index_behind(void **state)
{
	struct sc_writer *w = begin(dir, 3, &key);
	struct synth s;
	uint8_t *old;
	size_t n;

	(void)state;
	synth_init(&s, 3);
	add(w, &s, 1);
	sc_writer_close(w, NULL, NULL);
	old = file_read(dir, "index.db", &n);
	w = begin(dir, 3, &key);
	add(w, &s, 2);
	sc_writer_close(w, NULL, NULL);
	file_write(dir, "index.db", old, n);
	assert_int_equal(VERIFY(.full = true), 0);
	assert_true(has(SC_FINDING_NOTE));
	free(old);
}

static void no_store(void **state)
{
	struct sc_verify_options o = { 0 };
	struct sc_error err = { "" };
	char *was = dir;

	(void)state;
	assert_int_equal(sc_verify("/nonexistent", &o, &verified, &err), -ENOENT);
	assert_int_equal(sc_verify("/etc/passwd", &o, &verified, &err), -EINVAL);
	assert_int_equal(sc_verify(top, &o, &verified, &err), -EINVAL);
	assert_non_null(strstr(err.text, "not a scaudit store"));
	dir = was;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(intact),
		TEST(flipped),
		TEST(which_block),
		TEST(items_moved),
		TEST(segments_moved),
		TEST(cut),
		TEST(replayed),
		TEST(forged),
		TEST(index_changed),
		TEST(index_gone),
		TEST(index_behind),
		TEST(no_store),
		TEST(index_of_recorder),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
