// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/query/filter_args.h"
#include "../lib/query/print_args.h"
#include "../lib/base/timespec.h"
#include "choice_expr.h"
#include "control.h"
#include "device.h"
#include "log.h"
#include "record.h"
#include "returns.h"
#include "verb.h"

static const char doc[] =
	"Record the system calls of a VM, or go on with a recording whose recorder has died. "
	"Returns when the recording runs, in the background.\v"
	"VM is the name that QEMU was given by -name, or a process id. DURATION is a number with "
	"a unit (500ms, 60s, 2min; without one: seconds). What is not given when a recording goes "
	"on stays as it was.";

/* --capture */
enum {
	CAPTURE_UNSAID,
	CAPTURE_ALL,
	CAPTURE_NONE
};

enum {
	KEY_STORE = 256,
	KEY_ON_FULL,
	KEY_ON_EXIT,
	KEY_MAX_STALL,
	KEY_RING,
	KEY_ENGINE,
	KEY_RETURNS,
	KEY_ONLY,
	KEY_SKIP,
	KEY_FILTER,
	KEY_SNAPLEN,
	KEY_CAPTURE,
	KEY_PROFILE,
	KEY_KEY,
	KEY_IDENT,
	KEY_SEGMENT_SIZE,
	KEY_SEGMENT_TIME,
	KEY_KEEP,
	KEY_KEEP_FOR,
	KEY_MIN_FREE,
	KEY_ON_DISK_FULL
};

static const struct argp_option options[] = {
	{ "store", KEY_STORE, "DIR", 0, "where to (default: /var/lib/scaudit/VM)", 0 },
	{ "foreground", 'f', NULL, 0, "stay in the foreground; Ctrl-C ends the recording", 0 },
	{ "on-full", KEY_ON_FULL, "block|drop", 0,
	  "a ring is full: the guest waits, or events are dropped and counted (default: block)",
	  0 },
	{ "on-exit", KEY_ON_EXIT, "detach|hold", 0,
	  "the recorder dies: the guest runs on unrecorded, or waits (default: detach)", 0 },
	{ "max-stall", KEY_MAX_STALL, "DURATION", 0,
	  "longest wait of the guest for a full ring, 0: no limit (default: 60s)", 0 },
	{ "ring-size", KEY_RING, "N[K|M]", 0,
	  "of each vCPU: a power of two from 4K to 64M (default: all share 8M)", 0 },
	{ "engine", KEY_ENGINE, "auto|fault|pad", 0,
	  "how calls are made to trap (default: auto, which is pad where it works)", 0 },
	{ "returns", KEY_RETURNS, "all|none|LIST", 0,
	  "whose returns are recorded (default: all): of no call, or of the listed ones, by name or "
	  "number, as scquery --syscall takes them; what is not wanted costs less",
	  0 },
	{ "only", KEY_ONLY, "TERM[,TERM]", 0,
	  "which calls are recorded (default: all). TERM is pid=N, uid=N, comm=NAME, container "
	  "(any), container=PREFIX, or system calls as scquery --syscall takes them: openat, 257, "
	  "i386:open, %file. Of each kind that occurs one must hold",
	  0 },
	{ "skip", KEY_SKIP, "TERM[,TERM]", 0, "which are not; what is left out is counted", 0 },
	{ "filter", KEY_FILTER, "EXPR", 0,
	  "the same in the filter language of scquery: 'syscall in (%file, execve) and not comm = "
	  "sshd'. Kept in the words of --only and --skip",
	  0 },
	{ "snaplen", KEY_SNAPLEN, "N|CALL=N[,…]", 0,
	  "bytes recorded of each buffer, 0 to 64K (default: 256), of all calls or of some: "
	  "64,write=4K. Paths are recorded whole",
	  0 },
	{ "capture", KEY_CAPTURE, "all|none", 0,
	  "whether arguments' memory is recorded at all (default: all)", 0 },
	{ "profile", KEY_PROFILE, "FILE", 0,
	  "for a guest whose kernel has no BTF: what 'screcord profile' has made of that kernel",
	  0 },
	{ "key", KEY_KEY, "FILE", 0,
	  "seal what is recorded with this secret key, made by 'screcord keygen' (default: nothing "
	  "is sealed)",
	  0 },
	{ "ident-wait", KEY_IDENT, "DURATION", 0,
	  "longest wait of a guest's first call for the identification of its tasks, at most 60s "
	  "(default: 10s)",
	  0 },
	{ "segment-size", KEY_SEGMENT_SIZE, "SIZE", 0,
	  "close a file of the store that has grown beyond, 64K to 64G (default: 256M, with --keep "
	  "an eighth of it at most)",
	  0 },
	{ "segment-time", KEY_SEGMENT_TIME, "DURATION", 0,
	  "… or that is so old (default: however old)", 0 },
	{ "keep", KEY_KEEP, "SIZE", 0,
	  "how large the store may be: its oldest closed files are removed (default: no limit)",
	  0 },
	{ "keep-for", KEY_KEEP_FOR, "DURATION", 0,
	  "how long a call is kept: files whose last call is older are removed (default: for ever)",
	  0 },
	{ "min-free", KEY_MIN_FREE, "SIZE", 0,
	  "room that the store leaves on its disk: its oldest files are removed (default: none)",
	  0 },
	{ "on-disk-full", KEY_ON_DISK_FULL, "wait|stop|prune", 0,
	  "the disk is full: try again until there is room, end the recording, or remove the oldest "
	  "file (default: wait)",
	  0 },
	{ 0 },
};

