#!/usr/bin/python3
"""nmsg_lines.py [--order] [--header] [--timeout] [--check] FILE...: base:dnsqr payloads of NMSG files, a line each.

The tests' own reader, a second opinion on the writer. 19 fields divided by '|': type, query_ip, response_ip, proto,
query_port, response_port, id, qname (hex), qtype, qclass, rcode, query times, response times, query packets, response
packets (first 16 hex digits of the SHA-256 of each), tcp, icmp (the same), udp_checksum, resolver_address_zeroed.
'-' absent, 'empty' present without octets. --header puts vid/msgtype|time|source|operator|group| before, --timeout adds
field 20 behind. Sorted unless --order. --check verifies the stored CRCs (slow). A file or '-'; gzip and
zstd by their magic.
"""
import argparse
import gzip
import hashlib
import ipaddress
import struct
import subprocess
import sys
import zlib

TYPES = ['UDP_INVALID', 'UDP_QUERY_RESPONSE', 'UDP_UNANSWERED_QUERY', 'UDP_UNSOLICITED_RESPONSE', 'TCP', 'ICMP',
         'UDP_QUERY_ONLY', 'UDP_RESPONSE_ONLY']
VERDICTS = ['ERROR', 'ABSENT', 'INCORRECT', 'CORRECT']


class Damaged(Exception):
    pass


def varint(b, i):
    value = shift = 0
    while True:
        if i >= len(b) or shift > 63:
            raise Damaged('varint at %d' % i)
        octet = b[i]
        i += 1
        value |= (octet & 127) << shift
        if octet < 128:
            return value, i
        shift += 7


def message(b):
    """{field number: [values]} of a protobuf message; a varint gives an int, everything else its octets"""
    found, i = {}, 0
    while i < len(b):
        key = b[i]
        i += 1
        if key >= 128:
            key, i = varint(b, i - 1)
        wire = key & 7
        if wire == 0:
            value, i = varint(b, i)
        else:
            if wire == 2:
                size, i = varint(b, i)
            elif wire in (1, 5):
                size = 8 if wire == 1 else 4
            else:
                raise Damaged('wire type %d' % wire)
            if i + size > len(b):
                raise Damaged('a field of %d octets runs past the end' % size)
            value = b[i:i + size]
            i += size
        found.setdefault(key >> 3, []).append(value)
    return found


def bodies(b):
    """the Nmsg messages of a row of containers: fragments joined, zlib inflated"""
    i, waiting = 0, {}
    while i < len(b):
        if b[i:i + 4] != b'NMSG' or i + 6 > len(b) or b[i + 5] not in (1, 2):
            raise Damaged('no container at %d' % i)
        flags, version = b[i + 4], b[i + 5]
        head = 8 if version == 1 else 10
        size = int.from_bytes(b[i + 6:i + head], 'big')
        body = b[i + head:i + head + size]
        if len(body) != size or i + head > len(b):
            raise Damaged('the container at %d is cut' % i)
        i += head + size
        if flags & 2:
            piece = message(body)
            pieces = waiting.setdefault(piece[1][0], {})
            pieces[piece[2][0]] = piece[4][0]
            if len(pieces) <= piece[3][0]:
                continue
            body = b''.join(pieces[k] for k in sorted(waiting.pop(piece[1][0])))
        if flags & 1:
            plain = zlib.decompress(body[4:])
            if len(plain) != int.from_bytes(body[:4], 'big'):
                raise Damaged('a container inflates to %d octets' % len(plain))
            body = plain
        yield body
    if waiting:
        raise Damaged('%d unfinished containers in fragments' % len(waiting))


def inflated(name):
    f = sys.stdin.buffer if name == '-' else open(name, 'rb')
    with f:
        b = f.read()
    if b[:4] == b'\x28\xb5\x2f\xfd':
        return subprocess.run(['zstd', '-dcq'], input=b, stdout=subprocess.PIPE, check=True).stdout
    return gzip.decompress(b) if b[:2] == b'\x1f\x8b' else b


