// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "../lib/decode/syscalls.h"
#include "capture.h"

#define NUMBERS (sizeof(((struct snaplen *)0)->of[0]) / sizeof(uint32_t))

void snaplen_init(struct snaplen *snaplen)
{
	memset(snaplen, 0xff, sizeof(*snaplen));
	snaplen->all = SNAPLEN_DEFAULT;
}

static int parse_bytes(const char *text, size_t len, uint32_t *bytes, struct sc_error *err)
{
	size_t digits = strspn(text, "0123456789");
	uint32_t value = 0;
	size_t i;

	for (i = 0; i < digits && i < len && value <= SCAUDIT_SNAPLEN_MAX; i++)
		value = value * 10 + (uint32_t)(text[i] - '0');
	if (i && i + 1 == len && (text[i] == 'k' || text[i] == 'K')) {
		value = value > SCAUDIT_SNAPLEN_MAX ? value : value * 1024;
		i++;
	}
	if (!len || i != len || value > SCAUDIT_SNAPLEN_MAX)
		return sc_fail(err, -EINVAL, "'%.*s' is no number of bytes from 0 to %u", (int)len,
			       text, SCAUDIT_SNAPLEN_MAX);
	*bytes = value;
	return 0;
}

/* The convention in front of "ABI:name"; SC_ABIS: there is none. */
static unsigned prefix(const char **name, size_t *len)
{
	unsigned abi;

	for (abi = 0; abi < SC_ABIS; abi++) {
		const char *word = sc_abi_name((enum sc_abi)abi);
		size_t n = strlen(word);

		if (*len > n && !memcmp(*name, word, n) && (*name)[n] == ':') {
			*name += n + 1;
			*len -= n + 1;
			break;
		}
	}
	return abi;
}

static int set_call(struct snaplen *snaplen, const char *name, size_t len, uint32_t bytes,
		    struct sc_error *err)
{
	const char *whole = name, *near;
	size_t whole_len = len;
	unsigned only = prefix(&name, &len), abi;
	bool found = false;

	for (abi = 0; abi < SC_ABIS; abi++) {
		const struct sc_syscall *row;

		if (only != SC_ABIS && only != abi)
			continue;
		row = sc_syscall_by_name((enum sc_abi)abi, name, len);
		if (row && row->nr < NUMBERS) {
			snaplen->of[abi][row->nr] = bytes;
			found = true;
		}
	}
	if (found)
		return 0;
	near = sc_syscall_suggest(name, len);
	return near ? sc_fail(err, -EINVAL, "no system call is called '%.*s': did you mean %s?",
			      (int)whole_len, whole, near) :
		      sc_fail(err, -EINVAL, "no system call is called '%.*s'", (int)whole_len,
			      whole);
}

int snaplen_parse(const char *text, struct snaplen *snaplen, struct sc_error *err)
{
	struct snaplen parsed = *snaplen;
	const char *at = text;

	for (;;) {
		size_t len = strcspn(at, ",");
		const char *equals = memchr(at, '=', len);
		const char *number = equals ? equals + 1 : at;
		uint32_t bytes = 0;
		int ret = parse_bytes(number, len - (size_t)(number - at), &bytes, err);

		if (ret < 0)
			return ret;
		if (!equals)
			parsed.all = bytes;
		else
			ret = set_call(&parsed, at, (size_t)(equals - at), bytes, err);
		if (ret < 0)
			return ret;
		if (!at[len])
			break;
		at += len + 1;
	}
	*snaplen = parsed;
	return 0;
}
