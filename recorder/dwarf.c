// SPDX-License-Identifier: GPL-2.0-only
/* Members of structures, from an image's DWARF. */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <string.h>

#include "parts.h"

#define NEST_MAX 16u /* unnamed structs in each other */

struct container {
	const char *name;
	bool done;
};

static bool peel(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attr;

	return dwarf_attr_integrate(die, DW_AT_type, &attr) != NULL &&
	       dwarf_formref_die(&attr, type) != NULL && dwarf_peel_type(type, type) == 0;
}

static bool place_of(Dwarf_Die *member, uint64_t *bytes)
{
	Dwarf_Attribute attr;
	Dwarf_Word word;

	if (dwarf_hasattr(member, DW_AT_bit_size))
		return false;
	*bytes = 0; /* of a union's member there is none */
	if (dwarf_attr(member, DW_AT_data_member_location, &attr) == NULL)
		return true;
	if (dwarf_formudata(&attr, &word) != 0)
		return false;
	*bytes = word;
	return true;
}

static bool has_size(Dwarf_Die *type, int size)
{
	Dwarf_Word bytes;

	if (size == 0)
		return dwarf_tag(type) == DW_TAG_pointer_type;
	return dwarf_aggregate_size(type, &bytes) == 0 && bytes == (Dwarf_Word)size;
}

static void look_into(Dwarf_Die *composite, uint64_t base, unsigned int depth,
		      const char *container, struct part_member members[PART_MEMBERS])
{
	Dwarf_Die die, type;
	const char *name;
	uint64_t at;
	size_t i;

	if (depth > NEST_MAX || dwarf_child(composite, &die) != 0)
		return;
	do {
		if (dwarf_tag(&die) != DW_TAG_member || !place_of(&die, &at) || !peel(&die, &type))
			continue;
		name = dwarf_diename(&die);
		if (name == NULL) {
			look_into(&type, base + at, depth + 1, container, members);
			continue;
		}
		for (i = 0; i < PART_MEMBERS; i++)
			if (strcmp(members[i].container, container) == 0 &&
			    strcmp(members[i].member, name) == 0 &&
			    *members[i].offset == SCAUDIT_NO_FIELD && base + at <= 0xffff &&
			    has_size(&type, members[i].size))
				*members[i].offset = (uint32_t)(base + at);
	} while (dwarf_siblingof(&die, &die) == 0);
}

/* The structures of one compilation unit. */
static void look_at_unit(Dwarf_Die *unit, struct container *containers, size_t n,
			 struct part_member members[PART_MEMBERS])
{
	const char *name;
	Dwarf_Die die;
	size_t i;

	if (dwarf_child(unit, &die) != 0)
		return;
	do {
		if (dwarf_tag(&die) != DW_TAG_structure_type ||
		    dwarf_hasattr(&die, DW_AT_declaration))
			continue;
		name = dwarf_diename(&die);
		for (i = 0; name != NULL && i < n; i++) {
			if (containers[i].done || strcmp(containers[i].name, name) != 0)
				continue;
			look_into(&die, 0, 0, name, members);
			containers[i].done = true;
		}
	} while (dwarf_siblingof(&die, &die) == 0);
}

int parts_dwarf(Elf *elf, struct part_member members[PART_MEMBERS])
{
	struct container containers[] = { { "task_struct", false },
					  { "cred", false },
					  { "pcpu_hot", false } };
	Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;

	if (dwarf == NULL)
		return -ENOENT;
	while (dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0) {
		look_at_unit(&die, containers, sizeof(containers) / sizeof(containers[0]), members);
		/* Units by the thousand: pcpu_hot, which many kernels lack, is used where these are. */
		if (containers[0].done && containers[1].done)
			break;
	}
	dwarf_end(dwarf);
	return containers[0].done ? 0 : -ENOENT;
}