/* In the order of their enumerations in schema/abi.h. */
static const char *const on_full_words[] = { "block", "drop", NULL };
static const char *const on_exit_words[] = { "detach", "hold", NULL };
static const char *const capture_words[] = { "all", "none", NULL };
static const char *const engine_words[] = { "auto", "fault", "pad", NULL };

static uint64_t duration(struct argp_state *state, const char *option, const char *arg)
{
	struct sc_error err = { "" };
	uint64_t ns = 0;

	if (sc_span_parse(arg, &ns, &err) < 0)
		sc_usage(state, "%s: %s", option, err.text);
	return ns;
}

static uint64_t ring_size(struct argp_state *state, const char *arg)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(arg, &end, 10);
	if (errno != 0 || end == arg || arg[0] == '-' || n > SCAUDIT_RING_MAX)
		n = 0;
	if (strcmp(end, "K") == 0 || strcmp(end, "k") == 0)
		n <<= 10;
	else if (strcmp(end, "M") == 0 || strcmp(end, "m") == 0)
		n <<= 20;
	else if (*end != '\0')
		n = 0;
	if (n < SCAUDIT_RING_MIN || n > SCAUDIT_RING_MAX || (n & (n - 1)) != 0)
		sc_usage(state, "--ring-size: '%s' is not a power of two from 4K to 64M", arg);
	return n;
}

static void check_returns(struct argp_state *state, const char *arg)
{
	struct scaudit_returns returns;
	struct sc_error err = { "" };

	if (strlen(arg) >= CONTROL_WORDS)
		sc_usage(state, "--returns: the list is longer than %u bytes", CONTROL_WORDS - 1);
	if (returns_parse(arg, &returns, &err) < 0)
		sc_usage(state, "--returns: %s", err.text);
}

static char *absolute(struct argp_state *state, const char *option, const char *path)
{
	char *cwd, *all = NULL;

	if (path[0] == '\0')
		sc_usage(state, "%s: the name is empty", option);
	if (path[0] == '/')
		return strdup(path);
	cwd = get_current_dir_name();
	if (cwd == NULL || asprintf(&all, "%s/%s", cwd, path) < 0)
		argp_failure(state, SC_EXIT_FAILED, errno, "%s: %s", option, path);
	free(cwd);
	return all;
}

static void add_choice(struct argp_state *state, struct start_arguments *a, const char *option,
		       unsigned int chosen, char words[SC_CHOICE_LEN], const char *arg)
{
	struct sc_error err = { "" };

	if (choice_add(words, arg, &err) < 0)
		sc_usage(state, "%s: %s", option, err.text);
	a->options.chosen |= chosen;
	a->options.choice = &a->choice;
}

