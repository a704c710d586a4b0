#!/usr/bin/env python3
"""tcp.py - what became of TCP segments, by tshark and by pavo, over real captures

tshark marks each segment (tcp.analysis.*); pavo counts by the rules of docs/transport.md. For each capture with TCP both are
summed by addresses and ports and by the side that sent, and compared:

  retransmits       tcp.analysis.retransmission (fast and spurious ones are among them)
  fast, spurious    tcp.analysis.fast_retransmission, spurious_retransmission
  out_of_order      tcp.analysis.out_of_order
  order             retransmits and out_of_order together, without tshark's marks on copies: what came again or late, under whatever name
  duplicates        copies of the segment before, with the same identification: tshark has no mark for them, they are found in its fields
  duplicate_acks, zero_windows, window_full, keep_alives, window_probes    tcp.analysis.* of that name
  missed            sides with tcp.analysis.ack_lost_segment of the other side, and with missed_bytes: 0 or 1, as one counts gaps and the other bytes
  handshake         tcp.analysis.initial_rtt and flow.rtt.handshake_ns, in ns

The innermost TCP header of a frame counts, as oracle.py finds it. tshark's marks are opinions: they look at times (3 ms, the round trip)
where RFCs look at numbers. So a difference is not yet a fault. It is explained, in this order, by
  - a cause that this script can show from the segments themselves: CAUSES, with the reason;
  - a line of tcp_known.tsv: capture (or *), category, flow (or *), who is right (ours, tshark, both) and why.

--out FILE has every flow that differs: capture, category, flow (the sender first), both values, the cause or the line. Exit status: 0;
1 if pavo or tshark failed, or a difference is not explained; 77 without captures.
"""
import argparse
import collections
import concurrent.futures
import csv
import hashlib
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
MARKS = {
    'retransmits': 'retransmission', 'fast': 'fast_retransmission', 'spurious': 'spurious_retransmission',
    'out_of_order': 'out_of_order', 'duplicate_acks': 'duplicate_ack', 'zero_windows': 'zero_window', 'window_full': 'window_full',
    'keep_alives': 'keep_alive', 'window_probes': 'zero_window_probe', 'lost': 'lost_segment', 'ack_lost': 'ack_lost_segment',
}
OURS = {
    'retransmits': 'retransmits', 'fast': 'fast_retransmits', 'spurious': 'spurious_retransmits', 'out_of_order': 'out_of_order',
    'duplicate_acks': 'duplicate_acks', 'zero_windows': 'zero_windows', 'window_full': 'window_full', 'keep_alives': 'keep_alives',
    'window_probes': 'window_probes', 'missed_bytes': 'missed_bytes', 'duplicates': 'duplicates',
}
CATEGORIES = ['retransmits', 'fast', 'spurious', 'out_of_order', 'order', 'duplicates', 'duplicate_acks', 'zero_windows', 'window_full',
              'keep_alives', 'window_probes', 'missed', 'handshake']
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
HOUR_NS = 3600 * 1000000000
ORACLE = None  # the module oracle.py; set before the processes are forked


# ---- tshark's side -------------------------------------------------------------------------------------------------


class Segment:
    __slots__ = ('at_ns', 'flags', 'seq', 'ack', 'len', 'window', 'ident', 'stamps', 'marks', 'scale', 'irtt_ns', 'chain', 'side', 'sack')


def numbers_of(text):
    return int(text, 0) if text else 0


