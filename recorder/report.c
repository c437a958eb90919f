// SPDX-License-Identifier: GPL-2.0-only
#include "report.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/base/json.h"
#include "../lib/base/timespec.h"
#include "watch.h"

enum type {
	TEXT,
	NUMBER
};

#define ROW(type, name)                                    \
	{                                                  \
		type, #name, offsetof(struct report, name) \
	}

static const struct row {
	enum type type;
	const char *name;
	size_t offset;
} rows[] = {
	ROW(TEXT, vm),
	ROW(NUMBER, vm_pid),
	ROW(TEXT, state),
	ROW(NUMBER, recorder_pid),
	ROW(TEXT, session),
	ROW(NUMBER, begin),
	ROW(TEXT, engine),
	ROW(TEXT, engine_why),
	ROW(TEXT, returns),
	ROW(TEXT, only),
	ROW(TEXT, skip),
	ROW(TEXT, snaplen),
	ROW(NUMBER, skipped),
	ROW(TEXT, ident),
	ROW(TEXT, ident_why),
	ROW(NUMBER, calls),
	ROW(NUMBER, rate),
	ROW(NUMBER, open_calls),
	ROW(NUMBER, unknown_callers),
	ROW(NUMBER, orphan_returns),
	ROW(NUMBER, lost_pieces),
	ROW(NUMBER, rings),
	ROW(NUMBER, ring_bytes),
	ROW(NUMBER, ring_fill),
	ROW(TEXT, on_full),
	ROW(NUMBER, dropped),
	ROW(NUMBER, dropped_full),
	ROW(NUMBER, dropped_stall),
	ROW(NUMBER, dropped_memory),
	ROW(NUMBER, missing),
	ROW(NUMBER, stalls),
	ROW(NUMBER, stall_ns),
	ROW(NUMBER, exits),
	ROW(TEXT, store),
	ROW(NUMBER, store_bytes),
	ROW(NUMBER, store_calls),
	ROW(TEXT, retention),
	ROW(NUMBER, retired_segments),
	ROW(NUMBER, retired_calls),
	ROW(NUMBER, pending),
	ROW(TEXT, error),
	ROW(TEXT, warning),
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static const char *text_of(const struct report *report, const struct row *row)
{
	return (const char *)report + row->offset;
}

static uint64_t number_of(const struct report *report, const struct row *row)
{
	uint64_t number;

	memcpy(&number, (const char *)report + row->offset, sizeof(number));
	return number;
}

static char *put_escaped(char *p, const char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (iscntrl(c) || c == '%') {
			*p++ = '%';
			*p++ = digits[c >> 4];
			*p++ = digits[c & 15];
		} else {
			*p++ = (char)c;
		}
	}
	return p;
}

/* The longest line: name, equals sign, each byte of a text escaped, newline. */
#define VCPU_LINE 48u /* "vcpu=", five numbers: 4, 1, 1, 8 and 8 digits at most */
_Static_assert(N_ROWS * 3 * REPORT_TEXT / 2 + REPORT_VCPUS * VCPU_LINE < REPORT_ENCODED_MAX,
	       "at most half are texts");

size_t report_encode(const struct report *report, char text[REPORT_ENCODED_MAX])
{
	char *p = text;
	size_t i;

	for (i = 0; i < N_ROWS; i++) {
		p = stpcpy(p, rows[i].name);
		*p++ = '=';
		if (rows[i].type == NUMBER)
			p += sprintf(p, "%" PRIu64, number_of(report, &rows[i]));
		else
			p = put_escaped(p, text_of(report, &rows[i]));
		*p++ = '\n';
	}
	for (i = 0; i < report->n_vcpus; i++) {
		const struct report_vcpu *v = &report->vcpus[i];

		p += sprintf(p, "vcpu=%zu %" PRIu32 " %" PRIu32 " %" PRIx32 " %" PRIx32 "\n", i,
			     v->armed, v->engine, v->why, v->insns);
	}
	*p = '\0';
	return (size_t)(p - text);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void take_escaped(char *to, const char *from)
{
	size_t n = 0;

	for (; *from != '\0' && n + 1 < REPORT_TEXT; from++) {
		if (from[0] == '%' && hex(from[1]) >= 0 && hex(from[2]) >= 0) {
			to[n++] = (char)(hex(from[1]) << 4 | hex(from[2]));
			from += 2;
		} else {
			to[n++] = *from;
		}
	}
	to[n] = '\0';
}

static void take_vcpu(struct report *report, const char *value)
{
	struct report_vcpu v;
	uint32_t i;

	if (sscanf(value, "%" SCNu32 "%" SCNu32 "%" SCNu32 "%" SCNx32 "%" SCNx32, &i, &v.armed,
		   &v.engine, &v.why, &v.insns) != 5 ||
	    i >= REPORT_VCPUS)
		return;
	report->vcpus[i] = v;
	if (report->n_vcpus <= i)
		report->n_vcpus = i + 1;
}

bool report_decode(struct report *report, const char *line)
{
	const char *value = strchr(line, '=');
	uint64_t number;
	size_t i, n;

	if (value == NULL)
		return false;
	n = (size_t)(value++ - line);
	if (n == 4 && strncmp(line, "vcpu", 4) == 0)
		take_vcpu(report, value);
	for (i = 0; i < N_ROWS; i++) {
		if (strlen(rows[i].name) != n || strncmp(rows[i].name, line, n) != 0)
			continue;
		if (rows[i].type == TEXT) {
			take_escaped((char *)report + rows[i].offset, value);
		} else {
			number = strtoull(value, NULL, 10);
			memcpy((char *)report + rows[i].offset, &number, sizeof(number));
		}
		break;
	}
	return true;
}

void report_json(const struct report *report, FILE *to)
{
	char text[SC_JSON_STRING_LEN(REPORT_TEXT)];
	const char *value;
	char *end;
	size_t i;

	for (i = 0; i < N_ROWS; i++) {
		fprintf(to, "%s\"%s\":", i == 0 ? "{" : ",", rows[i].name);
		if (rows[i].type == NUMBER) {
			fprintf(to, "%" PRIu64, number_of(report, &rows[i]));
			continue;
		}
		value = text_of(report, &rows[i]);
		end = sc_json_string(text, value, strlen(value));
		fwrite(text, 1, (size_t)(end - text), to);
	}
	fputc(',', to);
	watch_json(report, to);
	fputs("}\n", to);
}

/* 1234567 as 1,234,567. */
static const char *grouped(uint64_t number, char text[32])
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	char *p = text;
	int i;

	for (i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			*p++ = ',';
		*p++ = digits[i];
	}
	*p = '\0';
	return text;
}

