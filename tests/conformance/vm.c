// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM plumbing: a VM with 2 MiB of RAM, its vCPUs, and the loop around KVM_RUN.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "case.h"

#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SFMASK 0xc0000084
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_SYSENTER_CS 0x174
#define MSR_SYSENTER_ESP 0x175
#define MSR_SYSENTER_EIP 0x176

#define EFER_VALUE 0xd01 /* SCE LME LMA NXE */
#define CR0_VALUE 0x80050033 /* PG AM WP NE ET MP PE */
#define CR4_VALUE 0x6b0 /* PGE PAE PSE OSFXSR OSXMMEXCPT DE=0 */
#define CR4_LA57 0x1000
#define CR4_PAE 0x20

const u32 snap_msr_index[SNAP_NR_MSRS] = {
	[SNAP_EFER] = MSR_EFER,
	[SNAP_STAR] = MSR_STAR,
	[SNAP_LSTAR] = MSR_LSTAR,
	[SNAP_CSTAR] = MSR_CSTAR,
	[SNAP_SFMASK] = MSR_SFMASK,
	[SNAP_KERNEL_GS_BASE] = MSR_KERNEL_GS_BASE,
	[SNAP_SYSENTER_CS] = MSR_SYSENTER_CS,
	[SNAP_SYSENTER_ESP] = MSR_SYSENTER_ESP,
	[SNAP_SYSENTER_EIP] = MSR_SYSENTER_EIP,
};

const char *const snap_msr_name[SNAP_NR_MSRS] = {
	[SNAP_EFER] = "EFER",
	[SNAP_STAR] = "STAR",
	[SNAP_LSTAR] = "LSTAR",
	[SNAP_CSTAR] = "CSTAR",
	[SNAP_SFMASK] = "SFMASK",
	[SNAP_KERNEL_GS_BASE] = "KERNEL_GS_BASE",
	[SNAP_SYSENTER_CS] = "SYSENTER_CS",
	[SNAP_SYSENTER_ESP] = "SYSENTER_ESP",
	[SNAP_SYSENTER_EIP] = "SYSENTER_EIP",
};

void vm_fail(struct vm *vm, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!*vm->res->error)
		vsnprintf(vm->res->error, sizeof(vm->res->error), format, args);
	va_end(args);
	_exit(1);
}

void vm_note(struct vm *vm, u64 value, const char *format, ...)
{
	struct note *note = &vm->res->note[vm->res->nr_notes];
	va_list args;

	if (vm->res->nr_notes == MAX_NOTES)
		vm_fail(vm, "too many notes");
	vm->res->nr_notes++;
	va_start(args, format);
	vsnprintf(note->name, sizeof(note->name), format, args);
	va_end(args);
	note->value = value;
}

static int must(struct vm *vm, int fd, unsigned long request, void *arg, const char *what)
{
	int r = ioctl(fd, request, arg);

	if (r < 0)
		vm_fail(vm, "%s: %s", what, strerror(errno));
	return r;
}

static void set_cpuid(struct vm *vm, int fd)
{
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[256];
	} cpuid = { .head.nent = 256 };

	must(vm, vm->kvm, KVM_GET_SUPPORTED_CPUID, &cpuid, "KVM_GET_SUPPORTED_CPUID");
	must(vm, fd, KVM_SET_CPUID2, &cpuid, "KVM_SET_CPUID2");
}

static void create_vcpu(struct vm *vm, unsigned int index, int run_bytes)
{
	struct vcpu *v = &vm->vcpu[index];

	*v = (struct vcpu){ .vm = vm, .index = index };
	v->fd = must(vm, vm->fd, KVM_CREATE_VCPU, (void *)(unsigned long)index, "KVM_CREATE_VCPU");
	v->run = mmap(NULL, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED)
		vm_fail(vm, "mmap of kvm_run: %s", strerror(errno));
	set_cpuid(vm, v->fd);
	if (vm->tc->irqchip) {
		struct kvm_mp_state state = { .mp_state = KVM_MP_STATE_RUNNABLE };

		must(vm, v->fd, KVM_SET_MP_STATE, &state, "KVM_SET_MP_STATE");
	}
}

