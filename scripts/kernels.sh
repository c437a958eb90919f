# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Kernels for the lab: image, headers and kbuild of a Debian kernel series, downloaded
# as packages and unpacked (never installed) into build/kernels/SERIES.

# shellcheck disable=SC2034
KERNEL_SERIES='6.1 6.12' # that scaudit.ko is built for and tested on

kernel_dir() { echo "$BUILD/kernels/$1"; }
kernel_version() { cat "$(kernel_dir "$1")/version"; }
kernel_image() { echo "$(kernel_dir "$1")/boot/vmlinuz-$(kernel_version "$1")"; }
kernel_headers() { echo "$(kernel_dir "$1")/usr/src/linux-headers-$(kernel_version "$1")"; }
kernel_module() { echo "$BUILD/kmod/$1/kmod/scaudit.ko"; }

kernel_meta() {
	case $1 in
	6.1) echo linux-image-amd64 ;;
	6.12) echo linux-image-6.12-amd64 ;;
	6.1-debug) ;; # built, not downloaded
	*) die "kernel series '$1' is not known: use 6.1 or 6.12" ;;
	esac
}

# The package PATTERN that PACKAGE depends on.
package_depends() {
	apt-cache depends "$1" 2>/dev/null |
		sed -nE "s/^[ |]*Depends: ($2)\$/\\1/p" | head -n 1
}

packages_download() {
	local dir=$1
	shift
	mkdir -p "$dir"
	(cd "$dir" && apt-get -q "${APT_OPTIONS[@]}" download "$@" >&2)
}

# Unpacks the kernel of a series unless it is there already.
kernel_need() {
	local series=$1 dir meta image version common kbuild deb cache=$BUILD/cache/debs
	dir=$(kernel_dir "$series")
	[ -e "$dir/version" ] && return 0
	[ "$series" != "$DEBUG_SERIES" ] || { debug_kernel_need; return; }
	# One download, whoever else wants the same kernel; it appears whole or not at all.
	mkdir -p "$BUILD/kernels"
	exec 8>"$BUILD/kernels/.lock-$series"
	flock 8
	if [ -e "$dir/version" ]; then
		exec 8>&-
		return 0
	fi
	meta=$(kernel_meta "$series") || exit 1
	packages_need "the lab's kernel" kmod xz-utils
	image=$(package_depends "$meta" 'linux-image-[^ ]*')
	if [ -z "$image" ]; then
		apt_update_once || die "apt-get update failed: check the network and /etc/apt"
		image=$(package_depends "$meta" 'linux-image-[^ ]*')
	fi
	[ -n "$image" ] || die "package $meta not found: is this Debian 12 (bookworm)?"
	say "downloading $image and its headers (into build/, not installed)"
	for _ in 1 2; do
		version=${image#linux-image-}
		common=$(package_depends "linux-headers-$version" 'linux-headers-.*-common')
		kbuild=$(package_depends "linux-headers-$version" 'linux-kbuild-.*')
		rm -rf "${cache:?}/$series"
		packages_download "$cache/$series" "$image" "linux-headers-$version" "$common" \
			"$kbuild" && break
		# Lists older than the archive: fetch them anew and ask again.
		apt_update_once
		image=$(package_depends "$meta" 'linux-image-[^ ]*')
	done
	rm -rf "$dir" "$dir.new"
	mkdir -p "$dir.new"
	for deb in "$cache/$series"/*.deb; do
		dpkg -x "$deb" "$dir.new" || die "could not unpack $deb: remove it and try again"
	done
	sed -i "s,include /usr/src/,include $dir/usr/src/," \
		"$dir.new/usr/src/linux-headers-$version/Makefile"
	PATH=$PATH:/sbin:/usr/sbin depmod -b "$dir.new" "$version"
	rm -rf "${cache:?}/$series"
	echo "$version" >"$dir.new/version"
	mv "$dir.new" "$dir"
	exec 8>&-
}

# kernel_modules_copy SERIES DEST MODULE...: copies modules with all they depend on
# into DEST, decompressed, and writes their names in load order to DEST/order.
kernel_modules_copy() {
	local series=$1 dest=$2 dir version file name
	shift 2
	dir=$(kernel_dir "$series")
	version=$(kernel_version "$series")
	mkdir -p "$dest"
	for name; do
		PATH=$PATH:/sbin:/usr/sbin modprobe -d "$dir" -S "$version" -D "$name" \
			2>/dev/null
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r file; do
		name=${file##*/}
		case $file in
		*.xz) name=${name%.xz} && xz -dc "$file" >"$dest/$name" ;;
		*) cp "$file" "$dest/" ;;
		esac
		echo "$name"
	done >"$dest/order"
}

# Links the module's sources into the build folder, so that nothing is written to kmod/.
kmod_link() {
	local dir=$BUILD/kmod/$1 part file
	mkdir -p "$dir"
	for part in kmod schema; do
		(cd "$TOP" && find "$part" -type d) | while read -r file; do
			mkdir -p "$dir/$file"
		done
		(cd "$TOP" && find "$part" -type f) | while read -r file; do
			[ "$dir/$file" -ef "$TOP/$file" ] || ln -sfn "$TOP/$file" "$dir/$file"
		done
	done
	find "$dir" -xtype l -delete
}

# Builds scaudit.ko out of tree, without BTF of its own: nobody reads it, and where the
# headers come with a vmlinux it would take pahole.
kmod_build() {
	local series=$1
	kernel_need "$series"
	kmod_link "$series"
	quietly "$BUILD/log/kmod-$series.log" make -C "$(kernel_headers "$series")" \
		-j"$(nproc)" M="$BUILD/kmod/$series/kmod" CONFIG_DEBUG_INFO_BTF_MODULES= modules ||
		die "kmod for $series did not build: see build/log/kmod-$series.log"
}
