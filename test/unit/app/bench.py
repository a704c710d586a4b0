#!/usr/bin/env python3
"""bench.py PAVO CAPTURE - short runs of pavo bench: every packet is in the ledger and in a record

Nothing here depends on how fast the machine is.
"""
import json
import os
import subprocess
import sys
import tempfile

pavo, capture = sys.argv[1:3]
failed = 0
WORKLOADS = "udp64 imix tcp dns synflood vxlan geneve6 gtpu fragments mixed".split()


def run(*args):
    return subprocess.run([pavo, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check(good, what):
    global failed
    if not good:
        failed += 1
        print("FAILED:", what)


def bench(*args, status=0):
    """Runs with --json; the document, and checks of what always holds."""
    what = "pavo bench " + " ".join(args)
    done = run("bench", "--json", "--flows", "2000", "--set", "flow.limit=16384", *args)
    check(done.returncode == status, f"{what}: status {done.returncode}, not {status}: {done.stderr}")
    try:
        doc = json.loads(done.stdout)
    except ValueError as why:
        check(False, f"{what}: no JSON: {why}: {done.stdout[:200]} {done.stderr}")
        return None
    for part in ("measured", "load", "dpdk"):
        r = doc.get(part)
        if not r:
            continue
        c = r["counts"]
        lost = sum(v for k, v in c["lost"].items() if k != "handoff_full")
        check(r["balanced"], f"{what}: {part}: {r['why']}")
        check(c["offered"] == c["received"] + lost, f"{what}: {part}: offered is not received and lost")
        check(c["accounted"] == c["received"] - c["lost"]["handoff_full"], f"{what}: {part}: accounted")
        check(c["records"] >= c["flows"] > 0, f"{what}: {part}: a flow has no record")
    m = doc["measured"]
    check(m["record_packets"] == m["counts"]["accounted"], f"{what}: packets of the records")
    return doc


for w in WORKLOADS:
    for workers in "1", "2":
        doc = bench("--workload", w, "--workers", workers, "--packets", "30001")
        if not doc:
            continue
        m = doc["measured"]
        check(m["packets"] == 30001, f"{w}: measured {m['packets']} packets")
        check(m["workload"] == w and m["workers"] == int(workers), f"{w}: says {m['workload']}, {m['workers']}")
        check(m["counts"]["received"] == 30001 + m["warmup_packets"] + sum(30001 // int(workers) // 4 + (
            i < 30001 % int(workers) and (30001 // int(workers) + 1) // 4 - 30001 // int(workers) // 4)
            for i in range(int(workers))), f"{w}: received {m['counts']['received']}")
        if w not in ("fragments", "mixed"):
            check(m["counts"]["handed_off"] == 0, f"{w}: packets of another worker")
        # The end cuts datagrams whose last piece came first: each is a flow without ports.
        cut = 64 * 2 // 16 * int(workers) if w == "fragments" else 0
        if w in ("udp64", "imix", "vxlan", "geneve6", "gtpu", "fragments"):
            check(2000 <= m["counts"]["flows"] <= 2000 + cut, f"{w}: {m['counts']['flows']} flows, not 2000")

doc = bench("--workers", "2", "--packets", "20000", "--spread")
check(doc and doc["measured"]["counts"]["handed_off"] > 0, "--spread: nothing was handed over")
check(doc and 0.3 < doc["spread"]["handed_share"] < 0.7, "--spread: not about half of the packets")

doc = bench("--pcap", capture, "--packets", "20000", "--no-stages")
check(doc and doc["measured"]["workload"] == "pcap" and doc["measured"]["stages"] is None, "--pcap, --no-stages")

doc = bench("--packets", "20000", "--workers", "2", "--scale", "--floor")
check(doc and [r["workers"] for r in doc["scale"]] == [1, 2], "--scale")
check(doc and doc["scale"][0]["ratio"] == 1, "--scale: the first is the unit")
check(doc and doc["scale_in_turns"] is None, "--scale: turns are of time, and a run by packets has none")
check(doc and doc["floor"]["ns_per_packet"] > 0 and doc["floor"]["worker_ratio"] > 0, "--floor")

doc = bench("--seconds", "1", "--workers", "2", "--scale", "--no-stages")
turns = doc and doc["scale_in_turns"]
check(turns and 1 <= turns["pairs"] <= 20, "--scale: turns of one worker and of both: %s" % turns)
check(turns and turns["ratio_lower_quartile"] <= turns["ratio"] <= turns["ratio_upper_quartile"], "--scale: quartiles")

with tempfile.TemporaryDirectory() as where:
    cert = os.path.join(where, "box.json")
    doc = bench("--packets", "20000", "--search", "--trial", "0.02", "--tries", "1", "--overload", "0.05",
                "--descriptors", "256", "--certificate", cert)
    if doc:
        check(doc["load"]["overload"]["recovered"] and doc["load"]["overload"]["bounded"], "--overload")
        check(len(doc["load"]["trials"]) > 0, "--search: no trial")
        check(doc["load"]["counts"]["lost"]["nic_missed"] >= doc["load"]["overload"]["nic_missed"], "losses by name")
    check(run("bench", "--check-certificate", cert).returncode == 0, "a fresh certificate is not sound")
    with open(cert) as f:
        text = f.read()
    check(json.loads(text)["machine"]["processors"] >= 1, "the certificate names the machine")
    with open(cert, "w") as f:
        f.write(text.replace('"seed": 1', '"seed": 2'))
    check('"seed": 1' in text, "the certificate says the seed")
    done = run("bench", "--check-certificate", cert)
    check(done.returncode == 2 and "digest" in done.stderr, "a changed certificate is sound")
    done = run("run", "-q", "-r", capture, "-w", os.path.join(where, "a.ipfix"), "--set", "stats.certificate=" + cert)
    check(done.returncode == 1 and "digest" in done.stderr, "a sensor takes a changed certificate")

    out = os.path.join(where, "b.ipfix")
    doc = bench("--packets", "20000", "--workload", "tcp", "-w", out)
    check(run("verify", out).returncode == 0, "-w: the file does not verify")
    done = run("bench", "--packets", "20000", "--flows", "1000", "--workload", "dns", "-w", "json:/dev/full")
    check(done.returncode == 2 and "/dev/full" in done.stderr, "a sink that fails is not told")

if "dpdk" in run("version").stdout:
    for kind in "null", "ring", "pcap":
        doc = bench("--packets", "20000", "--workers", "2", "--dpdk", kind)
        check(doc and doc["dpdk"]["driver"] == kind and doc["dpdk"]["ratio"] > 0, f"--dpdk {kind}")
        t = doc and doc["dpdk"]["in_turns"]
        check(t and t["pairs"] == 20, f"--dpdk {kind}: no 20 pairs of turns: {t}")
        check(t and t["packets_memory"] == t["packets"] == 20000, f"--dpdk {kind}: packets of the turns: {t}")
        check(t and 0 < t["ratio_lower_quartile"] <= t["ratio"] <= t["ratio_upper_quartile"], f"--dpdk {kind}: {t}")
        check(t and t["ns_per_packet_memory"] > 0 and t["ns_per_packet"] > 0, f"--dpdk {kind}: {t}")
    # Bursts that a driver gives in portions, flows that end, a capture's own times.
    for more in (["--set", "capture.burst=24"], ["--workload", "tcp"], ["--pcap", capture]):
        for kind in "null", "ring", "pcap":
            doc = bench("--packets", "20000", "--dpdk", kind, *more)
            check(doc and doc["dpdk"]["in_turns"]["packets"] == 20000, f"--dpdk {kind} {more}")
    doc = bench("--seconds", "0.1", "--no-stages", "--dpdk", "ring")
    t = doc and doc["dpdk"]["in_turns"]  # None: in its time no turn came to what is counted
    check(doc and (t is None or 0 < t["pairs"] <= 20), f"--dpdk ring by time: {t}")
else:
    check(run("bench", "--packets", "1000", "--dpdk", "null").returncode == 2, "--dpdk in a build without it")

for args in (["--workload", "none"], ["--flows", "0"], ["--flows", "x"], ["--flows", "10G"], ["--packets", "-1"],
             ["--seconds", "0"], ["--loss", "60"], ["--rate", "0"], ["--offer", "5"], ["--dpdk", "nic"],
             ["--pcap", "/nonexistent.pcap"], ["--workers", "4", "--packets", "3"], ["operand"], ["-w", "json:-"], ["--spread"], ["--workers", "500"],
             ["--packets", "99999999999999999999"]):
    done = run("bench", *args)
    check(done.returncode == 1 and done.stderr, f"{args}: status {done.returncode}: {done.stderr}")

print("failed" if failed else "good")
sys.exit(failed > 0)
