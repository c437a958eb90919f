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
#include <sodium.h>

#include "io.h"
#include "model.h"
#include "segment.h"
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
static uint8_t *make_segment(size_t *n)
{
	struct sc_writer *w = writer_open(dir, 1);
	struct sc_error err;
	struct synth s;

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
		for (uint64_t seq = 1; block && seq <= 40; seq++)
			sc_writer_complete(w, seq, SC_STATE_RETURNED, 4, 5);
		assert_int_equal(sc_writer_flush(w, block + 1, &err), 0);
	}
	assert_int_equal(sc_writer_close(w, "stopped", &err), 0);
	return file_read(dir, "segments/000001.scs", n);
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
		rc = sc_block_verify(&w.block, fd);
		assert_true(rc == 0 || rc == -EBADMSG);
		*noticed += rc != 0;
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

/* Every byte of a whole segment, a bit of it changed: noticed, and what it is not in can still be read. */
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
	uint8_t *data, *more;
	unsigned noticed;
	size_t n, body;
	struct sc_walk w;
	int fd, end;

	(void)state;
	data = make_segment(&n);
	more = calloc(1, n + 5000);
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
	 * Such a block out of another store, as a guest might have written it into a file:
	 * behind damage it is not taken for one of ours.
	 */
	memcpy(more, data, n);
	for (size_t i = 0; i + 16 <= n; i++)
		if (i >= body && !memcmp(data + i, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 16))
			more[i] = 2;
	fd = file_of(more, n);
	assert_int_equal(walk_all(fd, n, &noticed, &end), 0);
	assert_int_equal(end, SC_WALK_TORN);
	close(fd);
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
		TEST(names),	    TEST(heads), TEST(head_damage), TEST(every_byte),
		TEST(every_length), TEST(tails), TEST(garbage),
	};

	int rc = sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);

	sc_block_free(&memory);
	return rc;
}
