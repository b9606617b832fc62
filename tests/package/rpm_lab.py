#!/usr/bin/python3
"""rpm_lab.py STATIC [CASE…]: the rpm, made of the programs of STATIC, in throw-away machines: with systemd, and without it
where the init script starts it. Installed, configured, upgraded with a sound and with a broken file, erased; and over a
stand-in of the packages before 1.0. A Debian with rpm is what there is to try it on here: no Red Hat.

As root (systemd-nspawn); the image is built once, into build/service-lab. Skipped, with a reason, where that cannot be.
"""
import contextlib
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, 'bench'), os.path.join(ROOT, 'tests', 'service'), os.path.join(ROOT, 'tests', 'e2e')]
import live  # noqa: E402
import rpm_stand_in  # noqa: E402
import service_lab  # noqa: E402
from programs import Report, folder, need, skip  # noqa: E402
from service_lab import UNIT, Unable, until  # noqa: E402

service_lab.PACKAGES += ['rpm', 'passwd', 'login']
SETTINGS = '/etc/default/sie-dns-sensor'
GOOD = 'login="x"\nchannel="ch202"\ninterface="lo"\nDNSQR_RES_ADDRS="127.0.0.1"\nupload="no"\n# of the operator\n'
BROKEN = GOOD.replace('127.0.0.1', '127.0.0.1/8')
CASES = []


def case(function):
    CASES.append(function)
    return function


class WithoutSystemd(service_lab.Machine):
    """the same tree, with nothing but a process that sleeps; no functions of Debian's for init scripts"""

    # /lib/lsb is a link's target below the merged /usr
    runs = ['--as-pid2', '/bin/sh', '-c', 'rm -rf /lib/lsb; mkdir -p /run/lock/subsys; : >/tmp/up; exec sleep 3600']
    first = None

    def is_up(self):
        return self.run('test -e /tmp/up')[0] == 0


class Lab:
    def __init__(self, report, machine, rpms, systemd):
        self.report, self.m, self.rpms, self.systemd = report, machine, rpms, systemd
        self.name = 'systemd' if systemd else 'init script'
        for name, path in rpms.items():
            shutil.copy(path, machine.path('/root/%s.rpm' % name))
        machine.must('test -e /var/lib/rpm/rpmdb.sqlite || rpm --initdb')

    def install(self, verb, name):
        status, said = self.m.run('rpm -%s --nodeps /root/%s.rpm' % (verb, name), 120)
        self.check(status == 0, 'rpm -%s %s' % (verb, name), said)
        return said

    def check(self, holds, what, detail=''):
        return self.report.check(holds, '%s: %s' % (self.name, what), detail)

    def settings(self, text):
        self.m.put(SETTINGS, text)

    def text(self, path):
        status, said = self.m.run('cat ' + path)
        return said if status == 0 else None

    def pid(self):
        """of the new sensor, or None"""
        if self.systemd:
            shown = self.m.must('systemctl show -p MainPID --value %s' % UNIT).strip()
            pid = shown if shown != '0' else ''
        else:
            pid = (self.text('/run/sie-dns-sensor.pid') or '').strip()
        return pid if pid and (self.text('/proc/%s/comm' % pid) or '').strip() == 'sie-dns-sensor' else None

    def old(self):
        """the number of a nmsgtool of the package before, or None"""
        return self.m.run('pidof nmsgtool')[1].strip() or None

    def service(self, verb):
        # What `service` runs on Red Hat.
        return self.m.run('/etc/rc.d/init.d/sie-dns-sensor ' + verb)

    def runs(self):
        with contextlib.suppress(AssertionError):
            until(self.pid, 'the sensor runs', 15, 0.2)
        return self.pid()

    def owner(self, path):
        return self.m.run('stat -c "%%U:%%G %%a" %s' % path)[1].strip()

    def enabled(self):
        return self.m.run('systemctl is-enabled sie-dns-sensor')[1].strip()

    def clean(self):
        """nothing of any package, for the next case"""
        self.m.run('rpm -e --nodeps sie-dns-sensor; pkill -9 -x nmsgtool; rm -rf /var/spool/sie %s* /etc/init.d/sie-dns-sensor /etc/rc.d /run/sie-dns-sensor* ; userdel sie-dns-sensor; groupdel sie-dns-sensor' % SETTINGS)
        if self.systemd:
            self.m.run('systemctl daemon-reload; systemctl reset-failed')
        self.m.run('find / -xdev -path /proc -prune -o -path /tmp -prune -o -path /root -prune -o -path /var/lib/rpm -prune -o -path /var/log -prune -o -path /run -prune '
                   '-o -print | sort >/tmp/before')

    def left(self):
        """paths that are there now and were not before"""
        return self.m.must('find / -xdev -path /proc -prune -o -path /tmp -prune -o -path /root -prune -o -path /var/lib/rpm -prune -o -path /var/log -prune -o -path /run -prune '
                           '-o -print | sort | comm -13 /tmp/before -').split()


