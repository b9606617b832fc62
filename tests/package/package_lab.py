#!/usr/bin/python3
"""package_lab.py BINARIES DEBS [CASE…]: the steps of the old manual with the Debian packages of the folder DEBS, on clean machines.

Each case gets a machine of its own: a clean Debian under systemd-nspawn, without network but for a wire to the test, on
which dpkg installs what scripts/deb built. BINARIES has send_live and check_live, which make the traffic and judge what
was recorded. `planted`: faults put into the package are seen by the cases. Needs root; skips with a reason where no machine can be had.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import old_package
import package_machine
import live
import service_lab
from package_machine import ROOT, PackageMachine, field, repacked
from programs import Report
from service_lab import until

CASES = []
NAME = re.compile(r'^[a-zA-Z0-9.-]+\.\d{8}\.\d{4}\.\d{10}\.\d{9}\.nmsg$')
SETTINGS = '/etc/default/sie-dns-sensor'
SERVICE = 'service sie-dns-sensor '
# What an operator of the old package has in the file, and what no longer means anything.
OPERATORS = old_package.SETTINGS.replace('"sie-username"', '"lab"').replace('eth0', live.RECEIVE).replace('192.0.2.1, 2001:db8::1', live.RESOLVERS)


def case(function):
    CASES.append(function)
    return function


class Place:
    """a machine, the wire to it, the packages, a folder for those that the case makes"""

    def __init__(self, binaries, debs, report, space, machine, here):
        self.binaries, self.debs, self.report, self.space, self.machine, self.here = binaries, debs, report, space, machine, here
        self.deb = debs['sie-dns-sensor']
        self.sent = 0

    def same(self, *arguments):
        return self.report.same(*arguments)

    def check(self, *arguments):
        return self.report.check(*arguments)

    def must(self, command, timeout=120):
        return self.machine.must(command, timeout)

    def dpkg(self, arguments, answer='</dev/null'):
        """as at a terminal where nobody answers, unless told what"""
        return self.must('export DEBIAN_FRONTEND=noninteractive; dpkg %s %s' % (arguments, answer))

    def edit(self, **values):
        """lines of the settings, as with an editor"""
        with open(self.machine.path(SETTINGS), encoding='utf-8') as f:
            text = f.read()
        for name, value in values.items():
            line = '%s="%s"' % (name, value)
            text, times = re.subn(r'^%s=.*$' % name, line, text, count=1, flags=re.M)
            if not times:
                text, times = re.subn(r'^#%s=.*$' % name, line, text, count=1, flags=re.M)
            if not times:
                text += line + '\n'
        self.machine.put(SETTINGS, text)
        return text

    def send(self, transactions):
        sender = live.Sender(os.path.join(self.binaries, 'send_live'), self.space, 5000, transactions=transactions)
        try:
            sent = sender.wait()
        finally:
            sender.kill()
        self.same(0, sent['veth_dropped'] + sent['failed'], 'all that was sent has passed the wire')

    def nmsg(self, folder):
        inside = self.machine.path(folder)
        return sorted(os.path.join(inside, x) for x in os.listdir(inside) if x.endswith('.nmsg') and not x.startswith('.')) if os.path.isdir(inside) else []

    def recorded(self, files, transactions, what):
        found = live.checked(os.path.join(self.binaries, 'check_live'), files, transactions)
        wrong = {x: found[x] for x in ('divided', 'half', 'twice', 'missing', 'altered', 'invented', 'crc_failures') if found.get(x)}
        self.check(found['once'] == transactions and not wrong, '%s: all %d transactions, once' % (what, transactions), found)

    def captures(self):
        """whether the sensor has a packet socket"""
        pid = self.machine.main_pid()
        return pid != 0 and len(self.must('cat /proc/%d/net/packet' % pid).splitlines()) > 1

    def syslog(self):
        return self.must('cat /var/log/syslog 2>/dev/null; true')

    def says(self, words, what):
        try:
            until(lambda: re.search(words, self.syslog()), what, 15, 0.3)
        except AssertionError:
            pass
        self.check(re.search(words, self.syslog()), '%s: syslog says %s' % (what, words), self.syslog()[-2000:])

    def state(self, expected, what):
        self.same(expected, self.machine.show('ActiveState')['ActiveState'], what, self.machine.journal()[-2000:])

    def collector(self):
        """an sshd on 127.0.0.1:49222 that takes the sensor's key, and its line in known_hosts"""
        m = self.machine
        m.must('ip link set lo up; useradd --system --home-dir /srv/collector --no-create-home --shell /bin/sh --password "*" lab; '
               'install -d -o lab -m 0700 /srv/collector /srv/collector/up; install -d -m 0755 /run/sshd /etc/collector')
        m.must('ssh-keygen -q -t ed25519 -N "" -f /etc/collector/host; '
               'echo "restrict $(cat /var/spool/sie/keys/upload.pub)" >/etc/collector/keys; '
               'echo "[127.0.0.1]:49222 $(cut -d" " -f1,2 /etc/collector/host.pub)" >>/var/spool/sie/keys/known_hosts')
        m.put('/etc/collector/sshd_config', 'Port 49222\nListenAddress 127.0.0.1\nHostKey /etc/collector/host\nPidFile none\n'
              'AuthorizedKeysFile /etc/collector/keys\nUsePAM no\nPasswordAuthentication no\n')
        m.must('systemd-run --quiet --unit=collector /usr/sbin/sshd -D -f /etc/collector/sshd_config')

    def left_over(self, before, what):
        """after dpkg -P: only the spool is there that was not there before, and nothing is missing"""
        after = self.machine.all_files()
        more = sorted(x for x in set(after) - set(before) if not re.match(r'/var/spool/sie($|/)', x) and not x.startswith(('/srv/collector', '/etc/collector')))
        self.same([], more, what + ': nothing is left but /var/spool/sie')
        self.same([], sorted(set(before) - set(after)), what + ': nothing of others is gone')


