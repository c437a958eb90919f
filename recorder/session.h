/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One audit and its store: from taking hold of a VM to the closed store, without
 * the waiting in between (record.c).
 *
 *   session_attach() or session_adopt()
 *   session_run()          adopted orphans of dead VMs: not
 *   session_refresh(), session_drain(), session_flush() … as long as it lasts
 *   session_detach(), session_drain() to the end, session_finish()
 *   session_uninit()       without session_finish(): leaves an orphan
 */
#ifndef RECORDER_SESSION_H
#define RECORDER_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../lib/base/error.h"
#include "../lib/base/key.h"
#include "../lib/store/store.h"
#include "../schema/abi.h"
#include "aside.h"
#include "choice.h"
#include "control.h"
#include "ident.h"
#include "merge.h"
#include "pair.h"
#include "report.h"
#include "retention.h"
#include "snapshot.h"
#include "vm.h"

#define SESSION_KEEP (~0u) /* of an orphan: leave the setting as it is */

#define SESSION_CHOSE_ONLY 1u
#define SESSION_CHOSE_SKIP 2u
#define SESSION_CHOSE_SNAPLEN 4u

struct session_options {
	char *store; /* absolute path; NULL: the default, or the orphan's own */
	char *profile; /* absolute path; NULL: none, or as before */
	char *key; /* likewise */
	const char *returns; /* as returns_parse() takes it; NULL: all, or as before */
	const struct choice *choice; /* which of its words were given says: */
	unsigned int chosen; /* SESSION_CHOSE_*; what was not stays as before, or empty */
	struct retention retention; /* what was given of it; the rest stays as before */
	bool foreground;
	uint32_t on_full, on_exit; /* enum scaudit_*, or SESSION_KEEP */
	uint64_t max_stall_ns; /* or ~0: keep */
	uint64_t ring_bytes; /* of each vCPU; 0: session_ring_bytes() */
	uint32_t engine;
	uint32_t ident_wait_ms;
};

#define SESSION_MAX_STALL_NS (60 * 1000000000ULL)
#define SESSION_IDENT_WAIT_MS 10000u

struct session {
	char vm[VM_NAME_LEN];
	pid_t vm_pid;
	int device;
	int pidfd; /* of the VM's process; -1: it had ended */
	char *dir; /* of the store */
	struct scaudit_info info;
	struct scaudit_status status; /* of the audit, as last asked */
	uint8_t id[16];
	uint64_t begin; /* ns since the epoch */
	char engine[32];
	char returns[CONTROL_WORDS]; /* as returns_parse() takes it */
	struct choice choice;
	uint64_t ring_bytes;
	uint32_t on_full;
	uint32_t ident_wait_ms;

	struct merge merge;
	bool *mapped; /* by vCPU: SCAUDIT_MAX_VCPUS */
	struct pair *pair;
	struct ident ident;
	struct profile profile; /* if there is one */
	char profile_path[CONTROL_WORDS]; /* its file, or empty */
	struct sc_secret_key key; /* that the store is sealed with */
	char key_path[CONTROL_WORDS]; /* its file; empty: it is not */
	uint64_t ident_retry; /* monotonic ns: not before */
	bool ident_done; /* a search has ended */
	bool snapshot_due; /* the guest is understood: what is there can be read */
	struct snapshot_source snapshot_of;
	struct layout snapshot_layout;
	struct aside snapshot; /* being read */
	struct sc_writer *writer;

	uint64_t last_event; /* number of the last one that the writer has */
	uint64_t flushed_event; /* … that is durable */
	uint64_t unflushed_since; /* monotonic ns; 0: nothing is waiting */
	uint64_t retry_at; /* monotonic ns: the store could not be written; 0: it can */
	bool full; /* because the disk is */
	uint64_t full_since; /* ns since the epoch: the disk was full; 0: it is not told of */
	struct retention retention;
	uint64_t retain_at; /* monotonic ns: when the limits are looked at again */
	uint64_t retired_calls, retired_segments; /* of this store, ever */
	struct sc_error error; /* of that */
	uint64_t gap_events; /* events told by gaps, of those that the module counts */
	uint64_t missing; /* events that never came */
	uint64_t missing_from, missing_since; /* the one we wait for, and since when */
	uint64_t rings_broken; /* of merge.broken, that were reported */
	uint64_t store_bytes, store_calls; /* as of the last flush */
	uint64_t rate_calls, rate_time, rate; /* calls per second */
};

/*
 * The size of each ring of a VM with so many vCPUs, where nobody has chosen one. A block holds
 * what half a ring does, and what a block costs beside its rows is much: 8 MiB are shared out,
 * 1 MiB to each vCPU at least.
 */
uint64_t session_ring_bytes(unsigned int vcpus);

/* Begin a new audit of a VM. vm_fd stays the caller's; pidfd becomes the session's. */
int session_attach(struct session *s, const struct vm *vm, int pidfd, int vm_fd,
		   const struct session_options *options, struct sc_error *err);

/* Go on with an orphan. @pidfd of the VM's process, or -1; becomes the session's */
int session_adopt(struct session *s, const struct scaudit_list_entry *orphan, int pidfd,
		  const struct session_options *options, struct sc_error *err);

/* The guest is recorded from here on. */
int session_run(struct session *s, struct sc_error *err);

/* Ask the module how things are, and map rings that have appeared. */
int session_refresh(struct session *s, struct sc_error *err);

/*
 * Take in what the rings hold, at most `budget` events.
 * @ended   nothing more will come: what is missing now is lost
 * @retval number of events taken  @retval negative errno: the store took no more
 */
int session_drain(struct session *s, unsigned int budget, bool ended);

/* The pair's calls go to the session's writer. */
extern const struct pair_ops session_pair_ops;

/* Make durable what was taken in, and give the rings' space back. */
int session_flush(struct session *s);

/* Does the store grow beyond what it may? Then its oldest segments go. Once a second. */
void session_retain(struct session *s, uint64_t now);

/* Is it time to? */
bool session_flush_due(const struct session *s, uint64_t now);

/* Go on with the identification of the guest. @retval true there is more to do at once */
bool session_identify(struct session *s, uint64_t now);

/*
 * Have what is there in the guest (processes, and what they have open) read beside the recording,
 * once it runs and the guest is understood, and put it into the store when it is there.
 * @end  wait for it, and begin none
 */
void session_snapshot(struct session *s, bool end);

/* Stop recording; the rings stay. */
void session_detach(struct session *s);

/* After the last event: end the calls, close the store and the audit. @ended as in sc_session */
int session_finish(struct session *s, const char *ended, struct sc_error *err);

void session_uninit(struct session *s);

/* Events that the module has not recorded, by reason. @retval their sum */
uint64_t session_dropped(const struct session *s, uint64_t by_reason[SCAUDIT_NR_REASONS]);

/* Calls that the module has left out by choice. */
uint64_t session_skipped(const struct session *s);

/* Count calls per second; to be called now and then. */
void session_measure(struct session *s, uint64_t now);

/* @state "recording", … */
void session_report(struct session *s, const char *state, struct report *report);

/* Monotonic clock, ns. */
uint64_t session_clock(void);

#endif
