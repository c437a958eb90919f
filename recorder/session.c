// SPDX-License-Identifier: GPL-2.0-only
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../lib/store/place.h"
#include "../lib/format/snapshot.h"
#include "../lib/base/timespec.h"
#include "control.h"
#include "device.h"
#include "log.h"
#include "returns.h"

#define RINGS_BYTES (8ULL << 20) /* of all vCPUs together */
#define RING_LEAST (1ULL << 20)
#define IDENT_RETRY_NS 50000000ULL
#define IDENT_STEPS 4 /* MiB searched before the rings are looked after again */
#define SNAPSHOT_HEAD 4096u /* bytes of a snapshot before its processes */

uint64_t session_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

/* ---- the ident's guest is the device's ---- */

static int guest_read(void *arg, uint64_t gpa, void *buffer, uint64_t length, uint64_t *done)
{
	return device_read(((struct session *)arg)->device, gpa, buffer, length, done);
}

static int guest_slots(void *arg, struct scaudit_slot **slots, size_t *count)
{
	return device_slots(((struct session *)arg)->device, slots, count, NULL);
}

static int guest_translate(void *arg, struct scaudit_translate *translate)
{
	return device_translate(((struct session *)arg)->device, translate);
}

static const struct ident_ops ident_ops = {
	.read = guest_read,
	.slots = guest_slots,
	.translate = guest_translate,
};

/* ---- beginning ---- */

static int init(struct session *s, const char *vm, pid_t vm_pid, int pidfd, struct sc_error *err)
{
	memset(s, 0, sizeof(*s));
	snprintf(s->vm, sizeof(s->vm), "%s", vm);
	s->vm_pid = vm_pid;
	s->pidfd = pidfd;
	s->device = -1;
	s->mapped = calloc(SCAUDIT_MAX_VCPUS, sizeof(*s->mapped));
	if (s->mapped == NULL || ident_init(&s->ident, &ident_ops, s) < 0)
		return sc_fail(err, -ENOMEM, "no memory to begin a recording");
	return device_open(&s->device, &s->info, err);
}

/* The default store of a VM; its name becomes one path component. */
static char *default_store(const char *vm)
{
	const char *root = sc_place_root();
	char *dir = malloc(strlen(root) + 3 * strlen(vm) + 2);
	char *p;

	if (dir == NULL)
		return NULL;
	p = dir + sprintf(dir, "%s/", root);
	for (; *vm != '\0'; vm++) {
		if (*vm == '/' || (*vm == '.' && p[-1] == '/'))
			p += sprintf(p, "%%%02X", *vm);
		else
			*p++ = *vm;
	}
	*p = '\0';
	return dir;
}

static int open_store(struct session *s, struct sc_error *err)
{
	struct sc_session session = { 0 };
	struct sc_error notice = { "" };
	struct utsname host;
	int ret;

	memcpy(session.id, s->id, sizeof(session.id));
	snprintf(session.vm, sizeof(session.vm), "%s", s->vm);
	snprintf(session.engine, sizeof(session.engine), "%.15s", s->engine);
	if (uname(&host) == 0)
		snprintf(session.host_kernel, sizeof(session.host_kernel), "%.63s", host.release);
	session.begin = s->begin;
	session.tsc_khz = s->info.tsc_khz;
	strcpy(session.only, s->choice.only);
	strcpy(session.skip, s->choice.skip);
	strcpy(session.snaplen, s->choice.snaplen);
	ret = sc_writer_open_sealed(s->dir, &session, s->key_path[0] != '\0' ? &s->key : NULL,
				    &s->writer, &notice, err);
	if (ret < 0) {
		s->writer = NULL;
		return ret;
	}
	if (notice.text[0] != '\0')
		log_warn("%s", notice.text);
	sc_writer_limit(s->writer, &s->retention.limits);
	sc_writer_retired(s->writer, &s->retired_calls, &s->retired_segments);
	s->store_bytes = sc_writer_bytes(s->writer);
	s->store_calls = sc_writer_calls(s->writer);
	s->last_event = s->flushed_event = sc_writer_last_event(s->writer);
	merge_init(&s->merge, s->last_event);
	s->pair = pair_new(&session_pair_ops, s, s->info.tsc_khz, PAIR_MAX_OPEN);
	return s->pair != NULL ? 0 : sc_fail(err, -ENOMEM, "no memory to begin a recording");
}

