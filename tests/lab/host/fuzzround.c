// SPDX-License-Identifier: GPL-2.0-only
/*
 * One round of devicefuzz: threads that share a table of descriptors and a table of places
 * in memory, and do one random thing after another to them.
 *
 * Places are at fixed addresses in a range that is reserved, so that a thread that writes
 * where another has just unmapped meets a hole or another ring, never the heap.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"
#include "fuzzround.h"
#include "tinyvm.h"

#define PAGE 4096UL
#define DEVICES 6 /* descriptors of the device */
#define VMS 2 /* machines of the round's own */
#define PLACES 12
#define PLACE_BYTES (160UL << 20) /* more than the largest ring's mapping */
#define BUFFER_BYTES (64UL << 10)
#define THREADS_MAX 4

static int devices[DEVICES]; /* -1: none; raced for on purpose */
static bool bound[DEVICES]; /* it has an audit, as far as we know */
static struct tinyvm vms[VMS];
static struct tinyvm_progress progress[VMS];
static unsigned int nr_vms;
static int neighbour_fd;
static struct fuzz_tally *tally;
static uint8_t *places;
static uint8_t *hole; /* a page, the next one is not there */
static uint8_t *read_only;
static unsigned long round_seed;
static unsigned int round_number;
static volatile bool round_over;

/* ---- chance ---- */

struct fuzz_rng fuzz_rng_make(unsigned long seed, unsigned int round, unsigned int thread)
{
	struct fuzz_rng rng = { seed * 0x9e3779b97f4a7c15ULL ^ (uint64_t)round << 20 ^ thread };

	fuzz_next(&rng);
	return rng;
}

