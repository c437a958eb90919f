// SPDX-License-Identifier: GPL-2.0-only
#include "repair.h"

#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recover.h"
#include "writer_private.h"

#define TOLD 16u /* findings that are said one by one */

struct repairing {
	const char *dir;
	const struct sc_repair_options *options;
	struct sc_repaired *done;
	struct sc_error *err;
	uint64_t index, lost; /* findings */
};

static void say(struct repairing *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct repairing *r, const char *format, ...)
{
	char line[512];
	va_list args;

	if (!r->options->said)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	r->options->said(line, r->options->arg);
}

/* What the segments do not have, no index has: it is lost. */
static void count(const struct sc_finding *f, void *arg)
{
	struct repairing *r = arg;

	if (f->kind == SC_FINDING_NOTE)
		return;
	if (f->kind == SC_FINDING_INDEX)
		r->index++;
	else
		r->lost++;
}

static void tell_lost(const struct sc_finding *f, void *arg)
{
	struct repairing *r = arg;

	if (f->kind == SC_FINDING_NOTE)
		return;
	if (r->lost++ >= TOLD)
		return;
	if (f->segment)
		say(r,
		    "not mended: %s: " SC_SEGMENTS_DIR "/%06" PRIu32 ".scs, byte %" PRIu64 ": %s",
		    sc_finding_name(f->kind), f->segment, f->offset, f->text);
	else
		say(r, "not mended: %s: %s", sc_finding_name(f->kind), f->text);
}

static int verify(struct repairing *r, sc_finding_fn *found, struct sc_verified *v)
{
	struct sc_verify_options o = { .full = true, .found = found, .arg = r };

	r->index = r->lost = 0;
	return sc_verify(r->dir, &o, v, r->err);
}

/*
 * How a reader finds the index, and where it says that the store ends.
 * @behind  the segments go on
 * @retval as of sc_index_open_read()
 */
static int look_at_index(struct repairing *r, bool *behind, struct sc_index_tail *tail)
{
	int fd = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), segments, rc;
	struct sc_error why = { "" };
	struct sc_index *ix = NULL;

	if (fd < 0)
		return sc_fail(r->err, -errno, "%s: %s", r->dir, strerror(errno));
	rc = sc_index_open_read(r->dir, fd, &ix, &why);
	segments = openat(fd, SC_SEGMENTS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!rc && segments >= 0)
		rc = sc_recover_needed(ix, segments, behind, &why);
	if (!rc)
		rc = sc_index_tail(ix, tail, &why);
	sc_index_close(ix);
	if (segments >= 0)
		close(segments);
	close(fd);
	return rc;
}

/* Why the index has to be made again; NULL: it has not. */
static const char *what_ails(const struct repairing *r, int rc)
{
	switch (rc) {
	case 0:
		return r->index ? "says something else than the segments" : NULL;
	case -ENOENT:
		return "missing";
	case -ESTALE:
		return "of another version";
	default:
		return "damaged";
	}
}

static int mend(struct repairing *r, const char *ails, bool is_there,
		const struct sc_index_tail *was)
{
	struct sc_error notice = { "" };
	struct sc_recovery recovery = { .repair = true, .keep = true, .notice = &notice };
	struct sc_index_tail tail;
	char aside[SC_ASIDE_LEN];
	struct sc_writer *w;
	int rc = sc_writer_lock(r->dir, &w, r->err);

	if (rc)
		return rc;
	if (ails && is_there)
		rc = sc_writer_put_aside(w, "damaged", aside, r->err);
	if (!rc)
		rc = sc_writer_index(w, &recovery, &tail, r->err);
	sc_writer_free(w);
	if (rc)
		return rc;
	if (ails && is_there)
		say(r, SC_INDEX_FILE ": %s: put aside as %s and made again", ails, aside);
	else if (ails)
		say(r, SC_INDEX_FILE ": %s: made again", ails);
	else if (tail.segment != was->segment || tail.bytes != was->bytes)
		say(r, SC_INDEX_FILE ": brought up to the segments");
	else if (!recovery.torn)
		return 0; /* what follows is none of its items, and stays */
	if (recovery.torn)
		say(r,
		    "%" PRIu64
		    " bytes that were no whole item were moved from the segments to " SC_TORN_DIR
		    "/",
		    recovery.torn);
	r->done->index = true;
	r->done->torn += recovery.torn;
	return 0;
}

int sc_store_repair(const char *dir, const struct sc_repair_options *options,
		    struct sc_repaired *done, struct sc_error *err)
{
	struct sc_error why = { "" };
	struct repairing r = { dir, options, done, err ? err : &why, 0, 0 };
	struct sc_index_tail tail = { 0 };
	struct sc_verified before;
	struct sc_writer *w;
	bool behind = false;
	const char *ails;
	struct stat st;
	int rc, ix;

	*done = (struct sc_repaired){ 0 };
	if (stat(dir, &st))
		return sc_fail(err, -errno, "%s: %s", dir, strerror(errno));
	rc = verify(&r, count, &before);
	if (rc)
		return rc;
	/* Asked only now: a recorder that has ended meanwhile has left nothing that is untrue of it. */
	rc = sc_writer_lock(dir, &w, r.err);
	if (rc)
		return rc;
	sc_writer_free(w);
	ix = look_at_index(&r, &behind, &tail);
	if (ix == -EACCES || ix == -EPERM || ix == -ENOMEM || ix == -EPROTO)
		return sc_fail(r.err, ix, "%s/" SC_INDEX_FILE ": %s", dir,
			       ix == -EPROTO ? "made by a newer scaudit; use that one" :
					       strerror(-ix));
	ails = what_ails(&r, ix);
	if (options->dry) {
		if (ails)
			say(&r, SC_INDEX_FILE ": %s: would be made again from the segments", ails);
		else if (behind)
			say(&r,
			    SC_INDEX_FILE ": would be brought up to the segments, and what is no "
					  "whole item at their end moved to " SC_TORN_DIR "/");
		done->index = ails || behind;
		done->after = before;
		done->lost = r.lost;
		return 0;
	}
	if (behind && !ails) {
		rc = mend(&r, NULL, true, &tail);
		/* What it did not know may have hidden that it is wrong about the rest. */
		if (!rc)
			rc = verify(&r, count, &done->after);
		if (rc)
			return rc;
		ails = what_ails(&r, 0);
	}
	if (ails) {
		rc = mend(&r, ails, ix != -ENOENT, &tail);
		if (rc)
			return rc;
	}
	rc = verify(&r, tell_lost, &done->after);
	if (!rc && r.lost > TOLD)
		say(&r, "not mended: %" PRIu64 " more; 'scquery verify --full' shows them",
		    r.lost - TOLD);
	done->lost = r.lost;
	return rc;
}
