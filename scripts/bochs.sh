# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# An emulated Intel host: Bochs, since QEMU's TCG has no VMX.
#
# Bochs knows no 9p and little else but disks, so everything the host needs is in its
# initramfs, which its first disk holds beside the loader and Linux (tests/lab/host/
# intel-disk.py), and what it leaves in /lab comes back as a tar file on its second disk.
# Standard error is a serial port, to be seen while the host runs.

BOCHS_CPU=corei7_skylake_x
BOCHS_IPS=50000000
# Enough for a store; the file is sparse.
BOCHS_RESULTS=512M

# What the emulator and Linux do not agree on, and what takes long there:
#  tsc_early_khz    CPUID tells 3.5 GHz, the emulated TSC counts BOCHS_IPS
#  clearcpuid       XSAVEC and XSAVES, whose sizes in CPUID are wrong (a WARNING at boot)
#  rootfstype       tmpfs takes its size from what memory is known at the very beginning
#  reboot=triple    a panic ends the emulator at once
BOCHS_APPEND="console=ttyS0 mitigations=off nokaslr nosmp quiet loglevel=5 panic=-1
	reboot=triple tsc=reliable tsc_early_khz=$((BOCHS_IPS / 1000)) clearcpuid=321,323
	rootfstype=ramfs cryptomgr.notests"

bochs_loader() {
	local source=$TOP/tests/lab/host/intel-boot.S loader=$BUILD/lab/images/intel-boot.bin
	if ! lab_current "$loader" "$source"; then
		mkdir -p "${loader%/*}"
		if ! gcc -m32 -c -o "$loader.o" "$source" ||
			! ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o "$loader" "$loader.o"; then
			die "the boot loader of the Intel host did not build"
		fi
		rm -f "$loader.o"
	fi
	echo "$loader"
}

