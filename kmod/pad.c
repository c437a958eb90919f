// SPDX-License-Identifier: GPL-2.0-only
#include <asm/insn.h>
#include <linux/kvm_host.h>

#include "call.h"
#include "pad.h"
#include "state.h"
#include "symbol.h"

#define SCAN_BYTES 256 /* of entry code that is searched */
#define RFLAGS_MASKED (X86_EFLAGS_IF | X86_EFLAGS_TF)
#define PAUSE_FIRST (50 * NSEC_PER_MSEC)
#define PAUSE_MAX (10ULL * NSEC_PER_SEC)

static int (*decode_insn)(struct insn *insn, const void *kaddr, int buf_len, enum insn_mode m);
static bool (*write_protect)(struct kvm *kvm, struct kvm_memory_slot *slot, u64 gfn, int level);
static void (*disallow_large)(const struct kvm_memory_slot *slot, gfn_t gfn);
static void (*allow_large)(const struct kvm_memory_slot *slot, gfn_t gfn);

int sc_pad_find(void)
{
	decode_insn = (void *)sc_function("insn_decode");
	write_protect = (void *)sc_function("kvm:kvm_mmu_slot_gfn_write_protect");
	disallow_large = (void *)sc_function("kvm:kvm_mmu_gfn_disallow_lpage");
	allow_large = (void *)sc_function("kvm:kvm_mmu_gfn_allow_lpage");
	return decode_insn && write_protect && disallow_large && allow_large ? 0 : -ENOENT;
}

/* ---- pages ---- */

/* Large mappings around a page are forbidden while it holds a pad. */
static void set_large(struct kvm *kvm, u64 gfn, bool allowed)
{
	struct kvm_memory_slot *slot = gfn_to_memslot(kvm, gfn);

	if (slot)
		(allowed ? allow_large : disallow_large)(slot, gfn);
}

static void release_stale(struct work_struct *work)
{
	struct sc_pads *p = container_of(work, struct sc_pads, work);
	struct sc_audit *a = container_of(p, struct sc_audit, pads);
	struct kvm *kvm = READ_ONCE(a->kvm);
	u32 i;
	int idx;

	if (!kvm)
		return;
	idx = srcu_read_lock(&kvm->srcu);
	write_lock(&kvm->mmu_lock);
	for (i = 0; i < SC_PAD_PAGES; i++) {
		u64 gfn = xchg(&p->stale[i], 0);

		if (gfn)
			set_large(kvm, gfn - 1, true);
	}
	write_unlock(&kvm->mmu_lock);
	srcu_read_unlock(&kvm->srcu, idx);
}

void sc_pads_init(struct sc_audit *a)
{
	spin_lock_init(&a->pads.lock);
	INIT_WORK(&a->pads.work, release_stale);
	a->pads.pause = PAUSE_FIRST;
}

static void drop_all(struct sc_pads *p)
{
	u32 i;

	for (i = 0; i < SC_PAD_PAGES; i++) {
		if (p->gfn[i]) {
			p->stale[i] = p->gfn[i];
			WRITE_ONCE(p->gfn[i], 0);
		}
	}
}

void sc_pads_exit(struct sc_audit *a)
{
	spin_lock(&a->pads.lock);
	drop_all(&a->pads);
	spin_unlock(&a->pads.lock);
	cancel_work_sync(&a->pads.work);
	if (a->kvm)
		release_stale(&a->pads.work);
}

bool sc_pad_in(const struct sc_audit *a, u64 gfn)
{
	u32 i;

	for (i = 0; i < SC_PAD_PAGES; i++) {
		if (READ_ONCE(a->pads.gfn[i]) == gfn + 1)
			return true;
	}
	return false;
}

