#!/usr/bin/python3
"""guard.py BINARIES [--write]: instructions a packet and a payload against those written down in instructions.tsv.

What costs over 3 % more fails, and says in which room. --write writes the new numbers down: for a change that is worth it,
or one that made something cheaper. Numbers hold for a compiler and a processor architecture; others are not compared.
"""
import os
import platform
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))
import callgrind
from programs import Programs, Report, folder, skip

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, 'instructions.tsv')
RESOLVERS = '198.19.1.1,2001:db8:1::1'
SMALL, LARGE, MOST = 2_000, 10_000, 1.03


def machine(binaries):
    """compiler and architecture, as the programs' build folder and this machine tell"""
    cache = open(os.path.join(binaries, '..', 'CMakeCache.txt'), encoding='utf-8').read()
    compiler = next(x.split('=', 1)[1] for x in cache.splitlines() if x.startswith('CMAKE_CXX_COMPILER:'))
    version = subprocess.run([compiler, '-dumpfullversion'], capture_output=True, text=True).stdout.strip()
    aes = ' aes' if ' aes ' in open('/proc/cpuinfo', encoding='utf-8').read() else ''  # KeyedHash has two ways
    return '%s %s %s%s' % (os.path.basename(compiler), version, platform.machine(), aes)


def measured(programs, binaries):
    """{work: (total, {room: instructions})}"""
    with folder() as here:
        def capture(n):
            path = os.path.join(here, '%d.pcap' % n)
            if not os.path.exists(path):
                with open(path, 'wb') as f:
                    subprocess.run([os.path.join(binaries, 'make_live'), str(n)], stdout=f, check=True)
            return path

        def payloads(n):
            path = os.path.join(here, '%d.nmsg' % n)
            if not os.path.exists(path):
                out = os.path.join(here, '%d' % n)
                os.mkdir(out)
                done = programs.replay([capture(n)], out, extra=['--res-addrs', RESOLVERS, '--compression', 'none', '--rotation-interval', '86400'])
                assert done.status == 0, done
                os.rename(os.path.join(out, os.listdir(out)[0]), path)
            return path

        def tool(*options):
            return lambda n: callgrind.Counted([programs.nmsgtool, '-r', payloads(n), *options])

        works = {
            'replay': lambda n: callgrind.Counted([programs.sensor, 'run', '--pcap', capture(n), '--discard', '--quiet',
                                                   '--compression', 'none', '--res-addrs', RESOLVERS]),
            'copy': tool('-w', '/dev/null'),
            'json': tool('-J', '/dev/null'),
            'text': tool('-o', '/dev/null'),
        }
        return {work: callgrind.each(SMALL, LARGE, run, lambda n: n) for work, run in works.items()}


def too_dear(before, now):
    return now > MOST * before


def written():
    """(machine, {work: {room or 'all': instructions}})"""
    found, on = {}, ''
    for line in open(TABLE, encoding='utf-8'):
        if line.startswith('# machine: '):
            on = line[len('# machine: '):].strip()
        elif not line.startswith('#'):
            work, room, count = line.split('\t')
            found.setdefault(work, {})[room] = float(count)
    return on, found


def main():
    binaries = os.path.abspath(sys.argv[1])
    programs, report = Programs(binaries), Report('guard')
    if not callgrind.available():
        skip('valgrind is not installed')
    here, got = machine(binaries), measured(programs, binaries)
    rows = {work: {'all': total, **rooms} for work, (total, rooms) in got.items()}
    if '--write' in sys.argv[2:]:
        with open(TABLE, 'w', encoding='utf-8') as f:
            f.write('# Instructions a transaction (two packets in replay, a payload elsewhere): guard.py holds the programs against these.\n')
            f.write('# machine: %s\n' % here)
            for work, counts in rows.items():
                for room, count in sorted(counts.items(), key=lambda x: -x[1]):
                    if count >= 1:
                        f.write('%s\t%s\t%.1f\n' % (work, room, count))
        print('written: ' + TABLE)
        return
    there, before = written()
    report.check(set(before) == set(rows), 'the table has the works', sorted(before))
    compared = there == here
    for work, counts in rows.items():
        old, new = before[work]['all'], counts['all']
        print('%-8s %8.0f instructions a transaction, %8.0f written down: %+.1f %%' % (work, new, old, 100 * (new / old - 1)))
        grown = sorted(((counts.get(r, 0) - before[work].get(r, 0), r) for r in set(counts) | set(before[work]) if r != 'all'), reverse=True)
        where = '; '.join('%s %+.0f' % (room, by) for by, room in grown[:4] if by >= 1)
        if compared:
            report.check(not too_dear(old, new), '%s costs no more than before (%s; if it is worth it: guard.py --write)' % (work, where), new / old)
    if not compared:
        skip('the numbers are of %s, this is %s' % (there, here))
    report.check(too_dear(1000, 1031) and not too_dear(1000, 1029), 'a planted change of 3.1 percent is found', '')
    report.leave()


if __name__ == '__main__':
    main()
