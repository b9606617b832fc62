#!/usr/bin/python3
"""check_debian.py TREE [--planted]: debian/ says what the rest of the tree says: version, soname, packages to build with, the
placeholders by which a machine is known as unconfigured. --planted: each fault made for it is found.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

OLD_VERSION = '0.11.2-1'  # the last one of the old package


def text_of(root, name):
    with open(os.path.join(root, name), encoding='utf-8') as f:
        return f.read()


def greater(version, than):
    return subprocess.run(['dpkg', '--compare-versions', version, 'gt', than], check=False).returncode == 0


def faults_of(root):
    faults = []
    version = text_of(root, 'VERSION').strip()
    first = re.match(r'sie-dns-sensor \((\S+)\) \S+; urgency=\w+\n', text_of(root, 'debian/changelog'))
    if not first or first[1] != version:
        faults.append('debian/changelog begins with version %s, VERSION says %s' % (first and first[1], version))
    if not re.search(r'^## %s\b' % re.escape(version), text_of(root, 'CHANGELOG.md'), re.M):
        faults.append('CHANGELOG.md has no section of version %s' % version)
    if shutil.which('dpkg') and not greater(version, OLD_VERSION):
        faults.append('version %s is no upgrade from %s' % (version, OLD_VERSION))

    control = text_of(root, 'debian/control')
    soname = re.search(r'set\(SIE_NMSG_SOVERSION (\d+)\)', text_of(root, 'src/sie-nmsg/CMakeLists.txt'))[1]
    for name in ('Package: libsie-nmsg%s\n', ' libsie-nmsg%s (= ${binary:Version}),\n'):
        if name % soname not in control:
            faults.append('debian/control has no line %r, which the soname asks for' % (name % soname))
    if not os.path.exists(os.path.join(root, 'debian/libsie-nmsg%s.install' % soname)):
        faults.append('debian/libsie-nmsg%s.install does not exist' % soname)

    wanted = set(re.search(r'^build_packages=\((.*?)\)', text_of(root, 'scripts/install-dependencies'), re.M | re.S)[1].split())
    listed = re.search(r'^Build-Depends:\n((?: .*\n)*)', control, re.M)[1]
    asked = {x for x in re.findall(r'^ ([a-z0-9.+-]+)', listed, re.M)}
    # Build-essential; debhelper, for packages alone; ISA-L, for two architectures alone, is added elsewhere.
    if wanted - {'g++'} != asked - {'debhelper-compat', 'libisal-dev'}:
        faults.append('debian/control and scripts/install-dependencies differ in what is built with: %s' % sorted((wanted - {'g++'}) ^ (asked - {'debhelper-compat', 'libisal-dev'})))

    shipped = text_of(root, 'examples/sie-dns-sensor.conf')
    for line in ('login="sie-username"', 'DNSQR_RES_ADDRS="192.0.2.1, 2001:db8::1"'):
        if not re.search('^%s$' % re.escape(line), shipped, re.M):
            faults.append('examples/sie-dns-sensor.conf, the shipped settings, has no line %s' % line)
    if 'rm_conffile /etc/cron.d/sie-trim-spool %s~' % '1.0.0' not in text_of(root, 'debian/sie-dns-sensor.maintscript'):
        faults.append('debian/sie-dns-sensor.maintscript does not remove the cron job of the old package')
    return faults


PLANTED = [('debian/changelog', '(1.0.0)', '(1.0.1)'), ('VERSION', '1.0.0', '0.11.2'), ('debian/control', 'Package: libsie-nmsg1', 'Package: libsie-nmsg2'),
           ('src/sie-nmsg/CMakeLists.txt', 'SIE_NMSG_SOVERSION 1', 'SIE_NMSG_SOVERSION 2'), ('debian/control', ' libpsl-dev,\n', ''),
           ('scripts/install-dependencies', 'libpcap-dev ', ''), ('examples/sie-dns-sensor.conf', '"sie-username"', '"username"'),
           ('CHANGELOG.md', '## 1.0.0', '## 1.0'), ('debian/sie-dns-sensor.maintscript', 'cron.d', 'cron')]


def planted(root):
    missed = []
    for name, good, bad in PLANTED:
        with tempfile.TemporaryDirectory(prefix='sie-debian.') as here:
            for part in ('VERSION', 'CHANGELOG.md', 'scripts/install-dependencies', 'examples/sie-dns-sensor.conf', 'src/sie-nmsg/CMakeLists.txt'):
                os.makedirs(os.path.join(here, os.path.dirname(part)), exist_ok=True)
                shutil.copy(os.path.join(root, part), os.path.join(here, part))
            shutil.copytree(os.path.join(root, 'debian'), os.path.join(here, 'debian'))
            text = text_of(here, name)
            version = text_of(root, 'VERSION').strip()
            good, bad = good.replace('1.0.0', version), bad.replace('1.0.0', version)
            assert good in text, (name, good)
            with open(os.path.join(here, name), 'w', encoding='utf-8') as f:
                f.write(text.replace(good, bad, 1))
            if not faults_of(here):
                missed.append('planted in %s: %r: nobody saw it' % (name, bad))
    return missed


def main():
    root = os.path.abspath(sys.argv[1])
    faults = planted(root) if '--planted' in sys.argv else faults_of(root)
    for fault in faults:
        print('FAILED debian: ' + fault)
    if not faults:
        print('the planted faults are seen' if '--planted' in sys.argv else 'debian/ says what the tree says')
    sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
