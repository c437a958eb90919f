// SPDX-License-Identifier: GPL-2.0-only
#include <linux/sched.h>
#include <stdio.h>

#include "struct_rows.h"

static void put_wait_status(const struct sc_struct_args *a)
{
	sc_text_quote(a->d->t);
	a->d->t->p =
		sc_wait_status_put(a->d->t->p, a->d->t->end, (unsigned)sc_view_u64(a->v, 0, 4));
	sc_text_quote(a->d->t);
}

static const struct sc_field rlimit[] = {
	FIELD("rlim_cur", KLONG, LIMIT),
	FIELD("rlim_max", KLONG, LIMIT),
};
static const struct sc_field rlimit64[] = {
	FIELD("rlim_cur", 64, LIMIT),
	FIELD("rlim_max", 64, LIMIT),
};

#define USAGE(name) SHOWN(name, KLONG, UNSIGNED, ALL)

static const struct sc_field rusage[] = {
	STRUCT("ru_utime", TIMEVAL), STRUCT("ru_stime", TIMEVAL), USAGE("ru_maxrss"),
	USAGE("ru_ixrss"),	     USAGE("ru_idrss"),		  USAGE("ru_isrss"),
	USAGE("ru_minflt"),	     USAGE("ru_majflt"),	  USAGE("ru_nswap"),
	USAGE("ru_inblock"),	     USAGE("ru_oublock"),	  USAGE("ru_msgsnd"),
	USAGE("ru_msgrcv"),	     USAGE("ru_nsignals"),	  USAGE("ru_nvcsw"),
	USAGE("ru_nivcsw"),
};

/* ---- clone3 ---- */

static void put_clone_field(const struct sc_struct_args *a, const char *name, unsigned i)
{
	uint64_t value;

	if (!sc_view_get(a->v, 8u * i, 8, &value))
		return;
	sc_text_name(a->d->t, name);
	sc_text_address(a->d->t, value);
}

static void put_clone_args(const struct sc_struct_args *a)
{
	uint64_t flags = sc_view_u64(a->v, 0, 8), signal;
	struct sc_text *t = a->d->t;

	sc_text_open(t, '{');
	sc_text_name(t, "flags");
	sc_form_put(a->d, SC_F_FLAGS, SC_T_clone3, flags, 8);
	if (flags & CLONE_PIDFD)
		put_clone_field(a, "pidfd", 1);
	if (flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID))
		put_clone_field(a, "child_tid", 2);
	if (flags & CLONE_PARENT_SETTID)
		put_clone_field(a, "parent_tid", 3);
	if (!sc_view_get(a->v, 32, 8, &signal)) {
		sc_text_more(t);
		sc_text_close(t, '}');
		return;
	}
	sc_text_name(t, "exit_signal");
	if (signal <= 64)
		sc_text_signal(t, (int)signal);
	else
		sc_text_u64(t, signal);
	put_clone_field(a, "stack", 5);
	if (a->v.len >= 56) {
		sc_text_name(t, "stack_size");
		sc_text_hex(t, sc_view_u64(a->v, 48, 8));
	}
	if (flags & CLONE_SETTLS)
		put_clone_field(a, "tls", 7);
	if (sc_view_u64(a->v, 64, 8) || sc_view_u64(a->v, 72, 8)) {
		put_clone_field(a, "set_tid", 8);
		sc_text_name(t, "set_tid_size");
		sc_text_u64(t, sc_view_u64(a->v, 72, 8));
	}
	if (flags & 0x200000000ULL && a->v.len >= 88) { /* CLONE_INTO_CGROUP */
		sc_text_name(t, "cgroup");
		sc_decode_fd(a->d, (int)sc_view_u64(a->v, 80, 8));
	}
	sc_text_close(t, '}');
	/* What the kernel has put where parent_tid points is the result. */
	if (flags & CLONE_PARENT_SETTID && sc_call_has_ret(a->d->call) && a->d->call->ret > 0 &&
	    !t->json) {
		sc_text_remark(t, " => {parent_tid=[");
		sc_text_i64(t, a->d->call->ret);
		sc_text_remark(t, "]}");
	}
}

/* ---- scheduling ---- */

