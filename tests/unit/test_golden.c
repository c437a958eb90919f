// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stores of earlier versions keep opening, for ever, and say the same as ever.
 *
 *   test_golden              holds each tests/golden/NAME against NAME.txt
 *   test_golden make FOLDER  makes a store that has something of everything, to
 *                            be kept when the schema version has been raised, and FOLDER.pub,
 *                            the key that has sealed it
 *   test_golden show FOLDER [EVERY]  the text of a store; of its calls each so many'th, and a
 *                            checksum of all
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

#include <xxhash.h>

#include "../../lib/store/archive.h"
#include "../../lib/store/recover.h"
#include "../../lib/store/verify.h"
#include "../../lib/store/writer_private.h"
#include "../../schema/abi.h"
#include "model.h"
#include "synth.h"

/* ---- making one ---- */

static void fill(struct sc_writer *w, struct synth *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct sc_task nobody = { .cr3 = 0x1234000 };
		struct sc_task odd = {
			.key = UINT64_MAX,
			.start = 1,
			.known = 15,
			.pid = UINT32_MAX,
			.tid = 7,
			.comm = "\xff\x01 sixteen bytes" /* all of them, and not UTF-8 */
		};
		struct sc_call c;
		uint64_t seq;

		synth_call(s, &c);
		if (i % 10 == 3) {
			c.abi = SCAUDIT_ABI_I386;
			c.insn = SCAUDIT_INSN_INT80;
			c.task = &nobody;
		}
		if (i == 5) {
			c.task = &odd;
			c.nr = UINT64_MAX;
			c.ret = INT64_MIN;
			memset(c.args, 0xff, sizeof(c.args));
			c.gs_base = 1ULL << 63;
			c.payload = "/etc/passwd";
			c.payload_len = 12;
		}
		if (sc_writer_call(w, &c, &seq))
			abort();
	}
}

/* A piece of memory behind a return. */
static const struct {
	struct scaudit_return event;
	struct scaudit_piece piece;
	char data[16];
} late = {
	.event = { .head = { .size = sizeof(late), .type = SCAUDIT_EV_RETURN } },
	.piece = { .size = 13, .whole = ~0u, .arg = 1, .state = SCAUDIT_PIECE_AT_RETURN },
	.data = "what was read",
};

/* Calls of several blocks with gaps, snapshots, and ends that come later. */
static int fill_blocks(struct sc_writer *w, struct synth *s, struct sc_error *err)
{
	uint64_t first = w->rows.first;

	for (unsigned block = 0; block < 4; block++) {
		fill(w, s, 20);
		sc_writer_gap(w, &(struct sc_gap){ .reason = SCAUDIT_GAP_DROP + block % 3,
						   .vcpu = block ? block : ~0u,
						   .entries = block ? block : ~0ULL,
						   .returns = block * 2,
						   .first = SYNTH_BEGIN,
						   .last = SYNTH_BEGIN + block });
		for (uint64_t seq = first; block && seq < first + 20 * block; seq++)
			sc_writer_return(w, seq, 1 + seq % (SC_STATES - 1), (int64_t)seq - 10,
					 seq * 1000, seq % 2 ? NULL : &late.event);
		sc_writer_skipped(w, block * 11);
		if (block % 2)
			sc_writer_snapshot(w, "\xa1\x61v\x01 snapshot", 13);
		if (sc_writer_flush(w, 100 + block, err))
			return -1;
	}
	return 0;
}

/* A session whose first segment is removed again. */
static int make_retired(const char *dir, struct sc_session *session,
			const struct sc_secret_key *key, struct synth *s, struct sc_error *err)
{
	struct sc_error notice;
	struct sc_writer *w;

	if (sc_writer_open_sealed(dir, session, key, &w, &notice, err))
		return -1;
	w->segment_limit = 1;
	fill(w, s, 20);
	if (sc_writer_flush(w, 1, err))
		return -1;
	fill(w, s, 2);
	if (sc_writer_flush(w, 2, err))
		return -1;
	w->segment_limit = SC_SEGMENT_BYTES;
	sc_writer_limit(w,
			&(struct sc_limits){ .segment_bytes = SC_SEGMENT_BYTES, .keep_bytes = 1 });
	if (sc_writer_retain(w, session->begin, false, err) < 0 ||
	    sc_writer_full(w, SYNTH_BEGIN, SYNTH_BEGIN + 5, err) || fill_blocks(w, s, err))
		return -1;
	/* Enough rows for what is of no use with few. */
	fill(w, s, 500);
	return sc_writer_close(w, "stopped", err);
}

