// SPDX-License-Identifier: GPL-2.0-only
/* The recorder's socket, what is left of dead recorders, and reports on their way. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../recorder/control.h"
#include "../../schema/abi.h"

#define VM_PID 4711

static char dir[] = "/tmp/scaudit-test-control-XXXXXX";
static char run[64];

static int make_dir(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(run, sizeof(run), "%s/run", dir); /* made when it is needed */
	setenv("SCAUDIT_RUN_DIR", run, 1);
	return 0;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) == 0 ? 0 : -1;
}

static const char *path_of(const char *suffix)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%d.%s", run, VM_PID, suffix);
	return path;
}

static void fill(struct report *r)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->vm, sizeof(r->vm), "a=b%%c\nd\033\x7f\x80\xff");
	snprintf(r->state, sizeof(r->state), "recording");
	snprintf(r->store, sizeof(r->store), "/var/lib/%%2f");
	r->vm_pid = VM_PID;
	r->begin = 18446744073709551615ULL;
	r->calls = 12345678901234ULL;
	r->stall_ns = 1;
	snprintf(r->returns, sizeof(r->returns), "none");
	snprintf(r->skip, sizeof(r->skip), "%%memory");
	snprintf(r->snaplen, sizeof(r->snaplen), "256");
	r->skipped = 1234;
	r->n_vcpus = 4;
	r->vcpus[0] = r->vcpus[1] = (struct report_vcpu){ 1, SCAUDIT_ENGINE_PAD, 0, 5 };
	r->vcpus[2] = (struct report_vcpu){ 1, SCAUDIT_ENGINE_FAULT,
					    SCAUDIT_WHY_NO_PAD | SCAUDIT_WHY_SFMASK | 1u << 31, 1 };
}

static void test_report(void **state)
{
	static struct report before, after;
	static char text[REPORT_ENCODED_MAX];
	char *line, *next;
	size_t n;

	(void)state;
	fill(&before);
	n = report_encode(&before, text);
	assert_int_equal(strlen(text), n);
	for (line = text; *line != '\0'; line = next) {
		next = strchr(line, '\n');
		assert_non_null(next);
		*next++ = '\0';
		assert_true(report_decode(&after, line));
	}
	assert_memory_equal(&before, &after, sizeof(before));

	assert_true(report_decode(&after, "v=not vm"));
	assert_string_equal(after.vm, before.vm);

	/* the longest there can be */
	memset(before.vm, 1, REPORT_TEXT - 1);
	memset(before.state, 1, REPORT_TEXT - 1);
	memset(before.session, 1, REPORT_TEXT - 1);
	memset(before.engine, 1, REPORT_TEXT - 1);
	memset(before.engine_why, 1, REPORT_TEXT - 1);
	memset(before.ident, 1, REPORT_TEXT - 1);
	memset(before.ident_why, 1, REPORT_TEXT - 1);
	memset(before.on_full, 1, REPORT_TEXT - 1);
	memset(before.store, 1, REPORT_TEXT - 1);
	memset(before.error, 1, REPORT_TEXT - 1);
	memset(before.warning, 1, REPORT_TEXT - 1);
	assert_true(report_encode(&before, text) < REPORT_ENCODED_MAX);

	assert_true(report_decode(&after, "vcpu=1024 1 1 1 1"));
	assert_true(report_decode(&after, "vcpu=5 1 1"));
	assert_int_equal(after.n_vcpus, 4);
	before.n_vcpus = REPORT_VCPUS;
	memset(before.vcpus, 0xff, sizeof(before.vcpus));
	memset(before.returns, 1, REPORT_TEXT - 1);
	assert_true(report_encode(&before, text) < REPORT_ENCODED_MAX);

	assert_false(report_decode(&after, "no equals sign"));
	assert_true(report_decode(&after, "of_a_newer_version=5"));
	assert_true(report_decode(&after, "calls=x"));
	assert_int_equal(after.calls, 0);
	assert_true(report_decode(&after, "vm=%4"));
	assert_string_equal(after.vm, "%4");
	memset(text, 'v', 2000);
	memcpy(text, "vm=", 3);
	text[2000] = '\0';
	assert_true(report_decode(&after, text));
	assert_int_equal(strlen(after.vm), REPORT_TEXT - 1);
}

