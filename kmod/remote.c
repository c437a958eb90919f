// SPDX-License-Identifier: GPL-2.0-only
#include <linux/highmem.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "remote.h"

#define PAGES 16 /* that are held at a time */

/* Hold pages from an address of the VM's process on. Return: how many, at least one; errors. */
static long hold(struct sc_remote *remote, unsigned long hva, u32 count, struct page **pages)
{
	int locked = 1;
	long n;

	if (mmap_read_lock_killable(remote->mm))
		return -EINTR;
	n = sc_get_pages(remote->mm, hva, count, pages, &locked);
	/* It lets go of the lock itself where it had to wait for a page. */
	if (locked)
		mmap_read_unlock(remote->mm);
	if (n > 0)
		return n;
	if (fatal_signal_pending(current))
		return -EINTR;
	remote->refused = true;
	return -ENXIO;
}

static void copy(u8 *to, struct page *page, u32 offset, u32 length)
{
	const u8 *from = kmap_local_page(page);

	memcpy(to, from + offset, length);
	kunmap_local(from);
	put_page(page);
}

int sc_remote_read(struct kvm *kvm, struct sc_remote *remote, u64 gpa, u8 *buffer, u32 length)
{
	struct page *pages[PAGES];

	while (length) {
		u64 gfn = gpa >> PAGE_SHIFT;
		struct kvm_memory_slot *slot = gfn_to_memslot(kvm, gfn);
		u64 count;
		long n, i;

		if (!slot || (slot->flags & KVM_MEMSLOT_INVALID))
			return -ENXIO;
		count = DIV_ROUND_UP((u64)offset_in_page(gpa) + length, PAGE_SIZE);
		count = min3(count, slot->npages - (gfn - slot->base_gfn), (u64)PAGES);
		n = hold(remote, __gfn_to_hva_memslot(slot, gfn), count, pages);
		if (n < 0)
			return n;
		for (i = 0; i < n; i++) {
			u32 offset = offset_in_page(gpa);
			u32 bytes = min_t(u32, length, PAGE_SIZE - offset);

			copy(buffer, pages[i], offset, bytes);
			gpa += bytes;
			buffer += bytes;
			length -= bytes;
		}
	}
	return 0;
}
