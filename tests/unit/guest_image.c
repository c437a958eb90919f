// SPDX-License-Identifier: GPL-2.0-only
#include "guest_image.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES ((uint64_t)IMAGE_PAGES * IMAGE_PAGE)
#define STRUCT (IMAGE_PAGE + 264u) /* so that most lie across a page's end somewhere */
#define BASE_4 0xffff888000000000ULL
#define BASE_5 0xff11000000000000ULL
#define PRESENT 0x7u
#define LENGTH_ANY 256u /* of a member of any size */
#define TABLE_WORDS 2u

#define SPREAD 1667u /* odd, so that each page has a place of its own */
#define SPREAD_BACK 2091u /* its inverse, modulo IMAGE_PAGES */
#define SHIFT 11u

static uint64_t place_of(uint64_t page)
{
	return (page * SPREAD + SHIFT) % IMAGE_PAGES;
}

static uint64_t page_in(uint64_t place)
{
	return (place + IMAGE_PAGES - SHIFT) * SPREAD_BACK % IMAGE_PAGES;
}

uint64_t image_gpa(struct image *g, uint64_t gva)
{
	uint64_t at = gva - g->base;

	assert_true(at < BYTES);
	return place_of(at / IMAGE_PAGE) * IMAGE_PAGE + at % IMAGE_PAGE;
}

/* ---- as the recorder asks for it ---- */

static int guest_read(void *arg, uint64_t gpa, void *buffer, uint64_t length, uint64_t *done)
{
	struct image *g = arg;

	g->reads++;
	*done = gpa >= BYTES ? 0 : length < BYTES - gpa ? length : BYTES - gpa;
	memcpy(buffer, g->ram + (*done != 0 ? gpa : 0), *done);
	return *done != 0 ? 0 : -ENXIO;
}

static int guest_translate(void *arg, struct scaudit_translate *t)
{
	struct image *g = arg;

	t->kernel_gs = g->gs;
	t->lstar = g->base;
	if (t->gva == 0)
		return 0;
	if (t->gva - g->base >= BYTES)
		return -ENXIO;
	t->gpa = image_gpa(g, t->gva);
	return 0;
}

const struct ident_ops image_ops = { .read = guest_read, .translate = guest_translate };

/* ---- memory ---- */

void image_put(struct image *g, uint64_t gva, const void *data, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		g->ram[image_gpa(g, gva + i)] = ((const unsigned char *)data)[i];
}

void image_put_16(struct image *g, uint64_t gva, uint16_t value)
{
	image_put(g, gva, &value, sizeof(value));
}

void image_put_32(struct image *g, uint64_t gva, uint32_t value)
{
	image_put(g, gva, &value, sizeof(value));
}

void image_put_64(struct image *g, uint64_t gva, uint64_t value)
{
	image_put(g, gva, &value, sizeof(value));
}

uint64_t image_get_64(struct image *g, uint64_t gva)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < sizeof(value); i++)
		value |= (uint64_t)g->ram[image_gpa(g, gva + i)] << 8 * i;
	return value;
}

uint64_t image_struct(struct image *g)
{
	uint64_t at = g->base + g->used;

	g->used += STRUCT;
	assert_true(g->used <= BYTES);
	return at;
}

uint64_t image_page(struct image *g)
{
	uint64_t at;

	g->used = (g->used + IMAGE_PAGE - 1) / IMAGE_PAGE * IMAGE_PAGE;
	at = g->base + g->used;
	g->used += IMAGE_PAGE;
	assert_true(g->used <= BYTES);
	return at;
}

uint64_t image_string(struct image *g, const char *text)
{
	uint64_t at = g->base + g->used;

	image_put(g, at, text, strlen(text) + 1);
	g->used += (strlen(text) + 8) / 8 * 8;
	return at;
}

/* ---- page tables ---- */

static uint64_t next_table(struct image *g, uint64_t slot)
{
	uint64_t entry = image_get_64(g, slot), table;

	if (entry != 0)
		return g->base + page_in(entry / IMAGE_PAGE) * IMAGE_PAGE;
	table = image_page(g);
	image_put_64(g, slot, image_gpa(g, table) | PRESENT);
	return table;
}

void image_map(struct image *g, uint64_t top, uint64_t gva, uint64_t page)
{
	unsigned int shift = 12 + 9 * (g->levels - 1);
	uint64_t table = top;

	for (; shift > 12; shift -= 9)
		table = next_table(g, table + (gva >> shift & 511) * 8);
	image_put_64(g, table + (gva >> 12 & 511) * 8, image_gpa(g, page) | PRESENT);
}