static int make_all(const char *dir, const struct sc_secret_key *key, struct sc_error *err)
{
	struct sc_archived done;
	struct sc_session session;
	struct sc_error notice;
	struct sc_writer *w;
	struct synth s;

	synth_init(&s, 1);
	s.open_of_256 = 40;
	synth_session(&session, 0xa1);
	snprintf(session.vm, sizeof(session.vm), "g\303\244ste \377");
	snprintf(session.only, sizeof(session.only), "%%file,comm=a\\,b \377");
	snprintf(session.skip, sizeof(session.skip), "container");
	snprintf(session.snaplen, sizeof(session.snaplen), "64,read=1K");
	if (make_retired(dir, &session, key, &s, err))
		return -1;
	/* What follows goes on behind an archive. */
	if (sc_archive_in_place(dir, key, &done, err))
		return -1;
	synth_session(&session, 0xa2);
	session.begin += 1000000000;
	session.tsc_khz = 0;
	if (sc_writer_open_sealed(dir, &session, key, &w, &notice, err))
		return -1;
	w->segment_limit = 3000;
	/* One that crashed, and one that ended. */
	if (fill_blocks(w, &s, err) || sc_writer_close(w, NULL, err))
		return -1;
	synth_session(&session, 0xa3);
	session.begin += 2000000000;
	if (sc_writer_open_sealed(dir, &session, key, &w, &notice, err))
		return -1;
	fill(w, &s, 3);
	return sc_writer_close(w, "stopped", err);
}

static int make(const char *dir)
{
	struct sc_error err = { "" };
	struct sc_buf text = { 0 };
	struct sc_secret_key key;
	char path[PATH_MAX];
	int rc = sc_key_init(&err);

	if (!rc)
		rc = sc_key_make(&key, NULL, &err);
	if (!rc)
		rc = make_all(dir, &key, &err);
	if (rc) {
		fprintf(stderr, "test_golden: %s\n", err.text);
		return 1;
	}
	sc_key_put_public(&key.pub, NULL, &text);
	snprintf(path, sizeof(path), "%s.pub", dir);
	file_write(".", path, text.data, text.len);
	sc_buf_free(&text);
	return 0;
}

/* ---- as text ---- */

static void show_text(FILE *out, const void *text, size_t n)
{
	const unsigned char *c = text;

	fputc('"', out);
	for (size_t i = 0; i < n; i++)
		if (c[i] < ' ' || c[i] >= 0x7f || c[i] == '"')
			fprintf(out, "\\%03o", c[i]);
		else
			fputc(c[i], out);
	fputc('"', out);
}

static void show_task(FILE *out, const struct sc_task *t)
{
	fprintf(out, "{%" PRIx64 " %" PRIu64 " %" PRIx64 " %x %u %u %u %u", t->key, t->start,
		t->cr3, t->known, t->pid, t->tid, t->ppid, t->uid);
	if (t->gid)
		fprintf(out, ":%u", t->gid);
	fputc(' ', out);
	show_text(out, t->comm, strlen(t->comm));
	fputc('}', out);
}

/* Each so many'th call is shown. */
struct showing {
	FILE *out;
	unsigned every;
	XXH64_hash_t all; /* of the lines of all */
};

static void show_line(const struct sc_call *c, FILE *out);

static int show_call(const struct sc_call *c, void *arg)
{
	struct showing *to = arg;
	char *line = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&line, &size);

	if (!memory)
		return -ENOMEM;
	show_line(c, memory);
	fclose(memory);
	if (c->seq % to->every == 0)
		fputs(line, to->out);
	to->all = XXH64(line, size, to->all);
	free(line);
	return 0;
}

