// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "guest.h"
#include "remote.h"

/* Paging structures: SDM vol. 3A, 4.5; APM vol. 2, 5.3. */
#define PTE_PRESENT BIT_ULL(0)
#define PTE_WRITE BIT_ULL(1)
#define PTE_USER BIT_ULL(2)
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
	if (unlikely(space->remote))
		return sc_remote_read(space->kvm, space->remote, gpa, buffer, length);
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

/* Where a walk has ended. */
struct leaf {
	u64 gpa;
	u32 shift; /* 12, 21 or 30; with a 32-bit kernel's tables also 22 */
	bool user; /* user mode may use it, at all levels */
	bool writable; /* at all levels */
};

/* 32-bit paging and PAE paging (SDM vol. 3A, 4.3 and 4.4). */
static int walk_legacy(const struct sc_space *space, u64 root, u64 gva, struct leaf *leaf)
{
	u32 bytes = space->pae ? 8 : 4, bits = space->pae ? 9 : 10;
	u32 shift = space->pae ? 30 : 22;
	u64 table = space->pae ? (root & GENMASK_ULL(31, 5)) : (root & GENMASK_ULL(31, 12));
	u64 rights = PTE_USER | PTE_WRITE;

	gva = (u32)gva;
	for (;; shift -= bits) {
		u64 index = (gva >> shift) & ((1U << bits) - 1);
		u64 mask = (1ULL << shift) - 1;
		u64 pte = 0;

		if (read_page(space, table + index * bytes, &pte, bytes))
			return -ENXIO;
		if (!(pte & PTE_PRESENT))
			return -ENXIO;
		if (shift < 30) /* PAE's first level has no such bit */
			rights &= pte;
		if (shift == PAGE_SHIFT || (shift < 30 && (pte & PTE_LARGE))) {
			u64 high = !space->pae && shift == 22 ? (pte & GENMASK_ULL(20, 13)) << 19 :
								0;

			leaf->gpa = high | (pte & PTE_ADDRESS & ~mask) | (gva & mask);
			leaf->shift = shift;
			leaf->user = rights & PTE_USER;
			leaf->writable = rights & PTE_WRITE;
			return 0;
		}
		table = pte & PTE_ADDRESS;
	}
}

