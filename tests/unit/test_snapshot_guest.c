// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots of a made-up guest of which everything is known: what is read is what is there. Then
 * the same guest with one thing in it that means no good: reading ends, says what it could not
 * have, and has all else.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

#include "../../lib/format/snapshot.h"
#include "../../recorder/snapshot.h"
#include "guest_image.h"

#define KTHREAD 0x00200000u
#define ESTABLISHED 1u
#define LISTEN 10u
#define USER 0x00007fffffffe000ULL /* an address of a process */
#define READS_MOST 3000u /* requests that a small guest takes at most, whatever is in it */

/* The guest: a kernel, init, a thread of the kernel, a server and its child. */
static struct image g;
static struct {
	uint64_t root, mnt, data, work, exe; /* dentries */
	uint64_t first, second; /* mounts */
	uint64_t head, init, server, child; /* tasks */
	uint64_t table; /* of the server's descriptors */
	uint64_t mm, space, file; /* of the server; a regular file that it has open */
	uint64_t node; /* of its cgroup */
} at;

static struct sc_buf out;
static struct sc_snapshot about;
static struct sc_snapshot_process found;

/* ---- making it ---- */

static void give_fs(uint64_t task, uint64_t mnt, uint64_t dentry)
{
	const struct layout *l = &g.layout;
	uint64_t fs = image_struct(&g);

	image_put_64(&g, task + l->task_fs, fs);
	image_put_64(&g, fs + l->fs_pwd + l->path_mnt, mnt);
	image_put_64(&g, fs + l->fs_pwd + l->path_dentry, dentry);
	image_put_64(&g, fs + l->fs_root + l->path_mnt, at.first);
	image_put_64(&g, fs + l->fs_root + l->path_dentry, at.root);
}

static void give_mm(uint64_t task, uint64_t exe, const char *argv, size_t size)
{
	const struct layout *l = &g.layout;
	uint64_t page = image_page(&g), file;

	at.mm = image_struct(&g);
	at.space = image_space(&g);
	file = image_file(&g, at.first, exe, image_inode(&g, "ext4", S_IFREG | 0755, 12), 0);
	image_put_64(&g, task + l->task_mm, at.mm);
	image_put_64(&g, task + l->task_active_mm, at.mm);
	image_put_64(&g, at.mm + l->mm_pgd, at.space);
	image_put_64(&g, at.mm + l->mm_exe, file);
	/* across the end of a page */
	image_put_64(&g, at.mm + l->mm_arg_start, USER + IMAGE_PAGE - 5);
	image_put_64(&g, at.mm + l->mm_arg_end, USER + IMAGE_PAGE - 5 + size);
	image_map(&g, at.space, USER, page);
	image_put(&g, page + IMAGE_PAGE - 5, argv, size < 5 ? size : 5);
	page = image_page(&g);
	image_map(&g, at.space, USER + IMAGE_PAGE, page);
	if (size > 5)
		image_put(&g, page, argv + 5, size - 5);
}

static void give_ids(uint64_t task)
{
	const struct layout *l = &g.layout;
	uint64_t cred = image_struct(&g), pid = image_struct(&g), proxy = image_struct(&g), uts;
	uint64_t own = pid + l->pid_numbers + l->upid_size;

	image_put_64(&g, task + l->task_start, 123456789);
	image_put_64(&g, task + l->task_cred, cred);
	image_put_32(&g, cred + l->cred_uid, 1000);
	image_put_32(&g, cred + l->cred_gid, 1001);
	image_put_64(&g, cred + l->cred_user_ns, image_ns(&g, l->user_ns_inum, 4026531837));
	image_put_64(&g, task + l->task_pid_struct, pid);
	image_put_32(&g, pid + l->pid_level, 1);
	image_put_32(&g, own + l->upid_nr, 7);
	image_put_64(&g, own + l->upid_ns, image_ns(&g, l->pid_ns_inum, 4026532001));
	image_put_64(&g, task + l->task_nsproxy, proxy);
	uts = image_ns(&g, l->uts_ns_inum, 4026532002);
	image_put(&g, uts + l->uts_release, "6.1.0-made-up", 13);
	image_put_64(&g, proxy + l->nsproxy_uts, uts);
	image_put_64(&g, proxy + l->nsproxy_mnt, image_ns(&g, l->mnt_ns_inum, 4026532003));
	image_put_64(&g, proxy + l->nsproxy_net, image_ns(&g, l->net_ns_inum, 4026532004));
	image_put_64(&g, proxy + l->nsproxy_ipc, image_ns(&g, l->ipc_ns_inum, 4026532005));
	image_put_64(&g, proxy + l->nsproxy_cgroup, image_ns(&g, l->cgroup_ns_inum, 4026532006));
}

