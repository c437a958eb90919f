// SPDX-License-Identifier: GPL-2.0-only
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <syslog.h>

static bool background;
static char last_warning[512];

static void say(int priority, const char *format, va_list args)
{
	char line[512];

	vsnprintf(line, sizeof(line), format, args);
	if (priority == LOG_WARNING)
		snprintf(last_warning, sizeof(last_warning), "%s", line);
	if (background)
		syslog(priority, "%s", line);
	else
		fprintf(stderr, "screcord: %s%s\n", priority == LOG_WARNING ? "warning: " : "",
			line);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(LOG_INFO, format, args);
	va_end(args);
}

void log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(LOG_WARNING, format, args);
	va_end(args);
}

void log_to_syslog(void)
{
	openlog("screcord", LOG_PID, LOG_DAEMON);
	background = true;
}

const char *log_last_warning(void)
{
	return last_warning;
}
