// SPDX-License-Identifier: GPL-2.0-only
/*
 * BTF out of a guest's memory, as it is and as a kernel's: behind the input's types come as
 * many as make it long enough to be taken for one.
 */
#include <bpf/btf.h>

#include "../../recorder/btf.h"
#include "../../recorder/parts.h"

#include "fuzz.h"

#define FILLER 5600u /* of 12 bytes */

static void offsets(const void *data, size_t size)
{
	uint32_t offset = 0;
	const struct part_member members[] = {
		{ "task_struct", "pid", 4, &offset },
		{ "task_struct", "cred", 0, &offset },
		{ "cred", "uid", 4, &offset },
	};

	btf_offsets(data, size, members, sizeof(members) / sizeof(members[0]));
}

static void plan(const void *data, size_t size)
{
	struct scaudit_plan plan;
	struct layout layout;
	struct sc_error err;

	if (btf_plan(data, size, &plan, &layout, &err) < 0)
		return;
	FUZZ_CHECK(plan.task_pid <= 0xffff && plan.task_tgid <= 0xffff && plan.task_comm <= 0xffff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct btf_type filler = { .info = BTF_KIND_FWD << 24 };
	struct btf_header h;
	uint8_t *large;
	size_t types, i;

	FUZZ_CHECK(btf_search(data, size, 0) <= size);
	if (size < BTF_HEAD)
		return 0;
	FUZZ_CHECK(btf_size(data) <= BTF_MAX);
	offsets(data, size);

	memcpy(&h, data, sizeof(h));
	types = h.type_len < size - BTF_HEAD ? h.type_len & ~3u : (size - BTF_HEAD) & ~(size_t)3;
	large = malloc(size + FILLER * sizeof(filler));
	FUZZ_CHECK(large != NULL);
	memcpy(large + BTF_HEAD, data + BTF_HEAD, types);
	for (i = 0; i < FILLER; i++)
		memcpy(large + BTF_HEAD + types + i * sizeof(filler), &filler, sizeof(filler));
	memcpy(large + BTF_HEAD + types + FILLER * sizeof(filler), data + BTF_HEAD + types,
	       size - BTF_HEAD - types);
	h = (struct btf_header){
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = BTF_HEAD,
		.type_len = (uint32_t)(types + FILLER * sizeof(filler)),
		.str_off = (uint32_t)(types + FILLER * sizeof(filler)),
		.str_len = (uint32_t)(size - BTF_HEAD - types),
	};
	memcpy(large, &h, sizeof(h));
	plan(large, size + FILLER * sizeof(filler));
	free(large);
	return 0;
}
