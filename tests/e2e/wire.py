"""Packets and capture files built by hand, octet by octet: for goldens and for the tests that need a small capture.

Times are seconds after T0, as Decimal-exact text or numbers; a frame is (time, octets) or (time, octets, wire length).
"""
import ipaddress
import struct

T0 = 1700000000
SEC = 10 ** 9
R, S, C = '198.18.0.1', '198.18.53.53', '198.18.200.7'           # resolver, server, client
R6, S6, C6 = '2001:db8::1', '2001:db8:53::53', '2001:db8:c::7'
BOTH = R + ',' + R6
QUERY_PORT = 33333


def nanoseconds(t):
    whole, _, part = str(t).partition('.')
    return (T0 + int(whole)) * SEC + int((part + '000000000')[:9])


def ones(b):
    """the Internet checksum of the octets (RFC 1071), before the complement"""
    b = bytes(b) + b'\0' * (len(b) & 1)
    total = sum(struct.unpack('!%dH' % (len(b) // 2), b))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def packed(address):
    return ipaddress.ip_address(address).packed


# ---------------------------------------------------------------- DNS

def name(text):
    labels = [x for x in text.split('.') if x]
    return b''.join(bytes([len(x)]) + x.encode('latin-1') for x in labels) + b'\0'


def question(text, qtype=1, qclass=1):
    return name(text) + struct.pack('!HH', qtype, qclass)


def dns(ident=0x1234, qname='www.example.com', qtype=1, qclass=1, qr=0, rd=0, rcode=0, opcode=0, tc=0, answer=None,
        authority=b'', additional=(), counts=None, tail=b''):
    """a message with one question (qname None: none), an A record if it is a response, and what else is given"""
    flags = qr << 15 | opcode << 11 | tc << 9 | rd << 8 | rcode
    q = b'' if qname is None else question(qname, qtype, qclass)
    if answer is None:
        answer = [b'\xc0\x0c' + struct.pack('!HHIH', 1, 1, 60, 4) + b'\xc6\x12\0\x50'] if qr and q and not rcode else []
    counts = counts or (int(bool(q)), len(answer), int(bool(authority)), len(additional))
    return struct.pack('!HHHHHH', ident, flags, *counts) + q + b''.join(answer) + authority + b''.join(additional) + tail


def opt(*options):
    """an OPT record with options (code, data)"""
    data = b''.join(struct.pack('!HH', code, len(x)) + x for code, x in options)
    return b'\0' + struct.pack('!HHIH', 41, 4096, 0x8000, len(data)) + data


def subnet(network='203.0.113.0', source=24, scope=0):
    """a client-subnet option (RFC 7871)"""
    b = packed(network)
    return 8, struct.pack('!HBB', 1 if len(b) == 4 else 2, source, scope) + b[:(source + 7) // 8]


# ---------------------------------------------------------------- UDP, TCP, ICMP, IP

def transport_sum(src, dst, protocol, data):
    pseudo = packed(src) + packed(dst) + struct.pack('!HH', protocol, len(data))
    return ones(pseudo + data) ^ 0xffff or 0xffff


def udp(src, dst, sport, dport, data, checksum=None, length=None):
    """checksum None: the right one"""
    h = struct.pack('!HHH', sport, dport, 8 + len(data) if length is None else length)
    if checksum is None:
        checksum = transport_sum(src, dst, 17, h + b'\0\0' + data)
    return h + struct.pack('!H', checksum) + data


def ip4(src, dst, protocol, data, options=b'', ident=0x4d2, flags=0, offset=0, length=None, version=4, ihl=None):
    hl = 20 + len(options)
    h = bytearray(struct.pack('!BBHHHBBH', version << 4 | (hl // 4 if ihl is None else ihl), 0,
                              hl + len(data) if length is None else length, ident, flags << 13 | offset // 8, 64, protocol, 0))
    h += packed(src) + packed(dst) + options
    h[10:12] = struct.pack('!H', ones(h) ^ 0xffff)
    return bytes(h) + data


def ip6(src, dst, protocol, data, extensions=(), length=None):
    """extensions: (number, octets behind the next-header octet), in order"""
    chain = b''
    following = [n for n, _ in extensions[1:]] + [protocol]
    for (_, octets), n in zip(extensions, following):
        chain += bytes([n]) + octets
    first = extensions[0][0] if extensions else protocol
    size = len(chain) + len(data) if length is None else length
    return struct.pack('!IHBB', 6 << 28, size, first, 64) + packed(src) + packed(dst) + chain + data


def datagram(src, dst, sport, dport, data, checksum=None, length=None, **more):
    six = ':' in src
    return (ip6 if six else ip4)(src, dst, 17, udp(src, dst, sport, dport, data, checksum, length), **more)


def q(t, ident=0x1234, qname='www.example.com', six=False, sport=QUERY_PORT, dport=53, src=None, dst=None, ip=None, udp=None, **more):
    """a query of the resolver as a frame; ip, udp: arguments of those headers, the rest those of dns()"""
    return t, datagram(src or (R6 if six else R), dst or (S6 if six else S), sport, dport, dns(ident, qname, **more), **(udp or {}), **(ip or {}))


def a(t, ident=0x1234, qname='www.example.com', six=False, sport=53, dport=QUERY_PORT, src=None, dst=None, ip=None, udp=None, **more):
    """an answer of the server as a frame"""
    return t, datagram(src or (S6 if six else S), dst or (R6 if six else R), sport, dport, dns(ident, qname, qr=1, **more), **(udp or {}), **(ip or {}))


def tcp(t, src, dst, sport, dport, data=b'', flags=0x10):
    h = bytearray(struct.pack('!HHIIBBHHH', sport, dport, 1, 1, 0x50, flags, 1024, 0, 0) + data)
    h[16:18] = struct.pack('!H', transport_sum(src, dst, 6, bytes(h)))
    return t, (ip6 if ':' in src else ip4)(src, dst, 6, bytes(h))


def unreachable(t, quoted, src=S, dst=R, head=8):
    """an ICMP port unreachable that quotes a packet"""
    b = bytearray(b'\3\3' + bytes(head - 2) + quoted)
    b[2:4] = struct.pack('!H', ones(b) ^ 0xffff)
    return t, ip4(src, dst, 1, bytes(b))


# ---------------------------------------------------------------- fragments

def pieces4(packet, *cuts, ident=0x99):
    """an IPv4 packet (with options) cut at these offsets of its data"""
    hl = (packet[0] & 15) * 4
    head, data = packet[:hl], packet[hl:]
    edges = [0, *cuts, len(data)]
    return [piece4(head, data[i:j], i, j < len(data), ident) for i, j in zip(edges, edges[1:])]


def piece4(head, data, offset, more, ident=0x99):
    h = bytearray(head)
    h[2:8] = struct.pack('!HHH', len(h) + len(data), ident, int(more) << 13 | offset // 8)
    h[10:12] = b'\0\0'
    h[10:12] = struct.pack('!H', ones(h) ^ 0xffff)
    return bytes(h) + data


def pieces6(packet, *cuts, ident=0x99, before=40):
    """an IPv6 packet cut at these offsets of what stands behind `before` octets of unfragmentable part"""
    data = packet[before:]
    edges = [0, *cuts, len(data)]
    return [piece6(packet[:before], data[i:j], i, j < len(data), ident) for i, j in zip(edges, edges[1:])]


def piece6(head, data, offset, more, ident=0x99):
    h = bytearray(head)
    at = 6 if len(h) == 40 else 40                       # the octet that names what follows: one header before at most
    following, h[at] = h[at], 44
    h[4:6] = struct.pack('!H', len(h) - 40 + 8 + len(data))
    return bytes(h) + struct.pack('!BBHI', following, 0, offset | int(more), ident) + data


# ---------------------------------------------------------------- link layers and capture files

def ether(packet, tags=(), typ=None):
    """tags: (type, VID)"""
    typ = typ or {4: 0x0800, 6: 0x86dd}[packet[0] >> 4]
    return b'\2\0\0\0\0\1\2\0\0\0\0\2' + b''.join(struct.pack('!HH', *x) for x in tags) + struct.pack('!H', typ) + packet


def pcap(frames, link=1, order='<', unit=1000, snap=262144, magic=None):
    """a classic capture file; unit: nanoseconds of one step of the fraction"""
    magic = magic or (0xa1b2c3d4 if unit == 1000 else 0xa1b23c4d)
    out = [struct.pack(order + 'IHHiIII', magic, 2, 4, 0, 0, snap, link)]
    for t, octets, *wire in frames:
        n = nanoseconds(t)
        cut = octets[:snap]
        out.append(struct.pack(order + 'IIII', n // SEC, n % SEC // unit, len(cut), wire[0] if wire else len(octets)))
        out.append(bytes(8 if magic == 0xa1b2cd34 else 0) + cut)
    return b''.join(out)


def block(kind, body, order='<'):
    body += bytes(-len(body) % 4)
    return struct.pack(order + 'II', kind, 12 + len(body)) + body + struct.pack(order + 'I', 12 + len(body))


def section(order='<'):
    return block(0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1), order)


def interface(link=1, tsresol=None, tsoffset=None, snap=0, order='<'):
    body = struct.pack(order + 'HHI', link, 0, snap)
    if tsresol is not None:
        body += struct.pack(order + 'HHB3x', 9, 1, tsresol)
    if tsoffset is not None:
        body += struct.pack(order + 'HHq', 14, 8, tsoffset)
    return block(1, body + bytes(4), order)


def enhanced(frame, number=0, units=10 ** 6, shift=0, order='<'):
    t, octets, *wire = frame
    ticks = (nanoseconds(t) - shift * SEC) * units // SEC
    return block(6, struct.pack(order + 'IIIII', number, ticks >> 32, ticks & 0xffffffff, len(octets), wire[0] if wire else len(octets))
                 + octets, order)


def simple(octets, order='<'):
    return block(3, struct.pack(order + 'I', len(octets)) + octets, order)
