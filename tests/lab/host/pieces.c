// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pieces of a guest program's calls, as they come out of the rings: the host's side
 * of guest/pieces.c.
 *
 *   pieces VM ENGINE RING_BYTES [unnamed|again]
 *
 * Records until SIGTERM by a plan of its own, says "ready" when it does, and in the end
 * prints, in the order of events, the calls whose last argument is MARK, with their pieces.
 * unnamed: without identification of tasks. again: the plan is handed in over and over, as
 * recorders do that are started again; calls in progress lose nothing by it. Every piece of every event must make sense:
 * else it says so, and the exit status is 1.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../recorder/device.h"
#include "../../../recorder/ident.h"
#include "../../../recorder/vm.h"

#define MARK 0x5ca0b00cu
#define SNAP 256u
#define RINGS 8
#define PAGE 4096ul
#define KPTI_PCID 0x1fffull /* bits of CR3 that do not tell page tables apart */

static volatile sig_atomic_t ended;
static unsigned int failures;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

/* ---- the plan ---- */

#define OP(k, a, w, ...)                                                                 \
	{                                                                                \
		.kind = SCAUDIT_CAP_##k, .arg = (a), .when = (w), .unit = 1, __VA_ARGS__ \
	}
/* A condition of no bits holds for every call. */
#define IN SCAUDIT_AT_ENTRY
#define OUT SCAUDIT_AT_RETURN
#define COUNTED(n) .length = SCAUDIT_LEN_ARG, .length_arg = (n), .flags = SCAUDIT_OP_SNAP

static struct scaudit_capture_op ops[] = {
	OP(STRING, 1, IN), /* 0: openat */
	OP(BYTES, 1, IN, COUNTED(2)), /* 1: write */
	OP(BYTES, 1, OUT, .length = SCAUDIT_LEN_RET, .flags = SCAUDIT_OP_SNAP), /* 2: read */
	OP(VECTOR, 1, IN, COUNTED(2)), /* 3: writev */
	OP(VECTOR, 1, OUT, COUNTED(2) | SCAUDIT_OP_OK), /* 4: readv */
	OP(MESSAGE, 1, IN, .flags = SCAUDIT_OP_SNAP), /* 5: sendmsg */
	OP(MESSAGE, 1, OUT, .flags = SCAUDIT_OP_SNAP | SCAUDIT_OP_OK), /* 6: recvmsg */
	OP(MESSAGES, 1, IN, COUNTED(2)), /* 7: sendmmsg */
	OP(MESSAGES, 1, OUT, COUNTED(2) | SCAUDIT_OP_OK), /* 8: recvmmsg */
	OP(STRING, 0, IN), /* 9: execve */
	OP(STRINGS, 1, IN), /* 10 */
	OP(STRINGS, 2, IN), /* 11 */
	OP(EXEC, 0, OUT, .length_arg = 1), /* 12 */
	OP(BYTES, 1, OUT, .length = SCAUDIT_LEN_POINTER, .length_arg = 2,
	   .flags = SCAUDIT_OP_OK), /* 13: getsockname */
	OP(IOCTL, 2, IN | OUT, .cond_arg = 1), /* 14: ioctl */
	OP(BYTES, 1, IN, .length = SCAUDIT_LEN_BITS, .length_arg = 0), /* 15: select */
};

