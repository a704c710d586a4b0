#!/usr/bin/env python3
"""descent.py - how many packets of each capture pavo, tshark and argus follow down to an inner transport

A packet is followed down when it is counted in a flow of ICMP, TCP, UDP, DCCP, ICMPv6, SCTP or UDP-Lite between the
innermost endpoints. Which those are, the truth tables of the oracle say (SHARED/oracle/expected/CAPTURE.truth.tsv, made
of tshark's dissection); there tshark is all of the rows of class ip. A flow of pavo or argus counts as far as
the table has packets of its addresses, protocol and ports: a flow of the outer UDP header of a tunnel does not. What pavo
carries through a tunnel to endpoints that the table lacks is deeper than tshark went, and counts too.

argus is run (argus and ra, Debian's argus-server and argus-client) or, without them, read from expected/CAPTURE.argus.tsv.

Prints a line for each capture in which the three differ and the totals at the end. Captures in which pavo is behind one of the
others stand in behind.tsv with who is right (ours, tshark, both) and why; --all prints the captures that do not differ too.

Exit status: 0; 1 when pavo is behind in another capture, or could not be run; 77 when there is no corpus.
"""
import argparse
import collections
import concurrent.futures
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
TRANSPORTS = {1, 6, 17, 33, 58, 132, 136}
ICMP = {1, 58}
# Twice -n: numbers of ports and protocols. A third one would look up names.
RA = ['-c', '\t', '-n', '-n', '-s', 'saddr', 'daddr', 'proto', 'sport', 'dport', 'spkts', 'dpkts', 'sbytes', 'dbytes']


def number(text):
    """A port or a count: ra writes ports of some protocols in hex."""
    try:
        return int(text, 0) if text else 0
    except ValueError:
        return 0


class Keys:
    """Packets by innermost endpoints, both directions together."""

    def __init__(self, crosscheck):
        self.crosscheck = crosscheck
        self.packets = collections.Counter()
        self.tunnelled = collections.Counter()

    def add(self, src, sport, dst, dport, proto, packets, tunnelled=False):
        key = self.crosscheck.canon(src, sport, dst, dport, proto)[0]
        self.packets[key] += packets
        if tunnelled:
            self.tunnelled[key] += packets


def truth(oracle, crosscheck, path):
    """What tshark follows down; and all keys that the table knows, of whatever class."""
    keys, known = Keys(crosscheck), set()
    for row in oracle.read_truth(path)[0]:
        if row['class'] == 'nonip' or not row['proto'].isdigit():
            continue
        proto = int(row['proto'])
        known.add(crosscheck.canon(row['addr_a'], row['port_a'], row['addr_b'], row['port_b'], proto)[0])
        if row['class'] == 'ip' and proto in TRANSPORTS:
            keys.add(row['addr_a'], row['port_a'], row['addr_b'], row['port_b'], proto, row['pkts_ab'] + row['pkts_ba'])
    return keys.packets, known


def ports(row):
    """What the oracle was told of tunnels on other ports, as options of pavo."""
    told = re.search(r'-d udp\.port==(\d+),(\w+)', row.get('tshark_opts') or '')
    return ['--set', 'decap.udp.%s=[%s]' % (told.group(2), told.group(1))] if told else []


def pavo(args, crosscheck, file, options, out):
    """Flows of transports in pavo's NDJSON; None when it could not be run (a link type that it refuses: nothing)."""
    p = subprocess.run([args.binary, 'run', '-q', '-r', file, '-w', 'json:' + out] + options,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=args.timeout)
    keys = Keys(crosscheck)
    if p.returncode == 1 and b'link type' in p.stderr:
        return keys
    if p.returncode not in (0, 2):
        return None
    if not os.path.exists(out):
        return keys
    with open(out) as fh:
        for line in fh:
            record = json.loads(line)
            if record['event']['dataset'] != 'flow' or 'iana_number' not in record['network']:
                continue
            proto = int(record['network']['iana_number'])
            src, dst, flow = record['source'], record['destination'], record['flow']
            if proto not in TRANSPORTS or flow['fragment'] or (proto not in ICMP and 'port' not in src):
                continue
            keys.add(src['ip'], src.get('port', 0), dst['ip'], dst.get('port', 0), proto, src['packets'] + dst['packets'],
                     'tunnel' in flow)
    os.remove(out)
    return keys


def argus_run(args, file, out):
    """What ra says of what argus makes of the file. Should one of them hang, what was said until then counts."""
    text = b''
    for command in (['argus', '-r', file, '-w', out], ['ra', '-r', out] + RA):
        try:
            text = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  timeout=args.timeout).stdout
        except subprocess.TimeoutExpired as e:
            print('%s: no end of %s after %d s' % (file, command[0], args.timeout), file=sys.stderr)
            text = e.stdout or b''
        if not os.path.exists(out):
            return ''
    os.remove(out)
    return text.decode(errors='replace')


