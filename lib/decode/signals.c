// SPDX-License-Identifier: GPL-2.0-only
#include "base/bounded.h"
#include "flags.h"

#define SIGNALS 64 /* _NSIG */
#define SIGNAL_RT 32 /* the kernel's SIGRTMIN; a libc keeps the first few to itself */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const signals[SIGNAL_RT] = {
	NULL,	"HUP",	"INT",	"QUIT", "ILL",	  "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
	"SEGV", "USR2", "PIPE", "ALRM", "TERM",	  "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
	"TTOU", "URG",	"XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS",
};

static char *put_short(char *p, char *end, unsigned sig)
{
	if (sig < SIGNAL_RT)
		return sc_bounded_str(p, end, signals[sig]);
	if (sig == SIGNAL_RT)
		return SC_BOUNDED(p, end, "RTMIN");
	p = SC_BOUNDED(p, end, "RT_");
	return sc_bounded_u64(p, end, sig - SIGNAL_RT);
}

char *sc_signal_put(char *p, char *end, int sig)
{
	if (sig < 1 || sig > SIGNALS)
		return sc_bounded_i64(p, end, sig);
	p = SC_BOUNDED(p, end, "SIG");
	return put_short(p, end, (unsigned)sig);
}

char *sc_sigset_put(char *p, char *end, uint64_t set)
{
	unsigned sig;
	bool any = false;

	/* From two thirds on, strace names those that are missing. */
	if (__builtin_popcountll(set) >= SIGNALS * 2 / 3) {
		p = SC_BOUNDED(p, end, "~");
		set = ~set;
	}
	p = SC_BOUNDED(p, end, "[");
	for (sig = 1; sig <= SIGNALS; sig++) {
		if (!(set >> (sig - 1) & 1))
			continue;
		if (any)
			p = SC_BOUNDED(p, end, " ");
		any = true;
		p = put_short(p, end, sig);
	}
	return SC_BOUNDED(p, end, "]");
}

/* Codes that each signal can have: 0 and below. */
static const struct sc_flag codes[] = {
	{ "SI_USER", 0 },
	{ "SI_QUEUE", (uint32_t)-1 },
	{ "SI_TIMER", (uint32_t)-2 },
	{ "SI_MESGQ", (uint32_t)-3 },
	{ "SI_ASYNCIO", (uint32_t)-4 },
	{ "SI_SIGIO", (uint32_t)-5 },
	{ "SI_TKILL", (uint32_t)-6 },
	{ "SI_DETHREAD", (uint32_t)-7 },
	{ "SI_ASYNCNL", (uint32_t)-60 },
	{ "SI_KERNEL", 0x80 },
};

/* Codes of one signal, from 1 on; include/uapi/asm-generic/siginfo.h. */
static const char *const codes_ill[] = {
	"ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP",	  "ILL_PRVOPC",
	"ILL_PRVREG", "ILL_COPROC", "ILL_BADSTK", "ILL_BADIADDR",
};
static const char *const codes_fpe[] = {
	"FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV", "FPE_FLTOVF", "FPE_FLTUND",
	"FPE_FLTRES", "FPE_FLTINV", "FPE_FLTSUB", NULL,		NULL,
	NULL,	      NULL,	    NULL,	  "FPE_FLTUNK", "FPE_CONDTRAP",
};
static const char *const codes_segv[] = {
	"SEGV_MAPERR",	"SEGV_ACCERR",	"SEGV_BNDERR",	"SEGV_PKUERR",	"SEGV_ACCADI",
	"SEGV_ADIDERR", "SEGV_ADIPERR", "SEGV_MTEAERR", "SEGV_MTESERR",
};
static const char *const codes_bus[] = {
	"BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR", "BUS_MCEERR_AR", "BUS_MCEERR_AO",
};
static const char *const codes_trap[] = {
	"TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH", "TRAP_HWBKPT", "TRAP_UNK", "TRAP_PERF",
};
static const char *const codes_chld[] = {
	"CLD_EXITED", "CLD_KILLED", "CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED",
};
static const char *const codes_poll[] = {
	"POLL_IN", "POLL_OUT", "POLL_MSG", "POLL_ERR", "POLL_PRI", "POLL_HUP",
};
static const char *const codes_sys[] = {
	"SYS_SECCOMP",
	"SYS_USER_DISPATCH",
};

