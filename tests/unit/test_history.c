// SPDX-License-Identifier: GPL-2.0-only
/* Who was there, who made whom, what they ran and how they ended. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "../../lib/base/buf.h"
#include "../../lib/format/snapshot.h"
#include "story.h"

#define A task(10, 1)

static void waits(struct sc_task *t, uint32_t pid, int status)
{
	CALL(t, "wait4", -1, 0x1000, 0, 0);
	memory(1, SCAUDIT_PART_DATA, true, &status, sizeof(status));
	returns(pid);
}

static void made_and_ended(void **state)
{
	uint64_t made;

	(void)state;
	forks(A, 200);
	made = now;
	assert_int_equal(proc(200)->origin, SC_ORIGIN_SEEN);
	assert_int_equal(proc(200)->born, made);
	assert_ptr_equal(proc(200)->parent, proc(10));
	look(task(200, 10));
	assert_int_equal(proc(200)->origin, SC_ORIGIN_SEEN);
	assert_int_equal(proc(200)->died, SC_NOT_YET);
	CALL(task(200, 10), "exit_group", 0x103);
	ends(SC_STATE_NEVER);
	look(A);
	assert_int_equal(proc(200)->died, now - STEP);
	assert_int_equal(proc(200)->status, 3 << 8);
	/* A fork that fails makes nobody. */
	CALL(A, "fork");
	returns(-EAGAIN);
	assert_null(sc_history_proc(past, (uint32_t)-EAGAIN));
	/* An exit that was refused is none. */
	CALL(A, "exit_group", 1);
	returns(-EPERM);
	look(A);
	assert_int_equal(proc(10)->died, SC_NOT_YET);
}

static void killed(void **state)
{
	(void)state;
	forks(A, 200);
	look(task(200, 10));
	waits(A, 200, SIGKILL);
	look(A);
	assert_int_equal(proc(200)->died, now - STEP + 10);
	assert_int_equal(proc(200)->status, SIGKILL);
	/* Stopped is not ended, nor is continued. */
	forks(A, 201);
	waits(A, 201, SIGSTOP << 8 | 0x7f);
	waits(A, 201, 0xffff);
	look(A);
	assert_int_equal(proc(201)->died, SC_NOT_YET);
	/* Without the status it may be either. */
	CALL(A, "wait4", -1, 0, WUNTRACED, 0);
	returns(201);
	look(A);
	assert_int_equal(proc(201)->died, SC_NOT_YET);
	CALL(A, "wait4", -1, 0, 0, 0);
	returns(201);
	look(A);
	assert_int_not_equal(proc(201)->died, SC_NOT_YET);
	assert_int_equal(proc(201)->status, -1);
}

static void waited_for_by_id(void **state)
{
	int32_t info[8] = { SIGCHLD, 0, CLD_KILLED, 0, 200, 0, SIGSEGV };
	int32_t narrow[8] = { SIGCHLD, 0, CLD_EXITED, 201, 0, 7 };

	(void)state;
	forks(A, 200);
	forks(A, 201);
	forks(A, 202);
	CALL(A, "waitid", 0, 0, 0x1000, WEXITED, 0);
	memory(2, SCAUDIT_PART_DATA, true, info, sizeof(info));
	returns(0);
	call(SC_ABI_I386, A, "waitid", 5, 0L, 0L, 0x1000L, 4L, 0L);
	memory(2, SCAUDIT_PART_DATA, true, narrow, sizeof(narrow));
	returns(0);
	look(A);
	assert_int_equal(proc(200)->status, SIGSEGV);
	assert_int_equal(proc(201)->status, 7 << 8);
	info[2] = CLD_STOPPED;
	info[4] = 202;
	CALL(A, "waitid", 0, 0, 0x1000, WEXITED, 0);
	memory(2, SCAUDIT_PART_DATA, true, info, sizeof(info));
	returns(0);
	look(A);
	assert_int_equal(proc(202)->died, SC_NOT_YET);
}

/* Whoever waits for a number that is not its child's means another one. */
static void another_ones_child(void **state)
{
	(void)state;
	forks(A, 200);
	waits(task(20, 1), 200, 0);
	look(A);
	assert_int_equal(proc(200)->died, SC_NOT_YET);
	/* Init waits for all. */
	waits(task(1, 0), 200, 0);
	look(A);
	assert_int_not_equal(proc(200)->died, SC_NOT_YET);
}

