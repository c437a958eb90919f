// SPDX-License-Identifier: GPL-2.0-only
/* The segments, item by item, as a chain. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recover.h"
#include "verify_private.h"

static const char *const kinds[SC_FINDING_KINDS] = {
	[SC_FINDING_NOTE] = "note",	  [SC_FINDING_MISSING] = "missing",
	[SC_FINDING_ALTERED] = "altered", [SC_FINDING_MISPLACED] = "misplaced",
	[SC_FINDING_SEAL] = "seal",	  [SC_FINDING_KEY] = "key",
	[SC_FINDING_INDEX] = "index",	  [SC_FINDING_CHECKPOINT] = "checkpoint",
};

static const uint8_t zeros[SC_HASH_LEN];

const char *sc_finding_name(enum sc_finding_kind kind)
{
	return kinds[kind];
}

void sc_verify_found(struct sc_verify *v, struct sc_finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
	if (!f->segment && v->walking)
		f->segment = v->segment;
	if (!f->time)
		f->time = v->time;
	if (f->kind == SC_FINDING_MISSING)
		v->out->missing_blocks += f->blocks;
	if (f->blocks && v->n_told < SC_VERIFY_RANGES) {
		v->told[v->n_told].from = f->block;
		v->told[v->n_told++].to = f->block + f->blocks;
	}
	if (f->kind != SC_FINDING_NOTE && f->kind != SC_FINDING_INDEX)
		v->damaged = true;
	if (f->kind != SC_FINDING_NOTE)
		v->out->findings++;
	if (v->options->found && v->out->findings <= SC_FINDINGS_TOLD)
		v->options->found(f, v->options->arg);
}

/* One that comes just now waits for the moment that this takes. */
bool sc_verify_live(struct sc_verify *v)
{
	if (!v->out->live) {
		if (flock(v->dir_fd, LOCK_SH | LOCK_NB))
			v->out->live = true;
		else
			flock(v->dir_fd, LOCK_UN);
	}
	return v->out->live;
}

/* ---- links ---- */

/* Which blocks and calls are between what came last and what comes now. */
static void between(const struct sc_verify *v, struct sc_finding *f, uint64_t block, uint64_t seq)
{
	f->block = v->block;
	f->blocks = block > v->block ? block - v->block : 0;
	f->seq = v->seq;
	f->calls = seq > v->seq ? seq - v->seq : 0;
}

/* What was before the store's first item was not retired: it is told now, of where that is. */
static void tell_headless(struct sc_verify *v)
{
	struct sc_finding f = {
		.kind = SC_FINDING_MISSING,
		.segment = v->first_segment,
		.block = 1,
		.blocks = v->first_block - 1,
		.seq = 1,
		.calls = v->first_seq - 1,
	};

	v->time = 0;
	sc_verify_found(v, &f, "the store does not begin here: what was before is gone");
	v->headless = false;
}

/* Does a block say that what was before the first item was retired, and ended as that says? */
static void verify_facts(struct sc_verify *v, const struct sc_block_head *h)
{
	struct sc_fact *facts;
	size_t n;

	if (!h->facts_len)
		return;
	facts = malloc(SC_FACTS_MAX * sizeof(*facts));
	if (!facts || sc_facts_get(h->facts, h->facts_len, facts, &n))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct sc_fact *r = &facts[i];
		struct sc_finding f = { .kind = SC_FINDING_NOTE, .segment = v->first_segment };

		if (r->kind != SC_FACT_RETIRED)
			continue;
		v->retired = true;
		if (!v->headless || r->block != v->first_block || r->next != v->first_seq ||
		    memcmp(r->hash, v->first_prev, SC_HASH_LEN) != 0)
			continue;
		v->headless = false;
		v->begins = true;
		sc_verify_found(v, &f,
				"retired: segments up to %" PRIu32 ", before block %" PRIu64
				", were removed (%s), as block %" PRIu64 " says",
				r->segment, r->block, sc_why_name(r->why), h->number);
	}
	free(facts);
}