static void test_json(void **state)
{
	static struct report report;
	char *text = NULL;
	size_t n;
	FILE *file = open_memstream(&text, &n);

	(void)state;
	fill(&report);
	report_json(&report, file);
	report_print(&report, 1, file);
	fclose(file);
	assert_non_null(strstr(text, "{\"vm\":\"a=b%c\\nd\\u001b\\u007f"));
	assert_non_null(strstr(text, "\"calls\":12345678901234,"));
	assert_int_equal(strchr(text, '\n')[-1], '}');
	assert_non_null(strstr(
		text,
		",\"vcpus\":[{\"engine\":\"pad\",\"why\":[],\"insns\":[\"syscall\",\"int80\"]},"
		"{\"engine\":\"pad\",\"why\":[],\"insns\":[\"syscall\",\"int80\"]},"
		"{\"engine\":\"fault\",\"why\":[\"no_pad\",\"sfmask\"],\"insns\":[\"syscall\"]},"
		"{\"engine\":\"none\",\"why\":[],\"insns\":[]}]}\n"));
	assert_null(strstr(text, "vCPUs")); /* there is no recorder */
	free(text);

	report.recorder_pid = 1;
	file = open_memstream(&text, &n);
	report_print(&report, 1, file);
	fclose(file);
	assert_non_null(strstr(
		text, "vCPUs     0-1: pad; sees syscall, int80\n"
		      "          2: fault (no byte of the guest's entry code can be a pad; SFMASK "
		      "leaves interrupts or single steps on; reason 0x80000000); sees syscall\n"
		      "          3: none\n"
		      "returns   none\n"
		      "skip      %memory\n"
		      "snaplen   256\n"));
	assert_non_null(strstr(text, "\nskipped   1,234 calls left out by choice\n"));
	/* nothing that a terminal would obey */
	assert_null(strchr(text, '\033'));
	free(text);
}

/* One recorder, one client, in one process. */
static void serve(struct control *control, enum control_request expected, struct report *report)
{
	unsigned int i, served = 0;

	control_accept(control);
	for (i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &control->clients[i];

		if (client->fd < 0 || client->wants_stop)
			continue;
		assert_int_equal(control_serve(client), expected);
		if (expected == CONTROL_STATUS)
			control_answer(client, report);
		served++;
	}
	assert_int_equal(served, 1);
}

