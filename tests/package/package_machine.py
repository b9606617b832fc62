"""The machine of the package tests: a clean Debian that boots again with what was installed in it.

The image holds what the package depends on, since the machine has no network, and nothing of ours. The tree is an overlay
over it, in memory and in a mount namespace of the test's own (enter()), so that nothing is left behind.
"""
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# bench before tests/e2e: each has a live.py.
sys.path[:0] = [os.path.join(ROOT, x) for x in ('tests/service', 'bench', 'tests/e2e')]
import service_lab  # noqa: E402
from service_lab import Unable, until  # noqa: E402

# What stands on a machine beside the package: an init system, a syslog, a time zone, the collector's side of uploads.
PACKAGES = ['systemd', 'systemd-sysv', 'dbus', 'iproute2', 'procps', 'rsyslog', 'openssh-server', 'rsync', 'libc-bin']
RESTART = 133  # EXIT_FORCE_RESTART of systemd
# Of a file list: what is not the package's, or of a moment, or of a log.
PASSING = re.compile(r'^/(proc|sys|dev|run|tmp|var/tmp|var/log|var/cache|var/lib/systemd/(timers|timesync|coredump|catalog|random-seed)|var/lib/rsyslog|'
                     r'var/lib/dpkg/(status-old|available-old|lock|diversions-old|statoverride-old|triggers/Lock|updates)|etc/(passwd|group|shadow|gshadow)-|'
                     r'etc/machine-id|var/lib/dbus|var/lib/ucf|root/)')


def enter():
    """again, in a mount namespace of its own"""
    if os.geteuid() != 0:
        service_lab.skip('a machine needs root')
    if not shutil.which('unshare'):
        service_lab.skip('unshare is not installed')
    if os.environ.get('SIE_IN_NAMESPACE') != '1':
        os.environ['SIE_IN_NAMESPACE'] = '1'
        os.execvp('unshare', ['unshare', '--mount', '--propagation', 'private', sys.executable, '-B', *sys.argv])


def field(deb, name):
    return subprocess.run(['dpkg-deb', '-f', deb, name], capture_output=True, text=True, check=True).stdout.strip()


def dependencies(debs):
    """the packages that these ask for, the first one of each alternative"""
    found = set()
    for deb in debs:
        for name in ('Depends', 'Pre-Depends'):
            for entry in filter(None, field(deb, name).split(',')):
                found.add(re.match(r'\s*([a-z0-9][a-z0-9+.-]*)', entry)[1])
    return sorted(found - {field(deb, 'Package') for deb in debs})


class PackageMachine(service_lab.Machine):
    overlay = []

    def __init__(self, binaries, network, debs):
        super().__init__(binaries, network)
        self.debs, self.architecture = debs, field(debs[0], 'Architecture')

    def make_image(self):
        own = subprocess.run(['dpkg', '--print-architecture'], capture_output=True, text=True, check=True).stdout.strip()
        return service_lab.image(PACKAGES + dependencies(self.debs), None if self.architecture == own else self.architecture)

    def make_tree(self, undo):
        base = tempfile.mkdtemp(prefix='tree.', dir=service_lab.CACHE)
        undo.callback(shutil.rmtree, base, ignore_errors=True)
        self.mount(undo, base, '-t', 'tmpfs', '-o', 'mode=755,size=2g', 'tmpfs')
        upper, work, root = (os.path.join(base, x) for x in ('upper', 'work', 'root'))
        for folder in upper, work, root:
            os.mkdir(folder, 0o755)
        self.mount(undo, root, '-t', 'overlay', '-o', 'lowerdir=%s,upperdir=%s,workdir=%s' % (self.image, upper, work), 'overlay')
        return root

    @staticmethod
    def mount(undo, place, *arguments):
        done = subprocess.run(['mount', *arguments, place], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Unable('mount %s: %s' % (' '.join(arguments), done.stderr.strip()))
        undo.callback(subprocess.run, ['umount', '--lazy', place], check=False)

    def reboot(self):
        """as its own `reboot` does it; returns when it is up again"""
        with contextlib.suppress(AssertionError):
            self.run('systemctl reboot')
        # nspawn, which keeps no unit here, ends with the word for `begin me again`.
        until(lambda: self.nspawn.poll() is not None, 'the machine goes down', service_lab.BOOT_PATIENCE, 0.1)
        if self.nspawn.returncode != RESTART:
            raise AssertionError('the machine ended with status %s and not to begin again' % self.nspawn.returncode)
        self.console.close()
        self.cursor = None
        self.boot()

    def bring(self, *debs):
        """copies packages into /root; their paths there"""
        for deb in debs:
            with open(deb, 'rb') as f:
                self.put('/root/' + os.path.basename(deb), f.read())
        return ' '.join('/root/' + os.path.basename(x) for x in debs)

    def all_files(self):
        """{path: kind, mode and owner} of what could have been installed"""
        listed = self.must("find / -xdev -printf '%p\\t%y %m %u:%g\\n'", 120)
        rows = (x.split('\t') for x in listed.splitlines() if '\t' in x)
        return {path: what for path, what in rows if not PASSING.match(path)}


def repacked(deb, folder, version, change=None):
    """the same package under another version; change(root of its files, folder of its scripts)"""
    root = tempfile.mkdtemp(prefix='repacked.', dir=folder)
    control = os.path.join(root, 'DEBIAN')
    subprocess.run(['dpkg-deb', '-R', deb, os.path.join(root, 'p')], check=True)
    root, control = os.path.join(root, 'p'), os.path.join(root, 'p', 'DEBIAN')
    with open(os.path.join(control, 'control'), encoding='utf-8') as f:
        text = f.read()
    with open(os.path.join(control, 'control'), 'w', encoding='utf-8') as f:
        f.write(re.sub(r'^Version: .*$', 'Version: ' + version, text, flags=re.M))
    if change:
        change(root, control)
    return packed(root, folder, field(deb, 'Package'), version, field(deb, 'Architecture'))


def packed(root, folder, name, version, architecture):
    path = os.path.join(folder, '%s_%s_%s.deb' % (name, version, architecture))
    subprocess.run(['dpkg-deb', '--root-owner-group', '-Zgzip', '-z1', '-b', root, path], check=True, capture_output=True)
    return path
