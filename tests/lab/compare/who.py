#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""who.py FOLDER: what scquery says of guest/who.sh is what that did.

FOLDER has said (the script's own output) and tree, files, failed, net, ps as JSON lines."""
import json
import sys

folder = sys.argv[1]
wrong = 0


def lines(name):
    return [json.loads(line) for line in open(f"{folder}/{name}")]


def check(what, is_, wanted):
    global wrong
    if is_ == wanted:
        print(f"ok: {what}: {is_}")
    else:
        wrong += 1
        print(f"WRONG: {what}: {is_!r}, not {wanted!r}")


said = dict(line.split("=", 1) for line in open(f"{folder}/said").read().split("\n") if "=" in line)
pid = {name: int(value) for name, value in said.items()}
tree = lines("tree")
by_pid = {p["pid"]: p for p in tree}


def descends(p, ancestor):
    while p and p["pid"] != ancestor:
        p = by_pid.get(p["ppid"])
    return p is not None


# ---- processes ----
check("all below the script", [p["pid"] for p in tree if not descends(p, pid["script"])], [])
check("none of a number twice", len(by_pid), len(tree))
check("all beginnings were seen", {p["known"] for p in tree if p["pid"] != pid["script"]}, {"seen"})
check("all have ended", [p["pid"] for p in tree if p["running"]], [])
check("seven: status", by_pid[pid["seven"]]["status"], 7)
check("seven: argv", by_pid[pid["seven"]]["argv"],
      ["sh", "-c", 'echo "seven=$$"; exit 7'])
killed = by_pid[pid["killed"]]
check("killed: signal", (killed["signal"], killed["status"]), ("SIGKILL", None))
check("killed: argv", killed["argv"], ["sleep", "1000"])
daemon = by_pid[pid["daemon"]]
check("daemon: owner", (daemon["uid"], daemon["gid"]), (1, 1))
check("daemon: argv", daemon["argv"], ["sleep", "0.2"])
check("status of all others",
      sorted({p["status"] for p in tree} - {None}), [0, 1, 3, 7])
inside = [p for p in tree if p["argv"] and p["argv"][-1] == "echo inside >ns; exit 3"
          and p["argv"][0] == "sh"]
check("inside: namespaces", [sorted(p["namespaces"]) for p in inside], [["mnt", "pid", "uts"]])
check("inside: status", [p["status"] for p in inside], [3])
check("its parent: unshare", [by_pid[p["ppid"]]["argv"][0] for p in inside], ["unshare"])
parent = by_pid[pid["parent"]]
orphan = [p for p in tree if p["ppid"] == pid["parent"]]
check("the orphan keeps its place", len(orphan), 1)
check("it outlived its parent", orphan[0]["ended"] > parent["ended"], True)
for p in tree:
    if p["started"] and p["ended"] and p["started"] >= p["ended"]:
        check(f"{p['pid']} began before it ended", p["started"], p["ended"])

# ---- files ----
files = {}
for f in lines("files"):
    if f["path"].startswith("/tmp/who"):
        files.setdefault(f["path"].removeprefix("/tmp/who").lstrip("/"), []).append(f)


def how(path):
    return sorted({word for f in files.get(path, []) for word in f["how"]})


def total(path, what):
    return sum(f[what] for f in files.get(path, []))


check("the folder", how(""), ["created"])
check("a", how("a"), ["created?", "opened", "read", "removed", "truncated", "written"])
check("a: written, read", (total("a", "written"), total("a", "read")), (6, 6))
check("b: renamed to", {f["to"] for f in files["b"]} - {None}, {"/tmp/who/c"})
check("b: written", total("b", "written"), 6)
check("c", how("c"), ["chmod", "created?", "opened", "truncated"])
check("link", how("link"), ["created"])
check("ns, from inside", (how("ns"), total("ns", "written")),
      (["created?", "opened", "truncated", "written"], 7))
check("by daemon", {(f["pid"], f["uid"]) for f in files["open/file"]}, {(pid["daemon"], 1)})
check("late, by the orphan", {f["pid"] for f in files["late"]}, {orphan[0]["pid"]})
check("got: written", total("got", "written"), 6)
check("nobody opened none", how("none"), [])
failed = [f for f in lines("failed") if f["path"] == "/tmp/who/none"]
check("none failed", [(f["how"], f["error"]) for f in failed], [(["opened"], "ENOENT")])

# ---- connections ----
net = [n for n in lines("net") if n["protocol"] in ("TCP", "TCPv6")]
roles = {n["role"]: n for n in net}
server = roles.get("accepted", {})
client = roles.get("connected", {})
check("roles", sorted(n["role"] for n in net), ["accepted", "connected", "listening"])
check("client: bytes", (client.get("sent"), client.get("received")), (8, 6))
check("client: to", client.get("remote"), "127.0.0.1:7000")
check("server: who", server.get("pid"), pid["server"])
check("listening: who", roles.get("listening", {}).get("pid"), pid["server"])
check("server: bytes", (server.get("sent"), server.get("received")), (6, 8))

# ---- at a time ----
ps = {p["pid"]: p for p in lines("ps")}
check("ps: killed was there", pid["killed"] in ps and ps[pid["killed"]]["argv"], ["sleep", "1000"])
check("ps: its parent, too", ps.get(pid["script"], {}).get("running"), True)
check("ps: daemon was not", pid["daemon"] in ps, False)
sys.exit(1 if wrong else 0)
