// SPDX-License-Identifier: GPL-2.0-only
#include "call.h"
#include "capture.h"
#include "compat.h"
#include "event.h"
#include "filter.h"
#include "identity.h"
#include "open.h"

/* Linux: signal frames as the kernel lays them out for user mode; that is ABI. */
#define FRAME64_UC 8 /* rt_sigframe: return address, ucontext */
#define UC64_MCONTEXT 40 /* flags, link, stack_t */
#define MC64_AX (13 * 8) /* sigcontext: r8-r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip */
#define MC64_IP (16 * 8)
#define FRAME32_SC 8 /* sigframe: return address, signal, sigcontext */
#define UC32_MCONTEXT 20
#define MC32_AX (4 * 4 + 7 * 4) /* four segments, di, si, bp, sp, bx, dx, cx, ax, trapno, err, ip */
#define MC32_IP (4 * 4 + 10 * 4)

static u64 open_key(const struct kvm_vcpu *vcpu, u64 task)
{
	/* Tables of PAE without long mode are that small. */
	u64 size = vcpu->arch.efer & EFER_LMA ? PAGE_SIZE : 32;

	/* Without a name, tasks are told apart as far as their page tables go. */
	return task ? task : (vcpu->arch.cr3 & ~(size - 1)) | 2;
}

static bool return_wanted(const struct sc_audit *a, u32 abi, u64 nr)
{
	const u64 *bits = abi == SCAUDIT_ABI_I386 ? a->returns.nr_32 : a->returns.nr_64;
	u32 mode = READ_ONCE(a->returns.mode);
	u32 n = (u32)nr & ~(1U << 30); /* x32 */

	if (mode != SCAUDIT_RETURNS_LIST)
		return mode == SCAUDIT_RETURNS_ALL;
	return n < SCAUDIT_RETURNS_WORDS * 64 && (READ_ONCE(bits[n / 64]) >> (n % 64) & 1);
}

/* A word of the caller's stack, or 0. */
static u32 stack_word(struct kvm_vcpu *vcpu, u64 address)
{
	struct sc_space space = sc_space_of(vcpu, NULL);
	u32 word = 0;

	sc_guest_read(&space, (u32)address, &word, sizeof(word));
	return word;
}

/* The registers that Linux takes a call's arguments from: of a 32-bit one's. */
static noinline void take_arguments_32(struct kvm_vcpu *vcpu, const struct sc_call *call, u64 *args)
{
	args[0] = (u32)*sc_reg(vcpu, VCPU_REGS_RBX);
	args[1] = (u32)*sc_reg(vcpu, VCPU_REGS_RCX);
	args[2] = (u32)*sc_reg(vcpu, VCPU_REGS_RDX);
	args[3] = (u32)*sc_reg(vcpu, VCPU_REGS_RSI);
	args[4] = (u32)*sc_reg(vcpu, VCPU_REGS_RDI);
	args[5] = (u32)*sc_reg(vcpu, VCPU_REGS_RBP);
	if (call->insn == SCAUDIT_INSN_SYSCALL) {
		/* entry_SYSCALL_compat: ECX is lost, so EBP is argument 2 and
		 * argument 6 lies on the stack.
		 */
		args[1] = args[5];
		args[5] = stack_word(vcpu, *sc_reg(vcpu, VCPU_REGS_RSP));
	} else if (call->insn == SCAUDIT_INSN_SYSENTER) {
		/* entry_SYSENTER: EBP is the stack pointer, argument 6 lies there. */
		args[5] = stack_word(vcpu, args[5]);
	}
}

static __always_inline void take_arguments(struct kvm_vcpu *vcpu, const struct sc_call *call,
					   u64 *args)
{
	if (unlikely(call->abi != SCAUDIT_ABI_X86_64)) {
		take_arguments_32(vcpu, call, args);
		return;
	}
	args[0] = *sc_reg(vcpu, VCPU_REGS_RDI);
	args[1] = *sc_reg(vcpu, VCPU_REGS_RSI);
	args[2] = *sc_reg(vcpu, VCPU_REGS_RDX);
	args[3] = *sc_reg(vcpu, VCPU_REGS_R10);
	args[4] = *sc_reg(vcpu, VCPU_REGS_R8);
	args[5] = *sc_reg(vcpu, VCPU_REGS_R9);
}

