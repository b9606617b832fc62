#!/usr/bin/python3
"""soak.py BINARIES [--seconds N] [--rate N]: the sensor for ten minutes at half the rate that this machine sustains.

The rate: the highest of a row at which `default` compression loses nothing for some seconds, halved; --rate says it
instead. Files rotate each minute, are compared with what was sent as they are closed, and are removed. It holds that
  resident memory at minute 2 and at the end differ by no more than 1 MB,
  each transaction that was sent is in exactly one payload, as it was sent,
  nothing was dropped, and the ledger says the same numbers.
SOAK_SECONDS and SOAK_RATE do the same as the options. Memory is steady once the queries that nobody answers leave as fast
as they come, after the timeout of 60 s; with less than five minutes all is scaled: rotation a fifth of the time, timeout
a tenth, the first look at memory after a third. Root is needed.
"""
import argparse
import os
import signal
import statistics
import subprocess
import sys
import time

import live

NICE = -20
RATES = [600_000, 500_000, 400_000, 300_000, 200_000, 150_000, 100_000, 50_000]
TRIAL_SECONDS = 4
WHOLE = 300  # seconds; less is a run in small
MOST_GROWTH_KIB = 1000  # 1 MB


class Soak:
    def __init__(self, binaries, namespace):
        self.namespace = namespace
        self.path = {name: os.path.join(os.path.abspath(binaries), name) for name in ('sie-dns-sensor', 'send_live', 'check_live')}
        for path in self.path.values():
            if not os.access(path, os.X_OK):
                raise live.Unable('%s is not built' % path)

    def sensor(self, folder, rotation=60, timeout=60):
        receiver = live.Sensor(self.path['sie-dns-sensor'], 'default', cpus=os.sched_getaffinity(0), nice=NICE,
                               extra=['--rotation-interval', str(rotation), '--query-timeout', str(timeout)])
        receiver.start(self.namespace, folder)
        return receiver

    def sustains(self, rate):
        """whether nothing is lost at that rate, and whether the sender reaches it"""
        with live.work_folder() as folder:
            receiver = self.sensor(folder)
            try:
                sent = live.Sender(self.path['send_live'], self.namespace, rate, seconds=TRIAL_SECONDS, nice=NICE).wait()
                receiver.stop()
            finally:
                receiver.kill()
            check = live.checked(self.path['check_live'], receiver.files(), sent['transactions'])
            return sent['rate'] >= 0.95 * rate and check['once'] == sent['transactions'] and not sent['veth_dropped']

    def sustained(self):
        for rate in RATES:
            good = self.sustains(rate)
            print('  %d packets/s for %d s: %s' % (rate, TRIAL_SECONDS, 'nothing lost' if good else 'not without loss, or not reached'), flush=True)
            if good:
                return rate
        raise live.Unable('not even %d packets/s pass here without loss' % RATES[-1])

    def run(self, rate, seconds):
        """(what failed, what was found)"""
        with live.work_folder() as folder:
            receiver = self.sensor(folder) if seconds >= WHOLE else self.sensor(folder, max(2, seconds // 5), max(1, seconds // 10))
            checker = subprocess.Popen([self.path['check_live'], '--remove'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                       preexec_fn=lambda: os.nice(19))
            sender = live.Sender(self.path['send_live'], self.namespace, rate, seconds=seconds, nice=NICE)
            try:
                return self.watch(receiver, checker, sender, rate, seconds)
            finally:
                for p in receiver, sender:
                    p.kill()
                if checker.poll() is None:
                    checker.kill()
                    checker.wait()

    def watch(self, receiver, checker, sender, rate, seconds):
        given, early, late, step = set(), [], [], min(30, max(1, seconds // 10))
        begun = time.monotonic()
        next_line = begun + step
        look = 5 if seconds >= WHOLE else 2  # seconds, of which the median counts: not a moment in which a disk is slow
        early_at, late_at = (120 if seconds >= WHOLE else seconds / 3), seconds - look

        def hand_over():
            for path in receiver.files():
                if path not in given:
                    given.add(path)
                    checker.stdin.write(path + '\n')
                    checker.stdin.flush()

        print('%6s %14s %12s %8s %10s' % ('s', 'frames', 'VmRSS KiB', 'files', 'CPU s'), flush=True)
        while sender.process.poll() is None:
            time.sleep(0.1)
            now = time.monotonic() - begun
            hand_over()
            for samples, since in (early, early_at), (late, late_at):
                if since <= now < since + look:
                    samples.append(live.memory_kib(receiver.pid, 'VmRSS'))
            if time.monotonic() >= next_line:
                next_line += step
                cpu = sum(ns for _, ns in live.threads_cpu(receiver.pid).values()) / 1e9
                print('%6.0f %14d %12d %8d %10.1f' % (now, live.interface_counts(receiver.pid)[0], live.memory_kib(receiver.pid, 'VmRSS'), len(given), cpu), flush=True)
        sent = sender.wait()
        receiver.stop(signal.SIGTERM)
        kept, kernel_drop = receiver.told()
        hand_over()
        out, _ = checker.communicate('sent %d\n' % sent['transactions'], timeout=600)
        check, summary = live.json.loads(out), receiver.summary
        failed = []

        def hold(good, what):
            if not good:
                failed.append(what)
        hold(receiver.status == 0, 'status %d: %s' % (receiver.status, receiver.error_text[-500:]))
        hold(early and late, 'it ended before the second look at memory')
        early, late = (round(statistics.median(x)) if x else None for x in (early, late))
        if early and late:
            hold(abs(late - early) <= MOST_GROWTH_KIB, 'resident memory went from %d to %d KiB' % (early, late))
        hold(not sent['veth_dropped'] and not sent['failed'], '%d frames were dropped by the pair, %d not sent' % (sent['veth_dropped'], sent['failed']))
        hold(not summary.get('drops'), 'drops: %s' % summary.get('drops'))
        hold(check['once'] == sent['transactions'], 'of %d transactions %d are there once: %s' % (sent['transactions'], check['once'], out))
        hold(not (check['altered'] or check['invented'] or check['crc_failures'] or check['damage']), 'what was recorded is not what was sent: %s' % out)
        hold(check['payloads'] == sum(summary['payloads'].values()) == sent['transactions'], 'payloads: %d in files, %s in the summary' % (check['payloads'], summary['payloads']))
        hold(summary['frames'] == sent['frames'] == kept, 'frames: %d sent, %d in the ledger' % (sent['frames'], summary['frames']))
        hold(check['files'] == summary['written']['files'] and check['octets'] == summary['written']['octets'], 'files: %d, in the summary %s' % (check['files'], summary['written']))
        print('sent       %d transactions, %d frames in %.0f s: %.0f packets/s (%.0f asked)' % (sent['transactions'], sent['frames'], sent['seconds'], sent['rate'], rate))
        print('recorded   %d once; %d files, %d octets; kernel drops %d' % (check['once'], check['files'], check['octets'], kernel_drop))
        print('memory     %s KiB after %.0f s, %s KiB after %.0f s; peak %d KiB' % (early, early_at, late, late_at, receiver.resident_kib))
        print('CPU        %.1f s: %.2f us a packet; ended within %.2f s' % (receiver.cpu, receiver.cpu * 1e6 / sent['frames'], receiver.ended_after))
        return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('binaries')
    parser.add_argument('--seconds', type=int, default=int(os.environ.get('SOAK_SECONDS') or 600))
    parser.add_argument('--rate', type=int, default=int(os.environ.get('SOAK_RATE') or 0), help='packets a second; 0: half of what is sustained')
    given = parser.parse_args()
    if given.seconds < 10:
        parser.error('at least 10 seconds')
    try:
        with live.Namespace() as namespace:
            soak = Soak(given.binaries, namespace)
            rate = given.rate or soak.sustained() // 2
            print('soak: %d packets/s for %d s; load average %.1f' % (rate, given.seconds, os.getloadavg()[0]), flush=True)
            failed = soak.run(rate, given.seconds)
    except live.Unable as why:
        print('soak: %s' % why, file=sys.stderr)
        sys.exit(3)
    for what in failed:
        print('FAILED soak: %s' % what)
    print('soak: %s' % ('not all well' if failed else 'all well'))
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
