/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which calls are recorded at all (schema/abi.h, SCAUDIT_IOC_SET_FILTER).
 */
#ifndef SC_FILTER_H
#define SC_FILTER_H

#include "vcpu.h"

struct sc_filter {
	u64 nr[3][16]; /* by enum scaudit_convention */
	bool others;
	u32 nr_terms;
	struct scaudit_filter_term terms[];
};

/*
 * Check a filter and prepare it.
 * @terms: user->nr_terms of them
 * Return: 0 or -EINVAL; @filter has room for the terms.
 */
int sc_filter_make(const struct scaudit_filter *user, const struct scaudit_filter_term *terms,
		   struct sc_filter *filter);

/* Is every call recorded? Then no filter is needed. */
bool sc_filter_passes_all(const struct sc_filter *filter);

/* Is the number one that is recorded? */
static inline bool sc_filter_number(const struct sc_filter *filter, u8 convention, u32 nr)
{
	if (unlikely(nr >= 16 * 64))
		return filter->others;
	return filter->nr[convention][nr / 64] >> (nr % 64) & 1;
}

/* Do the terms let a caller through? May read guest memory. */
bool sc_filter_caller(const struct sc_filter *filter, struct sc_audit *a, struct sc_vcpu *v,
		      struct kvm_vcpu *vcpu, const struct sc_context *context,
		      const struct scaudit_task *task);

#endif
