// SPDX-License-Identifier: GPL-2.0-only
#include "container.h"

#include <stdbool.h>
#include <string.h>

#define ID_DIGITS 64u /* of an id */
#define ID_SHOWN 12u

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* docker-0123….scope, /docker/0123…, /kubepods/…/0123…: twelve digits, as docker shows them. */
const char *sc_container_name(const char *cgroup, char out[SC_CONTAINER_LEN])
{
	const char *path = cgroup ? cgroup : "", *at;
	size_t n;

	for (at = path; *at; at += n + !n) {
		for (n = 0; is_hex(at[n]); n++)
			;
		if (n >= ID_DIGITS && (at == path || at[-1] == '-' || at[-1] == '/')) {
			memcpy(out, at, ID_SHOWN);
			out[ID_SHOWN] = '\0';
			return out;
		}
	}
	/* LXC has names. */
	at = strstr(path, "/lxc.payload.");
	if (at)
		at += strlen("/lxc.payload.");
	else if (!strncmp(path, "/lxc/", 5))
		at = path + 5;
	if (!at)
		return NULL;
	n = strcspn(at, "/");
	if (!n)
		return NULL;
	if (n >= SC_CONTAINER_LEN)
		n = SC_CONTAINER_LEN - 1;
	memcpy(out, at, n);
	out[n] = '\0';
	return out;
}
