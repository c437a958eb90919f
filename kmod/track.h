/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a guest's write to a page with pads is noticed before it is done; the
 * same with both vendors.
 */
#ifndef SC_TRACK_H
#define SC_TRACK_H

#include <linux/kvm_host.h>

bool sc_hook_is_tracked(struct kvm *kvm, const void *slot, gfn_t gfn, int mode);
int sc_hook_write_phys(struct kvm_vcpu *vcpu, gpa_t gpa, const void *val, int bytes);

extern bool (*sc_original_is_tracked)(struct kvm *kvm, const void *slot, gfn_t gfn, int mode);
extern int (*sc_original_write_phys)(struct kvm_vcpu *vcpu, gpa_t gpa, const void *val, int bytes);

/* For the vendors' tables of hooks. */
#define SC_TRACK_HOOK_ASKED                                                               \
	"kvm:kvm_slot_page_track_is_active|kvm_gfn_is_write_tracked", sc_hook_is_tracked, \
		(void **)&sc_original_is_tracked
#define SC_TRACK_HOOK_WRITTEN \
	"kvm:emulator_write_phys", sc_hook_write_phys, (void **)&sc_original_write_phys

/* Find what is needed. Return: 0 or -ENOENT. */
int sc_track_find(void);

#endif
