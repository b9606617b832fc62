#!/usr/bin/python3
"""flood.py BINARIES [N]: 20 million queries that nobody answers, through a pipe: memory, CPU, and every one accounted for."""
import json
import os
import subprocess
import sys

from measure import NOISE, Cost, replay
from programs import Programs, Report, balances, need

COUNT, TABLE = 20_000_000, 131_072
RESIDENT_KIB, CPU_OF_TCPDUMP = 150 << 10, 12


def through(tools, count, run):
    """the Cost of a program that reads the flood; run: given its standard input, runs it"""
    source = subprocess.Popen([os.path.join(tools, 'make_flood'), str(count)], stdout=subprocess.PIPE)
    cost = run(source.stdout)
    source.stdout.close()
    if source.wait() != 0:
        raise RuntimeError('make_flood: status %s\n%s' % (source.returncode, cost.err.decode(errors='replace')))
    return cost


def tcpdump(tools, count):
    return through(tools, count, lambda stdin: Cost(['tcpdump', '-r', '-', '-w', '/dev/null'], stdin=stdin, stdout=subprocess.PIPE))


def sensor(programs, tools, report, count, table=TABLE):
    """what the flood costs; each query must be a transaction and a payload"""
    cost = through(tools, count, lambda stdin: replay(programs.sensor, '-', 'none', stdin=stdin, resolvers=('198.18.0.1',),
                                                      extra=('--state-table-max', str(table))))
    if not report.check(cost.status == 0, 'flood: the sensor ends well', cost.err.decode(errors='replace')):
        return cost
    found = json.loads(cost.out)
    report.check(found['frames'] == found['messages'] == found['transactions'].get('unanswered') == count, 'flood: each query is a transaction', found)
    report.check(found['payloads'] == {'UDP_UNANSWERED_QUERY': count}, 'flood: and a payload', found)
    report.check(not balances(cost), 'flood: the balances close', balances(cost))
    # 100,000 queries a second of packet time: none is 60 s old when the table is full, so all but the last leave for room.
    report.check(found.get('evicted') == max(0, count - table), 'flood: the limit of the table is kept', found.get('evicted'))
    return cost


def main():
    programs, report, tools = Programs(sys.argv[1]), Report('flood'), os.path.abspath(sys.argv[1])
    need('tcpdump')
    count = int(sys.argv[2]) if len(sys.argv) > 2 else COUNT
    theirs, ours = tcpdump(tools, count), sensor(programs, tools, report, count)
    report.check(theirs.status == 0, 'tcpdump', theirs.err.decode(errors='replace'))
    print('%d queries: CPU %.2f s, tcpdump %.2f s: ratio %.2f (bound %d); resident %.1f MiB (bound %d)' % (
        count, ours.cpu, theirs.cpu, ours.cpu / theirs.cpu, CPU_OF_TCPDUMP, ours.resident_kib / 1024, RESIDENT_KIB >> 10))
    report.check(ours.resident_kib <= RESIDENT_KIB, 'memory', ours.resident_kib)
    report.check(ours.cpu <= CPU_OF_TCPDUMP * NOISE * theirs.cpu, 'CPU against tcpdump', ours.cpu / theirs.cpu)
    report.leave()


if __name__ == '__main__':
    main()
