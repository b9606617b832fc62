"""The test's own reader of captures: UDP datagrams of classic pcap files (Ethernet), reassembled, as the lab needs them.

A second opinion on the sensor, written from RFC 791, 8200 and 5722 and REFERENCE.md §7, and sharing nothing with it. What
it reads is held against tshark as well (evidence.py). Frames whole (full snap length), no tags.
"""
import struct
from collections import Counter

LIFE = 30 * 10 ** 9  # how long the fragments of a datagram are waited for
UDP, PORT = 17, 53
EXTENSIONS = (0, 43, 51, 60)


class Datagram:
    """packets: the IP packets it came in, by offset; stamp in ns, of the frame that completed it"""
    __slots__ = ('stamp', 'source', 'destination', 'sport', 'dport', 'data', 'packets', 'checksum')

    def __init__(self, stamp, source, destination, udp, packets):
        self.stamp, self.source, self.destination, self.packets = stamp, source, destination, packets
        self.sport, self.dport, length, self.checksum = struct.unpack('!HHHH', udp[:8])
        self.data = udp[8:length]  # ends with the IP packet if the length says more

    def key(self):
        return self.source, self.destination, self.sport, self.dport, self.data


def frames(path):
    """(stamp in ns, Ethernet frame)"""
    with open(path, 'rb') as f:
        b = f.read()
    unit = {b'\xd4\xc3\xb2\xa1': 1000, b'\x4d\x3c\xb2\xa1': 1}.get(b[:4])
    if unit is None or struct.unpack('<I', b[20:24])[0] != 1:
        raise ValueError('%s: no little-endian Ethernet pcap' % path)
    at = 24
    while at < len(b):
        seconds, fraction, size, wire = struct.unpack('<IIII', b[at:at + 16])
        if size != wire or at + 16 + size > len(b):
            raise ValueError('%s: a frame is cut at %d' % (path, at))
        yield seconds * 10 ** 9 + fraction * unit, b[at + 16:at + 16 + size]
        at += 16 + size


def packet_in(frame):
    """the IP packet of an Ethernet frame without what pads it, or None"""
    kind, packet = frame[12:14], frame[14:]
    if kind == b'\x08\0' and len(packet) >= 20 and packet[0] >> 4 == 4:
        return packet[:struct.unpack('!H', packet[2:4])[0]]
    if kind == b'\x86\xdd' and len(packet) >= 40 and packet[0] >> 4 == 6:
        return packet[:40 + struct.unpack('!H', packet[4:6])[0]]
    return None


class Piece:
    """an IP packet taken apart: protocol, data, and what says which fragment of which datagram it is (key None: whole)"""
    __slots__ = ('packet', 'source', 'destination', 'protocol', 'key', 'offset', 'more', 'data')

    def __init__(self, packet):
        self.packet, self.key, self.offset, self.more = packet, None, 0, False
        if packet[0] >> 4 == 4:
            self.source, self.destination, self.protocol = packet[12:16], packet[16:20], packet[9]
            self.data = packet[(packet[0] & 15) * 4:]
            ident, place = struct.unpack('!HH', packet[4:8])
            if place & 0x3fff:
                self.key = self.source, self.destination, ident, self.protocol
                self.offset, self.more = (place & 0x1fff) * 8, bool(place & 0x2000)
            return
        self.source, self.destination = packet[8:24], packet[24:40]
        following, at = packet[6], 40
        while following in EXTENSIONS or following == 44:
            if following == 44:
                following, _, place, ident = struct.unpack('!BBHI', packet[at:at + 8])
                self.key = self.source, self.destination, ident
                self.offset, self.more = place & 0xfff8, bool(place & 1)
                at += 8
                break
            following, at = packet[at], at + (packet[at + 1] + 2) * 4 if following == 51 else at + (packet[at + 1] + 1) * 8
        self.protocol, self.data = following, packet[at:]


