// SPDX-License-Identifier: GPL-2.0-only
#include "ident.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "btf.h"

#define MIB (1ULL << 20)
#define CHUNK (1u << 20)
#define READ_MAX (16u << 20) /* most bytes of one SCAUDIT_IOC_READ */
#define BEHIND (128 * MIB) /* the kernel image: BTF lies in .rodata, behind .text */
#define BEFORE (32 * MIB)
#define CANDIDATES_MOST 4096u /* heads that make sense; all the modules of a kernel have few */
#define EXAMINED_MOST (256 * MIB) /* of these, read and parsed */
#define TRIES 16u
#define PAGE 4096u
#define PID_MAX 0x400000u /* PID_MAX_LIMIT, include/linux/threads.h */
#define KERNEL_HALF_I386 0x40000000ULL /* the lowest of CONFIG_PAGE_OFFSET */
#define KERNEL_HALF 0xffff800000000000ULL

int ident_init(struct ident *ident, const struct ident_ops *ops, void *arg)
{
	memset(ident, 0, sizeof(*ident));
	ident->ops = ops;
	ident->arg = arg;
	ident->chunk = malloc(CHUNK);
	return ident->chunk != NULL ? 0 : -ENOMEM;
}

void ident_uninit(struct ident *ident)
{
	free(ident->ranges);
	free(ident->chunk);
	memset(ident, 0, sizeof(*ident));
}

/* The part of [from, to) that is RAM, slot by slot. */
static void add_ranges(struct ident *ident, const struct scaudit_slot *slots, size_t n,
		       uint64_t from, uint64_t to)
{
	struct ident_range *range;
	uint64_t begin, end;
	size_t i;

	for (i = 0; i < n; i++) {
		begin = slots[i].gpa;
		end = begin + slots[i].length;
		if (end < begin)
			continue;
		begin = begin > from ? begin : from;
		end = end < to ? end : to;
		if (begin >= end)
			continue;
		range = &ident->ranges[ident->n_ranges++];
		range->from = begin;
		range->to = end;
	}
}

static void add_near(struct ident *ident, const struct scaudit_slot *slots, size_t n, uint64_t near)
{
	add_ranges(ident, slots, n, near, near + BEHIND);
	add_ranges(ident, slots, n, near > BEFORE ? near - BEFORE : 0, near);
}

/* Find out the physical address of lstar, and the vCPU that can tell it. */
static int locate(struct ident *ident, uint64_t lstar, uint32_t nr_vcpus)
{
	struct scaudit_translate t;
	uint32_t vcpu;
	int ret;

	for (vcpu = 0; vcpu == 0 || vcpu < nr_vcpus; vcpu++) {
		memset(&t, 0, sizeof(t));
		t.vcpu = vcpu;
		ret = ident->ops->translate(ident->arg, &t);
		if (ret < 0 && ret != -ENXIO && ret != -EAGAIN && ret != -ENOENT)
			return ret;
		if (ret < 0 || t.lstar == 0 || (lstar != 0 && t.lstar != lstar))
			continue;
		ident->lstar = t.lstar;
		ident->lstar_gpa = t.gpa;
		ident->vcpu = vcpu;
		return 0;
	}
	return -EAGAIN;
}

int ident_begin(struct ident *ident, uint64_t lstar, uint32_t nr_vcpus)
{
	struct scaudit_slot *slots = NULL;
	uint64_t near;
	size_t n = 0;
	int ret;

	ident->busy = false;
	ret = locate(ident, lstar, nr_vcpus);
	if (ret < 0)
		return ret;
	ret = ident->ops->slots(ident->arg, &slots, &n);
	if (ret < 0)
		return ret;
	free(ident->ranges);
	ident->n_ranges = 0;
	ident->ranges = calloc(5 * n + 1, sizeof(*ident->ranges));
	if (ident->ranges == NULL) {
		free(slots);
		return -ENOMEM;
	}
	near = ident->lstar_gpa & ~(2 * MIB - 1);
	add_near(ident, slots, n, near);
	ident->n_own = ident->n_ranges;
	add_near(ident, slots, n, near);
	ident->n_near = ident->n_ranges;
	add_ranges(ident, slots, n, 0, UINT64_MAX);
	free(slots);

	ident->range = 0;
	ident->at = ident->n_ranges > 0 ? ident->ranges[0].from : 0;
	ident->searched = ident->examined = 0;
	ident->candidates = 0;
	ident->length = ident->hit = 0;
	ident->why.text[0] = ident->near_why.text[0] = '\0';
	ident->profiled = ident->has_layout = false;
	ident->busy = true;
	return 0;
}

