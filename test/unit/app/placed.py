#!/usr/bin/env python3
"""placed.py PAVO CAPTURE - the threads of a run are where `pavo plan` says

The run reads a pipe that stays open after the header of a capture, so all its threads are there and wait. They are compared
with the plan of the same options; what is pinned to a core may use all its hardware threads.
"""
import json
import os
import subprocess
import sys
import time

PAVO, CAPTURE = os.path.abspath(sys.argv[1]), sys.argv[2]
SECONDS = 30  # until the threads have settled; on a busy machine they may be late


def allowed(pid):
    """Name of each thread -> the processors that it may use."""
    threads = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as f:
                name = f.read().strip()
            threads["main" if int(task) == pid else name] = os.sched_getaffinity(int(task))
        except OSError:
            pass
    return threads


def core_of(cpu):
    try:
        with open(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", encoding="ascii") as f:
            cpus = set()
            for part in f.read().strip().split(","):
                first, _, last = part.partition("-")
                cpus.update(range(int(first), int(last or first) + 1))
            return cpus
    except OSError:
        return {cpu}


def wrong(plan, threads):
    """The first thread that is not as planned, in words; None: all are."""
    workers = {w["processor"] for w in plan["workers"]}
    for w in plan["workers"]:
        name = f"pavo-w{w['id']}"
        if name not in threads:
            return f"{name} is not there"
        if w["processor"] >= 0 and threads[name] != {w["processor"]}:
            return f"{name} may use {threads[name]}, not {w['processor']}"
        if w["processor"] < 0 and threads[name] != os.sched_getaffinity(0):
            return f"{name} is pinned to {threads[name]}"
    for name, place in (("pavo-export0", plan["export"]), ("main", plan["control"])):
        if name not in threads:
            return f"{name} is not there"
        if place["processor"] >= 0 and not {place["processor"]} <= threads[name] <= core_of(place["processor"]):
            return f"{name} may use {threads[name]}, not {place['processor']}"
        if place["processor"] >= 0 and threads[name] & workers:
            return f"{name} may use the processor of a worker: {threads[name]}"
        if max(workers) < 0 and threads[name] != os.sched_getaffinity(0):
            return f"{name} is pinned to {threads[name]}"
    return None


def check(options):
    plan = json.loads(subprocess.run([PAVO, "plan", "-r", "-", "--json", *options], check=True, stdout=subprocess.PIPE).stdout)
    run = subprocess.Popen([PAVO, "run", "-q", "-r", "-", "-w", "json:/dev/null", *options], stdin=subprocess.PIPE)
    try:
        with open(CAPTURE, "rb") as f:
            run.stdin.write(f.read(24))
        run.stdin.flush()
        end = time.monotonic() + SECONDS
        said = "nothing was seen"
        while said and run.poll() is None and time.monotonic() < end:
            said = wrong(plan, allowed(run.pid))
            if said:
                time.sleep(0.02)
    finally:
        run.stdin.close()
        status = run.wait()
    print("ok  " if not said and status == 0 else "FAIL", " ".join(options), said or "", f"status {status}" if status else "")
    return not said and status == 0


def main():
    first, last = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))
    cases = [[], ["--workers", "2"], ["--workers", "2", "--set", "workers.cores=none"],
             ["--workers", "1", "--set", f"workers.cores={last}"]]
    if first != last:
        cases.append(["--workers", "2", "--set", f"workers.cores={last},{first}"])
    return 0 if all([check(c) for c in cases]) else 1


sys.exit(main())
