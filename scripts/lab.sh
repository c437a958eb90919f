# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The lab, outside: builds the boot images, boots the emulated host and brings the
# results out.  What happens inside is tests/lab/host/.

LAB_BIN=$BUILD/dev/bin
DIE_LAB=125

# Host and guest boot images; made again when one of their inputs is newer.
lab_image_host() {
	local series=$1 image=$BUILD/lab/images/host-$1.cpio root
	local from=("$TOP/tests/lab/host/init" "$TOP/scripts/lab.sh" "$(kernel_dir "$1")/version")
	if ! lab_current "$image" "${from[@]}"; then
		root=$(lab_image_root "$series" "$image" kvm-amd virtio_pci 9p 9pnet_virtio overlay)
		cp "$TOP/tests/lab/host/init" "$root/init"
		mv "$root/lab/modules" "$root/modules"
		lab_image_pack "$root" "$image"
	fi
	echo "$image"
}

lab_image_guest() {
	local series=$1 image=$BUILD/lab/images/guest-$1.cpio root
	local from=("$TOP/tests/lab/guest/init" "$TOP/scripts/lab.sh" "$LAB_BIN/lab-agent"
		"$(kernel_dir "$1")/version")
	if ! lab_current "$image" "${from[@]}"; then
		root=$(lab_image_root "$series" "$image" virtio_mmio virtio_console)
		cp "$TOP/tests/lab/guest/init" "$root/init"
		cp "$LAB_BIN/lab-agent" "$root/lab/agent"
		lab_image_pack "$root" "$image"
	fi
	echo "$image"
}

lab_current() {
	local image=$1 file
	shift
	[ -e "$image" ] || return 1
	for file; do
		[ "$image" -nt "$file" ] || return 1
	done
}

lab_busybox() {
	local dir=$BUILD/cache/busybox
	if [ ! -x "$dir/bin/busybox" ]; then
		say "downloading busybox-static"
		rm -rf "$dir"
		packages_download "$dir" busybox-static || {
			apt_update_once
			packages_download "$dir" busybox-static
		} || die "could not download busybox-static"
		dpkg -x "$dir"/busybox-static_*.deb "$dir"
	fi
	echo "$dir/bin/busybox"
}

lab_image_root() {
	local series=$1 root=$2.root busybox
	shift 2
	busybox=$(lab_busybox)
	rm -rf "$root"
	mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,dev,proc,sys,tmp,run,root,etc,work,lab}
	cp "$busybox" "$root/bin/"
	ln -s busybox "$root/bin/sh"
	echo 'root:x:0:0:root:/work:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
	kernel_modules_copy "$series" "$root/lab/modules" "$@"
	echo "$root"
}

lab_image_pack() {
	(cd "$1" && find . -mindepth 1 | LC_ALL=C sort |
		cpio --quiet -o -H newc -R 0:0) >"$2.new"
	mv "$2.new" "$2"
	rm -rf "$1"
}

# lab_put IMAGE FILE...: a boot image with the files in /work and, in the places they
# have here, the libraries that they need.
lab_put() {
	local image=$1 root=$1.root file library
	shift
	rm -rf "$root"
	mkdir -p "$root/work"
	for file; do
		[ -e "$file" ] || die "--put $file: no such file"
		cp -rL "$file" "$root/work/"
		# ldd fails on what is no dynamic program; that needs nothing then.
		ldd "$file" 2>/dev/null | sed -nE 's,^.*[[:space:]](/[^ ]+) \(0x.*,\1,p' |
			while read -r library; do
				mkdir -p "$root/${library%/*}"
				cp -L "$library" "$root/$library"
			done
	done
	lab_image_pack "$root" "$image"
}

# lab_boot DIR SERIES SECONDS: boots the emulated host, which runs DIR/main.sh; returns when
# it has powered off. DIR is its /lab. The emulator itself may abort while the kernel sets up
# its devices (an assertion on MSI-X tables, seen once in a hundred boots), or one of its
# processors never gets a timer's interrupt, and the boot stands still (seen once): then, and
# only before anything of ours ran, it is started again.
lab_boot() {
	local status try
	for try in 1 2 3; do
		lab_boot_once "$@"
		status=$?
		[ ! -e "$1/up" ] || { rm -f "$1/up"; break; }
		[ "${LAB_CPU:-amd}" = amd ] || break
		[ "$try" = 3 ] || { say "the emulated host did not come up:"; tail -n 3 "$1/qemu.log" >&2; }
	done
	return $status
}

