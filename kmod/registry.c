// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rculist.h>
#include <linux/srcu.h>

#include "hook.h"
#include "registry.h"

LIST_HEAD(sc_audits);

struct sc_audit *sc_audit_of(const struct kvm *kvm)
{
	struct sc_audit *a;

	list_for_each_entry_srcu(a, &sc_audits, node, srcu_read_lock_held(&sc_hook_srcu)) {
		if (READ_ONCE(a->kvm) == kvm)
			return a;
	}
	return NULL;
}