@case
def manual(p):
    """the manual's steps, word for word, from dpkg -i to dpkg -P, with a reboot between"""
    m = p.machine
    before = m.all_files()
    said = p.dpkg('-i ' + m.bring(p.deb))
    p.check('unconfigured' in said, 'dpkg -i says that the sensor is not configured', said)
    p.state('inactive', 'an unconfigured sensor does not run, and has not failed')
    p.same(('success', '0'), tuple(m.show(x)[x] for x in ('Result', 'NRestarts')), 'nor is it begun again and again')
    p.same('enabled', m.run('systemctl is-enabled sie-dns-sensor')[1].strip(), 'it begins with the machine')
    p.same('', m.must('cat /proc/net/packet | tail -n +2'), 'nothing captures')
    p.same(sorted(['/etc/default/sie-dns-sensor', '/etc/init.d/sie-dns-sensor']),
           sorted(m.must("dpkg-query -W -f='${Conffiles}' sie-dns-sensor").split()[::2]), 'conffiles')
    text = m.must('cat ' + SETTINGS)
    p.check('\nlogin="sie-username"\n' in text and '\nDNSQR_RES_ADDRS="192.0.2.1, 2001:db8::1"\n' in text, 'the shipped settings', text)
    p.same(['755 sie-dns-sensor', '755 sie-dns-sensor', '755 sie-dns-sensor', '755 sie-dns-sensor', '700 sie-dns-sensor'],
           m.must('cd /var/spool/sie && stat -c "%a %U" . new waiting archive keys').splitlines(), 'folders of the spool')
    p.check(re.search(r':/var/spool/sie:/usr/sbin/nologin$', m.must('getent passwd sie-dns-sensor').strip()), 'the user cannot log in')
    for path in ('/usr/sbin/sie-dns-sensor', '/usr/bin/sie-gen-key', '/usr/lib/sie-dns-sensor/nmsgtool', '/etc/init.d/sie-dns-sensor',
                 '/usr/share/man/man8/sie-dns-sensor.8.gz', '/usr/share/man/man5/sie-dns-sensor.conf.5.gz', '/usr/share/man/man1/sie-gen-key.1.gz'):
        p.check(path in m.must('dpkg -L sie-dns-sensor').splitlines() and os.path.exists(m.path(path)), 'the package has ' + path)
    p.same(0, m.run('dpkg --verify sie-dns-sensor')[0], 'dpkg --verify')

    # "sie-dns-sensor requires further configuration after installation."
    p.edit(interface=live.RECEIVE, DNSQR_RES_ADDRS=live.RESOLVERS.replace(',', ', '), login='lab', submitserver='127.0.0.1', archive='yes')
    with open(os.path.join(ROOT, 'README.md'), encoding='utf-8') as f:
        steps = re.search(r'^```sh package\n(.*?)^```$', f.read(), re.M | re.S)[1]
    said = m.must('set -e\n' + steps)
    p.state('active', 'it runs after the steps of README.md')
    p.same('600 sie-dns-sensor', m.must('stat -c "%a %U" /var/spool/sie/keys/upload').strip(), 'the private key is shut')
    p.check('upload.pub' in said, 'sie-gen-key says what to send', said)
    p.collector()
    m.start_of_log()
    p.check(p.captures(), 'it captures')
    p.send(10000)
    m.must(SERVICE + 'restart')  # closes the open file
    until(lambda: p.nmsg('/srv/collector/up/ch202') and not p.nmsg('/var/spool/sie/waiting/ch202') and not p.nmsg('/var/spool/sie/new/ch202'),
          'the files are uploaded', 30, 0.3)
    arrived, kept = p.nmsg('/srv/collector/up/ch202'), p.nmsg('/var/spool/sie/archive/ch202')
    p.check(all(NAME.match(os.path.basename(x)) for x in arrived), 'names are PREFIX.YYYYMMDD.HHMM.EPOCH.NNNNNNNNN.nmsg', arrived)
    p.same([os.path.basename(x) for x in arrived], [os.path.basename(x) for x in kept], 'archive="yes" keeps what was uploaded')
    p.recorded(arrived, 10000, 'upload')
    p.recorded(kept, 10000, 'archive')
    p.says(r' sie(\[\d+\])?: .*successfully uploaded /var/spool/sie/waiting/ch202/', 'upload')

    # "uploading can be disabled by setting upload="no""
    p.edit(upload='no')
    m.must(SERVICE + 'restart')
    p.send(5000)
    m.must(SERVICE + 'stop')
    p.state('inactive', 'service stop')
    p.same({}, m.processes(), 'no process is left')
    later = [x for x in p.nmsg('/var/spool/sie/archive/ch202') if x not in kept]
    p.recorded(later, 5000, 'upload="no"')
    p.same(arrived, p.nmsg('/srv/collector/up/ch202'), 'upload="no": nothing more is uploaded')
    m.must(SERVICE + 'start')

    # "will be configured automatically to start at boot"
    m.reboot()
    until(lambda: m.state() == 'active', 'it starts at boot', 20, 0.3)
    p.check(p.captures(), 'it captures after the boot')
    said = p.dpkg('-P sie-dns-sensor')
    p.check('/var/spool/sie' in said, 'dpkg -P says what stays', said)
    p.check(m.run('pgrep -x sie-dns-sensor')[0] == 1, 'nothing of it runs')
    p.check(m.run('getent passwd sie-dns-sensor')[0] == 0, 'the user stays: files are its own')
    p.check(p.nmsg('/var/spool/sie/archive/ch202'), 'the files are there')
    p.left_over(before, 'dpkg -P')


