#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares calls.tbl with the source of a Linux kernel.

usage: from-kernel.py [--draft] SOURCE-OF-LINUX

Numbers and names are those of arch/x86/entry/syscalls/*.tbl; what a call's arguments are
called and how many there are comes from the SYSCALL_DEFINEn of its entry point (of i386
and x32 the compat one, whose arguments are the registers of the caller). With --draft it
prints rows instead, with types guessed from the C types: what calls.tbl began as, and
where a row for a new call can be taken from.

A source that is older than the table has not all of its calls; how many are newer is said.
Every other difference is printed, and the exit status is then 1.
"""

import os
import re
import sys

import table

HERE = os.path.dirname(os.path.realpath(__file__))
# Where entry points are defined. ./dev check unpacks no more of a source than this.
FOLDERS = ("arch/x86", "block", "drivers/char", "fs", "io_uring", "ipc", "kernel", "mm", "net",
           "security")
# Calls whose number lies among older ones: since which kernel they are there.
FILLED_IN = {"uretprobe": (6, 11)}
DEFINE = re.compile(r"^(COMPAT_SYSCALL|SYSCALL32|SYSCALL)_DEFINE([0-6])\(", re.M)
# Entry points without a definition in this kernel, or with more than one: from their last
# definition, or from the manual page.
BY_HAND = {
    "sys_clone": "unsigned long clone_flags, unsigned long newsp, int * parent_tidptr, "
                 "int * child_tidptr, unsigned long tls",
    "sys_sigsuspend": "int unused1, int unused2, old_sigset_t mask",
    "_sysctl": "struct __sysctl_args * args",
    "create_module": "char * name, size_t size",
    "get_kernel_syms": "struct kernel_sym * table",
    "query_module": "char * name, int which, void * buf, size_t bufsize, size_t * ret",
    "nfsservctl": "int cmd, void * argp, void * resp",
    "getpmsg": "long a, long b, long c, long d, long e",
    "putpmsg": "long a, long b, long c, long d, long e",
    "afs_syscall": "long a, long b, long c, long d, long e",
    "tuxcall": "long a, long b, long c",
    "security": "long a, long b, long c",
    "epoll_ctl_old": "int epfd, int op, int fd, void * event",
    "epoll_wait_old": "int epfd, void * events, int maxevents, int timeout",
    "vserver": "long a, long b, long c, long d, long e",
    "uselib": "char * library",
    "lookup_dcookie": "u64 cookie, char * buf, size_t len",
    "lookup_dcookie.i386": "u32 cookie_low, u32 cookie_high, char * buf, size_t len",
    "bdflush": "int func, long data",
    "stty": "long a, long b",
    "gtty": "long a, long b",
    "ftime": "void * tp",
    "prof": "long a, long b, long c, long d",
    "set_thread_area": "struct user_desc * u_info",
    "get_thread_area": "struct user_desc * u_info",
    "lock": "",
    "mpx": "",
    "ulimit": "int cmd, long newlimit",
    "profil": "void * buf, size_t bufsiz, size_t offset, unsigned scale",
    "idle": "",
    "break": "void * addr",
    "oldolduname": "struct oldold_utsname * name",
}
ADDRESS = ("brk", "mmap", "mmap2", "mremap", "shmat", "map_shadow_stack")


def split(text):
    """Arguments between commas, as long as no bracket is open."""
    depth, part, parts = 0, "", []
    for c in text:
        if c == "," and not depth:
            parts.append(part.strip())
            part = ""
            continue
        depth += (c == "(") - (c == ")")
        part += c
    return parts + [part.strip()] if part.strip() else parts


def prototypes(linux):
    """@return [(C type, name), ...] by entry point"""
    found = {}
    for folder in FOLDERS:
        for at, _, files in os.walk(os.path.join(linux, folder)):
            for name in files:
                if name.endswith(".c"):
                    with open(os.path.join(at, name), encoding="utf-8", errors="replace") as f:
                        read_source(f.read(), found)
    for key, text in BY_HAND.items():
        found[key] = [tuple(a.rsplit(" ", 1)) for a in split(text)]
    return found


def read_source(text, found):
    for m in DEFINE.finditer(text):
        end, depth = m.end(), 1
        while depth:
            depth += (text[end] == "(") - (text[end] == ")")
            end += 1
        inside = re.sub(r"/\*.*?\*/", "", " ".join(text[m.end():end - 1].split()))
        inside = re.sub(r"(compat_arg|SC_ARG)\w*\((\w+)\)", r"u32, \2_lo, u32, \2_hi", inside)
        words = split(inside)
        prefix = "compat_sys_" if m[1] != "SYSCALL" else "sys_"
        pairs = list(zip(words[1::2], words[2::2]))
        if len(pairs) != int(m[2]):
            sys.exit(f"{words[0]}: cannot read its definition")
        # Of two definitions (one of them for other configurations) the longer one.
        if len(pairs) >= len(found.get(prefix + words[0], [])):
            found[prefix + words[0]] = pairs


def kernel_calls(linux):
    """@return {(abi, number): (name, [(C type, argument), ...])}"""
    found = prototypes(linux)
    calls = {}
    for file, abis in (("syscall_64.tbl", ("x86_64", "x32")), ("syscall_32.tbl", ("i386",))):
        with open(os.path.join(linux, "arch/x86/entry/syscalls", file), encoding="ascii") as f:
            for words in (line.split() for line in f):
                if not words or not words[0].isdigit():
                    continue
                for abi in abis:
                    if words[1] in ("common", "i386", {"x86_64": "64"}.get(abi, abi)):
                        calls[abi, int(words[0])] = (words[2], arguments(found, abi, words))
    return calls


