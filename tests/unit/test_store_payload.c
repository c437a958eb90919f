// SPDX-License-Identifier: GPL-2.0-only
/* The memory of calls in a store: entries, returns, in time and late. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/store/index.h"
#include "../../lib/format/payload.h"
#include "../../lib/format/rowset.h"
#include "../../schema/abi.h"
#include "scratch.h"

/* An event with room for pieces: more of them than the module would write. */
union event {
	struct scaudit_event head;
	struct scaudit_entry entry;
	struct scaudit_return ret;
	uint64_t words[4 * SCAUDIT_EVENT_MAX / 8];
};

static void begin(union event *e, size_t fixed)
{
	memset(e, 0, fixed);
	e->head.size = (uint32_t)fixed;
}

static void add_piece(union event *e, unsigned arg, unsigned state, uint32_t whole,
		      const void *data, uint32_t size)
{
	struct scaudit_piece piece = { .size = size,
				       .whole = whole,
				       .arg = (uint8_t)arg,
				       .state = (uint8_t)state };
	unsigned char *p = (unsigned char *)e + e->head.size;

	memcpy(p, &piece, sizeof(piece));
	memset(p + sizeof(piece), 0xee, (size + 7) & ~7u);
	memcpy(p + sizeof(piece), data, size);
	e->head.size += (uint32_t)sizeof(piece) + ((size + 7) & ~7u);
}

static void random_bytes(unsigned char *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		data[i] = (unsigned char)synth_random(&synth);
}

/* An open call of the synth, with the payload of n random pieces. */
static uint64_t add_open(struct sc_writer *w, unsigned n, uint32_t most)
{
	static unsigned char payload[SC_PAYLOAD_MAX], data[65536];
	static union event e;
	struct sc_call c;

	synth_call(&synth, &c);
	c.state = SC_STATE_OPEN;
	c.ret = 0;
	c.dur = 0;
	begin(&e, sizeof(struct scaudit_entry));
	for (unsigned i = 0; i < n; i++) {
		uint32_t size = most ? (uint32_t)(synth_random(&synth) % most) : 0;

		random_bytes(data, size);
		add_piece(&e, i % 6, i % 2 ? SCAUDIT_PIECE_CUT : 0, size * (1 + i % 2), data, size);
	}
	c.payload = payload;
	c.payload_len = (uint32_t)sc_payload_from_ring(
		&e.entry + 1, e.head.size - sizeof(struct scaudit_entry), payload);
	return model_add(&model, w, &c);
}

static void end(struct sc_writer *w, uint64_t seq, unsigned n, uint32_t most)
{
	static unsigned char data[65536];
	static union event e;

	begin(&e, sizeof(struct scaudit_return));
	for (unsigned i = 0; i < n; i++) {
		uint32_t size = most ? (uint32_t)(synth_random(&synth) % most) : 0;

		random_bytes(data, size);
		add_piece(&e, 5 - i % 6, SCAUDIT_PIECE_AT_RETURN, size, data, size);
	}
	model_return(&model, w, seq, (int64_t)seq, seq, &e.ret);
}

/* Bytes that some calls have, also half in what was read at the entry, and bytes that none has. */
static void find_needles(struct sc_store *s)
{
	for (unsigned i = 0; i < 100; i++) {
		const struct sc_call *c = &model.calls[synth_random(&synth) % model.count].call;
		size_t at = c->payload_len ? synth_random(&synth) % c->payload_len : 0;
		size_t left = c->payload_len - at, n = 1 + synth_random(&synth) % 20;
		struct sc_filter f = { .needle = "needle", .needle_len = 6, .failed = i % 9 == 0 };

		if (left) {
			f.needle = (const uint8_t *)c->payload + at;
			f.needle_len = n < left ? n : left;
		}
		model_check(&model, s, &f, i % 2 ? SC_COL_PAYLOAD : SC_COL_NR, i % 3 == 0);
	}
}

