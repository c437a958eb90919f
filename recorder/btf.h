/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a guest kernel keeps `current` and what it knows of a task, from that
 * kernel's own BTF (Documentation/bpf/btf.rst in Linux). The blob comes out of
 * guest memory: hostile input.
 */
#ifndef RECORDER_BTF_H
#define RECORDER_BTF_H

#include <stddef.h>
#include <stdint.h>

#include "../lib/base/error.h"
#include "../schema/abi.h"
#include "layout.h"

#define BTF_HEAD 24u /* bytes of struct btf_header */
#define BTF_MAX (64u << 20) /* bytes of a blob that we are willing to look at */

/*
 * Find what looks like the beginning of a BTF blob.
 * @retval its place in data, of which BTF_HEAD bytes are there; or length
 */
size_t btf_search(const unsigned char *data, size_t length, size_t from);

/*
 * Bytes of the blob that begins with this header.
 * @retval 0 the header is none of a whole kernel's
 */
size_t btf_size(const unsigned char head[BTF_HEAD]);

/* Where, from the beginning of such a blob, its strings are. */
size_t btf_strings(const unsigned char head[BTF_HEAD]);

/*
 * Make a plan of it.
 * @plan   out: lstar and flags are 0; fields that the kernel lacks SCAUDIT_NO_FIELD
 * @layout out: what a snapshot needs, with LAYOUT_NONE likewise; may be NULL
 * @retval -EINVAL not BTF  @retval -ENOENT not of a Linux kernel we understand
 */
int btf_plan(const void *data, size_t length, struct scaudit_plan *plan, struct layout *layout,
	     struct sc_error *err);

struct part_member;

/*
 * Offsets of members (parts.h), of a kernel of either machine.
 * @retval -EINVAL not BTF  @retval -ENOENT without struct task_struct
 */
int btf_offsets(const void *data, size_t length, const struct part_member *members, size_t n);

#endif
