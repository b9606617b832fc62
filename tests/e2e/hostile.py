#!/usr/bin/python3
"""hostile.py BINARIES: damaged, lying and bottomless input. Never a crash, a hang, or more memory than the bound.

Captures and NMSG files are changed at random (a fixed seed, printed) and cut at many places; a run must end with 0 or 1,
close its balances, and keep what stood whole before. Compressed nothing without end and containers that claim 4 GiB must
end within the bound. Under the sanitizers of the preset asan the same script finds what crashes do not show.
"""
import bz2
import gzip
import lzma
import os
import random
import struct
import subprocess
import sys

import wire
from programs import HERE, Programs, Report, balances, folder
from wire import BOTH, a, opt, pieces4, pieces6, q, subnet

SEED = 20231114
SANITIZED = '--sanitized' in sys.argv
ROUNDS = 60 if SANITIZED else 200
MEMORY = 400 << 20  # of address space; the sanitizers need terabytes of it


def bounded():
    import resource
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def ended(programs, arguments, octets=b'', seconds=60):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(('DNSQR_', 'NMSG_'))}
    try:
        return subprocess.run(arguments, input=octets, capture_output=True, timeout=seconds, preexec_fn=bounded, env=clean)
    except subprocess.TimeoutExpired:
        return None


def calm(report, what, p, statuses=(0, 1)):
    crashed = p is None or p.returncode not in statuses or b'Sanitizer' in p.stderr or b'runtime error' in p.stderr or b'bad_alloc' in p.stderr
    return report.check(not crashed, what, 'a hang' if p is None else 'status %s\n%s' % (p.returncode, p.stderr[-2000:].decode(errors='replace')))


def traffic():
    frames = [f for i in range(12) for f in (q(i, i, six=i % 2 == 1, additional=[opt(subnet())]), a('%d.5' % i, i, six=i % 2 == 1, additional=[opt(subnet())]))]
    frames += [(20, x) for x in pieces4(a(0, 1, tail=bytes(600))[1], 64, 256)] + [(21, x) for x in pieces6(a(0, 1, six=True, tail=bytes(600))[1], 64, 256)]
    route = (43, b'\x02\x04\x01\0\0\0\0' + bytes(16))
    return frames + [q(22, 22, six=True, ip={'extensions': [route]}), q(23, 23, ip={'options': b'\7\x07\4' + bytes(5)})]


