// SPDX-License-Identifier: GPL-2.0-only
/*
 * A segment: its items, and every column of its blocks. Checksums are 0 here (the target
 * wraps XXH3_64bits()), or nothing would get past them.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../lib/format/segment.h"

#include "fuzz.h"

#define STEPS 64u

uint64_t __wrap_XXH3_64bits(const void *data, size_t size);

uint64_t __wrap_XXH3_64bits(const void *data, size_t size)
{
	fuzz_touch(data, size);
	return 0;
}

static void look_at_block(struct sc_block *b, int fd)
{
	enum sc_column_id bad;
	uint32_t i;

	sc_block_verify(b, fd);
	if (sc_block_load(b, fd, SC_BITS_ALL, &bad) < 0)
		return;
	for (i = 0; i < b->h.count[SC_ROWS_CALL]; i++)
		FUZZ_CHECK(b->col[SC_C_TASK][i] < b->h.count[SC_ROWS_TASK]);
	for (i = 0; i < SC_COLUMN_IDS; i++)
		if (sc_column_is_bytes(i))
			fuzz_touch(sc_column_bytes(b, i), sc_column_count(b, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sc_segment_head head;
	struct sc_segment_foot foot;
	struct sc_walk walk;
	unsigned i;
	int fd = memfd_create("segment", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	sc_walk_init(&walk, fd, size, 0);
	for (i = 0; i < STEPS && sc_walk_next(&walk) == SC_WALK_ITEM; i++) {
		FUZZ_CHECK(walk.next <= size);
		if (walk.block.item.kind == SC_ITEM_BLOCK)
			look_at_block(&walk.block, fd);
		else if (walk.block.item.kind == SC_ITEM_SEGMENT &&
			 sc_segment_get_head(&walk.block.item, &head) == 0)
			memcpy(walk.id, head.session.id, sizeof(walk.id));
		else
			sc_segment_get_foot(&walk.block.item, &foot);
	}
	sc_walk_free(&walk);
	close(fd);
	return 0;
}
