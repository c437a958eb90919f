// SPDX-License-Identifier: GPL-2.0-only
/*
 * before make FOLDER   processes with descriptors of every sort, places and namespaces of their
 *                      own; says NAME=PID of each and leaves them there. The first writes to
 *                      its file "log" five times a second.
 * before dump          what /proc says of all processes, as JSON like that of the program
 *                      snapshot; bytes are hexadecimal. A last line has the tables of sockets.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/netlink.h>

#define PORT 7100
#define KTHREAD 0x00200000u /* PF_KTHREAD, include/linux/sched.h */

static void must(long ok, const char *what)
{
	if (ok >= 0)
		return;
	perror(what);
	exit(1);
}

/* ---- make ---- */

static void open_files(void)
{
	int pipes[2], fd;

	fd = open("log", O_RDWR | O_CREAT | O_APPEND, 0644);
	must(fd, "log");
	must(write(fd, "12345", 5), "write");
	must(dup2(fd, 70), "dup2");
	must(dup3(fd, 300, O_CLOEXEC), "dup3");
	must(lseek(fd, 3, SEEK_SET), "lseek");
	must(open("gone", O_WRONLY | O_CREAT, 0600), "gone");
	must(unlink("gone"), "unlink");
	must(open("name\n\x1b[2J\t\xff", O_RDWR | O_CREAT, 0600), "name");
	must(open(".", O_RDONLY | O_DIRECTORY), ".");
	must(open("/proc/self/ns/mnt", O_RDONLY), "ns");
	must(open("/dev/zero", O_RDONLY | O_CLOEXEC), "zero");
	must(open("/proc/self/status", O_RDONLY), "status");
	must(symlink("nowhere", "link"), "symlink");
	must(open("link", O_PATH | O_NOFOLLOW), "link");
	must(mkfifo("fifo", 0600), "mkfifo");
	must(open("fifo", O_RDWR), "fifo");
	must(pipe2(pipes, O_NONBLOCK), "pipe2");
	must(eventfd(0, EFD_CLOEXEC), "eventfd");
	must(epoll_create1(0), "epoll");
	must(timerfd_create(CLOCK_MONOTONIC, 0), "timerfd");
	must(inotify_init1(IN_NONBLOCK), "inotify");
	must(memfd_create("in memory", 0), "memfd");
}

static void unix_sockets(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "socket" };
	socklen_t length = offsetof(struct sockaddr_un, sun_path) + 7;
	int pair[2], fd = socket(AF_UNIX, SOCK_STREAM, 0);

	must(bind(fd, (struct sockaddr *)&a, sizeof(a)), "bind");
	must(listen(fd, 3), "listen");
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	must(connect(fd, (struct sockaddr *)&a, sizeof(a)), "connect");
	memcpy(a.sun_path, "\0hidden", 7);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	must(bind(fd, (struct sockaddr *)&a, length), "bind");
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), "socketpair");
}

static void inet_sockets(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(PORT + 1) };
	struct sockaddr_nl netlink = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), fd;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), "setsockopt");
	must(bind(listener, (struct sockaddr *)&a, sizeof(a)), "bind");
	must(listen(listener, 5), "listen");
	fd = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(fd, (struct sockaddr *)&a, sizeof(a)), "connect");
	must(accept(listener, NULL, NULL), "accept");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	must(bind(fd, (struct sockaddr *)&a, sizeof(a)), "bind");
	six.sin6_addr = in6addr_loopback;
	listener = socket(AF_INET6, SOCK_STREAM, 0);
	must(bind(listener, (struct sockaddr *)&six, sizeof(six)), "bind");
	must(listen(listener, 5), "listen");
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	must(connect(fd, (struct sockaddr *)&six, sizeof(six)), "connect");
	must(accept(listener, NULL, NULL), "accept");
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	must(bind(fd, (struct sockaddr *)&netlink, sizeof(netlink)), "bind");
}

/* What each of them is. It says so when it is. */
static void be_files(void)
{
	must(mkdir("work", 0755), "work");
	must(chdir("work"), "work");
	open_files();
}

static void be_sockets(void)
{
	unix_sockets();
	inet_sockets();
}

static void be_chroot(void)
{
	must(mkdir("root", 0755), "root");
	must(mkdir("root/in", 0755), "root/in");
	must(chroot("root"), "chroot");
	must(chdir("/in"), "/in");
	must(open("file", O_WRONLY | O_CREAT, 0644), "file");
	must(setgid(33), "setgid");
	must(setuid(44), "setuid");
}