@case
def upgrade(p):
    """from a lower version and to a higher one: edited settings stay, a refused file leaves the running sensor alone"""
    m = p.machine
    version = field(p.deb, 'Version')
    lower, higher = repacked(p.deb, p.here, version + '~lower1'), repacked(p.deb, p.here, version + '+higher1')
    p.dpkg('-i ' + m.bring(lower))
    text = p.edit(interface=live.RECEIVE, DNSQR_RES_ADDRS=live.RESOLVERS, login='lab', upload='no', archive='yes')
    m.must('echo "192.0.2.7 mine" >>/var/spool/sie/keys/known_hosts; ' + SERVICE + 'start')
    first = m.main_pid()
    p.check(p.captures(), 'the lower version captures')
    p.dpkg('-i ' + m.bring(p.deb))
    p.same(text, m.must('cat ' + SETTINGS), 'the edited settings are kept, and nobody is asked')
    p.state('active', 'it runs after the upgrade')
    second = m.main_pid()
    p.check(second not in (0, first) and p.captures(), 'it is another process, which captures', (first, second))
    p.send(3000)
    m.must(SERVICE + 'restart')
    p.recorded(p.nmsg('/var/spool/sie/archive/ch202'), 3000, 'after the upgrade')
    second = m.main_pid()
    p.edit(DNSQR_RES_ADDRS='192.0.2.1/24')
    said = p.dpkg('-i ' + m.bring(higher))
    p.check('"192.0.2.1/24" has host bits set' in said and 'has errors' in said, 'a refused file: dpkg -i says what is wrong', said)
    p.same(('active', second), (m.state(), m.main_pid()), 'a refused file: the running sensor is left alone')
    p.same('install ok installed', m.must("dpkg-query -W -f='${Status}' sie-dns-sensor"), 'a refused file: the package is installed')
    p.check('mine' in m.must('cat /var/spool/sie/keys/known_hosts'), 'the lines of known_hosts stay')
    # Stopped by its operator, then an upgrade: out of use stays out of use only if it is disabled.
    p.edit(DNSQR_RES_ADDRS=live.RESOLVERS)
    m.must('systemctl disable --now sie-dns-sensor')
    p.dpkg('-i ' + m.bring(p.deb) + ' 2>&1')
    p.state('inactive', 'a disabled sensor is not started by a package')
    p.same('disabled', m.run('systemctl is-enabled sie-dns-sensor')[1].strip(), 'and stays disabled')