static void give_cgroup(uint64_t task)
{
	const struct layout *l = &g.layout;
	uint64_t set = image_struct(&g), cgroup = image_struct(&g);

	at.node = image_node(&g, image_node(&g, image_node(&g, 0, ""), "system.slice"),
			     "server.service");
	image_put_64(&g, task + l->task_cgroups, set);
	image_put_64(&g, set + l->set_cgroup, cgroup);
	image_put_64(&g, cgroup + l->cgroup_node, at.node);
}

static void open_files(void)
{
	const struct layout *l = &g.layout;
	uint64_t dentry, inode, ns, ops;

	inode = image_inode(&g, "devtmpfs", S_IFCHR | 0666, 5);
	image_put_32(&g, inode + l->inode_rdev, 1u << 20 | 3); /* as the kernel has it */
	dentry = image_dentry(&g, image_dentry(&g, at.root, "dev"), "null");
	image_open(&g, at.table, 0, image_file(&g, at.first, dentry, inode, O_RDWR), false);

	dentry = image_dentry(&g, 0, "");
	inode = image_inode(&g, "pipefs", S_IFIFO | 0600, 5555);
	image_open(&g, at.table, 1, image_file(&g, at.first, dentry, inode, O_WRONLY), false);

	dentry = image_dentry(&g, at.data, "gone");
	image_unhash(&g, dentry);
	inode = image_inode(&g, "ext4", S_IFREG | 0644, 77);
	image_open(&g, at.table, 2, image_file(&g, at.second, dentry, inode, O_RDWR | O_APPEND),
		   false);

	dentry = image_dentry(&g, 0, "[eventpoll]");
	inode = image_inode(&g, "anon_inodefs", 0600, 9);
	image_open(&g, at.table, 3, image_file(&g, at.first, dentry, inode, O_RDWR), true);

	dentry = image_dentry(&g, image_dentry(&g, 0, ""), "memfd:x");
	image_makes_names(&g, dentry);
	inode = image_inode(&g, "tmpfs", S_IFREG | 0777, 1029);
	image_open(&g, at.table, 4, image_file(&g, at.first, dentry, inode, O_RDWR), false);

	ns = image_struct(&g);
	ops = image_struct(&g);
	image_put_64(&g, ns + l->ns_ops, ops);
	image_put_64(&g, ops + l->ns_ops_name, image_string(&g, "mnt"));
	inode = image_inode(&g, "nsfs", S_IFREG | 0444, 4026532003);
	image_put_64(&g, inode + l->inode_private, ns);
	image_open(&g, at.table, 5, image_file(&g, at.first, at.root, inode, O_RDONLY), false);

	inode = image_inode(&g, "ext4", S_IFREG | 0644, 78);
	at.file = image_file(&g, at.second, image_dentry(&g, at.data, "log\x1b[2J"), inode, O_RDWR);
	image_put_64(&g, at.file + l->file_pos, 0x123456789aULL);
	image_open(&g, at.table, 6, at.file, false);

	inode = image_inode(&g, "ext4", S_IFDIR | 0755, 2);
	image_open(&g, at.table, 7,
		   image_file(&g, at.second, at.mnt, inode, O_RDONLY | O_DIRECTORY), false);
}

static uint64_t unix_name(const void *name, uint32_t n)
{
	const struct layout *l = &g.layout;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	uint64_t bytes = image_struct(&g);

	memcpy(address.sun_path, name, n);
	image_put_32(&g, bytes + l->unix_addr_len, n + 2);
	image_put(&g, bytes + l->unix_addr_name, &address, n + 2);
	return bytes;
}