@case
def fresh(lab):
    """installed: complete, starts at boot, does not run; unconfigured it says so; erased: the spool and the user stay"""
    said = lab.install('i', 'one')
    lab.check('service sie-dns-sensor start' in said and 'DNSQR_RES_ADDRS' in said, 'what to do next is said', said)
    lab.check(not lab.pid(), 'nothing is started')
    lab.check(lab.enabled() == 'enabled', 'it starts at boot', lab.enabled())
    status, said = lab.m.run('rpm -V --nodeps sie-dns-sensor')
    lab.check(status == 0, 'rpm -V finds nothing', said)
    for path, wanted in (('/var/spool/sie', 'sie-dns-sensor:sie-dns-sensor 755'), ('/var/spool/sie/keys', 'sie-dns-sensor:sie-dns-sensor 700'),
                         ('/usr/sbin/sie-dns-sensor', 'root:root 755'), (SETTINGS, 'root:root 644'), ('/usr/lib64/sie-dns-sensor/nmsgtool', 'root:root 755')):
        lab.report.same(wanted, lab.owner(path), '%s: owner and mode of %s' % (lab.name, path))
    lab.check('(static)' in lab.m.run('/usr/lib64/sie-dns-sensor/nmsgtool --version')[1], 'nmsgtool runs from its own folder')
    status, said = lab.service('start')
    lab.check(status == 0 and not lab.pid(), 'unconfigured: start succeeds and nothing runs', said)
    status, said = lab.m.run('sie-gen-key')
    lab.check(status == 0 or 'ssh-keygen' in said, 'sie-gen-key', said)
    lab.settings(GOOD)
    status, said = lab.service('start')
    lab.check(status == 0 and lab.runs(), 'configured: it starts', said)
    status, said = lab.service('status')
    lab.check(status == 0, 'status when running', said)
    if not lab.systemd:
        lab.check(lab.m.run('test -e /var/lock/subsys/sie-dns-sensor')[0] == 0, 'Red Hat would stop it at shutdown')
    lab.m.must('echo data >/var/spool/sie/waiting/kept')
    status, said = lab.m.run('rpm -e --nodeps sie-dns-sensor')
    lab.check(status == 0, 'rpm -e', said)
    lab.check(lab.m.run('pidof sie-dns-sensor')[0] != 0, 'erased: nothing runs')
    left = [x for x in lab.left() if not x.startswith('/var/spool/sie') and x != SETTINGS + '.rpmsave']
    shared = [x for x in left if x in ('/etc/rc.d', '/etc/rc.d/init.d', '/var/lib/rpm-state', '/usr/lib64', '/usr/share/licenses', '/var/lock/subsys')]
    users = [x for x in left if x.startswith(('/etc/passwd', '/etc/group', '/etc/shadow', '/etc/gshadow', '/etc/.pwd.lock', '/etc/subuid', '/etc/subgid'))]
    lab.report.same([], sorted(set(left) - set(shared) - set(users)), '%s: erased: only the spool stays, and the edited file as .rpmsave' % lab.name)
    lab.check(lab.text('/var/spool/sie/waiting/kept') == 'data\n', 'erased: files that wait stay')
    lab.check(lab.text(SETTINGS + '.rpmsave') == GOOD, 'erased: the edited file is kept as .rpmsave')
    lab.check(lab.m.run('id sie-dns-sensor')[0] == 0, 'erased: the user stays')
    lab.check(lab.enabled() != 'enabled', 'erased: nothing starts at boot')


