/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For a function that is a plain loop over rows: it is compiled for CPUs with wide vectors,
 * too, and the loader takes what the CPU can do. Files with such loops are compiled with -O3.
 */
#ifndef SC_VECTOR_H
#define SC_VECTOR_H

/* clang's clones are not found from other files by their plain name; sanitizers come too late. */
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
	!defined(__SANITIZE_THREAD__)
#define SC_FOR_CPU(feature) __attribute__((target_clones(feature, "default")))
#else
#define SC_FOR_CPU(feature)
#endif

#define SC_FOR_EACH_CPU SC_FOR_CPU("avx2")

#endif
