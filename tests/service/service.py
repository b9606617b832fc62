#!/usr/bin/python3
"""service.py BINARIES [CASE…]: the sensor as a service under a real systemd, with the shipped unit: every transaction that
was sent is counted in what was written, whatever happens to the service meanwhile.

The machine is service_lab.py's, the traffic that of bench/live.py (send_live, check_live). Without names all cases run, in
order, on one machine; each begins with the service stopped and an empty spool. Needs root and two network namespaces' worth
of privileges; skips with a reason otherwise.
"""
import json
import os
import re
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# bench before tests/e2e: each has a live.py.
sys.path[:0] = [os.path.join(ROOT, 'bench'), os.path.join(ROOT, 'tests', 'e2e')]
import live  # noqa: E402
import service_lab  # noqa: E402
from programs import Report  # noqa: E402
from service_lab import UNIT, until  # noqa: E402

RATE = 5000
WATCHDOG = 2
BASE = dict(interface=live.RECEIVE, DNSQR_RES_ADDRS=live.RESOLVERS, channel='ch202', outfile_prefix='lab', compression='fast',
            upload='no', archive='yes', rotation_interval='2')
CASES = []


def case(function):
    CASES.append(function)
    return function


class Lab:
    """the machine, the wire, the report"""

    def __init__(self, binaries, space, machine, report):
        self.binaries, self.space, self.machine, self.report = binaries, space, machine, report
        self.seed = 0

    def begin(self, **settings):
        """the service stopped, the spool empty, these settings beside BASE"""
        m = self.machine
        m.must('systemctl stop %s; systemctl reset-failed %s 2>/dev/null; true' % (UNIT, UNIT))
        m.must('rm -rf /etc/systemd/system/%s.service.d; systemctl daemon-reload' % UNIT)
        m.must('find /var/spool/sie/new /var/spool/sie/waiting /var/spool/sie/archive -mindepth 1 -delete; systemctl start systemd-tmpfiles-setup')
        m.settings(**BASE | settings)
        m.start_of_log()

    def drop_in(self, text):
        self.machine.must('mkdir -p /etc/systemd/system/%s.service.d' % UNIT)
        self.machine.put('/etc/systemd/system/%s.service.d/lab.conf' % UNIT, '[Service]\n' + text)
        self.machine.must('systemctl daemon-reload')

    def start(self):
        self.machine.must('systemctl start ' + UNIT)

    def send(self, transactions, meanwhile=None, rate=RATE):
        """sends so many; what send_live says. `meanwhile` runs beside it"""
        sender = live.Sender(os.path.join(self.binaries, 'send_live'), self.space, rate, transactions=transactions)
        try:
            if meanwhile:
                meanwhile()
            sent = sender.wait()
        finally:
            sender.kill()
        self.report.same(0, sent['veth_dropped'] + sent['failed'], 'all that was sent has passed the wire')
        return sent

    def judged(self, transactions):
        """what check_live finds in the finished files of the spool"""
        return live.checked(os.path.join(self.binaries, 'check_live'), self.machine.files(), transactions)

    def all_there(self, transactions, what):
        """after a clean stop: each transaction once, none altered, no part file"""
        found = self.judged(transactions)
        wrong = {x: found[x] for x in ('divided', 'half', 'twice', 'missing', 'altered', 'invented', 'crc_failures') if found.get(x)}
        self.report.check(found['once'] == transactions and not wrong and not found.get('damage'),
                          '%s: all %d transactions are there, once' % (what, transactions), found)
        parts = self.machine.must('find /var/spool/sie -name "*.part"').split()
        self.report.same([], parts, what + ': no part file')

    def stop(self, what):
        begun = time.monotonic()
        self.machine.must('systemctl stop ' + UNIT)
        took = time.monotonic() - begun
        self.report.check(took < 8, '%s: it stops within 8 s' % what, '%.1f s' % took)
        shown = self.machine.show('ActiveState', 'Result', 'ExecMainStatus')
        self.report.same({'ActiveState': 'inactive', 'Result': 'success', 'ExecMainStatus': '0'}, shown, what + ': it ends well', self.machine.journal())

    def says(self, words, what, patience=10):
        said = ''

        def there():
            nonlocal said
            said = self.machine.journal()
            return re.search(words, said)
        try:
            until(there, what, patience, 0.3)
        except AssertionError:
            pass
        self.report.check(re.search(words, said), '%s: the log says %s' % (what, words), said)

    def status(self):
        """the status as JSON, or None"""
        done, said = self.machine.run('sie-dns-sensor status --json')
        try:
            return json.loads(said) if done == 0 else None
        except ValueError:
            return None


