/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual machine of a few pages on the KVM API, without a guest operating
 * system: each vCPU makes system calls for ever and checks that each was carried
 * out exactly once and changed nothing but what it must.
 */
#ifndef TINYVM_H
#define TINYVM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TINYVM_VCPUS 4
#define TINYVM_MEMORY (2UL << 20) /* bytes */

/* What vCPUs tell; may lie in memory shared with another process. */
struct tinyvm_progress {
	uint64_t rounds[TINYVM_VCPUS]; /* of 64 system calls each */
	uint32_t wrong; /* vCPUs whose check failed or that died */
	uint32_t exit_reason; /* of the last of these: KVM_EXIT_* */
};

enum tinyvm_kind {
	TINYVM_CALLS, /* long mode: SYSCALL and SYSRET */
	TINYVM_REAL, /* real mode: no system call */
};

struct tinyvm_vcpu {
	struct tinyvm *vm;
	unsigned int index;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
};

struct tinyvm {
	int fd;
	enum tinyvm_kind kind;
	unsigned int vcpus;
	size_t run_size; /* bytes of each vCPU's kvm_run */
	unsigned int pause_us; /* of a vCPU between rounds */
	uint8_t *memory;
	struct tinyvm_progress *progress;
	volatile bool stop;
	struct tinyvm_vcpu vcpu[TINYVM_VCPUS];
};

/*
 * Make a VM and its vCPUs; they do not run yet. `progress` stays the caller's
 * and must outlive the VM. Return 0 or a negative errno, with nothing left.
 */
int tinyvm_init(struct tinyvm *vm, enum tinyvm_kind kind, unsigned int vcpus,
		struct tinyvm_progress *progress);

/* Let every vCPU run in a thread of its own. Return 0 or a negative errno. */
int tinyvm_start(struct tinyvm *vm);

/* Stop the vCPUs, also those that wait in the kernel, and close everything. */
void tinyvm_exit(struct tinyvm *vm);

#endif
