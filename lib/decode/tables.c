// SPDX-License-Identifier: GPL-2.0-only
#include "tables.h"

#include <string.h>

#include "signature.h"
#include "syscall_ids.h"

#define NAME(name) #name,

unsigned sc_table_id(enum sc_table table)
{
	static const char *const names[] = { SC_TABLES(NAME) };
	static unsigned ids[SC_T_COUNT]; /* 0: not looked for yet */
	unsigned i;

	if (ids[table])
		return ids[table];
	for (i = 1; i < SC_FLAGS_COUNT; i++) {
		const struct sc_flags *flags = sc_flags_table(i);

		if (flags && !strcmp(flags->name, names[table]))
			return ids[table] = i;
	}
	return 0;
}
