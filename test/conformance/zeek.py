#!/usr/bin/env python3
"""zeek.py - states, histories and sizes of conversations against the connection logs of Zeek's own tests

For every SHARED/oracle/expected-zeek/FOLDER__CAPTURE.TEST.conn.log, pavo reads SHARED/captures/FOLDER/CAPTURE with Zeek's
times of silence (UDP, ICMP and what is not answered 1 min, TCP 5 min) and no interim records. Each connection of the log is compared
with the flow of the same addresses, protocol and ports, in either order:

  state     conn_state and flow.state. Zeek gives everything but TCP and UDP OTH: not compared there
  history   letters and their order. Zeek has none but for TCP and UDP
  bytes     orig_bytes, resp_bytes: TCP flow.*.stream_bytes, else what is behind the transport header; Zeek counts behind 8 bytes of
            ICMP header whatever the type. Zeek leaves them out of connections that took no time ("-"): not compared there
  missed    missed_bytes and the sum of flow.*.missed_bytes; packets of either direction; direction: orig and source

What is not one to one:
  - the time of the first packet is masked in the logs: of connections with one key, those with the same packets are paired first, then by order;
  - a log may cut a flow: Zeek forgets an unanswered SYN after 5 s though its side sends on (tcp_attempt_delay), and a SYN after a
    RST begins a connection although it has the number of the one before. Such rows are put together: sums, letters that were not there, and the
    last state (S0 then SH: SH);
  - Zeek has one connection for the ICMP of two hosts and a pair of types, pavo one for each identifier: flows are summed;
  - a connection that carries a tunnel is no flow here. It is left out if another row names it as its tunnel, its service is one, or
    there is no such flow, but flows that came through a tunnel between its ends;
  - the same row may stand in several logs of one capture: it is counted once;
  - letters of Zeek that say something of its own work (C: checksums, X: analysis cut short) are taken out.

A difference has a line in zeek_known.tsv (capture, connection, field, who is right and why) or is a failure. One that has a line still
counts as unequal.

Exit status: 0; 1 if pavo could not be run, a difference has no line or less than --min % of the comparisons are equal; 77 without logs.
"""
import argparse
import collections
import concurrent.futures
import csv
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
OPTIONS = ['flow.active=1d', 'flow.idle.tcp=300s', 'flow.idle.tcp_new=60s', 'flow.idle.udp=60s', 'flow.idle.icmp=60s', 'flow.linger=5s']
FIELDS = ['state', 'history', 'bytes', 'missed', 'packets', 'direction']
TUNNELS = {'ayiya', 'teredo', 'gtpv1', 'vxlan', 'geneve', 'socks'}
PROTOCOLS = {'tcp': 6, 'udp': 17}
# Types that answer each other (ICMPAnalyzer::ICMP4_counterpart and ICMP6_counterpart); others go one way and have their code.
ANSWERS = {1: {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17, 10: 9, 9: 10},
           58: {128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 130: 131, 131: 130, 139: 140, 140: 139, 144: 145, 145: 144}}

# Types of which 8 bytes are header here too: queries with an identifier, errors, redirects.
LONG_HEADER = {1: {0, 3, 4, 5, 8, 11, 12, 13, 14, 15, 16, 17, 18}, 58: {1, 2, 3, 4, 128, 129, 137, 144, 145, 146, 147}}


class Conversation:
    """A connection of a log, or a flow: [0] is the originator's side."""

    def __init__(self, ends, proto):
        self.ends, self.proto = ends, proto  # ((address, port), (address, port))
        self.state = self.history = None
        self.bytes = self.missed = self.began = None
        self.packets = [0, 0]
        self.joined = 1
        self.tunnels = set()  # pairs of addresses that it came between

    def key(self):
        ends = sorted(self.ends)
        return (self.proto,) + tuple(ends)

    def name(self):
        (a, p), (b, q) = self.ends
        return '%s:%s-%s:%s/%d' % (a, p, b, q, self.proto)


def add(a, b):
    return None if a is None or b is None else [x + y for x, y in zip(a, b)]


def icmp_ends(proto, src, dst, kind, code):
    return ((src, kind), (dst, ANSWERS[proto].get(kind, code)))


# ---- Zeek's side ---------------------------------------------------------------------------------------------------


def read_log(path):
    names, rows = None, []
    with open(path, errors='replace') as fh:
        for line in fh:
            cells = line.rstrip('\n').split('\t')
            if cells[0] == '#fields':
                names = cells[1:]
            elif names and not line.startswith('#') and len(cells) >= len(names):
                rows.append(dict(zip(names, cells)))
    return rows


