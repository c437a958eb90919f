/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel inside a compressed image (vmlinuz, bzImage): Documentation/x86/boot.rst. */
#ifndef RECORDER_UNPACK_H
#define RECORDER_UNPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/base/error.h"

#define UNPACK_HEAD 0x268u /* bytes that the setup header lies in */

/* Is it an image whose header says where its payload is (boot protocol 2.08)? */
bool unpack_is_image(const unsigned char head[UNPACK_HEAD]);

/* By multiples of which KASLR moves it; 0: not known. */
uint64_t unpack_alignment(const unsigned char head[UNPACK_HEAD]);

/*
 * Decompress it, by the program for its format (xz, zstd, gzip, …).
 * @retval a descriptor of the vmlinux, the caller's to close()
 * @retval -EINVAL it cannot be  @retval other errno of the system
 */
int unpack(int fd, const unsigned char head[UNPACK_HEAD], const char *path, struct sc_error *err);

#endif
