// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a Linux guest on the KVM API and little else: for hosts where QEMU takes too long.
 *
 *   linuxvm [--mem MB] [--wait FIFO] KERNEL INITRD COMMANDLINE
 *
 * KERNEL is an ELF vmlinux, of i386 or amd64, which is entered where its own decompressor
 * would enter it (Linux: Documentation/x86/boot.rst), so nothing is unpacked in the guest.
 * The machine has one processor, KVM's interrupt controllers and timer, and a serial port
 * (0x3f8, ttyS0) that writes to standard output; whatever else is read reads as ones. With
 * --wait the guest does not run before FIFO was opened for writing and closed again.
 *
 * Exit status: 0 when the guest reset itself (a triple fault, or the keyboard controller's
 * reset line), 1 when it could not be run.
 */
#include <elf.h>
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
#include <sys/stat.h>
#include <unistd.h>

/* Guest-physical layout, below the kernel; all of it is the guest's once it runs. */
#define GDT 0x1000
#define BOOT_PARAMS 0x2000
#define COMMAND_LINE 0x3000
#define PML4 0x4000
#define PDPT 0x5000
#define PD 0x6000 /* maps the first GiB */
#define LOW_MEMORY 0x9f000
#define HIGH_MEMORY 0x100000

#define CODE 0x10 /* boot.rst: __BOOT_CS, __BOOT_DS */
#define DATA 0x18

/* Members of struct boot_params. */
#define E820_ENTRIES 0x1e8
#define SETUP_MAGIC 0x1fe
#define SETUP_HEADER 0x202
#define SETUP_VERSION 0x206
#define LOADER_TYPE 0x210
#define LOAD_FLAGS 0x211
#define INITRD_START 0x218
#define INITRD_SIZE 0x21c
#define COMMAND_LINE_AT 0x228
#define KERNEL_ALIGNMENT 0x230
#define E820_TABLE 0x2d0

#define PORT_SERIAL 0x3f8
#define PORT_KEYBOARD 0x64
#define KEYBOARD_RESET 0xfe

struct vm {
	int kvm, fd, vcpu;
	struct kvm_run *run;
	uint8_t *memory;
	size_t size;
	bool long_mode;
	uint32_t entry;
};

struct serial {
	uint8_t ier, lcr, mcr, scratch, divisor[2];
	bool fifo, empty_told; /* the latter: the interrupt "may send" is pending */
	bool line;
};

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "linuxvm: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int control(int fd, unsigned long request, const void *arg, const char *what)
{
	int r = ioctl(fd, request, arg);

	if (r < 0)
		fail(what);
	return r;
}

static void put(struct vm *vm, uint64_t at, uint64_t value, size_t bytes)
{
	memcpy(vm->memory + at, &value, bytes);
}

static uint8_t *file_map(const char *path, size_t *size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *data;

	if (fd < 0 || fstat(fd, &st))
		fail(path);
	*size = st.st_size;
	data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		fail(path);
	close(fd);
	return data;
}

static void segment_load(struct vm *vm, const uint8_t *file, size_t size, uint64_t offset,
			 uint64_t at, uint64_t bytes)
{
	errno = ENOEXEC;
	if (offset > size || bytes > size - offset || at < HIGH_MEMORY || at > vm->size ||
	    bytes > vm->size - at)
		fail("the kernel does not fit");
	memcpy(vm->memory + at, file + offset, bytes);
}

static void kernel_load(struct vm *vm, const char *path)
{
	size_t size, i;
	const uint8_t *file = file_map(path, &size);
	const Elf64_Ehdr *e64 = (const void *)file;
	const Elf32_Ehdr *e32 = (const void *)file;

	errno = ENOEXEC;
	if (size < sizeof(*e64) || memcmp(file, ELFMAG, SELFMAG) != 0)
		fail(path);
	vm->long_mode = file[EI_CLASS] == ELFCLASS64;
	if (vm->long_mode) {
		const Elf64_Phdr *p = (const void *)(file + e64->e_phoff);

		for (i = 0; i < e64->e_phnum; i++)
			if (p[i].p_type == PT_LOAD)
				segment_load(vm, file, size, p[i].p_offset, p[i].p_paddr,
					     p[i].p_filesz);
		vm->entry = e64->e_entry;
	} else {
		const Elf32_Phdr *p = (const void *)(file + e32->e_phoff);

		for (i = 0; i < e32->e_phnum; i++)
			if (p[i].p_type == PT_LOAD)
				segment_load(vm, file, size, p[i].p_offset, p[i].p_paddr,
					     p[i].p_filesz);
		vm->entry = e32->e_entry;
	}
	munmap((void *)file, size);
}

