// SPDX-License-Identifier: GPL-2.0-only
/* scquery verify, scquery checkpoint, scquery repair */
#include "evidence.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/query/filter_args.h"
#include "../lib/base/json.h"
#include "../lib/store/place.h"
#include "../lib/base/put.h"
#include "../lib/base/out.h"
#include "../lib/store/repair.h"
#include "../lib/base/say.h"
#include "../lib/base/timespec.h"
#include "../lib/store/verify.h"
#include "own.h"
#include "query.h"

#define KEYS_MAX 16

enum {
	KEY_VM = 256,
	KEY_STORE,
	KEY_FAST,
	KEY_FULL,
	KEY_KEY,
	KEY_CHECKPOINT,
	KEY_NO_INDEX,
	KEY_JSON
};

enum command {
	NONE,
	VERIFY,
	CHECKPOINT,
	REPAIR,
	COMMANDS
};

struct arguments {
	enum command command;
	const char *vm, *store;
	bool fast, full, no_index, json, dry;
	const char *keys[KEYS_MAX];
	size_t n_keys;
	const char *checkpoint;
};

static const struct argp_option verify_options[] = {
	{ "full", KEY_FULL, 0, 0, "Read and decode every column, not the heads alone", 0 },
	{ "fast", KEY_FAST, 0, 0, "The heads and footers, the seals and the index (default)", 0 },
	{ "key", KEY_KEY, "FILE", 0,
	  "A public key (FILE.pub of 'screcord keygen') that the recorder's seals must be of; may "
	  "be given several times",
	  0 },
	{ "checkpoint", KEY_CHECKPOINT, "FILE", 0,
	  "What 'scquery checkpoint' once told: the store must still hold it", 0 },
	{ "no-index", KEY_NO_INDEX, 0, 0, "Leave the index out: it is made from the segments", 0 },
	{ "vm", KEY_VM, "VM", 0, "The store of this VM", 1 },
	{ "store", KEY_STORE, "DIR", 0, "The store in this folder; so does STORE", 1 },
	{ "json", KEY_JSON, 0, 0, "A JSON object a line: findings, and the result last", 1 },
	{ 0 },
};

static const struct argp_option checkpoint_options[] = {
	{ "vm", KEY_VM, "VM", 0, "The store of this VM", 1 },
	{ "store", KEY_STORE, "DIR", 0, "The store in this folder; so does STORE", 1 },
	{ "json", KEY_JSON, 0, 0, "As a JSON object", 1 },
	{ 0 },
};

static const struct argp_option repair_options[] = {
	{ "dry-run", 'n', 0, 0, "Only say what would be done", 0 },
	{ "vm", KEY_VM, "VM", 0, "The store of this VM", 1 },
	{ "store", KEY_STORE, "DIR", 0, "The store in this folder; so does STORE", 1 },
	{ 0 },
};

static const char verify_doc[] =
	"Is the store what its recorder wrote? What is missing, altered or out of place is told, "
	"with where it is and from when on. Nothing is changed, and a recorder may be at work."
	"\v"
	"Without --key a seal shows only that nobody without the key has changed what lies before "
	"it, whoever has the key. That the end of a store was cut off, or all of it rolled back, "
	"together with its index, only a checkpoint kept elsewhere can show.\n"
	"\n"
	"Exit status: 0 intact, 2 usage, 3 something is wrong with it, 4 any other failure.";

static const char checkpoint_doc[] =
	"Tell in a few lines what the store has come to, to be kept elsewhere, on paper if need be: "
	"'scquery verify --checkpoint' shows later whether it still holds that.";

