#!/usr/bin/env python3
"""names.py - names in payloads, by tshark and by pavo, over real captures

For each capture, what tshark's dissectors find in its payloads and what pavo says with flow.names, as sets:

  server    tls.handshake.extensions_server_name       tls.client.server_name
  alpn      tls.handshake.extensions_alpn_str          tls.next_protocol
  dns       dns.qry.name                               dns.question.name
  rcode     dns.flags.rcode                            dns.response_code
  host      http.host, else the request's own          url.domain
  ssh       ssh.protocol                               flow.source.ssh, flow.destination.ssh
  quic      quic.version                               flow.quic.version

pavo keeps the first of a flow, tshark tells them all. So two things are asked: what pavo says must be among all that tshark says
("extra" if not), and the first of each of tshark's streams must be among what pavo says ("missing" if not). Equal is what both have.
JA4 is not compared: tshark has it from version 4.2 on; it has tests of its own.

A difference is explained by a line of names_known.tsv: capture (or *), category, value (or *), who is right (ours, tshark, both) and why.
--out FILE has every difference. Exit status: 0; 1 if pavo or tshark failed, or a difference is not explained; 77 without captures.
"""
import argparse
import collections
import concurrent.futures
import csv
import hashlib
import inspect
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
FOLDERS = ['transport', 'mixed', 'encap']
CATEGORIES = ['server', 'alpn', 'dns', 'rcode', 'host', 'ssh', 'quic']
FIELDS = ['tcp.stream', 'udp.stream', 'frame.protocols', 'tls.handshake.type', 'tls.handshake.extensions_server_name', 'tls.handshake.extensions_alpn_str',
          'dns.qry.name', 'dns.flags.response', 'dns.flags.rcode', 'http.host', 'http.request.method', 'http.request.uri', 'ssh.protocol',
          'quic.version', 'tcp.srcport', 'udp.srcport']
FILTER = ('(tls.handshake.extensions_server_name or tls.handshake.extensions_alpn_str or dns.flags or http.request or ssh.protocol or quic.version)'
          ' and not icmp and not icmpv6')


# ---- the same words on both sides ----------------------------------------------------------------------------------


def dns_name(text):
    """Escapes of both into one form: what can't be printed is a question mark."""
    text = re.sub(r'\\(\d{3})', lambda m: chr(int(m.group(1))), text)
    text = re.sub(r'\\x([0-9a-fA-F]{2})', lambda m: chr(int(m.group(1), 16)), text)
    text = text.replace('<Root>', '.')
    return re.sub(r'[^!-~]+|\\[a-z]', '?', text)


def host(text):
    text = text.strip().lower()
    return re.sub(r':\d*$', '', text) if text.startswith('[') or text.count(':') < 2 else text


def authority(uri):
    m = re.match(r'[a-z][a-z0-9+.-]*://([^/?#]*)', uri, re.I)
    return m.group(1).rsplit('@', 1)[-1] if m else ''


# ---- tshark's side -------------------------------------------------------------------------------------------------


def ask_tshark(path, options, timeout):
    """({category: all}, {category: the first of each stream, and of ALPN what was chosen})"""
    command = ['tshark', '-n', '-r', path, '-Y', FILTER, '-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=\x1f']
    for f in FIELDS:
        command += ['-e', f]
    got = subprocess.run(command + options, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)
    if got.returncode not in (0, 2): # 2: the capture is cut in its last packet
        raise OSError(got.stderr.decode(errors='replace').strip().split('\n')[-1])
    every, first = collections.defaultdict(set), collections.defaultdict(dict)

    def put(category, stream, values):
        values = [v for v in values if v]
        every[category].update(values)
        if values:
            first[category].setdefault(stream, values[0])

    for line in got.stdout.decode(errors='replace').split('\n'):
        row = [f.split('\x1f') for f in line.split('\t')]
        if len(row) != len(FIELDS):
            continue
        row = dict(zip(FIELDS, row))
        tcp, udp, chain = row['tcp.stream'][-1], row['udp.stream'][-1], row['frame.protocols'][-1]
        stream = ('tcp', tcp) if tcp else ('udp', udp)
        side = row['tcp.srcport'][-1]
        if ':nbns' in chain:
            continue
        put('server', stream, row['tls.handshake.extensions_server_name'])
        put('alpn', stream, row['tls.handshake.extensions_alpn_str'])
        if '2' in row['tls.handshake.type']: # what the server chose goes before what was offered
            first['alpn'].update({stream: v for v in row['tls.handshake.extensions_alpn_str'][-1:] if v})
        put('dns', stream, [dns_name(n) for n in row['dns.qry.name']])
        if row['dns.flags.response'][0] in ('1', 'True'):
            put('rcode', stream, [str(int(v, 0)) for v in row['dns.flags.rcode'] if v])
        if row['http.request.method'][0] and ':ssdp' not in chain and tcp:
            uri = row['http.request.uri'][0]
            own = uri if row['http.request.method'][0] == 'CONNECT' else authority(uri)
            put('host', stream, [host(own or row['http.host'][0])])
            every['host'].update(host(h) for h in row['http.host'])
        put('ssh', (stream, side), row['ssh.protocol'][:1])
        put('quic', stream, ['%#010x' % int(v, 0) for v in row['quic.version'] if v])
    return dict(every), {c: set(by_stream.values()) for c, by_stream in first.items()}


