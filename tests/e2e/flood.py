#!/usr/bin/python3
"""flood.py BINARIES [N]: 20 million queries that nobody answers, through a pipe: memory, CPU, and every one accounted for."""
import json
import os
import subprocess
import sys

from measure import Cost
from programs import Programs, Report, balances, need

COUNT, TABLE = 20_000_000, 131_072
RESIDENT_KIB, CPU_OF_TCPDUMP, NOISE = 150 << 10, 12, 1.1


def main():
    programs, report = Programs(sys.argv[1]), Report('flood')
    need('tcpdump')
    count = int(sys.argv[2]) if len(sys.argv) > 2 else COUNT
    flood = os.path.join(os.path.abspath(sys.argv[1]), 'make_flood')

    def through(arguments):
        source = subprocess.Popen([flood, str(count)], stdout=subprocess.PIPE)
        cost = Cost(arguments, stdin=source.stdout, stdout=subprocess.PIPE)
        source.stdout.close()
        report.check(source.wait() == 0 and cost.status == 0, arguments[0], cost.err.decode(errors='replace'))
        return cost

    tcpdump = through(['tcpdump', '-r', '-', '-w', '/dev/null'])
    sensor = through([programs.sensor, 'run', '--pcap', '-', '--res-addrs', '198.18.0.1', '--discard', '--compression', 'none',
                      '--json-summary'])
    found = json.loads(sensor.out)
    print('%d queries: CPU %.2f s, tcpdump %.2f s: ratio %.2f (bound %d); resident %.1f MiB (bound %d)' % (
        count, sensor.cpu, tcpdump.cpu, sensor.cpu / tcpdump.cpu, CPU_OF_TCPDUMP, sensor.resident_kib / 1024, RESIDENT_KIB >> 10))
    report.check(found['frames'] == found['messages'] == found['transactions'].get('unanswered') == count, 'each query is a transaction', found)
    report.check(found['payloads'] == {'UDP_UNANSWERED_QUERY': count}, 'and a payload', found)
    report.check(not balances(sensor), 'the balances close', balances(sensor))
    # 100,000 queries a second of packet time: none is 60 s old when the table is full, so all but the last leave for room.
    report.check(found.get('evicted') == max(0, count - TABLE), 'the limit of the table is kept', found.get('evicted'))
    report.check(sensor.resident_kib <= RESIDENT_KIB, 'memory', sensor.resident_kib)
    report.check(sensor.cpu <= CPU_OF_TCPDUMP * NOISE * tcpdump.cpu, 'CPU against tcpdump', sensor.cpu / tcpdump.cpu)
    report.leave()


if __name__ == '__main__':
    main()