static void e820_add(struct vm *vm, uint64_t start, uint64_t end)
{
	uint8_t *count = vm->memory + BOOT_PARAMS + E820_ENTRIES;
	uint64_t at = BOOT_PARAMS + E820_TABLE + 20 * (uint64_t)(*count)++;

	put(vm, at, start, 8);
	put(vm, at + 8, end - start, 8);
	put(vm, at + 16, 1, 4); /* memory */
}

static void boot_params(struct vm *vm, const char *initrd, const char *command_line)
{
	size_t size, length = strlen(command_line) + 1;
	uint8_t *file = file_map(initrd, &size);
	uint64_t at = (vm->size - size) & ~0xfffull;

	errno = E2BIG;
	if (size > vm->size / 2 || length > PML4 - COMMAND_LINE)
		fail("initrd or command line");
	memcpy(vm->memory + at, file, size);
	munmap(file, size);
	memcpy(vm->memory + COMMAND_LINE, command_line, length);
	e820_add(vm, 0, LOW_MEMORY);
	e820_add(vm, HIGH_MEMORY, vm->size);
	put(vm, BOOT_PARAMS + SETUP_MAGIC, 0xaa55, 2);
	put(vm, BOOT_PARAMS + SETUP_HEADER, 0x53726448, 4); /* HdrS */
	put(vm, BOOT_PARAMS + SETUP_VERSION, 0x20f, 2);
	put(vm, BOOT_PARAMS + LOADER_TYPE, 0xff, 1); /* has no number */
	put(vm, BOOT_PARAMS + LOAD_FLAGS, 1, 1); /* the kernel lies high */
	put(vm, BOOT_PARAMS + INITRD_START, at, 4);
	put(vm, BOOT_PARAMS + INITRD_SIZE, size, 4);
	put(vm, BOOT_PARAMS + COMMAND_LINE_AT, COMMAND_LINE, 4);
	put(vm, BOOT_PARAMS + KERNEL_ALIGNMENT, 0x1000000, 4);
}

static void vm_make(struct vm *vm, size_t size)
{
	struct kvm_userspace_memory_region region = { .memory_size = size };
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	uint64_t identity_map = 0xfeffc000;
	int run_size;

	vm->size = size;
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		fail("/dev/kvm");
	vm->fd = control(vm->kvm, KVM_CREATE_VM, NULL, "a VM");
	control(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map, "identity map");
	control(vm->fd, KVM_SET_TSS_ADDR, (void *)0xfeffd000, "TSS address");
	control(vm->fd, KVM_CREATE_IRQCHIP, NULL, "interrupt controllers");
	control(vm->fd, KVM_CREATE_PIT2, &pit, "timer");
	vm->memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (vm->memory == MAP_FAILED)
		fail("memory");
	region.userspace_addr = (uintptr_t)vm->memory;
	control(vm->fd, KVM_SET_USER_MEMORY_REGION, &region, "memory");
	vm->vcpu = control(vm->fd, KVM_CREATE_VCPU, NULL, "a vCPU");
	run_size = control(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "a vCPU");
	vm->run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	if (vm->run == MAP_FAILED)
		fail("a vCPU");
}

#define CPUID_ENTRIES 256

