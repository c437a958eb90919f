// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/stat.h>

#include "struct_rows.h"

/* ---- stat: four layouts, one text ---- */

struct place {
	uint8_t at, size; /* 0 bytes: it is not there */
};

struct stat_places {
	struct place dev, ino, mode, nlink, uid, gid, blksize, blocks, rdev, size;
	struct place atime, mtime, ctime;
	uint8_t ns; /* bytes of the nanoseconds, which stand behind each time */
};

static const struct stat_places stat_x86_64 = {
	{ 0, 8 },  { 8, 8 },  { 24, 4 }, { 16, 8 }, { 28, 4 }, { 32, 4 },  { 56, 8 },
	{ 64, 8 }, { 40, 8 }, { 48, 8 }, { 72, 8 }, { 88, 8 }, { 104, 8 }, 8,
};
static const struct stat_places stat_i386 = {
	{ 0, 4 },  { 4, 4 },  { 8, 2 },	 { 10, 2 }, { 12, 2 }, { 14, 2 }, { 24, 4 },
	{ 28, 4 }, { 16, 4 }, { 20, 4 }, { 32, 4 }, { 40, 4 }, { 48, 4 }, 4,
};
static const struct stat_places stat64_i386 = {
	{ 0, 8 },  { 88, 8 }, { 16, 4 }, { 20, 4 }, { 24, 4 }, { 28, 4 }, { 52, 4 },
	{ 56, 8 }, { 32, 8 }, { 44, 8 }, { 64, 4 }, { 72, 4 }, { 80, 4 }, 4,
};
static const struct stat_places old_stat = {
	{ 0, 2 }, { 2, 2 },  { 4, 2 },	{ 6, 2 },  { 8, 2 },  { 10, 2 }, { 0, 0 },
	{ 0, 0 }, { 12, 2 }, { 16, 4 }, { 20, 4 }, { 24, 4 }, { 28, 4 }, 0,
};

static bool put_place(const struct sc_struct_args *a, const char *name, struct place p,
		      enum sc_form form)
{
	uint64_t value;

	if (!p.size)
		return false;
	if (!sc_view_get(a->v, p.at, p.size, &value))
		return false;
	sc_text_name(a->d->t, name);
	sc_form_put(a->d, form, 0, value, p.size);
	return true;
}

static void put_time(const struct sc_struct_args *a, const char *name, const char *ns_name,
		     struct place p, unsigned ns_size)
{
	uint64_t ns = sc_view_u64(a->v, p.at + p.size, ns_size);
	uint64_t seconds = sc_view_u64(a->v, p.at, p.size);

	if (!put_place(a, name, p, SC_F_SIGNED))
		return;
	sc_time_remark(a->d->t, p.size == 4 ? (int32_t)seconds : (int64_t)seconds, ns);
	if (!ns_size)
		return;
	sc_text_name(a->d->t, ns_name);
	sc_text_u64(a->d->t, ns);
}

static void put_stat_by(const struct sc_struct_args *a, const struct stat_places *p)
{
	unsigned mode = (unsigned)sc_view_u64(a->v, p->mode.at, p->mode.size);
	bool device = S_ISCHR(mode) || S_ISBLK(mode), all = a->d->all;

	sc_text_open(a->d->t, '{');
	if (all) {
		put_place(a, "st_dev", p->dev, SC_F_DEV);
		put_place(a, "st_ino", p->ino, SC_F_UNSIGNED);
	}
	put_place(a, "st_mode", p->mode, SC_F_MODE);
	if (all) {
		put_place(a, "st_nlink", p->nlink, SC_F_UNSIGNED);
		put_place(a, "st_uid", p->uid, SC_F_ID);
		put_place(a, "st_gid", p->gid, SC_F_ID);
		put_place(a, "st_blksize", p->blksize, SC_F_UNSIGNED);
		put_place(a, "st_blocks", p->blocks, SC_F_UNSIGNED);
	}
	if (device)
		put_place(a, "st_rdev", p->rdev, SC_F_DEV);
	else
		put_place(a, "st_size", p->size, SC_F_UNSIGNED);
	if (all) {
		put_time(a, "st_atime", "st_atime_nsec", p->atime, p->ns);
		put_time(a, "st_mtime", "st_mtime_nsec", p->mtime, p->ns);
		put_time(a, "st_ctime", "st_ctime_nsec", p->ctime, p->ns);
	}
	if (!all || a->v.len <= p->ctime.at)
		sc_text_more(a->d->t);
	sc_text_close(a->d->t, '}');
}

