/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels that scaudit is built for; nowhere else.
 * SC_HAVE_* come from the probes in Kbuild.
 */
#ifndef SC_COMPAT_H
#define SC_COMPAT_H

#include <linux/ftrace.h>
#include <linux/mm.h>

static inline void sc_ftrace_redirect(struct ftrace_regs *fregs, void *target)
{
#ifdef SC_HAVE_FTRACE_REGS_SET_IP
	ftrace_regs_set_instruction_pointer(fregs, (unsigned long)target);
#else
	ftrace_instruction_pointer_set(fregs, (unsigned long)target);
#endif
}

/*
 * A variable on the hot path whose every member is written before it is read:
 * the kernel is compiled to zero them all.
 */
#if __has_attribute(uninitialized)
#define SC_UNINITIALIZED __attribute__((uninitialized))
#else
#define SC_UNINITIALIZED
#endif

/* Forbid that a read-only mapping is made writable later. */
static inline void sc_vma_never_write(struct vm_area_struct *vma)
{
#ifdef SC_HAVE_VM_FLAGS_CLEAR
	vm_flags_clear(vma, VM_MAYWRITE);
#else
	vma->vm_flags &= ~VM_MAYWRITE;
#endif
}

/* Hold on to pages of another process, to be read; as get_user_pages_remote(). */
static inline long sc_get_pages(struct mm_struct *mm, unsigned long address, unsigned long count,
				struct page **pages, int *locked)
{
#ifdef SC_HAVE_GUP_VMAS
	return get_user_pages_remote(mm, address, count, 0, pages, NULL, locked);
#else
	return get_user_pages_remote(mm, address, count, 0, pages, locked);
#endif
}

#endif
