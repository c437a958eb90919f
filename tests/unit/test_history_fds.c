// SPDX-License-Identifier: GPL-2.0-only
/* Which descriptor is what, call by call. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#include "story.h"

#define A task(10, 1)

static void opened_by_path(void **state)
{
	const uint64_t how[3] = { O_CLOEXEC };

	(void)state;
	opens(A, "/etc/passwd", 0, 3);
	assert_fd(A, 3, "/etc/passwd");
	CALL(A, "open", 0x1000, 0, 0);
	text(0, "/a//b/./c/../d");
	returns(4);
	assert_fd(A, 4, "/a/b/d");
	CALL(A, "creat", 0x1000, 0644);
	text(0, "/new");
	returns(5);
	assert_fd(A, 5, "/new");
	CALL(A, "openat2", 3, 0x1000, 0x2000, 24);
	text(1, "/abs");
	memory(2, SCAUDIT_PART_DATA, false, how, sizeof(how));
	returns(6);
	assert_fd(A, 6, "/abs");
	/* A failed one makes nothing. */
	CALL(A, "open", 0x1000, 0, 0);
	text(0, "/none");
	returns(-ENOENT);
	assert_fd(A, 7, NULL);
	/* Without its memory it is something, and no more is known. */
	CALL(A, "open", 0x1000, 0, 0);
	returns(7);
	assert_fd(A, 7, "?");
	/* Its result is not known: the descriptor neither. */
	CALL(A, "open", 0x1000, 0, 0);
	text(0, "/unseen");
	ends(SC_STATE_UNSEEN);
	assert_fd(A, 8, NULL);
	call(SC_ABI_I386, A, "open", 3, 0x1000L, 0L, 0L);
	text(0, "/thirty-two");
	returns(8);
	assert_fd(A, 8, "/thirty-two");
}

static void beside_folders(void **state)
{
	(void)state;
	/* The folder is not known. */
	opens(A, "file", 0, 3);
	assert_fd(A, 3, "?/file");
	CALL(A, "chdir", 0x1000);
	text(0, "/home/me");
	returns(0);
	assert_cwd(A, "/home/me");
	opens(A, "file", 0, 3);
	assert_fd(A, 3, "/home/me/file");
	opens(A, "../../../etc/x", 0, 3);
	assert_fd(A, 3, "/etc/x");
	opens(A, "/srv", O_DIRECTORY, 4);
	CALL(A, "openat", 4, 0x1000, 0, 0);
	text(1, "www/index");
	returns(5);
	assert_fd(A, 5, "/srv/www/index");
	/* Of a folder that is not known. */
	CALL(A, "openat", 77, 0x1000, 0, 0);
	text(1, "x");
	returns(6);
	assert_fd(A, 6, "?/x");
	CALL(A, "fchdir", 4);
	returns(0);
	assert_cwd(A, "/srv");
	CALL(A, "chdir", 0x1000);
	text(0, "/no");
	returns(-ENOENT);
	assert_cwd(A, "/srv");
	CALL(A, "chdir", 0x1000);
	returns(0);
	assert_cwd(A, NULL);
	CALL(A, "getcwd", 0x1000, 100);
	memory(0, SCAUDIT_PART_DATA, true, "/told\0", 6);
	returns(6);
	assert_cwd(A, "/told");
}

static void below_a_root(void **state)
{
	(void)state;
	CALL(A, "chroot", 0x1000);
	text(0, "/jail");
	returns(0);
	opens(A, "/etc/passwd", 0, 3);
	assert_fd(A, 3, "/jail/etc/passwd");
	opens(A, "/../../x", 0, 3);
	assert_fd(A, 3, "/jail/x");
	CALL(A, "chdir", 0x1000);
	text(0, "/");
	returns(0);
	opens(A, "../up", 0, 3);
	assert_fd(A, 3, "/jail/up");
}

static void copied(void **state)
{
	(void)state;
	opens(A, "/a", 0, 3);
	opens(A, "/b", 0, 4);
	CALL(A, "dup", 3);
	returns(5);
	assert_fd(A, 5, "/a");
	CALL(A, "dup2", 4, 5);
	returns(5);
	assert_fd(A, 5, "/b");
	CALL(A, "dup3", 3, 9, O_CLOEXEC);
	returns(9);
	assert_fd(A, 9, "/a");
	CALL(A, "fcntl", 4, F_DUPFD, 20);
	returns(20);
	assert_fd(A, 20, "/b");
	CALL(A, "fcntl", 4, F_DUPFD_CLOEXEC, 20);
	returns(21);
	assert_fd(A, 21, "/b");
	CALL(A, "fcntl", 4, F_GETFL);
	returns(22);
	assert_fd(A, 22, NULL);
	/* It may have been copied, or not. */
	CALL(A, "dup2", 4, 9);
	ends(SC_STATE_UNSEEN);
	assert_fd(A, 9, NULL);
	/* What is copied is not known, and what was there is gone. */
	CALL(A, "dup2", 99, 5);
	returns(5);
	assert_fd(A, 5, NULL);
}

