#!/usr/bin/env python3
"""ipfix_edit.py - damages an IPFIX file in a chosen way, so that a test can see whether it is noticed.

usage: ipfix_edit.py IN OUT HOW [N]
  cut N     leaves out flow record N (from 0)
  twice N   writes flow record N twice
  bump N    adds one to octetDeltaCount of flow record N
  ledger N  leaves out ledger record N
  tail N    ends the file before the message of ledger record N
It shares no code and no constants with pavo: RFC 7011 section 3 and RFC 5103 only. A ledger record is a record
of an options template that has exportedMessageTotalCount (41).
"""
import struct
import sys


def templates_of(body, is_options):
    """Yields (id, [(enterprise, element, bytes)]) of a template set (RFC 7011 section 3.4)."""
    at = 0
    while at + 4 <= len(body):
        number, fields = struct.unpack_from(">HH", body, at)
        if number < 256:
            return
        at += 6 if is_options else 4
        out = []
        for _ in range(fields):
            element, size = struct.unpack_from(">HH", body, at)
            at += 4
            enterprise = 0
            if element & 0x8000:
                (enterprise,) = struct.unpack_from(">I", body, at)
                at += 4
            out.append((enterprise, element & 0x7FFF, size))
        yield number, out


def field_spans(body, at, fields):
    """Offsets of the fields of one record, and its end; None if it does not fit."""
    spans = []
    for _, _, size in fields:
        if size == 0xFFFF:
            size = body[at]
            at += 1
            if size == 255:
                (size,) = struct.unpack_from(">H", body, at)
                at += 2
        spans.append((at, size))
        at += size
        if at > len(body):
            return None, None
    return spans, at


class Editor:
    def __init__(self, how, n):
        self.how, self.n = how, n
        self.templates = {}
        self.flows = self.ledgers = 0
        self.is_done = self.is_over = False

    def record(self, body, spans, fields, start, end, is_options):
        """What stands in place of one record."""
        raw = body[start:end]
        if is_options:
            if not any(e == 0 and i == 41 for e, i, _ in fields):
                return raw
            self.ledgers += 1
            if self.ledgers - 1 != self.n:
                return raw
            if self.how == "ledger":
                self.is_done = True
                return b""
            if self.how == "tail":
                self.is_done = self.is_over = True
            return raw
        self.flows += 1
        if self.flows - 1 != self.n or self.how not in ("cut", "twice", "bump"):
            return raw
        self.is_done = True
        if self.how == "cut":
            return b""
        if self.how == "twice":
            return raw + raw
        for (enterprise, element, size), (at, _) in zip(fields, spans):
            if enterprise == 0 and element == 1:
                value = int.from_bytes(body[at : at + size], "big") + 1
                at -= start
                return raw[:at] + value.to_bytes(size, "big") + raw[at + size :]
        raise SystemExit("the record has no octetDeltaCount")

    def data_set(self, domain, number, body):
        fields, is_options = self.templates[(domain, number)]
        out, at = b"", 0
        while at < len(body):
            spans, end = field_spans(body, at, fields) if len(body) - at >= 4 else (None, None)
            if spans is None:  # padding
                break
            out += self.record(body, spans, fields, at, end, is_options)
            at = end
        return out

    def message(self, msg):
        (domain,) = struct.unpack_from(">I", msg, 12)
        out, at = b"", 16
        while at + 4 <= len(msg):
            number, size = struct.unpack_from(">HH", msg, at)
            body = msg[at + 4 : at + size]
            if number in (2, 3):
                for template, fields in templates_of(body, number == 3):
                    self.templates[(domain, template)] = (fields, number == 3)
            elif (domain, number) in self.templates:
                body = self.data_set(domain, number, body)
            if body:
                out += struct.pack(">HH", number, len(body) + 4) + body
            at += size
        if not out:
            return b""
        return msg[:2] + struct.pack(">H", 16 + len(out)) + msg[4:16] + out


def main():
    if len(sys.argv) != 5:
        raise SystemExit(__doc__)
    with open(sys.argv[1], "rb") as f:
        data = f.read()
    editor, at = Editor(sys.argv[3], int(sys.argv[4])), 0
    with open(sys.argv[2], "wb") as out:
        while at + 16 <= len(data):
            (size,) = struct.unpack_from(">H", data, at + 2)
            msg = editor.message(data[at : at + size])
            if editor.is_over:
                break
            out.write(msg)
            at += size
    if not editor.is_done:
        raise SystemExit(f"there is no such record: {editor.flows} flow and {editor.ledgers} ledger records")


main()
