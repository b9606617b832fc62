"""Goldens of what stands below DNS: links, capture files, IP, extension headers, fragments. See goldens_transactions.py."""
import struct

import wire
from goldens_transactions import golden
from wire import (R, R6, S, S6, a, datagram, dns, enhanced, ether, interface, ip4, ip6, pcap, piece4, piece6, pieces4,
                  pieces6, q, section, simple)

PAIR = [q(0), a('0.25')]
PAIR6 = [q(1, 2, six=True), a('1.25', 2, six=True)]
LONG = dict(additional=[wire.opt((12, bytes(range(200))))])      # an answer long enough to be cut


def at(t, packets):
    """packets as frames, one every 10 ms"""
    whole, _, part = str(t).partition('.')
    return [('%s.%02d' % (whole, int((part or '0').ljust(2, '0')) + i), x) for i, x in enumerate(packets)]


def fragments(t, ident, *cuts, six=False, query=False, **more):
    frame = q(t, ident, six=six, **more) if query else a(t, ident, six=six, **LONG, **more)
    return (pieces6 if six else pieces4)(frame[1], *cuts, ident=ident)


def framed(frames, wrap):
    return [(f[0], wrap(f[1]), *f[2:]) for f in frames]


# -- links
golden('b12_padding', framed([*PAIR, *PAIR6, *at(2, fragments(2, 5, 32))], lambda p: ether(p) + b'stale memory'))
golden('b22_vlan_tags', [(f[0], ether(f[1], tags)) for f, tags in zip(PAIR + PAIR6 + [q(5, 5), q(6, 6)], (
    [(0x8100, 7)], [(0x88a8, 7), (0x8100, 0)], [(0x9100, 1), (0x8100, 2)], [], [(0x8100, 1)] * 2, [(0x8100, 1)] * 3))], link=1)
golden('b22_null', [(t, struct.pack(e + 'I', family) + p) for (t, p), family, e in zip(
    PAIR + PAIR6 + [q(3, 3, six=True), q(4, 4, six=True), q(5, 5)], (2, 2, 10, 24, 28, 30, 7), '<><><<<')], link=0)
golden('b22_loop', [(t, struct.pack('>I', family) + p) for (t, p), family in zip(PAIR + PAIR6 + [q(4, 4)], (2, 2, 24, 30, 2 << 24))], link=108)
golden('b22_sll', framed(PAIR + PAIR6, lambda p: bytes(14) + (b'\x08\0' if p[0] >> 4 == 4 else b'\x86\xdd') + p) +
       framed([q(3, 3)], lambda p: bytes(14) + b'\x81\0\0\7\x08\0' + p), link=113)
golden('b22_sll2', framed(PAIR + PAIR6, lambda p: (b'\x08\0' if p[0] >> 4 == 4 else b'\x86\xdd') + bytes(18) + p), link=276)
golden('b22_raw_ipv4', PAIR + PAIR6, link=228)
golden('b22_raw_ipv6', PAIR6 + PAIR, link=229)
golden('b22_raw', PAIR + PAIR6, link=101)
golden('b22_raw_12', PAIR + PAIR6, link=12)
golden('reason_not_ip', [(0, ether(b'\0\1\x08\0', typ=0x806)), (1, bytes(13)), (2, ether(q(0)[1], [(0x8100, 1)])[:17]),
                         (3, ether(q(0)[1]))], link=1)
golden('reason_cut_short', [(f[0], ether(f[1])[:n], len(f[1]) + 14) for f, n in zip([q(i, i) for i in range(5)], (13, 33, 41, 60, 75))] +
       [(6, ether(q(6, 6)[1]) + bytes(10), 400)], link=1)
golden('b23_cut_frame_whole_packet', [(f[0], ether(f[1]), len(f[1]) + 14 + 1500) for f in PAIR + PAIR6], link=1)

# -- capture files
golden('b13_nanoseconds', [q('0.000000001'), a('0.123456789'), q('1.999999999', 2)], unit=1)
golden('big_endian', PAIR + PAIR6, order='>')
golden('big_endian_nanoseconds', [q('0.5'), a('0.500000007')], order='>', unit=1)
golden('modified_pcap', PAIR, magic=0xa1b2cd34)
golden('empty_capture', [])
ng = [section(), interface(101, 9), interface(1, 6), enhanced(q('0.000000001'), 0, 10 ** 9), enhanced((*[('0.25')], ether(a(0)[1])), 1),
      wire.block(5, bytes(12)), interface(101, 0x80 | 20), enhanced(q(2, 2), 2, 2 ** 20), interface(101, 6, 3600), enhanced(q(3, 3), 3, 10 ** 6, 3600),
      section('>'), interface(101, order='>'), enhanced(a('2.5', 2), 0, order='>'), wire.block(99, b'abcd', '>')]
