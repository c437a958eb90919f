// SPDX-License-Identifier: GPL-2.0-only
/* Names of files. */
#include <inttypes.h>
#include <stdio.h>

#include "world.h"

static const char *const words[] = {
	"alloc",   "array",  "audit",  "base",	  "block",   "buffer",	"cache",  "channel",
	"client",  "clock",  "codec",  "common",  "config",  "context", "core",	  "crypto",
	"cursor",  "daemon", "device", "driver",  "entry",   "error",	"event",  "field",
	"filter",  "format", "frame",  "graph",	  "handle",  "hash",	"header", "image",
	"index",   "input",  "job",    "journal", "kernel",  "key",	"layer",  "limit",
	"list",	   "locale", "lock",   "log",	  "main",    "map",	"memory", "menu",
	"message", "mode",   "module", "net",	  "node",    "object",	"option", "packet",
	"page",	   "parser", "path",   "pool",	  "port",    "print",	"queue",  "random",
	"range",   "reader", "region", "render",  "request", "route",	"scan",	  "schema",
	"score",   "search", "server", "session", "signal",  "socket",	"sort",	  "stack",
	"state",   "stream", "string", "style",	  "symbol",  "table",	"task",	  "theme",
	"thread",  "timer",  "token",  "tree",	  "type",    "unit",	"user",	  "value",
	"vector",  "view",   "window",
};

static const char *word(struct world *w)
{
	return words[(world_random(w) >> 33) % (sizeof(words) / sizeof(*words))];
}

static void make_name(struct world *w, enum world_files files, char *to)
{
	static const char *const ends[] = { "html", "css", "js", "png", "woff2" };
	static const char *const roots[] = { "/usr/include", "/usr/include/x86_64-linux-gnu",
					     "/usr/lib/gcc/x86_64-linux-gnu/12/include",
					     "/home/dev/src/project/include" };
	uint64_t r = world_random(w) >> 20;
	const char *a = word(w), *b = word(w), *c = word(w);

	switch (files) {
	case WORLD_HEADERS:
		snprintf(to, WORLD_NAME, "%s/%s/%s_%s.h", roots[r % 4], a, b, c);
		break;
	case WORLD_SOURCES:
		snprintf(to, WORLD_NAME, "/home/dev/src/project/%s/%s_%s.%s", a, b, c,
			 r % 3 ? "c" : "o");
		break;
	case WORLD_LIBRARIES:
		snprintf(to, WORLD_NAME, "/lib/x86_64-linux-gnu/lib%s%s.so.%" PRIu64, a,
			 r % 2 ? b : "", r / 2 % 7);
		break;
	case WORLD_SETTINGS:
		snprintf(to, WORLD_NAME, "/etc/%s%s/%s.conf", a, r % 3 ? "" : ".d", b);
		break;
	case WORLD_SITE:
		snprintf(to, WORLD_NAME, "/var/www/site/assets/%s/%s-%08" PRIx64 ".%s", a, b,
			 r & 0xffffffff, ends[r % 5]);
		break;
	case WORLD_PROCESSES:
		snprintf(to, WORLD_NAME, "/proc/%" PRIu64 "/%s", 300 + r % 3000,
			 r % 3 == 0 ? "stat" :
			 r % 3 == 1 ? "status" :
				      "cmdline");
		break;
	case WORLD_SCRATCH:
		snprintf(to, WORLD_NAME, "/tmp/cc%06" PRIx64 ".%s", r & 0xffffff,
			 r % 2 ? "s" : "o");
		break;
	case WORLD_PROGRAMS:
		snprintf(to, WORLD_NAME, "%s/%s%s", r % 4 ? "/usr/bin" : "/usr/local/bin", a,
			 r % 8 ? "" : b);
		break;
	case WORLD_MODULES:
		snprintf(to, WORLD_NAME, "/usr/lib/python3/dist-packages/%s/%s%s.cpython-311.pyc",
			 a, r % 2 ? "__pycache__/" : "", b);
		break;
	default:
		snprintf(to, WORLD_NAME, "/var/lib/%s/base/%" PRIu64 "/%" PRIu64, a, 16384 + r % 16,
			 1000 + r / 16 % 4000);
	}
}

void world_make_names(struct world *w)
{
	for (unsigned files = 1; files < WORLD_FILES; files++)
		for (unsigned i = 0; i < WORLD_NAMES; i++)
			make_name(w, files, w->names[files][i]);
}

const char *world_name(struct world *w, enum world_files files)
{
	uint64_t r = world_random(w) >> 16;
	/* Of numbers from 0 to 1 the cube: half of the requests go to an eighth of the names. */
	uint64_t u = r & 0xffff;

	return w->names[files][u * u / 65536 * u / 65536 * WORLD_NAMES >> 16];
}