@case
def upgrade(lab):
    """a running sensor is restarted when its file is sound, and left alone when it is not; one that does not run is not started"""
    lab.install('i', 'one')
    lab.settings(GOOD)
    lab.service('start')
    first = lab.runs()
    lab.check(first, 'it runs before the upgrade')
    lab.install('U', 'two')
    second = lab.runs()
    lab.check(second and second != first, 'upgraded: another one runs', (first, second))
    lab.check(lab.text(SETTINGS) == GOOD, 'upgraded: the edited file is kept')
    lab.settings(BROKEN)
    said = lab.install('U --oldpackage', 'one')
    lab.check(lab.pid() == second, 'upgraded with a broken file: the sensor that runs is left alone', said)
    lab.check('host bits' in said and 'left alone' in said, 'upgraded with a broken file: what is wrong is said', said)
    lab.settings(GOOD)
    lab.service('restart')
    lab.check(lab.runs() and lab.pid() != second, 'mended: restart')
    lab.service('stop')
    lab.check(not lab.pid(), 'stopped')
    lab.install('U', 'two')
    lab.check(not lab.pid(), 'upgraded: what did not run is not started')
    lab.check(lab.enabled() == 'enabled', 'upgraded: it starts at boot')
    lab.m.must('systemctl disable sie-dns-sensor')
    lab.install('U --oldpackage', 'one')
    lab.check(lab.enabled() == 'disabled', 'upgraded: what does not start at boot stays so', lab.enabled())


def from_old(lab, name, under_systemd):
    lab.install('i', name)
    lab.settings(GOOD)
    lab.m.must('echo "collector ssh-ed25519 AAAAoperator" >>/var/spool/sie/keys/known_hosts')
    lab.m.must('echo secret >/var/spool/sie/keys/upload')
    if lab.systemd and under_systemd:
        # Where systemd looks for init scripts; on Red Hat it is the same folder.
        lab.m.must('mkdir -p /etc/init.d; ln -sfn /etc/rc.d/init.d/sie-dns-sensor /etc/init.d/sie-dns-sensor; systemctl daemon-reload; systemctl start sie-dns-sensor')
    else:
        lab.m.must('/etc/rc.d/init.d/sie-dns-sensor start')
    with contextlib.suppress(AssertionError):
        until(lab.old, 'the old sensor runs', 10, 0.1)
    lab.check(lab.old(), 'the old sensor runs')


@case
def old_package(lab):
    """over the package before 1.0, which runs: its programs and cron job go, its file and its known hosts stay"""
    for name, under_systemd in (('old-0.7.3', True), ('old-0.7.3', False), ('old-0.6.16', True)):
        from_old(lab, name, under_systemd)
        said = lab.install('U', 'one')
        what = 'over ' + name
        lab.check(not lab.old() and lab.runs(), what + ': the new sensor runs, the old one has ended', said)
        lab.check(lab.text(SETTINGS) == GOOD, what + ': the edited file is kept')
        lab.check('sie-gen-key' in (lab.text(SETTINGS + '.rpmnew') or '') or lab.text(SETTINGS + '.rpmnew'), what + ': the new one lies beside it')
        lab.check('AAAAoperator' in (lab.text('/var/spool/sie/keys/known_hosts') or ''), what + ': known hosts are kept')
        lab.check(lab.text('/var/spool/sie/keys/upload') == 'secret\n', what + ': the key is kept')
        for path in ('/etc/cron.d/sie-trim-spool', '/usr/lib/sie', '/usr/bin/sie-rsync', '/usr/bin/sie-wrapsrv', '/usr/lib64/sie-dns-sensor/libnmsg.so.6'):
            lab.check(lab.m.run('test -e ' + path)[0] != 0, '%s: %s is gone' % (what, path))
        lab.check(lab.m.run('id sie-dns-sensor')[0] == 0, what + ': the user is there')
        lab.check(lab.owner('/var/spool/sie/keys').startswith('sie-dns-sensor:'), what + ': the keys belong to it', lab.owner('/var/spool/sie/keys'))
        lab.check(lab.enabled() == 'enabled', what + ': it starts at boot', lab.enabled())
        lab.check(lab.m.run('test -e /var/lib/rpm-state/sie-dns-sensor')[0] != 0, what + ': no state is left')
        lab.clean()


