# SPDX-License-Identifier: GPL-2.0-only
"""The tables of this folder, read and checked.

calls.tbl    what system calls there are, and what their arguments are
flags.tbl    names of bits and values
structs.tbl  sizes of structures in a caller's memory

docs/how-to-add-a-syscall.md describes their syntax. Whatever is wrong is a Problem, which
says file and line.
"""

import re

ABIS = ("x86_64", "x32", "i386")
RESULTS = ("int", "fd", "pid", "address", "hex", "off", "mode", "none")
MAX_ARGS = 6
MAX_NR = 1024  # struct scaudit_capture_call
MAX_NAME = 32

NUMBERS = ("void", "int", "uint", "long", "ulong", "hex", "ptr", "fd", "dirfd", "pid", "uid",
           "gid", "mode", "dev", "off", "size", "sig", "flags", "flags64", "enum")
MEMORY = ("path", "str", "strv", "envv", "buf", "struct", "array", "iov", "msg", "mmsg",
          "sockaddr", "socklen", "fdpair", "intp", "longp", "fdset", "ioctl")
# Types that name a table or a structure.
WITH_FLAGS = ("flags", "flags64", "enum")
WITH_STRUCT = ("struct", "array")
# Which rules of length a memory type can have; "" is none.
LENGTHS = {
    "path": ("",), "str": ("",), "strv": ("",), "envv": ("",), "msg": ("",), "socklen": ("",),
    "fdpair": ("",), "intp": ("",), "longp": ("", "const"),
    "buf": ("const", "arg", "ret", "least", "argp"),
    "struct": ("", "const", "arg", "ret", "least", "argp"),
    "array": ("const", "arg", "ret", "least", "argp"),
    "iov": ("arg", "const"), "mmsg": ("arg", "ret"),
    "sockaddr": ("arg", "argp"), "fdset": ("arg",), "ioctl": ("arg",),
}
IN, OUT, ALWAYS = 1, 2, 4
DIRECTIONS = {"in": IN, "out": OUT, "inout": IN | OUT, "out!": OUT | ALWAYS,
              "inout!": IN | OUT | ALWAYS}
# Of these only some directions make sense.
ONLY = {"str": ("in", "out", "out!"), "strv": ("in",), "envv": ("in",), "socklen": ("inout",)}

STYLES = ("signal", "perm", "last", "comment", "decimal", "request")  # of tables of flags

NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
CONSTANT = re.compile(r"(0x[0-9a-fA-F]+|[0-9]+|[A-Za-z_][A-Za-z0-9_]*)\Z")
NUMBER = re.compile(r"(0x[0-9a-fA-F]+|0|[1-9][0-9]*)\Z")
ARG = re.compile(r"([a-z_][a-z0-9_]*):([a-z0-9_.!]+)(?:\[([^\]\s]+)\])?\Z")
CONDITION = re.compile(r"\[([a-z_][a-z0-9_]*)(?:&([^=\s]+))?=([^\]\s]+)\]\Z")


class Problem(Exception):
    """Something that a table says cannot be."""

    def __init__(self, where, text):
        super().__init__(f"{where}: {text}")


class Arg:
    """An argument: name, type, sub, direction, rule of length."""

    def __init__(self, text, where):
        m = ARG.match(text)
        if not m:
            raise Problem(where, f"'{text}' is no argument: name:type")
        self.where = where
        self.text = text
        self.name = m[1]
        words = m[2].split(".")
        self.type = words.pop(0)
        self.sub = self.length = self.of = None
        self.dir = 0
        if self.type not in NUMBERS and self.type not in MEMORY:
            raise Problem(where, f"'{text}': no type is called '{self.type}'")
        if self.type in WITH_FLAGS + WITH_STRUCT:
            if not words or not NAME.match(words[0]):
                raise Problem(where, f"'{text}': {self.type} needs a name: {self.type}.NAME")
            self.sub = words.pop(0)
        self._direction(words)
        self._length(m[3])

    def _direction(self, words):
        if self.type in NUMBERS:
            if words:
                raise Problem(self.where, f"'{self.text}': {self.type} has no direction")
            return
        default = {"socklen": "inout", "ioctl": "inout", "fdpair": "out"}.get(self.type, "in")
        word = words.pop(0) if words else default
        if words or word not in DIRECTIONS or word not in ONLY.get(self.type, DIRECTIONS):
            raise Problem(self.where, f"'{self.text}': '{word}' is no direction of {self.type}")
        self.dir = DIRECTIONS[word]

    def _length(self, rule):
        if rule is None:
            kind = ""
        elif rule == "ret":
            kind = "ret"
        elif rule.startswith("ret<") and NAME.match(rule[4:]):
            kind, self.of = "least", rule[4:]
        elif NUMBER.match(rule):
            kind, self.of = "const", int(rule, 0)
            if not 1 <= self.of <= 255:
                raise Problem(self.where, f"'{self.text}': a constant length is 1 to 255")
        elif rule[0] == "*" and NAME.match(rule[1:]):
            kind, self.of = "argp", rule[1:]
        elif NAME.match(rule):
            kind, self.of = "arg", rule
        else:
            raise Problem(self.where, f"'{self.text}': [{rule}] is no rule of length")
        if kind not in LENGTHS.get(self.type, ("",)):
            need = "" if "" in LENGTHS.get(self.type, ("",)) else " needs a length in brackets" \
                if not kind else " cannot have that length"
            raise Problem(self.where, f"'{self.text}': {self.type}"
                          f"{need or ' has no length of that kind'}")
        if kind in ("ret", "least") and not self.dir & OUT:
            raise Problem(self.where, f"'{self.text}': [ret] is known at the return only: .out")
        self.length = kind

    def is_memory(self):
        return self.type in MEMORY