static void put_sched_param(const struct sc_struct_args *a)
{
	sc_text_i64(a->d->t, (int32_t)sc_view_u64(a->v, 0, 4));
}

static const struct sc_field sched_attr[] = {
	FIELD("size", 32, UNSIGNED),	       ENUM("sched_policy", 32, sched),
	FLAGS("sched_flags", 64, sched_flag),  FIELD("sched_nice", 32, SIGNED),
	FIELD("sched_priority", 32, UNSIGNED), FIELD("sched_runtime", 64, UNSIGNED),
	FIELD("sched_deadline", 64, UNSIGNED), FIELD("sched_period", 64, UNSIGNED),
	FIELD("sched_util_min", 32, UNSIGNED), FIELD("sched_util_max", 32, UNSIGNED),
};

/* [0 1 5]: the processors whose bits are set. */
static void put_cpu_set(const struct sc_struct_args *a)
{
	struct sc_text *t = a->d->t;
	bool any = false;
	size_t i;

	sc_text_open(t, '[');
	for (i = 0; i < a->v.len * 8 && !sc_text_full(t); i++) {
		if (!(a->v.data[i / 8] >> (i % 8) & 1))
			continue;
		if (t->json)
			sc_text_item(t);
		else if (any)
			sc_text_remark(t, " ");
		sc_text_u64(t, i);
		any = true;
	}
	sc_text_close(t, ']');
}

/* ---- capabilities ---- */

static const struct sc_field cap_header[] = {
	ENUM("version", 32, cap_version),
	FIELD("pid", 32, SIGNED),
};

static void put_caps(struct sc_decoding *d, const char *name, uint64_t set)
{
	const struct sc_flags *table = sc_flags_table(sc_table_id(SC_T_capability));
	struct sc_text *t = d->t;
	bool any = false;
	unsigned i;

	sc_text_name(t, name);
	sc_text_quote(t);
	for (i = 0; i < 64; i++) {
		const char *cap = table ? sc_flags_name(table, i) : NULL;

		if (!(set >> i & 1))
			continue;
		if (any)
			t->p = SC_BOUNDED(t->p, t->end, "|");
		any = true;
		if (cap) {
			t->p = SC_BOUNDED(t->p, t->end, "1<<");
			t->p = sc_bounded_str(t->p, t->end, cap);
		} else {
			t->p = sc_bounded_hex(t->p, t->end, 1ULL << i);
		}
	}
	if (!any)
		t->p = SC_BOUNDED(t->p, t->end, "0");
	sc_text_quote(t);
}

/* One of them, or two: the upper halves. */
static void put_cap_data(const struct sc_struct_args *a)
{
	static const char *const names[] = { "effective", "permitted", "inheritable" };
	unsigned i;

	sc_text_open(a->d->t, '{');
	for (i = 0; i < 3; i++)
		put_caps(a->d, names[i],
			 sc_view_u64(a->v, 4u * i, 4) | sc_view_u64(a->v, 12 + 4u * i, 4) << 32);
	sc_text_close(a->d->t, '}');
}

/* ---- others ---- */

static const struct sc_field utsname[] = {
	CHARS("sysname", 65),
	CHARS("nodename", 65),
	{ "release", SC_W8, SC_F_CHARS, SC_SHOW_ALL, 65, 0 },
	{ "version", SC_W8, SC_F_CHARS, SC_SHOW_ALL, 65, 0 },
	{ "machine", SC_W8, SC_F_CHARS, SC_SHOW_ALL, 65, 0 },
	{ "domainname", SC_W8, SC_F_CHARS, SC_SHOW_ALL, 65, 0 },
};
static const struct sc_field old_utsname[] = {
	CHARS("sysname", 65),
	CHARS("nodename", 65),
	{ "release", SC_W8, SC_F_CHARS, SC_SHOW_ALL, 65, 0 },
	{ "version", SC_W8, SC_F_CHARS, SC_SHOW_ALL, 65, 0 },
	{ "machine", SC_W8, SC_F_CHARS, SC_SHOW_ALL, 65, 0 },
};
static const struct sc_field oldold_utsname[] = {
	CHARS("sysname", 9),
	CHARS("nodename", 9),
	{ "release", SC_W8, SC_F_CHARS, SC_SHOW_ALL, 9, 0 },
	{ "version", SC_W8, SC_F_CHARS, SC_SHOW_ALL, 9, 0 },
	{ "machine", SC_W8, SC_F_CHARS, SC_SHOW_ALL, 9, 0 },
};

