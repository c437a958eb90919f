/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the owner of an audit can do with it; the requests of schema/abi.h.
 */
#ifndef SC_AUDIT_H
#define SC_AUDIT_H

#include "registry.h"

int sc_audits_init(void);
/* Ends what is left: nothing but audits that no descriptor and no VM holds. */
void sc_audits_exit(void);

/* Errors as in schema/abi.h; on success *audit is the caller's until sc_audit_release(). */
int sc_audit_attach(struct scaudit_attach *args, struct sc_audit **audit);
int sc_audit_adopt(struct scaudit_adopt *args, struct sc_audit **audit);
int sc_audit_run(struct sc_audit *a);
int sc_audit_detach(struct sc_audit *a);
/* The descriptor is closed: drop the audit, or leave an orphan. */
void sc_audit_release(struct sc_audit *a);

int sc_audit_list(struct scaudit_list_entry *entries, u32 capacity, u32 *count);
int sc_audit_status(struct sc_audit *a, struct scaudit_status *status);
int sc_audit_set_returns(struct sc_audit *a, const struct scaudit_returns *returns);
int sc_audit_set_plan(struct sc_audit *a, const struct scaudit_plan *plan);
/* The arrays that the arguments point to have been copied from user space. */
int sc_audit_set_capture(struct sc_audit *a, const struct scaudit_capture *user,
			 const struct scaudit_capture_op *ops,
			 const struct scaudit_capture_call *calls);
int sc_audit_set_filter(struct sc_audit *a, const struct scaudit_filter *user,
			const struct scaudit_filter_term *terms);

/* Is there something for the owner: EPOLLIN, EPOLLHUP (ended). */
__poll_t sc_audit_events(struct sc_audit *a);

#endif
