#!/usr/bin/env python3
"""impair.py - loss, delay, reordering and copies are made on purpose, and the records must say so

    impair.py [--pavo PATH] [--wire PATH] [--seed N] [--only NAME] [--keep]

    A v0 ---- a0 [ pavo-wire ] b0 ---- v0 B        three network namespaces; the kernels of A and B talk TCP
                      m0 ---- m1                    the wire's mirror port

A client in A sends to a server in B, which answers with as much. pavo-wire spoils segments with payload, with a seed, and counts
what it did. pavo listens (libpcap) at a0, b0 or m1: what the client sends passes a0 before the wire and b0 behind it, what the server
sends the other way round. So one run shows both places of a tap. Compared are the records, the wire's counts, and what the kernels of
A and B know of their own retransmissions and round trips (struct tcp_info).

Needs root. Everything is removed at the end. Prints a line per check; ends with 'N passed, N failed'.
"""
import argparse
import atexit
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from netns import A, B, PROCESSES, InNamespace, begin, check, end, ip, quieten, run

M = f"pavo-m-{os.getpid()}"
CLIENT, SERVER = "10.97.0.1", "10.97.0.2"
MAC = {"A": "02:97:00:00:00:01", "B": "02:97:00:00:00:02"}
BYTES = 1_500_000
WINDOW = 48 * 1024  # of the receivers: some thirty segments under way, so that what is skipped fits a record's memory
SLACK_NS = 100_000  # clocks are read in different places
DEADLINE_S = 58
TMP = tempfile.mkdtemp(prefix="pavo-impair-")


# ---- the network -----------------------------------------------------------------------------------------


def network_make():
    run("ip", "netns", "add", M)
    atexit.register(lambda: run("ip", "netns", "del", M, may_fail=True))
    quieten(M)
    for ns, nic, side in ((A, "a0", "A"), (B, "b0", "B")):
        ip(ns, "link", "add", "v0", "type", "veth", "peer", "name", nic, "netns", M)
        ip(ns, "link", "set", "v0", "address", MAC[side])
    ip(M, "link", "add", "m0", "type", "veth", "peer", "name", "m1")
    for ns, nic in ((A, "v0"), (B, "v0"), (M, "a0"), (M, "b0"), (M, "m0"), (M, "m1")):
        # Whole segments would be seen as one packet where the wire has many; checksums must be right on the wire.
        for feature in ("gro", "gso", "tso", "tx"):
            run("ethtool", "-K", nic, feature, "off", ns=ns, may_fail=True)
        run("sysctl", "-qw", f"net.ipv6.conf.{nic}.disable_ipv6=1", ns=ns, may_fail=True)
        ip(ns, "link", "set", nic, "up")
    for ns, own, other, mac in ((A, CLIENT, SERVER, MAC["B"]), (B, SERVER, CLIENT, MAC["A"])):
        ip(ns, "addr", "add", f"{own}/24", "dev", "v0")
        ip(ns, "neigh", "replace", other, "lladdr", mac, "dev", "v0", "nud", "permanent")
        run("sysctl", "-qw", "net.ipv4.tcp_no_metrics_save=1", ns=ns, may_fail=True)  # each connection starts anew


class Wire:
    def __init__(self, arguments):
        argv = ["ip", "netns", "exec", M, ARGS.wire, "--a", "a0", "--b", "b0", "--seed", str(ARGS.seed)] + arguments
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        PROCESSES.append(self.process)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{' '.join(argv)} does not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return json.loads(self.process.communicate(timeout=10)[0])


class Sensor:
    def __init__(self, name, nic):
        self.json = f"{TMP}/{name}.jsonl"
        self.stderr = open(f"{TMP}/{name}.err", "w+")
        argv = ["ip", "netns", "exec", M, ARGS.pavo, "run", "-v", "--set", "control.stats_socket=", "--set", "flow.active=1h",
                "-i", nic, "-w", f"json:{self.json}"]
        self.process = subprocess.Popen(argv, stderr=self.stderr, stdout=subprocess.DEVNULL)
        PROCESSES.append(self.process)
        limit = time.monotonic() + 15
        while "listening" not in self.said():
            if self.process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"pavo does not start: {self.said().strip()}")
            time.sleep(0.02)

    def said(self):
        with open(self.stderr.name) as f:
            return f.read()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def records(self):
        with open(self.json) as f:
            records = [json.loads(line) for line in f]
        return ([r for r in records if r["event"]["dataset"] == "flow" and r["network"].get("transport") == "tcp"],
                [r for r in records if r["event"]["dataset"] == "ledger"])


