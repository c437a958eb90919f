// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "checkpoint.h"
#include "format/segment.h"
#include "store_private.h"
#include "base/timespec.h"

bool sc_checkpoint_valid(const struct sc_checkpoint *c)
{
	struct sc_sealed what = {
		.segment = c->segment,
		.block = c->block + 1,
		.seq = c->seq + 1,
	};

	memcpy(what.store, c->store, sizeof(what.store));
	memcpy(what.digest, c->digest, sizeof(what.digest));
	return c->sealed && sc_seal_valid(&what, c->signature, c->key);
}

/* ---- text ---- */

__attribute__((format(printf, 2, 3))) static void put(struct sc_buf *out, const char *format, ...)
{
	char line[256];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	sc_buf_add(out, line, (size_t)n);
}

static void put_hex(struct sc_buf *out, const char *word, const uint8_t *bytes, size_t n)
{
	char hex[2 * SC_SIGNATURE_LEN + 1];

	sodium_bin2hex(hex, sizeof(hex), bytes, n);
	put(out, "%s %s\n", word, hex);
}

void sc_checkpoint_put(const struct sc_checkpoint *c, struct sc_buf *out)
{
	char iso[SC_TIME_ISO_LEN];

	put(out, "scaudit-checkpoint 1\n");
	put_hex(out, "store", c->store, sizeof(c->store));
	sc_time_iso(c->time, iso);
	put(out, "time %s\nsegment %" PRIu32 "\nblock %" PRIu64 "\nseq %" PRIu64 "\n", iso,
	    c->segment, c->block, c->seq);
	put_hex(out, "head", c->head, sizeof(c->head));
	if (!c->sealed)
		return;
	put_hex(out, "digest", c->digest, sizeof(c->digest));
	put_hex(out, "seal", c->signature, sizeof(c->signature));
	put_hex(out, "key", c->key, sizeof(c->key));
}

#define WORD 24 /* room for a line's first */

/* A line is a word and a value. */
struct reading {
	const char *at, *end, *name;
	unsigned number;
	char value[256];
	struct sc_error *err;
};

static int bad(const struct reading *r, const char *why)
{
	return sc_fail(r->err, -EINVAL, "%s: line %u: %s", r->name, r->number, why);
}

/* Blank lines, and spaces around what was typed in from paper, do not matter. */
static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* @retval 1 there is a line  @retval 0 the end */
static int next_line(struct reading *r, char word[WORD])
{
	while (r->at < r->end) {
		const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
		const char *from = r->at, *to = newline ? newline : r->end;
		size_t n = 0;

		r->number++;
		r->at = newline ? newline + 1 : r->end;
		while (from < to && blank(*from))
			from++;
		while (to > from && blank(to[-1]))
			to--;
		if (from == to || *from == '#')
			continue;
		while (from < to && !blank(*from) && n < WORD)
			word[n++] = *from++;
		if (n == WORD)
			return bad(r, "this is no checkpoint of scaudit");
		word[n] = '\0';
		while (from < to && blank(*from))
			from++;
		n = (size_t)(to - from);
		if (n >= sizeof(r->value) || memchr(from, '\0', n))
			return bad(r, "this is no checkpoint of scaudit");
		memcpy(r->value, from, n);
		r->value[n] = '\0';
		return 1;
	}
	r->number++;
	return 0;
}

static int want(struct reading *r, const char *word)
{
	char got[WORD], why[64];
	int rc = next_line(r, got);

	if (rc < 0)
		return rc;
	if (rc && !strcmp(got, word))
		return 0;
	snprintf(why, sizeof(why), "'%s' and what it says should stand here", word);
	return bad(r, why);
}

static int want_hex(struct reading *r, const char *word, uint8_t *to, size_t n)
{
	size_t done = 0;
	int rc = want(r, word);

	if (rc)
		return rc;
	if (strlen(r->value) != 2 * n ||
	    sodium_hex2bin(to, n, r->value, 2 * n, NULL, &done, NULL) || done != n)
		return bad(r, "hexadecimal digits are missing, or are none");
	return 0;
}

static int want_number(struct reading *r, const char *word, uint64_t max, uint64_t *value)
{
	char *end;
	int rc = want(r, word);

	if (rc)
		return rc;
	errno = 0;
	*value = strtoull(r->value, &end, 10);
	if (r->value[0] < '0' || r->value[0] > '9' || *end || errno || *value > max)
		return bad(r, "this is no number that can stand here");
	return 0;
}

int sc_checkpoint_get(const char *text, size_t n, const char *name, struct sc_checkpoint *c,
		      struct sc_error *err)
{
	struct reading r = { .at = text, .end = text + n, .name = name, .err = err };
	char word[WORD];
	uint64_t segment = 0;
	int rc = next_line(&r, word);