static void open_sockets(void)
{
	const struct layout *l = &g.layout;
	struct in6_addr six;
	uint64_t sock, peer, file;

	file = image_socket(&g, 100, AF_INET, SOCK_STREAM, IPPROTO_TCP, ESTABLISHED, &sock);
	image_put_16(&g, sock + l->inet_sport, htons(22));
	image_put_16(&g, sock + l->sock_dport, htons(50000));
	image_put_32(&g, sock + l->sock_rcv_saddr, htonl(0x0a00020f));
	image_put_32(&g, sock + l->sock_daddr, htonl(0x0a000202));
	image_open(&g, at.table, 10, file, false);

	file = image_socket(&g, 101, AF_INET6, SOCK_STREAM, IPPROTO_TCP, LISTEN, &sock);
	image_put_16(&g, sock + l->inet_sport, htons(443));
	image_open(&g, at.table, 11, file, false);

	file = image_socket(&g, 102, AF_INET6, SOCK_STREAM, IPPROTO_TCP, ESTABLISHED, &sock);
	image_put_16(&g, sock + l->inet_sport, htons(443));
	image_put_16(&g, sock + l->sock_dport, htons(50001));
	inet_pton(AF_INET6, "fe80::1", &six);
	image_put(&g, sock + l->sock_v6_rcv_saddr, &six, 16);
	inet_pton(AF_INET6, "2001:db8::2", &six);
	image_put(&g, sock + l->sock_v6_daddr, &six, 16);
	image_put_32(&g, sock + l->sock_device, 3);
	image_open(&g, at.table, 12, file, false);

	file = image_socket(&g, 103, AF_UNIX, SOCK_STREAM, 0, ESTABLISHED, &sock);
	image_socket(&g, 104, AF_UNIX, SOCK_STREAM, 0, ESTABLISHED, &peer);
	image_put_64(&g, sock + l->unix_peer, peer);
	image_put_64(&g, peer + l->unix_addr, unix_name("/run/bus", 9));
	image_open(&g, at.table, 13, file, false);

	file = image_socket(&g, 105, AF_UNIX, SOCK_DGRAM, 0, ESTABLISHED, &sock);
	image_put_64(&g, sock + l->unix_addr, unix_name("\0hidden", 7));
	image_open(&g, at.table, 100, file, true);
}

static void make(unsigned int levels)
{
	const struct layout *l = &g.layout;
	uint64_t bin, kthread;

	image_init(&g, levels);
	at.root = image_dentry(&g, 0, "/");
	at.first = image_mount(&g, 0, 0, at.root);
	bin = image_dentry(&g, image_dentry(&g, at.root, "usr"), "bin");
	at.exe = image_dentry(&g, bin, "server");
	at.mnt = image_dentry(&g, 0, "/");
	at.second = image_mount(&g, at.first, image_dentry(&g, at.root, "mnt"), at.mnt);
	at.data = image_dentry(&g, at.mnt, "data");
	at.work = image_dentry(&g, at.data, "work");

	at.head = image_task(&g, 0, 0, 0, "swapper/0");
	at.init = image_task(&g, at.head, at.head, 1, "init");
	kthread = image_task(&g, at.head, at.head, 2, "kthreadd");
	image_put_32(&g, kthread + l->task_flags, KTHREAD);
	at.server = image_task(&g, at.head, at.init, 100, "server");
	at.child = image_task(&g, at.head, at.server, 101, "child");
	give_ids(at.head);
	give_fs(at.init, at.first, at.root);
	give_fs(at.child, at.first, at.root);
	give_fs(at.server, at.second, at.work);
	give_ids(at.server);
	give_cgroup(at.server);
	give_mm(at.server, at.exe, "server\0-x\0a b\0", 15);
	at.table = image_table(&g, at.server);
	open_files();
	open_sockets();
	image_put_64(&g, g.gs + IMAGE_CURRENT, at.server);
}

static int setup(void **state)
{
	(void)state;
	make(4);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	image_uninit(&g);
	sc_buf_free(&out);
	sc_snapshot_process_free(&found);
	memset(&found, 0, sizeof(found));
	return 0;
}

/* ---- looking at what was read ---- */

static void take_with(uint32_t reads)
{
	struct snapshot_source src = {
		.ops = &image_ops,
		.arg = &g,
		.nr_vcpus = 1,
		.current_off = IMAGE_CURRENT,
		.budget_ns = 500000000000ULL, /* how long it takes is not what is tried here */
		.budget_reads = reads,
	};
	struct sc_error why = { "" };
	size_t pos;

	g.reads = 0;
	assert_int_equal(snapshot_take(&src, &g.layout, &out, &why), 0);
	assert_int_equal(sc_snapshot_begin(out.data, out.len, &pos, &about), 0);
}

static void take(void)
{
	take_with(0);
	assert_true(g.reads < READS_MOST);
}

/* @retval false  the snapshot has no such process */
static bool has(uint32_t pid)
{
	size_t pos;
	int rc;

	assert_int_equal(sc_snapshot_begin(out.data, out.len, &pos, &about), 0);
	while ((rc = sc_snapshot_next(out.data, out.len, &pos, &found)) == 1)
		if (found.pid == pid)
			return true;
	assert_int_equal(rc, 0);
	return false;
}

static void assert_bytes(const struct sc_snapshot_bytes *b, const void *expected, size_t n)
{
	assert_int_equal(b->size, n);
	if (n != 0)
		assert_memory_equal(b->data, expected, n);
}

static void assert_text(const struct sc_snapshot_bytes *b, const char *expected)
{
	assert_bytes(b, expected, strlen(expected));
}

static const struct sc_snapshot_fd *fd(uint32_t number)
{
	for (size_t i = 0; i < found.n_fds; i++)
		if (found.fds[i].fd == number)
			return &found.fds[i];
	fail_msg("descriptor %u is missing", number);
	return NULL;
}