# ---- the cases

@case
def start(lab):
    """ready is when it captures; who it is, what it may, how low it runs, what it says"""
    m, report = lab.machine, lab.report
    lab.begin()
    begun = time.monotonic()
    lab.start()
    report.check(time.monotonic() - begun < 5, 'systemctl start returns within 5 s')
    report.same('active', m.state(), 'it is active')
    pid = m.main_pid()
    packets = m.must('cat /proc/%d/net/packet' % pid).splitlines()[1:]
    report.check(packets, 'ready means that a packet socket is open', packets)
    status = dict(re.findall(r'^(\w+):\s+(.*)$', m.must('cat /proc/%d/status' % pid), re.M))
    user = m.must('id -u sie-dns-sensor').strip()
    report.same([user] * 4, status['Uid'].split(), 'it runs as its user')
    report.same(('0000000000002000',) * 3, (status['CapEff'], status['CapPrm'], status['CapBnd']), 'it may capture, and nothing else')
    report.same('1', status['NoNewPrivs'], 'it can get no more')
    report.same('2', status['Seccomp'], 'a filter of system calls is on')
    nice = m.must('ps -o ni= -p %d' % pid).strip()
    report.check(int(nice) >= 10, 'it runs below the resolver', nice)
    report.check('max core file size' not in m.must('cat /proc/%d/limits' % pid).lower() or
                 re.search(r'Max core file size\s+0\s+0', m.must('cat /proc/%d/limits' % pid)), 'it leaves no core')
    limit = re.search(r'Max address space\s+(\S+)', m.must('cat /proc/%d/limits' % pid))[1]
    report.same(str(524288 * 1024), limit, 'memory_ulimit_kbytes is in force')
    report.check(m.show('StatusText')['StatusText'], 'it has a status line for systemctl')
    fields = [json.loads(x) for x in m.journal('SYSLOG_IDENTIFIER', 'SYSLOG_FACILITY', '_PID', 'MESSAGE').splitlines()]
    own = [x for x in fields if x.get('_PID') == str(pid)]
    report.check(own and all((x.get('SYSLOG_IDENTIFIER'), x.get('SYSLOG_FACILITY')) == ('sie', '21') for x in own), 'its lines have the tag sie and local5', own[:3])
    lab.stop('start')


@case
def traffic(lab):
    """transactions in = out, over several files, and the spool is the user's"""
    m, report = lab.machine, lab.report
    lab.begin()
    lab.start()
    lab.send(20000)
    lab.stop('traffic')
    lab.all_there(20000, 'traffic')
    report.check(len(m.files()) >= 2, 'files rotate', m.files())
    owners = set(m.must('find /var/spool/sie -printf "%u\\n"').split())
    report.same({'sie-dns-sensor'}, owners, 'all of the spool is of the user')
    lab.says(r'\d', 'traffic: the end is told')


@case
def clients(lab):
    """no client's address in a log line or a file: only what the lists admit was written"""
    m, report = lab.machine, lab.report
    lab.begin(DNSQR_RES_ADDRS='198.51.100.1')
    lab.start()
    lab.send(2000)
    lab.stop('clients')
    report.same([], m.files(), 'nothing is written of what is not listed')
    for address in live.RESOLVERS.split(','):
        report.check(address not in m.journal(), 'what is not listed is not named in the log', m.journal())


@case
def reload(lab):
    """SIGHUP in traffic: no packet is lost, the process stays, new filters hold; a file with errors changes nothing"""
    m, report = lab.machine, lab.report
    lab.begin()
    lab.start()
    pid = m.main_pid()

    def hup():
        for _ in range(4):
            time.sleep(0.4)
            m.must('systemctl reload ' + UNIT)
    lab.send(20000, hup)
    report.same(pid, m.main_pid(), 'the same process after reloads')
    m.settings(**BASE | {'DNSQR_RES_ADDRS': 'no address'})
    m.run('systemctl reload ' + UNIT)
    lab.says('no address', 'reload of a file with errors')
    report.same(('active', pid), (m.state(), m.main_pid()), 'a file with errors ends nothing')
    lab.stop('reload')
    lab.all_there(20000, 'reload')
    # An address that is not sent from: after the reload nothing more is recorded.
    lab.begin()
    lab.start()
    m.settings(**BASE | {'DNSQR_RES_ADDRS': '198.51.100.1'})
    m.must('systemctl reload ' + UNIT)
    time.sleep(1)
    lab.send(2000)
    lab.stop('reload of addresses')
    report.same([], m.files(), 'the new list of addresses holds')