static int remember(struct session *s, struct sc_error *err)
{
	struct control_memory memory = { 0 };

	memcpy(memory.session, s->id, sizeof(memory.session));
	snprintf(memory.store, sizeof(memory.store), "%s", s->dir);
	snprintf(memory.engine, sizeof(memory.engine), "%s", s->engine);
	snprintf(memory.returns, sizeof(memory.returns), "%s", s->returns);
	snprintf(memory.profile, sizeof(memory.profile), "%s", s->profile_path);
	snprintf(memory.key, sizeof(memory.key), "%s", s->key_path);
	memory.choice = s->choice;
	retention_encode(&s->retention, memory.retention);
	return control_remember(s->vm_pid, &memory, err);
}

static int take_profile(struct session *s, const char *path, struct sc_error *err)
{
	int ret = profile_read(path, &s->profile, err);

	if (ret < 0)
		return ret;
	s->ident.profile = &s->profile;
	snprintf(s->profile_path, sizeof(s->profile_path), "%s", path);
	return 0;
}

static int take_key(struct session *s, const char *path, struct sc_error *err)
{
	int ret = sc_key_init(err);

	if (ret == 0)
		ret = sc_key_read_secret(path, &s->key, err);
	if (ret == 0)
		snprintf(s->key_path, sizeof(s->key_path), "%s", path);
	return ret;
}

/* As returns_parse() takes them; they were looked at when they were given. */
static void expect_returns(struct session *s, const char *text, uint64_t from)
{
	struct scaudit_returns returns;

	if (returns_parse(text, &returns, NULL) == 0)
		pair_set_returns(s->pair, &returns, from);
}

/* Words that were given take the place of those before. */
static void choose(struct session *s, const struct session_options *options)
{
	if (options->chosen & SESSION_CHOSE_ONLY)
		memcpy(s->choice.only, options->choice->only, SC_CHOICE_LEN);
	if (options->chosen & SESSION_CHOSE_SKIP)
		memcpy(s->choice.skip, options->choice->skip, SC_CHOICE_LEN);
	if (options->chosen & SESSION_CHOSE_SNAPLEN)
		memcpy(s->choice.snaplen, options->choice->snaplen, SC_CHOICE_LEN);
}

uint64_t session_ring_bytes(unsigned int vcpus)
{
	uint64_t bytes = RINGS_BYTES;

	while (bytes > RING_LEAST && bytes * vcpus > RINGS_BYTES)
		bytes /= 2;
	return bytes;
}

int session_attach(struct session *s, const struct vm *vm, int pidfd, int vm_fd,
		   const struct session_options *options, struct sc_error *err)
{
	struct scaudit_attach attach = {
		.vm_fd = vm_fd,
		.engine = options->engine,
		.on_full = options->on_full,
		.on_exit = options->on_exit,
		.ring_bytes = options->ring_bytes != 0 ? options->ring_bytes :
							 session_ring_bytes(vm->vcpus),
		.max_stall_ns = options->max_stall_ns,
		.vm_pid = (uint32_t)vm->pid,
		.ident_wait_ms = options->ident_wait_ms,
	};
	int ret;

	ret = init(s, vm->name, vm->pid, pidfd, err);
	if (ret == 0 && options->profile != NULL)
		ret = take_profile(s, options->profile, err);
	if (ret == 0 && options->key != NULL)
		ret = take_key(s, options->key, err);
	if (ret < 0)
		goto fail;
	s->dir = options->store != NULL ? strdup(options->store) : default_store(vm->name);
	if (s->dir == NULL) {
		ret = sc_fail(err, -ENOMEM, "no memory to begin a recording");
		goto fail;
	}
	snprintf(attach.name, sizeof(attach.name), "%s", vm->name);
	ret = device_attach(s->device, &attach, err);
	if (ret < 0)
		goto fail;
	memcpy(s->id, attach.session, sizeof(s->id));
	snprintf(s->engine, sizeof(s->engine), "%s", device_engine_name(attach.engine));
	s->ring_bytes = attach.ring_bytes;
	s->on_full = options->on_full;
	s->ident_wait_ms = options->ident_wait_ms;
	s->begin = sc_time_now();
	snprintf(s->returns, sizeof(s->returns), "%s", options->returns ? options->returns : "all");
	choose(s, options);
	retention_over(&s->retention, &options->retention);
	ret = remember(s, err);
	if (ret == 0)
		ret = open_store(s, err);
	if (ret == 0)
		ret = session_refresh(s, err);
	if (ret == 0) {
		expect_returns(s, s->returns, 0);
		return 0;
	}
	device_detach(s->device, NULL); /* so that it does not become an orphan */
	control_forget(s->vm_pid);
fail:
	session_uninit(s);
	return ret;
}