static void show_line(const struct sc_call *c, FILE *out)
{
	fprintf(out,
		"call %" PRIu64 " %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %u %u %u %u %u %" PRIx64
		" (%" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64
		") %" PRId64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64
		" ",
		c->seq, c->session, c->ts, c->dur, c->tsc, c->vcpu, c->abi, c->insn, c->state,
		c->cpl, c->nr, c->args[0], c->args[1], c->args[2], c->args[3], c->args[4],
		c->args[5], c->ret, c->rip, c->rsp, c->rflags, c->cr3, c->fs_base, c->gs_base);
	show_task(out, c->task);
	fputc(' ', out);
	show_text(out, c->payload, c->payload_len);
	fputc('\n', out);
}

static int show_snapshot(const struct sc_stored_snapshot *s, void *arg)
{
	FILE *out = arg;

	/* When it was made is not made up. */
	fprintf(out, "snapshot %" PRIu64 " ", s->after_seq);
	show_text(out, s->bytes, s->len);
	fputc('\n', out);
	return 0;
}

static int show(const char *dir, FILE *out, unsigned every)
{
	struct showing to = { .out = out, .every = every };
	struct sc_damage damage = { 0 };
	struct sc_session *sessions;
	struct sc_task_seen *tasks;
	struct sc_error err = { "" };
	struct sc_gap *gaps;
	struct sc_store *s;
	size_t n;

	if (sc_store_open(dir, &s, &err))
		goto fail;
	if (sc_store_sessions(s, &sessions, &n, &err))
		goto fail;
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "session %u %02x%02x ", sessions[i].number, sessions[i].id[0],
			sessions[i].id[15]);
		show_text(out, sessions[i].vm, strlen(sessions[i].vm));
		fprintf(out, " %s %s %u %" PRIu64 " %s", sessions[i].engine,
			sessions[i].host_kernel, sessions[i].tsc_khz, sessions[i].begin,
			sessions[i].ended);
		/* When it was made is not made up. */
		fprintf(out, " %" PRIu64,
			!strcmp(sessions[i].ended, "stopped") ? 0 : sessions[i].end);
		if (*sessions[i].only)
			fprintf(out, " only %s", sessions[i].only);
		if (*sessions[i].skip)
			fprintf(out, " skip %s", sessions[i].skip);
		if (*sessions[i].snaplen)
			fprintf(out, " snaplen %s", sessions[i].snaplen);
		if (sessions[i].skipped)
			fprintf(out, " skipped %" PRIu64, sessions[i].skipped);
		fputc('\n', out);
		if (sc_store_snapshots(s, sessions[i].number, show_snapshot, out, &damage, &err))
			goto fail;
	}
	free(sessions);
	if (sc_store_gaps(s, &gaps, &n, &err))
		goto fail;
	for (size_t i = 0; i < n; i++)
		fprintf(out,
			"gap %u %u %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			"\n",
			gaps[i].session, gaps[i].reason, gaps[i].vcpu, gaps[i].entries,
			gaps[i].returns, gaps[i].first, gaps[i].last, gaps[i].after_seq);
	free(gaps);
	if (sc_store_tasks(s, &tasks, &n, &err))
		goto fail;
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "task ");
		show_task(out, &tasks[i].task);
		fprintf(out, " %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", tasks[i].session,
			tasks[i].first, tasks[i].last, tasks[i].calls);
	}
	free(tasks);
	if (sc_store_scan(s, NULL, SC_COL_ALL, false, show_call, &to, &damage, &err))
		goto fail;
	if (every > 1)
		fprintf(out, "all %016" PRIx64 "\n", (uint64_t)to.all);
	fprintf(out, "damage %" PRIu64 " %s\n", damage.blocks, damage.first.text);
	sc_store_close(s);
	return 0;
fail:
	fprintf(out, "error %s\n", err.text);
	return 1;
}

/* ---- holding it against what it was ---- */

static void hold(const char *dir, unsigned every, const char *expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	show(dir, out, every);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

/* Lines that are about calls. */
static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; (text = strstr(text, "\ncall ")); text++)
		n++;
	return n;
}

