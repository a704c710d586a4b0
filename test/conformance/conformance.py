#!/usr/bin/env python3
"""conformance.py - pavo over a corpus of real captures, judged against an oracle's flow tables

For every capture of SHARED/captures/MANIFEST.tsv:
  1. `pavo run -q -r CAPTURE -w json:OUT` must end with 0, with 2 (the file itself is broken) or with 1 and a named
     refusal of the link type; never with 3 (unbalanced), a signal or a time-out;
  2. `pavo verify OUT` must find the stream complete, and the flow records must add up to the frames in the file;
  3. no address in a record of malformed/ may be made up: its bytes must stand in the file;
  4. the flows are compared with SHARED/oracle/expected/CAPTURE.truth.tsv by the oracle's own comparison: packets and
     innermost IP bytes, both ways. A capture of which nothing is written, because of its link type or its file format,
     counts with none of its flows found.

Prints percentages and the classes of mismatch; every mismatch stands in the file of --out. Differences that are
understood stand in known.tsv with who is right (ours, tshark, both) and why; they are shown with it, and still counted as
mismatches.

Exit status: 0; 1 when a run failed, the percentage is below --min, or a mismatch of whatever class (strict, soft, extra)
has no line in known.tsv; 77 when there is no corpus.
"""
import argparse
import collections
import concurrent.futures
import csv
import ipaddress
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))

MAP = {
    'src': 'source.ip', 'dst': 'destination.ip', 'proto': 'network.iana_number',
    'sport': 'source.port', 'dport': 'destination.port',
    'pkts_fwd': 'source.packets', 'pkts_rev': 'destination.packets',
    'bytes_fwd': 'source.bytes', 'bytes_rev': 'destination.bytes',
    'bytes_are': 'ip', 'records': 'sum', 'type_field': 'event.dataset', 'type_value': 'flow',
}


class Options:
    """What the oracle's comparison looks at."""
    icmp_ports = False
    nonip = False
    no_bytes = False


def filtered_records(path, out):
    """Writes the IP flow records; returns what the records add up to, and the last ledger record."""
    packets = 0
    kinds = collections.Counter()
    with open(path) as fh, open(out, 'w') as to:
        for line in fh:
            record = json.loads(line)
            kind = record.get('event', {}).get('dataset')
            kinds[kind] += 1
            if kind != 'flow':
                continue
            packets += record.get('source', {}).get('packets', 0) + record.get('destination', {}).get('packets', 0)
            if 'iana_number' in record.get('network', {}):
                to.write(line)
    return packets, kinds


class Capture:
    def __init__(self, row):
        self.file = row['file']
        self.linktype = row['linktype']
        # What the oracle was told of tunnels on other ports, this side is told too.
        ports = re.search(r'-d udp\.port==(\d+),(\w+)', row.get('tshark_opts') or '')
        self.options = ['--set', 'decap.udp.%s=[%s]' % (ports.group(2), ports.group(1))] if ports else []
        self.packets = int(row['packets']) if row['packets'].isdigit() else None
        # Blocks of a pcapng file that are no packets, but that tshark counts as frames.
        blocks = re.search(r'no link layer known to tshark x(\d+)', row['shows'])
        if blocks and self.packets is not None and self.file.endswith('.pcapng'):
            self.packets -= int(blocks.group(1))
        self.status = None
        self.problems = []      # sentences: each is a failure
        self.refused = ''
        self.result = {}
        self.mismatches = []


def run_pavo(args, capture, out):
    env = dict(os.environ)
    if args.sanitize:
        env['ASAN_OPTIONS'] = 'exitcode=99:' + env.get('ASAN_OPTIONS', '')
        env['UBSAN_OPTIONS'] = 'halt_on_error=1:exitcode=99:print_stacktrace=1:' + env.get('UBSAN_OPTIONS', '')
    command = [args.binary, 'run', '-q', '-r', os.path.join(args.shared, 'captures', capture.file), '-w', 'json:' + out]
    command += capture.options + args.run_option
    try:
        p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=args.timeout, env=env)
    except subprocess.TimeoutExpired:
        capture.problems.append('run: no end after %d s' % args.timeout)
        return None
    capture.status = p.returncode
    return p.stderr.decode(errors='replace').strip()


def invented(capture_path, records):
    """Addresses of records, layers and quotes whose bytes are nowhere in the capture."""
    with open(capture_path, 'rb') as fh:
        data = fh.read()
    found = set()

    def look(value):
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in ('ip', 'src', 'dst') and isinstance(inner, str) and not known(ipaddress.ip_address(inner).packed):
                    found.add(inner)
                elif name == 'mac' and not known(bytes.fromhex(re.sub('[:-]', '', inner)).lstrip(b'\0')):
                    found.add(inner)
                else:
                    look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    def known(packed):
        return packed in data

    with open(records) as fh:
        for line in fh:
            record = json.loads(line)
            if record.get('event', {}).get('dataset') == 'flow':
                look(record)
    return sorted(found)


