"""Goldens of the transaction rules: who is recorded, pairing, clock, table, filters, modes, zeroing, client subnets.

TABLE: name -> (frames or capture file, environment without DNSQR_, more). A name that begins with bNN_ is the golden of
that wanted difference in REFERENCE §6; reason_WORD shows that drop reason.
"""
from wire import (BOTH, C, C6, R, R6, S, S6, a, datagram, dns, ip4, opt, pieces4, pieces6, q, subnet, tcp, unreachable)

TABLE = {}


def golden(name, frames, env=None, lists=True, **more):
    assert name not in TABLE, name
    TABLE[name] = (frames, ({'RES_ADDRS': BOTH} if lists else {}) | (env or {}), more)


NAMED = 'www.example.com'
ONE = {'RES_ADDRS': R}

# -- who is recorded (REFERENCE §1)
golden('pair', [q(0), a('0.25'), q(1, 9)])
golden('pair_ipv6', [q(0, six=True), a('0.25', six=True), q(1, 9, six=True)])
golden('port_both_53', [q(0, sport=53), a('0.1', dport=53)])
golden('b02_qr0_from_53', [q(0, src=S, dst=R, sport=53, dport=QP) for QP in (33333, 53)])
golden('b02_qr1_to_53', [a(0, src=R, dst=S, sport=QP, dport=53) for QP in (33333, 53)])
golden('b02_zero_listed_responder', [q(0, src=R, dst='198.18.0.2'), a('0.1', src='198.18.0.2', dst=R)],
       {'RES_ADDRS': '198.18.0.0/30', 'ZERO_RESOLVER_ADDRESS': '1'})
golden('b09_client_side', [q(0, src=C6, dst=R6, sport=4000), a('0.1', src=R6, dst=C6, dport=4000), q(1, src=C, dst=R, sport=53),
                           a('1.1', src=R, dst=C, dport=53), q(2, six=True), q(3, six=True, dport=5353)])
golden('client_that_plays_responder', [a(0, src=C, dst=R, sport=4000, dport=53), a(1, src=C6, dst=R6, sport=4000, dport=53)])
golden('reason_not_initiator', [q(0, src=C, dst=R), a('0.1', src=R, dst=C), q(1, src=C, dst=S), q(2)])
golden('reason_other_port', [q(0, dport=5300), q(1, dport=5353), q(2, sport=53, dport=5353), a(3)])
golden('port_5353_without_list', [q(0, dport=5353), a('0.1', sport=5353), q(1, dport=5300)], lists=False)
golden('authority_list', [q(0), a('0.1'), q(1, 2, src=S, dst=R, sport=4000), q(2, 3, src=C)], {'RES_ADDRS': None, 'AUTH_ADDRS': S})
golden('both_lists', [q(0), a('0.1'), q(1, 2, dst='198.18.53.54'), q(2, 3, src=C), q(3, 4, src=C, dst='198.18.53.54')],
       {'RES_ADDRS': R, 'AUTH_ADDRS': S})
golden('client_in_both_lists', [q(0, src=C, dst=R), a('0.1', src=R, dst=C)], {'RES_ADDRS': R, 'AUTH_ADDRS': R})

# -- TCP and ICMP
quoted = q(0)[1]
golden('b03_tcp_icmp_off_when_zeroing', [tcp(0, R, S, 4000, 53), unreachable(1, quoted), q(2)], {'ZERO_RESOLVER_ADDRESS': '1'}, lists=False)
golden('tcp_wanted', [tcp(0, R, S, 4000, 53), tcp('0.1', S, R, 53, 4000, b'\0\2ab'), tcp(1, C, R, 4000, 53), tcp(2, R, S, 53, 53),
                      tcp(3, R6, S6, 4000, 53), tcp(4, R, S, 4000, 80)], {'CAPTURE_TCP': '1'})
golden('b11_icmp_wanted', [q(0), unreachable('0.1', quoted), unreachable('0.2', quoted, head=4), unreachable(1, quoted[:28]),
                           unreachable(2, tcp(0, R, S, 4000, 53)[1]), unreachable(3, q(0, src=C, dst=R)[1], src=R, dst=C)],
       {'CAPTURE_ICMP': '1'})
golden('tcp_and_icmp_without_list', [tcp(0, C, R, 4000, 53), tcp(1, C, R, 4000, 80), unreachable(2, quoted)], lists=False)
golden('reason_bad_tcp_header', [(0, ip4(R, S, 6, bytes(19))), tcp(1, R, S, 4000, 53)], {'CAPTURE_TCP': '1'})
golden('reason_icmp_no_quote', [unreachable(0, quoted[:27]), (1, ip4(S, R, 1, bytes(7))), unreachable(2, ip4(R, S, 47, bytes(8)))],
       {'CAPTURE_ICMP': '1'})
