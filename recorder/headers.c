// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parts of a profile from kernel headers: the compiler is given a program that
 * says where the members are, in lines of its assembly, as the kernel's own
 * asm-offsets.c does.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parts.h"

#define PATH_LEN 4096
#define ARGUMENTS 32

/* Sizes are asked for, too: what has another one is not the member that is meant. */
static const char program[] =
	"#include <linux/version.h>\n"
	"#include <linux/stddef.h>\n"
	"#include <linux/sched.h>\n"
	"#include <linux/cred.h>\n"
	"#include <asm/segment.h>\n"
	"#include <generated/utsrelease.h>\n"
	"#define SAY(name, a, b) asm volatile(\"\\n.ascii \\\"->\" name \" %c0 %c1\\\"\" \\\n"
	"	: : \"i\"((long)(a)), \"i\"((long)(b)))\n"
	"#define MEMBER(s, m) SAY(#s \" \" #m, offsetof(struct s, m), sizeof(((struct s *)0)->m))\n"
	"void probe(void);\n"
	"void probe(void)\n"
	"{\n"
	"	MEMBER(task_struct, pid);\n"
	"	MEMBER(task_struct, tgid);\n"
	"	MEMBER(task_struct, comm);\n"
	"	MEMBER(task_struct, start_time);\n"
	"	MEMBER(task_struct, real_parent);\n"
	"	MEMBER(task_struct, cred);\n"
	"	MEMBER(cred, uid);\n"
	"#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0) && \\\n"
	"	LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)\n"
	"	MEMBER(pcpu_hot, current_task);\n"
	"#endif\n"
	"#ifdef CONFIG_X86_32\n"
	"	SAY(\"gdt entry\", GDT_ENTRY_PERCPU, 0);\n"
	"#endif\n"
	"	asm volatile(\"\\n.ascii \\\"->release \" UTS_RELEASE \"\\\"\");\n"
	"}\n";

/* "include PATH/Makefile" in Debian's headers: the part that all flavours share. */
static void find_common(const char *dir, char common[PATH_LEN])
{
	char path[PATH_LEN], line[PATH_LEN], beside[PATH_LEN];
	const char *name;
	FILE *makefile;
	char *end;

	snprintf(common, PATH_LEN, "%s", dir);
	snprintf(path, sizeof(path), "%.*s/Makefile", PATH_LEN - 16, dir);
	makefile = fopen(path, "re");
	if (makefile == NULL)
		return;
	while (fgets(line, sizeof(line), makefile) != NULL) {
		end = strstr(line, "/Makefile\n");
		if (strncmp(line, "include /", 9) != 0 || end == NULL)
			continue;
		*end = '\0';
		/* An unpacked package may lie elsewhere than where it says. */
		name = strrchr(line, '/') + 1;
		snprintf(beside, sizeof(beside), "%.*s/../%.*s", PATH_LEN / 2 - 8, dir,
			 PATH_LEN / 2 - 8, name);
		snprintf(common, PATH_LEN, "%s",
			 access(beside, F_OK) == 0 ? beside : line + strlen("include "));
		break;
	}
	fclose(makefile);
}

static int find_machine(const char *dir, bool *i386, struct sc_error *err)
{
	char path[PATH_LEN], line[256];
	FILE *conf;

	snprintf(path, sizeof(path), "%.*s/include/generated/autoconf.h", PATH_LEN - 64, dir);
	conf = fopen(path, "re");
	if (conf == NULL)
		return sc_fail(err, -errno, "%s: %s: are these the headers of a kernel?", path,
			       strerror(errno));
	*i386 = false;
	while (fgets(line, sizeof(line), conf) != NULL)
		*i386 |= strcmp(line, "#define CONFIG_X86_32 1\n") == 0;
	fclose(conf);
	return 0;
}

