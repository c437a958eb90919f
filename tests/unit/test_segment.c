// SPDX-License-Identifier: GPL-2.0-only
/* Items, blocks and segments: written, read, and changed by somebody. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "model.h"
#include "format/segment.h"
#include "synth.h"

static char *dir;

static int setup(void **state)
{
	(void)state;
	dir = folder_make();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	folder_remove(dir);
	free(dir);
	return 0;
}

/* A file with these bytes, without a name. */
static int file_of(const void *data, size_t n)
{
	int fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), n);
	return fd;
}

static void names(void **state)
{
	char name[SC_SEGMENT_NAME];

	(void)state;
	sc_segment_name(name, 1);
	assert_string_equal(name, "000001.scs");
	sc_segment_name(name, UINT32_MAX);
	assert_int_equal(sc_segment_number(name), UINT32_MAX);
	assert_int_equal(sc_segment_number("000001.scs"), 1);
	assert_int_equal(sc_segment_number("1000000.scs"), 1000000);
	assert_int_equal(sc_segment_number("1.scs"), 0);
	assert_int_equal(sc_segment_number("000001.scs~"), 0);
	assert_int_equal(sc_segment_number("-00001.scs"), 0);
	assert_int_equal(sc_segment_number(" 00001.scs"), 0);
	assert_int_equal(sc_segment_number("4294967296.scs"), 0);
	assert_int_equal(sc_segment_number("new.tmp"), 0);
	assert_int_equal(sc_segment_number("000000.scs"), 0);
}

static void heads(void **state)
{
	struct sc_segment_head h = { .version = 1,
				     .number = 7,
				     .block = 99,
				     .seq = 1ULL << 40,
				     .prev = { 1, 2, 3 } };
	struct sc_segment_foot f = { .number = 7,
				     .session = 3,
				     .id = { 9 },
				     .block = 100,
				     .seq = 12345,
				     .event = UINT64_MAX,
				     .ended = "stopped",
				     .end = SYNTH_BEGIN,
				     .prev = { 4 } };
	struct sc_segment_head back;
	struct sc_segment_foot foot;
	struct sc_item it = { 0 };
	struct sc_buf out = { 0 };
	uint8_t hash[SC_HASH_LEN];
	int fd;

	(void)state;
	synth_session(&h.session, 5);
	h.session.number = 3;
	assert_int_equal(sc_segment_put_head(&h, &out, hash), 0);
	fd = file_of(out.data, out.len);
	assert_int_equal(sc_item_read(fd, out.len, 0, &it), 0);
	assert_memory_equal(it.hash, hash, sizeof(hash));
	assert_int_equal(sc_segment_get_head(&it, &back), 0);
	assert_int_equal(back.number, 7);
	assert_int_equal(back.block, 99);
	assert_int_equal(back.seq, 1ULL << 40);
	assert_memory_equal(back.prev, h.prev, sizeof(h.prev));
	assert_string_equal(back.session.vm, "vm1");
	assert_string_equal(back.session.host_kernel, "6.1.0-test");
	assert_memory_equal(back.session.id, h.session.id, 16);
	assert_int_equal(back.session.begin, SYNTH_BEGIN);
	assert_int_equal(sc_segment_get_foot(&it, &foot), -EBADMSG);
	close(fd);

	assert_int_equal(sc_segment_put_foot(&f, &out, hash), 0);
	fd = file_of(out.data, out.len);
	assert_int_equal(sc_item_read(fd, out.len, 0, &it), 0);
	assert_int_equal(sc_segment_get_foot(&it, &foot), 0);
	assert_memory_equal(foot.id, f.id, 16);
	assert_int_equal(foot.event, UINT64_MAX);
	assert_string_equal(foot.ended, "stopped");
	assert_int_equal(sc_segment_get_head(&it, &back), -EBADMSG);
	close(fd);
	sc_item_free(&it);
	sc_buf_free(&out);
}

