#!/usr/bin/python3
"""bench.py BINARIES [OPTION…]: the table of numbers, as ratios to programs that every Debian has, in one run on one machine.

Rows 1 to 5: replay into files; 6 to 8: CPU and memory under a flood; 9 to 12: nmsgtool; 13 to 16 (--live, root): on an
interface; 17: cost a packet as traffic and table grow. In each round the programs of a row run one after the other;
figures are medians over the rounds of user + system seconds of the whole process. After every run the payloads of each
kind are counted, in the ledger and in the files, and must be those that the capture was made with: else status 1.
"""
import argparse
import datetime
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

import rows
import works
import flood
import speed_nmsgtool
from measure import Cost, interleaved, ratios, replay, tcpdump
from programs import Programs, Report, balances

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = {'tcpdump': ('tcpdump', (1, 6)), 'gzip': ('gzip', (2, 3, 4, 5, 10)), 'jq': ('jq', (11, 12)), 'cat': ('coreutils', (9,))}
LIVE_ROWS = (13, 14, 15, 16)
# Level: row, most CPU over gzip -6 of the plain output, aim, most octets over gzip's.
LEVELS = {'fast': (2, 0.11, 0.09, 1.16), 'default': (3, 0.42, 0.33, 1.01), 'best': (4, 5, 4, 0.975), 'zstd': (5, 0.13, 0.10, 0.97)}
FLOOD_PACKET = 72  # octets, from the IP header on
LONG = ('--rotation-interval', '86400')


class Sizes(NamedTuple):
    s: int
    a: int
    real: int
    flood: int
    table: int           # of row 7
    copies: float        # octets of row 9 and 10
    text: float          # octets of NMSG whose JSON rows 11 and 12 read
    growth: tuple        # packets
    fill_packets: int
    fills: tuple         # queries that wait; the last one is the table's size
    room: float          # octets in memory


WHOLE = Sizes(400_000, 4_000_000, 500_000, 20_000_000, 4_000_000, 250e6, 60e6, (100_000, 1_000_000, 10_000_000), 1_000_000,
              (1_000, 10_000, 100_000, 131_072), 4e9)
QUICK = Sizes(20_000, 40_000, 60_000, 100_000, 50_000, 2e6, 1e6, (5_000, 10_000, 20_000), 10_000, (100, 1_000, 2_000), 3e8)


class Progress:
    """a line on a terminal, and only there"""

    def __init__(self):
        self.begun, self.shown = time.monotonic(), sys.stderr.isatty()

    def __call__(self, text):
        if self.shown:
            print('\r\033[K%5.0f s  %s' % (time.monotonic() - self.begun, text), end='', file=sys.stderr, flush=True)

    def clear(self):
        if self.shown:
            print('\r\033[K', end='', file=sys.stderr, flush=True)


