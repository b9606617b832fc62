#!/usr/bin/python3
"""speed_nmsgtool.py BINARIES [--long]: CPU of nmsgtool against cat, gzip and jq, as ratios in one run.

The payloads are those of unbound-full, or where that is missing of examples/resolver.pcap, their containers repeated to
100 MB (--long: 250 MB and more rounds, for `make bench-nmsgtool`). Gates are medians of interleaved rounds; 10 % for noise.
"""
import os
import shutil
import subprocess
import sys

from measure import Cost, medians
from programs import Programs, Report, folder, need
from speed import RESOLVER, octets_of_capture

NOISE = 1.1
# What, over what, the number wanted (rows 9 to 12 of the table of numbers), and the bound that guards what is reached.
ROWS = [('plain to plain', 'copy', 'cat', 5, 5), ('zlib to plain', 'inflate', 'gunzip', 0.5, 0.5),
        ('to JSON', 'json', 'jq', 1 / 40, 1 / 40), ('to presentation', 'text', 'json', 1.2, 1)]


def main():
    programs, report = Programs(sys.argv[1]), Report('speed_nmsgtool')
    need('gzip', 'jq')
    long = '--long' in sys.argv
    wanted, rounds = (250e6, 7) if long else (100e6, 5)
    name, octets = octets_of_capture()
    place = '/dev/shm' if os.access('/dev/shm', os.W_OK) and shutil.disk_usage('/dev/shm').free > 4e9 else None
    with folder(place) as here:
        def path(x):
            return os.path.join(here, x)

        def tool(*arguments):
            return lambda: Cost([programs.nmsgtool, *arguments])

        def run(*arguments, **more):
            subprocess.run(arguments, check=True, **more)
        with open(path('in.pcap'), 'wb') as f:
            f.write(octets)
        env = {**os.environ, 'DNSQR_RES_ADDRS': ','.join(RESOLVER)}
        run(programs.nmsgtool, '-p', path('in.pcap'), '-T', 'dnsqr', '-w', path('one.nmsg'), env=env)
        once = open(path('one.nmsg'), 'rb').read()
        with open(path('plain.nmsg'), 'wb') as f:
            for _ in range(-(-int(wanted) // len(once))):
                f.write(once)
        size = os.path.getsize(path('plain.nmsg'))
        run(programs.nmsgtool, '-r', path('plain.nmsg'), '-z', '-w', path('zlib.nmsg'))
        # gzip of the same octets: what the containers hold, at the level that zlib has by default.
        with open(path('plain.gz'), 'wb') as f:
            run('gzip', '-6', '-c', path('plain.nmsg'), stdout=f)
        # jq is slow: less than that is enough for the rows with text; with --long their JSON is beyond 200 MB as well.
        with open(path('part.nmsg'), 'wb') as f:
            for _ in range(max(1, int((60e6 if long else 15e6) // len(once)))):
                f.write(once)
        run(programs.nmsgtool, '-r', path('part.nmsg'), '-J', path('part.json'))
        print('%s, %.0f MB plain, %.0f MB zlib, %.0f MB as JSON: CPU s, medians of %d rounds'
              % (name, size / 1e6, os.path.getsize(path('zlib.nmsg')) / 1e6, os.path.getsize(path('part.json')) / 1e6, rounds))
        # Who else runs only adds to what is measured, and not to both alike: the gate takes the best of up to three.
        best = {}
        for _ in range(3):
            cpu = medians(rounds, cat=lambda: Cost(['cat', path('plain.nmsg')]), copy=tool('-r', path('plain.nmsg'), '-w', '/dev/null'),
                          gunzip=lambda: Cost(['gzip', '-dc', path('plain.gz')]), inflate=tool('-r', path('zlib.nmsg'), '-w', '/dev/null'))
            cpu.update(medians(rounds, json=tool('-r', path('part.nmsg'), '-J', '/dev/null'), text=tool('-r', path('part.nmsg'), '-o', '/dev/null'),
                               jq=lambda: Cost(['jq', '-c', '.', path('part.json')])))
            for what, ours, theirs, wanted_ratio, bound in ROWS:
                ratio = cpu[ours] / cpu[theirs]
                best[what] = min(best.get(what, ratio), ratio)
                print('  %-16s %-8s %.3f, %-8s %.3f: ratio %.4f (wanted %.4f, bound %.4f)' % (what, ours, cpu[ours], theirs, cpu[theirs], ratio, wanted_ratio, bound))
            if all(best[what] <= bound * NOISE for what, _, _, _, bound in ROWS):
                break
        for what, _, _, _, bound in ROWS:
            report.check(best[what] <= bound * NOISE, what, best[what])
        report.check(size >= wanted, 'there is enough', size)
    report.leave()


if __name__ == '__main__':
    main()
