#!/usr/bin/python3
"""freebsd.py BINARIES: Makefile.freebsd, by bmake: where its files go, that an edited dns-cache stays, what uninstall leaves;
the rc.d script finds there what it names, and the sensor finds no fault in the file.

The programs are those of this machine; that they run on FreeBSD is not shown here. `pw` is a stand-in.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))
from programs import Report, folder, need  # noqa: E402

WANTED = {'usr/local/sbin/sie-dns-sensor': 0o755, 'usr/local/bin/sie-gen-key': 0o755, 'usr/local/lib/sie/nmsgtool': 0o755,
          'usr/local/etc/rc.d/sie_dns_sensor': 0o755, 'usr/local/etc/sie/dns-cache': 0o644, 'usr/local/etc/sie/dns-cache.sample': 0o644,
          'usr/local/share/man/man8/sie-dns-sensor.8': 0o644, 'usr/local/share/man/man5/sie-dns-sensor.conf.5': 0o644,
          'usr/local/share/man/man1/sie-gen-key.1': 0o644, 'usr/local/share/doc/sie-dns-sensor/LICENSE': 0o644,
          'usr/local/share/doc/sie-dns-sensor/README.md': 0o644, 'usr/local/share/doc/sie-dns-sensor/CHANGELOG.md': 0o644,
          'usr/local/share/doc/sie-dns-sensor/operations.md': 0o644, 'usr/local/share/doc/sie-dns-sensor/settings.md': 0o644,
          'usr/local/share/doc/sie-dns-sensor/drop-reasons.md': 0o644}


def files(root):
    found = {}
    for place, _, names in os.walk(root):
        for name in names:
            path = os.path.join(place, name)
            found[os.path.relpath(path, root)] = os.stat(path).st_mode & 0o7777
    return found


def main():
    binaries = os.path.abspath(sys.argv[1])
    need('bmake')
    report = Report('freebsd')

    def make(*words, env=None):
        done = subprocess.run(['bmake', '-f', 'Makefile.freebsd', *words], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120, check=False, env=os.environ | (env or {}), umask=0o022)
        return done.returncode, done.stdout

    with folder() as here:
        root, settings = os.path.join(here, 'a root'), os.path.join(here, 'a root', 'usr/local/etc/sie/dns-cache')
        status, said = make('install', 'DESTDIR=' + root, 'PROGRAMS=' + here)
        report.check(status != 0 and 'is not built' in said and not os.path.exists(root), 'nothing is installed where nothing is built', said)
        status, said = make('install', 'DESTDIR=' + root, 'PROGRAMS=' + binaries)
        report.check(status == 0, 'install', said)
        report.same(sorted(WANTED.items()), sorted(files(root).items()), 'the files, and their modes')
        with open(os.path.join(root, 'usr/local/etc/rc.d/sie_dns_sensor'), encoding='utf-8') as f:
            script = f.read()
        for path in re.findall(r'/usr/local/[^\s":}]+', script):
            report.check(os.path.exists(root + path), 'the rc.d script names what is there: ' + path)
        report.check('/usr/local/etc/sie/dns-cache' in script, 'the rc.d script takes dns-cache')
        done = subprocess.run([os.path.join(root, 'usr/local/sbin/sie-dns-sensor'), 'check-config', settings], capture_output=True, text=True, check=False)
        report.check(done.returncode == 0, 'the sensor finds no fault in dns-cache', done.stderr)
        with open(settings, encoding='utf-8') as f:
            text = f.read()
        report.check('check-config /usr/local/etc/sie/dns-cache\n' in text and '/etc/default' not in text, 'dns-cache names itself')
        with open(settings, 'a', encoding='utf-8') as f:
            f.write('# of the operator\n')
        status, said = make('install', 'DESTDIR=' + root, 'PROGRAMS=' + binaries)
        with open(settings, encoding='utf-8') as f:
            report.check(status == 0 and f.read() == text + '# of the operator\n', 'install again: an edited dns-cache stays', said)
        status, said = make('uninstall', 'DESTDIR=' + root)
        report.same(['usr/local/etc/sie/dns-cache'], sorted(files(root)), 'uninstall leaves dns-cache alone', said)

        # User and folders, with stand-ins that note what they were asked.
        log = os.path.join(here, 'log')
        for name, status in (('pw', '[ "${1#*show}" = "$1" ]'), ('install', 'true')):
            path = os.path.join(here, name)
            with open(path, 'w', encoding='utf-8') as f:
                f.write('#!/bin/sh\necho "%s $*" >>"%s"\n%s\n' % (name, log, status))
            os.chmod(path, 0o755)
        status, said = make('install-user', env={'PATH': here + ':' + os.environ['PATH']})
        with open(log, encoding='utf-8') as f:
            asked = f.read()
        report.check(status == 0 and 'pw useradd sie-dns-sensor -g sie-dns-sensor -d /var/spool/sie' in asked, 'the user is made', said + asked)
        report.check(asked.index('groupadd') < asked.index('useradd') < asked.index('install -d'), 'group, user, folders in this order', asked)
        report.check('install -d -m 0700 -o sie-dns-sensor -g sie-dns-sensor /var/spool/sie/keys' in asked, 'the keys are shut', asked)
    report.leave()


if __name__ == '__main__':
    main()