uint64_t fuzz_next(struct fuzz_rng *rng)
{
	uint64_t x = rng->state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

uint64_t fuzz_below(struct fuzz_rng *rng, uint64_t limit)
{
	return fuzz_next(rng) % limit;
}

static bool one_in(struct fuzz_rng *rng, unsigned int n)
{
	return fuzz_below(rng, n) == 0;
}

/* Numbers at which programs err. */
static uint64_t boundary(struct fuzz_rng *rng)
{
	static const uint64_t base[] = { 0,
					 1,
					 4096,
					 65536,
					 1ULL << 31,
					 1ULL << 32,
					 1ULL << 47,
					 1ULL << 63,
					 ~0ULL,
					 0xffffffff,
					 0xffff800000000000ULL,
					 SCAUDIT_MMAP_STRIDE,
					 TINYVM_MEMORY,
					 SCAUDIT_RING_MAX,
					 SCAUDIT_MAX_VCPUS };
	uint64_t value = base[fuzz_below(rng, sizeof(base) / sizeof(base[0]))];

	switch (fuzz_below(rng, 4)) {
	case 0:
		return value + fuzz_below(rng, 3) - 1;
	case 1:
		return fuzz_next(rng);
	case 2:
		return fuzz_below(rng, 64);
	default:
		return value;
	}
}

/* Change some words of a structure. */
static void mutate(struct fuzz_rng *rng, void *data, size_t bytes)
{
	unsigned int times = fuzz_below(rng, 3);

	while (times--) {
		uint64_t value = boundary(rng);
		size_t width = one_in(rng, 2) ? 4 : 8;

		if (bytes < width)
			width = 4;
		memcpy((uint8_t *)data + 4 * fuzz_below(rng, (bytes - width) / 4 + 1), &value,
		       width);
	}
}

/* ---- descriptors, memory ---- */

/* Rather one with an audit, or rather one without; most requests need the former. */
static unsigned int any_slot(struct fuzz_rng *rng, bool with)
{
	unsigned int slot = 0, tries = 3;

	do
		slot = fuzz_below(rng, DEVICES);
	while (__atomic_load_n(&bound[slot], __ATOMIC_RELAXED) != with && --tries);
	return slot;
}

static int any_device(struct fuzz_rng *rng)
{
	return __atomic_load_n(&devices[any_slot(rng, true)], __ATOMIC_RELAXED);
}

static void put_in_slot(unsigned int slot, int fd, bool has_audit)
{
	int old = __atomic_exchange_n(&devices[slot], fd, __ATOMIC_RELAXED);

	__atomic_store_n(&bound[slot], has_audit, __ATOMIC_RELAXED);
	if (old >= 0)
		close(old);
}

static uint8_t *any_place(struct fuzz_rng *rng)
{
	return places + fuzz_below(rng, PLACES) * PLACE_BYTES;
}

/* A pointer for a request: good as a rule, and BUFFER_BYTES long then. */
static void *pointer(struct fuzz_rng *rng, void *good)
{
	static uint8_t *const wrong[] = { NULL,
					  (uint8_t *)8,
					  (uint8_t *)-1UL,
					  (uint8_t *)0xffffffff81000000UL,
					  (uint8_t *)0xffff888000000000UL,
					  (uint8_t *)0x7ffffffff000UL };

	if (!one_in(rng, 12))
		return good;
	switch (fuzz_below(rng, 4)) {
	case 0:
		return hole + PAGE - fuzz_below(rng, 160);
	case 1:
		return read_only;
	case 2:
		return any_place(rng) + fuzz_below(rng, 4) * PAGE;
	default:
		return wrong[fuzz_below(rng, sizeof(wrong) / sizeof(wrong[0]))];
	}
}

static int any_vm(struct fuzz_rng *rng)
{
	unsigned int i = fuzz_below(rng, nr_vms + 1);

	return i < nr_vms ? vms[i].fd : neighbour_fd;
}

/* ---- requests ---- */

static void count(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static bool request(int fd, unsigned long number, void *arg, uint64_t *success)
{
	bool ok = ioctl(fd, number, arg) == 0;

	count(ok ? success : &tally->refused);
	return ok;
}

static uint64_t ring_bytes(struct fuzz_rng *rng)
{
	if (one_in(rng, 60))
		return SCAUDIT_RING_MAX;
	return SCAUDIT_RING_MIN << fuzz_below(rng, 7);
}

static void do_attach(struct fuzz_rng *rng)
{
	unsigned int slot = any_slot(rng, false);
	struct scaudit_attach a = {
		.vm_fd = any_vm(rng),
		.engine = fuzz_below(rng, 3),
		.on_full = fuzz_below(rng, 2),
		.on_exit = fuzz_below(rng, 2),
		.ring_bytes = ring_bytes(rng),
		.max_stall_ns = one_in(rng, 2) ? 0 : fuzz_below(rng, 100000000),
		.vm_pid = getpid(),
		.ident_wait_ms = one_in(rng, 10) ? 60000 : fuzz_below(rng, 20),
		.name = "fuzz",
	};

	if (one_in(rng, 4))
		mutate(rng, &a, sizeof(a));
	if (request(devices[slot], SCAUDIT_IOC_ATTACH, pointer(rng, &a), &tally->attached))
		bound[slot] = true;
}

static void do_adopt(struct fuzz_rng *rng)
{
	unsigned int slot = any_slot(rng, false);
	int fd = devices[slot];
	static __thread struct scaudit_list_entry entries[16];
	struct scaudit_list list = { .entries = (uintptr_t)entries, .capacity = 16 };
	struct scaudit_adopt a = { .on_full = ~0u, .on_exit = ~0u, .max_stall_ns = ~0ULL };

	if (one_in(rng, 4))
		mutate(rng, &list, sizeof(list));
	if (!request(fd, SCAUDIT_IOC_LIST, pointer(rng, &list), &tally->requests) || !list.count)
		return;
	memcpy(a.session, entries[fuzz_below(rng, list.count < 16 ? list.count : 16)].session,
	       sizeof(a.session));
	if (one_in(rng, 3))
		mutate(rng, &a, sizeof(a));
	if (request(fd, SCAUDIT_IOC_ADOPT, pointer(rng, &a), &tally->adopted))
		bound[slot] = true;
}

/* An owner that goes away in the middle of recording, soon or late. */
static void do_orphan(struct fuzz_rng *rng)
{
	struct scaudit_attach a = {
		.vm_fd = any_vm(rng),
		.on_full = fuzz_below(rng, 2),
		.on_exit = fuzz_below(rng, 2),
		.ring_bytes = ring_bytes(rng),
		.vm_pid = getpid(),
		.name = "orphan",
	};
	struct timespec moment = { .tv_nsec = fuzz_below(rng, 30000000) };
	int fd = open(SCAUDIT_DEVICE, O_RDWR);

	if (request(fd, SCAUDIT_IOC_ATTACH, &a, &tally->attached)) {
		request(fd, SCAUDIT_IOC_RUN, NULL, &tally->ran);
		nanosleep(&moment, NULL);
	}
	close(fd);
}

static void do_ident(struct fuzz_rng *rng, int fd)
{
	struct scaudit_plan plan = {
		.lstar = one_in(rng, 2) ? 0 : 0xffff800000009000ULL,
		.current_off = fuzz_below(rng, TINYVM_MEMORY),
		.flags = fuzz_below(rng, 4),
		.task_pid = fuzz_below(rng, 4096),
		.task_tgid = fuzz_below(rng, 4096),
		.task_comm = fuzz_below(rng, 65536),
		.task_start = one_in(rng, 4) ? SCAUDIT_NO_FIELD : fuzz_below(rng, 8192),
		.task_parent = fuzz_below(rng, 8192),
		.task_cred = fuzz_below(rng, 8192),
		.cred_uid = fuzz_below(rng, 256),
		.gdt_entry = fuzz_below(rng, 32),
		.cred_gid = fuzz_below(rng, 256),
		.task_cgroups = fuzz_below(rng, 8192),
		.set_cgroup = fuzz_below(rng, 4096),
		.cgroup_node = fuzz_below(rng, 4096),
		.node_parent = fuzz_below(rng, 64),
		.node_name = fuzz_below(rng, 64),
	};

	if (one_in(rng, 2))
		mutate(rng, &plan, sizeof(plan));
	request(fd, SCAUDIT_IOC_SET_IDENT, pointer(rng, &plan), &tally->requests);
}

static void do_returns(struct fuzz_rng *rng, int fd)
{
	struct scaudit_returns r = { .mode = fuzz_below(rng, 3) };

	r.nr_64[0] = fuzz_next(rng);
	if (one_in(rng, 4))
		mutate(rng, &r, sizeof(r));
	request(fd, SCAUDIT_IOC_SET_RETURNS, pointer(rng, &r), &tally->requests);
}

/* Operations that could be meant so, for every call that the small guests make, and others. */
static void do_capture(struct fuzz_rng *rng, int fd)
{
	static __thread struct scaudit_capture_op ops[200];
	static __thread struct scaudit_capture_call calls[300];
	struct scaudit_capture c = { .ops = (uintptr_t)pointer(rng, ops),
				     .calls = (uintptr_t)pointer(rng, calls),
				     .nr_ops = fuzz_below(rng, 201),
				     .nr_calls = fuzz_below(rng, 301),
				     .snaplen = fuzz_below(rng, SCAUDIT_SNAPLEN_MAX + 1) };
	unsigned int i;

	for (i = 0; i < c.nr_ops; i++) {
		ops[i] = (struct scaudit_capture_op){
			.kind = 1 + fuzz_below(rng, 8),
			.arg = fuzz_below(rng, 6),
			.when = 1 + fuzz_below(rng, 3),
			.length = fuzz_below(rng, 5),
			.length_arg = fuzz_below(rng, 6),
			.flags = fuzz_below(rng, 8),
			.cond_arg = fuzz_below(rng, 7),
			.unit = one_in(rng, 2) ? 1 : 1 + fuzz_below(rng, 65536),
			.cond_mask = one_in(rng, 2) ? 0 : fuzz_below(rng, 4),
		};
		/* What is refused anyway is tried below. */
		if (ops[i].length == SCAUDIT_LEN_RET || ops[i].length == SCAUDIT_LEN_LEAST ||
		    ops[i].kind == SCAUDIT_CAP_EXEC)
			ops[i].when = SCAUDIT_AT_RETURN;
		if (ops[i].kind == SCAUDIT_CAP_IOCTL && ops[i].cond_arg > 5)
			ops[i].cond_arg = 0;
	}
	for (i = 0; i < c.nr_calls; i++) {
		unsigned int first = c.nr_ops ? fuzz_below(rng, c.nr_ops) : 0;
		unsigned int most = c.nr_ops - first > 128 ? 128 : c.nr_ops - first;

		calls[i] = (struct scaudit_capture_call){
			.nr = i < 256 ? i : fuzz_below(rng, 1024),
			.first = first,
			.count = fuzz_below(rng, most + 1),
			.convention = fuzz_below(rng, 3),
			.snaplen = one_in(rng, 2) ? ~0u : fuzz_below(rng, 65537),
		};
	}
	if (one_in(rng, 4))
		mutate(rng, &c, sizeof(c));
	if (one_in(rng, 4))
		mutate(rng, ops, sizeof(ops));
	if (one_in(rng, 4))
		mutate(rng, calls, sizeof(calls));
	request(fd, SCAUDIT_IOC_SET_CAPTURE, pointer(rng, &c), &tally->requests);
}

static void do_filter(struct fuzz_rng *rng, int fd)
{
	static __thread struct scaudit_filter_term terms[SCAUDIT_FILTER_TERMS + 1];
	struct scaudit_filter f = { .terms = (uintptr_t)pointer(rng, terms),
				    .nr_terms = fuzz_below(rng, 6),
				    .others = fuzz_below(rng, 2) };
	unsigned int i;

	for (i = 0; i < SCAUDIT_FILTER_TERMS; i++)
		terms[i] = (struct scaudit_filter_term){ .kind = 1 + fuzz_below(rng, 4),
							 .skip = fuzz_below(rng, 2),
							 .number = fuzz_below(rng, 3) };
	if (one_in(rng, 2))
		memset(f.nr, 0xff, sizeof(f.nr));
	else
		f.nr[fuzz_below(rng, 3)][fuzz_below(rng, 16)] = fuzz_next(rng);
	if (one_in(rng, 4))
		mutate(rng, &f, sizeof(f));
	if (one_in(rng, 4))
		mutate(rng, terms, sizeof(terms));
	request(fd, SCAUDIT_IOC_SET_FILTER, pointer(rng, &f), &tally->requests);
}

static void do_look(struct fuzz_rng *rng, int fd, uint8_t *buffer)
{
	struct scaudit_status status = { .vcpu = fuzz_below(rng, 4) };
	struct scaudit_slots slots = { .slots = (uintptr_t)pointer(rng, buffer),
				       .capacity = fuzz_below(rng, 64) };
	struct scaudit_translate tr = { .gva = one_in(rng, 2) ? 0 : fuzz_below(rng, TINYVM_MEMORY),
					.vcpu = fuzz_below(rng, 4) };
	struct scaudit_read read = { .gpa = fuzz_below(rng, TINYVM_MEMORY),
				     .buffer = (uintptr_t)pointer(rng, buffer),
				     .length = fuzz_below(rng, BUFFER_BYTES) };
	struct scaudit_info info;
	void *where;

	switch (fuzz_below(rng, 5)) {
	case 0:
		mutate(rng, &status, sizeof(status));
		where = pointer(rng, &status);
		if (request(fd, SCAUDIT_IOC_STATUS, where, &tally->requests) && where == &status &&
		    status.next_seq - 1 > __atomic_load_n(&tally->events, __ATOMIC_RELAXED))
			__atomic_store_n(&tally->events, status.next_seq - 1, __ATOMIC_RELAXED);
		break;
	case 1:
		if (one_in(rng, 3))
			slots.capacity = boundary(rng);
		request(fd, SCAUDIT_IOC_SLOTS, pointer(rng, &slots), &tally->requests);
		break;
	case 2:
		mutate(rng, &tr, sizeof(tr));
		request(fd, SCAUDIT_IOC_TRANSLATE, pointer(rng, &tr), &tally->requests);
		break;
	case 3:
		if (one_in(rng, 4))
			read.gpa = boundary(rng);
		if (one_in(rng, 8))
			read.length = boundary(rng);
		/* Never more than there is room for, wherever the pointer leads. */
		if (read.length > BUFFER_BYTES && read.buffer == (uintptr_t)buffer)
			read.buffer = (uintptr_t)hole;
		request(fd, SCAUDIT_IOC_READ, pointer(rng, &read), &tally->requests);
		break;
	default:
		request(fd, SCAUDIT_IOC_INFO, pointer(rng, &info), &tally->requests);
	}
}

/* Any number, with a structure of random words behind it. */
static void do_any_request(struct fuzz_rng *rng, int fd, uint8_t *buffer)
{
	unsigned long number = fuzz_next(rng);
	unsigned int i;

	if (one_in(rng, 2))
		number = _IOC(fuzz_below(rng, 4), 'S', fuzz_below(rng, 16), fuzz_below(rng, 300));
	/* A request of these may be good, and writes what it says it does. */
	for (i = 0; i < 64; i++)
		((uint64_t *)buffer)[i] = one_in(rng, 2) ? boundary(rng) : (uintptr_t)hole;
	ioctl(fd, number, pointer(rng, buffer));
}

/* ---- memory ---- */

static void do_map(struct fuzz_rng *rng, int fd)
{
	uint64_t offset = one_in(rng, 3) ? fuzz_below(rng, 3) * SCAUDIT_MMAP_STRIDE : 0;
	size_t length = PAGE;
	int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED;

	switch (fuzz_below(rng, 4)) {
	case 0: /* as it should be: the consumer page */
		break;
	case 1: /* producer and data */
		offset += PAGE;
		prot = PROT_READ;
		length = PAGE + 2 * ring_bytes(rng);
		break;
	default:
		offset += PAGE * fuzz_below(rng, 40);
		if (one_in(rng, 4))
			offset = boundary(rng) & ~(PAGE - 1);
		length = 1 + fuzz_below(rng, 40 * PAGE);
		prot = fuzz_below(rng, 8);
		flags = one_in(rng, 2) ? MAP_PRIVATE : MAP_SHARED;
		if (one_in(rng, 4))
			flags |= MAP_POPULATE;
		if (one_in(rng, 8))
			flags |= MAP_LOCKED;
	}
	if (length > PLACE_BYTES)
		length = PLACE_BYTES;
	if (mmap(any_place(rng), length, prot, flags | MAP_FIXED, fd, offset) != MAP_FAILED)
		count(&tally->mapped);
}

static void do_unmap(struct fuzz_rng *rng, uint8_t *place)
{
	/* In one step, so that nothing else comes to lie there. */
	mmap(place + PAGE * fuzz_below(rng, 3), PAGE * (1 + fuzz_below(rng, 64)), PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

static void do_remap(struct fuzz_rng *rng, uint8_t *place)
{
	static const int advices[] = { MADV_DONTNEED,	   MADV_REMOVE,	       MADV_DONTFORK,
				       MADV_DOFORK,	   MADV_WILLNEED,      MADV_FREE,
				       MADV_MERGEABLE,	   MADV_COLD,	       MADV_PAGEOUT,
				       MADV_POPULATE_READ, MADV_POPULATE_WRITE };
	size_t length = PAGE * (1 + fuzz_below(rng, 8));

	switch (fuzz_below(rng, 5)) {
	case 0:
	case 1:
		mprotect(place, length, fuzz_below(rng, 8));
		break;
	case 2:
		mremap(place, length, PAGE * (1 + fuzz_below(rng, 300)),
		       MREMAP_MAYMOVE | MREMAP_FIXED, any_place(rng));
		break;
	case 3:
		madvise(place, length, advices[fuzz_below(rng, sizeof(advices) / sizeof(int))]);
		break;
	default:
		msync(place, length, MS_SYNC);
		mlock(place, length);
		munlock(place, length);
	}
}

static __thread sigjmp_buf *fault_return;

static void on_fault(int signal)
{
	if (fault_return)
		siglongjmp(*fault_return, 1);
	_exit(128 + signal);
}

/* A place is taken for a ring's first page, whatever it is. */
static void do_scribble(struct fuzz_rng *rng, uint8_t *place)
{
	struct scaudit_consumer *c = (void *)place;
	unsigned int times = 1 + fuzz_below(rng, 20);
	sigjmp_buf back;

	fault_return = &back;
	if (!sigsetjmp(back, 1)) {
		while (times--) {
			uint64_t value = boundary(rng);

			if (one_in(rng, 3))
				value = __atomic_load_n(&c->position, __ATOMIC_RELAXED) +
					8 * fuzz_below(rng, 200);
			__atomic_store_n(&c->position, value, __ATOMIC_RELEASE);
			c->reserved[fuzz_below(rng, 511)] = value;
		}
	}
	fault_return = NULL;
}

/* Events that are there, as far as they make sense. */
static void do_walk(struct fuzz_rng *rng, const uint8_t *place)
{
	const struct scaudit_event *e = (const void *)(place + PAGE);
	unsigned int i;
	sigjmp_buf back;

	fault_return = &back;
	if (!sigsetjmp(back, 1)) {
		for (i = 0; i < 1000 && e->size >= sizeof(*e) && e->size <= SCAUDIT_EVENT_MAX; i++)
			e = (const void *)((const uint8_t *)e + e->size);
	}
	fault_return = NULL;
	fuzz_next(rng);
}

/* ---- files ---- */

static void do_file(struct fuzz_rng *rng, int fd, uint8_t *buffer)
{
	struct pollfd p = { .fd = fd, .events = fuzz_next(rng) };
	struct epoll_event event = { .events = EPOLLIN | (one_in(rng, 2) ? EPOLLET : 0) };
	int epoll;

	switch (fuzz_below(rng, 6)) {
	case 0:
		if (read(fd, buffer, 100) < 0 && write(fd, buffer, 100) < 0)
			lseek(fd, 0, SEEK_SET);
		break;
	case 1:
		lseek(fd, boundary(rng), fuzz_below(rng, 5));
		fsync(fd);
		break;
	case 2:
		fcntl(fd, F_SETFL, fuzz_next(rng) & (O_NONBLOCK | O_ASYNC | O_APPEND));
		fcntl(fd, F_SETOWN, getpid());
		break;
	case 3:
		epoll = epoll_create1(0);
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
		epoll_wait(epoll, &event, 1, fuzz_below(rng, 3));
		close(epoll);
		break;
	default:
		poll(&p, 1, fuzz_below(rng, 3));
	}
}

/* Send a descriptor to ourselves; half of the time it is dropped on the way. */
static void do_pass(struct fuzz_rng *rng, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	char byte = 0;
	struct iovec io = { &byte, 1 };
	struct msghdr message = { .msg_iov = &io,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int pair[2];

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return;
	if (sendmsg(pair[0], &message, 0) == 1 && one_in(rng, 2) &&
	    recvmsg(pair[1], &message, 0) == 1 && message.msg_controllen) {
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
		put_in_slot(any_slot(rng, false), fd, true);
	}
	close(pair[0]);
	close(pair[1]);
}

/* ---- the machine under the audit ---- */

static void do_vm(struct fuzz_rng *rng)
{
	struct tinyvm *vm = &vms[fuzz_below(rng, nr_vms)];
	struct tinyvm_vcpu *v = &vm->vcpu[fuzz_below(rng, vm->vcpus)];
	struct kvm_userspace_memory_region region = { .slot = 1 + fuzz_below(rng, 3),
						      .guest_phys_addr = 16UL << 20,
						      .memory_size = one_in(rng, 2) ? 0 : PAGE,
						      .userspace_addr = (uintptr_t)hole };
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry[2];
	} msrs = { .head.nmsrs = 2,
		   .entry[0].index = 0xc0000080 + fuzz_below(rng, 5),
		   .entry[1].index = 0x174 + fuzz_below(rng, 3) };
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	switch (fuzz_below(rng, 8)) {
	case 0:
		ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region);
		break;
	case 1: /* comes later than the audit, perhaps */
		if (one_in(rng, 10))
			close(ioctl(vm->fd, KVM_CREATE_VCPU, fuzz_below(rng, 6)));
		break;
	case 2:
		v->run->immediate_exit = fuzz_below(rng, 2);
		pthread_kill(v->thread, SIGUSR1);
		break;
	case 3: /* as QEMU does at every stop and reset */
		if (ioctl(v->fd, KVM_GET_MSRS, &msrs) == 2)
			ioctl(v->fd, KVM_SET_MSRS, &msrs);
		break;
	case 4:
		if (!ioctl(v->fd, KVM_GET_SREGS, &sregs) && one_in(rng, 2))
			ioctl(v->fd, KVM_SET_SREGS, &sregs);
		break;
	case 5:
		ioctl(v->fd, KVM_GET_REGS, &regs);
		break;
	case 6: /* its entry page, under the feet of the vCPUs */
		vm->memory[0x9000 + fuzz_below(rng, 0x4000)] = fuzz_next(rng);
		break;
	default:
		pthread_kill(v->thread, SIGUSR1);
	}
}

/* ---- one thing after another ---- */

static void do_one(struct fuzz_rng *rng, uint8_t *buffer, bool may_fork);

/* A child inherits all of it, does a little, and ends or is killed. */
static void do_fork(struct fuzz_rng *rng, uint8_t *buffer)
{
	unsigned int i, times = fuzz_below(rng, 30);
	bool linger = one_in(rng, 3);
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (i = 0; i < times; i++)
			do_one(rng, buffer, false);
		if (linger)
			pause();
		_exit(0);
	}
	if (child < 0)
		return;
	if (linger || one_in(rng, 2)) {
		struct timespec moment = { .tv_nsec = fuzz_below(rng, 20000000) };

		nanosleep(&moment, NULL);
		kill(child, SIGKILL);
	}
	waitpid(child, NULL, 0);
}

static void do_one(struct fuzz_rng *rng, uint8_t *buffer, bool may_fork)
{
	int fd = any_device(rng);

	switch (fuzz_below(rng, 36)) {
	case 0:
		put_in_slot(any_slot(rng, false),
			    open(SCAUDIT_DEVICE, (one_in(rng, 8) ? O_RDONLY : O_RDWR) |
							 (one_in(rng, 8) ? O_NONBLOCK : 0)),
			    false);
		break;
	case 1:
		put_in_slot(any_slot(rng, false), dup(fd), true);
		break;
	case 2:
		if (one_in(rng, 3))
			put_in_slot(any_slot(rng, true), -1, false);
		break;
	case 3:
	case 4:
	case 5:
		do_attach(rng);
		break;
	case 6:
	case 7:
	case 8:
		request(fd, SCAUDIT_IOC_RUN, NULL, &tally->ran);
		break;
	case 9:
		request(fd, SCAUDIT_IOC_DETACH, NULL, &tally->detached);
		break;
	case 10:
		do_adopt(rng);
		break;
	case 11:
		do_ident(rng, fd);
		break;
	case 12:
		do_returns(rng, fd);
		break;
	case 32:
	case 33:
	case 34:
		do_capture(rng, fd);
		break;
	case 35:
		do_filter(rng, fd);
		break;
	case 13:
	case 14:
	case 15:
		do_look(rng, fd, buffer);
		break;
	case 16:
		do_any_request(rng, fd, buffer);
		break;
	case 17:
	case 18:
	case 19:
		do_map(rng, fd);
		break;
	case 20:
		do_unmap(rng, any_place(rng));
		break;
	case 21:
		do_remap(rng, any_place(rng));
		break;
	case 22:
	case 23:
	case 24:
		do_scribble(rng, any_place(rng));
		break;
	case 25:
		do_walk(rng, any_place(rng));
		break;
	case 26:
		do_orphan(rng);
		break;
	case 27:
		do_file(rng, fd, buffer);
		break;
	case 28:
		do_pass(rng, fd);
		break;
	case 29:
	case 30:
		/* Not from a child: the machines are its parent's. */
		if (may_fork && nr_vms)
			do_vm(rng);
		break;
	default:
		if (may_fork && one_in(rng, 4))
			do_fork(rng, buffer);
	}
}

static void *fuzz_thread(void *arg)
{
	struct fuzz_rng rng = fuzz_rng_make(round_seed, round_number, 1 + (uintptr_t)arg);
	uint8_t *buffer = malloc(BUFFER_BYTES);
	unsigned int i, times = 50 + fuzz_below(&rng, 5000);

	for (i = 0; buffer && i < times && !round_over; i++)
		do_one(&rng, buffer, true);
	free(buffer);
	return NULL;
}

static void ignore(int signal)
{
	(void)signal;
}

static void set_up(struct fuzz_rng *rng)
{
	unsigned int i;

	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	signal(SIGIO, SIG_IGN);
	signal(SIGUSR1, ignore);
	places = mmap(NULL, PLACES * PLACE_BYTES, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	hole = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	read_only = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (places == MAP_FAILED || hole == MAP_FAILED || read_only == MAP_FAILED)
		abort();
	mprotect(hole + PAGE, PAGE, PROT_NONE);
	for (i = 0; i < DEVICES; i++)
		devices[i] = open(SCAUDIT_DEVICE, O_RDWR);
	nr_vms = fuzz_below(rng, VMS + 1);
	for (i = 0; i < nr_vms; i++) {
		if (tinyvm_init(&vms[i], one_in(rng, 4) ? TINYVM_REAL : TINYVM_CALLS,
				1 + fuzz_below(rng, 2), &progress[i]))
			break;
		vms[i].pause_us = fuzz_below(rng, 500);
		if (tinyvm_start(&vms[i]))
			break;
	}
	nr_vms = i;
}

void fuzz_round(unsigned long seed, unsigned int round, unsigned int slow, int vm_fd,
		struct fuzz_tally *counters)
{
	struct fuzz_rng rng = fuzz_rng_make(seed, round, 100);
	struct timespec life = { .tv_sec = slow * fuzz_below(&rng, 4),
				 .tv_nsec = fuzz_below(&rng, 900000000) };
	pthread_t threads[THREADS_MAX];
	uintptr_t i, nr_threads = 1 + fuzz_below(&rng, THREADS_MAX);

	round_seed = seed;
	round_number = round;
	neighbour_fd = vm_fd;
	tally = counters;
	set_up(&rng);
	for (i = 0; i < nr_threads; i++) {
		if (pthread_create(&threads[i], NULL, fuzz_thread, (void *)i))
			abort();
	}
	nanosleep(&life, NULL);
	round_over = true;
	if (one_in(&rng, 3))
		return; /* in the middle of everything */
	for (i = 0; i < nr_threads; i++)
		pthread_join(threads[i], NULL);
	/* Machines first, or descriptors first? */
	if (one_in(&rng, 2)) {
		for (i = 0; i < DEVICES; i++)
			put_in_slot(i, -1, false);
	}
	for (i = 0; i < nr_vms; i++)
		tinyvm_exit(&vms[i]);
}
