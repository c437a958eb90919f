#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does a recording hold what the guest's kernel traced of itself, from its first program on?

usage: ftrace.py TRACE RECORDED

TRACE is the guest's tracing/trace with the events of raw_syscalls, switched off by the
last call in it; RECORDED is scquery --format json. Per thread, the calls must be the same
in number, arguments and order, and have the same results. What is recorded beyond that
must come after the last traced call. Prints one line; exit status 0 if all agree, 1 if not.
"""

import json
import re
import sys

EVENT = re.compile(r"-(\d+) +\[\d+\] .*: sys_(enter|exit): NR (-?\d+) "
                   r"(?:\(([^)]*)\)|= (-?\d+))")
# The kernel's own results for "again, after the signal" (include/linux/errno.h).
AGAIN = range(-516, -511)


def trace_read(path):
    threads = {}
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if "LOST" in line:
                sys.exit(f"FAIL: the guest's trace has lost events: {line.strip()}")
            match = EVENT.search(line)
            if not match:
                continue
            tid, what, number, args, ret = match.groups()
            calls = threads.setdefault(int(tid), [])
            if what == "enter":
                calls.append([int(number), [int(arg, 16) for arg in args.split(", ")], None])
            elif calls and calls[-1][0] == int(number):  # not the child's of a fork
                calls[-1][2] = int(ret)
    return threads


def recorded_read(path):
    threads = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            threads.setdefault(row["tid"], []).append(row)
    return threads


def differs(traced, row):
    number, args, ret = traced
    if row["nr"] != number:
        return f"number {row['nr']} ({row['syscall']}), the guest traced {number}"
    if row["args"] != args:
        return f"{row['syscall']}{row['args']}, the guest traced {args}"
    if ret is not None and row["ret"] is not None and row["ret"] != ret and ret not in AGAIN:
        return f"{row['syscall']}: result {row['ret']}, the guest traced {ret}"
    return None


def main():
    traced, recorded = trace_read(sys.argv[1]), recorded_read(sys.argv[2])
    wrong = calls = results = last = 0
    beyond = []
    for tid, listed in traced.items():
        rows = recorded.pop(tid, [])
        for call, row in zip(listed, rows):
            reason = differs(call, row)
            if reason:
                print(f"tid {tid} ({row['comm']}) seq {row['seq']}: {reason}")
                wrong += 1
                break
            results += call[2] is not None and row["ret"] == call[2]
            last = max(last, row["seq"])
        if len(rows) < len(listed):
            print(f"tid {tid}: {len(rows)} calls recorded, {len(listed)} traced")
            wrong += 1
        calls += len(listed)
        beyond += rows[len(listed):]
    for rows in recorded.values():
        beyond += rows
    early = [row for row in beyond if row["seq"] < last]
    for row in early[:5]:
        print(f"tid {row['tid']} ({row['comm']}) seq {row['seq']}: {row['syscall']} recorded, "
              "but not traced by the guest")
    wrong += len(early)
    if not results:
        print("nothing could be compared")
        wrong += 1
    print(f"{calls} calls of {len(traced)} threads compared, {results} results, "
          f"{len(beyond)} calls later, {wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
