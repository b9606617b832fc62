#!/usr/bin/python3
"""flood_live.py BINARIES: more than the kernel's ring and the writer's queue can hold, and every frame accounted for.

A ring of 1 MiB, the sensor stopped for moments as on a machine that has no time for it, and an output that is read too
slowly. The run counts only if the kernel dropped more than 1 % and containers were dropped too; then what was sent is
what the interfaces dropped, what the ledger says was dropped, and what is in the payloads; difference 0.
"""
import json
import os
import signal
import sys
import threading
import time

from programs import SOURCE, Programs, Report, balances, counted, folder, skip

sys.path.insert(0, os.path.join(SOURCE, 'bench'))
import live  # noqa: E402

RATE, SECONDS = 300_000, 5
SLOW_OCTETS_A_SECOND = 8 << 20
LEAST_KERNEL_DROPS = 0.01
# (stopped for, every) seconds; the next one only if the kernel dropped too little.
STOPS = (0.06, 0.5), (0.15, 0.5)


class Reader(threading.Thread):
    """reads a FIFO into a file: slowly, until it is let go"""

    def __init__(self, fifo, file):
        super().__init__()
        self.fifo, self.file, self.fast = fifo, file, threading.Event()

    def run(self):
        with open(self.fifo, 'rb', buffering=0) as source, open(self.file, 'wb') as out:
            while octets := source.read(1 << 16):
                out.write(octets)
                self.fast.wait(len(octets) / SLOW_OCTETS_A_SECOND)


def flood(report, programs, namespace, here, stopped_for, every):
    """what the sender, the sensor and the check say"""
    fifo, file = os.path.join(here, 'fifo'), os.path.join(here, 'read.nmsg')
    for path in fifo, file:
        if os.path.exists(path):
            os.unlink(path)
    os.mkfifo(fifo)
    reader = Reader(fifo, file)
    reader.start()
    sensor = live.Sensor(programs.sensor, 'none', output=('--write-to', fifo), cpus=os.sched_getaffinity(0), extra=('--ring-kbytes', '1024'))
    sender = None
    try:
        sensor.start(namespace, here)
        sender = live.Sender(os.path.join(os.path.dirname(programs.sensor), 'send_live'), namespace, RATE, seconds=SECONDS)
        while sender.process.poll() is None:
            os.kill(sensor.pid, signal.SIGSTOP)
            time.sleep(stopped_for)
            os.kill(sensor.pid, signal.SIGCONT)
            time.sleep(every - stopped_for)
        sent = sender.wait()
        reader.fast.set()
        time.sleep(1)
        report.check(sensor.stop(signal.SIGTERM) == 0, 'the sensor ends well', (sensor.status, sensor.error_text))
    finally:
        reader.fast.set()
        if sender:
            sender.kill()
        sensor.kill()
        if reader.is_alive():
            # A sensor that never opened it leaves the reader waiting for a writer.
            try:
                os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                pass
        reader.join()
    sensor.told()
    check = live.checked(os.path.join(os.path.dirname(programs.sensor), 'check_live'), [file], sent['transactions'])
    return sent, sensor, check


def judge(report, sent, sensor, check):
    found = sensor.summary
    drops, payloads = found.get('drops', {}), found.get('payloads', {})
    frame_drops = sum(n for word, n in drops.items() if counted().get(word) == 'frame')  # kernel_drop is one of them
    offered = sent['frames'] + sent['failed']
    kept = frame_drops + found.get('joined', 0) + found.get('messages', 0)
    report.same(offered, sent['veth_dropped'] + kept, 'every frame that was sent is accounted for',
                'veth %d, ledger %s' % (sent['veth_dropped'], found))
    report.same(offered - sent['veth_dropped'], found['frames'], 'frames are those that reached the packet socket')

    class Done:
        out = sensor.output
    report.check(not balances(Done), 'the balances close', balances(Done))
    report.same(sum(payloads.values()), check['payloads'], 'payloads in the ledger and behind the FIFO')
    report.same(found['written']['containers'], check['containers'], 'containers in the ledger and behind the FIFO')
    report.same(found['written']['octets'], check['octets'], 'octets in the ledger and behind the FIFO')
    report.check(not check['damage'], 'whole containers only', check['damage'])
    report.check(not (check['twice'] or check['altered'] or check['invented'] or check['crc_failures']), 'each as it was sent, and once', check)
    kinds = [str(payloads.get('UDP_' + k, 0)) for k in ('QUERY_RESPONSE', 'UNANSWERED_QUERY', 'UNSOLICITED_RESPONSE')]
    report.same(kinds, [str(check[k]) for k in ('pairs', 'unanswered', 'unsolicited')], 'payloads by type')
    report.same(2 * check['pairs'] + check['unanswered'] + check['unsolicited'], check['messages_kept'], 'and the messages in them')


def main():
    programs, report = Programs(sys.argv[1]), Report('flood_live')
    try:
        with live.Namespace() as namespace, folder('/dev/shm' if os.access('/dev/shm', os.W_OK) else None) as here:
            for stopped_for, every in STOPS:
                sent, sensor, check = flood(report, programs, namespace, here, stopped_for, every)
                drops = sensor.summary.get('drops', {})
                share = drops.get('kernel_drop', 0) / sent['frames']
                print('%d frames sent at %.0f/s, veth dropped %d, kernel dropped %d (%.1f %%), %d transactions for a full queue, %d payloads written; '
                      'of %d transactions %d whole, %d in part, %d missing' % (
                          sent['frames'], sent['rate'], sent['veth_dropped'], drops.get('kernel_drop', 0), 100 * share, drops.get('queue_full', 0),
                          check['payloads'], check['sent'], check['once'], check['half'] + check['divided'], check['missing']), flush=True)
                judge(report, sent, sensor, check)
                if share > LEAST_KERNEL_DROPS and drops.get('queue_full', 0) > 0:
                    break
            report.check(share > LEAST_KERNEL_DROPS, 'the kernel dropped more than 1 %: else this is no flood', share)
            report.check(drops.get('queue_full', 0) > 0, 'the queue was full: else this is no flood', json.dumps(drops))
    except live.Unable as why:
        skip(str(why))
    report.leave()


if __name__ == '__main__':
    main()