/* On its own for the kernel zeroes a function's variables, these too. */
static noinline bool filter_caller(const struct sc_filter *f, struct sc_audit *a, struct sc_vcpu *v,
				   struct kvm_vcpu *vcpu, const struct sc_context *c)
{
	struct scaudit_task task;

	sc_identify(a, v, vcpu, c, false, &task);
	return sc_filter_caller(f, a, v, vcpu, c, &task);
}

/* A call that the filter leaves out has a return, which is no event either. */
static noinline void skip(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
			  const struct sc_context *c)
{
	struct scaudit_task task;
	u64 key;

	WRITE_ONCE(v->skipped, v->skipped + 1);
	v->left_rip = 0;
	if (READ_ONCE(a->returns.mode) == SCAUDIT_RETURNS_NONE)
		return;
	key = sc_current_quickly(a, v, vcpu, c);
	if (!key) {
		sc_identify(a, v, vcpu, c, true, &task);
		key = open_key(vcpu, task.task);
	}
	sc_open_set(a->open, key, false);
}

static bool filter_call(const struct sc_filter *f, struct sc_audit *a, struct sc_vcpu *v,
			struct kvm_vcpu *vcpu, const struct sc_context *c,
			const struct sc_call *call)
{
	u8 convention;
	u32 nr;

	nr = sc_call_number(call->abi, *sc_reg(vcpu, VCPU_REGS_RAX), &convention);
	if (sc_filter_number(f, convention, nr) &&
	    (!f->nr_terms || filter_caller(f, a, v, vcpu, c)))
		return false;
	skip(a, v, vcpu, c);
	return true;
}

/* Is it a call that is not recorded at all? Then it has been dealt with. */
static __always_inline bool filtered(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
				     const struct sc_context *c, const struct sc_call *call)
{
	const struct sc_filter *f = srcu_dereference(a->filter, &sc_hook_srcu);

	return unlikely(f) && filter_call(f, a, v, vcpu, c, call);
}

/* Return: is its return going to be an event? */
static __always_inline bool fill_entry(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
				       const struct sc_context *c, const struct sc_call *call,
				       struct scaudit_entry *e)
{
	bool wanted;

	e->rip = call->rip;
	e->rsp = *sc_reg(vcpu, VCPU_REGS_RSP);
	e->rflags = call->rflags;
	e->cr3 = vcpu->arch.cr3;
	e->fs_base = c->fs_base;
	e->gs_base = c->gs_base;
	e->nr = *sc_reg(vcpu, VCPU_REGS_RAX);
	e->cpl = call->cpl;
	e->abi = call->abi;
	e->insn = call->insn;
	e->engine = call->engine;
	e->reserved = 0;
	take_arguments(vcpu, call, e->args);
	sc_phase_end(v, SCAUDIT_PHASE_RECORD);
	sc_identify(a, v, vcpu, c, false, &e->task);
	sc_phase_end(v, SCAUDIT_PHASE_IDENTIFY);
	v->left_rip = 0;
	if (READ_ONCE(a->returns.mode) == SCAUDIT_RETURNS_NONE)
		return false;
	wanted = return_wanted(a, call->abi, e->nr);
	sc_open_set(a->open, open_key(vcpu, e->task.task), wanted);
	return wanted;
}

/* What memory is read of the call that a vCPU makes, or NULL. */
static const struct sc_captured *captured_of(const struct sc_capture *capture,
					     const struct sc_call *call, struct kvm_vcpu *vcpu)
{
	u8 convention;
	u32 nr;

	if (!capture)
		return NULL;
	nr = sc_call_number(call->abi, *sc_reg(vcpu, VCPU_REGS_RAX), &convention);
	return sc_captured(capture, convention, nr);
}

