#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does a recording say what strace says of the very same calls?

usage: corpus.py LIST STRACE RECORDED DIFFERENCES

LIST is the name of a list of cases. STRACE holds, for each of them, a line `==> NAME` and
strace -f -o's output; before that `NAME STATUS` of each case that was run. RECORDED is
scquery's text with --time unix. Calls are compared thread by thread, in their order: name,
each argument, result. The first call of a case is the execve of strace's child; it is made
under the name of strace, which the recording leaves out.

DIFFERENCES lists what may differ: `# reason` lines, then lines of five words with tabs
between them,

    LIST:COUNT[,LIST:COUNT]  CALL  FIELD  STRACE  RECORDED

of which all but the first are regular expressions. FIELD is the place of an argument,
`result`, `missing` (strace has the call) or `extra` (the recording has it); `1<>` is the
name of a descriptor in argument 1. COUNT is how often it occurs: a number, N-M, or N+. What
is not listed, and what is listed and does not occur so often, fails the test.

Prints what differs and the shares that agree; exit status 0 if all is as listed and at least
99.9 % of calls and 99 % of fields agree, 1 if not.
"""

import collections
import difflib
import re
import sys

import lines

CALLS_SHARE, FIELDS_SHARE = 0.999, 0.99
SHOWN = 60  # kinds of unlisted differences
EXAMPLES = 2


class Rule:
    def __init__(self, text):
        words = text.split("\t")
        if len(words) != 5:
            raise ValueError(f"not five words with tabs between them: {text}")
        self.text, self.seen = text, 0
        self.counts = {}
        for count in words[0].split(","):
            name, _, number = count.partition(":")
            match = re.fullmatch(r"(\d+)(?:(\+)|-(\d+))?", number)
            if not match:
                raise ValueError(f"not a count: {count}")
            least = int(match[1])
            most = float("inf") if match[2] else int(match[3] or least)
            self.counts[name] = least, most
        self.patterns = [re.compile(word, re.S) for word in words[1:]]

    def holds(self, name, place, there, here):
        return all(pattern.fullmatch(text) for pattern, text in
                   zip(self.patterns, (name, place, there, here)))


def rules_read(path, which):
    with open(path, encoding="utf-8") as file:
        rules = [Rule(line.rstrip("\n")) for line in file
                 if line.strip() and not line.startswith("#")]
    return [rule for rule in rules if which in rule.counts]


def cases_read(path):
    """{case: lines}, and statuses of the cases that were run."""
    cases, status, current = {}, {}, None
    with open(path, encoding="utf-8", errors="backslashreplace") as file:
        for line in file:
            if line.startswith("==> "):
                current = cases.setdefault(line[4:].strip(), [])
            elif current is None:
                name, _, number = line.strip().partition(" ")
                status[name] = number
            else:
                current.append(line)
    return cases, status


def align(there, here):
    """Pairs of calls; None on one side where it has no like."""
    names = [call.name for call in there], [call.name for call in here]
    if names[0] == names[1]:
        return list(zip(there, here))
    pairs = []
    matcher = difflib.SequenceMatcher(None, *names, autojunk=False)
    for what, begin, end, first, last in matcher.get_opcodes():
        if what == "equal":
            pairs += zip(there[begin:end], here[first:last])
        else:
            pairs += [(call, None) for call in there[begin:end]]
            pairs += [(None, call) for call in here[first:last]]
    return pairs


class Comparison:
    def __init__(self, rules):
        self.rules = rules
        self.calls = self.calls_wrong = self.fields = self.fields_wrong = self.whole = 0
        self.unlisted = collections.OrderedDict()
        self.listed = 0

    def difference(self, where, name, place, there, here, pair):
        for rule in self.rules:
            if rule.holds(name, place, there, here):
                rule.seen += 1
                self.listed += 1
                return
        self.unlisted.setdefault((name, place), []).append((where, there, here, pair))

    def call(self, where, there, here):
        self.calls += 1
        if not there or not here:
            self.calls_wrong += 1
            call = there or here
            self.difference(where, call.name, "missing" if there else "extra",
                            there.line if there else "", here.line if here else "",
                            (there, here))
            return
        one, two = lines.fields(there), lines.fields(here)
        wrong = 0
        for place in sorted(one.keys() | two.keys()):
            self.fields += 1
            left, right = one.get(place, ""), two.get(place, "")
            if left != right:
                wrong += 1
                self.difference(where, there.name, place, left, right, (there, here))
        self.fields_wrong += wrong
        self.whole += not wrong

    def case(self, name, text, recorded):
        threads, strange = lines.strace_read(text)
        for place, (tid, there) in enumerate(threads.items()):
            here = recorded.get(tid, [])
            if place == 0:
                there = there[1:]
            for pair in align(there, here):
                self.call(f"{name} {tid}", *pair)
        return strange

    def report(self, which):
        wrong = 0
        kinds = sorted(self.unlisted.items(), key=lambda kind: -len(kind[1]))
        for (name, place), found in kinds[:SHOWN]:
            print(f"{len(found)} times {name} {place}:")
            for where, there, here, pair in found[:EXAMPLES]:
                print(f"  {where}\n    strace   {there}\n    recorded {here}")
                if pair[0] and pair[1] and place not in ("missing", "extra"):
                    print(f"    in {pair[0].line[:300]}")
        if len(kinds) > SHOWN:
            print(f"and {len(kinds) - SHOWN} kinds more")
        wrong += len(kinds)
        for rule in self.rules:
            least, most = rule.counts[which]
            if not least <= rule.seen <= most:
                print(f"occurs {rule.seen} times: {rule.text}")
                wrong += 1
        return wrong

    def shares(self):
        calls = 1 - self.calls_wrong / max(self.calls, 1)
        return calls, 1 - self.fields_wrong / max(self.fields, 1)


def main():
    which, witness, recording, differences = sys.argv[1:]
    comparison = Comparison(rules_read(differences, which))
    cases, status = cases_read(witness)
    with open(recording, encoding="utf-8", errors="backslashreplace") as file:
        recorded, strange = lines.recorded_read(file)
    wrong = 0
    for name, text in cases.items():
        strange += comparison.case(name, text, recorded)
    for name, number in status.items():
        if name not in cases or number in ("126", "127"):
            print(f"case {name} did not run: status {number}")
            wrong += 1
    for line in strange[:10]:
        print(f"not understood: {line.rstrip()}")
    wrong += len(strange)
    wrong += comparison.report(which)
    calls, fields = comparison.shares()
    unlisted = sum(map(len, comparison.unlisted.values()))
    print(f"{comparison.calls} calls of {len(cases)} cases: {calls:.3%} of the calls and "
          f"{fields:.3%} of {comparison.fields} fields agree, {comparison.whole} calls in all "
          f"they have; {comparison.listed} differences are listed, {unlisted} are not")
    if not comparison.calls or calls < CALLS_SHARE or fields < FIELDS_SHARE:
        wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
