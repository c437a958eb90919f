#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# screcord keygen, scquery verify, checkpoint and repair, as a user meets them.
# shellcheck source=tests/unit/cli.sh
. "$(dirname "$0")/cli.sh" || exit 1

# ---- keys ----
run screcord keygen
refused 'which file?'
run screcord keygen a b
refused "one file, please; 'b' is too many"
run screcord keygen ''
refused 'the name of the file is empty'
run screcord keygen --public --after old new
refused '--public makes nothing'
run screcord keygen key
status 0
no_stderr
[ "$(stat -c %a key key.pub | tr '\n' ' ')" = '600 644 ' ] || bad "modes: $(stat -c %a key key.pub)"
id=$(sed -n 's/^id //p' key.pub)
stdout "key $id: the secret is in key, the public key in key.pub"
grep -q '^scaudit-secret-key 1$' key || bad 'key is no secret key'
grep -q '^scaudit-public-key 1$' key.pub || bad 'key.pub is no public key'
! grep -q '^secret' key.pub || bad 'the secret is in the public key'

# Nothing is ever overwritten.
cp -p key before
run screcord keygen key
status 4
stderr_line 'key: there is such a file, and keys are never overwritten'
cmp -s key before || bad 'the key was overwritten'
echo mine >other.pub
run screcord keygen other
status 4
stderr_line 'other.pub: there is such a file'
[ ! -e other ] || bad 'half a key was left behind'
[ "$(cat other.pub)" = mine ] || bad 'other.pub was overwritten'
run screcord keygen nowhere/key
status 4
stderr_line 'nowhere/key: cannot be made: No such file or directory'

run screcord keygen --public key
status 0
no_stderr
grep -v '^#' key.pub >want
cmp -s want out || bad 'not the public key'
chmod 644 key
run screcord keygen --public key
status 4
stderr_line "key: others than its owner may use this secret key (mode 0644): 'chmod 600' it"
chmod 600 key
run screcord keygen --public key.pub
status 4
stderr_line 'others than its owner'
cp key.pub public600 && chmod 600 public600
run screcord keygen --public public600
status 4
stderr_line 'public600: line 2: this is a public key, the secret one is needed'
mkfifo -m 600 pipe
run screcord keygen --public pipe
status 4
stderr_line 'pipe: not a regular file'
run screcord keygen --public .
status 4
stderr_line '.: not a regular file'
(umask 077 && head -c 20000 /dev/zero >long)
run screcord keygen --public long
status 4
stderr_line 'long: longer than 16384 bytes'

run screcord keygen --after key --comment $'of\nFebruary' second
status 0
grep -q '^# scaudit: of?February$' second || bad 'the comment is not there'
[ "$(grep -c '^before ' second second.pub | tr '\n' ' ')" = 'second:1 second.pub:1 ' ] ||
	bad 'the old key has not signed the new one'

run screcord start vm --key ''
refused '--key: the name is empty'
run screcord start vm --key $'a\nb'
refused '--key: such a name cannot be remembered'

# ---- stores ----
mkstore store <<'END'
session vm=web begin=1772368200000000000 id=1 key=key
call t=1000 dur=500 pid=10 tid=10 comm=sh start=4 nr=257 ret=3
call t=2000 dur=100 nr=3 args=3 ret=0
flush
call t=3000 dur=100 nr=3 args=3 ret=0
end why=stopped
session id=2 begin=1772368300000000000 key=second
call t=1000 dur=500 nr=39 ret=3
end why=stopped
END
second=$(sed -n 's/^id //p' second.pub)

run scquery verify store
status 0
no_stderr
stdout <<END
2 segments, 2 sessions, 3 blocks, 4 calls, 2026-03-01T12:30:00.000001000Z to 2026-03-01T12:31:40.000001000Z
read: heads and footers (--full: every byte)
sealed up to block 3, by key $second, which the store itself names (compare: --key)
intact
END
for way in "verify store" "verify --store store" "--store store verify" "--store=store verify"; do
	# shellcheck disable=SC2086
	run scquery $way --full --key key.pub --key second.pub
	status 0
	stdout <<END
2 segments, 2 sessions, 3 blocks, 4 calls, 2026-03-01T12:30:00.000001000Z to 2026-03-01T12:31:40.000001000Z
read: every byte
sealed up to block 3, by key $second
intact
END
done
mkdir root && cp -r store root/web
SCAUDIT_STORE_ROOT=$PWD/root run scquery --vm web verify
status 0
SCAUDIT_STORE_ROOT=$PWD/root run scquery verify
status 0
run scquery -n 5 verify --store store
status 0
# Who trusts the first key trusts the one that it has signed, and the other way round.
run scquery verify store --key key.pub
status 0
run scquery verify store --key second.pub
status 0
run screcord keygen third
run scquery verify store --key third.pub
status 3
grep -q "^key: segments/000001.scs, byte 0: sealed by key $id, which is none that you gave" out ||
	bad "a wrong key was not told: $(cat out)"
