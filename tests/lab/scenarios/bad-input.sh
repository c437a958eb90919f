# SPDX-License-Identifier: GPL-2.0-only
# What can be asked wrongly is answered with one clear line and the right status.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest one --smp 1
store=$(store_of one)
expect 4 'nosuchvm.*one' screcord start nosuchvm --store "$store"
expect 1 'not audited' screcord stop nosuchvm
expect 4 . screcord start 1 --store "$store"
expect 2 . screcord start
expect 2 . screcord start one --store "$store" --on-full=maybe
expect 2 . screcord start one --store "$store" --ring-size=5
expect 2 . screcord frobnicate
expect 1 'not audited' screcord stop one
expect 0 'one' screcord list
record one
expect 4 'already' screcord start one --store "$WORK/other"
[ ! -e "$WORK/other" ] || fail "a refused start left a store"
calls_run one -r 2
record_stop one
calls_check one "$WORK/calls-one.log"
expect 2 'getpid' scquery --store "$store" --syscall getpidd
expect 2 . scquery --store "$store" --since 'the day before'
expect 2 . scquery --store "$store" --pid twelve
expect 4 . scquery --store "$WORK/none"
mkdir "$WORK/empty"
expect 4 . scquery --store "$WORK/empty"
scquery --store "$store" --comm no-such-program
[ $? = 1 ] || fail "nothing matched, but status is not 1"
segment=$(find "$store/segments" -name '*.scs' | head -n 1)
cp -r "$store" "$WORK/cut"
truncate -s -100 "$WORK/cut/segments/${segment##*/}"
scquery --store "$WORK/cut" --limit 3 2>"$WORK/cut.err"
status=$?
cat "$WORK/cut.err"
[ $status = 3 ] || [ $status = 0 ] || fail "a store cut short: status $status"
cp -r "$store" "$WORK/flipped"
printf 'X' | dd of="$WORK/flipped/segments/${segment##*/}" bs=1 conv=notrunc \
	seek=$(($(stat -c %s "$segment") / 2)) 2>/dev/null
scquery --store "$WORK/flipped" >/dev/null 2>"$WORK/flipped.err"
status=$?
cat "$WORK/flipped.err"
[ $status = 3 ] || fail "a store with a flipped byte: status $status, not 3"
# The module must come out when nobody uses it, and its absence be told.
module_unload || fail "the module cannot be unloaded"
expect 4 'modprobe scaudit|insmod' screcord start one --store "$store"
module_load || fail "the module cannot be loaded again"
