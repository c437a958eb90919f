// SPDX-License-Identifier: GPL-2.0-only
#include "path.h"

#include <stdbool.h>
#include <string.h>

/* Add the components of a path behind out[0..n); `..` goes no further up than floor. */
static size_t add(char *out, size_t n, size_t floor, const char *path, size_t len)
{
	const char *end = path + len;

	while (path < end) {
		const char *slash = memchr(path, '/', (size_t)(end - path));
		size_t part = (size_t)((slash ? slash : end) - path);

		if (part == 2 && path[0] == '.' && path[1] == '.') {
			while (n > floor && out[--n] != '/')
				;
		} else if (part && !(part == 1 && path[0] == '.')) {
			if (n + 1 + part >= SC_PATH_MAX)
				part = n + 2 < SC_PATH_MAX ? SC_PATH_MAX - 2 - n : 0;
			if (!part)
				break;
			out[n++] = '/';
			memcpy(out + n, path, part);
			n += part;
		}
		path = slash ? slash + 1 : end;
	}
	return n;
}

static size_t add_text(char *out, size_t n, size_t floor, const char *text)
{
	return add(out, n, floor, text, strlen(text));
}

size_t sc_path_join(char *out, const char *root, const char *dir, const char *path, size_t len)
{
	size_t n = 0, floor = 0;

	len = strnlen(path, len);
	if (len && path[0] == '/') {
		if (root)
			floor = n = add_text(out, n, floor, root);
	} else if (!dir || dir[0] == '?') {
		out[0] = '?';
		floor = n = 1;
		if (dir)
			n = add_text(out, n, floor, dir + 1);
	} else {
		/* Within its root, if it is there. */
		if (root)
			floor = add_text(out, 0, 0, root);
		n = add_text(out, 0, 0, dir);
		if (floor > n || (root && strncmp(dir, root, floor) != 0))
			floor = 0;
	}
	n = add(out, n, floor, path, len);
	if (!n)
		out[n++] = '/';
	out[n] = '\0';
	return n;
}
