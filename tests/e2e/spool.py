"""spool.py BINARIES: a live sensor with its spool: files handed on, uploaded to a real sshd, bounded; status, metrics, reload;
each process killed. Transactions in are counted against transactions out (namespaces, root)."""
import json
import os
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'upload'))
sys.path.insert(0, HERE)
import collector
from collector import LAB_UID, Collector, Lab, command_of, descendants, kill, until
from programs import Programs, Report

RESOLVERS = ('192.0.2.1', '192.0.2.2')


def frame(resolver, number):
    """an Ethernet frame with a query of that resolver to 198.51.100.1; each number is another query"""
    name = b'\x08q%07d\x07example\x00' % (number % 10**7)
    dns = bytes([number >> 8 & 255, number & 255]) + bytes.fromhex('0000 0001 0000 0000 0000') + name + bytes.fromhex('0001 0001')
    udp = (1024 + number % 50000).to_bytes(2, 'big') + b'\x00\x35' + (8 + len(dns)).to_bytes(2, 'big') + b'\0\0' + dns
    head = bytearray(b'\x45\0' + (20 + len(udp)).to_bytes(2, 'big') + b'\0\0\0\0\x40\x11\0\0' + socket.inet_aton(resolver) + socket.inet_aton('198.51.100.1'))
    total = sum(int.from_bytes(head[i:i + 2], 'big') for i in range(0, 20, 2))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    head[10:12] = (~total & 0xffff).to_bytes(2, 'big')
    return b'\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\x00' + bytes(head) + udp


def is_gone(pid):
    """a zombie, whose parent is this script, has ended too"""
    try:
        return open('/proc/%d/stat' % pid, encoding='latin-1').read().rsplit(') ', 1)[1][0] == 'Z'
    except OSError:
        return True


def parent_of(pid):
    try:
        return int(open('/proc/%d/stat' % pid, encoding='latin-1').read().rsplit(') ', 1)[1].split()[1])
    except OSError:
        return None


class Sensor:
    def __init__(self, programs, lab, spool, **settings):
        self.programs, self.lab, self.spool = programs, lab, spool
        self.socket = os.path.join(lab.here, 'status.sock')
        self.config = os.path.join(lab.here, 'config')
        self.given = dict(interface='b0', DNSQR_RES_ADDRS=RESOLVERS[0], DNSQR_QUERY_TIMEOUT='1', spooldir=spool, rotation_interval='1', channel='ch202',
                          login=collector.LOGIN, submitserver='127.0.0.1', uploadkey=lab.key, knownhosts=lab.knownhosts,
                          outfile_prefix='vm', compression='fast')
        self.write(**settings)
        self.sent = 0

    def write(self, **settings):
        self.given.update(settings)
        with open(self.config, 'w', encoding='utf-8') as f:
            f.writelines('%s="%s"\n' % x for x in self.given.items())

    def start(self, *more, env=None, words='capturing on'):
        """as the operator would, and with more words on the command line; there when it has said those words"""
        self.log = os.path.join(self.lab.here, 'log')
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen([self.programs.sensor, 'run', '--config', self.config, '--status-socket', self.socket,
                                             '--json-summary', *more], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                            env={**os.environ, **(env or {})})
        if not until(lambda: words in self.said(), 15):
            raise RuntimeError('the sensor does not start: ' + self.said())
        return self

    def reload(self, times):
        self.process.send_signal(signal.SIGHUP)
        if not until(lambda: self.said().count('settings read again') == times, 5):
            raise RuntimeError('no reload: ' + self.said())
        time.sleep(0.5)  # workers take rules on a moment later

    def said(self):
        return open(self.log, encoding='utf-8', errors='replace').read()

    def send(self, count, resolver=RESOLVERS[0]):
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
            s.bind(('a0', 0))
            for _ in range(count):
                self.sent += 1
                s.send(frame(resolver, self.sent))

    def status(self):
        done = subprocess.run([self.programs.sensor, 'status', '--json', '--socket', self.socket], capture_output=True, timeout=20)
        return json.loads(done.stdout) if done.returncode == 0 else {'failed': done.stderr.decode()}

    def processes(self):
        """keeper and uploader, in this order"""
        keepers = [x for x in descendants(self.process.pid) if parent_of(x) == self.process.pid]
        keeper = keepers[0] if keepers else None
        uploaders = [x for x in descendants(keeper) if 'sie-dns-sensor' in command_of(x)] if keeper else []
        return keeper, uploaders[0] if uploaders else None

    def stop(self, number=signal.SIGTERM):
        self.below = descendants(self.process.pid)
        self.process.send_signal(number)
        try:
            out, _ = self.process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            kill([self.process.pid, *self.below])
            out, _ = self.process.communicate()
        return json.loads(out) if out.strip() else {}