static void threads(void **state)
{
	(void)state;
	CALL(A, "clone", CLONE_THREAD | CLONE_VM | CLONE_SIGHAND | CLONE_FILES);
	returns(11);
	assert_null(sc_history_proc(past, 11));
	look(thread(10, 11));
	CALL(A, "clone", CLONE_THREAD | CLONE_VM | CLONE_SIGHAND | CLONE_FILES);
	returns(12);
	CALL(A, "exit", 4);
	ends(SC_STATE_NEVER);
	look(thread(10, 11));
	assert_int_equal(proc(10)->died, SC_NOT_YET);
	CALL(thread(10, 11), "exit", 5);
	ends(SC_STATE_NEVER);
	/* 12 has not called yet, but is there. */
	look(task(20, 1));
	assert_int_equal(proc(10)->died, SC_NOT_YET);
	look(thread(10, 12));
	CALL(thread(10, 12), "exit", 6);
	ends(SC_STATE_NEVER);
	look(task(20, 1));
	assert_int_equal(proc(10)->died, now - STEP);
	assert_int_equal(proc(10)->status, 6 << 8);
	/* One that never called: execve has ended it. */
	CALL(task(20, 1), "clone", CLONE_THREAD | CLONE_VM | CLONE_SIGHAND | CLONE_FILES);
	returns(21);
	CALL(task(20, 1), "execve", 0x1000, 0, 0);
	returns(0);
	CALL(task(20, 1), "exit", 0);
	ends(SC_STATE_NEVER);
	look(task(30, 1));
	assert_int_equal(proc(20)->died, now - STEP);
}

static void executed(void **state)
{
	struct sc_proc *p;

	(void)state;
	CALL(A, "chdir", 0x1000);
	text(0, "/usr");
	returns(0);
	look(thread(10, 11));
	CALL(A, "execve", 0x1000, 0x2000, 0);
	text(0, "bin/env");
	element(1, 0, "env");
	element(1, 1, "");
	element(1, 2, "a b");
	element(2, 0, "PATH=/bin");
	returns(0);
	look(A);
	p = proc(10);
	assert_string_equal(p->exe, "/usr/bin/env");
	assert_int_equal(p->argv_len, 9);
	assert_memory_equal(p->argv, "env\0\0a b\0", 9);
	assert_false(p->argv_cut);
	assert_int_equal(p->threads, 1);
	/* One that fails changes nothing. */
	CALL(A, "execve", 0x1000, 0x2000, 0);
	text(0, "/bin/none");
	element(1, 0, "none");
	returns(-ENOENT);
	look(A);
	assert_string_equal(proc(10)->exe, "/usr/bin/env");
	/* Handed down. */
	forks(A, 200);
	assert_string_equal(proc(200)->exe, "/usr/bin/env");
	assert_int_equal(proc(200)->argv_len, 9);
	CALL(A, "execve", 0x1000, 0x2000, 0);
	text(0, "/proc/self/exe");
	returns(0);
	look(A);
	assert_string_equal(proc(10)->exe, "/usr/bin/env");
	/* What it is now is not known: not what it was. */
	CALL(A, "execve", 0x1000, 0x2000, 0);
	returns(0);
	look(A);
	assert_null(proc(10)->exe);
	assert_null(proc(10)->argv);
}

static void executed_by_descriptor(void **state)
{
	(void)state;
	opens(A, "/opt/tool", 0, 3);
	CALL(A, "execveat", 3, 0x1000, 0x2000, 0, 0x1000);
	text(1, "");
	element(2, 0, "tool");
	ends(SC_STATE_NEVER);
	look(A);
	assert_string_equal(proc(10)->exe, "/opt/tool");
	assert_memory_equal(proc(10)->argv, "tool", 5);
}

