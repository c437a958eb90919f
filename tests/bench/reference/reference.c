// SPDX-License-Identifier: GPL-2.0-only
/*
 * For comparison only: how tracers trap a guest's system calls that change KVM itself.
 * EFER.SCE is kept off in hardware; SYSCALL raises #UD and KVM's own emulator carries it
 * out, which KVM does for every #UD; SYSRET, which that emulator does not know, is
 * emulated here. Nothing is recorded. AMD, every guest of the host, from its first
 * instruction: load it before, and remove it after, the guests that it is to trap.
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/module.h>

#define ENTRY_BYTES 16 /* the call to ftrace lies at most behind an ENDBR */
#define USER_FLAGS (0x3c7fd7UL & ~(X86_EFLAGS_RF | X86_EFLAGS_VM)) /* APM vol. 3, SYSRET */

#ifdef ftrace_regs_set_instruction_pointer
#define redirect_to(fregs, target) \
	ftrace_regs_set_instruction_pointer(fregs, (unsigned long)(target))
#else
#define redirect_to(fregs, target) ftrace_instruction_pointer_set(fregs, (unsigned long)(target))
#endif

/* Exported, but declared in a header of KVM's own, as is the structure. */
int kvm_read_guest_virt(struct kvm_vcpu *vcpu, gva_t addr, void *val, unsigned int bytes,
			struct x86_exception *exception);
#define EXCEPTION_BYTES 64 /* more than struct x86_exception has */

static int (*original_handle_ud)(struct kvm_vcpu *vcpu);
static int (*original_set_efer)(struct kvm_vcpu *vcpu, u64 efer);
static struct kvm_x86_ops *kvm_ops;

static void segment_load(struct kvm_vcpu *vcpu, int which, u16 selector, bool code, bool is_64)
{
	struct kvm_segment segment = {
		.selector = selector,
		.limit = 0xffffffff,
		.type = code ? 0xb : 0x3,
		.present = 1,
		.dpl = 3,
		.s = 1,
		.g = 1,
		.l = code && is_64,
		.db = !(code && is_64), /* with L as well, VMRUN refuses */
	};

	kvm_ops->set_segment(vcpu, &segment, which);
}

/* Return: is it one? Then it has been carried out. */
static bool sysret_emulate(struct kvm_vcpu *vcpu)
{
	unsigned long *regs = vcpu->arch.regs;
	u8 fault[EXCEPTION_BYTES] __aligned(8);
	u8 bytes[3] = { 0 };
	bool is_64;
	u64 star;

	if (kvm_ops->get_cpl(vcpu) != 0 || kvm_read_guest_virt(vcpu, kvm_get_linear_rip(vcpu),
							       bytes, sizeof(bytes), (void *)fault))
		return false;
	is_64 = bytes[0] == 0x48;
	if (bytes[is_64] != 0x0f || bytes[is_64 + 1] != 0x07)
		return false;
	if (kvm_get_msr(vcpu, MSR_STAR, &star))
		return false;
	star >>= 48;
	segment_load(vcpu, VCPU_SREG_CS, (star + (is_64 ? 16 : 0)) | 3, true, is_64);
	segment_load(vcpu, VCPU_SREG_SS, (star + 8) | 3, false, is_64);
	kvm_set_rflags(vcpu, (regs[VCPU_REGS_R11] & USER_FLAGS) | X86_EFLAGS_FIXED);
	regs[VCPU_REGS_RIP] = is_64 ? regs[VCPU_REGS_RCX] : (u32)regs[VCPU_REGS_RCX];
	return true;
}

static int hook_handle_ud(struct kvm_vcpu *vcpu)
{
	int r = 1;

	if (!sysret_emulate(vcpu))
		r = original_handle_ud(vcpu);
	return r;
}

/* The hardware gets what KVM is told, the guest sees what it wrote. */
static int hook_set_efer(struct kvm_vcpu *vcpu, u64 efer)
{
	int r = original_set_efer(vcpu, efer & ~(u64)EFER_SCE);

	vcpu->arch.efer = efer;
	return r;
}

static void notrace redirect(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *op,
			     struct ftrace_regs *fregs)
{
	if (within_module(parent_ip, THIS_MODULE))
		return;
	if (ip - (unsigned long)original_handle_ud < ENTRY_BYTES)
		redirect_to(fregs, hook_handle_ud);
	else
		redirect_to(fregs, hook_set_efer);
}

static struct ftrace_ops hooks = {
	.func = redirect,
	.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,
};

static int __init reference_init(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	unsigned long (*lookup)(const char *name);
	unsigned long addresses[2];
	int r = register_kprobe(&probe);

	if (r)
		return r;
	lookup = (void *)probe.addr;
	unregister_kprobe(&probe);
	kvm_ops = (void *)lookup("kvm:kvm_x86_ops");
	addresses[0] = lookup("kvm:handle_ud");
	addresses[1] = lookup("kvm_amd:svm_set_efer");
	if (!kvm_ops || !addresses[0] || !addresses[1])
		return -ENOENT;
	original_handle_ud = (void *)addresses[0];
	original_set_efer = (void *)addresses[1];
	r = ftrace_set_filter_ips(&hooks, addresses, ARRAY_SIZE(addresses), 0, 1);
	return r ?: register_ftrace_function(&hooks);
}

static void __exit reference_exit(void)
{
	unregister_ftrace_function(&hooks);
	ftrace_free_filter(&hooks);
	/* No guest runs any more; see out who is in a replacement. */
	synchronize_rcu_tasks();
}

module_init(reference_init);
module_exit(reference_exit);
MODULE_DESCRIPTION("traps guest system calls by emulation, for comparison");
MODULE_LICENSE("GPL");
