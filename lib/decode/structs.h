/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Structures in a caller's memory. Most are rows: a list of fields with a width and a form,
 * from which come the layouts of the three conventions, and the text. What cannot be said
 * so has a function.
 *
 * The bytes come from guests: whoever looks at them asks for a number at an offset, and is
 * told whether it is there.
 */
#ifndef SC_STRUCTS_H
#define SC_STRUCTS_H

#include "decode_private.h"
#include "syscall_ids.h"

/* Bytes of a piece, or of a part of it. */
struct sc_view {
	const uint8_t *data;
	size_t len;
};

struct sc_struct_args {
	struct sc_decoding *d;
	struct sc_view v;
	bool at_return; /* what the kernel has written */
};

/* How wide a field is; in this order by x86-64, x32 and i386. Aligned as there. */
enum sc_width {
	SC_W8,
	SC_W16,
	SC_W32,
	SC_W64,
	SC_WLONG, /* 8 4 4: long and pointers of the convention's programs */
	SC_WKLONG, /* 8 8 4: __kernel_long_t */
	SC_WPACKED64, /* 8, and never padded before */
};

enum sc_form {
	SC_F_SIGNED,
	SC_F_UNSIGNED,
	SC_F_HEX,
	SC_F_OCTAL,
	SC_F_ADDRESS,
	SC_F_FLAGS, /* of table sub: enum sc_table */
	SC_F_ENUM, /* the same */
	SC_F_MODE,
	SC_F_DEV,
	SC_F_ID, /* -1, or unsigned */
	SC_F_SIGNAL,
	SC_F_SIGSET,
	SC_F_FD,
	SC_F_LIMIT, /* 8192*1024 */
	/* of these `count` is the number of bytes or elements */
	SC_F_CHARS, /* up to the NUL */
	SC_F_BYTES,
	SC_F_SKIP, /* not shown */
	SC_F_STRUCT, /* structure sub */
};

#define SC_SHOW_ALL 1u /* only where everything is shown; "..." stands for it else */
#define SC_SHOW_SET 2u /* only where it is not 0 */

struct sc_field {
	const char *name;
	uint8_t width; /* enum sc_width */
	uint8_t form; /* enum sc_form */
	uint8_t show; /* SC_SHOW_* */
	uint8_t count; /* more than 1: an array of numbers */
	uint16_t sub;
};

struct sc_layout {
	uint16_t id; /* enum sc_struct_id */
	uint16_t n;
	const struct sc_field *fields; /* NULL: only `put` */
	/* Instead of the fields; writes one value. */
	void (*put)(const struct sc_struct_args *a);
};

struct sc_layouts {
	const struct sc_layout *rows;
	size_t count;
};

extern const struct sc_layouts sc_layouts_time, sc_layouts_files, sc_layouts_signals,
	sc_layouts_process, sc_layouts_sockets, sc_layouts_ipc, sc_layouts_other;

#define SC_FIELDS(array) sizeof(array) / sizeof((array)[0]), array /* of a layout */
#define SC_FIELDS_OF(array) array, sizeof(array) / sizeof((array)[0]) /* as arguments */

/* Write structure `sub` as one value; v may be shorter than it is. */
void sc_struct_put(struct sc_decoding *d, unsigned sub, struct sc_view v, bool at_return);

/* Write fields of a layout that begins at v. @retval whether they were all there */
bool sc_fields_put(const struct sc_struct_args *a, const struct sc_field *fields, size_t n);

/* Bytes that the fields take by a convention, padding at the end included. */
size_t sc_fields_size(const struct sc_field *fields, size_t n, enum sc_abi abi);

/* The layout, or NULL. */
const struct sc_layout *sc_struct_layout(unsigned sub);

/*
 * A number of `size` bytes (1, 2, 4, 8) at an offset.
 * @retval false  v is too short: *value is 0
 */
bool sc_view_get(struct sc_view v, size_t at, unsigned size, uint64_t *value);

/* The same for what may not be there: 0. */
uint64_t sc_view_u64(struct sc_view v, size_t at, unsigned size);

/* What lies behind an offset; empty where nothing does. */
struct sc_view sc_view_from(struct sc_view v, size_t at, size_t len);

/*
 * Entries of a folder in what getdents() has written.
 * @wide   struct linux_dirent64
 * @whole  out: v ends where one does
 */
size_t sc_dirents_count(struct sc_view v, bool wide, enum sc_abi abi, bool *whole);

/* Bytes of a width by a convention. */
unsigned sc_width_size(enum sc_width width, enum sc_abi abi);

/* A number of `size` bytes. @sub  of FLAGS and ENUM: enum sc_table */
void sc_form_put(struct sc_decoding *d, enum sc_form form, unsigned sub, uint64_t value,
		 unsigned size);

#endif