# ---- traffic ---------------------------------------------------------------------------------------------


def socket_new():
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.settimeout(20)
    return s


def receive(s, n):
    while n > 0:
        got = s.recv(min(n, 65536))
        if not got:
            raise RuntimeError(f"{n} bytes are missing")
        n -= len(got)


def settled(s):
    """What the kernel knows of a connection whose data has all been acknowledged (struct tcp_info, linux/tcp.h)."""
    for _ in range(500):
        info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)
        if struct.unpack_from("I", info, 24)[0] == 0 and struct.unpack_from("I", info, 144)[0] == 0:
            break
        time.sleep(0.01)
    return {"retransmits": struct.unpack_from("I", info, 100)[0], "retransmitted_bytes": struct.unpack_from("Q", info, 208)[0],
            "min_rtt_ns": struct.unpack_from("I", info, 148)[0] * 1000, "dsacks": struct.unpack_from("I", info, 216)[0]}


def listen():
    s = socket_new()
    s.bind((SERVER, 0))
    s.listen(1)
    return s


def serve(listener):
    s, _ = listener.accept()
    s.settimeout(20)
    receive(s, BYTES)
    s.sendall(bytes(BYTES))
    info = settled(s)
    s.shutdown(socket.SHUT_WR)
    s.recv(1)
    s.close()
    return info


def ask(port):
    s = socket_new()
    s.connect((SERVER, port))
    s.sendall(bytes(BYTES))
    receive(s, BYTES)
    info = settled(s)
    s.recv(1)
    s.close()
    return info