def judge(args, oracle, capture, records):
    truth = os.path.join(args.shared, 'oracle', 'expected', capture.file + '.truth.tsv')
    if os.path.exists(truth):
        capture.result, capture.mismatches = oracle.compare(truth, records, MAP, Options)


def check(args, oracle, capture, folder):
    base = os.path.join(folder, capture.file.replace('/', '_'))
    out = base + '.jsonl'
    said = run_pavo(args, capture, out)
    if said is None:
        return capture
    if capture.status == 1:
        if 'link type' in said:
            capture.refused = said.splitlines()[-1]
            judge(args, oracle, capture, os.devnull)
        else:
            capture.problems.append('run: status 1 without naming a link type: ' + said[-300:])
        return capture
    if capture.status not in (0, 2):
        capture.problems.append('run: status %d: %s' % (capture.status, said[-1500:]))
        return capture
    if capture.status == 2 and not said:
        capture.problems.append('run: status 2 and not a word why')
    if not os.path.exists(out):
        if capture.status == 0:
            capture.problems.append('run: status 0 and no output file')
        judge(args, oracle, capture, os.devnull)
        return capture
    p = subprocess.run([args.binary, 'verify', out], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=args.timeout)
    if p.returncode != 0:
        capture.problems.append('verify: status %d: %s' % (p.returncode, p.stdout.decode(errors='replace')[-300:].strip()))
    try:
        packets, kinds = filtered_records(out, base + '.ip.jsonl')
    except (ValueError, AttributeError) as e:
        capture.problems.append('json: ' + str(e))
        return capture
    if not kinds['ledger']:
        capture.problems.append('json: no ledger record')
    if capture.status == 0 and capture.packets is not None and packets != capture.packets:
        capture.problems.append('frames: the records hold %d, the file %d' % (packets, capture.packets))
    if capture.file.startswith('malformed/'):
        for address in invented(os.path.join(args.shared, 'captures', capture.file), out):
            capture.problems.append('invented: %s stands in a record, and nowhere in the file' % address)
    judge(args, oracle, capture, base + '.ip.jsonl')
    if not args.keep:
        for name in (out, base + '.ip.jsonl'):
            if os.path.exists(name):
                os.remove(name)
    return capture


def flow_name(key):
    return '%s:%s-%s:%s/%s' % (key[0], key[3], key[1], key[4], key[2])


def read_known():
    known = {}
    with open(os.path.join(HERE, 'known.tsv')) as fh:
        for line in fh:
            if line.strip() and not line.startswith('#'):
                file, flow, reason = line.rstrip('\n').split('\t')
                if reason.split(':')[0] not in ('ours', 'tshark', 'both'):
                    sys.exit('known.tsv: %s %s: who is right?' % (file, flow))
                known[(file, flow)] = reason
    return known


