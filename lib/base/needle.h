/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes that are looked for in many others: the payloads of a block at once. */
#ifndef SC_NEEDLE_H
#define SC_NEEDLE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Where a needle of n >= 1 bytes occurs first in [at, end).
 * @retval end  it does not
 */
const uint8_t *sc_needle_find(const uint8_t *at, const uint8_t *end, const void *needle, size_t n);

#endif
