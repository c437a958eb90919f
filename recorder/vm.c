// SPDX-License-Identifier: GPL-2.0-only
#include "vm.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define CMDLINE_MAX (1u << 20)

static const char link_vm[] = "anon_inode:kvm-vm";
static const char link_vcpu[] = "anon_inode:kvm-vcpu:";

/* Value of an option of QemuOpts up to its comma. @retval behind the comma, or NULL at the end */
static const char *take_value(const char *p, char *to, size_t size)
{
	size_t n = 0;

	for (; *p != '\0'; p++) {
		if (*p == ',' && *++p != ',') {
			to[n] = '\0';
			return p;
		}
		if (n + 1 < size)
			to[n++] = *p;
	}
	to[n] = '\0';
	return NULL;
}

static bool parse_name(const char *p, char name[VM_NAME_LEN])
{
	char value[VM_NAME_LEN + 6];
	bool first = true, found = false;

	while (p != NULL) {
		p = take_value(p, value, sizeof(value));
		if (strncmp(value, "guest=", 6) == 0) {
			snprintf(name, VM_NAME_LEN, "%.*s", VM_NAME_LEN - 1, value + 6);
			found = true;
		} else if (first && strchr(value, '=') == NULL && value[0] != '\0') {
			snprintf(name, VM_NAME_LEN, "%.*s", VM_NAME_LEN - 1, value);
			found = true;
		}
		first = false;
	}
	return found && name[0] != '\0';
}

bool vm_name_of(const char *cmdline, size_t len, char name[VM_NAME_LEN])
{
	const char *p = cmdline, *end = cmdline + len;
	bool wanted = false, found = false;
	size_t n;

	for (; p < end; p += n + 1) {
		n = strnlen(p, (size_t)(end - p));
		if (p + n == end)
			break; /* not terminated: cut off */
		if (wanted)
			found = parse_name(p, name) || found;
		wanted = !wanted && (strcmp(p, "-name") == 0 || strcmp(p, "--name") == 0);
	}
	return found;
}