static struct scaudit_capture_call calls[] = {
	{ 257, 0, 1, SCAUDIT_CONV_X86_64, ~0u }, { 295, 0, 1, SCAUDIT_CONV_I386, ~0u },
	{ 1, 1, 1, SCAUDIT_CONV_X86_64, ~0u },	 { 4, 1, 1, SCAUDIT_CONV_I386, ~0u },
	{ 0, 2, 1, SCAUDIT_CONV_X86_64, ~0u },	 { 3, 2, 1, SCAUDIT_CONV_I386, ~0u },
	{ 20, 3, 1, SCAUDIT_CONV_X86_64, ~0u },	 { 146, 3, 1, SCAUDIT_CONV_I386, ~0u },
	{ 19, 4, 1, SCAUDIT_CONV_X86_64, ~0u },	 { 145, 4, 1, SCAUDIT_CONV_I386, ~0u },
	{ 46, 5, 1, SCAUDIT_CONV_X86_64, ~0u },	 { 370, 5, 1, SCAUDIT_CONV_I386, ~0u },
	{ 47, 6, 1, SCAUDIT_CONV_X86_64, ~0u },	 { 372, 6, 1, SCAUDIT_CONV_I386, ~0u },
	{ 307, 7, 1, SCAUDIT_CONV_X86_64, ~0u }, { 345, 7, 1, SCAUDIT_CONV_I386, ~0u },
	{ 299, 8, 1, SCAUDIT_CONV_X86_64, ~0u }, { 337, 8, 1, SCAUDIT_CONV_I386, ~0u },
	{ 59, 9, 4, SCAUDIT_CONV_X86_64, ~0u },	 { 11, 9, 4, SCAUDIT_CONV_I386, ~0u },
	{ 51, 13, 1, SCAUDIT_CONV_X86_64, ~0u }, { 367, 13, 1, SCAUDIT_CONV_I386, ~0u },
	{ 16, 14, 1, SCAUDIT_CONV_X86_64, ~0u }, { 54, 14, 1, SCAUDIT_CONV_I386, ~0u },
	{ 23, 15, 1, SCAUDIT_CONV_X86_64, ~0u }, { 142, 15, 1, SCAUDIT_CONV_I386, ~0u },
};

static void must(int ret, const char *what, const struct sc_error *err)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "pieces: %s: %s\n", what, err ? err->text : strerror(-ret));
	exit(2);
}

static void request(int fd, unsigned long number, void *arg, const char *what)
{
	if (ioctl(fd, number, arg) < 0)
		must(-errno, what, NULL);
}

/* ---- identification ---- */

static int guest_read(void *arg, uint64_t gpa, void *buffer, uint64_t length, uint64_t *done)
{
	return device_read(*(int *)arg, gpa, buffer, length, done);
}

static int guest_slots(void *arg, struct scaudit_slot **slots, size_t *count)
{
	return device_slots(*(int *)arg, slots, count, NULL);
}

static int guest_translate(void *arg, struct scaudit_translate *translate)
{
	return device_translate(*(int *)arg, translate);
}

static void identify(int fd, unsigned int nr_vcpus, bool unnamed)
{
	static const struct ident_ops ident_ops = { guest_read, guest_slots, guest_translate };
	struct scaudit_plan plan = { .flags = SCAUDIT_PLAN_ABSENT };
	struct ident ident;
	int ret;

	if (unnamed) {
		request(fd, SCAUDIT_IOC_SET_IDENT, &plan, "SET_IDENT");
		return;
	}
	must(ident_init(&ident, &ident_ops, &fd), "identification", NULL);
	must(ident_begin(&ident, 0, nr_vcpus), "identification", NULL);
	do
		ret = ident_step(&ident);
	while (ret == 0);
	must(ret, "identification", NULL);
	if (ident.plan.flags & SCAUDIT_PLAN_ABSENT)
		must(-ENOENT, "identification", &ident.why);
	request(fd, SCAUDIT_IOC_SET_IDENT, &ident.plan, "SET_IDENT");
	ident_uninit(&ident);
}

/* ---- rings ---- */

struct ring {
	struct scaudit_consumer *consumer;
	const struct scaudit_producer *producer;
	const unsigned char *data;
	uint64_t bytes;
};

static unsigned char **events;
static size_t nr_events, max_events;

static void keep(const struct scaudit_event *e)
{
	if (nr_events == max_events) {
		max_events = max_events ? 2 * max_events : 4096;
		events = realloc(events, max_events * sizeof(*events));
	}
	events[nr_events] = malloc(e->size);
	memcpy(events[nr_events++], e, e->size);
}

