// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables of schema/syscalls/flags.tbl for a script: without input lines, all of them
 * (`TABLE NAME VALUE`); a line `f TABLE VALUE` or `e TABLE VALUE` on the standard input is
 * answered with its text as a set or as one of several. Values are hexadecimal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../../lib/decode/flags.h"
#include "syscall_ids.h"

static const struct sc_flags *find(const char *name)
{
	unsigned i;

	for (i = SC_FLAGS_NONE + 1; i < SC_FLAGS_COUNT; i++)
		if (!strcmp(sc_flags_table(i)->name, name))
			return sc_flags_table(i);
	return NULL;
}

static void dump(void)
{
	const struct sc_flags *table;
	unsigned i;
	size_t k;

	for (i = SC_FLAGS_NONE + 1; i < SC_FLAGS_COUNT; i++) {
		table = sc_flags_table(i);
		for (k = 0; k < table->count; k++)
			printf("%s %s %" PRIx64 "\n", table->name, table->flags[k].name,
			       table->flags[k].value);
	}
}

int main(int argc, char **argv)
{
	static char text[65536];
	const struct sc_flags *table;
	char kind, name[64];
	uint64_t value;
	char *p;

	if (argc > 1 && !strcmp(argv[1], "--dump")) {
		dump();
		return 0;
	}
	while (scanf(" %c %63s %" SCNx64, &kind, name, &value) == 3) {
		table = find(name);
		if (!table) {
			fprintf(stderr, "no table %s\n", name);
			return 1;
		}
		p = kind == 'e' ? sc_enum_put(text, text + sizeof(text) - 1, table, value) :
				  sc_flags_put(text, text + sizeof(text) - 1, table, value);
		*p = '\0';
		puts(text);
	}
	return 0;
}
