#!/usr/bin/python3
"""odd_server.py ADDRESSES SEED: a DNS server over UDP that answers for each zone in the odd way that the zone's name says.

ADDRESSES is a JSON list of (IPv4, IPv6); the last pair only gives answers for the others. The label that names the way
is BEHAVIOUR followed by digits (twice0.nimbus). It is authoritative for whatever it is asked: A, AAAA and TXT exist at
every name, SOA and NS at the zone, nothing else does.
"""
import heapq
import json
import os
import random
import re
import selectors
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))
import wire  # noqa: E402  (the tests' packet builder)

BEHAVIOURS = ('twice', 'late', 'wrongid', 'header', 'nosum', 'badsum', 'echo', 'cut', 'otheraddr', 'otherport', 'garbage', 'short',
              'othercase', 'otherquestion', 'truncated', 'servfail', 'silent', 'trailing', 'halffrag', 'overlap', 'manyfrag')
SO_NO_CHECK, UDP_NO_CHECK6_TX, SOL_UDP, IPV6_HDRINCL = 11, 101, 17, 36
A, NS, SOA, TXT, AAAA = 1, 2, 6, 16, 28


def question_of(message):
    """(labels, qtype, octets of the question), or None"""
    labels, i = [], 12
    while i < len(message) and message[i]:
        if message[i] > 63:
            return None
        labels.append(message[i + 1:i + 1 + message[i]].decode('latin-1'))
        i += 1 + message[i]
    if i + 5 > len(message) or message[4:6] != b'\0\1':
        return None
    return labels, struct.unpack('!H', message[i + 1:i + 3])[0], message[12:i + 5]


def behaviour_of(labels):
    """(behaviour, labels above the zone), or None"""
    for i, label in enumerate(labels):
        found = re.fullmatch(r'([a-z]+)\d+', label.lower())
        if found and found[1] in BEHAVIOURS:
            return found[1], i
    return None


def record(qtype, rdata, ttl=2, owner=b'\xc0\x0c'):
    return owner + struct.pack('!HHIH', qtype, 1, ttl, len(rdata)) + rdata


def answer(query, labels, qtype, octets, above, servers):
    """a right answer"""
    ident, flags = struct.unpack('!HH', query[:4])
    zone = wire.name('.'.join(labels[above:]))
    head = flags & 0x0100 | 0x8400
    found, authority, additional = [], [], []
    host = [s for i, s in enumerate(servers) if labels[:1] == ['ns%d' % i] and above == 1]
    if qtype == A:
        found = [record(A, socket.inet_aton(host[0][0] if host else '203.0.113.9'))]
    elif qtype == AAAA:
        found = [record(AAAA, socket.inet_pton(socket.AF_INET6, host[0][1] if host else '2001:db8:f000::9'))]
    elif qtype == TXT:
        found = [record(TXT, b'\x09odd text.')]
    elif qtype == NS and above == 0:
        found = [record(NS, b'\3ns%d' % i + zone) for i in range(2)]
    soa = record(SOA, b'\3ns0' + zone + b'\4host' + zone + struct.pack('!IIIII', 1, 60, 60, 60, 2), owner=zone)
    if qtype == SOA and above == 0:
        found = [soa]
    if not found:
        authority = [soa]
    additional = [b'\0' + struct.pack('!HHIH', 41, 4096, 0, 0)] if query[10:12] != b'\0\0' else []
    counts = struct.pack('!HHHHHH', ident, head, 1, len(found), len(authority), len(additional))
    return counts + octets + b''.join(found + authority + additional)


