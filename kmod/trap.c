// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>

#include "event.h"
#include "hook.h"
#include "identity.h"
#include "trap.h"

#define INSN_MAX 15 /* bytes; SDM vol. 2A, 2.3.11 */
#define INSN_FIRST 3 /* bytes that suffice without prefixes: REX.W 0f 07 */
#define UNREADABLE_MAX 16 /* tries before an instruction that cannot be read is KVM's */

/* RFLAGS bits that exist (SDM vol. 1, 3.4.3); VM and RF are never loaded by SYSRET. */
#define RFLAGS_SYSRET 0x3c7fd7UL

enum insn_kind {
	INSN_OTHER,
	INSN_SYSCALL,
	INSN_SYSRET,
	INSN_UNREADABLE
};

struct insn {
	enum insn_kind kind;
	u32 length;
	bool rex_w;
};

/* Answer of the engine beside KVM's own (1: re-enter the guest, 0: to user space). */
#define NOT_OURS (-1)

/* What was replaced. */
static int (*original_handle_ud)(struct kvm_vcpu *vcpu);
static int (*original_set_efer)(struct kvm_vcpu *vcpu, u64 efer);
static void (*original_set_cr0)(struct kvm_vcpu *vcpu, unsigned long cr0);

static bool is_legacy_prefix(u8 byte)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65: /* segments */
	case 0x66:
	case 0x67: /* operand, address size */
	case 0xf2:
	case 0xf3: /* repeat; LOCK (f0) makes both invalid and is not here */
		return true;
	default:
		return false;
	}
}

/* SYSCALL is 0f 05, SYSRET 0f 07; prefixes are allowed and, but for REX.W, idle. */
static void decode(const u8 *bytes, u32 count, bool long_mode, struct insn *insn)
{
	bool rex_w = false;
	u32 i = 0;

	insn->kind = INSN_OTHER;
	for (; i < count; i++) {
		if (is_legacy_prefix(bytes[i]))
			rex_w = false; /* a REX that is not last counts for nothing */
		else if (long_mode && (bytes[i] & 0xf0) == 0x40)
			rex_w = bytes[i] & 8;
		else
			break;
	}
	if (i + 1 >= count) {
		/* 15 bytes of nothing but prefixes is #GP, not ours; less was cut off. */
		if (count < INSN_MAX)
			insn->kind = INSN_UNREADABLE;
		return;
	}
	if (bytes[i] != 0x0f)
		return;
	if (bytes[i + 1] == 0x05)
		insn->kind = INSN_SYSCALL;
	else if (bytes[i + 1] == 0x07)
		insn->kind = INSN_SYSRET;
	insn->length = i + 2;
	insn->rex_w = rex_w;
}

/*
 * The vCPU has just fetched the instruction, so its pages are there, unless the
 * guest has changed them since. Kernel code is looked up by what is remembered:
 * anything but SYSRET that is found so is looked up again.
 */
static void fetch(struct kvm_vcpu *vcpu, struct sc_vcpu *v, const struct sc_context *c,
		  struct insn *insn)
{
	struct sc_space space = sc_space_of(vcpu, v ? &v->cache : NULL);
	u64 linear = c->cs_long ? c->rip : (u32)(c->cs_base + c->rip);
	u32 in_page = PAGE_SIZE - offset_in_page(linear);
	u8 bytes[INSN_MAX];
	u32 count;

	count = sc_guest_fetch(&space, linear, bytes, min_t(u32, in_page, INSN_FIRST));
	decode(bytes, count, c->cs_long, insn);
	if (insn->kind == INSN_SYSCALL || insn->kind == INSN_SYSRET)
		return;
	space.cache = NULL;
	count = sc_guest_fetch(&space, linear, bytes, INSN_MAX);
	decode(bytes, count, c->cs_long, insn);
}

static unsigned long *reg(struct kvm_vcpu *vcpu, int index)
{
	return &vcpu->arch.regs[index];
}

/*
 * SYSCALL from 64-bit or compatibility mode with EFER.LMA=1 (APM vol. 3,
 * SYSCALL; SDM vol. 2B). RF is clear in R11 and afterwards.
 */
static void do_syscall(const struct sc_audit *a, struct kvm_vcpu *vcpu, const struct sc_context *c,
		       const struct insn *insn)
{
	u64 next = c->rip + insn->length;
	struct sc_target target = {
		.rip = c->cs_long ? c->lstar : c->cstar,
		.rflags = (c->rflags & ~c->sfmask & ~(u64)X86_EFLAGS_RF) | X86_EFLAGS_FIXED,
		.cs = (c->star >> 32) & 0xfffc,
		.ss = (c->star >> 32) + 8,
		.cpl = 0,
		.cs_long = true,
	};

	*reg(vcpu, VCPU_REGS_RCX) = c->cs_long ? next : (u32)next;
	*reg(vcpu, VCPU_REGS_R11) = c->rflags & ~(u64)X86_EFLAGS_RF;
	a->vendor->jump(vcpu, &target);
}

