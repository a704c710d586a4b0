#!/usr/bin/env python3
"""rss_vm.py - RSS for real: pavo polls emulated NICs with several queues inside a virtual machine

    rss_vm.py [--pavo PATH] [--shared DIR] [--cache DIR] [--nic igb|virtio]...

A capture of plain conversations and of VXLAN is sent into a guest's NIC, and read by pavo as a file beside it. The NIC must
spread by the symmetric key: each queue gets exactly the packets that a Toeplitz hash written down here says, no
packet is in a wrong queue, the records have the packets and bytes of the file's. Then the NIC keeps the key that its driver has
by itself, and pavo is told to trust it: the warnings must come, and still nothing may be lost or split.

The guest is that of qemu-rss in the shared folder (--shared, $PAVO_SHARED, ../shared); what it needs is prepared in --cache,
from Debian's mirrors. Needs root. Prints a line per check; ends with 'N passed, N failed', or with 'skipped: why' and status 77.
"""
import argparse
import collections
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

QUEUES = 4
PPS = 1500
PREFIX = "pavo-rss-vm"
RESULT = {"passed": 0, "failed": 0}


def check(good, says, detail=""):
    RESULT["passed" if good else "failed"] += 1
    print(f"{'ok' if good else 'not ok'} - {says}{'' if good or not detail else f': {detail}'}", flush=True)
    return good


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


# ---- in the guest -----------------------------------------------------------------------------------------


