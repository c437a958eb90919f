#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Is every system call that the guest's kernel counted recorded or counted as dropped?

usage: hits.py HITS RECORDED STATUS COMM

HITS has a line "tid count" for each thread, from the guest kernel's own histogram of
raw_syscalls:sys_enter; RECORDED is scquery --format json; STATUS is screcord status
--json, taken when the guest was quiet; COMM names the program that made calls while
the ring was full. Prints one line; exit status 0 if the sums agree.
"""

import json
import sys


def main():
    hits = {}
    with open(sys.argv[1], encoding="ascii") as lines:
        for line in lines:
            tid, count = line.split()
            hits[int(tid)] = int(count)
    recorded, chosen = {}, set()
    with open(sys.argv[2], encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            recorded[row["tid"]] = recorded.get(row["tid"], 0) + 1
            if row["comm"] == sys.argv[4]:
                chosen.add(row["tid"])
    with open(sys.argv[3], encoding="utf-8") as text:
        status = json.load(text)
    if isinstance(status, list):
        status = status[0]
    dropped = status["dropped"]
    made = sum(hits.get(tid, 0) for tid in chosen)
    kept = sum(recorded[tid] for tid in chosen)
    print(f"{made} made by {len(chosen)} threads, {kept} recorded, {dropped} dropped")
    return 0 if made and dropped and kept + dropped == made else 1


if __name__ == "__main__":
    sys.exit(main())
