// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of openat, read and close of a small file: openread COUNT
 *
 * Reads 256 bytes each time; prints COUNT. Nothing but the loop makes many calls.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PATH "/tmp/openread.txt"

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000;
	char data[256];
	int fd = open(PATH, O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = ' ' + i % 95;
	if (fd < 0 || write(fd, data, sizeof(data)) != sizeof(data) || close(fd) < 0) {
		perror(PATH);
		return 1;
	}
	for (uint64_t i = 0; i < count; i++) {
		fd = open(PATH, O_RDONLY);
		if (fd < 0 || read(fd, data, sizeof(data)) != sizeof(data) || close(fd) < 0) {
			perror(PATH);
			return 1;
		}
	}
	printf("%lu\n", count);
	return 0;
}
