// SPDX-License-Identifier: GPL-2.0-only
#include "print_fds.h"

#include <string.h>

#include "base/json.h"
#include "base/put.h"
#include "signature.h"
#include "syscalls.h"
#include "base/term.h"

static bool is_fd(const struct sc_call *c, unsigned i)
{
	const struct sc_signature *s = sc_call_signature(c);

	return s && i < s->n_args &&
	       (s->args[i].type == SC_TYPE_FD || s->args[i].type == SC_TYPE_DIRFD);
}

static bool makes_fd(const struct sc_call *c)
{
	const struct sc_signature *s = sc_call_signature(c);

	return s && s->result == SC_RESULT_FD && sc_call_has_ret(c) && c->ret >= 0;
}

static char *put_name(char *p, const char *name)
{
	size_t len = name ? strlen(name) : 0;
	bool cut = len > SC_PRINT_NAME_MAX;

	if (!name)
		return p;
	*p++ = '<';
	p = sc_term_escape(p, name, cut ? SC_PRINT_NAME_MAX : len);
	p = sc_put_str(p, cut ? "..." : "");
	*p++ = '>';
	return p;
}

char *sc_print_arg_name(const struct sc_print *how, char *p, const struct sc_call *c, unsigned i)
{
	if (!how->fd_name || !is_fd(c, i))
		return p;
	return put_name(p, how->fd_name(how->fd_arg, c, (int)c->args[i]));
}

char *sc_print_result_name(const struct sc_print *how, char *p, const struct sc_call *c)
{
	if (!how->fd_name || !makes_fd(c))
		return p;
	return put_name(p, how->fd_name(how->fd_arg, c, (int)c->ret));
}

static char *put_member(char *p, int fd, const char *name, bool first)
{
	size_t len = strlen(name);

	p = first ? SC_PUT(p, "{\"") : SC_PUT(p, ",\"");
	p = sc_put_i64(p, fd);
	p = SC_PUT(p, "\":");
	return sc_json_string(p, name, len < SC_PRINT_NAME_MAX ? len : SC_PRINT_NAME_MAX);
}

char *sc_print_fds_json(const struct sc_print *how, char *p, const struct sc_call *c)
{
	int shown[7];
	unsigned i, j, n = 0;

	if (!how->fd_name)
		return p;
	p = SC_PUT(p, ",\"fds\":");
	for (i = 0; i < 7; i++) {
		/* The result is what the number stands for from here on. */
		bool result = i == 6;
		int fd = result ? (int)c->ret : (int)c->args[i];
		const char *name;

		if (result ? !makes_fd(c) : !is_fd(c, i))
			continue;
		if (!result && makes_fd(c) && fd == (int)c->ret)
			continue;
		for (j = 0; j < n && shown[j] != fd; j++)
			;
		name = j == n ? how->fd_name(how->fd_arg, c, fd) : NULL;
		if (!name)
			continue;
		p = put_member(p, fd, name, n == 0);
		shown[n++] = fd;
	}
	return n ? SC_PUT(p, "}") : SC_PUT(p, "{}");
}
