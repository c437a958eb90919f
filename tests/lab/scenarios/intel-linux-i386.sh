# SPDX-License-Identifier: GPL-2.0-only
# Debian's i386 kernel on an Intel host: INT 80h, SYSENTER and the vDSO's choice of them, from
# the first program's first call to the reset.
. "$LAB_IN/tests/lab/scenariolib.sh"
. "$LAB_IN/tests/lab/linuxlib.sh"
linux_run i386 pad ways32
! grep -v '"abi":"i386"' "$WORK/rows.json" || fail "not a call of an i386 kernel"
! grep -vE '"insn":"(int80|sysenter)"' "$WORK/rows.json" || fail "not an instruction of i386"
