# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# One lab run, inside the emulated host: module, guest, recorder, command, results.
# Runs with /lab/env read; leaves stdout, stderr, status and logs in /lab.

progress() { printf '==> [%s s] %s\n' "$(cut -d. -f1 /proc/uptime)" "$*" >&4; }

lab_failed() {
	printf 'lab: %s\n' "$*" >&4
	echo 125 >/lab/status
	lab_end
}

# shellcheck source=tests/lab/hostlib.sh
. "$LAB_IN/tests/lab/hostlib.sh"
exec 4>>/lab/stderr

lab_end() {
	local name
	for name in $(vm_list); do
		vm_stop "$name" || true
	done
	if module_loaded; then
		timeout 20 rmmod scaudit || printf 'lab: scaudit.ko could not be removed\n' >&4
	fi
	[ ! -d "$STORE" ] || cp -r "$STORE" /lab/store
	dmesg >/lab/host.log
	exit
}

record_start() {
	# shellcheck disable=SC2086
	screcord start vm1 --store "$STORE" $LAB_RECORD >&4 2>&4 </dev/null
}

lab_command() {
	local status
	progress "running in the guest: ${COMMAND[*]}"
	"$LAB_BIN/vmexec" "$VMS/vm1" run "${COMMAND[@]}" >/lab/stdout 2>/lab/stderr.guest
	status=$?
	cat /lab/stderr.guest >>/lab/stderr
	echo $status >/lab/status
}

cd /
mapfile -d '' -t COMMAND </lab/command
if [ -n "$LAB_MODULE_USE" ]; then
	module_load || lab_failed "scaudit.ko did not load: $(dmesg | tail -n 3)"
fi
if [ -n "$LAB_NO_GUEST" ]; then
	progress "host is up, running the host script"
	BASH_ENV=$LAB_IN/tests/lab/hostlib.sh bash /lab/script >/lab/stdout 2>&4
	echo $? >/lab/status
	progress "done"
	lab_end
fi
progress "host is up, starting the guest"
VM_LOG=guest
if [ -n "$LAB_BOOT" ] && [ -n "$LAB_RECORDING" ]; then
	vm_start vm1 --smp "$LAB_SMP" --append "$LAB_APPEND" --paused ||
		lab_failed "the guest's QEMU did not start"
	record_start || lab_failed "screcord start failed"
	vm_cont vm1
	vm_wait vm1 || lab_failed "the guest did not come up: see guest.log"
else
	vm_start vm1 --smp "$LAB_SMP" --append "$LAB_APPEND" ||
		lab_failed "the guest did not come up: see guest.log"
	[ -z "$LAB_RECORDING" ] || record_start || lab_failed "screcord start failed"
fi
if [ -n "$LAB_SCRIPT" ]; then
	load=''
	if [ ${#COMMAND[@]} -gt 0 ]; then
		lab_command &
		load=$!
	fi
	progress "running the host script"
	export VM=vm1 GUEST_PID
	GUEST_PID=$(vm_pid vm1)
	if [ -n "$load" ]; then
		BASH_ENV=$LAB_IN/tests/lab/hostlib.sh bash /lab/script >&4 2>&4
		script=$?
		wait $load
		[ "$(cat /lab/status)" != 0 ] || echo $script >/lab/status
	else
		BASH_ENV=$LAB_IN/tests/lab/hostlib.sh bash /lab/script >/lab/stdout 2>&4
		echo $? >/lab/status
	fi
else
	lab_command
	if [ -n "$LAB_RECORDING" ]; then
		screcord stop vm1 >&4 2>&4 || lab_failed "screcord stop failed"
	fi
fi
progress "done"
lab_end
