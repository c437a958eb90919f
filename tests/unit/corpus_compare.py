#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whether tests/lab/compare/corpus.py and lines.py see what differs, and only that.

usage: corpus_compare.py FOLDER-OF-THE-COMPARISON [unittest's options]
"""

import contextlib
import io
import os
import sys
import tempfile
import unittest

sys.path.insert(0, sys.argv.pop(1))
import corpus  # noqa: E402
import lines  # noqa: E402

# The first call is strace's child's own execve, which the recording leaves out.
WITNESS = """one 0
==> one
70 execve("/usr/bin/dash", ["dash"], 0x7ffc /* 3 vars */) = 0
70 openat(AT_FDCWD, "a, b) = 3", O_RDONLY) = 3
70 read(3,  <unfinished ...>
71 getpid() = 71
70 <... read resumed>"x\\"", 4096) = 2
70 close(3) = 0
70 +++ exited with 0 +++
71 exit(0) = ?
"""
RECORDED = """70    1.000000001 openat(AT_FDCWD, "a, b) = 3", O_RDONLY) = 3 <0.000000009>
?     1.000000002 getppid() = 1 <0.000000009>
70    1.000000003 read(3, "x\\"", 4096) = 2 <0.000000009>
71    1.000000003 getpid() = 71 <0.000000009>
70    1.000000004 close(3) = 0 <0.000000009>
71    1.000000005 exit(0) = ?
72    1.000000006 getpid() = 72 <0.000000009>
"""


class Lines(unittest.TestCase):
    def test_split(self):
        self.assertEqual(lines.split('1, {a=[2, 3], b="}"}, 0x7f /* 2, 3 */) = 0'),
                         (["1", '{a=[2, 3], b="}"}', "0x7f /* 2, 3 */"], " = 0"))
        self.assertEqual(lines.split("3</a, b>, 1<<2|3) = 0"), (["3</a, b>", "1<<2|3"], " = 0"))
        self.assertEqual(lines.split(") = 0"), ([], " = 0"))
        self.assertEqual(lines.split("1, 2"), (["1", "2"], None))

    def test_parse(self):
        call = lines.parse('write(1, "a\\")", 3) = -1 EPIPE (Broken pipe)')
        self.assertEqual((call.name, call.args, call.result),
                         ("write", ["1", '"a\\")"', "3"], "-1 EPIPE (Broken pipe)"))
        self.assertEqual(lines.parse("read(3 <unfinished ...>) = ?").result, "?")
        self.assertIsNone(lines.parse("no call"))
        self.assertIsNone(lines.parse("read(3) + 4"))

    def test_strace(self):
        threads, strange = lines.strace_read(WITNESS.splitlines(True)[2:])
        self.assertEqual(strange, [])
        self.assertEqual([call.name for call in threads[70]],
                         ["execve", "openat", "read", "close"])
        self.assertEqual(threads[70][2].args, ["3", '"x\\""', "4096"])
        self.assertEqual(threads[71][1].result, "?")
        self.assertEqual(len(lines.strace_read(["70 <... read resumed>) = 0\n"])[1]), 1)
        self.assertEqual(len(lines.strace_read(["what?\n"])[1]), 1)

    def test_fields(self):
        call = lines.parse("dup2(3</tmp/a>, 255) = 0xff")
        self.assertEqual(lines.fields(call),
                         {"1": "3", "1<>": "/tmp/a", "2": "255", "result": "0xff"})


class Verdict(unittest.TestCase):
    """Exit status and words of the whole comparison."""

    def compare(self, recorded, rules="", witness=WITNESS):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, text in ("witness", witness), ("recorded", recorded), ("rules", rules):
                paths.append(os.path.join(folder, name))
                with open(paths[-1], "w", encoding="utf-8") as file:
                    file.write(text)
            sys.argv[1:] = ["files", *paths]
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                status = corpus.main()
        return status, said.getvalue()

    def test_same(self):
        status, said = self.compare(RECORDED)
        self.assertEqual(status, 0, said)
        self.assertIn("5 calls of 1 cases", said)

    def test_argument(self):
        status, said = self.compare(RECORDED.replace("O_RDONLY", "O_RDWR"))
        self.assertEqual(status, 1)
        self.assertIn("1 times openat 3:", said)

    def test_missing_and_extra(self):
        status, said = self.compare("".join(RECORDED.splitlines(True)[1:]))
        self.assertEqual(status, 1)
        self.assertIn("1 times openat missing:", said)
        status, said = self.compare(RECORDED + "70    1.000000009 sync() = 0 <0.000000001>\n")
        self.assertEqual(status, 1)
        self.assertIn("1 times sync extra:", said)

    def test_listed(self):
        # A hundred calls besides, for one field not to weigh too much.
        more = "".join(f"70 brk({i}) = 0\n" for i in range(100))
        witness = WITNESS.replace("70 +++", more + "70 +++")
        recorded = RECORDED.replace("O_RDONLY", "O_RDWR") + "".join(
            f"70    1.000000009 brk({i}) = 0 <0.000000001>\n" for i in range(100))
        rule = "# why\nfiles:1\topenat\t3\tO_RDONLY\tO_RDWR\n"
        status, said = self.compare(recorded, rule, witness)
        self.assertEqual(status, 0, said)
        # Of another list, too seldom, or of another text: not listed.
        for wrong in (rule.replace("files", "net"), rule.replace(":1", ":2"),
                      rule.replace("O_RDWR", "O_WRONLY")):
            self.assertEqual(self.compare(recorded, wrong, witness)[0], 1, wrong)
        # Listed, and does not occur.
        status, said = self.compare(RECORDED, rule)
        self.assertEqual(status, 1)
        self.assertIn("occurs 0 times", said)

    def test_shares(self):
        # All is listed, and too much differs all the same.
        rule = "files:0+\t.*\t.*\t.*\t.*\n"
        status, said = self.compare(RECORDED.replace("O_RDONLY", "O_RDWR"), rule)
        self.assertEqual(status, 1, said)

    def test_not_run(self):
        status, said = self.compare(RECORDED, witness=WITNESS.replace("one 0", "one 127"))
        self.assertEqual(status, 1)
        self.assertIn("case one did not run", said)
        self.assertEqual(self.compare(RECORDED, witness="one 0\ntwo 0\n" + WITNESS[6:])[0], 1)

    def test_nothing(self):
        self.assertEqual(self.compare("", witness="")[0], 1)
        self.assertEqual(self.compare(RECORDED + "gibberish\n")[0], 1)


if __name__ == "__main__":
    unittest.main()