static void first_link(struct sc_verify *v, const uint8_t prev[SC_HASH_LEN], uint64_t block,
		       uint64_t seq)
{
	struct sc_finding f = { .kind = SC_FINDING_MISSING };

	v->block = v->seq = 1;
	between(v, &f, block, seq);
	if (f.blocks || f.calls || v->segment > 1) {
		v->headless = true;
		v->first_segment = v->segment;
		v->first_block = block;
		v->first_seq = seq;
		memcpy(v->first_prev, prev, SC_HASH_LEN);
	} else if (memcmp(prev, zeros, SC_HASH_LEN) != 0)
		sc_verify_found(v, &f, "it says that something came before it, which is gone");
}

/*
 * Does an item follow on the one before?
 * @at, lost  bytes between both that are no item
 */
static void link_item(struct sc_verify *v, const struct sc_item *it,
		      const uint8_t prev[SC_HASH_LEN], uint64_t block, uint64_t seq, uint64_t at,
		      uint64_t lost)
{
	struct sc_finding f = { .offset = lost ? at : it->offset };

	if (!v->begun) {
		v->begun = true;
		first_link(v, prev, block, seq);
		return;
	}
	between(v, &f, block, seq);
	if (lost) {
		f.kind = SC_FINDING_ALTERED;
		sc_verify_settle(v);
		v->out->bad_blocks += f.blocks;
		sc_verify_found(v, &f,
				f.blocks ? "%" PRIu64 " bytes are no item of a segment" :
					   "%" PRIu64 " bytes that belong to nothing",
				lost);
		if (f.blocks || f.calls)
			return;
	}
	if (v->broken) {
		v->broken = false;
		f.kind = SC_FINDING_MISSING;
		if (f.blocks || f.calls)
			sc_verify_found(v, &f, "what could not be read had these blocks");
		return;
	}
	if (block > v->block || (block == v->block && seq > v->seq)) {
		f.kind = SC_FINDING_MISSING;
		sc_verify_settle(v);
		sc_verify_found(v, &f, "blocks before this item are gone");
	} else if (block < v->block || seq < v->seq) {
		f.kind = SC_FINDING_MISPLACED;
		sc_verify_settle(v);
		sc_verify_found(v, &f,
				"it says that it comes before what lies before it: an older or a "
				"repeated one");
	} else if (memcmp(prev, v->prev, SC_HASH_LEN) != 0) {
		f.kind = SC_FINDING_MISPLACED;
		sc_verify_settle(v);
		sc_verify_found(v, &f,
				"it does not follow on what lies before it: one of both was "
				"altered, or is of another time");
	}
}

/* An item was taken. */
static void advance(struct sc_verify *v, const struct sc_item *it, uint64_t block, uint64_t seq)
{
	const struct sc_checkpoint *c = v->options->checkpoint;

	memcpy(v->prev, it->hash, SC_HASH_LEN);
	v->block = block;
	v->seq = seq;
	v->broken = false;
	if (c && !memcmp(c->head, it->hash, SC_HASH_LEN) && c->segment == v->head.number &&
	    c->block + 1 == block && c->seq + 1 == seq)
		v->out->checkpoint_found = true;
}

/* ---- items ---- */

