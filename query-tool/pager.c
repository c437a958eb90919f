// SPDX-License-Identifier: GPL-2.0-only
#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/base/term.h"

static pid_t pager; /* 0: none */
static bool has_stderr; /* it goes there as well */

static bool in_path(const char *name)
{
	const char *path = getenv("PATH"), *end;
	char file[PATH_MAX];

	for (; path && *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		if (snprintf(file, sizeof(file), "%.*s/%s", (int)(end - path), path, name) <
			    (int)sizeof(file) &&
		    !access(file, X_OK))
			return true;
	}
	return false;
}

/* @retval NULL  none */
static const char *choose(void)
{
	const char *command = getenv("SCAUDIT_PAGER");

	if (!command)
		command = getenv("PAGER");
	if (!command)
		command = in_path("less") ? "less" : in_path("more") ? "more" : "";
	return *command && strcmp(command, "cat") != 0 ? command : NULL;
}

static void run(const char *command, int input)
{
	dup2(input, STDIN_FILENO);
	/* What is one page stays on the screen; colours pass. */
	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
	signal(SIGPIPE, SIG_DFL);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

bool pager_begin(void)
{
	const char *command = isatty(STDOUT_FILENO) ? choose() : NULL;
	char columns[16];
	int ends[2];

	if (!command || pipe2(ends, O_CLOEXEC))
		return false;
	/* What is as wide as the terminal still is, though it goes to a pipe. */
	snprintf(columns, sizeof(columns), "%u", sc_term_width(STDOUT_FILENO));
	setenv("COLUMNS", columns, 1);
	pager = fork();
	if (pager < 0) {
		pager = 0;
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	if (!pager)
		run(command, ends[0]);
	close(ends[0]);
	dup2(ends[1], STDOUT_FILENO);
	has_stderr = isatty(STDERR_FILENO);
	if (has_stderr)
		dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	return true;
}

/* Nothing may hold the pipe open. */
static void let_go(int fd)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (nowhere < 0 || dup2(nowhere, fd) < 0)
		close(fd);
	if (nowhere >= 0)
		close(nowhere);
}

void pager_end(void)
{
	if (!pager)
		return;
	/* ^C is the pager's, from here on. */
	signal(SIGINT, SIG_IGN);
	let_go(STDOUT_FILENO);
	if (has_stderr)
		let_go(STDERR_FILENO);
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		;
	pager = 0;
}
