// SPDX-License-Identifier: GPL-2.0-only
#include "profile.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "# scaudit profile 1"
#define FIELD_MAX 0xffffu /* what SCAUDIT_IOC_SET_IDENT takes */

/* Numbers of a task, by their names in the file. */
static const struct {
	const char *name;
	size_t offset; /* in struct scaudit_plan */
	bool needed;
} fields[] = {
	{ "task.pid", offsetof(struct scaudit_plan, task_pid), true },
	{ "task.tgid", offsetof(struct scaudit_plan, task_tgid), true },
	{ "task.comm", offsetof(struct scaudit_plan, task_comm), true },
	{ "task.start_time", offsetof(struct scaudit_plan, task_start), false },
	{ "task.real_parent", offsetof(struct scaudit_plan, task_parent), false },
	{ "task.cred", offsetof(struct scaudit_plan, task_cred), false },
	{ "cred.uid", offsetof(struct scaudit_plan, cred_uid), false },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

/* Addresses, likewise. */
static const struct {
	const char *name;
	size_t offset; /* in struct profile */
} addresses[] = {
	{ "current", offsetof(struct profile, current) },
	{ "entry", offsetof(struct profile, entry) },
	{ "text", offsetof(struct profile, text) },
	{ "align", offsetof(struct profile, align) },
	{ "banner", offsetof(struct profile, banner) },
};

#define N_ADDRESSES (sizeof(addresses) / sizeof(addresses[0]))

static uint32_t *field_of(struct profile *profile, size_t i)
{
	return (uint32_t *)((char *)&profile->plan + fields[i].offset);
}

static uint64_t *address_of(struct profile *profile, size_t i)
{
	return (uint64_t *)((char *)profile + addresses[i].offset);
}

int profile_write(const struct profile *profile, FILE *to)
{
	struct profile p = *profile;
	bool i386 = p.plan.flags & SCAUDIT_PLAN_I386;
	size_t i;

	fprintf(to, FIRST_LINE "\n");
	fprintf(to, "machine %s\n", i386 ? "i386" : "x86_64");
	if (p.release[0] != '\0')
		fprintf(to, "release %s\n", p.release);
	for (i = 0; i < N_ADDRESSES; i++)
		if (*address_of(&p, i) != 0)
			fprintf(to, "%s 0x%" PRIx64 "\n", addresses[i].name, *address_of(&p, i));
	if (i386)
		fprintf(to, "gdt_entry %" PRIu32 "\n", p.plan.gdt_entry);
	for (i = 0; i < N_FIELDS; i++)
		if (*field_of(&p, i) != SCAUDIT_NO_FIELD)
			fprintf(to, "%s %" PRIu32 "\n", fields[i].name, *field_of(&p, i));
	return fflush(to) != 0 || ferror(to) ? -EIO : 0;
}

static bool take_number(const char *text, uint64_t max, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 0);
	return isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0 && *number <= max;
}

/* @retval false  the value makes no sense */
static bool take_line(struct profile *p, const char *name, const char *value)
{
	uint64_t number;
	size_t i;

	if (strcmp(name, "machine") == 0) {
		if (strcmp(value, "i386") == 0)
			p->plan.flags = SCAUDIT_PLAN_I386;
		return p->plan.flags != 0 || strcmp(value, "x86_64") == 0;
	}
	if (strcmp(name, "release") == 0) {
		if (strlen(value) >= sizeof(p->release))
			return false;
		strcpy(p->release, value);
		return true;
	}
	for (i = 0; i < N_ADDRESSES; i++)
		if (strcmp(name, addresses[i].name) == 0)
			return take_number(value, UINT64_MAX, address_of(p, i));
	for (i = 0; i < N_FIELDS; i++) {
		if (strcmp(name, fields[i].name) != 0)
			continue;
		if (!take_number(value, FIELD_MAX, &number))
			return false;
		*field_of(p, i) = (uint32_t)number;
		return true;
	}
	if (strcmp(name, "gdt_entry") != 0)
		return true; /* of a later version */
	if (!take_number(value, 8191, &number))
		return false;
	p->plan.gdt_entry = (uint32_t)number;
	return true;
}

