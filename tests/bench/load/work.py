# SPDX-License-Identifier: GPL-2.0-only
# work.py TREE OUT: what a program in Python does with a tree of sources. It walks it, reads every
# file, counts words and names, writes a table (words.csv, which sqlite3 takes), an index in
# JSON and packed copies, asks a database of its own, and sorts by another program.
import collections
import csv
import json
import os
import re
import sqlite3
import subprocess
import sys
import zlib

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{3,}")


def read(tree):
    for folder, _, names in os.walk(tree):
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8", errors="replace") as file:
                yield os.path.relpath(path, tree), os.stat(path), file.read()


def database(out, index):
    db = sqlite3.connect(os.path.join(out, "index.db"))
    db.execute("CREATE TABLE files (path TEXT PRIMARY KEY, size INT, lines INT, crc INT)")
    for i, (path, entry) in enumerate(index.items()):
        db.execute("INSERT INTO files VALUES (?, ?, ?, ?)",
                   (path, entry["size"], entry["lines"], entry["crc"]))
        if i % 16 == 15:
            db.commit()
    db.commit()
    longest = db.execute("SELECT path FROM files ORDER BY lines DESC LIMIT 5").fetchall()
    db.close()
    return [path for path, in longest]


def main(tree, out):
    words, index = collections.Counter(), {}
    os.mkdir(os.path.join(out, "packed"))
    for number, (path, status, text) in enumerate(read(tree)):
        found = WORD.findall(text)
        words.update(found)
        index[path] = {"size": status.st_size, "lines": text.count("\n"),
                       "crc": zlib.crc32(text.encode()), "first": found[:3]}
        if number % 4 == 0:
            name = os.path.join(out, "packed", path.replace("/", "_") + ".z")
            with open(name + ".new", "wb") as file:
                file.write(zlib.compress(text.encode()))
            os.rename(name + ".new", name)
    with open(os.path.join(out, "words.csv"), "w", newline="") as file:
        csv.writer(file).writerows(words.most_common(400))
    with open(os.path.join(out, "index.json"), "w") as file:
        json.dump(index, file, indent=1)
    with open(os.path.join(out, "index.json")) as file:
        index = json.load(file)
    sort = subprocess.run(["sort", "-u"], input="\n".join(words), capture_output=True,
                          text=True, check=True)
    print(len(sort.stdout), *database(out, index))


if __name__ == "__main__":
    main(*sys.argv[1:])
