/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The plan of what memory of which call is read (schema/abi.h,
 * SCAUDIT_IOC_SET_CAPTURE), and carrying it out; piece.c has the operations.
 */
#ifndef SC_CAPTURE_H
#define SC_CAPTURE_H

#include "call.h"

#define SC_CONVENTIONS 3
#define SC_CAPTURE_NUMBERS 1024

/* The operations of one call. */
struct sc_captured {
	u16 first;
	u8 count; /* 0: nothing is read */
	u8 when; /* SCAUDIT_AT_* of all of them; SC_LATE */
	u32 snaplen;
	u32 at_entry; /* bytes of pieces at most, then and at the return */
	u32 at_return;
};

#define SC_LATE 0x80 /* in when: what is not mapped at the entry is tried again */

struct sc_capture {
	u64 number; /* no other plan has it */
	u32 nr_ops;
	struct sc_captured calls[SC_CONVENTIONS][SC_CAPTURE_NUMBERS];
	struct scaudit_capture_op ops[];
};

/*
 * Check a plan and prepare it.
 * @ops, @calls: user->nr_ops and user->nr_calls of them
 * Return: 0 or -EINVAL; @capture is zero and has room for the operations.
 */
int sc_capture_make(const struct scaudit_capture *user, const struct scaudit_capture_op *ops,
		    const struct scaudit_capture_call *calls, struct sc_capture *capture);

/*
 * Does a plan say what another one says? Then it must not take the other's place: to calls
 * that are in progress that would be another plan, and what their returns have to bring
 * would be forgotten. A recorder that is started again has the same plan as the one before.
 */
bool sc_capture_same(const struct sc_capture *a, const struct sc_capture *b);

/* What is read of a call, or NULL: nothing. */
static inline const struct sc_captured *sc_captured(const struct sc_capture *capture, u8 convention,
						    u32 nr)
{
	const struct sc_captured *c;

	if (!capture || nr >= SC_CAPTURE_NUMBERS)
		return NULL;
	c = &capture->calls[convention][nr];
	return c->count ? c : NULL;
}

/*
 * How much room to ask for, beyond the event, for count operations where worst is the most
 * that can come: no more than a quarter of the ring, but for a head of each.
 */
u32 sc_capture_room(const struct sc_ring *ring, u32 count, u32 worst);

/*
 * Read at the entry, into the room bytes behind the event; what the return needs is kept.
 * @wanted: the return is going to be an event
 * @blind: guest memory must not be read now: say so, and try everything again at the return
 * Return: bytes written
 */
u32 sc_capture_entry(struct sc_audit *a, struct kvm_vcpu *vcpu, struct sc_cache *cache,
		     const struct sc_capture *capture, const struct sc_captured *c,
		     struct scaudit_entry *e, u32 room, bool wanted, bool blind);

struct sc_kept;

/*
 * Look for what has been kept of the call that a task returns from.
 * @rsp: where user mode goes on
 * Return: false: nothing
 */
bool sc_capture_kept(struct sc_audit *a, const struct kvm_vcpu *vcpu, u64 task, u64 rsp,
		     struct sc_kept *kept);

/*
 * A task without a name is done with a call, or makes one of which nothing is kept. (Of
 * others nothing is left when sc_open_set() or sc_open_clear() has been called.)
 */
void sc_capture_forget(struct sc_audit *a, const struct kvm_vcpu *vcpu, u64 rsp);

/* Read at the return. @c: may be NULL. Return: bytes written behind the event. */
u32 sc_capture_return(struct kvm_vcpu *vcpu, struct sc_cache *cache,
		      const struct sc_capture *capture, const struct sc_captured *c,
		      const struct sc_kept *kept, struct scaudit_return *e, u32 room);

#endif