static void put_stat(const struct sc_struct_args *a)
{
	put_stat_by(a, a->d->abi == SC_ABI_I386 ? &stat_i386 : &stat_x86_64);
}

static void put_stat64(const struct sc_struct_args *a)
{
	put_stat_by(a, a->d->abi == SC_ABI_I386 ? &stat64_i386 : &stat_x86_64);
}

static void put_old_stat(const struct sc_struct_args *a)
{
	put_stat_by(a, &old_stat);
}

/* ---- statx ---- */

static void put_statx_time(const struct sc_struct_args *a, const char *name, size_t at)
{
	static const struct sc_field fields[] = {
		FIELD("tv_sec", 64, SIGNED),
		FIELD("tv_nsec", 32, UNSIGNED),
	};
	struct sc_struct_args inner = { a->d, sc_view_from(a->v, at, 12), a->at_return };

	if (inner.v.len < 12)
		return;
	sc_text_name(a->d->t, name);
	sc_text_open(a->d->t, '{');
	sc_fields_put(&inner, fields, 2);
	sc_text_close(a->d->t, '}');
	sc_time_remark(a->d->t, (int64_t)sc_view_u64(a->v, at, 8), sc_view_u64(a->v, at + 8, 4));
}

static void put_statx_flags(const struct sc_struct_args *a, const char *name, struct place p,
			    enum sc_table table)
{
	uint64_t value;

	if (!sc_view_get(a->v, p.at, p.size, &value))
		return;
	sc_text_name(a->d->t, name);
	sc_form_put(a->d, SC_F_FLAGS, table, value, p.size);
}

static void put_statx(const struct sc_struct_args *a)
{
	bool all = a->d->all;

	sc_text_open(a->d->t, '{');
	put_statx_flags(a, "stx_mask", (struct place){ 0, 4 }, SC_T_statx);
	if (all)
		put_place(a, "stx_blksize", (struct place){ 4, 4 }, SC_F_UNSIGNED);
	put_statx_flags(a, "stx_attributes", (struct place){ 8, 8 }, SC_T_statx_attr);
	if (all) {
		put_place(a, "stx_nlink", (struct place){ 16, 4 }, SC_F_UNSIGNED);
		put_place(a, "stx_uid", (struct place){ 20, 4 }, SC_F_ID);
		put_place(a, "stx_gid", (struct place){ 24, 4 }, SC_F_ID);
	}
	put_place(a, "stx_mode", (struct place){ 28, 2 }, SC_F_MODE);
	if (all)
		put_place(a, "stx_ino", (struct place){ 32, 8 }, SC_F_UNSIGNED);
	put_place(a, "stx_size", (struct place){ 40, 8 }, SC_F_UNSIGNED);
	if (all) {
		put_place(a, "stx_blocks", (struct place){ 48, 8 }, SC_F_UNSIGNED);
		put_statx_flags(a, "stx_attributes_mask", (struct place){ 56, 8 }, SC_T_statx_attr);
		put_statx_time(a, "stx_atime", 64);
		put_statx_time(a, "stx_btime", 80);
		put_statx_time(a, "stx_ctime", 96);
		put_statx_time(a, "stx_mtime", 112);
		put_place(a, "stx_rdev_major", (struct place){ 128, 4 }, SC_F_UNSIGNED);
		put_place(a, "stx_rdev_minor", (struct place){ 132, 4 }, SC_F_UNSIGNED);
		put_place(a, "stx_dev_major", (struct place){ 136, 4 }, SC_F_UNSIGNED);
		put_place(a, "stx_dev_minor", (struct place){ 140, 4 }, SC_F_UNSIGNED);
		put_place(a, "stx_mnt_id", (struct place){ 144, 8 }, SC_F_HEX);
	}
	if (!all || a->v.len < 152)
		sc_text_more(a->d->t);
	sc_text_close(a->d->t, '}');
}

