// SPDX-License-Identifier: GPL-2.0-only
#include "struct_rows.h"

#define RESTORER 0x04000000u /* SA_RESTORER */

enum {
	ILL = 4,
	TRAP = 5,
	BUS = 7,
	FPE = 8,
	SEGV = 11,
	CHLD = 17,
	POLL = 29,
	SYS = 31
};

static void put_sigset(const struct sc_struct_args *a)
{
	sc_text_sigset(a->d->t, sc_view_u64(a->v, 0, a->v.len < 8 ? 4 : 8));
}

/* SIG_DFL, SIG_IGN, SIG_ERR or where the handler is. */
static void put_handler(struct sc_text *t, uint64_t handler, unsigned size)
{
	uint64_t none = size == 4 ? UINT32_MAX : UINT64_MAX;

	sc_text_name(t, "sa_handler");
	if (handler == 0)
		sc_text_word(t, "SIG_DFL");
	else if (handler == 1)
		sc_text_word(t, "SIG_IGN");
	else if (handler == none)
		sc_text_word(t, "SIG_ERR");
	else
		sc_text_hex(t, handler);
}

/* @old  the mask of 32 bits stands second, and the rest behind it */
static void put_action(const struct sc_struct_args *a, bool old)
{
	unsigned size = old ? 4 : sc_width_size(SC_WLONG, a->d->abi);
	size_t mask_at = old ? 4 : 3u * size, flags_at = old ? 8 : size;
	uint64_t handler = sc_view_u64(a->v, 0, size);
	uint64_t flags = sc_view_u64(a->v, flags_at, size), mask;
	struct sc_text *t = a->d->t;

	sc_text_open(t, '{');
	put_handler(t, handler, size);
	if (!sc_view_get(a->v, mask_at, old ? 4 : 8, &mask)) {
		sc_text_more(t);
		sc_text_close(t, '}');
		return;
	}
	sc_text_name(t, "sa_mask");
	sc_text_sigset(t, mask);
	sc_text_name(t, "sa_flags");
	/* A long, in which some programs have the sign of an int. */
	sc_form_put(a->d, SC_F_FLAGS, SC_T_sa, flags, size);
	if (flags & RESTORER) {
		sc_text_name(t, "sa_restorer");
		sc_text_address(t, sc_view_u64(a->v, flags_at + size, size));
	}
	sc_text_close(t, '}');
}

static void put_sigaction(const struct sc_struct_args *a)
{
	put_action(a, false);
}

static void put_old_sigaction(const struct sc_struct_args *a)
{
	put_action(a, true);
}

/* ---- siginfo ---- */

static void put_signed(const struct sc_struct_args *a, const char *name, size_t at, unsigned size)
{
	uint64_t value = sc_view_u64(a->v, at, size);

	sc_text_name(a->d->t, name);
	sc_text_i64(a->d->t, size == 4 ? (int32_t)value : (int64_t)value);
}

static void put_id(const struct sc_struct_args *a, const char *name, size_t at)
{
	sc_text_name(a->d->t, name);
	sc_form_put(a->d, SC_F_ID, 0, sc_view_u64(a->v, at, 4), 4);
}

static void put_value(const struct sc_struct_args *a, size_t at, unsigned size)
{
	put_signed(a, "si_int", at, 4);
	sc_text_name(a->d->t, "si_ptr");
	sc_text_address(a->d->t, sc_view_u64(a->v, at, size));
}

static void put_child(const struct sc_struct_args *a, size_t at, int code)
{
	/* What x32 has of it is aligned as by x86-64, the rest as by i386. */
	unsigned size = sc_width_size(SC_WKLONG, a->d->abi);
	size_t times = (at + 12 + size - 1) / size * size;
	uint64_t status = sc_view_u64(a->v, at + 8, 4);

	put_signed(a, "si_pid", at, 4);
	put_id(a, "si_uid", at + 4);
	sc_text_name(a->d->t, "si_status");
	if (code == 1)
		sc_text_i64(a->d->t, (int32_t)status);
	else
		sc_text_signal(a->d->t, (int)status);
	put_signed(a, "si_utime", times, size);
	put_signed(a, "si_stime", times + size, size);
}

/* What the kernel tells with a signal of its own. */
static void put_kernel(const struct sc_struct_args *a, int sig, int code, size_t at, unsigned size)
{
	struct sc_text *t = a->d->t;

	switch (sig) {
	case ILL:
	case TRAP:
	case BUS:
	case FPE:
	case SEGV:
		sc_text_name(t, "si_addr");
		sc_text_address(t, sc_view_u64(a->v, at, size));
		return;
	case CHLD:
		put_child(a, at, code);
		return;
	case POLL:
		sc_text_name(t, "si_band");
		sc_form_put(a->d, SC_F_FLAGS, SC_T_poll, sc_view_u64(a->v, at, size), size);
		put_signed(a, "si_fd", at + size, 4);
		return;
	case SYS:
		sc_text_name(t, "si_call_addr");
		sc_text_address(t, sc_view_u64(a->v, at, size));
		put_signed(a, "si_syscall", at + size, 4);
		sc_text_name(t, "si_arch");
		sc_text_hex(t, sc_view_u64(a->v, at + size + 4, 4));
		return;
	default:
		put_signed(a, "si_pid", at, 4);
		put_id(a, "si_uid", at + 4);
		if (sc_view_u64(a->v, at + 8, size))
			put_value(a, at + 8, size);
	}
}

