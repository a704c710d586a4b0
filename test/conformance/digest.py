#!/usr/bin/env python3
"""digest.py - the same packets give the same records, whoever reads them and however

For each capture, `pavo read --digest` of the stream must be equal for:
  capture files with 1, 2 and 4 workers, bursts of 1 and of 64; and, where pavo was built with DPDK and net_pcap can
  replay the capture, DPDK with one queue and one worker, and with two workers behind it.
A frame above 65535 bytes is more than net_pcap can deliver: pavo counts it as unreadable, and then the records may differ.

  --generated   captures of pavo-gen: everything at random, by several seeds
  --corpus      the captures of SHARED/captures/mixed and encap
Last line: N passed, N failed; one per capture. Status 77 when there is nothing to compare.
"""
import argparse
import concurrent.futures
import csv
import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
LINKS = set('EN10MB NULL RAW RAW(12) IPV4 IPV6 LINUX_SLL LINUX_SLL2 LOOP'.split())
DPDK = ['--set', 'capture.backend=dpdk', '--set', 'capture.dpdk.hugepages=false', '--set', 'capture.dpdk.memory=128MiB']

# Every optional metric is on, and there is room for all that a capture can want: a pool that is empty depends on who owns which flow.
EVERY = ['flow.names=true', 'flow.payload=1500', 'flow.entropy=true', 'flow.first_packets=true', 'flow.limit=262144', 'flow.meter_limit=100000',
         'flow.name_limit=20000']

UNREADABLE = 'a frame that net_pcap cannot deliver'

WAYS = [
    ('1 worker', False, ['--workers', '1']),
    ('2 workers', False, ['--workers', '2']),
    ('4 workers', False, ['--workers', '4']),
    ('4 workers, bursts of 1', False, ['--workers', '4', '--set', 'capture.burst=1']),
    ('bursts of 1', False, ['--workers', '1', '--set', 'capture.burst=1']),
    ('bursts of 64', False, ['--workers', '1', '--set', 'capture.burst=64']),
    ('dpdk, 1 worker', True, ['--workers', '1']),
    ('dpdk, 2 workers', True, ['--workers', '2']),
    ('dpdk, 2 workers, bursts of 1', True, ['--workers', '2', '--set', 'capture.burst=1']),
]


def digest(args, folder, path, way):
    """(digest or None, what went wrong, whether the capture was read to its end)"""
    name, dpdk, options = way
    out = os.path.join(folder, 'out-%s.ipfix' % name.replace(' ', '_').replace(',', ''))
    command = [args.pavo, 'run', '--set', 'workers.cores=none'] + options
    for setting in EVERY:
        command += ['--set', setting]
    command += DPDK + ['-i', 'net_pcap0,rx_pcap=' + path] if dpdk else ['-r', path]
    try:
        p = subprocess.run(command + ['-w', 'ipfix:' + out], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=args.timeout)
        whole = p.returncode == 0
        if dpdk and b' unreadable: ' in p.stdout:
            return UNREADABLE, '', whole
        if p.returncode not in (0, 2) or (dpdk and not whole):
            return None, '%s: status %d: %s' % (name, p.returncode, p.stdout.decode(errors='replace').strip()[-400:]), False
        p = subprocess.run([args.pavo, 'read', '--digest', out], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=args.timeout)
        if p.returncode != 0 or not p.stdout.strip():
            return None, '%s: read: status %d: %s' % (name, p.returncode, p.stdout.decode(errors='replace').strip()[-400:]), False
        return p.stdout.decode().strip(), '', whole
    except subprocess.TimeoutExpired:
        return None, '%s: no end after %d s' % (name, args.timeout), False
    finally:
        if os.path.exists(out):
            os.remove(out)


def compare(args, job):
    """Sentences about one capture; none: all ways agree."""
    title, path, replayable = job
    problems = []
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        # net_pcap splits its arguments at commas.
        link = os.path.join(folder, 'capture.pcap')
        os.symlink(os.path.abspath(path), link)
        want, why, whole = digest(args, folder, link, WAYS[0])
        if want is None:
            return title, [why]
        for way in WAYS[1:]:
            if way[1] and not (args.dpdk and replayable and whole):
                continue
            got, why, _ = digest(args, folder, link, way)
            if got is None:
                problems.append(why)
            elif got == UNREADABLE:
                print('report: %s: %s: %s' % (title, way[0], got))
            elif got != want:
                problems.append('%s: %s instead of %s' % (way[0], got, want))
    return title, problems


