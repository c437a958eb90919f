// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intel: state that KVM keeps in the VMCS (SDM volume 3C, chapter 25) and in
 * struct vcpu_vmx.
 *
 * While anything is watched, EFER is loaded by VM entry and exit, so that SCE
 * is one field of the VMCS; KVM would leave the host's there when both are
 * equal. KVM reads its controls from shadows, which are kept true as well.
 *
 * INT n is seen by the IDT's limit: beyond it, delivery of an event is #GP,
 * which exits and names the event in the IDT-vectoring information. KVM
 * delivers such an event again; for that the limit is opened, and an exit at the
 * NMI window, which comes right behind an injected event (SDM vol. 3C, 27.7.6),
 * has it cut again; in a guest's NMI handler it comes with its IRET. SIDT and
 * LIDT exit meanwhile and are emulated.
 */
#include <linux/kvm_host.h>

#include "abi.h"
#include "symbol.h"
#include "vendor.h"
#include "vmx.h"

#define EXCEPTIONS 32 /* vectors that are not interrupts or INT n */
#define TYPE_CODE 11 /* execute, read, accessed */
#define TYPE_DATA 3 /* read, write, accessed */

struct layout {
	int loaded_vmcs; /* in struct vcpu_vmx */
	int guest_state_loaded;
	int kernel_gs_base;
	int uret_loaded;
	int uret[3]; /* `data` of the slots below */
	/* in struct loaded_vmcs: shadows of the controls */
	int entry;
	int exit;
	int exec;
	int secondary;
};

enum {
	URET_STAR,
	URET_LSTAR,
	URET_SFMASK,
};

static struct layout layout;
static const bool *vmware_backdoor;
static const bool *vnmi;
static void (*enable_intercept)(struct kvm_vcpu *vcpu, u32 msr, int type);
static void (*disable_intercept)(struct kvm_vcpu *vcpu, u32 msr, int type);

#define MSR_READ_AND_WRITE 3 /* MSR_TYPE_RW of KVM's vmx.h */

/* ---- KVM's private layout ---- */

static int find_shadows(void)
{
	int base = sc_member_offset("loaded_vmcs", "controls_shadow");
	int entry = sc_member_offset("vmcs_controls_shadow", "vm_entry");
	int exit = sc_member_offset("vmcs_controls_shadow", "vm_exit");
	int exec = sc_member_offset("vmcs_controls_shadow", "exec");
	int secondary = sc_member_offset("vmcs_controls_shadow", "secondary_exec");

	layout.loaded_vmcs = sc_member_offset("vcpu_vmx", "loaded_vmcs");
	if (base < 0 || entry < 0 || exit < 0 || exec < 0 || secondary < 0 ||
	    layout.loaded_vmcs < 0)
		return -ENOENT;
	layout.entry = base + entry;
	layout.exit = base + exit;
	layout.exec = base + exec;
	layout.secondary = base + secondary;
	return 0;
}

/* MSRs that KVM switches when the host returns to user mode: one slot each. */
static int find_uret(void)
{
	static const u32 msrs[] = { [URET_STAR] = MSR_STAR,
				    [URET_LSTAR] = MSR_LSTAR,
				    [URET_SFMASK] = MSR_SYSCALL_MASK };
	int base = sc_member_offset("vcpu_vmx", "guest_uret_msrs");
	int data = sc_member_offset("vmx_uret_msr", "data");
	int mask = sc_member_offset("vmx_uret_msr", "mask");
	int size = mask + sizeof(u64);
	u32 i;

	layout.uret_loaded = sc_member_offset("vcpu_vmx", "guest_uret_msrs_loaded");
	/* `mask` is the last of three members: the slots end where it does. */
	if (base < 0 || data < 0 || mask != data + (int)sizeof(u64) ||
	    (layout.uret_loaded - base) % size)
		return -ENOENT;
	for (i = 0; i < ARRAY_SIZE(msrs); i++) {
		int slot = kvm_find_user_return_msr(msrs[i]);

		if (slot < 0 || base + (slot + 1) * size > layout.uret_loaded)
			return -ENOENT;
		layout.uret[i] = base + slot * size + data;
	}
	return 0;
}

