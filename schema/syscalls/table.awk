# SPDX-License-Identifier: GPL-2.0-only
# Makes the C rows of lib/syscalls.c: awk -f table.awk x86_64.tsv x32.tsv i386.tsv
BEGIN { FS = "\t" }
FNR == 1 {
	if (abi)
		print "};"
	abi = FILENAME
	sub(/.*\//, "", abi)
	sub(/\.tsv$/, "", abi)
	print "static const struct sc_syscall rows_" abi "[] = {"
}
/^#/ { next }
NF != 4 || $1 !~ /^[0-9]+$/ || $2 !~ /^[a-z0-9_]+$/ || $3 !~ /^[0-6]$/ || $4 !~ /^[a-z-]$/ {
	print FILENAME ":" FNR ": not a row: " $0 > "/dev/stderr"
	failed = 1
	exit 1
}
($1 in seen) && seen[$1] == abi {
	print FILENAME ":" FNR ": number " $1 " twice" > "/dev/stderr"
	failed = 1
	exit 1
}
{
	seen[$1] = abi
	printf "\t[%d] = { \"%s\", %d, %d, %s },\n", $1, $2, $1, $3,
		$4 == "a" ? "SC_SYSCALL_ADDRESS" : "0"
}
END { if (!failed) print "};" }
