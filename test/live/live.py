#!/usr/bin/env python3
"""live.py - real traffic of the kernel between two network namespaces, seen by pavo, right to the packet

    live.py [--pavo PATH] [--carrier PATH] [--backend pcap|dpdk|both] [--keep]

Two namespaces are joined by a veth pair. TCP, UDP and ping go between them, plain and inside tunnels, IPv4 and IPv6: VXLAN
by the kernel, Geneve, GRE, GUE, FOU and VLAN by pavo-carrier. pavo listens on one end of the pair, first with libpcap,
then with DPDK (net_af_packet, two queues, two workers). It is stopped by SIGINT while traffic goes on. The flows that it
recorded must be those that were made, and their packets must be those that the interfaces have counted.

IPv4 fragments are not made here: net_af_packet's sockets put them together (other tests have fragments).
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

from netns import A, B, PROCESSES, InNamespace, begin, check, end, ip, run

TCP_UP, TCP_DOWN = 200_000, 400_000
UDP_PACKETS = 150
PINGS = 15
# The receivers of both directions of a tunnel may be two queues, whose order says nothing about who began: a known port does.
ECHO_PORT = 7
DEADLINE_S = 85

TMP = tempfile.mkdtemp(prefix="pavo-live-")


class Path:
    """A way between the namespaces: a device at either end, addresses on it, and what a record says of it."""

    def __init__(self, number, name, device, encap=None, ident=None, outer=4, layer2=True, versions=(4, 6), kind=None):
        self.number, self.name, self.device = number, name, device
        self.encap, self.ident, self.outer, self.layer2, self.versions = encap, ident, outer, layer2, versions
        self.kind = kind  # of pavo-carrier
        self.address = {4: (f"10.99.{number}.1", f"10.99.{number}.2"), 6: (f"fd99:{number}::1", f"fd99:{number}::2")}
        self.mac = (f"02:99:00:00:{number:02x}:01", f"02:99:00:00:{number:02x}:02")

    def ident_for(self, version):
        return {4: 4, 6: 41}[version] if self.ident == "protocol" else self.ident


PLAIN = Path(1, "plain", "v0")
PATHS = [
    PLAIN,
    Path(2, "VXLAN", "t-vxlan", "vxlan", 42),
    Path(3, "Geneve over IPv6", "t-geneve", "geneve", 4097, outer=6, kind="geneve"),
    Path(4, "Ethernet in GRE", "t-gre", "gre", 4099, kind="gre"),
    Path(5, "IP in GRE over IPv6", "t-greip", "gre", 4100, outer=6, layer2=False, kind="greip"),
    Path(6, "GUE", "t-gue", "gue", "protocol", layer2=False, kind="gue"),
    Path(7, "FOU", "t-fou", "fou", "protocol", layer2=False, versions=(4,), kind="fou"),
    Path(8, "VLAN", "t-vlan", "vlan", 100, outer=0, kind="vlan"),
]


# ---- the network ------------------------------------------------------------------------------------------


def device_up(ns, side, path):
    own, other = path.address, 1 - side
    if path.layer2:
        ip(ns, "link", "set", path.device, "address", path.mac[side])
    ip(ns, "link", "set", path.device, "mtu", "1500" if path is PLAIN else "1400", "up")
    for version in path.versions:
        address = own[version]
        ip(ns, "addr", "add", f"{address[side]}/{24 if version == 4 else 64}", "dev", path.device,
           *(("nodad",) if version == 6 else ()))
        if path.layer2:
            ip(ns, "neigh", "replace", address[other], "lladdr", path.mac[other], "dev", path.device, "nud", "permanent")
    # Whole segments would be seen as one packet where the wire has many.
    for feature in ("gro", "gso", "tso", "tx"):
        run("ethtool", "-K", path.device, feature, "off", ns=ns, may_fail=True)


def carrier_start(ns, side, path):
    argv = [ARGS.carrier, "--encap", path.kind, "--tap", path.device]
    if path.outer:
        outer = PLAIN.address[path.outer]
        argv += ["--local", outer[side], "--peer", outer[1 - side]]
    else:
        argv += ["--dev", PLAIN.device]
    if isinstance(path.ident, int):
        argv += ["--id", str(path.ident)]
    p = subprocess.Popen(["ip", "netns", "exec", ns] + argv, stdout=subprocess.PIPE, text=True)
    PROCESSES.append(p)
    if p.stdout.readline() != "ready\n":
        raise RuntimeError(f"{' '.join(argv)} does not start")
    return p


def network_make():
    ip(A, "link", "add", "v0", "type", "veth", "peer", "name", "v0", "netns", B)
    for side, ns in enumerate((A, B)):
        device_up(ns, side, PLAIN)
    for path in PATHS:
        for side, ns in enumerate((A, B)):
            if path.name == "VXLAN":
                outer = PLAIN.address[4]
                ip(ns, "link", "add", path.device, "type", "vxlan", "id", str(path.ident), "local", outer[side],
                   "remote", outer[1 - side], "dstport", "4789", "dev", "v0")
            elif path.kind:
                carrier_start(ns, side, path)
            if path is not PLAIN:
                device_up(ns, side, path)


def counters():
    """Packets that each device of B has received and sent."""
    links = json.loads(ip(B, "-s", "-j", "link", "show"))
    return {l["ifname"]: l["stats64"]["rx"]["packets"] + l["stats64"]["tx"]["packets"] for l in links}


def wait_quiet(seconds=0.5, limit=10):
    """Until no device has moved for a while; returns the counters."""
    last, since, end = counters(), time.monotonic(), time.monotonic() + limit
    while time.monotonic() < end:
        time.sleep(0.1)
        now = counters()
        if now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since >= seconds:
            return now
    raise RuntimeError("the network does not come to rest")


# ---- traffic ----------------------------------------------------------------------------------------------


def family(version):
    return socket.AF_INET if version == 4 else socket.AF_INET6


def receive_all(s):
    n = 0
    while True:
        got = s.recv(65536)
        if not got:
            return n
        n += len(got)


def sent_bytes(s):
    """Payload that a TCP socket has sent so far, again for what it sent again; waits until all is sent and acknowledged.

    tcpi_unacked, tcpi_notsent_bytes and tcpi_bytes_sent of struct tcp_info (linux/tcp.h).
    """
    for _ in range(200):
        info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)
        if struct.unpack_from("I", info, 24)[0] == 0 and struct.unpack_from("I", info, 144)[0] == 0:
            break
        time.sleep(0.01)
    return struct.unpack_from("Q", info, 200)[0]


def tcp_serve(listener):
    s, _ = listener.accept()
    s.settimeout(10)
    n = receive_all(s)
    s.sendall(bytes(TCP_DOWN))
    s.shutdown(socket.SHUT_WR)
    sent = sent_bytes(s)
    s.close()
    return n, sent


def tcp_ask(version, address, port):
    s = socket.socket(family(version), socket.SOCK_STREAM)
    s.settimeout(10)
    s.connect((address, port))
    s.sendall(bytes(TCP_UP))
    sent = sent_bytes(s)
    s.shutdown(socket.SHUT_WR)
    n = receive_all(s)
    s.close()
    return n, sent


def udp_echo(s, n):
    for _ in range(n):
        data, who = s.recvfrom(2048)
        s.sendto(data, who)


def udp_ask(version, address, port, n):
    s = socket.socket(family(version), socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect((address, port))
    for i in range(n):
        s.send(bytes(20 + i % 1000))
        s.recv(2048)
    s.close()


def bound(version, kind, address, port=0):
    s = socket.socket(family(version), kind)
    s.settimeout(10)
    s.bind((address, port))
    if kind == socket.SOCK_STREAM:
        s.listen(1)
    return s


class Talk:
    """What was said over one path with one IP version: what the records must show."""

    def __init__(self, path, version):
        self.path, self.version = path, version
        self.client, self.server = path.address[version]
        self.tcp_port = 0
        self.sent = (0, 0)  # by TCP, what was sent again included

    def go(self):
        v, server = self.version, self.server
        listener = InNamespace(B, bound, v, socket.SOCK_STREAM, server).result()
        self.tcp_port = listener.getsockname()[1]
        serving = InNamespace(B, tcp_serve, listener)
        n_down, sent_up = InNamespace(A, tcp_ask, v, server, self.tcp_port).result()
        n_up, sent_down = serving.result()
        if (n_up, n_down) != (TCP_UP, TCP_DOWN):
            raise RuntimeError(f"TCP to {server}: {n_up} and {n_down} bytes arrived")
        self.sent = (sent_up, sent_down)
        listener.close()
        echo = InNamespace(B, bound, v, socket.SOCK_DGRAM, server, ECHO_PORT).result()
        serving = InNamespace(B, udp_echo, echo, UDP_PACKETS)
        InNamespace(A, udp_ask, v, server, ECHO_PORT, UDP_PACKETS).result()
        serving.result()
        echo.close()
        run("ping", "-q", "-c", str(PINGS), "-i", "0.01", "-W", "2", server, ns=A)

    def title(self):
        return f"{self.path.name}, IPv{self.version}"


class Noise:
    """Datagrams that go on until they are told to stop."""

    def __init__(self):
        self.stopped, self.sent = False, 0
        self.sink = InNamespace(B, bound, 4, socket.SOCK_DGRAM, PLAIN.address[4][1]).result()
        self.port = self.sink.getsockname()[1]
        self.swallower = InNamespace(B, self.swallow)
        self.sender = InNamespace(A, self.send)

    def swallow(self):
        self.sink.settimeout(0.2)
        while not self.stopped:
            try:
                self.sink.recv(2048)
            except socket.timeout:
                pass

    def send(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect((PLAIN.address[4][1], self.port))
        while not self.stopped:
            for _ in range(10):
                s.send(bytes(100))
                self.sent += 1
            time.sleep(0.002)
        s.close()

    def stop(self):
        self.stopped = True
        self.sender.result()
        self.swallower.result()
        self.sink.close()


# ---- the sensor -------------------------------------------------------------------------------------------


def packet_sockets():
    """Packet sockets of B that are bound to the pair's end and receive."""
    index = InNamespace(B, socket.if_nametoindex, PLAIN.device).result()
    rows = run("cat", "/proc/net/packet", ns=B).splitlines()[1:]
    return sum(1 for r in rows if int(r.split()[4]) == index and r.split()[5] == "1")


