// SPDX-License-Identifier: GPL-2.0-only
#include "fdtable.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_FDS 16u

/* Descriptors that lie together. */
struct page {
	uint32_t refs;
	uint16_t cloexec; /* bits */
	struct sc_file *files[PAGE_FDS];
};

struct slot {
	uint32_t number; /* first descriptor / PAGE_FDS */
	struct page *page;
};

/* Sorted by number. */
struct table {
	uint32_t refs;
	uint32_t count, size;
	struct slot slots[];
};

struct sc_files {
	uint32_t refs;
	struct table *table; /* NULL: empty */
};

void *sc_account_alloc(struct sc_account *a, size_t size)
{
	void *memory = size <= a->limit - a->used ? calloc(1, size) : NULL;

	if (memory)
		a->used += size;
	else
		a->forgotten++;
	return memory;
}

void sc_account_free(struct sc_account *a, void *memory, size_t size)
{
	if (memory)
		a->used -= size;
	free(memory);
}

/* ---- files ---- */

struct sc_file *sc_file_new(struct sc_account *a, enum sc_file_kind kind, const char *name,
			    size_t len)
{
	struct sc_file *f = sc_account_alloc(a, sizeof(*f) + len + 1);

	if (!f)
		return NULL;
	f->refs = 1;
	f->kind = kind;
	f->name_len = (uint32_t)len;
	if (len)
		memcpy(f->name, name, len);
	if (kind != SC_FILE_SOCKET)
		return f;
	f->socket = sc_account_alloc(a, sizeof(*f->socket));
	if (!f->socket) {
		sc_file_put(a, f);
		return NULL;
	}
	f->socket->domain = -1;
	return f;
}

struct sc_file *sc_file_get(struct sc_file *f)
{
	if (f)
		f->refs++;
	return f;
}

void sc_file_put(struct sc_account *a, struct sc_file *f)
{
	struct sc_socket *s;
	unsigned i;

	if (!f || --f->refs)
		return;
	s = f->socket;
	if (s) {
		if (s->peer)
			s->peer->socket->peer = NULL;
		/* No deeper than this: what is in flight has nothing in flight itself. */
		for (i = 0; i < s->n_in_flight; i++)
			sc_file_put(a, s->in_flight[i]);
		sc_account_free(a, s, sizeof(*s));
	}
	sc_account_free(a, f, sizeof(*f) + f->name_len + 1);
}

/* ---- tables ---- */

static size_t table_bytes(uint32_t size)
{
	return sizeof(struct table) + size * sizeof(struct slot);
}

static void put_page(struct sc_account *a, struct page *p)
{
	unsigned i;

	if (--p->refs)
		return;
	for (i = 0; i < PAGE_FDS; i++)
		sc_file_put(a, p->files[i]);
	sc_account_free(a, p, sizeof(*p));
}

static void put_table(struct sc_account *a, struct table *t)
{
	uint32_t i;

	if (!t || --t->refs)
		return;
	for (i = 0; i < t->count; i++)
		put_page(a, t->slots[i].page);
	sc_account_free(a, t, table_bytes(t->size));
}