static const char *sized(uint64_t bytes, char text[32])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	double n = (double)bytes;
	size_t unit = 0;

	while (n >= 1024 && unit < 4) {
		n /= 1024;
		unit++;
	}
	snprintf(text, 32, unit == 0 ? "%.0f %s" : "%.1f %s", n, units[unit]);
	return text;
}

/* Names of VMs and paths go to a terminal. */
static void print_safe(const char *text, FILE *to)
{
	for (; *text != '\0'; text++)
		fputc(iscntrl((unsigned char)*text) ? '?' : *text, to);
}

static void print_row(FILE *to, const char *name, const char *value, const char *why)
{
	if (value[0] == '\0')
		return;
	fprintf(to, "%-10s", name);
	print_safe(value, to);
	if (why[0] != '\0') {
		fputs(" (", to);
		print_safe(why, to);
		fputc(')', to);
	}
	fputc('\n', to);
}

static void print_losses(const struct report *r, FILE *to)
{
	char a[32], b[32], c[32];

	fprintf(to, "%-10s%s events", "dropped", grouped(r->dropped, a));
	if (r->dropped > 0)
		fprintf(to, " (ring full %s, stalled too long %s, no memory %s)",
			grouped(r->dropped_full, a), grouped(r->dropped_stall, b),
			grouped(r->dropped_memory, c));
	fputc('\n', to);
	if (r->missing > 0)
		fprintf(to, "%-10s%s events never came: a defect\n", "missing",
			grouped(r->missing, a));
	fprintf(to, "%-10s%s, %.3f s in all\n", "stalls", grouped(r->stalls, a),
		(double)r->stall_ns / 1e9);
}

void report_print(const struct report *r, uint64_t now, FILE *to)
{
	char a[32], b[32], iso[SC_TIME_ISO_LEN];

	fprintf(to, "%-10s", "VM");
	print_safe(r->vm, to);
	fprintf(to, " (process %" PRIu64 ")\n", r->vm_pid);
	fprintf(to, "%-10s%s", "state", r->state);
	if (r->begin != 0 && now > r->begin) {
		sc_time_iso(r->begin, iso);
		fprintf(to, ", since %s (%.1f s)", iso, (double)(now - r->begin) / 1e9);
	}
	fputc('\n', to);
	if (r->recorder_pid == 0) {
		print_row(to, "store", r->store, "");
		print_row(to, "warning", r->warning, "");
		return;
	}
	fprintf(to, "%-10sprocess %" PRIu64 "\n", "recorder", r->recorder_pid);
	print_row(to, "engine", r->engine, r->engine_why);
	watch_print(r, to);
	if (strcmp(r->returns, "all") != 0)
		print_row(to, "returns", r->returns, "");
	print_row(to, "only", r->only, "");
	print_row(to, "skip", r->skip, "");
	print_row(to, "snaplen", r->snaplen, "");
	print_row(to, "identity", r->ident, r->ident_why);
	fprintf(to, "%-10s%s recorded, %s a second now\n", "calls", grouped(r->calls, a),
		grouped(r->rate, b));
	if (r->skipped > 0 || r->only[0] != '\0' || r->skip[0] != '\0')
		fprintf(to, "%-10s%s calls left out by choice\n", "skipped",
			grouped(r->skipped, a));
	fprintf(to, "%-10s%" PRIu64 " of %s, the fullest at %" PRIu64 " %%; when full: %s\n",
		"rings", r->rings, sized(r->ring_bytes, a), r->ring_fill, r->on_full);
	print_losses(r, to);
	print_row(to, "store", r->store, "");
	fprintf(to, "%-10s%s, %s calls\n", "", sized(r->store_bytes, a),
		grouped(r->store_calls, b));
	print_row(to, "keeps", r->retention, "");
	if (r->retired_segments > 0)
		fprintf(to, "%-10s%s segments with %s calls so far\n", "removed",
			grouped(r->retired_segments, a), grouped(r->retired_calls, b));
	print_row(to, "error", r->error, "");
	print_row(to, "warning", r->warning, "");
}