class Server:
    def __init__(self, pairs, seed):
        self.chance, self.pairs = random.Random(seed), pairs
        self.selector, self.waiting, self.order = selectors.DefaultSelector(), [], 0
        self.sockets = {}  # (address, kind)
        for pair in pairs:
            for address in pair:
                six = ':' in address
                family = socket.AF_INET6 if six else socket.AF_INET
                plain = socket.socket(family, socket.SOCK_DGRAM)
                plain.bind((address, 53))
                plain.setblocking(False)
                self.selector.register(plain, selectors.EVENT_READ, address)
                self.sockets[address, 'plain'] = plain
                other = socket.socket(family, socket.SOCK_DGRAM)
                other.bind((address, 5300))
                self.sockets[address, 'otherport'] = other
                raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
                if six:
                    raw.setsockopt(socket.IPPROTO_IPV6, IPV6_HDRINCL, 1)
                raw.bind((address, 0))
                self.sockets[address, 'raw'] = raw

    def send(self, message, address, peer, after=0.0, kind='plain'):
        self.order += 1
        heapq.heappush(self.waiting, (time.monotonic() + after, self.order, message, address, peer, kind))

    def send_due(self):
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _, _, message, address, peer, kind = heapq.heappop(self.waiting)
            s = self.sockets[address, 'plain' if kind == 'nosum' else kind]
            try:
                if kind == 'nosum':
                    self.without_checksum(s, message, address, peer)
                elif kind == 'raw':
                    s.sendto(message, (peer[0], 0))
                else:
                    s.sendto(message, peer)
            except OSError as why:  # the peer's network may be down already
                print('to %s: %s' % (peer, why), file=sys.stderr)

    @staticmethod
    def without_checksum(s, message, address, peer):
        option = (SOL_UDP, UDP_NO_CHECK6_TX) if ':' in address else (socket.SOL_SOCKET, SO_NO_CHECK)
        s.setsockopt(*option, 1)
        try:
            s.sendto(message, peer)
        finally:
            s.setsockopt(*option, 0)

    def raw(self, address, peer, message, checksum=None, cuts=(), keep=None, change=None):
        """a datagram built here, perhaps in pieces, of which perhaps not all leave"""
        packet = wire.datagram(address, peer[0], 53, peer[1], message, checksum)
        if not cuts:
            self.send(packet, address, peer, kind='raw')
            return
        pieces = (wire.pieces6 if ':' in address else wire.pieces4)(packet, *cuts, ident=self.chance.randrange(1, 1 << 16))
        if change:
            change(pieces)
        self.chance.shuffle(pieces)
        for piece in pieces[:keep]:
            self.send(piece, address, peer, kind='raw')

    def handle(self, query, address, peer):
        asked = question_of(query)
        way = behaviour_of(asked[0]) if asked else None
        if not way or query[2] & 0x80:
            return
        labels, qtype, octets = asked
        behaviour, above = way
        right = answer(query, labels, qtype, octets, above, self.pairs)
        again = lambda *a, **k: self.send(*a, **k)  # noqa: E731
        chance, flags = self.chance, struct.unpack('!H', query[2:4])[0]
        if behaviour == 'twice':
            for _ in range(2):
                again(right, address, peer)
        elif behaviour == 'late':
            again(right, address, peer, chance.uniform(1.05, 2.5))
        elif behaviour == 'wrongid':
            again(bytes([right[0] ^ 0x55]) + right[1:], address, peer)
            again(right, address, peer, 0.02)
        elif behaviour == 'header':  # RCODE 5 and nothing else; the right answer now and then, lest nobody ask again
            again(struct.pack('!HHHHHH', *struct.unpack('!H', query[:2]), flags & 0x100 | 0x8005, 0, 0, 0, 0), address, peer)
            if chance.random() < 0.5:
                again(right, address, peer, 0.05)
        elif behaviour == 'nosum':
            again(right, address, peer, kind='nosum')
        elif behaviour == 'badsum':
            self.raw(address, peer, right, checksum=0xbad1)
            again(right, address, peer, 0.05)
        elif behaviour == 'echo':  # QR stays 0
            again(query, address, peer)
            again(right, address, peer, 0.05)
        elif behaviour == 'cut':  # in the middle of the question
            again(right[:12 + chance.randrange(1, len(octets))], address, peer)
            again(right, address, peer, 0.05)
        elif behaviour == 'otheraddr':
            again(right, self.pairs[-1][int(':' in address)], peer)
            again(right, address, peer, 0.05)
        elif behaviour == 'otherport':
            again(right, address, peer, kind='otherport')
            again(right, address, peer, 0.05)
        elif behaviour == 'garbage':
            again(query[:2] + bytes([chance.getrandbits(8) & 0xfe]) + chance.randbytes(chance.randrange(0, 90)), address, peer)
            again(right, address, peer, 0.05)
        elif behaviour == 'short':
            again(right[:chance.randrange(0, 12)], address, peer)
            again(right, address, peer, 0.05)
        elif behaviour == 'othercase':
            again(right[:12] + octets.swapcase()[:-4] + octets[-4:] + right[12 + len(octets):], address, peer)
            again(right, address, peer, 0.05)
        elif behaviour == 'otherquestion':
            again(right[:12] + b'\5other' + octets + right[12 + len(octets):], address, peer)
            again(right, address, peer, 0.05)
        elif behaviour == 'truncated':  # and nobody listens on TCP
            again(right[:2] + bytes([right[2] | 2]) + right[3:], address, peer)
        elif behaviour == 'servfail':
            again(right[:3] + bytes([right[3] & 0xf0 | 2]) + b'\0\1' + bytes(6) + octets, address, peer)
        elif behaviour == 'trailing':
            again(right + chance.randbytes(chance.randrange(1, 1400 - len(right))), address, peer)
        elif behaviour == 'halffrag':  # a piece that never comes
            self.raw(address, peer, right + bytes(900), cuts=(400, 800), keep=2)
            again(right, address, peer, 0.05)
        elif behaviour == 'overlap':
            self.raw(address, peer, right + bytes(900), cuts=(400, 800), change=lambda p: p.append(overlapping(p[1])))
            again(right, address, peer, 0.05)
        elif behaviour == 'manyfrag':  # in pieces of 64 octets, in any order, some twice
            packet = right + bytes(600)
            self.raw(address, peer, packet, cuts=range(64, len(packet), 64), change=lambda p: p.append(p[chance.randrange(len(p))]))

    def serve(self):
        while True:
            self.send_due()
            pause = max(0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
            for key, _ in self.selector.select(pause):
                try:
                    query, peer = key.fileobj.recvfrom(65535)
                except OSError:  # an ICMP error from before
                    continue
                self.handle(query, key.data, peer)


def overlapping(piece):
    """the same place in the datagram with other data"""
    return piece[:-1] + bytes([piece[-1] ^ 0xff])


if __name__ == '__main__':
    Server([tuple(pair) for pair in json.loads(sys.argv[1])], int(sys.argv[2])).serve()