lab_boot_once() {
	local dir=$1 series=$2 limit=$3 accel
	local smp=${LAB_HOST_SMP:-2} mem=${LAB_HOST_MEM:-3072} qemu timer status append
	local up=${LAB_UP_LIMIT:-$((180 * ${LAB_SLOW:-1}))} # seconds until init runs; some 6, loaded 30
	shift 3
	if [ "${LAB_CPU:-amd}" = intel ]; then
		bochs_run "$dir" "$series" "$limit" &
		LAB_QEMU_PID=$!
		# shellcheck disable=SC2064
		trap "kill $LAB_QEMU_PID 2>/dev/null; exit 130" INT TERM
		"${LAB_WHILE:-true}"
		wait "$LAB_QEMU_PID"
		status=$?
		trap - INT TERM
		return $status
	fi
	append="console=ttyS0 mitigations=off nokaslr tsc=reliable quiet loglevel=5 panic=-1"
	append+=" ${LAB_HOST_APPEND:-}"
	case ${LAB_QEMU_EXTRA:-} in
	*-icount*) up=$limit ;; # counts instructions: slow, and nothing to go wrong
	*) append+=" tsc_early_khz=$("$LAB_BIN/lab-tsc")" ;;
	esac
	: >"$dir/console.log"
	: >"$dir/qemu.log" # which others than the emulator write to, too
	emulator_choose
	accel=${LAB_ACCEL:-$EMULATOR_ACCEL}
	# The first processor runs no guests, see EMULATOR_SPARE.
	if [ "$smp" -gt 1 ] && [[ $accel == *thread=multi* ]]; then
		smp=$((smp + EMULATOR_SPARE))
		append+=" lab_spare=$EMULATOR_SPARE"
	fi
	# shellcheck disable=SC2086
	"${EMULATOR[@]}" -accel "$accel" -machine q35 -cpu max -smp "$smp" -m "$mem" \
		-nodefaults -no-user-config -display none -nic none -no-reboot \
		-kernel "$(kernel_image "$series")" -initrd "$(lab_image_host "$series")" \
		-append "$append" -serial "file:$dir/console.log" ${LAB_QEMU_EXTRA:-} \
		-d cpu_reset -D "$dir/cpu.log" \
		-fsdev local,id=machine,path=/,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,vectors=0,fsdev=machine,mount_tag=machine \
		-fsdev "local,id=share,path=$dir,security_model=none,multidevs=remap" \
		-device virtio-9p-pci,vectors=0,fsdev=share,mount_tag=share \
		</dev/null >>"$dir/qemu.log" 2>&1 &
	qemu=$!
	trap 'kill "$qemu" 2>/dev/null; exit 130' INT TERM
	[ "$up" -le "$limit" ] || up=$limit
	(
		trap 'kill $!; exit' TERM
		sleep "$up" &
		wait $!
		if [ ! -e "$dir/up" ]; then
			echo "lab: its init did not run within $up s" >>"$dir/qemu.log"
			kill "$qemu"
			exit
		fi
		sleep $((limit - up)) &
		wait $!
		echo "lab: stopped after $limit s" >>"$dir/qemu.log"
		kill "$qemu"
	) 2>/dev/null &
	timer=$!
	LAB_QEMU_PID=$qemu
	"${LAB_WHILE:-true}"
	wait "$qemu"
	status=$?
	kill "$timer" 2>/dev/null
	wait "$timer" 2>/dev/null
	trap - INT TERM
	return $status
}

# What the host's kernel must never say.
LAB_KERNEL_BAD='BUG[: ]|WARNING[: ]|Oops|soft lockup|hard LOCKUP|blocked for more than|rcu.*(stall|self-detected)|possible (circular|recursive) locking|inconsistent lock state|scheduling while atomic|sleeping function called|general protection fault|unable to handle|Kernel panic|ftrace bug|Call Trace'

# Prints offending lines of the host's kernel log; fails if the log is missing.
lab_kernel_check() {
	local dir=$1
	if grep -aE "$LAB_KERNEL_BAD" "$dir/host.log" "$dir/console.log" >"$dir/bad.log"; then
		echo "lab: the host's kernel log has:" >&2
		head -n 20 "$dir/bad.log" >&2
		return 1
	fi
	rm -f "$dir/bad.log"
	[ -s "$dir/host.log" ] || { echo "lab: the host left no kernel log" >&2; return 1; }
}

