// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of a lab guest: runs commands for the host over virtio-serial ports.
 *
 * Ports (found by name in sysfs):
 *   lab.ctl  requests in, answers out
 *   lab.out  standard output of the command
 *   lab.err  standard error of the command
 *
 * A request is one line followed by ARGC NUL-terminated strings:
 *   run MARK ARGC\n  arg \0 arg \0 ...
 *   quit\n
 * The command writes to the ports itself, so the agent adds next to nothing to a
 * recording.  When it has ended, MARK is written to lab.out and lab.err, and
 * "exit MARK STATUS\n" to lab.ctl.  STATUS is the shell's: 128+N after signal N.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_PORT 0x501
#define ARGC_MAX 256
#define REQUEST_MAX (128 * 1024)

static char request[REQUEST_MAX];
static size_t request_len;

static void guest_end(int status)
{
	sync();
	if (ioperm(EXIT_PORT, 1, 1) == 0)
		outb(status, EXIT_PORT);
	reboot(RB_AUTOBOOT);
	_exit(1);
}

static void fail(const char *what)
{
	fprintf(stderr, "lab agent: %s: %s\n", what, strerror(errno));
	guest_end(1);
}

static void child_note(int sig)
{
	(void)sig;
}

static void orphans_reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static int port_open(const char *name)
{
	char path[512], line[64];
	struct dirent *entry;

	/* Port names arrive by control messages a moment after the driver. */
	for (int tries = 0; tries < 1000; tries++) {
		DIR *dir = opendir("/sys/class/virtio-ports");

		while (dir && (entry = readdir(dir))) {
			FILE *file;

			snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name",
				 entry->d_name);
			file = fopen(path, "r");
			if (!file)
				continue;
			line[0] = 0;
			if (fgets(line, sizeof(line), file))
				line[strcspn(line, "\n")] = 0;
			fclose(file);
			if (strcmp(line, name))
				continue;
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			int fd = open(path, O_RDWR | O_CLOEXEC);

			if (fd >= 0) {
				closedir(dir);
				return fd;
			}
		}
		if (dir)
			closedir(dir);
		usleep(10000);
	}
	fail(name);
	return -1;
}

static void write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t done = write(fd, data, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		data += done;
		size -= done;
	}
}

/* Reads until `request` holds at least `want` bytes more than before. */
static void request_fill(int ctl)
{
	for (;;) {
		ssize_t got;

		if (request_len == sizeof(request)) {
			errno = E2BIG;
			fail("request");
		}
		got = read(ctl, request + request_len, sizeof(request) - request_len);
		if (got > 0) {
			request_len += got;
			return;
		}
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			fail("lab.ctl");
		orphans_reap();
		if (got == 0)
			usleep(10000);
	}
}

static size_t line_wait(int ctl)
{
	char *end;

	while (!(end = memchr(request, '\n', request_len)))
		request_fill(ctl);
	*end = 0;
	return end - request + 1;
}

static int command_run(char **argv, int out, int err)
{
	pid_t pid = fork(), ended;
	int status = 0;

	if (pid < 0)
		return 125;
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, 0);
		dup2(out, 1);
		dup2(err, 2);
		close(null);
		signal(SIGCHLD, SIG_DFL);
		setsid();
		execvp(argv[0], argv);
		int code = errno == ENOENT ? 127 : 126;

		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(code);
	}
	do {
		ended = waitpid(-1, &status, 0);
	} while (ended != pid && (ended > 0 || errno == EINTR));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(void)
{
	struct sigaction action = { .sa_handler = child_note };
	int ctl = port_open("lab.ctl"), out = port_open("lab.out"), err = port_open("lab.err");

	sigaction(SIGCHLD, &action, NULL);
	if (chdir("/work"))
		fail("/work");
	setenv("PATH", "/work:/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/work", 1);
	setenv("TERM", "dumb", 1);
	write_all(ctl, "ready\n", 6);

	for (;;) {
		char *argv[ARGC_MAX + 1], mark[65], answer[128];
		size_t used = line_wait(ctl);
		int argc, length;

		if (!strcmp(request, "quit"))
			guest_end(0);
		if (sscanf(request, "run %64s %d", mark, &argc) != 2 || argc < 1 ||
		    argc > ARGC_MAX) {
			errno = EPROTO;
			fail("request");
		}
		for (int i = 0; i < argc; i++) {
			char *end;

			while (!(end = memchr(request + used, 0, request_len - used)))
				request_fill(ctl);
			argv[i] = request + used;
			used = end - request + 1;
		}
		argv[argc] = NULL;
		int status = command_run(argv, out, err);

		request_len -= used;
		memmove(request, request + used, request_len);
		write_all(out, mark, strlen(mark));
		write_all(err, mark, strlen(mark));
		length = snprintf(answer, sizeof(answer), "exit %s %d\n", mark, status);
		write_all(ctl, answer, length);
	}
}
