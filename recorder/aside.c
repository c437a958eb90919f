// SPDX-License-Identifier: GPL-2.0-only
#include "aside.h"

#include <errno.h>

static void *run(void *arg)
{
	struct aside *aside = arg;

	aside->ret = aside->fn(aside->arg, &aside->out, &aside->why);
	/* Pairs with the acquire load of aside_ready(). */
	atomic_store_explicit(&aside->done, true, memory_order_release);
	return NULL;
}

int aside_begin(struct aside *aside, aside_fn *fn, void *arg)
{
	if (aside->busy)
		return -EBUSY;
	sc_buf_reset(&aside->out);
	aside->why.text[0] = '\0';
	aside->fn = fn;
	aside->arg = arg;
	atomic_store(&aside->done, false);
	if (pthread_create(&aside->thread, NULL, run, aside) != 0)
		return -EAGAIN;
	aside->busy = true;
	return 0;
}

int aside_take(struct aside *aside)
{
	if (!aside->busy)
		return -EINVAL;
	pthread_join(aside->thread, NULL);
	aside->busy = false;
	return aside->ret;
}

void aside_uninit(struct aside *aside)
{
	if (aside->busy)
		aside_take(aside);
	sc_buf_free(&aside->out);
}
