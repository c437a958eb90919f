#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""hostile.py SAID ROWS OUTPUT...: of guest/hostile all calls are recorded, and no output has what
a terminal would obey.

SAID is what the program says, ROWS its calls as JSON lines. The name of an output ends in .json
(each line is JSON), .csv (carriage returns end lines) or .text (tabs are no control characters
where --help or columns have them: there are none either)."""
import collections
import json
import sys

said, rows, *outputs = sys.argv[1:]
wrong = 0


def complain(*what):
    global wrong
    wrong += 1
    print("WRONG:", *what)


# ---- nothing is lost ----
wanted = {}
for line in open(said, encoding="utf-8"):
    fields = line.split()
    if len(fields) == 3 and fields[2] != "0":
        wanted[int(fields[0]), fields[1]] = int(fields[2])
counts = collections.Counter()
escapes = 0
for line in open(rows, encoding="utf-8"):
    row = json.loads(line)
    counts[row["tid"], row["syscall"]] += 1
    escapes += "\\u001b" in line
for key, count in wanted.items():
    if counts[key] != count:
        complain(*key, f"{counts[key]} recorded, {count} made")
# ROUNDS of two threads, twice as many mprotect() or more, two of the main thread's
rounds = 300
least = {"symlinkat": 2 * rounds + 1, "readlinkat": 2 * rounds + 1, "writev": 2 * rounds,
         "mprotect": 2 * rounds}
for call, count in least.items():
    made = sum(n for (_, name), n in wanted.items() if name == call)
    if made < count:
        complain("the program made too little:", call, made)
if escapes < 5:
    complain("its names are not in the recording:", escapes, "rows")

# ---- nothing is obeyed ----
total = 0
for name in outputs:
    with open(name, "rb") as file:
        data = file.read()
    total += len(data)
    if not data:
        complain(name, "is empty")
    if name.endswith(".csv"):
        data = data.replace(b"\r\n", b"\n")
    bad = sorted({byte for byte in data if byte < 0x20 and byte != 0x0A or byte == 0x7F})
    if bad:
        at = next(i for i, byte in enumerate(data) if byte in bad)
        complain(name, "has bytes", bad, "first in", data[max(0, at - 60) : at + 20])
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        complain(name, "is no UTF-8:", error, data[max(0, error.start - 60) : error.end])
        text = ""
    c1 = sorted({character for character in text if "\x80" <= character <= "\x9f"})
    if c1:
        complain(name, "has C1 control characters", c1)
    if name.endswith(".json"):
        for number, line in enumerate(data.split(b"\n")[:-1], 1):
            try:
                json.loads(line)
            except ValueError as error:
                complain(f"{name}:{number}:", error, line[:200])
                break

print(f"{sum(wanted.values())} calls, {escapes} rows with escapes; {len(outputs)} outputs, "
      f"{total} bytes, {wrong} wrong")
sys.exit(1 if wrong else 0)