/* Path and arguments were not to be had at the entry: they are on the new stack. */
static void executed_late(void **state)
{
	(void)state;
	CALL(A, "execve", 0x1000, 0x2000, 0);
	piece(&(struct sc_piece){ .arg = 0, .state = SCAUDIT_PIECE_LATE, .whole = ~0u });
	memory(0, SCAUDIT_PART_PATH, true, "/bin/late", 9);
	piece(&(struct sc_piece){ .arg = 1,
				  .part = SCAUDIT_PART_ELEMENT,
				  .at_return = true,
				  .data = (const uint8_t *)"late",
				  .size = 4,
				  .whole = 4 });
	returns(0);
	look(A);
	assert_string_equal(proc(10)->exe, "/bin/late");
	assert_int_equal(proc(10)->argv_len, 5);
}

static void owners(void **state)
{
	(void)state;
	look(A);
	assert_int_equal(proc(10)->uid, 0);
	CALL(A, "setresgid", 50, 50, 50);
	returns(0);
	A->gid = 50;
	CALL(A, "setuid", 1000);
	returns(0);
	sc_history_until(past, now + STEP);
	assert_int_equal(proc(10)->uid, 1000);
	assert_int_equal(proc(10)->gid, 50);
	A->uid = 1000;
	/* Others than root change the effective one only. */
	CALL(A, "setuid", 0);
	returns(0);
	sc_history_until(past, now + STEP);
	assert_int_equal(proc(10)->uid, 1000);
	CALL(A, "setreuid", -1, 1001);
	returns(0);
	sc_history_until(past, now + STEP);
	assert_int_equal(proc(10)->uid, 1000);
	forks(A, 200);
	assert_int_equal(proc(200)->uid, 1000);
}

static void same_pid_again(void **state)
{
	struct sc_proc *first;

	(void)state;
	forks(A, 200);
	look(task(200, 10));
	first = proc(200);
	CALL(task(200, 10), "exit_group", 0);
	ends(SC_STATE_NEVER);
	opens(A, "/a", 0, 3);
	forks(A, 200);
	assert_ptr_not_equal(proc(200), first);
	assert_ptr_equal(proc(200)->older, first);
	starts(task(200, 10), now - BEGIN + 5);
	assert_fd(task(200, 10), 3, "/a");
	assert_int_equal(first->status, 0);
	/* And once more, without that the fork or the end was seen. */
	starts(task(200, 10), now - BEGIN + STEP);
	now += STEP;
	look(task(200, 10));
	assert_ptr_not_equal(proc(200), first);
	assert_int_equal(proc(200)->older->died, 0);
	assert_int_equal(proc(200)->origin, SC_ORIGIN_RECKONED);
}

/* In a namespace the numbers are others. */
static void in_a_pid_namespace(void **state)
{
	struct sc_task *first, *second;

	(void)state;
	opens(A, "/a", 0, 3);
	CALL(A, "clone", CLONE_NEWPID | CLONE_NEWNS);
	returns(200);
	first = task(200, 10);
	assert_fd(first, 3, "/a");
	assert_true(proc(200)->in_pid_ns);
	assert_int_equal(proc(200)->namespaces, CLONE_NEWPID | CLONE_NEWNS);
	opens(first, "/b", 0, 4);
	CALL(first, "fork");
	returns(2);
	assert_null(sc_history_proc(past, 2));
	second = starts(task(201, 200), now - BEGIN + 5);
	assert_fd(second, 4, "/b");
	assert_ptr_equal(proc(201)->parent, proc(200));
	assert_int_equal(proc(201)->origin, SC_ORIGIN_SEEN);
	/* A number in there says nothing of who has it out here. */
	waits(first, 201, 0);
	look(first);
	assert_int_equal(proc(201)->died, SC_NOT_YET);
	/* It is waited for by the number that its parent knows. */
	waits(first, 2, SIGTERM);
	look(first);
	assert_int_equal(proc(201)->status, SIGTERM);
	/* unshare() is about children to come. */
	CALL(A, "unshare", CLONE_NEWPID);
	returns(0);
	forks(A, 202);
	assert_false(proc(10)->in_pid_ns);
	assert_true(proc(202)->in_pid_ns);
}

/* The result of the fork is not known: the child is who names this parent. */
static void unseen_fork(void **state)
{
	(void)state;
	opens(A, "/a", 0, 3);
	CALL(A, "fork");
	ends(SC_STATE_UNSEEN);
	assert_fd(task(200, 10), 3, "/a");
	assert_ptr_equal(proc(200)->parent, proc(10));
	assert_int_equal(proc(200)->origin, SC_ORIGIN_SEEN);
}

