/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/scaudit: its requests (schema/abi.h), with errors that say what to do.
 * All functions return 0 or the request's negative errno.
 */
#ifndef RECORDER_DEVICE_H
#define RECORDER_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/base/error.h"
#include "../schema/abi.h"

/*
 * Open the device and see that both sides speak the same ABI.
 * @info  out; may be NULL
 * @fd    out: the caller's to close
 * @retval -ENOENT the module is not loaded  @retval -EACCES, -EPERM not root
 * @retval -EPROTO another ABI version
 */
int device_open(int *fd, struct scaudit_info *info, struct sc_error *err);

/*
 * Audits of this host.
 * @entries  out: the caller's to free(); NULL where there are none
 */
int device_list(int fd, struct scaudit_list_entry **entries, size_t *count, struct sc_error *err);

int device_attach(int fd, struct scaudit_attach *attach, struct sc_error *err);
int device_adopt(int fd, struct scaudit_adopt *adopt, struct sc_error *err);
int device_run(int fd, struct sc_error *err);
int device_detach(int fd, struct sc_error *err);
int device_status(int fd, uint32_t vcpu, struct scaudit_status *status, struct sc_error *err);
int device_set_returns(int fd, const struct scaudit_returns *returns, struct sc_error *err);
int device_set_capture(int fd, const struct scaudit_capture *capture, struct sc_error *err);
int device_set_filter(int fd, const struct scaudit_filter *filter, struct sc_error *err);
int device_set_ident(int fd, const struct scaudit_plan *plan, struct sc_error *err);

/* @done  out: bytes before a hole  @retval -ENXIO none */
int device_read(int fd, uint64_t gpa, void *buffer, uint64_t length, uint64_t *done);

/* @slots  out: the caller's to free() */
int device_slots(int fd, struct scaudit_slot **slots, size_t *count, struct sc_error *err);

/* @translate  in: gva, vcpu; out: the rest */
int device_translate(int fd, struct scaudit_translate *translate);

/* "fault", …; never NULL. */
const char *device_engine_name(unsigned int engine);

#endif