class Bench:
    def __init__(self, given, made, sizes, report, told):
        self.programs, self.tools = Programs(given.binaries), os.path.abspath(given.binaries)
        self.made, self.sizes, self.report, self.told, self.rounds = made, sizes, report, told, given.rounds
        self.rows, self.growth, self.described = [], {}, {}

    def check(self, work, what, cost, files):
        """whether a run gave what it should; names what is missing"""
        if cost.status:
            raise RuntimeError('%s, %s: status %s: %s' % (work.name, what, cost.status, cost.err.decode(errors='replace')[-500:]))
        wrong = works.incomplete(self.programs.nmsgtool, work, cost.out, files) or balances(cost)
        self.report.check(not wrong, '%s, %s: payloads complete' % (work.name, what), wrong)
        return cost

    def add(self, row, what, must, aim, samples, unit=''):
        self.rows.append(rows.of_samples(row, what, must, aim, samples, unit))

    def absent(self, row, what, must, aim, note):
        self.rows.append(rows.Row(row, what, must, aim, None, note=note))

    # ---- rows 1 to 5

    def has_zstd(self):
        """whether this sensor compresses with zstd: it reads a capture without packets then"""
        empty = self.made.capture('empty', packets=0)
        known, asked = (replay(self.programs.sensor, empty.path, level) for level in ('fast', 'zstd'))
        if known.status != 0:
            raise RuntimeError('a capture without packets: ' + known.err.decode(errors='replace'))
        return asked.status == 0

    def replay(self, work, wanted, judged=True):
        """rows 1 to 5 on one work; judged False: for information"""
        self.described[work.name] = work.about
        levels = {k: v for k, v in LEVELS.items() if v[0] in wanted}
        if 'zstd' in levels and not self.has_zstd():
            row, must, aim, size = levels.pop('zstd')
            for what, bar, better in ('zstd ÷ gzip -6 of the plain output', must, aim), ('zstd, size ÷ gzip\'s', size, None):
                self.absent(row, '%s: %s' % (work.name, what), bar, better, 'not there')
        octets = {}

        def files_of(level):
            folder = self.made.path('out-' + level)
            return sorted(os.path.join(folder, x) for x in os.listdir(folder) if x[0] != '.')

        def sensor(level):
            def run():
                out = self.made.path('out-' + level)
                os.mkdir(out)
                self.made.take_memory(octets.get(level, work.octets))
                cost = self.check(work, level, replay(self.programs.sensor, work.path, level, out), files_of(level))
                octets[level] = sum(map(os.path.getsize, files_of(level)))
                if level != 'none' or not levels:  # gzip reads that one
                    shutil.rmtree(out)
                return cost
            return run

        def gzip():
            out = self.made.path('plain.gz')
            with open(out, 'wb') as f:
                cost = Cost(['gzip', '-6', '-c', *files_of('none')], stdout=f)
            octets['gzip'] = os.path.getsize(out)
            os.unlink(out)
            shutil.rmtree(self.made.path('out-none'))
            return cost

        commands = {'tcpdump': lambda: tcpdump(work.path)} if 1 in wanted else {}
        commands['none'] = sensor('none')
        if levels:
            commands.update(gzip=gzip, **{level: sensor(level) for level in levels})
        costs = interleaved(self.rounds, commands, lambda text: self.told('%s, %s' % (work.name, text)))

        def bar(value):
            return value if judged else None
        if 1 in wanted:
            self.add(1, work.name + ': plain ÷ tcpdump -w', bar(2.6), bar(2.0), ratios(costs, 'none', 'tcpdump'))
        for level, (row, must, aim, size) in levels.items():
            self.add(row, '%s: %s ÷ gzip -6 of the plain output' % (work.name, level), bar(must), bar(aim), ratios(costs, level, 'gzip'))
            self.add(row, '%s: %s, size ÷ gzip\'s' % (work.name, level), bar(size), None, [octets[level] / octets['gzip']])

        def ns(seconds):
            return statistics.median(seconds) / work.packets * 1e9
        self.described[work.name].update(octets_written=octets, ns_a_packet={
            name: (ns(c.cpu for c in found), ns(c.kernel for c in found)) for name, found in costs.items()})

    # ---- rows 6 to 8

    def flood(self, wanted):
        count = self.sizes.flood
        costs = {}
        if 6 in wanted or 8 in wanted:
            commands = {'tcpdump': lambda: flood.tcpdump(self.tools, count)} if 6 in wanted else {}
            commands['sensor'] = lambda: flood.sensor(self.programs, self.tools, self.report, count)
            costs = interleaved(self.rounds, commands, lambda text: self.told('flood, ' + text))
        if 6 in wanted:
            self.add(6, '%g M unanswered queries through a pipe ÷ tcpdump -w' % (count / 1e6), 6, 4, ratios(costs, 'sensor', 'tcpdump'))
        if 7 in wanted:
            # What the memory of a full table is above that of the same table with next to nothing in it.
            table, few = self.sizes.table, 1000
            samples = []
            for number in range(min(3, self.rounds)):
                self.told('a table of %g M, round %d' % (table / 1e6, number + 1))
                kib = {n: flood.sensor(self.programs, self.tools, self.report, n, table).resident_kib for n in (few, table)}
                samples.append((kib[table] - kib[few]) * 1024 / (table - few))
            self.add(7, 'memory a waiting query of %d octets, a table of %g M' % (FLOOD_PACKET, table / 1e6), 270, FLOOD_PACKET + 64, samples, 'octets')
        if 8 in wanted:
            work = self.capture_a()
            defaults = interleaved(min(3, self.rounds), {'A': lambda: self.check(work, 'defaults', replay(self.programs.sensor, work.path, 'default'), None)},
                                   lambda text: self.told('memory, ' + text))
            self.add(8, 'peak memory: A, defaults', 80, 48, [c.resident_kib / 1024 for c in defaults['A']], 'MiB')
            self.add(8, 'peak memory: the flood of row 6', 150, 100, [c.resident_kib / 1024 for c in costs['sensor']], 'MiB')

    def capture_s(self):
        return self.made.capture('S', packets=self.sizes.s)

    def capture_a(self):
        return self.made.capture('A', packets=self.sizes.a)

    # ---- rows 9 to 12

    def nmsgtool(self, wanted):
        here = self.made.path('nmsgtool')
        os.mkdir(here)
        made = speed_nmsgtool.Works(self.programs, here, self.sizes.copies, self.sizes.text, small=self.sizes is QUICK)
        self.described['nmsgtool'] = {'what': str(made)}
        costs = made.costs(self.rounds, lambda text: self.told('nmsgtool, ' + text))
        shutil.rmtree(here)
        found = {what: ratios(costs, ours, theirs) for what, ours, theirs, _, _ in speed_nmsgtool.ROWS}
        bars = {9: (5, 3), 10: (0.5, 0.4), 11: (1 / 40, 1 / 80), 12: (1.2, 1)}
        for row, (what, ours, theirs, _, _) in zip(bars, speed_nmsgtool.ROWS):
            if row in wanted:
                self.add(row, 'nmsgtool, %s ÷ %s' % (what, {'gunzip': 'gzip -dc', 'jq': 'jq -c .', 'json': 'to JSON'}.get(theirs, theirs)), *bars[row], found[what])

    # ---- rows 13 to 16

    def live(self):
        with tempfile.NamedTemporaryFile(suffix='.json') as f:
            self.told('bench_live.py')
            quick = ['--quick'] if self.sizes is QUICK else []
            done = subprocess.run([sys.executable, '-B', os.path.join(HERE, 'bench_live.py'), self.tools, '--json', f.name, *quick],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if done.returncode != 0:
                note = (done.stderr.strip().splitlines() or ['status %d' % done.returncode])[-1]
                return self.rows.extend(rows.Row(n, 'live', None, None, None, note=note) for n in LIVE_ROWS)
            for found in json.load(f)['rows']:
                if found['row'] in LIVE_ROWS:
                    self.rows.append(rows.Row(**found))

    # ---- row 17

    def plain(self, work, table=None):
        extra = LONG + (('--state-table-max', str(table)) if table else ())
        return lambda: self.check(work, 'plain', replay(self.programs.sensor, work.path, 'none', extra=extra), None)

    def grow(self):
        """cost a packet above that of a capture without packets, as traffic grows, and above that of the first queries as the table is filled"""
        empty = self.made.capture('empty', packets=0)
        traffic = {n: self.made.capture('G%d' % n, packets=n) for n in self.sizes.growth}
        first, last = self.sizes.growth[0], self.sizes.growth[-1]
        costs = interleaved(self.rounds, {'empty': self.plain(empty), **{n: self.plain(work) for n, work in traffic.items()},
                                          # The smallest is over in a moment: as often as it takes to be seen.
                                          **{'%d again, %d' % (first, i): self.plain(traffic[first]) for i in range(4)}},
                            lambda text: self.told('growth, ' + text))
        start = statistics.median(c.cpu for c in costs['empty'])
        each = {n: [(c.cpu - start) / work.packets * 1e9 for c in costs[n]] for n, work in traffic.items()}
        each[first] = [statistics.mean((costs[x][i].cpu - start) / traffic[first].packets * 1e9 for x in costs if str(x).split()[0] == str(first))
                       for i in range(self.rounds)]
        self.add(17, 'cost a packet: %g M packets ÷ %g M' % (last / 1e6, first / 1e6), 1.1, 1.05, [a / b for a, b in zip(each[last], each[first])])
        self.growth['start_ms'] = start * 1e3
        self.growth['traffic'] = [{'packets': n, 'ns_a_packet': statistics.median(x)} for n, x in each.items()]
        for n in traffic:
            os.unlink(traffic[n].path)

        # As many unanswered queries come as leave after a minute, so the table stays as full as it was at the start.
        full, fills = self.sizes.fills[-1], {}
        for n in self.sizes.fills:
            options = {'waiting': n, 'rate': round(n / 0.05 / 60 * (1.05 if n == full else 0.98), 1)}
            fills[n] = [self.made.capture('F%d-%s' % (n, name), packets=packets, **options) for name, packets in (('all', self.sizes.fill_packets), ('start', 0))]
        commands = {}
        for n, works_of in fills.items():
            for name, work in zip(('all', 'start'), works_of):
                commands['%d %s' % (n, name)] = self.plain(work, full)
        costs = interleaved(self.rounds, commands, lambda text: self.told('table, waiting ' + text))
        each = {}
        for n, (work, begin) in fills.items():
            each[n] = [(a.cpu - b.cpu) / (work.packets - begin.packets) * 1e9 for a, b in zip(costs['%d all' % n], costs['%d start' % n])]
        evicted = {n: json.loads(costs['%d all' % n][-1].out)['evicted'] for n in fills}
        for n in fills:
            self.report.check((evicted[n] > 0) == (n == full), 'a table for %d with %d waiting: full or not' % (full, n), evicted[n])
        low = self.sizes.fills[0]
        self.add(17, 'cost a packet: the table full (%d) ÷ %d waiting' % (full, low), 2, 1.5, [a / b for a, b in zip(each[full], each[low])])
        self.growth['table'] = [{'waiting': n, 'ns_a_packet': statistics.median(x), 'evicted': evicted[n]} for n, x in each.items()]

    def print_growth(self):
        if not self.growth:
            return
        print('\ncost a packet above that of the start (%.1f ms), plain, containers thrown away' % self.growth['start_ms'])
        for key, what in ('traffic', 'packets'), ('table', 'waiting'):
            print('  %12s  %12s  %6s' % (what, 'ns a packet', '÷ first'))
            for x in self.growth[key]:
                print('  %12d  %12.0f  %6.2f' % (x[what], x['ns_a_packet'], x['ns_a_packet'] / self.growth[key][0]['ns_a_packet']))


def machine():
    def first_line(*arguments):
        done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return (done.stdout.splitlines() or ['?'])[0]
    with open('/proc/cpuinfo', encoding='utf-8') as f:
        model = re.search(r'^model name\s*:\s*(.*)$', f.read(), re.M)
    return {'cpu': model.group(1) if model else platform.machine(), 'cpus': len(os.sched_getaffinity(0)), 'kernel': platform.release(),
            'peers': {tool: first_line(tool, '--version') for tool in PEERS if shutil.which(tool)}}


def commit():
    if not shutil.which('git'):
        return 'unknown'
    done = subprocess.run(['git', '-C', works.SOURCE, 'describe', '--always', '--dirty'], capture_output=True, text=True)
    return done.stdout.strip() or 'unknown'


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0], formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog=__doc__.split('\n', 2)[2])
    parser.add_argument('binaries', nargs='?', help='the folder of the programs')
    parser.add_argument('--rows', help='some only: 1,2,6 or 1-5')
    parser.add_argument('--work', default='S,A,U', help='captures of rows 1 to 5: S 400 k packets, A 4 M, U captures/unbound-full again and again, where it is [S,A,U]')
    parser.add_argument('--rounds', type=int, help='5, quick 1')
    parser.add_argument('--quick', action='store_true', help='small captures: shows that all can be measured, and says nothing about speed')
    parser.add_argument('--live', action='store_true', help='rows 13 to 16 as well, by bench_live.py: as root, for twenty minutes')
    parser.add_argument('--json', metavar='FILE', help='everything, for comparing commits')
    parser.add_argument('--compare', nargs=2, metavar='FILE', help='print two such files side by side and measure nothing')
    parser.add_argument('--gate', action='store_true', help='status 1 if a bar is missed by more than 10 %%')
    parser.add_argument('--works', metavar='FOLDER', default=works.KEPT, help='where captures are kept [build/bench-works]')
    given = parser.parse_args()
    if given.compare:
        return given
    if not given.binaries:
        parser.error('the folder of the programs is missing')
    given.rounds = given.rounds or (1 if given.quick else 5)
    wanted = set()
    for part in (given.rows or '1-12,17').split(','):
        numbers = re.fullmatch(r'(\d+)(?:-(\d+))?', part.strip())
        if not numbers:
            parser.error('--rows: %r is neither a number nor A-B' % part)
        wanted |= set(range(int(numbers[1]), int(numbers[2] or numbers[1]) + 1))
    if given.live:
        wanted |= set(LIVE_ROWS)
    given.work = given.work.split(',')
    if not wanted <= set(range(1, 18)) or not set(given.work) <= {'S', 'A', 'U'}:
        parser.error('rows are 1 to 17, works S, A and U')
    given.wanted = wanted
    return given


