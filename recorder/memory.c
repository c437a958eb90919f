// SPDX-License-Identifier: GPL-2.0-only
#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGE 4096u
#define PAGE_MASK (PAGE - 1ULL)
#define CHUNK (64u << 10) /* bytes read at once: a request costs more than a few pages */
#define CHUNK_PAGES (CHUNK / PAGE)
#define CHUNKS 512u
#define SLOTS 4096u
#define PAGES 1024u /* translations kept */
#define ENTRIES 512u /* of a page table */
#define ENTRY_PRESENT 0x1ULL
#define ENTRY_LARGE 0x80ULL
#define ENTRY_ADDRESS 0x000ffffffffff000ULL
#define TABLES_TRIES 4 /* a process may end while its page tables are looked at */
#define DEADLINE_NS 2000000000ULL
#define READS_MOST 65536u

struct memory_chunk {
	uint64_t number; /* gpa / CHUNK */
	uint32_t slot;
	uint16_t tried, good; /* bits of its pages */
};

struct memory_page {
	uint64_t gva, gpa; /* of pages; gva 0: none */
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

int memory_init(struct memory *m, const struct ident_ops *ops, void *arg, uint32_t vcpu)
{
	memset(m, 0, sizeof(*m));
	m->ops = ops;
	m->arg = arg;
	m->vcpu = vcpu;
	m->top = malloc(PAGE);
	m->chunks = calloc(CHUNKS, sizeof(*m->chunks));
	m->data = malloc((size_t)CHUNKS * CHUNK);
	m->slots = calloc(SLOTS, sizeof(*m->slots));
	m->pages = calloc(PAGES, sizeof(*m->pages));
	if (m->top == NULL || m->chunks == NULL || m->data == NULL || m->slots == NULL ||
	    m->pages == NULL) {
		memory_uninit(m);
		return -ENOMEM;
	}
	m->born = now();
	m->deadline = m->born + DEADLINE_NS;
	m->reads_most = READS_MOST;
	return 0;
}

void memory_uninit(struct memory *m)
{
	free(m->top);
	free(m->chunks);
	free(m->data);
	free(m->slots);
	free(m->pages);
	memset(m, 0, sizeof(*m));
}

void memory_limit(struct memory *m, uint64_t ns, uint32_t reads)
{
	if (ns != 0)
		m->deadline = now() + ns;
	if (reads != 0)
		m->reads_most = reads;
}

void memory_refresh(struct memory *m, uint64_t age_ns)
{
	uint64_t time = now();

	if (time - m->born < age_ns)
		return;
	memset(m->slots, 0, SLOTS * sizeof(*m->slots));
	memset(m->pages, 0, PAGES * sizeof(*m->pages));
	m->used = m->victim = 0;
	m->born = time;
}

/* ---- physical memory ---- */

bool memory_is_over(struct memory *m)
{
	if (m->over == MEMORY_OVER_NOT && m->reads >= m->reads_most)
		m->over = MEMORY_OVER_READS;
	if (m->over == MEMORY_OVER_NOT && now() > m->deadline)
		m->over = MEMORY_OVER_TIME;
	return m->over != MEMORY_OVER_NOT;
}

static bool may_ask(struct memory *m)
{
	if (memory_is_over(m))
		return false;
	m->reads++;
	return true;
}

/* @retval bytes that were there */
static uint64_t request(struct memory *m, uint64_t gpa, void *to, uint64_t n)
{
	uint64_t done = 0;
	int ret;

	if (!may_ask(m))
		return 0;
	ret = m->ops->read(m->arg, gpa, to, n, &done);
	if (ret < 0 && ret != -ENXIO)
		m->error = ret;
	return ret < 0 || done > n ? 0 : done;
}

static uint32_t slot_of(uint64_t number)
{
	return (uint32_t)(number * 0x9e3779b97f4a7c15ULL >> 52) % SLOTS;
}

/* Take a chunk out of the table; those that came behind it in its row move up. */
static void unlink_chunk(struct memory *m, uint32_t slot)
{
	uint32_t hole = slot, at, home;

	for (at = (hole + 1) % SLOTS; m->slots[at] != 0; at = (at + 1) % SLOTS) {
		home = slot_of(m->chunks[m->slots[at] - 1].number);
		if ((at - home) % SLOTS < (at - hole) % SLOTS)
			continue;
		m->slots[hole] = m->slots[at];
		m->chunks[m->slots[hole] - 1].slot = hole;
		hole = at;
	}
	m->slots[hole] = 0;
}

static struct memory_chunk *chunk_of(struct memory *m, uint64_t number)
{
	struct memory_chunk *c;
	uint32_t slot, index;

