// SPDX-License-Identifier: GPL-2.0-only
/* Which store a writer writes to, and what it seals with. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "writer_private.h"

#define LOOK_BACK 64u /* segments whose heads are asked for the store's id */

/* The head of a segment. @retval -ENOENT it cannot be had */
static int read_head(const struct sc_writer *w, uint32_t number, struct sc_segment_head *h)
{
	struct sc_item item = { 0 };
	char name[SC_SEGMENT_NAME];
	struct stat st;
	int fd, rc = -ENOENT;

	sc_segment_name(name, number);
	fd = openat(w->segments, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return rc;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) &&
	    !sc_item_read(fd, (uint64_t)st.st_size, 0, &item) && !sc_segment_get_head(&item, h))
		rc = 0;
	sc_item_free(&item);
	close(fd);
	return rc;
}

int sc_writer_take_key(struct sc_writer *w, const struct sc_secret_key *key, struct sc_error *err)
{
	static const uint8_t none[SC_STORE_ID_LEN];
	struct sc_segment_head *h = malloc(sizeof(*h));
	uint8_t *store = w->sealer.store;
	int rc = 0;

	if (key) {
		w->key = malloc(sizeof(*w->key));
		if (w->key)
			*w->key = *key;
	}
	if (!h || (key && !w->key)) {
		free(h);
		return sc_fail(err, -ENOMEM, "%s: no memory", w->dir);
	}
	/* The last that can be read; where none says it, the store gets its id now. */
	for (uint32_t i = 0; i < LOOK_BACK && i < w->segment; i++) {
		if (read_head(w, w->segment - i, h) || !memcmp(h->store, none, sizeof(none)))
			continue;
		memcpy(store, h->store, sizeof(h->store));
		break;
	}
	if (!memcmp(store, none, sizeof(none)) &&
	    getrandom(store, SC_STORE_ID_LEN, 0) != (ssize_t)SC_STORE_ID_LEN)
		rc = sc_fail(err, -EIO, "%s: no random numbers for the store's id", w->dir);
	w->sealer.segment = w->segment;
	if (!rc && !read_head(w, w->segment, h))
		w->was_keyed = h->keyed;
	if (!rc && !w->closed && !read_head(w, w->segment, h)) {
		if (h->keyed && w->key && !memcmp(h->key, w->key->pub.key, sizeof(h->key)))
			w->sealer.key = w->key;
		w->other_key = h->keyed != (w->sealer.key != NULL);
	}
	free(h);
	return rc;
}

bool sc_writer_key_differs(const struct sc_writer *w)
{
	return !w->closed && (w->other_key || w->sealer.key != w->key);
}
