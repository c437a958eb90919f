# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What one getppid of a Linux guest costs, in instructions of all layers (guest, KVM,
# scaudit.ko, recorder, host kernel): the emulated host's clock counts instructions.
# lab: icount
# put: getppid
# put: strace

row() { echo "$1 $2 instructions"; }
ticks() { vm_run vm1 "$@" | cut -d' ' -f1; }

row getppid/untraced "$(ticks getppid 10000 3)"
row getppid/strace "$(ticks strace -f -o /dev/null getppid 500 3)"
screcord start vm1 --store "$STORE" >&2 </dev/null || exit 1
row getppid/fault "$(ticks getppid 5000 5)"
screcord stop vm1 >&2 || exit 1
row getppid/detached "$(ticks getppid 10000 3)"
