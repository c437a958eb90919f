// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/decode/syscalls.h"
#include "../../schema/abi.h"
#include "model.h"
#include "format/payload.h"
#include "synth.h"

void model_free(struct model *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->calls[i].payload);
	free(m->calls);
	*m = (struct model){ 0 };
}

uint64_t model_add(struct model *m, struct sc_writer *w, const struct sc_call *call)
{
	struct model_call *c;
	uint64_t seq;
	int rc = sc_writer_call(w, call, &seq);

	assert_int_equal(rc, 0);
	assert_int_equal(seq, m->count + 1);
	if (m->count == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 1024;
		m->calls = realloc(m->calls, m->cap * sizeof(*m->calls));
		assert_non_null(m->calls);
	}
	c = &m->calls[m->count++];
	*c = (struct model_call){ .call = *call, .task = *call->task };
	c->call.seq = seq;
	if (call->payload_len) {
		c->payload = malloc(call->payload_len);
		assert_non_null(c->payload);
		memcpy(c->payload, call->payload, call->payload_len);
	}
	c->call.payload = c->payload;
	return seq;
}

void model_complete(struct model *m, struct sc_writer *w, uint64_t seq, enum sc_state state,
		    int64_t ret, uint64_t dur)
{
	struct sc_call *c = &m->calls[seq - 1].call;

	assert_int_equal(sc_writer_complete(w, seq, state, ret, dur), 0);
	c->state = (uint8_t)state;
	c->ret = ret;
	c->dur = dur;
}

void model_return(struct model *m, struct sc_writer *w, uint64_t seq, int64_t ret, uint64_t dur,
		  const struct scaudit_return *event)
{
	struct model_call *c = &m->calls[seq - 1];
	size_t len = event->head.size - sizeof(*event);

	assert_int_equal(sc_writer_return(w, seq, SC_STATE_RETURNED, ret, dur, event), 0);
	c->payload = realloc(c->payload, c->call.payload_len + sc_payload_bound(len));
	assert_non_null(c->payload);
	c->call.payload_len +=
		(uint32_t)sc_payload_from_ring(event + 1, len, c->payload + c->call.payload_len);
	c->call.payload = c->payload;
	c->call.state = SC_STATE_RETURNED;
	c->call.ret = ret;
	c->call.dur = dur;
}

static bool in_ranges(uint64_t seq, const struct sc_filter *f)
{
	for (size_t i = 0; i < f->n_ranges; i++)
		if (seq >= f->ranges[i].first && seq <= f->ranges[i].last)
			return true;
	return !f->n_ranges;
}

bool model_match(const struct sc_call *c, const struct sc_filter *f)
{
	const struct sc_task *t = c->task;
	bool hit;

	if (!f)
		return true;
	if (!in_ranges(c->seq, f))
		return false;
	if ((f->n_pids || f->n_tids || f->n_comms) && !(t->known & SCAUDIT_KNOWN_TASK))
		return false;
	hit = !f->n_pids;
	for (size_t i = 0; i < f->n_pids; i++)
		hit |= t->pid == f->pids[i];
	if (!hit)
		return false;
	hit = !f->n_tids;
	for (size_t i = 0; i < f->n_tids; i++)
		hit |= t->tid == f->tids[i];
	if (!hit)
		return false;
	hit = !f->n_comms;
	for (size_t i = 0; i < f->n_comms; i++)
		hit |= !strcmp(t->comm, f->comms[i]);
	if (!hit)
		return false;
	if (f->n_nrs) {
		hit = false;
		for (size_t i = 0; i < f->n_nrs; i++)
			hit |= f->nrs[i] == ((uint64_t)c->abi << 32 | (uint32_t)c->nr);
		if (hit == f->nrs_not)
			return false;
	}
	if (f->abis && !(f->abis >> sc_call_abi(c) & 1))
		return false;
	if (f->insns && !(f->insns >> c->insn & 1))
		return false;
	if (f->needle_len &&
	    (!c->payload_len || !memmem(c->payload, c->payload_len, f->needle, f->needle_len)))
		return false;
	if (c->ts < f->since || (f->until && c->ts >= f->until))
		return false;
	if (f->failed && !sc_call_failed(c))
		return false;
	return !f->successful || (sc_call_has_ret(c) && !sc_call_failed(c));
}

struct check {
	const struct model *m;
	const struct sc_filter *f;
	unsigned columns;
	bool reverse;
	size_t next; /* of the model's calls */
};

/* The next call that should come. */
static const struct model_call *check_next(struct check *k)
{
	while (k->next < k->m->count) {
		size_t i = k->reverse ? k->m->count - 1 - k->next : k->next;
		struct sc_call c = k->m->calls[i].call;

		c.task = &k->m->calls[i].task;
		k->next++;
		if (model_match(&c, k->f))
			return &k->m->calls[i];
	}
	return NULL;
}

