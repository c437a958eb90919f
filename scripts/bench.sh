# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Benchmarks: tests/bench/NAME.sh runs on the emulated host (like a host script of
# ./dev lab) and prints lines "row value unit". Its head says what it needs:
#   # lab: icount    the emulated host counts instructions instead of time
#   # lab: time      it does not; with both it runs twice; $BENCH_CLOCK tells the script
#   # lab: none      no emulated host: it runs here, with $TOP, $BUILD and $BENCH_CALLS (--calls N)
#   # put: FILE      a program for the guest, or a file of tests/bench
#   # module: NAME   tests/bench/NAME is built as a kernel module, build/kmod/6.1/bench/NAME/NAME.ko
#   # before: FILE   a file of tests/bench that runs here, ahead of the lab, with a folder that it
#                    makes anew: what is in there can be put, too
#   # after: FILE    a file of tests/bench that runs here, behind the lab, with the folder of what
#                    the lab has left, and prints more rows
#   # seconds: N     how long the emulated host may run (1500)
#   # packages: ...  Debian packages beside those that the lab needs

bench_names() { (cd "$TOP/tests/bench" && grep -l '^# lab: ' -- *.sh | sed 's/\.sh//' | xargs echo); }

# bench_head KEY NAME: what a benchmark's head says of it.
bench_head() { sed -n "s/^# $1: //p" "$TOP/tests/bench/$2.sh"; }

# Prints bench_main's rows.
bench_print() {
	local row value unit
	[ -n "$json" ] || printf '%-40s %14s %s\n' "$name" value unit
	while read -r row value unit; do
		if [ -n "$json" ]; then
			printf '{"bench":"%s","row":"%s","value":%s,"unit":"%s"}\n' \
				"$name" "$row" "$value" "$unit"
		else
			printf '%-40s %14s %s\n' "$row" "$value" "$unit"
		fi
	done <<<"$rows"
}

# bench_here SCRIPT...: runs it on this machine.
bench_here() { TOP=$TOP BUILD=$BUILD BENCH_CALLS=$BENCH_CALLS bash "$@"; }

# Builds a module of tests/bench for the lab's kernel; nothing is written beside its source.
bench_module() {
	local name=$1 dir=$BUILD/kmod/6.1/bench/$1 file
	kernel_need 6.1
	mkdir -p "$dir"
	for file in "$TOP/tests/bench/$name"/*; do
		ln -sfn "$file" "$dir/"
	done
	quietly "$BUILD/log/bench-$name.log" make -C "$(kernel_headers 6.1)" M="$dir" modules ||
		die "module $name did not build: see build/log/bench-$name.log"
}

# bench_run NAME CLOCK LAB-OPTIONS...: prints the rows.
bench_run() {
	local name=$1 clock=$2 script=$BUILD/bench/$1-$2.sh seconds
	shift 2
	seconds=$(bench_head seconds "$name")
	mkdir -p "$BUILD/bench"
	{ echo "BENCH_CLOCK=$clock BENCH_CALLS=$BENCH_CALLS" && cat "$TOP/tests/bench/$name.sh"; } >"$script"
	(
		if [ "$clock" = icount ]; then
			# QEMU 10 stands still when it counts instructions without sleeping.
			export LAB_EMULATOR=own LAB_ACCEL=tcg LAB_HOST_SMP=1 LAB_QEMU_EXTRA="-icount shift=0,sleep=off"
			# Its clock leaps ahead while it waits for this machine's disk.
			export LAB_WAIT=100000
		fi
		lab_main "$@" --timeout "${seconds:-1500}" --out "$BUILD/bench/$name" --host-script "$script"
	) || die "bench $name failed: see build/bench/$name/host.log"
}

bench_main() {
	local name='' json='' script rows argument made put=() packages=() BENCH_CALLS=''
	while [ $# -gt 0 ]; do
		case $1 in
		--json) json=1 ;;
		--calls)
			[[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "bench: --calls N: how many calls"
			BENCH_CALLS=$2
			shift
			;;
		-*) die "bench: unknown option $1" ;;
		*) name=$1 ;;
		esac
		shift
	done
	script=$TOP/tests/bench/$name.sh
	[ -e "$script" ] || die "bench: NAME is one of: $(bench_names)"
	read -ra packages < <(bench_head packages "$name")
	[ ${#packages[@]} -eq 0 ] || packages_need "bench $name" "${packages[@]}"
	if grep -q '^# lab: none' "$script"; then
		build_preset dev
		rows=$(bench_here "$script") || die "bench $name failed"
		bench_print
		return
	fi
	packages_need "the lab" "${PACKAGES_LAB[@]}"
	build_lab all
	made=$BUILD/bench/$name-made
	rm -rf "$BUILD/bench/$name" # for what one clock's run leaves there beside another's
	while read -r argument; do
		bench_here "$TOP/tests/bench/$argument" "$made" || die "bench $name: $argument failed"
	done < <(bench_head before "$name")
	while read -r argument; do
		if [ -e "$LAB_BIN/$argument" ]; then
			put+=(--put "$LAB_BIN/$argument")
		elif [ -e "$TOP/tests/bench/$argument" ]; then
			put+=(--put "$TOP/tests/bench/$argument")
		elif [ -e "$made/$argument" ]; then
			put+=(--put "$made/$argument")
		else
			put+=(--put "$(command -v "$argument")")
		fi
	done < <(bench_head put "$name")
	while read -r argument; do
		bench_module "$argument"
	done < <(bench_head module "$name")
	rows=$(bench_head lab "$name" | while read -r clock; do
		bench_run "$name" "$clock" "${put[@]}" </dev/null || exit 1
	done) || exit 1
	while read -r argument; do
		rows+=${rows:+$'\n'}$(bench_here "$TOP/tests/bench/$argument" "$BUILD/bench/$name") ||
			die "bench $name: $argument failed"
	done < <(bench_head after "$name")
	bench_print
}
