"""netns.py - what the live tests share: commands in network namespaces, threads that live in one, and the checks' lines"""
import atexit
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading

A, B = f"pavo-a-{os.getpid()}", f"pavo-b-{os.getpid()}"
PROCESSES = []  # killed at the end
RESULT = {"passed": 0, "failed": 0}


def check(good, says, detail=""):
    RESULT["passed" if good else "failed"] += 1
    print(f"{'ok' if good else 'not ok'} - {says}{'' if good or not detail else f': {detail}'}", flush=True)
    return good


def run(*command, ns=None, may_fail=False):
    argv = (["ip", "netns", "exec", ns] if ns else []) + list(command)
    r = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
    if r.returncode != 0 and not may_fail:
        raise RuntimeError(f"{' '.join(argv)}: status {r.returncode}: {r.stderr.strip() or r.stdout.strip()}")
    return r.stdout


def ip(ns, *words):
    return run("ip", "-n", ns, *words)


LIBC = ctypes.CDLL(None, use_errno=True)


class InNamespace(threading.Thread):
    """Runs fn(*args) in a thread that lives in a namespace; result() hands out what it returned or raises what it raised."""

    def __init__(self, ns, fn, *args):
        super().__init__(daemon=True)
        self.ns, self.fn, self.args, self.value, self.error = ns, fn, args, None, None
        self.start()

    def run(self):
        try:
            with open(f"/var/run/netns/{self.ns}") as f:
                if LIBC.setns(f.fileno(), 0x40000000) != 0:  # CLONE_NEWNET
                    raise OSError(ctypes.get_errno(), "setns")
            self.value = self.fn(*self.args)
        except BaseException as e:  # pylint: disable=broad-except
            self.error = e

    def result(self, timeout=20):
        self.join(timeout)
        if self.is_alive():
            raise RuntimeError(f"{self.fn.__name__}{self.args} does not end")
        if self.error:
            raise self.error
        return self.value


def cleanup():
    for p in PROCESSES:
        if p.poll() is None:
            p.kill()
            p.wait()
    for ns in (A, B):
        run("ip", "netns", "del", ns, may_fail=True)


def quieten(ns):
    """No packets that nobody asked for: no router solicitations, no address detection, no link-local addresses."""
    for key, value in (("disable_ipv6", 0), ("router_solicitations", 0), ("accept_ra", 0), ("dad_transmits", 0),
                       ("addr_gen_mode", 1), ("mldv2_unsolicited_report_interval", 50)):
        for where in ("all", "default"):
            run("sysctl", "-qw", f"net.ipv6.conf.{where}.{key}={value}", ns=ns, may_fail=True)


def skip(why):
    print(f"skipped: {why}")
    print("0 passed, 0 failed")
    sys.exit(0)


def begin(deadline_s):
    """Makes the two namespaces, or skips; they and all processes are gone at the end, however it comes."""
    if os.geteuid() != 0:
        skip("live traffic needs root")
    if not shutil.which("ip") or not shutil.which("ping"):
        skip("live traffic needs ip and ping")
    if not os.path.exists("/dev/net/tun"):
        skip("there is no /dev/net/tun for tap devices")
    if subprocess.run(["ip", "netns", "add", A], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        skip("network namespaces can't be made here")
    atexit.register(cleanup)
    probe = subprocess.run(["ip", "netns", "exec", A, "true"], stderr=subprocess.PIPE, text=True, check=False)
    if probe.returncode != 0:
        skip(f"nothing can be run in a network namespace here: {probe.stderr.strip()}")
    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(s, lambda number, frame: sys.exit(f"ended by {signal.Signals(number).name}"))
    signal.alarm(deadline_s)
    run("ip", "netns", "add", B)
    for ns in (A, B):
        quieten(ns)


def end():
    print(f"{RESULT['passed']} passed, {RESULT['failed']} failed")
    sys.exit(1 if RESULT["failed"] else 0)
