// SPDX-License-Identifier: GPL-2.0-only
/* Blocks to threads, and their groups together. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "groups_private.h"
#include "history/history_run.h"
#include "base/salt.h"

#define MOST_GROUPS 200000u
#define MOST_THREADS 16u
#define BLOCKS_A_THREAD 4u /* fewer are not worth a thread */

/* ---- groups by their keys ---- */

static bool same_keys(const struct sc_group *a, const struct sc_group *b)
{
	return !memcmp(a->key, b->key, sizeof(a->key)) && !memcmp(a->comm, b->comm, SC_COMM_LEN);
}

static size_t hash_keys(const struct sc_group *g)
{
	const uint64_t salt = sc_salt();
	uint64_t h = 0, word;

	for (unsigned k = 0; k < SC_GROUP_KEYS; k++) {
		h = (h ^ g->key[k]) * salt;
		h ^= h >> 32;
	}
	for (unsigned k = 0; k < SC_COMM_LEN; k += 8) {
		memcpy(&word, g->comm + k, sizeof(word));
		h = (h ^ word) * salt;
		h ^= h >> 32;
	}
	return (size_t)h;
}

static void add_to(struct sc_group *to, const struct sc_group *from)
{
	to->calls += from->calls;
	to->errors += from->errors;
	to->returns += from->returns;
	to->ns += from->ns;
}

/* Where a group is, or would be. */
static uint32_t *slot_of(const struct sc_group_table *t, const struct sc_group *g)
{
	size_t i = hash_keys(g) & (t->n_slots - 1);

	while (t->slots[i] && !same_keys(&t->list[t->slots[i] - 1], g))
		i = (i + 1) & (t->n_slots - 1);
	return &t->slots[i];
}

