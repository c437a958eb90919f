# SPDX-License-Identifier: GPL-2.0-only
# A sealed recording that may not grow beyond a size: its oldest segments go, the store says how
# many calls went with them, and what is left is proved by the key, while it is written and after.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
screcord keygen "$WORK/key" >/dev/null || fail "no key"
record two --key "$WORK/key" --segment-size=64K --keep=512K
store=$(store_of two)
retired() { # how many calls
	scquery --store "$store" gaps --format json |
		sed -n 's/.*"reason":"retired".*"calls":\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}
tries=0
while [ "$(retired)" = 0 ]; do
	[ $tries -lt 100 ] || fail "nothing was retired: $(du -sk "$store")"
	calls_run two -q -r 60
	tries=$((tries + 1))
done
scquery verify "$store" --key "$WORK/key.pub" >"$WORK/verify" ||
	fail "while it is written, verify says: $(cat "$WORK/verify")"
grep 'a recorder is at work' "$WORK/verify" || fail "verify has not seen the recorder"
bytes=$(du -sk --apparent-size "$store/segments" | cut -f 1)
echo "$bytes KiB after $tries rounds"
# A segment more than may be kept, until the second is over.
[ "$bytes" -le 640 ] || fail "the store has grown to $bytes KiB"
record_stop two
scquery verify "$store" --full --key "$WORK/key.pub" >"$WORK/verify" ||
	fail "at the end, verify says: $(cat "$WORK/verify")"
grep -E 'sealed up to|intact' "$WORK/verify"
kept=$(scquery --store "$store" --count)
gone=$(retired)
last=$(rows two --reverse --limit 1 | sed -n 's/.*"seq":\([0-9]*\).*/\1/p')
echo "$kept calls kept, $gone retired, $last recorded"
[ $((kept + gone)) = "$last" ] || fail "some calls are neither kept nor retired"
[ "$gone" -gt 0 ] || fail "nothing was retired in the end"
first=$(rows two --limit 1 | sed -n 's/.*"seq":\([0-9]*\).*/\1/p')
[ "$first" = $((gone + 1)) ] || fail "the first call left is $first"
