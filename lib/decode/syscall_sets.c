// SPDX-License-Identifier: GPL-2.0-only
#include "syscall_sets.h"

#include <errno.h>
#include <string.h>

#include "signature.h"

/*
 * What takes a name or a descriptor is told by the signatures. Of the other sets, and of calls
 * whose signatures do not show it, the names are listed: between spaces, as in the tables.
 */
static const struct {
	const char *name;
	const char *calls;
} sets[SC_SETS] = {
	[SC_SET_FILE] = { "file", " getcwd fanotify_mark " },
	[SC_SET_DESC] = { "desc", " mmap mmap2 select _newselect pselect6 pselect6_time64 "
				  "poll ppoll ppoll_time64 pipe pipe2 socketpair close_range "
				  "perf_event_open bpf " },
	[SC_SET_PROCESS] = { "process",
			     " fork vfork clone clone3 execve execveat exit exit_group wait4 "
			     "waitid waitpid kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo "
			     "pidfd_open pidfd_send_signal setsid setpgid unshare setns " },
	[SC_SET_NETWORK] = { "network",
			     " socket socketpair socketcall bind listen accept accept4 connect "
			     "getsockname getpeername getsockopt setsockopt send sendto sendmsg "
			     "sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64 shutdown "
			     "sendfile sendfile64 sethostname setdomainname " },
	[SC_SET_MEMORY] = { "memory",
			    " brk mmap mmap2 munmap mremap mprotect pkey_mprotect msync mincore "
			    "madvise process_madvise mlock mlock2 munlock mlockall munlockall "
			    "mbind remap_file_pages set_mempolicy get_mempolicy migrate_pages "
			    "move_pages set_mempolicy_home_node pkey_alloc pkey_free shmat shmdt "
			    "mseal map_shadow_stack process_mrelease " },
	[SC_SET_SIGNAL] = { "signal",
			    " kill tkill tgkill signal sigaction sigprocmask sigpending "
			    "sigsuspend sigreturn sigaltstack rt_sigaction rt_sigprocmask "
			    "rt_sigpending rt_sigsuspend rt_sigreturn rt_sigtimedwait "
			    "rt_sigtimedwait_time64 rt_sigqueueinfo rt_tgsigqueueinfo sgetmask "
			    "ssetmask pause signalfd signalfd4 pidfd_send_signal " },
	[SC_SET_IPC] = { "ipc",
			 " ipc msgget msgsnd msgrcv msgctl semget semop semtimedop "
			 "semtimedop_time64 semctl shmget shmat shmdt shmctl mq_open mq_unlink "
			 "mq_timedsend mq_timedsend_time64 mq_timedreceive "
			 "mq_timedreceive_time64 mq_notify mq_getsetattr " },
	[SC_SET_CREDS] = { "creds",
			   " getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 "
			   "getresuid getresuid32 getresgid getresgid32 getgroups getgroups32 "
			   "setuid setuid32 setgid setgid32 setreuid setreuid32 setregid "
			   "setregid32 setresuid setresuid32 setresgid setresgid32 setfsuid "
			   "setfsuid32 setfsgid setfsgid32 setgroups setgroups32 capget capset "
			   "prctl " },
};

const char *sc_syscall_set_name(enum sc_syscall_set set)
{
	return sets[set].name;
}

int sc_syscall_set_by_name(const char *name, size_t len)
{
	for (int set = 0; set < SC_SETS; set++)
		if (strlen(sets[set].name) == len && !memcmp(sets[set].name, name, len))
			return set;
	return -EINVAL;
}

static bool listed(const char *calls, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = calls; (at = strstr(at, name)); at += len)
		if (at[-1] == ' ' && at[len] == ' ')
			return true;
	return false;
}

/* Has a variant of it an argument of one of these types? SC_TYPES: none of them. */
static bool has_type(const struct sc_signature *s, size_t n, enum sc_type type, enum sc_type other)
{
	for (size_t v = 0; v < n; v++)
		for (unsigned a = 0; a < s[v].n_args; a++)
			if (s[v].args[a].type == type || s[v].args[a].type == other)
				return true;
	return false;
}

bool sc_syscall_in_set(enum sc_syscall_set set, enum sc_abi abi, const struct sc_syscall *row)
{
	const struct sc_signature *s;
	size_t n;

	if (listed(sets[set].calls, row->name))
		return true;
	if (set != SC_SET_FILE && set != SC_SET_DESC)
		return false;
	s = sc_signatures(abi, row->nr, &n);
	if (!s)
		return false;
	if (set == SC_SET_FILE)
		return has_type(s, n, SC_TYPE_PATH, SC_TYPE_PATH);
	return s[n - 1].result == SC_RESULT_FD || has_type(s, n, SC_TYPE_FD, SC_TYPE_DIRFD);
}