static void closed(void **state)
{
	(void)state;
	opens(A, "/a", 0, 3);
	opens(A, "/b", 0, 4);
	CALL(A, "close", 3);
	returns(0);
	assert_fd(A, 3, NULL);
	CALL(A, "close", 3);
	returns(-EBADF);
	/* It is free all the same. */
	CALL(A, "close", 4);
	returns(-EINTR);
	assert_fd(A, 4, NULL);
	opens(A, "/3", 0, 3);
	opens(A, "/4", 0, 4);
	opens(A, "/500", 0, 500);
	CALL(A, "close_range", 4, -1, 0);
	returns(0);
	assert_fd(A, 3, "/3");
	assert_fd(A, 4, NULL);
	assert_fd(A, 500, NULL);
}

static void without_a_path(void **state)
{
	static const struct {
		const char *call, *name;
	} rows[] = {
		{ "epoll_create1", "anon_inode:[eventpoll]" },
		{ "eventfd2", "anon_inode:[eventfd]" },
		{ "timerfd_create", "anon_inode:[timerfd]" },
		{ "inotify_init1", "anon_inode:inotify" },
		{ "fanotify_init", "anon_inode:[fanotify]" },
		{ "userfaultfd", "anon_inode:[userfaultfd]" },
		{ "io_uring_setup", "anon_inode:[io_uring]" },
		{ "perf_event_open", "anon_inode:[perf_event]" },
		{ "pidfd_open", "anon_inode:[pidfd]" },
		{ "bpf", "anon_inode:bpf-map" },
		{ "open_by_handle_at", "?" },
		{ "fsmount", "?" },
	};
	const int pair[2] = { 30, 31 };
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CALL(A, rows[i].call);
		returns(3 + i);
		assert_fd(A, 3 + (int)i, rows[i].name);
	}
	CALL(A, "signalfd4", -1, 0, 8, 0);
	returns(20);
	assert_fd(A, 20, "anon_inode:[signalfd]");
	CALL(A, "memfd_create", 0x1000, 0);
	text(0, "jit");
	returns(21);
	assert_fd(A, 21, "/memfd:jit");
	CALL(A, "pipe2", 0x1000, 0);
	memory(0, SCAUDIT_PART_DATA, true, pair, sizeof(pair));
	returns(0);
	assert_fd(A, 30, "pipe:[?]");
	assert_fd(A, 31, "pipe:[?]");
}

static void handed_down(void **state)
{
	struct sc_task *child;

	(void)state;
	opens(A, "/kept", 0, 3);
	opens(A, "/closed", O_CLOEXEC, 4);
	CALL(A, "chdir", 0x1000);
	text(0, "/w");
	returns(0);
	forks(A, 200);
	child = task(200, 10);
	assert_fd(child, 3, "/kept");
	assert_fd(child, 4, "/closed");
	assert_cwd(child, "/w");
	/* Copied, not shared. */
	CALL(A, "close", 3);
	returns(0);
	assert_fd(child, 3, "/kept");
	opens(child, "/childs", 0, 5);
	assert_fd(A, 5, NULL);
	CALL(child, "execve", 0x1000, 0, 0);
	text(0, "/bin/true");
	returns(0);
	assert_fd(child, 3, "/kept");
	assert_fd(child, 4, NULL);
	assert_fd(A, 4, "/closed");
}

static void marked(void **state)
{
	(void)state;
	opens(A, "/a", O_CLOEXEC, 3);
	CALL(A, "fcntl", 3, F_SETFD, 0);
	returns(0);
	opens(A, "/b", 0, 4);
	CALL(A, "fcntl", 4, F_SETFD, FD_CLOEXEC);
	returns(0);
	opens(A, "/c", 0, 5);
	CALL(A, "close_range", 5, 5, 4);
	returns(0);
	assert_fd(A, 5, "/c");
	opens(A, "/d", O_CLOEXEC, 8);
	CALL(A, "dup2", 8, 8);
	returns(8);
	CALL(A, "fcntl", 3, F_DUPFD_CLOEXEC, 20);
	returns(20);
	CALL(A, "dup3", 3, 6, O_CLOEXEC);
	returns(6);
	CALL(A, "dup", 4);
	returns(7);
	CALL(A, "execve", 0x1000, 0, 0);
	returns(-ENOENT);
	assert_fd(A, 4, "/b");
	CALL(A, "execve", 0x1000, 0, 0);
	ends(SC_STATE_NEVER);
	assert_fd(A, 3, "/a");
	assert_fd(A, 4, NULL);
	assert_fd(A, 5, NULL);
	assert_fd(A, 6, NULL);
	assert_fd(A, 7, "/b");
	assert_fd(A, 8, NULL);
	assert_fd(A, 20, NULL);
}

