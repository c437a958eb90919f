// SPDX-License-Identifier: GPL-2.0-only
/* Whose seals a store has, what checkpoints tell, and stores that are being written to. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "sealed.h"

/* ---- keys ---- */

static void wrong_key(void **state)
{
	struct sc_public_key both[2];

	(void)state;
	both[0] = other.pub;
	both[1] = key.pub;
	assert_true(VERIFY(TRUST(other)));
	assert_true(has(SC_FINDING_KEY));
	assert_true(has(SC_FINDING_SEAL));
	assert_false(verified.sealed_to_end);
	assert_int_equal(VERIFY(.keys = both, .n_keys = 2), 0);
}

/* Somebody writes all of it anew, with no key, or with one of his own. */
static void written_anew(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		folder_remove(dir);
		make(dir, i ? &other : NULL, 5);
		assert_int_equal(VERIFY(.full = true), 0);
		assert_int_equal(verified.sealed_to_end, i);
		assert_true(VERIFY(TRUST(key)));
		assert_true(has(SC_FINDING_SEAL));
	}
}

/* What was written without a key, or by another recorder, behind what was sealed. */
static void unsealed_end(void **state)
{
	struct sc_writer *w = begin(dir, 3, NULL);
	struct synth s;

	(void)state;
	synth_init(&s, 3);
	add(w, &s, 1);
	end(w);
	assert_int_equal(VERIFY(.full = true), 0);
	assert_false(verified.sealed_to_end);
	assert_int_equal(verified.sealed_block, 6);
	assert_int_equal(VERIFY(TRUST(key)), 1);
	assert_int_equal(findings[n_findings - 1].block, 7);
	/* With something sealed behind it, it is vouched for. */
	w = begin(dir, 4, &key);
	add(w, &s, 1);
	end(w);
	assert_int_equal(VERIFY(TRUST(key), .full = true), 0);
	assert_true(verified.sealed_to_end);
	assert_int_equal(verified.sealed_block, 8);
}

/* A session that goes on with another key, or after a crash. */
static void goes_on(void **state)
{
	struct sc_writer *w = begin(dir, 3, &key);
	struct synth s;

	(void)state;
	synth_init(&s, 3);
	add(w, &s, 1);
	sc_writer_close(w, NULL, NULL);
	w = begin(dir, 3, &key);
	assert_int_equal(w->segment, 4);
	add(w, &s, 1);
	sc_writer_close(w, NULL, NULL);
	w = begin(dir, 3, NULL);
	assert_int_equal(w->segment, 5);
	add(w, &s, 1);
	sc_writer_close(w, NULL, NULL);
	w = begin(dir, 3, &other);
	assert_int_equal(w->segment, 6);
	add(w, &s, 1);
	sc_writer_close(w, NULL, NULL);
	assert_int_equal(VERIFY(.full = true), 0);
	assert_true(has(SC_FINDING_NOTE));
	/* Its recorder is gone; the next one has the first key again, and ends it. */
	w = begin(dir, 4, &key);
	add(w, &s, 1);
	end(w);
	assert_int_equal(VERIFY(.full = true), 0);
	assert_true(verified.sealed_to_end);
	assert_int_equal(verified.sessions, 4);
	assert_true(VERIFY(TRUST(key)));
	assert_true(has(SC_FINDING_KEY));
}

static void rotated(void **state)
{
	struct sc_secret_key second, third;
	struct sc_writer *w;
	struct sc_error err;
	struct synth s;

	(void)state;
	assert_int_equal(sc_key_make(&second, &key, &err), 0);
	assert_int_equal(sc_key_make(&third, &second, &err), 0);
	synth_init(&s, 3);
	w = begin(dir, 3, &third);
	add(w, &s, 1);
	end(w);
	/* Who knows the first knows the third, and the other way round. */
	assert_int_equal(VERIFY(TRUST(key), .full = true), 0);
	assert_int_equal(n_findings, 0);
	assert_memory_equal(verified.key, third.pub.key, SC_KEY_LEN);
	assert_int_equal(VERIFY(TRUST(third)), 0);
	assert_true(VERIFY(TRUST(other)));
	/* A key that was replaced seals no more. */
	w = begin(dir, 4, &key);
	add(w, &s, 1);
	end(w);
	assert_true(VERIFY(TRUST(key)));
	assert_true(has(SC_FINDING_KEY));
	assert_true(VERIFY(.full = false));
	assert_non_null(strstr(findings[0].text, "replaced"));
}

/* ---- retention ---- */

