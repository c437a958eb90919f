// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "corpus.h"

static const struct {
	const char *name;
	void (*run)(void);
} programs[] = {
	{ "attributes", attributes }, { "clocks", clocks },	{ "credentials", credentials },
	{ "datagrams", datagrams },   { "faults", faults },	{ "files", files },
	{ "limits", limits },	      { "links", links },	{ "locks", locks },
	{ "mapping", mapping },	      { "messages", messages }, { "notify", notify },
	{ "oddities", oddities },     { "polling", polling },	{ "privileged", privileged },
	{ "queues", queues },	      { "rights", rights },	{ "signals", signals },
	{ "spawning", spawning },     { "stream", stream },	{ "terminal", terminal },
	{ "threads", threads },	      { "timers", timers },	{ "tracing", tracing },
	{ "vectors", vectors },
};

int file_make(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	MAKE(write(fd, "one two three\n\tfour\0five\n", 25));
	return fd;
}

int main(int argc, char **argv)
{
	for (unsigned i = 0; argc == 2 && i < sizeof(programs) / sizeof(*programs); i++) {
		if (strcmp(argv[1], programs[i].name))
			continue;
		programs[i].run();
		return 0;
	}
	fprintf(stderr, "corpus: one of:");
	for (unsigned i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		fprintf(stderr, " %s", programs[i].name);
	fprintf(stderr, "\n");
	return 2;
}