static void shared(void **state)
{
	struct sc_task *child;

	(void)state;
	opens(A, "/a", O_CLOEXEC, 3);
	CALL(A, "clone", CLONE_FILES | CLONE_FS | CLONE_VM);
	returns(200);
	child = task(200, 10);
	opens(child, "/b", 0, 4);
	assert_fd(A, 4, "/b");
	CALL(child, "chdir", 0x1000);
	text(0, "/there");
	returns(0);
	assert_cwd(A, "/there");
	/* No more. */
	CALL(child, "unshare", CLONE_FILES | CLONE_FS);
	returns(0);
	opens(child, "/c", 0, 5);
	assert_fd(child, 4, "/b");
	assert_fd(A, 5, NULL);
	CALL(child, "chdir", 0x1000);
	text(0, "/elsewhere");
	returns(0);
	assert_cwd(A, "/there");
	/* execve takes what is shared for itself. */
	CALL(A, "clone", CLONE_FILES);
	returns(201);
	child = task(201, 10);
	CALL(child, "execve", 0x1000, 0, 0);
	returns(0);
	assert_fd(child, 3, NULL);
	assert_fd(A, 3, "/a");
}

static void shared_by_threads(void **state)
{
	(void)state;
	CALL(A, "clone", CLONE_THREAD | CLONE_FILES | CLONE_FS | CLONE_VM | CLONE_SIGHAND);
	returns(11);
	opens(thread(10, 11), "/a", 0, 3);
	assert_fd(A, 3, "/a");
}

/* What a call changes holds from its return on, and close() from its entry. */
static void in_time(void **state)
{
	uint64_t back;

	(void)state;
	opens(A, "/old", 0, 5);
	CALL(A, "accept", 3, 0, 0);
	back = now + 4 * STEP + STEP / 2;
	returns_at(5, back);
	/* Another thread closes the old one meanwhile. */
	assert_fd(thread(10, 11), 5, "/old");
	CALL(thread(10, 11), "close", 5);
	/* It is what it was for the call itself. */
	returns_at(0, now + 10 * STEP);
	assert_string_equal(sc_history_fd_name(past, &made_up, 5, false), "/old");
	assert_fd(thread(10, 12), 5, NULL);
	assert_fd(thread(10, 12), 5, NULL);
	assert_true(now < back);
	assert_fd(thread(10, 12), 5, "socket:[?]");
	/* A thread that calls again is back, whatever the clocks say. */
	CALL(A, "dup", 5);
	returns_at(6, now + 1000 * STEP);
	assert_fd(A, 6, "socket:[?]");
}

static void made_by_the_call(void **state)
{
	(void)state;
	opens(A, "/x", 0, 3);
	assert_null(sc_history_fd_name(past, &made_up, 3, false));
	assert_string_equal(sc_history_fd_name(past, &made_up, 3, true), "/x");
	opens(A, "/y", 0, 4);
	CALL(A, "dup2", 3, 4);
	returns(4);
	assert_string_equal(sc_history_fd_name(past, &made_up, 4, false), "/y");
	assert_string_equal(sc_history_fd_name(past, &made_up, 4, true), "/x");
	/* As a printer asks: 3, 4, and 4 as the result. */
	assert_string_equal(sc_history_print_fd(past, &made_up, 3), "/x");
	assert_string_equal(sc_history_print_fd(past, &made_up, 4), "/y");
	assert_string_equal(sc_history_print_fd(past, &made_up, 4), "/x");
	opens(A, "/z", 0, 5);
	assert_string_equal(sc_history_print_fd(past, &made_up, 5), "/z");
	assert_null(sc_history_print_fd(past, &made_up, -100));
	CALL(A, "close", 5);
	returns(0);
	assert_string_equal(sc_history_print_fd(past, &made_up, 5), "/z");
	CALL(A, "chdir", 0x1000);
	text(0, "/w");
	returns(0);
	look(A);
	assert_string_equal(sc_history_print_fd(past, &made_up, -100), "/w");
}

/* Descriptors that no kernel would give. */
static void out_of_bounds(void **state)
{
	(void)state;
	CALL(A, "dup", 0);
	returns(0x7fffffff);
	assert_fd(A, 0x7fffffff, NULL);
	assert_fd(A, -1, NULL);
	CALL(A, "open", 0x1000);
	text(0, "/high");
	returns(SC_FDS_MAX - 1);
	assert_fd(A, SC_FDS_MAX - 1, "/high");
	CALL(A, "close_range", 0, -1, 0);
	returns(0);
	assert_fd(A, SC_FDS_MAX - 1, NULL);
	CALL(A, "dup2", -5, -7);
	returns(3);
	CALL(A, "openat", -5, 0x1000, 0, 0);
	text(1, "x");
	returns(3);
	assert_fd(A, 3, "?/x");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, story, story_ends)
	const struct CMUnitTest tests[] = {
		TEST(opened_by_path), TEST(beside_folders),
		TEST(below_a_root),   TEST(copied),
		TEST(closed),	      TEST(without_a_path),
		TEST(handed_down),    TEST(marked),
		TEST(shared),	      TEST(shared_by_threads),
		TEST(in_time),	      TEST(made_by_the_call),
		TEST(out_of_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
