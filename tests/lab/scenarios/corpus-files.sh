# SPDX-License-Identifier: GPL-2.0-only
# Ordinary programs under strace in a recorded guest: the recording says what strace says.
. "$LAB_IN/tests/lab/corpuslib.sh"
corpus_strace files
