/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takes a snapshot (lib/format/snapshot.h) of a guest that runs: its processes and what they have
 * open, from its memory alone. Nothing is stopped and nothing is written. What is read may
 * change or go away at any time and may be made to mislead, so every pointer, count and
 * name is checked and bounded, and what makes no sense is left out.
 */
#ifndef RECORDER_SNAPSHOT_H
#define RECORDER_SNAPSHOT_H

#include <stdint.h>

#include "../lib/base/buf.h"
#include "../lib/base/error.h"
#include "ident.h"
#include "layout.h"

/* The guest, and how much of it may be looked at; 0 stands for what is said beside it. */
struct snapshot_source {
	const struct ident_ops *ops; /* read and translate are used */
	void *arg;
	uint32_t vcpu; /* whose page tables and per-CPU area lead to the tasks: ident.vcpu */
	uint32_t nr_vcpus; /* others to ask, if this one does not tell; may be 0 */
	uint64_t current_off; /* of scaudit_plan */
	uint64_t budget_ns; /* 2 s */
	uint32_t budget_reads; /* 65,536 requests to read */
	uint32_t budget_bytes; /* of the result: 64 MiB */
};

/*
 * Take one. Take it when calls are recorded already: then what changes while it is read is
 * in the recording too, and nothing falls in between.
 * @layout  of the guest's kernel: ident.layout
 * @out     emptied; a whole snapshot, also when it was cut
 * @retval -ENOENT no task was found  @retval -ENOMEM  @retval other of reading
 */
int snapshot_take(const struct snapshot_source *src, const struct layout *layout,
		  struct sc_buf *out, struct sc_error *why);

#endif