/* A table whose entries are all the same but the first. */
static uint64_t table_of(struct image *g, uint64_t first, uint64_t others)
{
	uint64_t table = image_page(g);
	unsigned int i;

	for (i = 0; i < 512; i++)
		image_put_64(g, table + i * 8, image_gpa(g, i == 0 ? first : others) | PRESENT);
	return table;
}

void image_window(struct image *g, uint64_t gva, uint64_t first, uint64_t others)
{
	unsigned int shift = 12 + 9 * (g->levels - 1);
	uint64_t table = g->top, tables;

	assert_int_equal(gva % (1ULL << 30), 0);
	for (; shift > 30; shift -= 9)
		table = next_table(g, table + (gva >> shift & 511) * 8);
	tables = table_of(g, table_of(g, first, others), table_of(g, others, others));
	image_put_64(g, table + (gva >> 30 & 511) * 8, image_gpa(g, tables) | PRESENT);
}

uint64_t image_space(struct image *g)
{
	uint64_t space = image_page(g);
	unsigned int i;

	for (i = 256; i < 512; i++)
		image_put_64(g, space + i * 8, image_get_64(g, g->top + i * 8));
	return space;
}

/* ---- the kernel ---- */

/* Each member somewhere else, whatever it is of. */
static void lay_out(struct layout *l)
{
	uint32_t at = 64, size;

#define LAYOUT_FIELD(name, container, member, bytes)                                       \
	size = (bytes) == LAYOUT_ANY ? LENGTH_ANY : (uint32_t)((bytes) < 8 ? 8 : (bytes)); \
	l->name = at;                                                                      \
	at += (size + 15) / 8 * 8;
	LAYOUT_MEMBERS(LAYOUT_FIELD)
#undef LAYOUT_FIELD
	assert_true(at <= STRUCT);
	/* those that lie in another structure */
	l->path_mnt = 8;
	l->path_dentry = 0;
	l->mnt_root = 16;
	l->upid_nr = 4;
	l->upid_ns = 16;
	l->upid_size = 24;
	l->node_parent_new = LAYOUT_NONE;
}

void image_init(struct image *g, unsigned int levels)
{
	uint64_t page;

	*g = (struct image){ .levels = levels, .base = levels == 5 ? BASE_5 : BASE_4 };
	g->ram = calloc(1, BYTES);
	assert_non_null(g->ram);
	lay_out(&g->layout);
	g->top = image_page(g);
	for (page = 0; page < IMAGE_PAGES; page++)
		image_map(g, g->top, g->base + page * IMAGE_PAGE, g->base + page * IMAGE_PAGE);
	g->gs = image_struct(g);
}

void image_uninit(struct image *g)
{
	free(g->ram);
	memset(g, 0, sizeof(*g));
}

/* ---- files ---- */

uint64_t image_dentry(struct image *g, uint64_t parent, const char *name)
{
	const struct layout *l = &g->layout;
	uint64_t dentry = image_struct(g);

	image_put_64(g, dentry + l->dentry_parent, parent != 0 ? parent : dentry);
	image_put_64(g, dentry + l->dentry_name, image_string(g, name));
	image_put_32(g, dentry + l->dentry_name_len, (uint32_t)strlen(name));
	image_put_64(g, dentry + l->dentry_hashed, g->base);
	return dentry;
}

void image_unhash(struct image *g, uint64_t dentry)
{
	image_put_64(g, dentry + g->layout.dentry_hashed, 0);
}

void image_makes_names(struct image *g, uint64_t dentry)
{
	uint64_t operations = image_struct(g);

	image_put_64(g, operations + g->layout.dentry_op_name, g->base + 5);
	image_put_64(g, dentry + g->layout.dentry_op, operations);
}

uint64_t image_mount(struct image *g, uint64_t on, uint64_t point, uint64_t root)
{
	const struct layout *l = &g->layout;
	uint64_t mount = image_struct(g);

	image_put_64(g, mount + l->mount_parent, on != 0 ? on - l->mount_mnt : mount);
	image_put_64(g, mount + l->mount_point, point != 0 ? point : root);
	image_put_64(g, mount + l->mount_mnt + l->mnt_root, root);
	return mount + l->mount_mnt;
}

uint64_t image_inode(struct image *g, const char *type, uint16_t mode, uint64_t number)
{
	const struct layout *l = &g->layout;
	uint64_t inode = image_struct(g), sb = image_struct(g), fs = image_struct(g);

	image_put_64(g, fs + l->fs_type_name, image_string(g, type));
	image_put_64(g, sb + l->sb_type, fs);
	image_put_64(g, inode + l->inode_sb, sb);
	image_put_64(g, inode + l->inode_number, number);
	image_put_16(g, inode + l->inode_mode, mode);
	return inode;
}