/* Returns come in another order than the entries, some in the block, some in later ones. */
static void late_returns(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_store *s;
	uint64_t open[200];
	unsigned n = 0;

	(void)state;
	synth_init(&synth, 11);
	for (unsigned block = 0; block < 6; block++) {
		for (unsigned i = 0; i < 300; i++) {
			uint64_t seq = add_open(w, (unsigned)(synth_random(&synth) % 4), 60);
			unsigned k = (unsigned)(synth_random(&synth) % 200);

			if (n < 200) {
				open[n++] = seq;
				continue;
			}
			end(w, open[k], (unsigned)(synth_random(&synth) % 3), 40);
			open[k] = seq;
		}
		flush(w, block + 1);
		model_check_dir(&model, dir);
	}
	/* What is open still has the entry's; and one that nothing came back with. */
	model_complete(&model, w, open[0], SC_STATE_GONE, 0, 0);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
	s = store_open(dir);
	find_needles(s);
	sc_store_close(s);
}

/* More blocks with late payloads than a reader keeps, asked for in the order that is worst. */
static void many_blocks(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	uint64_t first[150];

	(void)state;
	for (unsigned i = 0; i < 150; i++)
		first[i] = add_open(w, 1, 30);
	flush(w, 1);
	for (unsigned i = 0; i < 150; i++) {
		end(w, first[i * 7 % 150], 2, 1000);
		add(w, 1);
		flush(w, 2 + i);
	}
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
}

/* Late payloads that are more than a reader keeps in memory at once. */
static void large_payloads(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	uint64_t first[700];

	(void)state;
	for (unsigned i = 0; i < 700; i++)
		first[i] = add_open(w, 1, 30);
	flush(w, 1);
	for (unsigned block = 0; block < 7; block++) {
		for (unsigned i = 0; i < 100; i++)
			end(w, first[block * 100 + i], 4, 65536);
		flush(w, 2 + block);
	}
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
}

/* A block takes 16 MiB; nothing is lost, and nothing is half done, where it does not. */
static void limits(void **state)
{
	static union event e;
	static unsigned char big[SC_PAYLOAD_MAX + 1];
	struct sc_writer *w = writer_open(dir, 1);
	uint64_t early = add_open(w, 0, 0), seq;
	struct sc_task task = { .known = SCAUDIT_KNOWN_TASK, .pid = 1 };
	struct sc_call c;
	unsigned n = 0;
	size_t waiting;
	int rc;

	(void)state;
	flush(w, 1);
	synth_call(&synth, &c);
	c.payload = big;
	c.payload_len = sizeof(big);
	assert_int_equal(sc_writer_call(w, &c, &seq), -EMSGSIZE);
	c.payload_len--;
	for (n = 0; n < 15; n++)
		model_add(&model, w, &c);
	begin(&e, sizeof(struct scaudit_entry));
	add_piece(&e, 1, 0, 65536, big, 65536);
	add_piece(&e, 2, 0, 60000, big, 60000);
	while (!(rc = sc_writer_entry(w, &e.entry, &task, SC_STATE_OPEN, &seq)))
		n++;
	assert_int_equal(rc, -ENOSPC);
	assert_true(n > 20 && n < 24);
	waiting = sc_writer_pending(w);
	assert_int_equal(waiting, n);
	/* Another with nothing has room. */
	begin(&e, sizeof(struct scaudit_entry));
	assert_int_equal(sc_writer_entry(w, &e.entry, &task, SC_STATE_UNWANTED, &seq), 0);

	begin(&e, sizeof(struct scaudit_return));
	add_piece(&e, 1, SCAUDIT_PIECE_AT_RETURN, 65536, big, 65536);
	add_piece(&e, 1, SCAUDIT_PIECE_AT_RETURN, 60000, big, 60000);
	assert_int_equal(sc_writer_return(w, seq - 1, SC_STATE_RETURNED, 0, 0, &e.ret), -ENOSPC);
	assert_int_equal(sc_writer_return(w, early, SC_STATE_RETURNED, 0, 0, &e.ret), -ENOSPC);
	assert_int_equal(sc_writer_pending(w), waiting + 1);
	flush(w, 2);
	/* Both are still open, and take it now: the one early, the other by completion. */
	assert_int_equal(sc_writer_return(w, seq - 1, SC_STATE_RETURNED, 0, 0, &e.ret), 0);
	assert_int_equal(sc_writer_return(w, seq - 1, SC_STATE_RETURNED, 0, 0, &e.ret), -ENOENT);
	model_return(&model, w, early, 5, 6, &e.ret);
	close_writer(w, "stopped");
	model_free(&model);
}