def segments(oracle, path, options):
    """{(ends of the flow): [Segment]}; side 0 is the smaller end."""
    more = ['tcp.seq_raw', 'tcp.ack_raw', 'tcp.len', 'tcp.window_size_value', 'tcp.options.timestamp.tsval', 'tcp.options.timestamp.tsecr',
            'tcp.options.wscale.shift', 'tcp.options.sack_le', 'tcp.options.sack_re', 'tcp.analysis.initial_rtt']
    more += ['tcp.analysis.' + m for m in MARKS.values()]
    for f in more:
        if f not in oracle.FI:
            oracle.FI[f] = len(oracle.FIELDS)
            oracle.FIELDS.append(f)
    out = collections.OrderedDict()
    for v in oracle.frames(path, options):
        if v is None or not v[oracle.FI['tcp.srcport']]:
            continue
        w = oracle.Walk(v)
        if not w.l4 or w.l4[0] != 'tcp' or w.frag:
            continue
        src, dst, _, sport, dport, _ = w.key()
        i = w.l4[1]
        s = Segment()
        a, b = (oracle.norm(src), sport), (oracle.norm(dst), dport)
        s.side = 0 if a <= b else 1
        s.at_ns = int(v[oracle.FI['frame.time_epoch']][0].replace('.', ''))
        s.flags = numbers_of(w.f('tcp.flags', i))
        s.seq, s.ack = numbers_of(w.f('tcp.seq_raw', i)), numbers_of(w.f('tcp.ack_raw', i))
        s.len, s.window = numbers_of(w.f('tcp.len', i)), numbers_of(w.f('tcp.window_size_value', i))
        s.ident = numbers_of(w.f('ip.id', w.ips[-1][1])) if w.ips[-1][0] == 'ip' else 0
        stamps = w.f('tcp.options.timestamp.tsval', 0), w.f('tcp.options.timestamp.tsecr', 0)
        s.stamps = (int(stamps[0]), int(stamps[1])) if stamps[0] and stamps[1] else None
        scale = w.f('tcp.options.wscale.shift', 0)
        s.scale = int(scale) if scale else None
        le, re_ = w.f('tcp.options.sack_le', 0), w.f('tcp.options.sack_re', 0)
        s.sack = bool(le and re_)
        s.marks = frozenset(k for k, m in MARKS.items() if v[oracle.FI['tcp.analysis.' + m]])
        irtt = w.f('tcp.analysis.initial_rtt', 0)
        s.irtt_ns = int(irtt.replace('.', '')) if irtt else None
        s.chain = ':'.join(w.chain) + ' ' + ','.join(x for f in oracle.IDNAME for x in v[oracle.FI[f]])
        out.setdefault((a, b) if a <= b else (b, a), []).append(s)
    return out


def cached_segments(args, oracle, file, options):
    path = os.path.join(args.shared, 'captures', file)
    if not args.cache:
        return segments(oracle, path, options)
    with open(os.path.abspath(__file__), 'rb') as fh:
        code = fh.read().split(b'# ---- ')[1]
    stat = os.stat(path)
    mark = hashlib.sha256(code + repr((file, options, stat.st_size, stat.st_mtime)).encode()).hexdigest()[:24]
    kept = os.path.join(args.cache, mark)
    if os.path.exists(kept):
        with open(kept, 'rb') as fh:
            return pickle.load(fh)
    got = segments(oracle, path, options)
    with tempfile.NamedTemporaryFile('wb', dir=args.cache, delete=False) as fh:
        pickle.dump(got, fh)
    os.rename(fh.name, kept)
    return got


# ---- what the segments show ----------------------------------------------------------------------------------------


def before(a, b):
    """a is before b, modulo 2^32 (RFC 9293 section 3.4)."""
    return (a - b) & 0xffffffff > 0x7fffffff


class Side:
    """What is plain of one side: enough to tell why tshark marked a segment, not a second account of it."""

    def __init__(self):
        self.next = None      # highest end so far
        self.acked = None     # by the other side
        self.last = None
        self.window = None    # of the segment before
        self.scale = None
        self.repeats = 0      # acknowledgements in a row that named one number
        self.holes = []       # (from, to, opened at) of what was skipped
        self.counts = collections.Counter()


def facts(segs):
    """For each side: Counter of tshark's marks, and of the facts that CAUSES ask for."""
    sides = [Side(), Side()]
    chains = set()
    irtt = last_ns = None
    is_cut = False
    handshake = Handshake()
    for s in segs:
        x, y = sides[s.side], sides[1 - s.side]
        c = x.counts
        c['packets'] += 1
        chains.add(s.chain)
        is_cut |= last_ns is not None and not 0 <= s.at_ns - last_ns < HOUR_NS
        last_ns = s.at_ns
        for m in s.marks:
            c[m] += 1
        if s.irtt_ns is not None and irtt is None:
            irtt = s.irtt_ns
        handshake.see(s)
        identity = (s.seq, s.ack, s.flags, s.window, s.len, s.stamps, s.ident)
        copy = x.last == identity and (s.ident != 0 or s.stamps is not None)
        if copy:
            c['copies'] += 1
            for m in s.marks:
                c['copied ' + m] += 1
        takes = s.len + bool(s.flags & SYN) + bool(s.flags & FIN) if not s.flags & RST else 0
        end = (s.seq + takes) & 0xffffffff
        again = bool(takes) and x.next is not None and before(s.seq, x.next)
        rst = bool(s.flags & RST)
        if not copy and not rst:
            see_segment(c, s, x, y, again, takes, end)
        if not rst and not copy and s.flags & ACK:
            see_ack(c, s, x, y)
        x.last = identity
        if not rst:
            x.window = s.window
    for side in sides:
        side.counts['cut'] = is_cut
    return sides, len(chains), irtt, handshake