def number(text):
    return None if text in (None, '-', '') else int(float(text))


def connections(oracle, rows):
    """Conversations of a log, and how many rows were left out because they carry tunnels."""
    parents = {u for r in rows for u in r.get('tunnel_parents', '-').split(',')}
    out, left = [], []
    for r in rows:
        proto = number(r.get('ip_proto')) or PROTOCOLS.get(r['proto']) or (58 if ':' in r['id.orig_h'] else 1)
        c = Conversation(((oracle.norm(r['id.orig_h']), int(r['id.orig_p'])), (oracle.norm(r['id.resp_h']), int(r['id.resp_p']))), proto)
        c.packets = [number(r.get('orig_pkts')) or 0, number(r.get('resp_pkts')) or 0]
        sizes = [number(r.get('orig_bytes')), number(r.get('resp_bytes'))]
        c.bytes = None if None in sizes or proto not in (1, 6, 17, 58) else sizes
        if proto in (6, 17):
            c.state = r.get('conn_state')
            c.missed = number(r.get('missed_bytes')) if proto == 6 else None
            history = r.get('history')
            c.history = None if history in (None, '-') else re.sub('[CcXx]', '', history)
        services = set(r.get('service', '-').split(','))
        (left if r['uid'] in parents or services & TUNNELS else out).append(c)
    return out, left


# ---- our side ------------------------------------------------------------------------------------------------------


def flows(oracle, lines):
    """Conversations of NDJSON; records of one flow are put together."""
    by_id = {}
    for line in lines:
        r = json.loads(line)
        if r['event']['dataset'] != 'flow' or 'iana_number' not in r['network']:
            continue
        by_id.setdefault(r['flow']['id'], []).append(r)
    return [flow(oracle, records) for records in by_id.values()]


def flow(oracle, records):
    r = records[-1]  # what belongs to the conversation stands in each record, and is complete in the last
    proto = int(r['network']['iana_number'])
    src, dst = oracle.norm(r['source']['ip']), oracle.norm(r['destination']['ip'])
    icmp = r['flow'].get('icmp')
    if icmp and proto in ANSWERS:
        c = Conversation(icmp_ends(proto, src, dst, icmp['type'], icmp['code']), proto)
    else:
        c = Conversation(((src, r['source'].get('port', 0)), (dst, r['destination'].get('port', 0))), proto)
    sides = ('source', 'destination')

    def side(x, s, field):
        """What was not seen to send has no counters."""
        value = x['flow'][s].get(field)
        return 0 if value is None and not x[s].get('packets') else value

    def total(get):
        values = [[get(x, s) for s in sides] for x in records]
        return None if any(v is None for pair in values for v in pair) else [sum(v[i] for v in values) for i in (0, 1)]
    c.packets = total(lambda x, s: x[s].get('packets', 0))
    c.began = min(x['event']['start'] for x in records)
    for layer in r['flow'].get('encap', []):
        if 'source' in layer:
            c.tunnels.add(frozenset((oracle.norm(layer['source']), oracle.norm(layer['destination']))))
    if proto == 6:
        c.bytes = [side(r, s, 'stream_bytes') for s in sides]
        c.bytes = None if None in c.bytes else c.bytes
        missed = total(lambda x, s: side(x, s, 'missed_bytes'))
        c.missed = None if missed is None else sum(missed)
    else:
        c.bytes = total(lambda x, s: x['flow'][s].get('payload_bytes'))
        if icmp and c.bytes and icmp['type'] not in LONG_HEADER[proto]:
            c.bytes = [b - 4 * n for b, n in zip(c.bytes, c.packets)]
    if proto in (6, 17):
        c.state, c.history = r['flow'].get('state'), r['flow'].get('history')
    return c


def run(args, file, folder):
    """(NDJSON lines, what went wrong)"""
    if args.records:
        path = os.path.join(args.records, file.replace('/', '_') + '.jsonl')
        return open(path).readlines(), None
    out = os.path.join(folder, file.replace('/', '_') + '.jsonl')
    command = [args.binary, 'run', '-q', '--workers', '1', '-r', os.path.join(args.shared, 'captures', file), '-w', 'json:' + out]
    for option in OPTIONS + args.ports.get(file, []):
        command += ['--set', option]
    p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=args.timeout)
    if p.returncode not in (0, 2):
        return None, 'status %d: %s' % (p.returncode, p.stderr.decode(errors='replace').strip()[-300:])
    with open(out) as fh:
        return fh.readlines(), None


# ---- pairing -------------------------------------------------------------------------------------------------------


