/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the recorder has to say while it runs: to stderr, and once it is in the
 * background to syslog. The last warning is kept for `screcord status`.
 */
#ifndef RECORDER_LOG_H
#define RECORDER_LOG_H

void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on to syslog. */
void log_to_syslog(void);

/* The last warning, or "". */
const char *log_last_warning(void);

#endif