static int read_all(const struct ident *ident, uint64_t gpa, void *buffer, uint64_t length)
{
	uint64_t done, at, want;
	int ret;

	for (at = 0; at < length; at += done) {
		want = length - at < READ_MAX ? length - at : READ_MAX;
		ret = ident->ops->read(ident->arg, gpa + at, (char *)buffer + at, want, &done);
		if (ret < 0)
			return ret;
		if (done == 0 || done > want)
			return -ENXIO;
	}
	return 0;
}

/* A few bytes at a guest-virtual address; they may lie on two pages. */
static int read_virtual(const struct ident *ident, uint64_t gva, void *buffer, uint32_t length)
{
	struct scaudit_translate t;
	uint32_t part, at;
	int ret;

	for (at = 0; at < length; at += part) {
		memset(&t, 0, sizeof(t));
		t.gva = gva + at;
		t.vcpu = ident->vcpu;
		part = PAGE - (uint32_t)(t.gva & (PAGE - 1));
		if (part > length - at)
			part = length - at;
		ret = ident->ops->translate(ident->arg, &t);
		if (ret == 0)
			ret = read_all(ident, t.gpa, (char *)buffer + at, part);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Does the plan find a task? Not being able to ask counts as yes. @what  it comes from */
static int try_once(const struct ident *ident, const struct scaudit_plan *plan, const char *what,
		    struct sc_error *why)
{
	bool i386 = plan->flags & SCAUDIT_PLAN_I386;
	uint64_t mask = i386 ? UINT32_MAX : UINT64_MAX;
	uint64_t half = i386 ? KERNEL_HALF_I386 : KERNEL_HALF;
	struct scaudit_translate t = { .vcpu = ident->vcpu };
	uint64_t task = 0;
	uint32_t pid = 0, tgid = 0;
	char comm[SCAUDIT_COMM_LEN] = "";

	if (ident->ops->translate(ident->arg, &t) < 0 || t.kernel_gs == 0 ||
	    (!i386 && t.kernel_gs < KERNEL_HALF))
		return 0;
	if (read_virtual(ident, (t.kernel_gs + plan->current_off) & mask, &task, i386 ? 4 : 8) <
		    0 ||
	    task < half || task % 8 != 0)
		return sc_fail(why, -ENOENT, "%s, but no task where it says", what);
	if (read_virtual(ident, task + plan->task_pid, &pid, sizeof(pid)) < 0 ||
	    read_virtual(ident, task + plan->task_tgid, &tgid, sizeof(tgid)) < 0 ||
	    read_virtual(ident, task + plan->task_comm, comm, sizeof(comm)) < 0 || pid > PID_MAX ||
	    tgid > PID_MAX || memchr(comm, '\0', sizeof(comm)) == NULL)
		return sc_fail(why, -ENOENT, "%s, but its tasks make no sense", what);
	return 0;
}

/*
 * As try_once(), of several moments: the guest goes on while it is asked, and the address
 * space by which it is read may be gone before it is.
 */
static int try_out(const struct ident *ident, const struct scaudit_plan *plan, const char *what,
		   struct sc_error *why)
{
	int ret = 0;

	for (unsigned int tries = 0; tries < TRIES; tries++) {
		ret = try_once(ident, plan, what, why);
		if (ret == 0)
			break;
	}
	return ret;
}

/* Its strings begin and end with NUL: cheap to ask, and a head alone rarely has them. */
static bool has_strings(const struct ident *ident, const unsigned char *head, uint64_t gpa,
			size_t size)
{
	unsigned char first, last;

	return read_all(ident, gpa + btf_strings(head), &first, 1) == 0 && first == '\0' &&
	       read_all(ident, gpa + size - 1, &last, 1) == 0 && last == '\0';
}

/* Is it the BTF of this kernel? */
static bool examine(struct ident *ident, uint64_t gpa, size_t size)
{
	struct scaudit_plan plan;
	struct layout layout;
	void *blob = malloc(size);
	bool good;

	if (blob == NULL)
		return false;
	good = read_all(ident, gpa, blob, size) == 0 &&
	       btf_plan(blob, size, &plan, &layout, &ident->why) == 0 &&
	       try_out(ident, &plan, "BTF was found", &ident->why) == 0;
	free(blob);
	if (good) {
		ident->plan = plan;
		ident->layout = layout;
		ident->has_layout = true;
	}
	return good;
}

/*
 * Does it lie in what only the kernel has ever written to: its image, where that is mapped
 * read-only? Linux makes the holes in the image writable before it gives them away as memory
 * (free_init_pages() in arch/x86/mm/init.c), and anybody's data may be in them then.
 */
static bool owned(const struct ident *ident, uint64_t gpa)
{
	struct scaudit_translate t = { 0 };
	int ret = -ENXIO;

	/* Again, since the address space by which it is asked may be gone (try_out()). */
	for (unsigned int tries = 0; ret < 0 && tries < TRIES / 4; tries++) {
		t = (struct scaudit_translate){
			.gva = ident->lstar + (gpa - ident->lstar_gpa),
			.vcpu = ident->vcpu,
		};
		ret = ident->ops->translate(ident->arg, &t);
	}
	return ret == 0 && t.gpa == gpa && !(t.flags & SCAUDIT_PAGE_WRITABLE);
}

/*
 * The next in the chunk that is worth reading, from `hit` on, which becomes its place.
 * @retval its size; 0: there is none
 */
static size_t next_candidate(struct ident *ident)
{
	const unsigned char *head;
	uint64_t gpa;
	size_t size;

	for (; ident->candidates < CANDIDATES_MOST; ident->hit++) {
		ident->hit = btf_search(ident->chunk, ident->length, ident->hit);
		if (ident->hit == ident->length)
			return 0;
		head = ident->chunk + ident->hit;
		size = btf_size(head);
		if (size == 0)
			continue;
		gpa = ident->at + ident->hit;
		if (ident->range < ident->n_own &&
		    !(owned(ident, gpa) && owned(ident, gpa + size - 1))) {
			/* Nor is what else begins on this page. */
			ident->hit += PAGE - 1 - gpa % PAGE;
			if (ident->hit >= ident->length)
				ident->hit = ident->length - 1;
			continue;
		}
		ident->candidates++;
		if (has_strings(ident, head, gpa, size))
			return size;
	}
	return 0;
}

/*
 * Is the guest's kernel the one that the profile is of? It says so where its banner
 * is. Not being able to ask counts as yes.
 */
static bool same_kernel(struct ident *ident)
{
	const struct profile *p = ident->profile;
	uint64_t mask = p->plan.flags & SCAUDIT_PLAN_I386 ? UINT32_MAX : UINT64_MAX;
	char wanted[PROFILE_RELEASE + 16], found[sizeof(wanted)] = "";
	uint64_t slide;
	int n;

	n = snprintf(wanted, sizeof(wanted), "Linux version %s ", p->release);
	if (p->release[0] == '\0' || p->banner == 0 || profile_slide(p, ident->lstar, &slide) < 0 ||
	    read_virtual(ident, (p->banner + slide) & mask, found, (uint32_t)n) < 0)
		return true;
	if (memcmp(wanted, found, (size_t)n) == 0)
		return true;
	sc_fail(&ident->why, -ENOENT, "no BTF, and the profile is of another kernel, %s",
		p->release);
	return false;
}

static bool use_profile(struct ident *ident)
{
	struct scaudit_plan plan;

	if (ident->profile == NULL || !same_kernel(ident) ||
	    profile_plan(ident->profile, ident->lstar, &plan, &ident->why) < 0 ||
	    try_out(ident, &plan, "a profile was given", &ident->why) < 0)
		return false;
	ident->plan = plan;
	ident->profiled = true;
	return true;
}

static int conclude(struct ident *ident, bool found)
{
	if (!found) {
		memset(&ident->plan, 0, sizeof(ident->plan));
		ident->plan.flags = SCAUDIT_PLAN_ABSENT;
		if (ident->why.text[0] == '\0')
			sc_fail(&ident->why, 0, "no BTF of a kernel in guest memory");
	}
	ident->plan.lstar = ident->lstar;
	ident->busy = false;
	return 1;
}

bool ident_assume(struct ident *ident, uint64_t lstar)
{
	if (lstar == 0 || lstar > UINT32_MAX)
		return false;
	ident->lstar = lstar;
	ident->has_layout = false;
	ident->profiled = ident->profile != NULL &&
			  ident->profile->plan.flags & SCAUDIT_PLAN_I386 &&
			  profile_plan(ident->profile, lstar, &ident->plan, &ident->why) == 0;
	if (!ident->profiled) {
		sc_fail(&ident->why, 0, "a 32-bit kernel: it takes a profile of it");
		conclude(ident, false);
	}
	ident->busy = false;
	return true;
}

/* To where there is something to search. @retval false  there is nothing any more */
static bool next_range(struct ident *ident)
{
	while (ident->range < ident->n_ranges &&
	       ident->at + BTF_HEAD > ident->ranges[ident->range].to) {
		if (++ident->range < ident->n_ranges)
			ident->at = ident->ranges[ident->range].from;
	}
	return ident->range < ident->n_ranges &&
	       (ident->profile == NULL || ident->range < ident->n_near);
}

static int give_up(struct ident *ident)
{
	sc_fail(&ident->why, -E2BIG,
		"too much in guest memory looks like BTF and is not its kernel's: %u times, %llu MiB; "
		"near the kernel: %s",
		ident->candidates, (unsigned long long)(ident->examined / MIB),
		ident->near_why.text[0] ? ident->near_why.text : "none");
	return conclude(ident, use_profile(ident));
}

int ident_step(struct ident *ident)
{
	uint64_t want;
	size_t size;

	if (!ident->busy)
		return 1;
	if (!next_range(ident))
		return conclude(ident, use_profile(ident));
	want = ident->ranges[ident->range].to - ident->at;
	want = want < CHUNK ? want : CHUNK;
	if (ident->hit == 0 &&
	    (ident->ops->read(ident->arg, ident->at, ident->chunk, want, &ident->length) < 0 ||
	     ident->length > want))
		ident->length = 0;
	size = next_candidate(ident);
	if (ident->candidates >= CANDIDATES_MOST || size > EXAMINED_MOST - ident->examined)
		return give_up(ident);
	if (size != 0) {
		ident->examined += size;
		if (examine(ident, ident->at + ident->hit, size))
			return conclude(ident, true);
		if (ident->range < ident->n_near && ident->near_why.text[0] == '\0')
			ident->near_why = ident->why;
		ident->hit++;
		return 0;
	}
	ident->hit = 0;
	ident->searched += ident->length;
	if (ident->length < want) /* a hole: step over its first page */
		ident->at = ((ident->at + ident->length) & ~(uint64_t)(PAGE - 1)) + PAGE;
	else /* a head may lie across the end */
		ident->at += want - (want < BTF_HEAD ? 0 : BTF_HEAD - 1);
	return 0;
}
