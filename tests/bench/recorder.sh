# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What screcord itself takes of the host for each getppid of a guest, in instructions of its
# user space and of the kernel on its behalf (its time on the CPU, where time is instructions),
# and how many calls a block holds.
# lab: icount
# put: getppid

CALLS=300000

on_cpu() { cut -d' ' -f1 "/proc/$1/schedstat"; }
# What it has been interrupted in by the clock: ticks in user space, ticks in the kernel.
ticks() { cut -d' ' -f14,15 "/proc/$1/stat"; }
slept() { sed -n 's/^voluntary_ctxt_switches:\t//p' "/proc/$1/status"; }
blocks() { sqlite3 "file:$STORE/index.db?mode=ro" 'SELECT count(*) FROM blocks'; }

screcord start vm1 --store "$STORE" >&2 </dev/null || exit 1
pid=$(pidof screcord)
vm_run vm1 getppid 50000 1 >&2
sleep 1
cpu=$(on_cpu "$pid") sleeps=$(slept "$pid")
sleep 10
idle=$(($(on_cpu "$pid") - cpu)) sleeps=$(($(slept "$pid") - sleeps))
echo "recorder/idle $((idle / 10)) instructions/s"
each=$((idle / sleeps))

cpu=$(on_cpu "$pid") sleeps=$(slept "$pid") before=$(blocks)
echo "user, kernel: $(ticks "$pid")" >&2
vm_run vm1 getppid $CALLS 1 >&2
sleep 1
echo "user, kernel: $(ticks "$pid")" >&2
cpu=$(($(on_cpu "$pid") - cpu)) sleeps=$(($(slept "$pid") - sleeps)) before=$(($(blocks) - before))
screcord stop vm1 >&2 || exit 1
# It looks around now and then, call or not.
echo "recorder/getppid $(((cpu - sleeps * each) / CALLS)) instructions/call"
echo "recorder/block $((CALLS / before)) calls"
