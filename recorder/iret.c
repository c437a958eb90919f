// SPDX-License-Identifier: GPL-2.0-only
#include "iret.h"

/* Linux, restart_syscall: by it the kernel goes on with a call that has a time limit. */
#define NR_RESTART_64 219u
#define NR_RESTART_32 0u

bool iret_executed(const struct open_call *call, const struct scaudit_return *event)
{
	return call->kind == KIND_EXEC && thread_pages(event->cr3) != call->cr3;
}

/* Could a kernel that is about to repeat this call have put that into RAX? */
static bool repeats(const struct open_call *call, uint64_t ret)
{
	uint32_t low = (uint32_t)ret;

	if (low == (uint32_t)call->nr)
		return true;
	return low == (call->abi == SCAUDIT_ABI_I386 ? NR_RESTART_32 : NR_RESTART_64);
}

/*
 * The call's registers go on at rip, with this in RAX: now, or when the signal
 * handler is done in whose frame they are. The kernel repeats a call by going
 * two bytes back (handle_signal() in arch/x86/kernel/signal.c), from behind the
 * instruction or, of the vDSO's SYSENTER and SYSCALL, from behind the int 0x80
 * that follows it there.
 * @retval SC_STATE_OPEN  elsewhere
 */
static enum sc_state judge_place(const struct open_call *call, uint64_t rip, uint64_t ret)
{
	uint64_t step = rip - call->rip;

	if (iret_landing(call)) {
		if (step == 2)
			return SC_STATE_RESTARTED;
		return step == 4 ? SC_STATE_IRET : SC_STATE_OPEN;
	}
	if (step == 0)
		return SC_STATE_RESTARTED;
	if (step == 2)
		return SC_STATE_IRET;
	if (!iret_behind(call, rip))
		return SC_STATE_OPEN;
	/* With prefixes, this is behind the instruction or two bytes in front of that. */
	return repeats(call, ret) ? SC_STATE_UNSEEN : SC_STATE_IRET;
}

/*
 * sigreturn: RAX is restored, and that is what the call "returns". Unless the
 * next signal was pending: then this is the beginning of another handler, and
 * RAX is in that one's frame (setup_rt_frame() and what it calls: RAX is 0, of
 * i386 the signal's number, and the stack pointer is off 16 by a return address).
 */
static enum sc_state judge_sigreturn(const struct open_call *call,
				     const struct scaudit_return *event, int64_t *ret)
{
	bool i386 = call->abi == SCAUDIT_ABI_I386;
	bool handler;

	*ret = (int64_t)event->ret;
	if (i386)
		handler = event->rsp % 16 == 12 && event->ret >= 1 && event->ret <= 64;
	else
		handler = event->rsp % 16 == 8 && event->ret == 0;
	if (!handler || !event->frame_known || event->frame_ret == event->ret)
		return SC_STATE_IRET;
	/* Where the frame that is being left was, there can only be another. */
	if (!i386 && event->rsp == call->rsp - 8) {
		*ret = (int64_t)event->frame_ret;
		return SC_STATE_IRET;
	}
	return SC_STATE_UNSEEN;
}

/*
 * SYSENTER and SYSCALL that a program has made outside of the vDSO: Linux goes
 * on in the vDSO, and nobody has told us where that is.
 */
static enum sc_state judge_landing(const struct open_call *call, const struct scaudit_return *event,
				   int64_t *ret)
{
	if (event->rsp != call->rsp || repeats(call, event->ret))
		return SC_STATE_UNSEEN;
	*ret = (int64_t)event->ret;
	return SC_STATE_IRET;
}

enum sc_state iret_judge(const struct open_call *call, bool known,
			 const struct scaudit_return *event, int64_t *ret)
{
	enum sc_state state = SC_STATE_OPEN;

	*ret = 0;
	if (!known && call->kind == KIND_FORK && event->ret == 0)
		return SC_STATE_OPEN;
	if (known && iret_executed(call, event))
		return event->ret == 0 ? SC_STATE_IRET : SC_STATE_UNSEEN;
	if (event->rsp == call->rsp && call->kind != KIND_SIGRETURN) {
		state = judge_place(call, event->rip, event->ret);
		*ret = (int64_t)event->ret;
	}
	if (state == SC_STATE_OPEN && event->frame_known && call->kind != KIND_SIGRETURN &&
	    (known || call->kind != KIND_FORK)) {
		state = judge_place(call, event->frame_rip, event->frame_ret);
		*ret = (int64_t)event->frame_ret;
	}
	if (state != SC_STATE_OPEN || !known)
		return state;
	if (call->kind == KIND_SIGRETURN)
		return judge_sigreturn(call, event, ret);
	return iret_landing(call) ? judge_landing(call, event, ret) : SC_STATE_UNSEEN;
}
