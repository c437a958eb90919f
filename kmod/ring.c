// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "ring.h"

#define HEAD_PAGES 2 /* consumer, producer */

int sc_ring_init(struct sc_ring *ring, u64 bytes)
{
	u32 data_pages = bytes >> PAGE_SHIFT;
	u32 total = HEAD_PAGES + 2 * data_pages;
	void *area = NULL;
	u32 i;

	ring->pages = kvcalloc(total, sizeof(*ring->pages), GFP_KERNEL_ACCOUNT);
	if (!ring->pages)
		return -ENOMEM;
	for (ring->nr_pages = 0; ring->nr_pages < HEAD_PAGES + data_pages; ring->nr_pages++) {
		struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);

		if (!page)
			goto fail;
		ring->pages[ring->nr_pages] = page;
	}
	for (i = 0; i < data_pages; i++)
		ring->pages[HEAD_PAGES + data_pages + i] = ring->pages[HEAD_PAGES + i];
	area = vmap(ring->pages, total, VM_MAP | VM_USERMAP, PAGE_KERNEL);
	if (!area)
		goto fail;

	ring->consumer = area;
	ring->producer = area + PAGE_SIZE;
	ring->data = area + HEAD_PAGES * PAGE_SIZE;
	ring->bytes = bytes;
	ring->head = 0;
	ring->producer->bytes = bytes;
	return 0;
fail:
	sc_ring_free(ring);
	return -ENOMEM;
}

void sc_ring_free(struct sc_ring *ring)
{
	if (ring->consumer)
		vunmap(ring->consumer);
	while (ring->nr_pages)
		__free_page(ring->pages[--ring->nr_pages]);
	kvfree(ring->pages);
	memset(ring, 0, sizeof(*ring));
}

int sc_ring_mmap(struct sc_ring *ring, struct vm_area_struct *vma, u64 page_offset)
{
	u64 pages = vma_pages(vma);
	u64 total = HEAD_PAGES + 2 * (ring->bytes >> PAGE_SHIFT);

	if (page_offset >= total || pages > total - page_offset)
		return -EINVAL;
	if (page_offset == 0 && pages == 1) {
		if (!(vma->vm_flags & VM_SHARED))
			return -EINVAL;
	} else {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		sc_vma_never_write(vma);
	}
	return remap_vmalloc_range(vma, ring->consumer, page_offset);
}
