#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Holds the tables of flags.tbl against strace, value by value.

usage: compare.py FLAG-TEXT CALLS

Every name of a table, alone, with its neighbour, and all of them, goes through a call whose
argument strace shows by that table (cases.txt). strace injects an error, so no call is really
made. A text with a name that this strace does not know is not compared; a difference that is
wanted stands in known.txt, and a line there that is of no use is an error, too. Exit status:
0 they agree, 1 they do not, 77 strace cannot trace here.
"""

import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
MAX_ROWS = 400  # calls of a run: what fits a command line
LEAST = 1500  # values that have to be compared at least


def lines(name):
    with open(os.path.join(HERE, name), encoding="ascii") as f:
        return [l.split(None, 2) if name == "known.txt" else l.split()
                for l in f if l.strip() and not l.startswith("#")]


def call_numbers():
    text = subprocess.run(["cc", "-E", "-dM", "-include", "asm/unistd_64.h", "-x", "c", "/dev/null"],
                          capture_output=True, text=True, check=True).stdout
    return {m[1]: int(m[2]) for m in re.finditer(r"#define __NR_(\w+) (\d+)", text)}


def traced(strace, calls, name, number, rows):
    """What strace prints for these calls, one line each, without results."""
    out = []
    for at in range(0, len(rows), MAX_ROWS):
        part = rows[at:at + MAX_ROWS]
        argv = [f"{a:x}" for row in part for a in (row + [0] * 6)[:6]]
        run = subprocess.run([strace, "-e", f"trace={name}", "-e", f"inject={name}:error=ENOSYS",
                              calls, f"{number:x}", *argv], capture_output=True, text=True)
        got = [re.sub(r"\s+= -1 ENOSYS .*\(INJECTED\)$", "", l) for l in run.stderr.splitlines()
               if l.startswith(name + "(")]
        if len(got) != len(part):
            sys.exit(f"{name}: strace showed {len(got)} calls of {len(part)}: {run.stderr[-300:]}")
        out += got
    return out


def arguments(line):
    """The arguments of a printed call, split at the commas between them."""
    text = line[line.index("(") + 1:]
    text = text[:-1] if text.endswith(")") else text
    out, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            out.append(text[start:i].strip())
            start = i + 1
    return [re.sub(r"^[a-z_]+=", "", a) for a in out + [text[start:].strip()]]


def values_of(kind, entries):
    values = [v for _, v in entries]
    out = [0] + values
    if kind == "f":
        out += [a | b for a, b in zip(values, values[1:])]
        all_bits = 0
        for v in values:
            all_bits |= v
        out += [all_bits, 1 << 30]
    else:
        out.append(0x7ffffff0)
    return list(dict.fromkeys(v & (2 ** 64 - 1) for v in out))


def ours(flag_text, kind, table, values):
    asked = "".join(f"{kind} {table} {v:x}\n" for v in values)
    return subprocess.run([flag_text], input=asked, capture_output=True, text=True,
                          check=True).stdout.splitlines()


def main(flag_text, calls):
    strace = shutil.which("strace")
    if not strace or subprocess.run([strace, "-o", "/dev/null", "true"],
                                    capture_output=True).returncode:
        print("strace is not here, or cannot trace")
        return 77
    with open(strace, "rb") as f:
        words = set(re.findall(rb"[A-Za-z_][A-Za-z0-9_]*", f.read()))
    tables = {}
    dump = subprocess.run([flag_text, "--dump"], capture_output=True, text=True, check=True).stdout
    for line in dump.splitlines():
        table, name, value = line.split()
        tables.setdefault(table, []).append((name, int(value, 16)))
    numbers = call_numbers()
    known = {(l[0], l[1]): False for l in lines("known.txt")}
    compared = skipped = 0
    bad = []
    for table, kind, call, place, *args in lines("cases.txt"):
        values = values_of(kind, tables[table])
        rows = [[v if a == "*" else int(a, 16) & (2 ** 64 - 1) for a in args] for v in values]
        shown = traced(strace, calls, call, numbers[call], rows)
        for value, line, text in zip(values, shown, ours(flag_text, kind, table, values)):
            if any(w.encode() not in words for w in re.findall(r"[A-Z_][A-Z0-9_]{2,}", text)
                   if not w.startswith("0x")):
                skipped += 1
                continue
            compared += 1
            got = (arguments(line) + ["-"] * 8)[int(place)]
            # Two names of one request: "A or B".
            if got == text or text in got.split(" or "):
                continue
            key = next((k for k in ((table, f"{value:x}"), (table, "*")) if k in known), None)
            if key:
                known[key] = True
            else:
                bad.append(f"{table} {value:x} ({call}): strace {got}, here {text}")
    bad += [f"known.txt: {t} {v} is no difference" for (t, v), used in known.items() if not used]
    print("\n".join(bad))
    print(f"{compared} values compared, {len(bad)} differ; "
          f"{skipped} have names that this strace does not know")
    return 1 if bad or compared < LEAST else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: compare.py FLAG-TEXT CALLS")
    sys.exit(main(*sys.argv[1:]))
