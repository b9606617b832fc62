#!/usr/bin/python3
"""planted.py BINARIES: the lab's comparison finds what it is for. Needs neither root nor a resolver.

A small made capture goes through the sensor and must compare well; then one fault at a time is planted into capture,
output, ledger or log, and the check of that name must fail.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))

import datagrams  # noqa: E402
import evidence  # noqa: E402
import nmsg_lines  # noqa: E402
import wire  # noqa: E402
from programs import Done, Programs, Report, folder  # noqa: E402

CLIENTS = [wire.C, wire.C6]
BIG = wire.dns(7, qr=1, tail=bytes(2000))


class Quiet(Report):
    """remembers failures and prints nothing"""

    def check(self, holds, what, detail=''):
        self.checks += 1
        if not holds:
            self.failures.append(what)
        return bool(holds)


def made():
    """packets of a resolver's interface: (time, IP packet)"""
    out = [wire.q(1, 1), wire.a(1.1, 1), wire.q(1.2, 2, six=True), wire.a(3, 2, six=True), wire.q(4, 3), wire.a(4.1, 9),
           wire.q(5, 4), wire.a(5.1, 4, counts=(1, 0, 0, 0), qname=None, tail=b'\x3fcut'), wire.q(5.2, 7)]
    out += [(6, p) for p in wire.pieces4(wire.datagram(wire.S, wire.R, 53, wire.QUERY_PORT, BIG), 1480)]
    out += [(6.1, p) for p in wire.pieces4(wire.datagram(wire.S, wire.R, 53, wire.QUERY_PORT, BIG), 1480, ident=5)[:1]]
    pieces = wire.pieces6(wire.datagram(wire.S6, wire.R6, 53, wire.QUERY_PORT, BIG), 800, 1600)
    out += [(6.2, p) for p in (pieces[2], pieces[0], pieces[0], pieces[1])]
    client = {'src': wire.C, 'dst': wire.R}
    out += [wire.q(7, 5, sport=4444, **client), wire.a(7.1, 5, sport=4444, dport=53, **client), wire.q(7.2, 6, sport=53, **client),
            wire.q(8, 8, src=wire.S, dst=wire.R, sport=53, dport=wire.QUERY_PORT)]
    return out


def container(envelopes):
    """a plain NMSG container of payloads"""
    def varint(n):
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)

    body = b''.join(b'\x0a' + varint(len(e)) + e for e in envelopes)
    return b'NMSG\0\2' + len(body).to_bytes(4, 'big') + body


class Planted:
    def __init__(self, report, here):
        self.report, self.here = report, here

    def judged(self, envelopes, frames, done, texts=None):
        """the names of the checks that fail"""
        output, capture = os.path.join(self.here, 'output.nmsg'), os.path.join(self.here, 'capture.pcap')
        with open(output, 'wb') as f:
            f.write(container(envelopes))
        with open(capture, 'wb') as f:
            f.write(wire.pcap([(t, wire.ether(p)) for t, p in frames]))
        quiet, read = Quiet('planted'), evidence.Capture(capture, wire.BOTH.split(','))
        written = evidence.Output([output])
        evidence.compare(quiet, 'x', read, written, CLIENTS, texts or [('the log', done.err)])
        evidence.compare_ledger(quiet, 'x', read, written, done, False)
        return quiet.failures

    def finds(self, what, name, *arguments, **more):
        failures = self.judged(*arguments, **more)
        self.report.check('x: ' + name in failures, 'planted: ' + what, failures)


def main():
    programs, report = Programs(sys.argv[1]), Report('lab.planted')
    with folder() as here:
        capture, out = os.path.join(here, 'made.pcap'), os.path.join(here, 'out')
        frames = made()
        with open(capture, 'wb') as f:
            f.write(wire.pcap([(t, wire.ether(p)) for t, p in frames]))
        os.mkdir(out)
        done = programs.replay([capture], out, extra=['--res-addrs', wire.BOTH, '--compression', 'none', '--rotation-interval', '86400'])
        report.check(done.status == 0, 'the sensor reads it', done)
        envelopes = [e for x in os.listdir(out) for body in nmsg_lines.bodies(nmsg_lines.inflated(os.path.join(out, x)))
                     for e in nmsg_lines.message(body)[1]]
        t = Planted(report, here)
        report.same([], t.judged(envelopes, frames, done), 'without a fault nothing is found')
        read = evidence.Capture(capture, wire.BOTH.split(','))
        report.same((10, 1, 1, 2), (len(read.wanted), read.bad_question, read.late, read.client_side), 'datagrams, bad questions, late, client side')
        report.same((1, 1, 3), tuple(read.reader.count[w] for w in ('fragment_duplicate', 'fragment_timeout', 'joined')), 'fragments')

        t.finds('a payload is gone', 'missing = 0', envelopes[1:], frames, done)
        t.finds('a payload stands twice', 'invented = 0', envelopes + envelopes[:1], frames, done)
        t.finds('a datagram was not recorded', 'missing = 0', envelopes, frames + [wire.q(9, 10)], done)
        t.finds('a recorded datagram was never there', 'invented = 0', envelopes, frames[1:], done)
        name = wire.name('www.example.com')
        other = [envelopes[0].replace(name, wire.name('vvv.example.com'))] + envelopes[1:]
        t.finds('an octet of a name differs', 'missing = 0', other, frames, done)
        t.finds('an octet of a name differs', 'invented = 0', other, frames, done)
        t.finds('the TTL of recorded packets differs', 'the recorded packets are the captured ones',
                [e.replace(b'\x40\x11', b'\x3f\x11') for e in envelopes], frames, done)
        # Field 21: CORRECT becomes INCORRECT.
        t.finds('a checksum verdict is wrong', 'payloads agree with their packets', [e.replace(b'\xa8\x01\x03', b'\xa8\x01\x02') for e in envelopes],
                frames, done)
        for octets in wire.q(7, 5, src=wire.C, dst=wire.R)[1], wire.packed(wire.C6), wire.C.encode():
            field = b'\x3a' + bytes([len(octets)]) + octets
            t.finds('a client is in a container', 'no client is shown', [field + envelopes[0], *envelopes[1:]], frames, done)
        for address in CLIENTS:
            t.finds("a client's address is in the log", 'no client is shown', envelopes, frames, done, texts=[('the log', b'from ' + address.encode() + b' came')])
        for word, changed in (('messages', b'"messages":11'), ('joined', b'"joined":4'), ('frames', b'"frames":99')):
            was = b'"%s":%d' % (word.encode(), {'messages': 10, 'joined': 3, 'frames': len(frames)}[word])
            report.check(was in done.out.replace(b' ', b''), 'the summary has %s' % was, done.out)
            t.finds('%s of the ledger is wrong' % word, 'the ledger counts what the capture has', envelopes, frames,
                    Done([], {}, 0, done.out.replace(b' ', b'').replace(was, changed), done.err))
        overlapping = wire.pieces4(wire.datagram(wire.S, wire.R, 53, wire.QUERY_PORT, BIG), 1480, ident=6)
        for bad in (overlapping[:1], overlapping[::-1], overlapping[:1] * 2):
            try:
                datagrams.whole(bad)
                report.check(False, 'planted: fragments of a payload that are no datagram')
            except ValueError:
                report.check(True, 'found')
    report.leave()


if __name__ == '__main__':
    main()
