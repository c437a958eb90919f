/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory. Everything read is hostile; nothing here trusts a value that
 * came from the guest, and every loop is bounded.
 *
 * Callers hold kvm->srcu (vCPU exit handlers do) and run with the VM's mm.
 */
#ifndef SC_GUEST_H
#define SC_GUEST_H

#include <linux/kvm_host.h>

/*
 * Translations of the guest kernel's addresses, per vCPU. The kernel's half is
 * the same in all its page tables, and what identification reads (per-CPU data,
 * task_struct, the entry code) lies where it lies until the guest kernel is replaced:
 * flushed when LSTAR, EFER or CR0 change.
 */
#define SC_XLATE_ENTRIES 64

struct sc_xlate {
	struct {
		u64 tag; /* virtual page number << 1 | large; 0: empty */
		u64 gpa; /* of its first byte */
	} entry[SC_XLATE_ENTRIES];
};

/* Page tables to walk. */
struct sc_space {
	struct kvm *kvm;
	u64 cr3;
	bool five_levels; /* CR4.LA57 */
	struct sc_xlate *cache; /* for addresses of the kernel's half; may be NULL */
};

void sc_xlate_flush(struct sc_xlate *cache);

/*
 * Read guest-physical memory.
 * Return: 0; -ENXIO if some of it is not backed by RAM.
 */
int sc_guest_read_phys(struct kvm *kvm, u64 gpa, void *buffer, u32 length);

/*
 * Guest-physical address of a guest-virtual one, by the page tables alone
 * (no permissions: we read on nobody's behalf). Where the tables of user mode
 * lack it, those of the kernel are tried (KPTI: CR3 with bit 12 cleared).
 * @left: bytes from there to the end of the page
 * Return: 0; -ENXIO if it is not mapped.
 */
int sc_guest_translate(const struct sc_space *space, u64 gva, u64 *gpa, u64 *left);

/* Read guest-virtual memory, page by page. Return: 0 or -ENXIO. */
int sc_guest_read(const struct sc_space *space, u64 gva, void *buffer, u32 length);

/*
 * Fetch instruction bytes at a linear address as the vCPU itself would, with
 * its permissions and current page tables.
 * Return: bytes fetched, up to length; 0 if the first is not to be had.
 */
u32 sc_guest_fetch(struct kvm_vcpu *vcpu, u64 linear, u8 cpl, u8 *buffer, u32 length);

#endif
