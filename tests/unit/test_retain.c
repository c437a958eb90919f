// SPDX-License-Identifier: GPL-2.0-only
/*
 * Retention: the oldest segments go, and whatever happens meanwhile the store says what went,
 * has all that did not, and its index names nothing that is not there.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/store/recover.h"
#include "../../lib/store/writer_private.h"
#include "fault.h"
#include "model.h"
#include "synth.h"
#include "store/verify.h"
#include "thrift.h"

#define ROWS 12u /* of a block */
#define BLOCK_LIMIT 2500u /* bytes of a segment: one or two blocks */
#define DAY (86400ULL * 1000000000ULL)

static char *dir;
static struct model model;
static struct synth synth;

static int setup(void **state)
{
	(void)state;
	dir = folder_make();
	synth_init(&synth, 5);
	synth.open_of_256 = 40;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fault_arm(FAULT_NONE, 0);
	folder_remove(dir);
	free(dir);
	model_free(&model);
	return 0;
}

static void add_block(struct sc_writer *w)
{
	struct sc_error err = { "" };

	w->segment_limit = BLOCK_LIMIT;
	for (unsigned i = 0; i < ROWS; i++) {
		struct sc_call c;

		synth_call(&synth, &c);
		model_add(&model, w, &c);
	}
	assert_int_equal(sc_writer_flush(w, model.count, &err), 0);
}

/* What a store has and says. */
struct found {
	uint64_t first, calls; /* of the calls that are there; they follow each other */
	uint64_t retired, segments; /* of those that are told to be gone */
	uint64_t gap_calls;
	uint64_t tasks, task_calls;
	size_t sessions;
};

static int find_call(const struct sc_call *c, void *arg)
{
	struct found *f = arg;
	const struct model_call *m;

	if (!f->calls++)
		f->first = c->seq;
	assert_int_equal(c->seq, f->first + f->calls - 1);
	assert_true(c->seq <= model.count);
	m = &model.calls[c->seq - 1];
	assert_int_equal(c->ts, m->call.ts);
	assert_int_equal(c->nr, m->call.nr);
	assert_int_equal(c->task->tid, m->task.tid);
	return 0;
}

static struct found find(void)
{
	struct sc_damage damage = { 0 };
	struct sc_error err = { "" };
	struct sc_session *sessions;
	struct sc_task_seen *tasks;
	struct found f = { 0 };
	struct sc_fact *facts;
	struct sc_gap *gaps;
	struct sc_store *s = store_open(dir);
	size_t n;

	assert_int_equal(sc_store_scan(s, NULL, SC_COL_ALL, false, find_call, &f, &damage, &err),
			 0);
	if (damage.blocks)
		fail_msg("%s", damage.first.text);
	assert_int_equal(sc_store_facts(s, &facts, &n, &err), 0);
	for (size_t i = 0; i < n; i++) {
		if (facts[i].kind != SC_FACT_RETIRED)
			continue;
		f.retired += facts[i].calls;
		f.segments += facts[i].segments;
	}
	free(facts);
	assert_int_equal(sc_store_gaps(s, &gaps, &n, &err), 0);
	for (size_t i = 0; i < n; i++)
		if (SC_GAP_REASON(gaps[i].reason) == SC_GAP_RETIRED)
			f.gap_calls += gaps[i].entries;
	free(gaps);
	assert_int_equal(sc_store_tasks(s, &tasks, &n, &err), 0);
	for (size_t i = 0; i < n; i++)
		f.task_calls += tasks[i].calls;
	f.tasks = n;
	free(tasks);
	assert_int_equal(sc_store_sessions(s, &sessions, &f.sessions, &err), 0);
	free(sessions);
	sc_store_close(s);
	return f;
}

static bool has_segment(unsigned number)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/segments/%06u.scs", dir, number);
	return !access(path, F_OK);
}

/* The index learnt of a retirement when the files were gone: calls of tasks stay counted. */
static bool tasks_lag;

