/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bits and values by their names, as strace writes them. The names are those of
 * schema/syscalls/flags.tbl; values come from guests, and every one can be written.
 *
 * Each function writes at p what fits before end, without a NUL, and returns where the
 * next one goes on: end, if it did not fit.
 */
#ifndef SC_FLAGS_H
#define SC_FLAGS_H

#include "signature.h"

/* No value of a table takes more bytes than this. */
#define SC_FLAGS_PUT_MAX 4096u

/*
 * A set of flags: O_RDONLY|O_CLOEXEC|0x800. Where no bit has a name the table's remark
 * stands behind the number as a comment: 0x800, and O_???.
 */
char *sc_flags_put(char *p, char *end, const struct sc_flags *table, uint64_t value);

/* One value of several: its name, or the number with the remark. */
char *sc_enum_put(char *p, char *end, const struct sc_flags *table, uint64_t value);

/* SIGINT, SIGRTMIN, SIGRT_1; a number where it is no signal. */
char *sc_signal_put(char *p, char *end, int sig);

/* A sigset_t of the kernel's, bit 0 is signal 1: [INT TERM], ~[KILL], []. */
char *sc_sigset_put(char *p, char *end, uint64_t set);

/* si_code of a siginfo_t: SI_USER, SEGV_MAPERR, CLD_EXITED. */
char *sc_si_code_put(char *p, char *end, int sig, int code);

/* Permissions: 0644, 000. */
char *sc_perm_put(char *p, char *end, unsigned mode);

/* st_mode: S_IFREG|0644, S_IFDIR|S_ISVTX|0777. */
char *sc_mode_put(char *p, char *end, unsigned mode);

/* A device number as the kernel hands it to programs: makedev(0x8, 0x1). */
char *sc_dev_put(char *p, char *end, uint64_t dev);

/* An error number: ENOENT; a number where it has no name. */
char *sc_errno_put(char *p, char *end, unsigned number);

/* What wait4() stores: {WIFEXITED(s) && WEXITSTATUS(s) == 0}. */
char *sc_wait_status_put(char *p, char *end, unsigned status);

#endif
