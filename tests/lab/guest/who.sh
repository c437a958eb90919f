#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A little of everything that processes do: what scquery's tree, ps, files and net have to
# say of it is in compare/who.py. Prints NAME=PID of those it is about.
mkdir -p /etc
echo 'daemon:x:1:1::/:/bin/sh' >/etc/passwd
mkdir /tmp/who && cd /tmp/who || exit 1
echo "script=$$"
echo hello >a
cat a >b
mv b c
chmod 600 c
ln -s c link
rm a
cat none 2>/dev/null
truncate -s 3 c
sh -c 'echo "seven=$$"; exit 7'
sh -c 'echo "killed=$$"; exec sleep 1000' &
killed=$!
sleep 0.5
kill -KILL $killed
wait $killed 2>/dev/null
# Another owner.
mkdir -m 777 open
su daemon -c 'echo "daemon=$$"; echo mine >open/file; exec sleep 0.2'
# In namespaces of its own, where it is process 1.
unshare -m -u -p -f sh -c 'echo inside >ns; exit 3'
# A connection to oneself: 8 bytes one way, 6 the other.
nc -l -p 7000 -e /tmp/who/answer </dev/null &
server=$!
echo "server=$server"
printf '#!/bin/sh\nread line\necho world\n' >answer
chmod 755 answer
sleep 0.5
printf 'payload\n' | nc 127.0.0.1 7000 >got
wait $server
cat got
sh -c 'echo "parent=$$"; (sleep 0.5; echo late >late) & exit 0'
sleep 1
echo "end=0"
