# SPDX-License-Identifier: GPL-2.0-only
# Who follows a recording is shown each call whole once, while it goes on, and before that may be
# shown it unfinished. How long after it was made is printed: on a real host a second at most, here
# as slow as the emulation is.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
record two
store=$(store_of two)
scquery --store "$store" --follow --no-tail --comm calls,exe --format json >"$WORK/follow.json" \
	2>"$WORK/follow.err" </dev/null &
follower=$!
trap 'kill $follower 2>/dev/null' EXIT
/usr/bin/python3 - "$WORK/follow.json" "$WORK/delays" <<'END' &
import datetime, json, os, sys, time

# When each line was there to read, against when its call was made.
delays, rest, at = [], b"", time.time()
with open(sys.argv[1], "rb") as rows:
    while not os.path.exists(sys.argv[2] + ".stop") or rest:
        data = rows.read()
        lines = (rest + data).split(b"\n")
        rest = lines.pop()
        for line in lines:
            made = json.loads(line)["time"][:26]
            made = datetime.datetime.fromisoformat(made).replace(tzinfo=datetime.timezone.utc)
            delays.append(time.time() - made.timestamp())
        if not data:
            rest = b"" if os.path.exists(sys.argv[2] + ".stop") else rest
            time.sleep(0.02)
delays.sort()
with open(sys.argv[2], "w") as out:
    print(f"{len(delays)} calls; shown after {delays[len(delays) // 2]:.3f} s at the median, "
          f"{delays[-1]:.3f} s at most" if delays else "none", file=out)
END
timer=$!
calls_run two -r 60
exits_wait two
numbers() { grep -v '"state":"open"' | sed 's/.*"seq":\([0-9]*\).*/\1/'; }
# All that is there is shown: the follower needs no end of the recording for that.
rows two --comm calls,exe | numbers >"$WORK/wanted"
tries=0
while [ "$(numbers <"$WORK/follow.json" | wc -l)" -lt "$(wc -l <"$WORK/wanted")" ]; do
	[ $tries -lt $((300 * LAB_SLOW)) ] ||
		fail "$(wc -l <"$WORK/follow.json") of $(wc -l <"$WORK/wanted") calls were shown: $(cat "$WORK/follow.err")"
	tries=$((tries + 1))
	sleep 0.1
done
screcord status two >/dev/null || fail "the recording has ended"
kill -TERM $follower # of what is in the background, SIGINT is ignored
wait $follower
: >"$WORK/delays.stop"
wait $timer
trap - EXIT
numbers <"$WORK/follow.json" | sort -n >"$WORK/shown"
cmp "$WORK/wanted" "$WORK/shown" || fail "what was shown is not what was recorded"
echo "$(grep -c '"state":"open"' "$WORK/follow.json") of them unfinished first"
cat "$WORK/delays"
record_stop two
calls_check two "$WORK/calls-two.log"
