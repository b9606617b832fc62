#!/usr/bin/python3
"""zeroing.py BINARIES: from a zeroed output nobody gets the resolver's address back.

The proof: the same traffic of resolvers with different addresses, every checksum and option right for its own address,
gives the same octets. What differs without zeroing (planted: the check sees that), must not differ with it. Real
captures are searched for the resolver's octets and text when they are there.
"""
import os
import re
import sys

import nmsg_lines
import wire
from programs import Programs, Report, balances, folder
from wire import S, S6, a, opt, packed, pieces4, pieces6, q, subnet

PAIRS = (('198.18.0.1', '2001:db8::1'), ('203.0.113.254', '2001:db8:ffff:ffff:ffff:ffff:ffff:fffe'), ('1.0.0.0', '4000::'))
ZERO = {'DNSQR_ZERO_RESOLVER_ADDRESS': '1'}


def traffic(r, r6):
    """everything in which an address or a sum over it can hide"""
    def query(t, n, six=False, **more):
        return q(t, n, src=r6 if six else r, six=six, **more)

    def answer(t, n, six=False, **more):
        return a(t, n, dst=r6 if six else r, six=six, **more)

    route4 = b'\x07\x0b\x0c' + packed(r) + bytes(4) + b'\0'                 # record route
    source_route = b'\x83\x07\x04' + packed(r) + b'\0'                      # loose source route
    stamps = b'\x44\x0c\x0d\x01' + packed(r) + bytes(4)                     # timestamps with addresses
    v6 = packed(r6)
    routing, home = (43, b'\x02\x04\x01\0\0\0\0' + v6), (60, b'\x02\xc9\x10' + v6 + b'\x01\x02\0\0')
    hops = (0, b'\x02\0\0\xc9\x10' + v6 + b'\0\0')
    frames = [query(0, 1), answer('0.1', 1), query(1, 2, True), answer('1.1', 2, True), query(2, 3), answer(3, 4)]
    for i, options in enumerate((route4, source_route, stamps, b'\1' * 36 + b'\0' * 4)):
        frames += [query('1%d' % i, 10 + i, ip={'options': options}), answer('1%d.1' % i, 10 + i, ip={'options': options})]
    for i, chain in enumerate(([routing], [home], [hops], [hops, home, routing])):
        frames += [query('2%d' % i, 20 + i, True, ip={'extensions': chain}), answer('2%d.1' % i, 20 + i, True, ip={'extensions': chain})]
    frames += [(30, x) for x in pieces4(query(0, 30, ip={'options': route4})[1], 8, 24)]
    frames += [(31, x) for x in pieces4(answer(0, 30, ip={'options': route4})[1], 8, 32)]
    frames += [(32, x) for x in pieces6(query(0, 32, True, ip={'extensions': [home]})[1], 8, 32)]
    frames += [(33, x) for x in pieces6(answer(0, 32, True)[1], 8, 48)[::-1]]
    frames += [query(40, 40, additional=[opt(subnet())]), answer(41, 40, additional=[opt(subnet())])]
    # Sums that are wrong stay wrong by as much; their verdict is recorded, their octets are not.
    frames += [answer(50, 50, udp={'checksum': 0}), answer(51, 51, udp={'length': 30})]
    return sorted(frames, key=lambda f: wire.nanoseconds(f[0]))


def octets_of(report, programs, here, pair, env, extra):
    capture, out = os.path.join(here, 'in.pcap'), os.path.join(here, 'out.nmsg')
    with open(capture, 'wb') as f:
        f.write(wire.pcap(traffic(*pair), 101))
    done = programs.record([capture], out, {'DNSQR_RES_ADDRS': ','.join(pair)} | env, extra)
    if not report.check(done.status == 0, 'zeroed run', done):
        return b''
    octets = open(out, 'rb').read()
    os.unlink(out)
    return octets


def real_captures(report, programs):
    where = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 'examples')
    capture = os.path.join(where, 'resolver.pcap')
    with folder() as here:
        env = ZERO | {'DNSQR_RES_ADDRS': '198.19.1.1,2001:db8:1::1'}
        done = programs.replay([capture], here, env, ['--compression', 'none'])
        if not report.check(done.status == 0 and not balances(done), 'examples/resolver.pcap, zeroed', done):
            return
        names = [os.path.join(here, x) for x in sorted(os.listdir(here))]
        plain = b''.join(x for name in names for x in nmsg_lines.bodies(nmsg_lines.inflated(name)))
        lines = programs.lines(here)
        report.check(len(lines) > 1000, 'it holds payloads', len(lines))
        report.check(all(x.rsplit('|', 1)[1] == '1' for x in lines), 'each payload says that it is zeroed')
        for octets in (packed('198.19.1.1'), packed('2001:db8:1::1'), b'198.19.1.1', b'2001:db8:1::1'):
            report.check(octets not in plain + done.out + done.err, 'the resolver is not in the output: %s' % octets.hex())
        report.check(not re.search(rb'\xc6\x13\xc8[\x02-\x09]', plain), 'no client is in the output')


def main():
    programs, report = Programs(sys.argv[1]), Report('zeroing')
    for name, env, extra in (('plain', {}, []), ('queries only', {'DNSQR_CAPTURE_QR': '0'}, []),
                             ('responses only', {'DNSQR_CAPTURE_QR': '1'}, []),
                             ('table of 1', {'DNSQR_STATE_TABLE_MAX': '1'}, []),
                             ('client subnets', {'DNSQR_ZERO_CLIENT_SUBNET': '1'}, []),
                             ('servers listed', {'DNSQR_AUTH_ADDRS': '%s,%s' % (S, S6)}, [])):
        with folder() as here:
            zeroed = {octets_of(report, programs, here, pair, env | ZERO, extra) for pair in PAIRS}
            shown = {octets_of(report, programs, here, pair, env, extra) for pair in PAIRS}
        report.check(len(zeroed) == 1 and zeroed != {b''}, '%s: one output for all resolvers' % name, [len(x) for x in zeroed])
        report.check(len(shown) == len(PAIRS), '%s: planted: without zeroing they differ' % name)
    real_captures(report, programs)
    report.leave()


if __name__ == '__main__':
    main()
