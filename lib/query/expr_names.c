// SPDX-License-Identifier: GPL-2.0-only
/* Values of arguments: numbers, and names of flags that mean what their table says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "expr_private.h"
#include "decode/flags.h"
#include "base/near.h"
#include "syscall_ids.h"

#define SIGNALS 64
#define TYPE(type) (1ULL << SC_TYPE_##type)

static const struct sc_flag mode_flags[] = {
	{ "S_IFREG", S_IFREG }, { "S_IFDIR", S_IFDIR },	  { "S_IFLNK", S_IFLNK },
	{ "S_IFIFO", S_IFIFO }, { "S_IFSOCK", S_IFSOCK }, { "S_IFBLK", S_IFBLK },
	{ "S_IFCHR", S_IFCHR }, { "S_ISUID", S_ISUID },	  { "S_ISGID", S_ISGID },
	{ "S_ISVTX", S_ISVTX }, { "S_IRUSR", S_IRUSR },	  { "S_IWUSR", S_IWUSR },
	{ "S_IXUSR", S_IXUSR }, { "S_IRGRP", S_IRGRP },	  { "S_IWGRP", S_IWGRP },
	{ "S_IXGRP", S_IXGRP }, { "S_IROTH", S_IROTH },	  { "S_IWOTH", S_IWOTH },
	{ "S_IXOTH", S_IXOTH },
};
static const struct sc_flags modes = {
	.mask = S_IFMT,
	.flags = mode_flags,
	.count = sizeof(mode_flags) / sizeof(mode_flags[0]),
};

static const struct sc_flag dirfd_flags[] = { { "AT_FDCWD", (uint64_t)-100 } };
static const struct sc_flags dirfds = { .mask = ~0ULL, .flags = dirfd_flags, .count = 1 };

static bool is(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && !memcmp(name, text, len);
}

/* SIGTERM or TERM. */
static bool find_signal(const char *text, size_t len, uint64_t *value)
{
	for (int sig = 1; sig <= SIGNALS; sig++) {
		char name[32];
		char *end = sc_signal_put(name, name + sizeof(name) - 1, sig);

		*end = '\0';
		if (is(name, text, len) || is(name + 3, text, len)) {
			*value = (uint64_t)sig;
			return true;
		}
	}
	return false;
}

static const struct sc_flags *table_of(unsigned id)
{
	switch (id) {
	case SC_NAMES_MODE:
		return &modes;
	case SC_NAMES_DIRFD:
		return &dirfds;
	default:
		return id < SC_FLAGS_COUNT ? sc_flags_table(id) : NULL;
	}
}

/* One name or number. @care  out: the bits that it decides */
static bool find_word(unsigned table, const char *text, size_t len, uint64_t *value, uint64_t *care)
{
	const struct sc_flags *t = table_of(table);
	sc_wide number;

	if (table == SC_NAMES_SIGNAL) {
		*care = ~0ULL;
		return find_signal(text, len, value);
	}
	for (size_t i = 0; t && i < t->count; i++) {
		if (!is(t->flags[i].name, text, len))
			continue;
		*value = t->flags[i].value;
		/* What lies within the mask is one of several: of those all bits count. */
		*care = *value & ~t->mask ? *value : t->mask ? t->mask : *value;
		return true;
	}
	/* Beside names: O_CREAT|0x800. */
	if (!sc_expr_number(text, len, &number) && number >= 0) {
		*value = *care = (uint64_t)number;
		return true;
	}
	return false;
}

/* All words between | in one table. */
static bool find_words(unsigned table, const char *text, size_t len, struct sc_expr_name *name)
{
	*name = (struct sc_expr_name){ .table = (uint16_t)table };
	for (;;) {
		const char *bar = memchr(text, '|', len);
		size_t n = bar ? (size_t)(bar - text) : len;
		uint64_t value, care;

		if (!find_word(table, text, n, &value, &care))
			return false;
		name->value |= value;
		name->care |= care;
		if (!bar)
			return true;
		text += n + 1;
		len -= n + 1;
	}
}

