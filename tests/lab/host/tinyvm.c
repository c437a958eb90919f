// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tinyvm.h"

/* Guest-physical layout. */
#define PML4 0x1000
#define PDPT_USER 0x2000
#define PD_USER 0x3000
#define PDPT_KERNEL 0x4000
#define PD_KERNEL 0x5000
#define COUNTER(i) (0x6006 + 0x100 * (i)) /* its 06 serves as a landing pad in INC's displacement */
#define USER_CODE(i) (0x8000 + 0x2000 * (i))
#define KERNEL_CODE(i) (0x9000 + 0x2000 * (i))
#define REAL_CODE 0x7000
#define ARGUMENTS 0x10000 /* pointers and lengths, in turn, up to ARGUMENTS_END */
#define ARGUMENTS_END 0x40000
#define KERNEL_BASE 0xffff800000000000ULL /* maps the same memory, for the kernel only */

#define PORT_ROUND 0x10
#define PORT_WRONG 0x11

#define KERNEL_CS 0x10 /* SS follows */
#define USER_BASE 0x20 /* STAR: SS at + 8, 64-bit CS at + 16 */

#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SYSCALL_MASK 0xc0000084

static void put64(uint8_t *memory, unsigned int at, uint64_t value)
{
	memcpy(memory + at, &value, sizeof(value));
}

static void put32(uint8_t *code, uint32_t value)
{
	memcpy(code, &value, sizeof(value));
}

/* clang-format off */
static const uint8_t user_code[] = {
	0xb8, 39, 0, 0, 0,				/*  0: mov $39, %eax */
	0x0f, 0x05,					/*  5: syscall */
	0x49, 0xff, 0xc7,				/*  7: inc %r15 */
	0x4c, 0x3b, 0x3c, 0x25, 0, 0, 0, 0,		/* 10: cmp COUNTER, %r15 */
	0x75, 0x15,					/* 18: jne wrong */
	0x83, 0xf8, 39,					/* 20: cmp $39, %eax */
	0x75, 0x10,					/* 23: jne wrong */
	0x41, 0xff, 0xce,				/* 25: dec %r14d */
	0x75, 0xe2,					/* 28: jne 0 */
	0x41, 0xbe, 64, 0, 0, 0,			/* 30: mov $64, %r14d */
	0xe6, PORT_ROUND,				/* 36: out %al, $PORT_ROUND */
	0xeb, 0xd8,					/* 38: jmp 0 */
	0x90,
	0xe6, PORT_WRONG,				/* 41: wrong: out %al, $PORT_WRONG */
	0xeb, 0xfc,					/* 43: jmp wrong */
};
#define USER_COUNTER 14 /* place of COUNTER in it */

static const uint8_t kernel_code[] = {
	0x48, 0xff, 0x04, 0x25, 0, 0, 0, 0,		/* incq COUNTER */
	0x48, 0x0f, 0x07,				/* sysretq */
};
#define KERNEL_COUNTER 4

static const uint8_t real_code[] = {
	0xb9, 0x40, 0x00,				/* mov $64, %cx */
	0x40,						/* 3: inc %ax */
	0xe2, 0xfd,					/* loop 3 */
	0xe6, PORT_ROUND,				/* out %al, $PORT_ROUND */
	0xeb, 0xf6,					/* jmp 0 */
};
/* clang-format on */

static void fill_memory(struct tinyvm *vm)
{
	uint8_t *m = vm->memory;
	unsigned int i;

	memcpy(m + REAL_CODE, real_code, sizeof(real_code));
	put64(m, PML4, PDPT_USER | 7);
	put64(m, PML4 + 8 * 256, PDPT_KERNEL | 3);
	put64(m, PDPT_USER, PD_USER | 7);
	put64(m, PDPT_KERNEL, PD_KERNEL | 3);
	put64(m, PD_USER, 0x87); /* 2 MiB, present, writable, for user mode */
	put64(m, PD_KERNEL, 0x83);
	/* For who reads the calls' arguments: into the memory, around its end, anywhere. */
	for (i = ARGUMENTS; i < ARGUMENTS_END; i += 16) {
		put64(m, i, i % 48 ? i * 37 % (TINYVM_MEMORY + 0x1000) : i * 0x9e3779b97f4a7c15ULL);
		put64(m, i + 8, i % 80 ? i / 16 % 400 : i * 0x9e3779b97f4a7c15ULL);
	}
	for (i = 0; i < TINYVM_VCPUS; i++) {
		memcpy(m + USER_CODE(i), user_code, sizeof(user_code));
		put32(m + USER_CODE(i) + USER_COUNTER, COUNTER(i));
		memcpy(m + KERNEL_CODE(i), kernel_code, sizeof(kernel_code));
		put32(m + KERNEL_CODE(i) + KERNEL_COUNTER, COUNTER(i));
	}
}