static const char repair_doc[] =
	"Mend a store that nobody records to: an index that is missing, damaged or says something "
	"else than the segments is made again from them, and bytes that a recorder killed while it "
	"wrote has left at the end of a segment are moved to the folder 'torn'. Nothing is thrown "
	"away, what could be read before can be read after, and what is lost is told. A recorder "
	"does the same when it goes on, and queries read a damaged store as far as it can be read."
	"\v"
	"Exit status: 0 nothing is wrong with it (any more), 2 usage, 3 something is lost, 4 any "
	"other failure.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case KEY_VM:
		a->vm = arg;
		return 0;
	case KEY_STORE:
		a->store = arg;
		return 0;
	case KEY_FAST:
		a->fast = true;
		return 0;
	case KEY_FULL:
		a->full = true;
		return 0;
	case KEY_KEY:
		if (a->n_keys == KEYS_MAX)
			sc_usage(state, "--key: more than %d", KEYS_MAX);
		a->keys[a->n_keys++] = arg;
		return 0;
	case KEY_CHECKPOINT:
		a->checkpoint = arg;
		return 0;
	case KEY_NO_INDEX:
		a->no_index = true;
		return 0;
	case KEY_JSON:
		a->json = true;
		return 0;
	case 'n':
		a->dry = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->store)
			sc_usage(state, "one store, please; '%s' is too many", arg);
		a->store = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->store && a->vm)
			sc_usage(state, "a store and --vm: give one of them");
		if (a->fast && a->full)
			sc_usage(state, "--fast and --full: give one of them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int fail(const struct sc_error *err)
{
	sc_say("%s", err->text);
	return SC_EXIT_FAILED;
}

static char *put_hex(char *p, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		*p++ = "0123456789abcdef"[bytes[i] >> 4];
		*p++ = "0123456789abcdef"[bytes[i] & 15];
	}
	return p;
}

static char *put_json_hex(char *p, const char *name, const uint8_t *bytes, size_t n)
{
	p = SC_PUT(p, ",\"");
	p = sc_put_str(p, name);
	p = put_hex(SC_PUT(p, "\":\""), bytes, n);
	return SC_PUT(p, "\"");
}

static char *put_json_number(char *p, const char *name, uint64_t value)
{
	p = SC_PUT(p, ",\"");
	p = sc_put_str(p, name);
	return sc_put_u64(SC_PUT(p, "\":"), value);
}

static char *put_json_time(char *p, const char *name, uint64_t time)
{
	char iso[SC_TIME_ISO_LEN];

	sc_time_iso(time, iso);
	p = SC_PUT(p, ",\"");
	p = sc_put_str(p, name);
	p = sc_put_str(SC_PUT(p, "\":\""), iso);
	return SC_PUT(p, "\"");
}

static char *put_json_text(char *p, const char *name, const char *text)
{
	p = SC_PUT(p, ",\"");
	p = sc_put_str(p, name);
	return sc_json_string(SC_PUT(p, "\":"), text, strlen(text));
}

static const char *yes_no(bool yes)
{
	return yes ? "true" : "false";
}

static int finish(struct sc_out *out, int status)
{
	int error = -sc_out_flush(out);

	if (!error || error == EPIPE)
		return status;
	sc_say("cannot write to standard output: %s", strerrordesc_np(error));
	return SC_EXIT_FAILED;
}

/* ---- checkpoint ---- */

static int make_checkpoint(const struct arguments *a, struct sc_out *out)
{
	struct sc_checkpoint c = { 0 };
	struct sc_buf text = { 0 };
	struct sc_error err = { "" };
	int rc = sc_checkpoint_make(a->store, &c, &err);
	char *p;

	if (rc) {
		sc_say("%s", err.text);
		return rc == -EBADMSG ? SC_EXIT_DAMAGED : SC_EXIT_FAILED;
	}
	if (!a->json) {
		sc_checkpoint_put(&c, &text);
		sc_out_write(out, text.data, text.len);
		sc_buf_free(&text);
		return finish(out, SC_EXIT_MATCH);
	}
	p = sc_out_reserve(out);
	p = SC_PUT(p, "{\"checkpoint\":1");
	p = put_json_hex(p, "store", c.store, sizeof(c.store));
	p = put_json_time(p, "time", c.time);
	p = put_json_number(p, "segment", c.segment);
	p = put_json_number(p, "block", c.block);
	p = put_json_number(p, "seq", c.seq);
	p = put_json_hex(p, "head", c.head, sizeof(c.head));
	if (c.sealed) {
		p = put_json_hex(p, "digest", c.digest, sizeof(c.digest));
		p = put_json_hex(p, "seal", c.signature, sizeof(c.signature));
		p = put_json_hex(p, "key", c.key, sizeof(c.key));
	}
	sc_out_commit(out, SC_PUT(p, "}\n"));
	return finish(out, SC_EXIT_MATCH);
}

