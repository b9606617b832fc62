"""spool_faults.py BINARIES [CASE…] | --soak SECONDS RATE: what the machine does to a service: steps of the clock, a full disk, little
memory; the sandbox of every live run. Transactions in are counted against transactions out (namespaces, root).

--soak: so long, at that rate of packets, with uploads to a real sshd: memory, drops, each transaction that arrives."""
import glob
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'upload'))
sys.path.insert(0, HERE)
import collector
from collector import LAB_UID, LOGIN, Collector, until
from programs import Programs, Report
from spool import Cases, Sensor

SENT_BY = '198.19.1.1,2001:db8:1::1'  # the resolvers of send_live
FAKETIME = '/usr/lib/*/faketime/libfaketimeMT.so.1'
MOST_GROWTH_KIB = 1000


def field_of(pid, name):
    return next(x.split(':', 1)[1].strip() for x in open('/proc/%d/status' % pid, encoding='ascii') if x.startswith(name + ':'))


def recorded(done):
    return sum(done.get('payloads', {}).values())


class Faults(Cases):
    def service(self, **settings):
        """as root starts it: it becomes another user, in whose folder the socket is"""
        sensor = Sensor(self.programs, self.lab, self.spool(), **settings)
        sensor.socket = os.path.join(self.lab.here, 'run', 'status.sock')
        return sensor.start('--service', '--user', LOGIN)

    def confined(self):
        """every live run, not only a service, has no way back to privileges and the allow-list of system calls"""
        for number, output in enumerate((['--discard'], ['--write-to', os.path.join(self.lab.here, 'pipe')], ['--output-dir', None],
                                         ['--discard', '--libpcap'], [])):
            what = 'confined: ' + (' '.join(x for x in output if x and x[0] == '-') or 'into the spool')
            reader = None
            if output[:1] == ['--write-to']:
                os.mkfifo(output[1])
                reader = subprocess.Popen(['cat', output[1]], stdout=subprocess.DEVNULL)
            if output[:1] == ['--output-dir']:
                output[1] = os.path.join(self.lab.here, 'out')
                os.mkdir(output[1])
            sensor = Sensor(self.programs, self.lab, self.spool(), upload='no', archive='yes').start(*output)
            threads = os.listdir('/proc/%d/task' % sensor.process.pid)

            def confined():
                return all({'Seccomp:\t2', 'NoNewPrivs:\t1'} <= set(open('/proc/%d/task/%s/status' % (sensor.process.pid, x), encoding='ascii').read().split('\n'))
                           for x in threads)
            self.report.check(len(threads) > 1 and until(confined, 3), what + ': seccomp and no_new_privs in every thread', (threads, sensor.said()))
            sensor.send(20 + number)
            time.sleep(0.3)
            done = sensor.stop()
            self.report.same((0, 20 + number), (sensor.process.returncode, recorded(done)), what + ': all is recorded', (done, sensor.said()))
            if reader:
                reader.wait(10)

    def clock(self):
        """the wall's clock goes an hour forward, two back, and home: files go on, and nothing is lost"""
        libraries = glob.glob(FAKETIME)
        if not libraries:
            collector.skip('faketime is not installed')
        told = os.path.join(self.lab.here, 'clock')

        def step(by):
            with open(told + '.new', 'w', encoding='ascii') as f:
                f.write(by + '\n')
            os.rename(told + '.new', told)

        step('+0')
        env = {'LD_PRELOAD': libraries[0], 'FAKETIME_TIMESTAMP_FILE': told, 'FAKETIME_NO_CACHE': '1', 'FAKETIME_DONT_FAKE_MONOTONIC': '1'}
        sensor = Sensor(self.programs, self.lab, self.spool(), upload='no', archive='yes').start(env=env)
        archive = os.path.join(sensor.spool, 'archive', 'ch202')
        for by in ('+0', '+3600', '-3600', '+0'):
            step(by)
            sensor.send(50)
            before = sensor.sent
            time.sleep(2.2)
            sensor.send(1)  # by whose stamp those before it are due, whatever the clock says
            got = until(lambda: self.payloads(archive) >= before, 8)
            self.report.check(got, 'clock %s: files go on' % by, (before, self.payloads(archive), sensor.said()))
            self.report.check(json.dumps(sensor.status()).startswith('{') and 'failed' not in sensor.status(), 'clock %s: the status answers' % by)
        done = sensor.stop()
        self.report.same((0, sensor.sent, sensor.sent), (sensor.process.returncode, recorded(done), self.payloads(archive)), 'clock: nothing is lost',
                         (done, sensor.said()))
        hours = {x.split('.')[2] for x in os.listdir(archive)}
        self.report.check(len(hours) >= 3, 'clock: it did step (names of files tell)', hours)

    def memory(self):
        """memory_ulimit_kbytes holds with a full table and counts what had no room"""
        previous = 0
        for kbytes in (65536, 131072, 262144, 524288):
            what = 'memory %d MB: ' % (kbytes >> 10)
            sensor = self.service(upload='no', archive='yes', memory_ulimit_kbytes=str(kbytes), DNSQR_QUERY_TIMEOUT='60')
            capacity = until(lambda: sensor.status().get('waiting', {}).get('query_capacity'), 5) or 0
            self.report.check(max(previous, 4096) <= capacity <= 131072, what + 'the table is as large as fits', (capacity, previous))
            previous = capacity
            sensor.send(140_000)
            time.sleep(1.5)
            peak = int(field_of(sensor.process.pid, 'VmPeak').split()[0])
            limit = [x for x in open('/proc/%d/limits' % sensor.process.pid, encoding='ascii') if x.startswith('Max address space')][0].split()[3]
            self.report.same(kbytes << 10, int(limit), what + 'the limit is set')
            self.report.check(peak <= kbytes, what + 'VmPeak is %d KiB' % peak)
            done = sensor.stop()
            dropped = done.get('drops', {}).get('kernel_drop', 0)
            self.report.same((0, sensor.sent), (sensor.process.returncode, recorded(done) + dropped), what + 'each transaction is recorded or counted',
                             (done, sensor.said()))
            self.report.check(dropped <= sensor.sent // 10, what + 'most are recorded', dropped)
            self.report.same(sensor.sent - dropped - capacity, done.get('evicted'), what + 'the full table gave up the oldest', done)

    def full_disk(self):
        """a full disk under the sandbox: what is lost is counted, and what comes when there is room is kept"""
        where = self.spool()
        os.mkdir(where)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', where], check=True)
        try:
            sensor = Sensor(self.programs, self.lab, where, upload='yes', compression='none', submitserver='127.0.0.9').start()
            sensor.send(500)
            time.sleep(3.5)
            ballast = os.path.join(where, 'ballast')
            with open(ballast, 'wb', buffering=0) as f:
                try:
                    while True:
                        f.write(bytes(4096))
                except OSError:
                    pass
            sensor.send(20_000)
            full = until(lambda: sensor.status().get('drops', {}).get('disk_full') or 'disk_full' in json.dumps(sensor.status()), 10)
            time.sleep(3.5)
            self.report.check(full, 'full disk: the status counts it', json.dumps(sensor.status())[:1500])
            self.report.check('No space left' in sensor.said(), 'full disk: the log says it', sensor.said())
            os.unlink(ballast)
            sensor.send(300)
            time.sleep(3.5)
            done = sensor.stop()
            kept = self.payloads(*(os.path.join(where, x, 'ch202') for x in ('new', 'waiting')))
            lost = done.get('drops', {}).get('disk_full', 0)
            self.report.check(0 < lost < sensor.sent, 'full disk: some were lost', done)
            self.report.same(sensor.sent, kept + lost, 'full disk: what is kept and what is counted are what came in', (done, sensor.said()))
            self.report.check(kept >= 800, 'full disk: what came before and after is kept', kept)
        finally:
            subprocess.run(['umount', '-l', where], check=True)

    def soak(self, seconds, rate):
        """uploads to a real sshd: no growth after the first tenth (two minutes of twenty), no drop, each transaction there once"""
        binaries = os.path.dirname(self.programs.sensor)
        far = Collector(self.lab, 'far').start()
        for path in ('upload', 'upload.pub', 'known_hosts'):
            os.chown(os.path.join(self.lab.here, path), LAB_UID, LAB_UID)
        sensor = self.service(DNSQR_RES_ADDRS=SENT_BY, DNSQR_QUERY_TIMEOUT='10', rotation_interval='10', compression='default')
        send = subprocess.Popen([os.path.join(binaries, 'send_live'), '--interface', 'a0', '--rate', str(rate), '--seconds', str(seconds)],
                                stdout=subprocess.PIPE, text=True)
        checker = subprocess.Popen([os.path.join(binaries, 'check_live'), '--remove'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        given, early, late, begun = set(), [], [], time.monotonic()

        def hand_over():
            for name in far.arrived():
                if not name.startswith('.') and name not in given:
                    given.add(name)
                    checker.stdin.write(os.path.join(far.up, name) + '\n')
                    checker.stdin.flush()

        def resident():
            return [int(field_of(x, 'VmRSS').split()[0]) for x in (sensor.process.pid, *sensor.processes())]

        next_line, step = 0, max(5, seconds // 20)
        while send.poll() is None:
            time.sleep(0.5)
            hand_over()
            passed = time.monotonic() - begun
            for samples, since in (early, seconds / 10), (late, seconds - 6):
                if since <= passed < since + 5:
                    samples.append(resident())
            if passed >= next_line:
                next_line += step
                status = sensor.status()
                print('%6.0f s  KiB %s  files arrived %d  waiting %s' % (passed, resident(), len(given), status.get('spool', {}).get('waiting')), flush=True)
        sent = json.loads(send.communicate()[0])
        time.sleep(13)  # the last timeouts, and a file of theirs
        until(lambda: (hand_over(), not os.listdir(os.path.join(sensor.spool, 'waiting', 'ch202')))[1], 60)
        ticks = open('/proc/%d/stat' % sensor.process.pid, encoding='latin-1').read().rsplit(') ', 1)[1].split()[11:13]
        cpu = sum(map(int, ticks)) / os.sysconf('SC_CLK_TCK')
        done = sensor.stop()
        hand_over()
        left = [os.path.join(sensor.spool, x, 'ch202', y) for x in ('new', 'waiting') for y in os.listdir(os.path.join(sensor.spool, x, 'ch202'))
                if y.endswith('.nmsg') and not y.startswith('.')]
        out, _ = checker.communicate(''.join(x + '\n' for x in left) + 'sent %d\n' % sent['transactions'], timeout=600)
        check = json.loads(out)
        report = self.report
        grown = [statistics.median(b) - statistics.median(a) for a, b in zip(zip(*early), zip(*late))]
        print('soak: %d transactions in %d s, %.0f packets/s; %d files arrived; memory of sensor, keeper and uploader grew by %s KiB; CPU %.2f us a packet; %s' % (
            sent['transactions'], seconds, sent['rate'], len(given), grown, cpu * 1e6 / sent['frames'], check))
        report.check(early and late and max(grown) <= MOST_GROWTH_KIB, 'soak: memory does not grow', grown)
        report.same({}, done.get('drops', {}), 'soak: no drop')
        report.same((sent['transactions'],) * 2, (check['once'], check['payloads']), 'soak: each transaction is there once', check)
        report.same((0, 0, 0), (check['altered'], check['invented'], check['crc_failures']), 'soak: as it was sent', check)
        report.check(len(given) >= seconds / 10 - 2, 'soak: files arrive while it runs', len(given))
        report.same(0, sensor.process.returncode, 'soak: exit status', sensor.said())
        far.kill()


def main():
    soak = '--soak' in sys.argv
    collector.enter(more=collector.OWN_PROCESSES)
    report = Report('spool_faults')
    cases = Faults(report, Programs(sys.argv[1]))
    try:
        if soak:
            cases.soak(*map(int, sys.argv[sys.argv.index('--soak') + 1:][:2]))
        else:
            for case in (cases.confined, cases.clock, cases.memory, cases.full_disk):
                if not sys.argv[2:] or case.__name__ in sys.argv[2:]:
                    case()
    finally:
        cases.close()
    report.leave()


main()
