// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>

#include "error.h"
#include "say.h"

void sc_vsay(const char *format, va_list args)
{
	char text[sizeof(struct sc_error)];
	struct sc_error line;

	vsnprintf(text, sizeof(text), format, args);
	/* For what it does to control characters. */
	sc_fail(&line, 0, "%s", text);
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, line.text);
}

void sc_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sc_vsay(format, args);
	va_end(args);
}