def cached(args, path, options):
    if not args.cache:
        return ask_tshark(path, options, args.timeout)
    asked = inspect.getsource(ask_tshark) + FILTER + ' '.join(FIELDS + [path] + options)
    mark = hashlib.sha256(asked.encode()).hexdigest()[:24]
    name = os.path.join(args.cache, mark + '.pickle')
    if not os.path.exists(name):
        value = ask_tshark(path, options, args.timeout)
        with open(name + '.part', 'wb') as fh:
            pickle.dump(value, fh)
        os.replace(name + '.part', name)
    with open(name, 'rb') as fh:
        return pickle.load(fh)


# ---- ours ----------------------------------------------------------------------------------------------------------


def at(record, path):
    """The value at a.b.c, whether the keys are nested or have dots."""
    if path in record:
        return record[path]
    for k in range(1, len(path.split('.'))):
        parts = path.split('.')
        head, rest = '.'.join(parts[:k]), '.'.join(parts[k:])
        if isinstance(record.get(head), dict):
            found = at(record[head], rest)
            if found is not None:
                return found
    return None


RCODES = {'NOERROR': 0, 'FORMERR': 1, 'SERVFAIL': 2, 'NXDOMAIN': 3, 'NOTIMP': 4, 'REFUSED': 5, 'YXDOMAIN': 6, 'YXRRSET': 7, 'NXRRSET': 8,
          'NOTAUTH': 9, 'NOTZONE': 10, 'DSOTYPENI': 11}


def number(v):
    return RCODES[v] if v in RCODES else int(re.sub(r'^\D+', '', str(v)) or 0) if not str(v).startswith('0x') else int(v, 16)


def ask_pavo(args, path, options, folder):
    out = os.path.join(folder, 'names-%d.jsonl' % os.getpid())
    command = [args.binary, 'run', '-q', '-r', path, '-w', 'json:' + out, '--set', 'flow.names=true'] + options
    got = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=args.timeout)
    if got.returncode != 0:
        raise OSError(got.stderr.decode(errors='replace').strip()[-200:] or 'exit %d' % got.returncode)
    ours, apps = collections.defaultdict(set), collections.Counter()
    with open(out, errors='replace') as fh:
        for line in fh:
            r = json.loads(line)
            app = at(r, 'network.application')
            if app:
                apps[app] += 1

            def put(category, path, change=str):
                v = at(r, path)
                if v not in (None, ''):
                    ours[category].add(change(v))

            put('server', 'tls.client.server_name')
            put('alpn', 'tls.next_protocol')
            put('dns', 'dns.question.name', dns_name)
            put('rcode', 'dns.response_code', lambda v: str(number(v)))
            put('host', 'url.domain')
            put('ssh', 'flow.source.ssh')
            put('ssh', 'flow.destination.ssh')
            put('quic', 'flow.quic.version', lambda v: '%#010x' % number(v))
    os.unlink(out)
    return dict(ours), apps


# ---- both ----------------------------------------------------------------------------------------------------------


def check(args, row, folder):
    """(problem or None, [(category, 'equal' 'extra' or 'missing', value)], labels)"""
    told = re.search(r'-d udp\.port==(\d+),(\w+)', row.get('tshark_opts') or '')
    options = ['--set', 'decap.udp.%s=[%s]' % (told.group(2), told.group(1))] if told else []
    tshark_options = row['tshark_opts'].split() if row.get('tshark_opts', '-') not in ('', '-') else []
    path = os.path.join(args.shared, 'captures', row['file'])
    try:
        every, first = cached(args, path, tshark_options)
        ours, apps = ask_pavo(args, path, options, folder)
    except (OSError, subprocess.TimeoutExpired, ValueError) as e:
        return str(e), [], {}
    got = []
    for c in CATEGORIES:
        u = ours.get(c, set())
        got += [(c, 'equal' if v in every.get(c, ()) else 'extra', v) for v in sorted(u)]
        got += [(c, 'missing', v) for v in sorted(first.get(c, set()) - u)]
    return None, got, apps