/* ---- others ---- */

static const struct sc_field fsid[] = { NUMBERS("val", 32, HEX, 2) };

#define STATFS(word, number)                                                                     \
	{                                                                                        \
		ENUM("f_type", word, fs_magic), FIELD("f_bsize", word, UNSIGNED),                \
			FIELD("f_blocks", number, UNSIGNED), FIELD("f_bfree", number, UNSIGNED), \
			FIELD("f_bavail", number, UNSIGNED), FIELD("f_files", number, UNSIGNED), \
			FIELD("f_ffree", number, UNSIGNED), STRUCT("f_fsid", FSID),              \
			FIELD("f_namelen", word, UNSIGNED), FIELD("f_frsize", word, UNSIGNED),   \
			FLAGS("f_flags", word, st_flags)                                         \
	}

static const struct sc_field statfs_long[] = STATFS(KLONG, KLONG);
static const struct sc_field statfs64_i386[] = STATFS(32, PACKED64);

static void put_statfs(const struct sc_struct_args *a)
{
	sc_text_open(a->d->t, '{');
	sc_fields_put(a, SC_FIELDS_OF(statfs_long));
	sc_text_close(a->d->t, '}');
}

static void put_statfs64(const struct sc_struct_args *a)
{
	sc_text_open(a->d->t, '{');
	if (a->d->abi == SC_ABI_I386)
		sc_fields_put(a, SC_FIELDS_OF(statfs64_i386));
	else
		sc_fields_put(a, SC_FIELDS_OF(statfs_long));
	sc_text_close(a->d->t, '}');
}

static const struct sc_field ustat[] = {
	FIELD("f_tfree", KLONG, UNSIGNED),
	FIELD("f_tinode", KLONG, UNSIGNED),
	CHARS("f_fname", 6),
	CHARS("f_fpack", 6),
};

#define FLOCK(width)                                                                   \
	{                                                                              \
		ENUM("l_type", 16, lock_type), ENUM("l_whence", 16, seek),             \
			FIELD("l_start", width, SIGNED), FIELD("l_len", width, SIGNED) \
	}

static const struct sc_field flock_long[] = FLOCK(KLONG);
static const struct sc_field flock_64[] = FLOCK(64);

/* Whose lock it is is an answer. */
static void put_flock_by(const struct sc_struct_args *a, const struct sc_field *fields, size_t n)
{
	size_t at = 4 + (a->d->abi == SC_ABI_I386 ? 0 : 4);
	unsigned width = sc_width_size((enum sc_width)fields[2].width, a->d->abi);
	uint64_t pid;

	at += 2 * width;
	sc_text_open(a->d->t, '{');
	sc_fields_put(a, fields, n);
	if (a->at_return && sc_view_get(a->v, at, 4, &pid)) {
		sc_text_name(a->d->t, "l_pid");
		sc_text_i64(a->d->t, (int32_t)pid);
	}
	sc_text_close(a->d->t, '}');
}

static void put_flock(const struct sc_struct_args *a)
{
	put_flock_by(a, SC_FIELDS_OF(flock_long));
}

static void put_flock64(const struct sc_struct_args *a)
{
	put_flock_by(a, SC_FIELDS_OF(flock_64));
}

static const struct sc_field f_owner_ex[] = {
	ENUM("type", 32, owner),
	FIELD("pid", 32, SIGNED),
};

static void put_open_how(const struct sc_struct_args *a)
{
	uint64_t flags = sc_view_u64(a->v, 0, 8), mode = sc_view_u64(a->v, 8, 8);

	sc_text_open(a->d->t, '{');
	sc_text_name(a->d->t, "flags");
	sc_form_put(a->d, SC_F_FLAGS, SC_T_open, flags, 8);
	if (mode || flags & 0100) {
		sc_text_name(a->d->t, "mode");
		sc_text_octal(a->d->t, mode);
	}
	sc_text_name(a->d->t, "resolve");
	sc_form_put(a->d, SC_F_FLAGS, SC_T_resolve, sc_view_u64(a->v, 16, 8), 8);
	if (a->v.len < 24)
		sc_text_more(a->d->t);
	sc_text_close(a->d->t, '}');
}

