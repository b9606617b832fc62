#!/usr/bin/python3
"""attacks.py BINARIES [--long]: what a packet of each attack costs against an ordinary one, in instructions; memory; and how
much of the honest traffic among it is recorded. --long: a million packets of each for memory and record."""
import concurrent.futures
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))
import callgrind
from measure import Cost
from programs import Programs, Report, balances, folder, skip

RESOLVERS = '198.18.0.1,2001:db8:1::1'
MOST, LEAST_RECORDED, RESIDENT_KIB = 3.0, 0.99, 150 << 10
SMALL, LARGE = 8_000, 24_000


def settings(more=()):
    # With a list of names, since looking names up in it is what long names make dear.
    return ['--res-addrs', RESOLVERS, '--filter-qnames-exclude', 'excluded.example', *more]


def made(programs, kind, packets, path):
    with open(path, 'wb') as f:
        p = subprocess.run([os.path.join(programs, 'make_attack'), kind, str(packets)], stdout=f, stderr=subprocess.PIPE, check=True)
    return json.loads(p.stderr)


def cost_of(binaries, kind, place):
    """instructions a packet of the wire"""
    sensor, wire = os.path.join(binaries, 'sie-dns-sensor'), {}

    def run(packets):
        path = os.path.join(place, '%s.%d' % (kind, packets))
        wire[packets] = made(binaries, kind, packets, path)['wire']
        try:
            return callgrind.Counted([sensor, 'run', '--pcap', path, '--discard', '--quiet', '--compression', 'none', *settings()])
        finally:
            os.unlink(path)
    return callgrind.each(SMALL, LARGE, run, wire.get)


def record_of(programs, binaries, kind, packets, place):
    """(share of honest transactions recorded, peak resident KiB, balances) of a run"""
    path, out = os.path.join(place, kind), os.path.join(place, kind + '.out')
    os.mkdir(out)
    pairs = made(binaries, kind, packets, path)['pairs']
    run = Cost([programs.sensor, 'run', '--pcap', path, '--output-dir', out, '--prefix', 'attack', '--json-summary',
                '--compression', 'none', '--rotation-interval', '86400', *settings()], stdout=subprocess.PIPE)
    os.unlink(path)
    recorded = 0
    for name in sorted(os.listdir(out)):
        file = os.path.join(out, name)
        p = subprocess.run([programs.nmsgtool, '-r', file, '--filter', 'type=UDP_QUERY_RESPONSE and qname=*.honest.example', '-J', '-'],
                           stdout=subprocess.PIPE, check=True)
        recorded += p.stdout.count(b'\n')
        os.unlink(file)
    return recorded / pairs, run.resident_kib, 'exit status %d' % run.status if run.status else balances(run)


def main():
    binaries, long = os.path.abspath(sys.argv[1]), '--long' in sys.argv[2:]
    programs, report = Programs(binaries), Report('attacks')
    if not callgrind.available():
        skip('valgrind is not installed')
    kinds = subprocess.run([os.path.join(binaries, 'make_attack'), '--list'], capture_output=True, text=True, check=True).stdout.split()
    report.check(len(kinds) > 15 and 'ordinary' in kinds, 'there are kinds of attacks', kinds)
    packets = 1_000_000 if long else 60_000
    with folder() as here, concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        costs = dict(zip(kinds, pool.map(lambda kind: cost_of(binaries, kind, here), kinds)))
        ordinary = costs['ordinary'][0]
        print('%-24s %12s %10s %9s %9s   dearest rooms' % ('kind', 'instructions', '÷ ordinary', 'recorded', 'peak MiB'))
        for kind in kinds:
            total, rooms = costs[kind]
            recorded, resident, wrong = record_of(programs, binaries, kind, packets, here)
            dearest = ', '.join('%s %.0f' % x for x in sorted(((r, c) for r, c in rooms.items()), key=lambda x: -x[1])[:3])
            print('%-24s %12.0f %10.2f %8.2f%% %9.1f   %s' % (kind, total, total / ordinary, 100 * recorded, resident / 1024, dearest))
            report.check(total <= MOST * ordinary, kind + ': a packet costs at most %.0f ordinary ones' % MOST, total / ordinary)
            report.check(recorded >= LEAST_RECORDED, kind + ': honest traffic is recorded', recorded)
            report.check(resident <= RESIDENT_KIB, kind + ': memory is bounded', resident)
            report.check(not wrong, kind + ': the balances close', wrong)
    report.leave()


if __name__ == '__main__':
    main()
