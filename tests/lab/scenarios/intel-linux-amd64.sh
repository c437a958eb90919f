# SPDX-License-Identifier: GPL-2.0-only
# Debian's amd64 kernel on an Intel host: SYSCALL, INT 80h from 64-bit code, numbers of x32.
# No 32-bit program: in this guest the emulated host's SYSRET leaves one with a stack segment
# of 16 bits now and then, recorded or not.
. "$LAB_IN/tests/lab/scenariolib.sh"
. "$LAB_IN/tests/lab/linuxlib.sh"
linux_run amd64 pad ways64