/* @retval 0  @retval 1 the segment cannot be read  @retval negative errno */
static int verify_head(struct sc_verify *v, struct sc_walk *w)
{
	struct sc_segment_head *h = &v->head;
	struct sc_finding f = { .kind = SC_FINDING_ALTERED };
	int rc = sc_walk_next(w);
	bool same;

	if (rc < 0 && rc != -EPROTO)
		return sc_fail(v->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", v->dir, v->name,
			       strerror(-rc));
	if (rc == SC_WALK_ITEM)
		rc = sc_segment_get_head(&w->block.item, h);
	else if (rc != -EPROTO)
		rc = -EBADMSG;
	if (rc == -EPROTO)
		return sc_fail(v->err, rc,
			       "%s/" SC_SEGMENTS_DIR "/%s: made by a newer scaudit; use that one",
			       v->dir, v->name);
	if (rc || h->number != v->segment) {
		if (rc)
			sc_verify_found(v, &f, "its head is damaged: nothing in it can be read");
		else {
			f.kind = SC_FINDING_MISPLACED;
			sc_verify_found(v, &f, "it is segment %" PRIu32 " by its own account",
					h->number);
		}
		sc_verify_settle(v);
		v->broken = true;
		return 1;
	}

	link_item(v, &w->block.item, h->prev, h->block, h->seq, 0, 0);
	same = h->session.number == v->session &&
	       !memcmp(h->session.id, v->session_id, sizeof(v->session_id));
	f.kind = SC_FINDING_MISPLACED;
	if (v->session && !v->footer && !v->damaged)
		sc_verify_found(v, &f, "the segment before it has no footer: its end was cut off");
	/* One that has ended may get another segment: what is removed from a store is told there. */
	else if (v->session && v->footer && !v->damaged && !same &&
		 (v->goes_on || h->session.number != v->session + 1))
		sc_verify_found(v, &f, "it is of session %" PRIu32 ", which does not come next",
				h->session.number);
	if (memcmp(h->store, zeros, sizeof(h->store)) != 0) {
		if (v->out->has_store && memcmp(h->store, v->out->store, sizeof(h->store)) != 0)
			sc_verify_found(v, &f, "it is a segment of another store");
		v->out->has_store = true;
		memcpy(v->out->store, h->store, sizeof(h->store));
	}
	if (h->session.number != v->session)
		v->out->sessions++;
	v->session = h->session.number;
	memcpy(v->session_id, h->session.id, sizeof(v->session_id));
	v->footer = false;
	sc_verify_segment_key(v);
	sc_verify_seal(v, &w->block.item, &h->seal, h->block, h->seq);
	advance(v, &w->block.item, h->block, h->seq);
	return !v->ix ? 0 : sc_index_add_segment(v->ix, h, w->next, w->block.item.hash, v->err);
}

/* Everything that a head says of its columns, against them. */
static const char *compare_counts(struct sc_block *b)
{
	const struct sc_block_head was = b->h;
	uint64_t calls = 0;

	sc_block_ranges(b);
	if (b->h.open != was.open)
		return "its head counts open calls otherwise";
	if (b->h.ts_min != was.ts_min || b->h.ts_max != was.ts_max)
		return "its head has another range of times";
	for (uint32_t i = 0; i < b->h.count[SC_ROWS_TASK]; i++)
		calls += b->col[SC_T_CALLS][i];
	return calls != b->h.count[SC_ROWS_CALL] ? "its tasks count calls otherwise" : NULL;
}

/* The columns, byte for byte and value for value. @retval 1 they are damaged */
static int verify_columns(struct sc_verify *v, struct sc_walk *w)
{
	struct sc_block *b = &w->block;
	struct sc_finding f = {
		.kind = SC_FINDING_ALTERED,
		.offset = b->item.offset,
		.block = b->h.number,
		.blocks = 1,
		.seq = b->h.first,
		.calls = b->h.count[SC_ROWS_CALL],
	};
	enum sc_column_id bad = SC_C_TS;
	const char *what = NULL;
	int loaded = sc_block_load(b, w->fd, SC_BITS_ALL, &bad);
	int rc = loaded && loaded != -EBADMSG ? loaded : sc_block_verify(b, w->fd);

	if (!rc && !loaded)
		what = compare_counts(b);
	if ((rc && rc != -EBADMSG) || (loaded && loaded != -EBADMSG))
		return sc_fail(v->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", v->dir, v->name,
			       strerror(-rc));
	if (!rc && !loaded && !what)
		return 0;
	v->out->bad_blocks++;
	if (loaded)
		sc_verify_found(v, &f, "its column \"%s\" is damaged", sc_column_name(bad));
	else
		sc_verify_found(v, &f, "%s",
				what ? what : "its columns are not those that its head names");
	return 1;
}

