// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "place.h"

const char *sc_place_root(void)
{
	const char *root = getenv("SCAUDIT_STORE_ROOT");

	return root && *root ? root : SC_PLACE_ROOT;
}

static int is_vm(const struct dirent *entry)
{
	char path[4096];
	struct stat st;
	int n;

	if (entry->d_name[0] == '.')
		return 0;
	n = snprintf(path, sizeof(path), "%s/%s", sc_place_root(), entry->d_name);
	return n > 0 && n < (int)sizeof(path) && !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* The names of all that are there, as far as they fit. */
static void join_names(struct dirent **names, int count, char *text, size_t size)
{
	size_t len = 0;
	int i;

	text[0] = '\0';
	for (i = 0; i < count; i++) {
		int n = snprintf(text + len, size - len, "%s%s", i ? ", " : "", names[i]->d_name);

		if (n < 0 || (size_t)n >= size - len) {
			snprintf(text + len, size - len, ", …");
			return;
		}
		len += (size_t)n;
	}
}

static int choose(const char *vm, struct dirent **names, int count, char **dir,
		  struct sc_error *err)
{
	const char *root = sc_place_root();
	char all[256];
	int i, found = -1;

	for (i = 0; i < count; i++)
		if (vm && !strcmp(names[i]->d_name, vm))
			found = i;
	if (!vm && count == 1)
		found = 0;
	join_names(names, count, all, sizeof(all));
	if (found >= 0)
		return asprintf(dir, "%s/%s", root, names[found]->d_name) < 0 ? -ENOMEM : 0;
	if (!count)
		return sc_fail(err, -ENOENT, "no VM has a store in %s: give --store DIR", root);
	if (!vm)
		return sc_fail(err, -EINVAL, "give --vm VM or --store DIR; VMs in %s: %s", root,
			       all);
	return sc_fail(err, -ENOENT, "VM '%s' has no store; VMs in %s: %s", vm, root, all);
}

int sc_place_find(const char *vm, char **dir, struct sc_error *err)
{
	struct dirent **names = NULL;
	int i, rc, count = scandir(sc_place_root(), &names, is_vm, alphasort);

	*dir = NULL;
	if (count < 0 && errno == ENOENT)
		count = 0;
	if (count < 0)
		return sc_fail(err, -errno, "cannot look for stores in %s: %s", sc_place_root(),
			       strerrordesc_np(errno));
	rc = choose(vm, names, count, dir, err);
	if (rc)
		*dir = NULL;
	for (i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return rc;
}