class Signature:
    """A variant of a call: conditions (argument, masks, values), a result, arguments."""

    def __init__(self, words, where, result):
        self.where = where
        self.condition = self.also = None
        self.result = result
        if words and words[0].startswith("["):
            self.condition = self._condition(words.pop(0))
        if words and words[0].startswith("["):
            self.also = self._condition(words.pop(0))
        if words and words[0].startswith("->"):
            self.result = words.pop(0)[2:]
            if self.result not in RESULTS:
                raise Problem(where, f"'{self.result}' is no result: {', '.join(RESULTS)}")
        self.args = [Arg(w, where) for w in words]
        if len(self.args) > MAX_ARGS:
            raise Problem(where, f"{len(self.args)} arguments: {MAX_ARGS} are the most")
        names = [a.name for a in self.args]
        for name in names:
            if names.count(name) > 1:
                raise Problem(where, f"argument '{name}' twice")
        for a in self.args:
            if a.length in ("arg", "argp"):
                if a.of not in names:
                    raise Problem(where, f"'{a.text}': no argument is called '{a.of}'")
                other = self.args[names.index(a.of)]
                if other.is_memory() != (a.length == "argp"):
                    raise Problem(where, f"'{a.text}': '{other.name}' is {other.type}")
        for condition in (self.condition, self.also):
            if condition and condition[0] not in names:
                raise Problem(where, f"condition: no argument is called '{condition[0]}'")

    def _condition(self, text):
        m = CONDITION.match(text)
        values = m[3].split(",") if m else []
        masks = (m[2] or "0xffffffff").split("|") if m else []
        if not m or not all(CONSTANT.match(v) for v in values + masks):
            raise Problem(self.where, f"'{text}' is no condition: [arg=VALUE,...] "
                          "or [arg&MASK=VALUE,...]")
        return m[1], masks, values

    def index(self, name):
        return [a.name for a in self.args].index(name)


class Call:
    """A row: a name, its number in each convention (None: not there), and its variants."""

    def __init__(self, where, name, numbers, result):
        self.where = where
        self.name = name
        self.numbers = numbers
        self.result = result
        self.signatures = []

    def n_args(self):
        return max(len(s.args) for s in self.signatures)

    def _check_second(self):
        """A second condition refines a variant that comes later, which says what is read."""
        for i, s in enumerate(self.signatures):
            if s.also and not any(later.condition in (s.condition, None) and not later.also
                                  for later in self.signatures[i + 1:]):
                raise Problem(s.where, f"{self.name}: no later variant without the second "
                              "condition says what is read")

    def check(self):
        if not self.signatures:
            raise Problem(self.where, f"{self.name}: no arguments and no variants")
        for s in self.signatures[:-1]:
            if not s.condition:
                raise Problem(s.where, f"{self.name}: what comes behind is never reached")
        self._check_second()
        if self.signatures[-1].condition:
            raise Problem(self.where, f"{self.name}: the last variant has a condition")
        if self.numbers[2] is None:
            return
        for s in self.signatures:
            for i, a in enumerate(s.args):
                behind = s.args[i + 1] if i + 1 < len(s.args) else None
                if a.type == "off" and not (behind and behind.type == "void"):
                    raise Problem(s.where, f"'{a.text}': of i386, 'void' has to follow: "
                                  "it is the high half")


def lines_of(path):
    """Lines with their place: comments and empty ones are left out."""
    with open(path, encoding="ascii") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if line.strip() and (not line.startswith("#") or line.startswith("#include")):
                yield f"{path}:{number}", line