/* Every bit of a head, and every length of it. */
static void head_damage(void **state)
{
	struct sc_segment_foot f = { .number = 1, .session = 1, .block = 1, .seq = 1 };
	struct sc_item it = { 0 };
	struct sc_buf out = { 0 };
	uint8_t hash[SC_HASH_LEN];

	(void)state;
	assert_int_equal(sc_segment_put_foot(&f, &out, hash), 0);
	for (size_t bit = 0; bit < out.len * 8; bit++) {
		int fd, rc;

		out.data[bit / 8] ^= 1 << bit % 8;
		fd = file_of(out.data, out.len);
		rc = sc_item_read(fd, out.len, 0, &it);
		if (rc != -EBADMSG && rc != -ENODATA) {
			/* The number of columns is all that the checksum does not cover. */
			struct sc_segment_foot foot;

			assert_int_equal(rc, 0);
			assert_int_equal(bit / 8, out.len - 1);
			assert_int_equal(sc_segment_get_foot(&it, &foot), -EBADMSG);
		}
		close(fd);
		out.data[bit / 8] ^= 1 << bit % 8;
	}
	for (size_t n = 0; n < out.len; n++) {
		int fd = file_of(out.data, n);

		assert_int_equal(sc_item_read(fd, n, 0, &it), -ENODATA);
		close(fd);
	}
	sc_item_free(&it);
	sc_buf_free(&out);
}

/* A segment with two blocks, as bytes. */
static uint8_t *make_segment_of(uint8_t id, size_t *n)
{
	struct {
		struct scaudit_return event;
		struct scaudit_piece piece;
		char data[16];
	} late = {
		.event = { .head = { .size = sizeof(late), .type = SCAUDIT_EV_RETURN } },
		.piece = { .size = 13, .whole = 13, .arg = 1, .state = SCAUDIT_PIECE_AT_RETURN },
		.data = "what was read",
	};
	struct sc_writer *w;
	struct sc_error err;
	struct synth s;

	folder_remove(dir);
	w = writer_open(dir, id);
	synth_init(&s, 3);
	s.open_of_256 = 40;
	for (unsigned block = 0; block < 2; block++) {
		for (unsigned i = 0; i < 40; i++) {
			struct sc_call c;
			uint64_t seq;

			synth_call(&s, &c);
			c.payload = "payload payload payload payload";
			c.payload_len = i % 30;
			assert_int_equal(sc_writer_call(w, &c, &seq), 0);
		}
		sc_writer_gap(w, &(struct sc_gap){ .reason = 1, .vcpu = 3, .entries = 7 });
		/* Some returns come with memory. */
		for (uint64_t seq = 1; block && seq <= 40; seq++)
			sc_writer_return(w, seq, SC_STATE_RETURNED, 4, 5,
					 seq % 3 ? NULL : &late.event);
		assert_int_equal(sc_writer_snapshot(w, "what was there", 14), 0);
		sc_writer_skipped(w, block + 3);
		assert_int_equal(sc_writer_flush(w, block + 1, &err), 0);
	}
	assert_int_equal(sc_writer_close(w, "stopped", &err), 0);
	return file_read(dir, "segments/000001.scs", n);
}

static uint8_t *make_segment(size_t *n)
{
	return make_segment_of(1, n);
}

/* Kept from walk to walk, as tens of thousands of them would allocate it anew. */
static struct sc_block memory;

/* Walk a segment and load every column of its blocks. Returns the blocks read whole. */
static unsigned walk_all(int fd, uint64_t size, unsigned *noticed, int *end)
{
	struct sc_walk w;
	unsigned blocks = 0;
	int rc;

	*noticed = 0;
	sc_walk_init(&w, fd, size, 0);
	w.block = memory;
	while ((rc = sc_walk_next(&w)) == SC_WALK_ITEM) {
		*noticed += w.lost != 0;
		if (w.block.item.kind != SC_ITEM_BLOCK)
			continue;
		rc = sc_block_load(&w.block, fd, SC_BITS_ALL, NULL);
		assert_true(rc == 0 || rc == -EBADMSG);
		*noticed += rc != 0;
		blocks += !rc;
	}
	assert_true(rc >= 0);
	*noticed += rc != SC_WALK_END;
	*end = rc;
	memory = w.block;
	return blocks;
}

/* Every byte of a segment, a bit of it changed: noticed, and the rest can still be read. */
static void every_byte(void **state)
{
	unsigned noticed;
	uint8_t *data;
	size_t n;
	int fd, end;

	(void)state;
	data = make_segment(&n);
	fd = file_of(data, n);
	assert_int_equal(walk_all(fd, n, &noticed, &end), 2);
	assert_int_equal(noticed, 0);
	for (size_t at = 0; at < n; at++) {
		size_t bit = at * 8 + at % 8;
		uint8_t byte = data[bit / 8] ^ (uint8_t)(1 << bit % 8);
		unsigned blocks;

		assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
		blocks = walk_all(fd, n, &noticed, &end);
		if (!noticed)
			fail_msg("bit %zu of %zu was not noticed", bit, n);
		/* One block at most is lost, unless it is the segment's head. */
		if (end == SC_WALK_END)
			assert_true(blocks >= 1);
		assert_int_equal(pwrite(fd, &data[bit / 8], 1, (off_t)(bit / 8)), 1);
	}
	close(fd);
	free(data);
}