/* SYSRET at CPL 0 in long mode (APM vol. 3, SYSRET; SDM vol. 2B). */
static void do_sysret(const struct sc_audit *a, struct kvm_vcpu *vcpu, const struct sc_context *c,
		      const struct insn *insn)
{
	u16 base = c->star >> 48;
	u64 rcx = *reg(vcpu, VCPU_REGS_RCX);
	u64 r11 = *reg(vcpu, VCPU_REGS_R11);
	struct sc_target target = {
		.rip = insn->rex_w ? rcx : (u32)rcx,
		.rflags = (r11 & RFLAGS_SYSRET & ~(u64)(X86_EFLAGS_RF | X86_EFLAGS_VM)) |
			  X86_EFLAGS_FIXED,
		.cs = (insn->rex_w ? base + 16 : base) | 3,
		.ss = (base + 8) | 3,
		.cpl = 3,
		.cs_long = insn->rex_w,
	};

	a->vendor->jump(vcpu, &target);
}

/*
 * TF is looked at after SYSCALL and SYSRET with the flags they have loaded:
 * a debugger that steps over SYSCALL stops behind its SYSRET.
 */
static int single_step(struct kvm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	if (vcpu->guest_debug & KVM_GUESTDBG_SINGLESTEP) {
		run->debug.arch.dr6 = DR6_BS | DR6_ACTIVE_LOW;
		run->debug.arch.pc = kvm_get_linear_rip(vcpu);
		run->debug.arch.exception = DB_VECTOR;
		run->exit_reason = KVM_EXIT_DEBUG;
		return 0;
	}
	if (kvm_get_rflags(vcpu) & X86_EFLAGS_TF)
		kvm_queue_exception_p(vcpu, DB_VECTOR, DR6_BS);
	return 1;
}

/* The registers that Linux takes a call's arguments from. */
static void take_arguments(struct kvm_vcpu *vcpu, const struct sc_context *c,
			   struct scaudit_entry *e)
{
	if (c->cs_long) {
		e->abi = SCAUDIT_ABI_X86_64;
		e->args[0] = *reg(vcpu, VCPU_REGS_RDI);
		e->args[1] = *reg(vcpu, VCPU_REGS_RSI);
		e->args[2] = *reg(vcpu, VCPU_REGS_RDX);
		e->args[3] = *reg(vcpu, VCPU_REGS_R10);
		e->args[4] = *reg(vcpu, VCPU_REGS_R8);
		e->args[5] = *reg(vcpu, VCPU_REGS_R9);
	} else {
		/* Linux, entry_SYSCALL_compat: ECX is lost, so EBP is argument 2
		 * and argument 6 lies on the stack.
		 */
		struct sc_space space = sc_space_of(vcpu, NULL);
		u32 sixth = 0;

		sc_guest_read(&space, (u32)*reg(vcpu, VCPU_REGS_RSP), &sixth, sizeof(sixth));
		e->abi = SCAUDIT_ABI_I386;
		e->args[0] = (u32)*reg(vcpu, VCPU_REGS_RBX);
		e->args[1] = (u32)*reg(vcpu, VCPU_REGS_RBP);
		e->args[2] = (u32)*reg(vcpu, VCPU_REGS_RDX);
		e->args[3] = (u32)*reg(vcpu, VCPU_REGS_RSI);
		e->args[4] = (u32)*reg(vcpu, VCPU_REGS_RDI);
		e->args[5] = sixth;
	}
}

static void record_syscall(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
			   const struct sc_context *c)
{
	struct scaudit_entry *e = sc_event_begin(a, v, SCAUDIT_EV_ENTRY, sizeof(*e));

	e->rip = c->rip;
	e->rsp = *reg(vcpu, VCPU_REGS_RSP);
	e->rflags = c->rflags;
	e->cr3 = vcpu->arch.cr3;
	e->fs_base = c->fs_base;
	e->gs_base = c->gs_base;
	e->nr = *reg(vcpu, VCPU_REGS_RAX);
	e->cpl = c->cpl;
	e->insn = SCAUDIT_INSN_SYSCALL;
	e->engine = SCAUDIT_ENGINE_FAULT;
	e->reserved = 0;
	take_arguments(vcpu, c, e);
	sc_identify(a, v, vcpu, c, false, &e->task);
	v->ring.producer->entries++;
	sc_event_commit(a, v, &e->head);
}