/* ---- verify ---- */

struct showing {
	const struct arguments *a;
	struct sc_out *out;
};

static void show_json(struct sc_out *out, const struct sc_finding *f)
{
	char *p = sc_out_reserve(out);

	p = sc_put_str(SC_PUT(p, "{\"finding\":\""), sc_finding_name(f->kind));
	p = SC_PUT(p, "\"");
	if (f->segment) {
		p = put_json_number(p, "segment", f->segment);
		p = put_json_number(p, "offset", f->offset);
	}
	if (f->block) {
		p = put_json_number(p, "block", f->block);
		p = put_json_number(p, "blocks", f->blocks);
	}
	if (f->seq) {
		p = put_json_number(p, "seq", f->seq);
		p = put_json_number(p, "calls", f->calls);
	}
	if (f->time)
		p = put_json_time(p, "after", f->time);
	p = put_json_text(p, "text", f->text);
	sc_out_commit(out, SC_PUT(p, "}\n"));
}

static void put_range(char *text, size_t size, const char *one, const char *many, uint64_t from,
		      uint64_t n)
{
	size_t len = strlen(text);

	if (n == 1)
		snprintf(text + len, size - len, "%s %" PRIu64, one, from);
	else if (n)
		snprintf(text + len, size - len, "%s %" PRIu64 " to %" PRIu64, many, from,
			 from + n - 1);
}

static void show_finding(const struct sc_finding *f, void *arg)
{
	struct showing *s = arg;
	char where[256] = "", iso[SC_TIME_ISO_LEN];
	size_t len;

	if (s->a->json) {
		show_json(s->out, f);
		return;
	}
	if (f->segment)
		snprintf(where, sizeof(where), "segments/%06" PRIu32 ".scs, byte %" PRIu64 ": ",
			 f->segment, f->offset);
	else if (f->kind == SC_FINDING_INDEX)
		snprintf(where, sizeof(where), "index.db: ");
	put_range(where, sizeof(where), "block", "blocks", f->block, f->blocks);
	if (f->blocks && f->calls) {
		len = strlen(where);
		snprintf(where + len, sizeof(where) - len, ", ");
	}
	put_range(where, sizeof(where), "call", "calls", f->seq, f->calls);
	len = strlen(where);
	if (f->time && f->kind != SC_FINDING_NOTE) {
		sc_time_iso(f->time, iso);
		snprintf(where + len, sizeof(where) - len,
			 "%safter %s: ", f->blocks || f->calls ? ", " : "", iso);
	} else if (f->blocks || f->calls) {
		snprintf(where + len, sizeof(where) - len, ": ");
	}
	sc_out_printf(s->out, "%s: %s%s\n", sc_finding_name(f->kind), where, f->text);
}