def payloads(b):
    """the NmsgPayload messages of a file's octets, in order"""
    for body in bodies(b):
        whole = message(body)
        if not whole.get(1):
            raise Damaged('a container without a payload')
        for octets in whole[1]:
            yield message(octets)


def read(name):
    """the NmsgPayload messages of a file"""
    try:
        yield from payloads(inflated(name))
    except Damaged as why:
        raise Damaged('%s: %s' % (name, why)) from None


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def times(seconds, fractions):
    if len(seconds) != len(fractions):
        return 'uneven'
    return ','.join('%d.%09d' % (signed(s), int.from_bytes(n, 'little', signed=True))
                    for s, n in zip(seconds, fractions)) or '-'


known = {}  # addresses repeat: their text is made once


def address(b):
    if b not in known:
        known[b] = str(ipaddress.ip_address(b)) if len(b) in (4, 16) else 'hex:' + b.hex() if b else 'empty'
    return known[b]


def digests(packets):
    return ','.join([hashlib.sha256(p).hexdigest()[:16] for p in packets]) or '-'


def line(envelope, header=False, timeout=False):
    m = message(envelope[5][0])
    if set(m) - set(range(1, 23)):
        raise Damaged('unknown fields %s' % sorted(set(m) - set(range(1, 23))))

    def one(n, text=str):
        return text(m[n][-1]) if n in m else '-'

    def word(words):
        return lambda v: words[v] if v < len(words) else str(v)

    fields = [one(1, word(TYPES)), one(2, address), one(3, address), one(4), one(5), one(6), one(7),
              one(8, lambda v: v.hex() or 'empty'), one(9), one(10), one(11),
              times(m.get(13, ()), m.get(14, ())), times(m.get(16, ()), m.get(17, ())), digests(m.get(12, ())),
              digests(m.get(15, ())), digests(m.get(18, ())), digests(m.get(19, ())), one(21, word(VERDICTS)), one(22)]
    if timeout:
        fields.append(one(20, lambda v: repr(struct.unpack('<d', v)[0])))
    if header:
        stamp = '%d.%09d' % (signed(envelope[3][0]), int.from_bytes(envelope[4][0], 'little'))
        fields[:0] = ['%d/%d' % (envelope[1][0], envelope[2][0]), stamp,
                      *(str(envelope[n][-1]) if n in envelope else '-' for n in (7, 8, 9))]
    return '|'.join(fields)


def crc32c(b, table=[]):
    if not table:
        for v in range(256):
            for _ in range(8):
                v = v >> 1 ^ (0x82f63b78 if v & 1 else 0)
            table.append(v)
    c = 0xffffffff
    for octet in b:
        c = table[(c ^ octet) & 255] ^ c >> 8
    return c ^ 0xffffffff


def wrong_crcs(b):
    """how many stored CRCs are missing or are not the byte-swapped CRC-32C of their payload"""
    wrong = 0
    for body in bodies(b):
        whole = message(body)
        stored, held = whole.get(2, []), whole.get(1, [])
        wrong += abs(len(stored) - len(held))
        for crc, envelope in zip(stored, held):
            swapped = int.from_bytes(crc32c(message(envelope)[5][0]).to_bytes(4, 'little'), 'big')
            wrong += crc != swapped
    return wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ('order', 'header', 'timeout', 'check'):
        arguments.add_argument('--' + option, action='store_true')
    arguments.add_argument('file', nargs='+')
    a = arguments.parse_args()
    wrong = sum(wrong_crcs(inflated(name)) for name in a.file) if a.check else 0
    lines = [line(e, a.header, a.timeout) for name in a.file for e in read(name)]
    for text in lines if a.order else sorted(lines):
        print(text)
    if wrong:
        sys.exit('%d wrong CRCs' % wrong)


if __name__ == '__main__':
    try:
        main()
    except Damaged as why:
        sys.exit('nmsg_lines: %s' % why)
    except BrokenPipeError:
        pass