/* --filter, in the words of the other two. */
static void settle_filter(struct argp_state *state, struct start_arguments *a)
{
	char point[SC_EXPR_POINT_LEN], only[SC_CHOICE_LEN], skip[SC_CHOICE_LEN];
	struct sc_expr_error err;
	int ret;

	if (a->choice.only[0] != '\0' || a->choice.skip[0] != '\0')
		sc_usage(state, "--filter says what is left out, and so do --only and --skip: give "
				"it or them");
	ret = choice_expr(a->filter, only, skip, &err);
	if (ret == -ENOMEM)
		argp_failure(state, SC_EXIT_FAILED, 0, "%s", err.why.text);
	if (ret < 0) {
		sc_expr_point(a->filter, &err, point);
		fprintf(stderr, "screcord: %s\n%s", err.why.text, point);
		exit(SC_EXIT_USAGE);
	}
	memcpy(a->choice.only, only, sizeof(only));
	memcpy(a->choice.skip, skip, sizeof(skip));
	a->options.chosen |= SESSION_CHOSE_ONLY | SESSION_CHOSE_SKIP;
	a->options.choice = &a->choice;
}

/* All of it is there: does it make sense? */
static void settle_choice(struct argp_state *state, struct start_arguments *a)
{
	struct choice_filter filter;
	struct sc_error err = { "" };
	struct capture capture;

	if (a->filter != NULL)
		settle_filter(state, a);
	if (a->capture == CAPTURE_NONE && a->choice.snaplen[0] != '\0')
		sc_usage(state, "--snaplen and --capture none: give one of them");
	if (a->capture != CAPTURE_UNSAID) {
		a->options.chosen |= SESSION_CHOSE_SNAPLEN;
		a->options.choice = &a->choice;
	}
	if (a->capture == CAPTURE_NONE)
		strcpy(a->choice.snaplen, CHOICE_NO_CAPTURE);
	if (choice_filter(&a->choice, &filter, &err) < 0 ||
	    choice_capture(&a->choice, &capture, &err) < 0)
		sc_usage(state, "%s", err.text);
	capture_free(&capture);
}

static void set_retention(struct argp_state *state, struct start_arguments *a, unsigned which,
			  const char *option, const char *arg)
{
	struct sc_error err = { "" };

	if (retention_set(&a->options.retention, which, arg, &err) < 0)
		sc_usage(state, "%s: %s", option, err.text);
}