/* ---- all is well ---- */

static void check_files(void)
{
	assert_text(&fd(0)->name, "/dev/null");
	assert_int_equal(fd(0)->kind, SC_SNAPSHOT_CHARACTER);
	assert_int_equal(fd(0)->device, 0x103);
	assert_text(&fd(1)->name, "pipe:[5555]");
	assert_int_equal(fd(1)->kind, SC_SNAPSHOT_PIPE);
	assert_int_equal(fd(1)->flags, O_WRONLY);
	assert_text(&fd(2)->name, "/mnt/data/gone (deleted)");
	assert_int_equal(fd(2)->flags, O_RDWR | O_APPEND);
	assert_text(&fd(3)->name, "anon_inode:[eventpoll]");
	assert_int_equal(fd(3)->kind, SC_SNAPSHOT_ANON);
	assert_true(fd(3)->cloexec);
	assert_text(&fd(4)->name, "/memfd:x (deleted)");
	assert_text(&fd(5)->name, "mnt:[4026532003]");
	assert_text(&fd(6)->name, "/mnt/data/log\x1b[2J");
	assert_int_equal(fd(6)->kind, SC_SNAPSHOT_FILE);
	assert_int_equal(fd(6)->inode, 78);
	assert_int_equal(fd(6)->pos, 0x123456789aULL);
	assert_false(fd(6)->cloexec);
	assert_text(&fd(7)->name, "/mnt");
	assert_int_equal(fd(7)->kind, SC_SNAPSHOT_DIRECTORY);
}

static void assert_inet(const struct sc_snapshot_bytes *b, const char *address, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, address, &in.sin_addr);
	assert_bytes(b, &in, sizeof(in));
}

static void assert_inet6(const struct sc_snapshot_bytes *b, const char *address, uint16_t port,
			 uint32_t scope)
{
	struct sockaddr_in6 in = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	in.sin6_scope_id = scope;
	inet_pton(AF_INET6, address, &in.sin6_addr);
	assert_bytes(b, &in, sizeof(in));
}

static void check_sockets(void)
{
	static const sa_family_t nobody = AF_UNIX;

	assert_text(&fd(10)->name, "socket:[100]");
	assert_int_equal(fd(10)->kind, SC_SNAPSHOT_SOCKET);
	assert_int_equal(fd(10)->domain, AF_INET);
	assert_int_equal(fd(10)->type, SOCK_STREAM);
	assert_int_equal(fd(10)->protocol, IPPROTO_TCP);
	assert_int_equal(fd(10)->state, ESTABLISHED);
	assert_inet(&fd(10)->local, "10.0.2.15", 22);
	assert_inet(&fd(10)->remote, "10.0.2.2", 50000);
	assert_int_equal(fd(11)->state, LISTEN);
	assert_inet6(&fd(11)->local, "::", 443, 0);
	assert_int_equal(fd(11)->remote.size, 0);
	assert_inet6(&fd(12)->local, "fe80::1", 443, 3);
	assert_inet6(&fd(12)->remote, "2001:db8::2", 50001, 0);
	assert_bytes(&fd(13)->local, &nobody, sizeof(nobody));
	assert_bytes(&fd(13)->remote, "\1\0/run/bus", 11);
	assert_bytes(&fd(100)->local, "\1\0\0hidden", 9);
	assert_int_equal(fd(100)->type, SOCK_DGRAM);
	assert_true(fd(100)->cloexec);
}

static void check_server(void)
{
	assert_true(has(100));
	assert_int_equal(found.missing, 0);
	assert_int_equal(found.tid, 100);
	assert_int_equal(found.ppid, 1);
	assert_int_equal(found.uid, 1000);
	assert_int_equal(found.gid, 1001);
	assert_int_equal(found.ns_pid, 7);
	assert_int_equal(found.task, at.server);
	assert_int_equal(found.start, 123456789);
	assert_false(found.zombie);
	assert_text(&found.comm, "server");
	assert_text(&found.exe, "/usr/bin/server");
	assert_text(&found.cwd, "/mnt/data/work");
	assert_text(&found.root, "/");
	assert_text(&found.cgroup, "/system.slice/server.service");
	assert_int_equal(found.n_args, 4);
	assert_text(&found.args[0], "server");
	assert_text(&found.args[1], "-x");
	assert_text(&found.args[2], "a b");
	assert_text(&found.args[3], "");
	assert_int_equal(found.ns[SC_SNAPSHOT_NS_USER], 4026531837);
	assert_int_equal(found.ns[SC_SNAPSHOT_NS_PID], 4026532001);
	assert_int_equal(found.ns[SC_SNAPSHOT_NS_UTS], 4026532002);
	assert_int_equal(found.ns[SC_SNAPSHOT_NS_MNT], 4026532003);
	assert_int_equal(found.ns[SC_SNAPSHOT_NS_NET], 4026532004);
	assert_int_equal(found.ns[SC_SNAPSHOT_NS_IPC], 4026532005);
	assert_int_equal(found.ns[SC_SNAPSHOT_NS_CGROUP], 4026532006);
	assert_int_equal(found.n_fds, 13);
	check_files();
	check_sockets();
}