def old_one(p, **settings):
    """the old package, installed and configured as operators have it; its daemon runs"""
    m = p.machine
    old = old_package.build(p.here, field(p.deb, 'Architecture'))
    p.dpkg('-i ' + m.bring(old))
    m.put(SETTINGS, OPERATORS)
    text = p.edit(upload='no', archive='yes', **settings)
    m.must('ssh-keygen -q -t rsa -b 2048 -N "" -f /var/spool/sie/keys/upload; echo "# mine" >>/var/spool/sie/keys/known_hosts; '
           '/etc/init.d/sie-dns-sensor start')
    until(lambda: beats(m), 'the old daemon lives', 10)
    return text


def beats(m):
    path = m.path('/var/log/old-sensor.beat')
    return os.path.exists(path) and time.time() - os.stat(path).st_mtime < 1.5


def old_log(m):
    return [x.split()[0] for x in m.must('cat /var/log/old-sensor').splitlines()]


def gone(p, what):
    for path in old_package.GONE:
        p.check(not os.path.lexists(p.machine.path(path)), '%s: %s of the old package is gone' % (what, path))


@case
def old_good(p):
    """from the old package with a file that is sound: settings, keys and known_hosts stay, its programs go, ours captures"""
    m = p.machine
    before = m.all_files()
    text = old_one(p)
    first = m.must('cat /run/sie-dns-sensor.pid').strip()
    # The file differs from both shipped ones: dpkg asks, Enter is `keep`.
    said = p.dpkg('-i ' + m.bring(p.deb), answer='<<END\n\nEND')
    p.check('interval has no meaning now' in said, 'dpkg -i says what check-config says', said)
    p.same(text, m.must('cat ' + SETTINGS), 'the settings are kept')
    until(lambda: m.run('kill -0 ' + first)[0] != 0 and not beats(m), 'the old daemon has ended', 5)
    p.same(old_log(m).count('started'), old_log(m).count('ended'), 'each time by TERM, at which it writes what it holds')
    p.state('active', 'the sensor runs')
    p.check(p.captures(), 'and captures')
    p.same('# mine', m.must('tail -n 1 /var/spool/sie/keys/known_hosts').strip(), 'known_hosts is kept')
    p.same('', m.must('ls /var/spool/sie/keys | grep -v -x -e known_hosts -e upload -e upload.pub || true'), 'no other file is left beside the keys')
    gone(p, 'upgrade')
    p.check('#!/bin/sh' in m.must('cat /etc/init.d/sie-dns-sensor') and 'check-config' in m.must('cat /etc/init.d/sie-dns-sensor'), 'the init script is ours')
    p.same(0, m.run('sie-dns-sensor check-config')[0], 'check-config')
    p.send(3000)
    m.must(SERVICE + 'restart')
    p.recorded(p.nmsg('/var/spool/sie/archive/ch202'), 3000, 'after the upgrade')
    m.reboot()
    until(lambda: m.state() == 'active', 'it starts at boot', 20, 0.3)
    p.dpkg('-P sie-dns-sensor')
    p.left_over(before, 'dpkg -P after an upgrade from the old package')