grep -q '^DAMAGED: ' out || bad 'no result'
run scquery verify store --key key
status 4
stderr_line 'key: line 2: this is a secret key: give the public one, FILE.pub'
run scquery verify store --json
status 0
python3 - "$second" <<'END' || bad "JSON is not as documented: $(cat out)"
import json, sys
result, = [json.loads(line) for line in open('out')]
assert result['result'] == 'intact' and result['findings'] == 0 and result['blocks'] == 3
assert result['key'] == sys.argv[1] and result['sealed_to_end'] is True
assert result['key_given'] is False and result['full'] is False and result['live'] is False
END

run scquery verify nowhere
status 4
stderr_line 'nowhere: No such file or directory'
run scquery verify /etc/passwd
status 4
stderr_line '/etc/passwd: not a folder, so not a scaudit store'
run scquery verify root
status 4
stderr_line 'root: not a scaudit store'
run scquery verify store other
refused "one store, please; 'other' is too many"
run scquery --vm web verify store
refused 'a store and --vm: give one of them'
run scquery verify store --fast --full
refused '--fast and --full: give one of them'
run scquery verify --help
status 0
grep -q '^Usage: scquery verify ' out || bad 'the help is not its own'

# ---- checkpoints ----
run scquery checkpoint store
status 0
no_stderr
cp out checkpoint
[ "$(sed 's/ .*//' out | tr '\n' ' ')" = \
	'scaudit-checkpoint store time segment block seq head digest seal key ' ] ||
	bad "the checkpoint is $(cat out)"
grep -qx 'block 3' out && grep -qx 'seq 4' out || bad 'not where the store ends'
run scquery verify store --checkpoint checkpoint --key key.pub
status 0
grep -qx 'it holds what the checkpoint tells of' out || bad 'nothing of the checkpoint'
run scquery checkpoint store --json
status 0
python3 -c '
import json
a = json.load(open("out"))
b = dict(line.split() for line in open("checkpoint"))
assert a["checkpoint"] == 1 and all(str(a[k]) == b[k] for k in b if k not in ("time", "scaudit-checkpoint"))
' || bad "JSON is not the same checkpoint: $(cat out)"
sed 's/^block 3/block 2/' checkpoint >forged
run scquery verify store --checkpoint forged
status 3
grep -q '^checkpoint: .*it was altered, or copied wrongly' out || bad 'a forged checkpoint passed'
run scquery verify store --checkpoint key.pub
status 4
stderr_line 'key.pub: line 2: this is no checkpoint of scaudit'
# The end is cut off, and the index with it.
rm -r root/web/index.db* root/web/segments/000002.scs
run scquery verify root/web --no-index --key key.pub
status 0
run scquery verify root/web --no-index --key key.pub --checkpoint checkpoint
status 3
grep -q '^checkpoint: .*cut off, or it was rolled back' out || bad "cut off, not told: $(cat out)"
run scquery checkpoint nowhere
status 4
stderr_line 'nowhere: No such file or directory'

# ---- repair ----
run scquery repair a b
refused "one store, please; 'b' is too many"
run scquery repair nowhere
status 4
stderr_line 'nowhere: No such file or directory'
run scquery repair store
status 0
no_stderr
stdout '2 segments, 3 blocks, 4 calls: intact'
cp -r store broken
echo 'no database' >broken/index.db
run scquery repair -n broken
status 0
stdout <<'END'
index.db: damaged: would be made again from the segments
2 segments, 3 blocks, 4 calls: would be intact
END
[ "$(cat broken/index.db)" = 'no database' ] || bad 'a dry run has changed something'
run scquery --store broken repair
status 0
no_stderr
stdout <<'END'
index.db: damaged: put aside as index.db.damaged and made again
2 segments, 3 blocks, 4 calls: intact now
END
run scquery verify --full broken
status 0
rm broken/segments/000001.scs
run scquery repair broken
status 3
no_stderr
grep -q '^not mended: missing: ' out || bad "not told: $(cat out)"
tail -n 1 out | grep -q "something is lost ('scquery verify --full' shows it)" || bad "$(cat out)"

# ---- damage ----
printf '\377' | dd of=store/segments/000001.scs bs=1 seek=1500 conv=notrunc status=none
run scquery verify store --full
status 3
no_stderr
grep -q '^altered: segments/000001.scs, byte [0-9]*: block' out || bad "not told: $(cat out)"
tail -n 1 out | grep -q '^DAMAGED: 1 finding; 1 blocks altered, 0 missing$' || bad "$(cat out)"
run scquery verify store --full --json
status 3
python3 -c '
import json
found, result = [json.loads(line) for line in open("out")]
assert found["finding"] == "altered" and found["segment"] == 1 and found["blocks"] == 1
assert result["result"] == "damaged" and result["bad_blocks"] == 1
' || bad "JSON is not as documented: $(cat out)"

finish
