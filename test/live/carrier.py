#!/usr/bin/env python3
"""carrier.py - the tests' own carrier: each encapsulation carries both ways, others read it, its losses are counted

    carrier.py CARRIER

Needs root. Prints a line per check; ends with 'N passed, N failed'.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from netns import A, B, PROCESSES, InNamespace, begin, check, end, ip, run

KINDS = {"geneve": "geneve", "vxlan": "vxlan", "gre": "gre:eth", "greip": "gre:ip", "gue": "udp", "gue1": "udp",
         "fou": "udp",
         "ipip": "ip:ip", "vlan": "vlan"}  # and how tshark names it
OUTER = ("10.98.0.1", "10.98.0.2")
INNER = ("10.98.1.1", "10.98.1.2")
DATAGRAMS = 1500
SENT_GAP_S = 0.0002


def start(ns, side, kind, *more):
    argv = [sys.argv[1], "--encap", kind, "--tap", "t0", *more]
    argv += ["--dev", "v0"] if kind == "vlan" else ["--local", OUTER[side], "--peer", OUTER[1 - side]]
    p = subprocess.Popen(["ip", "netns", "exec", ns] + argv, stdout=subprocess.PIPE, text=True)
    PROCESSES.append(p)
    if p.stdout.readline() != "ready\n":
        raise RuntimeError(f"{' '.join(argv)} does not start")
    ip(ns, "addr", "add", f"{INNER[side]}/24", "dev", "t0")
    ip(ns, "link", "set", "t0", "mtu", "1400", "up")
    return p


def stop(p):
    p.send_signal(signal.SIGTERM)
    said = p.communicate(timeout=10)[0]
    return json.loads(said)


def listener():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.settimeout(1)
    s.bind((INNER[1], 9000))
    return s


def send_many():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((INNER[1], 9000))
    for i in range(DATAGRAMS):
        s.send(i.to_bytes(4, "big") + bytes(100))
        time.sleep(SENT_GAP_S)


def numbers(s):
    """What arrives, until it is silent."""
    got = []
    try:
        while True:
            got.append(int.from_bytes(s.recv(2048)[:4], "big"))
    except socket.timeout:
        return got


def protocols(capture):
    out = run("tshark", "-r", capture, "-T", "fields", "-e", "frame.protocols", may_fail=True)
    return set(out.split())


def carries(kind, tmp):
    capture = f"{tmp}/{kind}.pcap"
    dump = None
    a, b = start(A, 0, kind), start(B, 1, kind)
    if shutil.which("tshark") and shutil.which("tcpdump"):
        dump = subprocess.Popen(["ip", "netns", "exec", B, "tcpdump", "-i", "v0", "--immediate-mode", "-U", "-w", capture, "-Z", "root"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        PROCESSES.append(dump)
        dump.stderr.readline()  # "listening on"
    ping = run("ping", "-q", "-c", "10", "-i", "0.01", "-W", "2", INNER[1], ns=A, may_fail=True)
    time.sleep(0.1)
    if dump:
        dump.send_signal(signal.SIGINT)
        dump.communicate(timeout=10)
    counts = stop(a), stop(b)
    check(" 10 received" in ping and all(c["sent"] >= 10 and c["to_tap"] >= 10 for c in counts),
          f"{kind} carries pings there and back", f"{ping} {counts}")
    if dump:
        seen = protocols(capture)
        check(any(KINDS[kind] in p for p in seen), f"{kind} is {KINDS[kind]} to tshark", f"{seen}")


def spoils(seed):
    bad = ["--lose", "0.1", "--duplicate", "0.05", "--reorder", "0.1", "--delay", "3", "--seed", str(seed)]
    a, b = start(A, 0, "geneve", *bad), start(B, 1, "geneve")
    mac = json.loads(ip(B, "-j", "link", "show", "t0"))[0]["address"]
    ip(A, "neigh", "replace", INNER[1], "lladdr", mac, "dev", "t0", "nud", "permanent")  # no ARP in the counts
    s = InNamespace(B, listener).result()
    receiving = InNamespace(B, numbers, s)
    InNamespace(A, send_many).result()
    got = receiving.result()
    counts = stop(a), stop(b)
    s.close()
    return counts[0], counts[1], got


def main():
    begin(50)
    ip(A, "link", "add", "v0", "type", "veth", "peer", "name", "v0", "netns", B)
    for side, ns in enumerate((A, B)):
        ip(ns, "addr", "add", f"{OUTER[side]}/24", "dev", "v0")
        ip(ns, "link", "set", "v0", "up")
        run("ethtool", "-K", "v0", "tx", "off", ns=ns, may_fail=True)
    tmp = tempfile.mkdtemp(prefix="pavo-carrier-")
    try:
        for kind in KINDS:
            carries(kind, tmp)
    finally:
        shutil.rmtree(tmp, ignore_errors=True)
    out, back, got = spoils(7)
    check(out["from_tap"] == DATAGRAMS and out["sent"] == DATAGRAMS - out["lost"] + out["duplicated"]
          and back["to_tap"] == out["sent"] == len(got),
          f"what is lost ({out['lost']}) and duplicated ({out['duplicated']}) is what is missing and too much at the other end",
          f"{out} {back} {len(got)}")
    check(100 <= out["lost"] <= 200 and 40 <= out["duplicated"] <= 110 and 90 <= out["reordered"] <= 210
          and len(set(got)) == DATAGRAMS - out["lost"], "about as many frames are spoilt as asked for", f"{out}")
    late = sum(1 for i in range(1, len(got)) if got[i] < max(got[:i]))
    check(late > 20, f"reordered frames ({late}) arrive behind later ones", f"{late}")
    again, _, got2 = spoils(7)
    same = ("lost", "duplicated", "reordered", "sent")
    check([out[k] for k in same] == [again[k] for k in same] and set(got) == set(got2),
          "the same seed spoils the same frames", f"{out} {again}")
    other, _, got3 = spoils(8)
    check(set(got) != set(got3), "another seed spoils others", f"{other}")
    end()


if len(sys.argv) != 2 or not os.access(sys.argv[1], os.X_OK):
    sys.exit("usage: carrier.py CARRIER")
main()
