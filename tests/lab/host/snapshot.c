// SPDX-License-Identifier: GPL-2.0-only
/*
 * snapshot VM [ROUNDS]: what a recording of this VM would find there when it begins, as JSON,
 * a line for the whole and one for each process; bytes of the guest's are hexadecimal. Nothing
 * is recorded. With ROUNDS only figures, of so many snapshots.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../../lib/format/snapshot.h"
#include "../../../recorder/device.h"
#include "../../../recorder/ident.h"
#include "../../../recorder/snapshot.h"
#include "../../../recorder/vm.h"

static int device = -1;
static unsigned int reads, translations;
static uint64_t bytes;

static int guest_read(void *arg, uint64_t gpa, void *buffer, uint64_t length, uint64_t *done)
{
	int ret = device_read(device, gpa, buffer, length, done);

	(void)arg;
	reads++;
	bytes += *done;
	return ret;
}

static int guest_slots(void *arg, struct scaudit_slot **slots, size_t *count)
{
	(void)arg;
	return device_slots(device, slots, count, NULL);
}

static int guest_translate(void *arg, struct scaudit_translate *translate)
{
	(void)arg;
	translations++;
	return device_translate(device, translate);
}

static const struct ident_ops guest = { guest_read, guest_slots, guest_translate };

static void die(const char *what, const struct sc_error *err)
{
	fprintf(stderr, "snapshot: %s: %s\n", what, err->text);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static void hex(const char *key, const struct sc_snapshot_bytes *b)
{
	size_t i;

	printf("%s%s%s\"", key[0] != '\0' ? "\"" : "", key, key[0] != '\0' ? "\":" : "");
	for (i = 0; i < b->size; i++)
		printf("%02x", b->data[i]);
	printf("\"");
}

static void print_process(const struct sc_snapshot_process *p)
{
	const struct sc_snapshot_fd *fd;
	size_t i;

	printf("{\"pid\":%u,\"tid\":%u,\"ppid\":%u,\"uid\":%u,\"gid\":%u,\"ns_pid\":%u,"
	       "\"missing\":%u,\"zombie\":%d,\"task\":%" PRIu64 ",\"start\":%" PRIu64
	       ",\"time\":%" PRIu64 ",",
	       p->pid, p->tid, p->ppid, p->uid, p->gid, p->ns_pid, p->missing, p->zombie, p->task,
	       p->start, p->time);
	hex("comm", &p->comm);
	putchar(',');
	hex("exe", &p->exe);
	putchar(',');
	hex("cwd", &p->cwd);
	putchar(',');
	hex("root", &p->root);
	putchar(',');
	hex("cgroup", &p->cgroup);
	printf(",\"ns\":[");
	for (i = 0; i < SC_SNAPSHOT_NAMESPACES; i++)
		printf("%s%u", i ? "," : "", p->ns[i]);
	printf("],\"argv\":[");
	for (i = 0; i < p->n_args; i++) {
		printf("%s", i ? "," : "");
		hex("", &p->args[i]);
	}
	printf("],\"fds\":[");
	for (i = 0; i < p->n_fds; i++) {
		fd = &p->fds[i];
		printf("%s{\"fd\":%u,\"cloexec\":%d,\"kind\":%d,\"flags\":%u,\"pos\":%" PRIu64
		       ",\"inode\":%" PRIu64 ",\"device\":%" PRIu64 ",\"domain\":%u,\"type\":%u,"
		       "\"protocol\":%u,\"state\":%u,",
		       i ? "," : "", fd->fd, fd->cloexec, fd->kind, fd->flags, fd->pos, fd->inode,
		       fd->device, fd->domain, fd->type, fd->protocol, fd->state);
		hex("name", &fd->name);
		putchar(',');
		hex("local", &fd->local);
		putchar(',');
		hex("remote", &fd->remote);
		putchar('}');
	}
	printf("]}\n");
}

static void print(const struct sc_buf *b)
{
	struct sc_snapshot_process p = { 0 };
	struct sc_error damaged = { "damaged" };
	struct sc_snapshot s;
	size_t at;
	int ret;

	if (sc_snapshot_begin(b->data, b->len, &at, &s) < 0)
		die("snapshot", &damaged);
	printf("{\"time\":%" PRIu64 ",\"took\":%" PRIu64 ",\"clock\":%" PRIu64
	       ",\"processes\":%u,\"cut\":%u,",
	       s.time, s.took, s.clock, s.processes, s.cut);
	hex("release", &s.release);
	printf("}\n");
	while ((ret = sc_snapshot_next(b->data, b->len, &at, &p)) == 1)
		print_process(&p);
	if (ret < 0)
		die("snapshot", &damaged);
	sc_snapshot_process_free(&p);
}

static void figures(const struct sc_buf *b, double ms)
{
	struct sc_snapshot s;
	size_t at;

	if (sc_snapshot_begin(b->data, b->len, &at, &s) == 0)
		printf("%u processes, cut %u, %zu bytes, %.1f ms, %u reads (%" PRIu64
		       " KiB), %u translations\n",
		       s.processes, s.cut, b->len, ms, reads, bytes >> 10, translations);
}

int main(int argc, char **argv)
{
	struct scaudit_attach attach = { .ring_bytes = SCAUDIT_RING_MIN };
	struct snapshot_source source = { .ops = &guest };
	struct sc_error err = { "" };
	struct sc_buf out = { 0 };
	struct vm_list list;
	struct ident ident;
	struct vm vm;
	int pidfd, vm_fd, rounds = argc > 2 ? atoi(argv[2]) : 0;
	uint64_t begin;

	if (argc < 2)
		return 2;
	if (vm_scan("/proc", &list, &err) < 0 || vm_find(&list, argv[1], &vm, &err) < 0 ||
	    vm_open(&vm, &pidfd, &vm_fd, &err) < 0 || device_open(&device, NULL, &err) < 0)
		die(argv[1], &err);
	attach.vm_fd = vm_fd;
	attach.vm_pid = (uint32_t)vm.pid;
	snprintf(attach.name, sizeof(attach.name), "%s", vm.name);
	if (device_attach(device, &attach, &err) < 0)
		die(argv[1], &err);
	begin = now();
	if (ident_init(&ident, &guest, NULL) < 0 || ident_begin(&ident, 0, vm.vcpus) < 0)
		die("identification", &err);
	while (!ident_step(&ident))
		;
	if (!ident.has_layout)
		die("identification", &ident.why);
	fprintf(stderr, "identified in %.1f ms\n", (double)(now() - begin) / 1e6);
	source.vcpu = ident.vcpu;
	source.nr_vcpus = vm.vcpus;
	source.current_off = ident.plan.current_off;
	do {
		reads = translations = 0;
		bytes = 0;
		begin = now();
		if (snapshot_take(&source, &ident.layout, &out, &err) < 0)
			die("snapshot", &err);
		if (rounds > 0)
			figures(&out, (double)(now() - begin) / 1e6);
	} while (--rounds > 0);
	if (argc < 3)
		print(&out);
	sc_buf_free(&out);
	ident_uninit(&ident);
	free(list.vms);
	return device_detach(device, &err) < 0;
}
