// SPDX-License-Identifier: GPL-2.0-only
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LIST_TRIES 8 /* the list may grow while it is read */

static int request(int fd, unsigned long number, void *argument)
{
	int ret;

	do
		ret = ioctl(fd, number, argument);
	while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

static int failed(struct sc_error *err, int ret, const char *what)
{
	return ret < 0 ? sc_fail(err, ret, "%s: %s failed: %s", SCAUDIT_DEVICE, what,
				 strerror(-ret)) :
			 ret;
}

int device_open(int *fd, struct scaudit_info *info, struct sc_error *err)
{
	struct scaudit_info local;
	int ret;

	if (info == NULL)
		info = &local;
	*fd = open(SCAUDIT_DEVICE, O_RDWR | O_CLOEXEC);
	if (*fd < 0 && (errno == ENOENT || errno == ENXIO || errno == ENODEV))
		return sc_fail(err, -ENOENT,
			       "the kernel module is not loaded: run 'modprobe scaudit' "
			       "(or 'insmod scaudit.ko')");
	if (*fd < 0 && (errno == EACCES || errno == EPERM))
		return sc_fail(err, -errno, "%s: permission denied: run as root (CAP_SYS_ADMIN)",
			       SCAUDIT_DEVICE);
	if (*fd < 0)
		return sc_fail(err, -errno, "%s: %s", SCAUDIT_DEVICE, strerror(errno));

	memset(info, 0, sizeof(*info));
	ret = request(*fd, SCAUDIT_IOC_INFO, info);
	if (ret == -ENOTTY || (ret == 0 && info->abi_version != SCAUDIT_ABI_VERSION))
		sc_fail(err, ret = -EPROTO,
			"the loaded scaudit.ko speaks ABI version %u, this program %u: "
			"install both from the same release and reload the module",
			info->abi_version, SCAUDIT_ABI_VERSION);
	else
		failed(err, ret, "SCAUDIT_IOC_INFO");
	if (ret < 0) {
		close(*fd);
		*fd = -1;
		return ret;
	}
	info->reason[sizeof(info->reason) - 1] = '\0';
	return 0;
}

int device_list(int fd, struct scaudit_list_entry **entries, size_t *count, struct sc_error *err)
{
	struct scaudit_list list = { 0 };
	uint32_t i, capacity = 16;
	int ret, tries;

	*entries = NULL;
	*count = 0;
	for (tries = 0; tries < LIST_TRIES; tries++) {
		free(*entries);
		*entries = calloc(capacity, sizeof(**entries));
		if (*entries == NULL)
			return sc_fail(err, -ENOMEM, "no memory for the list of audits");
		list.entries = (uintptr_t)*entries;
		list.capacity = capacity;
		ret = request(fd, SCAUDIT_IOC_LIST, &list);
		if (ret < 0 || list.count <= capacity)
			break;
		capacity = list.count + 16;
	}
	if (ret < 0) {
		free(*entries);
		*entries = NULL;
		return failed(err, ret, "SCAUDIT_IOC_LIST");
	}
	*count = list.count < capacity ? list.count : capacity;
	for (i = 0; i < *count; i++)
		(*entries)[i].name[SCAUDIT_NAME_LEN - 1] = '\0';
	if (*count == 0) {
		free(*entries);
		*entries = NULL;
	}
	return 0;
}

int device_attach(int fd, struct scaudit_attach *attach, struct sc_error *err)
{
	struct scaudit_info info = { 0 };
	int ret = request(fd, SCAUDIT_IOC_ATTACH, attach);

	switch (ret) {
	case 0:
		return 0;
	case -EOPNOTSUPP:
		if (request(fd, SCAUDIT_IOC_INFO, &info) == 0 && info.engines == 0)
			return sc_fail(err, ret, "this host cannot trap system calls: %.127s",
				       info.reason[0] != '\0' ? info.reason : "no reason given");
		if (attach->engine != SCAUDIT_ENGINE_AUTO && !(info.engines & 1u << attach->engine))
			return sc_fail(err, ret, "the %s engine does not work on this host",
				       device_engine_name(attach->engine));
		return sc_fail(err, ret,
			       "VM '%s' has encrypted memory or registers (SEV): "
			       "its system calls cannot be seen from outside",
			       attach->name);
	case -ENODEV:
		return sc_fail(err, ret, "VM '%s': the module does not take it for a KVM VM",
			       attach->name);
	case -EBUSY:
		return sc_fail(err, ret, "VM '%s' is audited already", attach->name);
	case -ENOMEM:
		return sc_fail(
			err, ret,
			"no kernel memory for rings of %llu KiB: choose a smaller --ring-size",
			(unsigned long long)attach->ring_bytes >> 10);
	default:
		return failed(err, ret, "SCAUDIT_IOC_ATTACH");
	}
}

int device_adopt(int fd, struct scaudit_adopt *adopt, struct sc_error *err)
{
	return failed(err, request(fd, SCAUDIT_IOC_ADOPT, adopt), "SCAUDIT_IOC_ADOPT");
}

int device_run(int fd, struct sc_error *err)
{
	return failed(err, request(fd, SCAUDIT_IOC_RUN, NULL), "SCAUDIT_IOC_RUN");
}

int device_detach(int fd, struct sc_error *err)
{
	return failed(err, request(fd, SCAUDIT_IOC_DETACH, NULL), "SCAUDIT_IOC_DETACH");
}

int device_status(int fd, uint32_t vcpu, struct scaudit_status *status, struct sc_error *err)
{
	memset(status, 0, sizeof(*status));
	status->vcpu = vcpu;
	return failed(err, request(fd, SCAUDIT_IOC_STATUS, status), "SCAUDIT_IOC_STATUS");
}

int device_set_ident(int fd, const struct scaudit_plan *plan, struct sc_error *err)
{
	struct scaudit_plan copy = *plan;

	return failed(err, request(fd, SCAUDIT_IOC_SET_IDENT, &copy), "SCAUDIT_IOC_SET_IDENT");
}

int device_set_returns(int fd, const struct scaudit_returns *returns, struct sc_error *err)
{
	struct scaudit_returns copy = *returns;

	return failed(err, request(fd, SCAUDIT_IOC_SET_RETURNS, &copy), "SCAUDIT_IOC_SET_RETURNS");
}

int device_set_capture(int fd, const struct scaudit_capture *capture, struct sc_error *err)
{
	struct scaudit_capture copy = *capture;

	return failed(err, request(fd, SCAUDIT_IOC_SET_CAPTURE, &copy), "SCAUDIT_IOC_SET_CAPTURE");
}

int device_set_filter(int fd, const struct scaudit_filter *filter, struct sc_error *err)
{
	struct scaudit_filter copy = *filter;

	return failed(err, request(fd, SCAUDIT_IOC_SET_FILTER, &copy), "SCAUDIT_IOC_SET_FILTER");
}

int device_read(int fd, uint64_t gpa, void *buffer, uint64_t length, uint64_t *done)
{
	struct scaudit_read read = {
		.gpa = gpa,
		.buffer = (uintptr_t)buffer,
		.length = length,
	};
	int ret = request(fd, SCAUDIT_IOC_READ, &read);

	*done = ret < 0 ? 0 : read.done;
	return ret;
}

int device_slots(int fd, struct scaudit_slot **slots, size_t *count, struct sc_error *err)
{
	struct scaudit_slots arg = { 0 };
	uint32_t capacity = 64;
	int ret = 0, tries;

	*slots = NULL;
	*count = 0;
	for (tries = 0; tries < LIST_TRIES; tries++) {
		free(*slots);
		*slots = calloc(capacity, sizeof(**slots));
		if (*slots == NULL)
			return sc_fail(err, -ENOMEM, "no memory for the list of memory slots");
		arg.slots = (uintptr_t)*slots;
		arg.capacity = capacity;
		ret = request(fd, SCAUDIT_IOC_SLOTS, &arg);
		if (ret < 0 || arg.count <= capacity)
			break;
		capacity = arg.count + 64;
	}
	if (ret < 0) {
		free(*slots);
		*slots = NULL;
		return failed(err, ret, "SCAUDIT_IOC_SLOTS");
	}
	*count = arg.count < capacity ? arg.count : capacity;
	return 0;
}

int device_translate(int fd, struct scaudit_translate *translate)
{
	return request(fd, SCAUDIT_IOC_TRANSLATE, translate);
}

const char *device_engine_name(unsigned int engine)
{
	switch (engine) {
	case SCAUDIT_ENGINE_AUTO:
		return "auto";
	case SCAUDIT_ENGINE_FAULT:
		return "fault";
	case SCAUDIT_ENGINE_PAD:
		return "pad";
	default:
		return "unknown";
	}
}
