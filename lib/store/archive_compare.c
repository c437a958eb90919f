// SPDX-License-Identifier: GPL-2.0-only
/* Does an archive say what the store says that it was made from? */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "archive.h"
#include "format/fact.h"
#include "store.h"

/* Everything that a store says, by kind. */
enum part {
	PART_SESSIONS,
	PART_CALLS,
	PART_GAPS,
	PART_SNAPSHOTS,
	PART_FACTS,
	PARTS
};

static const char *const part_names[PARTS] = {
	[PART_SESSIONS] = "sessions",	[PART_CALLS] = "calls", [PART_GAPS] = "gaps",
	[PART_SNAPSHOTS] = "snapshots", [PART_FACTS] = "facts",
};

struct account {
	const char *dir;
	struct sc_store *s;
	XXH3_state_t *state;
	uint64_t calls;
	XXH128_hash_t said[PARTS];
	struct sc_damage damage;
	struct sc_error *err;
};

static void add(struct account *a, const void *bytes, size_t n)
{
	XXH3_128bits_update(a->state, bytes, n);
}

static void add_number(struct account *a, uint64_t v)
{
	add(a, &v, sizeof(v));
}

/* Field by field: padding says nothing. */
static void add_task(struct account *a, const struct sc_task *t)
{
	const uint64_t numbers[] = { t->key, t->start, t->cr3, t->known, t->pid,
				     t->tid, t->ppid,  t->uid, t->gid };

	add(a, numbers, sizeof(numbers));
	add(a, t->comm, sizeof(t->comm));
}

static int add_call(const struct sc_call *c, void *arg)
{
	struct account *a = arg;
	const uint64_t numbers[] = {
		c->seq,	    c->ts,	c->dur,		  c->tsc,     c->session,
		c->vcpu,    c->abi,	c->insn,	  c->state,   c->cpl,
		c->nr,	    c->args[0], c->args[1],	  c->args[2], c->args[3],
		c->args[4], c->args[5], (uint64_t)c->ret, c->rip,     c->rsp,
		c->rflags,  c->cr3,	c->fs_base,	  c->gs_base, c->payload_len,
	};

	add(a, numbers, sizeof(numbers));
	add_task(a, c->task);
	if (c->payload_len)
		add(a, c->payload, c->payload_len);
	a->calls++;
	return 0;
}

static int add_snapshot(const struct sc_stored_snapshot *s, void *arg)
{
	struct account *a = arg;

	add_number(a, s->len);
	add_number(a, s->time);
	add_number(a, s->after_seq);
	add(a, s->bytes, s->len);
	return 0;
}

static int say_snapshots(struct account *a, const struct sc_session *list, size_t n)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++) {
		add_number(a, list[i].number);
		rc = sc_store_snapshots(a->s, list[i].number, add_snapshot, a, &a->damage, a->err);
	}
	return rc;
}

static void say_sessions(struct account *a, const struct sc_session *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct sc_session *s = &list[i];
		const uint64_t numbers[] = { s->number, s->begin, s->end, s->tsc_khz, s->skipped };
		const char *const texts[] = { s->vm,   s->engine, s->host_kernel, s->ended,
					      s->only, s->skip,	  s->snaplen };

		add(a, numbers, sizeof(numbers));
		add(a, s->id, sizeof(s->id));
		for (unsigned t = 0; t < sizeof(texts) / sizeof(*texts); t++)
			add(a, texts[t], strlen(texts[t]) + 1);
	}
}

static int say_gaps(struct account *a)
{
	struct sc_gap *list = NULL;
	size_t n = 0;
	int rc = sc_store_gaps(a->s, &list, &n, a->err);

	for (size_t i = 0; !rc && i < n; i++) {
		const struct sc_gap *g = &list[i];
		const uint64_t numbers[] = { g->session, g->reason, g->vcpu, g->entries,
					     g->returns, g->first,  g->last, g->after_seq };

		add(a, numbers, sizeof(numbers));
	}
	free(list);
	return rc;
}

static int say_facts(struct account *a)
{
	struct sc_fact *list = NULL;
	size_t n = 0;
	int rc = sc_store_facts(a->s, &list, &n, a->err);

	for (size_t i = 0; !rc && i < n; i++) {
		const struct sc_fact *f = &list[i];
		const uint64_t numbers[] = { f->kind,	  f->why,   f->session, f->segment,
					     f->segments, f->block, f->calls,	f->first,
					     f->next,	  f->begin, f->end };

		add(a, numbers, sizeof(numbers));
		add(a, f->hash, sizeof(f->hash));
	}
	free(list);
	return rc;
}

static int say(struct account *a, enum part part, const struct sc_session *sessions, size_t n)
{
	int rc = 0;

	XXH3_128bits_reset(a->state);
	switch (part) {
	case PART_SESSIONS:
		say_sessions(a, sessions, n);
		break;
	case PART_CALLS:
		rc = sc_store_scan(a->s, NULL, SC_COL_ALL, false, add_call, a, &a->damage, a->err);
		break;
	case PART_GAPS:
		rc = say_gaps(a);
		break;
	case PART_SNAPSHOTS:
		rc = say_snapshots(a, sessions, n);
		break;
	default:
		rc = say_facts(a);
	}
	a->said[part] = XXH3_128bits_digest(a->state);
	if (!rc && a->damage.blocks)
		rc = sc_fail(a->err, -EBADMSG, "%s", a->damage.first.text);
	return rc;
}

static int make_account(struct account *a)
{
	struct sc_session *sessions = NULL;
	size_t n = 0;
	int rc = sc_store_open(a->dir, &a->s, a->err);

	if (rc)
		return rc;
	a->state = XXH3_createState();
	rc = a->state ? sc_store_sessions(a->s, &sessions, &n, a->err) :
			sc_fail(a->err, -ENOMEM, "%s: no memory", a->dir);
	for (unsigned part = 0; !rc && part < PARTS; part++)
		rc = say(a, (enum part)part, sessions, n);
	free(sessions);
	XXH3_freeState(a->state);
	sc_store_close(a->s);
	return rc;
}

int sc_archive_compare(const char *a, const char *b, struct sc_error *err)
{
	struct account one = { .dir = a, .err = err }, other = { .dir = b, .err = err };
	int rc = make_account(&one);

	if (!rc)
		rc = make_account(&other);
	for (unsigned part = 0; !rc && part < PARTS; part++)
		if (!XXH128_isEqual(one.said[part], other.said[part]))
			rc = sc_fail(err, -EBADMSG,
				     "%s does not say of its %s what %s says: see scquery verify "
				     "for both",
				     b, part_names[part], a);
	return rc;
}
