// SPDX-License-Identifier: GPL-2.0-only
#include "sealed.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *top, *sound, *dir;
struct sc_secret_key key, other;

struct item items[ITEMS];
unsigned n_items;
uint8_t *files[SEGMENTS + 1];
size_t sizes[SEGMENTS + 1];

/* ---- making stores ---- */

struct sc_writer *begin(const char *where, uint8_t id, const struct sc_secret_key *by)
{
	struct sc_error notice, err = { "" };
	struct sc_session session;
	struct sc_writer *w = NULL;

	synth_session(&session, id);
	assert_int_equal(sc_writer_open_sealed(where, &session, by, &w, &notice, &err), 0);
	return w;
}

void add(struct sc_writer *w, struct synth *s, unsigned blocks)
{
	struct sc_error err = { "" };
	uint64_t event = sc_writer_last_event(w), seq;

	while (blocks--) {
		for (unsigned i = 0; i < 2; i++) {
			struct sc_call c;

			synth_call(s, &c);
			assert_int_equal(sc_writer_call(w, &c, &seq), 0);
		}
		sc_writer_gap(w, &(struct sc_gap){ .reason = 1, .first = 1, .last = 2 });
		event += 3;
		assert_int_equal(sc_writer_flush(w, event, &err), 0);
	}
}

void end(struct sc_writer *w)
{
	struct sc_error err = { "" };

	assert_int_equal(sc_writer_close(w, "stopped", &err), 0);
}

void make(const char *where, const struct sc_secret_key *by, uint64_t seed)
{
	struct sc_writer *w = begin(where, 1, by);
	struct synth s;

	synth_init(&s, seed);
	add(w, &s, 2);
	w->segment_limit = 1;
	add(w, &s, 1);
	w->segment_limit = SC_SEGMENT_BYTES;
	add(w, &s, 1);
	end(w);
	w = begin(where, 2, by);
	add(w, &s, 2);
	end(w);
}

void segment_path(char path[64], unsigned number)
{
	snprintf(path, 64, "segments/%06u.scs", number);
}

static void find_items(void)
{
	for (unsigned number = 1; number <= SEGMENTS; number++) {
		char name[64], path[PATH_MAX];
		struct sc_walk w;
		int fd;

		segment_path(name, number);
		files[number] = file_read(sound, name, &sizes[number]);
		snprintf(path, sizeof(path), "%s/%s", sound, name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		sc_walk_init(&w, fd, sizes[number], 0);
		while (sc_walk_next(&w) == SC_WALK_ITEM) {
			items[n_items++] = (struct item){
				.segment = number,
				.at = w.block.item.offset,
				.len = w.next - w.block.item.offset,
				.kind = w.block.item.kind,
			};
			if (w.block.item.kind == SC_ITEM_SEGMENT) {
				struct sc_segment_head h;

				assert_int_equal(sc_segment_get_head(&w.block.item, &h), 0);
			}
		}
		sc_walk_free(&w);
		close(fd);
	}
	assert_int_equal(n_items, 3 * 2 + 6);
}

int group_setup(void **state)
{
	struct sc_error err;

	(void)state;
	if (sc_key_init(&err) || sc_key_make(&key, NULL, &err) || sc_key_make(&other, NULL, &err))
		return -1;
	top = folder_make();
	if (asprintf(&sound, "%s/sound", top) < 0 || asprintf(&dir, "%s/copy", top) < 0)
		return -1;
	make(sound, &key, 5);
	find_items();
	return 0;
}

int group_teardown(void **state)
{
	(void)state;
	folder_remove(top);
	for (unsigned i = 1; i <= SEGMENTS; i++)
		free(files[i]);
	free(top);
	free(sound);
	free(dir);
	return 0;
}

int setup(void **state)
{
	(void)state;
	folder_copy(sound, dir);
	return 0;
}

int teardown(void **state)
{
	(void)state;
	folder_remove(dir);
	return 0;
}

void write_segment(unsigned number, const void *data, size_t n)
{
	char name[64];

	segment_path(name, number);
	file_write(dir, name, data, n);
}

void restore(unsigned number)
{
	write_segment(number, files[number], sizes[number]);
}

void drop(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

void drop_segment(unsigned number)
{
	char name[64];

	segment_path(name, number);
	drop(name);
}

struct sc_verified verified;
struct sc_finding findings[32]; /* notes too */
unsigned n_findings;

static void found(const struct sc_finding *f, void *arg)
{
	(void)arg;
	assert_true(f->text[0]);
	if (n_findings < 32)
		findings[n_findings++] = *f;
}

uint64_t verify_with(struct sc_verify_options o)
{
	struct sc_error err = { "" };

	o.found = found;
	n_findings = 0;
	if (sc_verify(dir, &o, &verified, &err)) {
		/* Another version, as far as can be seen. */
		assert_true(err.text[0]);
		return 1;
	}
	assert_string_equal(err.text, "");
	return verified.findings;
}

bool is_seen(bool no_index)
{
	return VERIFY(.no_index = no_index) || VERIFY(.no_index = no_index, .full = true);
}

bool has(enum sc_finding_kind kind)
{
	for (unsigned i = 0; i < n_findings; i++)
		if (findings[i].kind == kind)
			return true;
	return false;
}