class Cases:
    def __init__(self, report, programs):
        self.report, self.programs, self.lab = report, programs, Lab()
        for command in ('ip link add a0 type veth peer name b0', 'sysctl -qw net.ipv6.conf.all.disable_ipv6=1', 'ip link set a0 up', 'ip link set b0 up'):
            subprocess.run(command.split(), check=True)
        self.number = 0

    def spool(self):
        self.number += 1
        return os.path.join(self.lab.here, 'spool%d' % self.number)

    def payloads(self, *folders):
        """in all files of those folders"""
        files = [os.path.join(x, y) for x in folders if os.path.isdir(x) for y in os.listdir(x) if not y.startswith('.')]
        if not files:
            return 0
        done = subprocess.run([self.programs.nmsgtool, *(x for f in files for x in ('-r', f)), '-J', '-'], capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.count(b'\n')

    def uploads(self):
        """what comes in arrives; killed uploader and keeper; a collector that comes late; the end"""
        report, far = self.report, Collector(self.lab, 'far').start()
        sensor = Sensor(self.programs, self.lab, self.spool()).start()
        sensor.send(300)
        report.check(until(lambda: self.payloads(far.up) == 300, 30), 'upload: all transactions arrive while it runs', sensor.said())
        report.check(oct(os.stat(sensor.socket).st_mode & 0o777) == '0o660', 'status: the mode of the socket is 0660')
        status = until(lambda: (lambda s: s if s.get('upload', {}).get('files') else None)(sensor.status()), 10) or sensor.status()
        report.check(status.get('upload', {}).get('files', 0) > 0, 'status: it tells of files that were uploaded', json.dumps(status)[:600])
        metrics = subprocess.run([self.programs.sensor, 'status', '--metrics', '--socket', sensor.socket], capture_output=True).stdout.decode()
        report.check('sie_dns_sensor_' in metrics and metrics.count('# HELP') > 20, 'status: metrics', metrics[:300])

        keeper, uploader = sensor.processes()
        kill([uploader])
        report.check(until(lambda: 'begun anew' in sensor.said(), 5), 'uploader killed: it is told', sensor.said())
        sensor.send(200)
        report.check(until(lambda: self.payloads(far.up) == 500, 30), 'uploader killed: a new one goes on', sensor.said())

        far.kill()
        sensor.send(100)
        report.check(until(lambda: 'failed to upload' in sensor.said(), 20), 'no collector: the old line is in the log', sensor.said())
        far.start()
        report.check(until(lambda: self.payloads(far.up) == 600, 40), 'collector back: what waited arrives', sensor.said())

        keeper, uploader = sensor.processes()
        kill([keeper])
        report.check(until(lambda: is_gone(uploader), 5), 'keeper killed: its uploader ends')
        warned = until(lambda: 'uploader has died' in json.dumps(sensor.status()), 10)
        report.check(warned, 'keeper killed: the status says so', json.dumps(sensor.status())[:800])
        sensor.send(50)
        done = sensor.stop()
        report.same(0, sensor.process.returncode, 'end: exit status', sensor.said())
        report.same(650, done.get('transactions', {}).get('unanswered'), 'end: every transaction is in the ledger', done)
        report.same(650, self.payloads(far.up) + self.payloads(*(os.path.join(sensor.spool, x, 'ch202') for x in ('new', 'waiting'))),
                    'end: what has not arrived waits')
        report.check(all(map(is_gone, sensor.below)), 'end: no process is left')
        report.check(not os.path.exists(sensor.socket), 'end: the socket is gone')

        again = Sensor(self.programs, self.lab, sensor.spool).start()
        report.check(until(lambda: self.payloads(far.up) == 650, 30), 'next start: what waited arrives', again.said())
        again.process.kill()
        again.process.wait()
        report.check(until(lambda: not [x for x in os.listdir('/proc') if x.isdigit() and again.config in command_of(int(x))], 6),
                     'killed: keeper and uploader end too')
        third = Sensor(self.programs, self.lab, sensor.spool).start()
        third.stop()
        report.same(0, third.process.returncode, 'killed: the folder is free for the next', third.said())
        far.kill()

    def bound(self):
        """the spool's bound with a collector that is down: what goes is counted in transactions"""
        report = self.report
        sensor = Sensor(self.programs, self.lab, self.spool(), max_spool_size_kbytes='1024').start()
        for _ in range(10):
            sensor.send(6000)
            time.sleep(1.1)
        lost = until(lambda: sensor.status().get('spool', {}).get('lost', {}).get('files'), 20)
        report.check(lost, 'bound: files went', json.dumps(sensor.status().get('spool')))
        report.check('spool overflow, removing ' in sensor.said(), 'bound: the old line is in the log')
        folders = [os.path.join(sensor.spool, x) for x in ('new', 'waiting')]

        def used():
            lines = subprocess.run(['du', '-sk', *folders], capture_output=True, text=True).stdout.splitlines()
            return sum(int(x.split()[0]) for x in lines)
        # Files are weighed a few times a second: one more may just have come.
        report.check(until(lambda: used() <= 1024 + 300, 5), 'bound: du says %d KiB' % used())
        time.sleep(2.5)
        gone = sensor.status()['spool']['lost']['transactions']
        done = sensor.stop()
        left = self.payloads(*(os.path.join(sensor.spool, x, 'ch202') for x in ('new', 'waiting')))
        more = sum(int(x.split(' octets, ')[1].split()[0]) for x in sensor.said().splitlines() if 'spool overflow' in x)
        report.check(0 < gone <= more, 'bound: the status counts what the log tells', (gone, more))
        report.same(sensor.sent, left + more, 'bound: what is left and what went are what came in', done)

    def reload(self):
        """SIGHUP: other lists, switches; nothing is lost; what needs a restart is named; wrong settings change nothing"""
        report = self.report
        sensor = Sensor(self.programs, self.lab, self.spool(), upload='no', archive='yes').start()
        archive = os.path.join(sensor.spool, 'archive', 'ch202')
        sensor.send(100)
        sensor.send(10, RESOLVERS[1])
        report.check(until(lambda: self.payloads(archive) == 100, 15), 'archive: files go there', sensor.said())
        sensor.write(DNSQR_RES_ADDRS='%s, %s' % RESOLVERS, compression='none')
        sensor.process.send_signal(signal.SIGHUP)
        report.check(until(lambda: 'settings read again' in sensor.said(), 5), 'reload: it is told', sensor.said())
        report.check('not changed before a restart: compression' in sensor.said(), 'reload: what needs a restart is named', sensor.said())
        time.sleep(0.5)
        sensor.send(10, RESOLVERS[1])
        report.check(until(lambda: self.payloads(archive) == 110, 15), 'reload: the new resolver is recorded', sensor.said())
        sensor.write(DNSQR_RES_ADDRS='nonsense')
        sensor.process.send_signal(signal.SIGHUP)
        report.check(until(lambda: 'not taken on' in sensor.said(), 5), 'reload: wrong settings are told', sensor.said())
        sensor.send(5, RESOLVERS[1])
        report.check(until(lambda: self.payloads(archive) == 115, 15), 'reload: wrong settings change nothing', sensor.said())
        done = sensor.stop()
        report.same(115, done.get('transactions', {}).get('unanswered'), 'reload: no transaction lost', done)
        report.same([], [x for x in os.listdir(os.path.join(sensor.spool, 'new', 'ch202')) if x.endswith('.nmsg')], 'archive: nothing stays in new/')

    def bpf(self):
        """a filter of the operator's holds over a reload, and another one is taken on"""
        report, both = self.report, '%s,%s' % RESOLVERS
        sensor = Sensor(self.programs, self.lab, self.spool(), upload='no', archive='yes', DNSQR_RES_ADDRS=both, bpf='src host ' + RESOLVERS[0]).start()
        archive = os.path.join(sensor.spool, 'archive', 'ch202')

        def both_send(expected, what):
            for resolver in RESOLVERS:
                sensor.send(10, resolver)
            report.check(until(lambda: self.payloads(archive) == expected, 10), 'bpf: ' + what, (self.payloads(archive), sensor.said()))
            time.sleep(1.5)
            report.same(expected, self.payloads(archive), 'bpf: %s, and no more' % what)

        both_send(10, 'it narrows')
        sensor.write(upload_warn_minutes='61')
        sensor.reload(1)
        both_send(20, 'it narrows after a reload for something else')
        sensor.write(bpf='src host ' + RESOLVERS[1])
        sensor.reload(2)
        both_send(30, 'another one is taken on')
        done = sensor.stop()
        report.same(30, done.get('drops', {}).get('filtered_bpf'), 'bpf: what it keeps out is counted', done)

    def neither(self):
        """upload=no and archive=no: removed once closed, with a warning"""
        sensor = Sensor(self.programs, self.lab, self.spool(), upload='no', archive='no').start()
        self.report.check('upload and archive are both off' in sensor.said(), 'neither: a warning at start', sensor.said())
        sensor.send(10)
        time.sleep(3)
        sensor.stop()
        self.report.same(0, self.payloads(*(os.path.join(sensor.spool, x, 'ch202') for x in ('new', 'waiting', 'archive'))), 'neither: nothing is kept')

    def close(self):
        self.lab.close()


def main():
    collector.enter(more=collector.OWN_PROCESSES)
    report = Report('spool')
    cases = Cases(report, Programs(sys.argv[1]))
    only = sys.argv[2:]
    try:
        for case in (cases.uploads, cases.bound, cases.reload, cases.bpf, cases.neither):
            if not only or case.__name__ in only:
                case()
    finally:
        cases.close()
    report.leave()


if __name__ == '__main__':
    main()
