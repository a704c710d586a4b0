#!/usr/bin/env python3
"""ipfix_tool.py - a small reader of IPFIX files (RFC 7011, RFC 5655) for the consumer tests

  ipfix_tool.py sums FILE                 flow records, packets and octets, by an own reading of the templates
  ipfix_tool.py send FILE HOST PORT       sends it as UDP datagrams, cut to --bytes, paced
  ipfix_tool.py cut  FILE OUT [NUMBER]    leaves out flow record NUMBER (from 0) and mends lengths and sequence
                                          numbers, so that only the ledger can tell
Standard library only; shares no code with pavo.
"""
import argparse
import socket
import struct
import sys
import time

REVERSE_PEN = 29305


class Template:
    def __init__(self, scope, fields):
        self.scope = scope      # number of scope fields; 0: a flow template
        self.fields = fields    # (pen, element, length)

    def record(self, data, at):
        """Values of the record at 'at', by (pen, element), and where it ends."""
        values = {}
        for pen, element, length in self.fields:
            if length == 65535:
                length = data[at]
                at += 1
                if length == 255:
                    length = struct.unpack_from('>H', data, at)[0]
                    at += 2
            if at + length > len(data):
                raise ValueError('a record runs over the end of its set')
            values.setdefault((pen, element), data[at:at + length])
            at += length
        return values, at

    def least(self):
        return sum(1 if n == 65535 else n for _, _, n in self.fields)


def messages(data):
    at = 0
    while at < len(data):
        if len(data) - at < 16:
            raise ValueError('%d bytes behind the last message' % (len(data) - at))
        version, length = struct.unpack_from('>HH', data, at)
        if version != 10 or length < 16 or at + length > len(data):
            raise ValueError('no IPFIX message at offset %d' % at)
        yield data[at:at + length]
        at += length


def sets(message):
    at = 16
    while at < len(message):
        number, length = struct.unpack_from('>HH', message, at)
        if length < 4 or at + length > len(message):
            raise ValueError('a set with a wrong length')
        yield number, message[at + 4:at + length]
        at += length


class Reader:
    """Knows the templates seen so far, per observation domain."""

    def __init__(self):
        self.templates = {}

    def learn(self, domain, number, body):
        at = 0
        while len(body) - at >= 4:
            template, count = struct.unpack_from('>HH', body, at)
            at += 4
            scope = 0
            if template < 256:
                break  # padding
            if number == 3:
                scope = struct.unpack_from('>H', body, at)[0]
                at += 2
            fields = []
            for _ in range(count):
                element, length = struct.unpack_from('>HH', body, at)
                at += 4
                pen = 0
                if element & 0x8000:
                    pen = struct.unpack_from('>I', body, at)[0]
                    at += 4
                    element &= 0x7fff
                fields.append((pen, element, length))
            self.templates[(domain, template)] = Template(scope, fields)

    def records(self, domain, number, body):
        """(template, values, start, end) of each record of a data set."""
        t = self.templates[(domain, number)]
        at = 0
        while len(body) - at >= max(1, t.least()):
            values, end = t.record(body, at)
            yield t, values, at, end
            at = end


def number(values, pen, element):
    return int.from_bytes(values.get((pen, element), b''), 'big')


def is_flow(t):
    return t.scope == 0 and any(f[:2] == (0, 2) for f in t.fields)


def sums(args):
    reader = Reader()
    s = [0, 0, 0]
    for message in messages(open(args.file, 'rb').read()):
        domain = struct.unpack_from('>I', message, 12)[0]
        for n, body in sets(message):
            if n in (2, 3):
                reader.learn(domain, n, body)
                continue
            for t, v, _, _ in reader.records(domain, n, body):
                if not is_flow(t):
                    continue
                s[0] += 1
                s[1] += number(v, 0, 2) + number(v, REVERSE_PEN, 2)
                s[2] += number(v, 0, 1) + number(v, REVERSE_PEN, 1)
    print(*s)


def pieces(reader, message, limit):
    """The message as messages of at most 'limit' bytes."""
    export, sequence, domain = struct.unpack_from('>III', message, 4)
    chunk, count = [], 0

    def size():
        return 16 + sum(len(c) for c in chunk)

    def flush():
        nonlocal chunk, count, sequence
        if chunk:
            yield struct.pack('>HHIII', 10, size(), export, sequence & 0xffffffff, domain) + b''.join(chunk)
        sequence += count
        chunk, count = [], 0

    for n, body in sets(message):
        if n in (2, 3):
            reader.learn(domain, n, body)
            yield from flush()
            chunk = [struct.pack('>HH', n, 4 + len(body)) + body]
            yield from flush()
            continue
        part = b''
        for _, _, at, end in reader.records(domain, n, body):
            if part and size() + 4 + len(part) + end - at > limit:
                chunk.append(struct.pack('>HH', n, 4 + len(part)) + part)
                yield from flush()
                part = b''
            part += body[at:end]
            count += 1
        if part:
            chunk.append(struct.pack('>HH', n, 4 + len(part)) + part)
            yield from flush()


def send(args):
    to = (args.host, args.port)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    reader, sent, n = Reader(), 0, 0
    for message in messages(open(args.file, 'rb').read()):
        for piece in pieces(reader, message, args.bytes):
            s.sendto(piece, to)
            sent += 1
            n += len(piece)
            if sent % 16 == 0:
                time.sleep(0.002)  # a receiver's socket buffer is all the flow control that UDP has
    print('%d datagrams, %d bytes' % (sent, n))


def cut(args):
    reader, seen, gone = Reader(), 0, {}
    with open(args.out, 'wb') as to:
        for message in messages(open(args.file, 'rb').read()):
            export, sequence, domain = struct.unpack_from('>III', message, 4)
            missing = gone.get(domain, 0)
            body_out = b''
            for n, body in sets(message):
                if n in (2, 3):
                    reader.learn(domain, n, body)
                else:
                    for t, _, at, end in reader.records(domain, n, body):
                        if not is_flow(t):
                            break
                        if seen == args.number:
                            body = body[:at] + body[end:]
                            gone[domain] = 1
                            seen += 1
                            break
                        seen += 1
                if body or n in (2, 3):
                    body_out += struct.pack('>HH', n, 4 + len(body)) + body
            if body_out:
                to.write(struct.pack('>HHIII', 10, 16 + len(body_out), export, (sequence - missing) & 0xffffffff, domain))
                to.write(body_out)
    if not gone:
        sys.exit('no flow record %d in %s' % (args.number, args.file))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = ap.add_subparsers(dest='command', required=True)
    a = sub.add_parser('sums')
    a.add_argument('file')
    a.set_defaults(run=sums)
    a = sub.add_parser('send')
    a.add_argument('file')
    a.add_argument('host')
    a.add_argument('port', type=int)
    a.add_argument('--bytes', type=int, default=1400)
    a.set_defaults(run=send)
    a = sub.add_parser('cut')
    a.add_argument('file')
    a.add_argument('out')
    a.add_argument('number', type=int, nargs='?', default=0)
    a.set_defaults(run=cut)
    args = ap.parse_args()
    args.run(args)


if __name__ == '__main__':
    main()