def turned(c, ends):
    """The same conversation seen from the other side, if its ends stand the other way round."""
    if c.ends == ends or c.ends[0] == c.ends[1]:
        return c
    t = Conversation(c.ends[::-1], c.proto)
    t.packets = c.packets[::-1]
    t.bytes = c.bytes and c.bytes[::-1]
    t.state, t.history, t.missed, t.began, t.joined = c.state, c.history, c.missed, c.began, c.joined
    return t


def joined(parts):
    """Conversations of one key, one after the other, as one."""
    first = parts[0]
    c = Conversation(first.ends, first.proto)
    c.packets, c.bytes, c.missed, c.began = [0, 0], [0, 0], 0, first.began
    letters = ''
    for p in (turned(p, first.ends) for p in parts):
        c.packets = add(c.packets, p.packets)
        c.bytes = add(c.bytes, p.bytes)
        c.missed = None if c.missed is None or p.missed is None else c.missed + p.missed
        letters += ''.join(x for x in p.history or '' if x not in letters)
        c.state = p.state if p.state != 'OTH' or c.state is None else c.state
    c.history = letters if all(p.history is not None for p in parts) else None
    c.joined = len(parts)
    return c


def same_packets(a, b):
    return sorted(a.packets) == sorted(b.packets)


def pairs(theirs, ours):
    """[(connection or None, flow or None)] of one key, each side in order of time as far as it is known."""
    theirs, ours = list(theirs), sorted(ours, key=lambda c: c.began or '')
    if theirs and theirs[0].proto in ANSWERS and ours:
        return [(joined(theirs) if len(theirs) > 1 else theirs[0], joined(ours) if len(ours) > 1 else ours[0])]
    if len(theirs) == len(ours):
        out = []
        for t in list(theirs):
            o = next((o for o in ours if same_packets(t, o)), None)
            if o:
                out.append((t, o))
                theirs.remove(t)
                ours.remove(o)
        return out + list(zip(theirs, ours))
    # Pieces that add up to one of the other side.
    many, few = (theirs, ours) if len(theirs) > len(ours) else (ours, theirs)
    out = []
    for one in few:
        taken = []
        for piece in list(many):
            taken.append(piece)
            if same_packets(joined(taken), one):
                break
        else:
            taken = many[:1]
        many = [m for m in many if m not in taken]
        whole = joined(taken) if len(taken) > 1 else (taken[0] if taken else None)
        out.append((whole, one) if few is ours else (one, whole))
    return out + [((m, None) if few is ours else (None, m)) for m in many]


def differences(t, o):
    """{field: (theirs, ours) or None if equal}; fields that cannot be compared are not there."""
    out = {}

    def put(field, a, b):
        out[field] = None if a == b else (a, b)
    if o is None:
        return {f: ('connection', 'none') for f in ('packets',)}
    is_turned = t.ends != o.ends and t.ends == o.ends[::-1]
    if t.ends[0] != t.ends[1] and not (t.proto in ANSWERS and 0 in t.packets + o.packets and is_turned):
        put('direction', t.name(), o.name())
    if is_turned:
        o = turned(o, t.ends)
    put('packets', t.packets, o.packets)
    if t.bytes is not None:
        put('bytes', t.bytes, o.bytes)
    if t.missed is not None:
        put('missed', t.missed, o.missed)
    if t.state is not None:
        put('state', t.state, o.state)
    if t.history is not None:
        put('history', t.history, o.history)
    return out


# ---- the whole -----------------------------------------------------------------------------------------------------


def read_known():
    known = {}
    path = os.path.join(HERE, 'zeek_known.tsv')
    with open(path) as fh:
        for line in fh:
            if line.strip() and not line.startswith('#'):
                file, name, field, reason = line.rstrip('\n').split('\t')
                if reason.split(':')[0] not in ('ours', 'zeek', 'both'):
                    sys.exit('zeek_known.tsv: %s %s: who is right?' % (file, name))
                known[(file, name, field)] = reason
    return known


def captures_of(args):
    """{capture: [logs]}"""
    out = collections.defaultdict(list)
    for log in sorted(glob.glob(os.path.join(args.shared, 'oracle', 'expected-zeek', '*.conn.log'))):
        folder, rest = os.path.basename(log).split('__', 1)
        ends = [m.end() for m in re.finditer(r'\.pcap(ng)?(?=\.)', rest)]
        file = next((folder + '/' + rest[:e] for e in ends if os.path.exists(os.path.join(args.shared, 'captures', folder, rest[:e]))), None)
        if file is None:
            sys.exit('no capture for ' + log)
        if args.only in file:
            out[file].append(log)
    return out


