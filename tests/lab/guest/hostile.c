// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile FOLDER: a program that means no good to who reads along. Names are full of what
 * terminals take for commands, memory is full of what looks like BTF, arguments are without
 * number, and what is passed goes away while it is read. It says which calls it made.
 *
 * It begins when there is FOLDER/go, and says "PID" first, then lines "TID CALL COUNT".
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define ROUNDS 300
#define ARGS 20000 /* of argv; more than are ever read */
#define FAKES (16 << 20)

/* A title for the terminal, colours, a cleared screen, C1 in UTF-8, no UTF-8 at all. */
#define EVIL                                                  \
	"\x1b]0;owned\x07\x1b[31m\x1b[2J\r\n\t\b\x7f\xc2\x9b" \
	"31m\xff\xfe\x01"

static void must(long ok, const char *what)
{
	if (ok >= 0)
		return;
	perror(what);
	exit(1);
}

/* All that it calls itself is counted. */
struct calls {
	pid_t tid;
	unsigned long symlinkat, readlinkat, writev, mprotect;
};

static void say(const struct calls *c)
{
	printf("%d symlinkat %lu\n%d readlinkat %lu\n%d writev %lu\n%d mprotect %lu\n", c->tid,
	       c->symlinkat, c->tid, c->readlinkat, c->tid, c->writev, c->tid, c->mprotect);
}

/* ---- memory that looks like BTF ---- */

static void fill_memory(void)
{
	static const unsigned char head[24] = {
		0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, /* types at 0 */
		0,    0,    1, 0, 0,  0, 1, 0, 0, 0, 0, 3, /* 64 KiB of them; 48 MiB of strings */
	};
	unsigned char *memory = mmap(NULL, FAKES, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	size_t i;

	must(memory == MAP_FAILED ? -1 : 0, "mmap");
	for (i = 0; i + sizeof(head) < FAKES; i += PAGE / 2)
		memcpy(memory + i, head, sizeof(head));
}

/* ---- names ---- */

static void names(struct calls *c)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char text[PAGE];
	int fd, other;

	memcpy(a.sun_path, "\0" EVIL, sizeof(EVIL));
	must(prctl(PR_SET_NAME, "\x1b[31m\n\r\tcomm\x9b"), "PR_SET_NAME");
	must(mkdir(EVIL, 0755), "mkdir");
	must(chdir(EVIL), "chdir");
	fd = open("file" EVIL, O_RDWR | O_CREAT, 0644);
	must(fd, "open");
	must(write(fd, EVIL, sizeof(EVIL)), "write");
	must(rename("file" EVIL, "other" EVIL), "rename");
	must(syscall(SYS_symlinkat, EVIL, AT_FDCWD, "link" EVIL), "symlinkat");
	c->symlinkat++;
	must(syscall(SYS_readlinkat, AT_FDCWD, "link" EVIL, text, sizeof(text)), "readlinkat");
	c->readlinkat++;
	must(unlink("link" EVIL), "unlink");
	other = socket(AF_UNIX, SOCK_DGRAM, 0);
	must(bind(other, (struct sockaddr *)&a,
		  offsetof(struct sockaddr_un, sun_path) + sizeof(EVIL)),
	     "bind");
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	must(sendto(fd, EVIL, sizeof(EVIL), 0, (struct sockaddr *)&a,
		    offsetof(struct sockaddr_un, sun_path) + sizeof(EVIL)),
	     "sendto");
	must(recv(other, text, sizeof(text), 0), "recv");
	must(memfd_create(EVIL, 0), "memfd_create");
}

/* A cgroup; a newline is all that may not be in its name. */
static void cgroup(void)
{
	FILE *f;

	must(mkdir("cgroup", 0755), "cgroup");
	must(mount("none", "cgroup", "cgroup2", 0, NULL), "cgroup2");
	mkdir("cgroup/\x1b[31m\r\tevil\xc2\x9b", 0755); /* may be left from the last time */
	f = fopen("cgroup/\x1b[31m\r\tevil\xc2\x9b/cgroup.procs", "w");
	must(f != NULL ? 0 : -1, "cgroup.procs");
	must(fprintf(f, "%d\n", getpid()), "cgroup.procs");
	must(fclose(f), "cgroup.procs");
}

