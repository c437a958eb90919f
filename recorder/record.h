/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The recorder's loop: until it is told to stop or its VM is gone.
 */
#ifndef RECORDER_RECORD_H
#define RECORDER_RECORD_H

#include <stdbool.h>

#include "../lib/base/error.h"
#include "control.h"
#include "session.h"

/* Signals that end a recording, blocked and to be read from a descriptor. */
int record_signals(struct sc_error *err);

/*
 * Record until the end, then close the store.
 * @control   listening; NULL: nobody can ask
 * @signal_fd of record_signals()
 * @stop      end at once: the rings are drained, that is all
 */
int record_loop(struct session *s, struct control *control, int signal_fd, bool stop,
		struct sc_error *err);

#endif