def changed(rng, octets, from_):
    b = bytearray(octets)
    for _ in range(rng.choice((1, 1, 2, 5, 40))):
        at = rng.randrange(from_, len(b))
        kind = rng.randrange(4)
        if kind == 0:
            b[at] = rng.choice((0, 1, 0x7f, 0x80, 0xff, rng.randrange(256)))
        elif kind == 1:
            b[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            b[at:at] = rng.randbytes(rng.randrange(1, 9))
        else:
            del b[at:at + rng.randrange(1, 9)]
    return bytes(b)


def sensor(programs, *more):
    return [programs.sensor, 'run', '--pcap', '-', '--res-addrs', BOTH, '--discard', '--compression', 'fast', '--json-summary', *more]


class Out:
    def __init__(self, p):
        self.out, self.err = p.stdout, p.stderr


def changed_captures(report, programs, rng):
    frames = traffic()
    ng = open(os.path.join(HERE, 'goldens', 'pcapng.pcapng'), 'rb').read()
    sources = [(wire.pcap(frames, 101), 24, 'pcap'), (wire.pcap(frames, 101), 0, 'pcap header'), (ng, 0, 'pcapng')]
    for octets, from_, what in sources:
        for i in range(ROUNDS):
            bad = changed(rng, octets, from_)
            p = ended(programs, sensor(programs, '--zero-resolver-address', '1', '--state-table-max', '5'), bad)
            if calm(report, '%s changed, round %d' % (what, i), p) and p.stdout:
                report.check(not balances(Out(p)), '%s changed, round %d: balances' % (what, i), p.stdout)
    whole = wire.pcap(frames, 101)
    for cut in range(0, len(whole), 97 if SANITIZED else 23):
        p = ended(programs, sensor(programs), whole[:cut])
        calm(report, 'a capture cut at %d' % cut, p)


def changed_nmsg(report, programs, rng):
    with folder() as here:
        capture, plain, packed = (os.path.join(here, x) for x in ('in.pcap', 'plain.nmsg', 'packed.nmsg'))
        with open(capture, 'wb') as f:
            f.write(wire.pcap(traffic(), 101))
        for out, extra in ((plain, []), (packed, ['-z'])):
            calm(report, 'nmsgtool makes ' + out[-12:], ended(programs, [programs.nmsgtool, '-p', capture, '-V', 'base', '-T', 'dnsqr', '-w', out, *extra]), (0,))
        conformance = [os.path.join(HERE, '..', 'nmsg', 'data', x) for x in sorted(os.listdir(os.path.join(HERE, '..', 'nmsg', 'data')))]
        for name in [plain, packed, *conformance]:
            octets = open(name, 'rb').read()
            for i in range(ROUNDS // 4):
                bad = os.path.join(here, 'bad.nmsg')
                with open(bad, 'wb') as f:
                    f.write(changed(rng, octets, rng.choice((0, 8, 10))))
                calm(report, '%s changed, round %d' % (os.path.basename(name), i), ended(programs, [programs.nmsgtool, '-r', bad]))
            for cut in range(0, len(octets), max(1, len(octets) // 40)):
                with open(bad, 'wb') as f:
                    f.write(octets[:cut])
                calm(report, '%s cut at %d' % (os.path.basename(name), cut), ended(programs, [programs.nmsgtool, '-r', bad]))


def lies(report, programs):
    def refused(what, octets, program='nmsgtool'):
        with folder() as here:
            path = os.path.join(here, 'lie')
            with open(path, 'wb') as f:
                f.write(octets)
            arguments = [programs.nmsgtool, '-r', path] if program == 'nmsgtool' else [programs.sensor, 'run', '--pcap', path, '--res-addrs', BOTH, '--quiet']
            p = ended(programs, arguments)
            if calm(report, what, p, (1,)):
                report.check(b'lie' in p.stderr, what + ': the error names the file', p.stderr)

    import zlib
    refused('a container that claims 4 GiB', b'NMSG\0\2' + b'\xff\xff\xff\xff' + b'x' * 100)
    refused('a container that claims 2 GiB', b'NMSG\0\2' + b'\x7f\xff\xff\xff')
    bomb = zlib.compress(bytes(64 << 20), 9)
    refused('a zlib bomb', b'NMSG\1\2' + struct.pack('>I', len(bomb) + 4) + struct.pack('>I', 64 << 20) + bomb)
    refused('a zlib bomb that hides its size', b'NMSG\1\2' + struct.pack('>I', len(bomb) + 4) + struct.pack('>I', 100) + bomb)
    refused('a zlib container that inflates to less than it says', b'NMSG\1\2' + struct.pack('>I', 20) + struct.pack('>I', 5000) + zlib.compress(b'\n\0')[:16].ljust(16, b'\0'))
    refused('no NMSG at all', b'\x7fELF' + bytes(100))
    refused('version 3', b'NMSG\0\3' + struct.pack('>I', 2) + b'\n\0')
    refused('a capture of nothing', b'', 'sensor')
    refused('a text as capture', b'hello, world, this is no capture', 'sensor')
    head = wire.pcap([], 101)
    refused('a record that claims 4 GiB', head + struct.pack('<IIII', 1, 0, 0xffffffff, 0xffffffff), 'sensor')
    ng = bytes.fromhex('0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000')
    refused('a block that claims 4 GiB', ng + struct.pack('<II', 6, 0xfffffffc), 'sensor')
    refused('a block of no octets', ng + struct.pack('<III', 6, 0, 0), 'sensor')


def bottomless(report, programs):
    """a capture of 1 GiB of zeros in a small compressed file; records of no octets; nothing at all"""
    zeros = bytes(16 << 20)
    with folder() as here:
        for name, pack in (('gz', gzip.compress), ('xz', lzma.compress)):
            path = os.path.join(here, 'zeros.' + name)
            member = pack(zeros)
            with open(path, 'wb') as f:
                f.write(pack(wire.pcap([], 101)))
                f.write(member * 4)
            p = ended(programs, [programs.sensor, 'run', '--pcap', path, '--res-addrs', BOTH, '--json-summary'], seconds=120)
            if calm(report, 'four million records of no octets, ' + name, p, (0, 1)):
                report.check(not balances(Out(p)), 'and the balances close', p.stdout)
        path = os.path.join(here, 'odd.bz2')
        with open(path, 'wb') as f:
            f.write(bz2.compress(zeros[:1000]))
        calm(report, 'a kind of compression that is not known', ended(programs, [programs.sensor, 'run', '--pcap', path, '--res-addrs', BOTH]), (1,))


def main():
    programs, report, rng = Programs(sys.argv[1]), Report('hostile (seed %d)' % SEED), random.Random(SEED)
    changed_captures(report, programs, rng)
    changed_nmsg(report, programs, rng)
    lies(report, programs)
    bottomless(report, programs)
    report.leave()


if __name__ == '__main__':
    main()
