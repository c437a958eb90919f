#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The disk that the emulated Intel host boots from: loader, Linux, initramfs.

usage: intel-disk.py OUTPUT LOADER VMLINUZ COMMAND_LINE CPIO...
       intel-disk.py --unpack VMLINUZ OUTPUT

LOADER is intel-boot.S as a flat binary; its table of what to load follows it in one sector.
Linux is unpacked here, since an emulated processor takes most of a minute for it; with
--unpack that is all, and the ELF file is for a guest.
"""

import lzma
import struct
import subprocess
import sys

SECTOR = 512
BOOT_PARAMS = 0x90000  # as in intel-boot.S
INITRD = 0x8000000  # above Linux, which needs 64 MiB from 16 MiB

# Offsets in struct boot_params (Documentation/x86/boot.rst, zero-page.rst).
HEADER = 0x1F1
TYPE_OF_LOADER = 0x210
RAMDISK_IMAGE = 0x218
COMMAND_LINE = 0x228
PAYLOAD_OFFSET = 0x248


def unpack(vmlinuz):
    """The ELF file inside a bzImage. Its last four bytes are the length unpacked."""
    start = ((vmlinuz[HEADER] or 4) + 1) * SECTOR
    offset, length = struct.unpack_from("<II", vmlinuz, PAYLOAD_OFFSET)
    payload = vmlinuz[start + offset : start + offset + length - 4]
    if payload[:6] == b"\xfd7zXZ\0":
        return lzma.decompress(payload)
    if payload[:4] == b"\x28\xb5\x2f\xfd":
        return subprocess.run(
            ["zstd", "-dcq"], input=payload, stdout=subprocess.PIPE, check=True
        ).stdout
    sys.exit("intel-disk.py: this kernel is packed neither with xz nor with zstd")


def segments(elf):
    """(entry, [(physical address, bytes)]) of an x86-64 ELF executable."""
    entry, table = struct.unpack_from("<QQ", elf, 24)
    size, count = struct.unpack_from("<HH", elf, 54)
    found = []
    for i in range(count):
        kind, _, offset, _, address, length = struct.unpack_from("<IIQQQQ", elf, table + i * size)
        if kind == 1 and length:
            found.append((address, elf[offset : offset + length]))
    return entry, found


def boot_params(vmlinuz, command_line, initrd_length):
    page = bytearray(SECTOR * 8)
    end = 0x202 + vmlinuz[0x201]
    page[HEADER:end] = vmlinuz[HEADER:end]
    page[TYPE_OF_LOADER] = 0xFF
    struct.pack_into("<II", page, RAMDISK_IMAGE, INITRD, initrd_length)
    struct.pack_into("<I", page, COMMAND_LINE, BOOT_PARAMS + len(page))
    return bytes(page) + command_line.encode() + b"\0"


def main(output, loader, vmlinuz, command_line, *cpios):
    with open(loader, "rb") as file:
        loader = file.read()
    with open(vmlinuz, "rb") as file:
        vmlinuz = file.read()
    initrd = b""
    for name in cpios:
        with open(name, "rb") as file:
            initrd += file.read()
            initrd += bytes(-len(initrd) % 4)
    entry, parts = segments(unpack(vmlinuz))
    parts.append((BOOT_PARAMS, boot_params(vmlinuz, command_line, len(initrd))))
    parts.append((INITRD, initrd))

    lba = len(loader) // SECTOR + 1
    table = struct.pack("<I", entry)
    body = b""
    for address, data in parts:
        data += bytes(-len(data) % SECTOR)
        table += struct.pack("<III", lba, len(data) // SECTOR, address)
        lba += len(data) // SECTOR
        body += data
    disk = loader + table.ljust(SECTOR, b"\0") + body
    # The emulator wants whole cylinders of 16 heads and 63 sectors.
    disk += bytes(-len(disk) % (16 * 63 * SECTOR))
    with open(output, "wb") as file:
        file.write(disk)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--unpack":
        with open(sys.argv[2], "rb") as packed, open(sys.argv[3], "wb") as unpacked:
            unpacked.write(unpack(packed.read()))
        sys.exit()
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
