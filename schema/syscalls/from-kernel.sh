#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes the tables of this folder from the source of a Linux kernel.
# usage: from-kernel.sh SOURCE-OF-LINUX, in this folder
#
# Numbers and names are those of arch/x86/entry/syscalls/*.tbl. The argument count of
# a call is the N of the SYSCALL_DEFINEN that defines its entry point; of i386 that is
# the compat entry point, whose arguments are the registers of the caller.
set -eu
export LC_ALL=C

linux=${1:?usage: from-kernel.sh SOURCE-OF-LINUX}
version=$(sed -n 's/^VERSION = //p' "$linux/Makefile").$(
	sed -n 's/^PATCHLEVEL = //p' "$linux/Makefile")
arity=$(mktemp)
trap 'rm -f "$arity"' EXIT

# ENTRY POINT, tab, argument count. Sources of other architectures do not count.
find "$linux/arch/x86" "$linux/block" "$linux/drivers" "$linux/fs" "$linux/io_uring" \
	"$linux/ipc" "$linux/kernel" "$linux/mm" "$linux/net" "$linux/security" -name '*.c' \
	-exec grep -hoE '^(COMPAT_)?SYSCALL(32)?_DEFINE[0-6]\([a-z0-9_]+' {} + |
	sed -E 's/^(COMPAT_|)SYSCALL(32|)_DEFINE([0-6])\((.*)/\1\2 \4 \3/' |
	awk '{
		compat = ($1 ~ /COMPAT_|32/) ? "compat_" : ""
		if (NF == 2) { print "sys_" $1 "\t" $2 } else print compat "sys_" $2 "\t" $3
	}' | sort -u >"$arity"

table() {
	printf '# SPDX-License-Identifier: GPL-2.0-only\n'
	printf '# System calls of %s up to Linux %s; made by from-kernel.sh.\n' "$1" "$version"
	printf '# number\tname\targuments\tflags (a: the result is an address)\n'
	awk -v OFS='\t' -v abis="$2" -v arity="$arity" '
	BEGIN {
		while ((getline line < arity) > 0) {
			split(line, f, "\t")
			if (f[1] in count && f[1] !~ /^sys_(clone|sigsuspend)$/) {
				print "two argument counts: " f[1] > "/dev/stderr"
				failed = 1
			}
			count[f[1]] = f[2]
		}
		count["sys_clone"] = 5 # x86 has CLONE_BACKWARDS
		count["sys_sigsuspend"] = 3 # and OLD_SIGSUSPEND3
		delete count["sys_ni_syscall"]
		# Without an entry point in this kernel: counts of their last
		# definition, or of the manual page.
		n = split("_sysctl 1 create_module 2 get_kernel_syms 1 query_module 5 " \
			"nfsservctl 3 getpmsg 5 putpmsg 5 afs_syscall 5 tuxcall 3 " \
			"security 3 epoll_ctl_old 4 epoll_wait_old 4 vserver 5 uselib 1 " \
			"lookup_dcookie 3 bdflush 2 stty 2 gtty 2 ftime 1 prof 4 lock 0 " \
			"mpx 0 ulimit 2 profil 4 idle 0 break 1 oldolduname 1 " \
			"init_module 3 delete_module 2 ipc 6 set_thread_area 1 " \
			"get_thread_area 1 arch_prctl 2 modify_ldt 3", f, " ")
		for (i = 1; i < n; i += 2)
			none[f[i]] = f[i + 1]
		n = split("brk mmap mmap2 mremap shmat map_shadow_stack", f, " ")
		for (i = 1; i <= n; i++)
			address[f[i]] = "a"
		n = split(abis, f, " ")
		for (i = 1; i <= n; i++)
			wanted[f[i]] = 1
	}
	/^[0-9]/ && ($2 in wanted) {
		entry = (NF >= 5 && $5 != "-" && $5 != "sys_ni_syscall") ? $5 : $4
		if (abis ~ /i386/ && $3 == "lookup_dcookie")
			args = 4
		else if (entry in count)
			args = count[entry]
		else if (entry ~ /^compat_sys_x32_/ || entry ~ /^compat_sys_ia32_/) {
			short = entry
			sub(/_(x32|ia32)_/, "_", short)
			args = (entry in count) ? count[entry] : count[short]
		} else if ($3 in none)
			args = none[$3]
		else
			args = ""
		if (args == "") {
			print "no argument count: " $0 > "/dev/stderr"
			failed = 1
		}
		print $1, $3, args, ($3 in address) ? "a" : "-"
	}
	END { exit failed }' "$3" | sort -n
}

calls=$linux/arch/x86/entry/syscalls
table x86_64 "common 64" "$calls/syscall_64.tbl" >x86_64.tsv
table x32 "common x32" "$calls/syscall_64.tbl" >x32.tsv
table i386 i386 "$calls/syscall_32.tbl" >i386.tsv
