/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds a guest kernel's BTF in guest memory, near the kernel's system-call
 * entry first, and makes the plan by which the module identifies tasks.
 *
 * Where there is none around the kernel's entry point, and a profile was given,
 * the plan is the profile's.
 *
 * The search goes in steps, so that the recording goes on meanwhile. A plan is
 * tried out on the guest before it is believed: what it calls `current` must be
 * a task.
 *
 * Anybody in the guest can fill memory with what looks like BTF, and there are holes in the
 * kernel's image that have become anybody's. So what is looked at first is what the guest's
 * page tables say of the image that it is read-only, which holes are not; and only so much
 * of what looks like BTF is looked at.
 */
#ifndef RECORDER_IDENT_H
#define RECORDER_IDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/base/error.h"
#include "../schema/abi.h"
#include "layout.h"
#include "profile.h"

/* The guest, as far as it matters here; device.h, or a test's array. */
struct ident_ops {
	/* as SCAUDIT_IOC_READ */
	int (*read)(void *arg, uint64_t gpa, void *buffer, uint64_t length, uint64_t *done);
	/* as SCAUDIT_IOC_SLOTS; slots is malloc()ed */
	int (*slots)(void *arg, struct scaudit_slot **slots, size_t *count);
	/* as SCAUDIT_IOC_TRANSLATE */
	int (*translate)(void *arg, struct scaudit_translate *translate);
};

struct ident_range {
	uint64_t from, to;
};

struct ident {
	const struct ident_ops *ops;
	void *arg;
	bool busy; /* ident_step() has something to do */
	uint64_t lstar; /* the entry point it is about */
	uint64_t lstar_gpa; /* where that lies */
	uint32_t vcpu; /* that has it */
	struct ident_range *ranges; /* what is to be searched, in this order */
	size_t n_ranges, range;
	size_t n_own; /* of them: around the kernel's entry point, what only the kernel writes to */
	size_t n_near; /* behind them: the same, whoever writes to it */
	uint64_t at; /* next byte to search: where the chunk begins */
	unsigned char *chunk; /* what is there */
	uint64_t length; /* its bytes */
	uint64_t hit; /* where in it to go on; 0: it is to be read */
	uint64_t searched; /* bytes */
	uint32_t candidates; /* heads that made sense; what is bounded */
	uint64_t examined; /* bytes of them that were read, likewise */
	const struct profile *profile; /* for where there is no BTF; NULL: none. The caller's */
	struct scaudit_plan plan; /* the result: a plan, or ABSENT */
	bool profiled; /* it is the profile's */
	bool has_layout; /* the plan comes from BTF, which told the layout, too */
	struct layout layout;
	struct sc_error why; /* ABSENT: why */
	struct sc_error near_why; /* why the first candidate near the kernel was not it */
};

int ident_init(struct ident *ident, const struct ident_ops *ops, void *arg);
void ident_uninit(struct ident *ident);

/*
 * Begin, or begin anew.
 * @lstar    0: whatever vCPU 0 has
 * @nr_vcpus how many there are to ask
 * @retval -EAGAIN no vCPU has it mapped (yet)  @retval -ENOMEM
 * @retval other what an operation returned
 */
int ident_begin(struct ident *ident, uint64_t lstar, uint32_t nr_vcpus);

/*
 * Decide about a guest that cannot be asked about (-EAGAIN above) because its
 * kernel is a 32-bit one and never in long mode: the plan is the profile's, or
 * ABSENT.
 * @lstar  its entry point
 * @retval true plan is there  @retval false it is no such kernel, as far as is known
 */
bool ident_assume(struct ident *ident, uint64_t lstar);

/*
 * Search one more MiB, or look at one that looks like BTF.
 * @retval 1 plan is there (perhaps ABSENT), busy is false now  @retval 0 go on
 */
int ident_step(struct ident *ident);

#endif
