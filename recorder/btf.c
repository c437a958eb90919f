// SPDX-License-Identifier: GPL-2.0-only
#include "btf.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "parts.h"
#include "profile.h"

#define MIN_TYPES (64u << 10) /* bytes: a kernel has megabytes, a module or program has not */
#define NEST_MAX 16u /* unnamed structs in each other */
#define VISITS_MAX (1u << 20) /* members looked at for one field */
#define MODIFIERS_MAX 16u
#define FIELD_MAX 0xffffu
#define LAYOUT_MAX (1u << 20) /* bytes: nothing that we look at is larger */

/* magic 0xeb9f, version 1, flags 0, hdr_len 24: little-endian */
static const unsigned char signature[8] = { 0x9f, 0xeb, 0x01, 0x00, BTF_HEAD, 0x00, 0x00, 0x00 };

size_t btf_search(const unsigned char *data, size_t length, size_t from)
{
	const unsigned char *p;

	if (length < BTF_HEAD || from > length - BTF_HEAD)
		return length;
	p = memmem(data + from, length - from, signature, sizeof(signature));
	if (p == NULL || (size_t)(data + length - p) < BTF_HEAD)
		return length;
	return (size_t)(p - data);
}

size_t btf_size(const unsigned char head[BTF_HEAD])
{
	struct btf_header h;
	uint64_t end;

	memcpy(&h, head, sizeof(h));
	if (memcmp(head, signature, sizeof(signature)) != 0)
		return 0;
	/* types come first in all that pahole and libbpf write, strings behind them */
	end = (uint64_t)h.str_off + h.str_len;
	if (h.type_off != 0 || h.type_len % 4 != 0 || h.type_len < MIN_TYPES ||
	    h.type_len > h.str_off || h.str_len == 0 || end > BTF_MAX - BTF_HEAD)
		return 0;
	return BTF_HEAD + (size_t)end;
}

size_t btf_strings(const unsigned char head[BTF_HEAD])
{
	struct btf_header h;

	memcpy(&h, head, sizeof(h));
	return BTF_HEAD + (size_t)h.str_off;
}

struct search {
	const struct btf *btf;
	const char *name;
	unsigned int visits;
	uint32_t type; /* out: of the member */
	uint64_t bits; /* out: where it is */
};

static const struct btf_type *strip(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	unsigned int i;

	for (i = 0; t != NULL && i < MODIFIERS_MAX; i++) {
		if (!btf_is_mod(t) && !btf_is_typedef(t))
			return t;
		t = btf__type_by_id(btf, t->type);
	}
	return NULL;
}

/* A member by its name, also inside of unnamed structs and unions. */
static bool find_member(struct search *s, const struct btf_type *t, uint64_t base,
			unsigned int depth)
{
	const struct btf_member *m;
	const struct btf_type *inner;
	const char *name;
	unsigned int i;

	if (t == NULL || !btf_is_composite(t) || depth > NEST_MAX)
		return false;
	m = btf_members(t);
	for (i = 0; i < btf_vlen(t); i++) {
		if (s->visits++ > VISITS_MAX)
			return false;
		name = btf__name_by_offset(s->btf, m[i].name_off);
		if (name == NULL)
			return false;
		if (strcmp(name, s->name) == 0) {
			if (btf_member_bitfield_size(t, i) != 0)
				return false;
			s->type = m[i].type;
			s->bits = base + btf_member_bit_offset(t, i);
			return s->bits % 8 == 0;
		}
		if (name[0] != '\0')
			continue;
		inner = strip(s->btf, m[i].type);
		if (find_member(s, inner, base + btf_member_bit_offset(t, i), depth + 1))
			return true;
	}
	return false;
}

/* A field of a known size. @retval its offset, or SCAUDIT_NO_FIELD */
static uint32_t field(const struct btf *btf, const struct btf_type *t, const char *name,
		      int64_t size)
{
	struct search s = { .btf = btf, .name = name };

	if (!find_member(&s, t, 0, 0) || s.bits / 8 > FIELD_MAX)
		return SCAUDIT_NO_FIELD;
	if (btf__resolve_size(btf, s.type) != size)
		return SCAUDIT_NO_FIELD;
	return (uint32_t)(s.bits / 8);
}

static const struct btf_type *struct_named(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
}

