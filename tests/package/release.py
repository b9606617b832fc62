#!/usr/bin/python3
"""release.py: `make dist` gives the files of the commit, from two clones under other circumstances the same octets, and a
tree that is configured outside git; the version stands in VERSION, and what repeats it says the same.
"""
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))
from programs import Report, folder, need, skip  # noqa: E402

# Where a version has to be repeated: its first one of each must be that of VERSION.
REPEATED = {'CHANGELOG.md': r'^## (\S+)', 'debian/changelog': r'^sie-dns-sensor \(([^)]+)\)', 'packaging/rpm/sie-dns-sensor.spec': r'^\* .* - (\S+)-\d+$'}
# Nothing else that is built from may name it.
PLACES = ('CMakeLists.txt', 'cmake', 'scripts', 'deploy', 'packaging', 'Makefile', 'Makefile.freebsd', 'src')


def text_of(root, name):
    with open(os.path.join(root, name), encoding='utf-8', errors='replace') as f:
        return f.read()


def version_faults(root):
    found, version = [], text_of(root, 'VERSION').strip()
    if not re.fullmatch(r'\d+\.\d+\.\d+', version):
        found.append('VERSION: %r' % version)
    for name, pattern in REPEATED.items():
        if os.path.exists(os.path.join(root, name)):
            first = re.search(pattern, text_of(root, name), re.M)
            if not first or first[1] != version:
                found.append('%s says %s, VERSION says %s' % (name, first and first[1], version))
    number = re.compile(r'(?<![\d.])%s(?![\d.]*\d)' % re.escape(version))
    for place in PLACES:
        paths = [os.path.join(root, place)] if os.path.isfile(os.path.join(root, place)) else \
            [os.path.join(x, n) for x, _, names in os.walk(os.path.join(root, place)) for n in names]
        for path in paths:
            name = os.path.relpath(path, root)
            if path.endswith('.pyc'):
                continue
            for line, text in enumerate(text_of(root, name).splitlines(), 1):
                # Comments may give an example; a changelog repeats it.
                if number.search(text) and not re.match(r'\s*(#|//|\* )', text):
                    found.append('%s:%d: names the version: %s' % (name, line, text.strip()))
    return found


def main():
    need('git', 'gzip', 'cmake')
    if subprocess.run(['git', 'rev-parse', '-q', '--verify', 'HEAD'], cwd=ROOT, capture_output=True, check=False).returncode != 0:
        skip('this is no clone: the tarball is made of a commit')
    report = Report('release')
    version = text_of(ROOT, 'VERSION').strip()
    name = 'sie-dns-sensor-' + version
    with folder() as here:
        tarballs = []
        for number, (umask, zone) in enumerate(((0o022, 'UTC'), (0o077, 'Asia/Tokyo'))):
            clone = os.path.join(here, 'clone of number %d' % number)
            subprocess.run(['git', 'clone', '-q', '--no-hardlinks', ROOT, clone], check=True)
            if number:
                os.utime(os.path.join(clone, 'VERSION'), (1, 1))
                subprocess.run(['git', 'config', 'tar.umask', '0777'], cwd=clone, check=True)
            done = subprocess.run(['scripts/dist'], cwd=clone, capture_output=True, text=True, check=False, umask=umask, env=os.environ | {'TZ': zone, 'GZIP': ''})
            report.check(done.returncode == 0, 'scripts/dist', done.stdout + done.stderr)
            tarballs.append(os.path.join(clone, 'build/dist', name + '.tar.gz'))
        with open(tarballs[0], 'rb') as one, open(tarballs[1], 'rb') as two:
            report.check(one.read() == two.read(), 'two clones give the same octets')
        with tarfile.open(tarballs[0]) as tar:
            entries = tar.getmembers()
            tar.extractall(here)
        files = sorted(x.name[len(name) + 1:] for x in entries if not x.isdir())
        listed = subprocess.run(['git', 'ls-tree', '-r', '-z', '--name-only', 'HEAD'], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split('\0')
        report.same(sorted(x for x in listed if x), files, 'the files of the commit, all of them')
        report.same([], [x.name for x in entries if (x.uid, x.gid) != (0, 0)], 'all belong to root')
        report.same(1, len({x.mtime for x in entries}), 'all have the time of the commit')
        report.same([], [x.name for x in entries if x.mode & 0o022], 'none can be written by others')
        tree = os.path.join(here, name)
        report.check(os.stat(os.path.join(tree, 'scripts/build')).st_mode & stat.S_IXUSR, 'scripts can be run')
        # Only the beginning: the rest is what every test of a clone builds. Git must not find the tree around it.
        done = subprocess.run(['scripts/build', 'release', 'help'], cwd=tree, capture_output=True, text=True, check=False,
                              env=os.environ | {'GIT_DIR': os.path.join(here, 'none')})
        report.check(done.returncode == 0 and 'sie-dns-sensor' in done.stdout, 'the tree is configured outside git', done.stdout[-800:] + done.stderr[-800:])
        done = subprocess.run(['scripts/dist'], cwd=tree, capture_output=True, text=True, check=False)
        report.check(done.returncode != 0 and 'no clone' in done.stderr, 'a tarball of a tarball is refused', done.stderr)

        report.same([], version_faults(tree), 'the version stands in one place')
        for path, old, new in (('CHANGELOG.md', '## ' + version, '## 0.9.9'), ('scripts/dist', 'out=${1:-build/dist}', 'out=${1:-build/dist-%s}' % version),
                               ('packaging/rpm/sie-dns-sensor.spec', ' - %s-1' % version, ' - 0.9.9-1')):
            kept = text_of(tree, path)
            report.check(old in kept, 'nothing to plant in ' + path)
            with open(os.path.join(tree, path), 'w', encoding='utf-8') as f:
                f.write(kept.replace(old, new, 1))
            report.check(version_faults(tree), 'planted in %s, and nobody saw it' % path)
            with open(os.path.join(tree, path), 'w', encoding='utf-8') as f:
                f.write(kept)
        shutil.rmtree(tree)
    report.leave()


if __name__ == '__main__':
    main()