def read_calls(path):
    """The rows of calls.tbl, in their order."""
    calls, seen, bare = [], {}, None
    for where, line in lines_of(path):
        words = line.split()
        if line[0].isspace():
            if not calls:
                raise Problem(where, "a variant of what?")
            if bare:
                bare = None
                calls[-1].signatures.clear()
            calls[-1].signatures.append(Signature(words, where, calls[-1].result))
            continue
        if len(words) < 5:
            raise Problem(where, "not a row: name, three numbers, result, arguments")
        name, numbers, result = words[0], words[1:4], words[4]
        if not NAME.match(name) or len(name) > MAX_NAME:
            raise Problem(where, f"'{name}' is no name")
        for n in numbers:
            if n != "-" and not (NUMBER.match(n) and int(n) < MAX_NR):
                raise Problem(where, f"'{n}' is no number of a call")
        if result not in RESULTS:
            raise Problem(where, f"'{result}' is no result: {', '.join(RESULTS)}")
        numbers = [None if n == "-" else int(n) for n in numbers]
        if numbers == [None] * 3:
            raise Problem(where, f"{name} has no number")
        for abi, n in zip(ABIS, numbers):
            for key in ((abi, n), (abi, name)):
                if n is None:
                    continue
                if key in seen:
                    raise Problem(where, f"{key[1]} of {abi} is in {seen[key]} already")
                seen[key] = where
        calls.append(Call(where, name, numbers, result))
        calls[-1].signatures.append(Signature(words[5:], where, result))
        # A row without arguments of its own may only be the head of its variants.
        bare = len(words) == 5
    for call in calls:
        call.check()
    return calls


class Flags:
    """A table of flags.tbl."""

    def __init__(self, where, name):
        self.where, self.name = where, name
        self.mask = "0"
        self.members = {}  # other members of struct sc_flags, as C has them
        self.entries = []  # name, value as C has it or None

    def set(self, word):
        key, _, value = word.partition("=")
        if not value:
            raise Problem(self.where, f"'{word}' is no property of a table: KEY=VALUE")
        if key == "mask":
            self.mask = "~0" if value == "all" else value
        elif key in ("none", "unknown", "shift"):
            self.members[key] = f'"{value}"'
        elif key == "number":
            self.members[key] = f"(uint64_t)({value})"
        elif key == "style" and value in STYLES:
            self.members[key] = f"SC_FLAGS_{value.upper()}"
        else:
            raise Problem(self.where, f"'{word}' is no property of a table")


def read_flags(path):
    """@return the headers to include, and the tables by name"""
    includes, tables, table = [], {}, None
    for where, line in lines_of(path):
        if line.startswith("#include"):
            if tables or not re.match(r"#include <[\w./-]+>\Z", line):
                raise Problem(where, "#include <...>, at the top")
            includes.append(line)
            continue
        words = line.split()
        if words[0] == "table":
            if len(words) < 2 or not NAME.match(words[1]):
                raise Problem(where, "table NAME [mask=...] [none=...]")
            if words[1] in tables:
                raise Problem(where, f"table {words[1]} twice")
            table = tables[words[1]] = Flags(where, words[1])
            for w in words[2:]:
                table.set(w)
            continue
        if table is None:
            raise Problem(where, "no table has begun")
        for w in words:
            name, _, value = w.partition("=")
            if not re.match(r"[A-Za-z_][A-Za-z0-9_]*\Z", name) or "=" in w and not value:
                raise Problem(where, f"'{w}' is neither NAME nor NAME=VALUE")
            if name in (n for n, _ in table.entries):
                raise Problem(where, f"{name} twice in table {table.name}")
            table.entries.append((name, value or None))
    return includes, tables


def read_structs(path):
    """@return (size of x86_64, of x32, of i386) by name, in the order of the file"""
    structs = {}
    for where, line in lines_of(path):
        words = line.partition("#")[0].split()
        if len(words) != 4 or not NAME.match(words[0]) or \
                not all(NUMBER.match(w) and int(w, 0) <= 65536 for w in words[1:4]):
            raise Problem(where, "not a row: name, size of x86_64, of x32, of i386")
        if words[0] in structs:
            raise Problem(where, f"{words[0]} twice")
        structs[words[0]] = tuple(int(w, 0) for w in words[1:4])
    return structs


def used_names(calls):
    """Names of tables and of structures that the rows use, each with its first place."""
    flags, structs = {}, {}
    for call in calls:
        for s in call.signatures:
            for a in s.args:
                if a.sub:
                    names = flags if a.type in WITH_FLAGS else structs
                    names.setdefault(a.sub, s.where)
    return flags, structs
