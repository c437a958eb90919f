/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SC_DEVICE_H
#define SC_DEVICE_H

/* /dev/scaudit, as schema/abi.h describes it. Return: 0 or a negative errno. */
int sc_device_init(void);
void sc_device_exit(void);

#endif