/* The first slot that is not before a number. */
static uint32_t find_slot(const struct table *t, uint32_t number)
{
	uint32_t low = 0, high = t->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (t->slots[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A table of its own with room for one more slot; NULL: the table is forgotten. */
static struct table *own_table(struct sc_account *a, struct sc_files *files)
{
	struct table *t = files->table, *copy;
	uint32_t i, size;

	if (t && t->refs == 1 && t->count < t->size)
		return t;
	size = !t ? 2 : t->count < t->size ? t->size : 2 * t->size;
	copy = sc_account_alloc(a, table_bytes(size));
	if (copy) {
		copy->refs = 1;
		copy->size = size;
		copy->count = t ? t->count : 0;
		if (t)
			memcpy(copy->slots, t->slots, t->count * sizeof(t->slots[0]));
		for (i = 0; i < copy->count; i++)
			copy->slots[i].page->refs++;
	}
	put_table(a, t);
	files->table = copy;
	return copy;
}

/* The page of a slot, not shared with another table. NULL: the slot is forgotten. */
static struct page *own_page(struct sc_account *a, struct table *t, uint32_t i)
{
	struct page *p = t->slots[i].page, *copy;
	unsigned n;

	if (p->refs == 1)
		return p;
	copy = sc_account_alloc(a, sizeof(*copy));
	if (copy) {
		*copy = *p;
		copy->refs = 1;
		for (n = 0; n < PAGE_FDS; n++)
			sc_file_get(copy->files[n]);
		t->slots[i].page = copy;
	} else {
		memmove(&t->slots[i], &t->slots[i + 1], (--t->count - i) * sizeof(t->slots[0]));
	}
	put_page(a, p);
	return copy;
}

struct sc_files *sc_files_new(struct sc_account *a)
{
	struct sc_files *f = sc_account_alloc(a, sizeof(*f));

	if (f)
		f->refs = 1;
	return f;
}

struct sc_files *sc_files_get(struct sc_files *t)
{
	if (t)
		t->refs++;
	return t;
}

void sc_files_put(struct sc_account *a, struct sc_files *t)
{
	if (!t || --t->refs)
		return;
	put_table(a, t->table);
	sc_account_free(a, t, sizeof(*t));
}

struct sc_files *sc_files_copy(struct sc_account *a, struct sc_files *from)
{
	struct sc_files *copy = sc_files_new(a);

	if (copy && from && from->table) {
		copy->table = from->table;
		copy->table->refs++;
	}
	return copy;
}

struct sc_file *sc_files_find(const struct sc_files *files, uint32_t fd, bool *cloexec)
{
	const struct table *t = files ? files->table : NULL;
	uint32_t i, number = fd / PAGE_FDS;

	if (cloexec)
		*cloexec = false;
	if (!t)
		return NULL;
	i = find_slot(t, number);
	if (i == t->count || t->slots[i].number != number)
		return NULL;
	if (cloexec)
		*cloexec = t->slots[i].page->cloexec >> fd % PAGE_FDS & 1;
	return t->slots[i].page->files[fd % PAGE_FDS];
}

static struct page *add_page(struct sc_account *a, struct table *t, uint32_t i, uint32_t number)
{
	struct page *p = sc_account_alloc(a, sizeof(*p));

	if (!p)
		return NULL;
	p->refs = 1;
	memmove(&t->slots[i + 1], &t->slots[i], (t->count - i) * sizeof(t->slots[0]));
	t->slots[i] = (struct slot){ number, p };
	t->count++;
	return p;
}

void sc_files_set(struct sc_account *a, struct sc_files *files, uint32_t fd, struct sc_file *file,
		  bool cloexec)
{
	uint32_t i, number = fd / PAGE_FDS, bit = 1u << fd % PAGE_FDS;
	struct table *t;
	struct page *p;

	if (!files || fd >= SC_FDS_MAX)
		return;
	if (!file && !sc_files_find(files, fd, NULL))
		return;
	t = own_table(a, files);
	if (!t)
		return;
	i = find_slot(t, number);
	p = i < t->count && t->slots[i].number == number ? own_page(a, t, i) :
							   add_page(a, t, i, number);
	if (!p)
		return;
	/* Get before put: it may be the same. */
	sc_file_get(file);
	sc_file_put(a, p->files[fd % PAGE_FDS]);
	p->files[fd % PAGE_FDS] = file;
	p->cloexec = (uint16_t)(file && cloexec ? p->cloexec | bit : p->cloexec & ~bit);
}

struct sc_file *sc_files_next(const struct sc_files *files, uint32_t *fd)
{
	const struct table *t = files ? files->table : NULL;
	uint32_t i, n = *fd % PAGE_FDS;

	if (!t)
		return NULL;
	i = find_slot(t, *fd / PAGE_FDS);
	if (i < t->count && t->slots[i].number != *fd / PAGE_FDS)
		n = 0;
	for (; i < t->count; i++, n = 0) {
		for (; n < PAGE_FDS; n++) {
			if (t->slots[i].page->files[n]) {
				*fd = t->slots[i].number * PAGE_FDS + n;
				return t->slots[i].page->files[n];
			}
		}
	}
	return NULL;
}

void sc_files_range(struct sc_account *a, struct sc_files *files, uint32_t first, uint32_t last,
		    bool mark)
{
	struct sc_file *f;
	uint32_t fd = first;

	while ((f = sc_files_next(files, &fd)) != NULL && fd <= last) {
		sc_files_set(a, files, fd, mark ? f : NULL, mark);
		if (fd++ == last)
			break;
	}
}

void sc_files_exec(struct sc_account *a, struct sc_files *files)
{
	uint32_t fd = 0;
	bool cloexec;

	for (; sc_files_next(files, &fd); fd++) {
		sc_files_find(files, fd, &cloexec);
		if (cloexec)
			sc_files_set(a, files, fd, NULL, false);
	}
}
