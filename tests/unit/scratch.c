// SPDX-License-Identifier: GPL-2.0-only
#include "scratch.h"

#include <stdlib.h>

char *dir;
struct model model;
struct synth synth;

int scratch_begin(void **state)
{
	(void)state;
	dir = folder_make();
	synth_init(&synth, 42);
	return 0;
}

int scratch_end(void **state)
{
	(void)state;
	folder_remove(dir);
	free(dir);
	model_free(&model);
	return 0;
}

void flush(struct sc_writer *w, uint64_t event)
{
	struct sc_error err = { "" };

	assert_int_equal(sc_writer_flush(w, event, &err), 0);
	assert_string_equal(err.text, "");
}

void close_writer(struct sc_writer *w, const char *ended)
{
	struct sc_error err = { "" };

	assert_int_equal(sc_writer_close(w, ended, &err), 0);
}

void add(struct sc_writer *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct sc_call c;

		synth_call(&synth, &c);
		model_add(&model, w, &c);
	}
}