/* Events that the store's gaps of this session tell of already. */
static uint64_t gaps_in_store(const struct session *s)
{
	struct sc_store *store;
	struct sc_session *sessions = NULL;
	struct sc_gap *gaps = NULL;
	size_t n_sessions = 0, n_gaps = 0, i;
	uint32_t number = 0;
	uint64_t sum = 0;

	if (sc_store_open(s->dir, &store, NULL) < 0)
		return 0;
	if (sc_store_sessions(store, &sessions, &n_sessions, NULL) == 0 &&
	    sc_store_gaps(store, &gaps, &n_gaps, NULL) == 0) {
		for (i = 0; i < n_sessions; i++) {
			if (memcmp(sessions[i].id, s->id, sizeof(s->id)) == 0)
				number = sessions[i].number;
		}
		for (i = 0; i < n_gaps; i++) {
			if (gaps[i].session == number && sc_gap_counted(gaps[i].reason) &&
			    gaps[i].entries != ~0ULL && gaps[i].returns != ~0ULL)
				sum += gaps[i].entries + gaps[i].returns;
		}
	}
	free(sessions);
	free(gaps);
	sc_store_close(store);
	return sum;
}

/*
 * Where an orphan's events go on: behind what the store has. A predecessor gives
 * back only what is in the store or makes no row there, in order; so what is
 * neither in the store nor in a ring made no row.
 */
static int find_place(struct session *s, bool other_store, struct sc_error *err)
{
	const struct sc_open_call *calls;
	uint64_t lowest;
	size_t i, n;
	int ret;

	if (s->last_event >= s->status.next_seq)
		return sc_fail(err, -EPROTO,
			       "%s: holds events that the module has not made yet; "
			       "choose another --store",
			       s->dir);
	/* The guest runs again: a ring that was empty may have an earlier event by now. */
	merge_lowest(&s->merge);
	lowest = merge_lowest(&s->merge);
	s->merge.next = lowest != 0 ? lowest : s->status.next_seq;
	if (other_store && s->merge.next > 1)
		log_warn("%s: begins with event %llu; what came before is in another store", s->dir,
			 (unsigned long long)s->merge.next);

	s->gap_events = gaps_in_store(s);
	n = sc_writer_open_calls(s->writer, &calls);
	for (i = 0; i < n; i++) {
		ret = pair_restore(s->pair, &calls[i]);
		if (ret < 0)
			return sc_fail(err, ret, "no memory for the calls that are open");
	}
	return 0;
}

