/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decoded values, written as strace writes them or as JSON: {name=1, list=[2, 3]} and
 * {"name":1,"list":[2,3]} come from the same calls.
 *
 * Everything is written into a piece of memory that has an end; what does not fit is left
 * out. Where p has come to end something may be missing (sc_text_full()), and the caller
 * begins again with more room.
 *
 * In JSON numbers are numbers; names of values, addresses, octal and hexadecimal numbers are
 * strings; remarks are left out. Bytes are strings in which \ is \\ and a byte that is not
 * part of a UTF-8 character is \xNN: nothing is lost, and most need no second look.
 */
#ifndef SC_TEXT_H
#define SC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounded.h"
#include "flags.h"

struct sc_text {
	char *p; /* the next byte goes here */
	char *end;
	bool json;
	bool item; /* the bracket that is open has something in it */
};

static inline bool sc_text_full(const struct sc_text *t)
{
	return t->p == t->end;
}

/* ---- structure ---- */

void sc_text_open(struct sc_text *t, char bracket);
void sc_text_close(struct sc_text *t, char bracket);

/* What follows is the next element of a list. */
void sc_text_item(struct sc_text *t);

/* What follows is the value of a member of this name. */
void sc_text_name(struct sc_text *t, const char *name);

/* As it is, in text only: remarks, "...". */
void sc_text_remark(struct sc_text *t, const char *text);

/* There is more, which is not shown: "..." as a further item, in text only. */
void sc_text_more(struct sc_text *t);

/* ---- values ---- */

void sc_text_i64(struct sc_text *t, int64_t value);
void sc_text_u64(struct sc_text *t, uint64_t value);
void sc_text_hex(struct sc_text *t, uint64_t value); /* 0: 0 */
void sc_text_octal(struct sc_text *t, uint64_t value);

/* NULL, or hexadecimal. */
void sc_text_address(struct sc_text *t, uint64_t value);

/* Printable ASCII without quotes and backslashes: the name of a value. */
void sc_text_word(struct sc_text *t, const char *word);

/* Nothing: NULL, or null. */
void sc_text_null(struct sc_text *t);

void sc_text_flags(struct sc_text *t, unsigned table, uint64_t value);
void sc_text_enum(struct sc_text *t, unsigned table, uint64_t value);
void sc_text_signal(struct sc_text *t, int sig);
void sc_text_sigset(struct sc_text *t, uint64_t set);
void sc_text_mode(struct sc_text *t, unsigned mode); /* S_IFREG|0644 */
void sc_text_dev(struct sc_text *t, uint64_t dev);

/*
 * Bytes in quotes.
 * @max   not more than these; ~0: all
 * @more  there are more than len in the guest
 */
void sc_text_bytes(struct sc_text *t, const void *bytes, size_t len, size_t max, bool more);

/* The same, each byte as \xNN: of what is random. */
void sc_text_random(struct sc_text *t, const void *bytes, size_t len, size_t max, bool more);

/* Between the two, for values that are put together: in quotes, in JSON. */
void sc_text_quote(struct sc_text *t);

#endif
