"""killed_collector.py BINARIES: a thousand files while the collector is killed twenty times; and how fast a thousand go.

The set that arrived equals the set that was made, by SHA-256: none short, none twice, no hidden file left under a
final name. At each kill what the collector has under final names is compared too. The seed is fixed and printed.
"""
import os
import random
import select
import signal
import socket
import sys
import threading
import time

import collector
from collector import Collector, Files, Lab, Uploader, descendants, hashes, kill, until
from programs import Report

SEED = 20261126
FILES, KILLS = 1000, 20
OCTETS_PER_S = 1_500_000


class SlowLine(threading.Thread):
    """a network between sensor and collector: so many octets a second, and it can be cut"""

    def __init__(self, port, to_port):
        super().__init__(daemon=True)
        self.listener, self.to_port, self.pairs, self.carried, self.lock = socket.create_server(('127.0.0.1', port)), to_port, {}, 0, threading.Lock()

    def run(self):
        while True:
            try:
                there = self.listener.accept()[0]
            except OSError:
                return
            try:
                onward = socket.create_connection(('127.0.0.1', self.to_port), 1)
            except OSError:
                there.close()
                continue
            threading.Thread(target=self.carry, args=(there, onward), daemon=True).start()

    def carry(self, a, b):
        with self.lock:
            self.pairs[a] = b
        try:
            while True:
                for end in select.select([a, b], [], [])[0]:
                    octets = end.recv(16384)
                    if not octets:
                        return
                    (b if end is a else a).sendall(octets)
                    self.carried += len(octets)
                    time.sleep(len(octets) / OCTETS_PER_S)
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.pairs.pop(a, None)
            a.close()
            b.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def cut(self):
        with self.lock:
            for a, b in self.pairs.items():
                for end in (a, b):
                    try:
                        end.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass


def killed(report, driver):
    print('seed %d' % SEED)
    chance = random.Random(SEED)
    lab = Lab()
    at = Collector(lab, port=49223).start()
    line = SlowLine(49222, 49223)
    line.start()
    files = Files(lab.waiting, SEED)
    number = iter(range(FILES))
    for n in range(200):
        files.make(next(number), chance.randrange(0, 30000))
    up = Uploader(driver, lab, files=100, first_ms=20, longest_ms=200, look_ms=50, io_s=3).start()
    kinds, in_transfer, short, start = {}, 0, [], time.monotonic()
    for _ in range(KILLS):
        for n in (next(number) for _ in range((FILES - 200) // KILLS)):
            files.make(n, chance.randrange(0, 30000))
        # Not while nothing is on its way.
        until(at.receivers, 10, 0.005)
        time.sleep(chance.random() * 0.4)
        kind = chance.choice(['all', 'all', 'receiver', 'receiver politely', 'network'])
        kinds[kind] = kinds.get(kind, 0) + 1
        in_transfer += bool(at.receivers())
        if kind == 'all':
            at.kill()
        elif kind == 'network':
            line.cut()
        else:
            kill(at.receivers(), signal.SIGTERM if 'politely' in kind else signal.SIGKILL)
        short += [k for k, v in hashes(at.up).items() if files.made.get(k) != v]
        time.sleep(chance.random() * 0.2)
        if kind == 'all':
            at.start()
    report.check(until(lambda: not [x for x in os.listdir(lab.waiting) if not x.startswith('.')], 120, 0.1), 'all have left', up.logs[-5:])
    until(lambda: up.status().get('state') == 0, 5)
    up.stop()
    got, status = hashes(at.up), up.status()
    report.same([], short, 'at no kill was a file under its final name that was not whole')
    report.same(FILES, len(files.made), 'a thousand were made')
    report.same(sorted(files.made.items()), sorted(got.items()), 'what arrived is what was made, by SHA-256')
    report.same(FILES, len(set(up.said('successfully uploaded'))), 'each is said to have arrived') if status['files'] == FILES else report.check(
        FILES - KILLS <= status['files'] < FILES, 'all but those whose removal was not told in time', status)
    report.check(in_transfer >= KILLS // 2, 'most kills were in a transfer', in_transfer)
    report.check(status['failures'] >= KILLS // 2, 'and were felt', status)
    report.check(all(x.startswith('.') and x.split('.nmsg')[0][1:] for x in hashes(at.up, True)), 'what was cut off is hidden')
    print('%d files, %d octets; killed %s, %d of them in a transfer; %d connections, %d failures, %d octets carried, %d hidden left-overs, %.1f s' % (
        FILES, sum(os.path.getsize(os.path.join(at.up, x)) for x in got), kinds, in_transfer, status['connections'], status['failures'], line.carried,
        len(hashes(at.up, True)), time.monotonic() - start))
    line.close()
    at.kill()
    lab.close()


def speed(report, driver):
    lab = Lab()
    at = Collector(lab).start()
    files = Files(lab.waiting)
    for n in range(1000):
        files.make(n, 100_000)
    up = Uploader(driver, lab, batch=1000, octets=1 << 30)
    start = time.monotonic()
    report.same(0, up.once(), 'a thousand files of 100 kB: status 0', up.logs[-3:])
    seconds = time.monotonic() - start
    report.same(files.made, hashes(at.up), 'all of them, the same octets')
    report.same(1, at.connections(), 'in one connection')
    print('1000 files of 100 kB: %.1f s, %d ssh connection' % (seconds, at.connections()))
    for n in range(1000, 2000):
        files.make(n, 100_000)
    start, before = time.monotonic(), at.connections()
    standard = Uploader(driver, lab)
    report.same(0, standard.once(), 'as shipped: status 0', standard.logs[-3:])
    print('the same with 64 MiB a batch: %.1f s, %d ssh connections' % (time.monotonic() - start, at.connections() - before))
    report.same(2, at.connections() - before, 'as shipped: two')
    at.kill()
    lab.close()


def main():
    collector.enter()
    report = Report('killed_collector')
    driver = os.path.join(os.path.abspath(sys.argv[1]), 'upload_driver')
    try:
        for part in sys.argv[2:] or ['killed', 'speed']:
            {'killed': killed, 'speed': speed}[part](report, driver)
    finally:
        kill(descendants(os.getpid()))
    report.leave()


if __name__ == '__main__':
    main()