static void result_json(const struct arguments *a, struct sc_out *out, const struct sc_verified *v)
{
	char *p = sc_out_reserve(out);
	char id[SC_KEY_ID_LEN];

	p = SC_PUT(p, "{\"result\":\"");
	p = sc_put_str(p, v->findings ? "damaged" : "intact");
	p = SC_PUT(p, "\"");
	p = put_json_number(p, "findings", v->findings);
	p = sc_put_str(SC_PUT(p, ",\"full\":"), yes_no(a->full));
	p = sc_put_str(SC_PUT(p, ",\"live\":"), yes_no(v->live));
	if (v->has_store)
		p = put_json_hex(p, "store", v->store, sizeof(v->store));
	p = put_json_number(p, "segments", v->segments);
	p = put_json_number(p, "sessions", v->sessions);
	p = put_json_number(p, "blocks", v->blocks);
	p = put_json_number(p, "calls", v->calls);
	p = put_json_number(p, "bytes", v->bytes);
	p = put_json_number(p, "bad_blocks", v->bad_blocks);
	p = put_json_number(p, "missing_blocks", v->missing_blocks);
	p = put_json_number(p, "first_block", v->first_block);
	p = put_json_number(p, "last_block", v->last_block);
	p = put_json_number(p, "last_seq", v->last_seq);
	if (v->begin) {
		p = put_json_time(p, "begin", v->begin);
		p = put_json_time(p, "end", v->end);
	}
	p = put_json_number(p, "sealed_block", v->sealed_block);
	p = sc_put_str(SC_PUT(p, ",\"sealed_to_end\":"), yes_no(v->sealed_to_end));
	if (v->keyed) {
		sc_key_id(v->key, id);
		p = put_json_text(p, "key", id);
		p = sc_put_str(SC_PUT(p, ",\"key_given\":"), yes_no(a->n_keys != 0));
	}
	if (a->checkpoint)
		p = sc_put_str(SC_PUT(p, ",\"checkpoint\":"), yes_no(v->checkpoint_found));
	sc_out_commit(out, SC_PUT(p, "}\n"));
}

static void result_text(const struct arguments *a, struct sc_out *out, const struct sc_verified *v)
{
	char id[SC_KEY_ID_LEN], from[SC_TIME_ISO_LEN], to[SC_TIME_ISO_LEN];

	sc_out_printf(out,
		      "%" PRIu64 " segments, %" PRIu64 " sessions, %" PRIu64 " blocks, %" PRIu64
		      " calls",
		      v->segments, v->sessions, v->blocks, v->calls);
	if (v->begin) {
		sc_time_iso(v->begin, from);
		sc_time_iso(v->end, to);
		sc_out_printf(out, ", %s to %s", from, to);
	}
	sc_out_printf(out, "\n%s\n",
		      a->full ? "read: every byte" :
				"read: heads and footers (--full: every byte)");
	if (v->live)
		sc_out_printf(out, "a recorder is at work: this is up to block %" PRIu64 "\n",
			      v->last_block);
	if (v->keyed) {
		sc_key_id(v->key, id);
		sc_out_printf(out, "sealed up to block %" PRIu64 "%s, by key %s%s\n",
			      v->sealed_block, v->sealed_to_end ? "" : ", not to the end", id,
			      a->n_keys ? "" : ", which the store itself names (compare: --key)");
	} else {
		sc_out_printf(out, "not sealed: anybody can have written it\n");
	}
	if (v->checkpoint_found)
		sc_out_printf(out, "it holds what the checkpoint tells of\n");
	if (v->findings > SC_FINDINGS_TOLD)
		sc_out_printf(out, "only the first %u findings were shown\n", SC_FINDINGS_TOLD);
	if (v->findings)
		sc_out_printf(out,
			      "DAMAGED: %" PRIu64 " finding%s; %" PRIu64 " blocks altered, %" PRIu64
			      " missing\n",
			      v->findings, v->findings == 1 ? "" : "s", v->bad_blocks,
			      v->missing_blocks);
	else
		sc_out_printf(out, "intact\n");
}

