/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing events to a vCPU's ring, and what happens when there is no room.
 */
#ifndef SC_EVENT_H
#define SC_EVENT_H

#include "vcpu.h"

/* Two gaps, an owed entry, an event. */
#define SC_EVENT_ROOM \
	(2 * sizeof(struct scaudit_gap) + sizeof(struct sc_owed) + SCAUDIT_EVENT_FIXED)

enum sc_room {
	SC_ROOM, /* there is room for a gap event and an event, with its pieces */
	SC_AGAIN, /* there was none; the guest is to make its call again */
	SC_LOST, /* there is none, and the event is not to be recorded: it has been counted */
};

/*
 * See to it that an event can be written, as on_full, max_stall and a missing
 * owner demand. May sleep for some milliseconds, with KVM's SRCU lock let go.
 * @pieces: bytes of them; with SC_EVENT_ROOM less than the smallest ring has
 */
enum sc_room sc_event_room_slowly(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
				  bool entry, u32 pieces);

static inline enum sc_room sc_event_room(struct sc_audit *a, struct sc_vcpu *v,
					 struct kvm_vcpu *vcpu, bool entry, u32 pieces)
{
	if (likely(!READ_ONCE(a->held) && !v->stall_since &&
		   sc_ring_has(&v->ring, SC_EVENT_ROOM + pieces)))
		return SC_ROOM;
	return sc_event_room_slowly(a, v, vcpu, entry, pieces);
}

/* Fill in an event's head, all but its number. */
void sc_event_head(struct sc_vcpu *v, struct scaudit_event *e, u16 type, u32 size);

/*
 * Write the gap event that is due, if there is one and room for it. For the
 * end of a recording, when no vCPU is at work any more.
 */
void sc_event_last_gap(struct sc_audit *a, struct sc_vcpu *v);

/*
 * Begin an event after SC_ROOM: a gap event that is due is written first, then
 * the head of the new one is filled in. The rest is the caller's to fill in,
 * all of it, before sc_event_commit().
 */
static inline void *sc_event_begin(struct sc_audit *a, struct sc_vcpu *v, u16 type, u32 size)
{
	struct scaudit_event *event;

	if (unlikely(v->has_owed || v->cut_at || v->missing.entries || v->missing.returns))
		sc_event_last_gap(a, v);
	/*
	 * sc_event_room() has found room for all; only a reader that moves its
	 * position backwards takes it away again. Its own events are at stake,
	 * nothing else: write over them.
	 */
	event = sc_ring_head(&v->ring);
	sc_event_head(v, event, type, size);
	return event;
}

static inline void sc_event_commit(struct sc_audit *a, struct sc_vcpu *v,
				   struct scaudit_event *event, u32 size)
{
	u64 half = v->ring.bytes / 2;
	u64 used = sc_ring_used(&v->ring) + size;

	/* Numbered last, so that a number which exists is as good as readable. */
	event->seq = atomic64_inc_return(&a->seq);
	sc_ring_commit(&v->ring, size);
	if (unlikely(used >= half && used - size < half))
		wake_up_interruptible(&a->poll_wait);
}

/* A call was made that cannot be recorded. */
void sc_event_missed(struct sc_vcpu *v, u32 reason);

/* Write v->owed, if there is one and room for it. */
void sc_event_flush_owed(struct sc_audit *a, struct sc_vcpu *v);

/* From here on calls by an instruction cannot be seen on this vCPU. */
void sc_event_blind(struct sc_audit *a, struct sc_vcpu *v, u32 insn);

/* The guest has been reset: calls that have not returned have no end. */
void sc_event_cut(struct sc_audit *a, struct sc_vcpu *v);

/* Write what sc_event_cut() had no room for, if there is such and room now. */
void sc_event_flush_cut(struct sc_audit *a, struct sc_vcpu *v);

/* Tell of a time in which nothing was recorded on any vCPU. Likewise. */
void sc_event_whole_gap(struct sc_audit *a, struct sc_vcpu *v, u32 reason, u64 first, u64 last);

#endif
