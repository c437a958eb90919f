// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <string.h>

#include "errno_names.h"

struct row {
	const char *name;
	const char *text;
};

/*
 * Numbers that the kernel keeps to itself (include/linux/errno.h) and drivers hand
 * out all the same; texts are of the same file.
 */
#define KERNEL_FIRST 512

static const struct row kernel_only[] = {
	[512 - KERNEL_FIRST] = { "ERESTARTSYS", "To be restarted if SA_RESTART is set" },
	[513 - KERNEL_FIRST] = { "ERESTARTNOINTR", "To be restarted" },
	[514 - KERNEL_FIRST] = { "ERESTARTNOHAND", "To be restarted if no handler" },
	[515 - KERNEL_FIRST] = { "ENOIOCTLCMD", "No ioctl command" },
	[516 - KERNEL_FIRST] = { "ERESTART_RESTARTBLOCK", "Interrupted by signal" },
	[517 - KERNEL_FIRST] = { "EPROBE_DEFER", "Driver requests probe retry" },
	[518 - KERNEL_FIRST] = { "EOPENSTALE", "Open found a stale dentry" },
	[519 - KERNEL_FIRST] = { "ENOPARAM", "Parameter not supported" },
	[521 - KERNEL_FIRST] = { "EBADHANDLE", "Illegal NFS file handle" },
	[522 - KERNEL_FIRST] = { "ENOTSYNC", "Update synchronization mismatch" },
	[523 - KERNEL_FIRST] = { "EBADCOOKIE", "Cookie is stale" },
	[524 - KERNEL_FIRST] = { "ENOTSUPP", "Operation is not supported" },
	[525 - KERNEL_FIRST] = { "ETOOSMALL", "Buffer or request is too small" },
	[526 - KERNEL_FIRST] = { "ESERVERFAULT", "An untranslatable error occurred" },
	[527 - KERNEL_FIRST] = { "EBADTYPE", "Type not supported by server" },
	[528 - KERNEL_FIRST] = { "EJUKEBOX", "Request won't complete before timeout" },
	[529 - KERNEL_FIRST] = { "EIOCBQUEUED", "iocb queued, will get completion event" },
	[530 - KERNEL_FIRST] = { "ERECALLCONFLICT", "Conflict with recalled state" },
};

static const struct row *kernel_row(unsigned number)
{
	unsigned i = number - KERNEL_FIRST;

	if (number < KERNEL_FIRST || i >= sizeof(kernel_only) / sizeof(kernel_only[0]))
		return NULL;
	return kernel_only[i].name ? &kernel_only[i] : NULL;
}

const char *sc_errno_name(unsigned number)
{
	const struct row *row = kernel_row(number);

	if (row)
		return row->name;
	if (!number)
		return NULL;
	return strerrorname_np(number);
}

const char *sc_errno_text(unsigned number)
{
	const struct row *row = kernel_row(number);

	if (row)
		return row->text;
	if (!number)
		return NULL;
	return strerrordesc_np(number);
}