static int verify_block(struct sc_verify *v, struct sc_walk *w, uint64_t at, uint64_t lost)
{
	const struct sc_block_head *h = &w->block.h;
	uint64_t next_seq = h->first + h->count[SC_ROWS_CALL];
	struct sc_finding f = { .kind = SC_FINDING_MISPLACED, .offset = w->block.item.offset };
	int rc = 0;

	link_item(v, &w->block.item, h->prev, h->number, h->first, at, lost);
	verify_facts(v, h);
	if (h->session != v->session)
		sc_verify_found(v, &f, "block %" PRIu64 " is of another session", h->number);
	if (v->footer)
		sc_verify_found(v, &f, "block %" PRIu64 " lies behind a footer", h->number);
	if (v->options->full)
		rc = verify_columns(v, w);
	if (rc < 0)
		return rc;
	if (!rc) {
		if (!v->out->blocks++)
			v->out->first_block = h->number;
		v->out->calls += h->count[SC_ROWS_CALL];
		v->out->bytes += w->block.length;
	}
	if (h->ts_max) {
		if (!v->out->begin || h->ts_min < v->out->begin)
			v->out->begin = h->ts_min;
		if (h->ts_max > v->out->end)
			v->out->end = h->ts_max;
		v->time = h->ts_max;
	}
	v->out->last_block = h->number;
	v->out->last_seq = next_seq - 1;
	sc_verify_seal(v, &w->block.item, &h->seal, h->number + 1, next_seq);
	advance(v, &w->block.item, h->number + 1, next_seq);
	/* One that is out of place is in no index: recover.c passes it over. */
	if (!v->ix || h->number < v->index_block || h->first < v->index_seq ||
	    h->session != v->session)
		return 0;
	v->index_block = h->number + 1;
	v->index_seq = next_seq;
	return sc_index_add_block(v->ix, &w->block, v->segment, w->block.item.offset,
				  w->block.length, w->block.item.hash, v->err);
}

static int verify_footer(struct sc_verify *v, struct sc_walk *w, uint64_t at, uint64_t lost)
{
	struct sc_finding f = { .kind = SC_FINDING_MISPLACED, .offset = w->block.item.offset };
	struct sc_segment_foot foot;

	/* The walk has read it already. */
	if (sc_segment_get_foot(&w->block.item, &foot))
		return 0;
	link_item(v, &w->block.item, foot.prev, foot.block, foot.seq, at, lost);
	if (foot.number != v->segment || foot.session != v->session)
		sc_verify_found(v, &f, "it is a footer of another segment");
	else if (v->footer)
		sc_verify_found(v, &f, "it is a second footer");
	v->footer = true;
	v->goes_on = !foot.ended[0];
	sc_verify_seal(v, &w->block.item, &foot.seal, foot.block, foot.seq);
	advance(v, &w->block.item, foot.block, foot.seq);
	if (!v->ix || foot.number != v->segment || foot.session != v->session)
		return 0;
	return sc_index_end_segment(v->ix, &foot, w->next, w->block.item.hash, v->err);
}

/* ---- segments ---- */

/* Bytes at the end that hold no whole item. Those that are being written are no damage. */
static void verify_tail(struct sc_verify *v, const struct sc_walk *w)
{
	struct sc_finding f = { .kind = SC_FINDING_ALTERED, .offset = w->next };
	struct stat st;

	if (v->last &&
	    (sc_verify_live(v) || fstat(w->fd, &st) || (uint64_t)st.st_size != w->size)) {
		v->out->live = true;
		return;
	}
	sc_verify_settle(v);
	f.block = v->block;
	f.seq = v->seq;
	sc_verify_found(v, &f, "its last %" PRIu64 " bytes are no whole item: %s",
			w->size - w->next,
			v->last ? "it was cut off, or its recorder was killed while it wrote" :
				  "it was cut off");
	v->broken = true;
}

static int verify_items(struct sc_verify *v, struct sc_walk *w)
{
	for (;;) {
		int rc = sc_walk_next(w);

		switch (rc) {
		case SC_WALK_END:
			return 0;
		case SC_WALK_TORN:
		case SC_WALK_UNSURE:
			verify_tail(v, w);
			return 0;
		case SC_WALK_ITEM:
			rc = w->block.item.kind == SC_ITEM_BLOCK ?
				     verify_block(v, w, w->lost_at, w->lost) :
				     verify_footer(v, w, w->lost_at, w->lost);
			if (rc)
				return rc;
			break;
		default:
			return sc_fail(v->err, rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", v->dir, v->name,
				       strerror(-rc));
		}
		if (v->options->progress)
			v->options->progress(v->out->bytes, v->bytes_all, v->options->arg);
	}
}

