/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of the stress program; each says what it does in its file. */
#ifndef STRESS_H
#define STRESS_H

void stress_signals(void);
void stress_faults(void);
void stress_tasks(void);
void stress_tracing(void);
void stress_filters(void);

/* The child's end, as its parent must see it: a status of wait4(). */
void child_wait(int pid, int status);

#define SOON 300 /* ms: long enough that a call has begun, also on a loaded machine */

/* A signal of this thread, once, after some milliseconds. */
void alarm_set(int sig, int ms);

#endif