/* Checking without decoding: the same bytes, the same verdict. */
static void verifying(void **state)
{
	struct sc_walk w;
	uint8_t *data;
	uint64_t from, to;
	size_t n;
	int fd;

	(void)state;
	data = make_segment(&n);
	fd = file_of(data, n);
	sc_walk_init(&w, fd, n, 0);
	assert_int_equal(sc_walk_next(&w), SC_WALK_ITEM);
	from = w.next;
	assert_int_equal(sc_walk_next(&w), SC_WALK_ITEM);
	to = w.next;
	assert_int_equal(sc_block_verify(&w.block, fd), 0);
	for (uint64_t at = w.block.item.body; at < to; at++) {
		uint8_t byte = data[at] ^ (uint8_t)(1 << at % 8);

		assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
		assert_int_equal(sc_block_verify(&w.block, fd), -EBADMSG);
		assert_int_equal(pwrite(fd, &data[at], 1, (off_t)at), 1);
	}
	/* A file that ends before the block does, by one byte. */
	assert_int_equal(sc_block_read(&w.block, fd, to, from), 0);
	assert_int_equal(sc_block_read(&w.block, fd, to - 1, from), -ENODATA);
	sc_walk_free(&w);
	close(fd);
	free(data);
}

/* Checksums in order, but the columns contradict each other. */
static void contradictions(void **state)
{
	static const struct {
		enum sc_column_id column;
		uint64_t value;
	} lies[] = {
		{ SC_C_PAYLOAD_SIZE, 6 },
		{ SC_C_PAYLOAD_SIZE, 4 },
		{ SC_C_PAYLOAD_SIZE, UINT32_MAX },
		{ SC_D_PAYLOAD_SIZE, 4 },
		{ SC_D_PAYLOAD_SIZE, 2 },
		{ SC_D_PAYLOAD_SIZE, UINT32_MAX },
		{ SC_D_PAYLOAD_SIZE, 1ULL << 32 },
		{ SC_T_GID, 1ULL << 32 },
		{ SC_C_TASK, 1 },
		{ SC_C_TASK, SC_BLOCK_ROWS - 1 }, /* more are not encoded */
		{ SC_C_VCPU, 65536 },
		{ SC_C_ABI, 256 },
		{ SC_C_STATE, 256 },
		{ SC_T_PID, 1ULL << 32 },
	};

	(void)state;
	for (unsigned i = 0; i <= sizeof(lies) / sizeof(*lies); i++) {
		struct sc_block b = { 0 }, back = { 0 };
		struct sc_buf head = { 0 }, out = { 0 };
		enum sc_column_id bad;
		int fd;

		assert_int_equal(sc_block_alloc(&b, SC_BITS_ALL, 4), 0);
		for (unsigned id = 0; id < SC_COLUMN_IDS; id++)
			if (b.col[id])
				memset(b.col[id], 0, 4 * sizeof(uint64_t));
		memset(b.comm, 'x', 4 * SC_COMM_LEN);
		b.h = (struct sc_block_head){ .number = 1, .session = 1, .first = 1 };
		b.h.count[SC_ROWS_CALL] = 2;
		b.h.count[SC_ROWS_TASK] = 1;
		b.h.count[SC_ROWS_PAYLOAD] = 5;
		b.h.count[SC_ROWS_COMPLETION] = 2;
		b.h.count[SC_ROWS_LATE] = 3;
		b.payload = (uint8_t *)"12345";
		b.late = (uint8_t *)"678";
		b.col[SC_D_PAYLOAD_SIZE][1] = 3;
		b.col[SC_C_PAYLOAD_SIZE][1] = 5;
		if (i)
			b.col[lies[i - 1].column][0] = lies[i - 1].value;
		if (i && lies[i - 1].column == SC_C_PAYLOAD_SIZE)
			b.col[SC_C_PAYLOAD_SIZE][1] = 0;
		if (i && lies[i - 1].column == SC_D_PAYLOAD_SIZE)
			b.col[SC_D_PAYLOAD_SIZE][1] = 0;
		assert_int_equal(sc_block_encode(&b, &head, &out), 0);
		fd = file_of(out.data, out.len);
		assert_int_equal(sc_block_read(&back, fd, out.len, 0), 0);
		assert_int_equal(sc_block_load(&back, fd, SC_BITS_ALL, &bad), i ? -EBADMSG : 0);
		if (i && lies[i - 1].column != SC_C_PAYLOAD_SIZE &&
		    (lies[i - 1].column != SC_D_PAYLOAD_SIZE || lies[i - 1].value > UINT32_MAX))
			assert_int_equal(bad, lies[i - 1].column);
		close(fd);
		b.payload = b.late = NULL;
		sc_block_free(&b);
		sc_block_free(&back);
		sc_buf_free(&head);
		sc_buf_free(&out);
	}
}

