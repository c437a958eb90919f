// SPDX-License-Identifier: GPL-2.0-only
/* screcord keygen: a key that recordings are sealed with. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/query/filter_args.h"
#include "../lib/base/key.h"
#include "verb.h"

static const char doc[] =
	"Make a key that recordings are sealed with: FILE, with the secret, for 'start --key', and "
	"FILE.pub, for 'scquery verify --key'. Neither may be there.\v"
	"Keep the secret where only the recorder can read it, and FILE.pub, which is no secret, on "
	"another machine: what is kept beside the recordings can be exchanged together with them.";

enum {
	KEY_AFTER = 256,
	KEY_PUBLIC,
	KEY_COMMENT
};

static const struct argp_option options[] = {
	{ "after", KEY_AFTER, "OLD", 0,
	  "the new key takes the place of this secret key, which signs it: who trusts the old one "
	  "can then trust the new one",
	  0 },
	{ "public", KEY_PUBLIC, NULL, 0,
	  "make nothing: write the public key of the secret key FILE to standard output", 0 },
	{ "comment", KEY_COMMENT, "TEXT", 0,
	  "first line of both files (default: who made it, where)", 0 },
	{ 0 },
};

struct arguments {
	const char *file, *after, *comment;
	bool public;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case KEY_AFTER:
		a->after = arg;
		return 0;
	case KEY_PUBLIC:
		a->public = true;
		return 0;
	case KEY_COMMENT:
		if (strlen(arg) > 200)
			sc_usage(state, "--comment: longer than 200 bytes");
		a->comment = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->file != NULL)
			sc_usage(state, "one file, please; '%s' is too many", arg);
		if (arg[0] == '\0')
			sc_usage(state, "the name of the file is empty");
		a->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->file == NULL)
			sc_usage(state, "which file?");
		if (a->public && (a->after != NULL || a->comment != NULL))
			sc_usage(state, "--public makes nothing: it stands alone");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int show_public(const char *file, struct sc_error *err)
{
	struct sc_secret_key key;
	struct sc_buf text = { 0 };
	int ret = sc_key_read_secret(file, &key, err);

	if (ret < 0)
		return ret;
	sc_key_put_public(&key.pub, NULL, &text);
	sc_key_wipe(&key);
	if (text.failed)
		ret = sc_fail(err, -ENOMEM, "no memory");
	else if (fwrite(text.data, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
		ret = sc_fail(err, -EIO, "cannot write to standard output: %s", strerror(errno));
	sc_buf_free(&text);
	return ret;
}

static int make(const struct arguments *a, struct sc_error *err)
{
	struct sc_secret_key key, old;
	char comment[320], host[65] = "?", id[SC_KEY_ID_LEN];
	int ret = 0;

	gethostname(host, sizeof(host) - 1);
	snprintf(comment, sizeof(comment), "scaudit: %s", a->comment != NULL ? a->comment : host);
	if (a->after != NULL)
		ret = sc_key_read_secret(a->after, &old, err);
	if (ret < 0)
		return ret;
	ret = sc_key_make(&key, a->after != NULL ? &old : NULL, err);
	if (ret == 0)
		ret = sc_key_create(a->file, &key, comment, err);
	sc_key_id(key.pub.key, id);
	if (ret == 0)
		printf("key %s: the secret is in %s, the public key in %s.pub\n", id, a->file,
		       a->file);
	sc_key_wipe(&key);
	if (a->after != NULL)
		sc_key_wipe(&old);
	return ret;
}

int verb_keygen(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "FILE", doc, NULL, NULL, NULL };
	struct arguments arguments = { 0 };
	struct sc_error err = { "" };
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	ret = sc_key_init(&err);
	if (ret == 0)
		ret = arguments.public ? show_public(arguments.file, &err) : make(&arguments, &err);
	return ret == 0 ? SC_EXIT_MATCH : verb_fail(SC_EXIT_FAILED, &err);
}
