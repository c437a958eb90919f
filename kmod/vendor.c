// SPDX-License-Identifier: GPL-2.0-only
#include <linux/string.h>

#include "abi.h"
#include "pad.h"
#include "symbol.h"
#include "track.h"
#include "vendor.h"

const struct kvm_x86_ops *sc_kvm_ops;

const struct sc_vendor *sc_vendor_find(const char **reason)
{
	const struct kvm_x86_ops *ops = (void *)sc_symbol("kvm:kvm_x86_ops");

	/* KVM's table is filled in while one of its vendor modules is loaded. */
	if (ops && sc_symbol("kvm_intel:vmx_set_efer")) {
		*reason = "only AMD hosts are supported yet, and this one runs kvm_intel";
		return NULL;
	}
	if (!ops || !sc_symbol("kvm_amd:svm_set_efer")) {
		*reason = "neither kvm_amd nor kvm_intel is loaded: modprobe one of them";
		return NULL;
	}
	if (sc_svm.init()) {
		*reason = "kvm_amd has no type information (BTF): its VMCB cannot be found";
		return NULL;
	}
	if (sc_pad_find() || sc_track_find()) {
		*reason = "this kernel lacks what engine pad needs of KVM";
		return NULL;
	}
	sc_kvm_ops = ops;
	return &sc_svm;
}
