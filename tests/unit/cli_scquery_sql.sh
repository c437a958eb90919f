#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scquery sql, and scaudit.so in the sqlite3 shell, as a user meets them.
# shellcheck source=tests/unit/cli.sh
. "$(dirname "$0")/cli.sh" || exit 1

mkstore store <<'END'
session vm=web begin=1772368200000000000 id=1
call t=100000000 dur=1200 pid=812 tid=812 ppid=1 uid=0 comm=sshd start=4 nr=257 args=0,0x1000 ret=3
call t=200000000 dur=300 pid=900 tid=900 comm=ba"sh start=5 uid=1000 nr=39 args=0 ret=900
call t=300000000 dur=800 nr=257 args=0,0x1000 ret=-2
flush
call t=900000000 dur=100 pid=812 tid=812 uid=0 comm=sshd start=4 nr=3 args=3 ret=0
end why=stopped
END

run scquery sql --help
status 0
no_stderr
run scquery --store store sql </dev/null
status 1
run scquery sql --store store 'SELECT seq, pid, comm, syscall, ret, errno FROM calls'
status 0
no_stderr
stdout <<'END'
seq pid comm  syscall ret errno
  1 812 sshd  openat    3 -
  2 900 ba"sh getpid  900 -
  3 900 ba"sh openat   -2 ENOENT
  4 812 sshd  close     0 -
END
run scquery --store store sql -f csv "SELECT comm, count(*) AS n FROM calls GROUP BY comm"
status 0
printf '"comm","n"\r\n"ba""sh",2\r\n"sshd",2\r\n' >want
cmp -s want out || bad "CSV: $(cat out)"
run scquery --store store sql -f json "SELECT time, comm, 1.5 AS x, NULL AS \"a\"\"b\" FROM calls WHERE seq = 2"
status 0
stdout '{"time":"2026-03-01T12:30:00.200000000Z","comm":"ba\"sh","x":1.5,"a\"b":null}'
echo "SELECT sum(calls) FROM blocks; SELECT reason FROM sessions;" >statement
run scquery --store store sql --no-header -F statement
status 0
stdout <<'END'
4
stopped
END
scquery --store store sql --no-header -F - <statement >out 2>err || bad 'not from standard input'
grep -qx stopped out || bad "from standard input: $(cat out)"
run scquery --store store sql --no-header "SELECT 1 FROM calls WHERE filter = 'comm = sshd and failed'"
status 1
no_stdout
run scquery --store store sql --tables
status 0
no_stderr
for table in blocks calls files gaps processes sessions; do
	grep -q "^$table " out || bad "--tables does not know $table"
done
# What is pushed down leaves out blocks.
run scquery --store store sql --cost 'SELECT seq FROM calls WHERE seq = 4'
grep -q '^scquery: 1 blocks read, of 2$' err || bad "cost: $(cat err)"

# ---- what is wrong ----
run scquery --store store sql "SELECT pidd FROM calls"
status 2
no_stdout
printf 'scquery: no such column: pidd\n  SELECT pidd FROM calls\n         ^\n' >want
cmp -s want err || bad "$(cat err)"
for statement in "ATTACH 'x' AS x" 'CREATE TABLE x(a)' 'PRAGMA journal_mode = DELETE' 'BEGIN' \
'DROP TABLE calls' 'VACUUM'; do
	run scquery --store store sql "$statement"
	refused 'a store is for reading: only SELECT, WITH, VALUES and EXPLAIN are allowed'
done
run scquery --store store sql "SELECT load_extension('x')"
status 2
no_stdout
grep -q '^scquery: not authorized to use function: load_extension$' err || bad "$(cat err)"
run scquery --store store sql "DELETE FROM calls"
refused 'table calls may not be modified'
run scquery --store store sql "SELECT 1 FROM calls WHERE filter = 'pid ='"
status 2
grep -q "^scquery: filter: a value is missing behind '='" err || bad "$(cat err)"
run scquery --store store sql -f xml 'SELECT 1'
refused '--format'
run scquery --store nowhere sql 'SELECT 1'
status 4
stderr_line 'nowhere: No such file or directory'
run scquery --store store sql -F nofile
status 4
stderr_line 'nofile: No such file or directory'
run scquery --store store --pid 1 sql 'SELECT 1'
status 2
run scquery --store store sql 'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r LIMIT 3' --no-header
status 0

# ---- damage is told ----
cp -r store broken
printf '\377' | dd of=broken/segments/000001.scs bs=1 seek=700 conv=notrunc status=none
run scquery --store broken sql 'SELECT count(*) FROM calls WHERE arg0 >= 0 OR ret < 0 OR pid > 0'
status 3
[ -s err ] || bad 'nothing is said of the damage'

# ---- the sqlite3 shell ----
so=$BIN/scaudit.so
if [ -e "$so" ] && command -v sqlite3 >/dev/null; then # with sanitizers there is none
	sqlite3 :memory: ".load $so" "SELECT scaudit('store')" "SELECT count(*), sum(failed) FROM calls" >out 2>err ||
		bad "the shell: $(cat err)"
	stdout <<'END'
calls, processes, files, blocks, gaps, sessions
4|1
END
	sqlite3 :memory: ".load $so" "SELECT scaudit('nowhere')" >out 2>err && bad 'no store, no error'
	grep -q 'nowhere: No such file or directory' err || bad "$(cat err)"
fi
finish
