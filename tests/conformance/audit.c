// SPDX-License-Identifier: GPL-2.0-only
/*
 * The audit of a VM by /dev/scaudit: attach, detach, and the events of its rings.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "case.h"

#define RING (4UL << 20) /* bytes; a run must fit in, nobody reads beside it */
#define PAGE 4096UL
#define AUDIT_NAME "conformance"

/* Where guest_load() has put what stands for a Linux task. */
static const struct scaudit_plan identity = {
	.current_off = PERCPU_CURRENT,
	.task_pid = 0,
	.task_tgid = 4,
	.task_comm = 0x10,
	.task_start = 0x20,
	.task_parent = SCAUDIT_NO_FIELD,
	.task_cred = SCAUDIT_NO_FIELD,
	.cred_uid = SCAUDIT_NO_FIELD,
};

static const struct scaudit_plan nobody = { .flags = SCAUDIT_PLAN_ABSENT };

void audit_keep(void)
{
	struct scaudit_attach a = {
		.engine = SCAUDIT_ENGINE_FAULT,
		.ring_bytes = SCAUDIT_RING_MIN,
		.vm_pid = getpid(),
		.name = AUDIT_NAME "-idle",
	};
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int device = open(SCAUDIT_DEVICE, O_RDWR | O_CLOEXEC);

	/* Without it runs are slower, no more; what is missing they will say. */
	a.vm_fd = ioctl(kvm, KVM_CREATE_VM, 0);
	if (ioctl(device, SCAUDIT_IOC_ATTACH, &a) == 0)
		ioctl(device, SCAUDIT_IOC_RUN);
}

void audit_returns(struct vm *vm, u32 mode, u64 nr_64, u64 nr_32)
{
	struct scaudit_returns r = { .mode = mode, .nr_64 = { nr_64 }, .nr_32 = { nr_32 } };

	if (vm->audit >= 0 && ioctl(vm->audit, SCAUDIT_IOC_SET_RETURNS, &r))
		vm_fail(vm, "SET_RETURNS: %s", strerror(errno));
}

void audit_attach(struct vm *vm)
{
	struct scaudit_attach a = {
		.vm_fd = vm->fd,
		.engine = vm->engine,
		.ring_bytes = RING,
		.on_full = SCAUDIT_FULL_BLOCK,
		.on_exit = SCAUDIT_EXIT_DETACH,
		.vm_pid = getpid(),
		.name = AUDIT_NAME,
	};
	const struct scaudit_plan *plan = vm->tc->identity ? &identity : &nobody;

	if (!vm->engine)
		return;
	vm->audit = open(SCAUDIT_DEVICE, O_RDWR | O_CLOEXEC);
	if (vm->audit < 0)
		vm_fail(vm, SCAUDIT_DEVICE ": %s", strerror(errno));
	if (ioctl(vm->audit, SCAUDIT_IOC_ATTACH, &a))
		vm_fail(vm, "ATTACH with engine %u: %s", vm->engine, strerror(errno));
	if (ioctl(vm->audit, SCAUDIT_IOC_SET_IDENT, plan))
		vm_fail(vm, "SET_IDENT: %s", strerror(errno));
	if (vm->tc->returns)
		audit_returns(vm, vm->tc->returns, vm->tc->wanted_64, vm->tc->wanted_32);
	if (ioctl(vm->audit, SCAUDIT_IOC_RUN))
		vm_fail(vm, "RUN: %s", strerror(errno));
}

void audit_detach(struct vm *vm)
{
	if (vm->audit < 0)
		return;
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		struct scaudit_status *s = &vm->res->status[i];

		s->vcpu = i;
		/* A vCPU that has made no call has no ring. */
		if (ioctl(vm->audit, SCAUDIT_IOC_STATUS, s) && errno != ENOENT)
			vm_fail(vm, "STATUS: %s", strerror(errno));
	}
	if (ioctl(vm->audit, SCAUDIT_IOC_DETACH))
		vm_fail(vm, "DETACH: %s", strerror(errno));
}

static void take_entry(struct record *r, const struct scaudit_entry *e)
{
	r->insn = e->insn;
	r->abi = e->abi;
	r->cpl = e->cpl;
	r->engine = e->engine;
	r->nr = e->nr;
	memcpy(r->args, e->args, sizeof(r->args));
	r->rip = e->rip;
	r->rsp = e->rsp;
	r->rflags = e->rflags;
}

static void take_return(struct record *r, const struct scaudit_return *e)
{
	r->how = e->how;
	r->to32 = !e->cs_long;
	r->ret = e->ret;
	r->rip = e->rip;
	r->rsp = e->rsp;
}

