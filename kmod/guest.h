/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory. Everything read is hostile; nothing here trusts a value that
 * came from the guest, and every loop is bounded.
 *
 * Callers hold kvm->srcu (vCPU exit handlers do) and run with the VM's mm, or say how to read
 * without it.
 */
#ifndef SC_GUEST_H
#define SC_GUEST_H

#include <linux/kvm_host.h>

#define SC_CACHE_ENTRIES 64
#define SC_CACHE_FACES 16

/*
 * What a vCPU remembers of where guest memory lies.
 *
 * Translations are of the guest kernel's addresses only. The kernel's half is
 * the same in all its page tables, and what is read there (per-CPU data,
 * task_struct, the entry code) lies where it lies until the guest kernel is
 * replaced: to be flushed when LSTAR, EFER or CR0 change. User addresses are
 * looked up in the page tables each time.
 *
 * Pages are guest-physical ones and their place in the VM's process; they hold
 * as long as KVM's memslots do not change.
 */
struct sc_cache {
	/* Both of the below at once: pages of the guest kernel, by their virtual address. */
	struct sc_direct {
		u64 tag; /* virtual page number; 0: empty */
		unsigned long hva;
	} direct[SC_CACHE_ENTRIES][2]; /* the one read last, the one before */
	struct {
		u64 tag; /* virtual page number << 1 | large; 0: empty */
		u64 gpa; /* of its first byte */
	} translation[SC_CACHE_ENTRIES];
	struct {
		u64 tag; /* page frame number + 1; 0: empty */
		unsigned long hva;
	} page[SC_CACHE_ENTRIES];
	/*
	 * Where, in the VM's process, the members of a task_struct lie that tell who it
	 * is (identity.c), by the same right as direct.
	 */
	struct sc_face {
		u64 task; /* guest address; 0: empty */
		unsigned long tid, pid, start, comm, parent, cred;
		u64 parent_is, cred_is; /* guest addresses; 0: not known, nor the next two */
		unsigned long ppid, uid, gid;
	} face[SC_CACHE_FACES];
	u64 current_at; /* guest address of the pointer to the current task; 0: not known */
	unsigned long current_hva;
	u64 generation; /* of the memslots that all but translation are of */
};

/* Forget where pages lie, for the memslots have changed. */
void sc_cache_renew(struct sc_cache *cache, struct kvm *kvm);

/* Page tables to walk, and by whom. */
struct sc_space {
	struct kvm *kvm;
	u64 cr3;
	bool five_levels; /* CR4.LA57 */
	bool flat; /* no paging at all */
	bool legacy; /* a 32-bit kernel's page tables: two levels, or three (pae) */
	bool pae;
	bool fresh; /* look addresses up anew, whatever is remembered */
	struct sc_cache *cache; /* of the vCPU whose thread this is; may be NULL */
	struct sc_remote *remote; /* how to read from another process's thread; else NULL */
};

/* The address space in which a vCPU of an audited VM stands. */
static inline struct sc_space sc_space_of(struct kvm_vcpu *vcpu, struct sc_cache *cache)
{
	return (struct sc_space){
		.kvm = vcpu->kvm,
		.cr3 = vcpu->arch.cr3,
		.five_levels = vcpu->arch.cr4 & X86_CR4_LA57,
		.flat = !(vcpu->arch.cr0 & X86_CR0_PG),
		.legacy = !(vcpu->arch.efer & EFER_LMA),
		.pae = vcpu->arch.cr4 & X86_CR4_PAE,
		.cache = cache,
	};
}

/*
 * Where in the VM's process a stretch of guest kernel memory lies that was read
 * before and does not cross a page; 0 if that is not remembered. Valid until
 * the vCPU's thread lets go of kvm->srcu; to be read with unsafe_get_user().
 * sc_cache_check() comes first.
 */
static __always_inline unsigned long sc_direct(const struct sc_cache *cache, u64 gva, u32 length)
{
	const struct sc_direct *d = cache->direct[(gva >> PAGE_SHIFT) % SC_CACHE_ENTRIES];

	if (d->tag != gva >> PAGE_SHIFT)
		d++;
	if (unlikely(d->tag != gva >> PAGE_SHIFT || offset_in_page(gva) > PAGE_SIZE - length))
		return 0;
	return d->hva + offset_in_page(gva);
}

/* What is remembered of pages holds for one state of the memslots. */
static __always_inline void sc_cache_check(struct sc_cache *cache, struct kvm *kvm)
{
	if (unlikely(cache->generation != kvm_memslots(kvm)->generation))
		sc_cache_renew(cache, kvm);
}

/* Forget the translations. */
void sc_cache_flush(struct sc_cache *cache);

/*
 * Read guest-physical memory.
 * Return: 0; -ENXIO if some of it is not backed by RAM.
 */
int sc_guest_read_phys(const struct sc_space *space, u64 gpa, void *buffer, u32 length);

/*
 * Guest-physical address of a guest-virtual one, by the page tables alone
 * (no permissions: we read on nobody's behalf). Where the tables of user mode
 * lack it, those of the kernel are tried (KPTI: CR3 with bit 12 cleared).
 * @left: bytes from there to the end of the page
 * Return: 0; -ENXIO if it is not mapped.
 */
int sc_guest_translate(const struct sc_space *space, u64 gva, u64 *gpa, u64 *left);

/* The same, never from what is remembered. @writable: by the page tables, for the kernel */
int sc_guest_look(const struct sc_space *space, u64 gva, u64 *gpa, bool *writable);

/* Read guest-virtual memory, page by page. Return: 0 or -ENXIO. */
int sc_guest_read(const struct sc_space *space, u64 gva, void *buffer, u32 length);

/*
 * The same, of count words (at most 8) that are looked up anew: memory that the guest
 * maps anew all the time.
 */
int sc_guest_read_fresh(struct sc_space *space, u64 gva, u64 *words, u32 count);

/*
 * Read what is there of guest-virtual memory. The bytes of an instruction that
 * the CPU has just fetched need no permission that it did not have.
 * Return: bytes read, up to length; 0 if the first is not to be had.
 */
u32 sc_guest_fetch(const struct sc_space *space, u64 gva, u8 *buffer, u32 length);

/*
 * Read the caller's memory: what user mode may read, where a system call may point to.
 * The kernel's half is not the caller's, and addresses that are not canonical are none.
 * @error: 0; why not all of it was read: -ENXIO: the page is not mapped, and the kernel
 *         may bring it in yet; -EFAULT: it never will be there (or is no memory)
 * Return: bytes read
 */
u32 sc_guest_read_user(const struct sc_space *space, u64 gva, u8 *to, u32 length, int *error);

/*
 * The same up to a NUL, which does not count. Up to seven bytes behind what was read, but
 * within length, may have been written to.
 * @ended: whether there was one
 */
u32 sc_guest_read_string(const struct sc_space *space, u64 gva, u8 *to, u32 length, bool *ended,
			 int *error);

#endif
