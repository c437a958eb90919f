// SPDX-License-Identifier: GPL-2.0-only
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR 512u
#define PAYLOAD_MAX (256u << 20)

static const struct {
	unsigned char magic[6];
	unsigned int length;
	const char *program;
} formats[] = {
	{ { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, "xz" },
	{ { 0x28, 0xb5, 0x2f, 0xfd }, 4, "zstd" },
	{ { 0x1f, 0x8b }, 2, "gzip" },
	{ { 0x02, 0x21, 0x4c, 0x18 }, 4, "lz4" },
	{ { 'B', 'Z', 'h' }, 3, "bzip2" },
	{ { 0x5d, 0, 0, 0 }, 4, "lzma" },
};

static uint32_t word(const unsigned char *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

bool unpack_is_image(const unsigned char head[UNPACK_HEAD])
{
	return memcmp(head + 0x202, "HdrS", 4) == 0 && (head[0x206] | head[0x207] << 8) >= 0x208;
}

uint64_t unpack_alignment(const unsigned char head[UNPACK_HEAD])
{
	uint32_t align = word(head + 0x230);

	return (align & (align - 1)) == 0 ? align : 0;
}

/* The payload in a file of its own, to be a program's standard input. */
static int cut_out(int fd, off_t from, uint32_t length)
{
	int payload = memfd_create("payload", MFD_CLOEXEC);
	char *copy = malloc(length);
	ssize_t n = copy != NULL ? pread(fd, copy, length, from) : -1;

	if (payload >= 0 &&
	    (n != (ssize_t)length || write(payload, copy, length) != (ssize_t)length ||
	     lseek(payload, 0, SEEK_SET) != 0)) {
		close(payload);
		payload = -1;
	}
	free(copy);
	return payload;
}

/* What comes out counts: the kernel puts its length behind the stream, which some call an error. */
static int run(const char *program, int from, int to)
{
	char *argv[] = { (char *)program, "-dc", NULL };
	posix_spawn_file_actions_t actions;
	int ret, status;
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, from, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	ret = -posix_spawnp(&child, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (ret == 0 && waitpid(child, &status, 0) != child)
		ret = -errno;
	return ret;
}

int unpack(int fd, const unsigned char head[UNPACK_HEAD], const char *path, struct sc_error *err)
{
	unsigned int sectors = head[0x1f1] != 0 ? head[0x1f1] : 4;
	off_t from = (off_t)(sectors + 1) * SECTOR + word(head + 0x248);
	uint32_t length = word(head + 0x24c);
	unsigned char magic[6] = { 0 };
	const char *program = NULL;
	int payload, image, ret;
	struct stat st;
	size_t i;

	if (pread(fd, magic, sizeof(magic), from) != (ssize_t)sizeof(magic) || length > PAYLOAD_MAX)
		return sc_fail(err, -EINVAL, "%s: a damaged kernel image", path);
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (memcmp(magic, formats[i].magic, formats[i].length) == 0)
			program = formats[i].program;
	if (program == NULL)
		return sc_fail(err, -EINVAL, "%s: compressed in a way that is not known here",
			       path);
	payload = cut_out(fd, from, length);
	image = memfd_create("vmlinux", MFD_CLOEXEC);
	ret = payload < 0 || image < 0 ? -ENOMEM : run(program, payload, image);
	if (ret == 0 && (fstat(image, &st) < 0 || st.st_size == 0))
		ret = -EINVAL;
	if (payload >= 0)
		close(payload);
	if (ret == 0)
		return image;
	if (image >= 0)
		close(image);
	return sc_fail(err, ret, "%s: cannot be decompressed by '%s': %s", path, program,
		       ret == -EINVAL ? "nothing came out" : strerror(-ret));
}