static void take_event(struct vm *vm, unsigned int vcpu, const struct scaudit_event *e)
{
	struct result *res = vm->res;
	struct record *r = &res->record[res->nr_records];

	if (res->nr_records == MAX_RECORDS)
		vm_fail(vm, "more than %u events", MAX_RECORDS);
	res->nr_records++;
	*r = (struct record){ .type = e->type, .vcpu = e->vcpu, .seq = e->seq };
	/* A gap can be of all vCPUs; it is told in one ring. */
	if (e->vcpu != vcpu && e->type == SCAUDIT_EV_GAP)
		res->record[res->nr_records - 1].vcpu = vcpu;
	else if (e->vcpu != vcpu)
		vm_fail(vm, "an event of vCPU %u in the ring of vCPU %u", e->vcpu, vcpu);
	if (e->type == SCAUDIT_EV_ENTRY)
		take_entry(r, (const void *)e);
	else if (e->type == SCAUDIT_EV_RETURN)
		take_return(r, (const void *)e);
	else if (e->type == SCAUDIT_EV_GAP)
		r->reason = ((const struct scaudit_gap *)e)->reason;
}

static void drain_ring(struct vm *vm, unsigned int vcpu)
{
	off_t at = vcpu * SCAUDIT_MMAP_STRIDE;
	struct scaudit_consumer *consumer;
	const struct scaudit_producer *producer;
	char *m = mmap(NULL, PAGE + 2 * RING, PROT_READ, MAP_SHARED, vm->audit, at + PAGE);
	u64 position, end;

	if (m == MAP_FAILED && errno == ENOENT)
		return; /* made no call */
	consumer = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, vm->audit, at);
	if (m == MAP_FAILED || consumer == MAP_FAILED)
		vm_fail(vm, "mmap of a ring: %s", strerror(errno));
	producer = (const void *)m;
	end = __atomic_load_n(&producer->position, __ATOMIC_ACQUIRE);
	for (position = consumer->position; position < end;) {
		const struct scaudit_event *e = (const void *)(m + PAGE + (position & (RING - 1)));

		take_event(vm, vcpu, e);
		if (!e->size)
			vm_fail(vm, "an event of no bytes");
		position += e->size;
	}
	__atomic_store_n(&consumer->position, end, __ATOMIC_RELEASE);
	munmap(consumer, PAGE);
	munmap(m, PAGE + 2 * RING);
}

static int by_seq(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

void audit_drain(struct vm *vm)
{
	struct result *res = vm->res;

	if (vm->audit < 0)
		return;
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		drain_ring(vm, i);
	qsort(res->record, res->nr_records, sizeof(*res->record), by_seq);
	for (u32 i = 0; i < res->nr_records; i++)
		if (res->record[i].seq != i + 1)
			res->holes = true;
	close(vm->audit);
	vm->audit = -1;
}

/* A ring without a look at what is in it. */
static void skip_ring(int fd, unsigned int vcpu)
{
	off_t at = vcpu * SCAUDIT_MMAP_STRIDE;
	const struct scaudit_producer *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, at + PAGE);
	struct scaudit_consumer *c = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);

	if (p != MAP_FAILED && c != MAP_FAILED)
		__atomic_store_n(&c->position, p->position, __ATOMIC_RELEASE);
	if (p != MAP_FAILED)
		munmap((void *)p, PAGE);
	if (c != MAP_FAILED)
		munmap(c, PAGE);
}

void audit_sweep(void)
{
	struct scaudit_list_entry entries[32];
	struct scaudit_list list = { .entries = (unsigned long)entries, .capacity = 32 };
	int fd = open(SCAUDIT_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, SCAUDIT_IOC_LIST, &list))
		list.count = 0;
	for (u32 i = 0; i < list.count && i < list.capacity; i++) {
		struct scaudit_adopt adopt = { .on_full = ~0u,
					       .on_exit = ~0u,
					       .max_stall_ns = ~0ULL };

		if (entries[i].owner_pid || strcmp(entries[i].name, AUDIT_NAME))
			continue;
		memcpy(adopt.session, entries[i].session, sizeof(adopt.session));
		if (fd < 0)
			fd = open(SCAUDIT_DEVICE, O_RDWR | O_CLOEXEC);
		if (fd < 0 || ioctl(fd, SCAUDIT_IOC_ADOPT, &adopt))
			continue;
		ioctl(fd, SCAUDIT_IOC_DETACH);
		for (u32 v = 0; v < adopt.nr_rings; v++)
			skip_ring(fd, v);
		close(fd);
		fd = -1;
	}
	if (fd >= 0)
		close(fd);
}