def ask(path, *commands):
    """What the telemetry socket answers."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(20)
    s.connect(path)
    s.recv(16384)
    answers = []
    for c in commands:
        s.send(c.encode())
        answers.append(json.loads(s.recv(65536))[c])
    s.close()
    return answers


def wait_for(what, says, seconds=90):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise RuntimeError(f"{says}: waited in vain")
        time.sleep(0.2)


def guest(pavo, rss, poll):
    """Runs pavo on the first NIC until it has received what was sent; leaves records, log and counters in /run/out."""
    nic = open("/run/nics").read().split()[0]
    log = open("/run/out/log", "w")
    p = subprocess.Popen([pavo, "run", "-v", "--workers", str(QUEUES), "--set", "capture.backend=dpdk",
                          "--set", f'capture.devices=[{{"device":"{nic}","queues":{QUEUES}}}]',
                          "--set", 'capture.dpdk.eal=["--huge-dir","/run/huge"]', "--set", f"capture.dpdk.rss={rss}",
                          "--set", f"capture.dpdk.poll={poll}", "--set", f"capture.dpdk.file_prefix={PREFIX}",
                          "--set", "control.stats_socket=", "-w", "json:/run/out/vm.jsonl"], stdout=log, stderr=log)
    said = lambda: open("/run/out/log").read()
    telemetry = f"/var/run/dpdk/{PREFIX}/dpdk_telemetry.v2"
    try:
        wait_for(lambda: "queue 3 is " in said() or p.poll() is not None, "start")
        time.sleep(1)
        open("/run/out/ready", "w").close()
        wait_for(lambda: os.path.exists("/run/out/fed"), "traffic")
        sent = json.load(open("/run/out/fed"))["sent"]
        try:
            wait_for(lambda: ask(telemetry, "/pavo/stats")[0]["received"] >= sent, "the last packet", 15)
        except RuntimeError:
            pass  # the checks will tell
        time.sleep(1.2)  # the control thread looks once a second
        answers = ask(telemetry, "/pavo/stats", "/pavo/queues", "/pavo/plan")
        json.dump({"sent": sent, "stats": answers[0], "queues": answers[1], "plan": answers[2]}, open("/run/out/answers", "w"))
    finally:
        if p.poll() is None:
            p.send_signal(signal.SIGINT)
        status = p.wait(30)
        open("/run/out/status", "w").write(str(status))
    return 0


# ---- the capture ------------------------------------------------------------------------------------------


def checksum(b):
    n = sum(struct.unpack(f">{len(b) // 2}H", b))
    n = (n & 0xFFFF) + (n >> 16)
    return 0xFFFF ^ ((n & 0xFFFF) + (n >> 16))


def ip4(src, dst, proto, payload):
    h = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0) + src + dst
    return h[:10] + struct.pack(">H", checksum(h)) + h[12:] + payload


def ip6(src, dst, proto, payload):
    return struct.pack(">IHBB", 6 << 28, len(payload), proto, 64) + src + dst + payload


def packet(f, way, n):
    """Packet 'n' of a conversation, from 'way' 0 or 1."""
    a, b, p, q = f["ip"][way], f["ip"][1 - way], f["port"][way], f["port"][1 - way]
    if f["proto"] == 6:
        l4 = struct.pack(">HHIIBBHHH", p, q, n, n, 0x50, 0x02 if n == 0 else 0x12 if n == 1 else 0x10, 1000, 0, 0)
    else:
        l4 = struct.pack(">HHHH", p, q, 8 + 32, 0) + bytes(32)
    return (ip4 if len(a) == 4 else ip6)(a, b, f["proto"], l4), len(a)


ETHER = b"\x02\0\0\0\0\2\x02\0\0\0\0\1"


def frame(f, way, n):
    inner, size = packet(f, way, n)
    inner = ETHER + (b"\x08\0" if size == 4 else b"\x86\xdd") + inner
    if not f["vxlan"]:
        return inner
    vxlan = struct.pack(">HHHHII", f["entropy"] + way, 4789, 16 + len(inner), 0, 8 << 24, 77 << 8) + inner
    return ETHER + b"\x08\0" + ip4(f["outer"][way], f["outer"][1 - way], 17, vxlan)


def conversations(rng):
    flows = []
    for i in range(300):
        size = 4 if i % 3 else 16
        flows.append({"ip": tuple(bytes([10]) + rng.randbytes(size - 1) if size == 4 else b"\x20\x01\x0d\xb8" + rng.randbytes(12)
                                  for _ in range(2)),
                      "port": (rng.randrange(20000, 60000), rng.choice((53, 80, 443, 5060))),
                      "proto": 6 if i % 2 else 17, "vxlan": i % 5 == 0,
                      "outer": (b"\x0a\0\0" + bytes([rng.randrange(1, 99)]), b"\x0a\0\1" + bytes([rng.randrange(1, 99)])),
                      "entropy": rng.randrange(49152, 65000)})
    return flows


def capture_write(path, seed):
    """A pcap of conversations, each with four packets from each side."""
    rng = random.Random(seed)
    flows = conversations(rng)
    frames = [frame(f, n % 2, n) for n in range(8) for f in flows]
    with open(path, "wb") as o:
        o.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i, f in enumerate(frames):
            o.write(struct.pack("<IIII", 1700000000 + i // PPS, i % PPS * 1000000 // PPS, len(f), len(f)) + f)
    return frames


def toeplitz(data):
    """Toeplitz hash by the book, bit by bit, with the key 6d5a 6d5a ..."""
    key = int.from_bytes(b"\x6d\x5a" * 26, "big")
    bits, result = 26 * 16, 0
    for i in range(len(data) * 8):
        if data[i // 8] >> (7 - i % 8) & 1:
            result ^= key >> (bits - 32 - i) & 0xFFFFFFFF
    return result


def queue_of(f):
    """The queue that the outermost addresses and ports lead to."""
    at, size = (26, 4) if f[12:14] == b"\x08\0" else (22, 16)
    return toeplitz(f[at:at + 2 * size] + f[at + 2 * size:at + 2 * size + 4]) % 128 % QUEUES


# ---- what came out ----------------------------------------------------------------------------------------


def flows_of(path):
    """Packets and bytes of each direction, by conversation."""
    sums = collections.Counter()
    with open(path) as lines:
        for line in lines:
            r = json.loads(line)
            if r["event"]["dataset"] != "flow":
                continue
            ends = [(r[side]["ip"], r[side].get("port", 0)) for side in ("source", "destination")]
            key = (r["network"]["transport"], ends[0], ends[1], tuple(e["type"] for e in r["flow"].get("encap", [])))
            for side in ("source", "destination"):
                for what in ("packets", "bytes"):
                    sums[key + (side, what)] += r[side].get(what, 0)
    return sums


class Guest:
    """One boot: pavo on one NIC."""

    def __init__(self, nic, rss, poll, vfio):
        self.out = tempfile.mkdtemp(prefix=f"{nic}-", dir=TMP)
        argv = [f"{ARGS.qemu}/guest-run.sh", "-c", ARGS.cache, "-n", nic, "-q", str(QUEUES), "-f", f"{TMP}/t.pcap", "-r", str(PPS),
                "-o", self.out, "-t", "110"] + (["-V"] if vfio else []) + [
                    "--", sys.executable, os.path.abspath(__file__), "--guest", rss, poll, "--pavo", os.path.abspath(ARGS.pavo)]
        began = time.monotonic()
        r = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=150)
        print(f"# {nic}, rss {rss}, poll {poll}: {time.monotonic() - began:.0f} s, status {r.returncode}")
        self.log = self.read("log")
        if r.returncode != 0 or not os.path.exists(f"{self.out}/answers"):
            print(r.stdout[-1500:] + self.log[-1500:])
        self.answers = json.loads(self.read("answers") or "{}")
        self.status = self.read("status")

    def read(self, name):
        path = f"{self.out}/{name}"
        return open(path).read() if os.path.exists(path) else ""

    def queues(self, what):
        return [self.answers.get("queues", {}).get(str(i), {}).get(what) for i in range(QUEUES)]


def check_whole(g, name, frames, truth):
    """Whatever the NIC does with its queues: nothing is lost, and no flow is split."""
    stats = g.answers.get("stats", {})
    check(g.status == "0" and g.answers.get("sent") == len(frames) == stats.get("received"),
          f"{name}: all {len(frames)} packets are received, and the ledger balances", f"status {g.status}, {stats}")
    got = flows_of(f"{g.out}/vm.jsonl") if os.path.exists(f"{g.out}/vm.jsonl") else {}
    differ = [k for k in set(truth) | set(got) if truth.get(k) != got.get(k)]
    check(not differ and truth, f"{name}: the records have the packets and bytes of those of the file", f"{len(differ)}: {differ[:3]}")


def check_rss(nic, frames, truth):
    # Under vfio the queues have interrupts: the workers sleep on them, and must miss nothing.
    g = Guest(nic, "auto", "adaptive", True)
    name = f"{nic}, symmetric key"
    check_whole(g, name, frames, truth)
    expected = collections.Counter(queue_of(f) for f in frames)
    got = g.queues("received")
    check(got == [expected[i] for i in range(QUEUES)] and min(expected.values()) > 0,
          f"{name}: each queue gets what the hash says: {[expected[i] for i in range(QUEUES)]}", f"{got}")
    stats = g.answers.get("stats", {})
    check(stats.get("wrong_shard") == 0 and sum(n or 0 for n in g.queues("wrong_shard")) == 0 and "warning" not in g.log,
          f"{name}: no plain packet is in a wrong queue, and nothing is warned of", f"{stats}")
    if nic == "igb":  # virtio has no hash in its descriptors
        check(min(g.queues("hash_sampled")) > 0 and sum(g.queues("hash_differs")) == 0,
              f"{name}: the NIC's hashes are pavo's", f"{g.queues('hash_sampled')}, {g.queues('hash_differs')}")
    woken = [line for line in g.log.splitlines() if "ended by the device" in line and not " 0 ended" in line]
    check(len(woken) == QUEUES, f"{name}: each worker slept on its queue's interrupt and was woken", f"{woken}")
    check("spreads by the symmetric key, tunnels by their outer addresses" in g.log,
          f"{name}: the log says that the NIC takes the key, and no rule for tunnels")
    plan = g.answers.get("plan", {})
    check([plan.get(str(i), {}).get("polls", "").rsplit(":", 1)[-1] for i in range(QUEUES)] == [str(i) for i in range(QUEUES)],
          f"{name}: the telemetry's plan has each queue with its worker", f"{plan}")


def check_wrong_key(nic, frames, truth):
    g = Guest(nic, "trust", "busy", False)
    name = f"{nic}, another key"
    check_whole(g, name, frames, truth)
    stats = g.answers.get("stats", {})
    check(stats.get("wrong_shard", 0) > len(frames) // 5, f"{name}: packets in wrong queues are counted", f"{stats}")
    for i in range(QUEUES):
        lines = [l for l in g.log.splitlines() if "warning" in l and f"queue {i}:" in l and "belong to another queue" in l]
        check(len(lines) == 1 and "capture.dpdk.rss" in lines[0], f"{name}: queue {i} is warned of once, with a remedy", f"{lines}")
    lines = [l for l in g.log.splitlines() if "the NIC has another key" in l]
    check(len(lines) == QUEUES, f"{name}: the key is named as what is wrong", f"{lines}")


def main():
    if os.geteuid() != 0:
        skip("a virtual machine's network needs root")
    if not os.path.exists(f"{ARGS.qemu}/guest-run.sh"):
        skip(f"{ARGS.qemu} is not there (set PAVO_SHARED)")
    if "dpdk" not in subprocess.run([ARGS.pavo, "version"], stdout=subprocess.PIPE, text=True, check=True).stdout:
        skip("this pavo was built without DPDK")
    os.makedirs(ARGS.cache, exist_ok=True)
    ready = subprocess.run([f"{ARGS.qemu}/prepare.sh", ARGS.cache], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    if ready.returncode != 0:
        skip(f"the guest can't be prepared: {ready.stdout.strip().splitlines()[-1:]}")
    frames = capture_write(f"{TMP}/t.pcap", 1)
    subprocess.run([ARGS.pavo, "run", "-q", "-r", f"{TMP}/t.pcap", "-w", f"json:{TMP}/file.jsonl"], check=True)
    truth = flows_of(f"{TMP}/file.jsonl")
    for nic in ARGS.nic or ["igb", "virtio"]:
        if nic == "igb" and not os.access(f"{ARGS.cache}/qemu", os.X_OK):
            print("skipped: igb: QEMU of the backports is not there")
            continue
        check_rss(nic, frames, truth)
        if nic == "igb":
            check_wrong_key(nic, frames, truth)
    print(f"{RESULT['passed']} passed, {RESULT['failed']} failed")
    return 1 if RESULT["failed"] else 0


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--pavo", default=os.environ.get("PAVO", "pavo"))
parser.add_argument("--shared", default=os.environ.get("PAVO_SHARED", "../shared"))
parser.add_argument("--cache", default="build-ci/qemu")
parser.add_argument("--nic", action="append", choices=("igb", "virtio"))
parser.add_argument("--guest", nargs=2, metavar=("RSS", "POLL"), help=argparse.SUPPRESS)
ARGS = parser.parse_args()
if __name__ == "__main__":
    if ARGS.guest:
        sys.exit(guest(ARGS.pavo, *ARGS.guest))
    ARGS.qemu = os.path.join(os.path.abspath(ARGS.shared), "qemu-rss")
    TMP = tempfile.mkdtemp(prefix="pavo-rss-vm-")
    try:
        sys.exit(main())
    finally:
        shutil.rmtree(TMP, ignore_errors=True)
