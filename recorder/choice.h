/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a recording leaves out by choice: `screcord start --only`, `--skip`, `--snaplen` and
 * `--capture`, in the words they were given in, and as the module wants it.
 */
#ifndef RECORDER_CHOICE_H
#define RECORDER_CHOICE_H

#include <stdbool.h>

#include "../lib/base/error.h"
#include "../lib/store/store.h"
#include "../schema/abi.h"
#include "capture.h"

/* Words, as the options take them. Empty: nothing is left out, and snaplen is the default. */
struct choice {
	char only[SC_CHOICE_LEN];
	char skip[SC_CHOICE_LEN];
	char snaplen[SC_CHOICE_LEN]; /* or CHOICE_NO_CAPTURE */
};

#define CHOICE_NO_CAPTURE "none" /* --capture none: no memory of calls is read */

/* Which calls are recorded. `request` points to the terms. */
struct choice_filter {
	struct scaudit_filter_term terms[SCAUDIT_FILTER_TERMS];
	struct scaudit_filter request;
};

/*
 * Which calls `--only` and `--skip` name. A list of terms, with commas between (\, is one in a
 * name): pid=N, uid=N, comm=NAME, container, container=PREFIX; anything else is a system call
 * as filters have it: name, number, ABI:name, ABI:number, %set. Of each kind of term in `only`
 * one has to hold, and none of `skip` may.
 * @retval -EINVAL err says which option and what is wrong  @retval -ENOMEM
 */
int choice_filter(const struct choice *choice, struct choice_filter *filter, struct sc_error *err);

/*
 * The plan of what is read, and nothing where that was not wanted.
 * @capture  capture_free() frees it
 * @retval -EINVAL --snaplen makes no sense  @retval -ENOMEM
 */
int choice_capture(const struct choice *choice, struct capture *capture, struct sc_error *err);

/*
 * Add words to those that an option has already.
 * @retval -EINVAL there is no room, or they hold a newline, or there are none
 */
int choice_add(char words[SC_CHOICE_LEN], const char *more, struct sc_error *err);

/* Are calls left out? */
static inline bool choice_filters(const struct choice *choice)
{
	return choice->only[0] != '\0' || choice->skip[0] != '\0';
}

#endif
