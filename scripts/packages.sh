# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# Debian packages: what is needed for what, and getting it.

PACKAGES_BUILD=(gcc-12 g++ make cmake ninja-build pkg-config libc6-dev libcbor-dev liblz4-dev
	libsqlite3-dev libpcre2-dev libbpf-dev libelf-dev libdw-dev zlib1g-dev libssl-dev libxxhash-dev libcmocka-dev
	libseccomp-dev libsodium-dev libzstd-dev linux-libc-dev python3 python3-cbor2)
PACKAGES_LAB=(procps qemu-system-x86 qemu-system-data seabios cpio kmod xz-utils zstd strace sqlite3)
PACKAGES_INTEL=(bochs bochs-term bochsbios vgabios bsdutils)
PACKAGES_CHECK=(clang-format clang-tidy cppcheck sparse shellcheck perl linux-source-6.1)
PACKAGES_FUZZ=(clang libclang-rt-14-dev)
PACKAGES_DEBUG_KERNEL=(linux-source-6.1 bc bison flex libssl-dev pahole xz-utils kmod)

APT_OPTIONS=(-o Acquire::Retries=5 -o APT::Sandbox::User=root -o Dpkg::Use-Pty=0
	-o DPkg::Lock::Timeout=300)

apt_get() {
	local try
	for try in 1 2 3; do
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -q "${APT_OPTIONS[@]}" "$@" \
			>&2 && return 0
		[ "$try" = 3 ] || { say "apt-get failed, trying again"; sleep $((try * 5)); }
	done
	return 1
}

apt_update_once() {
	[ -z "${APT_UPDATED:-}" ] || return 0
	say "apt-get update"
	apt_get update || return 1
	APT_UPDATED=1
}

packages_missing() {
	local package
	for package; do
		case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in
		ii*) ;;
		*) echo "$package" ;;
		esac
	done
}

# packages_need WHAT PACKAGE...: installs those that are missing.
packages_need() {
	local what=$1 missing
	shift
	mapfile -t missing < <(packages_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || die "no apt-get here: $what needs ${missing[*]}"
	say "installing for $what: ${missing[*]}"
	apt_update_once || die "apt-get update failed: check the network and /etc/apt"
	apt_get install -y --no-install-recommends "${missing[@]}" ||
		die "could not install ${missing[*]}: see apt-get's message above"
}