@case
def restart(lab):
    """before and after a restart nothing is missing, and the folder is free at once"""
    lab.begin()
    lab.start()
    first = lab.machine.main_pid()
    lab.send(5000)
    lab.machine.must('systemctl restart ' + UNIT)
    lab.report.check(lab.machine.main_pid() not in (0, first), 'restart: another process')
    lab.all_there(5000, 'restart')
    lab.stop('restart')


@case
def stop(lab):
    """in the midst of traffic: within seconds, everything written, nothing left running"""
    m, report = lab.machine, lab.report
    lab.begin()
    lab.start()
    lab.send(30000, lambda: (time.sleep(2), lab.stop('stop in traffic')))
    found = lab.judged(30000)
    # Queries that were open, and answers that came after the end, are half; nothing may be wrong.
    report.check(found['once'] > 3000 and not found['altered'] and not found['invented'] and not found['twice'] and not found.get('damage'), 'what was written is whole', found)
    report.same({}, m.processes(), 'no process is left')
    report.same('', m.must('find /var/spool/sie -name "*.part"'), 'no part file is left')


@case
def kill(lab):
    """kill -9 of the sensor: systemd starts it again, what was written is kept; of any other process of the service: the
    sensor goes on, and the process is there again"""
    m, report = lab.machine, lab.report
    lab.begin(DNSQR_QUERY_TIMEOUT='2')
    lab.start()
    pid = m.main_pid()
    lab.send(5000)
    time.sleep(6)  # queries that nobody answers have left the table; what is in a container for longer than a second is written
    m.must('kill -9 %d' % pid)
    until(lambda: m.state() == 'active' and m.main_pid() not in (0, pid), 'systemd starts it again', 20)
    lab.stop('kill -9')
    lab.all_there(5000, 'kill -9 after the writer had written')
    # Beside uploads: a login, no collector.
    lab.begin(upload='yes', archive='no', login='lab', submitserver='127.0.0.1')
    lab.start()
    pid = m.main_pid()
    others = [x for x in until(lambda: len(m.processes()) > 1 and m.processes(), 'the uploader is a process of its own', 10) if x != pid]
    lab.send(10000, lambda: [m.run('kill -9 %d' % x) for x in others])
    until(lambda: {x for x in m.processes() if x != pid} - set(others), 'the uploader is there again', 30)
    report.same(('active', pid), (m.state(), m.main_pid()), 'the sensor has gone on')
    children = [x for x in m.processes() if x != pid]
    m.must('kill -9 %d' % pid)
    until(lambda: m.state() == 'active' and m.main_pid() not in (0, pid), 'systemd starts it again', 20)
    report.same([], [x for x in m.processes() if x in children], 'the old uploader has gone with its sensor')
    lab.stop('kill -9 of each process')
    report.check(lab.judged(10000)['missing'] == 0, 'nothing is missing', lab.judged(10000))


@case
def watchdog(lab):
    """a process that hangs is ended and started again"""
    m, report = lab.machine, lab.report
    lab.begin()
    lab.drop_in('WatchdogSec=%ds\n' % WATCHDOG)
    lab.start()
    pid = m.main_pid()
    time.sleep(3 * WATCHDOG)
    report.same(pid, m.main_pid(), 'while it works the watchdog is content')
    m.must('kill -STOP %d' % pid)
    until(lambda: m.state() == 'active' and m.main_pid() not in (0, pid), 'systemd starts it again', 60)
    lab.says('(?i)watchdog', 'watchdog')
    report.same('', m.must('find / -xdev -name "core*" -newer /etc/default/sie-dns-sensor -type f -path "/var/*"'), 'no core is left')
    lab.send(3000)
    lab.stop('watchdog')
    report.check(lab.judged(3000)['once'] == 3000, 'and it records', lab.judged(3000))