static struct kvm_segment segment(unsigned int selector, unsigned int type, unsigned int dpl,
				  bool code)
{
	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = selector | dpl,
		.type = type,
		.present = 1,
		.dpl = dpl,
		.s = 1,
		.l = code,
		.db = !code,
		.g = 1,
	};
}

static int set_long_mode(struct tinyvm_vcpu *v)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry[4];
	} msrs = { .head.nmsrs = 4 };
	struct kvm_regs regs = {
		.rip = USER_CODE(v->index),
		.rsp = 0x7f00,
		.rflags = 0x3002, /* IOPL 3: user mode may use OUT */
		.r14 = 64,
		/* The calls' arguments: nothing here looks at them. */
		.rdi = ARGUMENTS,
		.rsi = ARGUMENTS + 0x1008 + 16 * v->index,
		.rdx = 20,
		.r10 = TINYVM_MEMORY - 9,
		.r8 = ARGUMENTS_END - 24,
		.r9 = 1000,
	};
	struct kvm_sregs sregs;

	if (ioctl(v->fd, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cr3 = PML4;
	sregs.cr4 |= 0x20; /* PAE */
	sregs.cr0 |= 0x80000001; /* PG, PE */
	sregs.efer = 0x501; /* LMA, LME, SCE */
	sregs.cs = segment(USER_BASE + 16, 11, 3, true);
	sregs.ss = sregs.ds = sregs.es = sregs.fs = sregs.gs = segment(USER_BASE + 8, 3, 3, false);
	if (ioctl(v->fd, KVM_SET_SREGS, &sregs) || ioctl(v->fd, KVM_SET_REGS, &regs))
		return -errno;
	msrs.entry[0].index = MSR_STAR;
	msrs.entry[0].data = (uint64_t)(USER_BASE | 3) << 48 | (uint64_t)KERNEL_CS << 32;
	msrs.entry[1].index = MSR_LSTAR;
	msrs.entry[1].data = KERNEL_BASE + KERNEL_CODE(v->index);
	msrs.entry[2].index = MSR_CSTAR;
	msrs.entry[2].data = KERNEL_BASE + KERNEL_CODE(v->index);
	msrs.entry[3].index = MSR_SYSCALL_MASK;
	msrs.entry[3].data = 0x47700; /* as Linux has it, but for IOPL */
	return ioctl(v->fd, KVM_SET_MSRS, &msrs) == 4 ? 0 : -EIO;
}

static int set_real_mode(struct tinyvm_vcpu *v)
{
	struct kvm_regs regs = { .rip = REAL_CODE, .rflags = 2 };
	struct kvm_sregs sregs;

	if (ioctl(v->fd, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	return ioctl(v->fd, KVM_SET_SREGS, &sregs) || ioctl(v->fd, KVM_SET_REGS, &regs) ? -errno :
											  0;
}

#define CPUID_ENTRIES 256

/* All that KVM supports. */
static int set_cpuid(int kvm, struct tinyvm_vcpu *v)
{
	struct kvm_cpuid2 *cpuid =
		calloc(1, sizeof(*cpuid) + CPUID_ENTRIES * sizeof(cpuid->entries[0]));
	int r = -ENOMEM;

	if (cpuid) {
		cpuid->nent = CPUID_ENTRIES;
		r = ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid) ||
				    ioctl(v->fd, KVM_SET_CPUID2, cpuid) ?
			    -errno :
			    0;
	}
	free(cpuid);
	return r;
}

static int make_vcpu(struct tinyvm *vm, unsigned int index, int kvm)
{
	struct tinyvm_vcpu *v = &vm->vcpu[index];
	int r;

	v->vm = vm;
	v->index = index;
	v->fd = ioctl(vm->fd, KVM_CREATE_VCPU, index);
	if (v->fd < 0)
		return -errno;
	v->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED) {
		v->run = NULL;
		return -errno;
	}
	r = set_cpuid(kvm, v);
	if (r)
		return r;
	return vm->kind == TINYVM_CALLS ? set_long_mode(v) : set_real_mode(v);
}

int tinyvm_init(struct tinyvm *vm, enum tinyvm_kind kind, unsigned int vcpus,
		struct tinyvm_progress *progress)
{
	struct kvm_userspace_memory_region region = { .memory_size = TINYVM_MEMORY };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	unsigned int i;
	int r = 0;

	if (kvm < 0)
		return -errno;
	memset(vm, 0, sizeof(*vm));
	vm->kind = kind;
	vm->progress = progress;
	for (i = 0; i < TINYVM_VCPUS; i++)
		vm->vcpu[i].fd = -1;
	vm->run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	vm->fd = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0) {
		r = -errno;
		goto fail;
	}
	vm->memory = mmap(NULL, TINYVM_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	if (vm->memory == MAP_FAILED) {
		vm->memory = NULL;
		r = -ENOMEM;
		goto fail;
	}
	fill_memory(vm);
	region.userspace_addr = (uintptr_t)vm->memory;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region)) {
		r = -errno;
		goto fail;
	}
	for (i = 0; i < vcpus && !r; i++)
		r = make_vcpu(vm, i, kvm);
	if (r)
		goto fail;
	vm->vcpus = vcpus;
	close(kvm);
	return 0;
