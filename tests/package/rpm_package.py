#!/usr/bin/python3
"""rpm_package.py [STATIC]: the spec is sound and makes an rpm with the files, flags and needs that it should have; rpmlint
has no finding without a reason. Without the folder STATIC the programs are ones that need the C library, and that this is
seen is part of the test; with it (make package-lab-rpm) nothing of the machine may be needed.
"""
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))
from programs import Report, folder, need, skip  # noqa: E402

SPEC = os.path.join(ROOT, 'packaging/rpm/sie-dns-sensor.spec')
# What may be needed: programs, and abilities of rpm that el7 has.
NEEDS = re.compile(r'^(/bin/sh|/usr/sbin/groupadd|/usr/sbin/useradd|openssh-clients|rsync|config\(sie-dns-sensor\) = \S+|rpmlib\((CompressedFileNames|FileDigests|PayloadFilesHavePrefix)\) .*)$')
SONAME = re.compile(r'\.so(\.|\(|$)|GLIBC|rtld')
FILES = {'/etc/default/sie-dns-sensor': '-rw-r--r-- cn', '/etc/rc.d/init.d/sie-dns-sensor': '-rwxr-xr-x', '/usr/bin/sie-gen-key': '-rwxr-xr-x',
         '/usr/sbin/sie-dns-sensor': '-rwxr-xr-x', '/usr/%s/sie-dns-sensor/nmsgtool': '-rwxr-xr-x', '/usr/%s/sie-dns-sensor/end-old-sensor': '-rwxr-xr-x',
         '/usr/lib/systemd/system/sie-dns-sensor.service': '-rw-r--r--', '/usr/share/man/man8/sie-dns-sensor.8.gz': '-rw-r--r-- d',
         '/usr/share/man/man5/sie-dns-sensor.conf.5.gz': '-rw-r--r-- d', '/usr/share/man/man1/sie-gen-key.1.gz': '-rw-r--r-- d',
         '/var/spool/sie': 'drwxr-xr-x', '/var/spool/sie/keys': 'drwx------'}


def output(*words):
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def make(report, programs, out):
    status, said, errors = output(os.path.join(ROOT, 'scripts/rpm'), 'programs', programs, out)
    report.check(status == 0, 'the rpm is built', said + errors)
    names = os.listdir(out) if status == 0 else []
    return os.path.join(out, names[0]) if names else None


def needs(path):
    return sorted(set(output('rpm', '-qp', '--requires', path)[1].splitlines()))


def check_scriptlets(report):
    status, spec, errors = output('rpmspec', '-P', SPEC)
    report.check(status == 0, 'rpmspec reads it', errors)
    found = re.findall(r'^%(pre|post|preun|postun|posttrans)\n(.*?)(?=^%(?:pre|post|preun|postun|posttrans|files)\b)', spec, re.M | re.S)
    report.same(['post', 'posttrans', 'postun', 'pre', 'preun'], sorted(x for x, _ in found), 'the scriptlets')
    for name, text in found:
        done = subprocess.run(['dash', '-n'], input=text, capture_output=True, text=True, check=False)
        report.check(done.returncode == 0, '%%%s is shell' % name, done.stderr)
        report.check(text.rstrip().endswith('exit 0'), '%%%s cannot keep an upgrade from its end' % name)
        if shutil.which('shellcheck'):
            done = subprocess.run(['shellcheck', '-s', 'sh', '-S', 'warning', '-'], input=text, capture_output=True, text=True, check=False)
            report.check(done.returncode == 0, 'shellcheck: %%%s' % name, done.stdout)
    with open(os.path.join(ROOT, 'VERSION'), encoding='ascii') as f:
        version = f.read().strip()
    report.same(version, output('rpmspec', '-q', '--srpm', '--qf', '%{VERSION}', SPEC)[1], 'the version is that of VERSION')


def main():
    need('rpmbuild', 'rpmspec', 'rpm', 'git', 'readelf', 'dash')
    static = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
    if output('git', 'rev-parse', '-q', '--verify', 'HEAD')[0] != 0:
        skip('this is no clone: the rpm is made of a commit')
    if os.uname().machine != 'x86_64':
        skip('the names of folders are those of x86_64')
    report = Report('rpm package')
    check_scriptlets(report)
    with folder() as here:
        os.mkdir(here + '/bin')
        for name in ('sie-dns-sensor', 'nmsgtool', 'sie-gen-key'):
            shutil.copy('/bin/true', here + '/bin/' + name)
        path = make(report, static or here + '/bin', here + '/out')
        if path:
            listed = {}
            for line in output('rpm', '-qp', '--qf', '[%{FILENAMES} %{FILEMODES:perms} %{FILEFLAGS:fflags}\n]', path)[1].splitlines():
                name, *rest = line.split()
                listed[name] = ' '.join(rest)
            for name, wanted in FILES.items():
                name = name.replace('%s', 'lib64')
                report.same(wanted, listed.get(name), name)
            strange = [x for x in listed if not x.startswith(('/etc/default/', '/etc/rc.d/init.d/', '/usr/', '/var/spool/sie'))]
            report.same([], strange, 'no file elsewhere')
            report.check('/usr/bin/nmsgtool' not in listed and '/usr/share/man/man1/nmsgtool.1.gz' not in listed, "no file of another package's")
            wanted = [x for x in needs(path) if not NEEDS.match(x)]
            if static:
                report.same([], wanted, 'nothing of a distribution is needed, but ssh, rsync and what makes users')
                report.same([], [x for x in output('rpm', '-qp', '--provides', path)[1].splitlines() if SONAME.search(x)], 'and no library is offered')
            else:
                report.check(any(SONAME.search(x) for x in wanted), 'programs that need a C library are seen', needs(path))
                report.check(all(SONAME.search(x) for x in wanted), 'and nothing else is needed', wanted)
            if shutil.which('rpmlint'):
                status, said, errors = output('rpmlint', '--strict', '-c', os.path.join(ROOT, 'packaging/rpm/rpmlint.toml'), path, SPEC)
                found = [x for x in said.splitlines() if re.search(r': [EW]: ', x) and (static or ' E: ' not in x or 'binary' not in x)]
                report.same([], found, 'rpmlint has no finding without a reason', errors)
                report.check('has taken' in said, 'rpmlint has looked', said + errors)
            # The same programs, the same package: no time, no host, no path.
            again = make(report, static or here + '/bin', here + '/again')
            if again:
                with open(path, 'rb') as one, open(again, 'rb') as two:
                    report.check(one.read() == two.read(), 'twice the same octets')
    report.leave()


if __name__ == '__main__':
    main()
