/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the filter language (expr.h) can ask of a call: its fields, and their values.
 *
 * A field has any number of values: a call may take two paths, or none. One that is there
 * but was not recorded, or cannot be known, is SC_VALUE_UNKNOWN; where there is none at all
 * the field is not known either.
 */
#ifndef SC_FIELD_H
#define SC_FIELD_H

#include "base/buf.h"
#include "history/history.h"
#include "decode/signature.h"

/* What a field is compared with. */
enum sc_kind {
	SC_KIND_NUMBER,
	SC_KIND_SYSCALL,
	SC_KIND_ABI,
	SC_KIND_INSN,
	SC_KIND_STATE,
	SC_KIND_ERRNO,
	SC_KIND_TIME, /* ns since the epoch */
	SC_KIND_SPAN, /* ns */
	SC_KIND_BOOL,
	SC_KIND_TEXT, /* bytes */
	SC_KIND_ADDRESS, /* IPv4 and IPv6 */
	SC_KIND_ARG, /* as the call's signature says */
	SC_KINDS
};

enum sc_field_id {
	SC_FIELD_SEQ,
	SC_FIELD_TIME,
	SC_FIELD_DUR,
	SC_FIELD_VM,
	SC_FIELD_SESSION,
	SC_FIELD_VCPU,
	SC_FIELD_PID,
	SC_FIELD_TID,
	SC_FIELD_PPID,
	SC_FIELD_UID,
	SC_FIELD_GID,
	SC_FIELD_COMM,
	SC_FIELD_EXE,
	SC_FIELD_CMDLINE,
	SC_FIELD_CWD,
	SC_FIELD_CONTAINER,
	SC_FIELD_SYSCALL,
	SC_FIELD_NR,
	SC_FIELD_ABI,
	SC_FIELD_INSN,
	SC_FIELD_STATE,
	SC_FIELD_RET,
	SC_FIELD_ERRNO,
	SC_FIELD_FAILED,
	SC_FIELD_BYTES,
	SC_FIELD_ARG, /* arg.NAME */
	SC_FIELD_ARG0,
	SC_FIELD_ARG5 = SC_FIELD_ARG0 + 5,
	SC_FIELD_ARGS,
	SC_FIELD_PATH,
	SC_FIELD_FILE,
	SC_FIELD_FLAGS,
	SC_FIELD_SIZE,
	SC_FIELD_FD,
	SC_FIELD_FD_PATH,
	SC_FIELD_IP,
	SC_FIELD_PORT,
	SC_FIELD_UNIX,
	SC_FIELD_DATA,
	SC_FIELD_RIP,
	SC_FIELD_RSP,
	SC_FIELD_RFLAGS,
	SC_FIELD_CR3,
	SC_FIELD_FS_BASE,
	SC_FIELD_GS_BASE,
	SC_FIELD_CPL,
	SC_FIELD_TSC,
	SC_FIELDS
};

/* What a field is of, besides calls. */
#define SC_OF_PROCESS 1u
#define SC_OF_FLOW 2u /* a connection: struct sc_flow; what is of processes as well */

struct sc_field_row {
	const char *name;
	enum sc_kind kind;
	unsigned columns; /* SC_COL_* */
	unsigned history; /* SC_HISTORY_*; with SC_FIELD_HISTORY where that is 0 */
	unsigned of; /* SC_OF_* */
	const char *example;
	const char *help; /* one line */
};

#define SC_FIELD_HISTORY 0x8000u /* in `history`: processes, and nothing else of it */

/* All of them, in the order of enum sc_field_id; id is the place. */
extern const struct sc_field_row sc_field_rows[SC_FIELDS];

/* "number", "text", …: of a kind. */
const char *sc_kind_name(enum sc_kind kind);

/* A field as it is named in an expression. */
struct sc_field_ref {
	enum sc_field_id id;
	const char *arg; /* of SC_FIELD_ARG: the argument's name, without `arg.` */
};

/* Values that names stand for but that no table of schema/syscalls/flags.tbl has. */
enum sc_name_table {
	SC_NAMES_SIGNAL = 0xfff0, /* SIGTERM */
	SC_NAMES_MODE, /* S_IFREG, S_ISUID */
	SC_NAMES_DIRFD, /* AT_FDCWD */
};

/* What arguments of a name can be, in all calls. */
struct sc_arg_kinds {
	uint64_t types; /* bits 1 << enum sc_type; 0: no call has one */
	uint64_t tables[8]; /* bits of enum sc_flags_id */
};

/*
 * Of an argument's name, or of SC_FIELD_FLAGS.
 * @near  NULL, or it is told of all names of arguments
 */
struct sc_near;
void sc_arg_kinds(const struct sc_field_ref *ref, struct sc_arg_kinds *kinds, struct sc_near *near);

/* Does it lie in memory, so that its value is a text? */
bool sc_type_is_memory(enum sc_type type);

/* Can a call with this signature have a value of the field? */
bool sc_field_fits(const struct sc_field_ref *ref, const struct sc_syscall *row,
		   const struct sc_signature *signature);

/* A number of any kind. */
__extension__ typedef __int128 sc_wide;

enum sc_value_kind {
	SC_VALUE_UNKNOWN,
	SC_VALUE_NUMBER,
	SC_VALUE_TEXT,
	SC_VALUE_ADDRESS,
};

struct sc_value {
	enum sc_value_kind kind;
	bool cut; /* of TEXT: there is more, which is not known */
	uint8_t arg; /* of NUMBER: the argument it is; 6: none */
	uint16_t table; /* of NUMBER: enum sc_flags_id or sc_name_table, or 0 */
	sc_wide number;
	const uint8_t *bytes; /* valid in the callback */
	size_t len;
	uint8_t address[16]; /* IPv4 as ::ffff:1.2.3.4 */
};

/* What values are asked of. */
struct sc_field_source {
	const struct sc_call *call; /* NULL: of a process */
	struct sc_history *history; /* as it was when the call was made; NULL: not known */
	const struct sc_proc *proc; /* without a call */
	const struct sc_flow *flow; /* of proc, or NULL */
	const struct sc_session *sessions;
	size_t n_sessions;
	uint32_t session; /* without a call */
	struct sc_buf text; /* scratch, owned */
};

/* Return true to stop. */
typedef bool sc_value_fn(const struct sc_value *value, void *arg);

/* Hand on the values of a field. */
void sc_field_values(const struct sc_field_ref *ref, struct sc_field_source *source,
		     sc_value_fn *fn, void *arg);

/* An argument as it is shown, in source->text; cut: it did not fit. @retval false: no memory */
bool sc_field_shown(struct sc_field_source *source, unsigned arg, bool *cut);

#endif