/* What was removed is told to be, by who says so in the chain; what else is gone is missing. */
static void retired(void **state)
{
	struct sc_limits limits = { .keep_bytes = 1 };
	struct sc_checkpoint before;
	struct sc_error err = { "" };
	struct sc_writer *w;
	struct synth s;

	(void)state;
	synth_init(&s, 3);
	assert_int_equal(sc_checkpoint_make(dir, &before, &err), 0);
	w = begin(dir, 3, &key);
	add(w, &s, 1);
	w->segment_limit = 1;
	add(w, &s, 2);
	sc_writer_limit(w, &limits);
	assert_int_equal(sc_writer_retain(w, SYNTH_BEGIN, false, &err), 1);
	w->segment_limit = 1;
	add(w, &s, 3);
	assert_int_equal(VERIFY(.full = true, TRUST(key)), 0);
	assert_int_equal(n_findings, 1);
	assert_non_null(strstr(findings[0].text, "retired: segments up to"));
	end(w);
	assert_int_equal(VERIFY(.full = true, TRUST(key)), 0);
	assert_true(verified.first_block > 1);
	assert_int_equal(VERIFY(.checkpoint = &before), 0);
	assert_false(verified.checkpoint_found);
	assert_non_null(strstr(findings[1].text, "retired since"));
	before.block = verified.last_block + 1;
	assert_int_equal(VERIFY(.checkpoint = &before), 2);
	assert_true(has(SC_FINDING_CHECKPOINT));
	/* One more than was retired. */
	drop_segment(findings[0].segment);
	assert_true(VERIFY(.no_index = true));
	assert_true(has(SC_FINDING_MISSING));
}

/* By somebody without the key. */
static void pruned(void **state)
{
	struct sc_limits limits = { .keep_bytes = 1 };
	struct sc_error notice, err = { "" };
	struct sc_pruned p;
	struct sc_writer *w;
	struct synth s;

	(void)state;
	assert_int_equal(sc_store_prune(dir, &limits, NULL, &p, &notice, &err), 0);
	assert_true(p.segments > 0);
	assert_true(p.unsealed);
	assert_int_equal(VERIFY(.full = true), 0);
	assert_false(verified.sealed_to_end);
	assert_int_equal(VERIFY(TRUST(key)), 1);
	assert_true(has(SC_FINDING_SEAL));
	/* The next recorder's seals vouch for it. */
	synth_init(&s, 3);
	w = begin(dir, 3, &key);
	add(w, &s, 1);
	end(w);
	assert_int_equal(VERIFY(.full = true, TRUST(key)), 0);
	assert_true(verified.sealed_to_end);
}

/* By somebody with it. */
static void pruned_with_key(void **state)
{
	struct sc_limits limits = { .keep_bytes = 1 };
	struct sc_error notice, err = { "" };
	struct sc_pruned p;

	(void)state;
	assert_int_equal(sc_store_prune(dir, &limits, &key, &p, &notice, &err), 0);
	assert_true(p.segments > 0);
	assert_false(p.unsealed);
	assert_int_equal(VERIFY(.full = true, TRUST(key)), 0);
	assert_true(verified.sealed_to_end);
}

/* ---- checkpoints ---- */

static void checkpoints(void **state)
{
	struct sc_checkpoint c, back;
	struct sc_buf text = { 0 };
	struct sc_error err = { "" };
	struct sc_writer *w;
	struct synth s;

	(void)state;
	assert_int_equal(sc_checkpoint_make(dir, &c, &err), 0);
	assert_int_equal(c.segment, 3);
	assert_int_equal(c.block, 6);
	assert_int_equal(c.seq, 12);
	assert_true(c.sealed);
	assert_true(sc_checkpoint_valid(&c));
	sc_checkpoint_put(&c, &text);
	assert_int_equal(sc_checkpoint_get((char *)text.data, text.len, "c", &back, &err), 0);
	assert_memory_equal(&c, &back, sizeof(c));

	/* The store goes on. */
	synth_init(&s, 3);
	w = begin(dir, 3, &key);
	add(w, &s, 1);
	assert_int_equal(VERIFY(.checkpoint = &c, TRUST(key)), 0);
	assert_int_equal(sc_checkpoint_make(dir, &back, &err), 0);
	assert_int_equal(back.block, 7);
	end(w);
	assert_int_equal(VERIFY(.checkpoint = &back), 0);

	/* The whole folder as it was before. */
	folder_remove(dir);
	folder_copy(sound, dir);
	assert_int_equal(VERIFY(TRUST(key)), 0);
	assert_int_equal(VERIFY(TRUST(key), .checkpoint = &back), 1);
	assert_int_equal(findings[0].kind, SC_FINDING_CHECKPOINT);
	assert_non_null(strstr(findings[0].text, "rolled back"));
	/* Written anew by somebody who has the key. */
	folder_remove(dir);
	make(dir, &key, 6);
	assert_int_equal(VERIFY(TRUST(key)), 0);
	assert_int_equal(VERIFY(TRUST(key), .checkpoint = &c), 1);

	c.block++;
	assert_false(sc_checkpoint_valid(&c));
	sc_buf_free(&text);
}

