// SPDX-License-Identifier: GPL-2.0-only
/* Profiles: making them, keeping them, and using them on a guest. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../recorder/ident.h"
#include "../../recorder/parts.h"
#include "../../recorder/profile.h"

#define DEBIAN PROFILES "/6.1.0-50-686-pae.profile"

static struct sc_error err;

static void assert_offsets(const struct scaudit_plan *plan, uint32_t pid, uint32_t parent,
			   uint32_t start, uint32_t cred, uint32_t comm, uint32_t uid)
{
	assert_int_equal(plan->task_pid, pid);
	assert_int_equal(plan->task_tgid, pid + 4);
	assert_int_equal(plan->task_parent, parent);
	assert_int_equal(plan->task_start, start);
	assert_int_equal(plan->task_cred, cred);
	assert_int_equal(plan->task_comm, comm);
	assert_int_equal(plan->cred_uid, uid);
}

/* ---- the file ---- */

/* What was made of Debian's 6.1.0-50-686-pae, image and headers. */
static void test_debian(void **state)
{
	char text[1024] = "", again[1024] = "";
	FILE *file = fopen(DEBIAN, "r");
	struct scaudit_plan plan;
	struct profile p;

	(void)state;
	assert_int_equal(profile_read(DEBIAN, &p, &err), 0);
	assert_string_equal(p.release, "6.1.0-50-686-pae");
	assert_int_equal(p.plan.flags, SCAUDIT_PLAN_I386);
	assert_int_equal(p.plan.gdt_entry, 27);
	assert_offsets(&p.plan, 1108, 1120, 1284, 1404, 1412, 4);

	/* the kernel as linked, and as KASLR has put it */
	assert_int_equal(profile_plan(&p, 0xc18a7d40, &plan, &err), 0);
	assert_int_equal(plan.current_off, 0xc1e80808);
	assert_int_equal(plan.lstar, 0xc18a7d40);
	assert_int_equal(profile_plan(&p, 0xcb8a7d40, &plan, &err), 0);
	assert_int_equal(plan.current_off, 0xcbe80808);
	assert_int_equal(profile_plan(&p, 0, &plan, &err), -ENOENT);

	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	file = fmemopen(again, sizeof(again), "w");
	assert_int_equal(profile_write(&p, file), 0);
	fclose(file);
	assert_string_equal(text, again);
}

static int read_text(const char *text, struct profile *p)
{
	char path[] = "/tmp/scaudit-test-profile-XXXXXX";
	int fd = mkstemp(path), ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	ret = profile_read(path, p, &err);
	unlink(path);
	return ret;
}

#define HEAD "# scaudit profile 1\n"
#define TASK "task.pid 16\ntask.tgid 20\ntask.comm 0x20\n"

static void test_files(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "no profile" },
		{ "\n", "no profile" },
		{ "# scaudit profile 2\ncurrent 1\n" TASK, "no profile" },
		{ HEAD TASK, "'current' is missing" },
		{ HEAD "current 0x1000\ntask.pid 1\ntask.tgid 4\n", "'task.comm' is missing" },
		{ HEAD "machine i386\ncurrent 0xc1000000\n" TASK, "'gdt_entry' is missing" },
		{ HEAD "machine arm64\n", "line 2" },
		{ HEAD "current\n", "line 2" },
		{ HEAD "current -1\n", "line 2" },
		{ HEAD "current 0x\n", "line 2" },
		{ HEAD "current 0x10000000000000000\n", "line 2" },
		{ HEAD "# fine\ntask.pid 65536\n", "line 3" },
		{ HEAD "gdt_entry 8192\n", "line 2" },
		{ HEAD "align 0x3000\ncurrent 1\n" TASK, "power of two" },
	};
	char line[300];
	struct profile p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_text(bad[i].text, &p), -EINVAL);
		if (strstr(err.text, bad[i].why) == NULL)
			fail_msg("%zu: '%s' does not say '%s'", i, err.text, bad[i].why);
	}
	memset(line, 'x', sizeof(line));
	memcpy(line, HEAD "release ", strlen(HEAD "release "));
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(read_text(line, &p), -EINVAL);
	assert_int_equal(profile_read("/nowhere", &p, &err), -ENOENT);
	assert_int_equal(profile_read("/tmp", &p, &err), -EIO);

	assert_int_equal(read_text(HEAD "current 0x1fb80\n\nof.a.later 7\ntask.cred 8\n" TASK, &p),
			 0);
	assert_int_equal(p.plan.flags, 0);
	assert_int_equal(p.plan.task_comm, 32);
	assert_int_equal(p.plan.task_start, SCAUDIT_NO_FIELD);
	/* without a uid in it, the cred is of no use */
	assert_int_equal(p.plan.task_cred, SCAUDIT_NO_FIELD);
}

