// SPDX-License-Identifier: GPL-2.0-only
#include "watch.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "../lib/decode/syscalls.h"
#include "../schema/abi.h"
#include "device.h"

static const struct {
	uint32_t bit;
	const char *code; /* in JSON */
	const char *words;
} whys[] = {
	{ SCAUDIT_WHY_UNTRIED, "untried", "it has made no call yet" },
	{ SCAUDIT_WHY_NO_PAD, "no_pad", "no byte of the guest's entry code can be a pad" },
	{ SCAUDIT_WHY_UNMAPPED, "unmapped", "the guest's entry code cannot be read" },
	{ SCAUDIT_WHY_SFMASK, "sfmask", "SFMASK leaves interrupts or single steps on" },
	{ SCAUDIT_WHY_CET, "cet", "shadow stacks or branch tracking are on" },
	{ SCAUDIT_WHY_NESTED, "nested", "it runs guests of its own" },
	{ SCAUDIT_WHY_WRITTEN, "written", "the guest writes to the page of the pad" },
	{ SCAUDIT_WHY_FRED, "fred", "FRED is on: no system call can be seen" },
	{ SCAUDIT_WHY_LEGACY, "legacy", "a 32-bit kernel, which has no SYSCALL" },
};

#define N_WHYS (sizeof(whys) / sizeof(whys[0]))

const char *watch_engine(const struct report_vcpu *vcpu)
{
	if (!vcpu->armed)
		return "none";
	return vcpu->engine == SCAUDIT_ENGINE_AUTO ? "off" : device_engine_name(vcpu->engine);
}

static void print_why(uint32_t why, FILE *to)
{
	const char *between = " (";
	size_t i;

	for (i = 0; i < N_WHYS; i++) {
		if (!(why & whys[i].bit))
			continue;
		fprintf(to, "%s%s", between, whys[i].words);
		why &= ~whys[i].bit;
		between = "; ";
	}
	if (why != 0) /* of a newer module */
		fprintf(to, "%sreason 0x%" PRIx32, between, why);
	if (why != 0 || between[0] == ';')
		fputc(')', to);
}

static void print_insns(const struct report_vcpu *vcpu, FILE *to)
{
	const char *between = "; sees ";
	unsigned int insn;

	if (!vcpu->armed)
		return;
	for (insn = 0; insn < SC_INSNS; insn++) {
		if (vcpu->insns >> insn & 1) {
			fprintf(to, "%s%s", between, sc_insn_name(insn));
			between = ", ";
		}
	}
	if (between[0] == ';')
		fputs("; sees no call", to);
}

void watch_print(const struct report *report, FILE *to)
{
	const struct report_vcpu *v = report->vcpus;
	uint32_t from, next;

	for (from = 0; from < report->n_vcpus; from = next) {
		for (next = from + 1; next < report->n_vcpus; next++)
			if (memcmp(&v[from], &v[next], sizeof(*v)) != 0)
				break;
		fprintf(to, "%-10s%" PRIu32, from == 0 ? "vCPUs" : "", from);
		if (next > from + 1)
			fprintf(to, "-%" PRIu32, next - 1);
		fprintf(to, ": %s", watch_engine(&v[from]));
		print_why(v[from].why, to);
		print_insns(&v[from], to);
		fputc('\n', to);
	}
}

void watch_json(const struct report *report, FILE *to)
{
	const char *between;
	uint32_t i;
	size_t k;

	fputs("\"vcpus\":[", to);
	for (i = 0; i < report->n_vcpus; i++) {
		const struct report_vcpu *v = &report->vcpus[i];

		fprintf(to, "%s{\"engine\":\"%s\",\"why\":[", i > 0 ? "," : "", watch_engine(v));
		for (between = "", k = 0; k < N_WHYS; k++) {
			if (v->why & whys[k].bit) {
				fprintf(to, "%s\"%s\"", between, whys[k].code);
				between = ",";
			}
		}
		fputs("],\"insns\":[", to);
		for (between = "", k = 0; k < SC_INSNS; k++) {
			if (v->insns >> k & 1) {
				fprintf(to, "%s\"%s\"", between, sc_insn_name((unsigned int)k));
				between = ",";
			}
		}
		fputs("]}", to);
	}
	fputc(']', to);
}
