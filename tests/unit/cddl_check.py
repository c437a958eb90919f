#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Do real segments obey schema/segment.cddl?

  cddl_check.py CDDL STORE_LOAD

Makes a store with STORE_LOAD, decodes its segments with a CBOR reader that knows
nothing of scaudit (cbor2), and holds them against the rules as they are written
in the file. Then each rule's field is made wrong in turn, which has to be seen.
Last, what the rules cannot say: checksums, the chain, lengths, and that the
encoding is the deterministic one.
"""
import copy
import hashlib
import io
import os
import re
import struct
import subprocess
import sys
import tempfile

import cbor2


class Mismatch(Exception):
    pass


class Rules:
    """The subset of RFC 8610 that the file uses.

    Types: names, numbers, texts, a..b, T .size N, bstr .cbor T, null, uint, text, bstr;
    choices with /; arrays [* T], [T, T], [key: T, ...]; maps {key: T, ...}.
    `? key: T` may be left out (of an array: at its end). Of a rule "more entries may come", so maps and arrays with keys are open at the end.
    """

    TOKEN = re.compile(r'\s*(?:;[^\n]*\n)?\s*("[^"]*"|\d+\.\.\d+|\d+|\.\w+|[\w](?:[\w-]|\.(?=\w+:))*|[\[\]{},:/=*?])')

    def __init__(self, text):
        text = re.sub(r';[^\n]*', '', text)
        self.tokens = []
        at = 0
        text = text.strip()
        while at < len(text):
            m = self.TOKEN.match(text, at)
            if not m:
                raise SystemExit(f'CDDL: cannot read {text[at:at + 40]!r}')
            self.tokens.append(m.group(1))
            at = m.end()
        self.rules = {}
        while self.tokens:
            name = self.tokens.pop(0)
            self.want('=')
            self.rules[name] = self.choice()

    def want(self, token):
        got = self.tokens.pop(0)
        if got != token:
            raise SystemExit(f'CDDL: {token!r} expected, not {got!r}')

    def peek(self, n=0):
        return self.tokens[n] if len(self.tokens) > n else ''

    def choice(self):
        options = [self.type()]
        while self.peek() == '/':
            self.tokens.pop(0)
            options.append(self.type())
        return ('choice', options) if len(options) > 1 else options[0]

    def type(self):
        token = self.tokens.pop(0)
        if token == '[':
            t = self.array()
        elif token == '{':
            t = ('map', self.entries('}'))
        elif token[0] == '"':
            t = ('value', token[1:-1])
        elif '..' in token:
            low, high = token.split('..')
            t = ('range', int(low), int(high))
        elif token[0].isdigit():
            t = ('value', int(token))
        else:
            t = ('name', token)
        if self.peek() == '.size':
            self.tokens.pop(0)
            t = ('size', t, int(self.tokens.pop(0)))
        elif self.peek() == '.cbor':
            self.tokens.pop(0)
            t = ('cbor', t, self.type())
        return t

    def array(self):
        if self.peek() == ']':
            self.tokens.pop(0)
            return ('tuple', [])
        if self.peek() == '*':
            self.tokens.pop(0)
            t = ('list', self.choice())
            self.want(']')
            return t
        if self.peek(1) == ':':
            return ('record', self.entries(']'))
        items = []
        while True:
            items.append(self.choice())
            token = self.tokens.pop(0)
            if token == ']':
                return ('tuple', items)

    def entries(self, end):
        entries = []
        while self.peek() != end:
            key = self.tokens.pop(0)
            optional = key == '?'
            if optional:
                key = self.tokens.pop(0)
            self.want(':')
            entries.append((key, self.choice(), optional))
            if self.peek() == ',':
                self.tokens.pop(0)
        self.tokens.pop(0)
        return entries

    def check(self, value, rule, where='', sink=None):
        """Raises Mismatch; sink collects (container, key, path) of each field met."""
        kind = rule[0]

        def fail(what):
            raise Mismatch(f'{where or "item"}: {what}, not {str(value)[:60]!r}')

        if kind == 'name':
            name = rule[1]
            if name == 'uint':
                if type(value) is not int or not 0 <= value < 2**64:
                    fail('uint')
            elif name == 'text':
                if type(value) is not str:
                    fail('text')
            elif name == 'bstr':
                if type(value) is not bytes:
                    fail('bstr')
            elif name == 'null':
                if value is not None:
                    fail('null')
            else:
                self.check(value, self.rules[name], where, sink)
        elif kind == 'value':
            if type(value) is not type(rule[1]) or value != rule[1]:
                fail(repr(rule[1]))
        elif kind == 'range':
            if type(value) is not int or not rule[1] <= value <= rule[2]:
                fail(f'{rule[1]}..{rule[2]}')
        elif kind == 'choice':
            for option in rule[1]:
                try:
                    self.check(value, option, where)
                    self.check(value, option, where, sink)
                    return
                except Mismatch:
                    pass
            fail('none of the choices')
        elif kind == 'size':
            self.check(value, rule[1], where, sink)
            if type(value) is bytes and len(value) != rule[2]:
                fail(f'{rule[2]} bytes')
            if type(value) is int and value >= 256**rule[2]:
                fail(f'at most {rule[2]} bytes')
        elif kind == 'cbor':
            self.check(value, rule[1], where, sink)
            self.check(decode_one(value), rule[2], where)
        elif kind == 'list':
            if type(value) is not list:
                fail('array')
            for i, v in enumerate(value):
                self.check(v, rule[1], f'{where}[{i}]', sink)
        elif kind == 'tuple':
            if type(value) is not list or len(value) != len(rule[1]):
                fail(f'array of {len(rule[1])}')
            for i, t in enumerate(rule[1]):
                if sink is not None:
                    sink.append((value, i, f'{where}[{i}]', False))
                self.check(value[i], t, f'{where}[{i}]', sink)
        elif kind == 'record':
            least = sum(not optional for _, _, optional in rule[1])
            if type(value) is not list or len(value) < least:
                fail(f'array of at least {least}')
            for i, (key, t, _) in enumerate(rule[1][:len(value)]):
                if sink is not None:
                    sink.append((value, i, f'{where}.{key}', False))
                self.check(value[i], t, f'{where}.{key}', sink)
        elif kind == 'map':
            if type(value) is not dict:
                fail('map')
            for key, t, optional in rule[1]:
                if key not in value:
                    if optional:
                        continue
                    fail(f'map with {key!r}')
                if sink is not None:
                    sink.append((value, key, f'{where}.{key}', optional))
                self.check(value[key], t, f'{where}.{key}', sink)


def decode_one(data):
    with io.BytesIO(data) as f:
        value = cbor2.load(f)
        if f.read(1):
            raise Mismatch('bytes behind the value')
    return value


def sequence(data):
    """The items of a file, each with the bytes it was made of."""
    f = io.BytesIO(data)
    items = []
    while f.tell() < len(data):
        begin = f.tell()
        items.append((cbor2.load(f), data[begin:f.tell()]))
    return items


def xxh3(data, lib=[]):
    if not lib:
        import ctypes
        lib.append(ctypes.CDLL('libxxhash.so.0'))
        lib[0].XXH3_64bits.restype = ctypes.c_uint64
        lib[0].XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    return struct.pack('>Q', lib[0].XXH3_64bits(data, len(data)))


def signed(key, message, signature, lib=[]):
    """Did this key sign this?"""
    if not lib:
        import ctypes
        lib.append(ctypes.CDLL('libsodium.so.23'))
        lib[0].crypto_sign_verify_detached.argtypes = [ctypes.c_char_p, ctypes.c_char_p,
                                                       ctypes.c_ulonglong, ctypes.c_char_p]
    return lib[0].crypto_sign_verify_detached(signature, message, len(message), key) == 0


def check_seal(item, head, segment):
    """As docs/formats.md says what is signed."""
    after = 1 if item[0] == 'block' else 0
    digest = hashlib.sha256(item[1].replace(head['seal'], bytes(64))).digest()
    message = (b'scaudit seal 1\0\0' + segment['store'] +
               struct.pack('>QQ', head['block'] + after, head['seq'] + head.get('rows', 0)) +
               digest + struct.pack('>II', segment['segment'], 0))
    assert signed(segment['key'], message, head['seal']), f'{item[0]}: seal'
    line = segment['line'] + [[segment['key']]]
    for before, after in zip(line, line[1:]):
        message = b'scaudit key 1\0\0\0' + before[0] + struct.pack('>Q', before[1]) + after[0]
        assert signed(before[0], message, before[2]), 'line'


def rule_of(item):
    return ('name', f'{item[0]}-item')


def wrong_values(value):
    """Values of another kind, and of the same kind but out of range."""
    if type(value) is int:
        yield 'text'
        yield -1
        yield 2**64
    elif type(value) is str:
        yield value.encode()
        yield 5
    elif type(value) is bytes:
        yield len(value)
        yield value.hex()
    else:
        yield 'text'
        yield -1


def check_mutations(rules, item):
    """Every field of an item, made wrong, is seen."""
    tried = 0
    heads = decode_one(item[1])
    rule = ('name', f'{item[0]}-head')
    sink = []
    rules.check(heads, rule, '', sink)
    for container, key, path, optional in sink:
        good = container[key]
        for bad in wrong_values(good):
            container[key] = bad
            try:
                rules.check(heads, rule)
            except Mismatch:
                tried += 1
            else:
                raise SystemExit(f'FAIL {item[0]}{path}: {bad!r} was not seen to be wrong')
        if type(container) is dict and not optional:
            del container[key]
            try:
                rules.check(heads, rule)
            except Mismatch:
                tried += 1
            else:
                raise SystemExit(f'FAIL {item[0]}{path}: was not missed')
        container[key] = good
    for at, bad in ((0, 'blick'), (1, b'\xa0'), (1, 5), (2, b'1234567'), (3, [5]), (3, b'')):
        broken = copy.copy(item)
        broken[at] = bad
        try:
            if at == 0:
                rules.check(broken, rule_of(item))
            else:
                rules.check(broken, rule_of(broken))
        except Mismatch:
            tried += 1
        else:
            raise SystemExit(f'FAIL {item[0]}[{at}]: {bad!r} was not seen to be wrong')
    return tried


def check_store(rules, store, seen):
    prev = bytes(32)
    next_seq = next_block = 1
    folder = os.path.join(store, 'segments')
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), 'rb') as f:
            items = sequence(f.read())
        kinds = [item[0] for item, _ in items]
        if kinds[0] != 'segment' or 'segment' in kinds[1:] or 'footer' in kinds[:-1]:
            raise SystemExit(f'FAIL {name}: the items are {kinds}')
        for item, data in items:
            where = f'{name} {item[0]}'
            rules.check(item, rule_of(item), where)
            head = decode_one(item[1])
            assert cbor2.dumps(item, canonical=True) == data, f'{where}: not deterministic'
            assert cbor2.dumps(head, canonical=True) == item[1], f'{where}: not deterministic'
            assert xxh3(item[1]) == item[2], f'{where}: check'
            assert head['prev'] == prev, f'{where}: chain'
            prev = hashlib.sha256(item[1]).digest()
            # The one with most to get wrong.
            if item[0] not in seen or len(decode_one(seen[item[0]][1])) < len(head):
                seen[item[0]] = item
            if item[0] == 'segment':
                segment = head
            if 'key' in segment:
                check_seal(item, head, segment)
            assert head['seq'] == next_seq and head['block'] == next_block, f'{where}: numbers'
            if item[0] != 'block':
                continue
            next_seq += head['rows']
            next_block += 1
            body = b''.join(cbor2.dumps(c) for c in item[3])
            assert data.endswith(body), f'{where}: columns'
            assert hashlib.sha256(body).digest() == head['body'], f'{where}: body'
            assert len(head['columns']) == len(item[3]), f'{where}: columns'
            for column, stored in zip(head['columns'], item[3]):
                assert len(stored) == column[7], f'{where} {column[0]}: stored'
                assert xxh3(stored) == column[8], f'{where} {column[0]}: check'
                seen[column[0]] = True
            if head['numbers'] is not None:
                assert head['numbers'] == sorted(set(head['numbers'])), f'{where}: numbers'
    return next_block - 1


def main():
    cddl, load = sys.argv[1:]
    with open(cddl, encoding='utf-8') as f:
        rules = Rules(f.read())
    seen = {}
    with tempfile.TemporaryDirectory() as folder:
        blocks = 0
        for n, calls in enumerate((1, 500, 200000)):
            store = os.path.join(folder, str(n))
            subprocess.run([load, store, str(calls)] + ['sealed'] * (n > 0), check=True,
                           stdout=subprocess.DEVNULL)
            blocks += check_store(rules, store, seen)
    tried = sum(check_mutations(rules, copy.deepcopy(seen[k]))
                for k in ('segment', 'block', 'footer'))
    for column in ('ts', 'payload', 'task.comm', 'completion.seq', 'completion.payload',
                   'gap.reason', 'snapshot'):
        assert column in seen, f'no segment has the column {column}'
    for kind, keys in (('segment', ('only', 'skip', 'snaplen', 'store', 'key', 'line', 'seal')),
                       ('footer', ('skipped', 'seal')),
                       ('block', ('skipped', 'snapshot', 'completion.payload', 'seal'))):
        for key in keys:
            assert key in decode_one(seen[kind][1]), f'no {kind} has {key}'
    print(f'{blocks} blocks obey {os.path.basename(cddl)}; {tried} wrong fields were seen')


if __name__ == '__main__':
    main()
