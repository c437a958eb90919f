/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of schema/syscalls/flags.tbl that structures and results need. They are found by
 * name, once; a test says that every one is there.
 */
#ifndef SC_TABLES_H
#define SC_TABLES_H

#define SC_TABLES(X)         \
	X(adjtimex)          \
	X(adjtimex_state)    \
	X(adjtimex_status)   \
	X(domain)            \
	X(arphrd)            \
	X(bpf_attach)        \
	X(bpf_map)           \
	X(bpf_prog)          \
	X(bpf_update)        \
	X(bpf_prog_flag)     \
	X(bpf_map_flag)      \
	X(cap_version)       \
	X(capability)        \
	X(clone3)            \
	X(clone)             \
	X(dirent_type)       \
	X(epoll)             \
	X(eth_p)             \
	X(owner)             \
	X(fd)                \
	X(lock_type)         \
	X(membarrier)        \
	X(fs_magic)          \
	X(futex_waitv)       \
	X(iff)               \
	X(uring_feat)        \
	X(uring_setup)       \
	X(mount_attr)        \
	X(mount_propagation) \
	X(msg)               \
	X(nlm)               \
	X(nlmsg)             \
	X(open)              \
	X(packet_type)       \
	X(personality)       \
	X(poll)              \
	X(resolve)           \
	X(rtm)               \
	X(sa)                \
	X(sched_flag)        \
	X(sched)             \
	X(scm)               \
	X(seal)              \
	X(semop)             \
	X(sigaltstack)       \
	X(sigev)             \
	X(sockopt_level)     \
	X(ip)                \
	X(ipv6)              \
	X(st_flags)          \
	X(statx_attr)        \
	X(statx)             \
	X(tty_cflag)         \
	X(tty_iflag)         \
	X(tty_lflag)         \
	X(tty_ldisc)         \
	X(tty_oflag)         \
	X(seek)

#define SC_TABLE_ENUM(name) SC_T_##name,

enum sc_table {
	SC_TABLES(SC_TABLE_ENUM) SC_T_COUNT
};

/* The table's number (enum sc_flags_id), or 0. */
unsigned sc_table_id(enum sc_table table);

#endif
