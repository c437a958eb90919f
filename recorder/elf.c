// SPDX-License-Identifier: GPL-2.0-only
/* Parts of a profile from an ELF image of a kernel, with or without symbols. */
#include <ctype.h>
#include <errno.h>
#include <gelf.h>
#include <string.h>

#include "btf.h"
#include "parts.h"

struct image {
	Elf *elf;
	size_t names; /* section of the sections' names */
	struct parts *parts;
};

static const char *section_name(const struct image *image, const GElf_Shdr *header)
{
	const char *name = elf_strptr(image->elf, image->names, header->sh_name);

	return name != NULL ? name : "";
}

/* @retval NULL  none of that name, or it cannot be read */
static Elf_Data *section_data(const struct image *image, const char *name, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(image->elf, section)) != NULL)
		if (gelf_getshdr(section, header) != NULL &&
		    strcmp(section_name(image, header), name) == 0)
			return elf_rawdata(section, NULL);
	return NULL;
}

static void take_symtab(struct image *image)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf_Data *data;
	GElf_Sym symbol;
	const char *name;
	size_t i;

	while ((section = elf_nextscn(image->elf, section)) != NULL) {
		if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_SYMTAB ||
		    header.sh_entsize == 0)
			continue;
		data = elf_getdata(section, NULL);
		for (i = 0; data != NULL && i < header.sh_size / header.sh_entsize; i++) {
			if (gelf_getsym(data, (int)i, &symbol) == NULL ||
			    symbol.st_shndx == SHN_UNDEF)
				continue;
			name = elf_strptr(image->elf, header.sh_link, symbol.st_name);
			if (name != NULL)
				parts_symbol(image->parts, name, symbol.st_value);
		}
	}
}

/*
 * Exported symbols: three offsets each, of value, name and namespace, from where
 * they stand (struct kernel_symbol with CONFIG_HAVE_ARCH_PREL32_RELOCATIONS). A
 * kernel has them even when all else was stripped.
 */
static void take_exports(struct image *image, const char *table)
{
	GElf_Shdr header, strings;
	Elf_Data *data = section_data(image, table, &header);
	Elf_Data *names = section_data(image, "__ksymtab_strings", &strings);
	uint64_t mask = image->parts->i386 ? UINT32_MAX : UINT64_MAX;
	int32_t entry[3];
	size_t at;

	if (data == NULL || names == NULL || names->d_size == 0 ||
	    ((const char *)names->d_buf)[names->d_size - 1] != '\0')
		return;
	for (at = 0; at + sizeof(entry) <= data->d_size; at += sizeof(entry)) {
		uint64_t place = header.sh_addr + at, name;

		memcpy(entry, (const char *)data->d_buf + at, sizeof(entry));
		name = ((place + 4 + (uint64_t)(int64_t)entry[1]) & mask) - strings.sh_addr;
		if (name < names->d_size)
			parts_symbol(image->parts, (const char *)names->d_buf + name,
				     (place + (uint64_t)(int64_t)entry[0]) & mask);
	}
}

/* "Linux version 6.1.0-50-686-pae (…": the release, and where the banner is. */
static void take_banner(struct image *image)
{
	static const char begin[] = "Linux version ";
	GElf_Shdr header;
	Elf_Data *data = section_data(image, ".rodata", &header);
	const char *at, *end, *release;
	size_t n;

	if (data == NULL || data->d_buf == NULL)
		return;
	end = (const char *)data->d_buf + data->d_size;
	for (at = data->d_buf;
	     (at = memmem(at, (size_t)(end - at), begin, sizeof(begin) - 1)) != NULL; at++) {
		release = at + sizeof(begin) - 1;
		for (n = 0; n < PROFILE_RELEASE - 1 && release + n < end &&
			    isgraph((unsigned char)release[n]);)
			n++;
		if (n == 0 || !isdigit((unsigned char)release[0]) || release + n == end ||
		    release[n] != ' ')
			continue;
		memcpy(image->parts->release, release, n);
		image->parts->release[n] = '\0';
		parts_symbol(image->parts, "linux_banner",
			     header.sh_addr + (uint64_t)(at - (const char *)data->d_buf));
		return;
	}
}

static void take_text(struct image *image)
{
	GElf_Phdr header;
	size_t i, n;

	if (elf_getphdrnum(image->elf, &n) != 0)
		return;
	for (i = 0; i < n; i++) {
		if (gelf_getphdr(image->elf, (int)i, &header) == NULL || header.p_type != PT_LOAD ||
		    !(header.p_flags & PF_X))
			continue;
		if (image->parts->text == 0 || header.p_vaddr < image->parts->text)
			image->parts->text = header.p_vaddr;
	}
}

static void take_types(struct image *image)
{
	struct part_member members[PART_MEMBERS];
	GElf_Shdr header;
	Elf_Data *btf = section_data(image, ".BTF", &header);

	if (image->parts->types)
		return;
	parts_members(image->parts, members);
	if (btf != NULL && btf_offsets(btf->d_buf, btf->d_size, members, PART_MEMBERS) == 0)
		image->parts->types = true;
	else if (parts_dwarf(image->elf, members) == 0)
		image->parts->types = true;
}

static int take_all(struct image *image, const char *path, struct sc_error *err)
{
	GElf_Ehdr header;
	int ret;

	if (elf_kind(image->elf) != ELF_K_ELF || gelf_getehdr(image->elf, &header) == NULL ||
	    elf_getshdrstrndx(image->elf, &image->names) != 0 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB)
		return sc_fail(err, -EINVAL, "%s: a damaged ELF file", path);
	if (header.e_machine != EM_386 && header.e_machine != EM_X86_64)
		return sc_fail(err, -EINVAL, "%s: of another machine than x86", path);
	ret = parts_machine(image->parts, header.e_machine == EM_386, path, err);
	if (ret < 0)
		return ret;
	take_symtab(image);
	take_exports(image, "__ksymtab");
	take_exports(image, "__ksymtab_gpl");
	take_banner(image);
	take_text(image);
	take_types(image);
	return 0;
}

int parts_add_elf(struct parts *parts, int fd, const char *path, struct sc_error *err)
{
	struct image image = { .parts = parts };
	int ret;

	elf_version(EV_CURRENT);
	image.elf = elf_begin(fd, ELF_C_READ, NULL);
	if (image.elf == NULL)
		return sc_fail(err, -EINVAL, "%s: %s", path, elf_errmsg(-1));
	ret = take_all(&image, path, err);
	elf_end(image.elf);
	return ret;
}
