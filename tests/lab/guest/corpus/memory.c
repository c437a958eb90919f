// SPDX-License-Identifier: GPL-2.0-only
/* Mappings, vectors of buffers, and pointers that lead nowhere. */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "corpus.h"

#define PAGE 4096

void mapping(void)
{
	int fd = file_make("mapped"), anonymous;
	unsigned long mask = 1;
	unsigned char there[4];
	char *file, *memory;
	int policy;

	MAKE(ftruncate(fd, 3 * PAGE));
	file = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(file, 'm', 100);
	MAKE(msync(file, PAGE, MS_SYNC | MS_INVALIDATE));
	MAKE(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 2 * PAGE));
	MAKE(mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
	MAKE(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 999, 0));
	MAKE(mmap(NULL, 0, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_GROWSDOWN, -1, 0);
	memory[0] = 1;
	MAKE(mmap(memory, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		  0));
	MAKE(mmap(memory, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	MAKE(mprotect(memory, PAGE, PROT_READ | PROT_WRITE));
	MAKE(mprotect((void *)1, PAGE, PROT_NONE));
	MAKE(mincore(file, 3 * PAGE, there));
	MAKE(madvise(memory, 2 * PAGE, MADV_DONTNEED));
	MAKE(madvise(memory, PAGE, 99));
	MAKE(mlock(memory, PAGE));
	MAKE(mlock2(memory, PAGE, MLOCK_ONFAULT));
	MAKE(munlock(memory, PAGE));
	MAKE(mlockall(MCL_CURRENT));
	MAKE(munlockall());
	memory = mremap(memory + PAGE, 2 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	MAKE(mremap(memory, 8 * PAGE, PAGE, 0));
	MAKE(munmap(memory, PAGE));
	MAKE(munmap((void *)123, PAGE));
	MAKE(sbrk(3 * PAGE));
	anonymous = memfd_create("memory", MFD_CLOEXEC);
	MAKE(ftruncate(anonymous, PAGE));
	MAKE(syscall(SYS_remap_file_pages, file, PAGE, 0, 1, 0));
	MAKE(syscall(SYS_mbind, file, PAGE, MPOL_DEFAULT, NULL, 0, 0));
	MAKE(syscall(SYS_get_mempolicy, &policy, &mask, 64, NULL, 0));
	MAKE(syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0));
	MAKE(syscall(SYS_pkey_alloc, 0, 0));
	MAKE(syscall(SYS_pkey_mprotect, file, PAGE, PROT_READ, -1));
	MAKE(syscall(SYS_membarrier, 0, 0, 0));
	MAKE(syscall(SYS_process_madvise, -1, NULL, 0, MADV_COLD, 0));
}

void vectors(void)
{
	char one[10], two[300], three[3];
	const struct iovec out[] = { { "first ", 6 }, { "", 0 }, { "second\n", 7 } };
	const struct iovec in[] = { { one, sizeof(one) }, { two, sizeof(two) } };
	const struct iovec remote[] = { { (void *)out[0].iov_base, 6 }, { three, 3 } };
	const struct iovec wild[] = { { "good", 4 }, { (void *)16, 100 } };
	char *many = calloc(1, 5000);
	int fd = file_make("vectored"), other = file_make("target"), pair[2];
	loff_t from = 0, to = 3;
	off_t start = 2;

	memset(many, 'z', 5000);
	MAKE(writev(fd, out, 3));
	MAKE(pwritev(fd, out, 3, 100));
	MAKE(pwritev2(fd, out, 1, -1, RWF_APPEND | RWF_SYNC));
	MAKE(lseek(fd, 0, SEEK_SET));
	MAKE(readv(fd, in, 2));
	MAKE(preadv(fd, in, 2, 3));
	MAKE(preadv2(fd, in, 1, 0, RWF_NOWAIT));
	MAKE(readv(fd, in, 0));
	MAKE(readv(fd, in, -1));
	MAKE(writev(fd, wild, 2));
	MAKE(write(fd, many, 5000));
	MAKE(pread(fd, many, 5000, 0));
	MAKE(process_vm_readv(getpid(), in, 2, remote, 2, 0));
	MAKE(process_vm_writev(getpid(), out, 1, remote + 1, 1, 0));
	MAKE(sendfile(other, fd, &start, 8));
	MAKE(sendfile(other, fd, NULL, 8));
	MAKE(copy_file_range(fd, &from, other, &to, 6, 0));
	MAKE(pipe(pair));
	MAKE(vmsplice(pair[1], out, 3, SPLICE_F_GIFT));
	MAKE(splice(fd, &from, pair[1], NULL, 5, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
	MAKE(splice(pair[0], NULL, other, &to, 100, 0));
	MAKE(tee(pair[0], pair[1], 10, SPLICE_F_NONBLOCK));
}

void faults(void)
{
	char *page =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *end = page + PAGE, *wild = (char *)0xdead000;
	char *argv[] = { "name", wild, NULL };
	int fd = file_make("poked");
	struct msghdr message = { .msg_iov = (void *)wild, .msg_iovlen = 2 };

	munmap(page + PAGE, PAGE);
	memset(page, 'e', PAGE);
	MAKE(open(NULL, O_RDONLY));
	MAKE(open(wild, O_RDONLY));
	MAKE(open(end - 10, O_RDWR)); /* no NUL before the memory ends */
	memcpy(end - 5, "mark", 5);
	MAKE(open(end - 5, O_RDONLY));
	MAKE(read(fd, wild, 10));
	MAKE(read(fd, NULL, 10));
	MAKE(read(9999, page, 10));
	MAKE(write(fd, wild, 10));
	MAKE(write(fd, end - 4, 100));
	MAKE(write(fd, NULL, 0));
	MAKE(write(-1, "text", 4));
	MAKE(writev(fd, (void *)wild, 3));
	MAKE(syscall(SYS_execve, "/absent", argv, NULL));
	MAKE(syscall(SYS_execve, wild, argv, wild));
	MAKE(syscall(SYS_execve, NULL, NULL, NULL));
	MAKE(stat(wild, (void *)page));
	MAKE(syscall(SYS_stat, ".", wild));
	MAKE(syscall(SYS_uname, NULL));
	MAKE(pipe((int *)wild));
	MAKE(syscall(SYS_nanosleep, wild, NULL));
	MAKE(syscall(SYS_clock_gettime, CLOCK_REALTIME, wild));
	MAKE(connect(fd, (void *)wild, 16));
	MAKE(sendmsg(fd, &message, 0));
	MAKE(recvmsg(fd, NULL, 0));
	MAKE(syscall(SYS_rt_sigaction, 10, wild, NULL, 8));
	MAKE(syscall(SYS_rt_sigprocmask, 0, wild, NULL, 8));
	MAKE(syscall(SYS_poll, wild, 3, 0));
	MAKE(syscall(SYS_select, 10, wild, NULL, NULL, NULL));
	MAKE(syscall(SYS_epoll_ctl, fd, 1, fd, wild));
	MAKE(syscall(SYS_getcwd, wild, 100));
	MAKE(syscall(SYS_getdents64, AT_FDCWD, wild, 100));
	MAKE(syscall(SYS_futex, wild, 0, 1, NULL, NULL, 0));
	MAKE(syscall(SYS_futex, NULL, 128, 1, wild, NULL, 0));
	MAKE(syscall(SYS_prctl, 15, wild, 0, 0, 0));
	MAKE(syscall(SYS_mount, wild, "/absent", NULL, 0, NULL));
	MAKE(syscall(SYS_ioctl, fd, 0x5401, wild));
	MAKE(syscall(SYS_getrandom, wild, 16, 0));
	MAKE(syscall(SYS_wait4, -1, wild, 0, NULL));
	MAKE(syscall(SYS_setrlimit, 7, wild));
}
