// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/scaudit against an owner that errs, lies or scribbles (schema/abi.h says
 * what each request must answer). Runs on the emulated host beside a guest that
 * makes system calls all the time:
 *
 *   devicetest PID-OF-QEMU PID-OF-ANOTHER-QEMU
 *
 * One line a case; exit status 0 if all are as they should be. The guests have
 * one vCPU each, so that one ring has all the events.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"

#define PAGE 4096UL
#define RING (64UL << 10)

static unsigned int failures;

static void report(bool ok, const char *what, const char *detail)
{
	printf("%s: %s%s%s\n", ok ? "ok" : "NOT OK", what, *detail ? ": " : "", detail);
	fflush(stdout);
	failures += !ok;
}

/* A request must fail with this errno (0: succeed). */
static void expect(int fd, unsigned long request, void *arg, int error, const char *what)
{
	char detail[96] = "";
	int got = ioctl(fd, request, arg) < 0 ? errno : 0;

	if (got != error)
		snprintf(detail, sizeof(detail), "%s, not %s", strerror(got), strerror(error));
	report(got == error, what, detail);
}

static int open_device(void)
{
	int fd = open(SCAUDIT_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror(SCAUDIT_DEVICE);
		exit(1);
	}
	return fd;
}

/* A descriptor of our own for the VM of a QEMU process. */
static int vm_of(int pid)
{
	char path[64], target[64];
	struct dirent *entry;
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int fd = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (n > 0 && (target[n] = 0, !strcmp(target, "anon_inode:kvm-vm")))
			fd = syscall(SYS_pidfd_getfd, pidfd, atoi(entry->d_name), 0);
	}
	if (fd < 0) {
		fprintf(stderr, "no VM in process %d\n", pid);
		exit(1);
	}
	closedir(dir);
	close(pidfd);
	return fd;
}

static struct scaudit_attach good_attach(int vm, int pid)
{
	return (struct scaudit_attach){
		.vm_fd = vm,
		.ring_bytes = RING,
		.vm_pid = pid,
		.name = "devicetest",
		.on_full = SCAUDIT_FULL_DROP,
	};
}