/* Controls that the CPU must have; all of them are older than EPT's second generation. */
static int check_cpu(void)
{
	u64 procs, procs2, entry, exit;

	if (rdmsrl_safe(MSR_IA32_VMX_PROCBASED_CTLS, &procs) ||
	    rdmsrl_safe(MSR_IA32_VMX_PROCBASED_CTLS2, &procs2) ||
	    rdmsrl_safe(MSR_IA32_VMX_ENTRY_CTLS, &entry) ||
	    rdmsrl_safe(MSR_IA32_VMX_EXIT_CTLS, &exit))
		return -ENOENT;
	/* The upper half says which bits may be 1. */
	if (!vnmi || !*vnmi || !(procs >> 32 & CPU_BASED_USE_MSR_BITMAPS) ||
	    !(procs2 >> 32 & SECONDARY_EXEC_DESC) || !(entry >> 32 & VM_ENTRY_LOAD_IA32_EFER) ||
	    !(exit >> 32 & VM_EXIT_LOAD_IA32_EFER))
		return -ENOENT;
	return 0;
}

static int vmx_init(void)
{
	vmware_backdoor = (void *)sc_symbol("kvm:enable_vmware_backdoor");
	vnmi = (void *)sc_symbol("kvm_intel:enable_vnmi");
	enable_intercept = (void *)sc_function("kvm_intel:vmx_enable_intercept_for_msr");
	disable_intercept = (void *)sc_function("kvm_intel:vmx_disable_intercept_for_msr");
	layout.guest_state_loaded = sc_member_offset("vcpu_vmx", "guest_state_loaded");
	layout.kernel_gs_base = sc_member_offset("vcpu_vmx", "msr_guest_kernel_gs_base");
	/* The casts rest on the vCPU being first. */
	if (!enable_intercept || !disable_intercept || layout.guest_state_loaded < 0 ||
	    layout.kernel_gs_base < 0 || sc_member_offset("vcpu_vmx", "vcpu") != 0)
		return -ENOENT;
	return find_shadows() || find_uret() || check_cpu() ? -ENOENT : 0;
}

static bool vmx_encrypted(struct kvm *kvm)
{
	return false;
}

static void *in_vmx(struct kvm_vcpu *vcpu, int offset)
{
	return (char *)vcpu + offset;
}

static u64 *uret(struct kvm_vcpu *vcpu, int slot)
{
	return in_vmx(vcpu, layout.uret[slot]);
}

u64 sc_vmx_sfmask(struct kvm_vcpu *vcpu)
{
	return *uret(vcpu, URET_SFMASK);
}

/* A control's field, and KVM's shadow of it. */
static u32 control(struct kvm_vcpu *vcpu, int offset)
{
	return *(u32 *)(*(char **)in_vmx(vcpu, layout.loaded_vmcs) + offset);
}

static void set_control(struct kvm_vcpu *vcpu, int offset, unsigned long field, u32 bits, bool on)
{
	u32 *shadow = (u32 *)(*(char **)in_vmx(vcpu, layout.loaded_vmcs) + offset);
	u32 value = on ? *shadow | bits : *shadow & ~bits;

	if (value == *shadow)
		return;
	*shadow = value;
	sc_vmwrite(field, value);
}

/* A register that KVM reads from the VMCS when it is first asked for. */
static void make_available(struct kvm_vcpu *vcpu, enum kvm_reg reg)
{
	if (!test_bit(reg, (unsigned long *)&vcpu->arch.regs_avail))
		sc_kvm_ops->cache_reg(vcpu, reg);
}

/* ---- what the hardware does ---- */

