// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filters in words, asked of calls. The first byte says how long the filter is, in eighths of
 * what is there; behind it lies a call, of a guest that means no good.
 *
 * What a scan may leave out has to be what the filter is not true of.
 */
#include "../../lib/query/expr.h"
#include "../../lib/history/history_run.h"
#include "../../lib/query/narrow.h"

#include "fuzz.h"

#define NOW 1764000000123456789u

static void take_call(struct fuzz_input *in, struct sc_call *call, struct sc_task *task)
{
	size_t size = in->left;
	unsigned i;

	*task = (struct sc_task){
		.known = fuzz_byte(in),
		.pid = fuzz_byte(in),
		.tid = fuzz_byte(in),
		.uid = (uint32_t)fuzz_number(in),
	};
	fuzz_take(in, task->comm, fuzz_byte(in) % sizeof(task->comm));
	*call = (struct sc_call){
		.seq = 1,
		.session = 1,
		.ts = NOW + fuzz_number(in),
		.dur = fuzz_number(in),
		.abi = fuzz_byte(in) & 1,
		.insn = fuzz_byte(in),
		.state = fuzz_byte(in) % SC_STATES,
		.nr = fuzz_number(in),
		.ret = (int64_t)fuzz_number(in),
		.task = task,
	};
	for (i = 0; i < 6; i++)
		call->args[i] = fuzz_number(in);
	size = in->left;
	call->payload = fuzz_bytes(in, &size);
	call->payload_len = (uint32_t)size;
}

static void ask(struct sc_expr *e, const struct sc_call *call)
{
	const struct sc_session session = { .number = 1, .vm = "vm" };
	const struct sc_filter all = { .expr = e };
	struct sc_expr_run *run = sc_expr_run_new(e);
	struct sc_narrow narrow;
	enum sc_truth truth;

	FUZZ_CHECK(run != NULL);
	sc_expr_run_sessions(run, &session, 1);
	truth = sc_expr_call(run, call, NULL);
	FUZZ_CHECK(truth == SC_TRUE || truth == SC_FALSE || truth == SC_UNKNOWN);
	FUZZ_CHECK(sc_narrow(&all, &narrow) == 0);
	if (truth == SC_TRUE)
		FUZZ_CHECK(sc_filter_call(&narrow.filter, call));
	sc_narrow_free(&narrow);
	sc_expr_run_free(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char point[SC_EXPR_POINT_LEN];
	struct sc_expr_error err;
	struct fuzz_input in;
	struct sc_call call;
	struct sc_task task;
	struct sc_expr *e;
	size_t words;
	char *text;

	if (size < 2)
		return 0;
	words = (size - 1) * (1 + data[0] % 8) / 8;
	text = fuzz_text(data + 1, words);
	in = (struct fuzz_input){ data + 1 + words, size - 1 - words };
	if (sc_expr_parse(text, NOW, &e, &err) == 0) {
		take_call(&in, &call, &task);
		ask(e, &call);
		sc_expr_free(e);
	} else {
		FUZZ_CHECK(err.at <= strlen(text));
		sc_expr_point(text, &err, point);
		FUZZ_CHECK(strlen(point) < sizeof(point) && strchr(point, '^') != NULL);
	}
	free(text);
	return 0;
}