static void show_finding(const struct sc_finding *f, void *arg)
{
	(void)arg;
	if (f->kind != SC_FINDING_NOTE)
		print_error("%s: %s\n", sc_finding_name(f->kind), f->text);
}

/* All is there or told to be gone, by the index and by the segments alone. */
static struct found check(void)
{
	char path[4096], aside[4096];
	struct found with = find(), without;

	{
		const struct sc_verify_options options = { .full = true, .found = show_finding };
		struct sc_verified verified;
		struct sc_error err = { "" };

		assert_int_equal(sc_verify(dir, &options, &verified, &err), 0);
		assert_int_equal(verified.findings, 0);
	}
	assert_int_equal(with.calls + with.retired, model.count);
	assert_int_equal(with.gap_calls, with.retired);
	if (tasks_lag)
		with.task_calls = with.calls;
	assert_int_equal(with.task_calls, with.calls);
	if (with.calls)
		assert_int_equal(with.first, with.retired + 1);
	for (unsigned i = 1; i <= with.segments; i++)
		assert_false(has_segment(i));
	assert_true(has_segment((unsigned)with.segments + 1));

	snprintf(path, sizeof(path), "%s/index.db", dir);
	snprintf(aside, sizeof(aside), "%s/aside", dir);
	assert_int_equal(rename(path, aside), 0);
	without = find();
	assert_int_equal(rename(aside, path), 0);
	assert_memory_equal(&with, &without, sizeof(with));
	return with;
}

static void by_size(void **state)
{
	struct sc_limits limits = { 0 };
	struct sc_error err = { "" };
	struct sc_writer *w = writer_open(dir, 1);
	uint64_t calls, segments;
	struct found f;

	(void)state;
	for (unsigned i = 0; i < 12; i++)
		add_block(w);
	/* Of the index some pages. */
	limits.keep_bytes = w->other_bytes + w->bytes + (1u << 20);
	sc_writer_limit(w, &limits);
	assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN, false, &err), 0);
	while (limits.keep_bytes > 4096 && sc_writer_retain(w, SYNTH_BEGIN, false, &err) == 0) {
		limits.keep_bytes -= 4096;
		sc_writer_limit(w, &limits);
	}
	sc_writer_limit(w, &limits);
	assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN, false, &err), 0);
	sc_writer_retired(w, &calls, &segments);
	assert_true(segments >= 1 && segments <= 4);
	assert_int_equal(sc_writer_calls(w) + calls, model.count);
	/* Even where it may keep nothing, what it writes to stays. */
	limits.keep_bytes = 1;
	sc_writer_limit(w, &limits);
	add_block(w);
	assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN, false, &err), 1);
	add_block(w);
	sc_writer_close(w, "stopped", &err);
	f = check();
	assert_true(f.calls >= ROWS && f.calls <= 4 * ROWS);
	assert_int_equal(f.sessions, 1);

	/* Another session, and then nothing of the first is left. */
	w = writer_open(dir, 2);
	add_block(w);
	sc_writer_limit(w, &limits);
	assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN, false, &err), 1);
	sc_writer_close(w, "stopped", &err);
	f = check();
	assert_int_equal(f.sessions, 1);
	assert_int_equal(f.calls, ROWS);
}

static void by_age(void **state)
{
	struct sc_limits limits = { .keep_ns = 10 * DAY };
	struct sc_error err = { "" };
	struct sc_writer *w = writer_open(dir, 1);
	uint64_t calls, segments;

	(void)state;
	for (unsigned day = 0; day < 20; day++) {
		synth.ts = SYNTH_BEGIN + day * DAY;
		add_block(w);
		assert_int_equal(sc_writer_flush(w, model.count, &err), 0);
	}
	sc_writer_limit(w, &limits);
	assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN + 9 * DAY, false, &err), 0);
	assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN + 20 * DAY - 1, false, &err), 1);
	sc_writer_retired(w, &calls, &segments);
	/* Whole segments: of the last one that goes, every call is old. */
	assert_true(calls > 7 * ROWS && calls <= 10 * ROWS);
	sc_writer_close(w, "stopped", &err);
	check();
}

