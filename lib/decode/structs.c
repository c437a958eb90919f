// SPDX-License-Identifier: GPL-2.0-only
#include "structs.h"
#include "tables.h"

#include <string.h>

/* ---- bytes ---- */

bool sc_view_get(struct sc_view v, size_t at, unsigned size, uint64_t *value)
{
	unsigned i;

	*value = 0;
	if (at > v.len || size > v.len - at)
		return false;
	for (i = size; i-- > 0;)
		*value = *value << 8 | v.data[at + i];
	return true;
}

uint64_t sc_view_u64(struct sc_view v, size_t at, unsigned size)
{
	uint64_t value;

	sc_view_get(v, at, size, &value);
	return value;
}

struct sc_view sc_view_from(struct sc_view v, size_t at, size_t len)
{
	if (at >= v.len)
		return (struct sc_view){ v.data + v.len, 0 };
	return (struct sc_view){ v.data + at, len < v.len - at ? len : v.len - at };
}

/* ---- layouts ---- */

const struct sc_layout *sc_struct_layout(unsigned sub)
{
	static const struct sc_layouts *const files[] = {
		&sc_layouts_time,    &sc_layouts_files, &sc_layouts_signals, &sc_layouts_process,
		&sc_layouts_sockets, &sc_layouts_ipc,	&sc_layouts_other,
	};
	static const struct sc_layout *by_id[SC_STRUCT_COUNT];
	size_t i, j;

	if (sub >= SC_STRUCT_COUNT)
		return NULL;
	if (by_id[sub])
		return by_id[sub];
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (j = 0; j < files[i]->count; j++)
			if (files[i]->rows[j].id == sub)
				by_id[sub] = &files[i]->rows[j];
	return by_id[sub];
}

unsigned sc_width_size(enum sc_width width, enum sc_abi abi)
{
	switch (width) {
	case SC_W8:
		return 1;
	case SC_W16:
		return 2;
	case SC_W32:
		return 4;
	case SC_WLONG:
		return abi == SC_ABI_X86_64 ? 8 : 4;
	case SC_WKLONG:
		return abi == SC_ABI_I386 ? 4 : 8;
	default:
		return 8;
	}
}

static bool is_bytes(const struct sc_field *f)
{
	return f->form == SC_F_CHARS || f->form == SC_F_BYTES || f->form == SC_F_SKIP;
}

static size_t structure_size(unsigned sub, enum sc_abi abi)
{
	const struct sc_layout *l = sc_struct_layout(sub);

	return l && l->fields ? sc_fields_size(l->fields, l->n, abi) : sc_struct_size(sub, abi);
}

static size_t field_align(const struct sc_field *f, enum sc_abi abi);

static size_t fields_align(const struct sc_field *fields, size_t n, enum sc_abi abi)
{
	size_t i, align = 1;

	for (i = 0; i < n; i++) {
		size_t a = field_align(&fields[i], abi);

		align = a > align ? a : align;
	}
	return align;
}

static size_t field_align(const struct sc_field *f, enum sc_abi abi)
{
	const struct sc_layout *l;
	size_t size;

	if (is_bytes(f) || f->width == SC_WPACKED64)
		return 1;
	if (f->form == SC_F_STRUCT) {
		l = sc_struct_layout(f->sub);
		return l && l->fields ? fields_align(l->fields, l->n, abi) : 1;
	}
	size = sc_width_size((enum sc_width)f->width, abi);
	return abi == SC_ABI_I386 && size == 8 ? 4 : size;
}

static size_t field_size(const struct sc_field *f, enum sc_abi abi)
{
	size_t count = f->count ? f->count : 1;

	if (is_bytes(f))
		return count;
	if (f->form == SC_F_STRUCT)
		return count * structure_size(f->sub, abi);
	return count * sc_width_size((enum sc_width)f->width, abi);
}

static size_t align_up(size_t at, size_t align)
{
	return (at + align - 1) / align * align;
}

size_t sc_fields_size(const struct sc_field *fields, size_t n, enum sc_abi abi)
{
	size_t i, at = 0;

	for (i = 0; i < n; i++)
		at = align_up(at, field_align(&fields[i], abi)) + field_size(&fields[i], abi);
	return align_up(at, fields_align(fields, n, abi));
}

/* ---- values ---- */

static int64_t sign_extend(uint64_t value, unsigned size)
{
	unsigned shift = 64 - 8 * size;

	return (int64_t)(value << shift) >> shift;
}

/* RLIM_INFINITY, 8192*1024, 100. */
static void put_limit(struct sc_text *t, uint64_t value, unsigned size)
{
	if (size == 4 ? (uint32_t)value == UINT32_MAX : value == UINT64_MAX) {
		sc_text_word(t, size == 4 ? "RLIM_INFINITY" : "RLIM64_INFINITY");
		return;
	}
	if (t->json || value <= 1024 || value % 1024) {
		sc_text_u64(t, value);
		return;
	}
	sc_text_u64(t, value / 1024);
	sc_text_remark(t, "*1024");
}

