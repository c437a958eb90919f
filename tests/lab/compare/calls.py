#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Is a recording exactly what guest/calls.c says it did?

usage: calls.py LOG RECORDED [--order]

LOG is the program's list, RECORDED is scquery --format json. For each thread the
calls between the marks that begin and end a section must be the listed ones: pid,
tid, number, six arguments, result, state, instruction, convention. What the C library
did between sections is not looked at. A line without the last two words means SYSCALL
and x86_64; of states with a bar between them any will do. With --order the program ran
in a pid namespace of its own: the first of its threads is the first one recorded that has
a section, and so on. Prints one line; exit status 0 if all agree, 1 if not.
"""

import json
import sys

BEGIN = 0x5CA0D17B0000B001, 0x5CA0B001
END = 0x5CA0D17B0000E002, 0x5CA0E002


def log_read(path):
    threads = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            pid, tid, number = (int(word, 16) for word in words[:3])
            args = [None if word == "-" else int(word, 16) for word in words[3:9]]
            ret = None
            if words[9] != "-":
                ret = int(words[9], 16)
                ret -= (ret >> 63) << 64
            way = words[11:13] or ["syscall", "x86_64"]
            threads.setdefault(tid, []).append((pid, number, args, ret, words[10], way))
    return threads


def recorded_read(path, wanted):
    threads, rows, last = {}, 0, 0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            rows += 1
            if row["seq"] <= last:
                sys.exit(f"FAIL: seq {row['seq']} follows {last}")
            last = row["seq"]
            if row["tid"] in wanted:
                threads.setdefault(row["tid"], []).append(row)
    return threads, rows


def has_section(row):
    return row["syscall"] == "getppid" and row["args"][0] in BEGIN


def renumber(said, path):
    """The program's threads and processes by the numbers of the guest's first namespace."""
    tids = set()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if has_section(row):
                tids.add(row["tid"])
    if len(tids) != len(said):
        sys.exit(f"FAIL: {len(tids)} threads with a section recorded, {len(said)} listed")
    name = dict(zip(sorted(said), sorted(tids)))
    return {name[tid]: [(name[call[0]], *call[1:]) for call in calls]
            for tid, calls in said.items()}


def sections(rows):
    inside = False
    for row in rows:
        mark = row["args"][0] if row["syscall"] == "getppid" else None
        if mark in BEGIN:
            inside = True
        if inside:
            yield row
        executed = row["syscall"] == "execve" and not row["ret"] and row["state"] != "unseen"
        if mark in END or executed:
            inside = False


def differs(said, row):
    pid, number, args, ret, states, way = said
    if row["pid"] != pid:
        return f"pid {row['pid']}, should be {pid}"
    if row["nr"] != number:
        return f"number {row['nr']}, should be {number}"
    for place, value in enumerate(args):
        if value is not None and row["args"][place] != value:
            return f"argument {place + 1} is {row['args'][place]:#x}, should be {value:#x}"
    if [row["insn"], row["abi"]] != way:
        return f"made by {row['insn']} as {row['abi']}, should be {way[0]} as {way[1]}"
    if row["state"] not in states.split("|"):
        return f"state {row['state']}, should be {states}"
    seen = row["state"] in ("returned", "iret")
    if (row["ret"] is not None) != seen or seen and ret is not None and row["ret"] != ret:
        return f"result {row['ret']}, should be {ret}"
    if (row["dur"] is None) == seen or (row["dur"] or 0) < 0:
        return f"duration {row['dur']} in state {row['state']}"
    return None


def main():
    said = log_read(sys.argv[1])
    if "--order" in sys.argv[3:]:
        said = renumber(said, sys.argv[2])
    recorded, rows = recorded_read(sys.argv[2], said)
    wrong = calls = 0
    for tid, listed in said.items():
        seen = list(sections(recorded.get(tid, [])))
        for place, (call, row) in enumerate(zip(listed, seen)):
            reason = differs(call, row)
            if reason:
                print(f"tid {tid} call {place} seq {row['seq']} ({row['syscall']}): {reason}")
                print(f"  said {call}")
                print(f"  recorded {row}")
                wrong += 1
                break
        else:
            if len(listed) != len(seen):
                print(f"tid {tid}: {len(seen)} calls recorded, {len(listed)} made")
                wrong += 1
        calls += len(listed)
    if not calls:
        print("the program's list is empty")
        wrong += 1
    print(f"{calls} calls of {len(said)} threads compared, {rows} recorded in all, "
          f"{wrong} threads differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
