#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does a recording agree with what strace saw from inside the guest?

usage: strace.py STRACE RECORDED

STRACE is the output of strace -f -e raw=all -o, RECORDED is scquery --format json of the
same time. Every call of every thread that strace followed must be recorded, in order,
with the arguments that strace prints and the same result; and nothing
else of these threads, but for what the first one did before its execve.
Prints one line; exit status 0 if all agree, 1 if not.
"""

import json
import re
import sys

CALL = re.compile(r"^(\d+) +(\w+)\((.*)\) += (\?|-?\w+)(.*)$")
UNFINISHED = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>(?:\) += \?)?$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (\?|-?\w+)(.*)$")


def strace_read(path):
    threads, pending = {}, {}
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            line = line.rstrip("\n")
            match = UNFINISHED.match(line)
            if match:
                tid = int(match[1])
                row = [match[2], match[3], "?", ""]
                threads.setdefault(tid, []).append(row)
                pending[tid] = row
                continue
            match = RESUMED.match(line)
            if match:
                row = pending.pop(int(match[1]))
                row[1] += match[3]
                row[2:] = match[4], match[5]
                continue
            match = CALL.match(line)
            if match:
                threads.setdefault(int(match[1]), []).append(list(match.groups()[1:]))
    return threads


def recorded_read(path, wanted):
    threads = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["tid"] in wanted:
                threads.setdefault(row["tid"], []).append(row)
    return threads


def differs(witnessed, row):
    name, args, result, rest = witnessed
    if name.startswith("syscall_0x"):
        if row["nr"] != int(name[len("syscall_"):], 16):
            return f"number {row['nr']:#x}, strace has {name}"
    elif row["syscall"] != name:
        return f"{row['syscall']}, strace has {name}"
    if name != "rt_sigreturn":
        for place, arg in enumerate(args.split(", ") if args else []):
            if int(arg, 16) != row["args"][place]:
                return f"{name}: argument {place + 1} {row['args'][place]:#x}, strace has {arg}"
    if row["state"] == "restarted" and not rest.strip().startswith("ERESTART"):
        return f"{name}: is repeated, strace has {result} {rest.strip()}"
    if row["state"] in ("returned", "iret"):
        value = row["ret"]
        # The kernel's own errors for "again after the signal handler" end as EINTR.
        if rest.strip().startswith("ERESTART") and row["errno"] == "EINTR":
            return None
        if result == "?":
            return f"{name}: returned {value}, strace saw no return ({rest.strip()})"
        if result == "-1" and rest.strip():
            if row["errno"] != rest.split()[0]:
                return f"{name}: {row['errno']}, strace has {rest.split()[0]}"
        elif int(result, 16) != value & 0xFFFFFFFFFFFFFFFF:
            return f"{name}: returned {value}, strace has {result}"
    return None


def main():
    witnessed = strace_read(sys.argv[1])
    recorded = recorded_read(sys.argv[2], witnessed)
    wrong = calls = 0
    for place, (tid, rows) in enumerate(witnessed.items()):
        seen = recorded.get(tid, [])
        if place == 0:
            seen = seen[-len(rows):]
        calls += len(rows)
        if len(seen) != len(rows):
            print(f"tid {tid}: {len(seen)} calls recorded, strace has {len(rows)}")
            wrong += 1
        for call, row in zip(rows, seen):
            reason = differs(call, row)
            if reason:
                print(f"tid {tid} seq {row['seq']}: {reason}")
                wrong += 1
                break
    if not calls:
        print("strace's output is empty")
        wrong += 1
    print(f"{calls} calls of {len(witnessed)} threads compared with strace, "
          f"{wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
