// SPDX-License-Identifier: GPL-2.0-only
#include "touch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "format/payload.h"
#include "decode/syscalls.h"

#define NUMBERS 1024u

enum kind {
	OPEN, /* a path, flags in argument `more` */
	OPEN_HOW, /* openat2 */
	PATH, /* what is done to a path */
	RENAME, /* a path to another: the folder in `more`, the path behind it */
	FD, /* what is done to argument `path` */
	MOVE, /* bytes from one descriptor (`path`) to another (`more`) */
	MAP,
};

struct row {
	const char *name;
	enum kind kind;
	int8_t dir; /* argument; -1: none */
	uint8_t path;
	int8_t more;
	unsigned how;
};

#define PATH_ROW(call, dir, path, how)         \
	{                                      \
		call, PATH, dir, path, -1, how \
	}
#define FD_ROW(call, how)                \
	{                                \
		call, FD, -1, 0, -1, how \
	}

static const struct row rows[] = {
	{ "open", OPEN, -1, 0, 1, SC_TOUCH_OPENED },
	{ "openat", OPEN, 0, 1, 2, SC_TOUCH_OPENED },
	{ "openat2", OPEN_HOW, 0, 1, 2, SC_TOUCH_OPENED },
	PATH_ROW("creat", -1, 0, SC_TOUCH_OPENED | SC_TOUCH_PERHAPS_CREATED | SC_TOUCH_TRUNCATED),
	PATH_ROW("execve", -1, 0, SC_TOUCH_EXECUTED),
	PATH_ROW("execveat", 0, 1, SC_TOUCH_EXECUTED),
	PATH_ROW("mkdir", -1, 0, SC_TOUCH_CREATED),
	PATH_ROW("mkdirat", 0, 1, SC_TOUCH_CREATED),
	PATH_ROW("mknod", -1, 0, SC_TOUCH_CREATED),
	PATH_ROW("mknodat", 0, 1, SC_TOUCH_CREATED),
	PATH_ROW("symlink", -1, 1, SC_TOUCH_CREATED),
	PATH_ROW("symlinkat", 1, 2, SC_TOUCH_CREATED),
	PATH_ROW("link", -1, 1, SC_TOUCH_CREATED),
	PATH_ROW("linkat", 2, 3, SC_TOUCH_CREATED),
	PATH_ROW("unlink", -1, 0, SC_TOUCH_REMOVED),
	PATH_ROW("unlinkat", 0, 1, SC_TOUCH_REMOVED),
	PATH_ROW("rmdir", -1, 0, SC_TOUCH_REMOVED),
	PATH_ROW("chmod", -1, 0, SC_TOUCH_MODE),
	PATH_ROW("fchmodat", 0, 1, SC_TOUCH_MODE),
	PATH_ROW("fchmodat2", 0, 1, SC_TOUCH_MODE),
	PATH_ROW("chown", -1, 0, SC_TOUCH_OWNER),
	PATH_ROW("lchown", -1, 0, SC_TOUCH_OWNER),
	PATH_ROW("chown32", -1, 0, SC_TOUCH_OWNER),
	PATH_ROW("lchown32", -1, 0, SC_TOUCH_OWNER),
	PATH_ROW("fchownat", 0, 1, SC_TOUCH_OWNER),
	PATH_ROW("truncate", -1, 0, SC_TOUCH_TRUNCATED),
	PATH_ROW("truncate64", -1, 0, SC_TOUCH_TRUNCATED),
	{ "rename", RENAME, -1, 0, 1, SC_TOUCH_RENAMED },
	{ "renameat", RENAME, 0, 1, 2, SC_TOUCH_RENAMED },
	{ "renameat2", RENAME, 0, 1, 2, SC_TOUCH_RENAMED },
	FD_ROW("fchmod", SC_TOUCH_MODE),
	FD_ROW("fchown", SC_TOUCH_OWNER),
	FD_ROW("fchown32", SC_TOUCH_OWNER),
	FD_ROW("ftruncate", SC_TOUCH_TRUNCATED),
	FD_ROW("ftruncate64", SC_TOUCH_TRUNCATED),
	FD_ROW("read", SC_TOUCH_READ),
	FD_ROW("pread64", SC_TOUCH_READ),
	FD_ROW("readv", SC_TOUCH_READ),
	FD_ROW("preadv", SC_TOUCH_READ),
	FD_ROW("preadv2", SC_TOUCH_READ),
	FD_ROW("getdents", SC_TOUCH_READ),
	FD_ROW("getdents64", SC_TOUCH_READ),
	FD_ROW("write", SC_TOUCH_WRITTEN),
	FD_ROW("pwrite64", SC_TOUCH_WRITTEN),
	FD_ROW("writev", SC_TOUCH_WRITTEN),
	FD_ROW("pwritev", SC_TOUCH_WRITTEN),
	FD_ROW("pwritev2", SC_TOUCH_WRITTEN),
	{ "sendfile", MOVE, -1, 1, 0, 0 },
	{ "sendfile64", MOVE, -1, 1, 0, 0 },
	{ "splice", MOVE, -1, 0, 2, 0 },
	{ "copy_file_range", MOVE, -1, 0, 2, 0 },
	{ "mmap", MAP, -1, 4, -1, SC_TOUCH_MAPPED },
	{ "mmap2", MAP, -1, 4, -1, SC_TOUCH_MAPPED },
};

static const struct row *table[SC_ABIS][NUMBERS];