static void put_siginfo(const struct sc_struct_args *a)
{
	unsigned size = sc_width_size(SC_WLONG, a->d->abi);
	size_t at = size == 8 ? 16 : 12;
	int sig = (int)sc_view_u64(a->v, 0, 4);
	int code = (int)sc_view_u64(a->v, 8, 4);
	struct sc_text *t = a->d->t;

	if (!sig) {
		sc_text_open(t, '{');
		sc_text_close(t, '}');
		return;
	}
	sc_text_open(t, '{');
	sc_text_name(t, "si_signo");
	sc_text_signal(t, sig);
	if (a->v.len < at + 8) {
		sc_text_more(t);
		sc_text_close(t, '}');
		return;
	}
	if (sc_view_u64(a->v, 4, 4)) {
		sc_text_name(t, "si_errno");
		sc_text_quote(t);
		t->p = sc_errno_put(t->p, t->end, (unsigned)sc_view_u64(a->v, 4, 4));
		sc_text_quote(t);
	}
	sc_text_name(t, "si_code");
	sc_text_quote(t);
	t->p = sc_si_code_put(t->p, t->end, sig, code);
	sc_text_quote(t);
	if (code == -2) { /* SI_TIMER */
		put_signed(a, "si_timerid", at, 4);
		put_signed(a, "si_overrun", at + 4, 4);
		put_value(a, at + 8, size);
	} else if (code > 0 && code != 0x80) {
		put_kernel(a, sig, code, at, size);
	} else if (code != 0x80) {
		put_signed(a, "si_pid", at, 4);
		put_id(a, "si_uid", at + 4);
		/* SI_USER and SI_TKILL come without a value. */
		if (code != 0 && code != -6 && sc_view_u64(a->v, at + 8, size))
			put_value(a, at + 8, size);
	}
	sc_text_close(t, '}');
}

/* ---- others ---- */

static void put_sigevent(const struct sc_struct_args *a)
{
	unsigned size = sc_width_size(SC_WLONG, a->d->abi);
	int sig = (int)sc_view_u64(a->v, size, 4), notify = (int)sc_view_u64(a->v, size + 4, 4);
	struct sc_text *t = a->d->t;

	sc_text_open(t, '{');
	if (sc_view_u64(a->v, 0, size) || t->json) {
		sc_text_name(t, "sigev_value");
		sc_text_open(t, '{');
		put_signed(a, "sival_int", 0, 4);
		sc_text_name(t, "sival_ptr");
		sc_text_address(t, sc_view_u64(a->v, 0, size));
		sc_text_close(t, '}');
	}
	sc_text_name(t, "sigev_signo");
	/* SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_THREAD_ID; without one it means nothing. */
	if (notify == 0 || notify == 2 || notify == 4)
		sc_text_signal(t, sig);
	else
		sc_text_i64(t, sig);
	sc_text_name(t, "sigev_notify");
	sc_form_put(a->d, SC_F_ENUM, SC_T_sigev, (uint32_t)notify, 4);
	if (notify == 4) {
		put_signed(a, "sigev_notify_thread_id", size + 8, 4);
	} else if (notify == 2) {
		sc_text_name(t, "sigev_notify_function");
		sc_text_address(t, sc_view_u64(a->v, size + 8, size));
		sc_text_name(t, "sigev_notify_attributes");
		sc_text_address(t, sc_view_u64(a->v, 2 * size + 8, size));
	}
	sc_text_close(t, '}');
}

static const struct sc_field stack[] = {
	FIELD("ss_sp", LONG, ADDRESS),
	FLAGS("ss_flags", 32, sigaltstack),
	FIELD("ss_size", LONG, UNSIGNED),
};
static const struct sc_field sigset_size[] = {
	FIELD("sigmask", KLONG, ADDRESS),
	FIELD("sigsetsize", KLONG, UNSIGNED),
};

static const struct sc_layout rows[] = {
	BY(SIGSET, put_sigset),	      BY(OLD_SIGSET, put_sigset),
	BY(SIGACTION, put_sigaction), BY(OLD_SIGACTION, put_old_sigaction),
	BY(SIGINFO, put_siginfo),     BY(SIGEVENT, put_sigevent),
	ROWS(STACK, stack),	      ROWS(SIGSET_SIZE, sigset_size),
};

LAYOUTS(sc_layouts_signals, rows);
