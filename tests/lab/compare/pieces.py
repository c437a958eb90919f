#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Pieces as a program predicts them (guest/pieces.c) against those that came out of the
rings (host/pieces.c).

    pieces.py PREDICTED RECORDED [--unnamed] [--budget BYTES]

--unnamed: without names a new program cannot be told to be the old one's; what is read of
its stack is not expected.
--budget: a call that needs more than that for an event may be cut: then each of its pieces
must begin as predicted, and one must say so.
"""
import sys

AT_RETURN, CUT, PATH = 128, 1, "7"


def read(path):
    calls = []
    with open(path) as lines:
        for line in lines:
            words = line.split()
            if words[0] == "call":
                calls.append((words[1], []))
            elif len(words) == 7 and calls:
                calls[-1][1].append(words)
            else:
                sys.exit(f"{path}: {line.rstrip()}")
    return calls


def without_exec(pieces):
    for i, piece in enumerate(pieces):
        if piece[1] == PATH:
            return pieces[:i]
    return pieces


def needs(pieces, at_return):
    return sum(16 + (int(p[5]) + 7) // 8 * 8 for p in pieces
               if (int(p[3]) >= AT_RETURN) == at_return)


def is_cut(predicted, recorded):
    """What is there is as predicted but for lengths, and something says that it is cut."""
    cut = False
    for piece in recorded:
        cut |= int(piece[3]) % AT_RETURN == CUT
        if not any(piece[:3] == p[:3] or piece[1] == "0" for p in predicted):
            return False
    return cut


def main(arguments):
    predicted, recorded = read(arguments[0]), read(arguments[1])
    budget = int(arguments[arguments.index("--budget") + 1]) if "--budget" in arguments else 1 << 30
    wrong = cut = 0
    for i, (call, pieces) in enumerate(predicted):
        if "--unnamed" in arguments:
            pieces = without_exec(pieces)
        got = recorded[i] if i < len(recorded) else ("none", [])
        if got == (call, pieces):
            continue
        if got[0] == call and max(needs(pieces, False), needs(pieces, True)) > budget and \
                is_cut(pieces, got[1]):
            cut += 1
            continue
        wrong += 1
        if wrong > 5:
            continue
        print(f"call {i} ({call}) is {got[0]}:")
        for p in pieces:
            if p not in got[1]:
                print("  predicted", *p)
        for p in got[1]:
            if p not in pieces:
                print("  recorded ", *p)
    if len(recorded) != len(predicted):
        print(f"{len(recorded)} calls, not {len(predicted)}")
        wrong += 1
    count = sum(len(pieces) for _, pieces in predicted)
    print(f"{len(predicted)} calls with {count} pieces, {wrong} wrong, {cut} cut")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
