// SPDX-License-Identifier: GPL-2.0-only
/* Structures as text: what strace 6.1 prints for the same bytes. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/decode/structs.h"
#include "../../lib/decode/tables.h"

static char buffer[65536];
static struct sc_decode how;
static struct sc_decoding d;
static struct sc_text t;
static struct sc_call call;

static void begin(enum sc_abi abi, bool all)
{
	how = (struct sc_decode){ .verbose = all };
	t = (struct sc_text){ .p = buffer, .end = buffer + sizeof(buffer) };
	d.how = &how;
	d.call = &call;
	d.abi = abi;
	d.t = &t;
	d.all = all;
}

static void is_text(const char *expected)
{
	*t.p = '\0';
	assert_string_equal(buffer, expected);
}

/* Bytes in memory of their own, so that reading behind them is seen. */
static void put(unsigned sub, const void *bytes, size_t len, bool at_return)
{
	uint8_t *own = malloc(len ? len : 1);

	memcpy(own, bytes, len);
	sc_struct_put(&d, sub, (struct sc_view){ own, len }, at_return);
	free(own);
}

#define IS(sub, object, at_return, expected)                                \
	do {                                                                \
		begin(SC_ABI_X86_64, false);                                \
		put(SC_STRUCT_##sub, &(object), sizeof(object), at_return); \
		is_text(expected);                                          \
	} while (0)

#define IS_ALL(sub, object, at_return, expected)                            \
	do {                                                                \
		begin(SC_ABI_X86_64, true);                                 \
		put(SC_STRUCT_##sub, &(object), sizeof(object), at_return); \
		is_text(expected);                                          \
	} while (0)

#define IS_I386(sub, object, at_return, expected)                           \
	do {                                                                \
		begin(SC_ABI_I386, false);                                  \
		put(SC_STRUCT_##sub, &(object), sizeof(object), at_return); \
		is_text(expected);                                          \
	} while (0)

/* What structs.tbl says, the rows say too. */
static void sizes(void **state)
{
	unsigned sub, abi;

	(void)state;
	for (sub = 1; sub < SC_STRUCT_COUNT; sub++) {
		const struct sc_layout *l = sc_struct_layout(sub);

		if (!l && sub != SC_STRUCT_ROBUST_LIST && sub != SC_STRUCT_RSEQ)
			fail_msg("structure %u has no layout", sub);
		if (!l || !l->fields || l->put)
			continue;
		for (abi = 0; abi < SC_ABIS; abi++) {
			size_t size = sc_fields_size(l->fields, l->n, (enum sc_abi)abi);
			size_t said = sc_struct_size(sub, (enum sc_abi)abi);

			/* Padding at the end need not be said. */
			if (size > said || size + 40 < said)
				fail_msg("structure %u of abi %u: %zu, not %zu", sub, abi, size,
					 said);
		}
	}
}

static void tables_are_there(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < SC_T_COUNT; i++)
		if (!sc_table_id((enum sc_table)i))
			fail_msg("table %u of lib/decode/tables.h is not in flags.tbl", i);
}

static void times(void **state)
{
	struct timespec ts = { 1, 2000000000 };
	struct timespec pair[2] = { { 0, UTIME_NOW }, { 1700000000, 5 } };
	struct timeval tv[2] = { { 1, 2 }, { 1700000000, 4 } };
	struct itimerval it = { { 0, 0 }, { 5, 10 } };
	struct timex tx = { .maxerror = 16000000,
			    .esterror = 16000000,
			    .status = STA_UNSYNC,
			    .constant = 2,
			    .precision = 1,
			    .tolerance = 32768000,
			    .time = { 1795632926, 640624 },
			    .tick = 10000 };
	uint64_t tms[4] = { 0, 1, 0, 1234 }, ut[2] = { 1, 1700000000 };
	int32_t old[2] = { -1, 7 };

	(void)state;
	IS(TIMESPEC, ts, false, "{tv_sec=1, tv_nsec=2000000000}");
	IS_I386(TIMESPEC, old, false, "{tv_sec=-1, tv_nsec=7}");
	IS(TIMESPEC_PAIR, pair, false,
	   "[UTIME_NOW, {tv_sec=1700000000, tv_nsec=5} /* 2023-11-14T22:13:20.000000005+0000 */]");
	IS(TIMEVAL_PAIR, tv, false,
	   "[{tv_sec=1, tv_usec=2} /* 1970-01-01T00:00:01.000002+0000 */, "
	   "{tv_sec=1700000000, tv_usec=4} /* 2023-11-14T22:13:20.000004+0000 */]");
	IS(UTIMBUF, ut, false,
	   "{actime=1 /* 1970-01-01T00:00:01+0000 */, modtime=1700000000 /* "
	   "2023-11-14T22:13:20+0000 */}");
	IS(ITIMERVAL, it, false,
	   "{it_interval={tv_sec=0, tv_usec=0}, it_value={tv_sec=5, tv_usec=10}}");
	IS(TIMEX, tx, true,
	   "{modes=0, offset=0, freq=0, maxerror=16000000, esterror=16000000, "
	   "status=STA_UNSYNC, constant=2, precision=1, tolerance=32768000, "
	   "time={tv_sec=1795632926, tv_usec=640624}, tick=10000, ppsfreq=0, jitter=0, shift=0, "
	   "stabil=0, jitcnt=0, calcnt=0, errcnt=0, stbcnt=0, tai=0}");
	IS(TMS, tms, true,
	   "{tms_utime=0, tms_stime=1 /* 0.01 s */, tms_cutime=0, tms_cstime=1234 /* 12.34 s */}");
}

static void files(void **state)
{
	struct stat st = { .st_dev = makedev(0xfe, 0),
			   .st_ino = 861,
			   .st_mode = S_IFREG | 0644,
			   .st_nlink = 1,
			   .st_blksize = 4096,
			   .st_blocks = 8,
			   .st_size = 1221,
			   .st_atim = { 1795630716, 241543657 },
			   .st_mtim = { 1779294449, 0 },
			   .st_ctim = { 1779294449, 0 } };
	struct stat null = { .st_mode = S_IFCHR | 0666, .st_rdev = makedev(1, 3) };
	struct statfs fs = { .f_type = 0xef53,
			     .f_bsize = 4096,
			     .f_blocks = 66053021,
			     .f_bfree = 1,
			     .f_bavail = 2,
			     .f_files = 3,
			     .f_ffree = 4,
			     .f_fsid = { { (int)0x80134a16, 0x17283e00 } },
			     .f_namelen = 255,
			     .f_frsize = 4096,
			     .f_flags = 0x1020 };
	struct flock fl = { F_WRLCK, SEEK_SET, 0, 10, 0 };
	uint64_t open_how[3] = { O_CREAT | O_CLOEXEC, 0600, 0x10 };
	struct winsize ws = { 24, 80, 0, 0 };

	(void)state;
	IS(STAT, st, true, "{st_mode=S_IFREG|0644, st_size=1221, ...}");
	IS_ALL(STAT, st, true,
	       "{st_dev=makedev(0xfe, 0), st_ino=861, st_mode=S_IFREG|0644, st_nlink=1, st_uid=0, "
	       "st_gid=0, st_blksize=4096, st_blocks=8, st_size=1221, st_atime=1795630716 /* "
	       "2026-11-25T18:18:36.241543657+0000 */, st_atime_nsec=241543657, "
	       "st_mtime=1779294449 /* 2026-05-20T16:27:29+0000 */, st_mtime_nsec=0, "
	       "st_ctime=1779294449 /* 2026-05-20T16:27:29+0000 */, st_ctime_nsec=0}");
	IS(STAT, null, true, "{st_mode=S_IFCHR|0666, st_rdev=makedev(0x1, 0x3), ...}");
	IS(STATFS, fs, true,
	   "{f_type=EXT2_SUPER_MAGIC, f_bsize=4096, f_blocks=66053021, f_bfree=1, f_bavail=2, "
	   "f_files=3, f_ffree=4, f_fsid={val=[0x80134a16, 0x17283e00]}, f_namelen=255, "
	   "f_frsize=4096, f_flags=ST_VALID|ST_RELATIME}");
	IS(FLOCK, fl, false, "{l_type=F_WRLCK, l_whence=SEEK_SET, l_start=0, l_len=10}");
	IS(FLOCK, fl, true, "{l_type=F_WRLCK, l_whence=SEEK_SET, l_start=0, l_len=10, l_pid=0}");
	IS(OPEN_HOW, open_how, false,
	   "{flags=O_RDONLY|O_CREAT|O_CLOEXEC, mode=0600, resolve=RESOLVE_IN_ROOT}");
	IS(WINSIZE, ws, true, "{ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0}");
}

/* The layouts of i386, which no header here has. */
static void files_i386(void **state)
{
	uint8_t st[64] = { 0 }, st64[96] = { 0 }, fs64[84] = { 0 };
	uint32_t mode = S_IFREG | 0600, size = 77;

	(void)state;
	memcpy(st + 8, &mode, 2);
	memcpy(st + 20, &size, 4);
	IS_I386(STAT, st, true, "{st_mode=S_IFREG|0600, st_size=77, ...}");
	memcpy(st64 + 16, &mode, 4);
	memcpy(st64 + 44, &size, 4);
	IS_I386(STAT64, st64, true, "{st_mode=S_IFREG|0600, st_size=77, ...}");
	memcpy(fs64, "\x94\x19\x02\x01", 4);
	fs64[4] = 1;
	fs64[8] = 9; /* f_blocks, 64 bits without padding */
	fs64[56] = 255;
	IS_I386(STATFS64, fs64, true,
		"{f_type=TMPFS_MAGIC, f_bsize=1, f_blocks=9, f_bfree=0, f_bavail=0, f_files=0, "
		"f_ffree=0, f_fsid={val=[0, 0]}, f_namelen=255, f_frsize=0, f_flags=0}");
}

static void signals(void **state)
{
	uint64_t action[4] = { 0x563d96e6e8a9, 0x14000004, 0x7fbec6441050, 2 };
	uint64_t ignore[4] = { 1, 0, 0, 0 };
	uint32_t old[4] = { 0x8048000, 2, 0x10000000, 0 };
	uint64_t set = 0x10800, all = 0xfffffffe7fffffff;
	siginfo_t si;
	struct sigevent ev;
	struct iovec vector = { (void *)0x7fff0000, 5 };
	stack_t stack = { .ss_sp = (void *)0x7fff0000, .ss_flags = SS_DISABLE, .ss_size = 4096 };

	(void)state;
	IS(SIGACTION, action, false,
	   "{sa_handler=0x563d96e6e8a9, sa_mask=[INT], sa_flags=SA_RESTORER|SA_RESTART|SA_SIGINFO, "
	   "sa_restorer=0x7fbec6441050}");
	IS(SIGACTION, ignore, false, "{sa_handler=SIG_IGN, sa_mask=[], sa_flags=0}");
	IS_I386(OLD_SIGACTION, old, false,
		"{sa_handler=0x8048000, sa_mask=[INT], sa_flags=SA_RESTART}");
	IS(SIGSET, set, false, "[USR2 CHLD]");
	IS(SIGSET, all, false, "~[RTMIN RT_1]");
	memset(&si, 0, sizeof(si));
	si.si_signo = SIGCHLD;
	si.si_code = CLD_KILLED;
	si.si_pid = 18605;
	si.si_status = SIGTERM;
	IS(SIGINFO, si, true,
	   "{si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=18605, si_uid=0, si_status=SIGTERM, "
	   "si_utime=0, si_stime=0}");
	memset(&si, 0, sizeof(si));
	si.si_signo = SIGUSR2;
	si.si_code = SI_QUEUE;
	si.si_pid = 18603;
	si.si_value.sival_int = 7;
	IS(SIGINFO, si, false,
	   "{si_signo=SIGUSR2, si_code=SI_QUEUE, si_pid=18603, si_uid=0, si_int=7, si_ptr=0x7}");
	memset(&si, 0, sizeof(si));
	si.si_signo = SIGSEGV;
	si.si_code = SEGV_MAPERR;
	si.si_addr = (void *)0x11b4;
	IS(SIGINFO, si, true, "{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x11b4}");
	memset(&ev, 0, sizeof(ev));
	ev.sigev_value.sival_int = 3;
	ev.sigev_signo = SIGALRM;
	IS(SIGEVENT, ev, false,
	   "{sigev_value={sival_int=3, sival_ptr=0x3}, sigev_signo=SIGALRM, "
	   "sigev_notify=SIGEV_SIGNAL}");
	ev.sigev_notify = SIGEV_NONE;
	IS(SIGEVENT, ev, false,
	   "{sigev_value={sival_int=3, sival_ptr=0x3}, sigev_signo=14, sigev_notify=SIGEV_NONE}");
	/* A value of 0 is not worth a word; flags are a long, with an int's sign in it. */
	memset(&ev, 0, sizeof(ev));
	IS(SIGEVENT, ev, false, "{sigev_signo=0, sigev_notify=SIGEV_SIGNAL}");
	ignore[1] = 0xffffffff80000000;
	IS(SIGACTION, ignore, false,
	   "{sa_handler=SIG_IGN, sa_mask=[], sa_flags=SA_RESETHAND|0xffffffff00000000}");
	IS(IOVEC, vector, false, "{iov_base=0x7fff0000, iov_len=5}");
	IS(STACK, stack, false, "{ss_sp=0x7fff0000, ss_flags=SS_DISABLE, ss_size=4096}");
}

static void processes(void **state)
{
	struct rlimit rl = { 8388608, RLIM_INFINITY };
	uint32_t rl32[2] = { 1000, UINT32_MAX };
	struct rusage ru = { .ru_stime = { 0, 14952 }, .ru_maxrss = 1064, .ru_nvcsw = 271 };
	int status = 3 << 8, killed = SIGTERM;
	struct sysinfo si = { .uptime = 2213,
			      .loads = { 1, 2, 3 },
			      .totalram = 4,
			      .procs = 168,
			      .mem_unit = 1 };
	struct utsname un = { .sysname = "Linux",
			      .nodename = "vm",
			      .release = "6",
			      .version = "#1",
			      .machine = "x86_64",
			      .domainname = "(none)" };
	struct clone_args ca = { .flags = CLONE_VFORK | CLONE_PARENT_SETTID,
				 .parent_tid = 0x7fff03302b30,
				 .exit_signal = SIGCHLD };
	uint64_t cpus = 0x23;
	struct __user_cap_data_struct caps[2] = { { 1, 0x80000021, 0 }, { 0, 1, 0 } };
	uint32_t desc[4] = { UINT32_MAX, 0x1000, 0xfffff, 0x51 };

	(void)state;
	IS(RLIMIT, rl, true, "{rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}");
	IS_I386(RLIMIT, rl32, true, "{rlim_cur=1000, rlim_max=RLIM_INFINITY}");
	IS(RUSAGE, ru, true,
	   "{ru_utime={tv_sec=0, tv_usec=0}, ru_stime={tv_sec=0, tv_usec=14952}, ...}");
	IS_ALL(RUSAGE, ru, true,
	       "{ru_utime={tv_sec=0, tv_usec=0}, ru_stime={tv_sec=0, tv_usec=14952}, "
	       "ru_maxrss=1064, ru_ixrss=0, ru_idrss=0, ru_isrss=0, ru_minflt=0, ru_majflt=0, "
	       "ru_nswap=0, ru_inblock=0, ru_oublock=0, ru_msgsnd=0, ru_msgrcv=0, ru_nsignals=0, "
	       "ru_nvcsw=271, ru_nivcsw=0}");
	IS(WAIT_STATUS, status, true, "{WIFEXITED(s) && WEXITSTATUS(s) == 3}");
	IS(WAIT_STATUS, killed, true, "{WIFSIGNALED(s) && WTERMSIG(s) == SIGTERM}");
	IS(SYSINFO, si, true,
	   "{uptime=2213, loads=[1, 2, 3], totalram=4, freeram=0, sharedram=0, bufferram=0, "
	   "totalswap=0, freeswap=0, procs=168, totalhigh=0, freehigh=0, mem_unit=1}");
	IS(UTSNAME, un, true, "{sysname=\"Linux\", nodename=\"vm\", ...}");
	IS_ALL(UTSNAME, un, true,
	       "{sysname=\"Linux\", nodename=\"vm\", release=\"6\", version=\"#1\", "
	       "machine=\"x86_64\", domainname=\"(none)\"}");
	call.state = SC_STATE_RETURNED;
	call.ret = 18607;
	IS(CLONE_ARGS, ca, false,
	   "{flags=CLONE_VFORK|CLONE_PARENT_SETTID, parent_tid=0x7fff03302b30, "
	   "exit_signal=SIGCHLD, stack=NULL, stack_size=0} => {parent_tid=[18607]}");
	IS(CPU_SET, cpus, true, "[0 1 5]");
	IS(CAP_DATA, caps, true,
	   "{effective=1<<CAP_CHOWN, "
	   "permitted=1<<CAP_CHOWN|1<<CAP_KILL|1<<CAP_SETFCAP|1<<CAP_MAC_OVERRIDE, "
	   "inheritable=0}");
	IS(USER_DESC, desc, false,
	   "{entry_number=-1, base_addr=0x001000, limit=0x0fffff, seg_32bit=1, contents=0, "
	   "read_exec_only=0, limit_in_pages=1, seg_not_present=0, useable=1, lm=0}");
}

static void descriptors(void **state)
{
	struct pollfd p = { 4, POLLIN | POLLOUT, POLLOUT }, none = { -1, POLLIN, 0 };
	struct epoll_event ev = { EPOLLIN | EPOLLOUT | EPOLLET, { .u64 = 0x100000005 } };

	(void)state;
	IS(POLLFD, p, false, "{fd=4, events=POLLIN|POLLOUT}");
	IS(POLLFD, p, true, "{fd=4, revents=POLLOUT}");
	IS(POLLFD, none, false, "{fd=-1}");
	IS(EPOLL_EVENT, ev, true,
	   "{events=EPOLLIN|EPOLLOUT|EPOLLET, data={u32=5, u64=4294967301}}");
}

static void is_address(const void *bytes, size_t len, const char *expected)
{
	uint8_t *own = malloc(len ? len : 1);

	memcpy(own, bytes, len);
	begin(SC_ABI_X86_64, false);
	sc_sockaddr_put(&d, own, len);
	free(own);
	is_text(expected);
}

static void addresses(void **state)
{
	struct sockaddr_in in = { AF_INET, htons(41633), { htonl(0x7f000001) }, { 0 } };
	struct sockaddr_in6 in6 = { AF_INET6, htons(53), htonl(5), IN6ADDR_LOOPBACK_INIT, 2 };
	struct sockaddr_un un = { AF_UNIX, "/tmp/nosuch.sock" }, abstract = { AF_UNIX, "\0abs" };
	struct sockaddr_nl nl = { AF_NETLINK, 0, 0, 0x11 };
	struct sockaddr_ll ll = { AF_PACKET,	       htons(3), 1, 1, PACKET_OUTGOING, 6,
				  { 1, 2, 3, 4, 5, 6 } };
	struct sockaddr other = { 77, "abc" };

	(void)state;
	is_address(&in, sizeof(in),
		   "{sa_family=AF_INET, sin_port=htons(41633), sin_addr=inet_addr(\"127.0.0.1\")}");
	is_address(&in6, sizeof(in6),
		   "{sa_family=AF_INET6, sin6_port=htons(53), sin6_flowinfo=htonl(5), "
		   "inet_pton(AF_INET6, \"::1\", &sin6_addr), sin6_scope_id=2}");
	is_address(&in6, 5, "{sa_family=AF_INET6, sa_data=\"\\0005\\0\"}");
	is_address(&un, sizeof(un), "{sa_family=AF_UNIX, sun_path=\"/tmp/nosuch.sock\"}");
	is_address(&abstract, 6, "{sa_family=AF_UNIX, sun_path=@\"abs\"}");
	is_address(&abstract, 3, "{sa_family=AF_UNIX, sun_path=@\"\"}");
	is_address(&un, 2, "{sa_family=AF_UNIX}");
	is_address(&nl, sizeof(nl), "{sa_family=AF_NETLINK, nl_pid=0, nl_groups=0x000011}");
	is_address(&ll, sizeof(ll),
		   "{sa_family=AF_PACKET, sll_protocol=htons(ETH_P_ALL), sll_ifindex=1, "
		   "sll_hatype=ARPHRD_ETHER, sll_pkttype=PACKET_OUTGOING, sll_halen=6, "
		   "sll_addr=[0x1, 0x2, 0x3, 0x4, 0x5, 0x6]}");
	is_address(&other, sizeof(other),
		   "{sa_family=0x4d /* AF_??? */, "
		   "sa_data=\"abc\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\"}");
	is_address(&in, 1, "\"\\2\"");
}

static void controls(void **state)
{
	uint8_t bytes[64] = { 0 };
	struct cmsghdr head = { .cmsg_len = 24, .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	int fds[2] = { 4, 5 };

	(void)state;
	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + 16, fds, 8);
	begin(SC_ABI_X86_64, false);
	sc_control_put(&d, bytes, 24, false);
	is_text("[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[4, 5]}]");
	/* A length that leads nowhere ends it. */
	head.cmsg_len = SIZE_MAX;
	memcpy(bytes, &head, sizeof(head));
	begin(SC_ABI_X86_64, false);
	sc_control_put(&d, bytes, 24, false);
	is_text("[{cmsg_len=18446744073709551615, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, "
		"cmsg_data=[4, 5]}]");
	head.cmsg_len = 0;
	memcpy(bytes, &head, sizeof(head));
	begin(SC_ABI_X86_64, false);
	sc_control_put(&d, bytes, 64, true);
	is_text("[{cmsg_len=0, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS}, ...]");
}

/* Whatever part of a structure there is, and in JSON: nothing is read behind it. */
static void system_v(void **state)
{
	struct ipc_perm perm = { .uid = 1, .gid = 2, .mode = 0600, .cuid = 3, .cgid = 4 };
	struct shmid_ds shm = { .shm_segsz = 100,
				.shm_ctime = 1795645541,
				.shm_cpid = 10013,
				.shm_perm = perm };
	struct semid_ds sem = { .sem_ctime = 1795645541, .sem_nsems = 1, .sem_perm = perm };
	struct msqid_ds msg = { .msg_ctime = 1795645541, .msg_qbytes = 16384, .msg_perm = perm };
	uint8_t i386[88] = { [4] = 1, [20] = 0x80, [21] = 1, [36] = 5, [68] = 7, [72] = 9 };

	(void)state;
	IS(SHMID_DS, shm, true,
	   "{shm_perm={uid=1, gid=2, mode=0600, key=0, cuid=3, cgid=4}, shm_segsz=100, "
	   "shm_atime=0, shm_dtime=0, shm_ctime=1795645541, shm_cpid=10013, shm_lpid=0, "
	   "shm_nattch=0}");
	IS(SHMID_DS, shm, false, "{shm_perm={uid=1, gid=2, mode=0600}}");
	IS(SEMID_DS, sem, true,
	   "{sem_perm={uid=1, gid=2, mode=0600, key=0, cuid=3, cgid=4}, sem_otime=0, "
	   "sem_ctime=1795645541, sem_nsems=1}");
	IS(MSQID_DS, msg, true,
	   "{msg_perm={uid=1, gid=2, mode=0600, key=0, cuid=3, cgid=4}, msg_stime=0, msg_rtime=0, "
	   "msg_ctime=1795645541, msg_qnum=0, msg_qbytes=16384, msg_lspid=0, msg_lrpid=0}");
	IS(MSQID_DS, msg, false, "{msg_perm={uid=1, gid=2, mode=0600}, msg_qbytes=16384}");
	IS_I386(MSQID_DS, i386, true,
		"{msg_perm={uid=1, gid=0, mode=0600, key=0, cuid=0, cgid=0}, msg_stime=5, "
		"msg_rtime=0, msg_ctime=0, msg_qnum=0, msg_qbytes=7, msg_lspid=9, msg_lrpid=0}");
}

static void shorter(void **state)
{
	uint8_t bytes[400];
	unsigned sub, abi, json;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(bytes); len++)
		bytes[len] = (uint8_t)(len * 37 + 11);
	for (sub = 1; sub < SC_STRUCT_COUNT; sub++)
		for (abi = 0; abi < SC_ABIS; abi++)
			for (json = 0; json < 2; json++)
				for (len = 1; len < sizeof(bytes); len += len < 160 ? 1 : 13) {
					begin((enum sc_abi)abi, json);
					t.json = json;
					put(sub, bytes, len, len & 1);
					assert_false(sc_text_full(&t));
				}
	begin(SC_ABI_X86_64, false);
	put(SC_STRUCT_TIMESPEC, bytes, 9, false);
	assert_non_null(strstr(buffer, "tv_sec=") ? buffer : NULL);
	*t.p = '\0';
	assert_string_equal(t.p - 6, ", ...}");
}

static void json(void **state)
{
	struct timespec ts = { 1, 2 };
	struct stat st = { .st_mode = S_IFREG | 0644, .st_size = 5 };

	(void)state;
	begin(SC_ABI_X86_64, true);
	t.json = true;
	put(SC_STRUCT_TIMESPEC, &ts, sizeof(ts), false);
	is_text("{\"tv_sec\":1,\"tv_nsec\":2}");
	begin(SC_ABI_X86_64, true);
	t.json = true;
	put(SC_STRUCT_STAT, &st, sizeof(st), true);
	*t.p = '\0';
	assert_non_null(strstr(buffer, "\"st_mode\":\"S_IFREG|0644\",\"st_nlink\":0,"));
}

static int setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),      cmocka_unit_test(tables_are_there),
		cmocka_unit_test(times),      cmocka_unit_test(files),
		cmocka_unit_test(files_i386), cmocka_unit_test(signals),
		cmocka_unit_test(processes),  cmocka_unit_test(descriptors),
		cmocka_unit_test(addresses),  cmocka_unit_test(controls),
		cmocka_unit_test(system_v),   cmocka_unit_test(shorter),
		cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
