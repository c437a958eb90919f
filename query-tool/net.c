// SPDX-License-Identifier: GPL-2.0-only
/* Who spoke to whom through sockets, and how much. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../lib/decode/errno_names.h"
#include "../lib/history/history_run.h"
#include "who.h"

struct net {
	struct query *q;
	struct line line;
	uint64_t shown;
};

static int compare(const void *left, const void *right)
{
	const struct sc_flow *a = *(struct sc_flow *const *)left;
	const struct sc_flow *b = *(struct sc_flow *const *)right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->proc != b->proc)
		return a->proc->index < b->proc->index ? -1 : 1;
	if (a->file != b->file)
		return a->file->socket->number < b->file->socket->number ? -1 : 1;
	return memcmp(a->remote.bytes, b->remote.bytes, sizeof(a->remote.bytes));
}

/* What it was for the process. */
static const char *role(const struct sc_flow *f)
{
	const struct sc_socket *s = f->file->socket;

	if (f->error)
		return "failed";
	if (s->listening)
		return "listening";
	if (f->accepted)
		return "accepted";
	if (f->connecting && !f->out && !f->in)
		return "connecting";
	return s->connected ? "connected" : "unconnected";
}

/* Both ends of a socketpair have no addresses: nobody is spoken to. */
static bool worth(const struct sc_flow *f, const struct sc_addr *remote)
{
	const struct sc_socket *s = f->file->socket;

	return s->local.len || remote->len || s->listening || f->accepted;
}

static void put_addr(struct line *l, const char *addr)
{
	if (*addr)
		line_escape(l, addr, strlen(addr));
	else
		line_put(l, "-");
}

static void put_json(struct line *l, const struct sc_session *s, const struct sc_flow *f,
		     const char *local, const char *remote)
{
	const struct sc_proc *p = f->proc;
	const char *error = f->error ? sc_errno_name((unsigned)f->error) : NULL;

	line_json_u64(l, "session", s->number, true);
	line_json_text(l, "protocol", sc_socket_protocol(f->file->socket));
	line_json_text(l, "local", *local ? local : NULL);
	line_json_text(l, "remote", *remote ? remote : NULL);
	line_json_text(l, "role", role(f));
	line_json_text(l, "error", f->error && !error ? "?" : error);
	line_json_u64(l, "sent", f->out, true);
	line_json_u64(l, "received", f->in, true);
	line_json_time(l, "first", f->first, true);
	line_json_time(l, "last", f->last, true);
	line_json_u64(l, "pid", p->pid, p->pid);
	line_json_u64(l, "uid", p->uid, p->known & SCAUDIT_KNOWN_CRED);
	line_json_text(l, "comm", p->comm[0] ? p->comm : NULL);
	line_json_text(l, "exe", p->exe);
	line_put(l, "}");
}

static void put_text(struct line *l, const struct sc_flow *f, const char *local, const char *remote)
{
	const char *protocol = sc_socket_protocol(f->file->socket);

	line_printf(l, "%7" PRIu32, f->proc->pid);
	line_cell(l, 7);
	line_escape(l, f->proc->comm, strlen(f->proc->comm));
	line_cell(l, 15);
	line_put(l, protocol ? protocol : "?");
	line_cell(l, 11);
	line_put(l, role(f));
	line_cell(l, 11);
	line_printf(l, "%10" PRIu64, f->out);
	line_cell(l, 10);
	line_printf(l, "%10" PRIu64, f->in);
	line_cell(l, 10);
	line_time(l, f->first);
	line_cell(l, 30);
	line_time(l, f->last);
	line_cell(l, 30);
	put_addr(l, local);
	line_put(l, " -> ");
	put_addr(l, remote);
	if (f->error)
		line_printf(l, " %s",
			    sc_errno_name((unsigned)f->error) ? sc_errno_name((unsigned)f->error) :
								"?");
}

static int on_session(struct sc_history *h, const struct sc_session *s, void *arg)
{
	struct sc_flow *const *flows;
	struct net *net = arg;
	struct query *q = net->q;
	struct sc_flow **sorted;
	size_t i, n;
	int rc = 0;

	flows = sc_history_flows(h, &n);
	sorted = calloc(n + 1, sizeof(*sorted));
	if (!sorted)
		return QUERY_STOP_MEMORY;
	if (n) {
		memcpy(sorted, flows, n * sizeof(*sorted));
		qsort(sorted, n, sizeof(*sorted), compare);
	}
	for (i = 0; i < n && !rc; i++) {
		const struct sc_flow *f = sorted[q->reverse ? n - 1 - i : i];
		/* One that has come to be known later. */
		const struct sc_addr *to = f->remote.len || !f->file->socket->connected ?
						   &f->remote :
						   &f->file->socket->remote;
		char local[SC_ADDR_TEXT], remote[SC_ADDR_TEXT];

		if (!worth(f, to) ||
		    (q->ask && sc_expr_proc(q->ask, f->proc, f, s->number) != SC_TRUE))
			continue;
		sc_addr_text(&f->file->socket->local, local);
		sc_addr_text(to, remote);
		if (q->print.format == SC_PRINT_JSON) {
			put_json(&net->line, s, f, local, remote);
		} else {
			if (!net->shown)
				sc_out_printf(q->out,
					      "%7s %-15s %-11s %-11s %10s %10s %-30s %-30s %s\n",
					      "PID", "COMM", "PROTOCOL", "ROLE", "SENT", "RECEIVED",
					      "FIRST", "LAST", "LOCAL -> REMOTE");
			put_text(&net->line, f, local, remote);
		}
		if (line_end(&net->line, q->out))
			rc = QUERY_STOP_OUTPUT;
		else if (++net->shown == q->limit)
			rc = QUERY_STOP_LIMIT;
	}
	free(sorted);
	who_say_limits(h, s);
	return rc;
}

/* So that only calls that matter here are read. */
static int nothing(struct sc_history *h, const struct sc_call *call, void *arg)
{
	(void)h;
	(void)call;
	(void)arg;
	return 0;
}

int query_net(struct query *q)
{
	static const uint64_t none;
	struct sc_filter show = q->where.filter;
	struct net net = { .q = q };
	struct sc_error err = { "" };
	struct sc_gap *gaps = NULL;
	struct sc_history_run how = {
		.store = q->store,
		.what = SC_HISTORY_FDS | SC_HISTORY_NET | query_history(q),
		.show = &show,
		.numbers = &none,
		.call = nothing,
		.session = on_session,
		.stop = QUERY_STOP_SIGNAL,
		.arg = &net,
		.damage = &q->damage,
	};
	size_t n_gaps;
	int rc;

	/* It is asked of connections, not of calls. */
	show.expr = NULL;
	rc = sc_history_run(&how, &err);
	line_free(&net.line);
	rc = query_partial(q, rc);
	rc = query_result(q, rc, net.shown > 0, &err);
	if (!query_range_gaps(q, &gaps, &n_gaps, &err))
		query_say_gaps(gaps, n_gaps);
	free(gaps);
	return rc;
}