enum sc_next sc_call_enter(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
			   const struct sc_context *c, const struct sc_call *call)
{
	const struct sc_capture *capture = srcu_dereference(a->capture, &sc_hook_srcu);
	const struct sc_captured *captured = captured_of(capture, call, vcpu);
	u32 room = captured ? sc_capture_room(&v->ring, captured->count, captured->at_entry) : 0;
	u32 size = sizeof(struct scaudit_entry);
	struct scaudit_entry *e;
	bool wanted;

	if (!sc_identity_ready(a, vcpu, c->lstar))
		return SC_RETRY;
	if (filtered(a, v, vcpu, c, call))
		return SC_PROCEED;
	switch (sc_event_room(a, v, vcpu, true, room)) {
	case SC_AGAIN:
		return SC_RETRY;
	case SC_LOST:
		return SC_PROCEED;
	case SC_ROOM:
		break;
	}
	e = sc_event_begin(a, v, SCAUDIT_EV_ENTRY, sizeof(*e));
	wanted = fill_entry(a, v, vcpu, c, call, e);
	if (captured) {
		size += sc_capture_entry(a, vcpu, &v->cache, capture, captured, e, room, wanted,
					 false);
		e->head.size = size;
	} else if (unlikely(capture && !e->task.task)) {
		sc_capture_forget(a, vcpu, e->rsp);
	}
	v->ring.producer->entries++;
	sc_event_commit(a, v, &e->head, size);
	sc_phase_end(v, SCAUDIT_PHASE_RECORD);
	return SC_PROCEED;
}

void sc_call_enter_now(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		       const struct sc_context *c, const struct sc_call *call)
{
	const struct sc_capture *capture = srcu_dereference(a->capture, &sc_hook_srcu);
	const struct sc_captured *captured = captured_of(capture, call, vcpu);
	struct scaudit_entry *e = &v->owed.entry;
	bool wanted;

	if (filtered(a, v, vcpu, c, call))
		return;
	if (v->has_owed) {
		sc_event_missed(v, SCAUDIT_GAP_STALL);
		return;
	}
	sc_event_head(v, &e->head, SCAUDIT_EV_ENTRY, sizeof(*e));
	wanted = fill_entry(a, v, vcpu, c, call, e);
	/*
	 * Memory is not read here: there is no room for it, and the thread may be another
	 * process's, with other memory. What is late comes with the return, the rest says
	 * that it was not to be had.
	 */
	if (captured)
		e->head.size += sc_capture_entry(a, vcpu, &v->cache, capture, captured, e,
						 sizeof(v->owed.pieces), wanted, true);
	v->has_owed = true;
	sc_event_flush_owed(a, v);
}

/*
 * Is IRET about to enter a signal handler? Then the interrupted registers, the
 * call's result among them, lie in the frame that the kernel has built, and the
 * registers are those that it gives a handler.
 */
static void take_frame(struct kvm_vcpu *vcpu, const struct sc_back *back, struct scaudit_return *e)
{
	struct sc_space space = sc_space_of(vcpu, NULL);
	u32 ip, ax;
	u64 mc;

	if (back->cs_long) {
		if (*sc_reg(vcpu, VCPU_REGS_RDX) != back->rsp + FRAME64_UC)
			return;
		mc = back->rsp + FRAME64_UC + UC64_MCONTEXT;
		e->frame_known = !sc_guest_read(&space, mc + MC64_IP, &e->frame_rip, 8) &&
				 !sc_guest_read(&space, mc + MC64_AX, &e->frame_ret, 8);
		return;
	}
	/* EDX and ECX point to siginfo and ucontext, or are zero. */
	if (*sc_reg(vcpu, VCPU_REGS_RDX) == 0 && *sc_reg(vcpu, VCPU_REGS_RCX) == 0)
		mc = back->rsp + FRAME32_SC;
	else if (*sc_reg(vcpu, VCPU_REGS_RCX) - back->rsp < 512)
		mc = *sc_reg(vcpu, VCPU_REGS_RCX) + UC32_MCONTEXT;
	else
		return;
	if (sc_guest_read(&space, (u32)(mc + MC32_IP), &ip, sizeof(ip)) ||
	    sc_guest_read(&space, (u32)(mc + MC32_AX), &ax, sizeof(ax)))
		return;
	e->frame_rip = ip;
	e->frame_ret = ax;
	e->frame_known = 1;
}