static int verify_segment(struct sc_verify *v)
{
	struct sc_finding f = { .kind = SC_FINDING_ALTERED };
	struct sc_walk w;
	struct stat st;
	int fd, rc;

	sc_segment_name(v->name, v->segment);
	fd = openat(v->segments, v->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		rc = fd < 0 ? errno : 0;
		if (fd >= 0)
			close(fd);
		if (rc == EACCES || rc == EMFILE || rc == ENFILE || rc == ENOMEM)
			return sc_fail(v->err, -rc, "%s/" SC_SEGMENTS_DIR "/%s: %s", v->dir,
				       v->name, strerror(rc));
		/* The oldest are removed at any time; that they were retired stands further on. */
		if (rc == ENOENT && !v->begun && !v->last)
			return 0;
		sc_verify_settle(v);
		v->broken = true;
		sc_verify_found(v, &f, "%s", rc ? strerror(rc) : "not a regular file");
		return 0;
	}
	sc_walk_init(&w, fd, (uint64_t)st.st_size, 0);
	rc = verify_head(v, &w);
	if (!rc)
		rc = verify_items(v, &w);
	if (!rc) {
		v->out->segments++;
		sc_verify_settle(v);
	}
	sc_walk_free(&w);
	close(fd);
	return rc < 0 ? rc : 0;
}

/* What only the end of the last segment can tell. */
static void verify_end(struct sc_verify *v)
{
	const struct sc_checkpoint *c = v->options->checkpoint;
	struct sc_finding f = {
		.kind = SC_FINDING_MISSING,
		.segment = v->segment,
		.block = v->block,
		.seq = v->seq,
	};

	/* The index would know how many there were. */
	if (!v->out->segments && v->options->no_index && !sc_verify_live(v))
		sc_verify_found(v, &f,
				"there is no segment: they were removed, or its recorder was "
				"killed before the first");
	if (v->footer && v->goes_on && !sc_verify_live(v))
		sc_verify_found(v, &f,
				"its session goes on in a segment that is not there: it was "
				"removed, or its recorder was killed in between");
	if (v->out->live)
		v->out->sealed_to_end = !v->unsealed && v->out->keyed;
	else if (v->session && !v->footer && !v->damaged) {
		f.kind = SC_FINDING_NOTE;
		sc_verify_found(v, &f,
				"session %" PRIu32 " has no end: its recorder was killed, and has "
				"not been started again",
				v->session);
	}
	v->out->sealed_to_end = !v->unsealed && v->out->keyed;
	if (v->options->n_keys && v->unsealed) {
		f = (struct sc_finding){ .kind = SC_FINDING_SEAL,
					 .block = v->out->sealed_block + 1 };
		sc_verify_found(v, &f,
				v->out->sealed_items ?
					"from here to the end nothing is sealed by a key that you "
					"gave: it may have been written by anybody" :
					"nothing in it is sealed by a key that you gave");
	}
	if (c && v->begins && !memcmp(c->head, v->first_prev, SC_HASH_LEN))
		v->out->checkpoint_found = true;
	if (!c || v->out->checkpoint_found)
		return;
	f = (struct sc_finding){
		.kind = SC_FINDING_CHECKPOINT,
		.block = c->block,
		.seq = c->seq,
	};
	if (v->begins && c->block < v->first_block &&
	    !memcmp(c->store, v->out->store, sizeof(c->store))) {
		f.kind = SC_FINDING_NOTE;
		sc_verify_found(v, &f,
				"what the checkpoint tells of has been retired since: there is "
				"nothing to compare it with");
		return;
	}
	if (v->out->has_store && memcmp(c->store, v->out->store, sizeof(c->store)) != 0)
		sc_verify_found(v, &f, "the checkpoint is of another store");
	else if (v->out->last_block < c->block)
		sc_verify_found(v, &f,
				"the store ends before what the checkpoint tells of: its end was "
				"cut off, or it was rolled back");
	else
		sc_verify_found(v, &f,
				"the store does not hold what the checkpoint tells of: it was "
				"altered, written anew, or cut off");
}

