// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/abi.h"
#include "base/json.h"
#include "base/put.h"
#include "base/term.h"
#include "base/timespec.h"
#include "tree.h"

#define DEEPEST 40 /* levels that are indented; below it all stay there */

/* Links between siblings, in order of pid. */
struct node {
	size_t child, last_child, next; /* SC_PROCESS_NONE: none */
	bool shown;
};

struct tree {
	struct sc_out *out;
	const struct sc_process *list;
	struct node *nodes;
	size_t count;
};

static int link_nodes(struct tree *t)
{
	size_t i;

	t->nodes = calloc(t->count + 1, sizeof(*t->nodes));
	if (!t->nodes)
		return -ENOMEM;
	for (i = 0; i < t->count; i++)
		t->nodes[i].child = t->nodes[i].last_child = t->nodes[i].next = SC_PROCESS_NONE;
	for (i = 0; i < t->count; i++) {
		struct node *parent;

		if (t->list[i].parent == SC_PROCESS_NONE)
			continue;
		parent = &t->nodes[t->list[i].parent];
		if (parent->last_child == SC_PROCESS_NONE)
			parent->child = i;
		else
			t->nodes[parent->last_child].next = i;
		parent->last_child = i;
	}
	return 0;
}

/* Is i the last of its siblings? Roots draw no lines. */
static bool is_last(const struct tree *t, size_t i)
{
	return t->nodes[i].next == SC_PROCESS_NONE;
}

/* The lines before a name: of the ancestors, then its own. */
static char *put_branches(const struct tree *t, char *p, size_t i, unsigned depth)
{
	char lines[4 * DEEPEST];
	unsigned level = depth < DEEPEST ? depth : DEEPEST, n = level;
	size_t at = i;

	for (; n > 0; n--, at = t->list[at].parent) {
		const char *line = is_last(t, at) ? "    " : "|   ";

		if (n == level)
			line = is_last(t, at) ? "`-- " : "|-- ";
		memcpy(lines + 4 * (n - 1), line, 4);
	}
	return sc_put_bytes(p, lines, 4 * (size_t)level);
}

static void put_time(const struct sc_process *p, char text[SC_TIME_ISO_LEN + 1])
{
	switch (p->how) {
	case SC_BORN_SEEN:
		sc_time_iso(p->born, text);
		break;
	case SC_BORN_RECKONED:
		text[0] = '~';
		sc_time_iso(p->born, text + 1);
		break;
	case SC_BORN_BEFORE:
		strcpy(text, "before");
		break;
	case SC_BORN_PARENT:
		strcpy(text, "-");
		break;
	}
}

static int show(struct tree *t, size_t i, unsigned depth)
{
	const struct sc_process *process = &t->list[i];
	char uid[12] = "-", started[SC_TIME_ISO_LEN + 1];
	char *p = sc_out_reserve(t->out);

	if (process->known & SCAUDIT_KNOWN_CRED)
		snprintf(uid, sizeof(uid), "%u", process->uid);
	put_time(process, started);
	p += sprintf(p, "%7u %10s %-31s ", process->pid, uid, started);
	p = put_branches(t, p, i, depth);
	if (process->comm[0])
		p = sc_term_escape(p, process->comm, strlen(process->comm));
	else
		*p++ = '?';
	if (process->threads > 1)
		p += sprintf(p, " {%u threads}", process->threads);
	*p++ = '\n';
	return sc_out_commit(t->out, p);
}

/* A root and all below it, without recursion: what a guest says may be deep. */
static int show_from(struct tree *t, size_t root)
{
	unsigned depth = 0;
	size_t i = root;

	for (;;) {
		int rc;

		t->nodes[i].shown = true;
		rc = show(t, i, depth);
		if (rc)
			return rc;
		if (t->nodes[i].child != SC_PROCESS_NONE && !t->nodes[t->nodes[i].child].shown) {
			i = t->nodes[i].child;
			depth++;
			continue;
		}
		/* Up to where there is a sibling, or back at the root. */
		while (i != root &&
		       (t->nodes[i].next == SC_PROCESS_NONE || t->nodes[t->nodes[i].next].shown)) {
			i = t->list[i].parent;
			depth--;
		}
		if (i == root)
			return 0;
		i = t->nodes[i].next;
	}
}

int sc_tree_text(struct sc_out *out, const struct sc_process *list, size_t count)
{
	struct tree t = { out, list, NULL, count };
	size_t i;
	int rc = link_nodes(&t);

	if (rc)
		return rc;
	rc = sc_out_printf(out, "%7s %10s %-31s %s\n", "PID", "UID", "STARTED", "COMMAND");
	for (i = 0; i < count && !rc; i++)
		if (list[i].parent == SC_PROCESS_NONE)
			rc = show_from(&t, i);
	for (i = 0; i < count && !rc; i++)
		if (!t.nodes[i].shown)
			rc = show_from(&t, i);
	free(t.nodes);
	return rc;
}

static int show_json(struct sc_out *out, const struct sc_process *process)
{
	static const char *const hows[] = {
		[SC_BORN_BEFORE] = "before",
		[SC_BORN_SEEN] = "seen",
		[SC_BORN_RECKONED] = "reckoned",
		[SC_BORN_PARENT] = "parent",
	};
	char iso[SC_TIME_ISO_LEN];
	char *p = sc_out_reserve(out);

	p = sc_put_u64(SC_PUT(p, "{\"pid\":"), process->pid);
	p = SC_PUT(p, ",\"ppid\":");
	p = process->ppid ? sc_put_u64(p, process->ppid) : SC_PUT(p, "null");
	p = SC_PUT(p, ",\"uid\":");
	p = process->known & SCAUDIT_KNOWN_CRED ? sc_put_u64(p, process->uid) : SC_PUT(p, "null");
	p = SC_PUT(p, ",\"comm\":");
	p = process->comm[0] ? sc_json_string(p, process->comm, strlen(process->comm)) :
			       SC_PUT(p, "null");
	p = SC_PUT(p, ",\"threads\":");
	p = process->threads ? sc_put_u64(p, process->threads) : SC_PUT(p, "null");
	p = SC_PUT(p, ",\"started\":");
	if (process->born) {
		sc_time_iso(process->born, iso);
		p = sc_json_string(p, iso, strlen(iso));
	} else {
		p = SC_PUT(p, "null");
	}
	p = sc_put_str(SC_PUT(p, ",\"known\":\""), hows[process->how]);
	return sc_out_commit(out, SC_PUT(p, "\"}\n"));
}

int sc_tree_json(struct sc_out *out, const struct sc_process *list, size_t count)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < count && !rc; i++)
		rc = show_json(out, &list[i]);
	return rc;
}