enum sc_next sc_call_leave(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
			   const struct sc_context *c, const struct sc_back *back)
{
	const struct sc_capture *capture = srcu_dereference(a->capture, &sc_hook_srcu);
	const struct sc_captured *captured = NULL;
	struct sc_kept kept SC_UNINITIALIZED;
	u32 size = sizeof(struct scaudit_return), room = 0;
	struct scaudit_return *e;
	struct scaudit_task task SC_UNINITIALIZED;
	enum sc_open_state open;
	bool has_kept = false;
	u64 key;

	if (READ_ONCE(a->returns.mode) == SCAUDIT_RETURNS_NONE)
		return SC_PROCEED;
	/* Of all IRETs most end an interrupt or a page fault, which is no event. */
	if (back->how == SCAUDIT_HOW_IRET) {
		key = sc_current_quickly(a, v, vcpu, c);
		if (key && sc_open_look(a->open, key) == SC_OPEN_NONE)
			return SC_PROCEED;
	}
	sc_identify(a, v, vcpu, c, true, &task);
	sc_phase_end(v, SCAUDIT_PHASE_IDENTIFY);
	key = open_key(vcpu, task.task);
	open = sc_open_look(a->open, key);
	if (open == SC_OPEN_UNWANTED) {
		sc_open_clear(a->open, key);
		return SC_PROCEED;
	}
	/*
	 * No call open: IRET from an interrupt, the first return of a new thread, of
	 * a call made before the recording began, or a SYSRET that is executed for
	 * the second time, since an NMI came first. (Where a thread has no name, a
	 * SYSRET is taken as what it seems.)
	 */
	if (open == SC_OPEN_NONE && (task.task || back->how == SCAUDIT_HOW_IRET))
		return SC_PROCEED;
	if (open == SC_OPEN_NONE && v->left_rip == back->rip && v->left_rsp == back->rsp &&
	    v->left_cr3 == vcpu->arch.cr3)
		return SC_PROCEED; /* the same again, with no call in between */
	if (open == SC_OPEN_KEPT || (unlikely(!task.task) && capture))
		has_kept = sc_capture_kept(a, vcpu, task.task, back->rsp, &kept);
	if (has_kept) {
		captured = sc_captured(capture, kept.convention, kept.nr);
		room = sc_capture_room(&v->ring, captured ? captured->count : 0,
				       captured ? captured->at_return : 0);
	}
	switch (sc_event_room(a, v, vcpu, false, room)) {
	case SC_AGAIN:
		return SC_RETRY;
	case SC_LOST:
		sc_open_clear(a->open, key);
		return SC_PROCEED;
	case SC_ROOM:
		break;
	}
	e = sc_event_begin(a, v, SCAUDIT_EV_RETURN, sizeof(*e));
	e->ret = *sc_reg(vcpu, VCPU_REGS_RAX);
	e->rip = back->rip;
	e->rsp = back->rsp;
	e->cr3 = vcpu->arch.cr3;
	e->fs_base = c->fs_base;
	e->how = back->how;
	e->cs_long = back->cs_long;
	memset(e->reserved, 0, sizeof(e->reserved));
	e->frame_known = 0;
	e->frame_rip = 0;
	e->frame_ret = 0;
	if (back->how == SCAUDIT_HOW_IRET)
		take_frame(vcpu, back, e);
	e->task = task;
	v->left_rip = back->rip;
	v->left_rsp = back->rsp;
	v->left_cr3 = vcpu->arch.cr3;
	sc_open_clear(a->open, key);
	if (has_kept) {
		size += sc_capture_return(vcpu, &v->cache, capture, captured, &kept, e, room);
		e->head.size = size;
		if (unlikely(!task.task))
			sc_capture_forget(a, vcpu, back->rsp);
	}
	v->ring.producer->returns++;
	sc_event_commit(a, v, &e->head, size);
	sc_phase_end(v, SCAUDIT_PHASE_RECORD);
	return SC_PROCEED;
}
