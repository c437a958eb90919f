#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Names that a terminal would obey, wherever a name can be: no output of any tool has a control
# character but newline, all is UTF-8, and JSON is JSON.
# shellcheck source-path=SCRIPTDIR disable=SC2086,SC2119
. "$(dirname "$0")/cli.sh" || exit 1

# A title, colours, an empty screen, all of C0, C1 in UTF-8, and what is no UTF-8.
evil='\x1b]0;owned\x07\x1b[31m\x1b[2J\x0d\x0a\x09\x08\x7f\xc2\x9b31m\xe2\x80\xae\xff\xfe\x01\x9b'
mkstore store <<END
session vm=e\x1b[2J\x0ab begin=1772368200000000000 id=1 only=comm=a\x1b\x0a\xc2\x9b
call t=1000 dur=10 pid=10 tid=10 ppid=1 uid=0 gid=5 comm=\x1b[31m\x0a\x0d\x09\xc2\x9b\xff start=1000 nr=80 in=0:/$evil ret=0
call t=1100 dur=10 nr=59 in=0:/bin/$evil el=1:0:$evil el=1:1:\x0a el=2:0:$evil=$evil ret=0
call t=1200 dur=10 nr=257 args=0xffffff9c,4096,0x42,0644 in=1:$evil ret=3
call t=1300 dur=10 nr=1 args=3,4096,30 in=1:$evil ret=30
call t=1400 dur=10 nr=0 args=3,4096,30 out=1:$evil ret=30
call t=1500 dur=10 nr=82 in=0:$evil in=1:/tmp/$evil ret=0
call t=1600 dur=10 nr=88 in=0:$evil in=1:link$evil ret=0
call t=1700 dur=10 nr=87 in=0:link$evil ret=0
call t=1800 dur=10 nr=87 in=0:none$evil ret=-2
call t=1900 dur=10 nr=41 args=1,1,0 ret=5
call t=2000 dur=10 nr=42 args=5,4096,40 in=1:\x01\x00$evil ret=0
call t=2100 dur=10 nr=1 args=5,4096,30 in=1:$evil ret=30
call t=2200 dur=10 nr=41 args=1,1,0 ret=6
call t=2300 dur=10 nr=49 args=6,4096,40 in=1:\x01\x00\x00$evil ret=0
call t=2400 dur=10 nr=165 in=0:$evil in=1:/mnt/$evil in=2:$evil ret=0
call t=2500 dur=10 nr=319 args=4096,0 in=0:$evil ret=7
call t=2600 dur=10 nr=157 args=15,4096 in=1:$evil ret=0
call t=2700 dur=10 nr=170 args=4096,9 in=0:$evil ret=0
call t=2800 dur=10 nr=188 args=4096,4096,4096,20,0 in=0:$evil in=1:user.$evil in=2:$evil ret=0
call t=2900 dur=10 nr=9999 args=1,2,3 ret=-38
call t=3000 nr=231 args=3 state=never
end why=\x1b[2J\x0a
END

cat >check.py <<'END'
import json
import sys

wrong = 0
for name in sys.argv[1:]:
    data = open(name, "rb").read()
    if name.endswith(".csv"):
        data = data.replace(b"\r\n", b"\n")
    text = data.decode("utf-8", "surrogateescape")
    bad = sorted({hex(ord(c)) for c in text if c < " " and c != "\n" or "\x7f" <= c <= "\x9f"
                  or "\ud800" <= c <= "\udfff" or c in "\u202a\u202b\u202c\u202d\u202e"})
    if bad or not data:
        wrong += 1
        print(f"{name}: {len(data)} bytes, bad: {bad}")
    if name.endswith(".json"):
        for line in text.splitlines():
            json.loads(line)
sys.exit(1 if wrong else 0)
END

outputs=()
show() { # OUTPUT COMMAND...
	run "${@:2}"
	status 0
	cp out "$1"
	outputs+=("$1")
}
Q='scquery --store store'
at=2026-03-01T12:30:00.0000025Z
for format in text json; do
	show calls.$format $Q -y -f $format
	show ps.$format $Q ps --at $at -f $format
	for what in tree files net summary sessions; do
		show $what.$format $Q $what -f $format
	done
	show replay.$format screplay --store store --speed max -f $format
done
show names.text $Q -Y --time iso
show failed.text $Q files --failed
show alive.text screplay --store store --at $at
run $Q export -o export.jsonl
status 0
mv export.jsonl export.json
run $Q export -o export.csv
status 0
run /usr/bin/python3 check.py "${outputs[@]}" export.json export.csv
status 0
no_stderr
no_stdout
grep -q owned calls.text || bad "the names are not there"
grep -q owned files.json || bad "the files are not there"

# ---- what users type themselves is not obeyed either ----
run $Q --comm $'\x1b[2J\n' --pid x$'\x1b[2J'
status 2
! grep -q $'\x1b' err || bad "an error has an escape"
finish