static void verify_checkpoint(struct sc_verify *v)
{
	const struct sc_checkpoint *c = v->options->checkpoint;
	struct sc_finding f = { .kind = SC_FINDING_CHECKPOINT };
	char id[SC_KEY_ID_LEN];
	bool known = false;

	if (!c || !c->sealed)
		return;
	if (!sc_checkpoint_valid(c)) {
		sc_verify_found(v, &f,
				"the checkpoint is not what its key has signed: it was "
				"altered, or copied wrongly");
		return;
	}
	for (size_t i = 0; i < v->n_keys; i++)
		known |= !memcmp(v->keys[i].key, c->key, SC_KEY_LEN);
	/* One that has come after a key that was given shows itself in the segments. */
	if (known || !v->options->n_keys || v->out->checkpoint_found)
		return;
	sc_key_id(c->key, id);
	sc_verify_found(v, &f, "the checkpoint is signed by key %s, which is none that you gave",
			id);
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Numbers of the segments, rising. @list  the caller's to free() */
static int list_segments(struct sc_verify *v, uint32_t **list, size_t *count)
{
	int fd = openat(v->segments, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	size_t cap = 0;

	*list = NULL;
	*count = 0;
	if (!folder) {
		int rc = -errno;

		if (fd >= 0)
			close(fd);
		return rc;
	}
	while ((entry = readdir(folder))) {
		uint32_t number = sc_segment_number(entry->d_name);
		struct stat st;

		if (!number)
			continue;
		if (*count == cap) {
			uint32_t *more = realloc(*list, (cap ? 2 * cap : 64) * sizeof(**list));

			if (!more) {
				closedir(folder);
				return -ENOMEM;
			}
			cap = cap ? 2 * cap : 64;
			*list = more;
		}
		(*list)[(*count)++] = number;
		if (!fstatat(v->segments, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			v->bytes_all += (uint64_t)st.st_size;
	}
	closedir(folder);
	if (*count)
		qsort(*list, *count, sizeof(**list), compare_u32);
	return 0;
}

static int verify_store(struct sc_verify *v)
{
	uint32_t *list = NULL;
	size_t n = 0;
	int rc = list_segments(v, &list, &n);

	if (rc)
		sc_fail(v->err, rc, "%s/" SC_SEGMENTS_DIR ": %s", v->dir, strerror(-rc));
	if (!rc && v->ix)
		rc = sc_index_begin(v->ix, v->err);
	for (size_t i = 0; !rc && i < n; i++) {
		v->segment = list[i];
		v->last = i + 1 == n;
		v->walking = true;
		rc = verify_segment(v);
		v->walking = false;
	}
	free(list);
	if (!rc && v->ix)
		rc = sc_index_commit(v->ix, v->err);
	if (!rc && v->headless)
		tell_headless(v);
	if (!rc) {
		verify_end(v);
		verify_checkpoint(v);
	}
	return rc || !v->ix ? rc : sc_verify_index(v);
}

static int open_folders(struct sc_verify *v)
{
	v->dir_fd = open(v->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (v->dir_fd < 0)
		return errno == ENOTDIR ?
			       sc_fail(v->err, -EINVAL, "%s: not a folder, so not a scaudit store",
				       v->dir) :
			       sc_fail(v->err, -errno, "%s: %s", v->dir, strerror(errno));
	v->segments = openat(v->dir_fd, SC_SEGMENTS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (v->segments >= 0)
		return 0;
	if (errno != ENOENT && errno != ENOTDIR)
		return sc_fail(v->err, -errno, "%s/" SC_SEGMENTS_DIR ": %s", v->dir,
			       strerror(errno));
	return sc_fail(v->err, -EINVAL,
		       "%s: not a scaudit store (no folder \"" SC_SEGMENTS_DIR "\"); name a folder "
		       "made by screcord",
		       v->dir);
}

int sc_verify(const char *dir, const struct sc_verify_options *options, struct sc_verified *out,
	      struct sc_error *err)
{
	struct sc_verify *v = calloc(1, sizeof(*v));
	struct sc_error why = { "" };
	int rc;

	*out = (struct sc_verified){ 0 };
	if (!v)
		return sc_fail(err, -ENOMEM, "%s: no memory", dir);
	v->dir = dir;
	v->dir_fd = v->segments = -1;
	v->options = options;
	v->out = out;
	v->err = err ? err : &why;
	v->block = v->seq = 1;
	rc = sc_key_init(err);
	if (!rc)
		rc = open_folders(v);
	if (!rc && !options->no_index)
		rc = sc_index_open_memory(dir, v->dir_fd, &v->ix, err);
	if (!rc && v->ix && options->full)
		sc_index_keep_open_calls(v->ix);
	if (!rc) {
		sc_verify_live(v);
		sc_verify_keys(v);
		rc = verify_store(v);
	}
	sc_index_close(v->ix);
	if (v->segments >= 0)
		close(v->segments);
	if (v->dir_fd >= 0)
		close(v->dir_fd);
	free(v);
	return rc;
}
