// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes system calls whose arguments lead to known memory, and says what it was: what a
 * recording must hold of it, byte for byte.
 *
 *   args [-p PROCESSES] [-r ROUNDS]
 *
 * Each process writes files of its own, reads them back, waits in read() for a pipe, and
 * names files that are not there. A line of JSON per call goes to stdout at the end:
 *
 *   {"tid":N,"nr":N,"ret":N,"memory":[[ARG,AT_RETURN,SNAPS,"HEX"],…]}
 *
 * in order for each tid. SNAPS: 1 where snaplen bounds it. The calls of a process lie between
 * two getppid() with MARK as the first argument; compare/memory.py reads it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK 0x3e3074
#define ROOM (8u << 20) /* bytes of what a process has to say */

static char *said; /* shared with those who print it: ROOM for each process */
static size_t used;
static uint64_t seed;

static uint64_t any(uint64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % n;
}

static void must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "args: %s: %s\n", what, strerror(errno));
	_exit(1);
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(said + used, ROOM - used, format, args);
	va_end(args);
	used += (size_t)n;
	if (used >= ROOM)
		_exit(1);
}

static void call_begin(long nr, long ret)
{
	say("{\"tid\":%ld,\"nr\":%ld,\"ret\":%ld,\"memory\":[", syscall(SYS_gettid), nr,
	    ret < 0 ? -(long)errno : ret);
}

static void call_memory(unsigned int arg, int at_return, int snaps, const void *data, size_t n)
{
	const unsigned char *byte = data;

	say("%s[%u,%d,%d,\"", said[used - 1] == '[' ? "" : ",", arg, at_return, snaps);
	for (size_t i = 0; i < n; i++)
		say("%02x", byte[i]);
	say("\"]");
}

static void call_end(void)
{
	say("]}\n");
}

/* Bytes of all kinds, or letters. */
static void fill(char *to, size_t n, int letters)
{
	for (size_t i = 0; i < n; i++)
		to[i] = letters ? (char)('a' + any(26)) : (char)any(256);
}

static int file_open(const char *path, int flags)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600);

	call_begin(SYS_openat, fd);
	call_memory(1, 0, 0, path, strlen(path));
	call_end();
	return fd;
}

static void data_write(int fd, const char *data, size_t n)
{
	long ret = syscall(SYS_write, fd, data, n);

	must(ret == (long)n, "write");
	call_begin(SYS_write, ret);
	call_memory(1, 0, 1, data, n);
	call_end();
}

static void data_read(int fd, size_t room, const char *expected, size_t n)
{
	static char buffer[4096];
	long ret = syscall(SYS_read, fd, buffer, room);

	must(ret == (long)n && memcmp(buffer, expected, n) == 0, "read");
	call_begin(SYS_read, ret);
	if (n > 0)
		call_memory(1, 1, 1, buffer, n);
	call_end();
}

static void file_remove(const char *path)
{
	long ret = syscall(SYS_unlinkat, AT_FDCWD, path, 0);

	must(ret == 0, "unlinkat");
	call_begin(SYS_unlinkat, ret);
	call_memory(1, 0, 0, path, strlen(path));
	call_end();
}

/* A path in memory that nobody has touched: the kernel is the first to read it. */
static void untouched(const char *file)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDONLY, 0);
	char *path, absent[64];
	long ret;

	must(fd >= 0, "openat");
	call_begin(SYS_openat, fd);
	call_memory(1, 0, 0, file, strlen(file));
	call_end();
	path = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	must(path != MAP_FAILED, "mmap");
	ret = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
	must(ret < 0 && errno == ENOENT, "unlinkat");
	call_begin(SYS_unlinkat, ret);
	snprintf(absent, sizeof(absent), "%s", path);
	call_memory(1, 0, 0, absent, strlen(absent));
	call_end();
	munmap(path, 4096);
	close(fd);
}

static void one_round(unsigned int round)
{
	char path[600], data[3000];
	size_t n;
	int fd;

	/* Names of all lengths; nothing is there. */
	n = 1 + any(250);
	fill(path, n, 1);
	path[n] = '\0';
	must(file_open(path, O_RDONLY) < 0, "a file that is not there is");

	snprintf(path, sizeof(path), "/tmp/args-%d-%u", (int)getpid(), round);
	fd = file_open(path, O_RDWR | O_CREAT | O_TRUNC);
	must(fd >= 0, path);
	n = any(20) == 0 ? any(sizeof(data)) : any(600);
	fill(data, n, (int)any(2));
	data_write(fd, data, n);
	must(lseek(fd, 0, SEEK_SET) == 0, "lseek");
	data_read(fd, n + any(700), data, n);
	data_read(fd, 100, "", 0);
	if (round % 8 == 0) {
		snprintf(data, sizeof(data), "/no/such/file/%u", round);
		must(lseek(fd, 0, SEEK_SET) == 0 && ftruncate(fd, 0) == 0, "ftruncate");
		data_write(fd, data, strlen(data) + 1);
		untouched(path);
	}
	close(fd);
	file_remove(path);
}

/* The one waits for the other, longer than a recorder keeps its rows to itself. */
static void wait_in_read(void)
{
	char data[200];
	int ends[2];
	pid_t writer;

	fill(data, sizeof(data), 0);
	must(pipe(ends) == 0, "pipe");
	writer = fork();
	must(writer >= 0, "fork");
	if (writer == 0) {
		usleep(1300000);
		_exit(write(ends[1], data, sizeof(data)) != sizeof(data));
	}
	data_read(ends[0], 1000, data, sizeof(data));
	waitpid(writer, NULL, 0);
	close(ends[0]);
	close(ends[1]);
}

int main(int argc, char **argv)
{
	unsigned int processes = 2, rounds = 50, p, i;
	int option, status, failed = 0;
	char *all;

	while ((option = getopt(argc, argv, "p:r:")) != -1) {
		if (option == 'p')
			processes = (unsigned int)atoi(optarg);
		else if (option == 'r')
			rounds = (unsigned int)atoi(optarg);
		else
			return 2;
	}
	all = mmap(NULL, (size_t)processes * ROOM, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(all != MAP_FAILED, "mmap");
	for (p = 0; p < processes; p++) {
		pid_t pid = fork();

		must(pid >= 0, "fork");
		if (pid != 0)
			continue;
		said = all + (size_t)p * ROOM;
		seed = p + 1;
		say("\n");
		syscall(SYS_getppid, MARK);
		for (i = 0; i < rounds; i++) {
			if (i == rounds / 2)
				wait_in_read();
			one_round(i);
		}
		syscall(SYS_getppid, MARK);
		_exit(0);
	}
	while (wait(&status) > 0)
		failed |= status;
	for (p = 0; p < processes; p++)
		fputs(all + (size_t)p * ROOM + 1, stdout);
	return failed != 0;
}
