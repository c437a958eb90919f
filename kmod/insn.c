// SPDX-License-Identifier: GPL-2.0-only
#include <linux/uaccess.h>

#include "insn.h"

#define FIRST 3 /* bytes that suffice without prefixes: REX.W 0f 07 */
#define UNREADABLE_MAX 16 /* tries before an instruction that cannot be read is KVM's */

static bool is_legacy_prefix(u8 byte)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65: /* segments */
	case 0x66:
	case 0x67: /* operand, address size */
	case 0xf2:
	case 0xf3: /* repeat; LOCK (f0) makes all of them invalid and is not here */
		return true;
	default:
		return false;
	}
}

static enum sc_insn_kind two_bytes(u8 byte)
{
	switch (byte) {
	case 0x05:
		return SC_INSN_SYSCALL;
	case 0x07:
		return SC_INSN_SYSRET;
	case 0x34:
		return SC_INSN_SYSENTER;
	case 0x35:
		return SC_INSN_SYSEXIT;
	default:
		return SC_INSN_OTHER;
	}
}

static void decode(const u8 *bytes, u32 count, bool long_mode, struct sc_insn *insn)
{
	u32 i = 0;

	*insn = (struct sc_insn){ .kind = SC_INSN_OTHER };
	for (; i < count; i++) {
		if (is_legacy_prefix(bytes[i])) {
			insn->rex_w = false; /* a REX that is not last counts for nothing */
			insn->opsize |= bytes[i] == 0x66;
		} else if (long_mode && (bytes[i] & 0xf0) == 0x40) {
			insn->rex_w = bytes[i] & 8;
		} else {
			break;
		}
	}
	if (i < count && (bytes[i] == 0xcc || bytes[i] == 0xce || bytes[i] == 0xcf)) {
		insn->kind = bytes[i] == 0xcc ? SC_INSN_INT3 :
			     bytes[i] == 0xce ? SC_INSN_INTO :
						SC_INSN_IRET;
		insn->length = i + 1;
		return;
	}
	if (i + 1 >= count) {
		/* 15 bytes of nothing but prefixes is #GP, not ours; less was cut off. */
		if (count < SC_INSN_MAX)
			insn->kind = SC_INSN_UNREADABLE;
		return;
	}
	if (bytes[i] == 0x0f) {
		insn->kind = two_bytes(bytes[i + 1]);
		/* KVM can be told to take "UD2, kvm" for a wish to emulate what follows. */
		if (bytes[i + 1] == 0x0b && !(i + 2 < count && bytes[i + 2] == 'k'))
			insn->kind = SC_INSN_UD2;
	} else if (bytes[i] == 0xcd) {
		insn->kind = SC_INSN_INT;
		insn->vector = bytes[i + 1];
	}
	insn->length = i + 2;
}

static bool is_sysretq(struct kvm_vcpu *vcpu, struct sc_vcpu *v, u64 rip)
{
	unsigned long hva;
	u16 first;
	u8 last;

	sc_cache_check(&v->cache, vcpu->kvm);
	hva = sc_direct(&v->cache, rip, 3);
	if (!hva || !user_access_begin((const void __user *)hva, 3))
		return false;
	unsafe_get_user(first, (const u16 __user *)hva, failed);
	unsafe_get_user(last, (const u8 __user *)(hva + 2), failed);
	user_access_end();
	return first == 0x0f48 && last == 0x07;
failed:
	user_access_end();
	return false;
}

/*
 * Kernel code is looked up by what is remembered of it: anything but what was
 * looked for is looked up again.
 */
static noinline void fetch_slowly(struct kvm_vcpu *vcpu, struct sc_vcpu *v,
				  const struct sc_context *c, u64 linear, struct sc_insn *insn)
{
	struct sc_space space = sc_space_of(vcpu, &v->cache);
	u32 in_page = PAGE_SIZE - offset_in_page(linear);
	u8 bytes[SC_INSN_MAX];
	u32 count;

	count = sc_guest_fetch(&space, linear, bytes, min_t(u32, in_page, FIRST));
	decode(bytes, count, c->cs_long, insn);
	if (likely(insn->kind != SC_INSN_OTHER && insn->kind != SC_INSN_UNREADABLE))
		return;
	space.fresh = true;
	count = sc_guest_fetch(&space, linear, bytes, SC_INSN_MAX);
	decode(bytes, count, c->cs_long, insn);
}

void sc_insn_fetch(struct kvm_vcpu *vcpu, struct sc_vcpu *v, const struct sc_context *c,
		   struct sc_insn *insn)
{
	u64 linear = c->cs_long ? c->rip : (u32)(c->cs_base + c->rip);

	/* What is met most often, where it was met before. */
	if (c->cs_long && linear >> 63 && likely(is_sysretq(vcpu, v, linear)))
		*insn = (struct sc_insn){ .kind = SC_INSN_SYSRET, .length = 3, .rex_w = true };
	else
		fetch_slowly(vcpu, v, c, linear, insn);
}

bool sc_insn_get(struct kvm_vcpu *vcpu, struct sc_vcpu *v, const struct sc_context *c,
		 struct sc_insn *insn)
{
	sc_insn_fetch(vcpu, v, c, insn);
	if (unlikely(insn->kind == SC_INSN_UNREADABLE)) {
		/*
		 * Changed or unmapped since the CPU fetched it: let the CPU try
		 * again, it gets the page fault or the new instruction.
		 */
		if (v->unreadable++ < UNREADABLE_MAX)
			return false;
		insn->kind = SC_INSN_OTHER;
	}
	v->unreadable = 0;
	return true;
}
