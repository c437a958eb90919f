// SPDX-License-Identifier: GPL-2.0-only
/* Open files of a process, named as /proc/PID/fd names them. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "snapshot_private.h"

#define TABLE_MOST (1u << 20) /* descriptors: the kernel's default of nr_open */
#define WORD_BITS 64u
#define ANON_NAME 255u /* bytes of the name of an anonymous inode: those of KVM say more */
#define TYPE_NAME 16u /* bytes of a file system's name that we tell apart */

/* The name of the type of the file system that an inode is of; empty: not known. */
static void type_name(struct snapshot *s, uint64_t inode, char name[TYPE_NAME])
{
	uint64_t sb, type, at;

	if (!memory_follow(&s->memory, inode, s->layout->inode_sb, &sb) ||
	    !memory_follow(&s->memory, sb, s->layout->sb_type, &type) ||
	    !memory_follow(&s->memory, type, s->layout->fs_type_name, &at) ||
	    memory_string(&s->memory, at, name, TYPE_NAME) < 0)
		name[0] = '\0';
}

static enum sc_snapshot_kind kind_of(uint16_t mode, const char *type)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return SC_SNAPSHOT_FILE;
	case S_IFDIR:
		return SC_SNAPSHOT_DIRECTORY;
	case S_IFCHR:
		return SC_SNAPSHOT_CHARACTER;
	case S_IFBLK:
		return SC_SNAPSHOT_BLOCK;
	case S_IFIFO:
		return strcmp(type, "pipefs") == 0 ? SC_SNAPSHOT_PIPE : SC_SNAPSHOT_FIFO;
	case S_IFLNK:
		return SC_SNAPSHOT_LINK;
	case S_IFSOCK: /* of another file system: the name of one, opened with O_PATH */
		return strcmp(type, "sockfs") == 0 ? SC_SNAPSHOT_SOCKET : SC_SNAPSHOT_FILE;
	default:
		return strcmp(type, "anon_inodefs") == 0 || strcmp(type, "pidfs") == 0 ?
			       SC_SNAPSHOT_ANON :
			       SC_SNAPSHOT_UNKNOWN;
	}
}

/* dev_t of the kernel's, as stat(2) gives it: new_encode_dev(). */
static uint64_t device_of(uint32_t dev)
{
	uint32_t major = dev >> 20, minor = dev & 0xfffff;

	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

static bool name_print(struct snapshot *s, const char *what, uint64_t inode,
		       struct sc_snapshot_bytes *name)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%s:[%llu]", what, (unsigned long long)inode);

	return arena_bytes(&s->arena, text, (size_t)n, name);
}

/* anon_inode:[eventpoll]: the dentry says which, and has no mount of its own. */
static bool name_anon(struct snapshot *s, uint64_t file, struct sc_snapshot_bytes *name)
{
	static const char before[] = "anon_inode:";
	char text[sizeof(before) - 1 + ANON_NAME];
	uint64_t dentry, at;
	uint32_t n;

	if (s->layout->file_path == LAYOUT_NONE ||
	    !memory_follow(&s->memory, file + s->layout->file_path, s->layout->path_dentry,
			   &dentry) ||
	    !memory_u32(&s->memory, dentry, s->layout->dentry_name_len, &n) || n > ANON_NAME ||
	    !memory_follow(&s->memory, dentry, s->layout->dentry_name, &at) ||
	    !memory_read(&s->memory, at, text + sizeof(before) - 1, n))
		return false;
	memcpy(text, before, sizeof(before) - 1);
	return arena_bytes(&s->arena, text, sizeof(before) - 1 + n, name);
}

/* mnt:[4026531841]: the inode knows what it stands for. */
static bool name_namespace(struct snapshot *s, uint64_t inode, uint64_t number,
			   struct sc_snapshot_bytes *name)
{
	uint64_t ns, ops, at;
	char what[32];

	return memory_follow(&s->memory, inode, s->layout->inode_private, &ns) &&
	       memory_follow(&s->memory, ns, s->layout->ns_ops, &ops) &&
	       memory_follow(&s->memory, ops, s->layout->ns_ops_name, &at) &&
	       memory_string(&s->memory, at, what, sizeof(what)) >= 0 &&
	       name_print(s, what, number, name);
}

static bool name_of(struct snapshot *s, uint64_t file, uint64_t inode, const char *type,
		    struct sc_snapshot_fd *fd)
{
	static const char pidfd[] = "anon_inode:[pidfd]";

