#!/usr/bin/python3
"""unit.py: the shipped unit is sound to systemd-analyze, as closed as promised, and names what the other files make."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))
from programs import Report, need  # noqa: E402

UNIT = 'sie-dns-sensor.service'
MOST_EXPOSURE = 2.0


def text_of(name):
    with open(os.path.join(ROOT, 'deploy', 'systemd', name), encoding='utf-8') as f:
        return f.read()


def analyze(words, unit_text):
    """(status, output) of systemd-analyze for a unit whose program is there"""
    with tempfile.TemporaryDirectory(prefix='sie-unit.') as here:
        path = os.path.join(here, UNIT)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(unit_text.replace('/usr/sbin/sie-dns-sensor', '/bin/true'))
        done = subprocess.run(['systemd-analyze', *words, path], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def exposure(unit_text):
    found = re.search(r'Overall exposure level for \S+: ([0-9.]+)', analyze(['security', '--offline=yes'], unit_text)[1])
    return float(found[1]) if found else 10.0


def values(unit_text, name):
    return re.findall(r'^%s=(.*)$' % name, unit_text, re.M)


def main():
    need('systemd-analyze')
    report, unit = Report('unit'), text_of(UNIT)
    status, said = analyze(['verify', '--man=no', '--recursive-errors=no'], unit)
    report.check(status == 0 and UNIT not in said, 'systemd-analyze verify finds nothing', said)
    _, said = analyze(['verify', '--man=no', '--recursive-errors=no'], unit.replace('KillMode=', 'KillMood='))
    report.check('KillMood' in said, 'a misspelt line is seen', said)
    report.check(exposure(unit) <= MOST_EXPOSURE, 'the exposure is at most %s' % MOST_EXPOSURE, exposure(unit))
    report.check(exposure(unit.replace('ProtectSystem=strict\n', '')) > MOST_EXPOSURE, 'one line less is seen')
    # What must be allowed: the state of the clock.
    report.same([], values(unit, 'ProtectClock'), 'adjtimex is allowed: no ProtectClock')
    report.check('adjtimex clock_adjtime' in values(unit, 'SystemCallFilter')[0], 'adjtimex is allowed: the filter')
    report.same([], values(unit, 'LimitAS'), 'memory_ulimit_kbytes is not overruled')
    user = values(unit, 'User')[0]
    report.check(re.search(r'^u %s ' % user, text_of('sie-dns-sensor.sysusers'), re.M), 'sysusers makes the user')
    folders = re.findall(r'^d (\S+) +(\d+) (\S+) (\S+) -$', text_of('sie-dns-sensor.tmpfiles'), re.M)
    report.same([('/var/spool/sie', '0755'), *[('/var/spool/sie/' + x, '0755') for x in ('new', 'waiting', 'archive')], ('/var/spool/sie/keys', '0700')],
                [x[:2] for x in folders], 'tmpfiles makes the spool')
    report.same({(user, user)}, {x[2:] for x in folders}, 'and gives it to the user')
    report.check('-/var/spool/sie ' in values(unit, 'ReadWritePaths')[0], 'the spool may be written')
    if shutil.which('systemd-tmpfiles') and os.geteuid() == 0:
        with tempfile.TemporaryDirectory(prefix='sie-unit.') as root:
            os.makedirs(os.path.join(root, 'etc'))
            for tool, name in (('systemd-sysusers', 'sie-dns-sensor.sysusers'), ('systemd-tmpfiles', 'sie-dns-sensor.tmpfiles')):
                more = ['--create'] if tool == 'systemd-tmpfiles' else []
                done = subprocess.run([tool, '--root=' + root, *more, os.path.join(ROOT, 'deploy', 'systemd', name)],
                                      capture_output=True, text=True, timeout=60, check=False)
                report.check(done.returncode == 0 and not done.stderr.strip().startswith('/'), tool + ' takes its file', done.stderr)
            keys = os.stat(os.path.join(root, 'var/spool/sie/keys'))
            with open(os.path.join(root, 'etc/passwd'), encoding='utf-8') as f:
                entry = next(x for x in f.read().splitlines() if x.startswith(user + ':')).split(':')
            report.same((0o40700, int(entry[2])), (keys.st_mode, keys.st_uid), 'keys are shut, and of the user')
            report.same(['/var/spool/sie', '/usr/sbin/nologin'], entry[5:], 'home and shell of the user')
    report.leave()


if __name__ == '__main__':
    main()
