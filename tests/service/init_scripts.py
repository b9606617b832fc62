#!/usr/bin/python3
"""init_scripts.py: deploy/sysv and deploy/freebsd start, stop, reload and tell the status of a stand-in by the rules of
LSB and rc(8); a file that the sensor refuses touches nothing that runs. [--planted]: faults made in the scripts are seen.

The scripts are copied with the paths at their top replaced; the stand-in is stand_in.py. Runs as any user; the FreeBSD
script runs on rc.subr of this folder, which has of the real one what the script uses.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import stand_in

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))
from programs import Report, skip  # noqa: E402

PATIENCE = 40


class Place:
    """a script that was copied, with its stand-in, its settings and its pid file in a folder of its own"""

    def __init__(self, here, script, replaced):
        self.config, self.log, self.pid_file = (os.path.join(here, x) for x in ('config', 'log', 'pid'))
        self.program, self.script = os.path.join(here, 'sie-dns-sensor'), os.path.join(here, 'script')
        stand_in.write(self.program, self.log)
        with open(os.path.join(ROOT, script), encoding='utf-8') as f:
            text = f.read()
        for pattern, value in replaced(self, here):
            text, times = re.subn(pattern, value, text, flags=re.M)
            assert times == 1, (script, pattern, times)
        with open(self.script, 'w', encoding='utf-8') as f:
            f.write(text)
        self.env = {'PATH': os.environ['PATH'], 'RC_CONF': os.path.join(here, 'rc.conf')}
        self.settings('interface=lo')
        self.rc_conf('sie_dns_sensor_enable=YES\n')

    def settings(self, text):
        with open(self.config, 'w', encoding='utf-8') as f:
            f.write(text + '\n')

    def rc_conf(self, text):
        with open(self.env['RC_CONF'], 'w', encoding='utf-8') as f:
            f.write(text + 'sie_dns_sensor_config="%s"\n' % self.config)

    def run(self, verb):
        """(status, output and errors)"""
        done = subprocess.run(['sh', self.script, verb], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
        return done.returncode, done.stdout

    def pid(self):
        try:
            with open(self.pid_file, encoding='ascii') as f:
                return int(f.read())
        except (OSError, ValueError):
            return None

    def runs(self):
        return self.pid() is not None and os.path.exists('/proc/%d' % self.pid())

    def calls(self, word):
        if not os.path.exists(self.log):
            return 0
        with open(self.log, encoding='utf-8') as f:
            return sum(line.startswith(word) for line in f)

    def called(self):
        with open(self.log, encoding='utf-8') as f:
            return f.read()

    def signalled(self, times):
        limit = time.monotonic() + 5
        while self.calls('SIGHUP') < times and time.monotonic() < limit:
            time.sleep(0.02)
        return self.calls('SIGHUP') == times

    def clear(self):
        """ends what a failed case left: only a process that runs the stand-in of this folder"""
        pid = self.pid()
        if pid is None or not os.path.exists('/proc/%d/cmdline' % pid):
            return
        with open('/proc/%d/cmdline' % pid, 'rb') as f:
            if self.program.encode() in f.read():
                os.kill(pid, 9)


def sysv(here, functions='/lib/lsb/init-functions'):
    return Place(here, 'deploy/sysv/sie-dns-sensor',
                 lambda p, h: [(r'^DAEMON=.*$', 'DAEMON=' + p.program), (r'^CONFIG=.*$', 'CONFIG=' + p.config), (r'^PIDFILE=.*$', 'PIDFILE=' + p.pid_file),
                               (r'^SUBSYS=.*$', 'SUBSYS=%s/subsys' % h), (r'^FUNCTIONS=.*$', 'FUNCTIONS=' + functions)])


def freebsd(here):
    shutil.copy(os.path.join(HERE, 'rc.subr'), here)
    return Place(here, 'deploy/freebsd/sie_dns_sensor',
                 lambda p, h: [(r'^\. /etc/rc\.subr$', '. %s/rc.subr' % h), (r'^    command=.*$', '    command="%s"' % p.program),
                               (r'^    pidfile=.*$', '    pidfile="%s"' % p.pid_file)])


def expect(report, place, verb, status, what, words=''):
    got, text = place.run(verb)
    report.check(got == status and words in text, '%s: status %d%s' % (what, status, words and ', and says: ' + words), 'status %d\n%s' % (got, text))


def common(report, place, name, stopped_status, stop_when_stopped, again):
    """what both scripts must do; leaves a running sensor"""
    expect(report, place, 'status', stopped_status, name + ' status before the first start')
    expect(report, place, 'stop', stop_when_stopped, name + ' stop when not running')
    expect(report, place, 'start', 0, name + ' start')
    report.check(place.runs(), name + ' start: it runs', place.called())
    report.check('run --config %s --service --daemon --pid-file %s' % (place.config, place.pid_file) in place.called(), name + ' start: its arguments', place.called())
    report.check(place.called().startswith('check-config '), name + ' start: the file is checked first', place.called())
    expect(report, place, 'status', 0, name + ' status when running')
    first = place.pid()
    expect(report, place, 'start', again, name + ' start twice')
    report.check(place.pid() == first and place.calls('run') == 1, name + ' start twice: one sensor', place.called())
    expect(report, place, 'reload', 0, name + ' reload')
    report.check(place.signalled(1), name + ' reload: SIGHUP', place.called())
    expect(report, place, 'restart', 0, name + ' restart')
    report.check(place.runs() and place.pid() != first and place.calls('ended') == 1, name + ' restart: another one, after the first one ended', place.called())


def refused(report, place, name, status):
    """with a running sensor: a file with errors touches nothing"""
    running = place.pid()
    place.settings('refused')
    for verb in ('restart', 'reload'):
        expect(report, place, verb, status, '%s %s with a file that is refused' % (name, verb), 'F:1:1: this is refused; write that')
    report.check(place.runs() and place.pid() == running and place.calls('SIGHUP') == 1, name + ': the running sensor is left alone', place.called())
    expect(report, place, 'stop', 0, name + ' stop works with a file that is refused')
    report.check(not place.runs(), name + ' stop: it has ended')
    expect(report, place, 'start', status, name + ' start with a file that is refused', 'has errors')
    report.check(not place.runs() and place.pid() is None, name + ': and nothing runs')


def check_sysv(report, here):
    if not os.path.exists('/lib/lsb/init-functions'):
        skip('/lib/lsb/init-functions is not there (Debian: sysvinit-utils)')
    place = sysv(here)
    try:
        common(report, place, 'sysv', 3, 0, 0)
        expect(report, place, 'force-reload', 0, 'sysv force-reload when running')
        report.check(place.signalled(2), 'sysv force-reload: SIGHUP', place.called())
        os.unlink(place.log)
        refused_setup = place.run('reload')  # one SIGHUP in the new log, as refused() wants
        report.same(0, refused_setup[0], 'sysv reload again')
        report.check(place.signalled(1), 'sysv reload again: SIGHUP')
        refused(report, place, 'sysv', 6)
        expect(report, place, 'reload', 7, 'sysv reload when not running')
        place.settings('unconfigured')
        expect(report, place, 'start', 0, 'sysv start of an unconfigured sensor', 'is not configured yet')
        report.check(not place.runs(), 'sysv: it does not run then')
        # A number that is another program's by now.
        place.settings('slow')
        with subprocess.Popen(['sleep', '60']) as other:
            with open(place.pid_file, 'w', encoding='ascii') as f:
                f.write('%d\n' % other.pid)
            expect(report, place, 'status', 1, 'sysv status with a pid file that was left behind')
            expect(report, place, 'stop', 0, 'sysv stop with it')
            report.check(other.poll() is None, 'sysv stop leaves another program alone')
            report.check(not os.path.exists(place.pid_file), 'sysv stop: the pid file is gone')
            other.kill()
        for text in ('', 'x; touch /tmp/none\n', '99999999\n'):
            with open(place.pid_file, 'w', encoding='ascii') as f:
                f.write(text)
            expect(report, place, 'status', 1, 'sysv status with a pid file that holds %r' % text)
        expect(report, place, 'start', 0, 'sysv start in spite of it')
        report.check(place.runs(), 'sysv: it runs then')
        begun = time.monotonic()
        expect(report, place, 'stop', 0, 'sysv stop of one that needs a second')
        report.check(time.monotonic() - begun > 0.9 and not place.runs(), 'sysv stop waits for the end')
        place.settings('interface=lo')
        expect(report, place, 'force-reload', 0, 'sysv force-reload starts it')
        report.check(place.runs(), 'sysv: it runs then')
        expect(report, place, 'stop', 0, 'sysv stop')
        expect(report, place, 'rotate', 2, 'sysv: a verb that it does not know', 'Usage:')
        os.rename(place.config, place.config + '.away')
        for verb, status in (('start', 0), ('restart', 0), ('stop', 0), ('status', 3), ('reload', 5)):
            expect(report, place, verb, status, 'sysv %s without its file' % verb)
        os.rename(place.config + '.away', place.config)
        os.unlink(place.program)
        for verb, status in (('start', 0), ('restart', 0), ('stop', 0), ('status', 3), ('force-reload', 5)):
            expect(report, place, verb, status, 'sysv %s without the program' % verb)
        report.check(place.run('start')[1] == '', 'sysv start without the program is silent')
    finally:
        place.clear()


def check_red_hat(report, here):
    """where there are no functions of Debian's: chkconfig's header, its own words, condrestart, the file for shutdown"""
    place, mark = sysv(here, here + '/none'), os.path.join(here, 'subsys', 'sie-dns-sensor')
    os.mkdir(os.path.dirname(mark))
    with open(place.script, encoding='utf-8') as f:
        text = f.read()
    report.check(re.search(r'^# chkconfig: 2345 99 60\n# description: \S', text, re.M), 'red hat: the header of chkconfig')
    try:
        expect(report, place, 'condrestart', 0, 'red hat condrestart when not running')
        report.check(not place.runs(), 'red hat condrestart: nothing is started')
        expect(report, place, 'start', 0, 'red hat start', '[  OK  ]')
        report.check(place.runs() and os.path.exists(mark), 'red hat start: it is marked as running')
        first = place.pid()
        expect(report, place, 'condrestart', 0, 'red hat condrestart when running', '[  OK  ]')
        report.check(place.runs() and place.pid() != first, 'red hat condrestart: another one', place.called())
        first = place.pid()
        place.settings('refused')
        for verb in ('condrestart', 'try-restart'):
            expect(report, place, verb, 6, 'red hat %s with a file that is refused' % verb, '[FAILED]')
        report.check(place.runs() and place.pid() == first, 'red hat: the running sensor is left alone', place.called())
        expect(report, place, 'stop', 0, 'red hat stop')
        report.check(not place.runs() and not os.path.exists(mark), 'red hat stop: the mark is gone')
        place.settings('unconfigured')
        expect(report, place, 'start', 0, 'red hat start of an unconfigured sensor', 'is not configured yet')
        report.check(not os.path.exists(mark), 'red hat: no mark then')
    finally:
        place.clear()


def check_freebsd(report, here):
    place = freebsd(here)
    try:
        place.rc_conf('')
        expect(report, place, 'start', 1, 'freebsd start when not enabled', 'sie_dns_sensor_enable')
        expect(report, place, 'onestart', 0, 'freebsd onestart all the same')
        expect(report, place, 'onestop', 0, 'freebsd onestop')
        os.unlink(place.log)
        place.rc_conf('sie_dns_sensor_enable=YES\nsie_dns_sensor_flags="--workers 2"\n')
        common(report, place, 'freebsd', 1, 1, 1)
        report.check('--pid-file %s --workers 2\n' % place.pid_file in place.called(), 'freebsd: flags of rc.conf stand last', place.called())
        expect(report, place, 'configtest', 0, 'freebsd configtest')
        refused(report, place, 'freebsd', 1)
        expect(report, place, 'configtest', 2, 'freebsd configtest of a file with errors')
        os.unlink(place.config)
        expect(report, place, 'start', 1, 'freebsd start without its file', 'is not readable')
    finally:
        place.clear()


CHECKS = {'deploy/sysv/sie-dns-sensor': check_sysv, 'red hat': check_red_hat, 'deploy/freebsd/sie_dns_sensor': check_freebsd}

PLANTED = [('deploy/sysv/sie-dns-sensor', '    check && do_stop && do_start', '    do_stop && check && do_start'),
           ('deploy/sysv/sie-dns-sensor', '    running >/dev/null && return 0\n', ''),
           ('deploy/sysv/sie-dns-sensor', ' && [ "$comm" = "$NAME" ]', ''),
           ('deploy/sysv/sie-dns-sensor', '        sleep 0.1\n', '        tenths=0\n'),
           ('deploy/sysv/sie-dns-sensor', '            exit 3\n', '            exit 0\n'),
           ('deploy/sysv/sie-dns-sensor', 'kill -HUP "$pid"', 'true'),
           ('red hat', 'installed && running >/dev/null || exit 0', 'installed || exit 0'),
           ('red hat', '        : >"$SUBSYS/$NAME"\n', '        :\n'),
           ('deploy/freebsd/sie_dns_sensor', '    restart_precmd="sie_dns_sensor_check"\n', ''),
           ('deploy/freebsd/sie_dns_sensor', '${sie_dns_sensor_enable:=NO}', '${sie_dns_sensor_enable:=YES}'),
           ('deploy/freebsd/sie_dns_sensor', '$pidfile $sie_dns_sensor_flags"', '$pidfile"')]


def planted(report):
    """each in a copy of the scripts, all at once: they mostly wait"""
    with tempfile.TemporaryDirectory(prefix='sie-init.') as here:
        at_work = []
        for number, (script, good, bad) in enumerate(PLANTED):
            copy = os.path.join(here, str(number))
            shutil.copytree(os.path.join(ROOT, 'deploy'), os.path.join(copy, 'deploy'))
            path = os.path.join(copy, 'deploy/sysv/sie-dns-sensor' if script == 'red hat' else script)
            with open(path, encoding='utf-8') as f:
                text = f.read()
            assert text.count(good) == 1, (script, good)
            with open(path, 'w', encoding='utf-8') as f:
                f.write(text.replace(good, bad))
            at_work.append(subprocess.Popen([sys.executable, '-B', __file__, '--of', copy, script], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        for child, (script, good, bad) in zip(at_work, PLANTED):
            said, _ = child.communicate(timeout=300)
            report.check('FAILED ' in said, 'planted in %s, and nobody saw it: %s' % (script, bad or 'without ' + good), said)


def main():
    global ROOT
    report = Report('init scripts')
    if '--planted' in sys.argv:
        planted(report)
    elif '--of' in sys.argv:
        ROOT, script = sys.argv[2:4]
        with tempfile.TemporaryDirectory(prefix='sie-init.') as here:
            CHECKS[script](report, here)
    else:
        for check in CHECKS.values():
            with tempfile.TemporaryDirectory(prefix='sie-init.') as here:
                check(report, here)
    report.leave()


if __name__ == '__main__':
    main()