static void test_conversation(void **state)
{
	static struct report report, got;
	struct control control;
	struct stat st;
	int fd, fd2;

	(void)state;
	assert_int_equal(control_listen(&control, VM_PID, NULL), 0);
	assert_int_equal(stat(path_of("sock"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(run, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);

	fill(&report);
	assert_int_equal(control_ask(VM_PID, "status", &fd), 0);
	serve(&control, CONTROL_STATUS, &report);
	assert_int_equal(control_receive(fd, &got, 1000), 0);
	assert_memory_equal(&report, &got, sizeof(report));
	close(fd);
	serve(&control, CONTROL_NONE, NULL); /* it has hung up */

	assert_int_equal(control_ask(VM_PID, "stop", &fd), 0);
	serve(&control, CONTROL_STOP, NULL);
	assert_int_equal(control_receive(fd, &got, 10), -ETIMEDOUT);
	control_tell_stopping(&control, &report);
	snprintf(report.state, sizeof(report.state), "ended");
	control_tell_stopping(&control, &report);
	assert_int_equal(control_receive(fd, &got, 1000), 0);
	assert_string_equal(got.state, "recording");
	assert_int_equal(control_receive(fd, &got, 1000), 0);
	assert_string_equal(got.state, "ended");

	assert_int_equal(control_ask(VM_PID, "longer than any request can ever be", &fd2), -EINVAL);
	assert_int_equal(control_ask(VM_PID, "dance", &fd2), 0);
	serve(&control, CONTROL_NONE, NULL);
	assert_int_equal(control_receive(fd2, &got, 1000), -EPIPE);
	close(fd2);
	assert_int_equal(control_ask(VM_PID, "a line, much too long", &fd2), 0);
	serve(&control, CONTROL_NONE, NULL);
	assert_int_equal(control_receive(fd2, &got, 1000), -EPIPE);
	close(fd2);

	control_close(&control);
	assert_int_equal(control_receive(fd, &got, 1000), -EPIPE);
	close(fd);
	assert_int_equal(stat(path_of("sock"), &st), -1);
}

/* More clients than there is room for; and some that never read. */
static void test_crowd(void **state)
{
	static struct report report;
	struct control control;
	int fd[CONTROL_CLIENTS + 3], i, k;

	(void)state;
	fill(&report);
	assert_int_equal(control_listen(&control, VM_PID, NULL), 0);
	for (i = 0; i < (int)CONTROL_CLIENTS + 3; i++) {
		assert_int_equal(control_ask(VM_PID, "stop", &fd[i]), 0);
		control_accept(&control);
	}
	for (i = 0; i < (int)CONTROL_CLIENTS; i++)
		assert_int_equal(control_serve(&control.clients[i]), CONTROL_STOP);
	for (k = 0; k < 2000; k++)
		control_tell_stopping(&control, &report);
	for (i = 0; i < (int)CONTROL_CLIENTS; i++)
		assert_int_equal(control.clients[i].fd, -1);
	for (i = 0; i < (int)CONTROL_CLIENTS + 3; i++)
		close(fd[i]);
	control_close(&control);
}

static void test_stale_socket(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct control control, second;
	struct sc_error err;
	int fd, ask;

	(void)state;
	assert_int_equal(control_ask(VM_PID, "status", &ask), -ENOENT);

	/* a recorder that was killed */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(strlen(path_of("sock")) < sizeof(address.sun_path));
	strcpy(address.sun_path, path_of("sock"));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
	assert_int_equal(control_ask(VM_PID, "status", &ask), -ECONNREFUSED);
	assert_int_equal(control_listen(&control, VM_PID, NULL), 0);
	assert_int_equal(control_ask(VM_PID, "status", &ask), 0);
	close(ask);

	/* a live one is not pushed aside */
	assert_int_equal(control_listen(&second, VM_PID, &err), -EBUSY);
	assert_non_null(strstr(err.text, "another recorder"));
	control_close(&second);
	assert_int_equal(control_ask(VM_PID, "status", &ask), 0);
	close(ask);
	control_close(&control);

	/* a file of another kind in its place */
	fd = open(path_of("sock"), O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(control_listen(&control, VM_PID, NULL), 0);
	control_close(&control);
}

static void write_memory(const char *text)
{
	FILE *file = fopen(path_of("audit"), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_memory(void **state)
{
	struct control_memory before = { 0 }, after;
	uint8_t other[16] = { 9 };

	(void)state;
	memset(before.session, 0xab, sizeof(before.session));
	snprintf(before.store, sizeof(before.store), "/a b/c\nd=e\nstore=/f");
	snprintf(before.engine, sizeof(before.engine), "fault");
	snprintf(before.returns, sizeof(before.returns), "!read,x32:4");
	strcpy(before.choice.only, "%file,comm=a=b");
	strcpy(before.choice.skip, "only=x");
	strcpy(before.choice.snaplen, "none");
	assert_int_equal(control_remember(VM_PID, &before, NULL), 0);
	assert_int_equal(control_recall(VM_PID, before.session, &after), 0);
	assert_string_equal(after.store, before.store);
	assert_string_equal(after.engine, "fault");
	assert_string_equal(after.returns, "!read,x32:4");
	assert_memory_equal(&after.choice, &before.choice, sizeof(after.choice));
	assert_memory_equal(after.session, before.session, 16);

	/* of another VM that had the process id before */
	assert_int_equal(control_recall(VM_PID, other, &after), -ENOENT);
	assert_int_equal(control_recall(VM_PID + 1, before.session, &after), -ENOENT);

	write_memory("");
	assert_int_equal(control_recall(VM_PID, before.session, &after), -ENOENT);
	write_memory("session=abababababababababababababababab\nengine=fault\n");
	assert_int_equal(control_recall(VM_PID, before.session, &after), -ENOENT);
	write_memory("session=abababababababababababababababab\nengine=fault\nstore=relative");
	assert_int_equal(control_recall(VM_PID, before.session, &after), -ENOENT);
	write_memory(
		"session=abababababababababababababababab\nengine=fault\nstore=/x\nreturns=no");
	assert_int_equal(control_recall(VM_PID, before.session, &after), 0);
	assert_string_equal(after.store, "/x\nreturns=no");
	assert_string_equal(after.returns, "");
	write_memory("session=ababababababababababababababababab\nengine=fault\nstore=/x");
	assert_int_equal(control_recall(VM_PID, before.session, &after), -ENOENT);

	assert_int_equal(control_remember(VM_PID, &before, NULL), 0);
	control_forget(VM_PID);
	assert_int_equal(control_recall(VM_PID, before.session, &after), -ENOENT);
}

static void test_no_run_dir(void **state)
{
	struct control_memory memory = { .store = "/x" };
	struct control control;
	struct sc_error err;

	(void)state;
	setenv("SCAUDIT_RUN_DIR", "/proc/nowhere", 1);
	assert_true(control_listen(&control, VM_PID, &err) < 0);
	assert_non_null(strstr(err.text, "/proc/nowhere"));
	assert_true(control_remember(VM_PID, &memory, &err) < 0);
	setenv("SCAUDIT_RUN_DIR",
	       "/tmp/a-path-that-is-much-longer-than-what-fits-into-the-address-of-a-socket/"
	       "on-any-system-that-we-know",
	       1);
	assert_int_equal(control_listen(&control, VM_PID, &err), -ENAMETOOLONG);
	assert_non_null(strstr(err.text, "too long"));
	setenv("SCAUDIT_RUN_DIR", run, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report),	     cmocka_unit_test(test_json),
		cmocka_unit_test(test_conversation), cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_stale_socket), cmocka_unit_test(test_memory),
		cmocka_unit_test(test_no_run_dir),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
