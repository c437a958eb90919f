// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "filter_args.h"
#include "print_args.h"

enum {
	KEY_TIME = 0x180,
	KEY_COLOUR,
	KEY_RAW,
	KEY_STRING_MAX,
	KEY_NO_COLOUR,
	KEY_NO_NAMES,
	KEY_NO_RAW,
	KEY_NO_VERBOSE,
	KEY_NO_STRING_MAX,
};

static const struct argp_option options[] = {
	{ 0, 0, 0, 0, "How they are shown:", 40 },
	{ "format", 'f', "FORMAT", 0, "text (strace's syntax) or json (an object a line)", 0 },
	{ "time", KEY_TIME, "STYLE", 0,
	  "Times in text: clock (local, default), unix (as strace -ttt) or iso (UTC)", 0 },
	{ "names", 'Y', 0, 0, "Command names beside the numbers, as strace -Y", 0 },
	{ "raw", KEY_RAW, 0, 0, "Arguments as numbers: what the registers were", 0 },
	{ "verbose", 'v', 0, 0, "Structures and environments whole, as strace -v", 0 },
	{ "string-max", KEY_STRING_MAX, "N", 0,
	  "Of strings N bytes, of arrays N elements, as strace -s; else all that was recorded", 0 },
	{ "color", KEY_COLOUR, "WHEN", OPTION_ARG_OPTIONAL,
	  "always, never or auto: on a terminal, unless NO_COLOR is set", 0 },
	{ "colour", 0, 0, OPTION_ALIAS | OPTION_HIDDEN, 0, 0 },
	{ "no-color", KEY_NO_COLOUR, 0, OPTION_HIDDEN, 0, 0 },
	{ "no-colour", 0, 0, OPTION_ALIAS | OPTION_HIDDEN, 0, 0 },
	{ "no-names", KEY_NO_NAMES, 0, OPTION_HIDDEN, 0, 0 },
	{ "no-raw", KEY_NO_RAW, 0, OPTION_HIDDEN, 0, 0 },
	{ "no-verbose", KEY_NO_VERBOSE, 0, OPTION_HIDDEN, 0, 0 },
	{ "no-string-max", KEY_NO_STRING_MAX, 0, OPTION_HIDDEN, 0, 0 },
	{ 0 }
};

int sc_choice(const struct argp_state *state, const char *option, const char *word,
	      const char *const *words)
{
	char all[256] = "";
	int i;

	for (i = 0; words[i]; i++) {
		if (!strcmp(words[i], word))
			return i;
		if (i)
			strncat(all, ", ", sizeof(all) - strlen(all) - 1);
		strncat(all, words[i], sizeof(all) - strlen(all) - 1);
	}
	sc_usage(state, "%s: '%s' is none of %s", option, word, all);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	static const char *const styles[] = { "clock", "unix", "iso", NULL };
	static const char *const whens[] = { "auto", "always", "never", NULL };
	struct sc_print_args *a = state->input;
	uint64_t number;

	switch (key) {
	case 'f':
		a->format = arg;
		return 0;
	case KEY_TIME:
		a->print.time = (enum sc_print_time)sc_choice(state, "--time", arg, styles);
		return 0;
	case 'Y':
		a->print.names = true;
		return 0;
	case KEY_RAW:
		a->print.raw = true;
		return 0;
	case 'v':
		a->print.verbose = true;
		return 0;
	case KEY_STRING_MAX:
		if (sc_number_parse(arg, strlen(arg), SIZE_MAX, &number) || !number)
			sc_usage(state, "--string-max: '%s' is not a number from 1 on", arg);
		a->print.string_max = number;
		return 0;
	case KEY_COLOUR:
		a->colour = SC_COLOUR_ALWAYS;
		if (arg)
			a->colour = (enum sc_colour)sc_choice(state, "--color", arg, whens);
		return 0;
	case KEY_NO_COLOUR:
		a->colour = SC_COLOUR_NEVER;
		return 0;
	case KEY_NO_NAMES:
		a->print.names = false;
		return 0;
	case KEY_NO_RAW:
		a->print.raw = false;
		return 0;
	case KEY_NO_VERBOSE:
		a->print.verbose = false;
		return 0;
	case KEY_NO_STRING_MAX:
		a->print.string_max = 0;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp sc_print_argp = { options, parse, NULL, NULL, NULL, NULL, NULL };

void sc_print_args_finish(struct sc_print_args *a, const struct argp_state *state, int fd)
{
	static const char *const formats[] = { "text", "json", NULL };

	if (a->format)
		a->print.format =
			(enum sc_print_format)sc_choice(state, "--format", a->format, formats);
	a->print.colour = sc_term_colour(fd, a->colour);
}
