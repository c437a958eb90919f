// SPDX-License-Identifier: GPL-2.0-only
/* Points in time and spans of it, as people write them, at any time. */
#include <inttypes.h>

#include "../../lib/base/timespec.h"

#include "fuzz.h"

/* What was read is written so that it is read again. */
static void points(const char *text, uint64_t now)
{
	char iso[SC_TIME_ISO_LEN], epoch[64];
	struct sc_error err = { "" };
	uint64_t ns, again;

	if (sc_time_parse(text, now, &ns, &err) < 0) {
		FUZZ_CHECK(err.text[0] != '\0');
		return;
	}
	sc_time_iso(ns, iso);
	FUZZ_CHECK(sc_time_parse(iso, now, &again, NULL) == 0 && again == ns);
	snprintf(epoch, sizeof(epoch), "@%llu.%09llu", ns / SC_NS_PER_SEC, ns % SC_NS_PER_SEC);
	FUZZ_CHECK(sc_time_parse(epoch, now, &again, NULL) == 0 && again == ns);
}

/* Backwards from a time that is late enough it is the span. */
static void spans(const char *text)
{
	char back[64];
	struct sc_error err = { "" };
	uint64_t ns, then;

	if (sc_span_parse(text, &ns, &err) < 0) {
		FUZZ_CHECK(err.text[0] != '\0');
		return;
	}
	snprintf(back, sizeof(back), "-%" PRIu64 "ns", ns);
	FUZZ_CHECK(sc_time_parse(back, UINT64_MAX, &then, NULL) == 0 && then == UINT64_MAX - ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t now;
	char *text;

	if (size < sizeof(now))
		return 0;
	memcpy(&now, data, sizeof(now));
	text = fuzz_text(data + sizeof(now), size - sizeof(now));
	points(text, now);
	spans(text);
	free(text);
	return 0;
}
