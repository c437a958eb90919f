// SPDX-License-Identifier: GPL-2.0-only
/*
 * Talks to the agent of one lab guest over the fifos that its QEMU holds open.
 *
 *   vmexec DIR wait SECONDS      until the agent is there
 *   vmexec DIR run COMMAND...    output to stdout and stderr, exit status passed on
 *   vmexec DIR quit              end the guest
 *
 * DIR holds ctl.in, ctl.out, out.out and err.out.  Exit status 125: the guest could
 * not be reached or went away.  The protocol is described in guest/agent.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define LAB_FAILURE 125
#define MARK_SIZE 33

struct stream {
	int from, to;
	int ended;
	size_t held;
	char hold[MARK_SIZE + 65536];
};

static const char *guest;
static char mark[MARK_SIZE];

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "lab: guest %s: %s\n", guest, what);
	exit(LAB_FAILURE);
}

static int fifo_open(const char *name, int flags)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", guest, name);
	fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		fail(errno == ENXIO ? "not running" : strerror(errno));
	fcntl(fd, F_SETFL, flags);
	return fd;
}

static void write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t done = write(fd, at, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			fail(strerror(errno));
		at += done;
		size -= done;
	}
}

static void mark_make(void)
{
	uint8_t raw[16];

	if (getrandom(raw, sizeof(raw), 0) != sizeof(raw))
		fail("no random bytes");
	for (size_t i = 0; i < sizeof(raw); i++)
		sprintf(mark + 2 * i, "%02x", raw[i]);
}

static void stream_flush(struct stream *stream, size_t size)
{
	write_all(stream->to, stream->hold, size);
	stream->held -= size;
	memmove(stream->hold, stream->hold + size, stream->held);
}

/* Passes on what has come, except what may be the beginning of the mark. */
static void stream_pump(struct stream *stream)
{
	size_t mark_len = MARK_SIZE - 1, keep;
	ssize_t got = read(stream->from, stream->hold + stream->held,
			   sizeof(stream->hold) - stream->held);
	char *end;

	if (got < 0 && errno == EINTR)
		return;
	if (got <= 0)
		fail("went away");
	stream->held += got;
	end = memmem(stream->hold, stream->held, mark, mark_len);
	if (end) {
		stream_flush(stream, end - stream->hold);
		stream->ended = 1;
		return;
	}
	keep = stream->held < mark_len - 1 ? stream->held : mark_len - 1;
	while (keep && memcmp(stream->hold + stream->held - keep, mark, keep))
		keep--;
	stream_flush(stream, stream->held - keep);
}

static void line_read(int fd, char *line, size_t size)
{
	size_t len = 0;

	while (len < size - 1) {
		ssize_t got = read(fd, line + len, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			fail("went away");
		if (line[len] == '\n')
			break;
		len++;
	}
	line[len] = 0;
}

static int guest_wait(int seconds)
{
	struct pollfd ready = { .fd = fifo_open("ctl.out", O_RDONLY), .events = POLLIN };
	char line[128];

	if (poll(&ready, 1, seconds * 1000) != 1)
		fail("did not come up in time");
	line_read(ready.fd, line, sizeof(line));
	if (strcmp(line, "ready"))
		fail("unexpected greeting");
	return 0;
}

static int guest_run(int argc, char **argv)
{
	static struct stream out = { .to = 1 }, err = { .to = 2 };
	int ctl_in = fifo_open("ctl.in", O_WRONLY), ctl_out = fifo_open("ctl.out", O_RDONLY);
	char line[128], answer_mark[65];
	int status;

	out.from = fifo_open("out.out", O_RDONLY);
	err.from = fifo_open("err.out", O_RDONLY);
	mark_make();
	snprintf(line, sizeof(line), "run %s %d\n", mark, argc);
	write_all(ctl_in, line, strlen(line));
	for (int i = 0; i < argc; i++)
		write_all(ctl_in, argv[i], strlen(argv[i]) + 1);
	while (!out.ended || !err.ended) {
		struct pollfd fds[2] = {
			{ .fd = out.ended ? -1 : out.from, .events = POLLIN },
			{ .fd = err.ended ? -1 : err.from, .events = POLLIN },
		};

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			fail(strerror(errno));
		if (fds[0].revents)
			stream_pump(&out);
		if (fds[1].revents)
			stream_pump(&err);
	}
	line_read(ctl_out, line, sizeof(line));
	if (sscanf(line, "exit %64s %d", answer_mark, &status) != 2 || strcmp(answer_mark, mark))
		fail("unexpected answer");
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: vmexec DIR wait SECONDS | run COMMAND... | quit\n");
		return LAB_FAILURE;
	}
	guest = argv[1];
	if (!strcmp(argv[2], "wait") && argc == 4)
		return guest_wait(atoi(argv[3]));
	if (!strcmp(argv[2], "run") && argc > 3)
		return guest_run(argc - 3, argv + 3);
	if (!strcmp(argv[2], "quit") && argc == 3) {
		write_all(fifo_open("ctl.in", O_WRONLY), "quit\n", 5);
		return 0;
	}
	fail("bad arguments");
}
