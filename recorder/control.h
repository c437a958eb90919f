/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the verbs reach a running recorder, and what outlives one.
 *
 * /run/scaudit (or what SCAUDIT_RUN_DIR names) holds, by the VM's process id:
 *   PID.sock    a stream socket. A client sends one line, "status" or "stop";
 *               the recorder answers with a report (report.h) and an empty line:
 *               once for status; for stop one each second and a last one, with
 *               state "ended" or "failed", when the store is closed.
 *   PID.audit   name=value lines by which a successor of a dead recorder finds
 *               the session's store. Believed only for the session it names.
 * Both can be stale: who finds nobody behind the socket knows the recorder is dead.
 */
#ifndef RECORDER_CONTROL_H
#define RECORDER_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../lib/base/error.h"
#include "choice.h"
#include "report.h"
#include "retention.h"

#define CONTROL_CLIENTS 16u

/* ---- what outlives a recorder ---- */

#define CONTROL_WORDS 4096u

struct control_memory {
	uint8_t session[16];
	char store[4096]; /* absolute path */
	char engine[32];
	char returns[CONTROL_WORDS]; /* --returns, or empty */
	char profile[CONTROL_WORDS]; /* --profile, or empty; without newlines */
	char key[CONTROL_WORDS]; /* --key, likewise */
	struct choice choice; /* --only, --skip, --snaplen */
	char retention[RETENTION_WORDS]; /* as retention_encode() */
};

int control_remember(pid_t vm_pid, const struct control_memory *memory, struct sc_error *err);

/* @retval -ENOENT nothing is remembered of this session */
int control_recall(pid_t vm_pid, const uint8_t session[16], struct control_memory *memory);
void control_forget(pid_t vm_pid);

/* ---- the recorder's side ---- */

struct control_client {
	int fd; /* -1: free */
	bool wants_stop; /* gets a report each second until the end */
	char line[16]; /* what came so far */
	uint32_t length;
};

struct control {
	int fd; /* listens */
	pid_t vm_pid;
	struct control_client clients[CONTROL_CLIENTS];
};

/*
 * @retval -EBUSY another recorder answers there
 */
int control_listen(struct control *control, pid_t vm_pid, struct sc_error *err);
void control_close(struct control *control);

/* Take a new client, if there is one and room for it. */
void control_accept(struct control *control);

enum control_request {
	CONTROL_NONE,
	CONTROL_STATUS,
	CONTROL_STOP
};

/* What does this client, whose descriptor is readable, want? Closes it on nonsense. */
enum control_request control_serve(struct control_client *client);

/* Send a report; a client that does not take it is closed. */
void control_answer(struct control_client *client, const struct report *report);

/* Send one to all who wait for the end. */
void control_tell_stopping(struct control *control, const struct report *report);

/* ---- the verbs' side ---- */

/*
 * Ask the recorder of a VM.
 * @request "status" or "stop"
 * @fd      out: reports can be read from it with control_receive()
 * @retval -ENOENT, -ECONNREFUSED nobody is there  @retval other errno
 */
int control_ask(pid_t vm_pid, const char *request, int *fd);

/*
 * One report. @timeout_ms  to wait for it
 * @retval 0  @retval -EPIPE the recorder is gone  @retval -ETIMEDOUT
 */
int control_receive(int fd, struct report *report, int timeout_ms);

#endif
