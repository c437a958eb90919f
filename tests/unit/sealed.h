/* SPDX-License-Identifier: GPL-2.0-only */
/* A small sealed store for the tests of verifying, and a copy of it for each to spoil. */
#ifndef SEALED_H
#define SEALED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model.h"
#include "format/segment.h"
#include "synth.h"
#include "store/verify.h"
#include "store/writer_private.h"

#if defined(__SANITIZE_ADDRESS__)
#define STRIDE 23 /* bytes between those that are changed */
#else
#define STRIDE 1
#endif

#define SEGMENTS 3
#define ITEMS 16

/* One store for all of the tests, and a copy of it for each. */
extern char *top, *sound, *dir;
extern struct sc_secret_key key, other;

/* Its items, in order. */
struct item {
	unsigned segment;
	size_t at, len;
	enum sc_item_kind kind;
};
extern struct item items[ITEMS];
extern unsigned n_items;
extern uint8_t *files[SEGMENTS + 1];
extern size_t sizes[SEGMENTS + 1];

/* A session by a key, or NULL; blocks of two calls; its end. */
struct sc_writer *begin(const char *where, uint8_t id, const struct sc_secret_key *by);
void add(struct sc_writer *w, struct synth *s, unsigned blocks);
void end(struct sc_writer *w);

/* Two sessions, of which the first has two segments, and six blocks. */
void make(const char *where, const struct sc_secret_key *by, uint64_t seed);

int group_setup(void **state);
int group_teardown(void **state);
int setup(void **state);
int teardown(void **state);

void segment_path(char path[64], unsigned number);
void write_segment(unsigned number, const void *data, size_t n);
void restore(unsigned number);
void drop(const char *name);
void drop_segment(unsigned number);

/* What the last verification has said. */
extern struct sc_verified verified;
extern struct sc_finding findings[32]; /* notes too */
extern unsigned n_findings;

/* @retval findings */
uint64_t verify_with(struct sc_verify_options o);

#define VERIFY(...) verify_with((struct sc_verify_options){ __VA_ARGS__ })
#define TRUST(k) .keys = &(k).pub, .n_keys = 1

/* In full only where the quick way is not enough. */
bool is_seen(bool no_index);

/* Was such a thing found? */
bool has(enum sc_finding_kind kind);

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
