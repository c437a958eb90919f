// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of the audit that a recorder owns, summed over its vCPUs:
 *
 *   counters RECORDER_PID     prints: entries returns exits decide identify record resume
 *
 * The last four are what the module spends in each phase (enum scaudit_phase), in ticks
 * of the host's TSC; 0 unless it was loaded with profile=1. Asks by the recorder's own
 * descriptor, since only the owner of an audit may.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "abi.h"

static int device_borrow(pid_t pid)
{
	char path[64], target[PATH_MAX];
	struct dirent *entry;
	int pidfd = syscall(SYS_pidfd_open, pid, 0), fd = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && fd < 0 && (entry = readdir(dir))) {
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (length < 0)
			continue;
		target[length] = 0;
		if (!strcmp(target, SCAUDIT_DEVICE))
			fd = syscall(SYS_pidfd_getfd, pidfd, atoi(entry->d_name), 0);
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct scaudit_status status = { 0 }, sum = { 0 };
	int fd = argc == 2 ? device_borrow(atoi(argv[1])) : -1;

	if (fd < 0) {
		fprintf(stderr, "usage: counters RECORDER_PID (of one that has an audit)\n");
		return 2;
	}
	for (status.vcpu = 0; ioctl(fd, SCAUDIT_IOC_STATUS, &status) == 0; status.vcpu++) {
		sum.entries += status.entries;
		sum.returns += status.returns;
		sum.exits += status.exits;
		for (int i = 0; i < SCAUDIT_NR_PHASES; i++)
			sum.phase[i] += status.phase[i];
	}
	printf("%llu %llu %llu", sum.entries, sum.returns, sum.exits);
	for (int i = 0; i < SCAUDIT_NR_PHASES; i++)
		printf(" %llu", sum.phase[i]);
	putchar('\n');
	return 0;
}
