/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Open files of processes: what a descriptor stands for, and tables of descriptors that
 * are shared (CLONE_FILES) or copied (fork). Copies share their memory until one changes.
 *
 * A guest makes as many as it likes, so all of it is on an account with a limit. What
 * goes beyond it is forgotten, and counted: a descriptor is then not known, never wrong.
 */
#ifndef SC_FDTABLE_H
#define SC_FDTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SC_FDS_MAX (1u << 20) /* descriptors above it are not kept: fs.nr_open's default */

struct sc_account {
	size_t used, limit; /* bytes */
	uint64_t forgotten; /* things that there was no room for */
};

void *sc_account_alloc(struct sc_account *a, size_t size); /* zeroed, or NULL: forgotten */
void sc_account_free(struct sc_account *a, void *memory, size_t size);

enum sc_file_kind {
	SC_FILE_UNKNOWN, /* there is one, and that is all */
	SC_FILE_PATH,
	SC_FILE_PIPE,
	SC_FILE_SOCKET,
	SC_FILE_ANON, /* name: anon_inode:[eventfd] */
};

/* A socket's address, as the guest gave it to its kernel. */
struct sc_addr {
	uint16_t len; /* 0: not known */
	uint8_t bytes[128]; /* struct sockaddr_storage */
};

struct sc_socket {
	int domain, type, protocol; /* domain -1: not known; type without flags */
	bool listening, connected;
	struct sc_addr local, remote;
	uint64_t number; /* of this history's sockets, from 1 */
	struct sc_file *peer; /* of a socketpair, not counted; NULL: gone, or none */
	/* Descriptors on their way to it, the oldest first; never a socket that could have some. */
	struct sc_file *in_flight[8];
	unsigned n_in_flight;
};

/* What the kernel calls an open file description, and nearly so. */
struct sc_file {
	uint32_t refs;
	uint32_t name_len;
	enum sc_file_kind kind;
	bool directory; /* it is known to be one */
	struct sc_socket *socket; /* of SOCKET */
	char name[]; /* a path, or the whole text of ANON; NUL-terminated */
};

struct sc_file *sc_file_new(struct sc_account *a, enum sc_file_kind kind, const char *name,
			    size_t len);
struct sc_file *sc_file_get(struct sc_file *f); /* NULL is nothing, here and below */
void sc_file_put(struct sc_account *a, struct sc_file *f);

/* A process's table. */
struct sc_files;

struct sc_files *sc_files_new(struct sc_account *a);
struct sc_files *sc_files_get(struct sc_files *t);
void sc_files_put(struct sc_account *a, struct sc_files *t);
struct sc_files *sc_files_copy(struct sc_account *a, struct sc_files *from);

/* What a descriptor stands for; NULL: not known. Not counted. */
struct sc_file *sc_files_find(const struct sc_files *t, uint32_t fd, bool *cloexec);

/* @file  counted anew; NULL: closed, or not known any more */
void sc_files_set(struct sc_account *a, struct sc_files *t, uint32_t fd, struct sc_file *file,
		  bool cloexec);

/* close_range(): close first..last, or mark them to be closed. */
void sc_files_range(struct sc_account *a, struct sc_files *t, uint32_t first, uint32_t last,
		    bool mark);

/* execve: close what is marked. */
void sc_files_exec(struct sc_account *a, struct sc_files *t);

/* Each descriptor in turn. @fd  in: begin here; out: the one found  @retval NULL no more */
struct sc_file *sc_files_next(const struct sc_files *t, uint32_t *fd);

#endif