static void clone3_flags(void **state)
{
	uint64_t args[11] = { CLONE_FILES };

	(void)state;
	CALL(A, "clone3", 0x1000, 88);
	memory(0, SCAUDIT_PART_DATA, false, args, sizeof(args));
	returns(200);
	opens(task(200, 10), "/x", 0, 3);
	assert_fd(A, 3, "/x");
	args[0] = CLONE_THREAD;
	CALL(A, "clone3", 0x1000, 88);
	memory(0, SCAUDIT_PART_DATA, false, args, sizeof(args));
	returns(11);
	assert_null(sc_history_proc(past, 11));
	opens(A, "/sys/fs/cgroup/pods/a", 0200000, 5);
	args[0] = 0x200000000;
	args[10] = 5;
	CALL(A, "clone3", 0x1000, 88);
	memory(0, SCAUDIT_PART_DATA, false, args, sizeof(args));
	returns(201);
	look(A);
	assert_string_equal(proc(201)->cgroup->name, "/pods/a");
}

static void groups(void **state)
{
	(void)state;
	forks(A, 200);
	opens(A, "/sys/fs/cgroup/docker/abc/cgroup.procs", 1, 3);
	CALL(A, "write", 3, 0x1000, 4);
	text(1, "200\n");
	returns(4);
	CALL(A, "write", 3, 0x1000, 4);
	text(1, "10\n");
	returns(-EPERM);
	look(A);
	assert_null(proc(10)->cgroup);
	assert_string_equal(proc(200)->cgroup->name, "/docker/abc");
	/* Those of the first version have a hierarchy for each controller; 0 is oneself. */
	opens(A, "/sys/fs/cgroup/memory/low/cgroup.procs", 1, 4);
	CALL(A, "write", 4, 0x1000, 1);
	text(1, "0");
	returns(1);
	look(A);
	assert_string_equal(proc(10)->cgroup->name, "/low");
	forks(A, 201);
	assert_string_equal(proc(201)->cgroup->name, "/low");
	/* No file of that name elsewhere. */
	opens(A, "/tmp/cgroup.procs", 1, 5);
	CALL(A, "write", 5, 0x1000, 3);
	text(1, "200");
	returns(3);
	look(A);
	assert_string_equal(proc(200)->cgroup->name, "/docker/abc");
}

/* What a guest says of parents may be a ring. */
static void ring_of_parents(void **state)
{
	const struct sc_proc *p;
	unsigned n = 0;

	(void)state;
	look(starts(task(30, 31), 5));
	look(starts(task(31, 32), 5));
	look(starts(task(32, 30), 5));
	sc_history_name_parents(past);
	for (p = proc(30); p && n < 10; p = p->parent)
		n++;
	assert_true(n < 10);
}

static void begun_anew(void **state)
{
	(void)state;
	opens(A, "/a", 0, 3);
	look(A);
	sc_history_cut(past, now + 1);
	assert_int_equal(proc(10)->died, now + 1);
	assert_fd(task(20, 1), 3, NULL);
}

static void gap(void **state)
{
	(void)state;
	opens(A, "/a", 0, 3);
	CALL(A, "chdir", 0x1000);
	text(0, "/x");
	returns(0);
	look(A);
	sc_history_gap(past, now + 1);
	assert_fd(A, 3, NULL);
	assert_cwd(A, NULL);
	opens(A, "/b", 0, 3);
	assert_fd(A, 3, "/b");
}

static struct sc_snapshot_bytes bytes(const char *text)
{
	return (struct sc_snapshot_bytes){ (const uint8_t *)text, strlen(text) };
}