static void load_efer(struct sc_vcpu *v, struct kvm_vcpu *vcpu, const struct sc_hw *want)
{
	bool loads = control(vcpu, layout.entry) & VM_ENTRY_LOAD_IA32_EFER;
	u64 now, efer;

	if (!want->no_sce && !want->pad) {
		/* As KVM has it for what the guest wrote. */
		if (v->hw.no_sce || v->hw.pad)
			sc_kvm_ops->set_efer(vcpu, vcpu->arch.efer);
		return;
	}
	/* Without the load, the guest's EFER is equal to the host's. */
	if (loads)
		now = sc_vmread(GUEST_IA32_EFER);
	else
		rdmsrl(MSR_EFER, now);
	efer = now & ~(u64)EFER_SCE;
	if (!want->no_sce)
		efer |= vcpu->arch.efer & EFER_SCE;
	if (!loads) {
		set_control(vcpu, layout.entry, VM_ENTRY_CONTROLS, VM_ENTRY_LOAD_IA32_EFER, true);
		set_control(vcpu, layout.exit, VM_EXIT_CONTROLS, VM_EXIT_LOAD_IA32_EFER, true);
	}
	if (!loads || efer != now)
		sc_vmwrite(GUEST_IA32_EFER, efer);
}

static void move_entry(struct sc_vcpu *v, struct kvm_vcpu *vcpu, bool pad)
{
	u64 *lstar = uret(vcpu, URET_LSTAR);

	if (pad) {
		v->lstar = *lstar;
		*lstar = v->pad_64;
	} else if (*lstar == v->pad_64) {
		/* Anything else there has been written since, and is the guest's. */
		*lstar = v->lstar;
	}
	*(bool *)in_vmx(vcpu, layout.uret_loaded) = false;
}

static u32 gate_size(const struct kvm_vcpu *vcpu)
{
	return vcpu->arch.efer & EFER_LMA ? 16 : 8;
}

static void write_limit(struct sc_vcpu *v, struct kvm_vcpu *vcpu, u8 idt)
{
	u16 limit = v->idt_limit;

	if (idt == SC_IDT_EMPTY)
		limit = 0;
	else if (idt == SC_IDT_EXCEPTIONS)
		limit = min_t(u16, limit, EXCEPTIONS * gate_size(vcpu) - 1);
	sc_vmwrite(GUEST_IDTR_LIMIT, limit);
}

/* KVM takes the control away when the exit comes, and asks again if it wants it. */
static void open_idt(struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	v->idt_open = true;
	set_control(vcpu, layout.exec, CPU_BASED_VM_EXEC_CONTROL, CPU_BASED_NMI_WINDOW_EXITING,
		    true);
	write_limit(v, vcpu, SC_IDT_TRUE);
}

static void hide_idt(struct sc_vcpu *v, struct kvm_vcpu *vcpu, u8 idt)
{
	if (v->hw.idt == SC_IDT_TRUE) {
		if (idt == SC_IDT_TRUE)
			return;
		v->idt_limit = sc_vmread(GUEST_IDTR_LIMIT);
	}
	if (idt == SC_IDT_TRUE)
		v->idt_open = false;
	if (!v->idt_open)
		write_limit(v, vcpu, idt);
	/* KVM itself uses this to emulate UMIP. */
	set_control(vcpu, layout.secondary, SECONDARY_VM_EXEC_CONTROL, SECONDARY_EXEC_DESC,
		    idt != SC_IDT_TRUE ||
			    (!boot_cpu_has(X86_FEATURE_UMIP) && (vcpu->arch.cr4 & X86_CR4_UMIP)));
}

static void watch_gp(bool on)
{
	u32 bitmap = sc_vmread(EXCEPTION_BITMAP);

	if (on || (vmware_backdoor && *vmware_backdoor))
		bitmap |= BIT(GP_VECTOR);
	else
		bitmap &= ~(u32)BIT(GP_VECTOR);
	sc_vmwrite(EXCEPTION_BITMAP, bitmap);
}

static void watch_sysenter(struct sc_vcpu *v, struct kvm_vcpu *vcpu, bool on)
{
	if (on) {
		v->sysenter_cs = sc_vmread(GUEST_SYSENTER_CS);
		sc_vmwrite(GUEST_SYSENTER_CS, 0);
		enable_intercept(vcpu, MSR_IA32_SYSENTER_CS, MSR_READ_AND_WRITE);
	} else {
		sc_vmwrite(GUEST_SYSENTER_CS, v->sysenter_cs);
		disable_intercept(vcpu, MSR_IA32_SYSENTER_CS, MSR_READ_AND_WRITE);
	}
}

