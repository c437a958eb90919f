// SPDX-License-Identifier: GPL-2.0-only
#include "record.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "../lib/base/timespec.h"
#include "log.h"

#define TICK_MS 200 /* longest sleep */
#define BLOCKED_MS 20 /* sleep while nothing can be written */
#define TELL_NS 1000000000ULL /* between reports to those who wait for the end */
#define BUDGET 16384u /* events between looks at everything else */

enum {
	POLL_DEVICE,
	POLL_SIGNAL,
	POLL_VM,
	POLL_LISTEN,
	POLL_CLIENTS
};
#define N_POLLS (POLL_CLIENTS + CONTROL_CLIENTS)

struct recorder {
	struct session *session;
	struct control *control;
	int signal_fd;
	bool stop; /* somebody wants the end */
	bool gone; /* the VM is gone */
	bool ending; /* recording is off: what is left is being written */
	bool device_ready; /* it was, when last asked */
	uint64_t told_at;
};

int record_signals(struct sc_error *err)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return sc_fail(err, -errno, "cannot block signals: %s", strerror(errno));
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? sc_fail(err, -errno, "signalfd: %s", strerror(errno)) : fd;
}

static void answer_clients(struct recorder *r, const struct pollfd *polls)
{
	struct report report;
	unsigned int i;

	for (i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &r->control->clients[i];

		if (client->fd < 0 || polls[i].fd != client->fd || polls[i].revents == 0)
			continue;
		switch (control_serve(client)) {
		case CONTROL_STATUS:
			session_report(r->session, r->ending ? "stopping" : "recording", &report);
			control_answer(client, &report);
			break;
		case CONTROL_STOP:
			r->stop = true;
			break;
		case CONTROL_NONE:
			break;
		}
	}
}

/* Wait for something to do. @device  look at the device too */
static void wait_for(struct recorder *r, int timeout_ms, bool device)
{
	struct pollfd polls[N_POLLS];
	struct signalfd_siginfo info;
	unsigned int i;
	int n;

	for (i = 0; i < N_POLLS; i++)
		polls[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (device)
		polls[POLL_DEVICE].fd = r->session->device;
	polls[POLL_SIGNAL].fd = r->signal_fd;
	if (!r->gone)
		polls[POLL_VM].fd = r->session->pidfd;
	if (r->control != NULL) {
		polls[POLL_LISTEN].fd = r->control->fd;
		for (i = 0; i < CONTROL_CLIENTS; i++)
			polls[POLL_CLIENTS + i].fd = r->control->clients[i].fd;
	}
	n = poll(polls, N_POLLS, timeout_ms);
	r->device_ready = n > 0 && polls[POLL_DEVICE].revents != 0;
	if (n <= 0)
		return;
	if (polls[POLL_SIGNAL].revents != 0 &&
	    read(r->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		r->stop = true;
	if (polls[POLL_VM].revents != 0)
		r->gone = true;
	if (r->control == NULL)
		return;
	answer_clients(r, &polls[POLL_CLIENTS]);
	if (polls[POLL_LISTEN].revents != 0)
		control_accept(r->control);
}

static void tell_stopping(struct recorder *r, const char *state)
{
	struct report report;

	if (r->control == NULL)
		return;
	r->told_at = session_clock();
	session_report(r->session, state, &report);
	control_tell_stopping(r->control, &report);
}

/*
 * How long to sleep. The device is ready as long as a ring is half full, a vCPU
 * waits, or a guest is to be identified: where that has not helped, or cannot be
 * helped now, it is left out for a moment.
 */
static void pause_for(struct recorder *r, int taken, bool searching)
{
	const struct session *s = r->session;

	if (taken >= (int)BUDGET || searching)
		wait_for(r, 0, false);
	else if (taken < 0 || s->retry_at != 0)
		wait_for(r, BLOCKED_MS, false);
	else if (taken == 0 && r->device_ready)
		wait_for(r, 1, false);
	else
		wait_for(r, TICK_MS, true);
}

static void record(struct recorder *r)
{
	struct session *s = r->session;
	struct sc_error err = { "" };
	bool searching;
	int taken;

	while (!r->stop && !r->gone) {
		if (session_refresh(s, &err) < 0) {
			log_warn("VM '%s': %s", s->vm, err.text);
			r->stop = true;
		}
		if (s->status.state == SCAUDIT_STATE_GONE)
			r->gone = true;
		if (s->status.state == SCAUDIT_STATE_DETACHED)
			r->stop = true;
		taken = session_drain(s, BUDGET, false);
		if (taken == 0)
			pair_tick(s->pair, sc_time_now());
		searching = session_identify(s, session_clock());
		session_snapshot(s, false);
		if (session_flush_due(s, session_clock()))
			session_flush(s);
		session_retain(s, session_clock());
		if (s->full && s->retry_at != 0 && s->retention.on_full == RETENTION_STOP) {
			log_warn("VM '%s': the disk is full: the recording ends, as chosen", s->vm);
			r->stop = true;
		}
		session_measure(s, session_clock());
		pause_for(r, taken, searching);
	}
}

int record_loop(struct session *s, struct control *control, int signal_fd, bool stop,
		struct sc_error *err)
{
	struct recorder r = {
		.session = s,
		.control = control,
		.signal_fd = signal_fd,
		.stop = stop,
	};
	const char *ended;
	int ret;

	record(&r);
	r.ending = true;
	tell_stopping(&r, "stopping");
	session_snapshot(s, true);
	session_detach(s);
	ended = r.gone || s->status.state == SCAUDIT_STATE_GONE ? "vm gone" : "stopped";
	for (;;) {
		ret = session_drain(s, BUDGET, true);
		if (ret > 0)
			continue;
		if (ret == 0)
			ret = session_finish(s, ended, err);
		if (ret == 0 || s->retry_at == 0)
			break;
		/* The disk is full: the events stay in the rings as long as we are here. */
		wait_for(&r, TICK_MS, false);
		if (session_clock() - r.told_at >= TELL_NS)
			tell_stopping(&r, "stopping");
	}
	if (ret < 0)
		s->error = *err;
	tell_stopping(&r, ret == 0 ? "ended" : "failed");
	return ret;
}