static void before(void **state)
{
	const uint8_t local[8] = { 2, 0, 0, 22, 10, 0, 2, 15 };
	struct sc_snapshot_fd fds[] = {
		{ .fd = 0, .kind = SC_SNAPSHOT_CHARACTER, .name = bytes("/dev/null") },
		{ .fd = 3,
		  .kind = SC_SNAPSHOT_SOCKET,
		  .domain = 2,
		  .type = 1,
		  .state = 10,
		  .local = { local, sizeof(local) } },
		{ .fd = 4, .kind = SC_SNAPSHOT_PIPE, .name = bytes("pipe:[77]") },
		{ .fd = 5, .kind = SC_SNAPSHOT_UNKNOWN },
		{ .fd = 6, .kind = SC_SNAPSHOT_ANON, .name = bytes("anon_inode:[eventfd]") },
		{ .fd = 7, .cloexec = true, .kind = SC_SNAPSHOT_FILE, .name = bytes("/log") },
	};
	struct sc_snapshot_bytes args[] = { bytes("sshd"), bytes("-D") };
	struct sc_snapshot_process p = {
		.pid = 10,
		.tid = 10,
		.ppid = 1,
		.uid = 7,
		.gid = 8,
		.start = 10000,
		.comm = bytes("sshd"),
		.exe = bytes("/usr/sbin/sshd"),
		.cwd = bytes("/run"),
		.root = bytes("/"),
		.cgroup = bytes("/system.slice/ssh.service"),
		.n_args = 2,
		.args = args,
		.n_fds = 6,
		.fds = fds,
	};
	const struct sc_snapshot about = { .time = BEGIN,
					   .clock = BEGIN - 1000 * STEP,
					   .processes = 2 };
	struct sc_buf b = { 0 };

	(void)state;
	sc_snapshot_put(&b, &about);
	sc_snapshot_put_process(&b, &p);
	p = (struct sc_snapshot_process){ .pid = 1, .tid = 1, .start = 5, .comm = bytes("init") };
	sc_snapshot_put_process(&b, &p);
	/* One that began while it was read: its fork is in the record, too. */
	p = (struct sc_snapshot_process){ .pid = 200,
					  .tid = 200,
					  .ppid = 10,
					  .start = 1001 * STEP,
					  .comm = bytes("new") };
	sc_snapshot_put_process(&b, &p);
	assert_false(b.failed);
	assert_int_equal(sc_history_snapshot(past, b.data, b.len), 0);
	assert_string_equal(proc(10)->exe, "/usr/sbin/sshd");
	assert_memory_equal(proc(10)->argv, "sshd\0-D", 8);
	assert_int_equal(proc(10)->uid, 7);
	assert_int_equal(proc(10)->gid, 8);
	assert_int_equal(proc(10)->origin, SC_ORIGIN_BEFORE);
	assert_int_equal(proc(10)->born, BEGIN - 1000 * STEP + 10000);
	assert_ptr_equal(proc(10)->parent, proc(1));
	assert_string_equal(proc(10)->cgroup->name, "/system.slice/ssh.service");
	forks(A, 200);
	assert_int_equal(proc(200)->origin, SC_ORIGIN_SEEN);
	assert_int_equal(proc(200)->born, now);
	assert_null(proc(200)->older);
	assert_fd(A, 0, "/dev/null");
	assert_fd(A, 3, "TCP:[10.0.2.15:22]");
	assert_true(sc_history_file(past, &made_up, 3)->socket->listening);
	assert_fd(A, 4, "pipe:[77]");
	assert_fd(A, 5, "?");
	assert_fd(A, 6, "anon_inode:[eventfd]");
	assert_cwd(A, "/run");
	opens(A, "pid", 0, 8);
	assert_fd(A, 8, "/run/pid");
	CALL(A, "execve", 0x1000, 0, 0);
	returns(0);
	assert_fd(A, 7, NULL);
	assert_fd(A, 6, "anon_inode:[eventfd]");
	sc_buf_free(&b);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, story, story_ends)
	const struct CMUnitTest tests[] = {
		TEST(made_and_ended),
		TEST(killed),
		TEST(waited_for_by_id),
		TEST(another_ones_child),
		TEST(threads),
		TEST(executed),
		TEST(executed_by_descriptor),
		TEST(executed_late),
		TEST(owners),
		TEST(same_pid_again),
		TEST(in_a_pid_namespace),
		TEST(unseen_fork),
		TEST(clone3_flags),
		TEST(groups),
		TEST(ring_of_parents),
		TEST(begun_anew),
		TEST(gap),
		TEST(before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
