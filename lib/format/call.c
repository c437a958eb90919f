// SPDX-License-Identifier: GPL-2.0-only
#include "call.h"

const char *sc_state_name(unsigned state)
{
	static const char *const names[SC_STATES] = {
		[SC_STATE_OPEN] = "open",	  [SC_STATE_RETURNED] = "returned",
		[SC_STATE_IRET] = "iret",	  [SC_STATE_UNSEEN] = "unseen",
		[SC_STATE_NEVER] = "never",	  [SC_STATE_GONE] = "gone",
		[SC_STATE_UNWANTED] = "unwanted", [SC_STATE_RESTARTED] = "restarted",
	};

	return state < SC_STATES ? names[state] : "?";
}

const char *sc_gap_reason_name(unsigned reason)
{
	static const char *const names[SCAUDIT_NR_REASONS] = {
		[0] = "missing",
		[SCAUDIT_GAP_DROP] = "drop",
		[SCAUDIT_GAP_STALL] = "stall",
		[SCAUDIT_GAP_NOMEM] = "nomem",
		[SCAUDIT_GAP_DETACHED] = "detached",
		[SCAUDIT_GAP_BLIND] = "blind",
		[SCAUDIT_GAP_CUT] = "cut",
	};

	reason = SC_GAP_REASON(reason);
	if (reason == SC_GAP_RETIRED)
		return "retired";
	return reason < SCAUDIT_NR_REASONS ? names[reason] : "?";
}
