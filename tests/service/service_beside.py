"""Cases of service.py: what stands beside capture: status, clock, init script, upload, the commands of docs/operations.md."""
import os
import re
import time

import live
from lab_service import BASE, ROOT, case
from service_lab import UNIT, until


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
