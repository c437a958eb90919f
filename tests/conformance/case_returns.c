// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose returns are recorded changes while the guest runs, between calls and
 * within one. (Cases of a list that stays are beside what they are about.)
 */
#include "case.h"

GUEST_CODE(change_mode_user, "	ARGS 39\n"
			     "mode_1:\n"
			     "	syscall\n" /* all */
			     "	SYNC 0\n"
			     "	ARGS 39\n"
			     "mode_2:\n"
			     "	syscall\n" /* none */
			     "	ARGS32 20\n"
			     "mode_3:\n"
			     "	int $0x80\n"
			     "	SYNC 1\n"
			     "	ARGS 39\n"
			     "mode_4:\n"
			     "	syscall\n" /* a list, without it */
			     "	ARGS 40\n"
			     "mode_5:\n"
			     "	syscall\n" /* with it */
			     "	ARGS32 40\n"
			     "mode_6:\n"
			     "	int $0x80\n" /* the same number, another ABI */
			     "	ARGS 100\n"
			     "mode_7:\n"
			     "	syscall\n" /* past it */
			     "	SYNC 2\n"
			     "	ARGS 39\n"
			     "mode_8:\n"
			     "	syscall\n" /* all */
			     "	ARGS32 20\n"
			     "mode_9:\n"
			     "	int $0x80\n"
			     "	END\n");
GUEST_LABEL(mode_1);
GUEST_LABEL(mode_2);
GUEST_LABEL(mode_3);
GUEST_LABEL(mode_4);
GUEST_LABEL(mode_5);
GUEST_LABEL(mode_6);
GUEST_LABEL(mode_7);
GUEST_LABEL(mode_8);
GUEST_LABEL(mode_9);

static void change_mode_sync(struct vcpu *v, unsigned int n)
{
	static const u32 mode[] = { SCAUDIT_RETURNS_NONE, SCAUDIT_RETURNS_LIST,
				    SCAUDIT_RETURNS_ALL };

	audit_returns(v->vm, mode[n], 1ULL << 40, 0);
}

static void change_mode_expect(struct expect *x)
{
	u64 at;

	want_trip(x, 39, mode_1);
	CALL(x, .nr = 39, .rip = user_at(x->tc, mode_2));
	CALL(x, .nr = 20, .rip = user_at(x->tc, mode_3), .insn = SCAUDIT_INSN_INT80);
	CALL(x, .nr = 39, .rip = user_at(x->tc, mode_4));
	want_trip(x, 40, mode_5);
	CALL(x, .nr = 40, .rip = user_at(x->tc, mode_6), .insn = SCAUDIT_INSN_INT80);
	CALL(x, .nr = 100, .rip = user_at(x->tc, mode_7));
	want_trip(x, 39, mode_8);
	at = user_at(x->tc, mode_9);
	CALL(x, .nr = 20, .rip = at, .insn = SCAUDIT_INSN_INT80);
	IRET(x, .ret = GUEST_RET(20), .rip = at + 2);
	want_frame(x, 0x80, 0, user_at(x->tc, mode_3) + 2);
	want_frame(x, 0x80, 0, user_at(x->tc, mode_6) + 2);
	want_frame(x, 0x80, 0, at + 2);
}

/* Within calls: what is asked for when the call ends is what counts, if it was wanted at all. */
GUEST_CODE(within_user, "	ARGS 39\n"
			"within_1:\n"
			"	syscall\n" /* all, then none within it */
			"	ARGS 40\n"
			"within_2:\n"
			"	syscall\n" /* none, then all within it */
			"	ARGS 41\n"
			"within_3:\n"
			"	syscall\n"
			"	END\n");
GUEST_LABEL(within_1);
GUEST_LABEL(within_2);
GUEST_LABEL(within_3);

GUEST_CODE(within_kernel, "	swapgs\n"
			  "	mov %rsp, %gs:0x6014\n"
			  "	mov %gs:0x6020, %rsp\n"
			  "	cmp $39, %eax\n"
			  "	jne 1f\n"
			  "	SYNC 0\n"
			  "1:	cmp $40, %eax\n"
			  "	jne 1f\n"
			  "	SYNC 1\n"
			  "1:	lea 0x1000(%rax), %rax\n"
			  "	mov %gs:0x6014, %rsp\n"
			  "	swapgs\n"
			  "	sysretq\n");

static void within_sync(struct vcpu *v, unsigned int n)
{
	audit_returns(v->vm, n ? SCAUDIT_RETURNS_ALL : SCAUDIT_RETURNS_NONE, 0, 0);
}

/* A SYSRET of a thread without a name is taken as what it seems: call 40 may have a return. */
static void within_expect(struct expect *x)
{
	u64 at = user_at(x->tc, within_2);

	CALL(x, .nr = 39, .rip = user_at(x->tc, within_1));
	CALL(x, .nr = 40, .rip = at);
	RETURN(x, .ret = GUEST_RET(40), .rip = at + 2, .optional = 1);
	want_trip(x, 41, within_3);
}

const struct test_case cases_returns[] = {
	{ .name = "returns-change",
	  .what = "returns of all, none, a list, all; SYSCALL and INT 80h",
	  .user = CODE(change_mode_user),
	  .kernel = CODE(kernel_linux),
	  .int80 = int80_linux,
	  .sync = change_mode_sync,
	  .pad = PAD_USED,
	  .expect = change_mode_expect },
	{ .name = "returns-change-within",
	  .what = "returns of all, then none, then all, each time within a call",
	  .user = CODE(within_user),
	  .kernel = CODE(within_kernel),
	  .sync = within_sync,
	  .pad = PAD_USED,
	  .expect = within_expect },
	{},
};
