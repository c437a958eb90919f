// SPDX-License-Identifier: GPL-2.0-only
/*
 * The conformance suite: tiny guests on the KVM API, each run without an audit
 * first, for the hardware's own answer, and then audited with each engine.
 * See README.md beside it.
 */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "case.h"

#define SECONDS 40 /* a run may take, if its case says nothing else */
#define NR_ENGINES 3 /* untraced, fault, pad */

static const struct test_case *const tables[] = {
	cases_syscall, cases_entry,  cases_sysret,   cases_int,	  cases_iret,
	cases_irq,     cases_task,   cases_sysenter, cases_state, cases_smp,
	cases_returns, cases_nested, cases_detach,
};

static const char *const engine_name[NR_ENGINES] = { "untraced", "fault", "pad" };

enum verdict {
	NOT_RUN,
	PASS,
	FAIL,
	NOT_HERE,
	NR_VERDICTS
};

static const char *const verdict_name[NR_VERDICTS] = { "-", "PASS", "FAIL", "N-A" };

static struct host host;
static struct result *results[NR_ENGINES];
static unsigned int detail = 12; /* lines about a run that fails */
static unsigned int only_engine = ~0u;
static bool keep_going = true;

/* Bochs has no leaf in CPUID that names it; its firmware does. */
static bool is_bochs(void)
{
	char version[64] = "";
	FILE *f = fopen("/sys/class/dmi/id/bios_version", "r");

	if (f) {
		if (!fgets(version, sizeof(version), f))
			*version = 0;
		fclose(f);
	}
	return strstr(version, "Bochs");
}

static void host_look(void)
{
	u32 a, b, c, d;
	char name[13] = "";

	__cpuid(0, a, b, c, d);
	memcpy(name, &b, 4);
	memcpy(name + 4, &d, 4);
	memcpy(name + 8, &c, 4);
	host.vendor = !strcmp(name, "GenuineIntel") ? SCAUDIT_VENDOR_INTEL : SCAUDIT_VENDOR_AMD;
	if (a >= 7) {
		__cpuid_count(7, 0, a, b, c, d);
		host.la57 = c & 1u << 16;
	}
	__cpuid(0x40000000, a, b, c, d);
	memcpy(name, &b, 4);
	memcpy(name + 4, &c, 4);
	memcpy(name + 8, &d, 4);
	host.tcg = !strcmp(name, "TCGTCGTCGTCG");
	host.bochs = host.vendor == SCAUDIT_VENDOR_INTEL && is_bochs();
}

static struct vm the_vm; /* of the child */

/* A guest that hangs fails its own case; the second alarm means that a vCPU does not come out. */
static void on_alarm(int signal)
{
	(void)signal;
	if (the_vm.timed_out) {
		if (!*the_vm.res->error)
			strcpy(the_vm.res->error, "timed out, and KVM_RUN does not end");
		_exit(1);
	}
	the_vm.timed_out = 1;
	for (unsigned int i = 0; i < the_vm.nr_vcpus; i++) {
		if (the_vm.vcpu[i].run)
			the_vm.vcpu[i].run->immediate_exit = 1;
		if (the_vm.vcpu[i].thread)
			vm_kick(&the_vm.vcpu[i]);
	}
	alarm(3);
}

static void on_kick(int signal)
{
	(void)signal;
}

static void child(const struct test_case *tc, u32 engine, u32 variant)
{
	struct vm *vm = &the_vm;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	vm->tc = tc;
	vm->res = results[engine];
	vm->host = &host;
	vm->engine = engine;
	vm->variant = variant;
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_kick }, NULL);
	vm_create(vm);
	guest_load(vm);
	if (tc->mode == START_PROTECTED)
		guest_load32(vm);
	memcpy(vm->ram + PA_USER + tc->user_offset, tc->user.start, tc->user.end - tc->user.start);
	if (tc->kernel.start)
		memcpy(vm->ram + PA_ENTRY, tc->kernel.start, tc->kernel.end - tc->kernel.start);
	if (tc->int80)
		guest_action(vm, 0x80,
			     kernel_at(tc, tc->int80) -
				     (tc->mode == START_PROTECTED ? KERNEL_BASE : 0));
	alarm(tc->seconds ?: SECONDS);
	if (!tc->cold)
		vm_warm(vm);
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		vm_start_state(vm, i);
	if (tc->setup)
		tc->setup(vm);
	if (!tc->attach_late)
		audit_attach(vm);
	vm_run(vm);
	if (tc->after)
		tc->after(vm);
	audit_detach(vm);
	audit_drain(vm);
	fflush(stdout);
	_exit(0);
}

static u64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

/* The child's result is in results[engine] afterwards, whatever becomes of it. */
static void run(const struct test_case *tc, u32 engine, u32 variant)
{
	u64 end = now_ms() + 1000 * ((tc->seconds ?: SECONDS) + 10);
	struct result *res = results[engine];
	int status;
	pid_t pid;

	/* Fresh zero pages. */
	if (madvise(res, sizeof(*res), MADV_REMOVE))
		memset(res, 0, sizeof(*res));
	fflush(stdout);
	pid = fork();
	if (!pid)
		child(tc, engine, variant);
	while (pid > 0 && waitpid(pid, &status, WNOHANG) == 0) {
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
		if (now_ms() > end) {
			kill(pid, SIGKILL);
			strcpy(res->error, "the process that ran it could not be ended");
			if (now_ms() > end + 5000)
				return;
		}
	}
	if (pid < 0)
		snprintf(res->error, sizeof(res->error), "fork: %s", strerror(errno));
	else if (WIFSIGNALED(status) && !*res->error)
		snprintf(res->error, sizeof(res->error), "the process that ran it got signal %d",
			 WTERMSIG(status));
	else if (WEXITSTATUS(status) && !*res->error)
		strcpy(res->error, "failed without a reason");
	if (*res->error && engine)
		audit_sweep();
}