/* One that is known and one that is looked for. */
struct wanted {
	uint64_t seq;
	const char *entry, *ret;
	unsigned seen;
};

static int see(const struct sc_call *c, void *arg)
{
	struct wanted *want = arg;
	struct sc_piece p;

	if (c->seq != want->seq)
		return 0;
	want->seen++;
	assert_true(sc_call_piece(c, 0, SCAUDIT_PART_DATA, 0, false, &p));
	assert_int_equal(p.size, strlen(want->entry));
	assert_memory_equal(p.data, want->entry, p.size);
	if (!want->ret) {
		assert_false(sc_call_piece(c, 1, SCAUDIT_PART_DATA, 0, true, &p));
		return 0;
	}
	assert_true(sc_call_piece(c, 1, SCAUDIT_PART_DATA, 0, true, &p));
	assert_int_equal(p.size, strlen(want->ret));
	assert_memory_equal(p.data, want->ret, p.size);
	return 0;
}

static void look(struct wanted want)
{
	struct sc_damage damage = { 0 };
	struct sc_store *s = store_open(dir);
	struct sc_error err;

	/* Also where nothing but the payload is asked for. */
	assert_int_equal(sc_store_scan(s, NULL, SC_COL_PAYLOAD, false, see, &want, &damage, &err),
			 0);
	assert_int_equal(sc_store_scan(s, NULL, SC_COL_ALL, true, see, &want, &damage, &err), 0);
	assert_int_equal(damage.blocks, 0);
	assert_int_equal(want.seen, 2);
	sc_store_close(s);
}

/* As the module tells of it: in the block, in a later one, by the recorder after this one. */
static void from_the_ring(void **state)
{
	static union event e;
	struct sc_task task = { .known = SCAUDIT_KNOWN_TASK, .pid = 9, .comm = "cat" };
	const struct sc_open_call *calls;
	struct sc_writer *w = writer_open(dir, 1);
	uint64_t a, b, c;

	(void)state;
	begin(&e, sizeof(struct scaudit_entry));
	add_piece(&e, 0, 0, 11, "/etc/passwd", 11);
	assert_int_equal(sc_writer_entry(w, &e.entry, &task, SC_STATE_OPEN, &a), 0);
	assert_int_equal(sc_writer_entry(w, &e.entry, &task, SC_STATE_OPEN, &b), 0);
	assert_int_equal(sc_writer_entry(w, &e.entry, &task, SC_STATE_OPEN, &c), 0);
	begin(&e, sizeof(struct scaudit_return));
	add_piece(&e, 1, SCAUDIT_PIECE_AT_RETURN, 100, "root:x", 6);
	assert_int_equal(sc_writer_return(w, b, SC_STATE_RETURNED, 0, 0, &e.ret), 0);
	flush(w, 4);
	look((struct wanted){ .seq = a, .entry = "/etc/passwd" });
	look((struct wanted){ .seq = b, .entry = "/etc/passwd", .ret = "root:x" });
	assert_int_equal(sc_writer_return(w, a, SC_STATE_RETURNED, 0, 0, &e.ret), 0);
	flush(w, 5);
	look((struct wanted){ .seq = a, .entry = "/etc/passwd", .ret = "root:x" });
	assert_int_equal(sc_writer_close(w, NULL, NULL), 0);

	w = writer_open(dir, 1);
	assert_int_equal(sc_writer_open_calls(w, &calls), 1);
	assert_int_equal(calls[0].seq, c);
	assert_int_equal(sc_writer_return(w, c, SC_STATE_RETURNED, 0, 0, &e.ret), 0);
	close_writer(w, "stopped");
	look((struct wanted){ .seq = a, .entry = "/etc/passwd", .ret = "root:x" });
	look((struct wanted){ .seq = b, .entry = "/etc/passwd", .ret = "root:x" });
	look((struct wanted){ .seq = c, .entry = "/etc/passwd", .ret = "root:x" });
}

