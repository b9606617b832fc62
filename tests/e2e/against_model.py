#!/usr/bin/python3
"""against_model.py BINARIES [ROUNDS [SEED]]: random traffic under random settings, as the executable model has it.

What the hand-made goldens do not think of: mixtures. Each round makes a capture of a few hundred frames from small pools
of names, ids, ports and addresses (so that keys meet), with fragments, extension headers, options, damage, odd lengths,
doubles and stamps that jump, picks settings, and compares payload lines and ledger. A round that fails prints its seed.
"""
import os
import random
import sys

import wire
from make_goldens import ran
from programs import Programs, Report, balances, folder, ledger, shared
from wire import BOTH, C, C6, R, R6, S, S6, a, ether, ip4, opt, pieces4, pieces6, q, subnet, tcp, unreachable

ROUNDS, SEED = 150, 1
NAMES = ['www.example.com', 'WWW.example.com', 'a.b.example.com', 'bad.example', 'example', '', None]
PLACES4, PLACES6 = (R, S, C, '198.18.53.54'), (R6, S6, C6, '2001:db8:53::54')


class Traffic:
    def __init__(self, rng):
        self.rng, self.now, self.frames = rng, 0, []

    def pick(self, *of):
        return self.rng.choice(of)

    def time(self):
        r = self.rng
        step = r.choice((0, 0, 1, 1000, 10 ** 6, 10 ** 8, 10 ** 9, r.randrange(10 ** 9)))
        if r.random() < 0.01:
            step = r.choice((31, 59, 60, 61, 3000)) * 10 ** 9 + r.choice((-1, 0, 1))
        if r.random() < 0.02:
            step = -r.randrange(0, min(self.now, 90 * 10 ** 9) + 1)
        self.now += step
        return '%d.%09d' % divmod(self.now, 10 ** 9)

    def put(self, octets):
        wire_length = len(octets)
        if self.rng.random() < 0.02:
            octets = octets[:self.rng.randrange(len(octets) + 1)]
        if self.rng.random() < 0.02:
            b = bytearray(octets)
            for _ in range(self.rng.randrange(1, 4)):
                if b:
                    b[self.rng.randrange(len(b))] = self.rng.randrange(256)
            octets = bytes(b)
        self.frames.append((self.time(), octets, max(wire_length, len(octets))))

    def headers(self, six):
        r = self.rng
        if r.random() > 0.1:
            return {}
        if not six:
            return self.pick({'options': b'\1' * 4}, {'options': b'\7\x07\4' + wire.packed(R) + b'\0'}, {'length': r.randrange(20, 90)})
        v6 = wire.packed(R6)
        chain = [self.pick((0, b'\x01' + bytes(14)), (43, b'\x02\x04\x01\0\0\0\0' + v6), (60, b'\x02\xc9\x10' + v6 + b'\x01\x02\0\0'),
                           (51, b'\4\0' + bytes(20)), (44, b'\0\0\0\0\0\0\1'), (0, b'\xff' + bytes(6))) for _ in range(r.randrange(1, 4))]
        return {'extensions': chain}

    def message(self):
        r, six = self.rng, self.rng.random() < 0.4
        places = PLACES6 if six else PLACES4
        make = q if r.random() < 0.5 else a
        more = {'ip': self.headers(six), 'rcode': r.choice((0, 0, 0, 1, 2, 3, 5)), 'rd': int(r.random() < 0.2), 'qtype': r.choice((1, 1, 28))}
        if r.random() < 0.15:
            more['additional'] = [opt(subnet())] if r.random() < 0.7 else [opt((10, b'cookie!!'), subnet('2001:db8:77::', 48))]
        if 'length' not in more['ip'] and r.random() < 0.05:
            more['udp'] = {self.pick('checksum', 'length'): self.pick(0, 7, 8, 20, 21, 40, 400)}
        if r.random() < 0.04:
            more['counts'] = (self.pick(0, 1, 2), 0, 0, self.pick(0, 1))
        if r.random() < 0.1:
            more['tail'] = bytes(r.randrange(600))
        ends = {}
        if r.random() < 0.15:
            ends = {'src': r.choice(places), 'dst': r.choice(places)}
        ports = {} if r.random() < 0.85 else {'sport': self.pick(53, 33333, 5353, 1024), 'dport': self.pick(53, 33333, 5353, 1024)}
        packet = make(0, r.randrange(4), r.choice(NAMES), six=six, **ends, **ports, **more)[1]
        if r.random() < 0.85:
            return [packet]
        return self.fragments(packet, six)

    def fragments(self, packet, six):
        r = self.rng
        extensions = six and packet[6] in (0, 43, 60, 51, 44)
        if extensions:
            return [packet]
        size = len(packet) - (40 if six else (packet[0] & 15) * 4)
        edges = sorted({r.randrange(1, 1 + size // 8) * 8 for _ in range(r.randrange(1, 4))} - {size}) if size > 16 else []
        if r.random() < 0.08:
            edges = sorted({x + r.choice((0, 1, 4)) for x in edges})
        pieces = (pieces6 if six else pieces4)(packet, *[x for x in edges if x < size], ident=r.randrange(3))
        if r.random() < 0.3:
            r.shuffle(pieces)
        if r.random() < 0.2:
            pieces.insert(r.randrange(len(pieces) + 1), r.choice(pieces))
        if r.random() < 0.1 and pieces:
            del pieces[r.randrange(len(pieces))]
        return pieces

    def other(self):
        r = self.rng
        ends = r.choice((R, S, C)), r.choice((R, S, C))
        kind = r.randrange(4)
        if kind == 0:
            return [tcp(0, *ends, r.choice((53, 4000)), r.choice((53, 4000)), bytes(r.randrange(20)))[1]]
        if kind == 1:
            return [unreachable(0, self.message()[0][:r.choice((20, 27, 28, 60, 400))], *ends)[1]]
        if kind == 2:
            return [ip4(*ends, r.choice((47, 58, 1, 6)), r.randbytes(r.randrange(30)))]
        return [tcp(0, R6, S6, 4000, 53)[1]]

    def make(self):
        waiting = []
        for _ in range(self.rng.randrange(50, 400)):
            waiting += self.message() if self.rng.random() < 0.93 else self.other()
            # Pieces of several datagrams meet.
            while waiting and self.rng.random() < 0.7:
                self.put(waiting.pop(0 if self.rng.random() < 0.9 else self.rng.randrange(len(waiting))))
        for octets in waiting:
            self.put(octets)
        return self.frames


def settings(rng):
    env = {}

    def maybe(share, name, *values):
        if rng.random() < share:
            env[name] = rng.choice(values)

    maybe(0.8, 'DNSQR_RES_ADDRS', BOTH, R, '198.18.0.0/24,2001:db8::/64', BOTH + ',198.18.53.54')
    maybe(0.2, 'DNSQR_AUTH_ADDRS', S, S6 + ',' + S, '198.18.53.0/24', R)
    maybe(0.15, 'DNSQR_CAPTURE_QR', '0', '1')
    maybe(0.3, 'DNSQR_CAPTURE_RD', '0', '1')
    maybe(0.4, 'DNSQR_QUERY_TIMEOUT', '1', '2', '5', '60', '3600')
    maybe(0.4, 'DNSQR_STATE_TABLE_MAX', '1', '2', '3', '10', '100')
    maybe(0.35, 'DNSQR_ZERO_RESOLVER_ADDRESS', '1')
    maybe(0.35, 'DNSQR_ZERO_CLIENT_SUBNET', '0', '1')
    maybe(0.2, 'DNSQR_FILTER_QNAMES_EXCLUDE', 'bad.example', '.', 'example.com:bad.example')
    maybe(0.2, 'DNSQR_FILTER_QNAMES_INCLUDE', 'a.b.example.com', 'example')
    maybe(0.15, 'DNSQR_FILTER_RCODES_EXCLUDE', 'NOERROR', '2,3')
    maybe(0.15, 'DNSQR_FILTER_RCODES_INCLUDE', 'NOERROR', 'SERVFAIL,NXDOMAIN')
    if 'DNSQR_ZERO_RESOLVER_ADDRESS' not in env:
        maybe(0.3, 'DNSQR_CAPTURE_TCP', '0', '1')
        maybe(0.3, 'DNSQR_CAPTURE_ICMP', '0', '1')
    return env


def one(report, programs, model, seed, here):
    rng = random.Random(seed)
    env, frames = settings(rng), Traffic(rng).make()
    link = rng.choice((101, 1, 1))
    if link == 1:
        tags = rng.choice(((), (), [(0x8100, 7)], [(0x88a8, 3), (0x8100, 9)]))
        frames = [(t, ether(x, tags, 0x86dd if x[:1] and x[0] >> 4 == 6 else 0x800), n + 14 + 4 * len(tags)) for t, x, n in frames]
    capture = os.path.join(here, 'in.pcap')
    with open(capture, 'wb') as f:
        f.write(wire.pcap(frames, link, unit=rng.choice((1, 1000)), order=rng.choice('<>')))
    arguments = rng.choice((['-c', str(rng.randrange(1, 100))], [], [], []))
    lines, _ = ran(model, capture, env, False, arguments)
    out = os.path.join(here, 'out.nmsg')
    done = programs.record([capture], out, env, arguments)
    what = 'seed %d %s %s' % (seed, ' '.join('%s=%s' % x for x in env.items()), arguments)
    if not report.check(done.status == 0, what, done):
        return 0
    same = report.same(lines, programs.lines(out, True, True), what)
    if 'DNSQR_RES_ADDRS' in env or 'DNSQR_AUTH_ADDRS' in env:
        _, summary = ran(model, capture, env, True, [])
        done = programs.replay([capture], None, env)
        same = report.same(sorted(summary), ledger(done), what + ' (ledger)', done) and same
        report.check(not balances(done), what + ' (balances)', balances(done))
    if not same and os.environ.get('KEEP'):
        os.rename(capture, os.path.join(os.environ['KEEP'], 'seed%d.pcap' % seed))
    return len(lines)


def main():
    programs, report = Programs(sys.argv[1]), Report('against_model')
    sys.dont_write_bytecode = True
    sys.path.insert(0, shared('model'))
    import dnsqr_model as model
    rounds, first = (int(x) for x in (sys.argv[2:] + [ROUNDS, SEED][len(sys.argv) - 2:])[:2])
    with folder() as here:
        payloads = sum(one(report, programs, model, seed, here) for seed in range(first, first + rounds))
    report.check(payloads > 20 * rounds, 'there are payloads to compare', payloads)
    print('%d rounds from seed %d, %d payloads' % (rounds, first, payloads))
    report.leave()


if __name__ == '__main__':
    main()
