#!/usr/bin/env python3
"""idle.py - what a sensor costs while nothing comes, and that it is awake when something does

    idle.py [--pavo PATH] [--seconds N]

A silent veth pair in a namespace of its own. pavo listens with the endpoint's configuration (config/endpoint.json), then with DPDK
over net_af_packet (whose socket wakes it), over net_pcap (nothing wakes it) and over net_tap (an interrupt wakes it). Resident
memory has a limit here; processor time is reported and not judged. Then packets come, and all must be counted.
DPDK's telemetry socket is asked, too. Needs root. Prints a line per check; ends with 'N passed, N failed'.
"""
import argparse
import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from netns import A, PROCESSES, InNamespace, begin, check, end, ip, run

TMP = tempfile.mkdtemp(prefix="pavo-idle-")
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MEMORY_KB = 30 * 1024
FRAME = bytes.fromhex("020000000001020000000002" "0800" "4500002e00004000401100000a0000010a000002" "0400000c001a0000") + bytes(18)
PACKETS = 20


def cpu_ns(pid):
    """Processor time of all threads."""
    return sum(int(open(f"/proc/{pid}/task/{t}/schedstat").read().split()[0]) for t in os.listdir(f"/proc/{pid}/task"))


class Sensor:
    def __init__(self, name, arguments):
        self.name, self.prefix = name, f"pavo-idle-{os.getpid()}-{len(PROCESSES)}"
        self.err, self.out = f"{TMP}/{self.prefix}.err", f"{TMP}/{self.prefix}.jsonl"
        self.dpdk = ["--set", "capture.backend=dpdk", "--set", "capture.dpdk.hugepages=false", "--set",
                     f"capture.dpdk.file_prefix={self.prefix}", "--workers", "1"] if "endpoint" not in name else []
        # meson sets MALLOC_PERTURB_, which touches all memory.
        env = {k: v for k, v in os.environ.items() if k != "MALLOC_PERTURB_"}
        self.process = subprocess.Popen(["ip", "netns", "exec", A, ARGS.pavo, "run", "-v", *arguments, *self.dpdk, "--set",
                                         f"control.stats_socket={TMP}/{self.prefix}.sock", "-w", f"json:{self.out}"],
                                        stdout=subprocess.DEVNULL, stderr=open(self.err, "w"), env=env)
        PROCESSES.append(self.process)
        for _ in range(200):
            if "listening" in self.said() or self.process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            raise RuntimeError(f"{name} does not start")
        if self.process.poll() is not None:
            raise RuntimeError(f"{name} does not start: {self.said()}")

    def said(self):
        return open(self.err).read()

    def stats(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(5)
        s.connect(f"{TMP}/{self.prefix}.sock")
        text = b""
        while True:
            got = s.recv(65536)
            if not got:
                return json.loads(text)
            text += got

    def received(self):
        return self.stats()["counts"]["received"]

    def telemetry(self, *commands):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(5)
        s.connect(f"/var/run/dpdk/{self.prefix}/dpdk_telemetry.v2")
        s.recv(16384)
        answers = []
        for c in commands:
            s.send(c.encode())
            answers.append(json.loads(s.recv(65536))[c.split(",")[0]])
        return answers

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(20)


def send(device, n):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((device, 0))
    for _ in range(n):
        s.send(FRAME)
        time.sleep(0.01)
    s.close()


def wait_received(sensor, n):
    for _ in range(100):
        if sensor.received() >= n:
            break
        time.sleep(0.05)
    return sensor.received()


def one(name, arguments, sender, rests):
    sensor = Sensor(name, arguments)
    time.sleep(2)
    before, pid = cpu_ns(sensor.process.pid), sensor.process.pid
    time.sleep(ARGS.seconds)
    share = (cpu_ns(pid) - before) / 1e7 / ARGS.seconds
    memory = int([l for l in open(f"/proc/{pid}/status") if l.startswith("VmRSS")][0].split()[1])
    print(f"report: {name}, silent for {ARGS.seconds} s: {share:.2f} % of a core, {memory / 1024:.1f} MiB resident")
    if "endpoint" in name and "libasan" not in open(f"/proc/{pid}/maps").read():
        check(memory <= MEMORY_KB, f"{name}: at most {MEMORY_KB // 1024} MiB are resident", f"{memory} kB")
    had = sensor.received()
    InNamespace(A, send, sender, PACKETS).result()
    got = wait_received(sensor, had + PACKETS)
    check(had == 0 and got == PACKETS, f"{name}: the packets that end the silence are all received", f"{had}, then {got}")
    if sensor.dpdk:
        stats, queue, nothing, plan = sensor.telemetry("/pavo/stats", "/pavo/queues,0", "/pavo/queues,9", "/pavo/plan")
        check(stats["received"] == PACKETS and stats["balanced"] == 1, f"{name}: telemetry has the ledger's counts", f"{stats}")
        check(queue["received"] == PACKETS and queue["queue"] == 0 and queue["link"] == "up" and nothing is None,
              f"{name}: telemetry has the queue, and no other", f"{queue}, {nothing}")
        check(plan["0"]["polls"].endswith(":0"), f"{name}: telemetry has the plan", f"{plan}")
    status = sensor.stop()
    said = sensor.said()
    check(status == 0 and "lost       0" in said, f"{name}: it ends in balance, nothing is lost", f"status {status}: {said[-400:]}")
    if rests:
        sleeps = [l for l in said.splitlines() if "ended by the device" in l]
        woken = int(sleeps[0].split()[-5]) if sleeps else 0
        check((woken > 0) == (rests == "device"), f"{name}: {'the device' if rests == 'device' else 'a timer'} wakes its worker",
              f"{sleeps}")
        check(not os.path.exists(f"/var/run/dpdk/{sensor.prefix}"), f"{name}: nothing is left in DPDK's run directory")


def link_goes(sensor_name, arguments):
    """The link goes down and comes back: it is said once, counted, and packets go on."""
    sensor = Sensor(sensor_name, arguments)
    time.sleep(1.5)
    wait_received(sensor, 0)
    ip(A, "link", "set", "dt0", "down")
    time.sleep(2.5)
    down = sensor.stats()["queues"][0]
    ip(A, "link", "set", "dt0", "up")
    time.sleep(2.5)
    up = sensor.stats()["queues"][0]
    had = sensor.received()
    InNamespace(A, send, "dt0", PACKETS).result()
    got = wait_received(sensor, had + PACKETS)
    status, said = sensor.stop(), sensor.said()
    check((down["link"], down["link_downs"]) == ("down", 1) and (up["link"], up["link_downs"]) == ("up", 1),
          f"{sensor_name}: a link that goes down and up is counted", f"{down}, {up}")
    check(said.count("the link is down") == 1 and said.count("the link is up") == 1, f"{sensor_name}: it is said once", said[-600:])
    check(got >= had + PACKETS and status == 0, f"{sensor_name}: packets go on behind it", f"{had}, {got}, status {status}")


def main():
    begin(120)
    atexit.register(shutil.rmtree, TMP, ignore_errors=True)
    ip(A, "link", "add", "v0", "type", "veth", "peer", "name", "v1")
    for d in ("v0", "v1"):
        run("sysctl", "-qw", f"net.ipv6.conf.{d}.disable_ipv6=1", ns=A)
        ip(A, "link", "set", d, "up")
    run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1", ns=A)
    one("libpcap, config/endpoint.json", ["-c", f"{TOP}/config/endpoint.json", "-i", "v0"], "v1", None)
    if "dpdk" in run(ARGS.pavo, "version"):
        one("DPDK, net_af_packet", ["-i", "net_af_packet0,iface=v0"], "v1", "device")
        one("DPDK, net_pcap", ["-i", "net_pcap0,rx_iface=v0"], "v1", "timer")
        one("DPDK, net_tap", ["-i", "net_tap0,iface=dt0"], "dt0", "device")
        link_goes("DPDK, net_tap with a link that fails", ["-i", "net_tap0,iface=dt0"])
    end()


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--pavo", default=os.environ.get("PAVO", "pavo"))
parser.add_argument("--seconds", type=float, default=5)
ARGS = parser.parse_args()
if __name__ == "__main__":
    main()
