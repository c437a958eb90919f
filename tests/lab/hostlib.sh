# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The lab, inside the emulated host: functions for host scripts and scenarios.
#
#   vm_start NAME [--smp N] [--mem MB] [--append STR] [--paused] [--initrd FILE] [--reboot]
#                 [--qemu 'ARGUMENTS'] [--incoming URI]
#   vm_wait NAME            until its agent answers (vm_start waits, unless --paused)
#   vm_cont NAME            let a guest started with --paused go
#   vm_run NAME COMMAND...  run a command in the guest; output and exit status are its own
#   vm_sh NAME SCRIPT       the same with the guest's shell
#   vm_stop NAME            end the guest; succeeds once its QEMU is gone
#   vm_kill NAME            SIGKILL to its QEMU
#   vm_pid NAME             process id of its QEMU
#   vm_alive NAME           is it there
#   vm_monitor NAME CMD     a line to QEMU's monitor
#   vm_ask NAME CMD PATTERN [SECONDS]   the same, until its answer has PATTERN; prints it
#   vm_list                 names of guests started and not stopped
#   module_load, module_unload, module_loaded
#   fail REASON             ends the scenario
#   kernel_log_mark, kernel_log_check   nothing bad in the kernel log since the mark
#
# Set by the lab: LAB_IN (the project), LAB_BIN (programs), LAB_GUEST_KERNEL,
# LAB_GUEST_INITRD, LAB_MODULE, OUT (a folder that is brought out), STORE (in memory).

VMS=/run/vms
: "${LAB_SLOW:=1}" # how much longer than usual things may take

vm_start() {
	local name=$1 smp=1 mem=512 append='' paused='' initrd=$LAB_GUEST_INITRD dir fifo
	local reboot=-no-reboot more='' wait=1
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--smp) smp=$2 ;;
		--mem) mem=$2 ;;
		--append) append+=" $2" ;;
		--initrd) initrd=$2 ;;
		--qemu) more+=" $2" ;;
		--incoming) more+=" -incoming $2" wait='' ;; # the migration brings it to life
		# By a triple fault, which resets the machine. Linux's own choice here is to
		# jump to the firmware, and QEMU's loads 16 bits of ESP and takes the others
		# to be 0: its stack then lies where the guest kernel's happened to lie.
		--reboot) reboot='' append+=' reboot=t' && shift && continue ;;
		--paused) paused=-S wait='' && shift && continue ;;
		*) echo "lab: vm_start: unknown option $1" >&2 && return 125 ;;
		esac
		shift 2
	done
	dir=$VMS/$name
	rm -rf "$dir"
	mkdir -p "$dir"
	for fifo in ctl out err mon; do
		mkfifo "$dir/$fifo.in" "$dir/$fifo.out"
	done
	# shellcheck disable=SC2086
	qemu-system-x86_64 -name "guest=$name" -accel kvm -machine microvm,acpi=on,rtc=on,pit=off,pic=off \
		-cpu host -smp "$smp" -m "$mem" -nodefaults -no-user-config -display none \
		$reboot -kernel "$LAB_GUEST_KERNEL" -initrd "$initrd" $paused $more \
		-append "console=ttyS0 quiet panic=-1 tsc=reliable lab.name=$name $append" \
		-serial "file:$OUT/${VM_LOG:-guest-$name}.log" \
		-device isa-debug-exit,iobase=0x501,iosize=1 \
		-chardev "pipe,id=mon,path=$dir/mon" -mon chardev=mon,mode=readline \
		-device virtio-serial-device \
		-chardev "pipe,id=ctl,path=$dir/ctl" -device virtserialport,chardev=ctl,name=lab.ctl \
		-chardev "pipe,id=out,path=$dir/out" -device virtserialport,chardev=out,name=lab.out \
		-chardev "pipe,id=err,path=$dir/err" -device virtserialport,chardev=err,name=lab.err \
		</dev/null >"$dir/qemu.log" 2>&1 &
	echo $! >"$dir/pid"
	disown $!
	local tries=0
	# The fifos answer once QEMU has them open.
	until [ -s "$dir/qemu.log" ] || vm_opened "$name" || [ $tries -ge 200 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	if ! vm_alive "$name"; then
		echo "lab: QEMU of $name ended: $(cat "$dir/qemu.log")" >&2
		return 125
	fi
	[ -z "$wait" ] || vm_wait "$name"
}

vm_opened() { find "/proc/$(vm_pid "$1")/fd" -lname "*/$1/err.out" 2>/dev/null | grep -q .; }
vm_pid() { cat "$VMS/$1/pid"; }
vm_alive() { [ -e "$VMS/$1/pid" ] && [ -d "/proc/$(vm_pid "$1")" ]; }
vm_wait() { "$LAB_BIN/vmexec" "$VMS/$1" wait "${2:-$((${LAB_WAIT:-120} * LAB_SLOW))}"; }
vm_run() { "$LAB_BIN/vmexec" "$VMS/$1" run "${@:2}"; }
vm_sh() { "$LAB_BIN/vmexec" "$VMS/$1" run sh -c "$2"; }
vm_monitor() { echo "$2" >"$VMS/$1/mon.in"; }
vm_ask() {
	local log=$VMS/$1/mon.log reader found=1
	timeout 0.3 cat "$VMS/$1/mon.out" >/dev/null # what was said before
	# Emptied here: the reader does so only once it runs. An earlier answer that has the
	# pattern would end it while it is still a copy of this shell, and such a copy, told to
	# end, carries out the scenario's EXIT trap.
	: >"$log"
	timeout "${4:-60}" cat "$VMS/$1/mon.out" >"$log" &
	reader=$!
	vm_monitor "$1" "$2"
	while kill -0 $reader 2>/dev/null; do
		grep -aq -- "$3" "$log" && found=0 && break
		sleep 0.1
	done
	kill $reader 2>/dev/null
	tr -d '\r' <"$log" | grep -a -- "$3" || tail -n 3 "$log"
	return $found
}
vm_cont() { vm_monitor "$1" cont; }
vm_list() { (cd "$VMS" 2>/dev/null && ls); }

vm_gone_wait() {
	local tries=0
	while vm_alive "$1"; do
		[ $tries -lt "${2:-100}" ] || return 1
		sleep 0.1
		tries=$((tries + 1))
	done
	rm -rf "${VMS:?}/$1"
}

vm_stop() {
	vm_alive "$1" || { rm -rf "${VMS:?}/$1"; return 0; }
	"$LAB_BIN/vmexec" "$VMS/$1" quit
	vm_gone_wait "$1" || {
		echo "lab: $1 did not end" >&2
		vm_kill "$1"
		return 125
	}
}

vm_kill() {
	kill -9 "$(vm_pid "$1")"
	vm_gone_wait "$1"
}

module_loaded() { grep -q '^scaudit ' /proc/modules; }
module_load() { module_loaded || insmod "$LAB_MODULE"; }
module_unload() { ! module_loaded || rmmod scaudit; }

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

kernel_log_mark() { KERNEL_LOG_MARK=$(dmesg | wc -l); }
kernel_log_check() {
	! dmesg | tail -n "+$((KERNEL_LOG_MARK + 1))" | grep -E "$LAB_KERNEL_BAD"
}
