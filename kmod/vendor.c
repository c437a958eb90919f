// SPDX-License-Identifier: GPL-2.0-only
#include <linux/string.h>

#include "abi.h"
#include "pad.h"
#include "symbol.h"
#include "track.h"
#include "vendor.h"

const struct kvm_x86_ops *sc_kvm_ops;

/* Type information is long to search: what was found holds while KVM stays loaded. */
static bool initialized(const struct sc_vendor *vendor, unsigned long address)
{
	static const struct sc_vendor *known;
	static unsigned long known_address;

	if (vendor == known && address == known_address)
		return true;
	if (vendor->init() || sc_pad_find() || sc_track_find())
		return false;
	known = vendor;
	known_address = address;
	return true;
}

const struct sc_vendor *sc_vendor_find(const char **reason)
{
	unsigned long amd, intel;
	const struct kvm_x86_ops *ops = (void *)sc_symbol("kvm:kvm_x86_ops");
	const struct sc_vendor *vendor = NULL;

	/* KVM's table is filled in while one of its vendor modules is loaded. */
	amd = sc_symbol("kvm_amd:svm_set_efer");
	intel = sc_symbol("kvm_intel:vmx_set_efer");
	if (ops && amd)
		vendor = &sc_svm;
	else if (ops && intel)
		vendor = &sc_vmx;
	if (!vendor) {
		*reason = "neither kvm_amd nor kvm_intel is loaded: modprobe one of them";
		return NULL;
	}
	if (!initialized(vendor, amd ? amd : intel)) {
		*reason =
			vendor == &sc_svm ?
				"kvm_amd has no type information (BTF), or another than is known" :
				"kvm_intel has no type information (BTF), or the CPU is too old";
		return NULL;
	}
	sc_kvm_ops = ops;
	return vendor;
}
