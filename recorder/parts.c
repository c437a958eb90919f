// SPDX-License-Identifier: GPL-2.0-only
#include "parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unpack.h"

static const char *const names[PART_SYMBOLS] = {
	[PART_CURRENT] = "current_task",      [PART_HOT] = "pcpu_hot",
	[PART_ENTRY_64] = "entry_SYSCALL_64", [PART_ENTRY_32] = "entry_SYSENTER_32",
	[PART_BANNER] = "linux_banner",
};

void parts_init(struct parts *parts)
{
	memset(parts, 0, sizeof(*parts));
	profile_plan_init(&parts->plan);
	parts->hot_current = SCAUDIT_NO_FIELD;
}

void parts_members(struct parts *parts, struct part_member members[PART_MEMBERS])
{
	struct scaudit_plan *plan = &parts->plan;
	const struct part_member all[PART_MEMBERS] = {
		{ "task_struct", "pid", 4, &plan->task_pid },
		{ "task_struct", "tgid", 4, &plan->task_tgid },
		{ "task_struct", "comm", SCAUDIT_COMM_LEN, &plan->task_comm },
		{ "task_struct", "start_time", 8, &plan->task_start },
		{ "task_struct", "real_parent", 0, &plan->task_parent },
		{ "task_struct", "cred", 0, &plan->task_cred },
		{ "cred", "uid", 4, &plan->cred_uid },
		{ "pcpu_hot", "current_task", 0, &parts->hot_current },
	};

	memcpy(members, all, sizeof(all));
}

void parts_symbol(struct parts *parts, const char *name, uint64_t value)
{
	size_t i;

	for (i = 0; i < PART_SYMBOLS; i++) {
		if (parts->has[i] || strcmp(names[i], name) != 0)
			continue;
		parts->has[i] = true;
		parts->symbols[i] = value;
	}
}

int parts_machine(struct parts *parts, bool i386, const char *path, struct sc_error *err)
{
	if (parts->known && parts->i386 != i386)
		return sc_fail(err, -EINVAL, "%s: of another machine than the files before it",
			       path);
	parts->known = true;
	parts->i386 = i386;
	return 0;
}

/* Lines "address type name". */
static int add_map(struct parts *parts, FILE *file, const char *path, struct sc_error *err)
{
	unsigned long long address;
	char line[512], name[256], type;
	size_t n = 0;

	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%llx %c %255s", &address, &type, name) != 3)
			return sc_fail(err, -EINVAL, "%s: no kernel image, and no System.map",
				       path);
		parts_symbol(parts, name, address);
		n++;
	}
	if (ferror(file))
		return sc_fail(err, -EIO, "%s: %s", path, strerror(errno));
	if (n < 100) /* Debian puts a line into its place that says where it is */
		return sc_fail(err, -EINVAL,
			       "%s: no symbols in it (Debian has them in linux-image-…-dbg only; "
			       "the image itself, vmlinuz, will do)",
			       path);
	return 0;
}

int parts_add_file(struct parts *parts, const char *path, struct sc_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char head[UNPACK_HEAD] = { 0 };
	FILE *file;
	int inner, ret;

	if (fd < 0)
		return sc_fail(err, -errno, "%s: %s", path, strerror(errno));
	if (pread(fd, head, sizeof(head), 0) < 0) {
		ret = sc_fail(err, -errno, "%s: %s", path, strerror(errno));
	} else if (memcmp(head, ELFMAG, SELFMAG) == 0) {
		ret = parts_add_elf(parts, fd, path, err);
	} else if (unpack_is_image(head)) {
		parts->align = unpack_alignment(head);
		ret = inner = unpack(fd, head, path, err);
		if (inner >= 0) {
			ret = parts_add_elf(parts, inner, path, err);
			close(inner);
		}
	} else {
		file = fdopen(fd, "r");
		if (file != NULL) {
			ret = add_map(parts, file, path, err);
			fclose(file);
			return ret;
		}
		ret = sc_fail(err, -errno, "%s: %s", path, strerror(errno));
	}
	close(fd);
	return ret;
}

static int find_current(const struct parts *parts, struct profile *profile, struct sc_error *err)
{
	if (parts->has[PART_CURRENT]) {
		profile->current = parts->symbols[PART_CURRENT];
		return 0;
	}
	if (!parts->has[PART_HOT])
		return sc_fail(err, -ENOENT,
			       "no address of current_task: give the kernel's image or System.map");
	if (parts->hot_current == SCAUDIT_NO_FIELD)
		return sc_fail(err, -ENOENT, "the types lack struct pcpu_hot");
	profile->current = parts->symbols[PART_HOT] + parts->hot_current;
	return 0;
}

int parts_profile(const struct parts *parts, struct profile *profile, struct sc_error *err)
{
	enum part_symbol entry = parts->i386 ? PART_ENTRY_32 : PART_ENTRY_64;
	struct scaudit_plan *plan = &profile->plan;

	memset(profile, 0, sizeof(*profile));
	if (!parts->known || !parts->types)
		return sc_fail(err, -ENOENT,
			       "no types of this kernel: give a vmlinux with debug symbols, or "
			       "--headers");
	*plan = parts->plan;
	if (parts->i386) {
		plan->flags = SCAUDIT_PLAN_I386;
		if (plan->gdt_entry == 0)
			plan->gdt_entry = 27; /* GDT_ENTRY_PERCPU, since 2.6.25 */
	}
	if (plan->task_pid == SCAUDIT_NO_FIELD || plan->task_tgid == SCAUDIT_NO_FIELD ||
	    plan->task_comm == SCAUDIT_NO_FIELD)
		return sc_fail(err, -ENOENT, "struct task_struct lacks pid, tgid or comm");
	if (plan->cred_uid == SCAUDIT_NO_FIELD)
		plan->task_cred = SCAUDIT_NO_FIELD;
	strcpy(profile->release, parts->release);
	profile->entry = parts->has[entry] ? parts->symbols[entry] : 0;
	if (profile->entry == 0 && parts->i386) {
		profile->text = parts->text;
		profile->align = parts->align;
	}
	profile->banner = parts->has[PART_BANNER] ? parts->symbols[PART_BANNER] : 0;
	return find_current(parts, profile, err);
}
