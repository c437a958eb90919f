# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Linux guests for tests/lab/host/linuxvm.c: kernel unpacked, initramfs and, for an i386
# kernel, which has no BTF, a profile; all in build/lab/linux.

LINUXVM_DIR=$BUILD/lab/linux

# Debian's packages for i386, without a word of it to this machine's own apt.
apt_i386() {
	local state=$BUILD/cache/apt-i386 command=$1
	shift
	mkdir -p "$state/lists/partial" "$state/archives/partial"
	"$command" "${APT_OPTIONS[@]}" -q -o APT::Architecture=i386 -o APT::Architectures=i386 \
		-o Dir::State::Lists="$state/lists" -o Dir::State::status=/dev/null \
		-o Dir::Cache="$state" "$@"
}

apt_i386_depends() {
	apt_i386 apt-cache depends "$1" 2>/dev/null |
		sed -nE "s/^[ |]*Depends: ($2)(:i386)?\$/\\1/p" | head -n 1
}

# build/kernels/i386, like those of kernels.sh, but for the modules.
kernel_i386_need() {
	local dir cache=$BUILD/cache/debs/i386 version common deb
	dir=$(kernel_dir i386)
	[ ! -e "$dir/version" ] || return 0
	mkdir -p "$BUILD/kernels"
	exec 8>"$BUILD/kernels/.lock-i386"
	flock 8
	if [ ! -e "$dir/version" ]; then
		say "downloading Debian's i386 kernel and its headers (into build/, not installed)"
		# One part of the archive that is being changed does not matter if another has it.
		apt_i386 apt-get update >&2 || say "not all package lists of i386 could be had"
		version=$(apt_i386_depends linux-image-686-pae 'linux-image-[^ :]*')
		version=${version#linux-image-}
		[ -n "$version" ] || die "package linux-image-686-pae not found: is this Debian 12?"
		rm -rf "$cache" "$dir" "$dir.new"
		mkdir -p "$cache" "$dir.new"
		common=$(apt_i386_depends "linux-headers-$version" 'linux-headers-[^ :]*-common')
		(cd "$cache" && apt_i386 apt-get download "linux-image-$version" \
			"linux-headers-$version" "$common" >&2) ||
			die "could not download linux-image-$version and its headers"
		for deb in "$cache"/*.deb; do
			dpkg --fsys-tarfile "$deb" | tar -C "$dir.new" -x --exclude=./lib ||
				die "could not unpack $deb: remove it and try again"
		done
		rm -rf "$cache"
		echo "$version" >"$dir.new/version"
		mv "$dir.new" "$dir"
	fi
	exec 8>&-
}

# linuxvm_initrd TO BITS PROGRAM...: with first32 or first64 as the first program.
linuxvm_initrd() {
	local image=$1 root=$1.root bits=$2 name
	shift 2
	rm -rf "$root"
	mkdir -p "$root"
	cp "$LAB_BIN/first$bits" "$root/init"
	for name; do
		cp "$LAB_BIN/$name" "$root/"
	done
	lab_image_pack "$root" "$image"
}

linuxvm_kernel() {
	lab_current "$2" "$1" "$TOP/tests/lab/host/intel-disk.py" ||
		"$TOP/tests/lab/host/intel-disk.py" --unpack "$1" "$2" || die "cannot unpack $1"
}

# Files of what Python needs for tests/lab/compare/calls.py.
linuxvm_python() {
	/usr/bin/python3 -I - <<-'END'
		import encodings.ascii, json, os, sys
		for module in list(sys.modules.values()):
		    for name in "__file__", "__cached__":
		        path = getattr(module, name, None)
		        if path and os.path.exists(path):
		            print(path)
	END
}

# linuxvm_put MACHINE...: makes guests and has them put on an Intel host, with what compares.
linuxvm_put() {
	local machine dir=$LINUXVM_DIR
	mkdir -p "$dir"
	LAB_HOST_PUT="$(linuxvm_python) /usr/bin/python3 $TOP/tests/lab/compare/calls.py"
	for machine; do
		case $machine in
		i386) linuxvm_i386 ;;
		amd64) linuxvm_amd64 ;;
		esac
		LAB_HOST_PUT+=" $(echo "$dir"/*-"$machine")"
	done
}

linuxvm_i386() {
	local dir=$LINUXVM_DIR
	kernel_i386_need
	linuxvm_kernel "$(kernel_image i386)" "$dir/vmlinux-i386"
	linuxvm_initrd "$dir/initrd-i386" 32 ways32
	"$LAB_BIN/screcord" profile -o "$dir/profile-i386" "$(kernel_image i386)" \
		--headers "$(kernel_headers i386)" || die "no profile of the i386 kernel"
}

linuxvm_amd64() {
	linuxvm_kernel "$(kernel_image 6.1)" "$LINUXVM_DIR/vmlinux-amd64"
	linuxvm_initrd "$LINUXVM_DIR/initrd-amd64" 64 ways64
}