static void record_sysret(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
			  const struct sc_context *c, const struct insn *insn)
{
	struct scaudit_return *e = sc_event_begin(a, v, SCAUDIT_EV_RETURN, sizeof(*e));
	u64 rcx = *reg(vcpu, VCPU_REGS_RCX);

	e->ret = *reg(vcpu, VCPU_REGS_RAX);
	e->rip = insn->rex_w ? rcx : (u32)rcx;
	e->rsp = *reg(vcpu, VCPU_REGS_RSP);
	e->cr3 = vcpu->arch.cr3;
	e->fs_base = c->fs_base;
	e->how = SCAUDIT_HOW_SYSRET;
	e->frame_known = 0;
	e->cs_long = insn->rex_w;
	memset(e->reserved, 0, sizeof(e->reserved));
	e->frame_rip = 0;
	e->frame_ret = 0;
	sc_identify(a, v, vcpu, c, true, &e->task);
	v->ring.producer->returns++;
	sc_event_commit(a, v, &e->head);
}

/* Return: as an exit handler of KVM, or NOT_OURS. */
static int engine_ud(struct sc_audit *a, struct kvm_vcpu *vcpu)
{
	struct sc_context c;
	struct sc_vcpu *v;
	struct insn insn;
	bool entry;

	/*
	 * A #UD that the hardware would have raised anyway is not ours: SYSCALL
	 * is off for the guest too, or on in hardware.
	 */
	if (!sc_wants_trap(vcpu) || !a->vendor->armed(vcpu))
		return NOT_OURS;

	if (!READ_ONCE(a->recording)) {
		/* Recording has ended: from here on the CPU does it alone. */
		sc_vcpu_apply(a, vcpu);
		return 1;
	}

	a->vendor->context(vcpu, &c);
	v = sc_vcpu_get(a, vcpu);
	fetch(vcpu, v, &c, &insn);
	if (insn.kind == INSN_UNREADABLE) {
		/*
		 * Changed or unmapped since the CPU fetched it: let the CPU try
		 * again, it gets the page fault or the new instruction.
		 */
		if (v && v->unreadable++ < UNREADABLE_MAX)
			return 1;
		insn.kind = INSN_OTHER;
	}
	if (v)
		v->unreadable = 0;
	if (insn.kind == INSN_OTHER)
		return NOT_OURS;
	if (v)
		v->exits++;

	if (insn.kind == INSN_SYSRET && c.cpl != 0) {
		kvm_queue_exception_e(vcpu, GP_VECTOR, 0);
		return 1;
	}

	entry = insn.kind == INSN_SYSCALL;
	if (entry && !sc_identity_ready(a, vcpu, c.lstar))
		return 1;
	switch (sc_event_room(a, v, vcpu, entry)) {
	case SC_AGAIN:
		return 1;
	case SC_LOST:
		break;
	case SC_ROOM:
		if (entry)
			record_syscall(a, v, vcpu, &c);
		else
			record_sysret(a, v, vcpu, &c, &insn);
		break;
	}

	if (entry)
		do_syscall(a, vcpu, &c, &insn);
	else
		do_sysret(a, vcpu, &c, &insn);
	return single_step(vcpu);
}

static int hook_handle_ud(struct kvm_vcpu *vcpu)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	int r = NOT_OURS;

	if (a && !sc_nested(vcpu))
		r = engine_ud(a, vcpu);
	if (r == NOT_OURS)
		r = original_handle_ud(vcpu);
	sc_hook_leave(token);
	return r;
}

/*
 * KVM writes EFER to the hardware in the next two; put what we want back after
 * each. The guest changes its mode there too: a reset, another kernel (kexec).
 */
static void mode_changed(struct kvm_vcpu *vcpu)
{
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	struct sc_vcpu *v;

	if (!a)
		return;
	v = vcpu->vcpu_idx < SCAUDIT_MAX_VCPUS ? sc_vcpu_of(a, vcpu->vcpu_idx) : NULL;
	if (v)
		sc_cache_flush(&v->cache);
	sc_vcpu_apply(a, vcpu);
}

static int hook_set_efer(struct kvm_vcpu *vcpu, u64 efer)
{
	int token = sc_hook_enter();
	int r = original_set_efer(vcpu, efer);

	mode_changed(vcpu);
	sc_hook_leave(token);
	return r;
}

static void hook_set_cr0(struct kvm_vcpu *vcpu, unsigned long cr0)
{
	int token = sc_hook_enter();

	original_set_cr0(vcpu, cr0);
	mode_changed(vcpu);
	sc_hook_leave(token);
}

static const struct sc_hook svm_hooks[] = {
	{ "kvm:handle_ud", hook_handle_ud, (void **)&original_handle_ud },
	{ "kvm_amd:svm_set_efer", hook_set_efer, (void **)&original_set_efer },
	{ "kvm_amd:svm_set_cr0", hook_set_cr0, (void **)&original_set_cr0 },
};

int sc_trap_install(const struct sc_vendor *vendor)
{
	return sc_hook_install(svm_hooks, ARRAY_SIZE(svm_hooks));
}

void sc_trap_remove(void)
{
	sc_hook_remove();
}
