# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Style and static analysis: formatting, clang-tidy, cppcheck, sparse and checkpatch for
# the module, shellcheck, generated files.

check_sources() { (cd "$TOP" && find "$@" -name '*.[ch]' -type f | LC_ALL=C sort); }

check_step() {
	local what=$1
	shift
	say "check: $what"
	"$@" || { echo "check: $what: not clean" >&2; CHECK_STATUS=1; }
}

check_format() {
	local files
	mapfile -t files < <(check_sources schema lib recorder query-tool replayer kmod tests)
	if [ -n "${CHECK_FIX:-}" ]; then
		(cd "$TOP" && clang-format -i "${files[@]}")
	fi
	(cd "$TOP" && clang-format --dry-run -Werror "${files[@]}")
}

check_tidy() {
	local files
	mapfile -t files < <(check_sources lib recorder query-tool replayer | grep '\.c$')
	(cd "$TOP" && printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -n 4 \
		clang-tidy -p "$BUILD/dev" --quiet 2>/dev/null)
}

check_cppcheck() {
	(cd "$TOP" && cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
		--inline-suppr --suppress=shiftTooManyBitsSigned --suppress=missingInclude --suppress=missingIncludeSystem \
		-j "$(nproc)" -D__x86_64__ -I schema -I lib lib recorder query-tool replayer tests/unit)
}

check_sparse() {
	local log=$BUILD/log/sparse.log
	rm -rf "$BUILD/kmod/6.1/kmod"/*.o
	kmod_link 6.1
	make -C "$(kernel_headers 6.1)" M="$BUILD/kmod/6.1/kmod" C=2 CF=-D__CHECK_ENDIAN__ modules \
		>"$log" 2>&1 || { tail -n 30 "$log"; return 1; }
	# What sparse says about the kernel's own headers is not ours.
	! grep -E '^[^ ]*/kmod/[^ ]*(warning|error):|^[^ ]*/schema/[^ ]*(warning|error):' "$log"
}

check_checkpatch() {
	local dir=$BUILD/cache/checkpatch files
	if [ ! -e "$dir/checkpatch.pl" ]; then
		mkdir -p "$dir"
		tar -C "$dir" --strip-components=2 -xf /usr/src/linux-source-6.1.tar.xz \
			linux-source-6.1/scripts/{checkpatch.pl,spelling.txt,const_structs.checkpatch} ||
			return 1
	fi
	mapfile -t files < <(check_sources kmod schema)
	(cd "$TOP" && perl "$dir/checkpatch.pl" --no-tree --file --terse --strict \
		--max-line-length=100 --show-types \
		--ignore LINUX_VERSION_CODE,CONST_STRUCT,SPDX_LICENSE_TAG,FILE_PATH_CHANGES,BIT_MACRO,CAMELCASE "${files[@]}")
	local status=$?
	rm -f "$TOP"/.checkpatch-camelcase.* # its memory, which it keeps where it stands
	return $status
}

check_shell() {
	(cd "$TOP" && shellcheck -x -P SCRIPTDIR dev .ci/run scripts/*.sh tests/lab/*.sh \
		tests/lab/host/*.sh tests/bench/*.sh tests/bench/load/*.sh tests/fuzz/*.sh completions/*.bash && shellcheck -s bash -e SC1090,SC1091 \
		-e SC2015,SC2016,SC2034,SC2148 tests/lab/scenarios/*.sh)
}

# What is made of a table and committed. What the build makes is always current.
check_generated() { "$TOP"/schema/syscalls/document.py --check; }

# The table of calls against the source of each kernel that is installed as a package.
check_calls() {
	local tar dir name status=0
	for tar in /usr/src/linux-source-*.tar.xz; do
		[ -e "$tar" ] || continue
		name=$(basename "$tar" .tar.xz)
		dir=$BUILD/cache/$name
		if [ ! -e "$dir/.scaudit" ]; then
			rm -rf "$dir"
			mkdir -p "$dir"
			# What from-kernel.py reads, and no more.
			tar -C "$dir" --strip-components=1 -xf "$tar" --wildcards "$name/Makefile" \
				"$name/arch/x86/entry/syscalls/*.tbl" \
				"$name/"{arch/x86,block,drivers/char,fs,io_uring,ipc,kernel,mm,net,security}"/*.c" || return 1
			touch "$dir/.scaudit"
		fi
		"$TOP/schema/syscalls/from-kernel.py" "$dir" || status=1
	done
	return $status
}

# check_main [--fix]: --fix formats first.
check_main() {
	case ${1:-} in
	--fix) CHECK_FIX=1 ;;
	'') ;;
	*) die "check: unknown option $1: only --fix" ;;
	esac
	packages_need check "${PACKAGES_CHECK[@]}" "${PACKAGES_BUILD[@]}" "${PACKAGES_LAB[@]}"
	CHECK_STATUS=0
	build_preset dev
	kmod_build 6.1
	check_step format check_format
	check_step clang-tidy check_tidy
	check_step cppcheck check_cppcheck
	check_step "sparse on kmod" check_sparse
	check_step "checkpatch on kmod" check_checkpatch
	check_step shellcheck check_shell
	check_step "generated files" check_generated
	check_step "table of calls against the kernel's source" check_calls
	[ $CHECK_STATUS = 0 ] && say "check: all clean"
	return $CHECK_STATUS
}