static void every_length(void **state)
{
	unsigned noticed, blocks, last = 0;
	uint8_t *data;
	size_t n;
	int fd, end;

	(void)state;
	data = make_segment(&n);
	for (size_t keep = 0; keep < n; keep++) {
		fd = file_of(data, keep);
		blocks = walk_all(fd, keep, &noticed, &end);
		assert_true(blocks >= last && blocks <= 2);
		assert_true(end == SC_WALK_END || end == SC_WALK_TORN);
		last = blocks;
		close(fd);
	}
	assert_int_equal(last, 2);
	/* The file gets shorter after its size was asked for. */
	fd = file_of(data, n / 2);
	walk_all(fd, n / 2, &noticed, &end);
	{
		struct sc_block b = { 0 };
		struct sc_walk w;

		sc_walk_init(&w, fd, n / 2, 0);
		assert_int_equal(sc_walk_next(&w), SC_WALK_ITEM);
		assert_int_equal(ftruncate(fd, (off_t)w.next + 10), 0);
		assert_int_equal(sc_block_read(&b, fd, n / 2, w.next), -ENODATA);
		sc_block_free(&b);
		sc_walk_free(&w);
	}
	close(fd);
	free(data);
}

/* Zeros, garbage, and a block of another session behind the end. */
static void tails(void **state)
{
	uint8_t *data, *more, *other;
	unsigned noticed;
	size_t n, on, body;
	struct sc_walk w;
	int fd, end;

	(void)state;
	data = make_segment(&n);
	more = calloc(1, 2 * n + 5000);
	assert_non_null(more);
	memcpy(more, data, n);
	fd = file_of(more, n + 5000);
	assert_int_equal(walk_all(fd, n + 5000, &noticed, &end), 2);
	assert_int_equal(end, SC_WALK_TORN);
	close(fd);

	/* Bytes lost in the middle: where the next block begins is found again. */
	fd = file_of(data, n);
	sc_walk_init(&w, fd, n, 0);
	assert_int_equal(sc_walk_next(&w), SC_WALK_ITEM);
	body = (size_t)w.next;
	sc_walk_free(&w);
	close(fd);
	memcpy(more, data, body);
	memcpy(more + body, data + body + 100, n - body - 100);
	fd = file_of(more, n - 100);
	assert_int_equal(walk_all(fd, n - 100, &noticed, &end), 1);
	assert_int_equal(noticed, 1);
	assert_int_equal(end, SC_WALK_END);
	close(fd);

	/*
	 * A sound block of another session, as a guest that has seen one might write it into a
	 * file, which is recorded: behind damage it is not taken for one of ours.
	 */
	other = make_segment_of(2, &on);
	memcpy(more, data, body);
	memset(more + body, 0x84, 50);
	memcpy(more + body + 50, other + body, on - body);
	fd = file_of(more, body + 50 + on - body);
	assert_int_equal(walk_all(fd, body + 50 + on - body, &noticed, &end), 0);
	assert_int_equal(end, SC_WALK_TORN);
	close(fd);
	free(other);
	free(more);
	free(data);
}

/* Random bytes everywhere behind a good start. */
static void garbage(void **state)
{
	unsigned noticed;
	struct synth s;
	uint8_t *data;
	size_t n;
	int end;

	(void)state;
	synth_init(&s, 5);
	data = make_segment(&n);
	for (unsigned round = 0; round < 300; round++) {
		uint8_t *copy = malloc(n);
		int fd;

		assert_non_null(copy);
		memcpy(copy, data, n);
		for (unsigned i = 0; i < 1 + round % 50; i++) {
			size_t at = synth_random(&s) % n;

			for (size_t k = at; k < n && k < at + synth_random(&s) % 64; k++)
				copy[k] = (uint8_t)synth_random(&s);
		}
		fd = file_of(copy, n);
		walk_all(fd, n, &noticed, &end);
		close(fd);
		free(copy);
	}
	free(data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names),	    TEST(heads),     TEST(head_damage),
		TEST(every_byte),   TEST(verifying), TEST(contradictions),
		TEST(every_length), TEST(tails),     TEST(garbage),
	};

	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	sc_block_free(&memory);
	return rc;
}