static int verify(const struct arguments *a, struct sc_out *out)
{
	struct sc_public_key *keys = calloc(KEYS_MAX, sizeof(*keys));
	struct showing s = { a, out };
	struct sc_checkpoint c = { 0 };
	struct sc_verify_options o = {
		.full = a->full,
		.no_index = a->no_index,
		.keys = keys,
		.n_keys = a->n_keys,
		.checkpoint = a->checkpoint ? &c : NULL,
		.found = show_finding,
		.arg = &s,
	};
	struct sc_error err = { "" };
	struct sc_verified v;
	int rc = keys ? 0 : sc_fail(&err, -ENOMEM, "out of memory");

	for (size_t i = 0; !rc && i < a->n_keys; i++)
		rc = sc_key_read_public(a->keys[i], &keys[i], &err);
	if (!rc && a->checkpoint)
		rc = sc_checkpoint_read(a->checkpoint, &c, &err);
	if (!rc)
		rc = sc_verify(a->store, &o, &v, &err);
	free(keys);
	if (rc) {
		sc_out_flush(out);
		return fail(&err);
	}
	if (a->json)
		result_json(a, out, &v);
	else
		result_text(a, out, &v);
	return finish(out, v.findings ? SC_EXIT_DAMAGED : SC_EXIT_MATCH);
}

/* ---- repair ---- */

static void said(const char *line, void *arg)
{
	sc_out_printf(arg, "%s\n", line);
}

static int repair(const struct arguments *a, struct sc_out *out)
{
	struct sc_repair_options o = { .dry = a->dry, .said = said, .arg = out };
	struct sc_error err = { "" };
	struct sc_repaired done;
	bool lost;

	if (sc_store_repair(a->store, &o, &done, &err)) {
		sc_out_flush(out);
		return fail(&err);
	}
	lost = done.after.findings != 0 && !(a->dry && done.index && !done.lost);
	sc_out_printf(out, "%" PRIu64 " segments, %" PRIu64 " blocks, %" PRIu64 " calls: %s\n",
		      done.after.segments, done.after.blocks, done.after.calls,
		      lost	 ? "something is lost ('scquery verify --full' shows it)" :
		      done.index ? a->dry ? "would be intact" : "intact now" :
				   "intact");
	return finish(out, lost ? SC_EXIT_DAMAGED : SC_EXIT_MATCH);
}

static int run(struct arguments *a)
{
	static struct sc_out out;
	struct sc_error err = { "" };
	char *dir = NULL;
	int rc = sc_key_init(&err);

	if (!rc && !a->store) {
		rc = sc_place_find(a->vm, &dir, &err);
		a->store = dir;
	}
	if (rc)
		return fail(&err);
	sc_out_init(&out, STDOUT_FILENO);
	rc = a->command == VERIFY ? verify(a, &out) :
	     a->command == REPAIR ? repair(a, &out) :
				    make_checkpoint(a, &out);
	free(dir);
	return rc;
}

/* They stood behind options of a query, of which they know these. */
static int run_query(const struct query *q, enum command command)
{
	struct arguments a = {
		.command = command,
		.vm = q->where.vm,
		.store = q->where.store,
		.json = q->print.format == SC_PRINT_JSON,
	};

	return run(&a);
}

int query_verify(struct query *q)
{
	return run_query(q, VERIFY);
}

int query_checkpoint(struct query *q)
{
	return run_query(q, CHECKPOINT);
}

int query_repair(struct query *q)
{
	return run_query(q, REPAIR);
}

bool evidence_command(int argc, char **argv, int *status)
{
	static const struct argp argps[COMMANDS] = {
		[VERIFY] = { verify_options, parse, "[STORE]", verify_doc, NULL, NULL, NULL },
		[CHECKPOINT] = { checkpoint_options, parse, "[STORE]", checkpoint_doc, NULL, NULL,
				 NULL },
		[REPAIR] = { repair_options, parse, "[STORE]", repair_doc, NULL, NULL, NULL },
	};
	static const char *const names[] = { "verify", "checkpoint", "repair", NULL };
	struct arguments a = { 0 };
	struct own own;
	int which = own_find(argc, argv, names, &own), at = own.at;
	char name[64];

	if (which < 0)
		return false;
	a.command = VERIFY + (enum command)which;
	a.vm = own.vm;
	a.store = own.store;
	snprintf(name, sizeof(name), "scquery %s", argv[at]);
	argv[at] = name;
	*status = argp_parse(&argps[a.command], argc - at, argv + at, 0, NULL, &a) ? SC_EXIT_USAGE :
										     run(&a);
	return true;
}
