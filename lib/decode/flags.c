// SPDX-License-Identifier: GPL-2.0-only
#include <sys/stat.h>

#include "base/bounded.h"
#include "errno_names.h"
#include "flags.h"

const char *sc_flags_name(const struct sc_flags *table, uint64_t value)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		if (table->flags[i].value == value)
			return table->flags[i].name;
	return NULL;
}

/* The parts of an ioctl request, include/uapi/asm-generic/ioctl.h. */
static char *put_request(char *p, char *end, uint64_t value)
{
	static const char *const directions[] = {
		"_IOC_NONE",
		"_IOC_WRITE",
		"_IOC_READ",
		"_IOC_READ|_IOC_WRITE",
	};

	p = SC_BOUNDED(p, end, "_IOC(");
	p = sc_bounded_str(p, end, directions[value >> 30 & 3]);
	p = SC_BOUNDED(p, end, ", ");
	p = sc_bounded_hex(p, end, value >> 8 & 0xff);
	p = SC_BOUNDED(p, end, ", ");
	p = sc_bounded_hex(p, end, value & 0xff);
	p = SC_BOUNDED(p, end, ", ");
	p = sc_bounded_hex(p, end, value >> 16 & 0x3fff);
	return SC_BOUNDED(p, end, ")");
}

/* A value of an enumeration that has no name. */
static char *put_unknown(char *p, char *end, const struct sc_flags *table, uint64_t value)
{
	if (table->style & SC_FLAGS_REQUEST)
		return put_request(p, end, value);
	if (table->style & (SC_FLAGS_DECIMAL | SC_FLAGS_COMMENT))
		p = sc_bounded_i64(p, end, (int32_t)value);
	else
		p = sc_bounded_hex(p, end, value);
	if (!table->unknown)
		return p;
	p = SC_BOUNDED(p, end, " /* ");
	p = sc_bounded_str(p, end, table->unknown);
	return SC_BOUNDED(p, end, " */");
}

char *sc_enum_put(char *p, char *end, const struct sc_flags *table, uint64_t value)
{
	const char *name = sc_flags_name(table, value);

	if (name && table->style & SC_FLAGS_COMMENT) {
		p = sc_bounded_u64(p, end, value);
		p = SC_BOUNDED(p, end, " /* ");
		p = sc_bounded_str(p, end, name);
		return SC_BOUNDED(p, end, " */");
	}
	if (name)
		return sc_bounded_str(p, end, name);
	if (!value && table->none)
		return sc_bounded_str(p, end, table->none);
	return put_unknown(p, end, table, value);
}

/* A set that is being written. */
struct list {
	char *p;
	char *end;
	bool any;
};

static void list_next(struct list *l)
{
	if (l->any)
		l->p = SC_BOUNDED(l->p, l->end, "|");
	l->any = true;
}

/* What the table's mask covers; a zero is named only where the table does. */
static void list_choice(struct list *l, const struct sc_flags *table, uint64_t value)
{
	const char *name;

	value &= table->mask;
	if (table->style & SC_FLAGS_SIGNAL) {
		if (!value)
			return;
		list_next(l);
		l->p = sc_signal_put(l->p, l->end, (int)value);
		return;
	}
	name = sc_flags_name(table, value);
	if (!name && !value)
		return;
	list_next(l);
	l->p = name ? sc_bounded_str(l->p, l->end, name) : put_unknown(l->p, l->end, table, value);
}

/* Each flag that is set; @retval bits that have no name */
static uint64_t list_flags(struct list *l, const struct sc_flags *table, uint64_t value)
{
	size_t i;

	for (i = 0; i < table->count && value; i++) {
		const struct sc_flag *flag = &table->flags[i];

		/* Within the mask it is a choice, not a flag. */
		if (!(flag->value & ~table->mask) || (value & flag->value) != flag->value)
			continue;
		list_next(l);
		l->p = sc_bounded_str(l->p, l->end, flag->name);
		value &= ~flag->value;
	}
	return value;
}

