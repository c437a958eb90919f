// SPDX-License-Identifier: GPL-2.0-only
#include <asm/tsc.h>
#include <linux/hrtimer.h>
#include <linux/timekeeping.h>

#include "event.h"

#define WAIT_NS (NSEC_PER_MSEC / 2) /* how soon room that user space has made is seen */

static u64 wall_clock(void)
{
	return ktime_get_real_fast_ns();
}

/*
 * Wall clock at a TSC value of now. The kernel's own way costs four times as
 * much; so a reading of it serves for a millisecond, in which its rate does not
 * change by a nanosecond.
 */
static u64 wall_clock_at(struct sc_vcpu *v, u64 tsc)
{
	u64 passed = tsc - v->clock_tsc;

	if (unlikely(passed >= v->clock_valid)) {
		v->clock_tsc = tsc;
		v->clock_ns = wall_clock();
		v->clock_valid = 0;
		if (tsc_khz && !check_tsc_unstable()) {
			v->clock_valid = tsc_khz;
			v->clock_mult = div_u64((u64)NSEC_PER_MSEC << 22, tsc_khz);
		}
		passed = 0;
	}
	return v->clock_ns + (passed * v->clock_mult >> 22);
}

static void count_missing(struct sc_vcpu *v, bool entry, u32 reason)
{
	struct sc_missing *m = &v->missing;

	if (!m->entries && !m->returns) {
		m->first = wall_clock();
		m->reason = reason;
	}
	m->last = wall_clock();
	if (entry)
		m->entries++;
	else
		m->returns++;
	v->ring.producer->dropped[reason]++;
}

void sc_event_missed(struct sc_vcpu *v, u32 reason)
{
	count_missing(v, true, reason);
}

static bool wait_is_over(struct sc_audit *a, struct sc_vcpu *v, u32 size)
{
	return !READ_ONCE(a->recording) || (!READ_ONCE(a->held) && sc_ring_has(&v->ring, size));
}

enum sc_room sc_event_room_slowly(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
				  bool entry, u32 pieces) __must_hold(&vcpu->kvm->srcu)
{
	u32 size = SC_EVENT_ROOM + pieces;
	bool held = READ_ONCE(a->held);
	u64 now, waited, limit;

	if (likely(!held && sc_ring_has(&v->ring, size))) {
		v->stall_since = 0;
		return SC_ROOM;
	}

	if (!held && a->on_full == SCAUDIT_FULL_DROP) {
		count_missing(v, entry, SCAUDIT_GAP_DROP);
		return SC_LOST;
	}

	now = ktime_get_ns();
	limit = READ_ONCE(a->max_stall_ns);
	if (!v->stall_since) {
		v->stall_since = now;
		v->ring.producer->stalls++;
		wake_up_interruptible(&a->poll_wait);
	}
	if (limit && now - v->stall_since > limit) {
		count_missing(v, entry, SCAUDIT_GAP_STALL);
		return SC_LOST;
	}
	WRITE_ONCE(v->ring.producer->waiting, 1);

	kvm_vcpu_srcu_read_unlock(vcpu);
	wait_event_interruptible_hrtimeout(a->vcpu_wait, wait_is_over(a, v, size),
					   ns_to_ktime(WAIT_NS));
	kvm_vcpu_srcu_read_lock(vcpu);

	waited = ktime_get_ns() - now;
	v->ring.producer->stall_ns += waited;
	WRITE_ONCE(v->ring.producer->waiting, 0);
	return SC_AGAIN;
}

void sc_event_head(struct sc_vcpu *v, struct scaudit_event *e, u16 type, u32 size)
{
	e->size = size;
	e->type = type;
	e->vcpu = v->index;
	e->tsc = rdtsc_ordered();
	e->time = wall_clock_at(v, e->tsc);
}

void sc_event_flush_owed(struct sc_audit *a, struct sc_vcpu *v)
{
	u32 size = v->owed.entry.head.size;
	struct scaudit_entry *e;

	if (!v->has_owed)
		return;
	e = sc_ring_reserve(&v->ring, size);
	if (!e)
		return;
	memcpy(e, &v->owed, size);
	v->has_owed = false;
	v->ring.producer->entries++;
	sc_event_commit(a, v, &e->head, size);
}

void sc_event_blind(struct sc_audit *a, struct sc_vcpu *v, u32 insn)
{
	struct scaudit_gap *gap = sc_ring_reserve(&v->ring, sizeof(*gap));

	if (!gap) {
		sc_event_missed(v, SCAUDIT_GAP_BLIND);
		return;
	}
	memset(gap, 0, sizeof(*gap));
	sc_event_head(v, &gap->head, SCAUDIT_EV_GAP, sizeof(*gap));
	gap->entries = ~0ULL;
	gap->returns = ~0ULL;
	gap->first = gap->head.time;
	gap->last = gap->head.time;
	gap->reason = SCAUDIT_GAP_BLIND;
	gap->detail = insn;
	sc_event_commit(a, v, &gap->head, sizeof(*gap));
}

void sc_event_flush_cut(struct sc_audit *a, struct sc_vcpu *v)
{
	struct scaudit_gap *gap;

	if (!v->cut_at)
		return;
	gap = sc_ring_reserve(&v->ring, sizeof(*gap));
	if (!gap)
		return;
	memset(gap, 0, sizeof(*gap));
	sc_event_head(v, &gap->head, SCAUDIT_EV_GAP, sizeof(*gap));
	gap->first = v->cut_at;
	gap->last = v->cut_at;
	gap->reason = SCAUDIT_GAP_CUT;
	v->cut_at = 0;
	sc_event_commit(a, v, &gap->head, sizeof(*gap));
}

void sc_event_cut(struct sc_audit *a, struct sc_vcpu *v)
{
	/* What the vCPU did before belongs before it. */
	sc_event_last_gap(a, v);
	v->cut_at = wall_clock();
	sc_event_flush_cut(a, v);
}

/* Missing events. */
static void flush_missing(struct sc_audit *a, struct sc_vcpu *v)
{
	struct sc_missing *m = &v->missing;
	struct scaudit_gap *gap;

	if (!m->entries && !m->returns)
		return;
	gap = sc_ring_reserve(&v->ring, sizeof(*gap));
	if (!gap)
		return;
	memset(gap, 0, sizeof(*gap));
	sc_event_head(v, &gap->head, SCAUDIT_EV_GAP, sizeof(*gap));
	gap->entries = m->entries;
	gap->returns = m->returns;
	gap->first = m->first;
	gap->last = m->last;
	gap->reason = m->reason;
	sc_event_commit(a, v, &gap->head, sizeof(*gap));
	memset(m, 0, sizeof(*m));
}

void sc_event_last_gap(struct sc_audit *a, struct sc_vcpu *v)
{
	sc_event_flush_owed(a, v);
	sc_event_flush_cut(a, v);
	flush_missing(a, v);
}

void sc_event_whole_gap(struct sc_audit *a, struct sc_vcpu *v, u32 reason, u64 first, u64 last)
{
	struct scaudit_gap *gap = sc_ring_reserve(&v->ring, sizeof(*gap));

	if (!gap)
		return;
	memset(gap, 0, sizeof(*gap));
	sc_event_head(v, &gap->head, SCAUDIT_EV_GAP, sizeof(*gap));
	gap->head.vcpu = 0xffff;
	gap->entries = ~0ULL;
	gap->returns = ~0ULL;
	gap->first = first;
	gap->last = last;
	gap->reason = reason;
	sc_event_commit(a, v, &gap->head, sizeof(*gap));
}
