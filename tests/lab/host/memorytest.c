// SPDX-License-Identifier: GPL-2.0-only
/*
 * SCAUDIT_IOC_READ where memory begins, ends and changes (schema/abi.h): of a VM of our own,
 * which has no vCPU and whose memory we know. One line a case; exit status 0 if all are as
 * they should be. With a number: what so many reads take, instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"

#define PAGE 4096UL
#define RAM (1UL << 20) /* guest-physical; two slots that touch, in two places of ours */
#define RAM_PAGES 40UL
#define SPLIT 25UL /* pages of the first one */
#define ROM (RAM + (RAM_PAGES + 1) * PAGE) /* read-only, with a hole before it */
#define FIRMWARE (ROM + 2 * PAGE) /* a device's memory, which has no pages of the kernel's */
#define FIRMWARE_HERE 0xf0000 /* the host's own, in /dev/mem */

static unsigned int failures;
static uint8_t *ram[2], *rom, *firmware, buffer[64 * PAGE];
static int device, vm;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint8_t *map(size_t pages, int fd, off_t at)
{
	int prot = fd < 0 ? PROT_READ | PROT_WRITE : PROT_READ;
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	void *p = mmap(NULL, pages * PAGE, prot, flags, fd, at);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static void set_slot(uint32_t slot, uint64_t gpa, uint8_t *here, size_t pages, uint32_t flags)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = pages * PAGE,
		.userspace_addr = (uint64_t)here,
	};

	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region))
		die("KVM_SET_USER_MEMORY_REGION");
}

/* A byte of the RAM as the guest has it. */
static uint8_t expected(uint64_t at)
{
	return at < SPLIT * PAGE ? ram[0][at] : ram[1][at - SPLIT * PAGE];
}

/* Read, and compare with what is there. @done, @error: what must come of it */
static void check(const char *what, uint64_t gpa, uint64_t length, uint64_t done, int error)
{
	struct scaudit_read read = { .gpa = gpa, .length = length, .buffer = (uint64_t)buffer };
	uint64_t i;
	bool ok;
	int got;

	memset(buffer, 0xee, sizeof(buffer));
	got = ioctl(device, SCAUDIT_IOC_READ, &read) < 0 ? errno : 0;
	ok = got == error && read.done == done;
	for (i = 0; i < sizeof(buffer) && ok; i++) {
		uint64_t at = gpa + i;
		uint8_t byte = 0xee;

		if (i < done)
			byte = at >= FIRMWARE ? firmware[at - FIRMWARE] :
			       at >= ROM      ? rom[at - ROM] :
						expected(at - RAM);
		ok = buffer[i] == byte;
	}
	printf("%s: %s: %s, %llu bytes, the first %llu compared\n", ok ? "ok" : "NOT OK", what,
	       strerror(got), (unsigned long long)read.done, (unsigned long long)i);
	failures += !ok;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void measure(uint64_t length, int rounds)
{
	struct scaudit_read read = { .gpa = RAM, .length = length, .buffer = (uint64_t)buffer };
	double begin = now();
	int i;

	for (i = 0; i < rounds; i++) {
		if (ioctl(device, SCAUDIT_IOC_READ, &read) || read.done != length)
			die("READ");
	}
	printf("%.0f reads of %llu bytes a second\n", rounds / (now() - begin),
	       (unsigned long long)length);
}

int main(int argc, char **argv)
{
	struct scaudit_attach attach = { .ring_bytes = 64 << 10, .name = "memorytest" };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int mem = open("/dev/mem", O_RDONLY | O_CLOEXEC);
	size_t i;

	device = open(SCAUDIT_DEVICE, O_RDWR | O_CLOEXEC);
	if (kvm < 0 || mem < 0 || device < 0)
		die("/dev/kvm, /dev/mem, " SCAUDIT_DEVICE);
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		die("KVM_CREATE_VM");
	ram[1] = map(RAM_PAGES - SPLIT, -1, 0);
	ram[0] = map(SPLIT, -1, 0);
	rom = map(1, -1, 0);
	firmware = map(1, mem, FIRMWARE_HERE);
	/* The last page stays one that nobody has written to. */
	for (i = 0; i < SPLIT * PAGE; i++)
		ram[0][i] = (uint8_t)(i * 31 + i / PAGE);
	for (i = 0; i < (RAM_PAGES - SPLIT - 1) * PAGE; i++)
		ram[1][i] = (uint8_t)(i * 17 + i / PAGE);
	memset(rom, 'r', PAGE);
	set_slot(0, RAM, ram[0], SPLIT, 0);
	set_slot(1, RAM + SPLIT * PAGE, ram[1], RAM_PAGES - SPLIT, 0);
	set_slot(2, ROM, rom, 1, KVM_MEM_READONLY);
	set_slot(3, FIRMWARE, firmware, 1, KVM_MEM_READONLY);
	attach.vm_fd = vm;
	attach.vm_pid = (uint32_t)getpid();
	if (ioctl(device, SCAUDIT_IOC_ATTACH, &attach))
		die("ATTACH");

	if (argc > 1) {
		measure(8, atoi(argv[1]));
		measure(PAGE, atoi(argv[1]));
		measure(32 * PAGE, atoi(argv[1]));
		return 0;
	}
	check("nothing", RAM, 0, 0, 0);
	check("a byte", RAM + 5, 1, 1, 0);
	check("a page", RAM, PAGE, PAGE, 0);
	check("around the end of a page", RAM + PAGE - 3, 6, 6, 0);
	check("around the end of a slot", RAM + SPLIT * PAGE - 100, 200, 200, 0);
	check("all of it", RAM, RAM_PAGES * PAGE, RAM_PAGES * PAGE, 0);
	check("all but the first byte", RAM + 1, RAM_PAGES * PAGE - 1, RAM_PAGES * PAGE - 1, 0);
	check("into the hole", RAM + 7, sizeof(buffer), RAM_PAGES * PAGE - 7, 0);
	check("the last byte before it", RAM + RAM_PAGES * PAGE - 1, 2, 1, 0);
	check("in the hole", RAM + RAM_PAGES * PAGE, 1, 0, ENXIO);
	check("before the memory", RAM - 1, 2, 0, ENXIO);
	check("memory that is read-only", ROM + 1, PAGE, PAGE - 1, 0);
	check("memory without pages", FIRMWARE + 16, PAGE - 16, PAGE - 16, 0);
	check("out of it", FIRMWARE + 1, 3 * PAGE, PAGE - 1, 0);
	/* The VM's process takes memory away: what is read ends there. */
	if (munmap(ram[0] + 9 * PAGE, PAGE) || mprotect(ram[0] + 20 * PAGE, PAGE, PROT_NONE))
		die("munmap");
	check("up to what was unmapped", RAM + 5, 30 * PAGE, 9 * PAGE - 5, 0);
	check("what was unmapped", RAM + 9 * PAGE, 8, 0, ENXIO);
	check("behind it", RAM + 10 * PAGE, 30 * PAGE, 10 * PAGE, 0);
	printf("%u failures\n", failures);
	return failures != 0;
}
