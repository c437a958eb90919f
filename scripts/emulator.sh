# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# The QEMU that emulates the host.
#
# QEMU 7.2, Debian 12's own, may go on executing an instruction that another processor has
# patched meanwhile, when it translates the code in that very moment; one in some ten boots of
# the host then hangs at a jump label. 8.1 and later lock the page first. So the lab takes
# QEMU from bookworm-backports (unpacked in build/qemu, not installed); where there is none,
# 7.2 with all processors in one thread, which is slower and sees fewer races. 10.0 has done it
# once as well, on a busy machine: tests/lab/host/noapic.c keeps the code from being patched.

#
# With a thread for each processor, QEMU (10.0 and before; target/i386/tcg/fpu_helper.c,
# cpu_clear_ignne()) clears a bit of the *first* processor's hflags2 from any processor that
# loads x87 state (FXRSTOR, XRSTOR, FLDENV), without locking. What the first processor changes
# in that word at this moment is lost: VMRUN, #VMEXIT, CLGI and STGI all do. A nested-paging
# bit that stays set after #VMEXIT puts the host's own registers into the VMCB; one that is
# not set lets a guest walk the host's memory; an interrupt flag that is lost stops the host.
# So the emulated host has one processor more than it uses: the first runs no guests.

EMULATOR_DIR=$BUILD/qemu
EMULATOR_SPARE=1

# Fetches the backport once; not having it is no failure.
emulator_need() {
	local state=$BUILD/cache/backports deb mirror
	[ ! -e "$EMULATOR_DIR/chosen" ] || return 0
	# Its libraries come with this machine's own: without them the newer one would not start.
	packages_need "the lab" "${PACKAGES_LAB[@]}"
	mkdir -p "$state/lists/partial" "$EMULATOR_DIR" "$BUILD/log"
	mirror=$(emulator_mirror)
	[ -n "$mirror" ] || { apt_update_once && mirror=$(emulator_mirror); }
	echo "deb $mirror bookworm-backports main" >"$state/sources.list"
	say "downloading a newer QEMU to emulate the host (into build/, not installed)"
	if emulator_apt update >"$BUILD/log/backports.log" 2>&1 &&
		(cd "$state" && emulator_apt download -t bookworm-backports qemu-system-x86 \
			qemu-system-data >>"$BUILD/log/backports.log" 2>&1); then
		for deb in "$state"/*.deb; do
			dpkg -x "$deb" "$EMULATOR_DIR"
		done
	fi
	rm -rf "$state"
	if "$EMULATOR_DIR/usr/bin/qemu-system-x86_64" --version >/dev/null 2>&1; then
		echo backport >"$EMULATOR_DIR/chosen"
	else
		say "no QEMU from backports: using this machine's, with one thread (slower)"
		echo own >"$EMULATOR_DIR/chosen"
	fi
}

# Where this machine's packages come from.
emulator_mirror() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' \
		'Component: main' | head -n 1
}

emulator_apt() {
	local state=$BUILD/cache/backports
	apt-get -q "${APT_OPTIONS[@]}" -o "Dir::Etc::SourceList=$state/sources.list" \
		-o Dir::Etc::SourceParts=/nonexistent -o "Dir::State::Lists=$state/lists" "$@"
}

# Sets EMULATOR and EMULATOR_ACCEL. LAB_EMULATOR=own asks for this machine's QEMU.
emulator_choose() {
	emulator_need
	if [ "${LAB_EMULATOR:-$(cat "$EMULATOR_DIR/chosen")}" = backport ]; then
		EMULATOR=("$EMULATOR_DIR/usr/bin/qemu-system-x86_64" -L "$EMULATOR_DIR/usr/share/qemu"
			-L /usr/share/seabios)
		EMULATOR_ACCEL=tcg,thread=multi
	else
		EMULATOR=(qemu-system-x86_64)
		EMULATOR_ACCEL=tcg,thread=single
	fi
}
