#!/usr/bin/python3
"""bench_live.py BINARIES [--quick] [--json FILE] [--gate]: live capture measured, beside tcpdump and dnscap.

A table over rates from 100,000 packets a second to the most this machine can send: what each receiver kept, what the
kernel dropped, CPU a packet. Then the rows of live capture: bars, goals, and what was measured. Each round runs all
receivers at all rates, one after the other; figures are medians over the rounds. --gate: status 1 if a bar is missed
by more than 10 %. Everything happens in a network namespace; root is needed.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import live
from rows import Row, print_rows

NICE = -20
# Others give the kernel's ring back block by block, at the latest after a second.
SETTLE = 1.3


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


class Bench:
    def __init__(self, binaries, namespace, seconds):
        self.namespace, self.seconds = namespace, seconds
        self.programs = {name: os.path.join(os.path.abspath(binaries), name) for name in ('sie-dns-sensor', 'send_live', 'check_live')}
        for path in self.programs.values():
            if not os.access(path, os.X_OK):
                raise live.Unable('%s is not built' % path)

    def receivers(self):
        """{name: a function that makes one}; `2 CPUs`: not bound to CPU 1 alone"""
        sensor = self.programs['sie-dns-sensor']
        made = {'tcpdump': lambda: live.Tcpdump(nice=NICE)}
        if subprocess.run(['sh', '-c', 'command -v dnscap'], stdout=subprocess.DEVNULL).returncode == 0:
            made['dnscap'] = lambda: live.Dnscap(nice=NICE)
        for name, level, cpus in ('plain', 'none', (1,)), ('fast', 'fast', (1,)), ('default', 'default', (1,)), ('default, 2 CPUs', 'default', (0, 1)):
            made[name] = lambda level=level, cpus=cpus: live.Sensor(sensor, level, cpus=cpus, nice=NICE)
        return made

    def sender(self, rate, **more):
        return live.Sender(self.programs['send_live'], self.namespace, rate, nice=NICE, **more)

    def most(self):
        """what the sender reaches with one packet socket attached"""
        with live.work_folder() as folder:
            receiver = live.Tcpdump(nice=NICE)
            receiver.start(self.namespace, folder)
            try:
                sent = self.sender(0, seconds=min(self.seconds, 2)).wait()
                receiver.stop()
            finally:
                receiver.kill()
        return sent['rate']

    def measure(self, make, rate):
        """one receiver at one rate"""
        with live.work_folder() as folder:
            receiver = make()
            receiver.start(self.namespace, folder)
            try:
                # The sender makes its frames first: what the receiver needs for its own start is over by then.
                begun = time.monotonic()
                softirq, busy = live.machine_cpu()
                threads = live.threads_cpu(receiver.pid)
                sent = self.sender(rate, seconds=self.seconds).wait()
                softirq_after, busy_after = live.machine_cpu()
                took = time.monotonic() - begun
                time.sleep(SETTLE)
                threads_after = live.threads_cpu(receiver.pid)
                peak = live.memory_kib(receiver.pid, 'VmHWM')
                before = sum(ns for _, ns in threads.values()) / 1e9
                receiver.stop()
                kept, drops = receiver.told()
            finally:
                receiver.kill()
            frames = sent['frames']
            # From schedstat, as all other CPU figures: the threads, and what the end cost by the ticks.
            running = sum(ns - threads.get(tid, ('', 0))[1] for tid, (_, ns) in threads_after.items()) / 1e9
            end = max(0.0, receiver.cpu - before - running)
            by_thread = {}
            for tid, (name, ns) in threads_after.items():
                by_thread[name] = by_thread.get(name, 0) + (ns - threads.get(tid, ('', 0))[1]) / 1e3 / frames
            found = {
                'receiver': receiver.name, 'rate_asked': rate, 'rate': sent['rate'], 'frames': frames, 'failed': sent['failed'],
                'stalled_seconds': sent['stalled_seconds'], 'veth_dropped': sent['veth_dropped'], 'kept': kept, 'kernel_drop': drops,
                'cpu_us': (running + end) * 1e6 / frames, 'threads_us': by_thread, 'softirq_us': (softirq_after - softirq) * 1e6 / frames,
                'busy': (busy_after - busy) / took, 'peak_kib': peak, 'faults': receiver.faults, 'switches': receiver.switches,
                'ended_after': receiver.ended_after, 'transactions': sent['transactions'],
            }
            if isinstance(receiver, live.Sensor):
                check = live.checked(self.programs['check_live'], receiver.files(), sent['transactions'])
                found.update(check=check, summary=receiver.summary, kept_share=check['once'] / sent['transactions'],
                             lost=sent['transactions'] - check['once'])
                wrong = check['twice'] + check['altered'] + check['invented'] + check['crc_failures']
                if wrong or check['damage']:
                    raise RuntimeError('%s at %d: what was recorded is not what was sent: %s' % (receiver.name, rate, check))
            else:
                found.update(kept_share=min(1, kept / frames), lost=frames - kept)
            return found

    def start_to_capture(self):
        """seconds from the start of the program to the stamp of the first packet in its output"""
        sender = self.sender(50_000, seconds=60)
        try:
            with live.work_folder() as folder:
                receiver = live.Sensor(self.programs['sie-dns-sensor'], 'none', cpus=(1,), nice=NICE)
                time.sleep(0.1)
                receiver.start(self.namespace, folder)
                time.sleep(0.2)
                receiver.stop()
                sender.process.terminate()
                sent = sender.wait()
                check = live.checked(self.programs['check_live'], receiver.files(), sent['transactions'])
                return check['first'] - receiver.begun
        finally:
            sender.kill()

    def version(self):
        program = self.programs['sie-dns-sensor']
        begun = time.perf_counter()
        pid = os.posix_spawn(program, [program, 'version'], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
        _, status = os.waitpid(pid, 0)
        took = time.perf_counter() - begun
        if status != 0:
            raise RuntimeError('sie-dns-sensor version: status %d' % status)
        return took


def at(results, receiver, rate):
    return [r for r in results if r['receiver_name'] == receiver and r['rate_asked'] == rate]


def of(results, receiver, rate, what):
    return median([r[what] for r in at(results, receiver, rate)])


def ratios(results, receiver, rate):
    """CPU a packet to that of tcpdump in the same round"""
    peers = {r['round']: r['cpu_us'] for r in at(results, 'tcpdump', rate)}
    return [r['cpu_us'] / peers[r['round']] for r in at(results, receiver, rate) if peers.get(r['round'])]


def table(results, names, rates):
    print('%-16s %8s %8s %11s %9s %8s %6s %8s %8s %8s %8s %8s %7s' % ('receiver', 'kpps', 'kept %', 'lost', 'kernel', 'veth', 'CPU us', '/tcpdump', 'worker', 'writer', 'softirq', 'RSS MiB', 'busy'))
    for rate in rates:
        for name in names:
            rows = at(results, name, rate)
            if not rows:
                continue

            def m(what):
                return of(results, name, rate, what)
            parts = [median([sum(v for k, v in r['threads_us'].items() if k.startswith(word)) for r in rows]) for word in ('worker', 'writer')]
            own = name not in ('tcpdump', 'dnscap')
            print('%-16s %8.0f %8.3f %11.0f %9s %8.0f %6.2f %8.1f %8s %8s %8.2f %8.1f %7.2f' % (
                name, m('rate') / 1e3, 100 * m('kept_share'), m('lost'), '-' if m('kernel_drop') is None else '%.0f' % m('kernel_drop'), m('veth_dropped'), m('cpu_us'),
                median(ratios(results, name, rate)), '%.2f' % parts[0] if own else '-', '%.2f' % parts[1] if own else '-', m('softirq_us'), m('peak_kib') / 1024, m('busy')))


def live_rows(results, rates, most_rate, starts, versions):
    """the rows of live capture"""
    def lost_percent(name, rate):
        share = of(results, name, rate, 'kept_share')
        return None if share is None else 100 * (1 - share)

    found = []
    live_rate = 300_000
    if live_rate in rates:
        found.append(Row(13, 'plain at 300 k/s, CPU a packet ÷ tcpdump', 8, 5, median(ratios(results, 'plain', live_rate)), ''))
    two = 'default, 2 CPUs'
    held = [rate for rate in rates if rate and of(results, two, rate, 'lost') == 0 and of(results, two, rate, 'rate') >= 0.95 * rate]
    found.append(Row(14, 'default on two CPUs: lost of all transactions at 300 k/s (most without loss: %.0f k/s)' % (max(held, default=0) / 1e3), 0, 0,
                     lost_percent(two, live_rate), '%'))
    found.append(Row(15, 'fast at the most that is sent (%.0f k/s): lost' % ((of(results, 'fast', most_rate, 'rate') or 0) / 1e3), 0.1, 0,
                     lost_percent('fast', most_rate), '%'))
    found.append(Row(16, 'start to first packet', 50, 20, 1e3 * median(starts), 'ms'))
    found.append(Row(16, 'version', 5, 3, 1e3 * median(versions), 'ms'))
    found.append(Row(8, 'peak resident memory, all live runs', 80, 48, max((r['peak_kib'] for r in results if 'check' in r), default=0) / 1024, 'MiB'))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('binaries')
    parser.add_argument('--quick', action='store_true', help='few rates, one round, under a minute')
    parser.add_argument('--seconds', type=float, help='of sending each; 5, quick 1.5')
    parser.add_argument('--rounds', type=int, help='3, quick 1')
    parser.add_argument('--rates', help='packets a second, comma list; 0: the most')
    parser.add_argument('--receivers', help='some only, by name, divided by ;')
    parser.add_argument('--json', metavar='FILE', help='all figures of all rounds')
    parser.add_argument('--gate', action='store_true', help='status 1 if a bar is missed')
    given = parser.parse_args()
    seconds = given.seconds or (1 if given.quick else 5)
    rounds = given.rounds or (1 if given.quick else 3)
    begun = time.monotonic()
    try:
        with live.Namespace() as namespace:
            bench = Bench(given.binaries, namespace, seconds)
            makers = bench.receivers()
            if given.receivers:
                makers = {k: v for k, v in makers.items() if k in given.receivers.split(';') + ['tcpdump']}
            if 'dnscap' not in makers and not given.receivers:
                print('dnscap is not installed: left out')
            most = bench.most()
            if given.rates:
                rates = [int(x) for x in given.rates.split(',')]
            else:
                rates = [100_000, 300_000] if given.quick else list(range(100_000, 1_000_000, 100_000))
                rates = [r for r in rates if r < 0.97 * most or r in (100_000, 300_000)] + [0]
            print('the most that is sent with one packet socket attached: %.0f packets/s; %d rounds of %g s; load average %.1f' % (most, rounds, seconds, os.getloadavg()[0]), flush=True)
            results = []
            for number in range(rounds):
                for rate in rates:
                    for name, make in makers.items():
                        result = bench.measure(make, rate)
                        result.update(receiver_name=name, round=number)
                        results.append(result)
                        if sys.stderr.isatty():
                            print('\r%4.0f s  round %d  %7s  %-16s' % (time.monotonic() - begun, number + 1, rate or 'most', name), end='', file=sys.stderr, flush=True)
            if sys.stderr.isatty():
                print('\r%50s\r' % '', end='', file=sys.stderr)
            starts = [bench.start_to_capture() for _ in range(3 if given.quick else 7)]
            versions = [bench.version() for _ in range(20)]
    except live.Unable as why:
        print('bench-live: %s' % why, file=sys.stderr)
        sys.exit(3)
    table(results, makers, rates)
    found = live_rows(results, rates, 0 if 0 in rates else rates[-1], starts, versions)
    print()
    missed = print_rows(found)
    print('\nlost: transactions that are not in exactly one payload with all their messages (tcpdump, dnscap: frames). kernel: drops that the receiver told.\n'
          'veth: frames the pair dropped. CPU: of the whole process, softirq apart (by ticks, of the whole machine). busy: CPUs busy meanwhile, all programs.')
    print('%.0f s' % (time.monotonic() - begun))
    if given.json:
        with open(given.json, 'w', encoding='utf-8') as f:
            json.dump({'most': most, 'rounds': rounds, 'seconds': seconds, 'results': results, 'starts': starts, 'versions': versions,
                       'rows': [r._asdict() for r in found]}, f, indent=1)
    sys.exit(1 if given.gate and missed else 0)


if __name__ == '__main__':
    main()
