/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual machines of this host, found in /proc: a process that holds a
 * descriptor of a KVM VM is one. Nothing is asked of QEMU or libvirt.
 */
#ifndef RECORDER_VM_H
#define RECORDER_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "../lib/base/error.h"

#define VM_NAME_LEN 64 /* NUL included; a longer name is cut, as the module would */

struct vm {
	char name[VM_NAME_LEN]; /* of -name; the process id where there is none */
	pid_t pid;
	unsigned int vcpus;
	int fd; /* number of the VM's descriptor in that process; -1: QEMU without KVM */
};

struct vm_list {
	struct vm *vms; /* by process id */
	size_t n;
};

/*
 * All VMs of a proc file system; those whose process goes away meanwhile, or
 * may not be looked into, are left out.
 * @proc  "/proc", or a test's
 * @list  vms is the caller's to free()
 */
int vm_scan(const char *proc, struct vm_list *list, struct sc_error *err);

/*
 * The name in a command line of QEMU: -name or --name, with QemuOpts' syntax
 * (first word or guest=, ",," for a comma). The last -name wins.
 * @cmdline  arguments, each with its NUL
 * @retval false there is none
 */
bool vm_name_of(const char *cmdline, size_t len, char name[VM_NAME_LEN]);

/*
 * The VM that a user means, by name or else by process id.
 * @retval -ENOENT there is none (err names those that there are), or it is
 *         emulated without KVM
 * @retval -EINVAL several are named so
 */
int vm_find(const struct vm_list *list, const char *what, struct vm *vm, struct sc_error *err);

/*
 * Take hold of a VM: a descriptor of its process (poll() tells its end) and a
 * copy of its KVM descriptor.
 * @pidfd, vm_fd  out: the caller's to close
 */
int vm_open(const struct vm *vm, int *pidfd, int *vm_fd, struct sc_error *err);

#endif
