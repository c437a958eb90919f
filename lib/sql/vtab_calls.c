// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of calls. Conditions become a filter of our own, which leaves out blocks; SQLite
 * asks all of them again, so that a filter need only let through enough. A scan hands calls
 * out, a cursor takes them: so they are fetched in batches, each of which goes on by number
 * where the one before has ended.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/errno_names.h"
#include "query/expr.h"
#include "store/store_private.h"
#include "decode/syscalls.h"
#include "base/timespec.h"
#include "vtab_private.h"

#define BATCH_FIRST 64u /* calls; LIMIT 10 is not to read a block for nothing */
#define BATCH_MOST 65536u /* as many as a block has: none is read often */
#define BATCH_BYTES (8u << 20) /* of payloads */

enum column {
	SEQ,
	TS,
	TIME,
	DUR,
	VM,
	SESSION,
	VCPU,
	PID,
	TID,
	PPID,
	UID,
	GID,
	COMM,
	SYSCALL,
	NR,
	ABI,
	INSN,
	STATE,
	RET,
	ERRNO,
	FAILED,
	BYTES,
	ARG0,
	ARG5 = ARG0 + 5,
	ARGS,
	PATH,
	DATA,
	RIP,
	RSP,
	RFLAGS,
	CR3,
	FS_BASE,
	GS_BASE,
	CPL,
	TSC,
	FILTER, /* hidden: an expression */
	COLUMNS
};

/* How a condition is written in the filter language. */
enum push {
	NONE,
	NUMBER,
	NANOSECONDS, /* a duration */
	MOMENT,
	WORD, /* a name of ours: letters, digits, _ */
	NAME, /* of the guest's: printable ASCII is pushed down */
	EXPRESSION,
};

static const struct {
	const char *name, *type;
	unsigned columns; /* SC_COL_* */
	const char *field; /* of the filter language; NULL: as name */
	enum push push;
	uint16_t share; /* of how many calls one has such a value, roughly */
} columns[COLUMNS] = {
	[SEQ] = { "seq", "INTEGER", 0, NULL, NUMBER, 60000 },
	[TS] = { "ts", "INTEGER", SC_COL_TIME, "time", MOMENT, 60000 },
	[TIME] = { "time", "TEXT", SC_COL_TIME, NULL, NONE, 1 },
	[DUR] = { "dur", "INTEGER", SC_COL_TIME | SC_COL_RET, NULL, NANOSECONDS, 10 },
	[VM] = { "vm", "TEXT", 0, NULL, NONE, 1 },
	[SESSION] = { "session", "INTEGER", 0, NULL, NUMBER, 4 },
	[VCPU] = { "vcpu", "INTEGER", SC_COL_CPU, NULL, NUMBER, 2 },
	[PID] = { "pid", "INTEGER", SC_COL_TASK, NULL, NUMBER, 1000 },
	[TID] = { "tid", "INTEGER", SC_COL_TASK, NULL, NUMBER, 1000 },
	[PPID] = { "ppid", "INTEGER", SC_COL_TASK, NULL, NUMBER, 100 },
	[UID] = { "uid", "INTEGER", SC_COL_TASK, NULL, NUMBER, 5 },
	[GID] = { "gid", "INTEGER", SC_COL_TASK, NULL, NUMBER, 5 },
	[COMM] = { "comm", "TEXT", SC_COL_TASK, NULL, NAME, 50 },
	[SYSCALL] = { "syscall", "TEXT", SC_COL_NR, NULL, WORD, 30 },
	[NR] = { "nr", "INTEGER", SC_COL_NR, NULL, NUMBER, 30 },
	[ABI] = { "abi", "TEXT", SC_COL_NR, NULL, WORD, 2 },
	[INSN] = { "insn", "TEXT", SC_COL_NR, NULL, WORD, 2 },
	[STATE] = { "state", "TEXT", SC_COL_RET, NULL, WORD, 2 },
	[RET] = { "ret", "INTEGER", SC_COL_RET, NULL, NUMBER, 10 },
	[ERRNO] = { "errno", "TEXT", SC_COL_RET, NULL, WORD, 50 },
	[FAILED] = { "failed", "INTEGER", SC_COL_RET, NULL, NONE, 1 },
	[BYTES] = { "bytes", "INTEGER", SC_COL_NR | SC_COL_RET, NULL, NUMBER, 10 },
#define ARG(n) [ARG0 + (n)] = { "arg" #n, "INTEGER", SC_COL_NR | SC_COL_ARGS, NULL, NUMBER, 10 }
	ARG(0),
	ARG(1),
	ARG(2),
	ARG(3),
	ARG(4),
	ARG(5),
#define MEMORY (SC_COL_NR | SC_COL_ARGS | SC_COL_RET | SC_COL_PAYLOAD)
	[ARGS] = { "args", "TEXT", MEMORY, NULL, NONE, 1 },
	[PATH] = { "path", "TEXT", MEMORY, NULL, NONE, 1 },
	[DATA] = { "data", "BLOB", MEMORY, NULL, NONE, 1 },
	[RIP] = { "rip", "INTEGER", SC_COL_REGS, NULL, NONE, 1 },
	[RSP] = { "rsp", "INTEGER", SC_COL_REGS, NULL, NONE, 1 },
	[RFLAGS] = { "rflags", "INTEGER", SC_COL_REGS, NULL, NONE, 1 },
	[CR3] = { "cr3", "INTEGER", SC_COL_REGS, NULL, NONE, 1 },
	[FS_BASE] = { "fs_base", "INTEGER", SC_COL_REGS, NULL, NONE, 1 },
	[GS_BASE] = { "gs_base", "INTEGER", SC_COL_REGS, NULL, NONE, 1 },
	[CPL] = { "cpl", "INTEGER", SC_COL_CPU, NULL, NONE, 1 },
	[TSC] = { "tsc", "INTEGER", SC_COL_TSC, NULL, NONE, 1 },
	[FILTER] = { "filter", "TEXT HIDDEN", 0, NULL, EXPRESSION, 20 },
};

