#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The sizes of schema/syscalls/structs.tbl against the kernel's headers.

usage: struct_sizes.py COMPILER

Every structure is said here in C, and the compiler asked for its size in each of the three
conventions: by the kernel's own headers where they have it, else by its members. Only the
headers of Linux are included, none of the C library: so no library for 32 bits is needed.
A convention may be left out where no call that has the structure exists in it.
"""

import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(TOP, "schema/syscalls"))
sys.dont_write_bytecode = True

import table  # noqa: E402

HEADERS = """
linux/types.h linux/time.h linux/time_types.h linux/timex.h linux/times.h linux/utime.h
asm/stat.h linux/stat.h asm/statfs.h linux/fcntl.h linux/openat2.h linux/mount.h
asm/termbits.h asm/termios.h asm/signal.h asm/siginfo.h linux/resource.h linux/sched.h
linux/sched/types.h linux/futex.h linux/rseq.h asm/ldt.h linux/capability.h linux/utsname.h
linux/sysinfo.h linux/kexec.h asm/poll.h linux/eventpoll.h linux/aio_abi.h linux/io_uring.h
linux/filter.h linux/uio.h linux/in.h linux/if.h linux/sem.h linux/mqueue.h asm/ipcbuf.h
asm/shmbuf.h asm/msgbuf.h
""".split()

# linux/if.h takes this from the C library.
SOCKET_H = "struct sockaddr { unsigned short family; char data[14]; };\n"

SAME = {  # of the headers, under the same name
    "timespec", "timeval", "timezone", "itimerspec", "itimerval", "utimbuf", "timex", "tms",
    "stat", "statx", "flock", "f_owner_ex", "open_how", "mount_attr",
    "winsize", "termios", "termios2", "sigevent", "rlimit", "rlimit64", "rusage", "clone_args",
    "rseq", "user_desc", "sysinfo", "futex_waitv", "kexec_segment", "pollfd", "epoll_event",
    "iocb", "io_event", "io_uring_params", "sock_fprog", "iovec", "ip_mreq", "ifreq", "ifconf",
    "sembuf", "mq_attr", "sched_attr",
}
# Of as many bytes as the call says.
BYTES = {"dirent", "dirent64", "cpu_set", "bpf_attr", "perf_event_attr", "landlock_ruleset_attr",
         "byte"}
OTHERS = {
    "timespec64": "struct __kernel_timespec",
    "timespec_pair": "struct timespec[2]",
    "timespec_pair64": "struct __kernel_timespec[2]",
    "timeval64": "long long[2]",
    "timeval_pair": "struct timeval[2]",
    "itimerspec64": "struct __kernel_itimerspec",
    "timex64": "struct __kernel_timex",
    "time_t": "__kernel_old_time_t",
    "stat64": {"i386": "struct stat64"},
    "old_stat": {"i386": "struct __old_kernel_stat"},
    "fsid": "__kernel_fsid_t",
    "ustat": "struct { int a; __kernel_ulong_t b; char c[6], d[6]; }",
    # x32 has no entry of its own here: the kernel writes the structure of x86-64, which is
    # not the one that the headers give to a program of x32.
    "statfs": {"x86_64": "struct statfs", "i386": "struct statfs", "x32": "__u64[15]"},
    "statfs64": {"x86_64": "struct statfs", "i386": "struct statfs64", "x32": "__u64[15]"},
    "flock64": {"x86_64": "struct flock", "x32": "struct flock", "i386": "struct flock64"},
    "file_handle": "struct { __u32 bytes; int type; }",
    "cachestat_range": "__u64[2]",
    "cachestat": "__u64[5]",
    "off": "__kernel_off_t",
    "off64": "__kernel_loff_t",
    # The headers of i386 have the set of 32 signals, the kernel means 64.
    "sigset": "__u64",
    "old_sigset": "__u32",
    "sigaction": {"x86_64": "struct sigaction",
                  "x32": "struct { void *a; unsigned long b; void *c; __u32 d[2]; }",
                  "i386": "struct { void *a; unsigned long b; void *c; __u32 d[2]; }"},
    "old_sigaction": {"i386": "struct sigaction"},
    "siginfo": "siginfo_t",
    "stack": "stack_t",
    # Of x32 the entry point of x86-64 reads it.
    "sigset_size": "__kernel_ulong_t[2]",
    "wait_status": "int",
    "sched_param": "struct { int a; }",
    "robust_list": "struct robust_list_head",
    "cap_header": "struct __user_cap_header_struct",
    "cap_data": "struct __user_cap_data_struct",
    "gid": "__u32",
    "gid16": "__u16",
    "utsname": "struct new_utsname",
    "old_utsname": "struct old_utsname",
    "oldold_utsname": "struct oldold_utsname",
    "linger": "int[2]",
    "ucred": "__u32[3]",
    "shmid_ds": "struct shmid64_ds",
    "semid_ds": "struct semid64_ds",
    "msqid_ds": "struct msqid64_ds",
    "int": "int",
    "uint": "unsigned int",
    "long": "__kernel_long_t",
    "u64": "__u64",
    "ptr": "void *",
}
MACHINES = {"x86_64": "-m64", "x32": "-mx32", "i386": "-m32"}


def in_c(name, abi):
    """@return a type, None if nobody has one, or 'bytes'"""
    if name in SAME:
        return f"struct {name}"
    if name in BYTES:
        return "char"
    type_ = OTHERS.get(name)
    return type_.get(abi) if isinstance(type_, dict) else type_


def users(calls):
    """@return {(structure, abi): call}"""
    found = {}
    for call in calls:
        for abi, number in zip(table.ABIS, call.numbers):
            for s in call.signatures if number is not None else ():
                for a in s.args:
                    if a.type in table.WITH_STRUCT:
                        found.setdefault((a.sub, abi), call)
    return found


def main(compiler):
    structs = table.read_structs(os.path.join(TOP, "schema/syscalls/structs.tbl"))
    used = users(table.read_calls(os.path.join(TOP, "schema/syscalls/calls.tbl")))
    wrong, checked = [], 0
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "sys"))
        with open(os.path.join(folder, "sys/socket.h"), "w", encoding="ascii") as f:
            f.write(SOCKET_H)
        for i, abi in enumerate(table.ABIS):
            lines = [f"#include <{h}>\n" for h in HEADERS]
            for name, sizes in structs.items():
                type_ = in_c(name, abi)
                if type_:
                    lines.append(f"_Static_assert(sizeof({type_}) == {sizes[i]}, "
                                 f"\"{name} of {abi} is not {sizes[i]}\");\n")
                    checked += 1
                elif name not in OTHERS:
                    wrong.append(f"{name}: say in struct_sizes.py what it is in C")
                elif (name, abi) in used:
                    wrong.append(f"{name} of {abi}, which {used[name, abi].name} has, is not "
                                 "in struct_sizes.py")
            run = subprocess.run(
                [compiler, MACHINES[abi], "-std=gnu17", "-ffreestanding", "-fsyntax-only",
                 "-isystem", folder, "-isystem", "/usr/include/x86_64-linux-gnu", "-x", "c", "-"],
                input="".join(lines), capture_output=True, text=True, check=False)
            errors = [line for line in run.stderr.splitlines() if "error:" in line]
            wrong += [line.partition("error: ")[2] for line in errors]
            if run.returncode and not errors:
                wrong.append(run.stderr)
    for line in wrong:
        print(f"structs.tbl: {line}", file=sys.stderr)
    if wrong:
        sys.exit(1)
    print(f"{len(structs)} structures, {checked} sizes: as the headers say")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: struct_sizes.py COMPILER")
    main(sys.argv[1])