def read_known():
    known = {}
    with open(os.path.join(HERE, 'names_known.tsv')) as fh:
        for line in fh:
            if line.startswith('#') or not line.strip():
                continue
            file, category, value, reason = line.rstrip('\n').split('\t')
            if reason.split(':')[0] not in ('ours', 'tshark', 'both') or category not in CATEGORIES:
                sys.exit('names_known.tsv: %s %s: who is right?' % (file, category))
            known[(file, category, value)] = reason
    return known


def explain(known, file, category, value):
    for key in ((file, category, value), (file, category, '*'), ('*', category, value)):
        if key in known:
            return key
    return None


def report(args, results, known):
    counts = {c: collections.Counter() for c in CATEGORIES}
    labels = collections.Counter()
    used, unexplained, failed = set(), [], 0
    with open(args.out, 'w') as fh:
        fh.write('capture\tcategory\tdifference\tvalue\tknown\n')
        for file, (problem, got, apps) in results:
            labels.update(apps)
            if problem:
                failed += 1
                print('FAILED %s: %s' % (file, problem))
            for category, what, value in got:
                n = counts[category]
                n[what] += 1
                if what == 'equal':
                    continue
                key = explain(known, file, category, value)
                n['known'] += key is not None
                used.add(key)
                if key is None:
                    unexplained.append((file, category, what, value))
                fh.write('\t'.join([file, category, what, value, known.get(key, '')]) + '\n')
    print('%-10s %8s %8s %8s %8s' % ('', 'equal', 'missing', 'extra', 'known'))
    for c in CATEGORIES:
        n = counts[c]
        print('%-10s %8d %8d %8d %8d' % (c, n['equal'], n['missing'], n['extra'], n['known']))
    print('labels: ' + ', '.join('%s %d' % (w, n) for w, n in labels.most_common()))
    for key in sorted(set(known) - used):
        print('known, and no longer so: %s' % '\t'.join(key))
    for row in unexplained[:args.show]:
        print('\t'.join(row))
    print('%d captures, %d failed, %d differences without an explanation' % (len(results), failed, len(unexplained)))
    return 1 if failed or unexplained else 0


def self_test():
    assert dns_name('a\\046b.c') == 'a.b.c' and dns_name('<Root>') == '.' and dns_name('a b') == 'a?b'
    assert host('A.b:80') == 'a.b' and host('[::1]:80') == '[::1]' and host('a') == 'a'
    assert authority('http://u@a.b:8/x') == 'a.b:8' and authority('/x') == ''
    assert at({'a': {'b.c': 1}}, 'a.b.c') == 1 and at({'a.b': {'c': 2}}, 'a.b.c') == 2 and at({}, 'a.b') is None
    assert number('NXDOMAIN') == 3 and number(5) == 5 and number('0x00000001') == 1 and number('RCODE12') == 12
    print('self-test passed')
    return 0


def main():
    ap = argparse.ArgumentParser(description='names in payloads against tshark')
    ap.add_argument('--binary', default=os.path.join(TOP, 'build', 'app', 'pavo'))
    ap.add_argument('--shared', default=os.environ.get('PAVO_SHARED', os.path.join(TOP, '..', 'shared')))
    ap.add_argument('--jobs', type=int, default=2)
    ap.add_argument('--timeout', type=int, default=60, help='seconds for one capture')
    ap.add_argument('--only', default='', help='captures whose name contains this')
    ap.add_argument('--out', default='names.tsv', help='where each difference is written')
    ap.add_argument('--cache', default='', help='a folder that keeps what tshark said')
    ap.add_argument('--show', type=int, default=40, help='differences without an explanation to print')
    ap.add_argument('--self-test', action='store_true', help='test the comparison itself')
    args = ap.parse_args()
    if args.self_test:
        return self_test()
    manifest = os.path.join(args.shared, 'captures', 'MANIFEST.tsv')
    if not os.path.exists(manifest):
        print('skipped: no corpus at %s (set PAVO_SHARED)' % args.shared)
        return 77
    if args.cache:
        os.makedirs(args.cache, exist_ok=True)
    with open(manifest) as fh:
        rows = [r for r in csv.DictReader(fh, delimiter='\t')
                if r['file'].split('/')[0] in FOLDERS and re.search(r':(tcp|udp)\b', r['shows']) and args.only in r['file']]
    # The largest first: at the end both cores are busy.
    rows.sort(key=lambda r: -int(r['bytes']))
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        done = pool.map(check, [args] * len(rows), rows, [folder] * len(rows))
        return report(args, sorted(zip([r['file'] for r in rows], done)), read_known())


if __name__ == '__main__':
    sys.exit(main())