@case
def interface(lab):
    """down and up, gone and back: the sensor says it and captures again by itself"""
    m, report, name = lab.machine, lab.report, lab.space.name
    lab.begin()
    lab.start()
    pid = m.main_pid()
    sent = 3000

    def back():
        # Until frames pass again, as far as one can see from outside: both ends carry, and the packet socket is bound.
        lab.space.until(lambda: lab.space.run('ip', 'link', 'show', 'up').count('LOWER_UP') == 2, 'the pair is up', 10)
        until(lambda: any(row.split()[5] == '1' and row.split()[4] != '0' for row in m.must('cat /proc/%d/net/packet' % pid).splitlines()[1:]), 'it captures again', 15, 0.1)
    lab.space.run('ip', 'link', 'set', live.RECEIVE, 'down')
    time.sleep(1)
    report.same('active', m.state(), 'down: it goes on')
    lab.space.run('ip', 'link', 'set', live.RECEIVE, 'up')
    back()
    lab.space.run('ip', 'link', 'del', live.RECEIVE)
    lab.says(live.RECEIVE, 'interface gone')
    report.same(('active', pid), (m.state(), m.main_pid()), 'gone: it goes on')
    lab.space.run('ip', 'link', 'add', live.SEND, 'type', 'veth', 'peer', 'name', live.RECEIVE)
    for end in (live.SEND, live.RECEIVE):
        lab.space.run('ip', 'link', 'set', 'dev', end, 'up')
    back()
    lab.send(sent)
    lab.stop('interface')
    lab.all_there(sent, 'interface gone and back')
    # At the start there is none: privileges or interface, which no new start mends.
    lab.begin(interface='none0')
    m.run('systemctl start ' + UNIT)
    time.sleep(6)
    shown = m.show('ActiveState', 'ExecMainStatus', 'NRestarts')
    report.same({'ActiveState': 'failed', 'ExecMainStatus': '3', 'NRestarts': '0'}, shown, 'no such interface: status 3, and no loop', m.journal())
    lab.says('no such interface', 'no such interface')


@case
def status(lab):
    """the socket: who may ask, and that it tells what was sent"""
    m, report = lab.machine, lab.report
    lab.begin()
    lab.start()
    mode = m.must('stat -c "%a %U %G" /run/sie-dns-sensor /run/sie-dns-sensor/status.sock').split('\n')[:2]
    report.same(['750 sie-dns-sensor sie-dns-sensor', '660 sie-dns-sensor sie-dns-sensor'], mode, 'folder and socket are of user and group')
    lab.send(5000)

    def counted():
        told = lab.status()
        return told if told and told['transactions']['pair'] > 4000 else None
    told = until(counted, 'the status counts', 10, 0.3)
    known = told['transactions']
    # Some of them nobody answers; these wait.
    report.check(sum(known.values()) + told['waiting']['queries'] == 5000, 'the transactions that were sent', told)
    report.check(told['interfaces'][0]['state'] == 'attached', 'the interface', told['interfaces'])
    report.same(0, m.run('sie-dns-sensor status')[0], 'for people')
    metrics = m.must('sie-dns-sensor status --metrics')
    report.check('sie_dns_sensor_' in metrics, 'for Prometheus', metrics[:200])
    report.same(3, m.run('setpriv --reuid nobody --regid nogroup --clear-groups sie-dns-sensor status')[0], 'not for everybody: status 3')
    lab.stop('status')
    report.same(1, m.run('sie-dns-sensor status')[0], 'a sensor that is not there: status 1')


@case
def clock(lab):
    """adjtimex is allowed in the unit: the state is known, and a clock that nobody keeps is a warning"""
    m, report = lab.machine, lab.report
    lab.begin()
    lab.start()
    told = until(lab.status, 'the status answers', 10)
    report.check(told['clock']['state'] in ('synchronised', 'unsynchronised'), 'the state of the clock is known', told['clock'])
    warned = 'clock_unsynchronised' in [x['word'] for x in told['warnings']]
    report.same(told['clock']['state'] == 'unsynchronised', warned, 'the warning goes with the state')
    if warned:
        lab.says('(?i)clock', 'clock')
    lab.stop('clock')


@case
def unconfigured(lab):
    """the shipped file, and none: inactive with status 0, no loop; the log says what to do"""
    m, report = lab.machine, lab.report
    lab.begin()
    shutil.copy(os.path.join(ROOT, 'examples', 'sie-dns-sensor.conf'), m.path('/etc/default/sie-dns-sensor'))
    report.same(0, m.run('systemctl start ' + UNIT)[0], 'systemctl start succeeds')
    until(lambda: m.state() in ('inactive', 'failed'), 'it ends', 10)
    time.sleep(6)  # longer than RestartSec
    report.same({'ActiveState': 'inactive', 'Result': 'success', 'ExecMainStatus': '0', 'NRestarts': '0'},
                m.show('ActiveState', 'Result', 'ExecMainStatus', 'NRestarts'), 'unconfigured: inactive, status 0, no loop', m.journal())
    lab.says('unconfigured', 'unconfigured')
    report.same([], m.files(), 'nothing is captured')
    os.unlink(m.path('/etc/default/sie-dns-sensor'))
    report.same(0, m.run('systemctl start ' + UNIT)[0], 'without a file systemctl start succeeds')
    report.same('inactive', m.state(), 'and nothing runs')


