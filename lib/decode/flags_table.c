// SPDX-License-Identifier: GPL-2.0-only
/* The tables of schema/syscalls/flags.tbl; the headers of this file are those it names. */
#include "flag_includes.h"

#include "signature.h"
#include "syscall_ids.h"

#include "flag_rows.h"

const struct sc_flags *sc_flags_table(unsigned sub)
{
	return sub > SC_FLAGS_NONE && sub < SC_FLAGS_COUNT ? &tables[sub] : NULL;
}