void vm_create(struct vm *vm)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = GUEST_RAM,
		.userspace_addr = (unsigned long)vm->res->ram,
	};
	u64 identity = 0xfffbc000;
	int run_bytes;

	vm->ram = vm->res->ram;
	vm->audit = -1;
	vm->res->nr_detached = ~0u;
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		vm_fail(vm, "/dev/kvm: %s", strerror(errno));
	vm->fd = must(vm, vm->kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	/* Intel without unrestricted guests wants them; elsewhere they do nothing. */
	ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	ioctl(vm->fd, KVM_SET_TSS_ADDR, 0xfffbd000UL);
	must(vm, vm->fd, KVM_SET_USER_MEMORY_REGION, &slot, "KVM_SET_USER_MEMORY_REGION");
	if (vm->tc->irqchip)
		must(vm, vm->fd, KVM_CREATE_IRQCHIP, NULL, "KVM_CREATE_IRQCHIP");
	run_bytes = must(vm, vm->kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
	vm->nr_vcpus = vm->tc->vcpus ?: 1;
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		create_vcpu(vm, i, run_bytes);
}

static struct kvm_segment segment(u16 selector, bool code, bool long_mode)
{
	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = selector,
		.type = code ? 11 : 3,
		.present = 1,
		.dpl = selector & 3,
		.db = !long_mode,
		.s = 1,
		.l = long_mode,
		.g = 1,
	};
}

/* Descriptor tables and control registers for the case's mode. */
static void start_sregs(struct vm *vm, unsigned int n, struct kvm_sregs *s)
{
	bool legacy = vm->tc->mode == START_PROTECTED;
	bool compat = vm->tc->mode == START_COMPAT;
	bool kernel = vm->tc->mode == START_KERNEL64;
	u64 base = legacy ? 0 : KERNEL_BASE;

	s->cs = segment(legacy ? SEL_SYSENTER + 16 + 3 :
			compat ? SEL_USER32 :
			kernel ? SEL_KERNEL :
				 SEL_USER,
			true, !legacy && !compat);
	s->ss = segment(legacy ? SEL_SYSENTER + 24 + 3 :
			kernel ? SEL_KERNEL_DATA :
				 SEL_USER_DATA,
			false, false);
	s->ds = s->es = segment(SEL_USER_DATA, false, false);
	s->fs = s->gs = s->ds;
	if (!legacy) {
		s->gs = (struct kvm_segment){ .base = USER_GS, .unusable = 1 };
		s->fs = (struct kvm_segment){ .base = 0x5432000, .unusable = 1 };
	}
	s->tr = (struct kvm_segment){
		.base = base + PA_TSS + n * TSS_BYTES,
		.limit = TSS_LIMIT,
		.selector = SEL_TSS + n * 16,
		.type = 11,
		.present = 1,
	};
	s->ldt = (struct kvm_segment){ .unusable = 1 };
	s->gdt = (struct kvm_dtable){ .base = base + PA_GDT, .limit = 0xff };
	s->idt = (struct kvm_dtable){ .base = base + PA_IDT, .limit = legacy ? 0x7ff : 0xfff };
	s->cr0 = CR0_VALUE;
	s->cr3 = legacy ? PA_ROOT32 : vm->tc->la57 ? PA_ROOT5 : PA_ROOT4;
	s->cr4 = legacy ? CR4_VALUE & ~CR4_PAE : CR4_VALUE | (vm->tc->la57 ? CR4_LA57 : 0);
	s->efer = legacy ? 0 : EFER_VALUE;
	if (vm->tc->irqchip)
		s->apic_base |= 0xc00; /* on, with its registers as MSRs */
}

static void fail_stuck(struct vcpu *v)
{
	struct guest_log *log = guest_log(v->vm, v->index);
	u64 last = log->count - 1 < LOG_FRAMES ? log->count - 1 : LOG_FRAMES - 1;
	struct guest_frame *f = &log->frame[last];

	vm_fail(v->vm,
		"exception nobody waits for on vCPU %u: vector %lu, error %#lx, CS:RIP "
		"%#lx:%#lx, RFLAGS %#lx, SS:RSP %#lx:%#lx, CR2/DR6 %#lx",
		v->index, f->vector, f->error, f->cs, f->rip, f->rflags, f->ss, f->rsp, f->extra);
}

/* An OUT is complete only when the vCPU is entered again. */
static void complete_io(struct vcpu *v)
{
	v->run->immediate_exit = 1;
	if (ioctl(v->fd, KVM_RUN, 0) == 0 || errno != EINTR)
		vm_fail(v->vm, "an OUT did not complete: exit reason %u", v->run->exit_reason);
	v->run->immediate_exit = 0;
}

void vm_warm(struct vm *vm)
{
	struct vcpu *v = &vm->vcpu[0];
	struct kvm_regs regs = { .rip = RT(rt_warm), .rflags = 2 };
	struct kvm_sregs sregs, start;

	vcpu_get(v, NULL, &start);
	sregs = start;
	start_sregs(vm, 0, &sregs);
	sregs.cs = segment(SEL_KERNEL, true, true);
	sregs.ss = segment(SEL_KERNEL_DATA, false, false);
	sregs.cr0 = CR0_VALUE;
	sregs.cr3 = vm->tc->la57 ? PA_ROOT5 : PA_ROOT4;
	sregs.cr4 |= CR4_PAE;
	sregs.efer = EFER_VALUE;
	vcpu_set(v, &regs, &sregs);
	while (ioctl(v->fd, KVM_RUN, 0) && errno == EINTR)
		;
	if (v->run->exit_reason == KVM_EXIT_IO && v->run->io.port == PORT_STUCK)
		fail_stuck(v);
	if (v->run->exit_reason != KVM_EXIT_IO || v->run->io.port != PORT_END)
		vm_fail(vm, "warming the guest's pages ended with reason %u", v->run->exit_reason);
	complete_io(v);
	vcpu_set(v, NULL, &start);
}

