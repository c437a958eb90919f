/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a store should hold, kept beside it in plain memory: tests do the same to
 * both and compare. Also temporary folders.
 */
#ifndef MODEL_H
#define MODEL_H

#include "store/store.h"

struct model_call {
	struct sc_call call; /* task and payload aside */
	struct sc_task task;
	uint8_t *payload;
};

struct model {
	struct model_call *calls; /* seq 1 is calls[0] */
	size_t count, cap;
};

void model_free(struct model *m);

/* Add to both; the call has to be taken. Returns its seq. */
uint64_t model_add(struct model *m, struct sc_writer *w, const struct sc_call *call);

/* Complete in both. */
void model_complete(struct model *m, struct sc_writer *w, uint64_t seq, enum sc_state state,
		    int64_t ret, uint64_t dur);

/* The same by a return with pieces behind it. */
void model_return(struct model *m, struct sc_writer *w, uint64_t seq, int64_t ret, uint64_t dur,
		  const struct scaudit_return *event);

/* Does the filter let this call through? Written plainly, to be compared with. */
bool model_match(const struct sc_call *c, const struct sc_filter *f);

/* Scan the store and compare with the calls up to `calls` (seq), all columns asked for. */
void model_check(const struct model *m, struct sc_store *s, const struct sc_filter *f,
		 unsigned columns, bool reverse);

/* Open, compare everything, forwards and backwards and filtered, close. */
void model_check_dir(const struct model *m, const char *dir);

/* A new empty folder, by a name that is the caller's to free(). */
char *folder_make(void);

/* With everything in it. */
void folder_remove(const char *path);

/* A whole file in memory. */
uint8_t *file_read(const char *dir, const char *name, size_t *n);
void file_write(const char *dir, const char *name, const void *data, size_t n);

/* Copy a store folder. */
void folder_copy(const char *from, const char *to);

/* An open of a store that has to succeed. */
struct sc_writer *writer_open(const char *dir, uint8_t id);
struct sc_store *store_open(const char *dir);

#endif
