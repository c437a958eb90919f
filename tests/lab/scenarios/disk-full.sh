# SPDX-License-Identifier: GPL-2.0-only
# The disk of the store fills up: the guest waits, status says it, and once there is room
# the recording goes on with nothing missing and nothing corrupt.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
mkdir "$WORK/disk"
mount -t tmpfs -o size=2m small "$WORK/disk" || fail "no small disk"
trap 'umount -l "$WORK/disk"' EXIT
mkdir "$WORK/disk/store"
ln -s "$WORK/disk/store" "$(store_of two)"
record two --ring-size=64K --on-full=block
head -c 1900K /dev/zero >"$WORK/disk/ballast" 2>/dev/null
calls_run two -r 400 &
calls=$!
for _ in $(seq 100); do
	screcord status two | grep -qi 'disk full\|no space' && told=1 && break
	sleep 0.2
done
screcord status two
[ -n "${told:-}" ] || fail "status does not tell that the disk is full"
kill -0 $calls || fail "the guest did not wait"
rm "$WORK/disk/ballast"
mount -o remount,size=200m "$WORK/disk"
wait $calls || fail "the program in the guest failed"
record_stop two
calls_check two "$WORK/calls-two.log"