# lab_env DIR SERIES: what the programs inside need to know, as shell assignments. Guests
# run the host's kernel, but never a debug kernel.
lab_env() {
	local dir=$1 series=$2
	cat <<-END
		export LAB_IN='$TOP' LAB_BIN='$LAB_BIN' OUT=/lab STORE=/run/store
		export LAB_GUEST_KERNEL='$(kernel_image "${series%-debug}")'
		export LAB_GUEST_INITRD=/lab/guest.cpio LAB_MODULE='$(kernel_module "$series")'
		export LAB_KERNEL_BAD='$LAB_KERNEL_BAD'
		export PATH='$LAB_BIN':/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		export HOME=/root LC_ALL=C.UTF-8 LAB_WAIT=${LAB_WAIT:-120}
	END
}

# lab_prepare DIR SERIES PUT...: a run folder with everything but main.sh.
lab_prepare() {
	local dir=$1 series=$2
	shift 2
	rm -rf "$dir"
	mkdir -p "$dir" "$BUILD/lab/images"
	if [ -n "${LAB_NO_GUEST:-}" ]; then
		lab_env "$dir" "$series" >"$dir/env"
		return
	fi
	lab_put "$dir/put.cpio" "$@"
	cat "$(lab_image_guest "${series%-debug}")" "$dir/put.cpio" >"$dir/guest.cpio"
	rm "$dir/put.cpio"
	lab_env "$dir" "$series" >"$dir/env"
}

lab_usage() {
	cat <<-END
		usage: ./dev lab [OPTIONS] -- COMMAND...
		       ./dev lab [OPTIONS] --host-script FILE [-- COMMAND...]

		Runs COMMAND in a real KVM guest on an emulated AMD host, recorded by scaudit.
		COMMAND's output goes to stdout and its exit status is passed on; 125 means that
		the lab failed. A single argument that is more than a word goes to the shell.

		  --cpu amd|intel      the emulated host's processor (amd); intel needs --no-guest
		  --host-kernel S      its Debian kernel series: 6.1 (the default) or 6.12
		  --smp N              vCPUs of the guest (1)
		  --guest-append STR   added to the guest kernel's command line
		  --put FILE           put a file and the libraries it needs into the guest's
		                       /work (may be repeated)
		  --host-script FILE   run FILE on the host, with the functions of
		                       tests/lab/hostlib.sh, beside the running guest, which is not
		                       recorded unless FILE does; COMMAND is then load in the guest
		  --no-guest           with --host-script: start no guest
		  --host-put FILE      with --cpu intel, whose host does not see this machine's
		                       files: put a file and the libraries it needs there, at the
		                       place it has here (may be repeated)
		  --boot               record from before the guest kernel runs
		  --record 'OPTIONS'   more options for screcord start
		  --no-record          neither load scaudit.ko nor record
		  --out DIR            where store, guest.log and host.log go (build/lab/out)
		  --timeout SECONDS    end the run after this time (600)
	END
}

lab_stream() {
	tail -q -c +1 -s 0.1 -f --pid="$LAB_QEMU_PID" "$LAB_DIR/stderr" >&2 2>/dev/null &
	local tail=$!
	tail -q -c +1 -s 0.1 -f --pid="$LAB_QEMU_PID" "$LAB_DIR/stdout" 2>/dev/null
	wait $tail
}

