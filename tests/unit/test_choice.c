// SPDX-License-Identifier: GPL-2.0-only
/* What is left out by choice, from words to what the module is told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../recorder/choice.h"

static struct choice choice;
static struct choice_filter filter;
static struct sc_error err;

static int begin(void **state)
{
	(void)state;
	memset(&choice, 0, sizeof(choice));
	err.text[0] = '\0';
	return 0;
}

static bool recorded(enum scaudit_convention convention, uint32_t nr)
{
	return filter.request.nr[convention][nr / 64] >> nr % 64 & 1;
}

static unsigned int count(enum scaudit_convention convention)
{
	unsigned int nr, n = 0;

	for (nr = 0; nr < 1024; nr++)
		n += recorded(convention, nr);
	return n;
}

static void test_nothing(void **state)
{
	(void)state;
	assert_false(choice_filters(&choice));
	assert_int_equal(choice_filter(&choice, &filter, &err), 0);
	assert_int_equal(count(SCAUDIT_CONV_X86_64), 1024);
	assert_int_equal(count(SCAUDIT_CONV_X32), 1024);
	assert_int_equal(count(SCAUDIT_CONV_I386), 1024);
	assert_int_equal(filter.request.others, 1);
	assert_int_equal(filter.request.nr_terms, 0);
}

static void test_calls(void **state)
{
	(void)state;
	strcpy(choice.only, "execve,x86_64:1000,i386:socketcall");
	assert_true(choice_filters(&choice));
	assert_int_equal(choice_filter(&choice, &filter, &err), 0);
	assert_true(recorded(SCAUDIT_CONV_X86_64, 59) && recorded(SCAUDIT_CONV_X86_64, 1000));
	assert_true(recorded(SCAUDIT_CONV_X32, 520) && recorded(SCAUDIT_CONV_I386, 11));
	assert_true(recorded(SCAUDIT_CONV_I386, 102));
	assert_int_equal(count(SCAUDIT_CONV_X86_64), 2);
	assert_int_equal(count(SCAUDIT_CONV_X32), 1);
	assert_int_equal(count(SCAUDIT_CONV_I386), 2);
	assert_int_equal(filter.request.others, 0);

	/* Of these, some are not. */
	strcpy(choice.only, "%file");
	strcpy(choice.skip, "%process,read");
	assert_int_equal(choice_filter(&choice, &filter, &err), 0);
	assert_true(recorded(SCAUDIT_CONV_X86_64, 257));
	assert_false(recorded(SCAUDIT_CONV_X86_64, 59) || recorded(SCAUDIT_CONV_X86_64, 0));
	assert_int_equal(filter.request.others, 0);

	/* All but these, and what no bitmap has. */
	choice.only[0] = '\0';
	strcpy(choice.skip, "read");
	assert_int_equal(choice_filter(&choice, &filter, &err), 0);
	assert_false(recorded(SCAUDIT_CONV_X86_64, 0) || recorded(SCAUDIT_CONV_X32, 0) ||
		     recorded(SCAUDIT_CONV_I386, 3));
	assert_int_equal(count(SCAUDIT_CONV_I386), 1023);
	assert_int_equal(filter.request.others, 1);
}

