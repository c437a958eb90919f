// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever a program can do to /dev/scaudit, at random. Runs on the emulated host:
 *
 *   devicefuzz SECONDS [SEED [ROUND]]
 *
 * A round is a process with a virtual machine or two of its own and a few threads that
 * open, attach, map, scribble, fork and close as chance will have it; it ends by itself or
 * is killed in the middle. Beside it lives a neighbour, a process whose virtual machine is
 * attacked too but whose guest must never notice. After each round what it left is taken
 * over and drained, no audit may remain, and the neighbour's guest must run and be right.
 *
 * The seed is printed, and given again repeats the same decisions (not the same timing);
 * with ROUND only that round is run, again and again. Whether the kernel complained is for
 * the caller to see. Exit status 0 if nothing was wrong, 1 if something was, 2 for usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"
#include "fuzzround.h"
#include "tinyvm.h"

#define PAGE 4096UL
#define NEIGHBOUR_VCPUS 2
#define PATIENCE_S (60.0 * slow) /* nothing takes longer, however busy the machine is */

static bool failed;
static unsigned int slow = 1; /* how much slower than usual this host is: LAB_SLOW */

static void bad(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("NOT OK: ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
	failed = true;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* ---- the neighbour ---- */

struct neighbour {
	struct tinyvm_progress progress;
	int its_fd; /* of the VM, in its process; -1: not yet */
};

/* The one is attacked; the other is audited by ourselves in half of the rounds. */
enum {
	ATTACKED,
	KEPT,
	NEIGHBOURS
};

static struct neighbour *neighbours; /* shared with their processes */
static pid_t neighbour_pid[NEIGHBOURS];
static int neighbour_vm[NEIGHBOURS]; /* descriptors of ours */

static void ignore(int signal)
{
	(void)signal;
}

static void neighbour_main(struct neighbour *n)
{
	static struct tinyvm vm;
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	r = tinyvm_init(&vm, TINYVM_CALLS, NEIGHBOUR_VCPUS, &n->progress);
	vm.pause_us = 1000;
	if (!r)
		r = tinyvm_start(&vm);
	if (r) {
		bad("a neighbour has no VM: %s", strerror(-r));
		_exit(1);
	}
	__atomic_store_n(&n->its_fd, vm.fd, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

static void neighbour_start(unsigned int i)
{
	struct neighbour *n = &neighbours[i];
	double end = now() + PATIENCE_S;
	int pidfd;

	n->its_fd = -1;
	neighbour_pid[i] = fork();
	if (!neighbour_pid[i])
		neighbour_main(n);
	while (__atomic_load_n(&n->its_fd, __ATOMIC_ACQUIRE) < 0) {
		if (now() > end || waitpid(neighbour_pid[i], NULL, WNOHANG) == neighbour_pid[i]) {
			bad("a neighbour does not start");
			exit(1);
		}
		sleep_ms(10);
	}
	pidfd = syscall(SYS_pidfd_open, neighbour_pid[i], 0);
	neighbour_vm[i] = syscall(SYS_pidfd_getfd, pidfd, n->its_fd, 0);
	close(pidfd);
}

/* Nobody audits it: every vCPU must get on, and have made no mistake. */
static void neighbour_check(const struct neighbour *n, const char *when)
{
	double end = now() + PATIENCE_S;
	uint64_t before[NEIGHBOUR_VCPUS];
	unsigned int i;

	for (i = 0; i < NEIGHBOUR_VCPUS; i++)
		before[i] = __atomic_load_n(&n->progress.rounds[i], __ATOMIC_RELAXED);
	for (i = 0; i < NEIGHBOUR_VCPUS; i++) {
		while (__atomic_load_n(&n->progress.rounds[i], __ATOMIC_RELAXED) < before[i] + 2) {
			if (now() > end) {
				bad("%s: vCPU %u of a neighbour stands still", when, i);
				return;
			}
			sleep_ms(1);
		}
	}
	if (__atomic_load_n(&n->progress.wrong, __ATOMIC_RELAXED))
		bad("%s: a neighbour's guest went wrong (KVM exit %u)", when,
		    n->progress.exit_reason);
}

/* ---- what a round leaves ---- */

static int open_device(void)
{
	int fd = open(SCAUDIT_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror(SCAUDIT_DEVICE);
		exit(1);
	}
	return fd;
}

static unsigned int list_audits(struct scaudit_list_entry *entries, unsigned int capacity)
{
	struct scaudit_list list = { .entries = (uintptr_t)entries, .capacity = capacity };
	int fd = open_device();

	if (ioctl(fd, SCAUDIT_IOC_LIST, &list))
		bad("LIST: %s", strerror(errno));
	close(fd);
	return list.count;
}

/* What was recorded is read, as far as the consumer page makes sense. */
static void drain(int fd, const struct scaudit_adopt *adopt)
{
	unsigned int i;

	for (i = 0; i < adopt->nr_rings; i++) {
		off_t at = i * SCAUDIT_MMAP_STRIDE;
		struct scaudit_consumer *c =
			mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);
		struct scaudit_producer *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, at + PAGE);

		if (c == MAP_FAILED || p == MAP_FAILED) {
			/* A vCPU may have been made in a hole of the numbers. */
			if (errno != ENOENT)
				bad("mmap of ring %u of an adopted audit: %s", i, strerror(errno));
		} else if (p->bytes != adopt->ring_bytes) {
			bad("the producer page says %llu bytes, not %llu", p->bytes,
			    adopt->ring_bytes);
		} else {
			__atomic_store_n(&c->position, p->position, __ATOMIC_RELEASE);
		}
		if (c != MAP_FAILED)
			munmap(c, PAGE);
		if (p != MAP_FAILED)
			munmap(p, PAGE);
	}
}

static void take_over(const struct scaudit_list_entry *entry)
{
	struct scaudit_adopt adopt = { .on_full = ~0u,
				       .on_exit = SCAUDIT_EXIT_DETACH,
				       .max_stall_ns = ~0ULL };
	int fd = open_device();

	memcpy(adopt.session, entry->session, sizeof(adopt.session));
	if (!ioctl(fd, SCAUDIT_IOC_ADOPT, &adopt)) {
		if (ioctl(fd, SCAUDIT_IOC_DETACH))
			bad("DETACH of an adopted audit: %s", strerror(errno));
		drain(fd, &adopt);
	} else if (errno != ENOENT) {
		bad("ADOPT of '%.*s' (owner %u, state %u): %s", SCAUDIT_NAME_LEN, entry->name,
		    entry->owner_pid, entry->state, strerror(errno));
	}
	close(fd);
}

/* The round's processes are dead. */
static void clean_up(const char *when)
{
	static struct scaudit_list_entry entries[64];
	double end = now() + PATIENCE_S;
	unsigned int count, i;

	while ((count = list_audits(entries, 64))) {
		for (i = 0; i < count && i < 64; i++)
			take_over(&entries[i]);
		if (failed)
			return;
		if (now() > end) {
			bad("%s: %u audits remain; the first is '%.*s', owner %u, state %u", when,
			    count, SCAUDIT_NAME_LEN, entries[0].name, entries[0].owner_pid,
			    entries[0].state);
			return;
		}
		sleep_ms(1);
	}
}

/* ---- a well-behaved owner, who gets what it asks for ---- */

/* Return: a descriptor with a running audit, or -1. */
static int audit_start(int vm_fd, struct scaudit_adopt *rings)
{
	struct scaudit_attach attach = { .vm_fd = vm_fd,
					 .ring_bytes = 1 << 16,
					 .on_full = SCAUDIT_FULL_DROP,
					 .name = "good" };
	int fd = open_device();

	if (ioctl(fd, SCAUDIT_IOC_ATTACH, &attach) || ioctl(fd, SCAUDIT_IOC_RUN)) {
		bad("the device is of no use any more: %s", strerror(errno));
		close(fd);
		return -1;
	}
	rings->ring_bytes = attach.ring_bytes;
	rings->nr_rings = attach.nr_rings;
	return fd;
}

static void audit_end(int fd, const struct scaudit_adopt *rings)
{
	struct scaudit_status status = { 0 };
	double end = now() + PATIENCE_S;

	for (;;) {
		if (ioctl(fd, SCAUDIT_IOC_STATUS, &status))
			bad("STATUS: %s", strerror(errno));
		if (status.entries || now() > end)
			break;
		sleep_ms(1);
	}
	if (!status.entries)
		bad("nothing is recorded any more");
	if (ioctl(fd, SCAUDIT_IOC_DETACH))
		bad("DETACH: %s", strerror(errno));
	drain(fd, rings);
	close(fd);
}

/* After all that, the device works, and a guest that was attacked can be recorded. */
static void final_check(void)
{
	struct scaudit_adopt rings;
	int fd = audit_start(neighbour_vm[ATTACKED], &rings);

	if (fd < 0)
		return;
	audit_end(fd, &rings);
	if (list_audits(NULL, 0))
		bad("an audit that was detached and drained is still there");
	neighbour_check(&neighbours[ATTACKED], "at the end");
}

/* ---- rounds ---- */

static struct fuzz_tally *tally;

/* A fuzzer that never gets past the first check finds nothing. */
static void tally_check(unsigned int rounds)
{
	const struct fuzz_tally *t = tally;

	printf("attached %lu, ran %lu, detached %lu, adopted %lu, mapped %lu, other requests %lu; "
	       "refused %lu; up to %lu events in an audit\n",
	       t->attached, t->ran, t->detached, t->adopted, t->mapped, t->requests, t->refused,
	       t->events);
	if (rounds >= 20 && (!t->attached || !t->ran || !t->detached || !t->adopted || !t->mapped ||
			     !t->requests || !t->refused || !t->events))
		bad("something never happened: the rounds are too tame, or too few");
}

static void show_stacks(pid_t pid)
{
	char command[128];

	snprintf(command, sizeof(command), "grep -H . /proc/%d/task/*/stack | head -n 60", pid);
	fflush(stdout);
	if (system(command))
		printf("(no stack of %d)\n", pid);
}

static void run_round(unsigned long seed, unsigned int round)
{
	struct fuzz_rng rng = fuzz_rng_make(seed, round, 0);
	/* Half of them are killed, at any time. */
	long life = fuzz_below(&rng, 2) ? 20000 : (long)fuzz_below(&rng, 4000);
	bool alone = fuzz_below(&rng, 2);
	double end = now() + slow * life / 1000.0;
	struct scaudit_adopt rings;
	bool killed = false;
	int kept = -1;
	unsigned int i;
	char when[48];
	pid_t child;

	snprintf(when, sizeof(when), "round %u", round);
	/* With an audit beside it KVM stays hooked, and the round gets further. */
	if (!alone)
		kept = audit_start(neighbour_vm[KEPT], &rings);
	child = fork();
	if (!child) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fuzz_round(seed, round, slow, neighbour_vm[ATTACKED], tally);
		_exit(0);
	}
	setpgid(child, child);
	/* It and its children, which are ours when it is dead: the group is empty in the end. */
	for (;;) {
		pid_t pid = waitpid(-child, NULL, WNOHANG);

		if (pid < 0)
			break;
		if (!killed && (pid == child || now() > end)) {
			kill(-child, SIGKILL);
			killed = true;
			end = now() + PATIENCE_S;
		} else if (killed && now() > end) {
			bad("%s: process %d, or one of its group, cannot be killed", when, child);
			show_stacks(child);
			exit(1);
		}
		if (!pid)
			sleep_ms(1);
	}
	if (kept >= 0)
		audit_end(kept, &rings);
	clean_up(when);
	for (i = 0; i < NEIGHBOURS && !failed; i++)
		neighbour_check(&neighbours[i], when);
}

int main(int argc, char **argv)
{
	unsigned long seed = time(NULL);
	unsigned int round = 0, rounds = 0;
	bool same = argc > 3;
	unsigned int i;
	double end;

	if (argc < 2 || argc > 4) {
		fprintf(stderr, "usage: devicefuzz SECONDS [SEED [ROUND]]\n");
		return 2;
	}
	if (argc > 2)
		seed = strtoul(argv[2], NULL, 0);
	if (same)
		round = strtoul(argv[3], NULL, 0);
	if (getenv("LAB_SLOW"))
		slow = strtoul(getenv("LAB_SLOW"), NULL, 0);
	printf("seed %lu\n", seed);
	fflush(stdout);
	signal(SIGUSR1, ignore);
	signal(SIGPIPE, SIG_IGN);
	/* Orphans of the rounds come to us, and can be waited for. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	neighbours = mmap(NULL, NEIGHBOURS * sizeof(*neighbours), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED || neighbours == MAP_FAILED)
		return 1;
	for (i = 0; i < NEIGHBOURS; i++) {
		neighbour_start(i);
		neighbour_check(&neighbours[i], "at the beginning");
	}
	end = now() + strtod(argv[1], NULL);
	while (now() < end && !failed) {
		run_round(seed, round);
		round += !same;
		rounds++;
	}
	if (!failed)
		final_check();
	if (!failed)
		tally_check(rounds);
	printf("%u rounds, seed %lu: %s\n", rounds, seed, failed ? "NOT OK" : "ok");
	for (i = 0; i < NEIGHBOURS; i++)
		kill(neighbour_pid[i], SIGKILL);
	return failed;
}