static u64 label_or(u64 (*at)(const struct test_case *, const u8 *), const struct test_case *tc,
		    const u8 *label, const u8 *start)
{
	return at(tc, label ? label : start);
}

void vm_start_state(struct vm *vm, unsigned int n)
{
	const struct test_case *tc = vm->tc;
	bool legacy = tc->mode == START_PROTECTED, kernel = tc->mode == START_KERNEL64;
	struct vcpu *v = &vm->vcpu[n];
	struct kvm_sregs sregs;
	struct kvm_regs regs = {
		.rip = kernel ? label_or(kernel_at, tc, tc->start[n], tc->kernel.start) :
				label_or(user_at, tc, tc->start[n], tc->user.start),
		.rsp = kernel ? KVA(PA_STACK + (n + 1) * STACK_BYTES) :
				(u64)USER_STACK + n * STACK_BYTES,
		.rflags = kernel ? 2 : USER_FLAGS,
	};
	u64 lstar = kernel_at(tc, tc->lstar ?: tc->kernel.start);
	u64 cstar = kernel_at(tc, tc->cstar ?: tc->kernel.start);

	must(vm, v->fd, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	start_sregs(vm, n, &sregs);
	vcpu_set(v, &regs, &sregs);
	vcpu_set_msr(v, MSR_STAR, STAR_VALUE);
	vcpu_set_msr(v, MSR_LSTAR, lstar);
	vcpu_set_msr(v, MSR_CSTAR, cstar);
	vcpu_set_msr(v, MSR_SFMASK, SFMASK_VALUE);
	vcpu_set_msr(v, MSR_KERNEL_GS_BASE, KVA(PA_PERCPU + n * PERCPU_BYTES));
	vcpu_set_msr(v, MSR_SYSENTER_CS, legacy ? SEL_SYSENTER : SEL_KERNEL);
	vcpu_set_msr(v, MSR_SYSENTER_ESP,
		     (legacy ? 0 : KERNEL_BASE) + PA_STACK + (n + 1) * STACK_BYTES);
	vcpu_set_msr(v, MSR_SYSENTER_EIP, legacy ? lstar - KERNEL_BASE : lstar);
}

void vcpu_get(struct vcpu *v, struct kvm_regs *regs, struct kvm_sregs *sregs)
{
	if (regs)
		must(v->vm, v->fd, KVM_GET_REGS, regs, "KVM_GET_REGS");
	if (sregs)
		must(v->vm, v->fd, KVM_GET_SREGS, sregs, "KVM_GET_SREGS");
}

void vcpu_set(struct vcpu *v, const struct kvm_regs *regs, const struct kvm_sregs *sregs)
{
	if (sregs) {
		struct kvm_sregs s = *sregs;

		/*
		 * QEMU's TCG, as an AMD host, looks at the type of the TSS in VMCB.TR
		 * when it reads the permission map of ports (and the stacks of a
		 * 32-bit one), and knows it only as it was before LTR: not busy.
		 */
		if (v->vm->host->tcg && s.tr.type == 11)
			s.tr.type = 9;
		must(v->vm, v->fd, KVM_SET_SREGS, &s, "KVM_SET_SREGS");
	}
	if (regs)
		must(v->vm, v->fd, KVM_SET_REGS, (void *)regs, "KVM_SET_REGS");
}

struct one_msr {
	struct kvm_msrs head;
	struct kvm_msr_entry entry;
};

u64 vcpu_get_msr(struct vcpu *v, u32 index)
{
	struct one_msr m = { .head.nmsrs = 1, .entry.index = index };

	if (must(v->vm, v->fd, KVM_GET_MSRS, &m, "KVM_GET_MSRS") != 1)
		vm_fail(v->vm, "KVM_GET_MSRS does not know %#x", index);
	return m.entry.data;
}

bool vcpu_set_msr(struct vcpu *v, u32 index, u64 value)
{
	struct one_msr m = { .head.nmsrs = 1, .entry = { .index = index, .data = value } };

	return must(v->vm, v->fd, KVM_SET_MSRS, &m, "KVM_SET_MSRS") == 1;
}

void vcpu_interrupt(struct vcpu *v, unsigned int vector)
{
	struct kvm_interrupt irq = { .irq = vector };

	must(v->vm, v->fd, KVM_INTERRUPT, &irq, "KVM_INTERRUPT");
}

void vcpu_nmi(struct vcpu *v)
{
	must(v->vm, v->fd, KVM_NMI, NULL, "KVM_NMI");
}

void vcpu_snap(struct vcpu *v, u32 port, u32 value)
{
	struct result *res = v->vm->res;
	struct snap *s = &res->snap[v->index][res->nr_snaps[v->index]];

	if (res->nr_snaps[v->index] == MAX_SNAPS)
		vm_fail(v->vm, "the guest talks too much");
	s->port = port;
	s->value = value;
	vcpu_get(v, &s->regs, &s->sregs);
	for (int i = 0; i < SNAP_NR_MSRS; i++)
		s->msr[i] = vcpu_get_msr(v, snap_msr_index[i]);
	must(v->vm, v->fd, KVM_GET_VCPU_EVENTS, &s->events, "KVM_GET_VCPU_EVENTS");
	must(v->vm, v->fd, KVM_GET_DEBUGREGS, &s->debug, "KVM_GET_DEBUGREGS");
	res->nr_snaps[v->index]++;
}

void vm_kick(struct vcpu *v)
{
	pthread_kill(v->thread, SIGUSR1);
}

static void timed_out(struct vcpu *v)
{
	struct kvm_regs r;
	struct kvm_sregs s;

	vcpu_get(v, &r, &s);
	vm_fail(v->vm, "timed out: vCPU %u at %#llx, CS %#x, RFLAGS %#llx, RSP %#llx, RAX %#llx",
		v->index, r.rip, s.cs.selector, r.rflags, r.rsp, r.rax);
}

static void handle_out(struct vcpu *v)
{
	u32 port = v->run->io.port, value = 0;

	memcpy(&value, (u8 *)v->run + v->run->io.data_offset, v->run->io.size);
	if (v->run->io.direction != KVM_EXIT_IO_OUT)
		vm_fail(v->vm, "the guest reads port %#x", port);
	complete_io(v);
	switch (port) {
	case PORT_END:
		vcpu_snap(v, port, value);
		v->ended = true;
		break;
	case PORT_STUCK:
		fail_stuck(v);
		break;
	case PORT_FAIL:
		vm_fail(v->vm, "the guest's own check failed: %#x", value);
	case PORT_VALUE:
		vm_note(v->vm, value, "vCPU %u said", v->index);
		break;
	default:
		if (port < PORT_SYNC || port >= PORT_SYNC + SYNC_MAX)
			vm_fail(v->vm, "the guest writes to port %#x", port);
		if (!v->vm->tc->loose)
			vcpu_snap(v, port, value);
		if (v->vm->tc->sync) {
			v->vm->res->synced = true;
			v->vm->tc->sync(v, port - PORT_SYNC);
		}
	}
}

static void *vcpu_loop(void *arg)
{
	struct vcpu *v = arg;
	struct vm *vm = v->vm;

	while (!v->ended) {
		int r = ioctl(v->fd, KVM_RUN, 0);

		if (vm->timed_out)
			timed_out(v);
		/* The module, too, ends KVM_RUN so, without a signal. */
		if (r < 0 && (errno == EINTR || errno == EAGAIN)) {
			if (vm->tc->kicked)
				vm->tc->kicked(v);
			continue;
		}
		if (r < 0)
			vm_fail(vm, "KVM_RUN: %s", strerror(errno));
		if (v->run->exit_reason == KVM_EXIT_IO)
			handle_out(v);
		else if (!vm->tc->other_exit || !vm->tc->other_exit(v)) {
			struct kvm_regs regs;

			vcpu_get(v, &regs, NULL);
			vm_fail(vm, "KVM_RUN ended with reason %u at %#llx", v->run->exit_reason,
				regs.rip);
		}
	}
	return NULL;
}

void vm_run(struct vm *vm)
{
	for (unsigned int i = 1; i < vm->nr_vcpus; i++)
		if (pthread_create(&vm->vcpu[i].thread, NULL, vcpu_loop, &vm->vcpu[i]))
			vm_fail(vm, "no thread for vCPU %u", i);
	if (vm->tc->beside) {
		if (pthread_create(&vm->vcpu[0].thread, NULL, vcpu_loop, &vm->vcpu[0]))
			vm_fail(vm, "no thread for vCPU 0");
		vm->tc->beside(vm);
		pthread_join(vm->vcpu[0].thread, NULL);
	} else {
		vm->vcpu[0].thread = pthread_self();
		vcpu_loop(&vm->vcpu[0]);
	}
	for (unsigned int i = 1; i < vm->nr_vcpus; i++)
		pthread_join(vm->vcpu[i].thread, NULL);
}