static void vmx_load(struct sc_vcpu *v, struct kvm_vcpu *vcpu, const struct sc_hw *want)
{
	load_efer(v, vcpu, want);
	if (want->pad != v->hw.pad)
		move_entry(v, vcpu, want->pad);
	if (want->watch != v->hw.watch) {
		watch_gp(want->watch);
		watch_sysenter(v, vcpu, want->watch);
	}
	hide_idt(v, vcpu, want->idt);
	v->hw = *want;
	v->hw.iret = false; /* there is no such thing here */
}

void sc_vmx_reset(struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	const struct sc_hw none = {};

	v->mode = SC_OFF;
	v->in_user = false;
	vmx_load(v, vcpu, &none);
}

/* ---- events and the IDT ---- */

void sc_vmx_idt_written(struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	v->idt_limit = sc_vmread(GUEST_IDTR_LIMIT);
	if (!v->idt_open)
		write_limit(v, vcpu, v->hw.idt);
}

void sc_vmx_watch_again(struct sc_vcpu *v)
{
	if (v->hw.watch)
		watch_gp(true);
}

bool sc_vmx_hidden(const struct sc_vcpu *v, const struct kvm_vcpu *vcpu, u8 vector)
{
	u32 end = (vector + 1) * gate_size(vcpu) - 1;

	return v->hw.idt != SC_IDT_TRUE && !v->idt_open && end > sc_vmread(GUEST_IDTR_LIMIT) &&
	       end <= v->idt_limit;
}

void sc_vmx_delivered(struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	v->idt_open = false;
	if (v->hw.idt != SC_IDT_TRUE)
		write_limit(v, vcpu, v->hw.idt);
}

/*
 * KVM delivers again what an exit has interrupted. INT n is among it, with the
 * privilege check of its gate: KVM keeps the length of the instruction.
 */
static void vmx_deliver(struct sc_vcpu *v, struct kvm_vcpu *vcpu,
			const struct sc_vectoring *vectoring)
{
	/* The exit was by #GP, which is a fault and has set RF; INT n is none. */
	if (!vectoring->exception)
		kvm_set_rflags(vcpu, kvm_get_rflags(vcpu) & ~X86_EFLAGS_RF);
	if (v->hw.idt == SC_IDT_TRUE || !sc_vmx_hidden(v, vcpu, vectoring->vector))
		return;
	open_idt(v, vcpu);
}

static void vmx_idtr(struct sc_vcpu *v, struct kvm_vcpu *vcpu, u64 *base, u16 *limit)
{
	*base = sc_vmread(GUEST_IDTR_BASE);
	*limit = v->hw.idt == SC_IDT_TRUE ? sc_vmread(GUEST_IDTR_LIMIT) : v->idt_limit;
}

/* ---- registers ---- */

static u8 vmx_cpl(struct kvm_vcpu *vcpu)
{
	/* SDM vol. 3C, 25.4.1: SS.DPL is the CPL. */
	return VMX_AR_DPL(sc_vmread(GUEST_SS_AR_BYTES));
}

static u64 vmx_rip(struct kvm_vcpu *vcpu)
{
	make_available(vcpu, VCPU_REGS_RIP);
	return vcpu->arch.regs[VCPU_REGS_RIP];
}

static void set_reg_rip(struct kvm_vcpu *vcpu, u64 rip)
{
	vcpu->arch.regs[VCPU_REGS_RIP] = rip;
	vcpu->arch.regs_avail |= BIT(VCPU_REGS_RIP);
	vcpu->arch.regs_dirty |= BIT(VCPU_REGS_RIP);
}

static void vmx_set_rip(struct kvm_vcpu *vcpu, u64 rip)
{
	/* The exit was by a fault, which has set RF; SYSCALL has cleared it. */
	sc_kvm_ops->set_rflags(vcpu, kvm_get_rflags(vcpu) & ~X86_EFLAGS_RF);
	set_reg_rip(vcpu, rip);
}

static u64 kernel_gs_base(struct kvm_vcpu *vcpu)
{
	u64 value;

	/* While the guest's state is loaded, the CPU has it. */
	preempt_disable();
	if (*(bool *)in_vmx(vcpu, layout.guest_state_loaded))
		rdmsrl(MSR_KERNEL_GS_BASE, value);
	else
		value = *(u64 *)in_vmx(vcpu, layout.kernel_gs_base);
	preempt_enable();
	return value;
}

