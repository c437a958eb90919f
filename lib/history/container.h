/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SC_CONTAINER_H
#define SC_CONTAINER_H

#include <stddef.h>

#define SC_CONTAINER_LEN 64 /* bytes of a name, NUL included */

/*
 * The container that a cgroup is of, as far as its path tells: twelve digits of docker's and
 * others' ids, or LXC's name.
 * @cgroup  from the root of the hierarchy; NULL: not known
 * @retval NULL: none
 */
const char *sc_container_name(const char *cgroup, char out[SC_CONTAINER_LEN]);

#endif
