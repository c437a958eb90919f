// SPDX-License-Identifier: GPL-2.0-only
#include "choice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/query/filter_args.h"
#include "../lib/decode/syscalls.h"

#define NUMBERS (16u * 64u) /* of each bitmap */

int choice_add(char words[SC_CHOICE_LEN], const char *more, struct sc_error *err)
{
	size_t n = strlen(words), m = strlen(more);

	if (m == 0)
		return sc_fail(err, -EINVAL, "nothing is named");
	if (more[strcspn(more, "\n")] != '\0')
		return sc_fail(err, -EINVAL,
			       "such words cannot be remembered: they hold a newline");
	if (n + m + 2 > SC_CHOICE_LEN)
		return sc_fail(err, -EINVAL, "the list is longer than %d bytes", SC_CHOICE_LEN - 1);
	snprintf(words + n, SC_CHOICE_LEN - n, "%s%s", n != 0 ? "," : "", more);
	return 0;
}

/*
 * The term that begins here; \, in it becomes a comma, other backslashes stay.
 * @retval where the next one begins; NULL: it is the last one
 */
static const char *take_term(const char *at, char term[SC_CHOICE_LEN])
{
	size_t n = 0;

	for (; *at != '\0' && *at != ','; at++) {
		if (at[0] == '\\' && at[1] == ',')
			at++;
		term[n++] = *at;
	}
	term[n] = '\0';
	return *at == ',' ? at + 1 : NULL;
}

static int add_number(struct scaudit_filter_term *term, const char *name, const char *text,
		      struct sc_error *err)
{
	uint64_t number;

	if (sc_number_parse(text, strlen(text), UINT32_MAX, &number) < 0)
		return sc_fail(err, -EINVAL, "'%s=%s': '%s' is no number", name, text, text);
	term->number = (uint32_t)number;
	return 0;
}

static int add_text(struct scaudit_filter_term *term, const char *name, const char *text,
		    size_t most, struct sc_error *err)
{
	if (strlen(text) > most)
		return sc_fail(err, -EINVAL, "'%s=%s': longer than %zu bytes", name, text, most);
	snprintf(term->text, sizeof(term->text), "%s", text);
	return 0;
}

/* @retval 1 it is a system call, not one of these */
static int add_term(struct choice_filter *f, const char *text, bool skip, struct sc_error *err)
{
	static const struct {
		const char *name;
		enum scaudit_filter_kind kind;
	} kinds[] = {
		{ "pid", SCAUDIT_FILTER_PID },
		{ "uid", SCAUDIT_FILTER_UID },
		{ "comm", SCAUDIT_FILTER_COMM },
		{ "container", SCAUDIT_FILTER_CONTAINER },
	};
	size_t n = strcspn(text, "="), i;
	struct scaudit_filter_term *term;
	const char *value = text[n] == '=' ? text + n + 1 : NULL;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i].name) == n && memcmp(kinds[i].name, text, n) == 0)
			break;
	}
	if (i == sizeof(kinds) / sizeof(kinds[0])) {
		if (value != NULL)
			return sc_fail(err, -EINVAL,
				       "'%s': there are pid=N, uid=N, comm=NAME, container and "
				       "container=PREFIX, and system calls",
				       text);
		return 1;
	}
	if (f->request.nr_terms == SCAUDIT_FILTER_TERMS)
		return sc_fail(err, -EINVAL, "more than %u terms", SCAUDIT_FILTER_TERMS);
	term = &f->terms[f->request.nr_terms++];
	term->kind = kinds[i].kind;
	term->skip = skip;
	if (term->kind == SCAUDIT_FILTER_CONTAINER)
		return value == NULL ?
			       0 : /* else any */
			       *value == '\0' ?
			       sc_fail(err, -EINVAL, "'container=': the name is empty") :
			       add_text(term, "container", value, SCAUDIT_NAME_LEN - 1, err);
	if (value == NULL || *value == '\0')
		return sc_fail(err, -EINVAL, "'%s': a value is missing, as in %s=%s", text,
			       kinds[i].name, term->kind == SCAUDIT_FILTER_COMM ? "bash" : "1000");
	if (term->kind == SCAUDIT_FILTER_COMM)
		return add_text(term, "comm", value, SCAUDIT_COMM_LEN - 1, err);
	return add_number(term, kinds[i].name, value, err);
}

