/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the arguments of a system call are. Made from schema/syscalls/calls.tbl, whose
 * syntax docs/how-to-add-a-syscall.md describes; the capture plan (which memory the
 * module reads) and the text (lib/decode/decode.h) follow from nothing else.
 *
 * A call has one or more signatures: the first whose condition holds is its own. So has
 * ioctl one for each request that is known, and a last one without a condition.
 */
#ifndef SC_SIGNATURE_H
#define SC_SIGNATURE_H

#include "syscalls.h"

/* What a register holds. The word in calls.tbl is the same in lower case. */
enum sc_type {
	SC_TYPE_NONE = 0, /* void: nothing is printed for it */
	/* numbers */
	SC_TYPE_INT, /* 32 bits, signed */
	SC_TYPE_UINT, /* 32 bits */
	SC_TYPE_LONG, /* a register of the caller, signed */
	SC_TYPE_ULONG,
	SC_TYPE_HEX, /* a register in hexadecimal */
	SC_TYPE_PTR, /* an address that is not followed: NULL, or hexadecimal */
	SC_TYPE_FD,
	SC_TYPE_DIRFD, /* or AT_FDCWD */
	SC_TYPE_PID,
	SC_TYPE_UID,
	SC_TYPE_GID,
	SC_TYPE_MODE, /* permissions, octal; with S_IF* where they are */
	SC_TYPE_DEV,
	SC_TYPE_OFF, /* a 64-bit offset; of i386 its low half, and the next argument is the high one */
	SC_TYPE_SIZE,
	SC_TYPE_SIG,
	SC_TYPE_FLAGS, /* bits of table `sub` (schema/syscalls/flags.tbl), 32 bits */
	SC_TYPE_FLAGS64, /* the same of a whole register; a void behind it: of two, low half first */
	SC_TYPE_ENUM, /* one value of table `sub` */
	/* memory */
	SC_TYPE_PATH, /* a string, whole up to PATH_MAX; with OUT: execve's, see SCAUDIT_CAP_EXEC */
	SC_TYPE_STR, /* a string, as much as snaplen lets through */
	SC_TYPE_STRV, /* argv */
	SC_TYPE_ENVV, /* envp: shown by their number */
	SC_TYPE_BUF, /* bytes, shown as a string; length as `len` says */
	SC_TYPE_STRUCT, /* structure `sub` (schema/syscalls/structs.tbl), `len` of them in an array */
	SC_TYPE_ARRAY, /* the same, always shown in brackets */
	SC_TYPE_IOV, /* struct iovec[]; len counts them */
	SC_TYPE_MSG, /* struct msghdr */
	SC_TYPE_MMSG, /* struct mmsghdr[]; len counts them */
	SC_TYPE_SOCKADDR,
	SC_TYPE_SOCKLEN, /* u32 that the kernel changes: [128 => 16] */
	SC_TYPE_FDPAIR, /* int[2] */
	SC_TYPE_INTP, /* pointer to int: [5] */
	SC_TYPE_LONGP, /* pointer to long as the caller has it; SC_LEN_CONST: of len_arg bytes */
	SC_TYPE_FDSET, /* fd_set of `len_arg` descriptors */
	SC_TYPE_IOCTL, /* what the request number in argument len_arg says: bytes of that size */
	SC_TYPES
};

#define SC_DIR_IN 1u /* the kernel reads it */
#define SC_DIR_OUT 2u /* the kernel writes it: it means something after the return */
#define SC_DIR_ALWAYS 4u /* with OUT: also where the result is an error */

enum sc_len {
	SC_LEN_ONE = 0, /* one element (of a structure), or the string's own */
	SC_LEN_CONST, /* len_arg elements */
	SC_LEN_ARG, /* argument len_arg says how many */
	SC_LEN_RET, /* the result says how many */
	SC_LEN_LEAST, /* the result, but no more than argument len_arg: there was no room for more */
	SC_LEN_ARGP, /* the u32 that argument len_arg points to says how many */
};

