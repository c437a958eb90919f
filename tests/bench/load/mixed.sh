#!/work/dash
# SPDX-License-Identifier: GPL-2.0-only
# What developers' machines and build servers do: archives, searches, checksums, short programs in
# pipes, Python, SQLite and git, each round with another part of /work/files, two at a time.
#   mixed.sh ROUNDS
set -e
export GIT_AUTHOR_NAME=load GIT_AUTHOR_EMAIL=load@lab GIT_COMMITTER_NAME=load
export GIT_COMMITTER_EMAIL=load@lab GIT_CONFIG_NOSYSTEM=1

archive() {
	tar cf - -C "/work/files/$part" . | gzip -1 >all.tar.gz
	mkdir tree
	tar xzf all.tar.gz -C tree
	tar tvzf all.tar.gz | sort -k 3 -n | tail -n 3
}

search() {
	find tree -type f -size +4k | sort | xargs wc -l | sort -n | tail -n 3
	grep -rn 'struct [a-z_]* {' tree | cut -d: -f1 | uniq -c | sort -rn | head -n 3
	grep -rlE '(define|import) [A-Za-z_]+' tree | wc -l
	find tree -type f -print0 | xargs -0 sha256sum >sums
	sha256sum --quiet -c sums
	for file in $(find tree -type f | sort | sed -n '1~8p'); do
		sed -n 's/^#define *\([A-Z_]*\) .*/\1/p' "$file" | sort -u >"names.$(basename "$file")"
		[ -s "names.$(basename "$file")" ] || rm "names.$(basename "$file")"
	done
	cat names.* 2>/dev/null | tee names | mawk '{ n[length($1)]++ } END { for (i in n) print i, n[i] }' |
		sort -n | tail -n 2
	cp -r tree copy
	diff -r tree copy
}

database() {
	sqlite3 words.db <<-END
		CREATE TABLE words (word TEXT PRIMARY KEY, n INT);
		.mode csv
		.import words.csv words
		.mode list
		CREATE INDEX words_n ON words (n);
		UPDATE words SET n = n + 1 WHERE word LIKE 'a%';
		UPDATE words SET n = n + 2 WHERE word LIKE 'b%';
		BEGIN; DELETE FROM words WHERE n < 3; INSERT INTO words VALUES ('zzzz', 1); COMMIT;
		INSERT INTO words VALUES ('zzzzz', 2);
		SELECT count(*), sum(n) FROM words;
	END
	sqlite3 words.db 'SELECT word FROM words ORDER BY n DESC LIMIT 2' 'PRAGMA integrity_check'
}

# History, as it grows: a commit, a change, a look back.
history() {
	git init -q --template= -b main tree
	cd tree
	git add .
	git commit -qm first
	git ls-files | sed -n '1~9p' | xargs sed -i 's/define/DEFINE/'
	git diff --stat | tail -n 1
	git checkout -qb other
	git commit -qam second
	git log -p --stat | wc -l
	git checkout -q main
	git merge -q other
	git status -s
	git gc -q
	cd ..
}

round() {
	part=$(($1 % 12))
	mkdir "/tmp/load.$1"
	cd "/tmp/load.$1"
	archive
	search
	python3 /work/work.py tree .
	database
	history
	cd /tmp
	rm -r "/tmp/load.$1"
}

worker() {
	i=$1
	while [ "$i" -lt "$2" ]; do
		round "$i"
		i=$((i + 2))
	done
}

worker 0 "$1" >/tmp/out.0 &
first=$!
worker 1 "$1" >/tmp/out.1 &
wait $first
wait $!