fail:
	close(kvm);
	tinyvm_exit(vm);
	return r;
}

static void wrong(struct tinyvm_vcpu *v)
{
	v->vm->progress->exit_reason = v->run->exit_reason;
	__atomic_fetch_add(&v->vm->progress->wrong, 1, __ATOMIC_RELAXED);
}

static void *run_vcpu(void *arg)
{
	struct tinyvm_vcpu *v = arg;
	struct tinyvm *vm = v->vm;
	struct timespec pause = { .tv_nsec = vm->pause_us * 1000L };

	while (!vm->stop) {
		if (ioctl(v->fd, KVM_RUN, 0) < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			wrong(v);
			break;
		}
		if (v->run->exit_reason == KVM_EXIT_INTR)
			continue;
		if (v->run->exit_reason != KVM_EXIT_IO || v->run->io.port != PORT_ROUND) {
			wrong(v);
			break;
		}
		__atomic_fetch_add(&vm->progress->rounds[v->index], 1, __ATOMIC_RELAXED);
		if (vm->pause_us)
			nanosleep(&pause, NULL);
	}
	return NULL;
}

int tinyvm_start(struct tinyvm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->vcpus; i++) {
		int r = pthread_create(&vm->vcpu[i].thread, NULL, run_vcpu, &vm->vcpu[i]);

		if (r)
			return -r;
	}
	return 0;
}

void tinyvm_exit(struct tinyvm *vm)
{
	struct timespec moment = { .tv_nsec = 1000000 };
	unsigned int i;

	vm->stop = true;
	for (i = 0; i < TINYVM_VCPUS; i++) {
		struct tinyvm_vcpu *v = &vm->vcpu[i];

		while (v->thread && pthread_tryjoin_np(v->thread, NULL) == EBUSY) {
			pthread_kill(v->thread, SIGUSR1); /* ends KVM_RUN */
			nanosleep(&moment, NULL);
		}
		v->thread = 0;
		if (v->run)
			munmap(v->run, vm->run_size);
		v->run = NULL;
		if (v->fd >= 0)
			close(v->fd);
		v->fd = -1;
	}
	if (vm->fd >= 0)
		close(vm->fd);
	vm->fd = -1;
	if (vm->memory)
		munmap(vm->memory, TINYVM_MEMORY);
	vm->memory = NULL;
}