def see_segment(c, s, x, y, again, takes, end):
    if s.len and not s.flags & (SYN | FIN) and s.len == 1 and x.next == s.seq and y.window == 0:
        c['probes'] += 1
        return
    if s.len <= 1 and not s.flags & (SYN | FIN) and x.next is not None and (x.next - s.seq) & 0xffffffff == 1:
        c['alive'] += 1
        for m in s.marks - {'keep_alives'}:
            c['alive ' + m] += 1
        return
    if again:
        c['again'] += 1
        if x.acked is not None and not before(x.acked, end):
            c['again, acknowledged'] += 1
        if y.repeats >= 3 and x.acked == s.seq:
            c['again, 3 repeats'] += 1
        if y.repeats == 2 and x.acked == s.seq:
            c['again, 2 repeats'] += 1
        if 'retransmits' not in s.marks and 'out_of_order' not in s.marks:
            c['again, unmarked'] += 1
            c['again, unmarked ' + ','.join(sorted(s.marks))] += 1
    elif s.marks & {'retransmits', 'out_of_order'}:
        c['marked, not again'] += 1
        for m in s.marks:
            c['not again ' + m] += 1
    if s.window == 0 and not s.flags & (SYN | FIN | RST):
        c['zero'] += 1
    if takes and (x.next is None or before(x.next, end)):
        x.next = end
    elif x.next is None:
        x.next = s.seq
    if s.scale is not None and s.flags & SYN:
        x.scale = s.scale


def see_ack(c, s, x, y):
    """An acknowledgement by x of y's numbers."""
    plain = not s.len and not s.flags & (SYN | FIN | RST)
    if y.acked is None or before(y.acked, s.ack):
        y.acked = s.ack
        x.repeats = 0
    elif s.ack == y.acked and plain:
        outstanding = y.next is not None and before(s.ack, y.next)
        same = s.window == x.window
        if outstanding and same:
            x.repeats += 1
            c['repeats'] += 1
            if 'duplicate_acks' not in s.marks:
                c['repeats, unmarked'] += 1
        elif 'duplicate_acks' in s.marks:
            c['marked repeat, nothing outstanding' if not outstanding else 'marked repeat, another window'] += 1
    elif 'duplicate_acks' in s.marks:
        c['marked repeat, other'] += 1


class Handshake:
    """From the last SYN before the SYN+ACK to the first segment of that side that acknowledges it; and what it is if copies of
    the mirror are left out."""

    def __init__(self):
        self.syn = self.first_syn = self.synack = self.done = None
        self.lengths = set()

    def see(self, s):
        if s.flags & RST or self.done is not None:
            return
        if s.flags & SYN and not s.flags & ACK and self.synack is None:
            self.first_syn = self.first_syn if self.syn and self.syn.ident == s.ident else s
            self.syn = s
        elif s.flags & SYN and s.flags & ACK and self.syn and s.side != self.syn.side and s.ack == (self.syn.seq + 1) & 0xffffffff:
            if self.synack is None:
                self.synack = s
        elif self.synack and s.side == self.syn.side and s.flags & ACK and not s.flags & SYN:
            if not before(s.ack, (self.synack.seq + 1) & 0xffffffff):
                self.done = s.at_ns - self.syn.at_ns
                self.lengths = {self.done, s.at_ns - self.first_syn.at_ns}

    def has(self, ns):
        """A half that took no time is 1 ns in a record: 0 is unknown there."""
        return ns is not None and any(0 <= ns - n <= 2 for n in self.lengths)


# ---- our side ------------------------------------------------------------------------------------------------------