@case
def bad_file(lab):
    """status 2, all errors in the log, no loop; mended, it starts"""
    m, report = lab.machine, lab.report
    lab.begin(DNSQR_RES_ADDRS='192.0.2.300', workers='many')
    report.check(m.run('systemctl start ' + UNIT)[0] != 0, 'systemctl start fails')
    time.sleep(6)
    report.same({'ActiveState': 'failed', 'ExecMainStatus': '2', 'NRestarts': '0'}, m.show('ActiveState', 'ExecMainStatus', 'NRestarts'),
                'bad file: failed, status 2, no loop', m.journal())
    for word in ('192.0.2.300', 'workers'):
        lab.says(re.escape(word), 'bad file')
    m.settings(**BASE)
    lab.start()
    lab.stop('mended')


@case
def sysv(lab):
    """by the init script: the program goes to the background when it captures, drops root by itself, and shuts itself in"""
    m, report = lab.machine, lab.report
    lab.begin()
    with open(os.path.join(ROOT, 'deploy', 'sysv', 'sie-dns-sensor'), 'rb') as f:
        m.put('/etc/init.d/sie-dns-sensor', f.read(), 0o755)
    init = 'SYSTEMCTL_SKIP_REDIRECT=1 /etc/init.d/sie-dns-sensor '
    try:
        report.same(3, m.run(init + 'status')[0], 'status before the start')
        m.must(init + 'start')
        pid = int(m.must('cat /var/run/sie-dns-sensor.pid'))
        report.same(0, m.run(init + 'status')[0], 'status after it')
        report.check(m.must('cat /proc/%d/net/packet' % pid).splitlines()[1:], 'start returns when it captures')
        status = dict(re.findall(r'^(\w+):\s+(.*)$', m.must('cat /proc/%d/status' % pid), re.M))
        report.same([m.must('id -u sie-dns-sensor').strip()] * 4, status['Uid'].split(), 'it runs as its user')
        report.same([m.must('id -g sie-dns-sensor').strip()] * 4, status['Gid'].split(), 'and group')
        report.same(('0000000000002000', '0000000000002000', '1', '2'), tuple(status[x] for x in ('CapEff', 'CapPrm', 'NoNewPrivs', 'Seccomp')),
                    'it may capture, and nothing else; its own filter of system calls is on')
        report.same('1', status['PPid'], 'nobody waits for it')
        report.check(int(m.must('ps -o ni= -p %d' % pid)) >= 10, 'it runs below the resolver')
        report.same({'/dev/null'}, {m.must('readlink /proc/%d/fd/%d' % (pid, n)).strip() for n in (0, 1, 2)}, 'it holds no terminal')
        m.must(init + 'start')
        report.same(pid, int(m.must('cat /var/run/sie-dns-sensor.pid')), 'a second start starts nothing')
        lab.send(10000, lambda: (time.sleep(0.5), m.must(init + 'reload')))
        report.check(lab.status(), 'it tells its status')
        begun = time.monotonic()
        m.must(init + 'stop')
        report.check(time.monotonic() - begun < 8, 'it stops within 8 s')
        report.check(m.run('kill -0 %d' % pid)[0] != 0 and m.run('test -e /var/run/sie-dns-sensor.pid')[0] != 0, 'stop returns when it has ended')
        lab.all_there(10000, 'sysv')
        tagged = m.must("journalctl -q --no-pager -o cat -t sie --after-cursor='%s'" % m.cursor)
        report.check('rcv0' in tagged, 'the log is in syslog, with the tag sie', tagged)
        m.settings(**BASE | {'workers': 'many'})
        report.same(6, m.run(init + 'start')[0], 'a file with errors: status 6')
    finally:
        m.run(init + 'stop')
        m.run('rm -f /etc/init.d/sie-dns-sensor')