/* What KVM supports, but for extended states: emulators get their sizes wrong. */
static void cpuid_set(struct vm *vm)
{
	struct kvm_cpuid2 *cpuid =
		calloc(1, sizeof(*cpuid) + CPUID_ENTRIES * sizeof(cpuid->entries[0]));
	uint32_t i;

	if (cpuid == NULL)
		fail("CPUID");
	cpuid->nent = CPUID_ENTRIES;
	control(vm->kvm, KVM_GET_SUPPORTED_CPUID, cpuid, "CPUID");
	for (i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 *e = &cpuid->entries[i];

		if (e->function == 1) {
			e->ecx &= ~(1u << 26 | 1u << 27 | 1u << 28 | 1u << 12 | 1u << 29);
			e->ebx &= 0x0000ffff; /* one processor, whose number is 0 */
		} else if (e->function == 7 || e->function == 0xd) {
			e->ebx &= e->function == 7 ? 1u << 0 | 1u << 3 | 1u << 7 | 1u << 8 : 0;
			e->ecx = e->edx = 0;
			e->eax = 0;
		} else if (e->function == 0xb || e->function == 0x1f) {
			e->eax = e->ebx = 0; /* no topology */
		}
	}
	control(vm->vcpu, KVM_SET_CPUID2, cpuid, "CPUID");
	free(cpuid);
}

static struct kvm_segment segment(struct vm *vm, unsigned int selector, unsigned int type)
{
	bool code = type & 8;

	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.present = 1,
		.s = 1,
		.g = 1,
		.l = code && vm->long_mode,
		.db = !(code && vm->long_mode),
	};
}

/* As boot.rst wants it: flat segments, in long mode memory mapped to where it is. */
static void registers_set(struct vm *vm)
{
	struct kvm_regs regs = { .rip = vm->entry, .rsi = BOOT_PARAMS, .rflags = 2 };
	struct kvm_sregs sregs;
	unsigned int i;

	control(vm->vcpu, KVM_GET_SREGS, &sregs, "registers");
	put(vm, GDT + CODE, vm->long_mode ? 0xaf9b000000ffff : 0xcf9b000000ffff, 8);
	put(vm, GDT + DATA, 0xcf93000000ffff, 8);
	sregs.gdt.base = GDT;
	sregs.gdt.limit = DATA + 7;
	sregs.cs = segment(vm, CODE, 11);
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = segment(vm, DATA, 3);
	sregs.cr0 |= 1; /* PE */
	if (vm->long_mode) {
		put(vm, PML4, PDPT | 3, 8);
		put(vm, PDPT, PD | 3, 8);
		for (i = 0; i < 512; i++)
			put(vm, PD + 8 * i, (uint64_t)i << 21 | 0x83, 8);
		sregs.cr3 = PML4;
		sregs.cr4 |= 0x20; /* PAE */
		sregs.cr0 |= 0x80000000; /* PG */
		sregs.efer = 0x500; /* LMA, LME */
	}
	control(vm->vcpu, KVM_SET_SREGS, &sregs, "registers");
	control(vm->vcpu, KVM_SET_REGS, &regs, "registers");
}

/* A 16550A that sends at once and never receives. */
static void serial_interrupt(struct vm *vm, struct serial *serial)
{
	bool line = (serial->ier & 2) && serial->empty_told;
	struct kvm_irq_level level = { .irq = 4, .level = line };

	if (line == serial->line)
		return;
	serial->line = line;
	control(vm->fd, KVM_IRQ_LINE, &level, "interrupt");
}

static void serial_write(struct vm *vm, struct serial *serial, unsigned int reg, uint8_t value)
{
	switch (reg) {
	case 0:
		if (serial->lcr & 0x80) {
			serial->divisor[0] = value;
		} else if (!(serial->mcr & 0x10)) { /* no loop */
			if (write(STDOUT_FILENO, &value, 1) < 0)
				fail("standard output");
			serial->empty_told = false;
			serial_interrupt(vm, serial);
			serial->empty_told = true;
		}
		break;
	case 1:
		if (serial->lcr & 0x80) {
			serial->divisor[1] = value;
		} else {
			if (value & ~serial->ier & 2)
				serial->empty_told = true;
			serial->ier = value & 0xf;
		}
		break;
	case 2:
		serial->fifo = value & 1;
		break;
	case 3:
		serial->lcr = value;
		break;
	case 4:
		serial->mcr = value & 0x1f;
		break;
	case 7:
		serial->scratch = value;
		break;
	}
	serial_interrupt(vm, serial);
}