/* A variable of the per-CPU area. @retval false there is none of that name */
static bool percpu_variable(const struct btf *btf, const char *name, __u64 *offset, uint32_t *type)
{
	int id = btf__find_by_name_kind(btf, ".data..percpu", BTF_KIND_DATASEC);
	const struct btf_type *section = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	const struct btf_var_secinfo *info;
	const struct btf_type *var;
	const char *found;
	unsigned int i;

	if (section == NULL)
		return false;
	info = btf_var_secinfos(section);
	for (i = 0; i < btf_vlen(section); i++) {
		var = btf__type_by_id(btf, info[i].type);
		if (var == NULL || !btf_is_var(var))
			continue;
		found = btf__name_by_offset(btf, var->name_off);
		if (found != NULL && strcmp(found, name) == 0) {
			*offset = info[i].offset;
			*type = var->type;
			return true;
		}
	}
	return false;
}

/* DEFINE_PER_CPU(struct task_struct *, current_task), since 6.2 a member of pcpu_hot. */
static bool find_current(const struct btf *btf, __u64 *offset)
{
	struct search s = { .btf = btf, .name = "current_task" };
	uint32_t type;

	if (percpu_variable(btf, "current_task", offset, &type)) {
		s.type = type;
	} else {
		if (!percpu_variable(btf, "pcpu_hot", offset, &type) ||
		    !find_member(&s, strip(btf, type), 0, 0))
			return false;
		*offset += s.bits / 8;
	}
	return btf__resolve_size(btf, s.type) == 8;
}

/* ---- the layout ---- */

struct row {
	const char *container, *member;
	int64_t size;
	size_t offset; /* in struct layout */
};

