#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Is the memory of calls in a recording what the guest's program (args) says?

  memory.py EXPECTED RECORDED [SNAPLEN [ROOM]]

EXPECTED is the output of args, RECORDED that of stored. Buffers are bounded by SNAPLEN (256),
and where a ring is small all of an event by ROOM bytes: then what is there has to be right,
and what is cut has to say so.
"""
import collections
import json
import sys

MARK = 0x3e3074
GETPPID = 110
WHOLE, CUT, UNREADABLE, LATE, FORGOTTEN = range(5)
OURS = {0, 1, 257, 263}  # read, write, openat, unlinkat


def sections(path):
    """The calls of each thread between its two marks."""
    inside, calls = {}, collections.defaultdict(list)
    with open(path, encoding='utf-8') as f:
        for line in f:
            call = json.loads(line)
            tid = call['tid']
            if call['nr'] == GETPPID and call['arg0'] == MARK:
                inside[tid] = not inside.get(tid, False)
            elif inside.get(tid) and call['nr'] in OURS:
                calls[tid].append(call)
    if any(inside.values()):
        raise SystemExit(f'FAIL {path}: a mark is missing')
    return calls


def memory_of(call, arg, at_return):
    """The piece that says most of an argument: one read late counts as the entry's."""
    found = None
    for piece in call['pieces']:
        if piece[0] != arg or piece[1]:
            continue
        if bool(piece[4]) == bool(at_return) and piece[3] != LATE:
            return piece
        if not at_return:
            found = piece
    return found


def check(want, got, snaplen, room, counts):
    where = f"call {got['seq']} of {got['tid']}"
    if (want['nr'], want['ret']) != (got['nr'], got['ret']):
        raise SystemExit(f"FAIL {where}: {got['nr']} = {got['ret']}, "
                         f"not {want['nr']} = {want['ret']}")
    if want['memory'] and not got['pieces']:
        raise SystemExit(f'FAIL {where}: nr {got["nr"]} has no memory')
    for arg, at_return, snaps, data in want['memory']:
        data = bytes.fromhex(data)
        piece = memory_of(got, arg, at_return)
        if piece is None:
            raise SystemExit(f'FAIL {where}: nr {got["nr"]} has no memory of argument {arg}')
        _, _, _, state, late, whole, have = piece
        have = bytes.fromhex(have)
        most = min(len(data), snaplen) if snaps else len(data)
        counts['pieces'] += 1
        counts['late'] += bool(late) and not at_return
        if state in (UNREADABLE, LATE, FORGOTTEN):
            raise SystemExit(f'FAIL {where}: argument {arg} could not be read ({state})')
        if room and len(have) < most and state == CUT:
            counts['cut for want of room'] += 1
            most = len(have)
        if have != data[:most]:
            raise SystemExit(f'FAIL {where}: argument {arg} of nr {got["nr"]} is {have!r}, '
                             f'not {data[:most]!r}')
        if (state == CUT) != (most < len(data)) or (snaps and whole != len(data)):
            raise SystemExit(f'FAIL {where}: argument {arg} says state {state}, {whole} bytes of '
                             f'which {len(have)}; there were {len(data)}')
        counts['cut'] += state == CUT
    spare = {p[0] for p in got['pieces']} - {m[0] for m in want['memory']}
    if spare and want['ret'] > 0:
        raise SystemExit(f'FAIL {where}: memory of arguments {spare} that has none')


def main():
    snaplen = int(sys.argv[3]) if len(sys.argv) > 3 else 256
    room = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    counts = collections.Counter()
    want = collections.defaultdict(list)
    with open(sys.argv[1], encoding='utf-8') as f:
        for line in f:
            call = json.loads(line)
            want[call['tid']].append(call)
    got = sections(sys.argv[2])
    calls = 0
    for tid, expected in want.items():
        if len(expected) != len(got[tid]):
            raise SystemExit(f'FAIL thread {tid}: {len(got[tid])} calls, not {len(expected)}')
        for w, g in zip(expected, got[tid]):
            check(w, g, snaplen, room, counts)
        calls += len(expected)
    if not calls or not counts['pieces']:
        raise SystemExit('FAIL nothing to compare')
    print(f"{calls} calls of {len(want)} threads agree; " +
          ', '.join(f'{n} {what}' for what, n in sorted(counts.items())))


if __name__ == '__main__':
    main()