/* Whatever is wrong with a checkpoint's text is told, or changes nothing. */
static void checkpoint_texts(void **state)
{
	struct sc_checkpoint c, back;
	struct sc_buf text = { 0 };
	struct sc_error err = { "" };

	(void)state;
	assert_int_equal(sc_checkpoint_make(dir, &c, &err), 0);
	sc_checkpoint_put(&c, &text);
	for (size_t at = 0; at < text.len; at++) {
		uint8_t was = text.data[at];

		for (unsigned bit = 0; bit < 8; bit++) {
			text.data[at] = was ^ (uint8_t)(1 << bit);
			err.text[0] = '\0';
			if (sc_checkpoint_get((char *)text.data, text.len, "c", &back, &err))
				assert_non_null(strstr(err.text, "c: line "));
			else
				/* The time is for people. Digits may be of either case. */
				assert_true(back.time != c.time || !memcmp(&back, &c, sizeof(c)) ||
					    !sc_checkpoint_valid(&back) ||
					    memcmp(back.head, c.head, sizeof(c.head)) != 0);
		}
		text.data[at] = was;
	}
	for (size_t n = 0; n < text.len; n++) {
		int rc = sc_checkpoint_get((char *)text.data, n, "c", &back, &err);

		/* It may end behind its head, or without the last newline. */
		assert_true(rc == -EINVAL || !back.sealed || n + 1 == text.len);
	}
	sc_buf_free(&text);
}

/* ---- live stores ---- */

static atomic_bool finished;

static void *writer_main(void *arg)
{
	struct sc_writer *w = arg;
	struct synth s;

	synth_init(&s, 4);
	for (unsigned i = 0; i < 40; i++) {
		/* Now and then a new segment. */
		w->segment_limit = i % 8 == 7 ? 1 : SC_SEGMENT_BYTES;
		add(w, &s, 1);
	}
	atomic_store(&finished, true);
	return NULL;
}

static void live(void **state)
{
	struct sc_writer *w = begin(dir, 3, &key);
	uint64_t last = 0, runs = 0;
	pthread_t thread;

	(void)state;
	atomic_store(&finished, false);
	assert_int_equal(pthread_create(&thread, NULL, writer_main, w), 0);
	for (bool more = true; more; runs++) {
		more = !atomic_load(&finished);
		if (VERIFY(.full = runs % 2, TRUST(key)))
			fail_msg("run %lu: %s", (unsigned long)runs, findings[0].text);
		assert_true(verified.live);
		assert_true(verified.last_block >= last);
		last = verified.last_block;
	}
	pthread_join(thread, NULL);
	assert_int_equal(last, 46);
	end(w);
	assert_int_equal(VERIFY(.full = true, TRUST(key)), 0);
	assert_false(verified.live);
	assert_int_equal(verified.last_block, 46);
}

/* What a recorder is just writing is no damage; without a recorder it is. */
static void torn(void **state)
{
	struct sc_writer *w = begin(dir, 3, &key);
	struct synth s;
	uint8_t *data, *longer;
	size_t n;

	(void)state;
	synth_init(&s, 3);
	add(w, &s, 1);
	data = file_read(dir, "segments/000004.scs", &n);
	memcpy(data + n - 100, files[2], 50);
	file_write(dir, "segments/000004.scs", data, n - 10);
	add(w, &s, 1);
	end(w);
	free(data);
	folder_remove(dir);
	folder_copy(sound, dir);
	w = begin(dir, 3, &key);
	add(w, &s, 1);
	data = file_read(dir, "segments/000004.scs", &n);
	longer = malloc(n + 500);
	assert_non_null(longer);
	memcpy(longer, data, n);
	free(data);
	data = longer;
	memcpy(data + n, files[1] + items[1].at, 500);
	file_write(dir, "segments/000004.scs", data, n + 500);
	assert_int_equal(VERIFY(.full = true, TRUST(key)), 0);
	assert_true(verified.live);
	sc_writer_close(w, NULL, NULL);
	assert_int_equal(VERIFY(.full = true, TRUST(key)), 1);
	assert_int_equal(findings[0].kind, SC_FINDING_ALTERED);
	assert_int_equal(findings[0].offset, n);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wrong_key),    TEST(written_anew),
		TEST(unsealed_end), TEST(goes_on),
		TEST(rotated),	    TEST(retired),
		TEST(pruned),	    TEST(pruned_with_key),
		TEST(checkpoints),  TEST(checkpoint_texts),
		TEST(live),	    TEST(torn),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