void sc_pad_written(struct sc_audit *a, u64 gfn)
{
	struct sc_pads *p = &a->pads;

	if (likely(!sc_pad_in(a, gfn)))
		return;
	spin_lock(&p->lock);
	WRITE_ONCE(p->epoch, p->epoch + 1);
	WRITE_ONCE(p->retry_at, ktime_get_ns() + p->pause);
	p->pause = min_t(u64, p->pause * 2, PAUSE_MAX);
	drop_all(p);
	spin_unlock(&p->lock);
	/*
	 * Every vCPU passes through the hook on msr_filter_changed before it runs
	 * guest code again, and finds its pads old there; none runs guest code when
	 * the second request has been made.
	 */
	kvm_make_all_cpus_request(a->kvm, KVM_REQ_MSR_FILTER_CHANGED);
	kvm_make_all_cpus_request(a->kvm, KVM_REQ_OUTSIDE_GUEST_MODE);
	queue_work(system_unbound_wq, &p->work);
}

/* Protect a page, unless it is already. Return: false: no place, or no RAM. */
static bool protect(struct sc_audit *a, u64 gfn)
{
	struct kvm_memory_slot *slot = gfn_to_memslot(a->kvm, gfn);
	struct sc_pads *p = &a->pads;
	bool flush;
	int place = -1;
	u32 i;

	if (!slot)
		return false;
	spin_lock(&p->lock);
	for (i = 0; i < SC_PAD_PAGES; i++) {
		if (p->gfn[i] == gfn + 1) {
			spin_unlock(&p->lock);
			return true;
		}
		if (place < 0 && !p->gfn[i] && !READ_ONCE(p->stale[i]))
			place = i;
	}
	if (place >= 0)
		WRITE_ONCE(p->gfn[place], gfn + 1);
	spin_unlock(&p->lock);
	if (place < 0)
		return false;
	write_lock(&a->kvm->mmu_lock);
	disallow_large(slot, gfn);
	flush = write_protect(a->kvm, slot, gfn, PG_LEVEL_4K);
	write_unlock(&a->kvm->mmu_lock);
	if (flush)
		kvm_flush_remote_tlbs(a->kvm);
	return true;
}

/* ---- bytes ---- */

/* One-byte opcodes that are invalid in 64-bit mode (SDM vol. 2D, A.3; APM vol. 3, A.1). */
static bool is_invalid_opcode(u8 byte)
{
	switch (byte) {
	case 0x06:
	case 0x07:
	case 0x0e:
	case 0x16:
	case 0x17:
	case 0x1e:
	case 0x1f:
	case 0x27:
	case 0x2f:
	case 0x37:
	case 0x3f:
	case 0x60:
	case 0x61:
		return true;
	default:
		return false;
	}
}

/*
 * Instructions that Linux patches while it runs (alternatives, static keys,
 * static calls) are NOPs, jumps and calls; a pad in one of them would not last.
 */
static bool is_ordinary(struct insn *insn)
{
	u8 op = insn->opcode.bytes[0];

	if (insn->opcode.nbytes == 2 && op == 0x0f)
		return insn->opcode.bytes[1] != 0x1f && (insn->opcode.bytes[1] & 0xf0) != 0x80;
	return !(op >= 0x70 && op <= 0x7f) && !(op >= 0xe0 && op <= 0xe3) && op != 0xe8 &&
	       op != 0xe9 && op != 0xeb && op != 0xff && op != 0x90;
}

/* Behind these there may be anything. */
static bool is_end(struct insn *insn)
{
	u8 op = insn->opcode.bytes[0];

	return op == 0xe9 || op == 0xeb || op == 0xc3 || op == 0xc2 || op == 0xcf || op == 0xcc ||
	       op == 0xf4;
}

static bool find_in(const struct insn_field *field, const u8 *insn, u32 offset, u32 *place)
{
	u32 i;

	for (i = 0; i < field->nbytes; i++) {
		if (is_invalid_opcode(insn[offset + i])) {
			*place = offset + i;
			return true;
		}
	}
	return false;
}