/* Walk one tree. */
static int walk(const struct sc_space *space, u64 root, u64 gva, struct leaf *leaf)
{
	u32 shift = space->five_levels ? 48 : 39;
	u64 table = root & CR3_ADDRESS;
	u64 rights = PTE_USER | PTE_WRITE;

	if (space->flat) {
		*leaf = (struct leaf){
			.gpa = (u32)gva,
			.shift = PAGE_SHIFT,
			.user = true,
			.writable = true,
		};
		return 0;
	}
	if (space->legacy)
		return walk_legacy(space, root, gva, leaf);
	for (;; shift -= 9) {
		u64 mask = (1ULL << shift) - 1;
		u64 pte;

		if (read_page(space, table + ((gva >> shift) & 511) * sizeof(pte), &pte,
			      sizeof(pte)))
			return -ENXIO;
		if (!(pte & PTE_PRESENT))
			return -ENXIO;
		rights &= pte;
		if (shift == PAGE_SHIFT || (shift <= 30 && (pte & PTE_LARGE))) {
			leaf->gpa = (pte & PTE_ADDRESS & ~mask) | (gva & mask);
			leaf->shift = shift;
			leaf->user = rights & PTE_USER;
			leaf->writable = rights & PTE_WRITE;
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
static bool walk_quickly(const struct sc_space *space, u64 gva, struct leaf *leaf)
{
	u32 shift = space->five_levels ? 48 : 39;
	u64 table = space->cr3 & CR3_ADDRESS;
	struct sc_cache *cache = space->cache;
	u64 rights = PTE_USER | PTE_WRITE;
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
		rights &= pte;
		if (shift == PAGE_SHIFT || (shift <= 30 && (pte & PTE_LARGE)))
			break;
		table = pte & PTE_ADDRESS;
	}
	user_access_end();
	mask = (1ULL << shift) - 1;
	leaf->gpa = (pte & PTE_ADDRESS & ~mask) | (gva & mask);
	leaf->shift = shift;
	leaf->user = rights & PTE_USER;
	leaf->writable = rights & PTE_WRITE;
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

/* By the tree in use, or the kernel's where that is not the one. Return: 0 or -ENXIO */
static int find(const struct sc_space *space, u64 gva, struct leaf *leaf)
{
	if (walk_quickly(space, gva, leaf) || !walk(space, space->cr3, gva, leaf))
		return 0;
	if (!kernel_half(gva) || !(space->cr3 & CR3_KPTI_USER))
		return -ENXIO;
	return walk(space, space->cr3 & ~CR3_KPTI_USER, gva, leaf);
}

int sc_guest_look(const struct sc_space *space, u64 gva, u64 *gpa, bool *writable)
{
	struct leaf leaf SC_UNINITIALIZED;

	if (find(space, gva, &leaf))
		return -ENXIO;
	*gpa = leaf.gpa;
	*writable = leaf.writable;
	return 0;
}

int sc_guest_translate(const struct sc_space *space, u64 gva, u64 *gpa, u64 *left)
{
	struct sc_cache *cache = kernel_half(gva) ? space->cache : NULL;
	struct leaf leaf SC_UNINITIALIZED;
	u32 shift;
	u32 i;

	*left = PAGE_SIZE - offset_in_page(gva);
	if (cache && !space->fresh &&
	    (cached(cache, gva, LARGE_SHIFT, gpa) || cached(cache, gva, PAGE_SHIFT, gpa)))
		return 0;

	if (find(space, gva, &leaf))
		return -ENXIO;

	*gpa = leaf.gpa;
	if (cache) {
		shift = leaf.shift >= LARGE_SHIFT ? LARGE_SHIFT : PAGE_SHIFT;
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
	struct leaf leaf SC_UNINITIALIZED;
	const u64 __user *from;
	u64 gfn;
	u32 i;

	if (offset_in_page(gva) + count * sizeof(u64) > PAGE_SIZE ||
	    !walk_quickly(space, gva, &leaf))
		goto slowly;
	gfn = leaf.gpa >> PAGE_SHIFT;
	if (cache->page[gfn % SC_CACHE_ENTRIES].tag != gfn + 1)
		goto slowly;
	from = (const u64 __user *)(cache->page[gfn % SC_CACHE_ENTRIES].hva +
				    offset_in_page(leaf.gpa));
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

/* ---- the caller's memory ---- */

/* Where user addresses end for the guest's kernel: TASK_SIZE_MAX of Linux. */
static u64 user_end(const struct sc_space *space)
{
	if (space->legacy || space->flat)
		return 1ULL << 32;
	return (1ULL << (space->five_levels ? 56 : 47)) - PAGE_SIZE;
}

/*
 * Where, in the VM's process, a byte of the caller's memory lies. *hva is 0 for memory
 * that has to be read another way: a ROM, or none.
 * Return: 0; -ENXIO: not mapped, so far; -EFAULT: no address for user mode.
 */
static int locate(const struct sc_space *space, u64 gva, u64 *gpa, unsigned long *hva)
{
	struct leaf leaf SC_UNINITIALIZED;

	if (unlikely(gva >= user_end(space)))
		return -EFAULT;
	if (!walk_quickly(space, gva, &leaf) && walk(space, space->cr3, gva, &leaf))
		return -ENXIO;
	if (unlikely(!leaf.user))
		return -EFAULT;
	*gpa = leaf.gpa;
	/* Not remembered: pages of data would drive those of page tables out. */
	*hva = gfn_to_hva(space->kvm, leaf.gpa >> PAGE_SHIFT);
	if (kvm_is_error_hva(*hva))
		*hva = 0;
	else
		*hva += offset_in_page(leaf.gpa);
	return 0;
}

/* Bit 7 of every byte that is zero, and of none below the first such (Lamport, 1975). */
static u64 zero_bytes(u64 word)
{
	return (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;
}

/*
 * Within a page: copy until length bytes are there, or a NUL is (with text). A word is
 * fetched once, looked at and stored: another vCPU may write to it all the time.
 * Return: bytes copied, without the NUL; -EFAULT.
 */
static __always_inline int copy_user(u8 *to, unsigned long hva, u32 length, bool text, bool *ended)
{
	const u8 __user *from = (const u8 __user *)hva;
	u32 done = 0;
	u64 word, zero;
	u8 byte;

	if (!user_access_begin(from, length))
		return -EFAULT;
	for (; length - done >= sizeof(word); done += sizeof(word)) {
		unsafe_get_user(word, (const u64 __user *)(from + done), failed);
		*(u64 *)(to + done) = word; /* x86 needs no alignment */
		zero = text ? zero_bytes(word) : 0;
		if (zero) {
			done += __builtin_ctzll(zero) / 8;
			goto nul;
		}
	}
	for (; done < length; done++) {
		unsafe_get_user(byte, from + done, failed);
		if (text && !byte)
			goto nul;
		to[done] = byte;
	}
	user_access_end();
	return done;
nul:
	user_access_end();
	*ended = true;
	return done;
failed:
	user_access_end();
	return -EFAULT;
}

/* The same where there is no such place. */
static int copy_otherwise(const struct sc_space *space, u64 gpa, u8 *to, u32 length, bool text,
			  bool *ended)
{
	u32 n;

	if (kvm_read_guest_page(space->kvm, gpa >> PAGE_SHIFT, to, offset_in_page(gpa), length))
		return -EFAULT;
	n = text ? strnlen(to, length) : length;
	*ended = n < length;
	return n;
}

static __always_inline u32 read_user(const struct sc_space *space, u64 gva, u8 *to, u32 length,
				     bool text, bool *ended, int *error)
{
	u32 done = 0;

	*ended = false;
	*error = 0;
	while (done < length) {
		u32 n = min_t(u32, length - done, PAGE_SIZE - offset_in_page(gva));
		unsigned long hva;
		u64 gpa;
		int r;

		r = locate(space, gva, &gpa, &hva);
		if (!r && likely(hva))
			r = copy_user(to + done, hva, n, text, ended);
		else if (!r)
			r = copy_otherwise(space, gpa, to + done, n, text, ended);
		if (unlikely(r < 0)) {
			*error = r;
			break;
		}
		done += r;
		if (*ended)
			break;
		gva += n;
	}
	return done;
}

u32 sc_guest_read_user(const struct sc_space *space, u64 gva, u8 *to, u32 length, int *error)
{
	bool ended;

	return read_user(space, gva, to, length, false, &ended, error);
}

u32 sc_guest_read_string(const struct sc_space *space, u64 gva, u8 *to, u32 length, bool *ended,
			 int *error)
{
	return read_user(space, gva, to, length, true, ended, error);
}
