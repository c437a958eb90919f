#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest's work in ./dev demo: a small job that somebody will want to trace.
cd /tmp || exit 1
echo "collecting: find and grep over /proc and /sys"
find /proc/sys /sys/class -maxdepth 3 >names 2>/dev/null
grep -c tty names
echo "packing: tar and gzip"
mkdir -p loot
for i in 1 2 3 4 5; do
	seq 1 2000 >loot/notes.$i
done
cp /proc/version /proc/cpuinfo loot/
tar czf loot.tar.gz loot
ls -l loot.tar.gz
echo "looking for keys that are not there"
cat /root/.ssh/id_ed25519 /etc/shadow 2>/dev/null
md5sum loot.tar.gz
echo "waiting a little, then cleaning up"
sleep 3
rm -r loot loot.tar.gz names