/* ---- making one ---- */

static struct parts parts;

static int add(const char *path)
{
	return parts_add_file(&parts, path, &err);
}

static void test_vmlinux(void **state)
{
	struct profile p;

	(void)state;
	parts_init(&parts);
	assert_int_equal(add(KERNEL "32"), 0);
	assert_int_equal(parts_profile(&parts, &p, &err), 0);
	assert_int_equal(p.plan.flags, SCAUDIT_PLAN_I386);
	assert_int_equal(p.plan.gdt_entry, 27);
	assert_offsets(&p.plan, 100, 112, 116, 124, 128, 4);
	assert_string_equal(p.release, "6.1.0-test");
	assert_int_equal(p.entry, 0xc1000040);
	assert_true(p.current > 0xc1000000 && p.banner > 0xc1000000 && p.banner < 0xd0000000);

	parts_init(&parts);
	assert_int_equal(add(KERNEL "64"), 0);
	assert_int_equal(parts_profile(&parts, &p, &err), 0);
	assert_int_equal(p.plan.flags, 0);
	assert_offsets(&p.plan, 100, 112, 120, 128, 136, 4);
	assert_int_equal(p.entry, 0xffffffff81000040);
	assert_int_equal(p.current, 0x1fb80);

	assert_int_equal(add(KERNEL "32"), -EINVAL);
	assert_non_null(strstr(err.text, "another machine"));
}