/* @retval bytes read, NUL behind them not counted; negative errno */
static ssize_t slurp(int dir, const char *path, char *to, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while (n + 1 < size) {
		got = read(fd, to + n, size - 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	close(fd);
	to[n] = '\0';
	return (ssize_t)n;
}

static void scan_fds(int process, struct vm *vm)
{
	int dir_fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	char link[64];
	ssize_t n;
	DIR *dir;
	int fd;

	dir = dir_fd < 0 ? NULL : fdopendir(dir_fd);
	if (dir == NULL) {
		if (dir_fd >= 0)
			close(dir_fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		fd = atoi(entry->d_name);
		if (strcmp(link, link_vm) == 0 && (vm->fd < 0 || fd < vm->fd))
			vm->fd = fd;
		else if (strncmp(link, link_vcpu, sizeof(link_vcpu) - 1) == 0)
			vm->vcpus++;
	}
	closedir(dir);
}

static bool is_qemu(int process)
{
	char comm[32];

	return slurp(process, "comm", comm, sizeof(comm)) > 0 && strncmp(comm, "qemu", 4) == 0;
}

/* Look into one process. @cmdline CMDLINE_MAX bytes @retval true it runs a VM */
static bool scan_process(int process, pid_t pid, char *cmdline, struct vm *vm)
{
	ssize_t n;

	memset(vm, 0, sizeof(*vm));
	vm->pid = pid;
	vm->fd = -1;
	scan_fds(process, vm);
	if (vm->fd < 0 && !is_qemu(process))
		return false;
	n = slurp(process, "cmdline", cmdline, CMDLINE_MAX);
	if (n <= 0 || !vm_name_of(cmdline, (size_t)n, vm->name))
		snprintf(vm->name, sizeof(vm->name), "%d", (int)pid);
	return true;
}

static int by_pid(const void *a, const void *b)
{
	const struct vm *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static pid_t pid_of(const char *text)
{
	char *end;
	long pid;

	if (!isdigit((unsigned char)text[0]))
		return 0;
	errno = 0;
	pid = strtol(text, &end, 10);
	return errno == 0 && *end == '\0' && pid > 0 && pid <= 0x7fffffff ? (pid_t)pid : 0;
}

int vm_scan(const char *proc, struct vm_list *list, struct sc_error *err)
{
	char *cmdline = malloc(CMDLINE_MAX);
	struct dirent *entry;
	struct vm vm, *vms;
	DIR *dir = NULL;
	int process, ret = 0;
	pid_t pid;

	memset(list, 0, sizeof(*list));
	if (cmdline == NULL)
		return sc_fail(err, -ENOMEM, "no memory to look for VMs");
	dir = opendir(proc);
	if (dir == NULL) {
		ret = sc_fail(err, -errno, "cannot look for VMs in %s: %s", proc, strerror(errno));
		goto out;
	}
	while ((entry = readdir(dir)) != NULL) {
		pid = pid_of(entry->d_name);
		if (pid == 0 || pid == getpid())
			continue;
		process = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (process < 0)
			continue;
		if (scan_process(process, pid, cmdline, &vm)) {
			vms = realloc(list->vms, (list->n + 1) * sizeof(*vms));
			if (vms == NULL) {
				close(process);
				ret = sc_fail(err, -ENOMEM, "no memory to look for VMs");
				goto out;
			}
			list->vms = vms;
			list->vms[list->n++] = vm;
		}
		close(process);
	}
	if (list->n > 1)
		qsort(list->vms, list->n, sizeof(*list->vms), by_pid);
out:
	if (dir != NULL)
		closedir(dir);
	free(cmdline);
	if (ret < 0) {
		free(list->vms);
		memset(list, 0, sizeof(*list));
	}
	return ret;
}

/* "; VMs: vm1 (1234), vm2 (1300)" for the end of an error line. */
static void name_all(const struct vm_list *list, char *text, size_t size)
{
	size_t i, len = 0;

	text[0] = '\0';
	for (i = 0; i < list->n; i++) {
		if (list->vms[i].fd < 0)
			continue;
		len += (size_t)snprintf(text + len, size - len, "%s%s (%d)",
					len == 0 ? "; VMs: " : ", ", list->vms[i].name,
					(int)list->vms[i].pid);
		if (len >= size)
			return;
	}
	if (len == 0)
		snprintf(text, size, "; no KVM guest runs on this host");
}

int vm_find(const struct vm_list *list, const char *what, struct vm *vm, struct sc_error *err)
{
	const struct vm *found = NULL;
	char names[320];
	pid_t pid;
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (strcmp(list->vms[i].name, what) != 0)
			continue;
		if (found != NULL && found->fd >= 0 && list->vms[i].fd >= 0)
			return sc_fail(err, -EINVAL,
				       "VM name '%s' is ambiguous: processes %d and %d; give one",
				       what, (int)found->pid, (int)list->vms[i].pid);
		if (found == NULL || found->fd < 0)
			found = &list->vms[i];
	}
	pid = found == NULL ? pid_of(what) : 0;
	for (i = 0; pid != 0 && i < list->n; i++) {
		if (list->vms[i].pid == pid)
			found = &list->vms[i];
	}
	if (found != NULL && found->fd < 0)
		return sc_fail(
			err, -ENOENT,
			"VM '%s' (process %d) runs without KVM; only KVM guests can be recorded",
			found->name, (int)found->pid);
	if (found == NULL) {
		name_all(list, names, sizeof(names));
		return sc_fail(err, -ENOENT, "no VM '%.64s'%s", what, names);
	}
	*vm = *found;
	return 0;
}

static bool is_vm_fd(int fd)
{
	char path[32], link[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof(link));
	return n == (ssize_t)sizeof(link_vm) - 1 && memcmp(link, link_vm, (size_t)n) == 0;
}

int vm_open(const struct vm *vm, int *pidfd, int *vm_fd, struct sc_error *err)
{
	int ret;

	*vm_fd = -1;
	*pidfd = pidfd_open(vm->pid, 0);
	if (*pidfd < 0)
		return sc_fail(err, -errno, "VM '%s' (process %d) has ended", vm->name,
			       (int)vm->pid);
	*vm_fd = pidfd_getfd(*pidfd, vm->fd, 0);
	if (*vm_fd >= 0 && is_vm_fd(*vm_fd))
		return 0;
	ret = *vm_fd < 0 ? -errno : -EBADF;
	if (ret == -EPERM)
		sc_fail(err, ret,
			"VM '%s' (process %d): not allowed to take its KVM descriptor; run as root",
			vm->name, (int)vm->pid);
	else
		sc_fail(err, ret, "VM '%s' (process %d): cannot take its KVM descriptor: %s",
			vm->name, (int)vm->pid, ret == -EBADF ? "it has ended" : strerror(-ret));
	if (*vm_fd >= 0)
		close(*vm_fd);
	close(*pidfd);
	*pidfd = *vm_fd = -1;
	return ret;
}
