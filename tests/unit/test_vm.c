// SPDX-License-Identifier: GPL-2.0-only
/* Finding VMs: names in command lines, and a made-up /proc. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../recorder/vm.h"

#define CMDLINE(text) text, sizeof(text)

static void expect_name(const char *cmdline, size_t len, const char *expected)
{
	char name[VM_NAME_LEN] = "before";

	if (expected == NULL) {
		assert_false(vm_name_of(cmdline, len, name));
		return;
	}
	assert_true(vm_name_of(cmdline, len, name));
	assert_string_equal(name, expected);
}

static void test_names(void **state)
{
	(void)state;
	expect_name(CMDLINE("qemu\0-name\0vm1"), "vm1");
	expect_name(CMDLINE("qemu\0-name\0guest=vm1"), "vm1");
	expect_name(CMDLINE("qemu\0-name\0guest=vm1,debug-threads=on"), "vm1");
	expect_name(CMDLINE("qemu\0-name\0vm1,process=foo,debug-threads=on"), "vm1");
	expect_name(CMDLINE("qemu\0-name\0debug-threads=on,guest=vm1"), "vm1");
	expect_name(CMDLINE("qemu\0-name\0guest=vm1,vm2"), "vm1");
	expect_name(CMDLINE("qemu\0--name\0vm1\0-m\0512"), "vm1");
	expect_name(CMDLINE("qemu\0-m\0512\0-name\0a,,b"), "a,b");
	expect_name(CMDLINE("qemu\0-name\0guest=a,,b,,,debug-threads=on"), "a,b,");
	expect_name(CMDLINE("qemu\0-name\0a\0-name\0b"), "b");
	expect_name(CMDLINE("qemu\0-name\0-name"), "-name");
	expect_name(CMDLINE("qemu\0-name\0with space/and=slash"), NULL);
	expect_name(CMDLINE("qemu\0-name\0guest=with space/and=slash"), "with space/and=slash");
	expect_name(CMDLINE("qemu\0-name\0process=foo"), NULL);
	expect_name(CMDLINE("qemu\0-name\0"), NULL);
	expect_name(CMDLINE("qemu\0-name"), NULL);
	expect_name(CMDLINE("qemu\0-names\0vm1"), NULL);
	expect_name(CMDLINE("qemu\0-name\0guest="), NULL);
	expect_name("", 0, NULL);
	/* not terminated: cut off in the middle of the name */
	expect_name("qemu\0-name\0vm1", 14, NULL);
}

static void test_long_name(void **state)
{
	static const char *const prefixes[] = { "", "guest=" };
	char cmdline[4096], name[VM_NAME_LEN];
	size_t i, n;

	(void)state;
	for (i = 0; i < 2; i++) {
		n = (size_t)snprintf(cmdline, sizeof(cmdline), "-name%c%s%03000d", 0, prefixes[i],
				     7);
		assert_true(n < sizeof(cmdline));
		assert_true(vm_name_of(cmdline, n + 1, name));
		assert_int_equal(strlen(name), VM_NAME_LEN - 1);
		assert_int_equal(strspn(name, "0"), VM_NAME_LEN - 1);
	}
}

/* ---- /proc ---- */

static char proc[] = "/tmp/scaudit-test-vm-XXXXXX";

static void write_file(const char *pid, const char *name, const char *text, size_t len)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/%s", proc, pid, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
}

static void add_fd(const char *pid, int fd, const char *target)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s/fd/%d", proc, pid, fd);
	assert_int_equal(symlink(target, path), 0);
}

static void add_process(const char *pid, const char *comm, const char *cmdline, size_t len)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", proc, pid);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s/fd", proc, pid);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(pid, "comm", comm, strlen(comm));
	write_file(pid, "cmdline", cmdline, len);
	add_fd(pid, 0, "/dev/null");
}

static int make_proc(void **state)
{
	char path[256];

	(void)state;
	assert_non_null(mkdtemp(proc));
	add_process("200", "qemu-system-x86\n", CMDLINE("qemu\0-name\0guest=web,debug-threads=on"));
	add_fd("200", 9, "anon_inode:kvm-vm");
	add_fd("200", 10, "anon_inode:kvm-vcpu:0");
	add_fd("200", 11, "anon_inode:kvm-vcpu:1");
	add_fd("200", 12, "anon_inode:kvm-vm");
	add_process("30", "qemu-system-x86\n", CMDLINE("qemu\0-name\0db"));
	add_fd("30", 7, "anon_inode:kvm-vm");
	add_fd("30", 8, "anon_inode:kvm-vcpu:0");
	add_process("31", "firecracker\n", CMDLINE("firecracker\0--id\0x"));
	add_fd("31", 5, "anon_inode:kvm-vm");
	add_process("40", "qemu-system-x86\n", CMDLINE("qemu\0-name\0slow\0-accel\0tcg"));
	add_process("50", "bash\n", CMDLINE("bash\0-name\0web"));
	add_fd("50", 3, "anon_inode:kvm-vmx");
	add_process("60", "qemu-system-x86\n", CMDLINE("qemu\0-name\0twin"));
	add_fd("60", 3, "anon_inode:kvm-vm");
	add_process("61", "qemu-system-x86\n", CMDLINE("qemu\0-name\0twin"));
	add_fd("61", 3, "anon_inode:kvm-vm");
	add_process("self", "qemu\n", CMDLINE("qemu\0-name\0self"));
	/* it has ended since the folder was read */
	snprintf(path, sizeof(path), "%s/70", proc);
	assert_int_equal(mkdir(path, 0700), 0);
	return 0;
}

