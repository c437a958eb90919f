/* SPDX-License-Identifier: GPL-2.0-only */
/* What a test of the store begins with: a folder of its own, and calls to put there. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model.h"
#include "synth.h"

extern char *dir; /* of the running test; removed at its end */
extern struct model model; /* what its store should hold */
extern struct synth synth;

int scratch_begin(void **state);
int scratch_end(void **state);

#define SCRATCH_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_begin, scratch_end)

/* These have to succeed. */
void flush(struct sc_writer *w, uint64_t event);
void close_writer(struct sc_writer *w, const char *ended);

/* So many calls of the synth, into store and model. */
void add(struct sc_writer *w, unsigned n);

#endif