static uint8_t serial_read(struct vm *vm, struct serial *serial, unsigned int reg)
{
	uint8_t value = 0;

	switch (reg) {
	case 0:
		value = serial->lcr & 0x80 ? serial->divisor[0] : 0;
		break;
	case 1:
		value = serial->lcr & 0x80 ? serial->divisor[1] : serial->ier;
		break;
	case 2:
		value = (serial->fifo ? 0xc0 : 0) | (serial->line ? 2 : 1);
		if (serial->line)
			serial->empty_told = false;
		break;
	case 3:
		value = serial->lcr;
		break;
	case 4:
		value = serial->mcr;
		break;
	case 5:
		value = 0x60; /* all is sent */
		break;
	case 6: /* carrier and ready, or what is looped back: RTS, DTR, OUT1, OUT2 */
		value = 0xb0;
		if (serial->mcr & 0x10)
			value = (serial->mcr & 2) << 3 | (serial->mcr & 1) << 5 |
				(serial->mcr & 0xc) << 4;
		break;
	case 7:
		value = serial->scratch;
		break;
	}
	serial_interrupt(vm, serial);
	return value;
}

/* @retval true the guest wants to be reset */
static bool port(struct vm *vm, struct serial *serial)
{
	uint16_t number = vm->run->io.port;
	uint8_t *data = (uint8_t *)vm->run + vm->run->io.data_offset;
	uint32_t i;

	for (i = 0; i < vm->run->io.count; i++, data += vm->run->io.size) {
		bool out = vm->run->io.direction == KVM_EXIT_IO_OUT;

		if (!out)
			memset(data, 0xff, vm->run->io.size);
		if (out && number == PORT_KEYBOARD && *data == KEYBOARD_RESET)
			return true;
		if (number < PORT_SERIAL || number >= PORT_SERIAL + 8)
			continue;
		if (out)
			serial_write(vm, serial, number - PORT_SERIAL, *data);
		else
			*data = serial_read(vm, serial, number - PORT_SERIAL);
	}
	return false;
}

static void vm_run(struct vm *vm)
{
	struct serial serial = { .empty_told = true };

	for (;;) {
		if (ioctl(vm->vcpu, KVM_RUN, 0) < 0 && errno != EINTR && errno != EAGAIN)
			fail("run");
		switch (vm->run->exit_reason) {
		case KVM_EXIT_IO:
			if (port(vm, &serial))
				return;
			break;
		case KVM_EXIT_MMIO:
			if (!vm->run->mmio.is_write)
				memset(vm->run->mmio.data, 0xff, sizeof(vm->run->mmio.data));
			break;
		case KVM_EXIT_SHUTDOWN:
			return;
		case KVM_EXIT_INTR:
			break;
		default:
			fprintf(stderr, "linuxvm: KVM exit %u, suberror %u\n", vm->run->exit_reason,
				vm->run->internal.suberror);
			exit(1);
		}
	}
}

static void wait_for(const char *fifo)
{
	char byte;
	int fd = open(fifo, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail(fifo);
	while (read(fd, &byte, 1) > 0)
		;
	close(fd);
}

int main(int argc, char **argv)
{
	const char *fifo = NULL;
	size_t megabytes = 96;
	struct vm vm;

	for (; argc > 2 && strncmp(argv[1], "--", 2) == 0; argc -= 2, argv += 2) {
		if (strcmp(argv[1], "--mem") == 0)
			megabytes = strtoul(argv[2], NULL, 10);
		else if (strcmp(argv[1], "--wait") == 0)
			fifo = argv[2];
	}
	if (argc != 4 || megabytes < 32 || megabytes > 1024) {
		fprintf(stderr,
			"usage: linuxvm [--mem MB] [--wait FIFO] KERNEL INITRD COMMANDLINE\n");
		return 1;
	}
	vm_make(&vm, megabytes << 20);
	kernel_load(&vm, argv[1]);
	boot_params(&vm, argv[2], argv[3]);
	cpuid_set(&vm);
	registers_set(&vm);
	if (fifo)
		wait_for(fifo);
	vm_run(&vm);
	return 0;
}
