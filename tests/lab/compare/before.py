#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""before.py FOLDER: what was read out of a guest's memory is what its /proc says.

FOLDER has made (what guest/before says that it made), dump1 and dump2 (/proc, before and
after), snapshot (host/snapshot), ps (scquery ps -f json), written (scquery -y, calls of the
first process). Whatever is the same in both dumps must be so in the snapshot."""
import json
import socket
import struct
import sys

folder = sys.argv[1]
CLOEXEC = 0o2000000
KINDS = {0o100000: 1, 0o040000: 2, 0o020000: 3, 0o060000: 4, 0o010000: 5, 0o140000: 7, 0o120000: 9,
         0: 8}
wrong = compared = 0


def lines(name):
    with open(f"{folder}/{name}", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def text(value):
    return bytes.fromhex(value).decode("latin-1") if isinstance(value, str) else value


def said(value):
    """For a person: bytes as text, and what is none as it is."""
    try:
        return text(value)
    except ValueError:
        return value


def check(what, is_, *wanted):
    """It is what both dumps say, if they say the same."""
    global wrong, compared
    if any(w != wanted[0] for w in wanted):
        return
    compared += 1
    if is_ != wanted[0]:
        wrong += 1
        print(f"WRONG: {what}: {said(is_)!r}, not {said(wanted[0])!r}")


def processes(rows):
    return {row["pid"]: row for row in rows if "pid" in row}


# ---- sockets: struct sockaddr_*, by the number of the inode ----
def inet(word, family):
    address, port = word.split(":")
    words = [address[i : i + 8] for i in range(0, len(address), 8)]
    raw = b"".join(struct.pack("<I", int(w, 16)) for w in words)
    if family == socket.AF_INET:
        return struct.pack("<H", family) + struct.pack(">H", int(port, 16)) + raw + bytes(8)
    return struct.pack("<H", family) + struct.pack(">HI", int(port, 16), 0) + raw + bytes(4)


def tables(dump):
    table = next(row for row in dump if "tables" in row)
    found = {}
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6), ("udp", socket.AF_INET)):
        for line in text(table[name]).split("\n")[1:-1]:
            f = line.split()
            peer = inet(f[2], family) if int(f[2].split(":")[1], 16) else b""
            found[int(f[9])] = (inet(f[1], family).hex(), peer.hex(), int(f[3], 16))
    for line in text(table["unix"]).split("\n")[1:-1]:
        f = line.split(None, 7)
        path = f[7] if len(f) > 7 else ""
        raw = path.encode("latin-1")
        if raw.startswith(b"@"):
            raw = b"\0" + raw[1:]
        elif raw:
            raw += b"\0"
        found[int(f[6])] = ((struct.pack("<H", socket.AF_UNIX) + raw).hex(), None, None)
    for line in text(table["netlink"]).split("\n")[1:-1]:
        f = line.split()
        raw = struct.pack("<HHII", socket.AF_NETLINK, 0, int(f[2]) & 0xFFFFFFFF, int(f[3], 16))
        found[int(f[9])] = (raw.hex(), None, None)
    return found


first, second = lines("dump1"), lines("dump2")
known = tables(first)
one, two = processes(first), processes(second)
snapshot = lines("snapshot")
about, snapshot = snapshot[0], processes(snapshot)
made = dict(line.rstrip("\n").split("=") for line in open(f"{folder}/made", encoding="utf-8"))
made = {name: int(pid) for name, pid in made.items()}
sockets = 0

check("cut", about["cut"], 0)
for pid in snapshot:
    check(f"{pid}: is one", pid in one or pid in two, True)
    if pid in one:
        check(f"{pid}: is not the kernel's", one[pid]["kernel"], 0)
for pid in sorted(one.keys() & two.keys()):
    a, b = one[pid], two[pid]
    if a["kernel"]:
        continue
    who = f"{pid} {text(a['comm'])}"
    check(f"{who}: there", pid in snapshot, True)
    if pid not in snapshot:
        continue
    s = snapshot[pid]
    for key in ("ppid", "comm", "zombie", "uid", "gid"):
        check(f"{who}: {key}", s[key], a[key], b[key])
    if a["zombie"]:
        continue
    check(f"{who}: missing", s["missing"], 0)
    for key in ("ns_pid", "exe", "cwd", "root", "ns"):
        check(f"{who}: {key}", s[key], a[key], b[key])
    check(f"{who}: argv", "".join(arg + "00" for arg in s["argv"]), a["cmdline"], b["cmdline"])
    if a["cgroup"]:
        check(f"{who}: cgroup", s["cgroup"], a["cgroup"], b["cgroup"])
    fds = [{fd["fd"]: fd for fd in p["fds"]} for p in (a, b, s)]
    check(f"{who}: descriptors", sorted(fds[2]), sorted(fds[0]), sorted(fds[1]))
    for number in sorted(fds[0].keys() & fds[1].keys() & fds[2].keys()):
        fa, fb, fs = (f[number] for f in fds)
        what = f"{who}: {number}"
        for key in ("name", "inode", "pos"):
            check(f"{what}: {key}", fs[key], fa[key], fb[key])
        check(f"{what}: flags", fs["flags"] & ~CLOEXEC, fa["flags"] & ~CLOEXEC,
              fb["flags"] & ~CLOEXEC)
        check(f"{what}: cloexec", fs["cloexec"], fa["flags"] // CLOEXEC & 1,
              fb["flags"] // CLOEXEC & 1)
        if fa.get("mode") == fb.get("mode") is not None:
            kind = KINDS[fa["mode"] & 0o170000]
            check(f"{what}: kind", fs["kind"], 6 if text(fa["name"]).startswith("pipe:") else kind)
            if kind in (3, 4):
                check(f"{what}: device", fs["device"], fa["device"])
        if fa["inode"] in known and fs["kind"] == 7:
            sockets += 1
            for key, wanted in zip(("local", "remote", "state"), known[fa["inode"]]):
                if wanted is not None:
                    check(f"{what}: {key}", fs[key], wanted)

# ---- what was made is there ----
for name, pid in made.items():
    check(f"{name}: is there", pid in one and pid in two and pid in snapshot, True)
check("sockets looked up", sockets >= 13, True)
check("descriptors of files", len(snapshot[made["files"]]["fds"]) >= 20, True)
check("cgroup", text(snapshot[made["cgroup"]]["cgroup"]), "/a.slice/b.scope")
check("cwd on its own mount", text(snapshot[made["spaces"]]["cwd"]), "/tmp/before/spaces/mnt/deep")
check("the first of its namespace", snapshot[made["spaces"]]["ns_pid"], 1)
check("root", text(snapshot[made["chroot"]]["root"]), "/tmp/before/chroot/root")

# ---- and in the recording ----
ps = {row["pid"]: row for row in lines("ps")}
for name, pid in made.items():
    check(f"ps: {name}", pid in ps, True)
    if pid not in ps:
        continue
    check(f"ps: {name}: known", ps[pid]["known"], "reckoned")  # when it began: by the guest's clock
    for key in ("exe", "comm", "cgroup"):
        check(f"ps: {name}: {key}", ps[pid][key], text(snapshot[pid][key]))
    check(f"ps: {name}: argv", ps[pid]["argv"], [text(arg) for arg in snapshot[pid]["argv"]])
    check(f"ps: {name}: owner", (ps[pid]["uid"], ps[pid]["gid"]), (one[pid]["uid"], one[pid]["gid"]))
written = open(f"{folder}/written", encoding="utf-8").read()
check("-y: descriptor 70", "write(70</tmp/before/files/work/log>, \"tick\\n\", 5) = 5" in written, True)

print(f"{len(snapshot)} processes, {sockets} sockets, {compared} things compared, {wrong} wrong")
sys.exit(1 if wrong or compared < 300 else 0)
