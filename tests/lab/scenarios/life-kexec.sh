# SPDX-License-Identifier: GPL-2.0-only
# A recorded guest boots another kernel by kexec: the recording goes on, and who makes the
# calls is known there too.
. "$LAB_IN/tests/lab/scenariolib.sh"
mkdir -p "$WORK/more/work"
cp "$LAB_GUEST_KERNEL" "$WORK/more/work/vmlinuz"
cp "$LAB_GUEST_INITRD" "$WORK/more/work/initrd"
cp "$LAB_BIN/kexec" "$WORK/more/work/"
(cd "$WORK/more" && find . | cpio --quiet -o -H newc >../more.cpio) || fail "no initrd"
cat "$LAB_GUEST_INITRD" "$WORK/more.cpio" >"$WORK/initrd"
rm -r "$WORK/more" "$WORK/more.cpio"
vm_start kexec --smp 2 --mem 768 --initrd "$WORK/initrd" || fail "no guest"
trap 'vm_kill kexec' EXIT
record kexec
calls_run kexec -r 2
cp "$WORK/calls-kexec.log" "$WORK/first.log"
before=$(vm_sh kexec 'cat /proc/sys/kernel/random/boot_id')
vm_sh kexec 'sleep 1000 >/dev/null 2>&1 &'
SINCE=$(now) SINCE_KEXEC=$(now)
vm_sh kexec '(sleep 0.3; kexec vmlinuz initrd "$(cat /proc/cmdline)") >/dev/console 2>&1 &'
vm_wait kexec 180 || fail "the second kernel did not come up"
[ "$(vm_sh kexec 'cat /proc/sys/kernel/random/boot_id')" != "$before" ] || fail "the same kernel"
calls_run kexec -r 3
engine_check kexec pad
record_stop kexec
calls_check kexec "$WORK/calls-kexec.log"
unset SINCE
rows kexec --syscall kexec_file_load | grep -q '"comm":"kexec".*"ret":0' || fail "no kexec_file_load"
# The first kernel's calls have ended with it, and nothing else is missing.
rows kexec --until "$SINCE_KEXEC" >"$WORK/before.json"
! grep '"state":"open"' "$WORK/before.json" || fail "calls of the first kernel are still open"
rows kexec --comm sleep | grep 'nanosleep".*"state":"gone"' || fail "kexec did not end sleep's call"
scquery --store "$(store_of kexec)" --format json gaps >"$WORK/gaps"
cat "$WORK/gaps"
[ "$(grep -c '"reason":"cut","vcpu":[01],"calls":0,"returns":[1-9]' "$WORK/gaps")" = 1 ] &&
	[ "$(wc -l <"$WORK/gaps")" = 1 ] || fail "the other kernel is not told by a gap"