const char *calls_columns(void)
{
	static char text[2048];
	size_t n = (size_t)snprintf(text, sizeof(text), "CREATE TABLE calls (");

	for (unsigned i = 0; i < COLUMNS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %s", i ? ", " : "",
				      columns[i].name, columns[i].type);
	snprintf(text + n, sizeof(text) - n, ")");
	return text;
}

/* ---- planning ---- */

/*
 * The plan is text: which columns are looked at, in which order, then for each argument its
 * column, whether it is a list, and its operator: "0004030f - 7.=;8i=;1.>=;"
 */
int calls_plan(struct vtab *t, sqlite3_index_info *info)
{
	double rows = (double)(t->calls ? t->calls : 1), share = 1;
	char plan[1024];
	unsigned wanted = 0;
	bool reverse = false;
	int n = 0, args = 0;

	for (unsigned i = 0; i < COLUMNS; i++)
		if (info->colUsed >> (i < 63 ? i : 63) & 1)
			wanted |= columns[i].columns;
	/* Numbers rise as calls were recorded; their times, by a little, need not. */
	if (info->nOrderBy == 1 &&
	    (info->aOrderBy[0].iColumn == SEQ || info->aOrderBy[0].iColumn < 0)) {
		info->orderByConsumed = 1;
		reverse = info->aOrderBy[0].desc;
	}
	n = snprintf(plan, sizeof(plan), "%08x %c ", wanted, reverse ? '-' : '+');
	for (int i = 0; i < info->nConstraint; i++) {
		const struct sqlite3_index_constraint *c = &info->aConstraint[i];
		int column = c->iColumn < 0 ? SEQ : c->iColumn;
		const char *op = vtab_op(c->op);
		bool list;

		if (!c->usable || !op || column >= COLUMNS || columns[column].push == NONE)
			continue;
		if (columns[column].push >= WORD && strcmp(op, "=") != 0)
			continue;
		if ((t->state->plain && column != FILTER) || n > (int)sizeof(plan) - 32)
			continue;
		list = column != FILTER && sqlite3_vtab_in(info, i, -1);
		/* A list at once goes in one scan, and in order. */
		if (list)
			sqlite3_vtab_in(info, i, 1);
		n += snprintf(plan + n, sizeof(plan) - (size_t)n, "%d%c%s;", column,
			      list ? 'i' : '.', op);
		info->aConstraintUsage[i].argvIndex = ++args;
		info->aConstraintUsage[i].omit = column == FILTER;
		share *= strcmp(op, "=") != 0 ? 3 : columns[column].share / (list ? 3.0 : 1.0);
	}
	if (share < 1)
		share = 1;
	info->estimatedRows = (sqlite3_int64)(rows / share) + 1;
	info->estimatedCost = 100 + rows / share + rows / 100;
	info->idxStr = sqlite3_mprintf("%s", plan);
	info->needToFreeIdxStr = 1;
	return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

/* ---- fetching ---- */

struct row {
	struct sc_call call;
	struct sc_task task;
	size_t payload; /* where it is */
};

struct calls {
	struct vtab *t;
	struct sc_store *store;
	struct sc_session *sessions;
	size_t n_sessions;
	struct sc_field_source source;

	struct sc_expr *expr;
	unsigned columns;
	bool reverse;
	struct sc_range left; /* calls that were not fetched yet; first > last: none */

	struct row *rows;
	uint32_t n, cap, most, at;
	struct sc_buf payload;
	bool no_memory, nothing;
};

int calls_open(struct vtab *t, struct calls **out)
{
	struct calls *c = calloc(1, sizeof(*c));
	struct sc_error err = { "" };
	int rc;

	if (!c)
		return SQLITE_NOMEM;
	c->t = t;
	rc = vtab_store(t, &c->store, &err);
	if (!rc)
		rc = sc_store_sessions(c->store, &c->sessions, &c->n_sessions, &err);
	if (rc) {
		rc = vtab_fail(t, rc, err.text);
		calls_close(c);
		return rc;
	}
	c->source.sessions = c->sessions;
	c->source.n_sessions = c->n_sessions;
	*out = c;
	return SQLITE_OK;
}

void calls_close(struct calls *c)
{
	sc_store_close(c->store);
	sc_expr_free(c->expr);
	sc_buf_free(&c->payload);
	sc_buf_free(&c->source.text);
	free(c->sessions);
	free(c->rows);
	free(c);
}

static int take(const struct sc_call *call, void *arg)
{
	struct calls *c = arg;
	struct row *row;

	if (c->n == c->cap) {
		uint32_t cap = c->cap ? 4 * c->cap : BATCH_FIRST;
		struct row *more = reallocarray(c->rows, cap, sizeof(*more));

		if (!more) {
			c->no_memory = true;
			return 1;
		}
		c->rows = more;
		c->cap = cap;
	}
	row = &c->rows[c->n++];
	row->call = *call;
	row->task = *call->task;
	row->payload = c->payload.len;
	if (call->payload)
		sc_buf_add(&c->payload, call->payload, call->payload_len);
	c->no_memory |= c->payload.failed;
	return c->n == c->most || c->payload.len > BATCH_BYTES || c->no_memory;
}

static int fetch(struct calls *c)
{
	struct sc_filter filter = { .expr = c->expr, .ranges = &c->left, .n_ranges = 1 };
	struct sc_vtab_state *state = c->t->state;
	struct sc_error err = { "" };
	uint64_t read = 0, all = 0;
	int rc;

	c->n = c->at = 0;
	sc_buf_reset(&c->payload);
	if (c->nothing || c->left.first > c->left.last)
		return SQLITE_OK;
	rc = sc_store_scan(c->store, &filter, c->columns, c->reverse, take, c, &state->damage,
			   &err);
	sc_store_scan_cost(c->store, &read, &all);
	state->read += read;
	state->blocks = all;
	if (rc < 0 || c->no_memory)
		return vtab_fail(c->t, c->no_memory ? -ENOMEM : rc, err.text);
	if (!rc) /* to the end */
		c->left = (struct sc_range){ 1, 0 };
	else if (c->reverse)
		c->left.last = c->rows[c->n - 1].call.seq - 1;
	else
		c->left.first = c->rows[c->n - 1].call.seq + 1;
	if (c->most < BATCH_MOST)
		c->most *= 4;
	return SQLITE_OK;
}

/* ---- conditions ---- */

static void put(struct sc_buf *b, const char *text)
{
	sc_buf_add(b, text, strlen(text));
}

/* A value as the language writes it. @retval false: it cannot be, or nothing is gained */
static bool put_value(struct sc_buf *b, enum push push, sqlite3_value *value)
{
	const unsigned char *text;
	sqlite3_int64 number;
	char digits[48];
	size_t n;

	if (push == NUMBER || push == NANOSECONDS || push == MOMENT) {
		if (sqlite3_value_type(value) != SQLITE_INTEGER)
			return false;
		number = sqlite3_value_int64(value);
		/* Addresses are above what SQLite's numbers hold: they wrap, and so do not order. */
		if (push != NUMBER && number < 0)
			return false;
		if (push == MOMENT)
			snprintf(digits, sizeof(digits), "@%lld.%09lld", number / 1000000000,
				 number % 1000000000);
		else
			snprintf(digits, sizeof(digits), "%lld%s", number,
				 push == NANOSECONDS ? "ns" : "");
		put(b, digits);
		return true;
	}
	if (sqlite3_value_type(value) != SQLITE_TEXT)
		return false;
	text = sqlite3_value_text(value);
	n = (size_t)sqlite3_value_bytes(value);
	if (!text || !n || n > (push == NAME ? 15 : 40))
		return false;
	for (size_t i = 0; i < n; i++) {
		bool word = (text[i] >= 'a' && text[i] <= 'z') ||
			    (text[i] >= 'A' && text[i] <= 'Z') || text[i] == '_' ||
			    (i && text[i] >= '0' && text[i] <= '9');

		if (push == WORD ?
			    !word :
			    text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
			return false;
	}
	put(b, "\"");
	sc_buf_add(b, text, n);
	put(b, "\"");
	return true;
}

/* @retval false: nothing was put */
static bool put_condition(struct sc_buf *b, unsigned column, const char *op, bool list,
			  sqlite3_value *value)
{
	enum push push = columns[column].push;
	size_t before = b->len;
	sqlite3_value *item;
	bool any = false;
	int rc;

	/* The sign of what wraps says nothing. */
	if (push == NUMBER && column >= ARG0 && column <= ARG5 && strcmp(op, "=") != 0)
		return false;
	put(b, columns[column].field ? columns[column].field : columns[column].name);
	if (!list) {
		put(b, " ");
		put(b, op);
		put(b, " ");
		any = put_value(b, push, value);
	} else {
		put(b, " in (");
		for (rc = sqlite3_vtab_in_first(value, &item); rc == SQLITE_OK && item;
		     rc = sqlite3_vtab_in_next(value, &item)) {
			if (any)
				put(b, ", ");
			any = put_value(b, push, item);
			if (!any)
				break;
		}
		any &= rc == SQLITE_DONE;
		put(b, ")");
	}
	if (!any)
		b->len = before;
	return any;
}

/* Bounds of numbers are what a batch goes on by. */
static bool bound(struct calls *c, const char *op, sqlite3_value *value)
{
	sqlite3_int64 n = sqlite3_value_int64(value);
	uint64_t at = n < 0 ? 0 : (uint64_t)n;

	if (sqlite3_value_type(value) != SQLITE_INTEGER)
		return false;
	if (*op == '<') {
		if (!op[1] && !at) {
			c->nothing = true;
			return true;
		}
		at -= !op[1];
		if (n < 0)
			c->nothing = true;
		if (at < c->left.last)
			c->left.last = at;
	} else if (*op == '>') {
		at += n >= 0 && !op[1];
		if (at > c->left.first)
			c->left.first = at;
	} else {
		c->nothing |= n <= 0 || at < c->left.first || at > c->left.last;
		c->left = (struct sc_range){ at, at };
	}
	return true;
}

/* What the hidden column asks, joined to the rest. */
static bool put_expression(struct sc_buf *b, sqlite3_value *value)
{
	if (sqlite3_value_type(value) != SQLITE_TEXT)
		return false;
	put(b, "(");
	sc_buf_add(b, sqlite3_value_text(value), (size_t)sqlite3_value_bytes(value));
	put(b, ")");
	return true;
}

static int parse(struct calls *c, struct sc_buf *text, sqlite3_value *asked)
{
	struct sc_expr_error why;
	char *message;
	int rc;

	if (asked) {
		/* Alone first, so that what is wrong is told of what was written. */
		rc = sc_expr_parse((const char *)sqlite3_value_text(asked), 0, &c->expr, &why);
		if (rc) {
			message = sqlite3_mprintf("filter: %s, at '%.40s'", why.why.text,
						  (const char *)sqlite3_value_text(asked) + why.at);
			rc = vtab_fail(c->t, rc, message ? message : why.why.text);
			sqlite3_free(message);
			return rc;
		}
		sc_expr_free(c->expr);
		c->expr = NULL;
	}
	if (!text->len)
		return SQLITE_OK;
	sc_buf_add(text, "", 1);
	if (text->failed)
		return SQLITE_NOMEM;
	rc = sc_expr_parse((const char *)text->data, 0, &c->expr, &why);
	if (rc == -ENOMEM)
		return SQLITE_NOMEM;
	if (rc && asked)
		return vtab_fail(c->t, rc, why.why.text);
	/* A name that there is none of: SQLite finds that nothing has it. */
	return SQLITE_OK;
}

int calls_filter(struct calls *c, const char *plan, int argc, sqlite3_value **argv)
{
	struct sc_buf text = { 0 };
	sqlite3_value *asked = NULL;
	unsigned wanted = 0;
	char order = '+';
	int rc, used = 0;

	sc_expr_free(c->expr);
	c->expr = NULL;
	c->nothing = c->no_memory = false;
	c->left = (struct sc_range){ 1, UINT64_MAX };
	c->most = BATCH_FIRST;
	sscanf(plan, "%8x %c %n", &wanted, &order, &used);
	c->columns = wanted;
	c->reverse = order == '-';
	plan += used;
	for (int i = 0; i < argc && *plan; i++) {
		unsigned column = (unsigned)strtoul(plan, (char **)&plan, 10);
		bool list = *plan++ == 'i';
		size_t n = strcspn(plan, ";"), before = text.len;
		char op[4] = "";

		memcpy(op, plan, n < sizeof(op) ? n : sizeof(op) - 1);
		plan += n + (plan[n] == ';');
		/* No comparison with NULL is true. */
		if (!list && sqlite3_value_type(argv[i]) == SQLITE_NULL) {
			c->nothing = true;
			continue;
		}
		if (column == SEQ && !list && bound(c, op, argv[i]))
			continue;
		if (text.len)
			put(&text, " and ");
		if (column == FILTER ? !put_expression(&text, argv[i]) :
				       !put_condition(&text, column, op, list, argv[i]))
			text.len = before;
		else if (column == FILTER)
			asked = argv[i];
	}
	rc = parse(c, &text, asked);
	sc_buf_free(&text);
	return rc != SQLITE_OK ? rc : fetch(c);
}

int calls_next(struct calls *c)
{
	return ++c->at < c->n ? SQLITE_OK : fetch(c);
}

bool calls_eof(const struct calls *c)
{
	return c->at >= c->n;
}

sqlite3_int64 calls_rowid(const struct calls *c)
{
	return (sqlite3_int64)c->rows[c->at].call.seq;
}

/* ---- values ---- */

static bool first_value(const struct sc_value *value, void *arg)
{
	sqlite3_context *to = arg;

	switch (value->kind) {
	case SC_VALUE_NUMBER:
		sqlite3_result_int64(to, (sqlite3_int64)value->number);
		return true;
	case SC_VALUE_TEXT:
		sqlite3_result_text64(to, (const char *)value->bytes, value->len, SQLITE_TRANSIENT,
				      SQLITE_UTF8);
		return true;
	default:
		return false;
	}
}

static bool first_blob(const struct sc_value *value, void *arg)
{
	if (value->kind != SC_VALUE_TEXT)
		return false;
	sqlite3_result_blob64(arg, value->bytes, value->len, SQLITE_TRANSIENT);
	return true;
}

static int field(struct calls *c, const struct sc_call *call, enum sc_field_id id,
		 sqlite3_context *to)
{
	struct sc_field_ref ref = { .id = id };

	c->source.call = call;
	sc_field_values(&ref, &c->source, id == SC_FIELD_DATA ? first_blob : first_value, to);
	return SQLITE_OK;
}

static void known(sqlite3_context *to, uint32_t known, uint32_t bit, uint32_t value)
{
	if (known & bit)
		sqlite3_result_int64(to, value);
}

static void text(sqlite3_context *to, const char *name)
{
	if (name)
		sqlite3_result_text(to, name, -1, SQLITE_TRANSIENT);
}

static void value_of_syscall(sqlite3_context *to, const struct sc_call *call)
{
	const struct sc_syscall *row = sc_call_syscall(call);
	char digits[16];

	snprintf(digits, sizeof(digits), "%" PRId32, sc_call_nr(call));
	text(to, row ? row->name : digits);
}

static const char *vm_of(const struct calls *c, uint32_t session)
{
	for (size_t i = 0; i < c->n_sessions; i++)
		if (c->sessions[i].number == session)
			return c->sessions[i].vm;
	return NULL;
}

int calls_column(struct calls *c, sqlite3_context *to, int column)
{
	struct row *row = &c->rows[c->at];
	struct sc_call *call = &row->call;
	const struct sc_task *task = &row->task;
	char iso[SC_TIME_ISO_LEN];

	/* They may have moved since they were taken. */
	call->task = task;
	call->payload = call->payload_len ? c->payload.data + row->payload : NULL;
	switch (column) {
	case SEQ:
		sqlite3_result_int64(to, (sqlite3_int64)call->seq);
		break;
	case TS:
		sqlite3_result_int64(to, (sqlite3_int64)call->ts);
		break;
	case TIME:
		sc_time_iso(call->ts, iso);
		text(to, iso);
		break;
	case DUR:
		if (sc_call_has_ret(call))
			sqlite3_result_int64(to, (sqlite3_int64)call->dur);
		break;
	case VM:
		text(to, vm_of(c, call->session));
		break;
	case SESSION:
		sqlite3_result_int64(to, call->session);
		break;
	case VCPU:
		sqlite3_result_int(to, call->vcpu);
		break;
	case PID:
		known(to, task->known, SCAUDIT_KNOWN_TASK, task->pid);
		break;
	case TID:
		known(to, task->known, SCAUDIT_KNOWN_TASK, task->tid);
		break;
	case PPID:
		return field(c, call, SC_FIELD_PPID, to);
	case UID:
		known(to, task->known, SCAUDIT_KNOWN_CRED, task->uid);
		break;
	case GID:
		return field(c, call, SC_FIELD_GID, to);
	case COMM:
		if (task->known & SCAUDIT_KNOWN_TASK)
			text(to, task->comm);
		break;
	case SYSCALL:
		value_of_syscall(to, call);
		break;
	case NR:
		return field(c, call, SC_FIELD_NR, to);
	case ABI:
		text(to, sc_abi_name(sc_call_abi(call)));
		break;
	case INSN:
		text(to, sc_insn_name(call->insn));
		break;
	case STATE:
		text(to, sc_state_name(call->state));
		break;
	case RET:
		return field(c, call, SC_FIELD_RET, to);
	case ERRNO:
		if (sc_call_failed(call))
			text(to, sc_errno_name((unsigned)-call->ret));
		break;
	case FAILED:
		if (sc_call_has_ret(call))
			sqlite3_result_int(to, sc_call_failed(call));
		break;
	case BYTES:
		return field(c, call, SC_FIELD_BYTES, to);
	case ARGS:
		return field(c, call, SC_FIELD_ARGS, to);
	case PATH:
		return field(c, call, SC_FIELD_PATH, to);
	case DATA:
		return field(c, call, SC_FIELD_DATA, to);
	case RIP:
		sqlite3_result_int64(to, (sqlite3_int64)call->rip);
		break;
	case RSP:
		sqlite3_result_int64(to, (sqlite3_int64)call->rsp);
		break;
	case RFLAGS:
		sqlite3_result_int64(to, (sqlite3_int64)call->rflags);
		break;
	case CR3:
		sqlite3_result_int64(to, (sqlite3_int64)call->cr3);
		break;
	case FS_BASE:
		sqlite3_result_int64(to, (sqlite3_int64)call->fs_base);
		break;
	case GS_BASE:
		sqlite3_result_int64(to, (sqlite3_int64)call->gs_base);
		break;
	case CPL:
		sqlite3_result_int(to, call->cpl);
		break;
	case TSC:
		sqlite3_result_int64(to, (sqlite3_int64)call->tsc);
		break;
	default:
		if (column >= ARG0 && column <= ARG5)
			sqlite3_result_int64(
				to, (sqlite3_int64)sc_call_arg(call, (unsigned)(column - ARG0)));
	}
	return SQLITE_OK;
}