class Sensor:
    def __init__(self, name, arguments, n_sockets):
        self.json, self.ipfix = f"{TMP}/{name}.jsonl", f"{TMP}/{name}.ipfix"
        self.stderr = open(f"{TMP}/{name}.err", "w+")
        before = packet_sockets()
        argv = ["ip", "netns", "exec", B, ARGS.pavo, "run", "-v", "--set", 'decap.udp.fou=["5555/ipv4"]',
                "--set", "control.stats_socket=", "-w", f"json:{self.json}", "-w", f"ipfix:{self.ipfix}"] + arguments
        self.process = subprocess.Popen(argv, stderr=self.stderr, stdout=subprocess.DEVNULL)
        PROCESSES.append(self.process)
        end = time.monotonic() + 15
        while packet_sockets() < before + n_sockets or "listening" not in self.said():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"pavo does not start: {self.said().strip()}")
            time.sleep(0.05)
        time.sleep(0.2)

    def said(self):
        with open(self.stderr.name) as f:
            return f.read()

    def stop(self):
        """Status; None: it did not end."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def records(self):
        flows, ledgers = [], []
        with open(self.json) as f:
            for line in f:
                r = json.loads(line)
                (ledgers if r["event"]["dataset"] == "ledger" else flows).append(r)
        return flows, ledgers


def packets(record):
    return record["source"].get("packets", 0) + record["destination"].get("packets", 0)


def carriers(record):
    return [(e["type"], e["id"]) for e in record["flow"].get("encap", [])]


def pick(records, transport, client, server, port=None):
    return [r for r in records
            if r["network"].get("transport") == transport and r["source"].get("ip") == client
            and r["destination"].get("ip") == server and (port is None or r["destination"].get("port") == port)]


def total(records, *way):
    """Sum of a counter over the records of a flow."""
    n = 0
    for r in records:
        for step in way:
            r = r.get(step, {})
        n += r or 0
    return n


def check_talk(label, talk, flows):
    path = talk.path
    says = f"{label}: {talk.title()}: "
    want = [(path.encap, path.ident_for(talk.version))] if path.encap else []
    icmp = "icmp" if talk.version == 4 else "ipv6-icmp"

    tcp = pick(flows, "tcp", talk.client, talk.server, talk.tcp_port)
    got = (total(tcp, "flow", "source", "payload_bytes"), total(tcp, "flow", "destination", "payload_bytes"))
    # What was sent again may have been lost before it came by.
    good = TCP_UP <= got[0] <= talk.sent[0] and TCP_DOWN <= got[1] <= talk.sent[1]
    closed = bool(tcp) and tcp[-1]["flow"]["end_reason"] == "end_detected"
    check(good and closed and len({r["flow"]["id"] for r in tcp}) == 1,
          f"{says}TCP is one flow of {TCP_UP} bytes up and {TCP_DOWN} down, closed",
          f"{len(tcp)} records, payload {got}, sent {talk.sent}, {[r['flow']['end_detail'] for r in tcp]}")

    udp = pick(flows, "udp", talk.client, talk.server, ECHO_PORT)
    got = (total(udp, "source", "packets"), total(udp, "destination", "packets"))
    check(got == (UDP_PACKETS, UDP_PACKETS), f"{says}UDP has {UDP_PACKETS} packets each way", f"{got}")

    ping = [r for r in pick(flows, icmp, talk.client, talk.server) if r["flow"].get("icmp", {}).get("type") in (8, 128)]
    got = (total(ping, "source", "packets"), total(ping, "destination", "packets"))
    check(got == (PINGS, PINGS), f"{says}ping has {PINGS} requests and {PINGS} replies", f"{got}")

    outer = PLAIN.address.get(path.outer)
    wrong = [r for r in tcp + udp + ping if carriers(r) != want
             or (want and outer and (r["flow"]["encap"][0].get("source"), r["flow"]["encap"][0].get("destination")) != outer)]
    check(not wrong, f"{says}carried by {want or 'nothing'}", f"{wrong and wrong[0]['flow'].get('encap')}")


def one_round(label, arguments, n_sockets, talks):
    wait_quiet()
    sensor = Sensor(label.split()[0], arguments, n_sockets)
    before = wait_quiet()
    for t in talks:
        t.go()
    after = wait_quiet()
    moved = {k: after[k] - before[k] for k in after}
    noise = Noise()
    time.sleep(0.3)
    status = sensor.stop()
    sent = noise.sent
    time.sleep(0.1)
    still = noise.sent > sent
    noise.stop()
    again = sum(sum(t.sent) - TCP_UP - TCP_DOWN for t in talks)
    print(f"# {label}: {sum(moved.values())} packets counted by the interfaces; TCP sent {again} bytes again")
    check(status == 0 and still, f"{label}: SIGINT ends it with a balanced ledger while traffic goes on",
          f"status {status}, traffic goes on: {still}: {sensor.said().strip()}")
    flows, ledgers = sensor.records()
    counts = ledgers[-1]["ledger"]["counts"] if ledgers else {}
    lost = sum(counts.get("lost", {"?": 1}).values())
    check(ledgers and ledgers[-1]["ledger"]["kind"] == "end" and lost == 0 and counts["offered"] == counts["received"]
          and counts["received"] == sum(packets(r) for r in flows),
          f"{label}: the last ledger has every packet of the records, and no loss", json.dumps(counts)[:400])
    for file in (sensor.json, sensor.ipfix):
        r = subprocess.run([ARGS.pavo, "verify", file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
        check(r.returncode == 0, f"{label}: pavo verify passes on {file.rsplit('.', 1)[1]}", r.stdout.strip())

    ours = [r for r in flows if r["destination"].get("port") != noise.port or r["network"].get("transport") != "udp"]
    for t in talks:
        check_talk(label, t, ours)
    for path in PATHS[1:]:
        seen = sum(packets(r) for r in ours if [c[0] for c in carriers(r)] == [path.encap]
                   and (path.ident == "protocol" or carriers(r)[0][1] == path.ident))
        check(seen == moved[path.device] and seen > 0,
              f"{label}: {path.name}: the records have the {moved[path.device]} packets that {path.device} counted", f"{seen}")
    seen = sum(packets(r) for r in ours)
    check(seen == moved[PLAIN.device], f"{label}: all records have the {moved[PLAIN.device]} packets that the interface counted",
          f"{seen}")
    link = json.loads(ip(B, "-d", "-j", "link", "show", PLAIN.device))[0]
    check("PROMISC" not in link["flags"] and link.get("promiscuity", 0) == 0 and packet_sockets() == 1,
          f"{label}: afterwards the interface is as it was", f"{link['flags']}, {packet_sockets()} packet sockets")
    return sensor


# ---- the whole --------------------------------------------------------------------------------------------


def huge_pages():
    """True if DPDK may use huge pages: some are free, or can be reserved (and are given back at the end)."""
    knob = "/proc/sys/vm/nr_hugepages"
    free = "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"
    try:
        if int(open(free).read()) >= 48:
            return True
        before = open(knob).read().strip()
        atexit.register(lambda: open(knob, "w").write(before))
        open(knob, "w").write(str(int(before) + 64))
        return int(open(free).read()) >= 48
    except (OSError, ValueError):
        return False


def live_pcap():
    talks = [Talk(p, v) for p in PATHS for v in p.versions]
    one_round("libpcap", ["-i", PLAIN.device], 1, talks)


def live_dpdk():
    if "dpdk" not in run(ARGS.pavo, "version"):
        print("skipped: DPDK: this pavo was built without it")
        return
    huge = huge_pages()
    talks = [Talk(p, v) for p in PATHS for v in p.versions]
    sensor = one_round("DPDK", ["--set", "capture.backend=dpdk", "-i", f"net_af_packet0,iface={PLAIN.device},qpairs=2",
                                "--workers", "2", "--set", f"capture.dpdk.hugepages={'true' if huge else 'false'}",
                                "--set", "capture.dpdk.file_prefix=pavo-live-" + str(os.getpid())], 2, talks)
    by_queue = [line.split()[-1] for line in sensor.said().splitlines() if "rx_q" in line and "_packets" in line]
    check(len(by_queue) == 2 and all(int(n) > 0 for n in by_queue), "DPDK: both queues had packets", f"{by_queue}")
    left = [d for base in ("/var/run/dpdk", "/run/user/0/dpdk") if os.path.isdir(base)
            for d in os.listdir(base) if d == f"pavo-live-{os.getpid()}"]
    check(not left, "DPDK: nothing is left behind in its run directory", f"{left}")


def main():
    begin(DEADLINE_S)
    if not ARGS.keep:
        atexit.register(shutil.rmtree, TMP, ignore_errors=True)
    network_make()
    if ARGS.backend in ("pcap", "both"):
        live_pcap()
    if ARGS.backend in ("dpdk", "both"):
        live_dpdk()
    end()


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--pavo", default=os.environ.get("PAVO", "pavo"))
parser.add_argument("--carrier", default=os.environ.get("PAVO_CARRIER", "pavo-carrier"))
parser.add_argument("--backend", choices=("pcap", "dpdk", "both"), default="both")
parser.add_argument("--keep", action="store_true", help="leave the records and logs behind, and say where")
ARGS = parser.parse_args()
if ARGS.keep:
    print(f"files: {TMP}")
if __name__ == "__main__":
    main()