def arguments(found, abi, words):
    entries = [w for w in reversed(words[3:5]) if w not in ("-", "sys_ni_syscall")]
    name = words[2]
    for entry in entries:
        short = re.sub(r"_(x32|ia32)_", "_", entry)
        for key in (entry, "compat_" + entry, short):
            if key in found:
                return found[key]
    for key in (f"{name}.{abi}", name):
        if key in found:
            return found[key]
    if name in ("sigreturn", "rt_sigreturn", "iopl"):
        return []
    sys.exit(f"{name} of {abi}: no definition of {' or '.join(entries) or 'it'}")


def guess(ctype, name, all_names):
    """A type of calls.tbl for a C type."""
    c = re.sub(r"\b(const|__user)\b|\s+", " ", ctype)
    c = " ".join(c.split())
    if name in ("fd", "fildes", "epfd", "ufd", "oldfd", "newfd", "fd_in", "fd_out", "sockfd"):
        return "fd"
    if name in ("dfd", "olddfd", "newdfd"):
        return "dirfd"
    if c == "char *":
        if "path" in name or "name" in name:
            return "path"
        size = next((n for n in all_names if n in ("count", "size", "len", "bufsiz")), None)
        return f"buf[{size}]" if size else "str"
    if c.endswith("*") or c in ("aio_context_t *", "compat_uptr_t", "cap_user_header_t",
                                "cap_user_data_t", "__sighandler_t"):
        m = re.match(r"struct (\w+) \*", c)
        return f"struct.{m[1].lower()}" if m else "ptr"
    if c in ("pid_t", "compat_pid_t", "uid_t", "gid_t"):
        return c[-5:-2]
    if c in ("umode_t", "mode_t"):
        return "mode"
    if c in ("loff_t",):
        return "off"
    if c in ("size_t", "compat_size_t"):
        return "size"
    if name == "sig":
        return "sig"
    if c in ("int", "s32", "compat_int_t", "clockid_t", "timer_t", "key_serial_t"):
        return "int"
    if c in ("unsigned int", "unsigned", "u32", "compat_uint_t", "qid_t", "__u32"):
        return "uint"
    if c in ("long", "off_t", "compat_off_t", "compat_long_t"):
        return "long"
    return "ulong"


def clean(name):
    return re.sub(r"\W", "", name.lower())


def draft(linux):
    rows = {}
    for (abi, nr), (name, args) in kernel_calls(linux).items():
        names = [clean(a) for _, a in args]
        text = " ".join(f"{clean(a)}:{guess(t, clean(a), names)}" for t, a in args)
        rows.setdefault((name, text), {})[abi] = nr
    result = {n: "address" for n in ADDRESS}
    order = sorted(rows, key=lambda k: (min(rows[k].get("x86_64", 2000), rows[k].get("x32", 3000)),
                                        rows[k].get("i386", 0)))
    for name, text in order:
        numbers = [str(rows[name, text].get(abi, "-")) for abi in table.ABIS]
        print(f"{name:23} {' '.join(f'{n:>3}' for n in numbers)}  "
              f"{result.get(name, 'int'):7}  {text}".rstrip())


def version(linux):
    """@return (6, 12)"""
    with open(os.path.join(linux, "Makefile"), encoding="utf-8") as f:
        found = dict(re.findall(r"^(VERSION|PATCHLEVEL) = (\d+)$", f.read(), re.M))
    return int(found["VERSION"]), int(found["PATCHLEVEL"])


def difference(ours, theirs, abi, nr):
    """What a row and the kernel do not agree about, in a line; None: they agree"""
    what = f"{abi} {nr}"
    if not ours:
        return f"calls.tbl: {what} is missing: {theirs[0]}"
    if not theirs:
        return f"{ours.where}: the kernel has no {what} ({ours.name})"
    if ours.name != theirs[0]:
        return f"{ours.where}: {what} is {theirs[0]}"
    if ours.n_args() != len(theirs[1]):
        return f"{ours.where}: {what}, {ours.name}, has {len(theirs[1])} arguments: " + \
            ", ".join(" ".join(a) for a in theirs[1])
    return None


def check(linux):
    """@return how many differences there are; they are printed"""
    theirs = kernel_calls(linux)
    ours = {(abi, n): c for c in table.read_calls(os.path.join(HERE, "calls.tbl"))
            for abi, n in zip(table.ABIS, c.numbers) if n is not None}
    kernel = version(linux)
    # Numbers above 512 are those of x32 alone, and are given no more.
    last = {abi: max(n for a, n in theirs if a == abi and n < 512) for abi in table.ABIS}
    differ, newer = 0, set()
    for key in sorted(set(theirs) | set(ours)):
        call = ours.get(key)
        if call and key not in theirs and (last[key[0]] < key[1] < 512 or
                                           kernel < FILLED_IN.get(call.name, (0, 0))):
            newer.add(call.name)
            continue
        line = difference(call, theirs.get(key), *key)
        if line:
            print(line)
            differ += 1
    print(f"Linux {kernel[0]}.{kernel[1]}: {len(theirs)} numbers, {differ} differ; "
          f"{len(newer)} calls of the table are newer")
    return differ


def main(args):
    if len(args) == 2 and args[0] == "--draft":
        draft(args[1])
    elif len(args) == 1 and not args[0].startswith("-"):
        sys.exit(1 if check(args[0]) else 0)
    else:
        sys.exit("usage: from-kernel.py [--draft] SOURCE-OF-LINUX")


if __name__ == "__main__":
    main(sys.argv[1:])
