/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A place in a store, as text that is kept elsewhere and handed back: the audit's id, the
 * number of its session and that of the call. It holds as long as the store: blocks may be
 * written anew, and older ones removed.
 */
#ifndef CURSOR_H
#define CURSOR_H

#include "../lib/store/store.h"

struct cursor {
	uint8_t id[16]; /* of the audit (struct sc_session) */
	uint32_t session; /* its number in the store */
	uint64_t seq;
};

/* Bytes of the text, NUL included. */
#define CURSOR_LEN sizeof("s=0123456789abcdef0123456789abcdef;n=4294967295;c=18446744073709551615")

void cursor_text(const struct cursor *c, char text[CURSOR_LEN]);

/* @retval -EINVAL it is none; err says so */
int cursor_parse(const char *text, struct cursor *c, struct sc_error *err);

/*
 * Is it of a store with these sessions?
 * @retval 0 it is  @retval -ESTALE it is older than all that the store still has
 * @retval -EINVAL it is of another store; err says so
 */
int cursor_check(const struct cursor *c, const struct sc_session *sessions, size_t n,
		 struct sc_error *err);

/* That of a call. @retval -ENOENT there is no such session */
int cursor_make(struct cursor *c, const struct sc_session *sessions, size_t n, uint32_t session,
		uint64_t seq);

#endif