@case
def old_refused(p):
    """from the old package with a file that is refused: the old sensor goes on until the file is sound and a person says so"""
    m = p.machine
    text = old_one(p, DNSQR_RES_ADDRS='192.0.2.1/24')
    said = p.dpkg('-i ' + m.bring(p.deb), answer='<<END\n\nEND')
    p.check('write 192.0.2.0/24 for the network' in said, 'dpkg -i says what is wrong, and what to write', said)
    p.check('The old sensor goes on' in said and 'service sie-dns-sensor restart' in said, 'and what happens now', said)
    p.same(text, m.must('cat ' + SETTINGS), 'the settings are kept')
    time.sleep(2)
    p.check(beats(m), 'the old daemon lives')
    p.check(m.run('pgrep -x sie-dns-sensor')[0] == 1, 'the new one does not')
    gone(p, 'refused')
    p.same('# mine', m.must('tail -n 1 /var/spool/sie/keys/known_hosts').strip(), 'known_hosts is kept')
    # Once more, as apt might: still nothing is touched.
    p.dpkg('-i ' + m.bring(p.deb))
    p.check(beats(m), 'the old daemon lives after a second try')
    ended = old_log(m).count('ended')
    # What it wrote, and what it was writing: whole files, since their beginning is what matters here.
    left = {'vm.20261124.0202.1795485722.544042443.nmsg': 'new/ch202/%s', 'vm.20261124.0203.1795485782.544042443.nmsg': 'new/ch202/.%s.part',
            'vm.20261124.0201.1795485662.544042443.nmsg': 'waiting/ch202/%s'}
    with open(os.path.join(ROOT, 'tests/package/old.nmsg'), 'rb') as f:
        octets = f.read()
    for name, place in left.items():
        path = '/var/spool/sie/' + place % re.sub(r'\.nmsg$', '', name) if '.part' in place else '/var/spool/sie/' + place % name
        m.must('install -d -o sie-dns-sensor -g sie-dns-sensor %s' % os.path.dirname(path))
        m.put(path, octets)
        m.must('chown sie-dns-sensor: ' + path)
    p.edit(DNSQR_RES_ADDRS=live.RESOLVERS)
    m.must(SERVICE + 'restart')
    p.same(ended + 1, old_log(m).count('ended'), 'the restart ends the old one by TERM')
    until(lambda: not beats(m), 'the old one has ended', 5)
    p.state('active', 'the new one runs')
    until(lambda: set(left) <= {os.path.basename(x) for x in p.nmsg('/var/spool/sie/archive/ch202') + p.nmsg('/var/spool/sie/waiting/ch202')},
          'it takes up what the old one left: ' + m.must('find /var/spool/sie -type f'), 20, 0.3)
    p.check(p.captures(), 'and captures')


