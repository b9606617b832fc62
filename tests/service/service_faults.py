"""Cases of service.py: what may befall a service: kill -9, a hang, an interface that goes, a file that is wrong or not yet written."""
import os
import re
import shutil
import time

import live
from lab_service import BASE, ROOT, WATCHDOG, case
from service_lab import UNIT, until


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
    # The sensor, its keeper, and the uploader that the keeper begins.
    found = until(lambda: len(m.processes()) > 2 and m.processes(), 'keeper and uploader are processes of their own', 10)
    keeper = next(x for x, (parent, _) in found.items() if parent == pid)
    uploader = next(x for x, (parent, _) in found.items() if parent == keeper)
    lab.send(10000, lambda: m.run('kill -9 %d' % uploader))
    until(lambda: set(m.processes()) - {pid, keeper, uploader}, 'the uploader is there again', 30)
    report.same(('active', pid), (m.state(), m.main_pid()), 'the sensor has gone on')
    m.must('kill -9 %d' % keeper)
    until(lambda: m.state() == 'active' and m.main_pid() not in (0, pid), 'without a keeper the sensor ends and is started again', 20)
    report.check('the uploader has died' in m.journal(), 'and says why', m.journal()[-1500:])
    pid = m.main_pid()
    children = [x for x in until(lambda: len(m.processes()) > 2 and m.processes(), 'keeper and uploader again', 10) if x != pid]
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
