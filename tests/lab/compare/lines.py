# SPDX-License-Identifier: GPL-2.0-only
"""Calls as strace writes them, and as scquery does: a line in, name, arguments, result out."""

import re
from dataclasses import dataclass, field

CLOSING = {"(": ")", "[": "]", "{": "}"}
DURATION = re.compile(r" <\d+\.\d+>$")
UNFINISHED = " <unfinished ...>"
RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$", re.S)
NAME = re.compile(r"^[A-Za-z_]\w*\(")
# 3</etc/passwd>, AT_FDCWD</root>: a descriptor and what strace -y knows of it.
NAMED = re.compile(r"^(-?\d+|AT_FDCWD)<(.+)>$", re.S)


@dataclass
class Call:
    name: str
    args: list = field(default_factory=list)
    result: str = ""
    line: str = ""


def skip_string(text, at):
    """Behind a string that begins with the quote at `at`."""
    at += 1
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return at + 1


def skip_annotation(text, at):
    """Behind the <...> of a descriptor at `at`; what strace writes there has no bare < and >."""
    depth = 0
    while at < len(text):
        if text[at] == "<":
            depth += 1
        elif text[at] == ">" and text[at - 1] not in "-=":
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    return at


def split(text):
    """Arguments of a call, and what follows its closing bracket (None: there is none)."""
    args, begin, at, open_brackets = [], 0, 0, []

    def finish(end):
        arg = text[begin:end].strip()
        if arg or args:
            args.append(arg)

    while at < len(text):
        char = text[at]
        if char == '"':
            at = skip_string(text, at)
            continue
        if text.startswith("/*", at):
            end = text.find("*/", at + 2)
            at = end + 2 if end >= 0 else len(text)
            continue
        if char == "<" and at and (text[at - 1].isdigit() or text[:at].endswith("AT_FDCWD")) \
                and text[at + 1:at + 2] != "<":
            at = skip_annotation(text, at)
            continue
        if char in CLOSING:
            open_brackets.append(CLOSING[char])
        elif open_brackets and char == open_brackets[-1]:
            open_brackets.pop()
        elif not open_brackets and char == ")":
            finish(at)
            return args, text[at + 1:]
        elif not open_brackets and text.startswith(", ", at):
            finish(at)
            begin = at + 2
        at += 1
    finish(len(text))
    return args, None


def parse(text):
    """A whole call: `name(args) = result`. None if it is none.

    Of a call in whose middle the thread is killed strace may write the beginning only.
    """
    match = NAME.match(text)
    if not match:
        return None
    body = text[match.end():]
    cut = body.rfind(UNFINISHED)
    if cut >= 0 and body[cut + len(UNFINISHED):] in ("", ") = ?"):
        args, rest = split(body[:cut])
        return Call(match[0][:-1], args, "?", text)
    args, rest = split(body)
    if rest is None:
        return Call(match[0][:-1], args, "?", text)
    result = rest.strip()
    if not result.startswith("="):
        return None
    return Call(match[0][:-1], args, result[1:].strip(), text)


def strace_read(lines):
    """Threads of strace -f -o FILE: {tid: [Call]}, in the order in which they appear."""
    threads, pending, strange = {}, {}, []
    for line in lines:
        match = re.match(r"^(\d+) +(.*)$", line.rstrip("\n"), re.S)
        if not match or match[2].startswith(("+++", "---")):
            if not match:
                strange.append(line)
            continue
        tid, text = int(match[1]), match[2]
        calls = threads.setdefault(tid, [])
        resumed = RESUMED.match(text)
        if resumed:
            begun = pending.pop(tid, None)
            if not begun or begun[1].name != resumed[1]:
                strange.append(line)
                continue
            place, call = begun
            whole = parse(call.line[:call.line.rfind(UNFINISHED)] + resumed[2])
            if whole:
                calls[place] = whole
            else:
                strange.append(line)
            continue
        call = parse(text)
        if not call:
            strange.append(line)
            continue
        if text.endswith(UNFINISHED):
            pending[tid] = len(calls), call
        calls.append(call)
    return threads, strange


def recorded_read(lines, wanted=None):
    """Threads of scquery --time unix: {tid: [Call]}."""
    threads, strange = {}, []
    for line in lines:
        line = line.rstrip("\n")
        match = re.match(r"^(\d+|\?) +\d+\.\d+ (.*)$", line, re.S)
        if not match:
            strange.append(line)
            continue
        if match[1] == "?" or wanted is not None and int(match[1]) not in wanted:
            continue
        call = parse(DURATION.sub("", match[2]))
        if call:
            threads.setdefault(int(match[1]), []).append(call)
        else:
            strange.append(line)
    return threads, strange


def fields(call):
    """What is compared of a call: {place: text}. A descriptor's name is a field of its own."""
    found = {}
    for place, text in [*enumerate(call.args, 1), ("result", call.result)]:
        match = NAMED.match(text)
        found[str(place)] = match[1] if match else text
        if match:
            found[f"{place}<>"] = match[2]
    return found