golden('reason_not_udp', [tcp(0, R, S, 4000, 53), unreachable(1, quoted), (2, ip4(R, S, 47, bytes(20))), q(3)])

# -- pairing and the clock
golden('b25_case_differs', [q(0), a('0.1', qname='WWW.example.com'), q(1, 2, 'wWw.Example.Com'), a('1.1', 2, 'wWw.Example.Com')])
golden('identical_queries_in_order', [q(0), q('0.5'), a(1), a(2), a(3)])
golden('header_only_answers', [x for i in range(16) for x in (q(i, i), a('%d.1' % i, i, None, rcode=i))])
golden('header_only_takes_oldest', [q(0), q('0.1', qname='b.example'), a(1, qname=None, rcode=2), a(2, qname='b.example')])
for age in ('59.9', '60.0', '60.9', '61.0'):
    golden('b16_answer_at_%s' % age.replace('.', '_'), [q(0), a(age)])
golden('b17_whole_seconds', [q('0.9'), q('0.95', 2), a('60.95'), a('61.0', 2)])
golden('b16_filtered_holds_up_nothing', [q(0, 1, 'bad.example'), q(0, 2), q(70, 3, 'bad.example'), a('70.1', 2)],
       {'FILTER_QNAMES_EXCLUDE': 'bad.example'})
golden('b18_older_behind_younger_head', [q(20), q(5, 2, 'b.example'), q(70, 3), a('70.5', 2, 'b.example'), a('70.6')])
golden('b18_clock_back_gives_no_negative', [q(100), q('94.75', 2)])
golden('clock_jumps_back', [q(1000), q(1, 2), a('1.1', 2), q(62, 3), a('1000.5')])
golden('clock_jumps_forward', [*(q(i, i) for i in range(5)), q(100000, 9), a(100001, 9)])
golden('stamps_out_of_order', [a('0.1'), q('0.2'), q('3.5', 2), a('3.4', 2), q('2.0', 3), a('1.9', 3)])
golden('query_timeout_2', [q(0), a('2.9'), q(10, 2), a('13.0', 2)], {'QUERY_TIMEOUT': '0x2'})
golden('clock_of_what_is_admitted', [q(0), tcp(100, R, S, 4000, 53), q(100, 2, src=C, dst=R), q(100, 3, dport=5300), (100, ip4(R, S, 17, bytes(8))),
                                     a(59), q(200, 4), (300, datagram(S, R, 53, 33333, b'\0\4\x80\0\0\1\0\0\0\0\0\0\x05abc')), a(301, 4)])
golden('b15_open_queries_at_the_end', [q(i, i) for i in range(4)])
golden('b15_stop_after_count', [q(0), q('0.1', 2), a('0.2'), q(1, 3)], args='-c 1')
golden('table_of_1', [q(0), q('0.1', 2), q('0.2', 3), a('0.3'), a('0.4', 2), a('0.5', 3)], {'STATE_TABLE_MAX': '1'})
golden('b26_evictions_are_counted', [q('0.%02d' % i, i) for i in range(20)] + [a(1, i) for i in range(20)], {'STATE_TABLE_MAX': '7'})
golden('evicted_before_the_next_payload', [q(0), q('0.1', 2), a('0.2', 9), q('0.3', 3), a('0.4', 3)], {'STATE_TABLE_MAX': '2'})

# -- settings that are refused (B14)
for what, env in (('empty_value', {'CAPTURE_RD': ''}), ('blank_value', {'RES_ADDRS': ' \t'}), ('commas', {'RES_ADDRS': ' , ,'}), ('colons', {'FILTER_QNAMES_EXCLUDE': '::'}),
                  ('junk_number', {'QUERY_TIMEOUT': '2s'}), ('octal', {'QUERY_TIMEOUT': '010'}), ('out_of_range', {'QUERY_TIMEOUT': '3601'}),
                  ('table_0', {'STATE_TABLE_MAX': '0'}), ('table_2_31', {'STATE_TABLE_MAX': '2147483648'}), ('bad_address', {'RES_ADDRS': R + ',198.18.0.256'}),
                  ('host_bits', {'AUTH_ADDRS': '2001:db8::1/32'}), ('long_prefix', {'RES_ADDRS': '198.18.0.0/33'}), ('switch_word', {'ZERO_RESOLVER_ADDRESS': 'maybe'}),
                  ('bad_name', {'FILTER_QNAMES_EXCLUDE': 'a..b'}), ('bad_rcode', {'FILTER_RCODES_INCLUDE': '16'}), ('capture_qr_2', {'CAPTURE_QR': '2'}),
                  ('tcp_and_zeroing', {'CAPTURE_TCP': '1', 'ZERO_RESOLVER_ADDRESS': '1'})):
    golden('b14_refused_' + what, [], env)
