/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a profile is made of, out of files of a kernel: types from DWARF, BTF or the
 * kernel's headers, addresses from a symbol table, System.map or the table of
 * exported symbols. None of them is trusted more than it has to be: a profile is
 * tried out on the guest before it is believed.
 */
#ifndef RECORDER_PARTS_H
#define RECORDER_PARTS_H

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

#include "../lib/base/error.h"
#include "profile.h"

enum part_symbol {
	PART_CURRENT, /* current_task */
	PART_HOT, /* pcpu_hot, 6.2 to 6.14: has current_task as a member */
	PART_ENTRY_64,
	PART_ENTRY_32,
	PART_BANNER,
	PART_SYMBOLS
};

struct parts {
	bool known; /* the machine */
	bool i386;
	bool types; /* the plan's fields of a task */
	struct scaudit_plan plan;
	uint32_t hot_current; /* of current_task in struct pcpu_hot, or SCAUDIT_NO_FIELD */
	bool has[PART_SYMBOLS];
	uint64_t symbols[PART_SYMBOLS];
	uint64_t text, align; /* as in struct profile */
	char release[PROFILE_RELEASE];
};

void parts_init(struct parts *parts);

/* A symbol, if it is one of these. The first of a name counts. */
void parts_symbol(struct parts *parts, const char *name, uint64_t value);

/* @retval -EINVAL the files are of different machines */
int parts_machine(struct parts *parts, bool i386, const char *path, struct sc_error *err);

/*
 * Take a file: vmlinux, a compressed image (vmlinuz, bzImage), or System.map.
 * @retval -EINVAL it is none of these, or damaged  @retval other errno of the system
 */
int parts_add_file(struct parts *parts, const char *path, struct sc_error *err);

/* An ELF image; @path for messages. elf.c */
int parts_add_elf(struct parts *parts, int fd, const char *path, struct sc_error *err);

/*
 * Kernel headers, as for modules (/lib/modules/…/build): asks the C compiler.
 * headers.c
 */
int parts_add_headers(struct parts *parts, const char *dir, struct sc_error *err);

/* @retval -ENOENT err says what is missing, and what to give */
int parts_profile(const struct parts *parts, struct profile *profile, struct sc_error *err);

/* ---- types ---- */

/* A member whose offset is wanted. */
struct part_member {
	const char *container, *member;
	int size; /* bytes it must have; 0: a pointer */
	uint32_t *offset; /* out */
};

#define PART_MEMBERS 8u

void parts_members(struct parts *parts, struct part_member members[PART_MEMBERS]);

/* Of the DWARF of an image. dwarf.c. @retval -ENOENT it has none of struct task_struct */
int parts_dwarf(Elf *elf, struct part_member members[PART_MEMBERS]);

#endif
