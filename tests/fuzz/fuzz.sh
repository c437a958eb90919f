#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One target for a while: fuzz.sh PROGRAM BUILD SECONDS [FOLDER...]
# The corpus grows in BUILD/corpus/NAME; FOLDERs are seeds. What ends the target is kept in
# BUILD/found, and said.
program=$1 build=$2 seconds=$3
shift 3
name=${program##*/fuzz_}
for folder; do
	[ -d "$folder" ] || {
		echo "fuzz_$name: no seeds in $folder: tests/fuzz/seeds.c writes them" >&2
		exit 1
	}
done
mkdir -p "$build/corpus/$name" "$build/found"
# An input has 5 s and 512 MiB; memory that was freed is kept for a while to notice its use.
ASAN_OPTIONS=quarantine_size_mb=32:detect_leaks=1:allocator_may_return_null=1 \
	UBSAN_OPTIONS=print_stacktrace=1 \
	"$program" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512 -print_final_stats=1 \
	-artifact_prefix="$build/found/$name-" "$build/corpus/$name" "$@" 2>"$build/found/$name.log"
status=$?
if [ $status != 0 ]; then
	tail -n 60 "$build/found/$name.log"
	echo "fuzz_$name: found something, see $build/found/$name-*"
	exit 1
fi
echo "fuzz_$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/found/$name.log") runs," \
	"corpus of $(find "$build/corpus/$name" -type f | wc -l)," \
	"$(grep -o 'cov: [0-9]*' "$build/found/$name.log" | tail -n 1)"