/* A ring's pieces that make no sense: what comes before them is kept, the call too. */
static void nonsense(void **state)
{
	static union event e;
	struct sc_task task = { .known = SCAUDIT_KNOWN_TASK, .pid = 9 };
	struct sc_writer *w = writer_open(dir, 1);
	uint64_t seq;

	(void)state;
	begin(&e, sizeof(struct scaudit_entry));
	add_piece(&e, 0, 0, 4, "good", 4);
	add_piece(&e, 7, 0, 3, "bad", 3);
	assert_int_equal(sc_writer_entry(w, &e.entry, &task, SC_STATE_UNWANTED, &seq), 0);
	begin(&e, sizeof(struct scaudit_entry));
	add_piece(&e, 0, 99, 3, "bad", 3);
	assert_int_equal(sc_writer_entry(w, &e.entry, &task, SC_STATE_UNWANTED, &seq), 0);
	close_writer(w, "stopped");
	look((struct wanted){ .seq = 1, .entry = "good" });
}

/* ---- snapshots ---- */

struct shots {
	unsigned n;
	size_t len[8];
	uint64_t after[8];
	uint8_t first[8], last[8];
};

static int shot(const struct sc_stored_snapshot *s, void *arg)
{
	struct shots *all = arg;

	assert_true(all->n < 8 && s->time > SYNTH_BEGIN);
	all->len[all->n] = s->len;
	all->after[all->n] = s->after_seq;
	all->first[all->n] = ((const uint8_t *)s->bytes)[0];
	all->last[all->n] = ((const uint8_t *)s->bytes)[s->len - 1];
	all->n++;
	return 0;
}

static struct shots read_snapshots(uint32_t session, uint64_t damaged)
{
	struct sc_damage damage = { 0 };
	struct shots all = { 0 };
	struct sc_store *s = store_open(dir);
	struct sc_error err;

	assert_int_equal(sc_store_snapshots(s, session, shot, &all, &damage, &err), 0);
	assert_int_equal(damage.blocks, damaged);
	sc_store_close(s);
	return all;
}

static void snapshots(void **state)
{
	struct sc_writer *w = writer_open(dir, 1);
	uint8_t *large = malloc(SC_SNAPSHOT_MAX + 1), *data;
	struct shots all;
	size_t n;

	(void)state;
	assert_non_null(large);
	random_bytes(large, SC_SNAPSHOT_MAX);
	large[0] = 7;
	large[SC_SNAPSHOT_MAX - 1] = 9;
	assert_int_equal(sc_writer_snapshot(w, "x", 0), -EINVAL);
	assert_int_equal(sc_writer_snapshot(w, large, SC_SNAPSHOT_MAX + 1), -EMSGSIZE);
	assert_int_equal(sc_writer_snapshot(w, "abc", 3), 0);
	assert_int_equal(sc_writer_snapshot(w, "abc", 3), -ENOSPC);
	assert_int_equal(sc_writer_pending(w), 1);
	flush(w, 1);
	add(w, 10);
	assert_int_equal(sc_writer_snapshot(w, large, SC_SNAPSHOT_MAX), 0);
	add(w, 5);
	flush(w, 2);
	add(w, 1);
	close_writer(w, "stopped");
	w = writer_open(dir, 2);
	assert_int_equal(sc_writer_snapshot(w, "second", 6), 0);
	close_writer(w, "stopped");
	free(large);

	all = read_snapshots(1, 0);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.len[0], 3);
	assert_int_equal(all.after[0], 0);
	assert_int_equal(all.first[0], 'a');
	assert_int_equal(all.len[1], SC_SNAPSHOT_MAX);
	assert_int_equal(all.after[1], 10);
	assert_int_equal(all.first[1], 7);
	assert_int_equal(all.last[1], 9);
	all = read_snapshots(2, 0);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.len[0], 6);
	assert_int_equal(all.after[0], 16);
	assert_int_equal(read_snapshots(3, 0).n, 0);
	model_check_dir(&model, dir);

	/* A byte of it is another: passed over and counted, and the calls can be read. */
	data = file_read(dir, "segments/000001.scs", &n);
	data[n / 2] ^= 1;
	file_write(dir, "segments/000001.scs", data, n);
	free(data);
	all = read_snapshots(1, 1);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.len[0], 3);
	model_check_dir(&model, dir);
}