class Waiting:
    def __init__(self, stamp):
        self.begun, self.pieces, self.end, self.spoiled, self.count, self.word = stamp, {}, None, False, 0, 'fragment_timeout'

    def take(self, piece):
        """'' if the fragment was kept, else the ledger's word for it, which may be that of all fragments so far"""
        self.count += 1
        end = piece.offset + len(piece.data)
        if self.spoiled:
            return self.word
        held = self.pieces.get(piece.offset)
        if held is not None and held.data == piece.data and held.more == piece.more:
            self.count -= 1
            return 'fragment_duplicate'
        if (piece.more and len(piece.data) % 8) or (self.end is not None and (end > self.end or not piece.more)) or (
                not piece.more and any(p.offset + len(p.data) > end for p in self.pieces.values())):
            return self.spoil('fragment_bad_length')
        if any(p.offset < end and piece.offset < p.offset + len(p.data) for p in self.pieces.values()):
            return self.spoil('fragment_overlap')
        self.pieces[piece.offset] = piece
        if not piece.more:
            self.end = end
        return ''

    def spoil(self, word):
        self.spoiled, self.word = True, word
        return word

    def whole(self):
        if self.end is None or self.spoiled:
            return None
        data = b''
        for offset in sorted(self.pieces):
            if offset != len(data):
                return None
            data += self.pieces[offset].data
        return data if len(data) == self.end else None


class Reader:
    """datagrams() gives each whole UDP datagram once; afterwards `count` has what became of the frames, by the ledger's words,
    and as `passing` those that the filter of a live sensor in the kernel lets pass: fragments with a listed address at either end,
    and UDP between a listed address and port 53 of the other side"""

    def __init__(self, listed):
        self.listed, self.count, self.copies = set(listed), Counter(), Counter()
        self.packets = Counter()  # every IP packet with a listed address at either end

    def datagrams(self, stamped_frames):
        waiting = {}
        for stamp, frame in stamped_frames:
            self.count['frames'] += 1
            packet = packet_in(frame)
            if packet is None:
                continue
            piece = Piece(packet)
            if piece.source not in self.listed and piece.destination not in self.listed:
                continue
            self.packets[packet] += 1
            if piece.protocol != UDP:
                continue
            if piece.key is None:
                found = Datagram(stamp, piece.source, piece.destination, piece.data, (packet,))
                self.count['passing'] += (found.source in self.listed and found.dport == PORT) or (
                    found.destination in self.listed and found.sport == PORT)
                yield found
                continue
            self.count['passing'] += 1
            self.count['fragments'] += 1
            self.copies[piece.key] += 1
            found = waiting.get(piece.key)
            if found and stamp - found.begun > LIFE:
                self.count[found.word] += found.count
                found = None
            if not found:
                found = waiting[piece.key] = Waiting(stamp)
            self.count['fragment_duplicate'] += found.take(piece) == 'fragment_duplicate'
            data = found.whole()
            if data is not None:
                del waiting[piece.key]
                self.count['joined'] += len(found.pieces) - 1
                yield Datagram(stamp, piece.source, piece.destination, data,
                               tuple(found.pieces[k].packet for k in sorted(found.pieces)))
        for found in waiting.values():
            self.count[found.word] += found.count


def whole(packets):
    """the datagram in a payload's packets"""
    pieces = [Piece(p) for p in packets]
    data = b''
    for piece in pieces:
        if piece.offset != len(data):
            raise ValueError('fragments of a payload leave a gap or are out of order')
        data += piece.data
    if pieces[-1].more or any(not p.more for p in pieces[:-1]) or len({p.key for p in pieces}) != 1:
        raise ValueError('fragments of a payload are no whole datagram')
    return Datagram(0, pieces[0].source, pieces[0].destination, data, tuple(packets))


def checksum_verdict(datagram):
    """ABSENT, CORRECT or INCORRECT"""
    if not datagram.checksum:
        return 'ABSENT'
    udp = struct.pack('!HHHH', datagram.sport, datagram.dport, 8 + len(datagram.data), datagram.checksum) + datagram.data
    b = datagram.source + datagram.destination + struct.pack('!HH', UDP, len(udp)) + udp
    b += b'\0' * (len(b) % 2)
    total = sum(struct.unpack('!%dH' % (len(b) // 2), b))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return 'CORRECT' if total == 0xffff else 'INCORRECT'


def bad_question(data):
    """one question is announced, something follows the header, and it does not fit"""
    if data[4:6] != b'\0\1' or len(data) == 12:
        return False
    at = 12
    while at < len(data):
        size = data[at]
        at += 1
        if not size:
            break
        if size >= 192:
            at += 1
            break
        at += size
    else:
        return True
    return at + 4 > len(data)


def question(data):
    """the question's octets, or None"""
    if data[4:6] != b'\0\1' or len(data) == 12:
        return None
    at = 12
    while data[at] and data[at] < 192:
        at += 1 + data[at]
    return data[12:at + (6 if data[at] >= 192 else 5)]