struct sc_arg {
	const char *name; /* as in the kernel's prototype */
	uint8_t type; /* enum sc_type */
	uint8_t dir; /* SC_DIR_*; 0 of numbers */
	uint8_t len; /* enum sc_len; elements of the type: bytes of BUF and SOCKADDR */
	uint8_t len_arg;
	uint16_t sub; /* enum sc_flags_id or enum sc_struct_id ("syscall_ids.h", generated) */
};

/* What the result is. */
enum sc_result {
	SC_RESULT_INT = 0,
	SC_RESULT_FD,
	SC_RESULT_PID,
	SC_RESULT_ADDRESS,
	SC_RESULT_HEX,
	SC_RESULT_OFF,
	SC_RESULT_MODE, /* umask */
	SC_RESULT_NONE, /* it does not return */
};

struct sc_signature {
	uint8_t cond_arg; /* 6: always */
	/*
	 * A second condition, 6: none. It refines how memory is shown; what is read is what
	 * the later signatures without it say.
	 */
	uint8_t also_arg;
	uint8_t n_args; /* of this variant; sc_syscall has the most of all */
	uint8_t result; /* enum sc_result */
	uint32_t cond_mask; /* (args[cond_arg] & cond_mask) == cond_value */
	uint32_t cond_value;
	uint32_t also_mask;
	uint32_t also_value;
	struct sc_arg args[6];
};

/*
 * The signatures of a call, in the order in which they are to be tried; the last one is
 * without a condition.
 * @retval NULL  the number has no row; else *count is at least 1
 */
const struct sc_signature *sc_signatures(enum sc_abi abi, uint32_t nr, size_t *count);

/* The one that holds for a call; NULL: the number has no row. */
const struct sc_signature *sc_call_signature(const struct sc_call *call);

/* Bytes of structure `sub` (enum sc_struct_id) in a caller's memory; 0: no such. */
uint32_t sc_struct_size(unsigned sub, enum sc_abi abi);

/* ---- names of bits and values: schema/syscalls/flags.tbl ---- */

/* A table: values under `mask` are one of several, other bits are flags of their own. */
struct sc_flag {
	const char *name;
	uint64_t value;
};

#define SC_FLAGS_SIGNAL 1u /* what is under mask is a signal, behind the flags: CLONE_VM|SIGCHLD */
#define SC_FLAGS_PERM 2u /* the low 9 bits are permissions, behind the flags: IPC_CREAT|0600 */
#define SC_FLAGS_LAST 4u /* what is under mask stands behind the flags: IPC_64|IPC_STAT */
#define SC_FLAGS_COMMENT 8u /* a value is a decimal number, and its name a remark on it */
#define SC_FLAGS_DECIMAL 16u /* a value without a name is an int */
#define SC_FLAGS_REQUEST 32u /* a value without a name is an ioctl's: _IOC(_IOC_READ, 0x54, …) */

struct sc_flags {
	const char *name; /* in calls.tbl */
	uint64_t mask; /* bits that are an enumeration; 0: none, ~0: all */
	const char *none; /* what 0 is shown as where no name says it; NULL: "0" */
	const struct sc_flag *flags; /* as they are shown; of several bits before their parts */
	size_t count;
	const char *unknown; /* the remark on bits of which none has a name: "O_???"; or NULL */
	uint64_t number; /* bits that are a number, shown as 21<<MAP_HUGE_SHIFT; 0: none */
	const char *shift; /* its shift: "MAP_HUGE_SHIFT"; NULL: the number alone, also if it is 0 */
	unsigned style; /* SC_FLAGS_* */
};

const struct sc_flags *sc_flags_table(unsigned sub);

/* The name of a value in an enumeration, or NULL. lib/decode/flags.h writes them. */
const char *sc_flags_name(const struct sc_flags *table, uint64_t value);

#endif