static void test_terms(void **state)
{
	const struct scaudit_filter_term *t = filter.terms;

	(void)state;
	strcpy(choice.only, "pid=0x10,uid=1000,comm=a\\,b\\c,container=docker");
	strcpy(choice.skip, "container,comm=pid=1,getpid");
	assert_int_equal(choice_filter(&choice, &filter, &err), 0);
	assert_int_equal(filter.request.nr_terms, 6);
	assert_true(filter.request.terms == (uintptr_t)filter.terms);
	assert_int_equal(t[0].kind, SCAUDIT_FILTER_PID);
	assert_int_equal(t[0].number, 16);
	assert_int_equal(t[1].kind, SCAUDIT_FILTER_UID);
	assert_int_equal(t[1].number, 1000);
	assert_int_equal(t[2].kind, SCAUDIT_FILTER_COMM);
	assert_string_equal(t[2].text, "a,b\\c");
	assert_int_equal(t[3].kind, SCAUDIT_FILTER_CONTAINER);
	assert_string_equal(t[3].text, "docker");
	assert_false(t[0].skip || t[1].skip || t[2].skip || t[3].skip);
	assert_int_equal(t[4].kind, SCAUDIT_FILTER_CONTAINER);
	assert_string_equal(t[4].text, "");
	assert_string_equal(t[5].text, "pid=1");
	assert_true(t[4].skip && t[5].skip);
	/* Terms of `only` leave the calls as they are; that of `skip` is gone. */
	assert_int_equal(count(SCAUDIT_CONV_X86_64), 1023);
	assert_int_equal(filter.request.others, 1);

	/* A comma at the end of a name, and one that begins another term. */
	strcpy(choice.only, "comm=a\\,");
	assert_int_equal(choice_filter(&choice, &filter, &err), 0);
	assert_string_equal(t[0].text, "a,");
	strcpy(choice.only, "comm=a,");
	assert_int_equal(choice_filter(&choice, &filter, &err), -EINVAL);
	assert_string_equal(err.text, "--only: a system call is missing");
	strcpy(choice.only, "uid=4294967296");
	assert_int_equal(choice_filter(&choice, &filter, &err), -EINVAL);
}

static void test_words(void **state)
{
	char words[SC_CHOICE_LEN] = "", long_one[SC_CHOICE_LEN];

	(void)state;
	assert_int_equal(choice_add(words, "read", &err), 0);
	assert_int_equal(choice_add(words, "pid=1,write", &err), 0);
	assert_string_equal(words, "read,pid=1,write");
	memset(long_one, '1', sizeof(long_one));
	long_one[SC_CHOICE_LEN - 1 - sizeof("read,pid=1,write")] = '\0';
	assert_int_equal(choice_add(words, long_one, &err), 0);
	assert_int_equal(strlen(words), SC_CHOICE_LEN - 1);
	assert_int_equal(choice_add(words, "1", &err), -EINVAL);
	assert_string_equal(err.text, "the list is longer than 511 bytes");
}

/* Bytes of buffers in the plan for write() of x86-64; -1: nothing of it is read. */
static long write_snaplen(const struct capture *capture)
{
	uint32_t i;

	for (i = 0; i < capture->request.nr_calls; i++) {
		const struct scaudit_capture_call *c = &capture->calls[i];

		if (c->convention != SCAUDIT_CONV_X86_64 || c->nr != 1)
			continue;
		return c->snaplen == ~0u ? (long)capture->request.snaplen : (long)c->snaplen;
	}
	return -1;
}

static void test_capture(void **state)
{
	struct capture capture;

	(void)state;
	assert_int_equal(choice_capture(&choice, &capture, &err), 0);
	assert_int_equal(write_snaplen(&capture), 256);
	capture_free(&capture);
	strcpy(choice.snaplen, "64,write=4K");
	assert_int_equal(choice_capture(&choice, &capture, &err), 0);
	assert_int_equal(capture.request.snaplen, 64);
	assert_int_equal(write_snaplen(&capture), 4096);
	capture_free(&capture);
	strcpy(choice.snaplen, CHOICE_NO_CAPTURE);
	assert_int_equal(choice_capture(&choice, &capture, &err), 0);
	assert_int_equal(capture.request.nr_calls + capture.request.nr_ops, 0);
	capture_free(&capture);
	strcpy(choice.snaplen, "70000");
	assert_int_equal(choice_capture(&choice, &capture, &err), -EINVAL);
	assert_memory_equal(err.text, "--snaplen: ", 11);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	static const struct CMUnitTest tests[] = {
		TEST(test_nothing), TEST(test_calls),	TEST(test_terms),
		TEST(test_words),   TEST(test_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