static void vmx_context(struct sc_vcpu *v, struct kvm_vcpu *vcpu, struct sc_context *c)
{
	bool lma = vcpu->arch.efer & EFER_LMA;
	u32 cs = sc_vmread(GUEST_CS_AR_BYTES);

	/* Others look at these two where they lie. */
	make_available(vcpu, VCPU_REGS_RSP);
	make_available(vcpu, VCPU_EXREG_CR3);
	c->rip = vmx_rip(vcpu);
	c->cs_base = sc_vmread(GUEST_CS_BASE);
	c->ss_base = sc_vmread(GUEST_SS_BASE);
	c->fs_base = sc_vmread(GUEST_FS_BASE);
	c->gs_base = sc_vmread(GUEST_GS_BASE);
	c->kernel_gs_base = kernel_gs_base(vcpu);
	c->star = *uret(vcpu, URET_STAR);
	c->lstar = v->hw.pad ? v->lstar : *uret(vcpu, URET_LSTAR);
	c->cstar = 0; /* this vendor's SYSCALL has none */
	c->sfmask = *uret(vcpu, URET_SFMASK);
	c->cs = sc_vmread(GUEST_CS_SELECTOR);
	c->ss = sc_vmread(GUEST_SS_SELECTOR);
	c->cpl = vmx_cpl(vcpu);
	c->cs_long = lma && (cs & VMX_AR_L_MASK);
	c->cs_32 = cs & VMX_AR_DB_MASK;
	if (!lma)
		c->lstar = sc_vmread(GUEST_SYSENTER_EIP);
}

static void vmx_jump(struct sc_vcpu *v, struct kvm_vcpu *vcpu, const struct sc_target *t)
{
	struct kvm_segment cs = {
		.selector = t->cs,
		.limit = 0xffffffff,
		.type = TYPE_CODE,
		.dpl = t->cpl,
		.l = t->cs_long,
		.db = !t->cs_long,
		.present = 1,
		.s = 1,
		.g = 1,
	};
	struct kvm_segment ss = {
		.selector = t->ss,
		.limit = 0xffffffff,
		.type = TYPE_DATA,
		.dpl = t->cpl,
		.db = 1,
		.present = 1,
		.s = 1,
		.g = 1,
	};

	set_reg_rip(vcpu, t->rip);
	kvm_set_rflags(vcpu, t->rflags);
	/* An instruction has been completed: a shadow of STI or MOV SS is over. */
	sc_kvm_ops->set_interrupt_shadow(vcpu, 0);
	if (t->same_segments)
		return;
	/* Both are flat segments for SYSCALL and SYSENTER and their returns (SDM vol. 2B). */
	sc_kvm_ops->set_segment(vcpu, &cs, VCPU_SREG_CS);
	sc_kvm_ops->set_segment(vcpu, &ss, VCPU_SREG_SS);
}

static void vmx_sysenter(struct sc_vcpu *v, struct kvm_vcpu *vcpu, struct sc_sysenter *s)
{
	s->cs = v->hw.watch ? v->sysenter_cs : sc_vmread(GUEST_SYSENTER_CS);
	s->esp = sc_vmread(GUEST_SYSENTER_ESP);
	s->eip = sc_vmread(GUEST_SYSENTER_EIP);
}

const struct sc_vendor sc_vmx = {
	.id = SCAUDIT_VENDOR_INTEL,
	.sees_iret = false,
	.hooks = sc_vmx_hooks,
	.nr_hooks = SC_VMX_HOOKS,
	.slots = sc_vmx_slots,
	.nr_slots = SC_VMX_SLOTS,
	.init = vmx_init,
	.encrypted = vmx_encrypted,
	.load = vmx_load,
	.context = vmx_context,
	.cpl = vmx_cpl,
	.rip = vmx_rip,
	.set_rip = vmx_set_rip,
	.jump = vmx_jump,
	.idtr = vmx_idtr,
	.deliver = vmx_deliver,
	.sysenter = vmx_sysenter,
};
