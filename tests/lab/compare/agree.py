#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Do two recordings of the same deterministic program hold the same calls?

usage: agree.py RECORDED RECORDED

Each is scquery --format json of one run. Compared as multisets: process, convention,
instruction, number, arguments, and how it ended: the result, or that there is none to be
seen (whether a killed thread is known to be dead depends on what its process does next,
and when). A call that a signal has interrupted ends where the handler begins, or behind
that, if a second signal came before it began. Processes are numbered in the order of their ids, since a guest gives each run
others; what they print on standard output holds such ids and is left out. Prints one
line; exit status 0 if they agree, 1 if not.
"""

import collections
import json
import sys

SHOWN = 10  # differences
EINTR = -4
ID_FIRST = {"kill", "wait4"}  # the first argument is a process
# Takes no arguments: its registers hold what is left of the program.
NO_ARGS = {"sigreturn", "rt_sigreturn"}
ID_RESULT = {"clone", "fork", "getpgid", "getpid", "getppid", "gettid", "set_tid_address", "wait4"}


def call_of(row, place):
    args, ret = row["args"], row["ret"]
    state = row["state"].replace("gone", "open")
    if ret == EINTR:
        state = state.replace("iret", "returned")
    if row["syscall"] in ID_FIRST and args[0] in place:
        args[0] = "process", place[args[0]]
    if row["syscall"] in ID_RESULT and ret in place:
        ret = "process", place[ret]
    if row["syscall"] in NO_ARGS:
        args = []
    return (place[row["pid"]], row["abi"], row["insn"], row["nr"], row["syscall"],
            tuple(args), state, ret)


def is_output(row):
    return row["syscall"] == "write" and row["args"][0] == 1


def read(path):
    rows = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            rows.append(json.loads(line))
    pids = {row["pid"] for row in rows} | {row["ppid"] for row in rows}
    place = {pid: number for number, pid in enumerate(sorted(pids))}
    return collections.Counter(call_of(row, place) for row in rows if not is_output(row))


def main():
    one, other = read(sys.argv[1]), read(sys.argv[2])
    wrong = 0
    for sign, rest in (("-", one - other), ("+", other - one)):
        for call, count in sorted(rest.items(), key=str)[:SHOWN]:
            print(f"{sign} {count} times: {call}")
        wrong += sum(rest.values())
    if not one:
        print("nothing was recorded")
        wrong += 1
    processes = len({call[0] for call in one})
    print(f"{sum(one.values())} and {sum(other.values())} calls of {processes} processes, "
          f"{wrong} without their like")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