@case
def old_package_broken(lab):
    """over the package before 1.0 with a file that is refused: the old sensor goes on until it is mended"""
    for name, under_systemd in (('old-0.7.3', True), ('old-0.7.3', False), ('old-0.6.16', True)):
        what = 'over %s with a broken file' % name
        from_old(lab, name, under_systemd)
        lab.settings(BROKEN)
        before = lab.old()
        said = lab.install('U', 'one')
        lab.check(before and lab.old() == before, what + ': the old sensor goes on', said)
        lab.check('host bits' in said and not lab.pid(), what + ': what is wrong is said', said)
        lab.settings(GOOD)
        status, said = lab.service('restart')
        lab.check(status == 0 and lab.runs() and not lab.old(), what + ': mended, the new one runs', said)
        lab.clean()


@case
def old_systemd(lab):
    """the drop-in of docs/packages.md for a systemd without ambient capabilities: begun as root, it lowers itself and captures"""
    if not lab.systemd:
        return
    with open(os.path.join(ROOT, 'docs/packages.md'), encoding='utf-8') as f:
        drop_in = re.search(r'el7\.conf`:\n\n```\n(.*?)```', f.read(), re.S)[1]
    lab.install('i', 'one')
    lab.settings(GOOD)
    lab.m.must('mkdir -p /etc/systemd/system/%s.service.d' % UNIT)
    # As there: not known, so not heeded.
    lab.m.put('/etc/systemd/system/%s.service.d/el7.conf' % UNIT, drop_in + 'AmbientCapabilities=\n')
    lab.m.must('systemctl daemon-reload')
    status, said = lab.service('start')
    lab.check(status == 0 and lab.runs(), 'it starts', said + lab.m.run('journalctl --no-pager -n 20 -u ' + UNIT)[1])
    if lab.pid():
        shown = dict(x.split(':', 1) for x in lab.text('/proc/%s/status' % lab.pid()).splitlines())
        lab.check(shown['Uid'].split()[0] != '0' and int(shown['CapPrm'], 16) & ~0x2000 == 0, 'it has lowered itself', shown['Uid'] + shown['CapPrm'])
        lab.check(lab.m.run('test -d /var/spool/sie/new/ch202')[0] == 0, 'it writes into the spool')
    lab.m.must('systemctl stop %s; rm -r /etc/systemd/system/%s.service.d; systemctl daemon-reload' % (UNIT, UNIT))


def packages(static, here):
    """name: path"""
    found = {}
    for name, release in (('one', '1'), ('two', '2')):
        out = os.path.join(here, name)
        done = subprocess.run([os.path.join(ROOT, 'scripts/rpm'), 'programs', static, out], env=os.environ | {'SIE_RPM_RELEASE': release},
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print('FAILED rpm: %s' % (done.stdout + done.stderr))
            sys.exit(1)
        found[name] = os.path.join(out, os.listdir(out)[0])
    found['old-0.7.3'] = rpm_stand_in.build(here)
    found['old-0.6.16'] = rpm_stand_in.build(here, '0.6.16', True)
    return found


def main():
    static, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    need('rpm', 'rpmbuild', 'systemd-nspawn', 'nsenter', 'ip')
    if os.geteuid() != 0:
        skip('a machine needs root')
    report = Report('rpm')
    with folder() as here:
        rpms = packages(static, here)
        try:
            for kind, systemd in ((service_lab.Machine, True), (WithoutSystemd, False)):
                with live.Namespace() as space, kind(static, space.name) as machine:
                    lab = Lab(report, machine, rpms, systemd)
                    for function in CASES:
                        if not wanted or function.__name__ in wanted:
                            print('rpm: %s: %s' % (lab.name, function.__name__), flush=True)
                            lab.clean()
                            function(lab)
        except Unable as why:
            skip(str(why))
    report.leave()


if __name__ == '__main__':
    main()