static void test_bad_attach(int vm, int pid)
{
	struct scaudit_attach a;
	int pipes[2], fd = open_device();

#define BAD(change, error)                                                         \
	do {                                                                       \
		a = good_attach(vm, pid);                                          \
		change;                                                            \
		expect(fd, SCAUDIT_IOC_ATTACH, &a, error, "ATTACH with " #change); \
	} while (0)
	BAD(a.vm_fd = -1, EBADF);
	BAD(a.vm_fd = 9999, EBADF);
	if (pipe(pipes))
		exit(1);
	BAD(a.vm_fd = pipes[0], ENODEV);
	BAD(a.vm_fd = fd, ENODEV);
	BAD(a.engine = 7, EINVAL);
	BAD(a.on_full = 2, EINVAL);
	BAD(a.on_exit = ~0u, EINVAL);
	BAD(a.ring_bytes = 0, EINVAL);
	BAD(a.ring_bytes = 2048, EINVAL);
	BAD(a.ring_bytes = 5000, EINVAL);
	BAD(a.ring_bytes = 1ULL << 40, EINVAL);
	BAD(a.ident_wait_ms = ~0u, EINVAL);
	BAD(a.reserved = 1, EINVAL);
	BAD(memset(a.name, 'x', sizeof(a.name)), EINVAL);
#undef BAD
	expect(fd, SCAUDIT_IOC_ATTACH, NULL, EFAULT, "ATTACH with a null pointer");
	close(fd);
}

static void test_without_audit(void)
{
	int fd = open_device();
	struct scaudit_info info;
	struct scaudit_list list = { 0 };
	struct scaudit_adopt adopt = { .session = "no such session" };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char scratch[256] = { 0 };

	expect(fd, SCAUDIT_IOC_INFO, &info, 0, "INFO");
	report(info.abi_version == SCAUDIT_ABI_VERSION && info.engines, "INFO names an engine", "");
	expect(fd, SCAUDIT_IOC_INFO, (void *)8, EFAULT, "INFO with a bad pointer");
	expect(fd, SCAUDIT_IOC_LIST, &list, 0, "LIST with no room");
	list.capacity = 10;
	list.entries = 8;
	expect(fd, SCAUDIT_IOC_LIST, &list, list.count ? EFAULT : 0, "LIST with a bad array");
	expect(fd, SCAUDIT_IOC_ADOPT, &adopt, ENOENT, "ADOPT of an unknown session");
	adopt.on_full = 9;
	expect(fd, SCAUDIT_IOC_ADOPT, &adopt, EINVAL, "ADOPT with a bad on_full");
	expect(fd, SCAUDIT_IOC_RUN, NULL, EBADFD, "RUN without an audit");
	expect(fd, SCAUDIT_IOC_DETACH, NULL, EBADFD, "DETACH without an audit");
	expect(fd, SCAUDIT_IOC_STATUS, scratch, EBADFD, "STATUS without an audit");
	expect(fd, SCAUDIT_IOC_SET_IDENT, scratch, EBADFD, "SET_IDENT without an audit");
	expect(fd, SCAUDIT_IOC_SET_CAPTURE, scratch, EBADFD, "SET_CAPTURE without an audit");
	expect(fd, SCAUDIT_IOC_SET_FILTER, scratch, EBADFD, "SET_FILTER without an audit");
	expect(fd, SCAUDIT_IOC_READ, scratch, EBADFD, "READ without an audit");
	expect(fd, SCAUDIT_IOC_SLOTS, scratch, EBADFD, "SLOTS without an audit");
	expect(fd, SCAUDIT_IOC_TRANSLATE, scratch, EBADFD, "TRANSLATE without an audit");
	expect(fd, _IO('S', 0x7f), NULL, ENOTTY, "an unknown request");
	expect(fd, SCAUDIT_IOC_RUN + 0x100000, NULL, ENOTTY, "a request of another size");
	report(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EBADFD,
	       "mmap without an audit", "");
	report(poll(&p, 1, 0) == 1 && (p.revents & POLLERR), "poll without an audit", "");
	close(fd);
}

static int attach(int vm, int pid, unsigned int on_exit)
{
	struct scaudit_attach a = good_attach(vm, pid);
	int fd = open_device();

	a.on_exit = on_exit;
	if (ioctl(fd, SCAUDIT_IOC_ATTACH, &a)) {
		perror("ATTACH");
		exit(1);
	}
	if (a.nr_rings != 1) {
		fprintf(stderr, "the guest has %u vCPUs, not one\n", a.nr_rings);
		exit(1);
	}
	return fd;
}

static void test_attached(int vm, int pid)
{
	int fd = attach(vm, pid, SCAUDIT_EXIT_DETACH), other = open_device();
	struct scaudit_attach a = good_attach(vm, pid);
	struct scaudit_status status = { .vcpu = 4000000000u };
	struct scaudit_plan plan = { .task_pid = 1u << 20 };
	struct scaudit_translate tr = { .vcpu = 77 };
	struct scaudit_read read = { .gpa = 1ULL << 50, .length = PAGE };
	struct scaudit_slots slots = { 0 };
	static char buffer[2 * PAGE];
	char *m;

	expect(fd, SCAUDIT_IOC_ATTACH, &a, EALREADY, "ATTACH twice on a descriptor");
	expect(other, SCAUDIT_IOC_ATTACH, &a, EBUSY, "ATTACH of an audited VM");
	expect(fd, SCAUDIT_IOC_STATUS, &status, ENOENT, "STATUS of vCPU 4000000000");
	expect(fd, SCAUDIT_IOC_SET_IDENT, &plan, EINVAL, "SET_IDENT with a wild offset");
	plan = (struct scaudit_plan){ .flags = 0x80 };
	expect(fd, SCAUDIT_IOC_SET_IDENT, &plan, EINVAL, "SET_IDENT with an unknown flag");
	expect(fd, SCAUDIT_IOC_TRANSLATE, &tr, ENOENT, "TRANSLATE on vCPU 77");
	tr = (struct scaudit_translate){ .gva = 0xdead000000000000ULL };
	expect(fd, SCAUDIT_IOC_TRANSLATE, &tr, ENXIO, "TRANSLATE of an unmapped address");
	tr.flags = 2;
	expect(fd, SCAUDIT_IOC_TRANSLATE, &tr, EINVAL, "TRANSLATE with flags set");
	expect(fd, SCAUDIT_IOC_READ, &read, ENXIO, "READ where there is no memory");
	read = (struct scaudit_read){ .length = 1ULL << 40 };
	expect(fd, SCAUDIT_IOC_READ, &read, EINVAL, "READ of a terabyte");
	read = (struct scaudit_read){ .gpa = ~0ULL - 10, .length = PAGE };
	expect(fd, SCAUDIT_IOC_READ, &read, EINVAL, "READ around the end of the address space");
	read = (struct scaudit_read){ .gpa = 0x100000, .length = PAGE, .buffer = 8 };
	expect(fd, SCAUDIT_IOC_READ, &read, EFAULT, "READ into a bad buffer");
	read = (struct scaudit_read){ .gpa = 0x100f00,
				      .length = PAGE,
				      .buffer = (unsigned long)buffer };
	expect(fd, SCAUDIT_IOC_READ, &read, 0, "READ across a page");
	report(read.done == PAGE, "READ says how much", "");
	expect(fd, SCAUDIT_IOC_SLOTS, &slots, 0, "SLOTS with no room");
	report(slots.count > 0, "SLOTS counts", "");

	report(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE) == MAP_FAILED &&
		       errno == EPERM,
	       "mmap of the producer page for writing", "");
	report(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED &&
		       errno == EPERM,
	       "mmap of consumer and data for writing", "");
	report(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 1UL << 45) == MAP_FAILED,
	       "mmap of a vCPU that cannot be", "");
	report(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 900 * SCAUDIT_MMAP_STRIDE) ==
			       MAP_FAILED &&
		       errno == ENOENT,
	       "mmap of a vCPU that is not there", "");
	report(mmap(NULL, 3 * PAGE + 2 * RING, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED &&
		       errno == EINVAL,
	       "mmap past the end", "");
	m = mmap(NULL, PAGE + 2 * RING, PROT_READ, MAP_SHARED, fd, PAGE);
	report(m != MAP_FAILED, "mmap of producer and data", "");
	report(mprotect(m, PAGE, PROT_READ | PROT_WRITE) < 0 && errno == EACCES,
	       "mprotect of it to writable", "");
	munmap(m, PAGE + 2 * RING);

	close(fd); /* never ran: nothing is kept */
	expect(other, SCAUDIT_IOC_ATTACH, &a, 0, "ATTACH after the other one was closed");
	close(other);
}

