// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "guest.h"

/* Paging structures: SDM vol. 3A, 4.5; APM vol. 2, 5.3. */
#define PTE_PRESENT BIT_ULL(0)
#define PTE_LARGE BIT_ULL(7)
#define PTE_ADDRESS GENMASK_ULL(51, 12)
#define CR3_ADDRESS GENMASK_ULL(51, 12)
#define CR3_KPTI_USER BIT_ULL(12) /* Linux: PTI_USER_PGTABLE_BIT */
#define LARGE_SHIFT 21

static void forget_kernel(struct sc_cache *cache)
{
	memset(cache->direct, 0, sizeof(cache->direct));
	memset(cache->face, 0, sizeof(cache->face));
	cache->current_at = 0;
	cache->current_hva = 0;
}

void sc_cache_flush(struct sc_cache *cache)
{
	memset(cache->translation, 0, sizeof(cache->translation));
	forget_kernel(cache);
}

/* A handful of bytes from the VM's process, which is ours as well. May fault, may sleep. */
static bool copy_small(u8 *to, unsigned long hva, u32 length)
{
	const u8 __user *from = (const u8 __user *)hva;

	if (!user_access_begin(from, length))
		return false;
#define COPY(type)                                                         \
	for (; length >= sizeof(type); length -= sizeof(type)) {           \
		type value;                                                \
		unsafe_get_user(value, (const type __user *)from, failed); \
		*(type *)to = value; /* x86 needs no alignment */          \
		from += sizeof(type);                                      \
		to += sizeof(type);                                        \
	}
	COPY(u64)
	COPY(u32)
	COPY(u8)
#undef COPY
	user_access_end();
	return true;
failed:
	user_access_end();
	return false;
}

void sc_cache_renew(struct sc_cache *cache, struct kvm *kvm)
{
	memset(cache->page, 0, sizeof(cache->page));
	forget_kernel(cache);
	cache->generation = kvm_memslots(kvm)->generation;
}

/* Within one page, by what is remembered of it. */
static bool read_remembered(const struct sc_space *space, u64 gpa, void *buffer, u32 length)
{
	struct sc_cache *cache = space->cache;
	u64 gfn = gpa >> PAGE_SHIFT;
	u32 i = gfn % SC_CACHE_ENTRIES;

	sc_cache_check(cache, space->kvm);
	if (unlikely(cache->page[i].tag != gfn + 1)) {
		unsigned long hva = gfn_to_hva(space->kvm, gfn);

		if (kvm_is_error_hva(hva))
			return false; /* nothing there, or read-only memory */
		cache->page[i].tag = gfn + 1;
		cache->page[i].hva = hva;
	}
	return copy_small(buffer, cache->page[i].hva + offset_in_page(gpa), length);
}

/* Within one page. */
static int read_page(const struct sc_space *space, u64 gpa, void *buffer, u32 length)
{
	if (space->cache && read_remembered(space, gpa, buffer, length))
		return 0;
	if (kvm_read_guest_page(space->kvm, gpa >> PAGE_SHIFT, buffer, offset_in_page(gpa), length))
		return -ENXIO;
	return 0;
}

int sc_guest_read_phys(const struct sc_space *space, u64 gpa, void *buffer, u32 length)
{
	while (length) {
		u32 n = min_t(u32, length, PAGE_SIZE - offset_in_page(gpa));

		if (read_page(space, gpa, buffer, n))
			return -ENXIO;
		gpa += n;
		buffer += n;
		length -= n;
	}
	return 0;
}

/*
 * The addresses that are remembered: a 64-bit kernel's own. (Where a 32-bit
 * kernel's half begins is a matter of its configuration.)
 */
static bool kernel_half(u64 gva)
{
	return gva >> 63;
}

/* Within one page of the guest kernel that was read before. */
static bool read_direct(const struct sc_space *space, u64 gva, void *buffer, u32 length)
{
	unsigned long hva;

	if (!space->cache || space->fresh || !kernel_half(gva))
		return false;
	sc_cache_check(space->cache, space->kvm);
	hva = sc_direct(space->cache, gva, length);
	return hva && copy_small(buffer, hva, length);
}

