/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a vCPU is watched, in words: its engine, why it has not the one that was
 * asked for (SCAUDIT_WHY_*), and which instructions are seen.
 */
#ifndef RECORDER_WATCH_H
#define RECORDER_WATCH_H

#include <stdint.h>
#include <stdio.h>

#include "report.h"

/* "fault", "pad"; "off" where SYSCALL is off, "none" where the vCPU's calls do not trap. */
const char *watch_engine(const struct report_vcpu *vcpu);

/* Lines of `status`: equal neighbours share one. */
void watch_print(const struct report *report, FILE *to);

/* "vcpus":[{"engine":…,"why":[…],"insns":[…]},…] */
void watch_json(const struct report *report, FILE *to);

#endif