golden('b14_words_and_blanks', [q(0), a('60.5'), q(70, 2)], {'ZERO_RESOLVER_ADDRESS': ' Yes ', 'QUERY_TIMEOUT': ' 0x3c ', 'RES_ADDRS': ' %s ,,%s,' % (R, R)})

# -- messages
HEAD = b'\0\4\1\0\0\1\0\0\0\0\0\0'
raw = [HEAD + x for x in (b'', b'\x05abc', b'\3abc', b'\0\0\1', b'\xc0\x0c\0\1\0\1', b'\x47' + b'x' * 71 + b'\0\0\1\0\1',
                          b'\0\0\2\0\1', (b'\x3f' + b'y' * 63) * 5 + b'\0\0\1\0\1', b'\0\0\1\0\1tail')]
golden('malformed_questions', [('%d' % i, datagram(R, S, 33333, 53, x)) for i, x in enumerate(raw)] + [
    (20, datagram(R, S, 33333, 53, dns(5, counts=(0, 0, 0, 0)))), (21, datagram(R, S, 33333, 53, dns(6, counts=(2, 0, 0, 0), tail=b'\0\0\1\0\1')))])
golden('reason_dns_short', [(0, datagram(R, S, 33333, 53, bytes(n))) for n in (0, 11, 12)])
golden('reason_dns_bad_question', [(0, datagram(R, S, 33333, 53, HEAD + b'\5ab')), (1, datagram(S, R, 53, 33333, b'\0\4\x81' + HEAD[3:] + b'\0\0\1'))])
golden('header_only_queries', [q(0, 1, None), a('0.1', 1, rcode=2), q(1, 2, None), a('1.1', 2), q(2, 3, None), a('2.1', 3, None, rcode=5)])
golden('opcodes_and_types', [q(i, i, opcode=i, qtype=255 - i, qclass=i * 4096) for i in range(16)] + [a('1.%02d' % i, i, opcode=15 - i,
                             qtype=255 - i, qclass=i * 4096) for i in range(16)])
golden('checksum_verdicts', [x for i, c in enumerate((None, 0xbad, 0)) for x in (q(i, i), a('%d.1' % i, i, udp={'checksum': c}))] +
       [a(5, 8, udp={'length': 200}), a(6, 9, qname='abc.example', udp={'length': 40})])

# -- filters and modes
RDS = [q(0, 1), a('0.1', 1), q(1, 2, rd=1), a('1.1', 2, rd=1), q(2, 3), a('2.1', 3, rd=1), q(3, 4, rd=1), a('3.1', 4), q(4, 5, rd=1), a(5, 6, rd=1)]
golden('reason_filtered_rd', RDS, {'CAPTURE_RD': '0'})
golden('filtered_rd_1', RDS, {'CAPTURE_RD': '1'})
golden('b21_fragmented_query_rd', [*((0, x) for x in pieces4(q(0, rd=1)[1], 16)), *((1, x) for x in pieces4(q(1, 2)[1], 16, ident=7))],
       {'CAPTURE_RD': '0'})
golden('b21_query_only', [*RDS, *(('7.%d' % i, x) for i, x in enumerate(pieces4(q(0, 7, 'frag.example')[1], 16, 32)))], {'CAPTURE_QR': '0', 'CAPTURE_RD': '0'})
golden('b21_response_only', [*RDS, *(('7.%d' % i, x) for i, x in enumerate(pieces4(a(0, 7, 'frag.example')[1], 16, 32)))],
       {'CAPTURE_QR': '1', 'FILTER_QNAMES_EXCLUDE': 'frag.example'})
golden('reason_filtered_qr', RDS[:4], {'CAPTURE_QR': '0', 'CAPTURE_RD': '1'})
NAMES = [q(i, i, n) for i, n in enumerate(('example.com', 'a.EXAMPLE.com', 'notexample.com', 'example.org', 'a\x2eb.example.net', 'keep.a.example.com'))]
NAMES += [q(10, 10, None), a(11, 11, 'a.example.com'), a(12, 12, None), q(13, 13, 'bad.example'), a('13.1', 13, None, rcode=2)]
golden('reason_filtered_qname', NAMES, {'FILTER_QNAMES_EXCLUDE': '::Example.COM.:bad.example'})
golden('b10_include_alone', NAMES, {'FILTER_QNAMES_INCLUDE': 'example.com'})
golden('filter_include_exempts', NAMES, {'FILTER_QNAMES_EXCLUDE': '.', 'FILTER_QNAMES_INCLUDE': 'keep.a.example.com:example.org'})
golden('filter_long_and_pointer_names', [('%d' % i, datagram(R, S, 33333, 53, x)) for i, x in enumerate(raw)], {'FILTER_QNAMES_EXCLUDE': '.'})
RCODES = [x for i in range(16) for x in (q(i, i), a('%d.1' % i, i, rcode=i))] + [q(20, 20), a(21, 21, rcode=3)]
golden('reason_filtered_rcode', RCODES, {'FILTER_RCODES_EXCLUDE': 'NOERROR, 3,notzone'})
golden('rcodes_include', RCODES, {'FILTER_RCODES_INCLUDE': 'servfail,15'})
golden('rcodes_both', RCODES, {'FILTER_RCODES_INCLUDE': '1,2,3', 'FILTER_RCODES_EXCLUDE': '2'})
golden('b20_filter_narrows', [q(0), q(1, 2, src='198.18.0.9'), q(2, 3, dst='198.18.53.54'), a('2.1', 3, src='198.18.53.54'),
                              *((3, x) for x in pieces4(q(0, 4)[1], 16))], args='-b "host 198.18.53.54"')
