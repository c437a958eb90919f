# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the guest of the corpus scenarios has besides: ordinary programs from Debian's packages,
# unpacked (never installed), packed as a cpio archive to be put behind a guest's initrd.

# Programs, then the libraries that they need; an i386 program that needs none.
CORPUS_PACKAGES=(dash bash coreutils tar gzip findutils grep sed mawk diffutils perl-base
	sqlite3 git util-linux attr netcat-openbsd strace
	libc6 libtinfo6 libselinux1 libacl1 libattr1 libgmp10 libpcre2-8-0 libsqlite3-0 libreadline8
	zlib1g libmd0 libbsd0 libunwind8 liblzma5 libcrypt1 libgcc-s1)
CORPUS_I386=(busybox-static)

# Of all that only this goes into the guest: its initrd is read and unpacked at each boot.
CORPUS_BIN=(dash bash tar gzip find xargs grep sed mawk cmp diff perl sqlite3 git unshare setarch
	getfattr setfattr nc.openbsd strace
	cat chmod chown cp cut date dd df du env head id ln ls md5sum mkdir mkfifo mktemp mv nice
	nohup nproc od paste printenv readlink realpath rm rmdir seq sha256sum sleep sort split stat
	sync tac tail tee timeout touch tr true truncate tty uname uniq wc
	chrt flock getopt ipcmk ipcrm setsid taskset)

CORPUS_PERL=usr/lib/x86_64-linux-gnu/perl-base

corpus_debs() {
	local dir=$BUILD/cache/corpus
	exec 8>"$BUILD/cache/.lock-corpus"
	flock 8
	if [ ! -e "$dir/complete" ] || [ "$(cat "$dir/complete")" != "${CORPUS_PACKAGES[*]} ${CORPUS_I386[*]}" ]; then
		say "downloading the packages of the corpus (into build/, not installed)"
		rm -rf "$dir"
		packages_download "$dir" "${CORPUS_PACKAGES[@]}" || {
			apt_update_once
			packages_download "$dir" "${CORPUS_PACKAGES[@]}"
		} || die "could not download the packages of the corpus"
		mkdir -p "$dir/i386"
		corpus_download_i386 "$dir/i386" || {
			apt_i386 apt-get update >&2
			corpus_download_i386 "$dir/i386"
		} || die "could not download ${CORPUS_I386[*]} for i386"
		echo "${CORPUS_PACKAGES[*]} ${CORPUS_I386[*]}" >"$dir/complete"
	fi
	exec 8>&-
}

corpus_download_i386() {
	(cd "$1" && apt_i386 apt-get download "${CORPUS_I386[@]}" >&2)
}

# Prints the names of the libraries of $1 that programs and libraries in $2 need.
corpus_libraries() {
	local all=$1 root=$2 before=0 count
	while :; do
		find "$root" -type f -exec objdump -p {} + 2>/dev/null |
			sed -n 's/^ *NEEDED *//p' | sort -u | while read -r name; do
				find "$all/lib" "$all/usr/lib" -name "$name" | head -n 1 | while read -r file; do
					install -D "$file" "$root/${file#"$all/"}"
				done
			done
		count=$(find "$root" -type f | wc -l)
		[ "$count" != "$before" ] || break
		before=$count
	done
}

# corpus_image: the archive; made again when one of its inputs is newer.
corpus_image() {
	local image=$BUILD/lab/images/corpus.cpio root all deb name file
	local from=("$TOP/scripts/corpus.sh" "$LAB_BIN/corpus" "$TOP/tests/lab/guest/corpus"/*)
	corpus_debs
	if ! lab_current "$image" "${from[@]}" "$BUILD/cache/corpus/complete"; then
		mkdir -p "${image%/*}"
		root=$image.root all=$image.all
		rm -rf "$root" "$all"
		mkdir -p "$root/usr/bin" "$root/corpus/bin32" "$root/lib64" "$root/etc" "$all"
		for deb in "$BUILD/cache/corpus"/*.deb; do
			dpkg -x "$deb" "$all"
		done
		for name in "${CORPUS_BIN[@]}"; do
			for file in bin/$name usr/bin/$name sbin/$name usr/sbin/$name; do
				[ ! -f "$all/$file" ] || break
			done
			cp -L "$all/$file" "$root/usr/bin/" || die "no $name in the packages of the corpus"
		done
		mkdir -p "$root/$CORPUS_PERL"
		cp -r "$all/$CORPUS_PERL"/{*.pm,warnings,auto} "$root/$CORPUS_PERL"
		corpus_libraries "$all" "$root"
		cp -L "$all/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" "$root/lib64/"
		ln -s nc.openbsd "$root/usr/bin/nc"
		ln -s mawk "$root/usr/bin/awk"
		corpus_git "$all" "$root"
		dpkg -x "$BUILD/cache/corpus/i386"/busybox-static_*.deb "$all/i386"
		for name in busybox sh ls cp mv rm cat find tar gzip sed awk sort wc stat mkdir chmod; do
			ln -s busybox "$root/corpus/bin32/$name"
		done
		rm "$root/corpus/bin32/busybox"
		cp "$all/i386/bin/busybox" "$root/corpus/bin32/"
		cp "$LAB_BIN"/{corpus,ways64,ways32} "$root/usr/bin/"
		cp "$TOP/tests/lab/guest/corpus"/{run,cases-*} "$root/corpus/"
		rm -rf "$all"
		lab_image_pack "$root" "$image"
	fi
	echo "$image"
}

# One program under many names; the names are not needed, but for the templates' folder.
corpus_git() {
	mkdir -p "$2/usr/lib/git-core" "$2/usr/share/git-core/templates/info"
	ln -s ../../bin/git "$2/usr/lib/git-core/git"
	cp "$1/usr/share/git-core/templates/info/exclude" "$2/usr/share/git-core/templates/info/"
	cp "$1/usr/share/git-core/templates/description" "$2/usr/share/git-core/templates/"
}