static void list_number(struct list *l, const struct sc_flags *table, uint64_t value)
{
	/* Without a shift it is shown always. */
	if (!(value & table->number) && (table->shift || !table->number))
		return;
	list_next(l);
	l->p = sc_bounded_u64(l->p, l->end,
			      (value & table->number) / (table->number & -table->number));
	if (!table->shift)
		return;
	l->p = SC_BOUNDED(l->p, l->end, "<<");
	l->p = sc_bounded_str(l->p, l->end, table->shift);
}

static void list_rest(struct list *l, const struct sc_flags *table, uint64_t rest)
{
	bool alone = !l->any && !(table->style & SC_FLAGS_PERM);

	if (!rest)
		return;
	list_next(l);
	l->p = alone ? put_unknown(l->p, l->end, table, rest) : sc_bounded_hex(l->p, l->end, rest);
}

char *sc_flags_put(char *p, char *end, const struct sc_flags *table, uint64_t value)
{
	struct list l = { .p = p, .end = end };
	uint64_t choice = table->mask;
	uint64_t perm = table->style & SC_FLAGS_PERM ? 0777 : 0;
	bool last = table->style & (SC_FLAGS_SIGNAL | SC_FLAGS_LAST);

	if (!value && !perm) {
		const char *name = sc_flags_name(table, 0);

		return sc_bounded_str(p, end, name ? name : table->none ? table->none : "0");
	}
	if (choice && !last)
		list_choice(&l, table, value);
	list_rest(&l, table, list_flags(&l, table, value & ~(choice | table->number | perm)));
	list_number(&l, table, value);
	if (last)
		list_choice(&l, table, value);
	if (perm) {
		/* They are shown even where there are none. */
		list_next(&l);
		l.p = sc_perm_put(l.p, l.end, (unsigned)(value & perm));
	}
	return l.p;
}

char *sc_perm_put(char *p, char *end, unsigned mode)
{
	return sc_bounded_octal(p, end, mode);
}

char *sc_mode_put(char *p, char *end, unsigned mode)
{
	static const struct sc_flag types[] = {
		{ "S_IFREG", S_IFREG }, { "S_IFSOCK", S_IFSOCK }, { "S_IFIFO", S_IFIFO },
		{ "S_IFLNK", S_IFLNK }, { "S_IFDIR", S_IFDIR },	  { "S_IFBLK", S_IFBLK },
		{ "S_IFCHR", S_IFCHR },
	};
	static const struct sc_flags table = {
		.flags = types,
		.count = sizeof(types) / sizeof(types[0]),
	};
	const char *type = sc_flags_name(&table, mode & S_IFMT);

	if (!type)
		return sc_perm_put(p, end, mode);
	p = sc_bounded_str(p, end, type);
	if (mode & S_ISUID)
		p = SC_BOUNDED(p, end, "|S_ISUID");
	if (mode & S_ISGID)
		p = SC_BOUNDED(p, end, "|S_ISGID");
	if (mode & S_ISVTX)
		p = SC_BOUNDED(p, end, "|S_ISVTX");
	p = SC_BOUNDED(p, end, "|");
	return sc_perm_put(p, end, mode & ~(unsigned)(S_IFMT | S_ISUID | S_ISGID | S_ISVTX));
}

char *sc_dev_put(char *p, char *end, uint64_t dev)
{
	/* new_encode_dev(): minor in bits 0..7 and 20..31, major in 8..19. */
	uint64_t major = (dev >> 8 & 0xfff) | (dev >> 32 & 0xfffff000);
	uint64_t minor = (dev & 0xff) | (dev >> 12 & 0xffffff00);

	p = SC_BOUNDED(p, end, "makedev(");
	p = sc_bounded_hex(p, end, major);
	p = SC_BOUNDED(p, end, ", ");
	p = sc_bounded_hex(p, end, minor);
	return SC_BOUNDED(p, end, ")");
}

char *sc_errno_put(char *p, char *end, unsigned number)
{
	const char *name = sc_errno_name(number);

	return name ? sc_bounded_str(p, end, name) : sc_bounded_u64(p, end, number);
}