# The part of the initramfs that changes seldom: busybox, bash, modules, init.
bochs_image_host() {
	local series=$1 image=$BUILD/lab/images/host-intel-$1.cpio root module
	if ! lab_current "$image" "$TOP/tests/lab/host/intel-init" "$TOP/scripts/lab.sh" \
		"$TOP/scripts/bochs.sh" "$(kernel_dir "$series")/version"; then
		root=$(lab_image_root "$series" "$image" kvm-intel ata_piix sd_mod)
		cp "$TOP/tests/lab/host/intel-init" "$root/init"
		mv "$root/lab/modules" "$root/modules"
		# Checking a signature takes seconds there.
		for module in "$root"/modules/*.ko; do
			strip -g "$module"
		done
		bochs_copy "$root" /bin/bash /usr/lib/locale/C.utf8
		rm -rf "$image.root/lab"
		lab_image_pack "$root" "$image"
	fi
	echo "$image"
}

# bochs_copy ROOT FILE...: files, and the libraries that they need, where they are here.
bochs_copy() {
	local root=$1 file library
	shift
	for file; do
		[ -e "$file" ] || die "$file is wanted on the emulated host and does not exist"
		mkdir -p "$root/${file%/*}"
		cp -rLp "$file" "$root/$file"
		# Linux is a PE file to strip.
		head -c 4 "$file" 2>/dev/null | grep -q ELF || continue
		strip -g "$root/$file" 2>/dev/null
		ldd "$file" 2>/dev/null </dev/null | sed -nE 's,^.*[[:space:]](/[^ ]+) \(0x.*,\1,p' |
			while read -r library; do
				[ ! -e "$root/$library" ] || continue
				mkdir -p "$root/${library%/*}"
				cp -L "$library" "$root/$library"
			done
	done
}

# bochs_image_run DIR SERIES: the part that changes with every run.
bochs_image_run() {
	local dir=$1 series=$2 image=$1/run.cpio root=$1/run.cpio.root name
	rm -rf "$root"
	mkdir -p "$root"
	for name in "$LAB_BIN"/*; do
		bochs_copy "$root" "$name"
	done
	(cd "$TOP" && find tests -name '*.sh') | while read -r name; do
		bochs_copy "$root" "$TOP/$name"
	done
	[ ! -e "$(kernel_module "$series")" ] || bochs_copy "$root" "$(kernel_module "$series")"
	# shellcheck disable=SC2086
	[ -z "${LAB_HOST_PUT:-}" ] || bochs_copy "$root" $LAB_HOST_PUT
	mkdir -p "$root/lab"
	for name in "$dir"/*; do
		[ ! -f "$name" ] || [ "$name" = "$image" ] || cp "$name" "$root/lab/"
	done
	rm -f "$root/lab/guest.cpio" "$root/lab/stdout" "$root/lab/stderr"
	lab_image_pack "$root" "$image"
	echo "$image"
}

bochs_config() {
	local dir=$1
	cat <<-END
		plugin_ctrl: unmapped=1, biosdev=1, speaker=0, parallel=0, serial=1
		config_interface: textconfig
		display_library: term
		megs: ${LAB_HOST_MEM:-1024}
		romimage: file=/usr/share/bochs/BIOS-bochs-latest
		vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
		cpu: model=$BOCHS_CPU, count=1, ips=$BOCHS_IPS, reset_on_triple_fault=0, ignore_bad_msrs=1
		clock: sync=none, time0=utc
		boot: disk
		ata0-master: type=disk, path=$dir/disk.img, mode=flat
		ata0-slave: type=disk, path=$dir/results.img, mode=flat
		com1: enabled=1, mode=file, dev=$dir/console.log
		com2: enabled=1, mode=file, dev=$dir/stderr
		log: $dir/cpu.log
		panic: action=fatal
		error: action=ignore
		info: action=ignore
		debug: action=ignore
	END
}

# bochs_run DIR SERIES SECONDS: boots the host, and brings its /lab to DIR when it has ended.
# Started in the background; a TERM ends the emulator.
bochs_run() {
	local dir=$1 series=$2 limit=$3 emulator append
	read -r -d '' append <<<"$BOCHS_APPEND ${LAB_HOST_APPEND:-}"
	"$TOP/tests/lab/host/intel-disk.py" "$dir/disk.img" "$(bochs_loader)" \
		"$(kernel_image "$series")" "${append//[$'\n\t']/ }" \
		"$(bochs_image_host "$series")" "$(bochs_image_run "$dir" "$series")" || return 1
	rm -f "$dir/run.cpio"
	bochs_config "$dir" >"$dir/bochsrc"
	# This build of Bochs has a debugger, which waits for a command first.
	echo c >"$dir/bochs.start"
	truncate -s "$BOCHS_RESULTS" "$dir/results.img"
	# Its display is a terminal, so it gets one.
	TERM=linux timeout "$limit" script -qfc \
		"bochs -f $(printf %q "$dir/bochsrc") -rc $(printf %q "$dir/bochs.start")" \
		/dev/null </dev/null >"$dir/term.log" 2>&1 &
	emulator=$!
	# shellcheck disable=SC2064
	trap "kill $emulator 2>/dev/null" TERM
	wait "$emulator"
	[ $? != 124 ] || echo "lab: stopped after $limit s" >>"$dir/qemu.log"
	# That it powered off is a panic to Bochs; any other is told.
	grep -a '>>PANIC<<' "$dir/cpu.log" | grep -v 'soft power off' >>"$dir/qemu.log"
	! grep -q '^lab: host is up' "$dir/console.log" || : >"$dir/up"
	# In place: somebody may be following these files.
	[ "$(head -c 1 "$dir/results.img" | tr -d '\0')" = '' ] ||
		tar -C "$dir" -xf "$dir/results.img" --overwrite --no-same-owner 2>>"$dir/qemu.log"
	rm -f "$dir"/{bochsrc,bochs.start,term.log,disk.img{,.lock},results.img{,.lock}}
}