def missing_peers(wanted):
    return ['%s is not installed: apt-get install %s (rows %s)' % (tool, package, ', '.join(str(x) for x in found if x in wanted))
            for tool, (package, found) in PEERS.items() if not shutil.which(tool) and set(found) & wanted]


def measure(bench, given, notes):
    """all rows that are wanted"""
    wanted = given.wanted
    if wanted & {6, 7, 8}:
        bench.flood(wanted)
    if wanted & {1, 2, 3, 4, 5}:
        for name in given.work:
            bench.told(name + ' is made')
            work = {'S': bench.capture_s, 'A': bench.capture_a, 'U': lambda: bench.made.real(bench.sizes.real)}[name]()
            if work is None:
                notes.append('captures/unbound-full is not there (SIE_SHARED): U is left out')
                continue
            bench.replay(work, wanted, judged=name != 'U')
            os.unlink(work.path)
    if wanted & {9, 10, 11, 12}:
        bench.nmsgtool(wanted)
    if 17 in wanted:
        bench.grow()
    if wanted & set(LIVE_ROWS):
        bench.live()
    bench.rows.sort(key=lambda row: row.row)


def main():
    given = arguments()
    if given.compare:
        found = []
        for name in given.compare:
            with open(name, encoding='utf-8') as f:
                found.append(json.load(f))
        rows.print_comparison(*found)
        return
    missing = missing_peers(given.wanted)
    if missing:
        print('bench: ' + '\nbench: '.join(missing), file=sys.stderr)
        sys.exit(3)
    # Ended from outside, too, it leaves nothing behind in memory.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sizes, report, told, notes = QUICK if given.quick else WHOLE, Report('bench'), Progress(), []
    begun, load = datetime.datetime.now(datetime.timezone.utc), os.getloadavg()[0]
    try:
        with works.Works(given.binaries, given.works, sizes.room) as made:
            if made.note:
                notes.append(made.note)
            bench = Bench(given, made, sizes, report, told)
            try:
                measure(bench, given, notes)
            finally:
                told.clear()
    except RuntimeError as why:
        print('bench: %s' % why, file=sys.stderr)
        sys.exit(1)
    took = (datetime.datetime.now(datetime.timezone.utc) - begun).total_seconds()
    about = {'commit': commit(), 'date': begun.strftime('%Y-%m-%d %H:%M UTC'), 'machine': machine(), 'load_average': [load, os.getloadavg()[0]],
             'rounds': given.rounds, 'quick': given.quick, 'seconds': took}
    print('%s, %s, %d CPUs, Linux %s; %s; medians of %d rounds, load average %.1f to %.1f' % (
        about['date'], about['machine']['cpu'], about['machine']['cpus'], about['machine']['kernel'], about['commit'], given.rounds, *about['load_average']))
    for name, work in bench.described.items():
        print('%s: %s' % (name, work['what'] if 'what' in work else '%d packets; ns a packet (of them the kernel): %s' % (
            work['packets'], ', '.join('%s %.0f (%.0f)' % (x, *both) for x, both in work['ns_a_packet'].items()))))
    print()
    missed = rows.print_rows(bench.rows, judged=not given.quick)
    bench.print_growth()
    for note in notes:
        print('note: ' + note)
    print('%s; %.0f s' % ('%d runs were not complete' % len(report.failures) if report.failures else 'every run gave all payloads', took))
    if given.json:
        with open(given.json, 'w', encoding='utf-8') as f:
            json.dump({**about, 'works': bench.described, 'rows': [r._asdict() for r in bench.rows], 'growth': bench.growth, 'notes': notes,
                       'incomplete': report.failures}, f, indent=1)
    sys.exit(1 if report.failures or (given.gate and missed) else 0)


if __name__ == '__main__':
    main()
