// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run against what is expected, and against the run without an audit.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "case.h"

struct judge {
	unsigned int faults;
	unsigned int lines; /* that may still be printed */
	/*
	 * SYSRET leaves SS's attributes as the kernel had them, which after an
	 * interrupt are those of a null selector (APM vol. 3, SYSRET). QEMU's makes
	 * SS flat, as Intel's does, so they differ where the module is right.
	 */
	bool ss_as_was;
	bool any_cr2;
	bool any_rf; /* QEMU clears RF not behind each instruction, but at the next jump */
};

static void fault(struct judge *j, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fault(struct judge *j, const char *format, ...)
{
	va_list args;

	j->faults++;
	if (!j->lines)
		return;
	j->lines--;
	printf("      ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void same(struct judge *j, const char *where, const char *what, u64 is, u64 was)
{
	if (is != was)
		fault(j, "%s: %s is %#" PRIx64 ", untraced %#" PRIx64, where, what, is, was);
}

#define FIELD(s, f)                                     \
	{                                               \
#f, offsetof(s, f), sizeof(((s *)0)->f) \
	}

struct field {
	const char *name;
	size_t offset;
	size_t bytes;
};

static const struct field reg_fields[] = {
#define REG(f) FIELD(struct kvm_regs, f)
	REG(rax), REG(rbx), REG(rcx), REG(rdx), REG(rsi), REG(rdi), REG(rsp), REG(rbp), REG(r8),
	REG(r9),  REG(r10), REG(r11), REG(r12), REG(r13), REG(r14), REG(r15), REG(rip), REG(rflags),
#undef REG
};

static const struct field sreg_fields[] = {
#define SREG(f) FIELD(struct kvm_sregs, f)
#define SEGMENT(f)                                                                                 \
	SREG(f.base), SREG(f.limit), SREG(f.selector), SREG(f.type), SREG(f.present), SREG(f.dpl), \
		SREG(f.db), SREG(f.s), SREG(f.l), SREG(f.g), SREG(f.avl), SREG(f.unusable)
	SEGMENT(cs),
	SEGMENT(ds),
	SEGMENT(es),
	SEGMENT(fs),
	SEGMENT(gs),
	SEGMENT(ss),
	SEGMENT(tr),
	SEGMENT(ldt),
	SREG(gdt.base),
	SREG(gdt.limit),
	SREG(idt.base),
	SREG(idt.limit),
	SREG(cr0),
	SREG(cr2),
	SREG(cr3),
	SREG(cr4),
	SREG(cr8),
	SREG(efer),
	SREG(apic_base),
	SREG(interrupt_bitmap[0]),
	SREG(interrupt_bitmap[1]),
	SREG(interrupt_bitmap[2]),
	SREG(interrupt_bitmap[3]),
#undef SEGMENT
#undef SREG
};

static const struct field event_fields[] = {
#define EVENT(f) FIELD(struct kvm_vcpu_events, f)
	EVENT(exception.injected),
	EVENT(exception.nr),
	EVENT(exception.has_error_code),
	EVENT(exception.pending),
	EVENT(exception.error_code),
	EVENT(interrupt.injected),
	EVENT(interrupt.nr),
	EVENT(interrupt.soft),
	EVENT(interrupt.shadow),
	EVENT(nmi.injected),
	EVENT(nmi.pending),
	EVENT(nmi.masked),
	EVENT(flags),
#undef EVENT
};

static const struct field debug_fields[] = {
	FIELD(struct kvm_debugregs, db[0]), FIELD(struct kvm_debugregs, db[1]),
	FIELD(struct kvm_debugregs, db[2]), FIELD(struct kvm_debugregs, db[3]),
	FIELD(struct kvm_debugregs, dr6),   FIELD(struct kvm_debugregs, dr7),
};

static u64 field_of(const void *s, const struct field *f)
{
	u64 value = 0;

	memcpy(&value, (const u8 *)s + f->offset, f->bytes);
	return value;
}

static void compare_fields(struct judge *j, const char *where, const struct field *f, size_t n,
			   const void *is, const void *was)
{
	for (size_t i = 0; i < n; i++)
		same(j, where, f[i].name, field_of(is, &f[i]), field_of(was, &f[i]));
}

/* What KVM says of an event that is neither there nor pending is left from an earlier one. */
static void drop_stale(struct kvm_vcpu_events *e)
{
	if (!e->exception.injected && !e->exception.pending)
		memset(&e->exception, 0, sizeof(e->exception));
	if (!e->interrupt.injected)
		e->interrupt.nr = e->interrupt.soft = 0;
}

#define COMPARE(j, where, fields, is, was) \
	compare_fields(j, where, fields, sizeof(fields) / sizeof(*(fields)), is, was)

#define RFLAGS_RF 0x10000

static void compare_snap(struct judge *j, const char *where, const struct snap *is,
			 const struct snap *was)
{
	struct kvm_vcpu_events events = is->events, ref_events = was->events;
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	same(j, where, "port", is->port, was->port);
	regs = is->regs;
	if (j->any_rf && !((regs.rflags ^ was->regs.rflags) & ~RFLAGS_RF))
		regs.rflags = was->regs.rflags;
	COMPARE(j, where, reg_fields, &regs, &was->regs);
	sregs = is->sregs;
	if (j->ss_as_was && sregs.ss.selector == was->sregs.ss.selector &&
	    sregs.ss.dpl == was->sregs.ss.dpl)
		sregs.ss = was->sregs.ss;
	if (j->any_cr2)
		sregs.cr2 = was->sregs.cr2;
	COMPARE(j, where, sreg_fields, &sregs, &was->sregs);
	for (int i = 0; i < SNAP_NR_MSRS; i++)
		same(j, where, snap_msr_name[i], is->msr[i], was->msr[i]);
	drop_stale(&events);
	drop_stale(&ref_events);
	COMPARE(j, where, event_fields, &events, &ref_events);
	COMPARE(j, where, debug_fields, &is->debug, &was->debug);
}

static const struct {
	const char *name;
	u64 pa, bytes;
} areas[] = {
	{ "GDT", PA_GDT, PAGE_BYTES },
	{ "IDT", PA_IDT, PAGE_BYTES },
	{ "TSS", PA_TSS, MAX_VCPUS *TSS_BYTES },
	{ "page tables", PA_ROOT5, 8 * PAGE_BYTES },
	{ "exception log", PA_LOG, MAX_VCPUS *LOG_BYTES },
	{ "kernel stack", PA_STACK, MAX_VCPUS *STACK_BYTES },
	{ "IST stack", PA_IST, MAX_VCPUS *STACK_BYTES },
	{ "per-CPU area", PA_PERCPU, MAX_VCPUS *PERCPU_BYTES },
	{ "user data", PA_DATA, 0x40000 },
	{ "user stack", PA_USTACK, MAX_VCPUS *STACK_BYTES },
};

static void compare_ram(struct judge *j, const u8 *is, const u8 *was, u64 from, u64 bytes)
{
	for (u64 at = from; at < from + bytes; at += 8) {
		const char *area = "RAM";
		char where[64];
		u64 a, b, start = 0;

		memcpy(&a, is + at, 8);
		memcpy(&b, was + at, 8);
		if (a == b)
			continue;
		for (size_t i = 0; i < sizeof(areas) / sizeof(*areas); i++)
			if (at >= areas[i].pa && at < areas[i].pa + areas[i].bytes) {
				area = areas[i].name;
				start = areas[i].pa;
			}
		snprintf(where, sizeof(where), "%s + %#" PRIx64, area, at - start);
		same(j, where, "memory", a, b);
	}
}

static void compare_state(struct judge *j, const struct expect *x, const struct result *run,
			  const struct result *ref)
{
	bool loose = x->tc->loose;

	for (u32 v = 0; v < (x->tc->vcpus ?: 1); v++) {
		same(j, "run", "number of syncs", run->nr_snaps[v], ref->nr_snaps[v]);
		for (u32 i = 0; i < run->nr_snaps[v] && i < ref->nr_snaps[v]; i++) {
			const struct snap *is = &run->snap[v][i], *was = &ref->snap[v][i];
			char where[64];

			snprintf(where, sizeof(where), "vCPU %u at port %#x", v, is->port);
			if (loose)
				same(j, where, "rip", is->regs.rip, was->regs.rip);
			else
				compare_snap(j, where, is, was);
		}
	}
	same(j, "run", "number of notes", run->nr_notes, ref->nr_notes);
	for (u32 i = 0; i < run->nr_notes && i < ref->nr_notes; i++)
		same(j, "note", run->note[i].name, run->note[i].value, ref->note[i].value);
	if (loose)
		compare_ram(j, run->ram, ref->ram, PA_DATA, 0x40000);
	else
		compare_ram(j, run->ram, ref->ram, 0, GUEST_RAM);
}

static void print_record(char *s, size_t n, const struct record *r)
{
	static const char *const insns[] = { "syscall", "sysenter", "int80" };
	static const char *const hows[] = { "sysret", "sysexit", "iret" };

	if (r->type == SCAUDIT_EV_ENTRY)
		snprintf(s, n,
			 "%s/%u %#" PRIx64 "(%#" PRIx64 " %#" PRIx64 " %#" PRIx64 " %#" PRIx64
			 " %#" PRIx64 " %#" PRIx64 ") rip %#" PRIx64 " rsp %#" PRIx64
			 " rflags %#" PRIx64 " cpl %u",
			 r->insn < 3 ? insns[r->insn] : "?", r->abi, r->nr, r->args[0], r->args[1],
			 r->args[2], r->args[3], r->args[4], r->args[5], r->rip, r->rsp, r->rflags,
			 r->cpl);
	else if (r->type == SCAUDIT_EV_RETURN)
		snprintf(s, n, "return%s by %s: %#" PRIx64 " to %#" PRIx64 " rsp %#" PRIx64,
			 r->to32 ? "32" : "", r->how < 3 ? hows[r->how] : "?", r->ret, r->rip,
			 r->rsp);
	else
		snprintf(s, n, "gap, reason %u", r->reason);
}

/*
 * SYSCALL clears RF in R11, which is where engine pad has the flags from; it is
 * set only where an IRET went straight to the SYSCALL.
 */
static bool record_equal(const struct record *is, const struct record *want)
{
	if (is->type != want->type || is->vcpu != want->vcpu)
		return false;
	if (is->type == SCAUDIT_EV_GAP)
		return is->reason == want->reason;
	if ((is->rip != want->rip && want->rip != ANY) || is->rsp != want->rsp)
		return false;
	if (is->type == SCAUDIT_EV_RETURN)
		return is->ret == want->ret && is->how == want->how && is->to32 == want->to32;
	return is->insn == want->insn && is->abi == want->abi && is->cpl == want->cpl &&
	       is->nr == want->nr && !((is->rflags ^ want->rflags) & ~RFLAGS_RF) &&
	       !memcmp(is->args, want->args, sizeof(is->args));
}

static const struct record *next_of(const struct record *r, u32 count, u32 *at, u32 vcpu)
{
	while (*at < count && r[*at].vcpu != vcpu)
		(*at)++;
	return *at < count ? &r[*at] : NULL;
}

/*
 * One vCPU's records, in order; what is optional may be missing. IRET also ends
 * exceptions and interrupts of user mode: with no call open, such a return is
 * none (schema/abi.h) and may be there or not.
 */
static bool compare_records(struct judge *j, const struct expect *x, const struct result *run,
			    u32 vcpu, u32 first)
{
	const struct record *is, *want;
	u32 i = 0, w = first, number = 0, open = 0;
	char a[512], b[512];

	for (;;) {
		is = next_of(run->record, run->nr_records, &i, vcpu);
		want = next_of(x->record, x->nr_records, &w, vcpu);
		if (!is && (!want || x->tc->prefix || x->tc->gaps))
			return true;
		/* From DETACH to the next RUN nothing was recorded, and it says so. */
		if (is && x->tc->gaps && is->type == SCAUDIT_EV_GAP) {
			i++;
			continue;
		}
		if (is && want && record_equal(is, want)) {
			i++;
			w++;
			number++;
			open = is->type == SCAUDIT_EV_ENTRY;
			continue;
		}
		if (is && !open && is->type == SCAUDIT_EV_RETURN && is->how == SCAUDIT_HOW_IRET) {
			i++;
			continue;
		}
		if (want && (want->optional || x->tc->gaps)) {
			w++;
			continue;
		}
		if (is)
			print_record(a, sizeof(a), is);
		if (want)
			print_record(b, sizeof(b), want);
		fault(j, "record %u of vCPU %u: %s", number, vcpu, is ? a : "none");
		fault(j, "                expected: %s", want ? b : "none");
		return false;
	}
}

/* The records are the end of what is expected, wherever that begins. */
static void compare_end(struct judge *j, const struct expect *x, const struct result *run, u32 vcpu)
{
	struct judge quiet = {};

	for (u32 first = 0; first + x->tc->least <= x->nr_records; first++)
		if (compare_records(&quiet, x, run, vcpu, first))
			return;
	compare_records(j, x, run, vcpu, 0);
}

/* As many entries and returns as the guest's kernel has seen calls. */
static void compare_counts(struct judge *j, const struct result *run, u32 vcpu)
{
	u64 calls, entries = 0, returns = 0;

	memcpy(&calls, run->ram + PA_PERCPU + vcpu * PERCPU_BYTES + PERCPU_CALLS, sizeof(calls));
	for (u32 i = 0; i < run->nr_records; i++) {
		if (run->record[i].vcpu != vcpu)
			continue;
		entries += run->record[i].type == SCAUDIT_EV_ENTRY;
		/* IRET is from exceptions here, not of calls. */
		returns += run->record[i].type == SCAUDIT_EV_RETURN &&
			   run->record[i].how != SCAUDIT_HOW_IRET;
	}
	if (entries != calls || returns != calls)
		fault(j,
		      "%" PRIu64 " entries and %" PRIu64 " returns of vCPU %u, of %" PRIu64
		      " calls",
		      entries, returns, vcpu, calls);
}

static void check_frames(struct judge *j, const struct expect *x, const struct result *run)
{
	for (u32 v = 0; v < (x->tc->vcpus ?: 1) && !x->any_frames; v++) {
		const struct guest_log *log = (const void *)(run->ram + PA_LOG + v * LOG_BYTES);

		if (log->count != x->nr_frames[v])
			fault(j, "%" PRIu64 " exceptions on vCPU %u, expected %u", log->count, v,
			      x->nr_frames[v]);
		for (u32 i = 0; i < log->count && i < x->nr_frames[v]; i++) {
			const struct guest_frame *is = &log->frame[i];
			const struct expected_frame *want = &x->frame[v][i];

			if (is->vector != want->vector || is->error != want->error ||
			    is->rip != want->rip)
				fault(j,
				      "exception %u of vCPU %u: vector %" PRIu64 " error %#" PRIx64
				      " at %#" PRIx64 ", expected %u, %#" PRIx64 ", %#" PRIx64,
				      i, v, is->vector, is->error, is->rip, want->vector,
				      want->error, want->rip);
		}
	}
}

static void check_pad(struct judge *j, const struct test_case *tc, const struct result *run)
{
	const struct scaudit_status *s = &run->status[0];

	if (tc->pad == PAD_USED && s->engine != SCAUDIT_ENGINE_PAD)
		fault(j, "engine pad is not in use: engine %u, why %#x", s->engine, s->why);
	if (tc->pad == PAD_NOT && s->engine == SCAUDIT_ENGINE_PAD)
		fault(j, "engine pad is in use");
	if (tc->pad == PAD_NOT && (s->why & tc->pad_why) != tc->pad_why)
		fault(j, "why is %#x, without %#x", s->why, tc->pad_why);
}

unsigned int judge_reference(const struct expect *x, const struct result *ref, unsigned int lines)
{
	struct judge j = { .lines = lines };

	if (*ref->error)
		fault(&j, "%s", ref->error);
	else
		check_frames(&j, x, ref);
	return j.faults;
}

unsigned int judge_traced(const struct expect *x, const struct result *ref,
			  const struct result *run, u32 engine, unsigned int lines)
{
	struct judge j = { .lines = lines };

	/* Bochs's SYSRET leaves SS's limit and attributes, which are fixed on Intel. */
	j.ss_as_was = (x->host->tcg || x->host->bochs) && engine == SCAUDIT_ENGINE_FAULT;
	j.any_rf = x->host->tcg;
	j.any_cr2 = x->host->tcg && x->tc->any_cr2;
	if (*run->error) {
		fault(&j, "%s", run->error);
		return j.faults;
	}
	if (x->tc->sync && !run->synced)
		fault(&j, "the guest came by no point where the case does what it is for");
	check_frames(&j, x, run);
	if (run->holes)
		fault(&j, "events are missing: their numbers have holes");
	for (u32 v = 0; v < (x->tc->vcpus ?: 1); v++) {
		if (x->tc->counted)
			compare_counts(&j, run, v);
		else if (x->tc->suffix)
			compare_end(&j, x, run, v);
		else
			compare_records(&j, x, run, v, 0);
	}
	if (engine == SCAUDIT_ENGINE_PAD)
		check_pad(&j, x->tc, run);
	compare_state(&j, x, run, ref);
	return j.faults;
}
