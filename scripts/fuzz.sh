# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The fuzz targets of tests/fuzz, for as long as one likes.

fuzz_names() {
	(cd "$TOP/tests/fuzz" && printf '%s\n' fuzz_*.c) | sed 's/^fuzz_//; s/\.c$//' | tr '\n' ' '
}

# fuzz_one TARGET SECONDS
fuzz_one() {
	local dir=$BUILD/fuzz/tests/fuzz folders=("$BUILD/fuzz/tests/fuzz/seeds/$1")
	[ ! -d "$TOP/tests/fuzz/found/$1" ] || folders+=("$TOP/tests/fuzz/found/$1")
	"$TOP/tests/fuzz/fuzz.sh" "$dir/fuzz_$1" "$BUILD/fuzz" "$2" "${folders[@]}"
}

fuzz_usage() {
	cat <<-END
		usage: ./dev fuzz [TARGET] [SECONDS]

		TARGET is one of: $(fuzz_names)
		Without one all run, one after the other, for SECONDS (60) each. What they find is
		kept in build/fuzz/found, what they have learnt in build/fuzz/corpus.
	END
}

# fuzz_main [TARGET] [SECONDS]
fuzz_main() {
	local target='' seconds=60 status=0 names word
	names=$(fuzz_names)
	for word; do
		case $word in
		--help | -h) fuzz_usage && return ;;
		[1-9]*[!0-9]* | 0* | -*) die "fuzz: '$word' is no number of seconds" ;;
		[1-9]*) seconds=$word ;;
		*)
			[ -f "$TOP/tests/fuzz/fuzz_$word.c" ] ||
				die "fuzz: no target '$word'; there are: $names"
			target=$word
			;;
		esac
	done
	build_preset fuzz
	for word in ${target:-$names}; do
		say "fuzz_$word for $seconds s"
		fuzz_one "$word" "$seconds" || status=1
	done
	return $status
}
