# SPDX-License-Identifier: GPL-2.0-only
# The memory that calls' arguments lead to: what a program in the guest has written, read and
# named is in the recording, byte for byte.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
record two
memory_run two
record_stop two
memory_check two
scquery --store "$(store_of two)" sessions

# Less of it, of fewer calls; and what was left out is counted.
rm -r "$(store_of two)"
record two --snaplen=64,read=100 --only=%desc,getppid --skip=close
memory_run two -r 20
screcord status two | grep -E '^(only|skip|snaplen|skipped) ' || fail "status does not say what is left out"
record_stop two
scquery --store "$(store_of two)" sessions >"$WORK/sessions"
cat "$WORK/sessions"
grep -q 'only: %desc,getppid$' "$WORK/sessions" || fail "the store does not say what it has only"
grep -q 'skipped: [1-9]' "$WORK/sessions" || fail "the store does not say how many it left out"
scquery --store "$(store_of two)" --syscall close,brk,mprotect >"$WORK/none"
[ $? = 1 ] || { head "$WORK/none"; fail "close was to be left out, brk and mprotect were not asked for"; }
"$LAB_BIN/stored" "$(store_of two)" >"$WORK/pieces" || fail "stored: status $?"
grep '"nr":1,' "$WORK/pieces" | grep -qE '"[0-9a-f]{128}"' || fail "no buffer of 64 bytes"
! grep '"nr":1,' "$WORK/pieces" | grep -qE '"[0-9a-f]{130,}"' || fail "a buffer beyond snaplen"
grep '"nr":0,' "$WORK/pieces" | grep -qE '"[0-9a-f]{200}"' || fail "no buffer of 100 bytes"
! grep '"nr":0,' "$WORK/pieces" | grep -qE '"[0-9a-f]{202,}"' || fail "a buffer beyond its own snaplen"

# None of it.
rm -r "$(store_of two)"
record two --capture=none
memory_run two -r 5
record_stop two
"$LAB_BIN/stored" "$(store_of two)" >"$WORK/pieces" || fail "stored: status $?"
! grep -v '"pieces":\[\]' "$WORK/pieces" || fail "memory, though none was wanted"
