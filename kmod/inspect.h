/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the owner of an audit may look at: the guest's memory and page tables.
 * The requests and their errors are those of schema/abi.h.
 */
#ifndef SC_INSPECT_H
#define SC_INSPECT_H

#include "audit.h"

int sc_audit_read(struct sc_audit *a, struct scaudit_read *args);
/* @slots: filled in ascending, up to capacity; @count: how many there are */
int sc_audit_slots(struct sc_audit *a, struct scaudit_slot *slots, u32 capacity, u32 *count);
int sc_audit_translate(struct sc_audit *a, struct scaudit_translate *args);

#endif