void sc_form_put(struct sc_decoding *d, enum sc_form form, unsigned sub, uint64_t value,
		 unsigned size)
{
	struct sc_text *t = d->t;

	switch (form) {
	case SC_F_SIGNED:
		sc_text_i64(t, sign_extend(value, size));
		break;
	case SC_F_HEX:
		sc_text_hex(t, value);
		break;
	case SC_F_OCTAL:
		sc_text_octal(t, value);
		break;
	case SC_F_ADDRESS:
		sc_text_address(t, value);
		break;
	case SC_F_FLAGS:
		sc_text_flags(t, sc_table_id((enum sc_table)sub), value);
		break;
	case SC_F_ENUM:
		sc_text_enum(t, sc_table_id((enum sc_table)sub), value);
		break;
	case SC_F_MODE:
		sc_text_mode(t, (unsigned)value);
		break;
	case SC_F_DEV:
		sc_text_dev(t, value);
		break;
	case SC_F_ID:
		if (sign_extend(value, size) == -1)
			sc_text_i64(t, -1);
		else
			sc_text_u64(t, value);
		break;
	case SC_F_SIGNAL:
		sc_text_signal(t, (int)value);
		break;
	case SC_F_SIGSET:
		sc_text_sigset(t, value);
		break;
	case SC_F_FD:
		sc_decode_fd(d, (int)value);
		break;
	case SC_F_LIMIT:
		put_limit(t, value, size);
		break;
	default:
		sc_text_u64(t, value);
		break;
	}
}

static void put_chars(struct sc_text *t, struct sc_view v)
{
	sc_text_bytes(t, v.data, strnlen((const char *)v.data, v.len), ~(size_t)0, false);
}

/* An array of numbers, as far as it goes. */
static void put_numbers(const struct sc_struct_args *a, const struct sc_field *f, struct sc_view v)
{
	unsigned size = sc_width_size((enum sc_width)f->width, a->d->abi);
	uint64_t value;
	size_t i;

	sc_text_open(a->d->t, '[');
	for (i = 0; i < f->count && sc_view_get(v, i * size, size, &value); i++) {
		sc_text_item(a->d->t);
		sc_form_put(a->d, (enum sc_form)f->form, f->sub, value, size);
	}
	sc_text_close(a->d->t, ']');
}

static void put_field(const struct sc_struct_args *a, const struct sc_field *f, struct sc_view v)
{
	unsigned size = sc_width_size((enum sc_width)f->width, a->d->abi);

	sc_text_name(a->d->t, f->name);
	if (f->form == SC_F_STRUCT)
		sc_struct_put(a->d, f->sub, v, a->at_return);
	else if (f->form == SC_F_CHARS)
		put_chars(a->d->t, v);
	else if (f->form == SC_F_BYTES)
		sc_text_bytes(a->d->t, v.data, v.len, ~(size_t)0, false);
	else if (f->count > 1)
		put_numbers(a, f, v);
	else
		sc_form_put(a->d, (enum sc_form)f->form, f->sub, sc_view_u64(v, 0, size), size);
}

static bool is_set(struct sc_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if (v.data[i])
			return true;
	return false;
}

bool sc_fields_put(const struct sc_struct_args *a, const struct sc_field *fields, size_t n)
{
	enum sc_abi abi = a->d->abi;
	bool left_out = false, whole = true;
	size_t i, at = 0;

	for (i = 0; i < n; i++) {
		const struct sc_field *f = &fields[i];
		size_t size = field_size(f, abi);
		struct sc_view v;

		at = align_up(at, field_align(f, abi));
		v = sc_view_from(a->v, at, size);
		at += size;
		if (f->form == SC_F_SKIP)
			continue;
		if (v.len < size) {
			/* Structures inside are shown as far as they go. */
			if (v.len && f->form == SC_F_STRUCT)
				put_field(a, f, v);
			whole = false;
			break;
		}
		if (f->show & SC_SHOW_SET && !is_set(v))
			continue;
		if (f->show & SC_SHOW_ALL && !a->d->all) {
			left_out = true;
			continue;
		}
		put_field(a, f, v);
	}
	if (left_out || !whole)
		sc_text_more(a->d->t);
	return whole;
}

void sc_struct_put(struct sc_decoding *d, unsigned sub, struct sc_view v, bool at_return)
{
	const struct sc_layout *l = sc_struct_layout(sub);
	struct sc_struct_args a = { d, v, at_return };

	if (l && l->put) {
		l->put(&a);
		return;
	}
	if (!l) {
		sc_text_bytes(d->t, v.data, v.len, ~(size_t)0, false);
		return;
	}
	sc_text_open(d->t, '{');
	sc_fields_put(&a, l->fields, l->n);
	sc_text_close(d->t, '}');
}
