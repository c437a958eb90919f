/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where stores lie: a folder per VM in /var/lib/scaudit, or in what the environment
 * variable SCAUDIT_STORE_ROOT names.
 */
#ifndef SC_PLACE_H
#define SC_PLACE_H

#include "base/error.h"

#define SC_PLACE_ROOT "/var/lib/scaudit"

/* The folder of the VMs' stores. */
const char *sc_place_root(void);

/*
 * Find the store of a VM by its name; without a name the only one that there is.
 * @dir  out: its path, the caller's to free(); NULL after a failure
 * @retval -ENOENT there is none of that name; err names those that there are
 * @retval -EINVAL no name was given, and there are several  @retval other errno
 */
int sc_place_find(const char *vm, char **dir, struct sc_error *err);

#endif
