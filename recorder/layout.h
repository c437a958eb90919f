/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a guest's kernel keeps what a snapshot is made of: offsets of members, from its
 * BTF (btf.h). Kernels differ, and any member may be missing: then that piece is not known.
 */
#ifndef RECORDER_LAYOUT_H
#define RECORDER_LAYOUT_H

#include <stdint.h>

#define LAYOUT_NONE UINT32_MAX /* this kernel has no such member */
#define LAYOUT_ANY (-1) /* whatever size it has */

/*
 * X(our name, struct, member, bytes that it must have). A member of a member is written
 * with a dot. Of an empty name it is the size of the struct.
 */
#define LAYOUT_MEMBERS(X)                                                \
	X(task_tasks, "task_struct", "tasks", 16)                        \
	X(task_pid, "task_struct", "pid", 4)                             \
	X(task_tgid, "task_struct", "tgid", 4)                           \
	X(task_comm, "task_struct", "comm", 16)                          \
	X(task_start, "task_struct", "start_time", 8)                    \
	X(task_parent, "task_struct", "real_parent", 8)                  \
	X(task_leader, "task_struct", "group_leader", 8)                 \
	X(task_flags, "task_struct", "flags", 4)                         \
	X(task_exit_state, "task_struct", "exit_state", 4)               \
	X(task_mm, "task_struct", "mm", 8)                               \
	X(task_signal, "task_struct", "signal", 8)                       \
	X(task_thread_node, "task_struct", "thread_node", 16)            \
	X(signal_thread_head, "signal_struct", "thread_head", 16)        \
	X(task_active_mm, "task_struct", "active_mm", 8)                 \
	X(task_files, "task_struct", "files", 8)                         \
	X(task_fs, "task_struct", "fs", 8)                               \
	X(task_nsproxy, "task_struct", "nsproxy", 8)                     \
	X(task_pid_struct, "task_struct", "thread_pid", 8)               \
	X(task_cred, "task_struct", "real_cred", 8)                      \
	X(task_cgroups, "task_struct", "cgroups", 8)                     \
	X(cred_uid, "cred", "uid", 4)                                    \
	X(cred_gid, "cred", "gid", 4)                                    \
	X(cred_user_ns, "cred", "user_ns", 8)                            \
	X(mm_pgd, "mm_struct", "pgd", 8)                                 \
	X(mm_exe, "mm_struct", "exe_file", 8)                            \
	X(mm_arg_start, "mm_struct", "arg_start", 8)                     \
	X(mm_arg_end, "mm_struct", "arg_end", 8)                         \
	X(pid_level, "pid", "level", 4)                                  \
	X(pid_numbers, "pid", "numbers", LAYOUT_ANY)                     \
	X(upid_nr, "upid", "nr", 4)                                      \
	X(upid_ns, "upid", "ns", 8)                                      \
	X(upid_size, "upid", "", LAYOUT_ANY)                             \
	X(nsproxy_uts, "nsproxy", "uts_ns", 8)                           \
	X(nsproxy_ipc, "nsproxy", "ipc_ns", 8)                           \
	X(nsproxy_mnt, "nsproxy", "mnt_ns", 8)                           \
	X(nsproxy_net, "nsproxy", "net_ns", 8)                           \
	X(nsproxy_cgroup, "nsproxy", "cgroup_ns", 8)                     \
	X(pid_ns_inum, "pid_namespace", "ns.inum", 4)                    \
	X(mnt_ns_inum, "mnt_namespace", "ns.inum", 4)                    \
	X(net_ns_inum, "net", "ns.inum", 4)                              \
	X(user_ns_inum, "user_namespace", "ns.inum", 4)                  \
	X(uts_ns_inum, "uts_namespace", "ns.inum", 4)                    \
	X(ipc_ns_inum, "ipc_namespace", "ns.inum", 4)                    \
	X(cgroup_ns_inum, "cgroup_namespace", "ns.inum", 4)              \
	X(uts_release, "uts_namespace", "name.release", 65)              \
	X(set_cgroup, "css_set", "dfl_cgrp", 8)                          \
	X(cgroup_node, "cgroup", "kn", 8)                                \
	X(node_parent, "kernfs_node", "parent", 8)                       \
	X(node_parent_new, "kernfs_node", "__parent", 8)                 \
	X(node_name, "kernfs_node", "name", 8)                           \
	X(fs_pwd, "fs_struct", "pwd", 16)                                \
	X(fs_root, "fs_struct", "root", 16)                              \
	X(files_table, "files_struct", "fdt", 8)                         \
	X(table_max, "fdtable", "max_fds", 4)                            \
	X(table_fd, "fdtable", "fd", 8)                                  \
	X(table_open, "fdtable", "open_fds", 8)                          \
	X(table_cloexec, "fdtable", "close_on_exec", 8)                  \
	X(file_path, "file", "f_path", 16)                               \
	X(file_flags, "file", "f_flags", 4)                              \
	X(file_pos, "file", "f_pos", 8)                                  \
	X(file_inode, "file", "f_inode", 8)                              \
	X(file_private, "file", "private_data", 8)                       \
	X(path_mnt, "path", "mnt", 8)                                    \
	X(path_dentry, "path", "dentry", 8)                              \
	X(dentry_parent, "dentry", "d_parent", 8)                        \
	X(dentry_name, "dentry", "d_name.name", 8)                       \
	X(dentry_name_len, "dentry", "d_name.len", 4)                    \
	X(dentry_hashed, "dentry", "d_hash.pprev", 8)                    \
	X(dentry_op, "dentry", "d_op", 8)                                \
	X(dentry_op_name, "dentry_operations", "d_dname", 8)             \
	X(inode_mode, "inode", "i_mode", 2)                              \
	X(inode_number, "inode", "i_ino", 8)                             \
	X(inode_rdev, "inode", "i_rdev", 4)                              \
	X(inode_sb, "inode", "i_sb", 8)                                  \
	X(inode_private, "inode", "i_private", 8)                        \
	X(sb_type, "super_block", "s_type", 8)                           \
	X(fs_type_name, "file_system_type", "name", 8)                   \
	X(mount_mnt, "mount", "mnt", LAYOUT_ANY)                         \
	X(mount_parent, "mount", "mnt_parent", 8)                        \
	X(mount_point, "mount", "mnt_mountpoint", 8)                     \
	X(mnt_root, "vfsmount", "mnt_root", 8)                           \
	X(ns_ops, "ns_common", "ops", 8)                                 \
	X(ns_ops_name, "proc_ns_operations", "name", 8)                  \
	X(socket_sk, "socket", "sk", 8)                                  \
	X(socket_type, "socket", "type", 2)                              \
	X(sock_family, "sock", "__sk_common.skc_family", 2)              \
	X(sock_state, "sock", "__sk_common.skc_state", 1)                \
	X(sock_dport, "sock", "__sk_common.skc_dport", 2)                \
	X(sock_daddr, "sock", "__sk_common.skc_daddr", 4)                \
	X(sock_rcv_saddr, "sock", "__sk_common.skc_rcv_saddr", 4)        \
	X(sock_v6_daddr, "sock", "__sk_common.skc_v6_daddr", 16)         \
	X(sock_v6_rcv_saddr, "sock", "__sk_common.skc_v6_rcv_saddr", 16) \
	X(sock_device, "sock", "__sk_common.skc_bound_dev_if", 4)        \
	X(sock_protocol, "sock", "sk_protocol", 2)                       \
	X(inet_saddr, "inet_sock", "inet_saddr", 4)                      \
	X(inet_sport, "inet_sock", "inet_sport", 2)                      \
	X(inet_pinet6, "inet_sock", "pinet6", 8)                         \
	X(ipv6_saddr, "ipv6_pinfo", "saddr", 16)                         \
	X(unix_addr, "unix_sock", "addr", 8)                             \
	X(unix_peer, "unix_sock", "peer", 8)                             \
	X(unix_addr_len, "unix_address", "len", 4)                       \
	X(unix_addr_name, "unix_address", "name", LAYOUT_ANY)            \
	X(netlink_port, "netlink_sock", "portid", 4)                     \
	X(netlink_peer, "netlink_sock", "dst_portid", 4)                 \
	X(netlink_peer_groups, "netlink_sock", "dst_group", 4)           \
	X(netlink_groups, "netlink_sock", "groups", 8)

struct layout {
#define LAYOUT_FIELD(name, container, member, size) uint32_t name;
	LAYOUT_MEMBERS(LAYOUT_FIELD)
#undef LAYOUT_FIELD
};

/* One that knows of no member. */
static inline void layout_init(struct layout *layout)
{
#define LAYOUT_FIELD(name, container, member, size) layout->name = LAYOUT_NONE;
	LAYOUT_MEMBERS(LAYOUT_FIELD)
#undef LAYOUT_FIELD
}

#endif