static void expect_from(struct expect *x, const struct test_case *tc)
{
	memset(x, 0, offsetof(struct expect, record));
	memset(x->nr_frames, 0, sizeof(*x) - offsetof(struct expect, nr_frames));
	x->tc = tc;
	x->host = &host;
	x->ref = results[0];
	if (tc->expect)
		tc->expect(x);
}

static const char *reason_not_here(const struct test_case *tc, u32 engine)
{
	if (tc->la57 && !host.la57)
		return "the CPU has no five-level paging";
	return tc->not_here ? tc->not_here(&host, engine) : NULL;
}

static unsigned int judge(const struct expect *x, u32 engine, unsigned int lines)
{
	return engine ? judge_traced(x, results[0], results[engine], engine, lines) :
			judge_reference(x, results[0], lines);
}

static void case_run(const struct test_case *tc, enum verdict verdict[NR_ENGINES])
{
	static struct expect x;
	u64 start = now_ms();

	printf("%-26s", tc->name);
	fflush(stdout);
	for (u32 engine = 0; engine < NR_ENGINES; engine++) {
		const char *reason = reason_not_here(tc, engine);
		unsigned int faults, variants;

		verdict[engine] = NOT_RUN;
		if (engine && only_engine != ~0u && engine != only_engine)
			continue;
		if (engine && verdict[0] == NOT_HERE)
			reason = "see untraced";
		if (reason) {
			verdict[engine] = NOT_HERE;
			printf("    %s N-A: %s", engine_name[engine], reason);
			continue;
		}
		variants = engine && tc->variants ? tc->variants : 1;
		for (u32 variant = 0; variant < variants; variant++) {
			run(tc, engine, variant);
			if (!engine)
				expect_from(&x, tc);
			/* Quietly at first: the verdict stands in front of its reasons. */
			faults = judge(&x, engine, 0);
			if (!faults && variant + 1 < variants)
				continue;
			verdict[engine] = faults ? FAIL : PASS;
			printf("    %s %s", engine_name[engine], verdict_name[verdict[engine]]);
			if (!faults)
				break;
			if (variants > 1)
				printf(" (variant %u)", variant);
			putchar('\n');
			judge(&x, engine, detail);
			if (faults > detail)
				printf("      and %u more\n", faults - detail);
			printf("%-26s", "");
			break;
		}
	}
	printf("    (%lu ms)\n", now_ms() - start);
}

static int matrix(const char *only)
{
	unsigned int count[NR_ENGINES][NR_VERDICTS] = { 0 };
	unsigned int cases = 0, failed = 0;

	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
		for (const struct test_case *tc = tables[t]; tc->name; tc++) {
			enum verdict v[NR_ENGINES];

			if (only && fnmatch(only, tc->name, 0))
				continue;
			case_run(tc, v);
			cases++;
			for (u32 e = 0; e < NR_ENGINES; e++) {
				count[e][v[e]]++;
				failed += v[e] == FAIL;
			}
			if (failed && !keep_going)
				break;
		}
	printf("%s:", host.vendor == SCAUDIT_VENDOR_AMD ? "AMD" : "Intel");
	printf(" %u cases", cases);
	for (u32 e = 0; e < NR_ENGINES; e++)
		printf("; %s: %u pass, %u fail, %u n-a", engine_name[e], count[e][PASS],
		       count[e][FAIL], count[e][NOT_HERE]);
	putchar('\n');
	if (!cases)
		printf("no case is named %s\n", only);
	return failed || !cases;
}

static int list(void)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
		for (const struct test_case *tc = tables[t]; tc->name; tc++)
			printf("%-26s %s\n", tc->name, tc->what);
	return 0;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: conformance [--case PATTERN] [--engine none|fault|pad] [-v] [--stop] | --list\n"
		"  Runs each case untraced and with each engine; status 0 if all is as it should be.\n"
		"  --engine E  untraced and E only\n"
		"  -v          all differences, not just the first %u\n"
		"  --stop      end after the first case that fails\n",
		detail);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "case", required_argument, NULL, 'c' },
		{ "engine", required_argument, NULL, 'e' },
		{ "stop", no_argument, NULL, 's' },
		{ 0 },
	};
	const char *only = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "v", options, NULL)) != -1) {
		switch (c) {
		case 'l':
			return list();
		case 'c':
			only = optarg;
			break;
		case 'e':
			if (!strcmp(optarg, "none"))
				only_engine = 0;
			else if (!strcmp(optarg, "fault"))
				only_engine = SCAUDIT_ENGINE_FAULT;
			else if (!strcmp(optarg, "pad"))
				only_engine = SCAUDIT_ENGINE_PAD;
			else
				return usage();
			break;
		case 'v':
			detail = 100000;
			break;
		case 's':
			keep_going = false;
			break;
		default:
			return usage();
		}
	}
	if (optind != argc)
		return usage();
	for (u32 e = 0; e < NR_ENGINES; e++) {
		results[e] = mmap(NULL, sizeof(**results), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (results[e] == MAP_FAILED) {
			perror("memory for results");
			return 1;
		}
	}
	host_look();
	if (only_engine)
		audit_keep();
	return matrix(only);
}
