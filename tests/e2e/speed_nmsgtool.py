#!/usr/bin/python3
"""speed_nmsgtool.py BINARIES [--long]: CPU of nmsgtool against cat, gzip and jq, as ratios in one run.

The payloads are those of unbound-full, or where that is missing of examples/resolver.pcap, their containers repeated to
100 MB (--long: 250 MB and more rounds, for `make bench-nmsgtool`; `make bench` measures the same). Gates are medians of interleaved rounds; 10 % for noise.
"""
import os
import shutil
import statistics
import subprocess
import sys

from measure import NOISE, RESOLVER, Cost, interleaved
from programs import Programs, Report, folder, need
from speed import octets_of_capture

# What, over what, the number wanted (rows 9 to 12 of the table of numbers), and the bound that guards what is reached.
ROWS = [('plain to plain', 'copy', 'cat', 5, 5), ('zlib to plain', 'inflate', 'gunzip', 0.5, 0.5),
        ('to JSON', 'json', 'jq', 1 / 40, 1 / 38), ('to presentation', 'text', 'json', 1.2, 1.1)]


class Works:
    """the files that the rows read, in a folder; small: of few payloads, which says nothing about speed"""

    def __init__(self, programs, here, wanted, wanted_part, small=False):
        self.programs, self.here = programs, here

        def run(*arguments, **more):
            subprocess.run(arguments, check=True, **more)
        self.name, octets = octets_of_capture(small)
        with open(self.path('in.pcap'), 'wb') as f:
            f.write(octets)
        env = {**os.environ, 'DNSQR_RES_ADDRS': ','.join(RESOLVER)}
        run(programs.nmsgtool, '-p', self.path('in.pcap'), '-T', 'dnsqr', '-w', self.path('one.nmsg'), env=env)
        once = open(self.path('one.nmsg'), 'rb').read()
        # jq is slow: less than that is enough for the rows with text.
        for name, size in ('plain.nmsg', wanted), ('part.nmsg', wanted_part):
            with open(self.path(name), 'wb') as f:
                for _ in range(-(-int(size) // len(once))):
                    f.write(once)
        run(programs.nmsgtool, '-r', self.path('plain.nmsg'), '-z', '-w', self.path('zlib.nmsg'))
        # gzip of the same octets: what the containers hold, at the level that zlib has by default.
        with open(self.path('plain.gz'), 'wb') as f:
            run('gzip', '-6', '-c', self.path('plain.nmsg'), stdout=f)
        run(programs.nmsgtool, '-r', self.path('part.nmsg'), '-J', self.path('part.json'))

    def path(self, name):
        return os.path.join(self.here, name)

    def size(self, name):
        return os.path.getsize(self.path(name))

    def __str__(self):
        return '%s, %.0f MB plain, %.0f MB zlib, %.0f MB as JSON' % (
            self.name, self.size('plain.nmsg') / 1e6, self.size('zlib.nmsg') / 1e6, self.size('part.json') / 1e6)

    def costs(self, rounds, told=None):
        """{name: [the Cost of each round]} of the commands that ROWS names"""
        def tool(*arguments):
            return lambda: Cost([self.programs.nmsgtool, *arguments])

        plain, part = self.path('plain.nmsg'), self.path('part.nmsg')
        return interleaved(rounds, {
            'cat': lambda: Cost(['cat', plain]), 'copy': tool('-r', plain, '-w', '/dev/null'),
            'gunzip': lambda: Cost(['gzip', '-dc', self.path('plain.gz')]), 'inflate': tool('-r', self.path('zlib.nmsg'), '-w', '/dev/null'),
            'json': tool('-r', part, '-J', '/dev/null'), 'text': tool('-r', part, '-o', '/dev/null'),
            'jq': lambda: Cost(['jq', '-c', '.', self.path('part.json')])}, told)


def main():
    programs, report = Programs(sys.argv[1]), Report('speed_nmsgtool')
    need('gzip', 'jq')
    long = '--long' in sys.argv
    wanted, rounds = (250e6, 7) if long else (100e6, 5)
    place = '/dev/shm' if os.access('/dev/shm', os.W_OK) and shutil.disk_usage('/dev/shm').free > 4e9 else None
    with folder(place) as here:
        # With --long the JSON is beyond 200 MB as well.
        works = Works(programs, here, wanted, 60e6 if long else 15e6)
        print('%s: CPU s, medians of %d rounds' % (works, rounds))
        # Who else runs only adds to what is measured, and not to both alike: the gate takes the best of up to three.
        best = {}
        for _ in range(3):
            cpu = {name: statistics.median(c.cpu for c in costs) for name, costs in works.costs(rounds).items()}
            for what, ours, theirs, wanted_ratio, bound in ROWS:
                ratio = cpu[ours] / cpu[theirs]
                best[what] = min(best.get(what, ratio), ratio)
                print('  %-16s %-8s %.3f, %-8s %.3f: ratio %.4f (wanted %.4f, bound %.4f)' % (what, ours, cpu[ours], theirs, cpu[theirs], ratio, wanted_ratio, bound))
            if all(best[what] <= bound * NOISE for what, _, _, _, bound in ROWS):
                break
        for what, _, _, _, bound in ROWS:
            report.check(best[what] <= bound * NOISE, what, best[what])
        report.check(works.size('plain.nmsg') >= wanted, 'there is enough', works.size('plain.nmsg'))
    report.leave()


if __name__ == '__main__':
    main()
