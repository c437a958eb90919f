#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""guest_btf.py VMLINUZ-GLOB LAYOUT BTF EXPECTED: the BTF of a distribution's kernel image, and
what a second reader, which shares nothing with libbpf, finds in it of what a plan has and of the
rows of recorder/layout.h. Status 77: there is no such image."""

import glob
import lzma
import re
import struct
import subprocess
import sys
import zlib


def payload(image):
    """The compressed kernel in a bzImage (Linux, Documentation/arch/x86/boot.rst)."""
    setup = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup + 1) * 512 + offset
    return image[start : start + length]


def decompress(data):
    if data.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor().decompress(data)
    if data.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31).decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        # what follows the frame is the size, which zstd takes for another frame
        return subprocess.run(["zstd", "-dcq"], input=data[:-4], stdout=subprocess.PIPE,
                              check=True).stdout
    sys.exit("guest_btf.py: a compression that is not known here")


def section(elf, wanted):
    """A section of a 64-bit ELF file (elf(5))."""
    shoff, = struct.unpack_from("<Q", elf, 0x28)
    size, count, names = struct.unpack_from("<HHH", elf, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", elf, shoff + i * size) for i in range(count)]
    strings = headers[names][4]
    for name, _, _, _, offset, length in headers:
        end = elf.index(b"\0", strings + name)
        if elf[strings + name : end].decode() == wanted:
            return elf[offset : offset + length]
    sys.exit(f"guest_btf.py: no section {wanted}")


class Btf:
    """Linux, Documentation/bpf/btf.rst."""

    SIZES = {1: lambda n: 4, 3: lambda n: 12, 4: lambda n: 12 * n, 5: lambda n: 12 * n,
             6: lambda n: 8 * n, 13: lambda n: 8 * n, 14: lambda n: 4, 15: lambda n: 12 * n,
             17: lambda n: 4, 19: lambda n: 12 * n}

    def __init__(self, data):
        header, type_off, type_len, str_off, _ = struct.unpack_from("<IIIII", data, 4)
        self.data = data
        self.strings = header + str_off
        self.types = [None]
        self.by_name = {}
        self.structs = {}
        at = header + type_off
        end = at + type_len
        while at < end:
            name, info, size = struct.unpack_from("<III", data, at)
            kind, vlen = info >> 24 & 0x1F, info & 0xFFFF
            self.by_name.setdefault((kind, self.name(name)), len(self.types))
            if kind == 4:
                self.structs.setdefault(self.name(name), []).append(len(self.types))
            self.types.append((name, kind, vlen, info >> 31, size, at + 12))
            at += 12 + self.SIZES.get(kind, lambda n: 0)(vlen)

    def name(self, offset):
        start = self.strings + offset
        return self.data[start : self.data.index(b"\0", start)].decode()

    def members(self, number):
        _, _, vlen, bitfields, _, at = self.types[number]
        for i in range(vlen):
            name, type_, offset = struct.unpack_from("<III", self.data, at + 12 * i)
            yield self.name(name), type_, (offset & 0xFFFFFF if bitfields else offset) // 8

    def typed(self, number, wanted):
        """Offset and type of a member."""
        for name, type_, offset in self.members(number):
            if name == wanted:
                return offset, type_
            if name == "" and self.types[type_][1] in (4, 5):
                inner = self.typed(type_, wanted)
                if inner is not None:
                    return offset + inner[0], inner[1]
        return None

    def offset(self, number, wanted):
        found = self.typed(number, wanted)
        return found and found[0]

    def dotted(self, number, path):
        if path == "":
            return self.types[number][4]
        total = 0
        for part in path.split("."):
            while self.types[number][1] in (8, 9, 10, 11, 18):  # typedef, const, …
                number = self.types[number][4]
            found = self.typed(number, part)
            if found is None:
                return None
            total, number = total + found[0], found[1]
        return total

    def percpu(self, wanted):
        _, _, vlen, _, _, at = self.types[self.by_name[15, ".data..percpu"]]
        for i in range(vlen):
            type_, offset, _ = struct.unpack_from("<III", self.data, at + 12 * i)
            if self.name(self.types[type_][0]) == wanted:
                return offset, self.types[type_][4]
        return None


def expectations(btf):
    task, cred = btf.by_name[4, "task_struct"], btf.by_name[4, "cred"]
    current = btf.percpu("current_task")
    if current:
        yield "current_off", current[0]
    else:
        offset, hot = btf.percpu("pcpu_hot")
        yield "current_off", offset + btf.offset(hot, "current_task")
    for field, member in (("task_pid", "pid"), ("task_tgid", "tgid"), ("task_comm", "comm"),
                          ("task_start", "start_time"), ("task_parent", "real_parent"),
                          ("task_cred", "cred")):
        yield field, btf.offset(task, member)
    yield "cred_uid", btf.offset(cred, "uid")


def layout(btf, header):
    with open(header, encoding="utf-8") as file:
        rows = re.findall(r'X\((\w+), "(\w+)", "([\w.]*)"', file.read())
    for field, container, member in rows:
        found = (btf.dotted(number, member) for number in btf.structs.get(container, []))
        yield field, next((offset for offset in found if offset is not None), "none")


def main():
    pattern, header, out, expected = sys.argv[1:]
    images = sorted(glob.glob(pattern))
    if not images:
        print(f"guest_btf.py: no {pattern}: './dev setup' fetches the lab's kernel")
        sys.exit(77)
    with open(images[-1], "rb") as file:
        blob = section(decompress(payload(file.read())), ".BTF")
    with open(out, "wb") as file:
        file.write(blob)
    btf = Btf(blob)
    with open(expected, "w", encoding="ascii") as file:
        for name, value in expectations(btf):
            file.write(f"{name} {value}\n")
        for name, value in layout(btf, header):
            file.write(f"layout.{name} {value}\n")


main()