static void put_file_handle(const struct sc_struct_args *a)
{
	uint64_t bytes = sc_view_u64(a->v, 0, 4);
	struct sc_view rest = sc_view_from(a->v, 8, bytes);

	sc_text_open(a->d->t, '{');
	sc_text_name(a->d->t, "handle_bytes");
	sc_text_u64(a->d->t, bytes);
	if (a->v.len >= 8) {
		sc_text_name(a->d->t, "handle_type");
		sc_text_i64(a->d->t, (int32_t)sc_view_u64(a->v, 4, 4));
	}
	if (rest.len) {
		sc_text_name(a->d->t, "f_handle");
		sc_text_random(a->d->t, rest.data, rest.len, ~(size_t)0, rest.len < bytes);
	}
	sc_text_close(a->d->t, '}');
}

static const struct sc_field mount_attr[] = {
	FLAGS("attr_set", 64, mount_attr),
	FLAGS("attr_clr", 64, mount_attr),
	FLAGS("propagation", 64, mount_propagation),
	FIELD("userns_fd", 64, FD),
};
static const struct sc_field cachestat_range[] = {
	FIELD("off", 64, UNSIGNED),
	FIELD("len", 64, UNSIGNED),
};
static const struct sc_field cachestat[] = {
	FIELD("nr_cache", 64, UNSIGNED),
	FIELD("nr_dirty", 64, UNSIGNED),
	FIELD("nr_writeback", 64, UNSIGNED),
	FIELD("nr_evicted", 64, UNSIGNED),
	FIELD("nr_recently_evicted", 64, UNSIGNED),
};
static const struct sc_field winsize[] = {
	FIELD("ws_row", 16, UNSIGNED),
	FIELD("ws_col", 16, UNSIGNED),
	FIELD("ws_xpixel", 16, UNSIGNED),
	FIELD("ws_ypixel", 16, UNSIGNED),
};

/* ---- termios ---- */

static const struct sc_field termios_modes[] = {
	FLAGS("c_iflag", 32, tty_iflag),
	FLAGS("c_oflag", 32, tty_oflag),
	FLAGS("c_cflag", 32, tty_cflag),
	FLAGS("c_lflag", 32, tty_lflag),
};

static void put_controls(struct sc_text *t, struct sc_view v)
{
	static const char *const names[] = {
		"VINTR",    "VQUIT",	"VERASE",  "VKILL",  "VEOF",  "VTIME",
		"VMIN",	    "VSWTC",	"VSTART",  "VSTOP",  "VSUSP", "VEOL",
		"VREPRINT", "VDISCARD", "VWERASE", "VLNEXT", "VEOL2",
	};
	size_t i;

	sc_text_open(t, '[');
	for (i = 0; i < v.len; i++) {
		sc_text_item(t);
		sc_text_remark(t, "[");
		if (i < sizeof(names) / sizeof(names[0]))
			sc_text_remark(t, names[i]);
		else if (!t->json)
			sc_text_u64(t, i);
		sc_text_remark(t, "]=");
		sc_text_hex(t, v.data[i]);
	}
	sc_text_close(t, ']');
}

static void put_termios(const struct sc_struct_args *a)
{
	struct sc_struct_args modes = { a->d, sc_view_from(a->v, 0, 16), a->at_return };

	sc_text_open(a->d->t, '{');
	sc_fields_put(&modes, SC_FIELDS_OF(termios_modes));
	if (a->d->all && a->v.len >= 17) {
		sc_text_name(a->d->t, "c_line");
		sc_form_put(a->d, SC_F_ENUM, SC_T_tty_ldisc, a->v.data[16], 1);
		sc_text_name(a->d->t, "c_cc");
		put_controls(a->d->t, sc_view_from(a->v, 17, 19));
		if (a->v.len >= 44) {
			sc_text_name(a->d->t, "c_ispeed");
			sc_text_u64(a->d->t, sc_view_u64(a->v, 36, 4));
			sc_text_name(a->d->t, "c_ospeed");
			sc_text_u64(a->d->t, sc_view_u64(a->v, 40, 4));
		}
	} else {
		sc_text_more(a->d->t);
	}
	sc_text_close(a->d->t, '}');
}

