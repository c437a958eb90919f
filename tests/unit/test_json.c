// SPDX-License-Identifier: GPL-2.0-only
/* Bytes of a guest, made safe for JSON and for a terminal. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/base/json.h"
#include "../../lib/base/term.h"

/* Every bound is tested: the text has exactly the room that the header asks for. */
static void check(const char *bytes, size_t len, const char *expected)
{
	char text[256];
	char *end;

	assert_true(SC_JSON_STRING_LEN(len) < sizeof(text));
	memset(text, '#', sizeof(text));
	end = sc_json_string(text, bytes, len);
	assert_true((size_t)(end - text) <= SC_JSON_STRING_LEN(len));
	assert_int_equal(*end, '#');
	*end = '\0';
	assert_string_equal(text, expected);
}

#define CHECK(bytes, expected) check(bytes, sizeof(bytes) - 1, expected)

static void ascii(void **state)
{
	(void)state;
	CHECK("", "\"\"");
	CHECK("bash", "\"bash\"");
	CHECK("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
	CHECK("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
	CHECK("\0\x01\x1b[31m\x7f", "\"\\u0000\\u0001\\u001b[31m\\u007f\"");
}

static void utf8(void **state)
{
	(void)state;
	CHECK("\303\244\342\202\254\360\237\230\200", "\"\303\244\342\202\254\360\237\230\200\"");
	/* The first and last of each length. */
	CHECK("\302\240\337\277", "\"\302\240\337\277\"");
	CHECK("\340\240\200\355\237\277\356\200\200\357\277\277",
	      "\"\340\240\200\355\237\277\356\200\200\357\277\277\"");
	CHECK("\360\220\200\200\364\217\277\277", "\"\360\220\200\200\364\217\277\277\"");
	/* C1 controls: a terminal may take U+009B for the beginning of a sequence. */
	CHECK("\302\233", "\"\\u009b\"");
	CHECK("a\342\200\256b", "\"a\\u202eb\""); /* turns what follows */
	CHECK("\342\200\250\342\201\246", "\"\\u2028\\u2066\"");
	CHECK("\342\200\247\342\200\257", "\"\342\200\247\342\200\257\"");
	CHECK("\302\200\302\237", "\"\\u0080\\u009f\"");
}

static void not_utf8(void **state)
{
	(void)state;
	CHECK("\377", "\"\\ufffd\"");
	CHECK("a\200b", "\"a\\ufffdb\"");
	CHECK("\303", "\"\\ufffd\""); /* cut off */
	CHECK("\342\202", "\"\\ufffd\"");
	CHECK("\342\202x", "\"\\ufffdx\"");
	CHECK("\360\237\230", "\"\\ufffd\"");
	CHECK("\300\257", "\"\\ufffd\\ufffd\""); /* overlong */
	CHECK("\340\237\277", "\"\\ufffd\\ufffd\\ufffd\"");
	CHECK("\360\217\277\277", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	CHECK("\355\240\200", "\"\\ufffd\\ufffd\\ufffd\""); /* a surrogate */
	CHECK("\364\220\200\200", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""); /* past U+10FFFF */
	/* The example of Unicode 15, table 3-11. */
	CHECK("\341\200\342\360\221\222\361\277\101", "\"\\ufffd\\ufffd\\ufffd\\ufffdA\"");
}

static void all_bytes(void **state)
{
	unsigned a, b;

	(void)state;
	for (a = 0; a < 256; a++) {
		for (b = 0; b < 256; b++) {
			char bytes[2] = { (char)a, (char)b }, text[32];
			char *end = sc_json_string(text, bytes, 2), *c;

			assert_true((size_t)(end - text) <= SC_JSON_STRING_LEN(2));
			for (c = text; c < end; c++)
				assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
			end = sc_term_escape(text, bytes, 2);
			assert_true((size_t)(end - text) <= SC_TERM_ESCAPED_LEN(2));
			for (c = text; c < end; c++)
				assert_true(*c >= 0x20 && *c < 0x7f);
		}
	}
}

static void check_term(const char *bytes, size_t len, const char *expected)
{
	char text[256];

	*sc_term_escape(text, bytes, len) = '\0';
	assert_string_equal(text, expected);
}

#define CHECK_TERM(bytes, expected) check_term(bytes, sizeof(bytes) - 1, expected)

/* As strace prints strings. */
static void terminal(void **state)
{
	(void)state;
	CHECK_TERM("bash -c 'tnvfr'", "bash -c 'tnvfr'");
	CHECK_TERM("\t\n\v\f\r", "\\t\\n\\v\\f\\r");
	CHECK_TERM("\"\\", "\\\"\\\\");
	CHECK_TERM("\0x", "\\0x");
	CHECK_TERM("\0"
		   "7",
		   "\\0007");
	CHECK_TERM("\033[2J", "\\33[2J");
	CHECK_TERM("\033"
		   "1",
		   "\\0331");
	CHECK_TERM("\033"
		   "9",
		   "\\339");
	CHECK_TERM("\303\244\177", "\\303\\244\\177");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ascii),     cmocka_unit_test(utf8),	 cmocka_unit_test(not_utf8),
		cmocka_unit_test(all_bytes), cmocka_unit_test(terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