struct ring {
	struct scaudit_consumer *consumer;
	const struct scaudit_producer *producer;
	const char *data;
};

static struct ring map_ring(int fd)
{
	struct ring r;
	char *m = mmap(NULL, PAGE + 2 * RING, PROT_READ, MAP_SHARED, fd, PAGE);

	r.consumer = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (m == MAP_FAILED || r.consumer == MAP_FAILED) {
		perror("mmap of a ring");
		exit(1);
	}
	r.producer = (void *)m;
	r.data = m + PAGE;
	return r;
}

static void unmap_ring(struct ring *r)
{
	munmap(r->consumer, PAGE);
	munmap((void *)r->producer, PAGE + 2 * RING);
}

static void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void test_capture(int vm, int pid)
{
	int fd = attach(vm, pid, SCAUDIT_EXIT_DETACH);
	const struct scaudit_capture_op good_op = { .kind = SCAUDIT_CAP_STRING,
						    .when = SCAUDIT_AT_ENTRY,
						    .cond_arg = 6,
						    .unit = 1 };
	const struct scaudit_capture_call good_call = { .nr = 257, .count = 1, .snaplen = ~0u };
	struct scaudit_capture_op op[2];
	struct scaudit_capture_call call;
	struct scaudit_capture c;

#define TRY(change, error)                                                              \
	do {                                                                            \
		op[0] = op[1] = good_op;                                                \
		call = good_call;                                                       \
		c = (struct scaudit_capture){ .ops = (unsigned long)op,                 \
					      .calls = (unsigned long)&call,            \
					      .nr_ops = 2,                              \
					      .nr_calls = 1,                            \
					      .snaplen = 256 };                         \
		change;                                                                 \
		expect(fd, SCAUDIT_IOC_SET_CAPTURE, &c, error, "SET_CAPTURE " #change); \
	} while (0)
	TRY(, 0);
	TRY(op->kind = 0, EINVAL);
	TRY(op->kind = 9, EINVAL);
	TRY(op->arg = 6, EINVAL);
	TRY(op->when = 0, EINVAL);
	TRY(op->when = 4, EINVAL);
	TRY(op->length = 5, EINVAL);
	TRY(op->length_arg = 6, EINVAL);
	TRY(op->flags = 8, EINVAL);
	TRY(op->cond_arg = 7, EINVAL);
	TRY(op->reserved = 1, EINVAL);
	TRY(op->unit = 0, EINVAL);
	TRY(op->unit = 65537, EINVAL);
	TRY(op->length = SCAUDIT_LEN_RET, EINVAL);
	TRY(op->length = SCAUDIT_LEN_LEAST, EINVAL);
	TRY(op->kind = SCAUDIT_CAP_EXEC, EINVAL);
	TRY(op->kind = SCAUDIT_CAP_IOCTL, EINVAL);
	TRY(op[1].kind = 77, EINVAL);
	TRY(call.nr = 1024, EINVAL);
	TRY(call.convention = 3, EINVAL);
	TRY(call.count = 129, EINVAL);
	TRY(call.count = 3, EINVAL);
	TRY(call.first = 2, EINVAL);
	TRY(call.first = 65535, EINVAL);
	TRY(call.snaplen = 65537, EINVAL);
	TRY(c.snaplen = 65537, EINVAL);
	TRY(c.reserved = 1, EINVAL);
	TRY(c.nr_ops = SCAUDIT_CAPTURE_OPS + 1, E2BIG);
	TRY(c.nr_calls = ~0u, E2BIG);
	TRY(c.ops = 8, EFAULT);
	TRY(c.calls = 8, EFAULT);
	TRY(c.nr_ops = c.nr_calls = 0, 0);
#undef TRY
	expect(fd, SCAUDIT_IOC_SET_CAPTURE, NULL, EFAULT, "SET_CAPTURE with a null pointer");
	close(fd);
}

static void test_filter(int vm, int pid)
{
	int fd = attach(vm, pid, SCAUDIT_EXIT_DETACH);
	struct scaudit_status status = { 0 };
	struct scaudit_filter_term term;
	struct scaudit_filter f;
	char detail[96];
	struct ring r;

#define TRY(change, error)                                                                       \
	do {                                                                                     \
		term = (struct scaudit_filter_term){ .kind = SCAUDIT_FILTER_COMM, .text = "x" }; \
		f = (struct scaudit_filter){ .terms = (unsigned long)&term, .nr_terms = 1 };     \
		change;                                                                          \
		expect(fd, SCAUDIT_IOC_SET_FILTER, &f, error, "SET_FILTER " #change);            \
	} while (0)
	TRY(, 0);
	TRY(term.kind = 0, EINVAL);
	TRY(term.kind = 5, EINVAL);
	TRY(term.skip = 2, EINVAL);
	TRY(term.reserved = 1, EINVAL);
	TRY(memset(term.text, 'x', sizeof(term.text)), EINVAL);
	TRY(f.others = 2, EINVAL);
	TRY(f.nr_terms = SCAUDIT_FILTER_TERMS + 1, EINVAL);
	TRY(f.nr_terms = ~0u, EINVAL);
	TRY(f.terms = 8, EFAULT);
	/* No number is let through: all is trap, nothing is event. */
	TRY(f.nr_terms = 0, 0);
	expect(fd, SCAUDIT_IOC_RUN, NULL, 0, "RUN with all calls left out");
	for (int i = 0; i < 1000 && status.skipped < 100 && !ioctl(fd, SCAUDIT_IOC_STATUS, &status);
	     i++)
		sleep_ms(10);
	/* Calls that were made before can return: one of each of the guest's few threads. */
	snprintf(detail, sizeof(detail), "%llu entries, %llu returns, %llu skipped",
		 (unsigned long long)status.entries, (unsigned long long)status.returns,
		 (unsigned long long)status.skipped);
	report(status.skipped >= 100 && status.entries == 0 && status.returns <= 16,
	       "all calls are left out, and counted", detail);
	TRY(memset(f.nr, 0xff, sizeof(f.nr)); f.nr_terms = 0, 0);
	for (int i = 0; i < 1000 && !status.entries && !ioctl(fd, SCAUDIT_IOC_STATUS, &status); i++)
		sleep_ms(10);
	report(status.entries > 0, "then none", "");
	expect(fd, SCAUDIT_IOC_DETACH, NULL, 0, "DETACH");
#undef TRY
	expect(fd, SCAUDIT_IOC_SET_FILTER, NULL, EFAULT, "SET_FILTER with a null pointer");
	r = map_ring(fd);
	r.consumer->position = r.producer->position;
	unmap_ring(&r);
	close(fd);
}

static void test_scribble(int vm, int pid)
{
	static const unsigned long wild[] = { ~0UL, 1, 1UL << 63, RING + 1, 0, 0x4141414141414141 };
	int fd = attach(vm, pid, SCAUDIT_EXIT_DETACH);
	struct scaudit_status status = { 0 };
	struct ring r = map_ring(fd);

	expect(fd, SCAUDIT_IOC_RUN, NULL, 0, "RUN");
	for (int i = 0; i < 600; i++) {
		unsigned long v = i % 2 ? wild[i / 2 % 6] : r.producer->position;

		__atomic_store_n(&r.consumer->position, v, __ATOMIC_RELEASE);
		memset(r.consumer->reserved, i, sizeof(r.consumer->reserved));
		sleep_ms(2);
	}
	expect(fd, SCAUDIT_IOC_STATUS, &status, 0, "STATUS after scribbling");
	report(status.entries > 0 && r.producer->position > 0,
	       "recording went on while the consumer page was scribbled on", "");
	expect(fd, SCAUDIT_IOC_DETACH, NULL, 0, "DETACH after scribbling");
	__atomic_store_n(&r.consumer->position, r.producer->position, __ATOMIC_RELEASE);
	unmap_ring(&r);
	close(fd);
}

/* Walk what is in the ring; the numbers must follow each other from *seq. */
static bool drain(struct ring *r, unsigned long *seq)
{
	unsigned long end = __atomic_load_n(&r->producer->position, __ATOMIC_ACQUIRE);
	unsigned long at = r->consumer->position;
	bool ok = true;

	while (at < end) {
		const struct scaudit_event *e = (const void *)(r->data + (at & (RING - 1)));

		ok = ok && e->size >= sizeof(*e) && e->size % 8 == 0 && e->seq == *seq + 1;
		*seq = e->seq;
		at += e->size;
	}
	__atomic_store_n(&r->consumer->position, at, __ATOMIC_RELEASE);
	return ok;
}

/* The owner dies; its orphan is found, adopted by another, and nothing is missing. */
static void test_orphan(int vm, int pid, unsigned int on_exit, const char *name)
{
	struct scaudit_adopt adopt = { .on_full = ~0u, .on_exit = ~0u, .max_stall_ns = ~0ULL };
	struct scaudit_list_entry entries[8];
	struct scaudit_list list = { .entries = (unsigned long)entries, .capacity = 8 };
	unsigned long seq = 0, before;
	char what[96];
	struct ring r;
	int fd, status;
	pid_t child = fork();

	if (!child) {
		fd = attach(vm, pid, on_exit);
		ioctl(fd, SCAUDIT_IOC_RUN);
		sleep_ms(100);
		raise(SIGKILL);
	}
	waitpid(child, &status, 0);
	sleep_ms(300);
	fd = open_device();
	expect(fd, SCAUDIT_IOC_LIST, &list, 0, "LIST");
	snprintf(what, sizeof(what), "an orphan (%s) is listed", name);
	report(list.count == 1 && entries[0].owner_pid == 0 && entries[0].vm_pid == (__u32)pid &&
		       entries[0].state == (on_exit == SCAUDIT_EXIT_HOLD ? SCAUDIT_STATE_RUNNING :
									   SCAUDIT_STATE_DETACHED),
	       what, "");
	memcpy(adopt.session, entries[0].session, sizeof(adopt.session));
	expect(fd, SCAUDIT_IOC_ADOPT, &adopt, 0, "ADOPT");
	r = map_ring(fd);
	snprintf(what, sizeof(what), "its ring (%s) is whole and numbered without holes", name);
	report(drain(&r, &seq) && seq > 0, what, "");
	before = seq;
	expect(fd, SCAUDIT_IOC_RUN, NULL, 0, "RUN after ADOPT");
	sleep_ms(100);
	expect(fd, SCAUDIT_IOC_DETACH, NULL, 0, "DETACH after ADOPT");
	snprintf(what, sizeof(what), "and goes on (%s) with the next number", name);
	report(drain(&r, &seq) && seq > before, what, "");
	unmap_ring(&r);
	close(fd);
	fd = open_device();
	expect(fd, SCAUDIT_IOC_LIST, &list, 0, "LIST");
	report(list.count == 0, "nothing is left of it", "");
	close(fd);
}

static void test_two(int vm, int pid, int vm2, int pid2)
{
	int a = attach(vm, pid, SCAUDIT_EXIT_DETACH), b = attach(vm2, pid2, SCAUDIT_EXIT_DETACH);
	struct scaudit_status status = { 0 };

	expect(a, SCAUDIT_IOC_RUN, NULL, 0, "RUN of one VM");
	sleep_ms(100);
	expect(b, SCAUDIT_IOC_STATUS, &status, 0, "STATUS of the other");
	report(status.entries == 0, "a VM that is not running yet records nothing", "");
	expect(b, SCAUDIT_IOC_RUN, NULL, 0, "RUN of the other");
	expect(a, SCAUDIT_IOC_DETACH, NULL, 0, "DETACH of the one");
	expect(a, SCAUDIT_IOC_RUN, NULL, 0, "RUN again");
	expect(a, SCAUDIT_IOC_DETACH, NULL, 0, "DETACH again");
	expect(a, SCAUDIT_IOC_DETACH, NULL, 0, "DETACH twice");
	expect(b, SCAUDIT_IOC_DETACH, NULL, 0, "DETACH of the other");
	struct ring r = map_ring(a);

	r.consumer->position = r.producer->position;
	unmap_ring(&r);
	r = map_ring(b);
	r.consumer->position = r.producer->position;
	unmap_ring(&r);
	close(a);
	close(b);
}

static void test_unprivileged(void)
{
	pid_t child = fork();
	int status;

	if (!child) {
		prctl(PR_CAPBSET_DROP, 21 /* CAP_SYS_ADMIN */);
		if (chmod(SCAUDIT_DEVICE, 0666) || setuid(65534))
			_exit(2);
		_exit(open(SCAUDIT_DEVICE, O_RDWR) < 0 && errno == EPERM ? 0 : 1);
	}
	waitpid(child, &status, 0);
	chmod(SCAUDIT_DEVICE, 0600);
	report(status == 0, "without CAP_SYS_ADMIN the device does not open, whatever its mode",
	       "");
}

int main(int argc, char **argv)
{
	int pid, pid2, vm, vm2;

	if (argc != 3) {
		fprintf(stderr, "usage: devicetest PID-OF-QEMU PID-OF-ANOTHER-QEMU\n");
		return 2;
	}
	pid = atoi(argv[1]);
	pid2 = atoi(argv[2]);
	vm = vm_of(pid);
	vm2 = vm_of(pid2);
	test_unprivileged();
	test_without_audit();
	test_bad_attach(vm, pid);
	test_attached(vm, pid);
	test_capture(vm, pid);
	test_filter(vm, pid);
	test_scribble(vm, pid);
	test_orphan(vm, pid, SCAUDIT_EXIT_DETACH, "detach");
	test_orphan(vm, pid, SCAUDIT_EXIT_HOLD, "hold");
	test_two(vm, pid, vm2, pid2);
	printf("%u failures\n", failures);
	return failures != 0;
}