static int table_grow(struct sc_group_table *t)
{
	size_t cap = t->cap ? 2 * t->cap : 256;
	struct sc_group *list;
	uint32_t *slots;

	cap = cap < t->most ? cap : t->most;
	list = realloc(t->list, cap * sizeof(*list));
	if (!list)
		return -ENOMEM;
	t->list = list;
	t->cap = cap;
	if (t->n_slots >= 2 * cap)
		return 0;
	for (t->n_slots = 512; t->n_slots < 2 * cap;)
		t->n_slots *= 2;
	slots = calloc(t->n_slots, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(t->slots);
	t->slots = slots;
	for (size_t i = 0; i < t->n; i++)
		*slot_of(t, &t->list[i]) = (uint32_t)i + 1;
	return 0;
}

int sc_group_add(struct sc_group_table *t, const struct sc_group *from)
{
	uint32_t *slot = t->n_slots ? slot_of(t, from) : NULL;

	add_to(&t->all, from);
	if (slot && *slot) {
		add_to(&t->list[*slot - 1], from);
		return 0;
	}
	if (t->n == t->most) {
		t->left_out += from->calls;
		return 0;
	}
	if (t->n == t->cap || !slot) {
		int rc = table_grow(t);

		if (rc)
			return rc;
		slot = slot_of(t, from);
	}
	t->list[t->n++] = *from;
	*slot = (uint32_t)t->n;
	return 0;
}

/* ---- blocks ---- */

/* What the threads of one question share. */
struct sweep {
	struct sc_store *s;
	const struct sc_filter *filter;
	const struct sc_grouping *by;
	pthread_mutex_t index_lock;
	const uint64_t *numbers; /* blocks */
	size_t n;
	atomic_size_t next; /* block that nobody has taken yet */
	atomic_int rc; /* not 0: all stop */
};

static int group_block(struct sc_grouper *g, uint64_t number)
{
	const uint64_t dur = SC_BIT(SC_C_DUR);
	struct sc_scan *sc = &g->scan;
	struct sc_place p = { 0 };
	int fd = -1;
	int rc = sc_scan_choose(sc, number, g->columns, &p, &fd);

	/* Durations are added up: they are numbers whatever they lie as. */
	if (!rc)
		rc = sc_scan_view(sc, number, &p, &sc->block, fd, g->columns & ~dur, p.rows);
	if (!rc)
		rc = sc_scan_load(sc, number, &p, &sc->block, fd, g->columns & dur, p.rows);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = sc_group_rows(g);
	return rc ? sc_fail(sc->err, rc, "%s: no memory", sc->s->dir) : 0;
}

struct worker {
	struct sc_grouper g;
	struct sweep *sweep;
	pthread_t thread;
	bool runs; /* as a thread of its own */
};

/* @watched  the watcher is asked: by the thread that was called, and no other */
static void sweep_blocks(struct worker *w, bool watched)
{
	struct sweep *sw = w->sweep;

	while (!atomic_load_explicit(&sw->rc, memory_order_relaxed)) {
		size_t i = atomic_fetch_add(&sw->next, 1);
		int none = 0, rc;

		if (i >= sw->n)
			return;
		rc = watched ? sw->s->watch(i, sw->n, sw->s->watch_arg) : 0;
		if (!rc)
			rc = group_block(&w->g, sw->numbers[i]);
		if (rc)
			atomic_compare_exchange_strong(&sw->rc, &none, rc);
	}
}

static void *run(void *arg)
{
	sweep_blocks(arg, false);
	return NULL;
}

static int begin_worker(struct worker *w, struct sweep *sw)
{
	struct sc_grouper *g = &w->g;
	int rc;

	w->sweep = sw;
	g->by = sw->by;
	g->columns = sc_group_columns(sw->by);
	g->table.most = sw->by->most ? sw->by->most : MOST_GROUPS;
	g->scan.s = sw->s;
	g->scan.index_lock = &sw->index_lock;
	g->scan.damage = &g->damage;
	g->scan.err = &g->err;
	rc = sc_scan_begin(&g->scan, sw->filter);
	if (!rc && sc_grouper_init(g))
		rc = sc_fail(&g->err, -ENOMEM, "%s: no memory", sw->s->dir);
	return rc;
}

/* What a thread has found, to the others'. */
static int join_worker(struct sc_groups *to, struct sc_group_table *all, struct worker *w,
		       struct sc_damage *damage)
{
	struct sc_group_table *t = &w->g.table;
	int rc = 0;

	add_to(&to->all, &t->all);
	to->left_out += t->left_out;
	for (size_t i = 0; !rc && i < t->n; i++)
		rc = sc_group_add(all, &t->list[i]);
	sc_damage_add(damage, &w->g.damage);
	return rc;
}

static unsigned threads_for(const struct sc_grouping *by, size_t blocks)
{
	long cpus = by->threads ? (long)by->threads : sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = blocks / BLOCKS_A_THREAD + 1;

	if (cpus < 1)
		cpus = 1;
	if (cpus > (long)MOST_THREADS)
		cpus = MOST_THREADS;
	return (size_t)cpus < most ? (unsigned)cpus : (unsigned)most;
}

static int sweep_all(struct sweep *sw, struct worker *workers, unsigned n, struct sc_groups *groups,
		     struct sc_damage *damage, struct sc_error *err)
{
	struct sc_group_table all = { .most = sw->by->most ? sw->by->most : MOST_GROUPS };
	int rc = 0;

	for (unsigned i = 1; !rc && i < n; i++) {
		rc = begin_worker(&workers[i], sw);
		/* Without threads it is slower, and no worse. */
		workers[i].runs = !rc &&
				  !pthread_create(&workers[i].thread, NULL, run, &workers[i]);
	}
	if (rc)
		atomic_store(&sw->rc, rc);
	else
		sweep_blocks(&workers[0], sw->s->watch && sw->s->scans == 1);
	for (unsigned i = 1; i < n; i++)
		if (workers[i].runs)
			pthread_join(workers[i].thread, NULL);
	rc = atomic_load(&sw->rc);
	for (unsigned i = 0; i < n; i++) {
		if (rc && workers[i].g.err.text[0] && err)
			*err = workers[i].g.err;
		sw->s->cost_read += workers[i].g.scan.cost_read;
		if (!rc && join_worker(groups, &all, &workers[i], damage))
			rc = sc_fail(err, -ENOMEM, "%s: no memory", sw->s->dir);
	}
	groups->left_out += all.left_out;
	groups->list = all.list;
	groups->n = all.n;
	free(all.slots);
	return rc;
}

static int add_call(struct sc_history *h, const struct sc_call *call, void *arg)
{
	(void)h;
	return sc_group_call(arg, call);
}

/* Where the filter asks for what only a history knows: call by call. */
static int group_history(struct sc_store *s, const struct sc_filter *filter,
			 const struct sc_grouping *by, struct sc_groups *groups,
			 struct sc_damage *damage, struct sc_error *err)
{
	struct sc_grouper g = {
		.by = by,
		.columns = sc_group_columns(by),
		.table.most = by->most ? by->most : MOST_GROUPS,
	};
	const struct sc_history_run run = {
		.store = s,
		.what = filter->expr->history & ~SC_FIELD_HISTORY,
		.show = filter,
		.columns = SC_COL_TIME | SC_COL_TASK | SC_COL_NR | SC_COL_RET | SC_COL_CPU,
		.call = add_call,
		.arg = &g,
		.damage = damage,
	};
	int rc = sc_grouper_init(&g);

	if (rc)
		rc = sc_fail(err, rc, "%s: no memory", s->dir);
	else
		rc = sc_history_run(&run, err);
	if (!rc) {
		groups->list = g.table.list;
		groups->n = g.table.n;
		groups->all = g.table.all;
		groups->left_out = g.table.left_out;
		g.table.list = NULL;
	}
	sc_grouper_free(&g);
	return rc;
}

int sc_store_groups(struct sc_store *s, const struct sc_filter *filter,
		    const struct sc_grouping *by, struct sc_groups *groups,
		    struct sc_damage *damage, struct sc_error *err)
{
	struct sweep sw = { .s = s, .filter = filter, .by = by };
	struct worker *workers = calloc(MOST_THREADS, sizeof(*workers));
	struct sc_damage found = { 0 };
	struct sc_scan *scan = &workers[0].g.scan;
	unsigned n = 1;
	int rc;

	*groups = (struct sc_groups){ 0 };
	if (filter && filter->expr && filter->expr->history) {
		free(workers);
		return group_history(s, filter, by, groups, damage, err);
	}
	s->cost_read = 0;
	s->cost_all = 0;
	if (!workers)
		return sc_fail(err, -ENOMEM, "%s: no memory", s->dir);
	pthread_mutex_init(&sw.index_lock, NULL);
	rc = begin_worker(&workers[0], &sw);
	if (!rc)
		rc = sc_scan_select(scan, false);
	if (rc && err) {
		*err = workers[0].g.err;
	} else if (!rc) {
		sw.numbers = scan->numbers;
		sw.n = scan->n;
		n = threads_for(by, sw.n);
		s->scans++;
		rc = sweep_all(&sw, workers, n, groups, &found, err);
		s->scans--;
	}
	for (unsigned i = 0; i < n; i++)
		sc_grouper_free(&workers[i].g);
	pthread_mutex_destroy(&sw.index_lock);
	free(workers);
	if (!rc && groups->left_out && n > 1) {
		/* Which groups are left out has to be the same for all blocks. */
		struct sc_grouping alone = *by;

		free(groups->list);
		alone.threads = 1;
		return sc_store_groups(s, filter, &alone, groups, damage, err);
	}
	if (damage)
		sc_damage_add(damage, &found);
	if (rc) {
		free(groups->list);
		*groups = (struct sc_groups){ 0 };
	}
	return rc;
}
