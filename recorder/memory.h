/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of a guest that runs, by its kernel's virtual addresses or a process's: page
 * tables are walked here, and what was read is kept for a moment, since asking for it
 * again costs more than all else. Bounded: at some number of requests or some time all
 * reading fails.
 */
#ifndef RECORDER_MEMORY_H
#define RECORDER_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ident.h"
#include "layout.h"

enum memory_over {
	MEMORY_OVER_NOT = 0,
	MEMORY_OVER_TIME,
	MEMORY_OVER_READS,
};

struct memory_chunk;
struct memory_page;

struct memory {
	const struct ident_ops *ops;
	void *arg;
	uint32_t vcpu; /* whose page tables are asked where ours are not known */
	uint64_t *top; /* copy of the topmost page table of the kernel */
	unsigned int levels; /* of page tables: 4, 5; 0: not known, each page is asked for */
	struct memory_chunk *chunks; /* what was read */
	uint8_t *data; /* of the chunks */
	uint32_t *slots; /* hash table: index of the chunk plus 1, 0: none */
	unsigned int used, victim; /* chunks */
	struct memory_page *pages; /* translations of the kernel's addresses */
	uint64_t born; /* monotonic ns: the oldest of what is kept */
	uint64_t deadline; /* monotonic ns */
	uint32_t reads, reads_most; /* requests */
	enum memory_over over;
	int error; /* of the last request that failed for another reason than a hole */
};

/* @retval -ENOMEM */
int memory_init(struct memory *m, const struct ident_ops *ops, void *arg, uint32_t vcpu);
void memory_uninit(struct memory *m);

/* How long it may go on, and how many requests; 0: leave it. At first 2 s, 65,536. */
void memory_limit(struct memory *m, uint64_t ns, uint32_t reads);

/*
 * Learn where the kernel's page tables are from the mm of a task that runs on the vCPU. Where
 * that does not come out right each page is asked for, which is slower.
 * @task  address of a task_struct
 */
void memory_find_tables(struct memory *m, const struct layout *layout, uint64_t task);

/* Has it come to its end? For loops that may go on for long without a request. */
bool memory_is_over(struct memory *m);

/* What is older than this is forgotten. */
void memory_refresh(struct memory *m, uint64_t age_ns);

/* Could this be the address of something of a 64-bit kernel's? */
static inline bool memory_is_kernel(uint64_t gva)
{
	return gva >= 0xff00000000000000ULL && gva < -4096ULL;
}

/* All or nothing, at an address of the kernel's. @retval false not readable, or over */
bool memory_read(struct memory *m, uint64_t gva, void *to, size_t n);

/* The same, as it is now. */
bool memory_read_anew(struct memory *m, uint64_t gva, void *to, size_t n);

/*
 * Memory of a process.
 * @pgd  address of its topmost page table, in the kernel's half
 * @retval bytes that could be read, from the first on
 */
size_t memory_read_user(struct memory *m, uint64_t pgd, uint64_t gva, void *to, size_t n);

/* ---- members of structs of the kernel's ---- */

/* @retval false  there is no such member, or it cannot be read */
static inline bool memory_member(struct memory *m, uint64_t base, uint32_t offset, void *to,
				 size_t n)
{
	return offset != LAYOUT_NONE && memory_is_kernel(base) &&
	       memory_read(m, base + offset, to, n);
}

/* A pointer to something of the kernel's, or NULL. */
static inline bool memory_pointer(struct memory *m, uint64_t base, uint32_t offset, uint64_t *to)
{
	return memory_member(m, base, offset, to, sizeof(*to)) &&
	       (*to == 0 || memory_is_kernel(*to));
}

/* One that is not NULL. */
static inline bool memory_follow(struct memory *m, uint64_t base, uint32_t offset, uint64_t *to)
{
	return memory_pointer(m, base, offset, to) && *to != 0;
}

static inline bool memory_u32(struct memory *m, uint64_t base, uint32_t offset, uint32_t *to)
{
	return memory_member(m, base, offset, to, sizeof(*to));
}

/*
 * A string that ends with NUL.
 * @retval its length, less than size; negative: it does not end within size bytes, or cannot
 *         be read
 */
int memory_string(struct memory *m, uint64_t gva, char *to, size_t size);

#endif
