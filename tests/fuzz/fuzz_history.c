// SPDX-License-Identifier: GPL-2.0-only
/* Calls of a few tasks, with any arguments and memory, into the history of a session. */
#include "../../lib/history/history.h"

#include "fuzz.h"

#define STEPS 256u
#define TASKS 8u
#define ALL (SC_HISTORY_FDS | SC_HISTORY_NET | SC_HISTORY_CGROUPS)

static const uint64_t *numbers; /* of the calls that matter */
static size_t n_numbers;

static void ask(struct sc_history *h, const struct sc_call *call)
{
	static char path[SC_PATH_MAX];
	const char *name;
	unsigned i;

	sc_history_caller(h, call);
	for (i = 0; i < 3; i++) {
		sc_history_file(h, call, (int)call->args[i]);
		name = sc_history_fd_name(h, call, (int)call->args[i], false);
		if (name != NULL)
			fuzz_touch(name, strlen(name) + 1);
		FUZZ_CHECK(sc_history_path(h, call, (int)i - 1, i, path) <= SC_PATH_MAX);
	}
	name = sc_history_fd_name(h, call, (int)call->ret, true);
	if (name != NULL)
		fuzz_touch(name, strlen(name) + 1);
}

static void one_call(struct sc_history *h, struct fuzz_input *in, const struct sc_task *tasks,
		     uint64_t seq)
{
	uint8_t task = fuzz_byte(in), number = fuzz_byte(in);
	uint64_t key = numbers[number % n_numbers];
	struct sc_call call = {
		.seq = seq,
		.ts = 1000 + seq * 100,
		.dur = fuzz_byte(in),
		.abi = (uint8_t)(key >> 32),
		.nr = (uint32_t)key,
		.state = fuzz_byte(in) % (SC_STATES + 1),
		.ret = (int64_t)fuzz_number(in),
		.task = &tasks[task % TASKS],
	};
	size_t size;
	unsigned i;

	for (i = 0; i < 6; i++)
		call.args[i] = fuzz_number(in);
	size = fuzz_byte(in);
	call.payload = fuzz_bytes(in, &size);
	call.payload_len = (uint32_t)size;
	FUZZ_CHECK(sc_history_call(h, &call) == 0);
	ask(h, &call);
}

static void step(struct sc_history *h, struct fuzz_input *in, struct sc_task *tasks, uint64_t seq)
{
	uint64_t time = 1000 + seq * 100;
	struct sc_task *task;
	size_t size;

	switch (fuzz_byte(in)) {
	case 0:
		task = &tasks[fuzz_byte(in) % TASKS];
		task->start = fuzz_number(in);
		task->pid = (uint32_t)fuzz_number(in);
		task->tid = (uint32_t)fuzz_number(in);
		task->ppid = (uint32_t)fuzz_number(in);
		task->key = fuzz_number(in);
		task->known = (uint32_t)fuzz_number(in);
		sc_history_task(h, task, time);
		break;
	case 1:
		size = fuzz_byte(in) * 4u;
		sc_history_snapshot(h, fuzz_bytes(in, &size), size);
		break;
	case 2:
		sc_history_gap(h, time);
		break;
	case 3:
		sc_history_cut(h, time);
		break;
	case 4:
		sc_history_until(h, time);
		break;
	case 5:
		sc_history_name_parents(h);
		break;
	case 6:
		sc_history_clock(h, (int64_t)fuzz_number(in));
		break;
	default:
		one_call(h, in, tasks, seq);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct sc_task tasks[TASKS] = { 0 };
	struct sc_proc *const *procs;
	struct sc_flow *const *flows;
	struct sc_history *h;
	char text[SC_ADDR_TEXT];
	size_t i, count;
	uint64_t *nrs;

	if (numbers == NULL) {
		ssize_t n = sc_history_numbers(ALL, &nrs);

		FUZZ_CHECK(n > 0);
		numbers = nrs;
		n_numbers = (size_t)n;
	}
	for (i = 0; i < TASKS; i++)
		tasks[i] = (struct sc_task){ .key = i / 2,
					     .pid = 1 + (uint32_t)i / 2,
					     .tid = 1 + (uint32_t)i,
					     .known = UINT32_MAX };
	h = sc_history_new(1000, ALL);
	FUZZ_CHECK(h != NULL);
	sc_history_count(h, true);
	for (i = 1; i <= STEPS && in.left > 0; i++)
		step(h, &in, tasks, i);
	sc_history_until(h, UINT64_MAX);
	procs = sc_history_procs(h, &count);
	for (i = 0; i < count; i++)
		fuzz_touch(procs[i]->argv, procs[i]->argv_len);
	flows = sc_history_flows(h, &count);
	for (i = 0; i < count; i++)
		FUZZ_CHECK(sc_addr_text(&flows[i]->remote, text) < SC_ADDR_TEXT);
	sc_history_free(h);
	return 0;
}
