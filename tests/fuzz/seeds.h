/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SEEDS_H
#define SEEDS_H

#include <stddef.h>

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

/* One seed: a first byte, where the target wants one (0..255), and data. */
void seed(const char *target, const char *name, int first, const void *data, size_t size);

void seed_columns(void);
void seed_keys(void);
void seed_seals(void);

#endif