/* What has to be there is there. */
static int check(const char *path, struct profile *p, struct sc_error *err)
{
	const char *missing = NULL;
	size_t i;

	for (i = 0; i < N_FIELDS; i++)
		if (fields[i].needed && *field_of(p, i) == SCAUDIT_NO_FIELD)
			missing = fields[i].name;
	if (p->current == 0)
		missing = "current";
	if (p->plan.flags & SCAUDIT_PLAN_I386 && p->plan.gdt_entry == 0)
		missing = "gdt_entry";
	if (missing != NULL)
		return sc_fail(err, -EINVAL, "%s: '%s' is missing", path, missing);
	if ((p->align & (p->align - 1)) != 0)
		return sc_fail(err, -EINVAL, "%s: 'align' is no power of two", path);
	if (p->plan.cred_uid == SCAUDIT_NO_FIELD)
		p->plan.task_cred = SCAUDIT_NO_FIELD;
	return 0;
}

static int read_lines(FILE *from, const char *path, struct profile *p, struct sc_error *err)
{
	char line[256], *value;
	unsigned int n = 0;

	while (fgets(line, sizeof(line), from) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (n++ == 0 && strcmp(line, FIRST_LINE) != 0)
			break;
		if (line[0] == '#' || line[0] == '\0')
			continue;
		value = strchr(line, ' ');
		if (value != NULL)
			*value++ = '\0';
		if (value == NULL || !take_line(p, line, value))
			return sc_fail(err, -EINVAL, "%s: line %u makes no sense", path, n);
	}
	if (ferror(from))
		return sc_fail(err, -EIO, "%s: %s", path, strerror(errno));
	if (!feof(from) || n == 0)
		return sc_fail(err, -EINVAL,
			       "%s: this is no profile ('screcord profile' makes one)", path);
	return check(path, p, err);
}

void profile_plan_init(struct scaudit_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->task_pid = plan->task_tgid = plan->task_comm = SCAUDIT_NO_FIELD;
	plan->task_start = plan->task_parent = SCAUDIT_NO_FIELD;
	plan->task_cred = plan->cred_uid = plan->cred_gid = SCAUDIT_NO_FIELD;
	plan->task_cgroups = plan->set_cgroup = plan->cgroup_node = SCAUDIT_NO_FIELD;
	plan->node_parent = plan->node_name = SCAUDIT_NO_FIELD;
}

int profile_read(const char *path, struct profile *profile, struct sc_error *err)
{
	FILE *from = fopen(path, "re");
	int ret;

	memset(profile, 0, sizeof(*profile));
	profile_plan_init(&profile->plan);
	if (from == NULL)
		return sc_fail(err, -errno, "%s: %s", path, strerror(errno));
	ret = read_lines(from, path, profile, err);
	fclose(from);
	return ret;
}

int profile_slide(const struct profile *profile, uint64_t lstar, uint64_t *slide)
{
	if (lstar == 0)
		return -ENOENT;
	if (profile->entry != 0)
		*slide = lstar - profile->entry;
	else if (profile->text != 0 && profile->align != 0)
		*slide = (lstar - profile->text) & ~(profile->align - 1);
	else
		return -ENOENT;
	if (profile->plan.flags & SCAUDIT_PLAN_I386)
		*slide = (uint32_t)*slide;
	return 0;
}

int profile_plan(const struct profile *profile, uint64_t lstar, struct scaudit_plan *plan,
		 struct sc_error *why)
{
	uint64_t slide;

	*plan = profile->plan;
	plan->lstar = lstar;
	plan->current_off = profile->current;
	if (!(plan->flags & SCAUDIT_PLAN_I386))
		return 0;
	/*
	 * The per-CPU base is what has to be added to the address of the variable, and
	 * that has moved with the kernel (setup_percpu_segment(), SHIFT_PERCPU_PTR).
	 */
	if (profile_slide(profile, lstar, &slide) < 0)
		return sc_fail(why, -ENOENT,
			       "the profile does not say where the kernel's entry point is");
	plan->current_off = (uint32_t)(profile->current + slide);
	return 0;
}
