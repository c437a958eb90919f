// SPDX-License-Identifier: GPL-2.0-only
/*
 * scaudit: records the system calls of KVM guests from outside.
 */
#include <linux/module.h>

#include "audit.h"
#include "device.h"
#include "hook.h"
#include "symbol.h"
#include "vcpu.h"

static bool profile;
module_param(profile, bool, 0444);
MODULE_PARM_DESC(profile, "tell in the status what the module spends its time on");

static int __init scaudit_init(void)
{
	int r;

	if (profile)
		static_branch_enable(&sc_profile);
	r = sc_symbol_init();
	if (r)
		return r;
	r = sc_audits_init();
	if (r)
		return r;
	r = sc_device_init();
	if (r)
		goto err_audits;
	return 0;

err_audits:
	sc_audits_exit();
	return r;
}

static void __exit scaudit_exit(void)
{
	sc_device_exit();
	sc_audits_exit();
	sc_hook_exit();
}

module_init(scaudit_init);
module_exit(scaudit_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Records the system calls of KVM guests from outside");