/* ---- the entries of a folder ---- */

size_t sc_dirents_count(struct sc_view v, bool wide, enum sc_abi abi, bool *whole)
{
	size_t head = wide ? 16 : 2 * sc_width_size(SC_WKLONG, abi);
	size_t at = 0, n = 0;
	uint64_t len;

	*whole = false;
	while (at < v.len) {
		if (!sc_view_get(v, at + head, 2, &len) || len < head + 2 || len > v.len - at)
			return n;
		at += len;
		n++;
	}
	*whole = true;
	return n;
}

static void put_dirent(const struct sc_struct_args *a, struct sc_view e, bool wide)
{
	unsigned size = wide ? 8 : sc_width_size(SC_WKLONG, a->d->abi);
	size_t name = 2u * size + (wide ? 3 : 2);
	struct sc_view text = sc_view_from(e, name, e.len);
	uint8_t type = wide ? (uint8_t)sc_view_u64(e, name - 1, 1) : e.data[e.len - 1];
	struct sc_text *t = a->d->t;

	sc_text_item(t);
	sc_text_open(t, '{');
	sc_text_name(t, "d_ino");
	sc_text_u64(t, sc_view_u64(e, 0, size));
	sc_text_name(t, "d_off");
	sc_text_i64(t, (int64_t)sc_view_u64(e, size, size));
	sc_text_name(t, "d_reclen");
	sc_text_u64(t, e.len);
	if (wide) {
		sc_text_name(t, "d_type");
		sc_form_put(a->d, SC_F_ENUM, SC_T_dirent_type, type, 1);
	}
	sc_text_name(t, "d_name");
	sc_text_bytes(t, text.data, strnlen((const char *)text.data, text.len), ~(size_t)0, false);
	if (!wide) {
		sc_text_name(t, "d_type");
		sc_form_put(a->d, SC_F_ENUM, SC_T_dirent_type, type, 1);
	}
	sc_text_close(t, '}');
}

static void put_dirents(const struct sc_struct_args *a, bool wide)
{
	size_t head = wide ? 16 : 2 * sc_width_size(SC_WKLONG, a->d->abi);
	size_t at = 0;
	uint64_t len;

	sc_text_open(a->d->t, '[');
	while (at < a->v.len && !sc_text_full(a->d->t)) {
		if (!sc_view_get(a->v, at + head, 2, &len) || len < head + 3 ||
		    len > a->v.len - at) {
			sc_text_more(a->d->t);
			break;
		}
		put_dirent(a, sc_view_from(a->v, at, len), wide);
		at += len;
	}
	sc_text_close(a->d->t, ']');
}

static void put_dirents_long(const struct sc_struct_args *a)
{
	put_dirents(a, false);
}

static void put_dirents_64(const struct sc_struct_args *a)
{
	put_dirents(a, true);
}

static const struct sc_layout rows[] = {
	BY(STAT, put_stat),
	BY(STAT64, put_stat64),
	BY(OLD_STAT, put_old_stat),
	BY(STATX, put_statx),
	ROWS(FSID, fsid),
	BY(STATFS, put_statfs),
	BY(STATFS64, put_statfs64),
	ROWS(USTAT, ustat),
	BY(FLOCK, put_flock),
	BY(FLOCK64, put_flock64),
	ROWS(F_OWNER_EX, f_owner_ex),
	BY(OPEN_HOW, put_open_how),
	BY(FILE_HANDLE, put_file_handle),
	ROWS(MOUNT_ATTR, mount_attr),
	ROWS(CACHESTAT_RANGE, cachestat_range),
	ROWS(CACHESTAT, cachestat),
	BY(DIRENT, put_dirents_long),
	BY(DIRENT64, put_dirents_64),
	ROWS(WINSIZE, winsize),
	BY(TERMIOS, put_termios),
	BY(TERMIOS2, put_termios),
};

LAYOUTS(sc_layouts_files, rows);
