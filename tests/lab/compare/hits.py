#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Is every system call that the guest's kernel counted recorded or counted as dropped?

usage: hits.py HITS RECORDED GAPS FIRST

HITS has a line "tid count" for each thread, from the guest kernel's own histogram of
raw_syscalls:sys_enter; RECORDED is scquery --format json, GAPS scquery gaps --format
json. FIRST is the thread whose calls, with all that its descendants made, happened
while recording; no other thread ran into the full ring. Prints one line; exit status
0 if the sums agree.
"""

import json
import sys


def main():
    hits, recorded, dropped = {}, {}, 0
    with open(sys.argv[1], encoding="ascii") as lines:
        for line in lines:
            tid, count = line.split()
            hits[int(tid)] = int(count)
    first = int(sys.argv[4])
    with open(sys.argv[2], encoding="utf-8") as lines:
        for line in lines:
            tid = json.loads(line)["tid"]
            recorded[tid] = recorded.get(tid, 0) + 1
    with open(sys.argv[3], encoding="utf-8") as lines:
        for line in lines:
            gap = json.loads(line)
            if gap["calls"] is None:
                print(f"a gap of unknown size: {gap}")
                return 1
            dropped += gap["calls"]
    # Thread numbers rise; the last ones belong to what reads the histogram.
    tids = [tid for tid in hits if first <= tid <= max(recorded)]
    made = sum(hits[tid] for tid in tids)
    kept = sum(recorded.get(tid, 0) for tid in tids)
    print(f"{made} made by {len(tids)} threads, {kept} recorded, {dropped} dropped")
    return 0 if made and kept + dropped == made else 1


if __name__ == "__main__":
    sys.exit(main())