@case
def upload(lab):
    """through the sandbox of the unit: ssh and rsync bring files to a collector, here in the same machine"""
    m, report = lab.machine, lab.report
    lab.begin(upload='yes', archive='no', login='collector', submitserver='127.0.0.1')
    collector(lab)
    lab.start()
    lab.send(5000)
    m.must('systemctl restart ' + UNIT)  # closes the open file
    arrived = m.path('/srv/collector/up/ch202')
    until(lambda: not m.files() and os.path.isdir(arrived), 'the spool is empty', 30, 0.3)
    files = [os.path.join(arrived, x) for x in sorted(os.listdir(arrived))]
    found = live.checked(os.path.join(lab.binaries, 'check_live'), files, 5000)
    report.check(found['once'] == 5000, 'upload: all transactions have arrived', found)
    lab.says('successfully uploaded /var/spool/sie/waiting/ch202/lab', 'upload')
    lab.stop('upload')


@case
def operations(lab):
    """the commands of docs/operations.md, as they stand there"""
    m, report = lab.machine, lab.report
    with open(os.path.join(ROOT, 'docs', 'operations.md'), encoding='utf-8') as f:
        blocks = re.findall(r'^```sh machine\n(.*?)^```$', f.read(), re.M | re.S)
    report.check(len(blocks) >= 5, 'the page has commands', blocks)
    lab.begin(upload='yes', login='lab')
    m.must('rm -f /var/spool/sie/keys/upload*')
    for commands in blocks:
        done, said = m.run('export LOGNAME=daemon; set -eu\n' + commands)
        report.check(done == 0, 'docs/operations.md: this works: ' + commands, said)
    report.check('daemon' in m.must('getent group sie-dns-sensor'), 'the group has a member more')
    # The folder of the drop-in may be written now.
    m.settings(**BASE | {'spooldir': '/data/sie'})
    m.must('systemctl restart ' + UNIT)
    until(lambda: os.path.isdir(m.path('/data/sie/new/ch202')), 'the spool is where the drop-in lets it be', 10)
    m.must('systemctl stop ' + UNIT)


def collector(lab):
    """an sshd on 127.0.0.1:49222 with a user whose home is /srv/collector; that rrsync may stand there is for tests/upload,
    since it would need Python in the image"""
    m = lab.machine
    m.must('ip link set lo up; rm -rf /var/spool/sie/keys/upload* /srv/collector /run/collector; sie-gen-key >/dev/null')
    m.must('id collector >/dev/null 2>&1 || useradd --system --home-dir /srv/collector --no-create-home --shell /bin/sh --password "*" collector; '
           'install -d -o collector -m 0700 /srv/collector /srv/collector/up; install -d -m 0755 /run/sshd /run/collector')
    m.must('ssh-keygen -q -t ed25519 -N "" -f /run/collector/host; '
           'echo "restrict $(cat /var/spool/sie/keys/upload.pub)" >/run/collector/keys; '
           'echo "[127.0.0.1]:49222 $(cut -d" " -f1,2 /run/collector/host.pub)" >/var/spool/sie/keys/known_hosts')
    m.put('/run/collector/sshd_config', 'Port 49222\nListenAddress 127.0.0.1\nHostKey /run/collector/host\nPidFile none\nAuthorizedKeysFile /run/collector/keys\n'
          'UsePAM no\nPasswordAuthentication no\n')
    m.must('systemctl reset-failed collector 2>/dev/null; systemctl stop collector 2>/dev/null; '
           'systemd-run --quiet --unit=collector /usr/sbin/sshd -D -f /run/collector/sshd_config')


def main():
    binaries, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    unknown = set(wanted) - {x.__name__ for x in CASES}
    if unknown:
        sys.exit('no such case: %s; there are %s' % (', '.join(sorted(unknown)), ', '.join(x.__name__ for x in CASES)))
    report = Report('service')
    try:
        with live.Namespace() as space, service_lab.Machine(binaries, space.name) as machine:
            machine.install()
            for function in CASES:
                if wanted and function.__name__ not in wanted:
                    continue
                begun, failed = time.monotonic(), len(report.failures)
                try:
                    function(Lab(binaries, space, machine, report))
                except (AssertionError, RuntimeError, OSError, KeyError, live.Unable) as why:
                    report.check(False, function.__name__, '%s: %s\n%s' % (type(why).__name__, why, machine.journal()[-3000:]))
                print('%-14s %5.1f s  %s' % (function.__name__, time.monotonic() - begun, 'ok' if len(report.failures) == failed else 'FAILED'), flush=True)
    except (service_lab.Unable, live.Unable) as why:
        service_lab.skip(str(why))
    report.leave()


if __name__ == '__main__':
    main()