static const struct row rows[] = {
#define LAYOUT_FIELD(name, container, member, size) \
	{ container, member, size, offsetof(struct layout, name) },
	LAYOUT_MEMBERS(LAYOUT_FIELD)
#undef LAYOUT_FIELD
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/*
 * A member of members; their names are separated by dots.
 * @s  counts visits, of all that is looked for
 * @retval offset, or LAYOUT_NONE
 */
static uint32_t dotted(struct search *s, const struct btf_type *t, const char *path, int64_t size)
{
	const char *dot;
	char name[32];
	uint64_t bits = 0;

	if (path[0] == '\0')
		return t->size <= LAYOUT_MAX ? t->size : LAYOUT_NONE;
	for (;; path = dot + 1) {
		dot = strchrnul(path, '.');
		snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
		s->name = name;
		if (!find_member(s, t, 0, 0))
			return LAYOUT_NONE;
		bits += s->bits;
		if (*dot == '\0')
			break;
		t = strip(s->btf, s->type);
	}
	if (bits / 8 > LAYOUT_MAX ||
	    (size != LAYOUT_ANY && btf__resolve_size(s->btf, s->type) != size))
		return LAYOUT_NONE;
	return (uint32_t)(bits / 8);
}

/* Some names are of more than one struct: the first counts that has the member. */
static void find_layout(const struct btf *btf, struct layout *layout)
{
	struct search s = { .btf = btf };
	uint32_t id, types = btf__type_cnt(btf), *found;
	const struct btf_type *t;
	const char *name;
	size_t i;

	layout_init(layout);
	for (id = 1; id < types && s.visits < VISITS_MAX; id++) {
		t = btf__type_by_id(btf, id);
		if (t == NULL || !btf_is_struct(t))
			continue;
		name = btf__name_by_offset(btf, t->name_off);
		if (name == NULL)
			continue;
		for (i = 0; i < N_ROWS; i++) {
			if (name[0] != rows[i].container[0] || strcmp(rows[i].container, name) != 0)
				continue;
			found = (uint32_t *)((char *)layout + rows[i].offset);
			s.visits++; /* of structs without members there can be millions */
			if (*found == LAYOUT_NONE)
				*found = dotted(&s, t, rows[i].member, rows[i].size);
		}
	}
	if (layout->node_parent == LAYOUT_NONE) /* since 6.15 */
		layout->node_parent = layout->node_parent_new;
}

/* ---- the module's plan ---- */

/* The module takes no offset beyond 64 KiB. */
static uint32_t field_of(uint32_t offset)
{
	return offset <= FIELD_MAX ? offset : SCAUDIT_NO_FIELD;
}

/* All five, or none. */
static void plan_container(const struct layout *l, struct scaudit_plan *plan)
{
	plan->task_cgroups = field_of(l->task_cgroups);
	plan->set_cgroup = field_of(l->set_cgroup);
	plan->cgroup_node = field_of(l->cgroup_node);
	plan->node_parent = field_of(l->node_parent);
	plan->node_name = field_of(l->node_name);
	if (plan->task_cgroups == SCAUDIT_NO_FIELD || plan->set_cgroup == SCAUDIT_NO_FIELD ||
	    plan->cgroup_node == SCAUDIT_NO_FIELD || plan->node_parent == SCAUDIT_NO_FIELD ||
	    plan->node_name == SCAUDIT_NO_FIELD)
		plan->task_cgroups = plan->set_cgroup = plan->cgroup_node = plan->node_parent =
			plan->node_name = SCAUDIT_NO_FIELD;
}

static int make_plan(const struct btf *btf, struct scaudit_plan *plan, struct layout *layout,
		     struct sc_error *err)
{
	const struct btf_type *task = struct_named(btf, "task_struct");
	const struct btf_type *cred = struct_named(btf, "cred");

	profile_plan_init(plan);
	if (task == NULL)
		return sc_fail(err, -ENOENT, "the guest's BTF has no struct task_struct");
	if (!find_current(btf, &plan->current_off))
		return sc_fail(
			err, -ENOENT,
			"the guest's BTF does not say where current is (current_task, pcpu_hot)");
	plan->task_pid = field(btf, task, "pid", 4);
	plan->task_tgid = field(btf, task, "tgid", 4);
	plan->task_comm = field(btf, task, "comm", SCAUDIT_COMM_LEN);
	plan->task_start = field(btf, task, "start_time", 8);
	plan->task_parent = field(btf, task, "real_parent", 8);
	plan->task_cred = field(btf, task, "cred", 8);
	plan->cred_uid = cred != NULL ? field(btf, cred, "uid", 4) : SCAUDIT_NO_FIELD;
	if (plan->cred_uid == SCAUDIT_NO_FIELD)
		plan->task_cred = SCAUDIT_NO_FIELD;
	plan->cred_gid = cred != NULL ? field(btf, cred, "gid", 4) : SCAUDIT_NO_FIELD;
	if (plan->task_pid == SCAUDIT_NO_FIELD || plan->task_tgid == SCAUDIT_NO_FIELD ||
	    plan->task_comm == SCAUDIT_NO_FIELD)
		return sc_fail(err, -ENOENT,
			       "the guest's struct task_struct lacks pid, tgid or comm");
	find_layout(btf, layout);
	plan_container(layout, plan);
	return 0;
}

static int say_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int btf_plan(const void *data, size_t length, struct scaudit_plan *plan, struct layout *layout,
	     struct sc_error *err)
{
	struct layout unwanted;
	struct btf *btf;
	int ret;

	if (length < BTF_HEAD || length > BTF_MAX || btf_size(data) == 0 || btf_size(data) > length)
		return sc_fail(err, -EINVAL, "not the BTF of a kernel");
	libbpf_set_print(say_nothing);
	btf = btf__new(data, (uint32_t)length);
	if (btf == NULL)
		return sc_fail(err, -EINVAL, "the guest's BTF is damaged");
	ret = make_plan(btf, plan, layout != NULL ? layout : &unwanted, err);
	btf__free(btf);
	return ret;
}

int btf_offsets(const void *data, size_t length, const struct part_member *members, size_t n)
{
	const struct btf_type *container;
	struct btf *btf;
	int64_t size;
	int ret = 0;
	size_t i;

	/* libbpf takes a header of any length, and reads types behind it at odd places. */
	if (length < BTF_HEAD || length > BTF_MAX ||
	    memcmp(data, signature, sizeof(signature)) != 0)
		return -EINVAL;
	libbpf_set_print(say_nothing);
	btf = btf__new(data, (uint32_t)length);
	if (btf == NULL)
		return -EINVAL;
	if (struct_named(btf, "task_struct") == NULL)
		ret = -ENOENT;
	for (i = 0; ret == 0 && i < n; i++) {
		container = struct_named(btf, members[i].container);
		size = members[i].size != 0 ? members[i].size : (int64_t)btf__pointer_size(btf);
		if (container != NULL)
			*members[i].offset = field(btf, container, members[i].member, size);
	}
	btf__free(btf);
	return ret;
}
