#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes what lib/ is built of from calls.tbl, flags.tbl and structs.tbl.

usage: generate.py OUTPUT-FOLDER

  syscall_ids.h     enum sc_flags_id, enum sc_struct_id
  syscall_rows.h    for lib/decode/syscalls.c
  signature_rows.h  for lib/decode/signature.c
  flag_rows.h       for lib/decode/flags_table.c
  flag_includes.h   the headers that flags.tbl names

A file that would not change is left alone. Names that calls.tbl uses and the other tables
lack are errors.
"""

import os
import sys

import table

HERE = os.path.dirname(os.path.realpath(__file__))
HEAD = "/* SPDX-License-Identifier: GPL-2.0-only */\n/* Made by schema/syscalls/generate.py. */\n"
TYPES = {"void": "NONE"}
LENGTHS = {"": "SC_LEN_ONE", "const": "SC_LEN_CONST", "arg": "SC_LEN_ARG", "ret": "SC_LEN_RET", "least": "SC_LEN_LEAST",
           "argp": "SC_LEN_ARGP"}


def ids(flags, structs):
    out = [HEAD, "#ifndef SC_SYSCALL_IDS_H\n#define SC_SYSCALL_IDS_H\n\n"]
    for word, names in (("FLAGS", flags), ("STRUCT", structs)):
        out.append(f"/* 0: none. */\nenum sc_{word.lower()}_id {{\n\tSC_{word}_NONE = 0,\n")
        out += [f"\tSC_{word}_{n.upper()},\n" for n in names]
        out.append(f"\tSC_{word}_COUNT\n}};\n\n")
    out.append("#endif\n")
    return "".join(out)


def rows(calls):
    out = [HEAD]
    for i, abi in enumerate(table.ABIS):
        out.append(f"static const struct sc_syscall rows_{abi}[] = {{\n")
        for call in sorted((c for c in calls if c.numbers[i] is not None),
                           key=lambda c: c.numbers[i]):
            flags = "SC_SYSCALL_ADDRESS" if call.result == "address" else "0"
            out.append(f'\t[{call.numbers[i]}] = {{ "{call.name}", {call.numbers[i]}, '
                       f"{call.n_args()}, {flags} }},\n")
        out.append("};\n")
    return "".join(out)


def argument(signature, a):
    if a.type in table.WITH_FLAGS:
        sub = f"SC_FLAGS_{a.sub.upper()}"
    elif a.type in table.WITH_STRUCT:
        sub = f"SC_STRUCT_{a.sub.upper()}"
    else:
        sub = "0"
    of = 0
    if a.length in ("arg", "argp", "least"):
        of = signature.index(a.of)
    elif a.length == "const":
        of = a.of
    return (f'{{ "{a.name}", SC_TYPE_{TYPES.get(a.type, a.type.upper())}, {a.dir}, {LENGTHS[a.length]}, {of}, '
            f"{sub} }}")


def cases(signature, condition, value):
    """@return (argument, mask, value) for each value of a condition; argument 6: none"""
    if not condition:
        return [(6, "0", "0")]
    name, masks, values = condition
    mask = " | ".join(f"(uint32_t)({value(m)})" for m in masks)
    return [(signature.index(name), mask, f"(uint32_t)({value(v)})") for v in values]


def signatures(calls, structs, values):
    """@values  numbers of constants that flags.tbl gives"""
    out = [HEAD, "static const struct sc_signature signatures[] = {\n"]
    count, first = 0, {}

    def value(text):
        return values.get(text, text)

    for call in calls:
        first[call] = count
        for s in call.signatures:
            args = ", ".join(argument(s, a) for a in s.args)
            for arg, mask, case in cases(s, s.condition, value):
                for also in cases(s, s.also, value):
                    out.append(f"\t/* {call.name} */ {{ {arg}, {also[0]}, {len(s.args)}, "
                               f"SC_RESULT_{s.result.upper()}, {mask}, {case}, {also[1]}, "
                               f"{also[2]}, {{ {args} }} }},\n")
                    count += 1
        first[call] = (first[call], count - first[call])
    out.append("};\n\n")
    for i, abi in enumerate(table.ABIS):
        out.append(f"static const struct range ranges_{abi}[] = {{\n")
        for call in sorted((c for c in calls if c.numbers[i] is not None),
                           key=lambda c: c.numbers[i]):
            out.append(f"\t[{call.numbers[i]}] = {{ {first[call][0]}, {first[call][1]} }},\n")
        out.append("};\n")
    out.append("\nstatic const uint32_t struct_sizes[SC_STRUCT_COUNT][SC_ABIS] = {\n")
    for name, sizes in structs.items():
        out.append(f"\t[SC_STRUCT_{name.upper()}] = {{ {sizes[0]}, {sizes[1]}, {sizes[2]} }},\n")
    out.append("};\n")
    return "".join(out)


def flag_rows(flags):
    out = [HEAD]
    for t in flags.values():
        if not t.entries:
            continue
        out.append(f"static const struct sc_flag flags_{t.name}[] = {{\n")
        out += [f'\t{{ "{n}", (uint64_t)({v or n}) }},\n' for n, v in t.entries]
        out.append("};\n")
    out.append("static const struct sc_flags tables[SC_FLAGS_COUNT] = {\n")
    for t in flags.values():
        entries = f"flags_{t.name}" if t.entries else "NULL"
        members = "".join(f", .{k} = {v}" for k, v in t.members.items())
        out.append(f'\t[SC_FLAGS_{t.name.upper()}] = {{ .name = "{t.name}", '
                   f".mask = (uint64_t)({t.mask}), .flags = {entries}, "
                   f".count = {len(t.entries)}{members} }},\n")
    out.append("};\n")
    return "".join(out)


def check_names(calls, flags, structs):
    """What calls.tbl uses and the other tables do not have is a Problem."""
    used_flags, used_structs = table.used_names(calls)
    for used, known, what in ((used_flags, flags, "table '{}' is not in flags.tbl"),
                              (used_structs, structs, "structure '{}' is not in structs.tbl")):
        for name, where in used.items():
            if name not in known:
                raise table.Problem(where, what.format(name))


def put(folder, name, text):
    path = os.path.join(folder, name)
    try:
        with open(path, encoding="ascii") as f:
            if f.read() == text:
                return
    except FileNotFoundError:
        pass
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(text)
    os.rename(path + ".new", path)


def main(args):
    if len(args) != 1 or args[0].startswith("-"):
        sys.exit("usage: generate.py OUTPUT-FOLDER")
    try:
        calls = table.read_calls(os.path.join(HERE, "calls.tbl"))
        includes, flags = table.read_flags(os.path.join(HERE, "flags.tbl"))
        structs = table.read_structs(os.path.join(HERE, "structs.tbl"))
        check_names(calls, flags, structs)
    except table.Problem as problem:
        sys.exit(str(problem))
    values = {n: v for t in flags.values() for n, v in t.entries if v}
    put(args[0], "syscall_ids.h", ids(flags, structs))
    put(args[0], "syscall_rows.h", rows(calls))
    put(args[0], "signature_rows.h", signatures(calls, structs, values))
    put(args[0], "flag_includes.h", HEAD + "\n".join(includes) + "\n")
    put(args[0], "flag_rows.h", flag_rows(flags))


if __name__ == "__main__":
    main(sys.argv[1:])
