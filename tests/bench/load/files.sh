# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Makes what bench load's guest has to work on: the folder files, with parts 0 to 11 of the C
# headers and Python modules that are here, and lib, with the modules that work.py itself imports.
# Each round of the load takes another part, so that a block does not hold the same names and
# contents over and over, which would pack better than a real machine's do.

PARTS=12
MADE=$1
HEADERS=/usr/include
PYTHON=lib/python3.11

# Headers of the kernel and of the C library are on every machine that builds this project.
sources() {
	cat /var/lib/dpkg/info/{linux-libc-dev,libc6-dev}{,:amd64}.list 2>/dev/null |
		grep "^$HEADERS/.*\.h\$"
	find "/usr/$PYTHON" -name '*.py' -not -path '*/test*' -size -200k
}

rm -rf "$MADE"
mkdir -p "$MADE/files" "$MADE/lib"
mapfile -t files < <(sources | LC_ALL=C sort -u)
each=$(((${#files[@]} + PARTS - 1) / PARTS))
for ((part = 0; part < PARTS; part++)); do
	mkdir "$MADE/files/$part"
	(cd / && cp -L --parents "${files[@]:part * each:each}" "$MADE/files/$part") || exit 1
	mv "$MADE/files/$part"/usr/* "$MADE/files/$part" && rmdir "$MADE/files/$part/usr" || exit 1
done

# What it loads when it runs, not only what it names, and nothing that this machine alone has.
mkdir "$MADE/try"
/usr/bin/python3 -IB - "$TOP/tests/bench/load" "$MADE/files/0" "$MADE/try" >"$MADE/modules" <<-'END' || exit 1
	import contextlib, os, sys
	sys.path.insert(0, sys.argv[1])
	import work
	with open(os.devnull, "w") as null, contextlib.redirect_stdout(null):
	    work.main(*sys.argv[2:])
	for module in list(sys.modules.values()):
	    if getattr(module, "__file__", None):
	        print(module.__file__)
END
rm -r "$MADE/try"
sed -n "/sitecustomize/d; s,^/usr/\\($PYTHON/\\),\\1,p" "$MADE/modules" | sort -u |
	(cd /usr && xargs cp -L --parents -t "$MADE")
