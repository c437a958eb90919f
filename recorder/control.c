// SPDX-License-Identifier: GPL-2.0-only
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char *run_dir(void)
{
	const char *dir = getenv("SCAUDIT_RUN_DIR");

	return dir != NULL && dir[0] != '\0' ? dir : "/run/scaudit";
}

static int make_address(struct sockaddr_un *address, pid_t vm_pid)
{
	int n;

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	n = snprintf(address->sun_path, sizeof(address->sun_path), "%s/%d.sock", run_dir(),
		     (int)vm_pid);
	return n > 0 && (size_t)n < sizeof(address->sun_path) ? 0 : -ENAMETOOLONG;
}

static void memory_path(char path[4096], pid_t vm_pid, const char *suffix)
{
	snprintf(path, 4096, "%s/%d.audit%s", run_dir(), (int)vm_pid, suffix);
}

static int make_run_dir(struct sc_error *err)
{
	if (mkdir(run_dir(), 0700) < 0 && errno != EEXIST)
		return sc_fail(err, -errno, "%s: %s", run_dir(), strerror(errno));
	return 0;
}

/* ---- what outlives a recorder ---- */

static void session_text(const uint8_t session[16], char text[33])
{
	int i;

	for (i = 0; i < 16; i++)
		sprintf(text + 2 * i, "%02x", session[i]);
}

int control_remember(pid_t vm_pid, const struct control_memory *memory, struct sc_error *err)
{
	char path[4096], fresh[4096], session[33];
	FILE *file;
	int ret;

	ret = make_run_dir(err);
	if (ret < 0)
		return ret;
	memory_path(path, vm_pid, "");
	memory_path(fresh, vm_pid, ".new");
	session_text(memory->session, session);
	file = fopen(fresh, "we");
	if (file == NULL)
		return sc_fail(err, -errno, "%s: %s", fresh, strerror(errno));
	/* The store's path comes last and ends with the file: it may hold anything. */
	fprintf(file,
		"session=%s\nengine=%s\nreturns=%s\nprofile=%s\nkey=%s\nonly=%s\nskip=%s\n"
		"snaplen=%s\nretention=%s\nstore=%s",
		session, memory->engine, memory->returns, memory->profile, memory->key,
		memory->choice.only, memory->choice.skip, memory->choice.snaplen, memory->retention,
		memory->store);
	ret = ferror(file) ? -EIO : 0;
	if (fclose(file) != 0 && ret == 0)
		ret = -errno;
	if (ret == 0 && rename(fresh, path) < 0)
		ret = -errno;
	if (ret < 0) {
		unlink(fresh);
		return sc_fail(err, ret, "%s: %s", path, strerror(-ret));
	}
	return 0;
}

/* A line that may be missing. */
static void recall_line(const char *text, const char *name, char *value, size_t size)
{
	const char *line = strstr(text, name);
	size_t n;

	if (line == NULL)
		return;
	line += strlen(name);
	n = strcspn(line, "\n");
	if (n >= size)
		return;
	memcpy(value, line, n);
	value[n] = '\0';
}

int control_recall(pid_t vm_pid, const uint8_t session[16], struct control_memory *memory)
{
	char path[4096], text[sizeof(*memory) + 128], wanted[33], found[33];
	char *store;
	size_t n;
	FILE *file;

	memset(memory, 0, sizeof(*memory));
	memory_path(path, vm_pid, "");
	file = fopen(path, "re");
	if (file == NULL)
		return -ENOENT;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	session_text(session, wanted);
	store = strstr(text, "\nstore=");
	if (store == NULL || strlen(store + 7) >= sizeof(memory->store) || store[7] != '/')
		return -ENOENT;
	if (sscanf(text, "session=%32s\nengine=%31s", found, memory->engine) != 2 ||
	    strcmp(found, wanted) != 0)
		return -ENOENT;
	memcpy(memory->session, session, sizeof(memory->session));
	strcpy(memory->store, store + 7);
	*store = '\0';
	recall_line(text, "\nreturns=", memory->returns, sizeof(memory->returns));
	recall_line(text, "\nprofile=", memory->profile, sizeof(memory->profile));
	recall_line(text, "\nkey=", memory->key, sizeof(memory->key));
	recall_line(text, "\nonly=", memory->choice.only, SC_CHOICE_LEN);
	recall_line(text, "\nskip=", memory->choice.skip, SC_CHOICE_LEN);
	recall_line(text, "\nsnaplen=", memory->choice.snaplen, SC_CHOICE_LEN);
	recall_line(text, "\nretention=", memory->retention, sizeof(memory->retention));
	return 0;
}

void control_forget(pid_t vm_pid)
{
	char path[4096];

	memory_path(path, vm_pid, "");
	unlink(path);
}

/* ---- the recorder's side ---- */

static int bind_and_listen(struct control *control, const struct sockaddr_un *address)
{
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->fd < 0)
		return -errno;
	if (bind(control->fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ||
	    chmod(address->sun_path, 0600) < 0 || listen(control->fd, CONTROL_CLIENTS) < 0) {
		int ret = -errno;

		close(control->fd);
		control->fd = -1;
		return ret;
	}
	return 0;
}

