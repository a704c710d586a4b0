#!/usr/bin/env python3
"""pair.py - two taps of one link, a direction each, give the records of the whole

    pair.py PAVO PAVO-GEN

A capture is cut in two by direction. Each half is a DPDK device (net_pcap), polled by a worker of its own, with the same
capture.devices[].link. The flows must be those of the whole capture, also where the interface is part of the key; without a link
they must not be, or the test would tell nothing. Needs no privilege.
"""
import collections
import json
import os
import struct
import subprocess
import sys
import tempfile

PAVO, GEN = sys.argv[1:3]
RESULT = {"passed": 0, "failed": 0}


def check(good, says, detail=""):
    RESULT["passed" if good else "failed"] += 1
    print(f"{'ok' if good else 'not ok'} - {says}{'' if good or not detail else f': {detail}'}", flush=True)


def cut(path, halves):
    """One file with what comes from the lower address, one with the rest."""
    data = open(path, "rb").read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    out = [open(h, "wb") for h in halves]
    for o in out:
        o.write(data[:24])
    at = 24
    while at < len(data):
        n = 16 + struct.unpack_from(order + "I", data, at + 8)[0]
        ip = data[at + 16 + 14:at + n]
        out[ip[12:16] > ip[16:20]].write(data[at:at + n])
        at += n
    for o in out:
        o.close()


def flows(arguments, out):
    """Records' sums by conversation, and the names of their interfaces."""
    r = subprocess.run([PAVO, "run", "-q", "--set", 'flow.key=["vlan","tunnel","interface"]', "--set", "control.stats_socket=",
                        "-w", f"json:{out}"] + arguments, stdin=subprocess.DEVNULL, timeout=60, check=False)
    if r.returncode != 0:
        raise RuntimeError(f"pavo run {' '.join(arguments)}: status {r.returncode}")
    sums, names = collections.Counter(), set()
    for line in open(out):
        r = json.loads(line)
        if r["event"]["dataset"] != "flow":
            continue
        names.add(r["observer"]["ingress"]["interface"]["name"])
        ends = tuple((r[s]["ip"], r[s]["port"], r[s].get("packets", 0), r[s].get("bytes", 0)) for s in ("source", "destination"))
        sums[tuple(sorted(ends))] += 1
    return sums, names


def dpdk(halves, link):
    devices = [{"device": f"net_pcap{i},rx_pcap={h}", **({"link": link} if link else {})} for i, h in enumerate(halves)]
    return ["--workers", "2", "--set", "capture.backend=dpdk", "--set", "capture.dpdk.hugepages=false",
            "--set", "capture.dpdk.telemetry=false", "--set", f"capture.dpdk.file_prefix=pavo-pair-{os.getpid()}",
            "--set", f"capture.devices={json.dumps(devices)}"]


with tempfile.TemporaryDirectory(prefix="pavo-pair-") as tmp:
    subprocess.run([GEN, "pairs", "--flows", "400", "--packets", "2000", "--seed", "9", f"{tmp}/whole.pcap"], check=True)
    HALVES = [f"{tmp}/a.pcap", f"{tmp}/b.pcap"]
    cut(f"{tmp}/whole.pcap", HALVES)
    check(all(os.path.getsize(h) > 1000 for h in HALVES), "both directions have packets")
    whole, _ = flows(["-r", f"{tmp}/whole.pcap"], f"{tmp}/whole.jsonl")
    pair, interfaces = flows(dpdk(HALVES, "core-1"), f"{tmp}/pair.jsonl")
    check(pair == whole and sum(whole.values()) > 100, f"two taps of a link give the {sum(whole.values())} flows of the whole",
          f"{sum(pair.values())} flows, {len((pair - whole))} of them others")
    check(interfaces == {"core-1"}, "the records' interface is the link", f"{interfaces}")
    split, interfaces = flows(dpdk(HALVES, None), f"{tmp}/split.jsonl")
    check(sum(split.values()) > sum(whole.values()) and len(interfaces) == 2, "without a link they are two interfaces, with flows of their own",
          f"{sum(split.values())} flows, {interfaces}")
print(f"{RESULT['passed']} passed, {RESULT['failed']} failed")
sys.exit(1 if RESULT["failed"] else 0)