static void fill_table(void)
{
	static bool done;
	unsigned abi;
	size_t i;

	if (done)
		return;
	for (abi = 0; abi < SC_ABIS; abi++) {
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			const struct sc_syscall *s =
				sc_syscall_by_name(abi, rows[i].name, strlen(rows[i].name));

			/* i386's first mmap has one argument, which points to the others. */
			if (s && s->nr < NUMBERS &&
			    !(abi == SC_ABI_I386 && !strcmp(rows[i].name, "mmap")))
				table[abi][s->nr] = &rows[i];
		}
	}
	done = true;
}

ssize_t sc_touch_numbers(uint64_t **nrs)
{
	uint64_t *list = calloc((size_t)SC_ABIS * NUMBERS, sizeof(*list));
	ssize_t n = 0;
	unsigned abi;
	uint32_t nr;

	*nrs = list;
	if (!list)
		return -ENOMEM;
	fill_table();
	for (abi = 0; abi < SC_ABIS; abi++) {
		uint64_t kind = abi == SC_ABI_I386 ? SCAUDIT_ABI_I386 : SCAUDIT_ABI_X86_64;

		for (nr = 0; nr < NUMBERS; nr++)
			if (table[abi][nr])
				list[n++] = kind << 32 | nr | (abi == SC_ABI_X32 ? SC_X32_BIT : 0);
	}
	return n;
}

const char *sc_touch_name(unsigned bit)
{
	static const char *const names[SC_TOUCHES] = {
		"opened",  "read",  "written", "created",   "created?", "renamed",
		"removed", "chmod", "chown",   "truncated", "mapped",	"executed",
	};

	return bit < SC_TOUCHES ? names[bit] : "?";
}

static unsigned open_how(uint64_t flags)
{
	unsigned how = SC_TOUCH_OPENED;

	if (flags & O_CREAT)
		how |= flags & O_EXCL ? SC_TOUCH_CREATED : SC_TOUCH_PERHAPS_CREATED;
	if (flags & O_TRUNC)
		how |= SC_TOUCH_TRUNCATED;
	return how;
}

/* The name of a descriptor that has one; else NULL. */
static const char *name_of(struct sc_history *h, const struct sc_call *c, unsigned arg)
{
	const struct sc_file *f = sc_history_file(h, c, (int)c->args[arg]);

	return f && f->kind == SC_FILE_PATH ? f->name : NULL;
}

static int touch_fd(struct sc_history *h, const struct sc_call *c, const struct row *row,
		    sc_touch_fn *fn, void *arg)
{
	struct sc_touch t = { .path = name_of(h, c, row->path), .how = row->how };

	if (!t.path)
		return 0;
	if (row->kind == MAP &&
	    !(c->args[2] & PROT_WRITE && (c->args[3] & MAP_TYPE) != MAP_PRIVATE))
		return 0;
	if (!sc_call_failed(c)) {
		t.read = row->how & SC_TOUCH_READ ? (uint64_t)c->ret : 0;
		t.written = row->how & SC_TOUCH_WRITTEN ? (uint64_t)c->ret : 0;
	}
	return fn(&t, arg);
}

static int move(struct sc_history *h, const struct sc_call *c, const struct row *row,
		sc_touch_fn *fn, void *arg)
{
	uint64_t bytes = sc_call_failed(c) ? 0 : (uint64_t)c->ret;
	struct sc_touch from = { .path = name_of(h, c, row->path),
				 .how = SC_TOUCH_READ,
				 .read = bytes };
	struct sc_touch to = { .path = name_of(h, c, (unsigned)row->more),
			       .how = SC_TOUCH_WRITTEN,
			       .written = bytes };
	int rc = from.path ? fn(&from, arg) : 0;

	return !rc && to.path ? fn(&to, arg) : rc;
}

static int touch_path(struct sc_history *h, const struct sc_call *c, const struct row *row,
		      sc_touch_fn *fn, void *arg)
{
	char path[SC_PATH_MAX], to[SC_PATH_MAX];
	struct sc_touch t = { .path = path, .how = row->how };
	struct sc_piece piece;
	uint64_t flags = 0;

	if (!sc_history_path(h, c, row->dir, row->path, path))
		return 0;
	if (row->kind == OPEN)
		t.how = open_how(c->args[row->more]);
	if (row->kind == OPEN_HOW &&
	    sc_call_piece(c, (unsigned)row->more, SCAUDIT_PART_DATA, 0, false, &piece) &&
	    piece.size >= sizeof(flags)) {
		memcpy(&flags, piece.data, sizeof(flags));
		t.how = open_how(flags);
	}
	if (row->kind == RENAME) {
		bool beside = row->dir >= 0;

		t.to = sc_history_path(h, c, beside ? row->more : -1, (unsigned)row->more + beside,
				       to) ?
			       to :
			       "?";
	}
	return fn(&t, arg);
}

int sc_touches(struct sc_history *h, const struct sc_call *call, sc_touch_fn *fn, void *arg)
{
	enum sc_abi abi = sc_call_abi(call);
	uint32_t nr = (uint32_t)sc_call_nr(call) - (abi == SC_ABI_X32 ? SC_X32_BIT : 0);
	const struct row *row;
	bool executed;

	fill_table();
	row = nr < NUMBERS ? table[abi][nr] : NULL;
	if (!row)
		return 0;
	executed = row->how & SC_TOUCH_EXECUTED && call->state == SC_STATE_NEVER;
	if (!sc_call_has_ret(call) && !executed)
		return 0;
	switch (row->kind) {
	case FD:
	case MAP:
		return touch_fd(h, call, row, fn, arg);
	case MOVE:
		return move(h, call, row, fn, arg);
	default:
		return touch_path(h, call, row, fn, arg);
	}
}