golden('pcapng', b''.join(ng), suffix='pcapng')
golden('pcapng_simple', section() + interface(101, tsoffset=wire.T0) + simple(q(0)[1]) + simple(a(0)[1]), suffix='pcapng')
golden('gzip', pcap(PAIR + PAIR6, 101), gz=2)
golden('b15_damaged', pcap(PAIR + [q(1, 2), q(2, 3)], 101)[:-5])
golden('damaged_long_record', pcap(PAIR + [q(1, 2)], 101) + struct.pack('<IIII', wire.T0, 0, 262145, 262145))

# -- IPv4 and UDP headers
golden('ipv4_options', [q(0, ip={'options': b'\1' * 40}), a('0.1', ip={'options': b'\x94\4\0\0'}), q(1, 2, ip={'options': b'\7\x03\4\0'})])
golden('reason_bad_ip_header', [(0, ether(q(0)[1])[:33]), (1, ether(datagram(R, S, 33333, 53, dns(), version=6), typ=0x800)),
                                (2, ether(datagram(R, S, 33333, 53, dns(), ihl=4))), (3, ether(q(0, six=True)[1])[:53]),
                                (4, ether(q(0, six=True)[1], typ=0x800)), (5, ether(q(0, 5)[1]))], link=1)
golden('reason_bad_ip_length', [q(0, ip={'length': 500}), q(1, ip={'length': 19}), q(2, six=True, ip={'length': 500}), q(3, six=True, ip={'length': 0}), q(4)])
golden('b19_lengths', [q(0, ip={'ihl': 4}), q(1, ip={'ihl': 15}), q(2, ip={'length': 62}), q(3, ip={'length': 50}), q(4, ip={'length': 35}),
                       q(5, 6, ip={'version': 5}), q(6, 7, six=True, ip={'length': 30})])
golden('b07_fragment_shorter_than_its_header', [*at(0, fragments(0, 5, 24)[:1]), (1, ip4(S, R, 17, b'12345678', ident=5, offset=24, length=10)), q(2)])
golden('reason_bad_udp_header', [(0, ip4(R, S, 17, bytes(7))), q(1, udp={'length': 7}), q(2, udp={'length': 0}), (3, ip6(R6, S6, 17, b'1')), q(4)])
golden('udp_length_beyond_the_packet', [q(0, udp={'length': 4000}), a('0.1', udp={'length': 30}), q(2, 2, udp={'length': 30}), q(3, 3, udp={'length': 19})])

# -- IPv6 extension headers
OPTIONS = [(number, bytes([n]) + bytes(6 + 8 * n)) for number in (0, 60) for n in (0, 1, 30)]
AUTH, ROUTE = (51, b'\4\0' + bytes(20)), (43, b'\2\0\1' + bytes(20))
golden('b08_extension_headers', [x for i, e in enumerate([[o] for o in OPTIONS] + [[AUTH], [ROUTE], [OPTIONS[1], ROUTE, AUTH, OPTIONS[4]]])
                                 for x in (q(i, i, six=True, ip={'extensions': e}), a('%d.1' % i, i, six=True, ip={'extensions': e}))])
golden('b08_fragment_with_options_behind', at(0, pieces6(a(0, six=True, ip={'extensions': [OPTIONS[4]]}, **LONG)[1], 64, 128)) +
       at(1, pieces6(a(0, 2, six=True, ip={'extensions': [OPTIONS[1]]}, **LONG)[1], 64, before=56)))
golden('reason_bad_extension_header', [q(0, six=True, ip={'extensions': [(0, b'\xff' + bytes(6))]}), (1, ip6(R6, S6, 0, b'\x11\0')),
                                       (2, ip6(R6, S6, 44, b'\x2c\0\0\1\0\0\0\1' + b'\x11\0\0\1\0\0\0\1' + bytes(8))),
                                       (3, ip6(R6, S6, 44, b'\x3c\0\0\1\0\0\0\1\x11\4' + bytes(14))),
                                       q(4, six=True, ip={'extensions': [(50, bytes(7))]})])
golden('atomic_fragments', [(t, pieces6(f[1])[0]) for t, f in (('0', q(0, six=True)), ('0.1', a(0, six=True)), ('0.2', a(0, six=True)))])