/* The process that goes on is the first of its namespace of pids. */
static void be_spaces(void)
{
	pid_t child;

	must(unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWIPC),
	     "unshare");
	child = fork();
	must(child, "fork");
	if (child != 0) {
		pause();
		exit(0);
	}
	must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	must(mkdir("mnt", 0755), "mnt");
	must(mount("tmpfs", "mnt", "tmpfs", 0, NULL), "tmpfs");
	must(mkdir("mnt/deep", 0755), "deep");
	must(chdir("mnt/deep"), "deep");
	must(open("file", O_WRONLY | O_CREAT, 0644), "file");
}

static void be_cgroup(void)
{
	FILE *f;

	must(mkdir("cgroup", 0755), "cgroup");
	must(mount("none", "cgroup", "cgroup2", 0, NULL), "cgroup2");
	mkdir("cgroup/a.slice", 0755); /* may be left from the last time */
	mkdir("cgroup/a.slice/b.scope", 0755);
	f = fopen("cgroup/a.slice/b.scope/cgroup.procs", "w");
	must(f != NULL ? 0 : -1, "cgroup.procs");
	must(fprintf(f, "%d\n", getpid()), "cgroup.procs");
	must(fclose(f), "cgroup.procs");
}

/* It has a child that has ended. */
static void be_parent(void)
{
	siginfo_t info;
	pid_t child = fork();

	must(child, "fork");
	if (child == 0)
		_exit(3);
	must(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), "waitid");
}

static const struct {
	const char *name;
	void (*be)(void);
} roles[] = {
	{ "files", be_files },	 { "sockets", be_sockets }, { "chroot", be_chroot },
	{ "spaces", be_spaces }, { "cgroup", be_cgroup },   { "parent", be_parent },
};

#define ROLES (sizeof(roles) / sizeof(roles[0]))

/* It becomes that, in a process of its own that was executed so that its arguments are known. */
static void play(const char *name, int report)
{
	char self[32];
	size_t i;
	ssize_t n;

	for (i = 0; i < ROLES && strcmp(roles[i].name, name) != 0; i++)
		;
	if (i == ROLES)
		exit(2);
	roles[i].be();
	/* of the outermost namespace: /proc is of that */
	n = readlink("/proc/self", self, sizeof(self) - 1);
	if (n < 0)
		n = snprintf(self, sizeof(self), "%d", getpid());
	must(dprintf(report, "%s=%.*s\n", name, (int)n, self), "report");
	close(report);
	for (;;) {
		if (i == 0)
			must(write(70, "tick\n", 5), "write");
		usleep(200000);
	}
}

static int make(const char *folder)
{
	char number[16], text[4096];
	int pipes[2], fd;
	ssize_t n;
	size_t i;

	must(mkdir(folder, 0755), folder);
	must(chdir(folder), folder);
	for (i = 0; i < ROLES; i++) {
		must(pipe(pipes), "pipe");
		if (fork() == 0) {
			close(pipes[0]);
			setsid();
			must(mkdir(roles[i].name, 0755), "mkdir");
			must(chdir(roles[i].name), "chdir");
			fd = open("/dev/null", O_RDWR);
			dup2(fd, 0);
			dup2(fd, 1);
			close(fd);
			snprintf(number, sizeof(number), "%d", pipes[1]);
			execl("/proc/self/exe", "before", "play", roles[i].name, number, "",
			      "two words\x1b[31m\n", (char *)NULL);
			exit(1);
		}
		close(pipes[1]);
		n = read(pipes[0], text, sizeof(text));
		close(pipes[0]);
		if (n <= 0)
			return 1;
		printf("%.*s", (int)n, text);
	}
	return 0;
}

/* ---- dump ---- */

static void hex(const char *key, const char *data, size_t n)
{
	printf(",\"%s\":\"", key);
	for (size_t i = 0; i < n; i++)
		printf("%02x", (unsigned char)data[i]);
	putchar('"');
}

/* @retval bytes of a file of a process; 0: none, or it cannot be read */
static size_t slurp(const char *pid, const char *what, char *to, size_t size)
{
	char path[64];
	size_t n = 0;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while (n < size - 1 && (got = read(fd, to + n, size - 1 - n)) > 0)
		n += (size_t)got;
	close(fd);
	to[n] = '\0';
	return n;
}

static void put_link(const char *key, const char *pid, const char *what)
{
	char path[64], text[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, what);
	n = readlink(path, text, sizeof(text));
	hex(key, text, n > 0 ? (size_t)n : 0);
}