static void check_retention(struct argp_state *state, struct start_arguments *a)
{
	struct sc_error err = { "" };

	if (retention_check(&a->options.retention, &err) < 0)
		sc_usage(state, "%s", err.text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct start_arguments *a = state->input;
	struct session_options *o = &a->options;
	uint64_t ns;

	switch (key) {
	case KEY_STORE:
		free(o->store);
		o->store = absolute(state, "--store", arg);
		return 0;
	case 'f':
		o->foreground = true;
		return 0;
	case KEY_ON_FULL:
		o->on_full = (uint32_t)sc_choice(state, "--on-full", arg, on_full_words);
		return 0;
	case KEY_ON_EXIT:
		o->on_exit = (uint32_t)sc_choice(state, "--on-exit", arg, on_exit_words);
		return 0;
	case KEY_MAX_STALL:
		o->max_stall_ns = duration(state, "--max-stall", arg);
		return 0;
	case KEY_RING:
		o->ring_bytes = ring_size(state, arg);
		return 0;
	case KEY_ENGINE:
		o->engine = (uint32_t)sc_choice(state, "--engine", arg, engine_words);
		return 0;
	case KEY_RETURNS:
		check_returns(state, arg);
		o->returns = arg;
		return 0;
	case KEY_ONLY:
		add_choice(state, a, "--only", SESSION_CHOSE_ONLY, a->choice.only, arg);
		return 0;
	case KEY_SKIP:
		add_choice(state, a, "--skip", SESSION_CHOSE_SKIP, a->choice.skip, arg);
		return 0;
	case KEY_FILTER:
		if (a->filter != NULL)
			sc_usage(state, "--filter: one expression, please; put 'and' between two");
		a->filter = arg;
		return 0;
	case KEY_SNAPLEN:
		if (strcmp(arg, CHOICE_NO_CAPTURE) == 0)
			sc_usage(state,
				 "--snaplen: a number of bytes; none at all: --capture none");
		add_choice(state, a, "--snaplen", SESSION_CHOSE_SNAPLEN, a->choice.snaplen, arg);
		return 0;
	case KEY_CAPTURE:
		a->capture = sc_choice(state, "--capture", arg, capture_words) == 0 ? CAPTURE_ALL :
										      CAPTURE_NONE;
		return 0;
	case KEY_PROFILE:
		if (strchr(arg, '\n') != NULL || strlen(arg) >= CONTROL_WORDS / 2)
			sc_usage(state, "--profile: such a name cannot be remembered");
		free(o->profile);
		o->profile = absolute(state, "--profile", arg);
		return 0;
	case KEY_KEY:
		if (strchr(arg, '\n') != NULL || strlen(arg) >= CONTROL_WORDS / 2)
			sc_usage(state, "--key: such a name cannot be remembered");
		free(o->key);
		o->key = absolute(state, "--key", arg);
		return 0;
	case KEY_IDENT:
		ns = duration(state, "--ident-wait", arg);
		if (ns > 60 * SC_NS_PER_SEC)
			sc_usage(state, "--ident-wait: %s is more than 60s", arg);
		o->ident_wait_ms = (uint32_t)(ns / 1000000);
		return 0;
	case KEY_SEGMENT_SIZE:
		set_retention(state, a, RETENTION_SEGMENT_SIZE, "--segment-size", arg);
		return 0;
	case KEY_SEGMENT_TIME:
		set_retention(state, a, RETENTION_SEGMENT_TIME, "--segment-time", arg);
		return 0;
	case KEY_KEEP:
		set_retention(state, a, RETENTION_KEEP, "--keep", arg);
		return 0;
	case KEY_KEEP_FOR:
		set_retention(state, a, RETENTION_KEEP_FOR, "--keep-for", arg);
		return 0;
	case KEY_MIN_FREE:
		set_retention(state, a, RETENTION_MIN_FREE, "--min-free", arg);
		return 0;
	case KEY_ON_DISK_FULL:
		set_retention(state, a, RETENTION_ON_FULL, "--on-disk-full", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (a->vm != NULL)
			sc_usage(state, "one VM, please; '%s' is too many", arg);
		a->vm = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->vm == NULL)
			sc_usage(state, "which VM? ('screcord list' shows them)");
		settle_choice(state, a);
		check_retention(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int verb_start_parse(int argc, char **argv, struct start_arguments *a)
{
	static const struct argp argp = { options, parse, "VM", doc, NULL, NULL, NULL };

	memset(a, 0, sizeof(*a));
	a->options.on_full = SESSION_KEEP;
	a->options.on_exit = SESSION_KEEP;
	a->options.max_stall_ns = ~0ULL;
	a->options.engine = SCAUDIT_ENGINE_AUTO;
	a->options.ident_wait_ms = SESSION_IDENT_WAIT_MS;
	return argp_parse(&argp, argc, argv, 0, NULL, a) == 0 ? 0 : SC_EXIT_USAGE;
}

void verb_start_defaults(struct session_options *o)
{
	if (o->on_full == SESSION_KEEP)
		o->on_full = SCAUDIT_FULL_BLOCK;
	if (o->on_exit == SESSION_KEEP)
		o->on_exit = SCAUDIT_EXIT_DETACH;
	if (o->max_stall_ns == ~0ULL)
		o->max_stall_ns = SESSION_MAX_STALL_NS;
}

/* What a recording begins with; found before the recorder is forked. */
struct plan {
	struct vm vm;
	int pidfd, vm_fd;
	struct session_options options;
	const struct scaudit_list_entry *orphan; /* of this VM; NULL: none */
	const struct scaudit_list_entry *leftover; /* of an earlier VM of that name */
};

static int make_plan(const char *what, const struct scaudit_list_entry *entries, size_t count,
		     struct plan *plan, struct sc_error *err)
{
	struct vm_list list;
	char process[32];
	size_t i;
	int ret;

	ret = vm_scan("/proc", &list, err);
	if (ret < 0)
		return ret;
	ret = vm_find(&list, what, &plan->vm, err);
	free(list.vms);
	if (ret < 0)
		return ret;
	for (i = 0; i < count; i++) {
		const struct scaudit_list_entry *e = &entries[i];

		if (e->vm_pid == (uint32_t)plan->vm.pid && e->owner_pid != 0)
			return sc_fail(
				err, -EBUSY,
				"VM '%s' (process %u) is audited already, by process %u (%s)",
				plan->vm.name, e->vm_pid, e->owner_pid,
				verb_process_name(e->owner_pid, process));
		if (e->vm_pid == (uint32_t)plan->vm.pid && e->state != SCAUDIT_STATE_GONE)
			plan->orphan = e;
		else if (e->owner_pid == 0 && e->state == SCAUDIT_STATE_GONE &&
			 strcmp(e->name, plan->vm.name) == 0)
			plan->leftover = e;
	}
	return vm_open(&plan->vm, &plan->pidfd, &plan->vm_fd, err);
}

static int begin(struct plan *plan, struct session *session, struct sc_error *err)
{
	int ret;

	if (plan->leftover != NULL) {
		ret = verb_drain_orphan(plan->leftover, &plan->options, NULL, err);
		if (ret < 0)
			return ret;
		log_info("saved what an earlier recording of VM '%s' had left", plan->vm.name);
	}
	if (plan->orphan != NULL)
		return session_adopt(session, plan->orphan, plan->pidfd, &plan->options, err);
	verb_start_defaults(&plan->options);
	return session_attach(session, &plan->vm, plan->pidfd, plan->vm_fd, &plan->options, err);
}

/*
 * Tell the waiting parent that the recording runs, and leave its terminal.
 * @retval false it waits no more: somebody has changed his mind
 */
static bool go_to_background(int ready)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool told = write(ready, "+", 1) == 1;

	close(ready);
	log_to_syslog();
	if (chdir("/") < 0)
		log_warn("cannot leave the working directory");
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	return told;
}

/* @ready  where the parent waits; -1: foreground */
static int record(struct plan *plan, int ready)
{
	struct sc_error err = { "" };
	struct control control = { .fd = -1 };
	struct session session;
	int signal_fd, ret;
	bool running;

	signal_fd = record_signals(&err);
	if (signal_fd < 0)
		return verb_fail(SC_EXIT_FAILED, &err);
	ret = begin(plan, &session, &err);
	close(plan->vm_fd);
	if (ret < 0)
		return verb_fail(SC_EXIT_FAILED, &err);

	ret = control_listen(&control, session.vm_pid, &err);
	if (ret == 0)
		ret = session_run(&session, &err);
	running = ret == 0;
	if (!running) {
		verb_fail(SC_EXIT_FAILED, &err);
	} else {
		log_info("recording VM '%s' (process %d) to %s", session.vm, (int)session.vm_pid,
			 session.dir);
		if (ready >= 0)
			running = go_to_background(ready);
	}
	ret = record_loop(&session, &control, signal_fd, !running, &err);
	if (ret < 0)
		log_warn("%s", err.text);
	session_uninit(&session);
	control_close(&control);
	close(signal_fd);
	return ret == 0 && running ? SC_EXIT_MATCH : SC_EXIT_FAILED;
}

/*
 * Descriptors that were handed down to us stay with the parent: a lock, or a pipe
 * that somebody reads to its end, must not live as long as the recording.
 */
static void drop_strangers(void)
{
	close_range(STDERR_FILENO + 1, ~0U, 0);
}

static int record_in_background(struct plan *plan)
{
	int ready[2], status;
	pid_t child;
	char c;

	if (pipe2(ready, O_CLOEXEC) < 0 || (child = fork()) < 0) {
		fprintf(stderr, "screcord: cannot start the recorder: %s\n", strerror(errno));
		return SC_EXIT_FAILED;
	}
	if (child == 0) {
		close(ready[0]);
		setsid();
		exit(record(plan, ready[1]));
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) == 1)
		return SC_EXIT_MATCH;
	/* It has ended, and has said why. */
	if (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return WEXITSTATUS(status);
	fprintf(stderr, "screcord: the recorder ended before it had begun\n");
	return SC_EXIT_FAILED;
}

int verb_start(int argc, char **argv)
{
	struct start_arguments arguments;
	struct scaudit_list_entry *entries;
	struct sc_error err = { "" };
	struct plan plan = { .pidfd = -1, .vm_fd = -1 };
	size_t count;
	int ret;

	ret = verb_start_parse(argc, argv, &arguments);
	if (ret != 0)
		return ret;
	plan.options = arguments.options;
	if (!plan.options.foreground)
		drop_strangers();
	ret = verb_audits(&entries, &count, &err);
	if (ret == 0)
		ret = make_plan(arguments.vm, entries, count, &plan, &err);
	if (ret < 0)
		ret = verb_fail(SC_EXIT_FAILED, &err);
	else if (plan.options.foreground)
		ret = record(&plan, -1);
	else
		ret = record_in_background(&plan);
	free(entries);
	free(plan.options.store);
	free(plan.options.profile);
	free(plan.options.key);
	return ret;
}
