// SPDX-License-Identifier: GPL-2.0-only
/*
 * stored STORE: the memory of calls as it lies in a store, without what decoding makes of it.
 * A line of JSON per call: {"tid":N,"nr":N,"ret":N,"state":"…","arg0":N,"pieces":[…]}, a piece
 * is [ARG,PART,INDEX,STATE,AT_RETURN,WHOLE,"HEX"].
 */
#include <inttypes.h>
#include <stdio.h>

#include "../../../lib/format/payload.h"
#include "../../../lib/store/store.h"

static int show(const struct sc_call *call, void *arg)
{
	struct sc_piece piece;
	size_t at = 0;
	bool more = false;
	int rc;

	(void)arg;
	printf("{\"seq\":%" PRIu64 ",\"tid\":%" PRIu32 ",\"nr\":%" PRIu32 ",\"ret\":%" PRId64
	       ",\"state\":\"%s\",\"arg0\":%" PRIu64 ",\"pieces\":[",
	       call->seq, call->task->tid, (uint32_t)call->nr, call->ret,
	       sc_state_name(call->state), call->args[0]);
	while ((rc = sc_piece_next(call->payload, call->payload_len, &at, &piece)) == 1) {
		printf("%s[%u,%u,%" PRIu32 ",%u,%u,%" PRIu32 ",\"", more ? "," : "", piece.arg,
		       piece.part, piece.index, piece.state, piece.at_return, piece.whole);
		for (uint32_t i = 0; i < piece.size; i++)
			printf("%02x", piece.data[i]);
		fputs("\"]", stdout);
		more = true;
	}
	puts("]}");
	return rc;
}

int main(int argc, char **argv)
{
	struct sc_damage damage = { 0 };
	struct sc_error err = { "" };
	struct sc_store *store;
	int rc;

	if (argc != 2) {
		fprintf(stderr, "usage: stored STORE\n");
		return 2;
	}
	rc = sc_store_open(argv[1], &store, &err);
	if (rc == 0)
		rc = sc_store_scan(store, NULL, SC_COL_ALL, false, show, NULL, &damage, &err);
	if (rc != 0 || damage.blocks != 0) {
		fprintf(stderr, "stored: %s%s\n", err.text, damage.first.text);
		return 4;
	}
	sc_store_close(store);
	return 0;
}