int control_listen(struct control *control, pid_t vm_pid, struct sc_error *err)
{
	struct sockaddr_un address;
	unsigned int i;
	int fd, ret;

	memset(control, 0, sizeof(*control));
	control->fd = -1;
	control->vm_pid = vm_pid;
	for (i = 0; i < CONTROL_CLIENTS; i++)
		control->clients[i].fd = -1;
	ret = make_address(&address, vm_pid);
	if (ret < 0)
		return sc_fail(err, ret, "%s: the path is too long", run_dir());
	ret = make_run_dir(err);
	if (ret < 0)
		return ret;
	if (control_ask(vm_pid, "status", &fd) == 0) {
		close(fd);
		return sc_fail(err, -EBUSY, "%s: another recorder answers there", address.sun_path);
	}
	/* Nobody answers, so what is there is left over. */
	if (unlink(address.sun_path) < 0 && errno != ENOENT)
		return sc_fail(err, -errno, "%s: %s", address.sun_path, strerror(errno));
	ret = bind_and_listen(control, &address);
	if (ret < 0)
		return sc_fail(err, ret, "%s: %s", address.sun_path, strerror(-ret));
	return 0;
}

static void drop_client(struct control_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	memset(client, 0, sizeof(*client));
	client->fd = -1;
}

void control_close(struct control *control)
{
	struct sockaddr_un address;
	unsigned int i;

	if (control->fd < 0)
		return;
	if (make_address(&address, control->vm_pid) == 0)
		unlink(address.sun_path);
	close(control->fd);
	control->fd = -1;
	for (i = 0; i < CONTROL_CLIENTS; i++)
		drop_client(&control->clients[i]);
}

void control_accept(struct control *control)
{
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	unsigned int i;

	if (fd < 0)
		return;
	for (i = 0; i < CONTROL_CLIENTS; i++) {
		if (control->clients[i].fd < 0) {
			control->clients[i].fd = fd;
			return;
		}
	}
	close(fd);
}

enum control_request control_serve(struct control_client *client)
{
	ssize_t n = read(client->fd, client->line + client->length,
			 sizeof(client->line) - 1 - client->length);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return CONTROL_NONE;
	if (n <= 0) {
		drop_client(client);
		return CONTROL_NONE;
	}
	client->length += (uint32_t)n;
	client->line[client->length] = '\0';
	end = strchr(client->line, '\n');
	if (end != NULL) {
		*end = '\0';
		client->length = 0;
		if (strcmp(client->line, "status") == 0)
			return CONTROL_STATUS;
		if (strcmp(client->line, "stop") == 0) {
			client->wants_stop = true;
			return CONTROL_STOP;
		}
	}
	if (end != NULL || client->length == sizeof(client->line) - 1)
		drop_client(client);
	return CONTROL_NONE;
}

void control_answer(struct control_client *client, const struct report *report)
{
	char text[REPORT_ENCODED_MAX + 1];
	size_t n = report_encode(report, text);

	text[n++] = '\n';
	/* The socket's buffer holds several; who leaves them lying is not waited for. */
	if (send(client->fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
		drop_client(client);
}

void control_tell_stopping(struct control *control, const struct report *report)
{
	unsigned int i;

	for (i = 0; i < CONTROL_CLIENTS; i++) {
		if (control->clients[i].fd >= 0 && control->clients[i].wants_stop)
			control_answer(&control->clients[i], report);
	}
}

/* ---- the verbs' side ---- */

int control_ask(pid_t vm_pid, const char *request, int *fd)
{
	struct sockaddr_un address;
	char line[32];
	int ret = make_address(&address, vm_pid);
	int n;

	*fd = -1;
	if (ret < 0)
		return ret;
	n = snprintf(line, sizeof(line), "%s\n", request);
	if (n < 0 || (size_t)n >= sizeof(line))
		return -EINVAL;
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return -errno;
	if (connect(*fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    send(*fd, line, (size_t)n, MSG_NOSIGNAL) != n) {
		ret = -errno;
		close(*fd);
		*fd = -1;
		return ret;
	}
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A line without its newline. @retval its length  @retval -EPIPE  @retval -ETIMEDOUT */
static int read_line(int fd, char *line, int size, int64_t deadline)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	int n = 0;
	char c;

	for (;;) {
		int64_t left = deadline - now_ms();
		ssize_t got = recv(fd, &c, 1, MSG_DONTWAIT);

		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			return -EPIPE;
		if (got < 0) {
			if (left <= 0)
				return -ETIMEDOUT;
			poll(&pollfd, 1, (int)left);
			continue;
		}
		if (c == '\n') {
			line[n] = '\0';
			return n;
		}
		if (n + 1 < size)
			line[n++] = c;
	}
}

int control_receive(int fd, struct report *report, int timeout_ms)
{
	char line[REPORT_TEXT * 3 + 64];
	int64_t deadline = now_ms() + timeout_ms;
	int n;

	memset(report, 0, sizeof(*report));
	for (;;) {
		n = read_line(fd, line, sizeof(line), deadline);
		if (n <= 0)
			return n;
		report_decode(report, line);
	}
}
