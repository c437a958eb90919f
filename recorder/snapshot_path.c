// SPDX-License-Identifier: GPL-2.0-only
/* Paths out of dentries and mounts, and out of nodes of kernfs. */
#include <string.h>

#include "snapshot_private.h"

#define DEPTH_MAX 512u /* dentries and mounts on the way to the root */
#define NAME_MAX_BYTES 255u /* of a component: NAME_MAX */

/* A path grows from its end to its beginning. */
struct backwards {
	char text[SC_SNAPSHOT_NAME_MAX];
	size_t at; /* where it begins */
};

static bool prepend(struct backwards *b, const char *text, size_t n)
{
	if (n > b->at)
		return false;
	b->at -= n;
	memcpy(b->text + b->at, text, n);
	return true;
}

/* "/name" in front. A component with NUL or a slash was read while it changed. */
static bool prepend_name(struct backwards *b, const char *name, size_t n)
{
	return memchr(name, '\0', n) == NULL && memchr(name, '/', n) == NULL &&
	       prepend(b, name, n) && prepend(b, "/", 1);
}

static bool finish(struct snapshot *s, const struct backwards *b, struct sc_snapshot_bytes *path)
{
	return arena_bytes(&s->arena, b->text + b->at, sizeof(b->text) - b->at, path);
}

static bool dentry_name(struct snapshot *s, uint64_t dentry, char name[NAME_MAX_BYTES], uint32_t *n)
{
	uint64_t at;

	return memory_u32(&s->memory, dentry, s->layout->dentry_name_len, n) &&
	       *n <= NAME_MAX_BYTES &&
	       memory_follow(&s->memory, dentry, s->layout->dentry_name, &at) &&
	       memory_read(&s->memory, at, name, *n);
}

/* Is it in no directory any more? */
static bool is_unhashed(struct snapshot *s, uint64_t dentry)
{
	uint64_t pprev;

	return memory_member(&s->memory, dentry, s->layout->dentry_hashed, &pprev, sizeof(pprev)) &&
	       pprev == 0;
}

/* Names that are no paths: fs/d_path.c, d_dname of pipefs, sockfs, … say how they are made. */
static bool makes_names(struct snapshot *s, uint64_t dentry, uint64_t parent, uint64_t root)
{
	uint64_t ops, function;

	if (parent == dentry && dentry == root)
		return false;
	return memory_follow(&s->memory, dentry, s->layout->dentry_op, &ops) &&
	       memory_follow(&s->memory, ops, s->layout->dentry_op_name, &function);
}

/* As simple_dname(): of memfd_create(), shared memory of System V and such. */
static bool unmounted_name(struct snapshot *s, uint64_t dentry, struct sc_snapshot_bytes *path)
{
	struct backwards b = { .at = sizeof(b.text) };
	char name[NAME_MAX_BYTES];
	uint32_t n;

	return dentry_name(s, dentry, name, &n) && prepend(&b, " (deleted)", 10) &&
	       prepend(&b, name, n) && prepend(&b, "/", 1) && finish(s, &b, path);
}

/*
 * As prepend_path() of the kernel without a root of its own: up to the root of the mount
 * namespace.
 */
static bool walk_up(struct snapshot *s, uint64_t mnt, uint64_t dentry, struct backwards *b)
{
	const struct layout *l = s->layout;
	struct memory *m = &s->memory;
	char name[NAME_MAX_BYTES];
	uint64_t root, parent, up, point;
	unsigned int depth;
	uint32_t n;

	for (depth = 0; depth < DEPTH_MAX; depth++) {
		if (!memory_follow(m, mnt, l->mnt_root, &root))
			return false;
		if (dentry == root) {
			/* struct mount has struct vfsmount in it */
			up = mnt - l->mount_mnt;
			if (!memory_follow(m, up, l->mount_parent, &parent))
				return false;
			if (parent == up)
				return true;
			if (!memory_follow(m, up, l->mount_point, &point))
				return false;
			dentry = point;
			mnt = parent + l->mount_mnt;
			continue;
		}
		if (!memory_follow(m, dentry, l->dentry_parent, &parent))
			return false;
		if (parent == dentry) { /* not below its mount: the kernel says / */
			b->at = sizeof(b->text);
			return true;
		}
		if (!dentry_name(s, dentry, name, &n) || !prepend_name(b, name, n))
			return false;
		dentry = parent;
	}
	return false;
}

bool snapshot_path(struct snapshot *s, uint64_t mnt, uint64_t dentry,
		   struct sc_snapshot_bytes *path)
{
	const struct layout *l = s->layout;
	struct memory *m = &s->memory;
	struct backwards b = { .at = sizeof(b.text) };
	uint64_t parent, root;
	size_t end;

	*path = (struct sc_snapshot_bytes){ NULL, 0 };
	if (l->mount_mnt == LAYOUT_NONE || !memory_is_kernel(mnt) || !memory_is_kernel(dentry) ||
	    !memory_follow(m, dentry, l->dentry_parent, &parent) ||
	    !memory_follow(m, mnt, l->mnt_root, &root))
		return false;
	if (makes_names(s, dentry, parent, root))
		return unmounted_name(s, dentry, path);
	if (parent != dentry && is_unhashed(s, dentry) && !prepend(&b, " (deleted)", 10))
		return false;
	end = b.at;
	if (!walk_up(s, mnt, dentry, &b))
		return false;
	if (b.at == end && !prepend(&b, "/", 1))
		return false;
	return finish(s, &b, path);
}

bool snapshot_path_at(struct snapshot *s, uint64_t base, uint32_t offset,
		      struct sc_snapshot_bytes *path)
{
	uint64_t mnt, dentry;

	*path = (struct sc_snapshot_bytes){ NULL, 0 };
	return offset != LAYOUT_NONE && memory_is_kernel(base) &&
	       memory_follow(&s->memory, base + offset, s->layout->path_mnt, &mnt) &&
	       memory_follow(&s->memory, base + offset, s->layout->path_dentry, &dentry) &&
	       snapshot_path(s, mnt, dentry, path);
}

bool snapshot_node_path(struct snapshot *s, uint64_t node, struct sc_snapshot_bytes *path)
{
	struct backwards b = { .at = sizeof(b.text) };
	char name[NAME_MAX_BYTES + 1];
	uint64_t parent, at;
	unsigned int depth;
	int n;

	*path = (struct sc_snapshot_bytes){ NULL, 0 };
	for (depth = 0; depth < DEPTH_MAX; depth++, node = parent) {
		if (!memory_pointer(&s->memory, node, s->layout->node_parent, &parent))
			return false;
		if (parent == 0)
			break;
		if (!memory_follow(&s->memory, node, s->layout->node_name, &at))
			return false;
		n = memory_string(&s->memory, at, name, sizeof(name));
		if (n < 0 || !prepend_name(&b, name, (size_t)n))
			return false;
	}
	if (depth == DEPTH_MAX || (b.at == sizeof(b.text) && !prepend(&b, "/", 1)))
		return false;
	return finish(s, &b, path);
}
