#!/work/dash
# SPDX-License-Identifier: GPL-2.0-only
# Many short programs: COUNT scripts at once, each ROUNDS times sorts, dumps, searches and
# counts a text. What shells do all day, and what a system call's cost shows in.
#   load.sh COUNT ROUNDS
set -e
cd /tmp
if [ "${3:-}" = one ]; then
	i=0
	while [ $i -lt "$2" ]; do
		sort text >sorted.$$
		od sorted.$$ | sort -n -k 1 >dump.$$
		grep the sorted.$$ | tee found.$$ | wc >count.$$
		rm sorted.$$ dump.$$ found.$$ count.$$
		i=$((i + 1))
	done
	exit
fi
awk 'BEGIN {
	for (i = 0; i < 150; i++)
		printf "%s line %d of the text that is sorted, %d words to go\n",
		       substr("qwertyuiopasdfghjklzxcvbnm", i * 7 % 26 + 1, 5), i * 37 % 150, i % 9
}' >text
i=0
while [ $i -lt "$1" ]; do
	dash "$0" "$1" "$2" one &
	i=$((i + 1))
done
wait