def argus(args, oracle, crosscheck, file, table, out):
    """Flows of argus: of the programs where they are installed."""
    if args.argus == 'run':
        text = argus_run(args, file, out)
    else:
        text = open(table, errors='replace').read() if os.path.exists(table) else ''
    keys = Keys(crosscheck)
    for line in text.splitlines():
        column = [c.strip() for c in line.split('\t')]
        if len(column) < 9 or not column[7].isdigit():
            continue
        proto = int(column[2]) if column[2].isdigit() else oracle.PROTO_NAMES.get(column[2].lower(), -1)
        if proto in TRANSPORTS and crosscheck.packed(column[0])[0] != 0:
            keys.add(column[0], number(column[3]), column[1], number(column[4]), proto, int(column[5]) + int(column[6]))
    return keys


def descended(keys, inner, known):
    """Packets that reach the innermost endpoints, and those that go deeper than the table."""
    same = sum(min(n, inner[k]) for k, n in keys.packets.items() if k in inner)
    return same + sum(n for k, n in keys.tunnelled.items() if k not in known)


def measure(args, oracle, crosscheck, row, folder):
    """(tshark, argus, pavo) of a capture; pavo None when it failed."""
    name = row['file']
    file = os.path.join(args.shared, 'captures', name)
    expected = os.path.join(args.shared, 'oracle', 'expected', name)
    inner, known = truth(oracle, crosscheck, expected + '.truth.tsv')
    out = os.path.join(folder, name.replace('/', '_'))
    ours = pavo(args, crosscheck, file, ports(row), out + '.jsonl')
    theirs = argus(args, oracle, crosscheck, file, expected + '.argus.tsv', out + '.argus')
    return (sum(inner.values()), descended(theirs, inner, known), None if ours is None else descended(ours, inner, known))


def read_behind():
    with open(os.path.join(HERE, 'behind.tsv')) as fh:
        return dict(line.rstrip('\n').split('\t') for line in fh if line.strip() and not line.startswith('#'))


def main():
    ap = argparse.ArgumentParser(description='packets followed down to an inner transport: pavo, tshark, argus')
    ap.add_argument('--binary', default=os.path.join(TOP, 'build', 'app', 'pavo'))
    ap.add_argument('--shared', default=os.environ.get('PAVO_SHARED', os.path.join(TOP, '..', 'shared')))
    ap.add_argument('--jobs', type=int, default=20, help='captures at once: argus sleeps for a second in each')
    ap.add_argument('--timeout', type=int, default=60, help='seconds for one program and one capture')
    ap.add_argument('--only', default='', help='captures whose name contains this')
    ap.add_argument('--argus', choices=['run', 'table'], default='run' if shutil.which('argus') and shutil.which('ra') else 'table',
                    help='run argus, or read the tables of the oracle')
    ap.add_argument('--all', action='store_true', help='print every capture')
    args = ap.parse_args()
    manifest = os.path.join(args.shared, 'captures', 'MANIFEST.tsv')
    if not os.path.exists(manifest):
        print('skipped: no corpus at %s (set PAVO_SHARED)' % args.shared)
        return 77
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.join(args.shared, 'oracle'))
    import oracle
    import crosscheck
    with open(manifest) as fh:
        rows = [row for row in csv.DictReader(fh, delimiter='\t') if args.only in row['file']]
    rows = [r for r in rows if os.path.exists(os.path.join(args.shared, 'oracle', 'expected', r['file'] + '.truth.tsv'))]
    behind = read_behind()
    total = collections.Counter()
    failed = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        print('%9s %9s %9s  capture' % ('tshark', 'argus', 'pavo'))
        for row, (t, a, p) in zip(rows, pool.map(lambda r: measure(args, oracle, crosscheck, r, folder), rows)):
            name = row['file']
            is_behind = p is None or p < t or p < a
            note = ''
            if is_behind and name in behind:
                note = '  (%s)' % behind[name]
            elif is_behind:
                note = '  BEHIND' if p is not None else '  FAILED'
                failed += 1
            if args.all or is_behind or not t == a == p:
                print('%9d %9d %9s  %s%s' % (t, a, '-' if p is None else p, name, note))
            if name in behind and not is_behind:
                print('behind.tsv: no longer needed: ' + name)
            total.update(tshark=t, argus=a, pavo=p or 0)
    print('%9d %9d %9d  all %d captures; pavo is behind in %d without a reason in behind.tsv' % (
        total['tshark'], total['argus'], total['pavo'], len(rows), failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