uint64_t image_file(struct image *g, uint64_t mnt, uint64_t dentry, uint64_t inode, uint32_t flags)
{
	const struct layout *l = &g->layout;
	uint64_t file = image_struct(g);

	image_put_64(g, file + l->file_path + l->path_mnt, mnt);
	image_put_64(g, file + l->file_path + l->path_dentry, dentry);
	image_put_64(g, file + l->file_inode, inode);
	image_put_32(g, file + l->file_flags, flags);
	return file;
}

uint64_t image_socket(struct image *g, uint64_t number, uint16_t family, uint16_t type,
		      uint16_t protocol, uint8_t state, uint64_t *sock)
{
	const struct layout *l = &g->layout;
	uint64_t socket = image_struct(g), file;

	*sock = image_struct(g);
	file = image_file(g, 0, 0, image_inode(g, "sockfs", 0140777, number), 02);
	image_put_64(g, file + l->file_private, socket);
	image_put_64(g, socket + l->socket_sk, *sock);
	image_put_16(g, socket + l->socket_type, type);
	image_put_16(g, *sock + l->sock_family, family);
	image_put_16(g, *sock + l->sock_protocol, protocol);
	image_put(g, *sock + l->sock_state, &state, 1);
	return file;
}

uint64_t image_node(struct image *g, uint64_t parent, const char *name)
{
	uint64_t node = image_struct(g);

	image_put_64(g, node + g->layout.node_parent, parent);
	image_put_64(g, node + g->layout.node_name, image_string(g, name));
	return node;
}

uint64_t image_ns(struct image *g, uint32_t inum_at, uint32_t number)
{
	uint64_t ns = image_struct(g);

	image_put_32(g, ns + inum_at, number);
	return ns;
}

/* ---- tasks ---- */

/* Before `head`, which is at the end. */
static void list_add(struct image *g, uint64_t head, uint64_t entry)
{
	uint64_t last = image_get_64(g, head + 8);

	image_put_64(g, entry, head);
	image_put_64(g, entry + 8, last);
	image_put_64(g, last, entry);
	image_put_64(g, head + 8, entry);
}

uint64_t image_task(struct image *g, uint64_t head, uint64_t parent, uint32_t pid, const char *comm)
{
	const struct layout *l = &g->layout;
	uint64_t task = image_struct(g), signal = image_struct(g);
	uint64_t threads = signal + l->signal_thread_head;

	image_put_64(g, task + l->task_tasks, task + l->task_tasks);
	image_put_64(g, task + l->task_tasks + 8, task + l->task_tasks);
	if (head != 0)
		list_add(g, head + l->task_tasks, task + l->task_tasks);
	image_put_64(g, threads, threads);
	image_put_64(g, threads + 8, threads);
	list_add(g, threads, task + l->task_thread_node);
	image_put_64(g, task + l->task_signal, signal);
	image_put_64(g, task + l->task_parent, parent != 0 ? parent : task);
	image_put_64(g, task + l->task_leader, task);
	image_put_32(g, task + l->task_pid, pid);
	image_put_32(g, task + l->task_tgid, pid);
	image_put(g, task + l->task_comm, comm, strlen(comm));
	return task;
}

uint64_t image_table(struct image *g, uint64_t task)
{
	const struct layout *l = &g->layout;
	uint64_t files = image_struct(g), table = image_struct(g);

	image_put_64(g, task + l->task_files, files);
	image_put_64(g, files + l->files_table, table);
	image_put_32(g, table + l->table_max, TABLE_WORDS * 64);
	image_put_64(g, table + l->table_fd, image_struct(g));
	image_put_64(g, table + l->table_open, image_struct(g));
	image_put_64(g, table + l->table_cloexec, image_struct(g));
	return table;
}

static void set_bit(struct image *g, uint64_t bits, uint32_t bit)
{
	uint64_t at = bits + bit / 64 * 8;

	image_put_64(g, at, image_get_64(g, at) | 1ULL << bit % 64);
}

void image_open(struct image *g, uint64_t table, uint32_t fd, uint64_t file, bool cloexec)
{
	const struct layout *l = &g->layout;

	assert_true(fd < TABLE_WORDS * 64);
	image_put_64(g, image_get_64(g, table + l->table_fd) + fd * 8, file);
	set_bit(g, image_get_64(g, table + l->table_open), fd);
	if (cloexec)
		set_bit(g, image_get_64(g, table + l->table_cloexec), fd);
}
