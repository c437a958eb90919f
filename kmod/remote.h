/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory, from a thread of another process than the VM's.
 */
#ifndef SC_REMOTE_H
#define SC_REMOTE_H

#include <linux/kvm_host.h>

struct sc_remote {
	struct mm_struct *mm; /* of the VM's process; the caller has it by mmget_not_zero() */
	/*
	 * There is memory that cannot be had so: it has no pages that can be held on to (a
	 * device's, secret memory). A thread with that mm may read it all the same.
	 */
	bool refused;
};

/*
 * Read guest-physical memory as kvm_read_guest() does. May sleep; kvm->srcu is held.
 * Return: 0; -ENXIO: some of it is no memory of the guest, or @remote->refused is set;
 * -EINTR: the caller is killed.
 */
int sc_remote_read(struct kvm *kvm, struct sc_remote *remote, u64 gpa, u8 *buffer, u32 length);

#endif