/* The value behind NAME: in a text of lines; the last number of it. */
static long value(const char *text, const char *name, int last)
{
	const char *p = strstr(text, name), *end;

	if (p == NULL)
		return -1;
	p += strlen(name);
	end = strchrnul(p, '\n');
	if (last)
		while (end > p && !isspace((unsigned char)end[-1]))
			end--;
	return strtol(last ? end : p, NULL, 0);
}

static void put_fds(const char *pid)
{
	char path[64], what[48], info[4096];
	const char *flags;
	struct dirent *e;
	struct stat st;
	int comma = 0;
	DIR *d;

	printf(",\"fds\":[");
	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		printf("%s{\"fd\":%s", comma++ ? "," : "", e->d_name);
		snprintf(what, sizeof(what), "fd/%.16s", e->d_name);
		put_link("name", pid, what);
		snprintf(path, sizeof(path), "/proc/%s/fd/%.16s", pid, e->d_name);
		if (stat(path, &st) == 0)
			printf(",\"inode\":%lu,\"mode\":%u,\"device\":%lu", st.st_ino, st.st_mode,
			       st.st_rdev);
		snprintf(what, sizeof(what), "fdinfo/%.16s", e->d_name);
		info[0] = '\0';
		slurp(pid, what, info, sizeof(info));
		flags = strstr(info, "flags:");
		printf(",\"pos\":%ld,\"flags\":%lu}", value(info, "pos:", 0),
		       flags != NULL ? strtoul(flags + 6, NULL, 8) : 0);
	}
	if (d != NULL)
		closedir(d);
	putchar(']');
}

static void put_process(const char *pid)
{
	static const char *const spaces[] = { "pid", "mnt", "net", "user", "uts", "ipc", "cgroup" };
	char status[8192], text[65536], path[64], *own;
	unsigned int flags = 0;
	struct stat st;
	size_t n, i;

	if (slurp(pid, "status", status, sizeof(status)) == 0)
		return;
	printf("{\"pid\":%s,\"ppid\":%ld,\"uid\":%ld,\"gid\":%ld,\"ns_pid\":%ld,\"zombie\":%d", pid,
	       value(status, "\nPPid:", 0), value(status, "\nUid:", 0), value(status, "\nGid:", 0),
	       value(status, "\nNSpid:", 1), strstr(status, "\nState:\tZ") != NULL);
	n = slurp(pid, "comm", text, sizeof(text));
	hex("comm", text, n != 0 ? n - 1 : 0);
	n = slurp(pid, "cmdline", text, sizeof(text));
	hex("cmdline", text, n);
	n = slurp(pid, "stat", text, sizeof(text));
	own = strrchr(text, ')'); /* state ppid pgrp session tty tpgid flags */
	if (n != 0 && own != NULL)
		sscanf(own + 1, " %*c %*d %*d %*d %*d %*d %u", &flags);
	printf(",\"kernel\":%d", flags & KTHREAD ? 1 : 0);
	put_link("exe", pid, "exe");
	put_link("cwd", pid, "cwd");
	put_link("root", pid, "root");
	text[0] = '\0';
	slurp(pid, "cgroup", text, sizeof(text));
	own = strstr(text, "0::");
	hex("cgroup", own != NULL ? own + 3 : "", own != NULL ? strcspn(own + 3, "\n") : 0);
	printf(",\"ns\":[");
	for (i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, spaces[i]);
		printf("%s%lu", i ? "," : "", stat(path, &st) == 0 ? st.st_ino : 0);
	}
	putchar(']');
	put_fds(pid);
	printf("}\n");
}

static int dump(void)
{
	static const char *const tables[] = { "tcp", "tcp6", "udp", "unix", "netlink" };
	static char text[1 << 18];
	char what[32];
	struct dirent *e;
	size_t n, i;
	DIR *d = opendir("/proc");

	while (d != NULL && (e = readdir(d)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]))
			put_process(e->d_name);
	printf("{\"tables\":1");
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		snprintf(what, sizeof(what), "net/%s", tables[i]);
		n = slurp("self", what, text, sizeof(text));
		hex(tables[i], text, n);
	}
	printf("}\n");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "dump") == 0)
		return dump();
	if (argc == 3 && strcmp(argv[1], "make") == 0)
		return make(argv[2]);
	if (argc >= 4 && strcmp(argv[1], "play") == 0)
		play(argv[2], atoi(argv[3]));
	return 2;
}