int session_adopt(struct session *s, const struct scaudit_list_entry *orphan, int pidfd,
		  const struct session_options *options, struct sc_error *err)
{
	struct scaudit_adopt adopt = {
		.on_full = options->on_full,
		.on_exit = options->on_exit,
		.max_stall_ns = options->max_stall_ns,
	};
	struct control_memory memory;
	const char *returns = "all";
	bool recalled;
	int ret;

	ret = init(s, orphan->name, (pid_t)orphan->vm_pid, pidfd, err);
	if (ret < 0)
		goto fail;
	memcpy(s->id, orphan->session, sizeof(s->id));
	memcpy(adopt.session, orphan->session, sizeof(adopt.session));
	recalled = control_recall(s->vm_pid, s->id, &memory) == 0;
	snprintf(s->engine, sizeof(s->engine), "%s",
		 recalled ? memory.engine : device_engine_name(options->engine));
	if (options->profile != NULL)
		ret = take_profile(s, options->profile, err);
	else if (recalled && memory.profile[0] != '\0' && take_profile(s, memory.profile, err) < 0)
		log_warn("VM '%s': goes on without its profile: %s", s->vm, err->text);
	/* What is recorded without a seal is worth more than what is not recorded. */
	if (ret == 0 && options->key != NULL)
		ret = take_key(s, options->key, err);
	else if (recalled && memory.key[0] != '\0' && take_key(s, memory.key, err) < 0)
		log_warn("VM '%s': goes on without seals, as its key cannot be had: %s", s->vm,
			 err->text);
	if (ret < 0)
		goto fail;
	if (recalled && memory.returns[0] != '\0')
		returns = memory.returns;
	snprintf(s->returns, sizeof(s->returns), "%s",
		 options->returns != NULL ? options->returns : returns);
	if (recalled) {
		s->choice = memory.choice;
		retention_decode(&s->retention, memory.retention);
	}
	choose(s, options);
	retention_over(&s->retention, &options->retention);
	if (options->store != NULL)
		s->dir = strdup(options->store);
	else
		s->dir = recalled ? strdup(memory.store) : default_store(s->vm);
	if (s->dir == NULL) {
		ret = sc_fail(err, -ENOMEM, "no memory to go on with a recording");
		goto fail;
	}
	ret = device_adopt(s->device, &adopt, err);
	if (ret < 0)
		goto fail;
	s->ring_bytes = adopt.ring_bytes;
	s->on_full = options->on_full;
	s->ident_wait_ms = options->ident_wait_ms;
	s->begin = sc_time_now();
	ret = remember(s, err);
	if (ret == 0)
		ret = open_store(s, err);
	if (ret == 0)
		ret = session_refresh(s, err);
	if (ret == 0) /* what the rings hold was made under the old setting */
		expect_returns(s, returns, 0);
	if (ret == 0)
		ret = find_place(s, recalled && strcmp(memory.store, s->dir) != 0, err);
	if (ret == 0)
		return 0;
fail:
	session_uninit(s);
	return ret;
}

void session_uninit(struct session *s)
{
	aside_uninit(&s->snapshot);
	/* A writer that is still there is of a recording that somebody else goes on with. */
	if (s->writer != NULL)
		sc_writer_close(s->writer, NULL, NULL);
	pair_free(s->pair);
	merge_uninit(&s->merge);
	ident_uninit(&s->ident);
	free(s->mapped);
	free(s->dir);
	if (s->device >= 0)
		close(s->device);
	if (s->pidfd >= 0)
		close(s->pidfd);
	sc_key_wipe(&s->key);
	memset(s, 0, sizeof(*s));
	s->device = s->pidfd = -1;
}

/* Also where nothing was chosen: an orphan may have other settings. */
static int tell_choice(struct session *s, struct sc_error *err)
{
	struct choice_filter filter;
	struct capture capture;
	int ret = choice_filter(&s->choice, &filter, err);

	if (ret == 0)
		ret = device_set_filter(s->device, &filter.request, err);
	if (ret == 0)
		ret = choice_capture(&s->choice, &capture, err);
	if (ret < 0)
		return ret;
	ret = device_set_capture(s->device, &capture.request, err);
	capture_free(&capture);
	return ret;
}

