"""Cases of service.py: the life of a service that nothing befalls: start, traffic, reload, restart, stop."""
import json
import re
import time

import live
from lab_service import BASE, case
from service_lab import UNIT


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
    lab.says(r'ledger: frames \d+', 'traffic')


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
