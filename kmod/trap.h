/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Engine `fault`: with the hardware's EFER.SCE 0, SYSCALL and SYSRET raise #UD.
 * The hooks below identify the instruction, record it and carry it out.
 */
#ifndef SC_TRAP_H
#define SC_TRAP_H

#include "vendor.h"

/* Install the hooks for a vendor. Return: as sc_hook_install(). */
int sc_trap_install(const struct sc_vendor *vendor);
void sc_trap_remove(void);

#endif