	*c = (struct sc_checkpoint){ 0 };
	if (rc < 0)
		return rc;
	if (!rc || strcmp(word, "scaudit-checkpoint") != 0)
		return bad(&r, "this is no checkpoint of scaudit");
	if (strcmp(r.value, "1") != 0)
		return bad(&r, "made by a newer scaudit; use that one");
	rc = want_hex(&r, "store", c->store, sizeof(c->store));
	if (!rc)
		rc = want(&r, "time");
	if (!rc && sc_time_parse(r.value, 0, &c->time, NULL))
		rc = bad(&r, "this is no time");
	if (!rc)
		rc = want_number(&r, "segment", UINT32_MAX, &segment);
	c->segment = (uint32_t)segment;
	if (!rc)
		rc = want_number(&r, "block", INT64_MAX, &c->block);
	if (!rc)
		rc = want_number(&r, "seq", INT64_MAX, &c->seq);
	if (!rc)
		rc = want_hex(&r, "head", c->head, sizeof(c->head));
	if (rc)
		return rc;
	for (const char *p = r.at; p < r.end; p++)
		c->sealed |= *p > ' ';
	if (!c->sealed)
		return 0;
	rc = want_hex(&r, "digest", c->digest, sizeof(c->digest));
	if (!rc)
		rc = want_hex(&r, "seal", c->signature, sizeof(c->signature));
	if (!rc)
		rc = want_hex(&r, "key", c->key, sizeof(c->key));
	if (!rc && (rc = next_line(&r, word)) == 1)
		rc = bad(&r, "nothing more may stand here");
	return rc;
}

int sc_checkpoint_read(const char *path, struct sc_checkpoint *c, struct sc_error *err)
{
	struct sc_buf text = { 0 };
	int rc = sc_key_file(path, SC_CHECKPOINT_MAX, false, &text, err);

	if (!rc)
		rc = sc_checkpoint_get((const char *)text.data, text.len, path, c, err);
	sc_buf_free(&text);
	return rc;
}

/* ---- making one ---- */

/* What the item at hand would make of a checkpoint. */
static int take_item(const struct sc_walk *w, struct sc_checkpoint *c, struct sc_segment_head *head)
{
	const struct sc_item *it = &w->block.item;
	const struct sc_block_head *b = &w->block.h;
	const struct sc_seal *seal;
	struct sc_segment_foot foot;
	int rc = 0;

	switch (it->kind) {
	case SC_ITEM_SEGMENT:
		rc = sc_segment_get_head(it, head);
		seal = &head->seal;
		c->segment = head->number;
		c->block = head->block - 1;
		c->seq = head->seq - 1;
		memcpy(c->store, head->store, sizeof(c->store));
		memcpy(c->key, head->key, sizeof(c->key));
		break;
	case SC_ITEM_FOOTER:
		rc = sc_segment_get_foot(it, &foot);
		seal = &foot.seal;
		if (!rc && foot.block && foot.seq) {
			c->block = foot.block - 1;
			c->seq = foot.seq - 1;
		}
		break;
	default:
		seal = &b->seal;
		c->block = b->number;
		c->seq = b->first + b->count[SC_ROWS_CALL] - 1;
	}
	if (rc)
		return rc;
	memcpy(c->head, it->hash, sizeof(c->head));
	c->sealed = seal->at && head->keyed;
	if (c->sealed) {
		sc_seal_digest(&it->head, seal, c->digest);
		memcpy(c->signature, seal->signature, sizeof(c->signature));
	}
	return 0;
}

/* Walk the last segment as far as the index says that it is durable. */
static int walk(const char *dir, int fd, uint64_t size, const uint8_t last[SC_HASH_LEN],
		struct sc_checkpoint *c, struct sc_error *err)
{
	struct sc_segment_head *head = calloc(1, sizeof(*head));
	bool any = false;
	struct sc_walk w;
	int rc = head ? 0 : -ENOMEM;

	sc_walk_init(&w, fd, size, 0);
	while (!rc) {
		rc = sc_walk_next(&w);
		if (rc != SC_WALK_ITEM || w.lost) {
			rc = any && rc >= 0 && !w.lost ? 0 : rc < 0 ? rc : -EBADMSG;
			break;
		}
		rc = take_item(&w, c, head);
		any = !rc;
		if (!rc && !memcmp(w.block.item.hash, last, SC_HASH_LEN))
			break;
	}
	sc_walk_free(&w);
	free(head);
	if (rc == -EBADMSG)
		return sc_fail(err, rc,
			       "%s: its last segment is damaged, so there is nothing to vouch for: "
			       "'scquery verify' tells what is wrong",
			       dir);
	return rc ? sc_fail(err, rc, "%s: its last segment cannot be read: %s", dir,
			    strerror(-rc)) :
		    0;
}

int sc_checkpoint_make(const char *dir, struct sc_checkpoint *c, struct sc_error *err)
{
	struct sc_index_tail tail = { 0 };
	struct sc_store *s;
	uint64_t size = 0;
	int rc = sc_store_open(dir, &s, err), fd = -1;

	*c = (struct sc_checkpoint){ .time = sc_time_now() };
	if (rc)
		return rc;
	do {
		rc = sc_index_tail(s->ix, &tail, err);
		rc = sc_index_again(s->ix, rc, err);
	} while (rc == 1);
	if (!rc && !tail.segment)
		rc = sc_fail(err, -ENODATA, "%s: nothing has been recorded yet", dir);
	if (!rc) {
		rc = sc_store_segment(s, tail.segment, &fd, &size);
		if (rc)
			sc_fail(err, rc, "%s: its last segment cannot be read: %s", dir,
				strerror(-rc));
	}
	if (!rc)
		rc = walk(dir, fd, size, tail.hash, c, err);
	sc_store_close(s);
	return rc;
}