@case
def sysv(p):
    """where no systemd runs: folders and user are made, the init script starts, an upgrade restarts or leaves alone"""
    m = p.machine
    before = m.all_files()
    hidden = ("unshare --mount --propagation private sh -c 'set -e; mount -t tmpfs tmpfs /run/systemd; mount --bind /dev/null /usr/bin/systemd-tmpfiles\n%s'")

    def must(command):
        return m.must(hidden % command, 120)

    def pid():
        return m.run('cat /run/sie-dns-sensor.pid')[1].strip()
    version = field(p.deb, 'Version')
    said = must('dpkg -i ' + m.bring(p.deb))
    p.check('is not configured yet' in said, 'dpkg -i: the init script says that the sensor is not configured', said)
    p.check(m.run('pgrep -x sie-dns-sensor')[0] == 1, 'it does not run')
    p.same(['755 sie-dns-sensor', '755 sie-dns-sensor', '755 sie-dns-sensor', '755 sie-dns-sensor', '700 sie-dns-sensor'],
           m.must('cd /var/spool/sie && stat -c "%a %U" . new waiting archive keys').splitlines(), 'folders of the spool, without systemd-tmpfiles')
    p.edit(interface=live.RECEIVE, DNSQR_RES_ADDRS=live.RESOLVERS, login='lab', upload='no', archive='yes')
    must(SERVICE + 'start')
    first = pid()
    p.check(m.run('kill -0 ' + first)[0] == 0, 'service start')
    p.check(len(m.must('ls /etc/rc2.d | grep sie-dns-sensor').split()) == 1, 'it begins with the machine')
    must('dpkg -i ' + m.bring(repacked(p.deb, p.here, version + '+higher1')))
    second = pid()
    p.check(second != first and m.run('kill -0 ' + second)[0] == 0, 'an upgrade restarts it', (first, second))
    p.send(3000)
    p.edit(DNSQR_RES_ADDRS='192.0.2.1/24')
    said = must('dpkg -i ' + m.bring(repacked(p.deb, p.here, version + '+higher2')) + ' 2>&1')
    p.check('has host bits set' in said and pid() == second and m.run('kill -0 ' + second)[0] == 0, 'a refused file: it is left alone', said)
    must(SERVICE + 'stop')
    p.recorded(p.nmsg('/var/spool/sie/archive/ch202'), 3000, 'by the init script')
    p.edit(DNSQR_RES_ADDRS=live.RESOLVERS)
    must(SERVICE + 'start')
    must('dpkg -P sie-dns-sensor')
    p.check(m.run('pgrep -x sie-dns-sensor')[0] == 1, 'dpkg -P stops it')
    p.left_over(before, 'dpkg -P without systemd')


@case
def nmsgtool(p):
    """sie-nmsgtool beside the sensor, and in the place of Debian's"""
    m = p.machine
    p.dpkg('-i ' + m.bring(p.deb, p.debs['sie-nmsgtool']))
    p.check('nmsgtool' in m.must('nmsgtool -h'), 'nmsgtool is on the PATH')
    p.dpkg('-P sie-dns-sensor')
    p.same(0, m.run('nmsgtool -h')[0], 'it works without the sensor')
    p.same('nmsgtool', field(p.debs['sie-nmsgtool'], 'Conflicts'), 'it does not stand beside the package nmsgtool')
    p.dpkg('-P sie-nmsgtool')
    p.check(m.run('nmsgtool -h')[0] != 0, 'it goes')


