# SPDX-License-Identifier: GPL-2.0-only
# What was open before the recording began has a name all the same: it is read out of the
# guest's memory.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
vm_sh two "(exec 7>/tmp/kept-open; while [ ! -e /tmp/kept-stop ]; do echo tick >&7; sleep 0.2; done) \
	</dev/null >/dev/null 2>&1 & sleep 0.5"
record two
sleep 3
vm_sh two ": >/tmp/kept-stop; sleep 0.5; rm /tmp/kept-stop /tmp/kept-open"
record_stop two
scquery --store "$(store_of two)" files >"$WORK/files" || fail "scquery files: status $?"
cat "$WORK/files"
grep -E ' written +/tmp/kept-open$' "$WORK/files" || fail "what was written to has no name"
scquery --store "$(store_of two)" --syscall openat,open -f json | grep -q kept-open &&
	fail "it was opened while it was recorded: that proves nothing"
true
