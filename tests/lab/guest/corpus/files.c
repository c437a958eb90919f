// SPDX-License-Identifier: GPL-2.0-only
/* Files, folders, their attributes, locks, and being told of changes. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include "corpus.h"

void files(void)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY, .resolve = RESOLVE_BENEATH };
	const struct timespec times[2] = { { 1000000000, 123456789 }, { 0, UTIME_OMIT } };
	const struct timeval old[2] = { { 1000000000, 123456 }, { 1100000000, 0 } };
	const struct utimbuf older = { 1000000000, 1100000000 };
	struct statx extended;
	struct statfs system;
	struct stat state;
	char bytes[300];
	int fd = file_make("file"), dir, copy;

	MAKE(fstat(fd, &state));
	MAKE(stat("file", &state));
	MAKE(lstat("/proc/self/exe", &state));
	MAKE(stat("/dev/null", &state));
	MAKE(stat("absent", &state));
	MAKE(statx(AT_FDCWD, "file", AT_SYMLINK_NOFOLLOW, STATX_ALL, &extended));
	MAKE(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &extended));
	MAKE(statfs("/proc", &system));
	MAKE(fstatfs(fd, &system));
	MAKE(lseek(fd, 5, SEEK_SET));
	MAKE(read(fd, bytes, 4));
	MAKE(lseek(fd, -3, SEEK_END));
	MAKE(lseek(fd, 0, SEEK_HOLE));
	MAKE(lseek(fd, -100, SEEK_SET));
	MAKE(pread(fd, bytes, sizeof(bytes), 4));
	MAKE(pwrite(fd, "\x1b[31mred\x1b[0m \x7f\xff\"\\", 16, 1L << 33));
	MAKE(ftruncate(fd, 6000));
	MAKE(truncate("file", 7000));
	MAKE(fallocate(fd, FALLOC_FL_KEEP_SIZE, 4096, 8192));
	MAKE(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
	MAKE(posix_fadvise(fd, 0, 4096, POSIX_FADV_SEQUENTIAL));
	MAKE(readahead(fd, 0, 4096));
	MAKE(sync_file_range(fd, 0, 4096, SYNC_FILE_RANGE_WRITE));
	MAKE(fsync(fd));
	MAKE(fdatasync(fd));
	MAKE(syncfs(fd));
	MAKE(utimensat(AT_FDCWD, "file", times, 0));
	MAKE(utimensat(AT_FDCWD, "file", NULL, AT_SYMLINK_NOFOLLOW));
	MAKE(futimens(fd, times));
	MAKE(syscall(SYS_utimes, "file", old));
	MAKE(syscall(SYS_futimesat, AT_FDCWD, "file", old));
	MAKE(syscall(SYS_utime, "file", &older));
	MAKE(chmod("file", 04755));
	MAKE(fchmod(fd, 0600));
	MAKE(fchmodat(AT_FDCWD, "file", 01777, 0));
	MAKE(chown("file", 1, -1));
	MAKE(lchown("file", -1, 2));
	MAKE(fchown(fd, 0, 0));
	MAKE(fchownat(AT_FDCWD, "file", 3, 4, AT_SYMLINK_NOFOLLOW));
	MAKE(access("file", R_OK | W_OK));
	MAKE(faccessat(AT_FDCWD, "absent", F_OK, 0));
	MAKE(syscall(SYS_faccessat2, AT_FDCWD, "file", X_OK, AT_EACCESS));
	MAKE(umask(027));
	MAKE(mkdir("folder", 0751));
	MAKE(mkdirat(AT_FDCWD, "folder", 0700));
	dir = open("folder", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	MAKE(openat(dir, "new", O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NONBLOCK, 0644));
	MAKE(openat(dir, "/absent/absent", O_PATH));
	MAKE(open(".", O_TMPFILE | O_RDWR, 0600));
	MAKE(creat("created", 0444));
	MAKE(syscall(SYS_openat2, AT_FDCWD, "folder", &how, sizeof(how)));
	MAKE(syscall(SYS_openat2, dir, "../file", &how, sizeof(how)));
	MAKE(syscall(SYS_getdents64, dir, bytes, sizeof(bytes)));
	MAKE(syscall(SYS_getdents64, dir, bytes, sizeof(bytes)));
	lseek(dir, 0, SEEK_SET);
	MAKE(syscall(SYS_getdents, dir, bytes, sizeof(bytes)));
	MAKE(chdir("folder"));
	MAKE(fchdir(dir));
	MAKE(getcwd(bytes, sizeof(bytes)));
	MAKE(getcwd(bytes, 2));
	copy = dup(fd);
	MAKE(dup2(copy, 40));
	MAKE(dup3(copy, 41, O_CLOEXEC));
	MAKE(dup2(9999, 42));
	MAKE(fcntl(fd, F_DUPFD_CLOEXEC, 50));
	MAKE(fcntl(fd, F_GETFD));
	MAKE(fcntl(fd, F_SETFD, FD_CLOEXEC));
	MAKE(fcntl(fd, F_GETFL));
	MAKE(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	MAKE(syscall(SYS_close_range, 40, 60, 0));
	MAKE(close(copy));
	MAKE(close(copy));
}

void links(void)
{
	char bytes[64];
	int fd = file_make("first");

	MAKE(link("first", "second"));
	MAKE(linkat(AT_FDCWD, "first", AT_FDCWD, "third", 0));
	MAKE(linkat(fd, "", AT_FDCWD, "fourth", AT_EMPTY_PATH));
	MAKE(symlink("first", "arrow"));
	MAKE(symlinkat("somewhere/else", AT_FDCWD, "broken"));
	MAKE(readlink("arrow", bytes, sizeof(bytes)));
	MAKE(readlink("first", bytes, sizeof(bytes)));
	MAKE(readlinkat(AT_FDCWD, "broken", bytes, 4));
	MAKE(rename("second", "renamed"));
	MAKE(renameat(AT_FDCWD, "third", AT_FDCWD, "third.new"));
	MAKE(renameat2(AT_FDCWD, "renamed", AT_FDCWD, "arrow", RENAME_EXCHANGE));
	MAKE(renameat2(AT_FDCWD, "renamed", AT_FDCWD, "first", RENAME_NOREPLACE));
	MAKE(mknod("pipe", S_IFIFO | 0640, 0));
	MAKE(mknodat(AT_FDCWD, "null", S_IFCHR | 0666, makedev(1, 3)));
	MAKE(mknod("disk", S_IFBLK | 0600, makedev(8, 1)));
	MAKE(unlink("fourth"));
	MAKE(unlink("\001\n\t\x1b[2J\303\244\377"));
	MAKE(mkdir("\346\227\245 with space", 0700));
	MAKE(unlinkat(AT_FDCWD, "\346\227\245 with space", AT_REMOVEDIR));
	MAKE(rmdir("absent"));
	MAKE(syscall(SYS_name_to_handle_at, AT_FDCWD, "first", bytes, bytes, 0));
}

void locks(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 10 };
	struct f_owner_ex owner = { F_OWNER_PID, getpid() };
	int fd = file_make("locked"), pair[2], pages;

	MAKE(fcntl(fd, F_SETLK, &lock));
	MAKE(fcntl(fd, F_GETLK, &lock));
	lock.l_type = F_UNLCK;
	lock.l_whence = SEEK_CUR;
	MAKE(fcntl(fd, F_SETLKW, &lock));
	lock.l_type = F_RDLCK;
	lock.l_pid = 0;
	MAKE(fcntl(fd, F_OFD_SETLK, &lock));
	MAKE(fcntl(fd, F_OFD_GETLK, &lock));
	MAKE(fcntl(fd, F_SETLEASE, F_WRLCK));
	MAKE(fcntl(fd, F_GETLEASE));
	MAKE(fcntl(fd, F_SETOWN, getpid()));
	MAKE(fcntl(fd, F_GETOWN));
	MAKE(fcntl(fd, F_SETOWN_EX, &owner));
	MAKE(fcntl(fd, F_GETOWN_EX, &owner));
	MAKE(fcntl(fd, F_SETSIG, 10));
	MAKE(fcntl(fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT));
	MAKE(fcntl(fd, 12345, 7));
	MAKE(flock(fd, LOCK_EX | LOCK_NB));
	MAKE(flock(fd, LOCK_UN));
	MAKE(pipe(pair));
	pages = fcntl(pair[0], F_GETPIPE_SZ);
	MAKE(fcntl(pair[0], F_SETPIPE_SZ, pages / 2));
	MAKE(pipe2(pair, O_CLOEXEC | O_NONBLOCK));
	MAKE(read(pair[0], &lock, 1));
	fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	MAKE(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE));
	MAKE(fcntl(fd, F_GET_SEALS));
}

void attributes(void)
{
	char bytes[256];
	int fd = file_make("attributed");

	MAKE(setxattr("attributed", "trusted.one", "value", 5, XATTR_CREATE));
	MAKE(setxattr("attributed", "trusted.one", "other\0\1", 7, XATTR_REPLACE));
	MAKE(setxattr("attributed", "user.two", "value", 5, 0));
	MAKE(lsetxattr("attributed", "trusted.three", "", 0, 0));
	MAKE(fsetxattr(fd, "trusted.four", "4444", 4, 0));
	MAKE(getxattr("attributed", "trusted.one", bytes, sizeof(bytes)));
	MAKE(getxattr("attributed", "trusted.one", NULL, 0));
	MAKE(lgetxattr("attributed", "trusted.none", bytes, sizeof(bytes)));
	MAKE(fgetxattr(fd, "trusted.four", bytes, 2));
	MAKE(listxattr("attributed", bytes, sizeof(bytes)));
	MAKE(llistxattr("attributed", NULL, 0));
	MAKE(flistxattr(fd, bytes, sizeof(bytes)));
	MAKE(removexattr("attributed", "trusted.one"));
	MAKE(lremovexattr("attributed", "trusted.one"));
	MAKE(fremovexattr(fd, "trusted.four"));
}

void notify(void)
{
	char events[1024];
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), mark, fd;

	mark = inotify_add_watch(watch, ".", IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVED_FROM);
	MAKE(inotify_add_watch(watch, "absent", IN_ALL_EVENTS | IN_ONLYDIR));
	close(file_make("noticed"));
	MAKE(unlink("noticed"));
	MAKE(read(watch, events, sizeof(events)));
	MAKE(read(watch, events, sizeof(events)));
	MAKE(inotify_rm_watch(watch, mark));
	MAKE(inotify_rm_watch(watch, 77));
	MAKE(syscall(SYS_inotify_init));
	fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY);
	MAKE(fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN | FAN_EVENT_ON_CHILD, AT_FDCWD, "."));
	MAKE(fanotify_mark(fd, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL));
}
