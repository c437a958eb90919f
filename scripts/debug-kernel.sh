# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A host kernel that finds mistakes (KASAN, lockdep, sleeping in atomic context, kmemleak):
# Debian's 6.1 source with debug-kernel.config, built into build/kernels/6.1-debug like the
# unpacked packages beside it. Not part of CI: it takes a quarter of an hour to build and
# runs several times slower.

DEBUG_SERIES=6.1-debug
DEBUG_SUFFIX=-scaudit-debug
# What exercises the module most, and what it forgets.
DEBUG_SCENARIOS=(device-fuzz exact-2cpu attach-detach device vm-gone recorder-killed
	ring-tiny-block)

debug_kernel_make() {
	quietly "$BUILD/log/debug-kernel.log" nice make -C "$1/src" O="$2" "${@:3}" ||
		die "the debug kernel did not build: see build/log/debug-kernel.log"
}

# Builds the kernel unless it is there already.
debug_kernel_need() {
	local dir out version option
	dir=$(kernel_dir "$DEBUG_SERIES")
	[ ! -e "$dir/version" ] || return 0
	packages_need "the debug kernel" "${PACKAGES_BUILD[@]}" "${PACKAGES_DEBUG_KERNEL[@]}"
	if [ ! -e "$dir/src/.scaudit" ]; then
		rm -rf "$dir"
		mkdir -p "$dir"
		tar -xf /usr/src/linux-source-6.1.tar.xz -C "$dir" ||
			die "the kernel's source could not be unpacked"
		mv "$dir/linux-source-6.1" "$dir/src"
		# Debian's kernel has it because a driver wants it that this one lacks.
		sed -i '/^config KVM_EXTERNAL_WRITE_TRACKING/,/bool/s/bool/bool\n\tdefault y/' \
			"$dir/src/arch/x86/kvm/Kconfig"
		touch "$dir/src/.scaudit"
	fi
	version=$(make -s -C "$dir/src" kernelversion)$DEBUG_SUFFIX
	out=$dir/usr/src/linux-headers-$version
	mkdir -p "$out" "$dir/boot"
	say "building the debug kernel $version (once; it takes a while)"
	debug_kernel_make "$dir" "$out" \
		KCONFIG_ALLCONFIG="$TOP/scripts/debug-kernel.config" allnoconfig
	while read -r option; do
		case $option in '' | '# '[!C]*) continue ;; esac
		grep -qxF "$option" "$out/.config" || die "the debug kernel lacks $option"
	done <"$TOP/scripts/debug-kernel.config"
	debug_kernel_make "$dir" "$out" -j"${DEBUG_KERNEL_JOBS:-$(nproc)}" bzImage modules
	debug_kernel_make "$dir" "$out" INSTALL_MOD_PATH="$dir" INSTALL_MOD_STRIP=1 modules_install
	cp "$out/arch/x86/boot/bzImage" "$dir/boot/vmlinuz-$version"
	echo "$version" >"$dir/version"
}

# test_debug_main [SCENARIO...]
test_debug_main() {
	local run=("$TOP/tests/lab/run-scenarios.sh" --host-kernel "$DEBUG_SERIES") name status=0
	[ $# -gt 0 ] || set -- "${DEBUG_SCENARIOS[@]}"
	packages_need "the lab" "${PACKAGES_LAB[@]}"
	debug_kernel_need
	build_preset dev
	kmod_build "$DEBUG_SERIES"
	say "booting the emulated host with the debug kernel"
	LAB_HOST_MEM=${LAB_HOST_MEM:-4096} LAB_SLOW=10 LAB_SCENARIO_LIMIT=3600 LAB_LIMIT=14400 \
		"${run[@]}" boot "$@" || status=1
	for name; do
		"${run[@]}" report "$name" >"$BUILD/log/debug-$name.log" 2>&1
		case $? in
		0) echo "ok: $name $(tail -n 1 "$BUILD/log/debug-$name.log")" ;;
		77) echo "skipped: $name" ;;
		*) status=1
			echo "FAIL: $name"
			tail -n 30 "$BUILD/log/debug-$name.log" ;;
		esac
	done
	"${run[@]}" log || status=1
	return $status
}