/*
 * Offsets in code (which begins with an instruction) of up to max pads: bytes
 * of displacements and immediates of ordinary instructions.
 */
static u32 find_pads(const u8 *code, u32 length, u32 *pads, u32 max)
{
	u32 found = 0, at = 0;

	while (at < length && found < max) {
		struct insn insn;
		u32 place;

		/* Negative: not an instruction, or cut off by the end. */
		if (decode_insn(&insn, code + at, length - at, INSN_MODE_64) < 0 || !insn.length)
			break;
		if (is_ordinary(&insn)) {
			u32 immediate = insn.immediate.nbytes;
			u32 displacement = insn.displacement.nbytes;
			u32 offset = insn.length - immediate - displacement;

			if ((displacement &&
			     find_in(&insn.displacement, code + at, offset, &place)) ||
			    (immediate &&
			     find_in(&insn.immediate, code + at, insn.length - immediate, &place)))
				pads[found++] = at + place;
		}
		if (is_end(&insn))
			break;
		at += insn.length;
	}
	return found;
}

/* ---- a vCPU's pads ---- */

bool sc_pad_holds(const struct sc_audit *a, const struct sc_vcpu *v)
{
	return v->pad_epoch == READ_ONCE(a->pads.epoch);
}

bool sc_pad_worth(struct sc_audit *a, struct sc_vcpu *v, u64 lstar)
{
	if (a->engine == SCAUDIT_ENGINE_FAULT || v->mode != SC_FAULT)
		return false;
	if (v->pad_tried && v->pad_lstar == lstar && sc_pad_holds(a, v))
		return false;
	return ktime_get_ns() >= READ_ONCE(a->pads.retry_at);
}

/*
 * Pads from one entry point on, within its page. Return: how many were found;
 * 0 with *why set.
 */
static u32 search(struct sc_vcpu *v, struct kvm_vcpu *vcpu, u64 entry, u64 *pads, u32 max, u64 *gfn,
		  u32 *why)
{
	struct sc_space space = sc_space_of(vcpu, &v->cache);
	u32 length = min_t(u32, SCAN_BYTES, PAGE_SIZE - offset_in_page(entry));
	u32 offsets[2], found, i;
	u8 code[SCAN_BYTES];
	u64 gpa, left;

	*why = SCAUDIT_WHY_UNMAPPED;
	space.fresh = true;
	if (!(entry >> 63) || sc_guest_translate(&space, entry, &gpa, &left) ||
	    sc_guest_fetch(&space, entry, code, length) != length)
		return 0;
	*gfn = gpa >> PAGE_SHIFT;
	*why = SCAUDIT_WHY_NO_PAD;
	found = find_pads(code, length, offsets, max);
	for (i = 0; i < found; i++)
		pads[i] = entry + offsets[i];
	return found;
}

/*
 * Any other bytes of the page will do where ordinary instructions have none: if
 * they should be patched after all, the write is noticed, as every other.
 */
static u32 search_page(struct sc_vcpu *v, struct kvm_vcpu *vcpu, u64 entry, u64 *pads, u32 found,
		       u32 max)
{
	struct sc_space space = sc_space_of(vcpu, &v->cache);
	u64 page = entry & PAGE_MASK;
	u8 code[SCAN_BYTES];
	u32 at, i;

	space.fresh = true;
	for (at = 0; at < PAGE_SIZE && found < max; at += SCAN_BYTES) {
		if (sc_guest_fetch(&space, page + at, code, SCAN_BYTES) != SCAN_BYTES)
			break;
		for (i = 0; i < SCAN_BYTES && found < max; i++) {
			if (is_invalid_opcode(code[i]) && (!found || pads[0] != page + at + i))
				pads[found++] = page + at + i;
		}
	}
	return found;
}

