// SPDX-License-Identifier: GPL-2.0-only
#include "hook.h"
#include "pad.h"
#include "symbol.h"
#include "track.h"

bool (*sc_original_is_tracked)(struct kvm *kvm, const void *slot, gfn_t gfn, int mode);
int (*sc_original_write_phys)(struct kvm_vcpu *vcpu, gpa_t gpa, const void *val, int bytes);

static unsigned long mapping, mapping_size; /* mmu_try_to_unsync_pages */

int sc_track_find(void)
{
	int (*size_of)(unsigned long address, unsigned long *size, unsigned long *offset);
	unsigned long offset;

	size_of = (void *)sc_function("kallsyms_lookup_size_offset");
	mapping = sc_symbol("kvm:mmu_try_to_unsync_pages");
	return size_of && mapping && size_of(mapping, &mapping_size, &offset) ? 0 : -ENOENT;
}

/*
 * Is a page tracked for writes? KVM asks on two occasions. One is when it maps a
 * page: with "yes" it is mapped read-only. The other is a write fault on a page
 * that is mapped read-only: here the pads are given up first, and with "no" the
 * page then becomes writable and the guest writes for itself.
 *
 * (The fourth argument is 6.1's alone.)
 */
bool sc_hook_is_tracked(struct kvm *kvm, const void *slot, gfn_t gfn, int mode)
{
	bool is_mapping = (unsigned long)__builtin_return_address(0) - mapping < mapping_size;
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(kvm);
	bool r = false;

	if (a && is_mapping)
		r = sc_pad_in(a, gfn);
	else if (a)
		sc_pad_written(a, gfn);
	r |= sc_original_is_tracked(kvm, slot, gfn, mode);
	sc_hook_leave(token);
	return r;
}

/* A write fault on a page that was not mapped at all: KVM carries the write out itself. */
int sc_hook_write_phys(struct kvm_vcpu *vcpu, gpa_t gpa, const void *val, int bytes)
{
	int token = sc_hook_enter();
	struct sc_audit *a = sc_audit_of(vcpu->kvm);
	int r;

	if (a)
		sc_pad_written(a, gpa >> PAGE_SHIFT);
	r = sc_original_write_phys(vcpu, gpa, val, bytes);
	sc_hook_leave(token);
	return r;
}