/* O_CREAT|O_EXCL, SIGTERM: is it written like one? */
static bool is_constant(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!(text[i] >= 'A' && text[i] <= 'Z') && text[i] != '_' && text[i] != '|' &&
		    !(i && text[i] >= '0' && text[i] <= '9'))
			return false;
	return len > 2;
}

static bool has_table(const struct sc_arg_kinds *k, unsigned table)
{
	switch (table) {
	case SC_NAMES_SIGNAL:
		return k->types & TYPE(SIG);
	case SC_NAMES_MODE:
		return k->types & TYPE(MODE);
	case SC_NAMES_DIRFD:
		return k->types & TYPE(DIRFD);
	default:
		return table < SC_FLAGS_COUNT && k->tables[table / 64] >> table % 64 & 1;
	}
}

/* Those that people mistype; the rest is found by its name. */
static const char *const signals[] = {
	"SIGHUP",  "SIGINT",  "SIGQUIT", "SIGILL",  "SIGTRAP", "SIGABRT", "SIGBUS",  "SIGFPE",
	"SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGCHLD",
	"SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGSYS",
};

static void try_near(const struct sc_arg_kinds *k, struct sc_near *near)
{
	for (unsigned id = 1; id <= SC_NAMES_DIRFD; id++) {
		const struct sc_flags *t;

		if (id == SC_FLAGS_COUNT)
			id = SC_NAMES_SIGNAL;
		t = has_table(k, id) ? table_of(id) : NULL;
		for (size_t i = 0; t && i < t->count; i++)
			sc_near_try(near, t->flags[i].name);
		if (id == SC_NAMES_SIGNAL && has_table(k, id))
			for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
				sc_near_try(near, signals[i]);
	}
}

static int unknown_name(struct sc_parse *p, const struct sc_expr_node *node,
			const struct sc_expr_value *v, const struct sc_arg_kinds *k)
{
	const char *text = (char *)v->text, *bar = strchr(text, '|');
	size_t len = bar ? (size_t)(bar - text) : v->text_len;
	struct sc_near near;

	sc_near_init(&near, text, len);
	try_near(k, &near);
	if (near.best && !bar)
		return sc_expr_fail(p, v->at, v->len,
				    "'%.*s' is no value of '%.*s': did you mean '%s'?",
				    len > 80 ? 80 : (int)len, text, (int)node->len,
				    p->lex.text + node->at, near.best);
	return sc_expr_fail(p, v->at, v->len, "'%.*s' is no value of '%.*s'",
			    v->text_len > 80 ? 80 : (int)v->text_len, text, (int)node->len,
			    p->lex.text + node->at);
}

int sc_expr_add_names(struct sc_parse *p, struct sc_expr_node *node, struct sc_expr_value *v,
		      const char *text, size_t len, bool quoted)
{
	bool order = node->test >= SC_TEST_LT && node->test <= SC_TEST_GE;
	struct sc_arg_kinds kinds;
	bool memory = false;

	sc_arg_kinds(&node->field, &kinds, NULL);
	for (unsigned type = 0; type < SC_TYPES; type++)
		memory |= kinds.types >> type & 1 && sc_type_is_memory(type);
	v->is_text = memory && node->test == SC_TEST_EQ;
	v->is_number = !sc_expr_number(text, len, &v->number);
	if (is("NULL", text, len)) {
		v->is_number = true;
		v->number = 0;
	}
	if (v->is_number && node->test == SC_TEST_HAS && v->number <= 0)
		return sc_expr_fail(p, v->at, v->len,
				    "'has' wants bits: names, or a number above 0");
	if (v->is_number)
		return 0;
	for (unsigned id = 1; !order && id <= SC_NAMES_DIRFD; id++) {
		struct sc_expr_name name, *more;

		if (id == SC_FLAGS_COUNT)
			id = SC_NAMES_SIGNAL;
		if (!has_table(&kinds, id) || !find_words(id, text, len, &name))
			continue;
		more = reallocarray(v->names, v->n_names + 1, sizeof(*more));
		if (!more)
			return sc_expr_no_memory(p);
		v->names = more;
		v->names[v->n_names++] = name;
	}
	/* Quotes make a text of what looks like a name. */
	if (v->n_names || (v->is_text && (quoted || !is_constant(text, len))))
		return 0;
	return unknown_name(p, node, v, &kinds);
}