def interfaces_differ(path):
    """A pcapng file whose interfaces differ in link type or snapshot length: libpcap, and so net_pcap, refuses it."""
    found = set()
    with open(path, 'rb') as fh:
        data = fh.read()
    if data[:4] != b'\x0a\x0d\x0d\x0a':
        return False
    at, order = 0, '<'
    while at + 12 <= len(data):
        if data[at:at + 4] == b'\x0a\x0d\x0d\x0a':
            order = '<' if data[at + 8:at + 12] == b'\x4d\x3c\x2b\x1a' else '>'
        kind, length = struct.unpack_from(order + 'II', data, at)
        if kind == 1:
            link, _, snaplen = struct.unpack_from(order + 'HHI', data, at + 8)
            found.add((link, snaplen))
        if length < 12:
            break
        at += (length + 3) & ~3
    return len(found) > 1


def generated(args):
    jobs = []
    for seed in range(1, 5):
        path = os.path.join(args.folder, 'mix%d.pcap' % seed)
        subprocess.run([os.path.join(args.build, 'test', 'gen', 'pavo-gen'), 'mix', '--packets', '20000', '--seed', str(seed), path],
                       check=True)
        jobs.append(('mix, seed %d' % seed, path, True))
    jobs.append(('demo', os.path.join(TOP, 'test', 'data', 'demo.pcap'), True))
    return jobs


def corpus(args):
    manifest = os.path.join(args.shared, 'captures', 'MANIFEST.tsv')
    jobs = []
    if not os.path.exists(manifest):
        return jobs
    with open(manifest) as fh:
        for row in csv.DictReader(fh, delimiter='\t'):
            links = set(n.split(':')[-1] for n in row['linktype'].split('+'))
            if row['file'].split('/')[0] in ('mixed', 'encap') and links <= LINKS and args.only in row['file']:
                path = os.path.join(args.shared, 'captures', row['file'])
                jobs.append((row['file'], path, not interfaces_differ(path)))
    # DPDK starts slowly: on most of the small ones the worker counts alone must do, unless --all.
    if not args.all:
        jobs = [(t, p, r and (t.startswith('mixed/') or i % 12 == 0)) for i, (t, p, r) in enumerate(jobs)]
    return jobs


def main():
    ap = argparse.ArgumentParser(description='one digest for every way of reading a capture')
    ap.add_argument('--build', default=os.path.join(TOP, 'build'))
    ap.add_argument('--shared', default=os.environ.get('PAVO_SHARED', os.path.join(TOP, '..', 'shared')))
    ap.add_argument('--generated', action='store_true')
    ap.add_argument('--corpus', action='store_true')
    ap.add_argument('--all', action='store_true', help='DPDK on every capture of the corpus')
    ap.add_argument('--only', default='', help='captures of the corpus whose name contains this')
    ap.add_argument('--jobs', type=int, default=2)
    ap.add_argument('--timeout', type=int, default=60)
    args = ap.parse_args()
    args.pavo = os.path.join(args.build, 'app', 'pavo')
    version = subprocess.run([args.pavo, 'version'], stdout=subprocess.PIPE, text=True).stdout
    args.dpdk = 'dpdk' in version.lower() and 'without dpdk' not in version.lower()
    if not args.dpdk:
        print('skipped: the ways through DPDK: built without it')
    passed = failed = 0
    with tempfile.TemporaryDirectory() as args.folder:
        jobs = (generated(args) if args.generated else []) + (corpus(args) if args.corpus else [])
        if not jobs:
            print('skipped: no captures at %s (set PAVO_SHARED)' % args.shared)
            return 77
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            for title, problems in pool.map(lambda j: compare(args, j), jobs):
                if problems:
                    failed += 1
                    print('FAILED %s' % title)
                    for p in problems:
                        print('    ' + p)
                else:
                    passed += 1
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
