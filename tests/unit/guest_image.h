/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of a made-up guest: page tables, and structures of a kernel that keeps each member at
 * an offset of its own. Pages lie in physical memory in another order than in the kernel's
 * addresses. What goes wrong ends the test.
 */
#ifndef GUEST_IMAGE_H
#define GUEST_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../recorder/ident.h"
#include "../../recorder/layout.h"

#define IMAGE_PAGE 4096u
#define IMAGE_PAGES 4096u
#define IMAGE_CURRENT 0x500u /* of the per-CPU area */

struct image {
	unsigned char *ram; /* owned */
	struct layout layout;
	unsigned int levels; /* of page tables: 4, 5 */
	uint64_t base; /* where the kernel has it all */
	uint64_t used; /* bytes from base on */
	uint64_t top; /* the kernel's topmost page table, by its kernel address */
	uint64_t gs; /* the per-CPU area */
	uint64_t reads; /* requests that were answered */
};

/* For struct snapshot_source; its arg is the image. */
extern const struct ident_ops image_ops;

void image_init(struct image *g, unsigned int levels);
void image_uninit(struct image *g);

/* Room for a structure, zeroed. @retval its address, as all that follow */
uint64_t image_struct(struct image *g);
uint64_t image_page(struct image *g);

void image_put(struct image *g, uint64_t gva, const void *data, size_t n);
void image_put_16(struct image *g, uint64_t gva, uint16_t value);
void image_put_32(struct image *g, uint64_t gva, uint32_t value);
void image_put_64(struct image *g, uint64_t gva, uint64_t value);
uint64_t image_get_64(struct image *g, uint64_t gva);
uint64_t image_string(struct image *g, const char *text);

/* A physical address of what the kernel has at gva. */
uint64_t image_gpa(struct image *g, uint64_t gva);

/* Map a page of an address space to where the kernel has another. @top  its topmost table */
void image_map(struct image *g, uint64_t top, uint64_t gva, uint64_t page);

/* A gigabyte of the kernel's addresses: one page first, and another again and again. */
void image_window(struct image *g, uint64_t gva, uint64_t first, uint64_t others);

/* A new address space, with the kernel's half in it. */
uint64_t image_space(struct image *g);

/* ---- structures ---- */

/* @parent  0: it is the root */
uint64_t image_dentry(struct image *g, uint64_t parent, const char *name);
void image_unhash(struct image *g, uint64_t dentry);
void image_makes_names(struct image *g, uint64_t dentry);

/* @on  the struct vfsmount below, 0: it is the first. @retval struct vfsmount */
uint64_t image_mount(struct image *g, uint64_t on, uint64_t point, uint64_t root);

uint64_t image_inode(struct image *g, const char *type, uint16_t mode, uint64_t number);
uint64_t image_file(struct image *g, uint64_t mnt, uint64_t dentry, uint64_t inode, uint32_t flags);

/* A file of sockfs. @socket  out: its struct sock, family and port are up to the caller */
uint64_t image_socket(struct image *g, uint64_t number, uint16_t family, uint16_t type,
		      uint16_t protocol, uint8_t state, uint64_t *sock);

/* @parent  0: it is the root */
uint64_t image_node(struct image *g, uint64_t parent, const char *name);

/* A struct at a member of which there is the number of a namespace. */
uint64_t image_ns(struct image *g, uint32_t inum_at, uint32_t number);

/*
 * A task at the end of the list.
 * @head  of the list; 0: it is the head, and its own parent
 */
uint64_t image_task(struct image *g, uint64_t head, uint64_t parent, uint32_t pid,
		    const char *comm);

/* Descriptors of a task; 128 may be. */
uint64_t image_table(struct image *g, uint64_t task);
void image_open(struct image *g, uint64_t table, uint32_t fd, uint64_t file, bool cloexec);

#endif