/* The disk is full: one goes, though no limit wants it, and the reserve with it. */
static void when_full(void **state)
{
	struct sc_limits limits = { .reserve = true };
	struct sc_error err = { "" };
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_fact *facts;
	struct sc_store *s;
	char path[4096];
	size_t n;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		add_block(w);
	sc_writer_limit(w, &limits);
	assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN, false, &err), 0);
	snprintf(path, sizeof(path), "%s/reserve", dir);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN, true, &err), 1);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_false(has_segment(1));
	assert_true(has_segment(2));
	assert_int_equal(sc_writer_full(w, 5, 9, &err), 0);
	sc_writer_close(w, "stopped", &err);
	check();
	s = store_open(dir);
	assert_int_equal(sc_store_facts(s, &facts, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_int_equal(facts[0].why, SC_WHY_FULL);
	assert_int_equal(facts[1].kind, SC_FACT_FULL);
	assert_int_equal(facts[1].begin, 5);
	assert_int_equal(facts[1].end, 9);
	free(facts);
	sc_store_close(s);
}

/* That the disk was full is told by a block that goes later. */
static void full_and_gone(void **state)
{
	struct sc_limits limits = { 0 };
	struct sc_error err = { "" };
	struct sc_writer *w = writer_open(dir, 1);

	(void)state;
	add_block(w);
	assert_int_equal(sc_writer_full(w, 5, 9, &err), 0);
	for (unsigned i = 0; i < 6; i++)
		add_block(w);
	sc_writer_limit(w, &limits);
	assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN, true, &err), 1);
	assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN, true, &err), 1);
	assert_false(has_segment(2));
	sc_writer_close(w, "stopped", &err);
	check();
}

/* Rows that wait are not told durable by what the retirement writes. */
static void rows_wait(void **state)
{
	struct sc_error err = { "" };
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_session session;
	struct sc_call c;
	uint64_t event;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		add_block(w);
	event = sc_writer_last_event(w);
	synth_call(&synth, &c);
	assert_int_equal(sc_writer_call(w, &c, &(uint64_t){ 0 }), 0);
	assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN, true, &err), 1);
	assert_int_equal(sc_writer_pending(w), 1);
	assert_int_equal(sc_writer_last_event(w), event);
	sc_writer_close(w, NULL, NULL);
	synth_session(&session, 1);
	assert_int_equal(sc_writer_open(dir, &session, &w, &err, &err), 0);
	assert_int_equal(sc_writer_last_event(w), event);
	sc_writer_close(w, "stopped", NULL);
	check();
}

static int retire_meanwhile(const struct sc_call *c, void *arg)
{
	struct sc_writer *w = arg;
	struct sc_error err = { "" };

	if (c->seq == 1)
		assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN, false, &err), 1);
	return 0;
}

static int count_all(const struct sc_call *c, void *arg)
{
	(void)c;
	++*(uint64_t *)arg;
	return 0;
}

/* A reader under whose eyes segments go has no reason to complain. */
static void live_reader(void **state)
{
	struct sc_limits limits = { .keep_bytes = 1 };
	struct sc_error err = { "" };
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_damage damage = { 0 };
	struct sc_store *s, *earlier;
	uint64_t calls = 0;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		add_block(w);
	sc_writer_limit(w, &limits);
	s = store_open(dir);
	earlier = store_open(dir);
	assert_int_equal(
		sc_store_scan(s, NULL, SC_COL_ALL, false, retire_meanwhile, w, &damage, &err), 0);
	assert_int_equal(damage.blocks, 0);
	sc_store_close(s);
	assert_int_equal(sc_store_scan(earlier, NULL, SC_COL_ALL, true, count_all, &calls, &damage,
				       &err),
			 0);
	assert_int_equal(damage.blocks, 0);
	assert_int_equal(calls, sc_writer_calls(w));
	sc_store_close(earlier);
	sc_writer_close(w, "stopped", NULL);
	check();
}