def run(args, file, options, folder):
    """({ends: {'sides': [Counter, Counter], 'handshake': ns or None, 'flows': n}}, what went wrong)"""
    name = file.replace('/', '_') + '.jsonl'
    if args.records:
        out = os.path.join(args.records, name)
    else:
        out = os.path.join(folder, name)
        command = [args.binary, 'run', '-q', '--workers', '1', '-r', os.path.join(args.shared, 'captures', file), '-w', 'json:' + out,
                   '--set', 'flow.active=1d', '--set', 'flow.idle.tcp=1d', '--set', 'flow.idle.tcp_new=1d']
        p = subprocess.run(command + options, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                           timeout=args.timeout)
        if p.returncode == 1 and b'link type' in p.stderr:
            return {}, None
        if p.returncode not in (0, 2):
            return None, 'status %d: %s' % (p.returncode, p.stderr.decode(errors='replace').strip()[-300:])
    if not os.path.exists(out):
        return {}, None
    with open(out) as fh:
        got = our_flows(ORACLE, fh)
    if not args.records:
        os.remove(out)
    return got, None


def our_flows(oracle, lines):
    out = {}
    for line in lines:
        r = json.loads(line)
        if r['event']['dataset'] != 'flow' or r['network'].get('iana_number') != '6' or 'port' not in r['source']:
            continue
        a, b = ((oracle.norm(r[s]['ip']), r[s]['port']) for s in ('source', 'destination'))
        ends = (a, b) if a <= b else (b, a)
        e = out.setdefault(ends, {'sides': [collections.Counter(), collections.Counter()], 'handshake': [], 'flows': 0, 'unknown': set()})
        e['flows'] += r['flow']['seq'] == 1  # two flows that began at the same time have the same id
        for way, side in (('source', 0 if a <= b else 1), ('destination', 1 if a <= b else 0)):
            here = r['flow'][way]
            e['sides'][side]['packets'] += r[way].get('packets', 0)
            for name, field in OURS.items():
                if field in here:
                    e['sides'][side][name] += here[field]
                elif r[way].get('packets'):  # what was not seen to send has no counters
                    e['unknown'].add(name)
        took = r['flow'].get('rtt', {}).get('handshake_ns')
        if took is not None and (r['flow']['id'], took) not in e['handshake']:
            e['handshake'].append((r['flow']['id'], took))
    return out


# ---- causes --------------------------------------------------------------------------------------------------------
# Each takes a Case and says whether what it names makes up the whole difference.


class Case:
    def __init__(self, category, theirs, ours, c, o, y, chains, several):
        self.category, self.theirs, self.ours = category, theirs, ours
        self.c = c      # Counter of facts of the side
        self.o = o      # our counters of the side
        self.y = y      # facts of the other side
        self.chains, self.several = chains, several  # several flows of pavo


CAUSES = [
    ('several_paths', 'one pair of addresses and ports came through several tunnels or VLANs, or in several flows at once: tshark takes the copies for retransmissions, '
     'pavo keeps the flows apart', lambda k: k.chains > 1),
    ('cut', 'the clock of the capture stepped (captures were joined): a new flow begins, tshark goes on with the old numbers',
     lambda k: k.several and k.c['cut']),
    ('copies', 'frames that came twice (same identification, numbers and flags): the mirror\'s doing, counted as duplicates; tshark marks them',
     lambda k: k.theirs - k.c['copied ' + k.category] == k.ours),
    ('order_or_again', 'together with out_of_order as many: which of the two, tshark says by the time since the last segment (3 ms or the '
     'round trip), pavo by whether a hole had been seen',
     lambda k: k.category in ('retransmits', 'out_of_order') and k.c['retransmits'] + k.c['out_of_order'] - k.c['copied retransmits']
     - k.c['copied out_of_order'] == k.o['retransmits'] + k.o['out_of_order']),
    ('two_repeats', 'tshark takes two repeated acknowledgements for a fast retransmission, RFC 5681 section 3.2 three',
     lambda k: k.category == 'fast' and k.ours == k.c['again, 3 repeats']),
    ('nothing_outstanding', 'a repeated acknowledgement counts when something is outstanding and it names the highest so far (RFC 5681 section 2); tshark asks for neither',
     lambda k: k.category == 'duplicate_acks' and k.ours == k.c['repeats']),
    ('acknowledged', 'what had been acknowledged as a whole is spurious; tshark asks for payload and looks at the last acknowledgement only',
     lambda k: k.category == 'spurious' and k.ours == k.c['again, acknowledged']),
    ('later_shown', 'more are shown to be spurious by DSACK (RFC 2883) or by a time stamp (RFC 3522), which tshark does not look at',
     lambda k: k.category == 'spurious' and k.c['again, acknowledged'] < k.ours <= k.o['retransmits']),
    ('numbers', 'as many segments begin before what had been sent (no duplicates, keep-alives, probes and RST among them); tshark does not mark all of them, or others',
     lambda k: k.category in ('order', 'retransmits', 'out_of_order') and k.o['retransmits'] + k.o['out_of_order'] == k.c['again']),
]


