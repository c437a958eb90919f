// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "guest.h"

/* Paging structures: SDM vol. 3A, 4.5; APM vol. 2, 5.3. */
#define PTE_PRESENT BIT_ULL(0)
#define PTE_LARGE BIT_ULL(7)
#define PTE_ADDRESS GENMASK_ULL(51, 12)
#define CR3_ADDRESS GENMASK_ULL(51, 12)
#define CR3_KPTI_USER BIT_ULL(12) /* Linux: PTI_USER_PGTABLE_BIT */
#define LARGE_SHIFT 21

void sc_xlate_flush(struct sc_xlate *cache)
{
	memset(cache, 0, sizeof(*cache));
}

int sc_guest_read_phys(struct kvm *kvm, u64 gpa, void *buffer, u32 length)
{
	while (length) {
		u32 offset = offset_in_page(gpa);
		u32 n = min_t(u32, length, PAGE_SIZE - offset);

		if (kvm_read_guest_page(kvm, gpa >> PAGE_SHIFT, buffer, offset, n))
			return -ENXIO;
		gpa += n;
		buffer += n;
		length -= n;
	}
	return 0;
}

static bool kernel_half(u64 gva)
{
	return gva >> 63;
}

/* Walk one tree. Fills in the shift of the leaf: 12, 21 or 30. */
static int walk(struct kvm *kvm, u64 root, bool five_levels, u64 gva, u64 *gpa, u32 *leaf_shift)
{
	u32 shift = five_levels ? 48 : 39;
	u64 table = root & CR3_ADDRESS;

	for (;; shift -= 9) {
		u64 mask = (1ULL << shift) - 1;
		u64 pte;

		if (kvm_read_guest_page(kvm, table >> PAGE_SHIFT, &pte,
					((gva >> shift) & 511) * sizeof(pte), sizeof(pte)))
			return -ENXIO;
		if (!(pte & PTE_PRESENT))
			return -ENXIO;
		if (shift == PAGE_SHIFT || (shift <= 30 && (pte & PTE_LARGE))) {
			*gpa = (pte & PTE_ADDRESS & ~mask) | (gva & mask);
			*leaf_shift = shift;
			return 0;
		}
		table = pte & PTE_ADDRESS;
	}
}

static u64 tag_of(u64 gva, u32 shift)
{
	return (gva >> shift) << 1 | (shift == LARGE_SHIFT);
}

static bool cached(const struct sc_xlate *cache, u64 gva, u32 shift, u64 *gpa)
{
	u32 i = (gva >> shift) % SC_XLATE_ENTRIES;

	if (cache->entry[i].tag != tag_of(gva, shift))
		return false;
	*gpa = cache->entry[i].gpa | (gva & ((1ULL << shift) - 1));
	return true;
}

int sc_guest_translate(const struct sc_space *space, u64 gva, u64 *gpa, u64 *left)
{
	struct sc_xlate *cache = kernel_half(gva) ? space->cache : NULL;
	u32 shift;
	u32 i;

	*left = PAGE_SIZE - offset_in_page(gva);
	if (cache && (cached(cache, gva, LARGE_SHIFT, gpa) || cached(cache, gva, PAGE_SHIFT, gpa)))
		return 0;

	if (walk(space->kvm, space->cr3, space->five_levels, gva, gpa, &shift) &&
	    (!kernel_half(gva) || !(space->cr3 & CR3_KPTI_USER) ||
	     walk(space->kvm, space->cr3 & ~CR3_KPTI_USER, space->five_levels, gva, gpa, &shift)))
		return -ENXIO;

	if (cache) {
		shift = shift >= LARGE_SHIFT ? LARGE_SHIFT : PAGE_SHIFT;
		i = (gva >> shift) % SC_XLATE_ENTRIES;
		cache->entry[i].tag = tag_of(gva, shift);
		cache->entry[i].gpa = *gpa & ~((1ULL << shift) - 1);
	}
	return 0;
}

int sc_guest_read(const struct sc_space *space, u64 gva, void *buffer, u32 length)
{
	while (length) {
		u64 gpa, left;
		u32 n;

		if (sc_guest_translate(space, gva, &gpa, &left))
			return -ENXIO;
		n = min_t(u64, length, left);
		if (sc_guest_read_phys(space->kvm, gpa, buffer, n))
			return -ENXIO;
		gva += n;
		buffer += n;
		length -= n;
	}
	return 0;
}

u32 sc_guest_fetch(struct kvm_vcpu *vcpu, u64 linear, u8 cpl, u8 *buffer, u32 length)
{
	struct kvm_mmu *mmu = vcpu->arch.walk_mmu;
	u64 access = PFERR_FETCH_MASK | (cpl == 3 ? PFERR_USER_MASK : 0);
	u32 done = 0;

	while (done < length) {
		u32 n = min_t(u32, length - done, PAGE_SIZE - offset_in_page(linear));
		gpa_t gpa = mmu->gva_to_gpa(vcpu, mmu, linear, access, NULL);

		if (gpa == INVALID_GPA ||
		    kvm_vcpu_read_guest_page(vcpu, gpa >> PAGE_SHIFT, buffer + done,
					     offset_in_page(gpa), n))
			break;
		done += n;
		linear += n;
	}
	return done;
}
