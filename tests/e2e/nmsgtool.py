#!/usr/bin/python3
"""nmsgtool.py BINARIES: the options of nmsgtool that exist so far, its errors and its exits."""
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import nmsg_lines
import wire
from programs import HERE, Programs, Report, folder, shared
from wire import BOTH, a, opt, q, subnet, tcp

DATA = os.path.join(HERE, '..', 'nmsg', 'data')
MAKE = ['-V', 'base', '-T', 'dnsqr']


def payloads(path):
    return list(nmsg_lines.read(path))


class Tool:
    def __init__(self, report, programs, here):
        self.report, self.programs, self.here = report, programs, here
        self.frames = [x for i in range(20) for x in (q(i, i, six=i % 2 == 1), a('%d.5' % i, i, six=i % 2 == 1))] + [tcp(30, wire.C, wire.R, 4000, 53)]
        self.capture = self.path('in.pcap')
        with open(self.capture, 'wb') as f:
            f.write(wire.pcap(self.frames, 101))

    def path(self, name):
        return os.path.join(self.here, name)

    def run(self, *arguments, env=None, octets=b''):
        return self.programs.run([self.programs.nmsgtool, *arguments], env, octets)

    def ok(self, what, *arguments, status=0, words=(), **more):
        done = self.run(*arguments, **more)
        error = done.err.decode(errors='replace')
        self.report.check(done.status == status and all(w in error for w in words), what, done)
        return done


def makes(t):
    out = t.path('out.nmsg')
    t.ok('-p … -w', '-p', t.capture, *MAKE, '-w', out)
    everything = payloads(out)
    t.report.check(len(everything) == 21, 'without lists everything is recorded', len(everything))
    t.ok('-z', '-p', t.capture, *MAKE, '-w', t.path('z.nmsg'), '-z')
    t.report.check(os.path.getsize(t.path('z.nmsg')) < os.path.getsize(out) / 2 and payloads(t.path('z.nmsg')) == everything, '-z compresses')
    long = ('--readpcap', t.capture, '--vendor', 'BASE', '--msgtype', 'DNSQR', '--writenmsg', t.path('long.nmsg'), '--zlibout')
    t.ok('long names, any case', *long)
    t.report.check(payloads(t.path('long.nmsg')) == everything, 'give the same')
    t.ok('-T alone implies base', '-p', t.capture, '-T', 'dnsqr', '-w', out)
    t.ok('DNSQR_RES_ADDRS', '-p', t.capture, *MAKE, '-w', out, env={'DNSQR_RES_ADDRS': BOTH})
    t.report.check(len(payloads(out)) == 20, 'lists are kept')
    t.ok('-b narrows', '-p', t.capture, *MAKE, '-w', out, '-b', 'ip6', env={'DNSQR_RES_ADDRS': BOTH})
    t.report.check(len(payloads(out)) == 10, 'to half')
    t.ok('NMSG_BPF', '-p', t.capture, *MAKE, '-w', out, env={'DNSQR_RES_ADDRS': BOTH, 'NMSG_BPF': 'ip6'})
    t.report.check(len(payloads(out)) == 10, 'the same by variable')
    t.ok('-b is stronger', '-p', t.capture, *MAKE, '-w', out, '-b', 'udp', env={'DNSQR_RES_ADDRS': BOTH, 'NMSG_BPF': 'ip6'})
    t.report.check(len(payloads(out)) == 20, 'than NMSG_BPF')
    for count in (['-c', '3'], ['-c3'], ['--count=3']):
        t.ok('-c', '-p', t.capture, *MAKE, '-w', out, *count)
        t.report.check(len(payloads(out)) == 3, ' '.join(count), len(payloads(out)))
    piped = t.ok('through pipes', '-p', '-', *MAKE, '-w', '-', octets=open(t.capture, 'rb').read())
    with open(out, 'wb') as f:
        f.write(piped.out)
    t.report.check(payloads(out) == everything, 'the same')
    shown = t.ok('-p without output prints lines', '-p', t.capture, *MAKE)
    t.report.check(len(shown.out.splitlines()) == 21 and b'UDP_QUERY_RESPONSE' in shown.out, 'a line a payload', shown.out)
    t.ok('two captures', '-p', t.capture, '-p', t.capture, *MAKE, '-w', out)
    t.report.check(len(payloads(out)) == 42, 'in a row')
    ecs = t.path('ecs.pcap')
    with open(ecs, 'wb') as f:
        f.write(wire.pcap([q(0, additional=[opt(subnet('203.0.113.0', 24))])], 101))
    t.ok('client subnets are kept by default', '-p', ecs, *MAKE, '-w', out)
    kept = open(out, 'rb').read()
    t.ok('and zeroed when asked for', '-p', ecs, *MAKE, '-w', out, env={'DNSQR_ZERO_CLIENT_SUBNET': '1'})
    t.report.check(b'\xcb\x00\x71' in kept and b'\xcb\x00\x71' not in open(out, 'rb').read(), 'octets of the subnet')