static int remove_proc(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", proc);
	return system(command) == 0 ? 0 : -1;
}

static void test_scan(void **state)
{
	struct vm_list list;

	(void)state;
	assert_int_equal(vm_scan(proc, &list, NULL), 0);
	assert_int_equal(list.n, 6);
	assert_int_equal(list.vms[0].pid, 30);
	assert_string_equal(list.vms[0].name, "db");
	assert_int_equal(list.vms[0].vcpus, 1);
	assert_int_equal(list.vms[0].fd, 7);
	assert_int_equal(list.vms[1].pid, 31);
	assert_string_equal(list.vms[1].name, "31");
	assert_int_equal(list.vms[2].pid, 40);
	assert_int_equal(list.vms[2].fd, -1);
	assert_int_equal(list.vms[5].pid, 200);
	assert_string_equal(list.vms[5].name, "web");
	assert_int_equal(list.vms[5].vcpus, 2);
	assert_int_equal(list.vms[5].fd, 9);
	free(list.vms);
	assert_int_equal(vm_scan("/nowhere", &list, NULL), -ENOENT);
}

static void test_find(void **state)
{
	struct sc_error err;
	struct vm_list list;
	struct vm vm;

	(void)state;
	assert_int_equal(vm_scan(proc, &list, NULL), 0);
	assert_int_equal(vm_find(&list, "web", &vm, &err), 0);
	assert_int_equal(vm.pid, 200);
	assert_int_equal(vm_find(&list, "30", &vm, &err), 0);
	assert_string_equal(vm.name, "db");
	assert_int_equal(vm_find(&list, "31", &vm, &err), 0);
	assert_int_equal(vm.pid, 31);
	assert_int_equal(vm_find(&list, "60", &vm, &err), 0);

	assert_int_equal(vm_find(&list, "twin", &vm, &err), -EINVAL);
	assert_non_null(strstr(err.text, "60 and 61"));
	assert_int_equal(vm_find(&list, "nobody", &vm, &err), -ENOENT);
	assert_non_null(strstr(err.text, "db (30)"));
	assert_non_null(strstr(err.text, "web (200)"));
	assert_null(strstr(err.text, "slow"));
	assert_int_equal(vm_find(&list, "50", &vm, &err), -ENOENT);
	assert_int_equal(vm_find(&list, "99999999999999999999", &vm, &err), -ENOENT);
	assert_int_equal(vm_find(&list, "-30", &vm, &err), -ENOENT);
	assert_int_equal(vm_find(&list, "30x", &vm, &err), -ENOENT);
	assert_int_equal(vm_find(&list, "slow", &vm, &err), -ENOENT);
	assert_non_null(strstr(err.text, "without KVM"));
	assert_int_equal(vm_find(&list, "40", &vm, &err), -ENOENT);
	assert_non_null(strstr(err.text, "without KVM"));
	free(list.vms);

	list.n = 0;
	assert_int_equal(vm_find(&list, "web", &vm, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no KVM guest"));
}

/* A name that is another VM's process id means the name. */
static void test_numeric_name(void **state)
{
	struct vm vms[] = { { "200", 5, 1, 3 }, { "web", 200, 1, 3 } };
	struct vm_list list = { vms, 2 };
	struct vm vm;

	(void)state;
	assert_int_equal(vm_find(&list, "200", &vm, NULL), 0);
	assert_int_equal(vm.pid, 5);
}

/* The process is there but holds no VM; or is gone. */
static void test_open(void **state)
{
	struct vm vm = { .name = "me", .pid = getpid(), .fd = 0 };
	struct sc_error err;
	int pidfd, fd;

	(void)state;
	assert_true(vm_open(&vm, &pidfd, &fd, &err) < 0);
	assert_int_equal(pidfd, -1);
	assert_int_equal(fd, -1);
	assert_non_null(strstr(err.text, "'me'"));
	vm.fd = 1 << 20;
	assert_true(vm_open(&vm, &pidfd, &fd, &err) < 0);
	vm.pid = 0x7ffffff0;
	assert_int_equal(vm_open(&vm, &pidfd, &fd, &err), -ESRCH);
	assert_non_null(strstr(err.text, "has ended"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	     cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_scan),	     cmocka_unit_test(test_find),
		cmocka_unit_test(test_numeric_name), cmocka_unit_test(test_open),
	};

	return cmocka_run_group_tests(tests, make_proc, remove_proc);
}
