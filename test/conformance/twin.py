#!/usr/bin/env python3
"""twin.py - pavo's reader of regular files and libpcap give the same records

For each capture of SHARED/captures: `pavo read --digest` of the stream and the counts of its ledger must be equal for
capture.reader=auto and capture.reader=pcap, wherever libpcap reads the capture to its end; and what it refuses by its
link type both must refuse with the same words. Where libpcap breaks off, auto must have at least as many frames.

  --table   one row per capture that libpcap does not read to its end: what each of the two says
Captures come from SHARED (--shared or PAVO_SHARED), from the command line, and from pavo-gen.
Last line: N passed, N failed; one per capture. Status 77 when there is nothing to compare.
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


def run(args, folder, path, reader):
    """(status, digest, counts of the last ledger, what was said)"""
    out = os.path.join(folder, reader)
    p = subprocess.run([args.pavo, 'run', '-q', '--workers', '1', '--set', 'workers.cores=none',
                        '--set', 'capture.reader=' + reader, '-r', path, '-w', 'ipfix:' + out + '.ipfix',
                        '-w', 'json:' + out + '.jsonl'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=args.timeout)
    said = p.stdout.decode(errors='replace').strip()
    if p.returncode not in (0, 2) or not os.path.exists(out + '.ipfix'):
        return p.returncode, None, None, said
    q = subprocess.run([args.pavo, 'read', '--digest', out + '.ipfix'], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=args.timeout)
    counts = None
    with open(out + '.jsonl') as fh:
        for line in fh:
            if '"dataset":"ledger"' in line:
                ledger = json.loads(line)['ledger']
                counts = dict(ledger['counts'], records=ledger['total'])
    if counts is None and q.returncode == 0:
        raise SystemExit('no ledger in the NDJSON of %s' % path)
    return p.returncode, q.stdout.decode(errors='replace').strip(), counts, said


def compare(args, path):
    """(problem or None, row of the table or None)"""
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        pcap = run(args, folder, path, 'pcap')
        auto = run(args, folder, path, 'auto')
    if pcap[0] == 0:
        if auto[0] != 0:
            return 'libpcap reads it, auto says %d: %s' % (auto[0], auto[3]), None
        if auto[1] != pcap[1]:
            return 'digest %s instead of %s' % (auto[1], pcap[1]), None
        if auto[2] != pcap[2]:
            return 'counts %s instead of %s' % (auto[2], pcap[2]), None
        return None, None
    row = '%d %s | %d %s' % (pcap[0], pcap[3].replace(path, '')[-150:], auto[0], auto[3].replace(path, '')[-150:])
    if pcap[0] == 1 and (auto[0], auto[3]) != (pcap[0], pcap[3]):
        return 'libpcap: %s; auto: %d %s' % (pcap[3], auto[0], auto[3]), row
    if auto[0] not in (0, 1, 2):
        return 'status %d: %s' % (auto[0], auto[3]), row
    if pcap[2] and auto[2] and auto[2]['received'] < pcap[2]['received']:
        return 'auto has fewer frames: %s' % row, row
    return None, row


def main():
    ap = argparse.ArgumentParser(description='one digest for both readers of files')
    ap.add_argument('--build', default=os.path.join(TOP, 'build'))
    ap.add_argument('--shared', default=os.environ.get('PAVO_SHARED', os.path.join(TOP, '..', 'shared')))
    ap.add_argument('--only', default='', help='captures whose name contains this')
    ap.add_argument('--table', action='store_true')
    ap.add_argument('--jobs', type=int, default=2)
    ap.add_argument('--timeout', type=int, default=60)
    ap.add_argument('captures', nargs='*')
    args = ap.parse_args()
    args.pavo = os.path.join(args.build, 'app', 'pavo')
    paths = list(args.captures)
    for folder, _, names in sorted(os.walk(os.path.join(args.shared, 'captures'))):
        paths += [os.path.join(folder, n) for n in sorted(names) if re.search(r'cap(ng)?$', n) and args.only in n]
    gen = os.path.join(args.build, 'test', 'gen', 'pavo-gen')
    passed = failed = 0
    with tempfile.TemporaryDirectory() as args.folder:
        if os.path.exists(gen) and not args.only:
            for seed in range(1, 4):
                paths.append(os.path.join(args.folder, 'mix%d.pcap' % seed))
                subprocess.run([gen, 'mix', '--packets', '20000', '--seed', str(seed), paths[-1]], check=True)
        if not paths:
            print('skipped: no captures at %s (set PAVO_SHARED)' % args.shared)
            return 77
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            for path, (problem, row) in zip(paths, pool.map(lambda p: compare(args, p), paths)):
                if problem:
                    failed += 1
                    print('FAILED %s: %s' % (path, problem))
                else:
                    passed += 1
                if row and args.table:
                    print('%s: %s' % (os.path.basename(path), row))
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