	if (strcmp(type, "pipefs") == 0)
		return name_print(s, "pipe", fd->inode, &fd->name);
	if (strcmp(type, "sockfs") == 0)
		return name_print(s, "socket", fd->inode, &fd->name);
	if (strcmp(type, "anon_inodefs") == 0)
		return name_anon(s, file, &fd->name);
	if (strcmp(type, "pidfs") == 0)
		return arena_bytes(&s->arena, pidfd, sizeof(pidfd) - 1, &fd->name);
	if (strcmp(type, "nsfs") == 0 && name_namespace(s, inode, fd->inode, &fd->name))
		return true;
	return snapshot_path_at(s, file, s->layout->file_path, &fd->name);
}

bool snapshot_file(struct snapshot *s, uint64_t file, struct sc_snapshot_fd *fd)
{
	const struct layout *l = s->layout;
	struct memory *m = &s->memory;
	char type[TYPE_NAME] = "";
	uint64_t inode = 0, private;
	uint32_t dev = 0;
	uint16_t mode = 0;

	memory_u32(m, file, l->file_flags, &fd->flags);
	memory_member(m, file, l->file_pos, &fd->pos, sizeof(fd->pos));
	if (!memory_follow(m, file, l->file_inode, &inode))
		return false;
	memory_member(m, inode, l->inode_number, &fd->inode, sizeof(fd->inode));
	if (memory_member(m, inode, l->inode_mode, &mode, sizeof(mode))) {
		type_name(s, inode, type);
		fd->kind = kind_of(mode, type);
	}
	if ((fd->kind == SC_SNAPSHOT_CHARACTER || fd->kind == SC_SNAPSHOT_BLOCK) &&
	    memory_u32(m, inode, l->inode_rdev, &dev))
		fd->device = device_of(dev);
	if (fd->kind == SC_SNAPSHOT_SOCKET && memory_follow(m, file, l->file_private, &private))
		snapshot_socket(s, private, fd);
	return name_of(s, file, inode, type, fd);
}

/* A word of a bitmap of the table's. */
static bool word_at(struct snapshot *s, uint64_t bits, uint32_t word, uint64_t *value)
{
	return memory_is_kernel(bits) &&
	       memory_read(&s->memory, bits + word * sizeof(*value), value, sizeof(*value));
}

/* @retval false  not all descriptors could be read */
static bool read_table(struct snapshot *s, uint64_t table, struct sc_snapshot_process *p)
{
	const struct layout *l = s->layout;
	struct memory *m = &s->memory;
	uint64_t files, open_bits, exec_bits = 0, open, exec, file;
	struct sc_snapshot_fd *fd;
	uint32_t max, word, number;
	bool whole = true;

	if (!memory_u32(m, table, l->table_max, &max) ||
	    !memory_follow(m, table, l->table_fd, &files) ||
	    !memory_follow(m, table, l->table_open, &open_bits))
		return false;
	memory_pointer(m, table, l->table_cloexec, &exec_bits);
	if (max > TABLE_MOST) {
		max = TABLE_MOST;
		whole = false;
	}
	for (word = 0; word < max / WORD_BITS; word++) {
		if (!word_at(s, open_bits, word, &open))
			return false;
		if (!word_at(s, exec_bits, word, &exec))
			exec = 0;
		for (; open != 0; open &= open - 1) {
			number = word * WORD_BITS + (uint32_t)__builtin_ctzll(open);
			if (p->n_fds == SC_SNAPSHOT_FDS_MAX || memory_is_over(m))
				return false;
			if (!memory_pointer(m, files, number * 8, &file)) {
				whole = false;
				continue;
			}
			if (file == 0) /* it is being opened */
				continue;
			fd = &p->fds[p->n_fds++];
			*fd = (struct sc_snapshot_fd){
				.fd = number,
				.cloexec = exec >> number % WORD_BITS & 1,
			};
			whole &= snapshot_file(s, file, fd);
		}
	}
	return whole;
}

void snapshot_fds(struct snapshot *s, uint64_t files, struct sc_snapshot_process *p)
{
	uint64_t table;

	if (!memory_follow(&s->memory, files, s->layout->files_table, &table) ||
	    !read_table(s, table, p))
		p->missing |= SC_SNAPSHOT_NO_FDS;
}