lab_value() { [ $# -ge 2 ] || die "$1 needs a value: see ./dev lab --help"; }

lab_main() {
	local series=6.1 smp=1 append='' script='' boot='' out=$BUILD/lab/out record=''
	local recording=1 module=1 limit=600 put=() host_put=() dir status file
	local LAB_CPU=${LAB_CPU:-amd} LAB_NO_GUEST='' LAB_HOST_PUT
	# shellcheck disable=SC2034
	DIE_STATUS=$DIE_LAB
	while [ $# -gt 0 ]; do
		case $1 in
		--cpu) lab_value "$@"
			case $2 in amd | intel) LAB_CPU=$2 ;; *) die "--cpu $2: use amd or intel" ;; esac
			shift ;;
		--host-kernel) lab_value "$@"; series=$2; kernel_meta "$series" >/dev/null; shift ;;
		--smp) lab_value "$@"
			case $2 in '' | 0 | *[!0-9]*) die "--smp $2: not a number of vCPUs" ;; esac
			smp=$2; shift ;;
		--guest-append) lab_value "$@"; append=$2; shift ;;
		--put) lab_value "$@"; put+=("$2"); shift ;;
		--host-script) lab_value "$@"; script=$2; recording=''; shift ;;
		--no-guest) LAB_NO_GUEST=1 ;;
		--host-put) lab_value "$@"; host_put+=("$(readlink -f "$2")"); shift ;;
		--boot) boot=1 ;;
		--record) lab_value "$@"; record=$2; shift ;;
		--no-record) recording='' module='' ;;
		--out) lab_value "$@"; out=$2; shift ;;
		--timeout) lab_value "$@"; limit=$2; shift ;;
		--help | -h) lab_usage; return 0 ;;
		--) shift; break ;;
		*) die "unknown option $1: see ./dev lab --help (a command follows --)" ;;
		esac
		shift
	done
	[ $# -gt 0 ] || [ -n "$script" ] || die "no COMMAND given: see ./dev lab --help"
	[ -z "$script" ] || [ -r "$script" ] || die "--host-script $script: cannot be read"
	for file in "${put[@]}" "${host_put[@]}"; do
		[ -r "$file" ] || die "--put $file: cannot be read"
	done
	[ -z "$LAB_NO_GUEST" ] || { [ -n "$script" ] && [ $# = 0 ]; } ||
		die "--no-guest needs --host-script and takes no COMMAND"
	[ "$LAB_CPU" = amd ] || [ -n "$LAB_NO_GUEST" ] ||
		die "--cpu intel: QEMU is too slow on that host; use --no-guest with --host-script"
	# shellcheck disable=SC2034
	LAB_HOST_PUT=${host_put[*]}
	if [ $# = 1 ]; then
		case $1 in *[!A-Za-z0-9_./:=@%+,-]*) set -- sh -c "$1" ;; esac
	fi
	packages_need "the lab" "${PACKAGES_LAB[@]}"
	[ "$LAB_CPU" = amd ] || packages_need "an Intel host" "${PACKAGES_INTEL[@]}"
	kernel_need "$series"
	if [ -n "$recording" ]; then build_lab all; else build_lab tools; fi
	[ -z "$module" ] || kmod_build "$series"
	for dir in "$BUILD"/lab/run.*; do
		[ ! -d "$dir" ] || kill -0 "${dir##*.}" 2>/dev/null || rm -rf "$dir"
	done
	dir=$BUILD/lab/run.$$
	lab_prepare "$dir" "$series" "${put[@]}"
	cat >>"$dir/env" <<-END
		LAB_SMP=$smp LAB_APPEND=$(printf %q "$append") LAB_BOOT=$boot
		LAB_RECORD=$(printf %q "$record") LAB_RECORDING=$recording
		LAB_MODULE_USE=$module LAB_SCRIPT=$script LAB_NO_GUEST=$LAB_NO_GUEST
	END
	: >"$dir/command"
	[ $# = 0 ] || printf '%s\0' "$@" >"$dir/command"
	[ -z "$script" ] || cp "$script" "$dir/script"
	# shellcheck disable=SC2016
	printf '. /lab/env\n. "$LAB_IN/tests/lab/host/run.sh"\n' >"$dir/main.sh"
	: >"$dir/stdout"
	: >"$dir/stderr"
	say "booting the emulated host"
	LAB_DIR=$dir LAB_WHILE=lab_stream
	lab_boot "$dir" "$series" "$limit"
	status=$(cat "$dir/status" 2>/dev/null)
	if [ -z "$status" ]; then
		echo "lab: the host ended without a result: see $out/console.log" >&2
		cat "$dir/qemu.log" >&2
		status=$DIE_LAB
	fi
	lab_kernel_check "$dir" || status=$DIE_LAB
	mkdir -p "$out" || die "--out $out: cannot be made"
	for file in store guest.log host.log console.log cpu.log bad.log; do
		rm -rf "${out:?}/$file"
	done
	(cd "$dir" && rm -rf guest.cpio main.sh env command script status stdout stderr \
		stderr.guest qemu.log)
	# How the processors stood matters only when the host died.
	[ ! -e "$dir/host.log" ] || rm -f "$dir/cpu.log"
	cp -r "$dir/." "$out/"
	rm -rf "$dir"
	return "$status"
}