static void prune(void **state)
{
	struct sc_limits limits = { .keep_bytes = 1 };
	struct sc_error err = { "" }, notice = { "" };
	struct sc_pruned pruned;
	struct sc_session *sessions;
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_store *s;
	uint64_t end;
	size_t n;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		add_block(w);
	assert_int_equal(sc_store_prune(dir, &limits, NULL, &pruned, &notice, &err), -EBUSY);
	assert_non_null(strstr(err.text, "another recorder"));
	sc_writer_close(w, NULL, NULL);

	/* Killed, not ended: the session goes on afterwards. */
	assert_int_equal(sc_store_prune(dir, &limits, NULL, &pruned, &notice, &err), 0);
	assert_true(pruned.segments >= 1 && pruned.calls >= ROWS && pruned.bytes > 0);
	check();
	assert_int_equal(sc_store_prune(dir, &limits, NULL, &pruned, &notice, &err), 0);
	assert_int_equal(pruned.segments, 0);
	w = writer_open(dir, 1);
	assert_int_equal(sc_writer_last_event(w), model.count);
	add_block(w);
	sc_writer_close(w, "vm gone", NULL);
	assert_int_equal(check().sessions, 1);

	/* Ended: it stays ended, and when. */
	s = store_open(dir);
	assert_int_equal(sc_store_sessions(s, &sessions, &n, &err), 0);
	end = sessions[0].end;
	free(sessions);
	sc_store_close(s);
	assert_int_equal(sc_store_prune(dir, &limits, NULL, &pruned, &notice, &err), 0);
	assert_true(pruned.segments >= 1);
	/* Never the last segment. */
	assert_true(check().calls <= 2 * ROWS);
	/* Then all that is left is what tells of it, and of when the last call was. */
	assert_int_equal(sc_store_prune(dir, &limits, NULL, &pruned, &notice, &err), 0);
	assert_int_equal(check().calls, 0);
	s = store_open(dir);
	assert_int_equal(sc_store_sessions(s, &sessions, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(sessions[0].ended, "vm gone");
	assert_int_equal(sessions[0].end, end);
	free(sessions);
	sc_store_close(s);
}

/* An index from before the retirement, as from a backup; and files that were not removed. */
static void index_behind(void **state)
{
	struct sc_limits limits = { .keep_bytes = 1 };
	struct sc_error err = { "" };
	struct sc_writer *w = writer_open(dir, 1);
	uint8_t *old, *first;
	size_t n, n_first;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		add_block(w);
	sc_writer_close(w, NULL, NULL);
	old = file_read(dir, "index.db", &n);
	first = file_read(dir, "segments/000001.scs", &n_first);
	w = writer_open(dir, 1);
	sc_writer_limit(w, &limits);
	assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN, false, &err), 1);
	add_block(w);
	sc_writer_close(w, "stopped", NULL);
	file_write(dir, "index.db", old, n);
	{
		struct found f = find();

		assert_true(f.retired >= ROWS);
		assert_int_equal(f.calls + f.retired, model.count);
		assert_int_equal(f.first, f.retired + 1);
	}
	file_write(dir, "segments/000001.scs", first, n_first);
	w = writer_open(dir, 2);
	add_block(w);
	sc_writer_close(w, "stopped", NULL);
	tasks_lag = true;
	check();
	tasks_lag = false;
	free(old);
	free(first);
}

/* ---- at every step something happens ---- */