def compare(oracle, theirs, carriers, ours):
    """[(connection, flow, differences)], the number of flows that no log has, and of more carriers."""
    by_key = collections.defaultdict(lambda: ([], []))
    for c in theirs:
        by_key[c.key()][0].append(c)
    for c in ours:
        by_key[c.key()][1].append(c)
    carrier_keys = {c.key() for c in carriers}
    tunnels = set().union(*(c.tunnels for c in ours))
    out, alone, more = [], 0, 0
    for key in sorted(by_key):
        for t, o in pairs(*by_key[key]):
            if t is None:
                alone += key not in carrier_keys
            elif o is None and frozenset(a for a, _ in t.ends) in tunnels:
                more += 1
            else:
                out.append((t, o, differences(t, o)))
    return out, alone, more


def check_file(args, oracle, file, logs, folder):
    lines, problem = run(args, file, folder)
    if problem:
        return problem, [], 0, 0, 0
    ours = flows(oracle, lines)
    seen, rows, alone_least, left, n = set(), [], None, 0, 0
    for log in logs:
        theirs, carriers = connections(oracle, read_log(log))
        n += len(theirs)
        left += len(carriers)
        got, alone, more = compare(oracle, theirs, carriers, ours)
        left += more
        n -= more
        alone_least = alone if alone_least is None else min(alone, alone_least)
        for t, o, d in got:
            mark = (t.name(), t.state, t.history, str(t.bytes), str(t.packets), o and o.began)
            if mark not in seen:
                seen.add(mark)
                rows.append((t, o, d))
    return None, rows, n, left, alone_least or 0


def report(args, results, known):
    equal, compared = collections.Counter(), collections.Counter()
    whole, used, failed = 0, set(), 0
    n_rows = left = alone = n = cut = 0
    for file, (problem, rows, rows_here, left_here, alone_here) in results:
        if problem:
            print('FAILED %s: %s' % (file, problem))
            failed += 1
        n_rows += rows_here
        left += left_here
        alone += alone_here
        for t, o, d in rows:
            n += 1
            cut += t.joined > 1
            whole += not any(d.values())
            for field, difference in d.items():
                compared[field] += 1
                equal[field] += difference is None
                if difference is None:
                    continue
                reason = next((known[k] for k in ((file, t.name(), field), (file, '*', field)) if k in known), None)
                used |= {k for k in ((file, t.name(), field), (file, '*', field)) if k in known}
                failed += reason is None
                print('%s %s %s: zeek %s, pavo %s%s' % (file, t.name(), field, difference[0], difference[1],
                                                        '  (%s)' % reason if reason else '  NOT IN zeek_known.tsv'))
    for k in sorted(set(known) - used):
        if k[0] in dict(results):
            print('zeek_known.tsv: no longer needed: ' + ' '.join(k))
    print('%-10s %9s %9s %9s' % ('', 'compared', 'equal', '%'))
    for f in FIELDS:
        print('%-10s %9d %9d %9s' % (f, compared[f], equal[f], '%.2f' % (100.0 * equal[f] / compared[f]) if compared[f] else '-'))
    total = sum(compared.values())
    rate = 100.0 * sum(equal.values()) / total if total else 0.0
    print('%d logs\' rows, %d more carry tunnels; %d connections once each, %d of them put together from pieces; %d alike in all; %d flows that no log has'
          % (n_rows, left, n, cut, whole, alone))
    print('report: %d connections of Zeek\'s logs, %.2f %% of %d comparisons equal, %d failures' % (n, rate, total, failed))
    return 1 if failed or rate < args.min else 0