int session_run(struct session *s, struct sc_error *err)
{
	uint64_t deadline = session_clock() + s->ident_wait_ms * 1000000ULL;
	struct scaudit_returns returns;
	int ret;

	/* A guest that runs already is understood before its first call, if that is quick. */
	if (s->status.ident != SCAUDIT_IDENT_SET && !s->ident.busy && !s->ident_done)
		ident_begin(&s->ident, 0, s->status.nr_rings);
	while (s->ident.busy && session_clock() < deadline)
		session_identify(s, session_clock());
	ret = returns_parse(s->returns, &returns, err);
	if (ret == 0)
		ret = device_set_returns(s->device, &returns, err);
	if (ret == 0)
		ret = tell_choice(s, err);
	if (ret == 0)
		ret = session_refresh(s, err);
	if (ret < 0)
		return ret;
	pair_set_returns(s->pair, &returns, s->status.next_seq);
	if (s->status.state == SCAUDIT_STATE_RUNNING)
		return 0;
	ret = device_run(s->device, err);
	if (ret == 0)
		ret = session_refresh(s, err);
	return ret;
}

/* ---- while it lasts ---- */

int session_refresh(struct session *s, struct sc_error *err)
{
	struct ring ring;
	uint32_t vcpu;
	int ret;

	ret = device_status(s->device, 0, &s->status, NULL);
	if (ret < 0 && ret != -ENOENT) /* no vCPU yet: the audit's own fields are there */
		return sc_fail(err, ret, "%s: no status: %s", SCAUDIT_DEVICE, strerror(-ret));
	for (vcpu = 0; vcpu < s->status.nr_rings && vcpu < SCAUDIT_MAX_VCPUS; vcpu++) {
		if (s->mapped[vcpu])
			continue;
		ret = ring_map(&ring, s->device, (uint16_t)vcpu, s->ring_bytes, err);
		if (ret == -ENOENT || ret == -ENODEV || ret == -ENXIO || ret == -EINVAL)
			continue; /* a vCPU that has made no call yet */
		if (ret < 0)
			return ret;
		ret = merge_add(&s->merge, &ring);
		if (ret < 0) {
			ring_unmap(&ring);
			return sc_fail(err, ret, "no memory for vCPU %u's ring", vcpu);
		}
		s->mapped[vcpu] = true;
	}
	return 0;
}

static void settle_ident(struct session *s)
{
	struct sc_error err = { "" };

	s->ident_done = true;
	if (device_set_ident(s->device, &s->ident.plan, &err) < 0)
		log_warn("VM '%s': %s", s->vm, err.text);
	s->snapshot_due = s->ident.has_layout;
	if (s->ident.plan.flags & SCAUDIT_PLAN_ABSENT)
		log_warn("VM '%s': callers will be unknown (no pid, no name): %s", s->vm,
			 s->ident.why.text);
}

bool session_identify(struct session *s, uint64_t now)
{
	int i, ret;

	if (!s->ident.busy) {
		if (s->status.ident != SCAUDIT_IDENT_WANTED || now < s->ident_retry)
			return false;
		s->ident_retry = now + IDENT_RETRY_NS;
		ret = ident_begin(&s->ident, s->status.lstar, s->status.nr_rings);
		if (ret == -EAGAIN && ident_assume(&s->ident, s->status.lstar))
			settle_ident(s);
		if (ret < 0)
			return false;
	}
	for (i = 0; i < IDENT_STEPS; i++) {
		if (ident_step(&s->ident)) {
			settle_ident(s);
			return false;
		}
	}
	return true;
}

static int take_snapshot(void *arg, struct sc_buf *out, struct sc_error *why)
{
	struct session *s = arg;

	return snapshot_take(&s->snapshot_of, &s->snapshot_layout, out, why);
}

/* Who asks the recording what was there before is to know that there was more. */
static void tell_cut(const struct session *s)
{
	struct sc_snapshot about;
	size_t at;

	if (sc_snapshot_begin(s->snapshot.out.data, s->snapshot.out.len, &at, &about) < 0 ||
	    about.cut == 0)
		return;
	log_warn("VM '%s': of what was there before the recording %u processes are known: %s",
		 s->vm, about.processes,
		 about.cut & SC_SNAPSHOT_CUT_TIME ? "reading more took too long" :
		 about.cut & SC_SNAPSHOT_CUT_LIST ? "the guest's list of tasks is broken" :
						    "it was too much");
}

