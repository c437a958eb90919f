// SPDX-License-Identifier: GPL-2.0-only
#include <linux/string.h>

#include "filter.h"
#include "identity.h"

#define LEVELS_MAX 16 /* cgroups from a task's own to the root */
#define NODE_BYTES 128 /* of a cgroup's name that are looked at */

int sc_filter_make(const struct scaudit_filter *user, const struct scaudit_filter_term *terms,
		   struct sc_filter *filter)
{
	u32 i;

	BUILD_BUG_ON(sizeof(filter->nr) != sizeof(user->nr));
	if (user->nr_terms > SCAUDIT_FILTER_TERMS || user->others > 1)
		return -EINVAL;
	for (i = 0; i < user->nr_terms; i++) {
		const struct scaudit_filter_term *t = &terms[i];

		if (t->kind < SCAUDIT_FILTER_PID || t->kind > SCAUDIT_FILTER_CONTAINER ||
		    t->skip > 1 || t->reserved ||
		    strnlen(t->text, sizeof(t->text)) == sizeof(t->text))
			return -EINVAL;
		filter->terms[i] = *t;
	}
	memcpy(filter->nr, user->nr, sizeof(filter->nr));
	filter->others = user->others;
	filter->nr_terms = user->nr_terms;
	return 0;
}

bool sc_filter_passes_all(const struct sc_filter *filter)
{
	return filter->others && !filter->nr_terms &&
	       !memchr_inv(filter->nr, 0xff, sizeof(filter->nr));
}

enum answer {
	NO,
	YES,
	UNKNOWN,
};

static enum answer is_equal(bool known, u32 a, u32 b)
{
	if (!known)
		return UNKNOWN;
	return a == b ? YES : NO;
}

/* A name that a container's cgroup has, as the usual managers give it. */
static bool is_usual(const char *name)
{
	return strstr(name, "docker") || strstr(name, "libpod") || strstr(name, "lxc") ||
	       strstr(name, "kubepods");
}

/* On its own: the kernel zeroes a function's variables, these too. */
static noinline enum answer in_container(struct sc_audit *a, struct sc_vcpu *v,
					 struct kvm_vcpu *vcpu, const struct sc_context *c,
					 const struct scaudit_task *task, const char *text)
{
	char name[NODE_BYTES];
	u64 node;
	u32 i;

	if (!(task->known & SCAUDIT_KNOWN_TASK))
		return UNKNOWN;
	node = sc_cgroup_of(a, v, vcpu, c, task->task);
	if (!node)
		return UNKNOWN;
	for (i = 0; i < LEVELS_MAX && node; i++) {
		if (sc_cgroup_name(a, v, vcpu, c, &node, name, sizeof(name)))
			return UNKNOWN;
		if (*text ? !strncmp(name, text, strlen(text)) : is_usual(name))
			return YES;
	}
	return NO;
}

static enum answer matches(const struct scaudit_filter_term *term, struct sc_audit *a,
			   struct sc_vcpu *v, struct kvm_vcpu *vcpu, const struct sc_context *c,
			   const struct scaudit_task *task)
{
	bool known = task->known & SCAUDIT_KNOWN_TASK;

	switch (term->kind) {
	case SCAUDIT_FILTER_PID:
		return is_equal(known, task->pid, term->number);
	case SCAUDIT_FILTER_UID:
		return is_equal(task->known & SCAUDIT_KNOWN_CRED, task->uid, term->number);
	case SCAUDIT_FILTER_COMM:
		if (!known)
			return UNKNOWN;
		/* Longer ones than the guest keeps are cut, as prctl(PR_SET_NAME) does. */
		return strncmp(task->comm, term->text, sizeof(task->comm) - 1) ? NO : YES;
	case SCAUDIT_FILTER_CONTAINER:
		return in_container(a, v, vcpu, c, task, term->text);
	}
	return UNKNOWN;
}

bool sc_filter_caller(const struct sc_filter *filter, struct sc_audit *a, struct sc_vcpu *v,
		      struct kvm_vcpu *vcpu, const struct sc_context *c,
		      const struct scaudit_task *task)
{
	u32 kinds = 0, matched = 0, i;

	for (i = 0; i < filter->nr_terms; i++) {
		const struct scaudit_filter_term *t = &filter->terms[i];
		u32 bit = BIT(t->kind);
		enum answer answer;

		if (!t->skip && (matched & bit))
			continue;
		answer = matches(t, a, v, vcpu, c, task);
		if (t->skip && answer == YES)
			return false;
		if (t->skip)
			continue;
		kinds |= bit;
		if (answer != NO)
			matched |= bit;
	}
	return kinds == matched;
}