/* A child with arguments and environment without number, and names as above. */
static void arguments(void)
{
	static char *args[ARGS + 1], *env[] = { "A=" EVIL, EVIL, NULL };
	char path[] = "program" EVIL, text[16];
	int status, i;
	pid_t child;

	for (i = 0; i < ARGS; i++)
		args[i] = i % 2 ? EVIL : "x";
	snprintf(text, sizeof(text), "end");
	args[0] = text;
	must(symlink("/proc/self/exe", path), "symlink");
	child = fork();
	must(child, "fork");
	if (child == 0) {
		execve("/proc/self/exe", args, env);
		_exit(9);
	}
	must(waitpid(child, &status, 0), "waitpid");
	must(status == 0 ? 0 : -1, "the child");
}

/* ---- what goes away while it is read ---- */

static unsigned char *shared; /* three pages: one is there, one comes and goes, one is not there */
static atomic_bool stop;

static void *take_away(void *arg)
{
	struct calls *c = arg;

	c->tid = (pid_t)syscall(SYS_gettid);
	/* As long as they are used, and on: how often that is is the scheduler's business. */
	while (!stop || c->mprotect < 2 * ROUNDS) {
		syscall(SYS_mprotect, shared + PAGE, PAGE, PROT_NONE);
		syscall(SYS_mprotect, shared + PAGE, PAGE, PROT_READ | PROT_WRITE);
		c->mprotect += 2;
		mmap(shared + PAGE, PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		memset(shared + PAGE - 64, 'a', 64);
	}
	return NULL;
}

static void *use(void *arg)
{
	struct iovec *vector = (struct iovec *)(shared + PAGE - sizeof(struct iovec));
	struct calls *c = arg;
	int fd = open("/dev/null", O_WRONLY), i;

	c->tid = (pid_t)syscall(SYS_gettid);
	for (i = 0; i < ROUNDS; i++) {
		/* a path that ends on the page that goes, or never */
		syscall(SYS_symlinkat, shared + PAGE - 32, AT_FDCWD, shared + PAGE - 16);
		syscall(SYS_readlinkat, AT_FDCWD, shared + PAGE - 7, shared + PAGE + 3, PAGE);
		/* a vector that another thread writes over, half of it on that page */
		memcpy(vector, &(struct iovec){ shared + PAGE - 9, 4000 }, sizeof(*vector));
		syscall(SYS_writev, fd, vector, i % 3 ? 2 : i * 1000);
		c->symlinkat++;
		c->readlinkat++;
		c->writev++;
	}
	close(fd);
	return NULL;
}

static void race(void)
{
	struct calls users[2] = { 0 }, taker = { 0 };
	pthread_t threads[3];
	int i;

	shared = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(shared == MAP_FAILED ? -1 : 0, "mmap");
	must(munmap(shared + 2 * PAGE, PAGE), "munmap");
	memset(shared, 'a', 2 * PAGE);
	pthread_create(&threads[2], NULL, take_away, &taker);
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, use, &users[i]);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	stop = true;
	pthread_join(threads[2], NULL);
	for (i = 0; i < 2; i++)
		say(&users[i]);
	say(&taker);
}

int main(int argc, char **argv)
{
	struct calls own = { .tid = getpid() };

	if (argc > 0 && strcmp(argv[0], "end") == 0)
		return 0;
	if (argc != 2)
		return 2;
	must(mkdir(argv[1], 0755), argv[1]);
	must(chdir(argv[1]), argv[1]);
	fill_memory();
	cgroup();
	printf("%d\n", getpid());
	fflush(stdout);
	while (access("go", F_OK) < 0)
		usleep(50000);
	names(&own);
	arguments();
	/* the main thread makes none of these besides */
	printf("%d symlinkat %lu\n%d readlinkat %lu\n", own.tid, own.symlinkat, own.tid,
	       own.readlinkat);
	race();
	return 0;
}