/* The others are there, each once, and the kernel's own are not. */
static void check_others(void)
{
	assert_true(has(1));
	assert_int_equal(found.ppid, 0);
	assert_true(has(101));
	assert_int_equal(found.ppid, 100);
	assert_text(&found.comm, "child");
	assert_false(has(0));
	assert_false(has(2));
}

static void test_everything(void **state)
{
	(void)state;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		if (levels == 5) {
			teardown(NULL);
			make(5);
		}
		take();
		assert_int_equal(about.cut, 0);
		assert_int_equal(about.processes, 3);
		assert_text(&about.release, "6.1.0-made-up");
		check_server();
		check_others();
	}
}

/* A process whose address a table of four levels does not reach. */
static void test_five_levels(void **state)
{
	const uint64_t far = 0x00ffabcdef123000ULL;
	uint64_t page;

	(void)state;
	teardown(NULL);
	make(5);
	page = image_page(&g);
	image_put(&g, page + 100, "far away", 9);
	image_map(&g, at.space, far, page);
	image_put_64(&g, at.mm + g.layout.mm_arg_start, far + 100);
	image_put_64(&g, at.mm + g.layout.mm_arg_end, far + 109);
	take();
	assert_true(has(100));
	assert_int_equal(found.missing, 0);
	assert_int_equal(found.n_args, 1);
	assert_text(&found.args[0], "far away");
}

/* ---- one thing is not ---- */

/* All of the server but what `missing` says; the others are whole. */
static void check_but(uint32_t missing)
{
	take();
	assert_int_equal(about.cut, 0);
	check_others();
	assert_true(has(100));
	assert_int_equal(found.missing, missing);
	assert_text(&found.comm, "server");
	if (!(missing & SC_SNAPSHOT_NO_EXE))
		assert_text(&found.exe, "/usr/bin/server");
	if (!(missing & SC_SNAPSHOT_NO_CWD))
		assert_text(&found.cwd, "/mnt/data/work");
	if (!(missing & SC_SNAPSHOT_NO_ARGV))
		assert_int_equal(found.n_args, 4);
	if (!(missing & SC_SNAPSHOT_NO_FDS))
		check_files();
	check_sockets();
}

static void test_list_to_itself(void **state)
{
	uint64_t link = at.init + g.layout.task_tasks;

	(void)state;
	image_put_64(&g, link, link);
	take();
	assert_int_equal(about.cut, SC_SNAPSHOT_CUT_LIST);
	/* from the other side */
	check_server();
	assert_true(has(1));
	assert_true(has(101));
}

static void test_list_to_nowhere(void **state)
{
	static const uint64_t nowhere[] = { 0, 0xffffc90000000000ULL, 0x1000, UINT64_MAX };
	uint64_t link = at.child + g.layout.task_tasks;

	(void)state;
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		image_put_64(&g, link, nowhere[i]);
		take();
		assert_int_equal(about.cut, SC_SNAPSHOT_CUT_LIST);
		assert_int_equal(about.processes, 3);
		check_server();
	}
}

/* A list within the list, which never comes to its head again. */
static void test_list_never_back(void **state)
{
	uint64_t link = at.child + g.layout.task_tasks, init = at.init + g.layout.task_tasks;

	(void)state;
	image_put_64(&g, link, init);
	take();
	assert_int_equal(about.cut, SC_SNAPSHOT_CUT_LIST);
	check_server();
	/* Where both sides say so the way to the server is barred, and that is told. */
	image_put_64(&g, init + 8, link);
	take();
	assert_int_equal(about.cut, SC_SNAPSHOT_CUT_LIST);
}

/* More tasks than can be: lists overlap, so that a small guest has that many. */
static void test_list_without_end(void **state)
{
	const uint32_t tasks = 70000, tasks_at = g.layout.task_tasks;
	uint64_t first = g.base + g.used, last = at.child + tasks_at, next;

	(void)state;
	assert_true(g.used + (tasks + 512ULL) * 16 < (uint64_t)IMAGE_PAGES * IMAGE_PAGE);
	for (uint32_t i = 0; i < tasks; i++, last = next) {
		next = first + i * 16ULL;
		image_put_64(&g, last, next);
		image_put_64(&g, next + 8, last);
	}
	image_put_64(&g, last, at.head + tasks_at);
	image_put_64(&g, at.head + tasks_at + 8, last);
	take_with(0);
	assert_int_equal(about.cut, SC_SNAPSHOT_CUT_SIZE);
	check_server();
}

