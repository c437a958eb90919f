// SPDX-License-Identifier: GPL-2.0-only
/* What people write: the first byte says which option it is. */
#include <string.h>

#include "../../lib/query/filter_args.h"
#include "../../lib/base/timespec.h"
#include "../../recorder/capture.h"

#include "fuzz.h"

#define NOW 1764000000123456789u

/* @make  also the plan, which takes its time */
static void snaplens(const char *text, bool make, struct sc_error *err)
{
	static struct snaplen snaplen;
	struct capture capture;
	uint32_t i;

	snaplen_init(&snaplen);
	if (snaplen_parse(text, &snaplen, err) < 0 || !make)
		return;
	FUZZ_CHECK(capture_make(&capture, &snaplen) == 0);
	FUZZ_CHECK(capture.request.snaplen <= SCAUDIT_SNAPLEN_MAX);
	for (i = 0; i < capture.request.nr_calls; i++) {
		const struct scaudit_capture_call *call = &capture.calls[i];

		FUZZ_CHECK(call->first + (uint32_t)call->count <= capture.request.nr_ops);
		FUZZ_CHECK(call->snaplen <= SCAUDIT_SNAPLEN_MAX || call->snaplen == UINT32_MAX);
	}
	capture_free(&capture);
}

static void times(const char *text, struct sc_error *err)
{
	char iso[SC_TIME_ISO_LEN];
	uint64_t ns, again;

	if (sc_time_parse(text, NOW, &ns, err) < 0)
		return;
	sc_time_iso(ns, iso);
	FUZZ_CHECK(sc_time_parse(iso, NOW, &again, err) == 0 && again == ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sc_filter_args a;
	struct sc_error err;
	uint64_t ns;
	char *text;

	if (size == 0)
		return 0;
	text = fuzz_text(data + 1, size - 1);
	sc_filter_args_init(&a);
	switch (data[0] % 10) {
	case 0:
		times(text, &err);
		break;
	case 1:
		sc_span_parse(text, &ns, &err);
		break;
	case 2:
		sc_filter_add_pids(&a, text, &err);
		break;
	case 3:
		sc_filter_add_tids(&a, text, &err);
		break;
	case 4:
		sc_filter_add_comms(&a, text, &err);
		break;
	case 5:
		sc_filter_add_syscalls(&a, text, &err);
		break;
	case 6:
		sc_filter_add_abis(&a, text, &err);
		break;
	case 7:
		sc_filter_add_insns(&a, text, &err);
		break;
	default:
		snaplens(text, data[0] % 10 == 9, &err);
	}
	sc_filter_args_check(&a, &err);
	sc_filter_args_free(&a);
	free(text);
	return 0;
}