/* After a read of that page by its two addresses. */
static void remember_direct(const struct sc_space *space, u64 gva, u64 gpa)
{
	struct sc_cache *cache = space->cache;
	u64 gfn = gpa >> PAGE_SHIFT;
	u32 i = gfn % SC_CACHE_ENTRIES;
	u64 page = gva >> PAGE_SHIFT;
	struct sc_direct *d;

	if (!cache || !kernel_half(gva) || cache->page[i].tag != gfn + 1)
		return;
	d = cache->direct[page % SC_CACHE_ENTRIES];
	if (d[0].tag == page)
		return;
	d[1] = d[0];
	d[0] = (struct sc_direct){ .tag = page, .hva = cache->page[i].hva };
}

/* 32-bit paging and PAE paging (SDM vol. 3A, 4.3 and 4.4). */
static int walk_legacy(const struct sc_space *space, u64 root, u64 gva, u64 *gpa, u32 *leaf_shift)
{
	u32 bytes = space->pae ? 8 : 4, bits = space->pae ? 9 : 10;
	u32 shift = space->pae ? 30 : 22;
	u64 table = space->pae ? (root & GENMASK_ULL(31, 5)) : (root & GENMASK_ULL(31, 12));

	gva = (u32)gva;
	for (;; shift -= bits) {
		u64 index = (gva >> shift) & ((1U << bits) - 1);
		u64 mask = (1ULL << shift) - 1;
		u64 pte = 0;

		if (read_page(space, table + index * bytes, &pte, bytes))
			return -ENXIO;
		if (!(pte & PTE_PRESENT))
			return -ENXIO;
		if (shift == PAGE_SHIFT || (shift < 30 && (pte & PTE_LARGE))) {
			u64 high = !space->pae && shift == 22 ? (pte & GENMASK_ULL(20, 13)) << 19 :
								0;

			*gpa = high | (pte & PTE_ADDRESS & ~mask) | (gva & mask);
			*leaf_shift = shift;
			return 0;
		}
		table = pte & PTE_ADDRESS;
	}
}

