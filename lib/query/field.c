// SPDX-License-Identifier: GPL-2.0-only
/* The fields: what there is to ask for. What they hold is field_value.c's. */
#include "field.h"

#include "store/store.h"

#define TASK SC_COL_TASK
#define NR SC_COL_NR
#define RET SC_COL_RET
#define ARGS (SC_COL_NR | SC_COL_ARGS)
#define MEMORY (SC_COL_NR | SC_COL_ARGS | SC_COL_RET | SC_COL_PAYLOAD)
#define EITHER (SC_OF_PROCESS | SC_OF_FLOW)
#define FDS SC_HISTORY_FDS
#define CGROUPS (SC_HISTORY_FDS | SC_HISTORY_CGROUPS)

const struct sc_field_row sc_field_rows[SC_FIELDS] = {
	[SC_FIELD_SEQ] = { "seq", SC_KIND_NUMBER, 0, 0, 0, "seq >= 1000",
			   "number of the call in the store" },
	[SC_FIELD_TIME] = { "time", SC_KIND_TIME, SC_COL_TIME, 0, 0,
			    "time >= 2026-03-01T12:30 and time < -5min",
			    "when it was made, as --since takes it" },
	[SC_FIELD_DUR] = { "dur", SC_KIND_SPAN, SC_COL_TIME, 0, 0, "dur > 10ms",
			   "from the entry to the return" },
	[SC_FIELD_VM] = { "vm", SC_KIND_TEXT, 0, 0, EITHER, "vm = web", "the VM's name" },
	[SC_FIELD_SESSION] = { "session", SC_KIND_NUMBER, 0, 0, EITHER, "session = 2",
			       "number of the session" },
	[SC_FIELD_VCPU] = { "vcpu", SC_KIND_NUMBER, SC_COL_CPU, 0, 0, "vcpu = 1",
			    "the vCPU that made it" },
	[SC_FIELD_PID] = { "pid", SC_KIND_NUMBER, TASK, 0, EITHER, "pid in (812, 813)", "process" },
	[SC_FIELD_TID] = { "tid", SC_KIND_NUMBER, TASK, 0, 0, "tid = 815", "thread" },
	[SC_FIELD_PPID] = { "ppid", SC_KIND_NUMBER, TASK, 0, EITHER, "ppid = 1",
			    "parent of the process" },
	[SC_FIELD_UID] = { "uid", SC_KIND_NUMBER, TASK, 0, EITHER, "uid >= 1000", "user" },
	[SC_FIELD_GID] = { "gid", SC_KIND_NUMBER, TASK, 0, EITHER, "gid = 27", "group" },
	[SC_FIELD_COMM] = { "comm", SC_KIND_TEXT, TASK, 0, EITHER, "comm != sshd",
			    "command name of the thread, 15 bytes at most" },
	[SC_FIELD_EXE] = { "exe", SC_KIND_TEXT, TASK, SC_FIELD_HISTORY, EITHER,
			   "exe startswith /tmp/", "file that the process runs" },
	[SC_FIELD_CMDLINE] = { "cmdline", SC_KIND_TEXT, TASK, SC_FIELD_HISTORY, EITHER,
			       "cmdline contains \"| sh\"",
			       "command line of the process, with spaces between its words" },
	[SC_FIELD_CWD] = { "cwd", SC_KIND_TEXT, TASK, FDS, SC_OF_PROCESS, "cwd = /root",
			   "working directory" },
	[SC_FIELD_CONTAINER] = { "container", SC_KIND_TEXT, TASK, CGROUPS, EITHER,
				 "container startswith 3f2a",
				 "container, by its name or the first "
				 "12 digits of its id" },
	[SC_FIELD_SYSCALL] = { "syscall", SC_KIND_SYSCALL, NR, 0, 0,
			       "syscall in (openat, execve, %network)",
			       "system call: name, number, ABI:name, or a set" },
	[SC_FIELD_NR] = { "nr", SC_KIND_NUMBER, NR, 0, 0, "nr > 450", "number of the system call" },
	[SC_FIELD_ABI] = { "abi", SC_KIND_ABI, NR, 0, 0, "abi = i386",
			   "calling convention: x86_64, x32, i386" },
	[SC_FIELD_INSN] = { "insn", SC_KIND_INSN, NR, 0, 0, "insn = int80",
			    "instruction that made it: syscall, sysenter, int80" },
	[SC_FIELD_STATE] = { "state", SC_KIND_STATE, RET, 0, 0, "state in (open, gone)",
			     "what is known of the return: returned, iret, open, never, ..." },
	[SC_FIELD_RET] = { "ret", SC_KIND_NUMBER, RET, 0, 0, "ret < 0",
			   "result; of a failure, the error number below 0" },
	[SC_FIELD_ERRNO] = { "errno", SC_KIND_ERRNO, RET, 0, 0, "errno in (EACCES, EPERM)",
			     "error number, of a call that failed" },
	[SC_FIELD_FAILED] = { "failed", SC_KIND_BOOL, RET, 0, 0, "failed and not errno = EAGAIN",
			      "it returned an error" },
	[SC_FIELD_BYTES] = { "bytes", SC_KIND_NUMBER, NR | RET, 0, 0, "bytes >= 1M",
			     "bytes that were read, written, sent or received" },
	[SC_FIELD_ARG] = { "arg.NAME", SC_KIND_ARG, MEMORY, 0, 0, "arg.prot has PROT_EXEC",
			   "argument of this name (docs/syscalls.md), as it is shown" },
#define REGISTER(n)                                             \
	[SC_FIELD_ARG0 + (n)] = { "arg" #n,                     \
				  SC_KIND_NUMBER,               \
				  ARGS,                         \
				  0,                            \
				  0,                            \
				  "arg" #n " = 0x7ffe00001000", \
				  "argument " #n " as a number, as the kernel takes it" }
	REGISTER(0),
	REGISTER(1),
	REGISTER(2),
	REGISTER(3),
	REGISTER(4),
	REGISTER(5),
	[SC_FIELD_ARGS] = { "args", SC_KIND_TEXT, MEMORY, 0, 0, "args contains \"SOCK_RAW\"",
			    "all arguments, as they are shown" },
	[SC_FIELD_PATH] = { "path", SC_KIND_TEXT, MEMORY, 0, 0, "path glob \"/etc/*\"",
			    "any path among the arguments, as it was given" },
	[SC_FIELD_FILE] = { "file", SC_KIND_TEXT, MEMORY | TASK, FDS, 0, "file = /etc/shadow",
			    "any file that it touches, by its whole name; also by a descriptor" },
	[SC_FIELD_FLAGS] = { "flags", SC_KIND_ARG, ARGS, 0, 0, "flags has O_CREAT|O_EXCL",
			     "any flags among the arguments" },
	[SC_FIELD_SIZE] = { "size", SC_KIND_NUMBER, ARGS, 0, 0, "size > 64K",
			    "any size among the arguments: what was asked for" },
	[SC_FIELD_FD] = { "fd", SC_KIND_NUMBER, ARGS | RET, 0, 0, "fd = 3",
			  "any descriptor among the arguments, or that it made" },
	[SC_FIELD_FD_PATH] = { "fd.path", SC_KIND_TEXT, MEMORY | TASK, FDS, 0,
			       "fd.path startswith /var/log/",
			       "what such a descriptor is, as --fds shows it" },
	[SC_FIELD_IP] = { "ip", SC_KIND_ADDRESS, MEMORY, 0, SC_OF_FLOW,
			  "ip in (10.0.0.0/8, fd00::/8)",
			  "any address among the arguments; of net: of either end" },
	[SC_FIELD_PORT] = { "port", SC_KIND_NUMBER, MEMORY, 0, SC_OF_FLOW, "port in (22, 443)",
			    "its port" },
	[SC_FIELD_UNIX] = { "unix", SC_KIND_TEXT, MEMORY, 0, SC_OF_FLOW, "unix glob \"*docker*\"",
			    "any path of a UNIX socket's address; @name of an abstract one" },
	[SC_FIELD_DATA] = { "data", SC_KIND_TEXT, MEMORY, 0, 0, "data contains \"BEGIN RSA\"",
			    "bytes that were read, written, sent or received, as far as "
			    "recorded" },
	[SC_FIELD_RIP] = { "rip", SC_KIND_NUMBER, SC_COL_REGS, 0, 0, "rip < 0x10000",
			   "instruction pointer of the caller" },
	[SC_FIELD_RSP] = { "rsp", SC_KIND_NUMBER, SC_COL_REGS, 0, 0, "rsp < 4G", "stack pointer" },
	[SC_FIELD_RFLAGS] = { "rflags", SC_KIND_NUMBER, SC_COL_REGS, 0, 0, "rflags has 0x100",
			      "flags register" },
	[SC_FIELD_CR3] = { "cr3", SC_KIND_NUMBER, SC_COL_REGS, 0, 0, "cr3 = 0x1234000",
			   "page tables" },
	[SC_FIELD_FS_BASE] = { "fs_base", SC_KIND_NUMBER, SC_COL_REGS, 0, 0,
			       "fs_base = 0x7f0000000740", "base of FS: the thread's own memory" },
	[SC_FIELD_GS_BASE] = { "gs_base", SC_KIND_NUMBER, SC_COL_REGS, 0, 0, "gs_base != 0",
			       "base of GS" },
	[SC_FIELD_CPL] = { "cpl", SC_KIND_NUMBER, SC_COL_CPU, 0, 0, "cpl != 3",
			   "privilege level: 3, or 0 where the kernel itself made it" },
	[SC_FIELD_TSC] = { "tsc", SC_KIND_NUMBER, SC_COL_TSC, 0, 0, "tsc > 0x100000000",
			   "the host's time stamp counter" },
};

const char *sc_kind_name(enum sc_kind kind)
{
	static const char *const names[SC_KINDS] = {
		[SC_KIND_NUMBER] = "number",   [SC_KIND_SYSCALL] = "syscall",
		[SC_KIND_ABI] = "name",	       [SC_KIND_INSN] = "name",
		[SC_KIND_STATE] = "name",      [SC_KIND_ERRNO] = "errno",
		[SC_KIND_TIME] = "time",       [SC_KIND_SPAN] = "duration",
		[SC_KIND_BOOL] = "yes or no",  [SC_KIND_TEXT] = "text",
		[SC_KIND_ADDRESS] = "address", [SC_KIND_ARG] = "argument",
	};

	return names[kind];
}
