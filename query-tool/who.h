/* SPDX-License-Identifier: GPL-2.0-only */
/* What several commands say of a process. */
#ifndef WHO_H
#define WHO_H

#include "../lib/history/history.h"
#include "line.h"
#include "query.h"

/* Its command line; else the file it runs; else its name. */
void who_command(struct line *l, const struct sc_proc *p);

/* How it ended: 0, 1, SIGKILL; "-" where it has not, "?" where that is not known. */
void who_status(struct line *l, const struct sc_proc *p);

/* pid, ppid, … as members of a JSON object. */
void who_json(struct line *l, const struct sc_proc *p);

/* When its beginning is known: then it was. */
bool who_began(const struct sc_proc *p);

uint32_t who_parent(const struct sc_proc *p); /* 0: not known */

/* Is it of those that the options want? A range of time and --tree aside. */
bool who_wanted(const struct query *q, const struct sc_proc *p);

/* Leave out of the names in a filter what a command knows nothing of. @retval an option */
const char *who_unfit(const struct sc_filter *f);

/* Say that not all could be kept, or was not recorded by choice. */
void who_say_limits(const struct sc_history *h, const struct sc_session *s);

#endif