static void test_parents_in_a_circle(void **state)
{
	(void)state;
	image_put_64(&g, at.init + g.layout.task_parent, at.child);
	take();
	check_server();
	assert_true(has(1));
	assert_true(has(101));
	assert_false(has(2));
}

/* The first thread has ended; those behind it are a circle in which all have. */
static void test_threads_in_a_circle(void **state)
{
	const struct layout *l = &g.layout;
	uint64_t threads = image_get_64(&g, at.child + l->task_signal) + l->signal_thread_head;
	uint64_t other = image_struct(&g);

	(void)state;
	image_put_32(&g, at.child + l->task_exit_state, 32);
	image_put_32(&g, other + l->task_exit_state, 32);
	image_put_64(&g, threads, other + l->task_thread_node);
	image_put_64(&g, other + l->task_thread_node, other + l->task_thread_node);
	take();
	assert_int_equal(about.cut, 0);
	check_server();
	assert_true(has(101));
	assert_true(found.zombie);
}

static void test_descriptors_more_than_can_be(void **state)
{
	static const uint32_t counts[] = { 0x80000000, 0xffffffff, 1u << 21 };
	const uint64_t window = g.base + (1ULL << 31);
	uint64_t bits = image_page(&g), i;

	(void)state;
	for (i = 0; i < 2; i++)
		image_put_64(
			&g, bits + i * 8,
			image_get_64(&g, image_get_64(&g, at.table + g.layout.table_open) + i * 8));
	image_window(&g, window, bits, image_page(&g));
	for (i = 0; i < 2 * sizeof(counts) / sizeof(counts[0]); i++) {
		if (i == sizeof(counts) / sizeof(counts[0])) /* and the bits are all there */
			image_put_64(&g, at.table + g.layout.table_open, window);
		image_put_32(&g, at.table + g.layout.table_max,
			     counts[i % (sizeof(counts) / sizeof(counts[0]))]);
		check_but(SC_SNAPSHOT_NO_FDS);
		assert_int_equal(found.n_fds, 13);
		check_files();
	}
}

/* A million of them, all open: one page again and again. */
static void test_descriptors_all_open(void **state)
{
	const struct layout *l = &g.layout;
	const uint64_t window = g.base + (1ULL << 31);
	uint64_t page = image_page(&g), bits = image_page(&g);
	unsigned int i;

	(void)state;
	for (i = 0; i < 512; i++) {
		image_put_64(&g, page + i * 8, at.file);
		image_put_64(&g, bits + i * 8, UINT64_MAX);
	}
	image_window(&g, window, page, page);
	image_window(&g, window + (1ULL << 30), bits, bits);
	image_put_64(&g, at.table + l->table_fd, window);
	image_put_64(&g, at.table + l->table_open, window + (1ULL << 30));
	image_put_32(&g, at.table + l->table_max, 1u << 20);
	take();
	assert_true(has(100));
	assert_int_equal(found.missing, SC_SNAPSHOT_NO_FDS);
	assert_int_equal(found.n_fds, SC_SNAPSHOT_FDS_MAX);
	assert_text(&found.fds[SC_SNAPSHOT_FDS_MAX - 1].name, "/mnt/data/log\x1b[2J");
	check_others();
}

static void test_descriptors_nowhere(void **state)
{
	(void)state;
	image_put_64(&g, image_get_64(&g, at.table + g.layout.table_fd) + 6 * 8, 0x41414141);
	take();
	assert_true(has(100));
	assert_int_equal(found.missing, SC_SNAPSHOT_NO_FDS);
	assert_int_equal(found.n_fds, 12);
	check_sockets();
}

static void test_dentries_in_a_circle(void **state)
{
	(void)state;
	/* where it is and what it has open there */
	image_put_64(&g, at.data + g.layout.dentry_parent, at.work);
	take();
	assert_true(has(100));
	assert_int_equal(found.missing, SC_SNAPSHOT_NO_CWD | SC_SNAPSHOT_NO_FDS);
	assert_int_equal(found.cwd.size, 0);
	assert_text(&found.exe, "/usr/bin/server");
	assert_text(&fd(0)->name, "/dev/null");
	assert_text(&fd(6)->name, "");
	assert_int_equal(fd(6)->inode, 78);
	check_sockets();
	check_others();
}