# -- fragments
CUTS = (24, 128)
for six in (False, True):
    v = 'ipv6' if six else 'ipv4'
    answers = [fragments(0, i, *CUTS, six=six) for i in range(8)]
    queries = [q('0.0%d' % i, i, six=six) for i in range(8)]
    golden('fragments_in_order_' + v, queries[:2] + at(1, answers[0]) + at(2, answers[1]))
    golden('fragments_reversed_' + v, queries[:1] + at(1, answers[0][::-1]) + at(2, answers[1][1:] + answers[1][:1]))
    golden('b24_fragmented_query_' + v, at(0, fragments(0, 1, 16, query=True, six=six)) + [a('0.5', 1, six=six)] +
           at(1, fragments(0, 2, 8, 16, query=True, six=six)[::-1]) + at(2, fragments(0, 2, 24, six=six)))
    golden('b06_duplicate_' + v, queries[:2] + at(1, [answers[0][i] for i in (0, 0, 1, 1, 2, 2)]) + at(2, [answers[1][i] for i in (2, 2, 1, 1, 0)]))
    golden('reason_fragment_overlap_' + v, queries[:2] + at(1, answers[0][:1] + fragments(0, 0, 16, 128, six=six)[1:] + answers[0][1:]) + at(2, answers[1]))
    golden('fragment_no_multiple_of_8_' + v, queries[:1] + at(1, fragments(0, 0, 20, 128, six=six)))
    golden('fragment_two_ends_' + v, queries[:1] + at(1, answers[0][2:] + fragments(0, 0, 24, 64, six=six)[2:] + answers[0][:2]))
    golden('fragment_past_the_end_' + v, queries[:1] + at(1, answers[0][2:]) +
           at(2, [(piece6 if six else piece4)(answers[0][0][:40 if six else 20], bytes(16), 800, True, 0)]))
    golden('b05_across_seconds_' + v, queries[:2] + [('0.999999', answers[0][0]), ('1.000001', answers[0][1]), ('29.9', answers[0][2])] +
           [('30.5', answers[1][0]), (40, answers[1][1]), ('60.5', answers[1][2])])
    golden('reason_fragment_timeout_' + v, [(0, answers[0][0]), q('30.000000', 7, six=six), ('30.1', answers[0][1]), ('30.2', answers[0][2]),
                                            (61, answers[2][0]), (62, answers[2][2])])
    golden('fragments_interleaved_' + v, queries[:3] + at(1, [answers[i][k] for k in (1, 0, 2) for i in (0, 1, 2)]))
    golden('fragment_empty_last_' + v, queries[:1] + at(1, fragments(0, 0, 24, 8 * (len(a(0, six=six, **LONG)[1]) // 8), six=six)[:1] + [
        (piece6 if six else piece4)(a(0, six=six)[1][:40 if six else 20], b'', 24, False, 0)]))
golden('reason_fragment_duplicate', [(0, x) for x in fragments(0, 1, 24)[:1] * 3])
golden('reason_fragment_bad_length', [*at(0, fragments(0, 1, 20)), (1, piece4(ip4(S, R, 17, b''), bytes(1000), 65000, False, 9))])
golden('fragment_overlap_evil_twin', [q(0, 1)] + at(1, fragments(0, 1, 24, 128)[:2] + [piece4(ip4(S, R, 17, b''), b'forged!!' * 13, 24, True, 1)] +
                                                    fragments(0, 1, 24, 128)[1:]) + at('31.5', fragments(0, 1, 24, 128)))
golden('fragments_of_others', at(0, [piece4(ip4('198.18.200.9', S, 17, b''), bytes(64), 0, True)]) +
       at(1, [piece4(ip4(S, R, 6, b''), bytes(64), 0, True), piece4(ip4(S, R, 6, b''), bytes(64), 64, False)]))
golden('fragment_from_another_port', [q(0)] + at(1, pieces4(a(0, sport=54, **LONG)[1], 64)))
golden('fragments_of_client_queries', at(0, pieces4(q(0, src='198.18.200.7', dst=R)[1], 16)) + at(1, pieces6(q(0, src='2001:db8:c::7', dst=R6, six=True)[1], 16)))
golden('reason_fragment_evicted', [('%d.%03d' % divmod(i, 1000), piece4(ip4(S, R, 17, b''), bytes(8), 8, True, i)) for i in range(4100)] +
       at(5, fragments(5, 3, 24)[1:]) + at(6, fragments(6, 4099, 8)), gz=1)
golden('fragment_evicted_by_octets', [q(0, 3)] + [('1.%03d' % i, piece4(ip4(S, R, 17, b''), bytes(60000), 8, True, i)) for i in range(71)] +
       at(5, fragments(5, 3, 8)), gz=1)
golden('largest_datagram', [q(0, 3)] + [(1, x) for x in pieces6(a(1, 3, six=True, tail=bytes(65400))[1], 30000, 60000)] +
       [(2, x) for x in pieces4(a(2, 3, tail=bytes(65400))[1], 30000, 60000)], gz=1)