# (case that must see it, script or file of the package, what is there, what is put in its place)
PLANTED = [('upgrade', 'DEBIAN/postinst', 'elif sie-dns-sensor check-config "$settings" >/dev/null; then', 'elif true; then'),
           ('old_good', 'DEBIAN/preinst', 'ln -T ', 'true '),
           ('old_good', 'DEBIAN/preinst', 'rm_conffile /etc/cron.d/sie-trim-spool', 'rm_conffile /etc/cron.d/sie-trim'),
           ('old_good', 'DEBIAN/postinst', '/usr/lib/sie-dns-sensor/end-old-sensor\n', 'true\n'),
           ('old_refused', 'DEBIAN/preinst', 'invoke-rc.d sie-dns-sensor start', 'true'),
           ('old_refused', 'DEBIAN/postinst', 'ExecStop=-', 'ExecStopPost=-/bin/true '),
           ('sysv', 'DEBIAN/postinst', '|| make_folders', '|| true'),
           ('sysv', 'DEBIAN/postinst', 'invoke-rc.d sie-dns-sensor "$1"', 'true'),
           ('manual', 'DEBIAN/postrm', "deb-systemd-helper purge", 'true'),
           ('manual', 'etc/default/sie-dns-sensor', 'login="sie-username"', 'login="somebody"')]


def changed(name, good, bad):
    """a change for repacked()"""
    def change(root, _):
        path = os.path.join(root, name)
        with open(path, encoding='utf-8') as f:
            text = f.read()
        if good not in text:
            raise RuntimeError('%s has no %r to plant a fault at' % (name, good))
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text.replace(good, bad))
    return change


def run(binaries, debs, function, report):
    """a case on a machine of its own"""
    here = tempfile.mkdtemp(prefix='sie-package.')
    try:
        with live.Namespace() as space, PackageMachine(binaries, space.name, [debs['sie-dns-sensor'], debs['sie-nmsgtool']]) as machine:
            try:
                function(Place(binaries, debs, report, space, machine, here))
            except (AssertionError, RuntimeError, OSError, KeyError, ValueError, subprocess.TimeoutExpired, live.Unable) as why:
                report.check(False, function.__name__, '%s: %s\n%s' % (type(why).__name__, why, machine.journal()[-3000:]))
    finally:
        shutil.rmtree(here, ignore_errors=True)


def planted(binaries, debs, report):
    for name, file, good, bad in PLANTED:
        here = tempfile.mkdtemp(prefix='sie-planted.')
        try:
            deb = repacked(debs['sie-dns-sensor'], here, field(debs['sie-dns-sensor'], 'Version'), changed(file, good, bad))
            seen = Report('planted in %s: %s' % (file, bad.strip()))
            run(binaries, debs | {'sie-dns-sensor': deb}, next(x for x in CASES if x.__name__ == name), seen)
            report.check(seen.failures, 'planted in %s: %s: %s sees it' % (file, bad.strip(), name))
        finally:
            shutil.rmtree(here, ignore_errors=True)


def main():
    package_machine.enter()
    binaries, folder, wanted = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3:]
    unknown = set(wanted) - {x.__name__ for x in CASES} - {'planted'}
    if unknown:
        sys.exit('no such case: %s; there are %s' % (', '.join(sorted(unknown)), ', '.join([x.__name__ for x in CASES] + ['planted'])))
    debs = {field(x, 'Package'): x for x in glob.glob(os.path.join(folder, '*.deb')) if '-dbgsym_' not in x}
    if not {'sie-dns-sensor', 'sie-nmsgtool'} <= set(debs):
        sys.exit('package_lab: %s has no packages: scripts/deb makes them' % folder)
    report = Report('packages')
    try:
        if 'planted' in wanted:
            planted(binaries, debs, report)
        for function in CASES:
            if wanted and function.__name__ not in wanted:
                continue
            begun, failed = time.monotonic(), len(report.failures)
            run(binaries, debs, function, report)
            print('%-14s %5.1f s  %s' % (function.__name__, time.monotonic() - begun, 'ok' if len(report.failures) == failed else 'FAILED'), flush=True)
    except (service_lab.Unable, live.Unable) as why:
        service_lab.skip(str(why))
    report.leave()


if __name__ == '__main__':
    main()
