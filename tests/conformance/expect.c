// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a case expects, filled in from what it says and what is usual.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"

const char *not_on_bochs_step(const struct host *h, u32 engine)
{
	(void)engine;
	return h->bochs ? "Bochs steps over SYSCALL and SYSRET by the TF of before" : NULL;
}

u64 user_at(const struct test_case *tc, const u8 *label)
{
	return PA_USER + tc->user_offset + (u64)(label - tc->user.start);
}

u64 kernel_at(const struct test_case *tc, const u8 *label)
{
	return KVA(PA_ENTRY) + (u64)(label - tc->kernel.start);
}

static struct record *add(struct expect *x, const struct record *r, u16 type)
{
	struct record *n = &x->record[x->nr_records];

	if (x->nr_records == MAX_RECORDS) {
		fprintf(stderr, "%s expects too much\n", x->tc->name);
		abort();
	}
	x->nr_records++;
	*n = *r;
	n->type = type;
	if (!n->rsp)
		n->rsp = USER_STACK + (u64)n->vcpu * STACK_BYTES;
	return n;
}

void want_call(struct expect *x, const struct record *r)
{
	struct record *n = add(x, r, SCAUDIT_EV_ENTRY);
	bool given = false;

	if (!n->rflags)
		n->rflags = USER_FLAGS;
	if (!n->cpl)
		n->cpl = 3;
	else if (n->cpl == CPL_0)
		n->cpl = 0;
	if (n->insn != SCAUDIT_INSN_SYSCALL)
		n->abi = SCAUDIT_ABI_I386;
	for (int i = 0; i < 6; i++)
		given = given || n->args[i];
	for (int i = 0; i < 6 && !given; i++)
		n->args[i] = n->abi == SCAUDIT_ABI_I386 ? (u32)GUEST_ARG(i, n->nr) :
							  GUEST_ARG(i, n->nr);
}

/* Does the case's list have the last call of this vCPU? */
static bool listed(const struct expect *x, u32 vcpu)
{
	const struct record *r = NULL;

	for (u32 i = 0; i < x->nr_records; i++)
		if (x->record[i].type == SCAUDIT_EV_ENTRY && x->record[i].vcpu == vcpu)
			r = &x->record[i];
	if (x->tc->returns != SCAUDIT_RETURNS_LIST || !r)
		return x->tc->returns != SCAUDIT_RETURNS_NONE;
	return (r->abi == SCAUDIT_ABI_I386 ? x->tc->wanted_32 : x->tc->wanted_64) >> r->nr & 1;
}

void want_return(struct expect *x, const struct record *r)
{
	if (listed(x, r->vcpu))
		add(x, r, SCAUDIT_EV_RETURN);
}

void want_iret(struct expect *x, const struct record *r)
{
	if (x->host->vendor == SCAUDIT_VENDOR_AMD && listed(x, r->vcpu))
		add(x, r, SCAUDIT_EV_RETURN)->how = SCAUDIT_HOW_IRET;
}

void want_trip32(struct expect *x, u64 nr, const u8 *label)
{
	u64 at = user_at(x->tc, label);

	CALL(x, .nr = nr, .rip = at, .insn = SCAUDIT_INSN_INT80);
	IRET(x, .ret = GUEST_RET(nr), .rip = at + 2, .to32 = 1);
}

void want_cut(struct expect *x, unsigned int vcpu)
{
	struct record r = { .vcpu = vcpu, .reason = SCAUDIT_GAP_CUT };

	add(x, &r, SCAUDIT_EV_GAP);
}

void want_blind(struct expect *x, unsigned int vcpu, bool optional)
{
	struct record r = { .vcpu = vcpu, .reason = SCAUDIT_GAP_BLIND, .optional = optional };

	add(x, &r, SCAUDIT_EV_GAP);
}

void want_trip(struct expect *x, u64 nr, const u8 *label)
{
	u64 at = user_at(x->tc, label);

	CALL(x, .nr = nr, .rip = at);
	RETURN(x, .ret = GUEST_RET(nr), .rip = at + 2);
}

void want_frame_on(struct expect *x, unsigned int vcpu, unsigned int vector, u64 error, u64 rip)
{
	if (x->nr_frames[vcpu] == MAX_EXPECTED_FRAMES) {
		fprintf(stderr, "%s expects too many exceptions\n", x->tc->name);
		abort();
	}
	x->frame[vcpu][x->nr_frames[vcpu]++] =
		(struct expected_frame){ .vector = vector, .error = error, .rip = rip };
}

void want_frame(struct expect *x, unsigned int vector, u64 error, u64 rip)
{
	want_frame_on(x, 0, vector, error, rip);
}