/* The padding at the end is as long as makes it 64 bytes where long is short. */
static const struct sc_field sysinfo[] = {
	FIELD("uptime", KLONG, SIGNED),	     NUMBERS("loads", KLONG, UNSIGNED, 3),
	FIELD("totalram", KLONG, UNSIGNED),  FIELD("freeram", KLONG, UNSIGNED),
	FIELD("sharedram", KLONG, UNSIGNED), FIELD("bufferram", KLONG, UNSIGNED),
	FIELD("totalswap", KLONG, UNSIGNED), FIELD("freeswap", KLONG, UNSIGNED),
	FIELD("procs", 16, UNSIGNED),	     SKIP(2),
	FIELD("totalhigh", KLONG, UNSIGNED), FIELD("freehigh", KLONG, UNSIGNED),
	FIELD("mem_unit", 32, UNSIGNED),
};

static void put_padded_hex(struct sc_text *t, const char *name, uint64_t value, const char *format)
{
	char text[32];

	snprintf(text, sizeof(text), format, (unsigned)value);
	sc_text_name(t, name);
	sc_text_word(t, text);
}

static void put_user_desc(const struct sc_struct_args *a)
{
	static const struct {
		const char *name;
		uint8_t shift, bits;
	} parts[] = {
		{ "seg_32bit", 0, 1 },
		{ "contents", 1, 2 },
		{ "read_exec_only", 3, 1 },
		{ "limit_in_pages", 4, 1 },
		{ "seg_not_present", 5, 1 },
		{ "useable", 6, 1 },
		{ "lm", 7, 1 },
	};
	unsigned i, n = a->d->abi == SC_ABI_I386 ? 6 : 7;
	struct sc_text *t = a->d->t;
	uint64_t bits;

	sc_text_open(t, '{');
	sc_text_name(t, "entry_number");
	sc_text_i64(t, (int32_t)sc_view_u64(a->v, 0, 4));
	if (sc_view_get(a->v, 12, 4, &bits)) {
		put_padded_hex(t, "base_addr", sc_view_u64(a->v, 4, 4), "%#08x");
		put_padded_hex(t, "limit", sc_view_u64(a->v, 8, 4), "%#08x");
		for (i = 0; i < n; i++) {
			sc_text_name(t, parts[i].name);
			sc_text_u64(t, bits >> parts[i].shift & ((1u << parts[i].bits) - 1));
		}
	} else {
		sc_text_more(t);
	}
	sc_text_close(t, '}');
}

static const struct sc_field futex_waitv[] = {
	FIELD("val", 64, HEX),
	FIELD("uaddr", 64, ADDRESS),
	FLAGS("flags", 32, futex_waitv),
	SKIP(4),
};
static const struct sc_field kexec_segment[] = {
	FIELD("buf", LONG, ADDRESS),
	FIELD("bufsz", LONG, UNSIGNED),
	FIELD("mem", LONG, ADDRESS),
	FIELD("memsz", LONG, UNSIGNED),
};

static const struct sc_layout rows[] = {
	BY(WAIT_STATUS, put_wait_status),
	ROWS(RLIMIT, rlimit),
	ROWS(RLIMIT64, rlimit64),
	ROWS(RUSAGE, rusage),
	BY(CLONE_ARGS, put_clone_args),
	BY(SCHED_PARAM, put_sched_param),
	ROWS(SCHED_ATTR, sched_attr),
	BY(CPU_SET, put_cpu_set),
	ROWS(CAP_HEADER, cap_header),
	BY(CAP_DATA, put_cap_data),
	ROWS(UTSNAME, utsname),
	ROWS(OLD_UTSNAME, old_utsname),
	ROWS(OLDOLD_UTSNAME, oldold_utsname),
	ROWS(SYSINFO, sysinfo),
	BY(USER_DESC, put_user_desc),
	ROWS(FUTEX_WAITV, futex_waitv),
	ROWS(KEXEC_SEGMENT, kexec_segment),
};

LAYOUTS(sc_layouts_process, rows);
