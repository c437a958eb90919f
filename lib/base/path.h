/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paths, put together as text. What a guest's symbolic links and mounts make of them is
 * not known here: `..` takes the component before it away.
 */
#ifndef SC_PATH_H
#define SC_PATH_H

#include <stddef.h>

#define SC_PATH_MAX 4096u /* NUL included; what is longer is cut */

/*
 * An absolute path out of a path as a process gave it.
 * @out   room for SC_PATH_MAX bytes; NUL-terminated
 * @root  what / is to the process (absolute, without .. in it), NULL or "/": itself
 * @dir   what a relative path begins at, absolute; NULL: not known, then the answer begins
 *        with "?/"
 * @path  not NUL-terminated; ends at a NUL in it
 * @retval bytes of it
 */
size_t sc_path_join(char *out, const char *root, const char *dir, const char *path, size_t len);

#endif