def report(args, captures, known):
    total = collections.Counter()
    folders = collections.defaultdict(collections.Counter)
    classes = collections.Counter()
    used = set()
    unknown = []
    with open(args.out, 'w') as fh:
        fh.write('file\tclass\tstrict\tflow\tchain\ttruth_packets\tour_packets\ttruth_bytes\tour_bytes\tknown\n')
        for c in captures:
            for kind, key, tp, sp, tb, sb, e in c.mismatches:
                strict = bool(e and e['strict'])
                reason = ''
                for k in ((c.file, flow_name(key)), (c.file, '*')):
                    if k in known:
                        reason = known[k]
                        used.add(k)
                        break
                if strict:
                    classes[kind + (' (known)' if reason else '')] += 1
                if not reason:
                    unknown.append((strict, c.file, kind, flow_name(key)))
                fh.write('\t'.join(map(str, (c.file, kind, 'strict' if strict else 'soft', flow_name(key),
                                             '|'.join(sorted(e['chain'])) if e else '-', tp, sp, tb, sb, reason or '-'))) + '\n')
    for c in captures:
        folder = os.path.dirname(c.file) or '.'
        for t in (folder, 'all'):
            n = folders[t]
            n['files'] += 1
            n['status %s' % c.status] += 1
            n['problems'] += len(c.problems)
            for k in ('truth_strict', 'strict_exact_packets', 'strict_exact_packets_bytes', 'truth_strict_packets',
                      'strict_packets_accounted', 'truth_flows', 'exact_packets', 'exact_packets_bytes', 'extra_flows'):
                n[k] += c.result.get(k, 0)
    total = folders['all']

    def pct(a, b):
        return '%7.3f' % (100.0 * a / b) if b else '      -'
    print('%-10s %5s %6s %6s %6s %9s %9s %9s %9s %6s' % (
        'folder', 'files', 'st. 0', 'st. 2', 'ref.', 'flows', 'packets%', '+bytes%', 'accounted', 'extra'))
    for t in sorted(folders, key=lambda t: (t == 'all', t)):
        n = folders[t]
        print('%-10s %5d %6d %6d %6d %9d %9s %9s %9s %6d' % (
            t, n['files'], n['status 0'], n['status 2'], n['status 1'], n['truth_strict'],
            pct(n['strict_exact_packets'], n['truth_strict']), pct(n['strict_exact_packets_bytes'], n['truth_strict']),
            pct(n['strict_packets_accounted'], n['truth_strict_packets']), n['extra_flows']))
    print('with what the oracle could not settle and lone fragments: %d flows, packets %s %%, and bytes %s %%' % (
        total['truth_flows'], pct(total['exact_packets'], total['truth_flows']).strip(),
        pct(total['exact_packets_bytes'], total['truth_flows']).strip()))
    print('strict mismatches: ' + (', '.join('%s %d' % kv for kv in sorted(classes.items())) or 'none') + '; each in ' + args.out)
    for k in sorted(set(known) - used):
        if k[0] in {c.file for c in captures} or not args.only:
            print('known.tsv: no longer needed: %s %s' % k)
    refused = collections.Counter(c.linktype for c in captures if c.refused)
    print('refused link types: ' + (', '.join('%s %d' % kv for kv in sorted(refused.items())) or 'none'))
    problems = [(c.file, p) for c in captures for p in c.problems]
    for file, p in problems[:args.show]:
        print('FAILED %s: %s' % (file, p))
    if len(problems) > args.show:
        print('... and %d more' % (len(problems) - args.show))
    for strict, file, kind, flow in unknown[:args.show]:
        print('NOT IN known.tsv %s: %s%s %s' % (file, kind, ' (strict)' if strict else '', flow))
    strict = sum(u[0] for u in unknown)
    print('without a line in known.tsv: %d strict mismatches, %d soft or extra' % (strict, len(unknown) - strict))
    exact = 100.0 * total['strict_exact_packets_bytes'] / total['truth_strict'] if total['truth_strict'] else 100.0
    print('%d captures, %d problems, %d of %d flows exact in packets and bytes (%.3f %%)' % (
        total['files'], len(problems), total['strict_exact_packets_bytes'], total['truth_strict'], exact))
    return 1 if problems or unknown or exact < args.min else 0


def main():
    ap = argparse.ArgumentParser(description='pavo over the corpus of captures, against the oracle')
    ap.add_argument('--binary', default=os.path.join(TOP, 'build', 'app', 'pavo'))
    ap.add_argument('--shared', default=os.environ.get('PAVO_SHARED', os.path.join(TOP, '..', 'shared')))
    ap.add_argument('--jobs', type=int, default=2)
    ap.add_argument('--timeout', type=int, default=60, help='seconds for one capture')
    ap.add_argument('--min', type=float, default=99.5, help='least percentage of flows exact in packets and bytes')
    ap.add_argument('--out', default='conformance.tsv', help='where each mismatch is written')
    ap.add_argument('--only', default='', help='captures whose name contains this')
    ap.add_argument('--sanitize', action='store_true', help='the binary is built with sanitizers: their findings are failures')
    ap.add_argument('--run-option', action='append', default=[], help='another argument for `pavo run`')
    ap.add_argument('--keep', default='', help='a folder to leave the outputs in')
    ap.add_argument('--show', type=int, default=40, help='failures and mismatches without a reason to print, of each')
    args = ap.parse_args()
    manifest = os.path.join(args.shared, 'captures', 'MANIFEST.tsv')
    if not os.path.exists(manifest):
        print('skipped: no corpus at %s (set PAVO_SHARED)' % args.shared)
        return 77
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.join(args.shared, 'oracle'))
    import oracle
    with open(manifest) as fh:
        captures = [Capture(row) for row in csv.DictReader(fh, delimiter='\t') if args.only in row['file']]
    if args.keep:
        os.makedirs(args.keep, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            captures = list(pool.map(lambda c: check(args, oracle, c, args.keep or folder), captures))
    return report(args, captures, read_known())


if __name__ == '__main__':
    sys.exit(main())