def explain(case):
    for name, _, holds in CAUSES:
        if holds(case):
            return name
    return None


# ---- the comparison ------------------------------------------------------------------------------------------------


def value_theirs(category, c, y, irtt):
    if category == 'order':
        return c['retransmits'] + c['out_of_order'] - c['copied retransmits'] - c['copied out_of_order']
    if category == 'duplicates':
        return c['copies']
    if category == 'missed':
        return int(y['ack_lost'] > 0)
    if category == 'handshake':
        return irtt
    return c[category]


def value_ours(category, o, handshake):
    if category == 'order':
        return o['retransmits'] + o['out_of_order']
    if category == 'missed':
        return int(o['missed_bytes'] > 0)
    if category == 'handshake':
        return handshake
    return o[category]


def compare(theirs, ours):
    """[(category, ends, side, theirs, ours, cause or None if equal)]"""
    out = []
    for ends, segs in theirs.items():
        e = ours.get(ends)
        sides, chains, irtt, shake = facts(segs)
        handshakes = [] if e is None else [n for _, n in e['handshake']]
        for side in (0, 1):
            c, y = sides[side].counts, sides[1 - side].counts
            o = collections.Counter() if e is None else e['sides'][side]
            if not c['packets'] and not o['packets']:
                continue
            for category in CATEGORIES:
                if category == 'handshake':
                    if side:
                        continue
                    t = irtt
                    u = handshakes[0] if handshakes else None
                    if t is None and u is None:
                        continue
                    equal = t is not None and u is not None and abs(t - u) <= 1
                    equal = equal or (t is not None and any(abs(t - n) <= 1 for n in handshakes))
                    cause = None
                    if not equal and shake.has(u):
                        cause = 'last_syn'
                    elif not equal and u is None and shake.done is None:
                        cause = 'no_third'
                    elif not equal and e is not None and chains > 1:
                        cause = 'several_paths'
                    elif not equal and e is not None and e['flows'] > 1 and c['cut']:
                        cause = 'cut'
                    out.append((category, ends, side, t, u, equal, cause))
                    continue
                t, u = value_theirs(category, c, y, irtt), value_ours(category, o, None)
                cause = None
                if t != u:
                    if e is None or o['packets'] != c['packets']:
                        cause = 'packets'
                    else:
                        cause = explain(Case(category, t, u, c, o, y, chains, e['flows'] > 1))
                out.append((category, ends, side, t, u, t == u, cause))
    return out


WHY = dict((name, why) for name, why, _ in CAUSES)
WHY['packets'] = 'the flow does not have the same packets in both: conformance.py tells why'
WHY['no_third'] = 'SYN, SYN+ACK and an acknowledgement of it were not all seen; tshark takes a RST for the third, or begins midstream'
WHY['last_syn'] = 'pavo measures from the last SYN before the SYN+ACK to the first segment that acknowledges it; tshark from and to others'


def end_name(end):
    return '%s:%d' % end


def flow_name(ends, side):
    return '%s>%s' % (end_name(ends[side]), end_name(ends[1 - side]))


def read_known():
    known = {}
    with open(os.path.join(HERE, 'tcp_known.tsv')) as fh:
        for line in fh:
            if line.strip() and not line.startswith('#'):
                file, category, flow, reason = line.rstrip('\n').split('\t')
                if reason.split(':')[0] not in ('ours', 'tshark', 'both') or category not in CATEGORIES:
                    sys.exit('tcp_known.tsv: %s %s: who is right?' % (file, category))
                known[(file, category, flow)] = reason
    return known


def check(args, row, folder):
    file = row['file']
    told = re.search(r'-d udp\.port==(\d+),(\w+)', row.get('tshark_opts') or '')
    options = ['--set', 'decap.udp.%s=[%s]' % (told.group(2), told.group(1))] if told else []
    tshark_options = row['tshark_opts'].split() if row.get('tshark_opts', '-') not in ('', '-') else []
    try:
        theirs = cached_segments(args, ORACLE, file, tshark_options)
    except OSError as e:
        return 'tshark: %s' % e, []
    ours, problem = run(args, file, options, folder)
    if problem:
        return problem, []
    unknown = sorted(set().union(*(e['unknown'] for e in ours.values()))) if ours else []
    return ('no counters: ' + ', '.join(unknown) if unknown else None), compare(theirs, ours)