def copies(t):
    out = t.path('copy.nmsg')
    names = sorted(x for x in os.listdir(DATA) if x.endswith('.nmsg') and x != 'badcrc.nmsg')
    for name in names:
        for extra in ([], ['-z']):
            t.ok('-r %s -w' % name, '-r', os.path.join(DATA, name), '-w', out, *extra)
            t.report.same([str(x) for x in payloads(os.path.join(DATA, name))], [str(x) for x in payloads(out)], '%s comes out as it went in' % name)
    arguments = [x for name in names for x in ('-r', os.path.join(DATA, name))]
    t.ok('several -r', *arguments, '-w', out)
    t.report.check(len(payloads(out)) == sum(len(payloads(os.path.join(DATA, x))) for x in names), 'in a row')
    t.ok('a wrong CRC is a warning', '-r', os.path.join(DATA, 'badcrc.nmsg'), '-w', out, words=['crc mismatch', 'badcrc.nmsg'])
    t.report.check(len(payloads(out)) == 1, 'and costs its payload alone')
    lines = t.ok('-r without output prints lines', '-r', os.path.join(DATA, 'unknown-type.nmsg'))
    t.report.check(len(lines.out.splitlines()) == 2 and b'99:5' in lines.out, 'of unknown types too', lines.out)
    once = t.ok('-r -', '-r', '-', '-w', '-', octets=open(os.path.join(DATA, 'sog.nmsg'), 'rb').read())
    t.report.check(once.out == open(os.path.join(DATA, 'sog.nmsg'), 'rb').read(), 'octet for octet')
    t.ok('-c of NMSG', '-r', os.path.join(DATA, 'unknown-type.nmsg'), '-c', '1', '-w', out)
    t.report.check(len(payloads(out)) == 1, 'stops after one')


def conformance(t):
    """every vector of the original is read; skipped in a tree alone"""
    where = os.environ.get('SIE_SHARED') or os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(HERE))), 'shared')
    where = os.path.join(where, 'conformance')
    if not os.path.isdir(where):
        if os.environ.get('REQUIRE_ALL') == '1':
            shared('conformance')
        return
    for name in sorted(x[:-5] for x in os.listdir(where) if x.endswith('.nmsg')):
        lines = t.ok('conformance/' + name, '-r', os.path.join(where, name + '.nmsg'))
        records = open(os.path.join(where, name + '.pres'), 'rb').read().count(b'\n[') + 1
        # The headers of records stand at the beginning of a line; so may a line of a message.
        t.report.check(len(lines.out.splitlines()) <= records and lines.out, 'conformance/%s: payloads' % name, (len(lines.out.splitlines()), records))


def refuses(t):
    good = os.path.join(DATA, 'sog.nmsg')
    t.ok('nothing to read', status=2, words=['-p FILE', '-r FILE'])
    t.ok('an unknown option', '-r', good, '--frob', status=2, words=['--frob'])
    t.ok('an unknown type', '-p', t.capture, '-T', 'ncapp', status=2, words=['dnsqr'])
    t.ok('no type', '-p', t.capture, status=2, words=['-T dnsqr'])
    t.ok('count 0', '-r', good, '-c', '0', status=2)
    t.ok('count that is none', '-r', good, '-c', 'x', status=2)
    t.ok('a bad filter', '-p', t.capture, *MAKE, '-b', 'prot udp', status=2, words=['-b', 'prot udp'])
    t.ok('a bad NMSG_BPF', '-p', t.capture, *MAKE, status=2, words=['NMSG_BPF'], env={'NMSG_BPF': 'prot udp'})
    t.ok('a bad variable', '-p', t.capture, *MAKE, status=2, words=['DNSQR_RES_ADDRS', '1.2.3'], env={'DNSQR_RES_ADDRS': '1.2.3'})
    t.ok('a file that is missing', '-r', t.path('gone'), status=1, words=['gone', 'No such file'])
    t.ok('a capture that is missing', '-p', t.path('gone'), *MAKE, status=1, words=['gone'])
    t.ok('a folder', '-r', t.here, status=1, words=[t.here])
    t.ok('an output in a folder that is missing', '-r', good, '-w', t.path('no/where'), status=1, words=['no/where'])
    cut = t.path('cut.nmsg')
    with open(cut, 'wb') as f:
        f.write(2 * open(good, 'rb').read()[:-1])
    t.ok('damage', '-r', cut, status=1, words=['cut.nmsg', 'offset'])
    if os.path.exists('/dev/full'):
        t.ok('a device that is full', '-r', good, '-w', '/dev/full', status=1, words=['/dev/full'])
        t.ok('a device that is full, from a capture', '-p', t.capture, *MAKE, '-w', '/dev/full', status=1, words=['/dev/full'])
    help_ = t.ok('-h', '-h')
    t.report.check(b'--readnmsg' in help_.err and not help_.out and len(help_.err.splitlines()) <= 40, 'help fits a screen, on standard error', help_)
    version = t.ok('-v', '-v')
    t.report.check(re.fullmatch(rb'nmsgtool \d+\.\d+\.\d+\n', version.err) and not version.out, 'version', version)


def ends(t):
    many = t.path('many.nmsg')
    t.ok('many payloads', *[x for _ in range(60) for x in ('-p', t.capture)], *MAKE, '-w', many)
    p = subprocess.Popen('%s -r %s | head -n 1' % (t.programs.nmsgtool, many), shell=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = p.communicate(timeout=30)
    t.report.check(out.count(b'\n') == 1 and not err, 'a reader that goes away ends it quietly', err)
    octets = open(many, 'rb').read()
    for number in (signal.SIGINT, signal.SIGTERM):
        out = t.path('signal.nmsg')
        p = subprocess.Popen([t.programs.nmsgtool, '-r', '-', '-w', out], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdin.write(octets)
        p.stdin.flush()
        time.sleep(0.4)
        p.send_signal(number)
        err = p.stderr.read()
        status = p.wait(20)
        p.stdin.close()
        t.report.check(status == 0 and payloads(out) == payloads(many), 'signal %d: flushed, status 0' % number, (status, err))
    shutil.rmtree(t.path('gone'), ignore_errors=True)


def main():
    programs, report = Programs(sys.argv[1]), Report('nmsgtool')
    with folder() as here:
        t = Tool(report, programs, here)
        for part in (makes, copies, conformance, refuses, ends):
            part(t)
    report.leave()


if __name__ == '__main__':
    main()