/* ---- what was left out ---- */

static struct sc_session last_session(void)
{
	struct sc_store *s = store_open(dir);
	struct sc_session *list, last;
	struct sc_error err;
	size_t n;

	assert_int_equal(sc_store_sessions(s, &list, &n, &err), 0);
	assert_true(n > 0);
	last = list[n - 1];
	free(list);
	sc_store_close(s);
	return last;
}

static void choices(void **state)
{
	char index[300];
	struct sc_session session, seen;
	struct sc_error err, notice;
	struct sc_writer *w;

	(void)state;
	synth_session(&session, 1);
	strcpy(session.only, "%file");
	strcpy(session.skip, "comm=a\xff");
	strcpy(session.snaplen, "64,read=1K");
	assert_int_equal(sc_writer_open(dir, &session, &w, &notice, &err), 0);
	sc_writer_skipped(w, 5);
	add(w, 1);
	flush(w, 1);
	seen = last_session();
	assert_string_equal(seen.only, "%file");
	assert_string_equal(seen.skip, "comm=a?");
	assert_string_equal(seen.snaplen, "64,read=1K");
	assert_int_equal(seen.skipped, 5);
	assert_int_equal(sc_writer_close(w, NULL, NULL), 0);

	/* The same session goes on with others. */
	synth_session(&session, 1);
	strcpy(session.only, "%process");
	assert_int_equal(sc_writer_open(dir, &session, &w, &notice, &err), 0);
	assert_int_equal(session.skipped, 5);
	add(w, 1);
	sc_writer_skipped(w, 9);
	close_writer(w, "stopped");
	for (unsigned i = 0; i < 2; i++) {
		seen = last_session();
		assert_int_equal(seen.number, 1);
		assert_string_equal(seen.only, "%process");
		assert_string_equal(seen.skip, "");
		assert_string_equal(seen.snaplen, "");
		assert_int_equal(seen.skipped, 9);
		/* And by the segments alone. */
		snprintf(index, sizeof(index), "%s/" SC_INDEX_FILE, dir);
		assert_int_equal(unlink(index), i ? -1 : 0);
		if (i)
			break;
	}
}

/* An index that an older version has made. */
static void older_layout(void **state)
{
	static const char old[] =
		"DELETE FROM meta WHERE name = 'layout'; DROP TABLE snapshots;"
		"ALTER TABLE tasks DROP COLUMN gid; ALTER TABLE sessions DROP COLUMN only;";
	struct sc_error err, notice;
	struct sc_session session;
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_store *s;
	char path[300];
	sqlite3 *db;

	(void)state;
	add(w, 100);
	assert_int_equal(sc_writer_snapshot(w, "abc", 3), 0);
	flush(w, 3);
	assert_int_equal(sc_writer_close(w, NULL, NULL), 0);
	snprintf(path, sizeof(path), "%s/" SC_INDEX_FILE, dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, old, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);

	/* Readers take the segments, and find nothing wrong. */
	s = store_open(dir);
	assert_string_equal(sc_store_notice(s), "");
	sc_store_close(s);
	model_check_dir(&model, dir);
	assert_int_equal(read_snapshots(1, 0).n, 1);

	/* A writer makes it again, and keeps the old one. */
	synth_session(&session, 1);
	assert_int_equal(sc_writer_open(dir, &session, &w, &notice, &err), 0);
	assert_non_null(strstr(notice.text, "of another version, put aside as index.db.old"));
	assert_int_equal(sc_writer_last_event(w), 3);
	add(w, 10);
	close_writer(w, "stopped");
	model_check_dir(&model, dir);
	assert_int_equal(read_snapshots(1, 0).n, 1);
	snprintf(path, sizeof(path), "%s/" SC_INDEX_FILE ".old", dir);
	assert_int_equal(access(path, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(late_returns),   SCRATCH_TEST(many_blocks),
		SCRATCH_TEST(large_payloads), SCRATCH_TEST(limits),
		SCRATCH_TEST(from_the_ring),  SCRATCH_TEST(nonsense),
		SCRATCH_TEST(snapshots),      SCRATCH_TEST(choices),
		SCRATCH_TEST(older_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
