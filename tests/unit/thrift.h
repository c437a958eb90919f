/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many points of a long walk a test visits: all of them cost minutes where sanitizers
 * make each step ten times dearer, and what these look for does not hang on the point.
 */
#ifndef THRIFT_H
#define THRIFT_H

#if defined(__SANITIZE_ADDRESS__)
#define THRIFT_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define THRIFT_SANITIZED 1
#endif
#endif

/* From one point to the next: `plain`, and with sanitizers `sanitized`. */
#ifdef THRIFT_SANITIZED
#define STRIDE(plain, sanitized) ((unsigned)(sanitized))
#else
#define STRIDE(plain, sanitized) ((unsigned)(plain))
#endif

#endif
