#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What calls.tbl says is memory against what strace reads of each call.

usage: memory.py COMPILER

A program is made that makes every call of x86-64, every variant of it, with valid memory
behind each pointer; strace makes none of them happen, and shows each as if it had succeeded.
What strace follows has to be memory in the table as well, and the other way round but for
the arguments below. Exit status 77: strace is not there, or may not trace.
"""

import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__)))))
sys.path.insert(0, os.path.join(TOP, "schema/syscalls"))
sys.dont_write_bytecode = True

import table  # noqa: E402

# Calls that would end the program or make two of it, or are shown in an order of their own.
LEFT_OUT = {"exit", "exit_group", "fork", "vfork", "clone", "clone3", "execve", "execveat",
            "rt_sigreturn", "restart_syscall"}
# Followed by us, by strace 6.1 not, or not with the values that it is given here.
OURS = """
    openat2:how fcntl:lock fcntl:uids fcntl:hint ioctl:arg ustat:ubuf sysfs:fsname sysfs:buf
    mount_setattr:uattr mbind:nmask set_mempolicy:nmask get_mempolicy:nmask
    migrate_pages:old_nodes migrate_pages:new_nodes setsockopt:optval prctl:arg2 prctl:arg5
    modify_ldt:ptr ptrace:data landlock_add_rule:rule_attr io_uring_register:arg
    init_module:umod create_module:name query_module:name
    clock_nanosleep:rmtp nanosleep:rmtp
""".split()
# Followed by strace only: no rule of length says how many pages there are; the call is no more.
THEIRS = {"mincore:vec", "_sysctl:args"}
# Not shown by strace with some requests.
UNSAID = {"quotactl:id", "quotactl_fd:id", "ptrace:addr"}
SIZES = ("len", "count", "size", "usize", "optlen", "addrlen", "addr_len", "sigsetsize", "vlen")

PROGRAM = """
static long memory[6][1024] __attribute__((aligned(4096)));
static const struct { long nr, args[6]; } calls[] = {
%s
};
static void make(long nr, const long *a)
{
	register long d __asm__("r10") = a[3], e __asm__("r8") = a[4], f __asm__("r9") = a[5];
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(d),
			 "r"(e), "r"(f) : "rcx", "r11", "memory");
}
void _start(void)
{
	static const long none[6];
	unsigned i, j;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		for (j = 0; j < 6; j++)
			memory[j][0] = j < 2 ? 0 : 8; /* lengths that are pointed to, too */
		make(calls[i].nr, calls[i].args);
	}
	make(60, none);
}
"""


def value(signature, arg, index, constants):
    for condition in (signature.condition, signature.also):
        if condition and condition[0] == arg.name:
            return f"(long)({constants.get(condition[2][0], condition[2][0])})"
    if arg.is_memory() or arg.type == "ptr":
        return f"(long)memory[{index}]"
    return "8" if arg.type == "size" or arg.name in SIZES else "1"


def cases(calls, newest):
    """@return [(call, signature)]: what strace may know"""
    for call in calls:
        nr = call.numbers[0]
        if nr is None or call.name in LEFT_OUT or newest < nr < 512 or call.name == "uretprobe":
            continue
        for s in call.signatures:
            # Of a last variant the values belong to an earlier one perhaps.
            if s.condition or len(call.signatures) == 1:
                yield call, s


def split(text):
    """The arguments of a line, as strace shows them."""
    depth, quoted, part, parts, skip = 0, False, "", [], False
    for c in text:
        if skip or c == "\\\\":
            skip = not skip
        elif c == '"':
            quoted = not quoted
        elif not quoted:
            depth += (c in "([{") - (c in ")]}")
            if c == "," and not depth:
                parts.append(part.strip())
                part = ""
                continue
        part += c
    return parts + [part.strip()] if part.strip() else parts


def compare(call, signature, line):
    """@return what does not agree"""
    m = re.match(r"(\w+)\((.*)\)\s+= ", line)
    if not m or m[1] != call.name:
        return [f"{call.name}: strace says {line}"]
    wrong = []
    texts, args = split(m[2]), signature.args
    if len(texts) < len(args):
        args = [a for a in args if a.type != "void"]
    if len(texts) < len(args):
        args = [a for a in args if f"{call.name}:{a.name}" not in UNSAID]
    for arg, text in zip(args, texts):
        key = f"{call.name}:{arg.name}"
        followed = text[:1] in '"{[~'
        if followed and not arg.is_memory() and key not in THEIRS:
            wrong.append(f"{signature.where}: {call.name}: '{arg.text}' is memory: {line}")
        if not followed and arg.is_memory() and key not in OURS:
            wrong.append(f"{signature.where}: {call.name}: '{arg.text}' is no memory: {line}")
    return wrong


def main(compiler):
    try:
        version = subprocess.run(["strace", "-V"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        print("no strace")
        sys.exit(77)
    if "version 6.1" not in version.stdout:
        print(f"the names and habits here are those of strace 6.1, not {version.stdout.split()[3]}")
        sys.exit(77)
    calls = table.read_calls(os.path.join(TOP, "schema/syscalls/calls.tbl"))
    includes, flags = table.read_flags(os.path.join(TOP, "schema/syscalls/flags.tbl"))
    constants = {n: v for t in flags.values() for n, v in t.entries if v}
    made = list(cases(calls, 450))
    rows = []
    for call, s in made:
        args = [value(s, a, i, constants) for i, a in enumerate(s.args)]
        rows.append(f"\t{{ {call.numbers[0]}, {{ {', '.join(args) or '0'} }} }},")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "calls")
        source = "\n".join(includes) + PROGRAM % "\n".join(rows)
        subprocess.run([compiler, "-w", "-ffreestanding", "-fno-pie", "-no-pie", "-nostdlib",
                        "-static", "-fno-stack-protector", "-Wl,-Ttext=0x10000000", "-o", path,
                        "-x", "c", "-"], input=source, text=True, check=True)
        run = subprocess.run(["strace", "-v", "-o", path + ".txt", "-e",
                              "inject=!exit,exit_group,execve:retval=1", path],
                             capture_output=True, text=True, check=False)
        if run.returncode:
            print(f"strace may not trace here: {run.stderr.strip()}")
            sys.exit(77)
        with open(path + ".txt", encoding="ascii", errors="replace") as f:
            lines = [line.rstrip("\n") for line in f][1:]
    wrong = []
    for (call, s), line in zip(made, lines):
        wrong += compare(call, s, line)
    if len(lines) != len(made) + 2:
        wrong.append(f"{len(lines)} lines of strace for {len(made)} calls")
    for line in wrong:
        print(line)
    print(f"{len(made)} variants of {len({c.name for c, _ in made})} calls")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: memory.py COMPILER")
    main(sys.argv[1])