def report(args, results, known):
    rows = {c: collections.Counter() for c in CATEGORIES}
    causes = collections.Counter()
    used, failed, unexplained = set(), 0, []
    with open(args.out, 'w') as fh:
        fh.write('capture\tcategory\tflow\ttshark\tpavo\tcause\tknown\n')
        for file, (problem, got) in results:
            if problem:
                failed += 1
                print('FAILED %s: %s' % (file, problem))
            seen = set()
            for category, ends, side, t, u, equal, cause in got:
                n = rows[category]
                n['flows'] += 1
                n['any'] += bool(t or u)
                n['any, equal'] += equal and bool(t or u)
                n['equal'] += equal
                if category != 'handshake':
                    n['tshark'] += t
                    n['pavo'] += u
                if (t or u) and category not in seen:
                    n['captures'] += 1
                    seen.add(category)
                if equal:
                    continue
                name = flow_name(ends, side)
                key = next((k for k in ((file, category, name), (file, category, '*'), ('*', category, '*')) if k in known), None)
                if cause:
                    causes[(category, cause)] += 1
                    n['cause'] += 1
                elif key:
                    used.add(key)
                    n['known'] += 1
                else:
                    n['open'] += 1
                    unexplained.append((file, category, name, t, u))
                fh.write('\t'.join(map(str, (file, category, name, t, u, cause or '-', known.get(key, '-') if not cause else '-'))) + '\n')
    print('%-15s %8s %8s %9s %9s %8s %8s %8s %7s %6s %5s' % (
        'sides of flows', 'captures', 'sides', 'tshark', 'pavo', 'equal', 'of any', 'equal', 'cause', 'known', 'open'))
    for c in CATEGORIES:
        n = rows[c]
        print('%-15s %8d %8d %9s %9s %8d %8d %8d %7d %6d %5d' % (
            c, n['captures'], n['flows'], n['tshark'] if c != 'handshake' else '', n['pavo'] if c != 'handshake' else '',
            n['equal'], n['any'], n['any, equal'], n['cause'], n['known'], n['open']))
    for (category, cause), n in sorted(causes.items()):
        print('%6d %s: %s: %s' % (n, category, cause, WHY[cause]))
    done = dict(results)
    for k in sorted(set(known) - used):
        if k[0] in done or k[0] == '*' and not args.only:
            print('tcp_known.tsv: no longer needed: ' + ' '.join(k))
    for u in unexplained[:args.show]:
        print('NOT EXPLAINED %s %s %s: tshark %s, pavo %s' % u)
    if len(unexplained) > args.show:
        print('... and %d more in %s' % (len(unexplained) - args.show, args.out))
    total, equal = (sum(rows[c][k] for c in CATEGORIES) for k in ('flows', 'equal'))
    print('report: %d captures, %d of %d counters equal to tshark\'s (%.2f %%), %d with a cause, %d not explained' % (
        len(results), equal, total, 100.0 * equal / total if total else 0, sum(rows[c]['cause'] + rows[c]['known'] for c in CATEGORIES),
        len(unexplained)))
    return 1 if failed or unexplained else 0


# ---- self test -----------------------------------------------------------------------------------------------------


def made(side, flags, seq, ack, length=0, marks=(), window=100, ident=1, at=0, irtt=None):
    s = Segment()
    s.side, s.flags, s.seq, s.ack, s.len, s.window, s.ident, s.at_ns, s.irtt_ns = side, flags, seq, ack, length, window, ident, at, irtt
    s.marks, s.stamps, s.scale, s.chain, s.sack = frozenset(marks), None, None, 'eth:ip:tcp ', False
    return s