/* The bit of a call; NULL: its number is beyond the bitmaps. */
static __u64 *word_of(struct scaudit_filter *f, uint64_t key, uint64_t *bit)
{
	uint32_t nr = (uint32_t)key;
	enum scaudit_convention convention = key >> 32 == SCAUDIT_ABI_I386 ? SCAUDIT_CONV_I386 :
					     nr & SC_X32_BIT		   ? SCAUDIT_CONV_X32 :
									     SCAUDIT_CONV_X86_64;

	if (convention == SCAUDIT_CONV_X32)
		nr &= ~SC_X32_BIT;
	if (nr >= NUMBERS)
		return NULL;
	*bit = 1ULL << nr % 64;
	return &f->nr[convention][nr / 64];
}

/* Calls that were named: of `only`, these alone; of `skip`, all but these. */
static int set_calls(struct scaudit_filter *f, const struct sc_filter *named, bool skip,
		     struct sc_error *err)
{
	size_t i;

	if (named->n_nrs == 0)
		return 0;
	if (!skip) {
		memset(f->nr, 0, sizeof(f->nr));
		f->others = 0;
	}
	for (i = 0; i < named->n_nrs; i++) {
		uint64_t bit;
		__u64 *word = word_of(f, named->nrs[i], &bit);

		if (word == NULL)
			return sc_fail(err, -EINVAL, "no number can be above %u, as %u is",
				       NUMBERS - 1, (uint32_t)named->nrs[i] & ~SC_X32_BIT);
		if (skip)
			*word &= ~bit;
		else
			*word |= bit;
	}
	return 0;
}

static int add_words(struct choice_filter *f, const char *words, bool skip, struct sc_error *err)
{
	struct sc_filter_args calls;
	char term[SC_CHOICE_LEN];
	const char *at = words[0] != '\0' ? words : NULL;
	int ret = 0;

	sc_filter_args_init(&calls);
	while (ret == 0 && at != NULL) {
		at = take_term(at, term);
		ret = add_term(f, term, skip, err);
		if (ret == 1 && term[0] == '!')
			ret = sc_fail(err, -EINVAL, "'%s': name what is meant, without !", term);
		if (ret == 1)
			ret = sc_filter_add_syscalls(&calls, term, err);
	}
	if (ret == 0)
		ret = set_calls(&f->request, &calls.filter, skip, err);
	sc_filter_args_free(&calls);
	return ret;
}

static int fail_as(struct sc_error *err, int ret, const char *option)
{
	struct sc_error why;

	if (err == NULL)
		return ret;
	why = *err;
	return sc_fail(err, ret, "%s: %s", option, why.text);
}

int choice_filter(const struct choice *choice, struct choice_filter *filter, struct sc_error *err)
{
	int ret;

	memset(filter, 0, sizeof(*filter));
	memset(filter->request.nr, 0xff, sizeof(filter->request.nr));
	filter->request.others = 1;
	filter->request.terms = (uintptr_t)filter->terms;
	ret = add_words(filter, choice->only, false, err);
	if (ret < 0)
		return fail_as(err, ret, "--only");
	ret = add_words(filter, choice->skip, true, err);
	return ret < 0 ? fail_as(err, ret, "--skip") : 0;
}

int choice_capture(const struct choice *choice, struct capture *capture, struct sc_error *err)
{
	struct snaplen *snaplen;
	int ret = 0;

	memset(capture, 0, sizeof(*capture));
	if (strcmp(choice->snaplen, CHOICE_NO_CAPTURE) == 0)
		return 0;
	snaplen = malloc(sizeof(*snaplen));
	if (snaplen == NULL)
		return sc_fail(err, -ENOMEM, "no memory for the plan of what is read");
	snaplen_init(snaplen);
	if (choice->snaplen[0] != '\0')
		ret = snaplen_parse(choice->snaplen, snaplen, err);
	if (ret < 0) {
		ret = fail_as(err, ret, "--snaplen");
	} else {
		ret = capture_make(capture, snaplen);
		if (ret < 0)
			sc_fail(err, ret, "no memory for the plan of what is read");
	}
	free(snaplen);
	return ret;
}