static void map_ring(int fd, unsigned int i, uint64_t bytes, struct ring *r)
{
	char *m = mmap(NULL, PAGE + 2 * bytes, PROT_READ, MAP_SHARED, fd,
		       i * SCAUDIT_MMAP_STRIDE + PAGE);

	r->consumer =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, i * SCAUDIT_MMAP_STRIDE);
	if (m == MAP_FAILED || r->consumer == MAP_FAILED)
		must(-errno, "mmap", NULL);
	r->producer = (void *)m;
	r->data = (unsigned char *)m + PAGE;
	r->bytes = bytes;
}

static bool drain(struct ring *r)
{
	uint64_t end_at = __atomic_load_n(&r->producer->position, __ATOMIC_ACQUIRE);
	uint64_t at = r->consumer->position;
	bool any = at != end_at;

	while (at != end_at) {
		const struct scaudit_event *e = (const void *)(r->data + (at & (r->bytes - 1)));

		if (e->size < sizeof(*e) || e->size % 8 != 0 || e->size > end_at - at ||
		    e->size > SCAUDIT_EVENT_MAX) {
			printf("an event of %u bytes\n", e->size);
			failures++;
			at = end_at;
			break;
		}
		keep(e);
		at += e->size;
	}
	__atomic_store_n(&r->consumer->position, at, __ATOMIC_RELEASE);
	return any;
}

/* ---- what came ---- */

static int compare_events(const void *a, const void *b)
{
	uint64_t x = (*(struct scaudit_event **)a)->seq, y = (*(struct scaudit_event **)b)->seq;

	return x < y ? -1 : x > y;
}

static uint64_t sum(const unsigned char *p, size_t size)
{
	uint64_t h = 0xcbf29ce484222325ull;

	while (size--)
		h = (h ^ *p++) * 0x100000001b3ull;
	return h;
}

static void bad(const struct scaudit_event *e, const char *what)
{
	printf("event %llu: %s\n", (unsigned long long)e->seq, what);
	failures++;
}

static void show_pieces(const struct scaudit_event *e, size_t at, bool print)
{
	const unsigned char *bytes = (const void *)e;
	struct scaudit_piece piece;
	uint64_t total = e->size - at;

	if (total > SCAUDIT_CAPTURE_MAX)
		bad(e, "too many bytes");
	while (at < e->size) {
		uint32_t padded, i;

		if (e->size - at < sizeof(piece)) {
			bad(e, "half a head");
			return;
		}
		memcpy(&piece, bytes + at, sizeof(piece));
		at += sizeof(piece);
		padded = (piece.size + 7) & ~7u;
		if (padded < piece.size || padded > e->size - at) {
			bad(e, "a piece is longer than its event");
			return;
		}
		if (piece.arg > 5 || piece.part > SCAUDIT_PART_PATH || piece.reserved ||
		    (piece.state & 0x7f) > SCAUDIT_PIECE_FORGOTTEN ||
		    (piece.whole != ~0u && piece.whole < piece.size) ||
		    (piece.state == SCAUDIT_PIECE_WHOLE && piece.whole != piece.size) ||
		    piece.size > SCAUDIT_TEXT_MAX)
			bad(e, "a piece makes no sense");
		for (i = piece.size; i < padded; i++) {
			if (bytes[at + i])
				bad(e, "padding is not zero");
		}
		if (print) {
			printf("%u %u %u %u ", piece.arg, piece.part, piece.index, piece.state);
			if (piece.whole == ~0u)
				printf("-");
			else
				printf("%u", piece.whole);
			printf(" %u %llx\n", piece.size,
			       (unsigned long long)sum(bytes + at, piece.size));
		}
		at += padded;
	}
}

static uint64_t key(const struct scaudit_task *task, uint64_t cr3)
{
	return task->known & SCAUDIT_KNOWN_TASK ? task->task : cr3 & ~KPTI_PCID;
}

/* A signal handler returns with the interrupted call's registers, MARK among them. */
static bool counts(const struct scaudit_entry *e)
{
	size_t i;

	if ((uint32_t)e->args[5] != MARK)
		return false;
	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (calls[i].nr == e->nr &&
		    (calls[i].convention == SCAUDIT_CONV_I386) == (e->abi == SCAUDIT_ABI_I386))
			return true;
	}
	return false;
}