def self_test():
    ends = (('10.0.0.1', 1000), ('10.0.0.2', 80))
    begin = [made(0, SYN, 0, 0, at=0), made(1, SYN | ACK, 0, 1, at=5), made(0, ACK, 1, 1, at=9, irtt=9)]

    def ours(counters=({}, {}), handshake=9, packets=None, flows=1):
        sides = [collections.Counter(c) for c in counters]
        return {ends: {'sides': sides, 'handshake': [('a', handshake)], 'flows': flows, 'unknown': set()}}

    def differing(segs, e):
        for side in (0, 1):
            n = sum(1 for s in segs if s.side == side)
            e[ends]['sides'][side].setdefault('packets', n)
        return sorted((c, side, cause) for c, _, side, _, _, equal, cause in compare({ends: segs}, e) if not equal)
    data = begin + [made(0, ACK, 1, 1, 10, at=20, ident=2)]
    again = data + [made(0, ACK, 1, 1, 10, ['retransmits'], at=300, ident=3)]
    late = data + [made(0, ACK, 1, 1, 10, ['out_of_order'], at=21, ident=3)]
    copy = data + [made(0, ACK, 1, 1, 10, ['retransmits'], at=21, ident=2)]
    repeats = begin + [made(1, ACK, 1, 1, 0, ['duplicate_acks'], ident=5), made(1, ACK, 1, 1, 0, ['duplicate_acks'], ident=6)]
    cases = [
        ('nothing happened', begin, ours(), []),
        ('a retransmission', again, ours(({'retransmits': 1}, {})), []),
        ('one that is missing', again, ours(), [('order', 0, None), ('retransmits', 0, None)]),
        ('late to tshark, again to pavo', late, ours(({'retransmits': 1}, {})),
         [('out_of_order', 0, 'order_or_again'), ('retransmits', 0, 'order_or_again')]),
        ('a copy', copy, ours(({'duplicates': 1}, {})), [('retransmits', 0, 'copies')]),
        ('a copy that is missing', copy, ours(), [('duplicates', 0, None), ('retransmits', 0, 'copies')]),
        ('repeats of nothing', repeats, ours(), [('duplicate_acks', 1, 'nothing_outstanding')]),
        ('an invented counter', begin, ours(({}, {'zero_windows': 2})), [('zero_windows', 1, None)]),
        ('a handshake of another length', begin, ours(handshake=20), [('handshake', 0, None)]),
        ('other packets', again, ours(({'packets': 2}, {})), [('order', 0, 'packets'), ('retransmits', 0, 'packets')]),
    ]
    failed = 0
    for says, segs, e, want in cases:
        got = differing(segs, e)
        if got != want:
            failed += 1
            print('not ok - %s: %s instead of %s' % (says, got, want))
    print('%d passed, %d failed' % (len(cases) - failed, failed))
    return 1 if failed else 0


def main():
    ap = argparse.ArgumentParser(description='TCP counters against tshark\'s analysis')
    ap.add_argument('--binary', default=os.path.join(TOP, 'build', 'app', 'pavo'))
    ap.add_argument('--shared', default=os.environ.get('PAVO_SHARED', os.path.join(TOP, '..', 'shared')))
    ap.add_argument('--jobs', type=int, default=2)
    ap.add_argument('--timeout', type=int, default=60, help='seconds for one capture')
    ap.add_argument('--only', default='', help='captures whose name contains this')
    ap.add_argument('--out', default='tcp.tsv', help='where each flow that differs is written')
    ap.add_argument('--cache', default='', help='a folder that keeps what tshark said')
    ap.add_argument('--records', default='', help='a folder of FOLDER_CAPTURE.jsonl to compare instead of running pavo')
    ap.add_argument('--show', type=int, default=40, help='differences without an explanation to print')
    ap.add_argument('--self-test', action='store_true', help='test the comparison itself on made-up segments')
    args = ap.parse_args()
    if args.self_test:
        return self_test()
    manifest = os.path.join(args.shared, 'captures', 'MANIFEST.tsv')
    if not os.path.exists(manifest):
        print('skipped: no corpus at %s (set PAVO_SHARED)' % args.shared)
        return 77
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.join(args.shared, 'oracle'))
    import oracle
    global ORACLE
    ORACLE = oracle
    if args.cache:
        os.makedirs(args.cache, exist_ok=True)
    with open(manifest) as fh:
        rows = [r for r in csv.DictReader(fh, delimiter='\t')
                if r['file'].split('/')[0] in FOLDERS and ':tcp ' in r['shows'] and args.only in r['file']]
    # The largest first: at the end both cores are busy.
    rows.sort(key=lambda r: -int(r['bytes']))
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        done = pool.map(check, [args] * len(rows), rows, [folder] * len(rows))
        return report(args, sorted(zip([r['file'] for r in rows], done)), read_known())


if __name__ == '__main__':
    sys.exit(main())