def self_test(oracle):
    """The comparison finds what was changed and nothing else, on records made of a log."""
    def record(**more):
        sides = {s: {'stream_bytes': b, 'payload_bytes': b, 'missed_bytes': 0} for s, b in (('source', 10), ('destination', 20))}
        r = {'event': {'dataset': 'flow', 'start': more.get('start', '1')}, 'network': {'iana_number': more.get('proto', '6')},
             'source': {'ip': '10.0.0.1', 'port': 1000, 'packets': 3}, 'destination': {'ip': '10.0.0.2', 'port': 80, 'packets': 2},
             'flow': dict(sides, id=more.get('id', 'a'), state='SF', history='ShADadFf')}
        if more.get('silent'):
            r['destination']['packets'] = 0
        for way in ('source', 'destination'):
            r['flow'][way].update(more.get(way, {}))
        r['flow'].update({k: v for k, v in more.items() if k in ('state', 'history')})
        return json.dumps(r)

    def row(**more):
        r = {'uid': 'C1', 'id.orig_h': '10.0.0.1', 'id.orig_p': '1000', 'id.resp_h': '10.0.0.2', 'id.resp_p': '80', 'proto': 'tcp',
             'orig_bytes': '10', 'resp_bytes': '20', 'conn_state': 'SF', 'missed_bytes': '0', 'history': 'ShADadFf',
             'orig_pkts': '3', 'resp_pkts': '2', 'tunnel_parents': '-', 'ip_proto': '6'}
        r.update({k.replace('id_', 'id.'): v for k, v in more.items()})
        return r

    def unequal(rows, lines):
        got, alone, _ = compare(oracle, *connections(oracle, rows), flows(oracle, lines))
        return sorted(f for _, _, d in got for f, v in d.items() if v), alone
    cases = [
        ('alike', [row()], [record()], [], 0),
        ('another state', [row()], [record(state='S1')], ['state'], 0),
        ('letters in another order', [row(history='ShADdaFf')], [record()], ['history'], 0),
        ('bytes that are unknown are not equal', [row()], [record(source={'stream_bytes': None})], ['bytes'], 0),
        ('bytes that Zeek leaves out', [row(orig_bytes='-', resp_bytes='-')], [record(source={'stream_bytes': 7})], [], 0),
        ('a side that sent nothing has no counters', [row(resp_pkts='0', resp_bytes='0')],
         [record(destination={'stream_bytes': None, 'missed_bytes': None}, silent=True)], [], 0),
        ('missed bytes', [row(missed_bytes='5')], [record(source={'missed_bytes': 2}, destination={'missed_bytes': 3})], [], 0),
        ('turned round', [row(id_orig_h='10.0.0.2', id_orig_p='80', id_resp_h='10.0.0.1', id_resp_p='1000', orig_pkts='2', resp_pkts='3',
                              orig_bytes='20', resp_bytes='10')], [record()], ['direction'], 0),
        ('no flow', [row(id_orig_p='1001')], [record()], ['packets'], 1),
        ('a checksum', [row(history='ShCADadFf')], [record()], [], 0),
        ('a carrier', [row(), row(uid='C2', id_orig_p='5', tunnel_parents='C1')], [record()], ['packets'], 0),
        ('a log in two pieces', [row(orig_pkts='1', resp_pkts='0', history='SA', conn_state='S0', orig_bytes='4', resp_bytes='0'),
                                 row(orig_pkts='2', history='hDF', conn_state='SF', orig_bytes='6')], [record(history='SAhDF')], [], 0),
        ('a flow in two records', [row(orig_pkts='6', resp_pkts='4')], [record(), record()], [], 0),
    ]
    failed = 0
    for says, rows, lines, want, want_alone in cases:
        got = unequal(rows, lines)
        if got != (want, want_alone):
            failed += 1
            print('not ok - %s: %s instead of %s' % (says, got, (want, want_alone)))
    print('%d passed, %d failed' % (len(cases) - failed, failed))
    return 1 if failed else 0


def main():
    ap = argparse.ArgumentParser(description='conversations against the connection logs of Zeek\'s tests')
    ap.add_argument('--binary', default=os.path.join(TOP, 'build', 'app', 'pavo'))
    ap.add_argument('--shared', default=os.environ.get('PAVO_SHARED', os.path.join(TOP, '..', 'shared')))
    ap.add_argument('--jobs', type=int, default=2)
    ap.add_argument('--timeout', type=int, default=60, help='seconds for one capture')
    ap.add_argument('--min', type=float, default=99.0, help='least percentage of comparisons that are equal')
    ap.add_argument('--only', default='', help='captures whose name contains this')
    ap.add_argument('--records', default='', help='a folder of FOLDER_CAPTURE.jsonl to compare instead of running pavo')
    ap.add_argument('--self-test', action='store_true', help='test the comparison itself on made-up records')
    args = ap.parse_args()
    if not os.path.isdir(os.path.join(args.shared, 'oracle', 'expected-zeek')):
        print('skipped: no logs at %s (set PAVO_SHARED)' % args.shared)
        return 77
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.join(args.shared, 'oracle'))
    import oracle
    if args.self_test:
        return self_test(oracle)
    args.ports = {}
    with open(os.path.join(args.shared, 'captures', 'MANIFEST.tsv')) as fh:
        for r in csv.DictReader(fh, delimiter='\t'):
            told = re.search(r'-d udp\.port==(\d+),(\w+)', r.get('tshark_opts') or '')
            if told:
                args.ports[r['file']] = ['decap.udp.%s=[%s]' % (told.group(2), told.group(1))]
    files = captures_of(args)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        done = pool.map(lambda f: check_file(args, oracle, f, files[f], folder), files)
        return report(args, list(zip(files, done)), read_known())


if __name__ == '__main__':
    sys.exit(main())
