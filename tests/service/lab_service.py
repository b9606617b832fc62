"""The service in the lab: it is begun afresh with given settings, gets traffic, and what it wrote is counted against what was sent.

A case is a function of a Lab, marked with @case; service.py runs them in the order in which they are defined.
"""
import json
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# bench before tests/e2e: each has a live.py.
sys.path[:0] = [os.path.join(ROOT, 'bench'), os.path.join(ROOT, 'tests', 'e2e')]
import live  # noqa: E402
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