/* @retval a stream of the compiler's output  @retval NULL errno says why */
static FILE *compile(char *argv[], pid_t *child)
{
	int source = memfd_create("probe.c", MFD_CLOEXEC);
	posix_spawn_file_actions_t actions;
	int out[2] = { -1, -1 }, ret = 0;
	FILE *output = NULL;

	if (source < 0 || write(source, program, sizeof(program) - 1) < 0 ||
	    lseek(source, 0, SEEK_SET) != 0 || pipe2(out, O_CLOEXEC) < 0)
		ret = errno;
	if (ret == 0) {
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_adddup2(&actions, source, STDIN_FILENO);
		posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
		ret = posix_spawnp(child, argv[0], &actions, NULL, argv, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	if (source >= 0)
		close(source);
	if (out[1] >= 0)
		close(out[1]);
	if (ret == 0)
		output = fdopen(out[0], "r");
	else if (out[0] >= 0)
		close(out[0]);
	if (output == NULL && ret != 0)
		errno = ret;
	return output;
}

/* A line of ours. */
static void take(struct parts *parts, const struct part_member members[PART_MEMBERS],
		 const char *line)
{
	unsigned int pointer = parts->i386 ? 4 : 8, offset, size, wanted;
	char container[32], member[32];
	size_t i;

	if (sscanf(line, "release %64[^\"]", parts->release) == 1)
		return;
	if (sscanf(line, "%31s %31s %u %u", container, member, &offset, &size) != 4)
		return;
	if (strcmp(container, "gdt") == 0)
		parts->plan.gdt_entry = offset;
	for (i = 0; i < PART_MEMBERS; i++) {
		wanted = members[i].size != 0 ? (unsigned int)members[i].size : pointer;
		if (strcmp(members[i].container, container) == 0 &&
		    strcmp(members[i].member, member) == 0 && size == wanted && offset <= 0xffff)
			*members[i].offset = offset;
	}
}

static int ask(struct parts *parts, char *argv[], struct sc_error *err)
{
	struct part_member members[PART_MEMBERS];
	char line[1024];
	const char *said;
	int status = -1;
	FILE *output;
	pid_t child;

	parts_members(parts, members);
	output = compile(argv, &child);
	if (output == NULL)
		return sc_fail(err, -errno, "cannot run the C compiler '%s': %s", argv[0],
			       strerror(errno));
	while (fgets(line, sizeof(line), output) != NULL) {
		said = strstr(line, ".ascii \"->");
		if (said != NULL)
			take(parts, members, said + strlen(".ascii \"->"));
	}
	fclose(output);
	if (waitpid(child, &status, 0) != child || status != 0)
		return sc_fail(err, -EINVAL,
			       "'%s' does not compile with these headers: what it says is above",
			       argv[0]);
	parts->types = true;
	return 0;
}

int parts_add_headers(struct parts *parts, const char *dir, struct sc_error *err)
{
	/* In the order of LINUXINCLUDE in the kernel's Makefile; %s: flavour's, common. */
	static const struct {
		bool common;
		const char *path;
	} folders[] = {
		{ true, "arch/x86/include" },
		{ false, "arch/x86/include/generated" },
		{ true, "include" },
		{ false, "include" },
		{ true, "arch/x86/include/uapi" },
		{ false, "arch/x86/include/generated/uapi" },
		{ true, "include/uapi" },
		{ false, "include/generated/uapi" },
	};
	static const char *const first[] = { "compiler-version.h", "kconfig.h",
					     "compiler_types.h" };
	const char *compiler = getenv("CC");
	char common[PATH_LEN], *argv[ARGUMENTS], *paths[ARGUMENTS] = { NULL };
	size_t i, n = 0, n_paths = 0;
	bool i386 = false;
	int ret;

	ret = find_machine(dir, &i386, err);
	if (ret == 0)
		ret = parts_machine(parts, i386, dir, err);
	if (ret < 0)
		return ret;
	find_common(dir, common);
	argv[n++] = (char *)(compiler != NULL && compiler[0] != '\0' ? compiler : "gcc");
	argv[n++] = i386 ? "-m32" : "-m64";
	argv[n++] = "-S";
	argv[n++] = "-O1";
	argv[n++] = "-w";
	argv[n++] = "-std=gnu11";
	argv[n++] = "-fno-pie";
	argv[n++] = "-fno-builtin";
	argv[n++] = "-fshort-wchar";
	argv[n++] = "-D__KERNEL__";
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (asprintf(&paths[n_paths], "-I%s/%s", folders[i].common ? common : dir,
			     folders[i].path) > 0)
			argv[n++] = paths[n_paths++];
	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		if (asprintf(&paths[n_paths], "%s/include/linux/%s", common, first[i]) < 0)
			continue;
		if (access(paths[n_paths], F_OK) == 0) { /* compiler-version.h is of 5.12 */
			argv[n++] = "-include";
			argv[n++] = paths[n_paths];
		}
		n_paths++;
	}
	argv[n++] = "-o-";
	argv[n++] = "-xc";
	argv[n++] = "-";
	argv[n] = NULL;
	ret = ask(parts, argv, err);
	for (i = 0; i < n_paths; i++)
		free(paths[i]);
	return ret;
}