static unsigned count_calls(const char *dir)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	unsigned n;

	assert_non_null(out);
	assert_int_equal(show(dir, out, 1), 0);
	fclose(out);
	assert_non_null(strstr(text, "\ndamage 0 \n"));
	n = count_lines(text);
	free(text);
	return n;
}

/* @calls  in it; @every  of which the text shows each so many'th */
static void golden(const char *name, unsigned calls, unsigned every)
{
	char path[PATH_MAX], *copy = folder_make();
	struct sc_error notice, err;
	struct sc_session session;
	struct sc_writer *w;
	struct synth s;
	uint8_t *text;
	size_t n;

	snprintf(path, sizeof(path), "%s.txt", name);
	text = file_read(GOLDEN, path, &n);
	text[n] = '\0';
	snprintf(path, sizeof(path), "%s/%s", GOLDEN, name);
	hold(path, every, (char *)text);

	/* By its segments alone. */
	folder_copy(path, copy);
	snprintf(path, sizeof(path), "%s/index.db", copy);
	assert_int_equal(unlink(path), 0);
	hold(copy, every, (char *)text);

	/* And it can be gone on with. */
	synth_session(&session, 1);
	assert_int_equal(sc_writer_open(copy, &session, &w, &notice, &err), 0);
	synth_init(&s, 9);
	fill(w, &s, 1);
	assert_int_equal(sc_writer_close(w, "stopped", &err), 0);
	assert_int_equal(count_calls(copy), calls + 1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(count_calls(copy), calls + 1);
	folder_remove(copy);
	free(copy);
	free(text);
}

static void v1(void **state)
{
	(void)state;
	golden("v1", 83, 1);
}

/* The same version with memory of calls, snapshots, and what was left out. */
static void v1_memory(void **state)
{
	(void)state;
	golden("v1-memory", 83, 1);
}

/* What there is of a format in the segments of a store. */
struct content {
	unsigned transforms, layouts, codecs; /* a bit for each */
	unsigned archived, sealed, heads; /* segments */
	unsigned facts, gaps, snapshots, completions; /* blocks that have some */
};

static void look_at(struct content *c, const struct sc_walk *w)
{
	const struct sc_block *b = &w->block;
	struct sc_segment_head h;

	if (b->item.kind == SC_ITEM_SEGMENT) {
		assert_int_equal(sc_segment_get_head(&b->item, &h), 0);
		c->heads++;
		c->archived += h.archived;
		c->sealed += h.keyed;
	}
	if (b->item.kind != SC_ITEM_BLOCK)
		return;
	c->facts += b->h.facts_len != 0;
	c->gaps += b->h.count[SC_ROWS_GAP] != 0;
	c->snapshots += b->h.count[SC_ROWS_SNAPSHOT] != 0;
	c->completions += b->h.count[SC_ROWS_LATE] != 0;
	for (unsigned id = 0; id < SC_COLUMN_IDS; id++)
		if (b->dir[id].present) {
			c->transforms |= 1u << b->dir[id].c.transform;
			c->layouts |= 1u << b->dir[id].c.layout;
			if (b->dir[id].c.stored < b->dir[id].c.raw)
				c->codecs |= 1u << b->dir[id].c.codec;
		}
}

static void read_segment(struct content *c, const char *dir, uint32_t number)
{
	char path[PATH_MAX], name[SC_SEGMENT_NAME];
	struct sc_segment_head h;
	struct sc_walk w;
	off_t size;
	int fd;

	sc_segment_name(name, number);
	snprintf(path, sizeof(path), "%s/" SC_SEGMENTS_DIR "/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	size = lseek(fd, 0, SEEK_END);
	sc_walk_init(&w, fd, (uint64_t)size, 0);
	while (sc_walk_next(&w) == SC_WALK_ITEM) {
		if (w.block.item.kind == SC_ITEM_SEGMENT && !sc_segment_get_head(&w.block.item, &h))
			memcpy(w.id, h.session.id, sizeof(w.id));
		look_at(c, &w);
	}
	assert_int_equal(w.next, size);
	sc_walk_free(&w);
	close(fd);
}

/* Sealed, its first part archived, what was before that retired; each way to store a column. */
static void v2(void **state)
{
	struct sc_verify_options o = { .full = true };
	struct sc_public_key key;
	struct sc_error err = { "" };
	struct sc_verified verified;
	struct content c = { 0 };

	(void)state;
	golden("v2", 665, 16);
	for (uint32_t number = 3; number <= 6; number++)
		read_segment(&c, GOLDEN "/v2", number);
	assert_int_equal(c.heads, 4);
	assert_int_equal(c.sealed, 4);
	assert_true(c.archived > 0 && c.archived < c.heads);
	assert_true(c.facts && c.gaps && c.snapshots && c.completions);
	assert_int_equal(c.transforms, (1u << (SC_TRANSFORM_LINE + 1)) - 1);
	assert_int_equal(c.layouts, (1u << (SC_LAYOUT_BITS + 1)) - 1);
	assert_int_equal(c.codecs, (1u << SC_CODECS) - 1);

	/* Its seals hold, and are told from another store's. */
	assert_int_equal(sc_key_init(&err), 0);
	assert_int_equal(sc_key_read_public(GOLDEN "/v2.pub", &key, &err), 0);
	o.keys = &key;
	o.n_keys = 1;
	assert_int_equal(sc_verify(GOLDEN "/v2", &o, &verified, &err), 0);
	assert_int_equal(verified.findings, 0);
	assert_int_equal(verified.sealed_items, verified.items);
	assert_true(verified.sealed_to_end);
}

/* vCPUs told from the tasks', which older stores of this version do not have; each column alone. */
static void v2_vcpu(void **state)
{
	struct sc_block alone = { 0 };
	struct sc_walk w;
	struct stat st;
	int fd;

	(void)state;
	golden("v2-vcpu", 2000, 100);
	fd = open(GOLDEN "/v2-vcpu/" SC_SEGMENTS_DIR "/000001.scs", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	sc_walk_init(&w, fd, (uint64_t)st.st_size, 0);
	while (sc_walk_next(&w) == SC_WALK_ITEM && w.block.item.kind != SC_ITEM_BLOCK)
		;
	assert_int_equal(w.block.dir[SC_C_VCPU].c.transform, SC_TRANSFORM_CONTEXT);
	assert_int_equal(sc_block_load(&w.block, fd, SC_BITS_ALL, NULL), 0);
	for (unsigned id = 0; id <= SC_C_GS_BASE; id++) {
		/* Read anew, whoever needs what. */
		assert_int_equal(
			sc_block_read(&alone, fd, (uint64_t)st.st_size, w.block.item.offset), 0);
		assert_int_equal(sc_block_load(&alone, fd, SC_BIT(id), NULL), 0);
		assert_memory_equal(alone.col[id], w.block.col[id], 2000 * sizeof(uint64_t));
	}
	sc_block_free(&alone);
	sc_walk_free(&w);
	close(fd);
}

/* The store before, archived: there, columns that are scanned may be wide and Zstandard's. */
static void v2_archive(void **state)
{
	struct sc_walk w;
	struct stat st;
	int fd;

	(void)state;
	golden("v2-archive", 2000, 100);
	fd = open(GOLDEN "/v2-archive/" SC_SEGMENTS_DIR "/000001.scs", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	sc_walk_init(&w, fd, (uint64_t)st.st_size, 0);
	while (sc_walk_next(&w) == SC_WALK_ITEM && w.block.item.kind != SC_ITEM_BLOCK)
		;
	assert_int_equal(w.block.dir[SC_C_RET].c.codec, SC_CODEC_ZSTD);
	assert_int_not_equal(w.block.dir[SC_C_RET].c.layout, SC_LAYOUT_BITS);
	assert_true(w.block.dir[SC_C_RET].c.raw > 2000);
	sc_walk_free(&w);
	close(fd);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v1),	   cmocka_unit_test(v1_memory),	 cmocka_unit_test(v2),
		cmocka_unit_test(v2_vcpu), cmocka_unit_test(v2_archive),
	};

	if (argc == 3 && !strcmp(argv[1], "make"))
		return make(argv[2]);
	if ((argc == 3 || argc == 4) && !strcmp(argv[1], "show"))
		return show(argv[2], stdout, argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