/* @retval 0 or the first failure; *acknowledged: calls that a flush took */
static int live(uint64_t *acknowledged)
{
	struct sc_limits limits = { .keep_bytes = 1, .reserve = true };
	struct sc_error notice, err = { "" };
	struct sc_session session;
	struct sc_writer *w;
	int rc;

	synth_session(&session, 9);
	rc = sc_writer_open(dir, &session, &w, &notice, &err);
	if (rc)
		return rc;
	/* The first had ended, with all its events. */
	if (session.number > 1) {
		assert_int_equal(*acknowledged, model.count);
		return sc_writer_close(w, "stopped", &err);
	}
	w->segment_limit = BLOCK_LIMIT;
	assert_true(sc_writer_last_event(w) >= *acknowledged);
	*acknowledged = sc_writer_last_event(w);
	for (uint64_t i = *acknowledged; !rc && i < model.count; i++) {
		struct sc_call c = model.calls[i].call;
		uint64_t seq;

		c.task = &model.calls[i].task;
		assert_int_equal(sc_writer_call(w, &c, &seq), 0);
		assert_int_equal(seq, i + 1);
		if ((i + 1) % ROWS)
			continue;
		rc = sc_writer_flush(w, i + 1, &err);
		if (!rc)
			*acknowledged = i + 1;
		/* The index itself names the first ones: what drops them is in its log. */
		if (!rc && i + 1 == 3 * ROWS)
			sqlite3_wal_checkpoint(sc_index_db(w->ix), NULL);
		if (rc || i + 1 < 4 * ROWS)
			continue;
		w->limits = limits;
		rc = sc_writer_retain(w, SYNTH_BEGIN, false, &err);
		rc = rc > 0 ? 0 : rc;
	}
	if (rc) {
		assert_true(err.text[0]);
		sc_writer_close(w, NULL, NULL);
		return rc;
	}
	return sc_writer_close(w, "stopped", &err);
}

