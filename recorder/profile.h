/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a kernel without BTF in memory keeps its tasks: a small text file, made by
 * `screcord profile` (parts.h), used by `screcord start --profile`.
 */
#ifndef RECORDER_PROFILE_H
#define RECORDER_PROFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../lib/base/error.h"
#include "../schema/abi.h"

#define PROFILE_RELEASE 65u /* bytes, as in struct utsname */

/* Addresses are those of the kernel's link, before KASLR; 0 where not known. */
struct profile {
	struct scaudit_plan plan; /* flags, gdt_entry and the task's fields; the rest is 0 */
	char release[PROFILE_RELEASE]; /* of the kernel, or empty */
	uint64_t current; /* the per-CPU variable: x86-64 an offset, i386 an address */
	uint64_t entry; /* entry_SYSCALL_64, entry_SYSENTER_32 */
	uint64_t text, align; /* where the image begins; KASLR moves it by multiples of this */
	uint64_t banner; /* linux_banner */
};

/* A plan that knows of no field. */
void profile_plan_init(struct scaudit_plan *plan);

/* @retval negative errno of the stream */
int profile_write(const struct profile *profile, FILE *to);

/* @retval -EINVAL err says what is wrong  @retval other errno of the system */
int profile_read(const char *path, struct profile *profile, struct sc_error *err);

/*
 * How far has KASLR moved a kernel whose entry point (LSTAR, SYSENTER_EIP) is here?
 * @retval -ENOENT  the profile does not tell
 */
int profile_slide(const struct profile *profile, uint64_t lstar, uint64_t *slide);

/*
 * The plan for a kernel with this entry point.
 * @retval -ENOENT  it takes KASLR's offset to tell, and that is not known
 */
int profile_plan(const struct profile *profile, uint64_t lstar, struct scaudit_plan *plan,
		 struct sc_error *why);

#endif
