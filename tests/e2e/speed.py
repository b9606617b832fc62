#!/usr/bin/python3
"""speed.py BINARIES: CPU of replaying a real capture against tcpdump and gzip, as ratios in one run.

The capture is unbound-full, or where that is missing examples/resolver.pcap, repeated to 500,000 frames (stamps of each
round moved by the capture's length + 100 s). Gates are medians of interleaved rounds; 10 % for noise.
"""
import gzip
import os
import shutil
import struct
import sys

from measure import NOISE, Cost, medians, replay, tcpdump
from programs import SOURCE, Programs, Report, folder, need

FRAMES, ROUNDS = 500_000, 5
PLAIN_OF_TCPDUMP, FAST_OF_GZIP = 3.5, 0.40


def shared_captures():
    return os.path.join(os.environ.get('SIE_SHARED') or os.path.join(os.path.dirname(SOURCE), 'shared'), 'captures')


def octets_of_capture(small=False):
    full = os.path.join(shared_captures(), 'unbound-full.pcap.gz')
    if os.path.exists(full) and not small:
        return 'unbound-full', gzip.open(full).read()
    return 'examples/resolver.pcap', open(os.path.join(SOURCE, 'examples', 'resolver.pcap'), 'rb').read()


def repeated(octets, path, least=FRAMES):
    """the capture again and again until there are enough frames; (how many there are, how often)"""
    places, at = [], 24
    while at < len(octets):
        places.append(at - 24)
        at += 16 + struct.unpack_from('<I', octets, at + 8)[0]
    seconds = [struct.unpack_from('<I', octets, 24 + x)[0] for x in places]
    step, times = max(seconds) - min(seconds) + 100, -(-least // len(places))
    with open(path, 'wb') as f:
        f.write(octets[:24])
        for k in range(times):
            body = bytearray(octets[24:])
            for place, second in zip(places, seconds):
                struct.pack_into('<I', body, place, second + k * step)
            f.write(body)
    return times * len(places), times


def main():
    programs, report = Programs(sys.argv[1]), Report('speed')
    need('tcpdump', 'gzip')
    name, octets = octets_of_capture()
    # Files go to memory where the machine has such a folder: the disk is not what is measured.
    place = '/dev/shm' if os.access('/dev/shm', os.W_OK) and shutil.disk_usage('/dev/shm').free > 1 << 30 else None
    with folder(place) as here:
        capture, out = os.path.join(here, 'in.pcap'), os.path.join(here, 'out')
        frames, _ = repeated(octets, capture)
        size = os.path.getsize(capture)

        def sensor(level):
            def run():
                shutil.rmtree(out, ignore_errors=True)
                os.mkdir(out)
                return replay(programs.sensor, capture, level, out)
            return run

        print('%s repeated to %d frames, %.0f MB: CPU s, medians of %d rounds' % (name, frames, size / 1e6, ROUNDS))
        # Who else runs only adds to what is measured, and not to all alike: the gates take the best of up to three.
        plain = fast = float('inf')
        for _ in range(3):
            cpu = medians(ROUNDS, tcpdump=lambda: tcpdump(capture), plain=sensor('none'), fast=sensor('fast'),
                          gzip=lambda: Cost(['gzip', '-1', '-c', capture]))
            plain, fast = min(plain, cpu['plain'] / cpu['tcpdump']), min(fast, cpu['fast'] / cpu['gzip'])
            print('  tcpdump -w /dev/null %.3f, plain %.3f: best ratio %.2f (bound %.2f)' % (cpu['tcpdump'], cpu['plain'], plain, PLAIN_OF_TCPDUMP))
            print('  gzip -1 %.3f, fast %.3f: best ratio %.3f (bound %.2f)' % (cpu['gzip'], cpu['fast'], fast, FAST_OF_GZIP))
            if plain <= PLAIN_OF_TCPDUMP * NOISE and fast <= FAST_OF_GZIP * NOISE:
                break
    report.check(frames >= FRAMES, 'there are enough frames', frames)
    report.check(plain <= PLAIN_OF_TCPDUMP * NOISE, 'plain output against tcpdump', plain)
    report.check(fast <= FAST_OF_GZIP * NOISE, 'fast against gzip -1', fast)
    report.leave()


if __name__ == '__main__':
    main()
