// SPDX-License-Identifier: GPL-2.0-only
#include "verb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "device.h"
#include "record.h"

int verb_fail(enum sc_exit code, const struct sc_error *err)
{
	fprintf(stderr, "screcord: %s\n", err->text);
	return code;
}

int verb_audits(struct scaudit_list_entry **entries, size_t *count, struct sc_error *err)
{
	int fd, ret;

	*entries = NULL;
	*count = 0;
	ret = device_open(&fd, NULL, err);
	if (ret < 0)
		return ret;
	ret = device_list(fd, entries, count, err);
	close(fd);
	return ret;
}

int verb_find_audit(const struct scaudit_list_entry *entries, size_t count, const char *what,
		    const struct scaudit_list_entry **entry, struct sc_error *err)
{
	const struct scaudit_list_entry *e;
	char pid[16];
	size_t i;

	*entry = NULL;
	for (i = 0; i < count; i++) {
		e = &entries[i];
		if (strcmp(e->name, what) != 0)
			continue;
		/* What an earlier VM of that name has left is not meant while there is a living one. */
		if (*entry != NULL && (*entry)->state != SCAUDIT_STATE_GONE &&
		    e->state != SCAUDIT_STATE_GONE)
			return sc_fail(err, -EINVAL,
				       "several VMs named '%s' are audited: processes %u and %u; "
				       "give one",
				       what, (*entry)->vm_pid, e->vm_pid);
		if (*entry == NULL || (*entry)->state == SCAUDIT_STATE_GONE)
			*entry = e;
	}
	for (i = 0; *entry == NULL && i < count; i++) {
		snprintf(pid, sizeof(pid), "%u", entries[i].vm_pid);
		if (strcmp(pid, what) == 0)
			*entry = &entries[i];
	}
	return *entry != NULL ? 0 : sc_fail(err, -ENOENT, "VM '%s' is not audited", what);
}

const char *verb_process_name(uint32_t pid, char name[32])
{
	char path[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	file = fopen(path, "re");
	if (file == NULL || fgets(name, 32, file) == NULL)
		strcpy(name, "?");
	name[strcspn(name, "\n")] = '\0';
	if (file != NULL)
		fclose(file);
	return name;
}

int verb_drain_orphan(const struct scaudit_list_entry *orphan,
		      const struct session_options *options, struct report *last,
		      struct sc_error *err)
{
	struct session_options as_before = *options;
	struct session session;
	int signal_fd, ret;

	/* What is new is about calls that are still to come. */
	as_before.chosen = 0;
	signal_fd = record_signals(err);
	if (signal_fd < 0)
		return signal_fd;
	ret = session_adopt(&session, orphan, pidfd_open((pid_t)orphan->vm_pid, 0), &as_before,
			    err);
	if (ret == 0) {
		ret = record_loop(&session, NULL, signal_fd, true, err);
		if (last != NULL)
			session_report(&session, ret == 0 ? "ended" : "failed", last);
		session_uninit(&session);
	}
	close(signal_fd);
	return ret;
}