golden('b20_filter_without_lists', [q(0), q(1, 2, src='198.18.0.9'), tcp(2, R, S, 4000, 53)], lists=False, args='-b "udp and host 198.18.0.9"')

# -- zeroing
ZERO = {'ZERO_RESOLVER_ADDRESS': '1'}
RECORD = b'\x07\x0b\x0c' + bytes([198, 18, 0, 1]) + bytes(4) + b'\0'      # record route, with the resolver in it
MIX = [q(0), a('0.1'), q(1, 2), a(2, 3), q(3, 4), a('3.1', 4, udp={'checksum': 0xbad}), q(4, 5), a('4.1', 5, udp={'checksum': 0})]
golden('b04_zero_ipv4', MIX, ZERO)
golden('b01_zero_ipv6', [q(0, six=True), a('0.1', six=True), q(1, 2, six=True), a(2, 3, six=True)], ZERO)
golden('b04_zero_options', [q(0, ip={'options': RECORD}), a('0.1', ip={'options': RECORD})], ZERO)
golden('b04_zero_fragments', [*((0, x) for x in pieces4(q(0, ip={'options': RECORD})[1], 8, 24)),
                              *(('0.1', x) for x in pieces4(a(0, ip={'options': RECORD})[1], 8, 32)),
                              *((1, x) for x in pieces6(q(0, six=True)[1], 16)), *(('1.%d' % i, x) for i, x in enumerate(pieces6(a(0, six=True)[1], 8, 48)[::-1]))], ZERO)
V6 = bytes.fromhex('20010db8000000000000000000000001')
ROUTING, HOME = (43, b'\x02\x04\x01\0\0\0\0' + V6), (60, b'\x02\xc9\x10' + V6 + b'\x01\x02\0\0')
golden('b04_zero_extensions', [q(0, six=True, ip={'extensions': [ROUTING]}), a('0.1', six=True, ip={'extensions': [ROUTING, HOME]}),
                               q(1, 2, six=True, ip={'extensions': [(0, b'\x02\0\0\xc9\x10' + V6 + b'\0\0'), ROUTING, HOME]}),
                               *((2, x) for x in pieces6(q(0, 3, six=True, ip={'extensions': [HOME]})[1], 32))], ZERO)
golden('zero_query_only', MIX, ZERO | {'CAPTURE_QR': '0'})
golden('zero_authority_list', MIX, ZERO | {'RES_ADDRS': None, 'AUTH_ADDRS': S})
golden('zero_without_list', MIX, ZERO, lists=False)

# -- client subnets (RFC 7871)
ECS = {'ZERO_CLIENT_SUBNET': '1'}
two = opt((10, b'cookies!'), subnet(), (8, b'\0\2\x38\0' + V6[:7]), (8, b'\0\1\0\0'))
messages = [q(0, additional=[opt(subnet())]), a('0.1', additional=[opt(subnet(scope=24))]), q(1, 2, additional=[two]), a('1.1', 2, additional=[two], six=False),
            q(2, 3, additional=[opt(subnet('0.0.0.0', 0))]), a('2.1', 3, answer=[opt(subnet())]), q(3, 4, six=True, additional=[opt(subnet())]),
            a('3.1', 4, six=True, additional=[opt(subnet('2001:db8:ffff::', 56))]), q(4, 5, additional=[opt(subnet())[:-2]]),
            q(5, 6, additional=[opt(subnet()), opt(subnet())]), q(6, 7, additional=[b'\0\0\x29']), q(7, 8, counts=(1, 0, 0, 1)),
            a(8, 9, None, additional=[opt(subnet())]), *((9, x) for x in pieces4(a(9, 10, additional=[opt((12, bytes(40)), subnet())])[1], 16, 96))]
golden('client_subnet', messages, ECS)
golden('client_subnet_kept', messages, {'ZERO_CLIENT_SUBNET': '0'})
golden('client_subnet_and_zero', messages, ECS | ZERO)