/* Without symbols: what it exports, and where it is linked to. */
static void test_stripped(void **state)
{
	uint64_t current, banner;
	struct profile p;

	(void)state;
	parts_init(&parts);
	assert_int_equal(add(KERNEL "32"), 0);
	current = parts.symbols[PART_CURRENT];
	banner = parts.symbols[PART_BANNER];

	parts_init(&parts);
	assert_int_equal(add(KERNEL "32.stripped"), 0);
	assert_true(parts.has[PART_CURRENT] && parts.has[PART_BANNER]);
	assert_false(parts.has[PART_ENTRY_32] || parts.types);
	assert_int_equal(parts.symbols[PART_CURRENT], current);
	assert_int_equal(parts.symbols[PART_BANNER], banner);
	assert_int_equal(parts.text, 0xc1000000);
	assert_int_equal(parts_profile(&parts, &p, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no types"));

	parts_init(&parts);
	assert_int_equal(add(KERNEL "64.stripped"), 0);
	assert_int_equal(parts.symbols[PART_CURRENT], 0x1fb80);
}

/* A compressed image: the setup header, and the kernel by gzip. */
static void test_image(void **state)
{
	unsigned char head[2 * 512] = { 0 };
	char path[] = "/tmp/scaudit-test-image-XXXXXX", command[512];
	static unsigned char payload[1 << 20];
	int fd = mkstemp(path);
	FILE *gzip;
	uint32_t n;

	(void)state;
	snprintf(command, sizeof(command), "gzip -c '%s'", KERNEL "32");
	gzip = popen(command, "r");
	n = (uint32_t)fread(payload, 1, sizeof(payload) - 4, gzip);
	assert_int_equal(pclose(gzip), 0);
	n += 4; /* the length, which the kernel's build puts there */
	head[0x1f1] = 1;
	memcpy(head + 0x202, "HdrS\x0f\x02", 6);
	head[0x233] = 1; /* 16 MiB */
	memcpy(head + 0x24c, &n, 4);
	assert_int_equal(write(fd, head, sizeof(head)), sizeof(head));
	assert_int_equal(write(fd, payload, n), (ssize_t)n);
	parts_init(&parts);
	assert_int_equal(add(path), 0);
	assert_int_equal(parts.align, 1 << 24);
	assert_true(parts.types && parts.has[PART_CURRENT]);

	/* damaged ones */
	assert_int_equal(pwrite(fd, "\0\0", 2, sizeof(head)), 2);
	assert_int_equal(add(path), -EINVAL);
	assert_non_null(strstr(err.text, "not known here"));
	assert_int_equal(pwrite(fd, "\x1f\x8b\0\0", 4, sizeof(head)), 4);
	assert_int_equal(add(path), -EINVAL);
	assert_non_null(strstr(err.text, "cannot be decompressed by 'gzip'"));
	assert_int_equal(pwrite(fd, "\xff\xff\xff\xff", 4, 0x248), 4);
	assert_int_equal(add(path), -EINVAL);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(add(path), -EINVAL);
	close(fd);
	unlink(path);
}

/* Bytes of an image changed: an error or not, never a crash. */
static void test_damaged(void **state)
{
	static unsigned char image[1 << 20], copy[1 << 20];
	int fd = open(KERNEL "32", O_RDONLY), round, i;
	ssize_t size = read(fd, image, sizeof(image));

	(void)state;
	close(fd);
	assert_true(size > 0);
	srandom(3);
	for (round = 0; round < 300; round++) {
		memcpy(copy, image, (size_t)size);
		for (i = 0; i < 16; i++)
			copy[random() % (i < 4 ? 100 : size)] = (unsigned char)random();
		fd = memfd_create("damaged", MFD_CLOEXEC);
		assert_int_equal(write(fd, copy, (size_t)size), size);
		parts_init(&parts);
		parts_add_elf(&parts, fd, "damaged", &err);
		close(fd);
	}
}

static void test_map(void **state)
{
	char path[] = "/tmp/scaudit-test-map-XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");
	int i;

	(void)state;
	fprintf(file, "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg "
		      "package\n");
	fflush(file);
	parts_init(&parts);
	assert_int_equal(add(path), -EINVAL);
	assert_non_null(strstr(err.text, "no symbols in it"));
	rewind(file);
	for (i = 0; i < 200; i++)
		fprintf(file, "c1%06x T f%d\n", i * 16, i);
	fprintf(file, "c1e80808 D current_task\nc18a7d40 T entry_SYSENTER_32\n");
	fflush(file);
	assert_int_equal(add(path), 0);
	assert_int_equal(parts.symbols[PART_CURRENT], 0xc1e80808);
	assert_int_equal(parts.symbols[PART_ENTRY_32], 0xc18a7d40);
	fprintf(file, "what is this\n");
	fclose(file);
	assert_int_equal(add(path), -EINVAL);
	unlink(path);
	assert_int_equal(add(path), -ENOENT);
}

static const char *find(const char *pattern)
{
	static glob_t found;
	char path[512];

	snprintf(path, sizeof(path), LAB_KERNEL "%s", pattern);
	if (glob(path, GLOB_APPEND, NULL, &found) != 0)
		fail_msg("%s: not there; ./dev fetches it", path);
	return found.gl_pathv[found.gl_pathc - 1];
}

/* The lab's kernel: its BTF and its headers say the same. */
static void test_headers(void **state)
{
	struct profile types, headers;
	const char *image, *dir;

	(void)state;
	parts_init(&parts);
	image = find("/boot/vmlinuz-*");
	dir = find("/usr/src/linux-headers-*-amd64");
	assert_int_equal(add(image), 0);
	assert_int_equal(parts_profile(&parts, &types, &err), 0);
	parts_init(&parts);
	assert_int_equal(parts_add_headers(&parts, dir, &err), 0);
	assert_string_equal(parts.release, types.release);
	assert_int_equal(parts_profile(&parts, &headers, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no address of current_task"));
	assert_int_equal(add(image), 0);
	assert_int_equal(parts_profile(&parts, &headers, &err), 0);
	assert_memory_equal(&types, &headers, sizeof(types));
	assert_true(types.plan.task_pid != SCAUDIT_NO_FIELD && types.current != 0);

	assert_int_equal(parts_add_headers(&parts, "/tmp", &err), -ENOENT);
	assert_non_null(strstr(err.text, "headers of a kernel?"));
	setenv("CC", "/nowhere/cc", 1);
	assert_int_equal(parts_add_headers(&parts, dir, &err), -ENOENT);
	setenv("CC", "false", 1);
	assert_int_equal(parts_add_headers(&parts, dir, &err), -EINVAL);
	unsetenv("CC");
}

/* ---- on a guest ---- */

#define MIB (1ULL << 20)
#define SLIDE 0x02000000ULL
#define PAGE_OFFSET 0xc0000000ULL
#define ENTRY (0xc18a7d40ULL + SLIDE)
#define PERCPU 0x4255d000ULL /* base of the segment: gets added to addresses, modulo 2^32 */
#define THE_TASK 0xc0100040ULL

static unsigned char *memory; /* 64 MiB, its page for per-CPU data in the middle */
static bool can_translate, percpu_known;

static int guest_read(void *arg, uint64_t gpa, void *buffer, uint64_t length, uint64_t *done)
{
	(void)arg;
	if (gpa >= 64 * MIB)
		return -ENXIO;
	*done = length < 64 * MIB - gpa ? length : 64 * MIB - gpa;
	memcpy(buffer, memory + gpa, *done);
	return 0;
}

static int guest_slots(void *arg, struct scaudit_slot **slots, size_t *count)
{
	(void)arg;
	*slots = calloc(1, sizeof(**slots));
	(*slots)[0] = (struct scaudit_slot){ 0, 64 * MIB };
	*count = 1;
	return 0;
}

/* The direct map; what is below it is a page in the middle of memory, for per-CPU data. */
static int guest_translate(void *arg, struct scaudit_translate *t)
{
	(void)arg;
	if (!can_translate)
		return -EAGAIN;
	t->lstar = ENTRY;
	t->kernel_gs = percpu_known ? PERCPU : 0;
	if (t->gva == 0)
		t->gva = ENTRY;
	if (t->gva > UINT32_MAX || t->gva < PAGE_OFFSET)
		t->gpa = 32 * MIB + (t->gva & 0xfff);
	else
		t->gpa = t->gva - PAGE_OFFSET;
	return t->gpa < 64 * MIB ? 0 : -ENXIO;
}

static const struct ident_ops guest = { guest_read, guest_slots, guest_translate };
static struct profile profile;
static struct ident ident;

static int make_guest(void **state)
{
	uint32_t task = THE_TASK, pid = 77, current_at = (uint32_t)(PERCPU + 0xc1e80808 + SLIDE);

	(void)state;
	memory = calloc(1, 64 * MIB);
	assert_int_equal(profile_read(DEBIAN, &profile, &err), 0);
	strcpy((char *)memory + (0xc1934160 + SLIDE - PAGE_OFFSET),
	       "Linux version 6.1.0-50-686-pae (debian-kernel@lists.debian.org)");
	memcpy(memory + 32 * MIB + (current_at & 0xfff), &task, 4);
	memcpy(memory + (THE_TASK - PAGE_OFFSET) + 1108, &pid, 4);
	memcpy(memory + (THE_TASK - PAGE_OFFSET) + 1112, &pid, 4);
	can_translate = percpu_known = true;
	assert_int_equal(ident_init(&ident, &guest, NULL), 0);
	ident.profile = &profile;
	return 0;
}

static int free_guest(void **state)
{
	(void)state;
	ident_uninit(&ident);
	free(memory);
	return 0;
}

static void search(void)
{
	assert_int_equal(ident_begin(&ident, 0, 1), 0);
	while (!ident_step(&ident))
		;
}

static void test_use(void **state)
{
	uint32_t nonsense = 3;

	(void)state;
	search();
	assert_string_equal(ident.why.text, "");
	assert_true(ident.profiled);
	assert_int_equal(ident.plan.flags, SCAUDIT_PLAN_I386);
	assert_int_equal(ident.plan.current_off, 0xc1e80808 + SLIDE);
	assert_int_equal(ident.plan.lstar, ENTRY);

	/* it cannot be tried out */
	percpu_known = false;
	search();
	assert_true(ident.profiled);

	/* there is no task */
	percpu_known = true;
	memcpy(memory + 32 * MIB + ((PERCPU + 0xc1e80808 + SLIDE) & 0xfff), &nonsense, 4);
	search();
	assert_false(ident.profiled);
	assert_int_equal(ident.plan.flags, SCAUDIT_PLAN_ABSENT);
	assert_non_null(strstr(ident.why.text, "a profile was given, but no task"));
}

static void test_other_kernel(void **state)
{
	(void)state;
	strcpy(profile.release, "6.1.0-50-686");
	search();
	assert_false(ident.profiled);
	assert_int_equal(ident.plan.flags, SCAUDIT_PLAN_ABSENT);
	assert_non_null(strstr(ident.why.text, "of another kernel, 6.1.0-50-686"));
}

static void test_assume(void **state)
{
	(void)state;
	can_translate = false;
	assert_int_equal(ident_begin(&ident, ENTRY, 1), -EAGAIN);
	assert_false(ident_assume(&ident, 0));
	assert_true(ident_assume(&ident, ENTRY));
	assert_int_equal(ident.plan.current_off, 0xc1e80808 + SLIDE);
	assert_int_equal(ident.plan.lstar, ENTRY);
	/* a 64-bit kernel will be in long mode soon */
	assert_false(ident_assume(&ident, 0xffffffff81000000));

	profile.plan.flags = 0; /* a profile of a 64-bit kernel is none of this one's */
	assert_true(ident_assume(&ident, ENTRY));
	assert_false(ident.profiled || ident.busy);
	assert_int_equal(ident.plan.flags, SCAUDIT_PLAN_ABSENT);
	assert_int_equal(ident.plan.lstar, ENTRY);
	assert_non_null(strstr(ident.why.text, "a 32-bit kernel"));
	ident.profile = NULL;
	assert_true(ident_assume(&ident, ENTRY));
	assert_int_equal(ident.plan.flags, SCAUDIT_PLAN_ABSENT);
}

int main(void)
{
#define GUEST_TEST(name) cmocka_unit_test_setup_teardown(name, make_guest, free_guest)
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_debian),	cmocka_unit_test(test_files),
		cmocka_unit_test(test_vmlinux), cmocka_unit_test(test_stripped),
		cmocka_unit_test(test_image),	cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_map),	cmocka_unit_test(test_headers),
		GUEST_TEST(test_use),		GUEST_TEST(test_other_kernel),
		GUEST_TEST(test_assume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
