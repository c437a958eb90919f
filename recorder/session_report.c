// SPDX-License-Identifier: GPL-2.0-only
/* Of a session: how it is doing. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "log.h"
#include "session.h"

#define RATE_NS 1000000000ULL /* over which calls per second are counted */

uint64_t session_dropped(const struct session *s, uint64_t by_reason[SCAUDIT_NR_REASONS])
{
	struct scaudit_status status;
	uint64_t sum = 0;
	uint32_t vcpu, reason;

	memset(by_reason, 0, SCAUDIT_NR_REASONS * sizeof(*by_reason));
	for (vcpu = 0; vcpu < s->status.nr_rings; vcpu++) {
		if (device_status(s->device, vcpu, &status, NULL) < 0)
			continue;
		for (reason = 0; reason < SCAUDIT_NR_REASONS; reason++) {
			if (!sc_gap_counted(reason))
				continue;
			by_reason[reason] += status.dropped[reason];
			sum += status.dropped[reason];
		}
	}
	return sum;
}

uint64_t session_skipped(const struct session *s)
{
	struct scaudit_status status;
	uint64_t sum = 0;
	uint32_t vcpu;

	for (vcpu = 0; vcpu < s->status.nr_rings; vcpu++)
		if (device_status(s->device, vcpu, &status, NULL) == 0)
			sum += status.skipped;
	return sum;
}

void session_measure(struct session *s, uint64_t now)
{
	uint64_t calls = pair_stats(s->pair)->calls;

	if (s->rate_time != 0 && now - s->rate_time < RATE_NS)
		return;
	if (s->rate_time != 0)
		s->rate = (uint64_t)((double)(calls - s->rate_calls) * 1e9 /
				     (double)(now - s->rate_time));
	s->rate_calls = calls;
	s->rate_time = now;
}

static const char *ident_text(const struct session *s)
{
	if (s->ident.busy)
		return "searching";
	switch (s->status.ident) {
	case SCAUDIT_IDENT_WANTED:
		return "wanted";
	case SCAUDIT_IDENT_SET:
		return "found";
	case SCAUDIT_IDENT_ABSENT:
		return "not found";
	default:
		return "not needed yet";
	}
}

/* The engine that was asked for, and whether it is the one in use. */
static void report_engine(struct report *r)
{
	uint32_t vcpu, armed = 0, fault = 0;

	for (vcpu = 0; vcpu < r->n_vcpus; vcpu++) {
		armed += r->vcpus[vcpu].armed;
		fault += r->vcpus[vcpu].armed && r->vcpus[vcpu].engine == SCAUDIT_ENGINE_FAULT;
	}
	if (strcmp(r->engine, "pad") != 0)
		snprintf(r->engine_why, sizeof(r->engine_why),
			 "hardware EFER.SCE off: SYSCALL and SYSRET trap");
	else if (fault == 0)
		snprintf(r->engine_why, sizeof(r->engine_why),
			 "SYSCALL lands on an invalid opcode of the guest's own entry code");
	else
		snprintf(r->engine_why, sizeof(r->engine_why), "but fault on %u of %u vCPUs", fault,
			 armed);
}

void session_report(struct session *s, const char *state, struct report *r)
{
	const struct pair_stats *stats = pair_stats(s->pair);
	uint64_t by_reason[SCAUDIT_NR_REASONS];
	struct scaudit_status status;
	uint32_t vcpu;
	uint64_t fill;
	size_t i;

	memset(r, 0, sizeof(*r));
	snprintf(r->vm, sizeof(r->vm), "%s", s->vm);
	r->vm_pid = (uint64_t)s->vm_pid;
	if (s->retry_at != 0)
		state = s->full ? "disk full" : "store error";
	snprintf(r->state, sizeof(r->state), "%s", state);
	r->recorder_pid = (uint64_t)getpid();
	for (i = 0; i < sizeof(s->id); i++)
		sprintf(r->session + 2 * i, "%02x", s->id[i]);
	r->begin = s->begin;
	snprintf(r->engine, sizeof(r->engine), "%s", s->engine);
	snprintf(r->returns, sizeof(r->returns), "%.*s", (int)sizeof(r->returns) - 1, s->returns);
	snprintf(r->ident, sizeof(r->ident), "%s", ident_text(s));
	if (s->status.ident == SCAUDIT_IDENT_SET && s->ident.profiled)
		snprintf(r->ident_why, sizeof(r->ident_why), "profile of kernel %s",
			 s->profile.release[0] != '\0' ? s->profile.release : "?");
	else if (s->status.ident == SCAUDIT_IDENT_SET)
		snprintf(r->ident_why, sizeof(r->ident_why), "BTF of the guest's kernel");
	else if (s->status.ident == SCAUDIT_IDENT_ABSENT)
		snprintf(r->ident_why, sizeof(r->ident_why), "%s", s->ident.why.text);
	r->calls = stats->calls;
	r->rate = s->rate;
	r->open_calls = stats->open;
	r->unknown_callers = stats->unknown_callers;
	r->orphan_returns = stats->orphan_returns;
	r->lost_pieces = stats->lost_pieces;
	snprintf(r->only, sizeof(r->only), "%s", s->choice.only);
	snprintf(r->skip, sizeof(r->skip), "%s", s->choice.skip);
	if (s->choice.snaplen[0] != '\0')
		snprintf(r->snaplen, sizeof(r->snaplen), "%s", s->choice.snaplen);
	else
		snprintf(r->snaplen, sizeof(r->snaplen), "%u", SNAPLEN_DEFAULT);
	r->rings = s->merge.n;
	r->ring_bytes = s->ring_bytes;
	for (i = 0; i < s->merge.n; i++) {
		fill = ring_fill(&s->merge.rings[i]) * 100 / s->ring_bytes;
		r->ring_fill = fill > r->ring_fill ? fill : r->ring_fill;
	}
	snprintf(r->on_full, sizeof(r->on_full), "%s",
		 s->on_full == SCAUDIT_FULL_DROP  ? "drop" :
		 s->on_full == SCAUDIT_FULL_BLOCK ? "block" :
						    "as before");
	r->dropped = session_dropped(s, by_reason);
	r->dropped_full = by_reason[SCAUDIT_GAP_DROP];
	r->dropped_stall = by_reason[SCAUDIT_GAP_STALL];
	r->dropped_memory = by_reason[SCAUDIT_GAP_NOMEM];
	r->missing = s->missing;
	for (vcpu = 0; vcpu < s->status.nr_rings; vcpu++) {
		if (device_status(s->device, vcpu, &status, NULL) < 0)
			continue;
		r->stalls += status.stalls;
		r->stall_ns += status.stall_ns;
		r->skipped += status.skipped;
		r->exits += status.exits;
		if (vcpu < REPORT_VCPUS) {
			r->vcpus[vcpu] = (struct report_vcpu){
				.armed = status.armed,
				.engine = status.engine,
				.why = status.why,
				.insns = status.insns,
			};
			r->n_vcpus = vcpu + 1;
		}
	}
	report_engine(r);
	snprintf(r->store, sizeof(r->store), "%s", s->dir);
	r->store_bytes = s->store_bytes;
	r->store_calls = s->store_calls;
	retention_describe(&s->retention, r->retention, sizeof(r->retention));
	r->retired_segments = s->retired_segments;
	r->retired_calls = s->retired_calls;
	r->pending = s->writer != NULL ? sc_writer_pending(s->writer) : 0;
	snprintf(r->error, sizeof(r->error), "%s", s->error.text);
	snprintf(r->warning, sizeof(r->warning), "%s", log_last_warning());
}
