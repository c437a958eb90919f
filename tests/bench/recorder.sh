# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What screcord itself takes of the host for each getppid of a guest, in instructions of its
# user space and of the kernel on its behalf (its time on the CPU, where time is instructions),
# how often it goes to sleep, and how many calls a block holds.
# lab: icount
# put: getppid

CALLS=100000

on_cpu() { cut -d' ' -f1 "/proc/$1/schedstat"; }
slept() { sed -n 's/^voluntary_ctxt_switches:\t//p' "/proc/$1/status"; }
blocks() { sqlite3 "file:$STORE/index.db?mode=ro" 'SELECT count(*) FROM blocks'; }

screcord start vm1 --store "$STORE" >&2 </dev/null || exit 1
pid=$(pidof screcord)
vm_run vm1 getppid 5000 1 >&2
sleep 2
cpu=$(on_cpu "$pid") sleeps=$(slept "$pid") before=$(blocks)
vm_run vm1 getppid $CALLS 1 >&2
sleep 2
cpu=$(($(on_cpu "$pid") - cpu)) sleeps=$(($(slept "$pid") - sleeps)) before=$(($(blocks) - before))
screcord stop vm1 >&2 || exit 1
echo "recorder/getppid $((cpu / CALLS)) instructions"
echo "recorder/sleeps $sleeps times"
echo "recorder/block $((CALLS / before)) calls"
