// SPDX-License-Identifier: GPL-2.0-only
#include <langinfo.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "term.h"

bool sc_term_colour(int fd, enum sc_colour wish)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (wish != SC_COLOUR_AUTO)
		return wish == SC_COLOUR_ALWAYS;
	return isatty(fd) && !(no && *no) && term && *term && strcmp(term, "dumb") != 0;
}

unsigned sc_term_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	unsigned long n = columns ? strtoul(columns, NULL, 10) : 0;
	struct winsize size;

	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return n >= 1 && n <= 10000 ? (unsigned)n : 80;
}

bool sc_term_unicode(void)
{
	/* One of our own: no other text depends on the locale. */
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8;

	if (!locale)
		return false;
	utf8 = !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
	freelocale(locale);
	return utf8;
}

char *sc_term_escape(char *p, const void *bytes, size_t len)
{
	static const char names[] = "\tt\nn\vv\ff\rr\"\"\\\\";
	const uint8_t *s = bytes, *end = s + len;

	for (; s < end; s++) {
		const char *name = *s ? strchr(names, *s) : NULL;

		/* Of a pair the first is the character, the second its name. */
		if (name && (name - names) % 2 == 0) {
			*p++ = '\\';
			*p++ = name[1];
		} else if (*s >= 0x20 && *s < 0x7f) {
			*p++ = (char)*s;
		} else {
			/* Short where no digit follows, as strace writes it. */
			bool digit = s + 1 < end && s[1] >= '0' && s[1] <= '7';

			*p++ = '\\';
			if (digit || *s > 077)
				*p++ = (char)('0' + (*s >> 6));
			if (digit || *s > 07)
				*p++ = (char)('0' + (*s >> 3 & 7));
			*p++ = (char)('0' + (*s & 7));
		}
	}
	return p;
}