static void test_name_of_4_gigabytes(void **state)
{
	static const uint32_t lengths[] = { UINT32_MAX, 0x80000000, 256 };
	char name[301];

	(void)state;
	memset(name, 'x', 300); /* so long is it in truth */
	name[300] = '\0';
	image_put_64(&g, at.exe + g.layout.dentry_name, image_string(&g, name));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		image_put_32(&g, at.exe + g.layout.dentry_name_len, lengths[i]);
		check_but(SC_SNAPSHOT_NO_EXE);
		assert_int_equal(found.exe.size, 0);
	}
}

/* Slashes and NUL in a name would be another path. */
static void test_names_that_are_paths(void **state)
{
	uint64_t name = image_get_64(&g, at.exe + g.layout.dentry_name);

	(void)state;
	image_put(&g, name, "/", 1);
	check_but(SC_SNAPSHOT_NO_EXE);
	image_put(&g, name, "", 1);
	check_but(SC_SNAPSHOT_NO_EXE);
}

/* A path longer than any may be. */
static void test_path_without_end(void **state)
{
	char name[256];
	uint64_t dentry = at.root;

	(void)state;
	memset(name, 'x', 255);
	name[255] = '\0';
	for (int i = 0; i < 20; i++)
		dentry = image_dentry(&g, dentry, name);
	image_put_64(&g, at.exe + g.layout.dentry_parent, dentry);
	check_but(SC_SNAPSHOT_NO_EXE);
}

static void test_arguments_of_a_gigabyte(void **state)
{
	const struct layout *l = &g.layout;
	uint64_t page = image_page(&g), i;

	(void)state;
	for (i = 0; i < IMAGE_PAGE; i++)
		image_put(&g, page + i, i % 128 ? "a" : "", 1);
	for (i = 2; i < 100; i++)
		image_map(&g, at.space, USER + i * IMAGE_PAGE - (1 << 22), page);
	image_put_64(&g, at.mm + l->mm_arg_start, USER + 2ULL * IMAGE_PAGE - (1 << 22));
	image_put_64(&g, at.mm + l->mm_arg_end, USER + (1ULL << 30));
	check_but(SC_SNAPSHOT_NO_ARGV);
	assert_int_equal(found.n_args, SC_SNAPSHOT_ARGV_MAX / 128 + 1);

	/* a million of them */
	for (i = 0; i < IMAGE_PAGE; i++)
		image_put(&g, page + i, "", 1);
	check_but(SC_SNAPSHOT_NO_ARGV);
	assert_int_equal(found.n_args, SC_SNAPSHOT_ARGS_MAX);

	/* one without end, out of the process's half, backwards */
	image_put_64(&g, at.mm + l->mm_arg_end, UINT64_MAX);
	check_but(SC_SNAPSHOT_NO_ARGV);
	image_put_64(&g, at.mm + l->mm_arg_start, UINT64_MAX - 10);
	check_but(SC_SNAPSHOT_NO_ARGV);
	assert_int_equal(found.n_args, 0);
	image_put_64(&g, at.mm + l->mm_arg_start, g.base);
	check_but(SC_SNAPSHOT_NO_ARGV);
	assert_int_equal(found.n_args, 0);
	image_put_64(&g, at.mm + l->mm_arg_end, 0);
	check_but(SC_SNAPSHOT_NO_ARGV);
}

/* Tables of a process that lead to themselves: its arguments are bytes of them. */
static void test_tables_in_a_circle(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 256; i++)
		image_put_64(&g, at.space + i * 8, image_gpa(&g, at.space) | 0x67);
	image_put_64(&g, at.mm + g.layout.mm_arg_end, USER + (1ULL << 30));
	check_but(SC_SNAPSHOT_NO_ARGV);
	assert_true(found.n_args <= SC_SNAPSHOT_ARGS_MAX);
}

/* The kernel's do: each page is asked for. */
static void test_tables_of_nothing(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 512; i++)
		image_put_64(&g, at.space + i * 8, image_gpa(&g, at.space) | 0x67);
	check_but(SC_SNAPSHOT_NO_ARGV);
	assert_int_equal(found.n_args, 0);
	/* where there is no memory at all */
	for (unsigned int i = 0; i < 512; i++)
		image_put_64(&g, at.space + i * 8, 0x000ffffffffff067ULL);
	check_but(SC_SNAPSHOT_NO_ARGV);
}

static void test_mounts_in_a_circle(void **state)
{
	const struct layout *l = &g.layout;
	uint64_t second = at.second - l->mount_mnt;

	(void)state;
	/* one upon another's root, and that on this one's */
	image_put_64(&g, second + l->mount_parent,
		     image_mount(&g, at.second, at.mnt, at.root) - l->mount_mnt);
	image_put_64(&g, second + l->mount_point, at.root);
	take();
	assert_true(has(100));
	assert_int_equal(found.missing, SC_SNAPSHOT_NO_CWD | SC_SNAPSHOT_NO_FDS);
	assert_text(&found.exe, "/usr/bin/server");
	assert_text(&fd(7)->name, "");
	check_sockets();
	check_others();
}