/* All pads for one entry point, of its page. */
static u32 find_all(struct sc_vcpu *v, struct kvm_vcpu *vcpu, u64 entry, u64 *pads, u32 max,
		    u64 *gfn, u32 *why)
{
	u32 found = search(v, vcpu, entry, pads, max, gfn, why);

	if (found < max && *why == SCAUDIT_WHY_NO_PAD)
		found = search_page(v, vcpu, entry, pads, found, max);
	return found;
}

static u32 choose(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		  const struct sc_context *c)
{
	/* Intel has no SYSCALL in compatibility mode, and so no second entry point. */
	u32 wanted = a->vendor->id == SCAUDIT_VENDOR_AMD ? 2 : 1;
	u64 pads[2], again[2], gfn;
	u32 why;

	v->pad_epoch = READ_ONCE(a->pads.epoch);
	if (find_all(v, vcpu, c->lstar, pads, wanted, &gfn, &why) != wanted)
		return why;
	if (!protect(a, gfn))
		return SCAUDIT_WHY_WRITTEN;
	/* From here on a write is told; what was read before may be old. */
	if (find_all(v, vcpu, c->lstar, again, wanted, &gfn, &why) != wanted ||
	    memcmp(pads, again, wanted * sizeof(pads[0])))
		return SCAUDIT_WHY_WRITTEN;
	v->pad_64 = pads[0];
	v->pad_32 = pads[wanted - 1];
	return sc_pad_holds(a, v) ? 0 : SCAUDIT_WHY_WRITTEN;
}

bool sc_pad_try(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu,
		const struct sc_context *c)
{
	u32 sticky = v->why & (SCAUDIT_WHY_NESTED | SCAUDIT_WHY_CET);
	u32 why = sticky;

	v->pad_tried = true;
	v->pad_lstar = c->lstar;
	v->pad_epoch = READ_ONCE(a->pads.epoch);
	if (vcpu->guest_debug)
		return false; /* the VMM's debugger steps through what is there */
	if ((c->sfmask & RFLAGS_MASKED) != RFLAGS_MASKED)
		why |= SCAUDIT_WHY_SFMASK;
	if (!why)
		why = choose(a, v, vcpu, c);
	v->why = why;
	if (why)
		return false;
	v->mode = SC_PAD;
	v->in_user = false;
	return true;
}

void sc_pad_call(const struct sc_vcpu *v, struct kvm_vcpu *vcpu, const struct sc_context *c,
		 struct sc_call *call)
{
	u64 next = *sc_reg(vcpu, VCPU_REGS_RCX);
	bool is_64 = c->rip == v->pad_64;

	*call = (struct sc_call){
		.rip = is_64 ? next - 2 : (u32)(next - 2),
		.rflags = *sc_reg(vcpu, VCPU_REGS_R11),
		.insn = SCAUDIT_INSN_SYSCALL,
		.abi = is_64 ? SCAUDIT_ABI_X86_64 : SCAUDIT_ABI_I386,
		.cpl = next >> 63 ? 0 : 3,
		.engine = SCAUDIT_ENGINE_PAD,
	};
}

void sc_pad_leave(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	u64 rip = a->vendor->rip(vcpu);
	struct sc_context c;
	struct sc_call call;

	if (!sc_pad_hit(v, rip) || a->vendor->cpl(vcpu) != 0)
		return;
	a->vendor->context(v, vcpu, &c);
	if (READ_ONCE(a->recording)) {
		sc_pad_call(v, vcpu, &c, &call);
		sc_call_enter_now(a, v, vcpu, &c, &call);
	}
	a->vendor->set_rip(vcpu, rip == v->pad_64 ? v->lstar : v->cstar);
	sc_state_kernel(a, v, vcpu);
}

void sc_pad_drop(struct sc_audit *a, struct sc_vcpu *v, struct kvm_vcpu *vcpu)
{
	sc_pad_leave(a, v, vcpu);
	v->mode = SC_FAULT;
	v->pad_tried = false;
	v->why |= SCAUDIT_WHY_UNTRIED;
	sc_state_kernel(a, v, vcpu);
}