class Run:
    """One connection over one wire, seen from one place."""

    def __init__(self, name, nic, arguments):
        self.name = name
        wire = Wire(arguments)
        sensor = Sensor(name.replace(" ", "-"), nic)
        listener = InNamespace(B, listen).result()
        serving = InNamespace(B, serve, listener)
        self.kernel = {"source": InNamespace(A, ask, listener.getsockname()[1]).result(30)}
        self.kernel["destination"] = serving.result(30)
        listener.close()
        time.sleep(0.4)  # the last acknowledgement passes the wire, and libpcap hands over its block
        self.status = sensor.stop()
        counts = wire.stop()
        self.wire = {"source": counts["up"], "destination": counts["down"]}
        flows, ledgers = sensor.records()
        self.flow = flows[0] if len(flows) == 1 else None
        lost = sum(ledgers[-1]["ledger"]["counts"]["lost"].values()) if ledgers else None
        verify = subprocess.run([ARGS.pavo, "verify", sensor.json], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
        errors = sum(w["errors"] for w in self.wire.values())
        print(f"# {name}: wire {json.dumps(self.wire)}")
        print(f"# {name}: kernels {json.dumps(self.kernel)}")
        if self.flow:
            print(f"# {name}: flow {json.dumps(self.flow['flow'])}")
        self.check("the ledger balances, nothing was lost on the way, one flow", self.flow is not None and self.status == 0 and lost == 0
                   and verify.returncode == 0 and errors == 0,
                   f"{len(flows)} records, status {self.status}, lost {lost}, wire errors {errors}, {verify.stdout.strip()} {sensor.said().strip()[-300:]}")
        for side in ("source", "destination"):
            self.equal(side, "stream_bytes", BYTES)

    def check(self, says, good, detail=""):
        return check(good, f"{self.name}: {says}", detail)

    def get(self, side, field):
        return self.flow["flow"][side].get(field) if self.flow else None

    def rtt(self, *way):
        value = self.flow["flow"] if self.flow else {}
        for step in way:
            value = value.get(step) or {}
        return value if isinstance(value, int) else None

    def equal(self, side, field, want):
        got = self.get(side, field)
        return self.check(f"{side}.{field} is {want}", got == want, f"{got}")

    def between(self, says, got, least, most):
        return self.check(f"{says} is from {least} to {most}", got is not None and least <= got <= most, f"{got}")

    def quiet(self, side, *fields):
        for field in fields:
            self.equal(side, field, 0)

    def kernels(self, side):
        """At the sender's own end of the wire the tap sees what the sender sends: its kernel knows how much of it was sent again."""
        self.equal(side, "retransmits", self.kernel[side]["retransmits"])
        self.equal(side, "retransmitted_bytes", self.kernel[side]["retransmitted_bytes"])


# ---- what is made, and what must be seen -----------------------------------------------------------------

SIDES = ("source", "destination")


def clean():
    r = Run("clean", "a0", [])
    for side in SIDES:
        r.quiet(side, "missed_bytes", "out_of_order", "duplicates")
    r.kernels("source")
    r.check("state SF", r.flow and r.flow["flow"].get("state") == "SF", f"{r.flow and r.flow['flow'].get('state')}")


def delay():
    ms = 20
    trip = 2 * ms * 1_000_000
    for nic, far, near, halves in (("a0", "source", "destination", ("server_ns", "client_ns")), ("b0", "destination", "source", ("client_ns", "server_ns"))):
        r = Run(f"delay at {nic}", nic, ["--delay", str(ms)])
        r.between("rtt.handshake_ns", r.rtt("rtt", "handshake_ns"), trip - SLACK_NS, 3 * trip)
        r.between(f"rtt.{halves[0]}, beyond the wire,", r.rtt("rtt", halves[0]), trip - SLACK_NS, 3 * trip)
        r.between(f"rtt.{halves[1]}, on this side,", r.rtt("rtt", halves[1]), 0, trip // 2)
        r.between(f"{far}.rtt.min_ns", r.rtt(far, "rtt", "min_ns"), trip - SLACK_NS, 2 * trip)
        r.check(f"{far}.rtt.mean_ns and max_ns are not less", r.rtt(far, "rtt", "min_ns") is not None
                and r.rtt(far, "rtt", "min_ns") <= r.rtt(far, "rtt", "mean_ns") <= r.rtt(far, "rtt", "max_ns"), f"{r.rtt(far, 'rtt', 'mean_ns')}")
        r.between(f"{near}.rtt.min_ns", r.rtt(near, "rtt", "min_ns"), 0, trip // 2)
        r.between(f"{far}.rtt.min_ns and the kernel's smallest, in percent of that,",
                  (r.rtt(far, "rtt", "min_ns") or 0) * 100 // r.kernel[far]["min_rtt_ns"], 60, 105)
        for side in SIDES:
            r.check(f"{side}.rtt.samples are many", (r.rtt(side, "rtt", "samples") or 0) >= 10, f"{r.rtt(side, 'rtt', 'samples')}")
            r.quiet(side, "missed_bytes", "out_of_order", "duplicates")
        r.kernels(far)


def loss():
    """What is lost behind the tap was seen, and comes again; what is lost before it leaves a hole, which a retransmission fills."""
    for nic, behind, ahead in (("a0", "source", "destination"), ("b0", "destination", "source")):
        r = Run(f"loss at {nic}", nic, ["--delay", "5", "--lose", "0.015"])
        lost = r.wire[behind]["lost"]
        r.check(f"the wire lost segments of the {behind} behind the tap and of the {ahead} before it",
                lost >= 4 and r.wire[ahead]["lost"] >= 4, f"{r.wire}")
        r.between(f"{behind}.retransmits, {lost} lost behind the tap,", r.get(behind, "retransmits"), lost, 10 * lost)
        r.kernels(behind)
        r.quiet(behind, "missed_bytes", "out_of_order", "duplicates")
        # Of what the sender sent again, what was not lost again came by.
        again = r.kernel[ahead]["retransmits"]
        r.between(f"{ahead}.retransmits, {r.wire[ahead]['lost']} lost before the tap,", r.get(ahead, "retransmits"),
                  again - r.wire[ahead]["lost"], again)
        r.quiet(ahead, "missed_bytes", "out_of_order", "duplicates")
        r.check(f"{behind}.duplicate_acks show the {ahead}'s losses", (r.get(behind, "duplicate_acks") or 0) >= 2, f"{r.get(behind, 'duplicate_acks')}")
        r.check(f"both sides' spurious_retransmits are no more than their retransmits",
                all((r.get(s, "spurious_retransmits") or 0) <= (r.get(s, "retransmits") or 0) for s in SIDES))


def reorder():
    for nic, behind, ahead in (("a0", "source", "destination"), ("b0", "destination", "source")):
        r = Run(f"reorder at {nic}", nic, ["--delay", "8", "--reorder", "0.02"])
        late, again = r.wire[ahead]["reordered"], r.kernel[ahead]["retransmits"]
        r.check(f"the wire reordered segments of both", late >= 4 and r.wire[behind]["reordered"] >= 4, f"{r.wire}")
        # A sender that was misled by it sends again what comes late: that may be first, and the late one the repetition.
        r.between(f"{ahead}.out_of_order, {late} reordered before the tap,", r.get(ahead, "out_of_order"), late - again, late)
        r.between(f"{ahead}.retransmits", r.get(ahead, "retransmits"), again, 2 * again)
        r.quiet(ahead, "missed_bytes", "duplicates")
        r.kernels(behind)
        r.quiet(behind, "missed_bytes", "out_of_order", "duplicates")


def duplicate():
    for nic, behind, ahead in (("a0", "source", "destination"), ("b0", "destination", "source")):
        r = Run(f"duplicates at {nic}", nic, ["--delay", "2", "--duplicate", "0.02"])
        r.check("the wire sent segments of both twice", all(r.wire[s]["duplicated"] >= 4 for s in SIDES), f"{r.wire}")
        r.equal(ahead, "duplicates", r.wire[ahead]["duplicated"])
        r.quiet(ahead, "missed_bytes", "out_of_order")
        r.between(f"{ahead}.retransmits", r.get(ahead, "retransmits"), 0, r.kernel[ahead]["retransmits"])
        r.kernels(behind)
        r.quiet(behind, "missed_bytes", "out_of_order")


def mirror():
    r = Run("mirror", "m1", ["--delay", "2", "--mirror", "m0"])
    for side in SIDES:
        r.quiet(side, "missed_bytes", "out_of_order", "duplicates")
        r.kernels(side)


def mirror_copies():
    r = Run("mirror that copies", "m1", ["--delay", "2", "--mirror", "m0", "--mirror-duplicate", "0.05"])
    for side in SIDES:
        r.equal(side, "duplicates", r.wire[side]["mirror_duplicated"])
        r.quiet(side, "missed_bytes", "out_of_order")
        r.kernels(side)


def mirror_loses():
    r = Run("mirror that loses", "m1", ["--delay", "2", "--mirror", "m0", "--mirror-lose", "0.01"])
    for side in SIDES:
        lost, again = r.wire[side]["mirror_lost_bytes"], r.kernel[side]["retransmitted_bytes"]
        r.check(f"the mirror lost segments of the {side}", r.wire[side]["mirror_lost"] >= 4, f"{r.wire[side]}")
        r.between(f"{side}.missed_bytes, {lost} lost by the mirror,", r.get(side, "missed_bytes"), lost - again, lost)
        r.between(f"{side}.retransmits", r.get(side, "retransmits"), 0, r.kernel[side]["retransmits"])
        r.quiet(side, "out_of_order", "duplicates")


SCENARIOS = [clean, delay, loss, reorder, duplicate, mirror, mirror_copies, mirror_loses]


def main():
    begin(DEADLINE_S)
    if not shutil.which("ethtool"):
        check(False, "ethtool is there")
        end()
    if not ARGS.keep:
        atexit.register(shutil.rmtree, TMP, ignore_errors=True)
    network_make()
    for scenario in SCENARIOS:
        if ARGS.only in scenario.__name__:
            scenario()
    end()


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--pavo", default=os.environ.get("PAVO", "pavo"))
parser.add_argument("--wire", default=os.environ.get("PAVO_WIRE", "pavo-wire"))
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--only", default="", help="scenarios whose name contains this")
parser.add_argument("--keep", action="store_true", help="leave the records and logs behind, and say where")
ARGS = parser.parse_args()
if ARGS.keep:
    print(f"files: {TMP}")
if __name__ == "__main__":
    main()