static int check_call(const struct sc_call *c, void *arg)
{
	struct check *k = arg;
	const struct model_call *e = check_next(k);
	const struct sc_call *x;

	assert_non_null(e);
	x = &e->call;
	assert_int_equal(c->seq, x->seq);
	assert_non_null(c->task);
	if (k->columns & SC_COL_TIME) {
		assert_int_equal(c->ts, x->ts);
		assert_int_equal(c->dur, x->dur);
	}
	if (k->columns & SC_COL_TASK) {
		assert_int_equal(c->task->key, e->task.key);
		assert_int_equal(c->task->start, e->task.start);
		assert_int_equal(c->task->cr3, e->task.cr3);
		assert_int_equal(c->task->known, e->task.known);
		assert_int_equal(c->task->pid, e->task.pid);
		assert_int_equal(c->task->tid, e->task.tid);
		assert_int_equal(c->task->ppid, e->task.ppid);
		assert_int_equal(c->task->uid, e->task.uid);
		assert_int_equal(c->task->gid, e->task.gid);
		assert_string_equal(c->task->comm, e->task.comm);
	}
	if (k->columns & SC_COL_NR) {
		assert_int_equal(c->nr, x->nr);
		assert_int_equal(c->abi, x->abi);
		assert_int_equal(c->insn, x->insn);
	}
	if (k->columns & SC_COL_ARGS)
		assert_memory_equal(c->args, x->args, sizeof(c->args));
	if (k->columns & SC_COL_RET) {
		assert_int_equal(c->state, x->state);
		assert_int_equal(c->ret, x->ret);
		assert_int_equal(c->dur, x->dur);
	}
	if (k->columns & SC_COL_CPU) {
		assert_int_equal(c->vcpu, x->vcpu);
		assert_int_equal(c->cpl, x->cpl);
	}
	if (k->columns & SC_COL_REGS) {
		assert_int_equal(c->rip, x->rip);
		assert_int_equal(c->rsp, x->rsp);
		assert_int_equal(c->rflags, x->rflags);
		assert_int_equal(c->cr3, x->cr3);
		assert_int_equal(c->fs_base, x->fs_base);
		assert_int_equal(c->gs_base, x->gs_base);
	}
	if (k->columns & SC_COL_TSC)
		assert_int_equal(c->tsc, x->tsc);
	if (k->columns & SC_COL_PAYLOAD) {
		assert_int_equal(c->payload_len, x->payload_len);
		if (x->payload_len)
			assert_memory_equal(c->payload, x->payload, x->payload_len);
		else
			assert_null(c->payload);
	}
	return 0;
}

void model_check(const struct model *m, struct sc_store *s, const struct sc_filter *f,
		 unsigned columns, bool reverse)
{
	struct check k = { m, f, columns, reverse, 0 };
	struct sc_damage damage = { 0 };
	struct sc_error err = { "" };
	int rc = sc_store_scan(s, f, columns, reverse, check_call, &k, &damage, &err);

	assert_string_equal(err.text, "");
	assert_int_equal(rc, 0);
	assert_string_equal(damage.first.text, "");
	assert_int_equal(damage.blocks, 0);
	assert_null(check_next(&k));
}

void model_check_dir(const struct model *m, const char *dir)
{
	struct sc_store *s = store_open(dir);
	const struct sc_filter failed = { .failed = true }, successful = { .successful = true };
	const struct sc_filter pid = { .pids = (uint32_t[]){ 1003, 1010 }, .n_pids = 2 };
	const struct sc_filter nr = { .nrs = (uint64_t[]){ 59, 1 }, .n_nrs = 2 };

	model_check(m, s, NULL, SC_COL_ALL, false);
	model_check(m, s, NULL, SC_COL_ALL, true);
	model_check(m, s, &failed, SC_COL_NR, false);
	model_check(m, s, &successful, SC_COL_TIME, false);
	model_check(m, s, &pid, SC_COL_NR, false);
	model_check(m, s, &nr, SC_COL_TASK, false);
	assert_string_equal(sc_store_notice(s), "");
	sc_store_close(s);
}

char *folder_make(void)
{
	const char *tmp = getenv("TMPDIR");
	char *path;

	assert_true(asprintf(&path, "%s/scaudit-test-XXXXXX", tmp ? tmp : "/tmp") > 0);
	assert_non_null(mkdtemp(path));
	return path;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void folder_remove(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

uint8_t *file_read(const char *dir, const char *name, size_t *n)
{
	char path[PATH_MAX];
	struct stat st;
	uint8_t *data;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*n = (size_t)st.st_size;
	data = malloc(*n + 1);
	assert_non_null(data);
	assert_int_equal(read(fd, data, *n), *n);
	close(fd);
	return data;
}

void file_write(const char *dir, const char *name, const void *data, size_t n)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), n);
	close(fd);
}

void folder_copy(const char *from, const char *to)
{
	DIR *folder = opendir(from);
	struct dirent *entry;

	assert_non_null(folder);
	mkdir(to, 0700);
	while ((entry = readdir(folder))) {
		char source[PATH_MAX], target[PATH_MAX];
		struct stat st;
		uint8_t *data;
		size_t n;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(source, sizeof(source), "%s/%s", from, entry->d_name);
		snprintf(target, sizeof(target), "%s/%s", to, entry->d_name);
		assert_int_equal(stat(source, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			folder_copy(source, target);
			continue;
		}
		data = file_read(from, entry->d_name, &n);
		file_write(to, entry->d_name, data, n);
		free(data);
	}
	closedir(folder);
}

struct sc_writer *writer_open(const char *dir, uint8_t id)
{
	struct sc_error notice, err = { "" };
	struct sc_session session;
	struct sc_writer *w = NULL;
	int rc;

	synth_session(&session, id);
	rc = sc_writer_open(dir, &session, &w, &notice, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(rc, 0);
	if (notice.text[0])
		fail_msg("a store that should be sound: %s", notice.text);
	return w;
}

struct sc_store *store_open(const char *dir)
{
	struct sc_error err = { "" };
	struct sc_store *s = NULL;
	int rc = sc_store_open(dir, &s, &err);

	assert_string_equal(err.text, "");
	assert_int_equal(rc, 0);
	return s;
}
