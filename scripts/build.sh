# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Building and testing through the CMake presets.

build_configure() {
	packages_need build "${PACKAGES_BUILD[@]}"
	[ "$BUILD/$1/build.ninja" -nt "$TOP/CMakePresets.json" ] ||
		(cd "$TOP" && quietly "$BUILD/log/configure-$1.log" cmake --preset "$1") ||
		die "CMake failed: see build/log/configure-$1.log"
}

# build_preset PRESET [TARGET...]
build_preset() {
	local preset=$1
	shift
	case $preset in
	dev | asan | release) ;;
	fuzz) packages_need fuzzing "${PACKAGES_FUZZ[@]}" ;;
	*) die "no preset '$preset': use dev, asan, fuzz or release" ;;
	esac
	build_configure "$preset"
	quietly "$BUILD/log/build-$preset.log" cmake --build "$BUILD/$preset" ${1:+--target} "$@" ||
		die "the build failed: see build/log/build-$preset.log"
}

# What a lab run needs, and no more: WHAT is 'tools' (nothing is recorded) or 'all'.
build_lab() {
	if [ "$1" = tools ]; then
		build_preset dev lab-tools
	else
		build_preset dev
	fi
}

test_main() {
	local series
	if [ "${1:-}" = --debug-kernel ]; then
		shift
		test_debug_main "$@"
		return
	fi
	packages_need "the lab" "${PACKAGES_LAB[@]}" "${PACKAGES_INTEL[@]}"
	say "building (dev, asan, fuzz, scaudit.ko for each host kernel)"
	build_preset dev
	build_preset asan
	build_preset fuzz
	for series in $KERNEL_SERIES; do
		kmod_build "$series"
	done
	say "unit tests with address and undefined-behaviour sanitizers"
	local status=0
	ctest --test-dir "$BUILD/asan" -L unit --output-on-failure -j"$(nproc)" || status=1
	say "fuzz targets, a few seconds each"
	ctest --test-dir "$BUILD/fuzz" -L fuzz --output-on-failure -j"$(nproc)" || status=1
	say "all tests"
	ctest --test-dir "$BUILD/dev" --output-on-failure -j"$(nproc)" "$@" || status=1
	return $status
}
