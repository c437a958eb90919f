/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Landing pads: bytes of the guest's own entry code where SYSCALL is made to
 * land, and whose execution raises #UD in 64-bit mode.
 *
 * A pad must not change under us. Its page is write-protected in KVM's second
 * level of page tables; a write to it first switches every vCPU of the VM to
 * engine fault, and is then let through.
 */
#ifndef SC_PAD_H
#define SC_PAD_H

#include "vcpu.h"

/* Find what KVM does not export. Return: 0 or -ENOENT. */
int sc_pad_find(void);
void sc_pads_init(struct sc_audit *a);
/* Let go of all pages. The VM's vCPUs are off their pads, and its mm is alive or gone. */
void sc_pads_exit(struct sc_audit *a);

/*
 * Choose pads for a vCPU whose entry points are known, and take them into use.
 * In the vCPU's own context at a system call; may sleep.
 * Return: true: it uses engine pad now; false: v->why says why not.
 */
bool sc_pad_try(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		const struct sc_context *c);

/* May engine pad be tried (again)? */
bool sc_pad_worth(struct sc_audit *a, struct sc_vcpu *v, u64 lstar);

/* Are the pads that a vCPU uses still good? */
bool sc_pad_holds(const struct sc_audit *a, const struct sc_vcpu *v);

/*
 * If the vCPU stands on a pad, record its call and move it to the true entry
 * point, as its #UD would have; done before anybody looks at its RIP, and
 * before the pads go.
 */
void sc_pad_leave(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu);

/* Back to engine fault, since the entry points are about to change. */
void sc_pad_drop(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu);

/* Does it stand on a pad? */
static inline bool sc_pad_hit(const struct sc_vcpu *v, u64 rip)
{
	return v->hw.pad && (rip == v->pad_64 || rip == v->pad_32);
}

/* The call of a vCPU on a pad; c is its context there. */
struct sc_call;
void sc_pad_call(const struct sc_vcpu *v, struct kvm_vcpu *vcpu, const struct sc_context *c,
		 struct sc_call *call);

/* Is there a pad in the page? Then it may be mapped read-only alone. */
bool sc_pad_in(const struct sc_audit *a, u64 gfn);

/* The guest writes to a page, which may have pads. Atomic context. */
void sc_pad_written(struct sc_audit *a, u64 gfn);

#endif