static void show(void)
{
	uint64_t marked = 0, seq = 0;
	size_t i;

	qsort(events, nr_events, sizeof(*events), compare_events);
	for (i = 0; i < nr_events; i++) {
		const struct scaudit_event *e = (const void *)events[i];
		const struct scaudit_entry *entry = (const void *)e;
		const struct scaudit_return *ret = (const void *)e;

		if (e->seq != ++seq) {
			bad(e, "an event before it is missing");
			seq = e->seq;
		}
		if (e->type == SCAUDIT_EV_ENTRY) {
			bool print = counts(entry);
			uint64_t k = key(&entry->task, entry->cr3);

			if (print) {
				printf("call %u\n", (unsigned int)entry->nr);
				marked = k;
			} else if (marked == k) {
				marked = 0;
			}
			show_pieces(e, sizeof(*entry), print);
		} else if (e->type == SCAUDIT_EV_RETURN) {
			show_pieces(e, sizeof(*ret), marked && marked == key(&ret->task, ret->cr3));
		}
	}
}

int main(int argc, char **argv)
{
	struct scaudit_attach attach = { .on_full = SCAUDIT_FULL_BLOCK,
					 .ident_wait_ms = 0,
					 .name = "pieces" };
	struct scaudit_capture capture = { .ops = (uintptr_t)ops,
					   .calls = (uintptr_t)calls,
					   .nr_ops = sizeof(ops) / sizeof(*ops),
					   .nr_calls = sizeof(calls) / sizeof(*calls),
					   .snaplen = SNAP };
	struct sigaction action = { .sa_handler = end };
	struct ring rings[RINGS];
	struct vm_list list;
	struct sc_error err;
	unsigned int i;
	int pidfd, fd;
	struct vm vm;
	bool any, again;

	if (argc < 4) {
		fprintf(stderr, "usage: pieces VM fault|pad RING_BYTES [unnamed|again]\n");
		return 2;
	}
	again = argc > 4 && strcmp(argv[4], "again") == 0;
	sigaction(SIGTERM, &action, NULL);
	must(vm_scan("/proc", &list, &err), "VMs", &err);
	must(vm_find(&list, argv[1], &vm, &err), argv[1], &err);
	must(vm_open(&vm, &pidfd, &attach.vm_fd, &err), argv[1], &err);
	attach.engine = strcmp(argv[2], "fault") == 0 ? SCAUDIT_ENGINE_FAULT : SCAUDIT_ENGINE_PAD;
	attach.ring_bytes = strtoull(argv[3], NULL, 0);
	attach.vm_pid = vm.pid;
	must(device_open(&fd, NULL, &err), SCAUDIT_DEVICE, &err);
	must(device_attach(fd, &attach, &err), "ATTACH", &err);
	if (attach.nr_rings > RINGS)
		must(-E2BIG, "rings", NULL);
	for (i = 0; i < attach.nr_rings; i++)
		map_ring(fd, i, attach.ring_bytes, &rings[i]);
	identify(fd, attach.nr_rings, argc > 4 && strcmp(argv[4], "unnamed") == 0);
	request(fd, SCAUDIT_IOC_SET_CAPTURE, &capture, "SET_CAPTURE");
	must(device_run(fd, &err), "RUN", &err);
	fprintf(stderr, "ready\n");
	while (!ended) {
		for (any = false, i = 0; i < attach.nr_rings; i++)
			any |= drain(&rings[i]);
		if (again)
			request(fd, SCAUDIT_IOC_SET_CAPTURE, &capture, "SET_CAPTURE again");
		if (!any)
			usleep(500);
	}
	must(device_detach(fd, &err), "DETACH", &err);
	for (i = 0; i < attach.nr_rings; i++)
		drain(&rings[i]);
	show();
	fprintf(stderr, "%zu events\n", nr_events);
	return failures != 0;
}