/* It is there. Where it cannot be put into the store, the recording goes on without. */
static void keep_snapshot(struct session *s)
{
	int ret = aside_take(&s->snapshot);

	if (ret == 0)
		ret = sc_writer_snapshot(s->writer, s->snapshot.out.data, s->snapshot.out.len);
	if (ret == -ENOSPC && session_flush(s) == 0) /* an earlier one waits */
		ret = sc_writer_snapshot(s->writer, s->snapshot.out.data, s->snapshot.out.len);
	if (ret < 0)
		log_warn("VM '%s': what was there before the recording is not known: %s", s->vm,
			 s->snapshot.why.text[0] != '\0' ? s->snapshot.why.text : strerror(-ret));
	else
		tell_cut(s);
	sc_buf_free(&s->snapshot.out);
}

void session_snapshot(struct session *s, bool end)
{
	if (s->snapshot.busy && (end || aside_ready(&s->snapshot)))
		keep_snapshot(s);
	if (!s->snapshot_due || s->snapshot.busy || end)
		return;
	s->snapshot_due = false;
	s->snapshot_of = (struct snapshot_source){
		.ops = &ident_ops,
		.arg = s,
		.vcpu = s->ident.vcpu,
		.nr_vcpus = s->status.nr_rings,
		.current_off = s->ident.plan.current_off,
		.budget_bytes = SC_SNAPSHOT_MAX - SNAPSHOT_HEAD,
	};
	/* The next search may begin meanwhile. */
	s->snapshot_layout = s->ident.layout;
	if (aside_begin(&s->snapshot, take_snapshot, s) < 0)
		log_warn("VM '%s': what was there before the recording is not known: no thread",
			 s->vm);
}

/* ---- the end ---- */

void session_detach(struct session *s)
{
	struct sc_error err = { "" };

	if (device_detach(s->device, &err) < 0)
		log_warn("VM '%s': %s", s->vm, err.text);
	if (session_refresh(s, &err) < 0)
		log_warn("VM '%s': %s", s->vm, err.text);
}

/* What was dropped and no gap event told of. */
static int settle_gaps(struct session *s)
{
	uint64_t by_reason[SCAUDIT_NR_REASONS];
	uint64_t sum = session_dropped(s, by_reason);
	uint64_t now = sc_time_now();
	struct sc_gap gap = {
		.vcpu = ~0u,
		.entries = ~0ULL,
		.returns = ~0ULL,
		.first = s->begin,
		.last = now,
	};
	uint32_t reason;
	int ret;

	if (sum <= s->gap_events)
		return 0;
	for (reason = 0; reason < SCAUDIT_NR_REASONS; reason++) {
		if (by_reason[reason] > by_reason[gap.reason])
			gap.reason = reason;
	}
	ret = sc_writer_gap(s->writer, &gap);
	if (ret < 0)
		return ret;
	log_warn("VM '%s': %llu dropped events were not told of in order; "
		 "a gap over the whole session stands for them",
		 s->vm, (unsigned long long)(sum - s->gap_events));
	s->gap_events = sum;
	return 0;
}

int session_finish(struct session *s, const char *ended, struct sc_error *err)
{
	bool again;
	int ret;

	do {
		/* Both go on where a full block stopped them. */
		ret = settle_gaps(s);
		if (ret == 0)
			ret = pair_end(s->pair);
		if (ret < 0 && ret != -ENOSPC)
			return sc_fail(err, ret, "cannot end the recording: %s", strerror(-ret));
		again = ret < 0;
		ret = session_flush(s);
		if (ret < 0) {
			*err = s->error;
			return ret;
		}
	} while (again);
	if (choice_filters(&s->choice))
		sc_writer_skipped(s->writer, session_skipped(s));
	ret = sc_writer_close(s->writer, ended, err);
	s->writer = NULL;
	if (ret == 0)
		control_forget(s->vm_pid);
	return ret;
}
