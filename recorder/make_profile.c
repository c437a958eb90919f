// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/query/filter_args.h"
#include "parts.h"
#include "verb.h"

static const char doc[] =
	"Make a profile of a kernel that has no BTF in its memory, so that 'screcord start --profile' "
	"can tell who makes its calls.\v"
	"FILE is a vmlinux with debug symbols or BTF, a compressed image (vmlinuz), or a System.map. "
	"Together they have to tell the types, which --headers does too, and an address, which every "
	"image does.\n\n"
	"  screcord profile --headers /usr/src/linux-headers-6.1.0-50-686-pae \\\n"
	"      /boot/vmlinuz-6.1.0-50-686-pae -o web.profile";

#define FILES_MAX 16

struct arguments {
	const char *headers, *output;
	const char *files[FILES_MAX];
	size_t n;
};

static const struct argp_option options[] = {
	{ "headers", 'H', "DIR", 0, "headers of the kernel, as modules are built with", 0 },
	{ "output", 'o', "FILE", 0, "where to (default: standard output)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'H':
		a->headers = arg;
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->n == FILES_MAX)
			sc_usage(state, "more than %d files", FILES_MAX);
		a->files[a->n++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->n == 0)
			sc_usage(state, "which kernel? Give its image, vmlinux or System.map");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int gather(const struct arguments *a, struct profile *profile, struct sc_error *err)
{
	struct parts parts;
	size_t i;
	int ret = 0;

	parts_init(&parts);
	if (a->headers != NULL)
		ret = parts_add_headers(&parts, a->headers, err);
	for (i = 0; ret == 0 && i < a->n; i++)
		ret = parts_add_file(&parts, a->files[i], err);
	return ret == 0 ? parts_profile(&parts, profile, err) : ret;
}

/* A file is there whole, or as it was. */
static int write_file(const struct profile *profile, const char *path, struct sc_error *err)
{
	char *fresh = NULL;
	FILE *to;
	int ret;

	if (asprintf(&fresh, "%s.new", path) < 0)
		return sc_fail(err, -ENOMEM, "no memory");
	to = fopen(fresh, "we");
	ret = to != NULL ? profile_write(profile, to) : -errno;
	if (to != NULL && fclose(to) != 0 && ret == 0)
		ret = -errno;
	if (ret == 0 && rename(fresh, path) < 0)
		ret = -errno;
	if (ret < 0) {
		sc_fail(err, ret, "%s: %s", path, strerror(-ret));
		unlink(fresh);
	}
	free(fresh);
	return ret;
}

int verb_profile(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "FILE...", doc, NULL, NULL, NULL };
	struct arguments arguments = { 0 };
	struct profile profile;
	struct sc_error err = { "" };
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	ret = gather(&arguments, &profile, &err);
	if (ret == 0 && arguments.output != NULL)
		ret = write_file(&profile, arguments.output, &err);
	else if (ret == 0 && profile_write(&profile, stdout) < 0)
		ret = sc_fail(&err, -EIO, "cannot write to standard output");
	return ret == 0 ? SC_EXIT_MATCH : verb_fail(SC_EXIT_FAILED, &err);
}
