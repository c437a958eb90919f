// SPDX-License-Identifier: GPL-2.0-only
/*
 * A second thread for a scan that brings calls: it fetches the next block while the first thread
 * fetches this one. Only then: while calls are handed over it waits, so that whoever gets them may
 * ask the store for more.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "scan_private.h"

#define BLOCKS_LEAST 4u /* fewer are not worth a thread and its memory */

enum state {
	IDLE,
	BUSY,
	END
};

struct sc_second {
	struct sc_scan scan;
	struct sc_damage damage; /* of the block that was fetched last */
	struct sc_error err;
	int rc; /* of the same */
	pthread_mutex_t index_lock; /* of both threads */
	pthread_mutex_t lock; /* of what is below */
	pthread_cond_t changed;
	enum state state;
	uint64_t number; /* block */
	pthread_t thread;
};

static void *run(void *arg)
{
	struct sc_second *t = arg;

	pthread_mutex_lock(&t->lock);
	while (t->state != END) {
		if (t->state == IDLE) {
			pthread_cond_wait(&t->changed, &t->lock);
			continue;
		}
		pthread_mutex_unlock(&t->lock);
		t->rc = sc_scan_fetch(&t->scan, t->number);
		pthread_mutex_lock(&t->lock);
		t->state = IDLE;
		pthread_cond_broadcast(&t->changed);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static void set_state(struct sc_second *t, enum state state)
{
	pthread_mutex_lock(&t->lock);
	t->state = state;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

static void discard(struct sc_second *t)
{
	sc_scan_free(&t->scan);
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	pthread_mutex_destroy(&t->index_lock);
	free(t);
}

struct sc_second *sc_second_new(struct sc_scan *sc, const struct sc_filter *filter)
{
	struct sc_store *s = sc->s;
	struct sc_second *t;

	if (sc->n < BLOCKS_LEAST ||
	    (s->threads ? s->threads : (unsigned long)sysconf(_SC_NPROCESSORS_ONLN)) < 2)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	pthread_mutex_init(&t->index_lock, NULL);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->changed, NULL);
	t->scan = (struct sc_scan){
		.s = s,
		.want = sc->want,
		.columns = sc->columns,
		.damage = &t->damage,
		.err = &t->err,
		.index_lock = &t->index_lock,
	};
	/* Alone it is slower, and no worse. */
	if (sc_scan_begin(&t->scan, filter) || pthread_create(&t->thread, NULL, run, t)) {
		discard(t);
		return NULL;
	}
	sc->index_lock = &t->index_lock;
	return t;
}

void sc_second_free(struct sc_second *t)
{
	if (!t)
		return;
	set_state(t, END);
	pthread_join(t->thread, NULL);
	discard(t);
}

void sc_second_begin(struct sc_second *t, uint64_t number)
{
	t->damage = (struct sc_damage){ 0 };
	t->scan.cost_read = 0;
	t->number = number;
	set_state(t, BUSY);
}

void sc_second_wait(struct sc_second *t)
{
	pthread_mutex_lock(&t->lock);
	while (t->state == BUSY)
		pthread_cond_wait(&t->changed, &t->lock);
	pthread_mutex_unlock(&t->lock);
}

int sc_second_show(struct sc_second *t, struct sc_scan *sc, bool reverse, sc_call_fn *fn, void *arg)
{
	int rc = t->rc;

	sc->cost_read += t->scan.cost_read;
	if (sc->damage)
		sc_damage_add(sc->damage, &t->damage);
	if (!rc)
		rc = sc_scan_show(&t->scan, reverse, fn, arg);
	if (rc && t->err.text[0] && sc->err)
		*sc->err = t->err;
	return rc;
}
