/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk that fails: each write, sync, truncation, rename, creation and removal
 * of the store, its own (lib/base/io.h) and SQLite's (through a VFS), is a step that
 * can be made to go wrong. Also what a power cut leaves: every file as it was
 * when it was last synced, or any mixture of that and of what was written since.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum fault_mode {
	FAULT_NONE, /* only count */
	FAULT_ONCE, /* the Nth step fails, a write after half of it */
	FAULT_DEAD, /* it and all after it: nothing reaches the disk any more */
	FAULT_FULL, /* from the Nth on, writes fail for want of space */
};

/* Take over the file system of this process. Once. */
void fault_install(void);

/* Begin to count steps anew. */
void fault_arm(enum fault_mode mode, unsigned nth);

/* Steps since fault_arm(). */
unsigned fault_steps(void);

/* Forget what was synced: a new folder is tested. */
void fault_forget(void);

/*
 * The power goes off: what was not synced is lost.
 * @seed  0: all of it; else any part of it, in sectors of 512 bytes
 */
void fault_power_cut(const char *dir, uint64_t seed);

#endif