	for (slot = slot_of(number); m->slots[slot] != 0; slot = (slot + 1) % SLOTS) {
		c = &m->chunks[m->slots[slot] - 1];
		if (c->number == number)
			return c;
	}
	if (m->used < CHUNKS) {
		index = m->used++;
	} else {
		index = m->victim++ % CHUNKS;
		unlink_chunk(m, m->chunks[index].slot);
		for (slot = slot_of(number); m->slots[slot] != 0; slot = (slot + 1) % SLOTS)
			;
	}
	c = &m->chunks[index];
	*c = (struct memory_chunk){ .number = number, .slot = slot };
	m->slots[slot] = index + 1;
	return c;
}

/* @retval a page of guest-physical memory, until the next call; NULL: it is not there */
static const uint8_t *page_at(struct memory *m, uint64_t gpa)
{
	struct memory_chunk *c = chunk_of(m, gpa / CHUNK);
	unsigned int page = (unsigned int)(gpa % CHUNK / PAGE);
	uint8_t *data = m->data + (size_t)(c - m->chunks) * CHUNK;
	uint64_t done;

	if (c->tried == 0) {
		done = request(m, c->number * CHUNK, data, CHUNK);
		c->good = (uint16_t)((1u << done / PAGE) - 1);
		c->tried = c->good | 1u;
	}
	if (!(c->tried & 1u << page)) { /* behind a hole */
		c->tried |= (uint16_t)(1u << page);
		if (request(m, gpa & ~PAGE_MASK, data + page * PAGE, PAGE) == PAGE)
			c->good |= (uint16_t)(1u << page);
	}
	return c->good & 1u << page ? data + page * PAGE : NULL;
}

static bool entry_at(struct memory *m, uint64_t gpa, uint64_t *entry)
{
	const uint8_t *page = page_at(m, gpa);

	if (page == NULL)
		return false;
	memcpy(entry, page + (gpa & PAGE_MASK), sizeof(*entry));
	return true;
}

/* ---- page tables ---- */

/*
 * Intel SDM vol. 3A, 4.5; AMD APM vol. 2, 5.3. Each step goes down one level, so tables that
 * lead back into themselves end as well.
 * @entry  of the topmost table, for this address
 */
static bool walk(struct memory *m, uint64_t entry, unsigned int levels, uint64_t gva, uint64_t *gpa)
{
	unsigned int level, shift = 12 + 9 * (levels - 1);
	uint64_t inside;

	for (level = levels;; level--, shift -= 9) {
		if (!(entry & ENTRY_PRESENT))
			return false;
		inside = (1ULL << shift) - 1;
		if (level == 1 || (entry & ENTRY_LARGE && level <= 3)) {
			*gpa = (entry & ENTRY_ADDRESS & ~inside) | (gva & inside);
			return true;
		}
		if (!entry_at(m, (entry & ENTRY_ADDRESS) + (gva >> (shift - 9) & (ENTRIES - 1)) * 8,
			      &entry))
			return false;
	}
}

static unsigned int top_index(uint64_t gva, unsigned int levels)
{
	return (unsigned int)(gva >> (12 + 9 * (levels - 1))) & (ENTRIES - 1);
}

static bool ask(struct memory *m, uint64_t gva, uint64_t *gpa)
{
	struct scaudit_translate t = { .gva = gva, .vcpu = m->vcpu };

	if (!may_ask(m) || m->ops->translate(m->arg, &t) < 0)
		return false;
	*gpa = t.gpa;
	return true;
}

/* Canonical, so that no two addresses are one. */
static bool has_levels(uint64_t gva, unsigned int levels)
{
	unsigned int bits = 12 + 9 * levels - 1;

	return gva >> bits == ~0ULL >> bits;
}

/* In the kernel's page tables. */
static bool look_up(struct memory *m, uint64_t gva, unsigned int levels, uint64_t *gpa)
{
	return has_levels(gva, levels) && walk(m, m->top[top_index(gva, levels)], levels, gva, gpa);
}

/* Of a page of the kernel's. */
static bool translate(struct memory *m, uint64_t gva, uint64_t *gpa)
{
	struct memory_page *kept = &m->pages[gva / PAGE % PAGES];
	uint64_t page = gva & ~PAGE_MASK;

	if (kept->gva != page) {
		if (m->levels == 0 ?
			    !ask(m, page, gpa) :
			    !walk(m, m->top[top_index(page, m->levels)], m->levels, page, gpa))
			return false;
		kept->gva = page;
		kept->gpa = *gpa & ~PAGE_MASK;
	}
	*gpa = kept->gpa + (gva & PAGE_MASK);
	return true;
}

static bool try_tables(struct memory *m, const struct layout *layout, uint64_t task)
{
	uint64_t mm, pgd, root, gpa, walked;
	const uint8_t *page;
	unsigned int levels;

	if (!memory_follow(m, task, layout->task_active_mm, &mm) ||
	    !memory_follow(m, mm, layout->mm_pgd, &pgd) || pgd % PAGE != 0 ||
	    !translate(m, pgd, &root) || !translate(m, task, &gpa))
		return false;
	page = page_at(m, root);
	if (page == NULL)
		return false;
	memcpy(m->top, page, PAGE);
	for (levels = 4; levels <= 5; levels++) {
		if (look_up(m, task, levels, &walked) && walked == gpa) {
			m->levels = levels;
			return true;
		}
	}
	return false;
}

void memory_find_tables(struct memory *m, const struct layout *layout, uint64_t task)
{
	int tries;

	m->levels = 0;
	for (tries = 0; tries < TABLES_TRIES; tries++) {
		if (try_tables(m, layout, task))
			return;
		memory_refresh(m, 0);
	}
}

/* ---- reading ---- */

bool memory_read(struct memory *m, uint64_t gva, void *to, size_t n)
{
	const uint8_t *page;
	size_t part, at;
	uint64_t gpa;

	if (!memory_is_kernel(gva) || n > -gva)
		return false;
	for (at = 0; at < n; at += part) {
		part = PAGE - (size_t)((gva + at) & PAGE_MASK);
		part = part < n - at ? part : n - at;
		if (!translate(m, gva + at, &gpa))
			return false;
		page = page_at(m, gpa);
		if (page == NULL)
			return false;
		memcpy((uint8_t *)to + at, page + (gpa & PAGE_MASK), part);
	}
	return true;
}

bool memory_read_anew(struct memory *m, uint64_t gva, void *to, size_t n)
{
	uint64_t gpa;

	return memory_is_kernel(gva) && n <= PAGE - (gva & PAGE_MASK) && translate(m, gva, &gpa) &&
	       request(m, gpa, to, n) == n;
}

size_t memory_read_user(struct memory *m, uint64_t pgd, uint64_t gva, void *to, size_t n)
{
	unsigned int levels = m->levels;
	uint64_t root, entry, gpa;
	const uint8_t *page;
	size_t part, at;

	if (levels == 0 || !memory_is_kernel(pgd) || pgd % PAGE != 0 || !translate(m, pgd, &root) ||
	    gva >> (12 + 9 * levels - 1) != 0)
		return 0;
	for (at = 0; at < n; at += part) {
		part = PAGE - (size_t)((gva + at) & PAGE_MASK);
		part = part < n - at ? part : n - at;
		if ((gva + at) >> (12 + 9 * levels - 1) != 0 ||
		    !entry_at(m, root + top_index(gva + at, levels) * 8, &entry) ||
		    !walk(m, entry, levels, gva + at, &gpa))
			break;
		page = page_at(m, gpa);
		if (page == NULL)
			break;
		memcpy((uint8_t *)to + at, page + (gpa & PAGE_MASK), part);
	}
	return at;
}

int memory_string(struct memory *m, uint64_t gva, char *to, size_t size)
{
	size_t part, at;
	char *end;

	for (at = 0; at < size; at += part) {
		part = 64 - (size_t)((gva + at) % 64);
		part = part < size - at ? part : size - at;
		if (!memory_read(m, gva + at, to + at, part))
			return -ENXIO;
		end = memchr(to + at, '\0', part);
		if (end != NULL)
			return (int)(end - to);
	}
	return -ENAMETOOLONG;
}