static const struct {
	unsigned sig;
	unsigned count;
	const char *const *codes;
} own_codes[] = {
	{ 4, COUNT(codes_ill), codes_ill },    { 5, COUNT(codes_trap), codes_trap },
	{ 7, COUNT(codes_bus), codes_bus },    { 8, COUNT(codes_fpe), codes_fpe },
	{ 11, COUNT(codes_segv), codes_segv }, { 17, COUNT(codes_chld), codes_chld },
	{ 29, COUNT(codes_poll), codes_poll }, { 31, COUNT(codes_sys), codes_sys },
};

char *sc_si_code_put(char *p, char *end, int sig, int code)
{
	size_t i;

	for (i = 0; i < COUNT(codes); i++)
		if (codes[i].value == (uint32_t)code)
			return sc_bounded_str(p, end, codes[i].name);
	for (i = 0; i < COUNT(own_codes); i++) {
		if (own_codes[i].sig != (unsigned)sig || code < 1 ||
		    (unsigned)code > own_codes[i].count || !own_codes[i].codes[code - 1])
			continue;
		return sc_bounded_str(p, end, own_codes[i].codes[code - 1]);
	}
	return sc_bounded_hex(p, end, (uint32_t)code);
}

/* Bits 16 and up: why a traced process has stopped; and bits that mean nothing. */
static char *put_event(char *p, char *end, unsigned status)
{
	static const char *const events[] = {
		NULL, "FORK", "VFORK", "CLONE", "EXEC", "VFORK_DONE", "EXIT", "SECCOMP",
	};
	unsigned event = status >> 16;

	if (event) {
		p = SC_BOUNDED(p, end, "|");
		if (event < COUNT(events) || event == 128) {
			p = SC_BOUNDED(p, end, "PTRACE_EVENT_");
			p = sc_bounded_str(p, end, event == 128 ? "STOP" : events[event]);
		} else {
			p = sc_bounded_hex(p, end, event);
			p = SC_BOUNDED(p, end, " /* PTRACE_EVENT_??? */");
		}
		p = SC_BOUNDED(p, end, "<<16");
	}
	if (status & 0xffff) {
		p = SC_BOUNDED(p, end, "|");
		p = sc_bounded_hex(p, end, status & 0xffff);
	}
	return p;
}

char *sc_wait_status_put(char *p, char *end, unsigned status)
{
	unsigned sig = status & 0x7f;
	unsigned high = status >> 8 & 0xff;
	unsigned rest = status & ~0xffffu;

	if (status == 0xffff)
		return SC_BOUNDED(p, end, "{WIFCONTINUED(s)}");
	if ((status & 0xff) == 0xff)
		return sc_bounded_hex(p, end, status);
	if (sig == 0x7f) {
		p = SC_BOUNDED(p, end, "{WIFSTOPPED(s) && WSTOPSIG(s) == ");
		p = sc_signal_put(p, end, (int)(high & 0x7f));
		if (high & 0x80)
			p = SC_BOUNDED(p, end, " | 0x80");
	} else if (!sig) {
		p = SC_BOUNDED(p, end, "{WIFEXITED(s) && WEXITSTATUS(s) == ");
		p = sc_bounded_u64(p, end, high);
		rest |= status & 0x80;
	} else {
		p = SC_BOUNDED(p, end, "{WIFSIGNALED(s) && WTERMSIG(s) == ");
		p = sc_signal_put(p, end, (int)sig);
		if (status & 0x80)
			p = SC_BOUNDED(p, end, " && WCOREDUMP(s)");
		rest |= status & 0xff00;
	}
	p = SC_BOUNDED(p, end, "}");
	return put_event(p, end, rest);
}