/* Walk one tree. Fills in the shift of the leaf: 12, 21 or 30. */
static int walk(const struct sc_space *space, u64 root, u64 gva, u64 *gpa, u32 *leaf_shift)
{
	u32 shift = space->five_levels ? 48 : 39;
	u64 table = root & CR3_ADDRESS;

	if (space->flat) {
		*gpa = (u32)gva;
		*leaf_shift = PAGE_SHIFT;
		return 0;
	}
	if (space->legacy)
		return walk_legacy(space, root, gva, gpa, leaf_shift);
	for (;; shift -= 9) {
		u64 mask = (1ULL << shift) - 1;
		u64 pte;

		if (read_page(space, table + ((gva >> shift) & 511) * sizeof(pte), &pte,
			      sizeof(pte)))
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

/*
 * The same, with one opening of user memory for all levels, where the tables' pages are
 * remembered. What stands in them is read anew each time.
 * Return: false: the other way, which also makes this one work the next time; not mapped.
 */
static bool walk_quickly(const struct sc_space *space, u64 gva, u64 *gpa, u32 *leaf_shift)
{
	u32 shift = space->five_levels ? 48 : 39;
	u64 table = space->cr3 & CR3_ADDRESS;
	struct sc_cache *cache = space->cache;
	bool opened = false;
	u64 pte, mask;

	if (!cache || space->flat || space->legacy)
		return false;
	sc_cache_check(cache, space->kvm);
	for (;; shift -= 9) {
		u64 gfn = table >> PAGE_SHIFT;
		u32 i = gfn % SC_CACHE_ENTRIES;
		unsigned long hva = cache->page[i].hva + ((gva >> shift) & 511) * sizeof(pte);

		if (unlikely(cache->page[i].tag != gfn + 1))
			goto miss;
		/* Nothing but RAM of the VM's process is ever remembered: one check for all. */
		if (!opened && !user_access_begin((const void __user *)hva, sizeof(pte)))
			return false;
		opened = true;
		unsafe_get_user(pte, (const u64 __user *)hva, miss);
		if (!(pte & PTE_PRESENT))
			goto miss;
		if (shift == PAGE_SHIFT || (shift <= 30 && (pte & PTE_LARGE)))
			break;
		table = pte & PTE_ADDRESS;
	}
	user_access_end();
	mask = (1ULL << shift) - 1;
	*gpa = (pte & PTE_ADDRESS & ~mask) | (gva & mask);
	*leaf_shift = shift;
	return true;
miss:
	if (opened)
		user_access_end();
	return false;
}

static u64 tag_of(u64 gva, u32 shift)
{
	return (gva >> shift) << 1 | (shift == LARGE_SHIFT);
}

static bool cached(const struct sc_cache *cache, u64 gva, u32 shift, u64 *gpa)
{
	u32 i = (gva >> shift) % SC_CACHE_ENTRIES;

	if (cache->translation[i].tag != tag_of(gva, shift))
		return false;
	*gpa = cache->translation[i].gpa | (gva & ((1ULL << shift) - 1));
	return true;
}

int sc_guest_translate(const struct sc_space *space, u64 gva, u64 *gpa, u64 *left)
{
	struct sc_cache *cache = kernel_half(gva) ? space->cache : NULL;
	u32 shift;
	u32 i;

	*left = PAGE_SIZE - offset_in_page(gva);
	if (cache && !space->fresh &&
	    (cached(cache, gva, LARGE_SHIFT, gpa) || cached(cache, gva, PAGE_SHIFT, gpa)))
		return 0;

	if (!walk_quickly(space, gva, gpa, &shift) && walk(space, space->cr3, gva, gpa, &shift) &&
	    (!kernel_half(gva) || !(space->cr3 & CR3_KPTI_USER) ||
	     walk(space, space->cr3 & ~CR3_KPTI_USER, gva, gpa, &shift)))
		return -ENXIO;

	if (cache) {
		shift = shift >= LARGE_SHIFT ? LARGE_SHIFT : PAGE_SHIFT;
		i = (gva >> shift) % SC_CACHE_ENTRIES;
		cache->translation[i].tag = tag_of(gva, shift);
		cache->translation[i].gpa = *gpa & ~((1ULL << shift) - 1);
	}
	return 0;
}

int sc_guest_read(const struct sc_space *space, u64 gva, void *buffer, u32 length)
{
	while (length) {
		u32 n = min_t(u32, length, PAGE_SIZE - offset_in_page(gva));
		u64 gpa, left;

		if (!read_direct(space, gva, buffer, n)) {
			if (sc_guest_translate(space, gva, &gpa, &left) ||
			    read_page(space, gpa, buffer, n))
				return -ENXIO;
			remember_direct(space, gva, gpa);
		}
		gva += n;
		buffer += n;
		length -= n;
	}
	return 0;
}

int sc_guest_read_fresh(struct sc_space *space, u64 gva, u64 *words, u32 count)
{
	struct sc_cache *cache = space->cache;
	const u64 __user *from;
	u32 shift, i;
	u64 gpa, gfn;

	if (offset_in_page(gva) + count * sizeof(u64) > PAGE_SIZE ||
	    !walk_quickly(space, gva, &gpa, &shift))
		goto slowly;
	gfn = gpa >> PAGE_SHIFT;
	if (cache->page[gfn % SC_CACHE_ENTRIES].tag != gfn + 1)
		goto slowly;
	from = (const u64 __user *)(cache->page[gfn % SC_CACHE_ENTRIES].hva + offset_in_page(gpa));
	if (!user_access_begin(from, count * sizeof(u64)))
		goto slowly;
	for (i = 0; i < count; i++)
		unsafe_get_user(words[i], from + i, failed);
	user_access_end();
	return 0;
failed:
	user_access_end();
slowly:
	space->fresh = true;
	return sc_guest_read(space, gva, words, count * sizeof(u64));
}

u32 sc_guest_fetch(const struct sc_space *space, u64 gva, u8 *buffer, u32 length)
{
	u32 done = 0;

	while (done < length) {
		u32 n = min_t(u32, length - done, PAGE_SIZE - offset_in_page(gva + done));
		u64 gpa, left;

		if (!read_direct(space, gva + done, buffer + done, n)) {
			if (sc_guest_translate(space, gva + done, &gpa, &left) ||
			    read_page(space, gpa, buffer + done, n))
				break;
			remember_direct(space, gva + done, gpa);
		}
		done += n;
	}
	return done;
}