static void start_over(void)
{
	folder_remove(dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	fault_forget();
}

static void reread(void)
{
	struct found f;
	struct sc_error err;
	struct sc_store *s;

	if (sc_store_open(dir, &s, &err))
		return; /* it had not come to making a store */
	sc_store_close(s);
	f = find();
	if (f.calls)
		assert_int_equal(f.first, f.retired + 1);
}

static int is_there(void *arg, int n, char **value, char **name)
{
	char path[PATH_MAX];

	(void)arg;
	(void)name;
	assert_int_equal(n, 1);
	snprintf(path, sizeof(path), "%s/segments/%06d.scs", dir, atoi(value[0]));
	assert_int_equal(access(path, F_OK), 0);
	return 0;
}

/* As a power cut leaves it, and before anybody mends it: no index names a file that is gone. */
static void names_what_is_there(void)
{
	static const char *const parts[] = { "index.db", "index.db-wal" };
	char *copy = folder_make(), path[PATH_MAX];
	sqlite3 *db;

	for (size_t i = 0; i < 2; i++) {
		size_t n;
		uint8_t *data;

		snprintf(path, sizeof(path), "%s/%s", dir, parts[i]);
		if (access(path, F_OK))
			continue;
		data = file_read(dir, parts[i], &n);
		file_write(copy, parts[i], data, n);
		free(data);
	}
	snprintf(path, sizeof(path), "%s/index.db", copy);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	/* Cut off early it has no table, and names nothing. */
	sqlite3_exec(db, "SELECT number FROM segments", is_there, NULL, NULL);
	sqlite3_close(db);
	folder_remove(copy);
	free(copy);
}

static void every_step(void **state)
{
	static const enum fault_mode modes[] = { FAULT_ONCE, FAULT_DEAD, FAULT_DEAD, FAULT_DEAD,
						 FAULT_FULL };
	uint64_t acknowledged = 0;
	unsigned steps;

	(void)state;
	for (unsigned i = 0; i < 7 * ROWS; i++) {
		struct model_call *m;
		struct sc_call c;

		synth_call(&synth, &c);
		if (model.count == model.cap) {
			model.cap = model.cap ? 2 * model.cap : 64;
			model.calls = realloc(model.calls, model.cap * sizeof(*model.calls));
			assert_non_null(model.calls);
		}
		m = &model.calls[model.count++];
		*m = (struct model_call){ .call = c, .task = *c.task };
		m->call.seq = model.count;
	}
	start_over();
	fault_arm(FAULT_NONE, 0);
	assert_int_equal(live(&acknowledged), 0);
	steps = fault_steps();
	assert_true(check().segments >= 3);
	for (unsigned n = 1; n <= steps; n += STRIDE(2, 7)) {
		unsigned how = n % (sizeof(modes) / sizeof(*modes));

		start_over();
		acknowledged = 0;
		fault_arm(modes[how], n);
		live(&acknowledged);
		fault_arm(FAULT_NONE, 0);
		if (modes[how] == FAULT_DEAD && how >= 2)
			fault_power_cut(dir, how == 2 ? 0 : n * 0x9e3779b97f4a7c15ULL | 1);
		names_what_is_there();
		reread();
		assert_int_equal(live(&acknowledged), 0);
		assert_int_equal(acknowledged, model.count);
		check();
	}
}

/* ---- the encoding ---- */

static void encoding(void **state)
{
	struct sc_fact list[SC_FACTS_MAX], back[SC_FACTS_MAX];
	struct sc_buf out = { 0 };
	uint64_t calls = 0;
	size_t n = 0, got;

	(void)state;
	memset(list, 0, sizeof(list));
	/* However many sessions: they fit, and none is forgotten. */
	for (uint32_t i = 1; i <= 1000; i++) {
		struct sc_fact f = {
			.kind = SC_FACT_RETIRED,
			.why = 1 + i % 3,
			.session = i / 2 + 1,
			.segment = i,
			.segments = 1,
			.block = i + 1,
			.calls = 10,
			.first = (i - 1) * 10 + 1,
			.next = i * 10 + 1,
			.begin = 1000 + i,
			.end = 2000 + i,
		};

		sc_facts_retire(list, &n, &f);
		assert_true(n <= SC_FACTS_RETIRED);
	}
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(list[i].first, calls + 1);
		calls += list[i].calls;
		assert_int_equal(list[i].next, calls + 1);
	}
	assert_int_equal(calls, 10000);
	assert_int_equal(list[0].session, 0);
	assert_int_equal(list[0].begin, 1001);
	list[n++] = (struct sc_fact){ .kind = SC_FACT_FULL, .session = 3, .begin = 7, .end = 8 };
	sc_facts_put(list, n, &out);
	assert_false(out.failed);
	assert_true(out.len < SC_HEAD_MAX / 2);
	assert_int_equal(sc_facts_get(out.data, out.len, back, &got), 0);
	assert_int_equal(got, n);
	assert_memory_equal(back, list, n * sizeof(*list));
	/* Cut anywhere, or with a bit changed: an error, or a list; never more than there is room. */
	for (size_t cut = 0; cut < out.len; cut += STRIDE(1, 7)) {
		assert_int_equal(sc_facts_get(out.data, cut, back, &got), -EBADMSG);
		out.data[cut] ^= (uint8_t)(1 << cut % 8);
		if (sc_facts_get(out.data, out.len, back, &got))
			assert_int_equal(got, 0);
		assert_true(got <= SC_FACTS_MAX);
		out.data[cut] ^= (uint8_t)(1 << cut % 8);
	}
	/* A kind and fields that are not known yet: passed over. */
	assert_int_equal(
		sc_facts_get((const uint8_t *)"\x82\x83\x18\x63\x60\x80\x85\x02\x01\x05\x06"
					      "\x41x",
			     13, back, &got),
		0);
	assert_int_equal(got, 1);
	assert_int_equal(back[0].end, 6);
	sc_buf_free(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(by_size),	  TEST(by_age),	     TEST(when_full), TEST(full_and_gone),
		TEST(rows_wait),  TEST(live_reader), TEST(prune),     TEST(index_behind),
		TEST(every_step), TEST(encoding),
	};
	int rc;

	if (!getenv("TMPDIR") && !access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 1);
	fault_install();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	fault_forget();
	return rc;
}
