/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose returns are recorded: `screcord start --returns`. */
#ifndef RECORDER_RETURNS_H
#define RECORDER_RETURNS_H

#include "../lib/base/error.h"
#include "../schema/abi.h"

/*
 * "all", "none", or a list of system calls as filters have it (names, numbers,
 * ABI:name, ABI:number; ! in front: all but these).
 * @retval -EINVAL err says what is wrong  @retval -ENOMEM
 */
int returns_parse(const char *text, struct scaudit_returns *returns, struct sc_error *err);

#endif
