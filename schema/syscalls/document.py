#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes docs/syscalls.md from calls.tbl and structs.tbl.

usage: document.py           writes it
       document.py --check   says whether it is current: exit status 1, if it is not
"""

import os
import re
import sys

sys.dont_write_bytecode = True

import table  # noqa: E402

HERE = os.path.dirname(os.path.realpath(__file__))
OUTPUT = os.path.join(HERE, "../../docs/syscalls.md")
SECTION = re.compile(r"# ---- (.+) ----$")
# What --snaplen bounds; is_data() of recorder/capture.c.
DATA = ("str", "envv", "buf", "iov", "msg", "mmsg", "ioctl")
FIXED = {"socklen": "4 bytes", "intp": "4 bytes", "fdpair": "8 bytes", "longp": "a long",
         "path": "path", "str": "string", "strv": "strings", "envv": "strings", "msg": "msghdr",
         "ioctl": "what the request says"}

HEAD = """\
# System calls

Made by `schema/syscalls/document.py` from `calls.tbl`; [how-to-add-a-syscall.md]\
(how-to-add-a-syscall.md) says how to change it.
{calls} calls with {numbers} numbers: {x86_64} of x86-64, {x32} of x32 (without bit 30), {i386} of i386, up to Linux 6.12.
A number that has no row is recorded as well, with its six registers.

**Arguments** are `name:type`, the result behind `→`. A call with variants has a line for each, with
its condition on an argument; the first one that holds is the call's. `void` is an argument that
means nothing there, or the high half of the one before. The types are explained in
[how-to-add-a-syscall.md](how-to-add-a-syscall.md#types).

**Memory** is what is recorded of what arguments point to: behind *entry* before the kernel sees the
call, behind *return* after it has returned, and if it has succeeded; *return!* also if it has failed.
What is not mapped yet at the entry is read at the return. `∗` marks data, of which `--snaplen` says how
much is kept (256 bytes of each buffer); all else is kept up to 4,096 bytes. `result` is the call's
result, `*len` what `len` points to. Sizes of structures are at the end. A condition with
*text* behind it is of no account to what is read: there a later variant of the same call says that.
"""


def amount(arg):
    """As many elements as the rule of length says; '' where there is one."""
    return {"": "", "const": str(arg.of), "arg": f"`{arg.of}`", "ret": "result", "least": f"result, ≤ `{arg.of}`",
            "argp": f"`*{arg.of}`"}[arg.length]


def memory_of(arg):
    star = "∗" if arg.type in DATA else ""
    count = amount(arg)
    if arg.type == "longp" and count:
        what = f"{count} bytes"
    elif arg.type in FIXED:
        what = FIXED[arg.type]
    elif arg.type in ("buf", "sockaddr"):
        what = f"{count} bytes"
    elif arg.type == "fdset":
        what = f"{count} bits"
    else:
        what = {"iov": "iovec", "mmsg": "mmsghdr"}.get(arg.type, arg.sub)
        what = f"{count} × {what}" if count else what
    return f"`{arg.name}` {what}{star}"


def memory(signature):
    """What is read, for the last column."""
    when = {"entry": [], "return": [], "return!": []}
    for arg in signature.args:
        if arg.dir & table.IN and arg.length not in ("ret", "least"):
            when["entry"].append(memory_of(arg))
        if not arg.dir & table.OUT:
            continue
        if arg.type == "path":
            # The program that has begun has them: SCAUDIT_CAP_EXEC.
            when["return!"].append(f"`{arg.name}` and strings, from the new stack, if they "
                                   "could not be read")
        else:
            when["return!" if arg.dir & table.ALWAYS else "return"].append(memory_of(arg))
    return "; ".join(f"{k}: {', '.join(v)}" for k, v in when.items() if v)


def condition(cond):
    name, masks, values = cond
    mask = "" if masks == ["0xffffffff"] else f"&{'|'.join(masks)}"
    return f"{name}{mask} = {', '.join(values)}"


def arguments(signature, call):
    text = ", ".join(f"{a.name}:{a.type}" + (f".{a.sub}" if a.sub else "")
                     for a in signature.args)
    text = f"`({text})`"
    if signature.result != call.result or len(call.signatures) == 1:
        text += f" → {signature.result}"
    return text


def rows(call):
    numbers = " | ".join("" if n is None else str(n) for n in call.numbers)
    if len(call.signatures) == 1:
        s = call.signatures[0]
        yield f"| {call.name} | {numbers} | {arguments(s, call)} | {memory(s)} |"
        return
    yield f"| {call.name} | {numbers} | → {call.result} | |"
    for s in call.signatures:
        when = [f"`{condition(c)}`" for c in (s.condition, s.also) if c]
        text = " and ".join(when) + (" (text)" if s.also else "") if when else "else"
        yield f"| | | | | {text}: {arguments(s, call)} | {memory(s)} |"


def sections():
    """@return [(line, title)]"""
    with open(os.path.join(HERE, "calls.tbl"), encoding="ascii") as f:
        lines = list(enumerate(f, 1))
    return [(n, m[1]) for n, m in ((n, SECTION.match(line)) for n, line in lines) if m]


def document():
    calls = table.read_calls(os.path.join(HERE, "calls.tbl"))
    structs = table.read_structs(os.path.join(HERE, "structs.tbl"))
    per = {abi: sum(c.numbers[i] is not None for c in calls) for i, abi in enumerate(table.ABIS)}
    names = {c.name for c in calls}
    out = [HEAD.format(calls=len(names), numbers=f"{sum(per.values()):,}", **per)]
    titles = sections()
    for call in calls:
        line = int(call.where.rsplit(":", 1)[1])
        while titles and titles[0][0] < line:
            title = titles.pop(0)[1]
            out.append(f"\n## {title[0].upper()}{title[1:]}\n\n"
                       "| call | x86_64 | x32 | i386 | arguments | memory |\n"
                       "|---|---|---|---|---|---|\n")
        out += [row + "\n" for row in rows(call)]
    _, used = table.used_names(calls)
    out.append("\n## Structures\n\nBytes in the caller's memory. Those with 1 are as long as the "
               "call says.\n\n| structure | x86_64 | x32 | i386 |\n|---|---|---|---|\n")
    out += [f"| {name} | {sizes[0]} | {sizes[1]} | {sizes[2]} |\n"
            for name, sizes in sorted(structs.items()) if name in used]
    return "".join(out)


def main(args):
    if args not in ([], ["--check"]):
        sys.exit("usage: document.py [--check]")
    text = document()
    if not args:
        with open(OUTPUT, "w", encoding="utf-8") as f:
            f.write(text)
        return
    try:
        with open(OUTPUT, encoding="utf-8") as f:
            current = f.read() == text
    except FileNotFoundError:
        current = False
    if not current:
        sys.exit("docs/syscalls.md is not current: schema/syscalls/document.py makes it")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except table.Problem as problem:
        sys.exit(str(problem))