static void test_cgroups_in_a_circle(void **state)
{
	(void)state;
	image_put_64(&g, at.node + g.layout.node_parent, at.node);
	check_but(SC_SNAPSHOT_NO_CGROUP);
	assert_int_equal(found.cgroup.size, 0);
}

static void test_addresses_too_long(void **state)
{
	const struct layout *l = &g.layout;
	uint64_t file = image_get_64(&g, image_get_64(&g, at.table + l->table_fd) + 100 * 8);
	uint64_t sock = image_get_64(&g, image_get_64(&g, file + l->file_private) + l->socket_sk);
	uint64_t address = image_get_64(&g, sock + l->unix_addr);

	(void)state;
	image_put_32(&g, address + l->unix_addr_len, UINT32_MAX);
	take();
	assert_true(has(100));
	assert_int_equal(fd(100)->local.size, 0);
	assert_text(&fd(100)->name, "socket:[105]");
	check_files();
}

static void test_namespaces_too_deep(void **state)
{
	const struct layout *l = &g.layout;
	uint64_t pid = image_get_64(&g, at.server + l->task_pid_struct);
	uint64_t own = pid + l->pid_numbers + 33ULL * l->upid_size;

	(void)state;
	image_put_32(&g, pid + l->pid_level, 33);
	image_put_32(&g, own + l->upid_nr, 9);
	image_put_64(&g, own + l->upid_ns, image_ns(&g, l->pid_ns_inum, 4026532009));
	check_but(SC_SNAPSHOT_NO_NS);
	assert_int_equal(found.ns_pid, 0);
	image_put_32(&g, pid + l->pid_level, UINT32_MAX);
	check_but(SC_SNAPSHOT_NO_NS);
	assert_int_equal(found.ns_pid, 0);
}

/* However little may be read, what there is so far is a snapshot. */
static void test_budgets(void **state)
{
	struct snapshot_source src = {
		.ops = &image_ops,
		.arg = &g,
		.nr_vcpus = 1,
		.current_off = IMAGE_CURRENT,
		.budget_ns = 500000000000ULL,
	};
	struct sc_error why = { "" };
	uint32_t reads, whole;
	size_t pos;
	int rc;

	(void)state;
	take();
	whole = (uint32_t)g.reads * 2 + 100; /* and translations */
	for (reads = 1; reads <= whole; reads += 1 + reads / 10) {
		g.reads = 0;
		src.budget_reads = reads;
		rc = snapshot_take(&src, &g.layout, &out, &why);
		assert_true(g.reads <= reads);
		if (rc < 0) {
			assert_int_equal(rc, -ENOENT);
			continue;
		}
		assert_int_equal(sc_snapshot_begin(out.data, out.len, &pos, &about), 0);
		assert_true(about.cut != 0 || about.processes == 3);
	}
	assert_int_equal(about.cut, 0);
	src.budget_bytes = 200; /* one of the small ones */
	assert_int_equal(snapshot_take(&src, &g.layout, &out, &why), 0);
	assert_int_equal(sc_snapshot_begin(out.data, out.len, &pos, &about), 0);
	assert_int_equal(about.cut, SC_SNAPSHOT_CUT_SIZE);
	assert_true(about.processes < 3);
}

int main(void)
{
#define GUEST_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		GUEST_TEST(test_everything),
		GUEST_TEST(test_five_levels),
		GUEST_TEST(test_list_to_itself),
		GUEST_TEST(test_list_to_nowhere),
		GUEST_TEST(test_list_never_back),
		GUEST_TEST(test_list_without_end),
		GUEST_TEST(test_parents_in_a_circle),
		GUEST_TEST(test_threads_in_a_circle),
		GUEST_TEST(test_descriptors_more_than_can_be),
		GUEST_TEST(test_descriptors_all_open),
		GUEST_TEST(test_descriptors_nowhere),
		GUEST_TEST(test_dentries_in_a_circle),
		GUEST_TEST(test_name_of_4_gigabytes),
		GUEST_TEST(test_names_that_are_paths),
		GUEST_TEST(test_path_without_end),
		GUEST_TEST(test_arguments_of_a_gigabyte),
		GUEST_TEST(test_tables_in_a_circle),
		GUEST_TEST(test_tables_of_nothing),
		GUEST_TEST(test_mounts_in_a_circle),
		GUEST_TEST(test_cgroups_in_a_circle),
		GUEST_TEST(test_addresses_too_long),
		GUEST_TEST(test_namespaces_too_deep),
		GUEST_TEST(test_budgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
