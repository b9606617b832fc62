"""A throw-away Debian machine with a real systemd, for tests of the sensor as a service: systemd-nspawn --boot.

    with live.Namespace() as space, service_lab.Machine(binaries, space.name) as machine:
        machine.install()                             # programs, unit, user, folders; nothing is started
        machine.settings(interface='rcv0', …)         # /etc/default/sie-dns-sensor
        machine.run('systemctl start sie-dns-sensor') # (status, output)
        machine.journal()                             # what the service has said since start_of_log()

The image is built once for each set of packages, by mmdebstrap from the machine's own mirror, into build/service-lab; each
run boots it under an overlay in memory, so that it stays as it is. The machine's network is a namespace that the test
made: nothing of the host's is touched. Every wait is bounded; what is ended is ended by its number. Needs root.
"""
import contextlib
import ctypes
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CACHE = os.path.join(ROOT, 'build', 'service-lab')
UNIT = 'sie-dns-sensor'
SUITE = 'bookworm'
PACKAGES = ['systemd', 'systemd-sysv', 'dbus', 'iproute2', 'procps', 'rsync', 'openssh-client', 'openssh-server']
PROGRAMS = {'sie-dns-sensor': '/usr/sbin', 'nmsgtool': '/usr/bin', 'sie-gen-key': '/usr/bin'}
BUILD_PATIENCE, BOOT_PATIENCE, STOP_PATIENCE = 600, 60, 20
PDEATHSIG = 1


class Unable(Exception):
    """this machine cannot do it; the text says why"""


def until(holds, what, patience=20, step=0.05):
    """waits for it and gives its value; AssertionError after `patience` seconds"""
    limit = time.monotonic() + patience
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > limit:
            raise AssertionError('waited %d s in vain: %s' % (patience, what))
        time.sleep(step)


# ---- the image

def libraries(binaries):
    """the Debian packages of the libraries that the programs need"""
    files = set()
    for program in PROGRAMS:
        listed = subprocess.run(['ldd', os.path.join(binaries, program)], capture_output=True, text=True, check=False)
        if listed.returncode != 0 or 'not found' in listed.stdout:
            raise Unable('%s: %s' % (program, (listed.stdout + listed.stderr).strip()))
        files |= set(re.findall(r'(/\S+) \(0x', listed.stdout))
    found = set()
    for file in sorted(files):
        # The loader's way to it, and its real name, with and without the merged /usr.
        names = {file, os.path.realpath(file)}
        names |= {x[4:] for x in names if x.startswith('/usr/')} | {'/usr' + x for x in names if not x.startswith('/usr/')}
        owner = subprocess.run(['dpkg-query', '-S', *sorted(names)], capture_output=True, text=True, check=False).stdout
        owners = set(re.findall(r'^([a-z0-9][a-z0-9+.-]*)(?::\w+)?: ', owner, re.M))
        if not owners:
            raise Unable('%s belongs to no package' % file)
        found |= owners
    return sorted(found)


def image(packages, architecture=None):
    """the folder of the image with these packages; made where it is not there yet. architecture: another than the host's"""
    for tool in ('mmdebstrap', 'systemd-nspawn', 'nsenter', 'dpkg-query'):
        if not shutil.which(tool):
            raise Unable('%s is not installed (scripts/install-dependencies service)' % tool)
    if os.geteuid() != 0:
        raise Unable('a machine needs root')
    packages = sorted(set(packages))
    wanted = [SUITE, *packages] + ([architecture] if architecture else [])
    folder = os.path.join(CACHE, 'image-' + hashlib.sha256('\n'.join(wanted).encode()).hexdigest()[:12])
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, 'lock'), 'w', encoding='ascii') as lock:
        take(lock, BUILD_PATIENCE, 'another run builds the image')
        if not os.path.isdir(folder):
            build(folder, packages, architecture)
    return folder


def other_architecture(architecture):
    """arguments of mmdebstrap: the main archive alone, since the security archive's list of i386 has been seen damaged"""
    targets = subprocess.run(['apt-get', 'indextargets', '--format', '$(REPO_URI)', 'Codename: ' + SUITE], capture_output=True, text=True, check=False)
    mirrors = sorted(set(targets.stdout.split()))
    if not mirrors:
        raise Unable('apt knows no mirror of %s here' % SUITE)
    if not shutil.which('arch-test') or subprocess.run(['arch-test', '-n', architecture], capture_output=True, check=False).returncode != 0:
        raise Unable('this machine does not run programs for %s, or arch-test is not installed (scripts/install-dependencies deb)' % architecture)
    return ['--architectures=' + architecture], ['deb %s %s main' % (mirrors[0], SUITE)]


def build(folder, packages, architecture=None):
    options, sources = other_architecture(architecture) if architecture else ([], [])
    print('service lab: building %s, once' % os.path.relpath(folder, ROOT), flush=True)
    part = folder + '.part'
    shutil.rmtree(part, ignore_errors=True)
    try:
        made = subprocess.run(['mmdebstrap', '--variant=minbase', *options, '--include=' + ','.join(packages),
                               # No daemon but those that a test starts.
                               '--customize-hook=chroot "$1" systemctl disable ssh.service rsync.service || true', SUITE, part, *sources],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BUILD_PATIENCE, check=False)
    except subprocess.TimeoutExpired as late:
        raise Unable('mmdebstrap did not end within %d s' % BUILD_PATIENCE) from late
    if made.returncode != 0:
        shutil.rmtree(part, ignore_errors=True)
        raise Unable('mmdebstrap: ' + made.stderr[-1500:])
    os.rename(part, folder)


def take(lock, patience, what):
    limit = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            if time.monotonic() > limit:
                raise Unable(what) from held
            time.sleep(0.2)


# ---- the machine

def die_with_parent():
    ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGTERM)


class Machine:
    # What it writes is gone at its end, and when it boots again.
    overlay = ['--volatile=overlay']
    # What runs in it, as arguments of nspawn, and the name of its first process; any, if there is none.
    runs = ['--boot', '--system-call-filter=adjtimex clock_adjtime']
    first = 'systemd'

    def __init__(self, binaries, network):
        """network: the name of a network namespace (ip netns), which is the machine's"""
        self.binaries, self.network, self.leader, self.nspawn = os.path.abspath(binaries), network, None, None
        self.cursor = None

    def make_image(self):
        return image(PACKAGES + libraries(self.binaries))

    def make_tree(self, _undo):
        """the folder from which it boots"""
        return self.image

    def __enter__(self):
        self.image = self.make_image()
        with contextlib.ExitStack() as undo:
            # One machine at a time on one tree.
            self.lock = undo.enter_context(open(self.image + '.lock', 'w', encoding='ascii'))
            take(self.lock, BUILD_PATIENCE, 'another machine runs on the image')
            self.tree = self.make_tree(undo)
            undo.callback(self.halt)
            self.boot()
            self.undo = undo.pop_all()
        return self

    def __exit__(self, *_):
        self.undo.close()

    def boot(self):
        self.console = open(os.path.join(CACHE, 'console.log'), 'wb')
        self.nspawn = subprocess.Popen(['systemd-nspawn', '--register=no', '--keep-unit', '-q', '-D', self.tree, '--machine=sie-lab', '--console=pipe',
                                        '--network-namespace-path=/run/netns/' + self.network, *self.overlay, '--link-journal=no', *self.runs],
                                       stdin=subprocess.DEVNULL, stdout=self.console, stderr=self.console, preexec_fn=die_with_parent)
        self.leader = until(self.find_leader, 'systemd-nspawn starts a process', BOOT_PATIENCE)
        until(self.is_up, 'the machine is up', BOOT_PATIENCE, 0.2)

    def is_up(self):
        return self.run('systemctl is-system-running')[1].strip() in ('running', 'degraded')

    def find_leader(self):
        if self.nspawn.poll() is not None:
            with open(self.console.name, encoding='utf-8', errors='replace') as f:
                raise Unable('systemd-nspawn ended: ' + f.read()[-1500:])
        with open('/proc/%d/task/%d/children' % (self.nspawn.pid, self.nspawn.pid), encoding='ascii') as f:
            children = f.read().split()
        # At first there is a child that only sets things up.
        for child in children:
            with contextlib.suppress(OSError), open('/proc/%s/status' % child, encoding='ascii') as f:
                status = f.read()
                if re.search(r'^NSpid:.*\t1$', status, re.M) and (self.first is None or '\nName:\t%s\n' % self.first in '\n' + status):
                    return int(child)
        return None

    def halt(self):
        if self.nspawn is None:
            return
        # TERM asks for a clean halt; the second one does not wait for it.
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            if self.nspawn.poll() is not None:
                break
            self.nspawn.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.nspawn.wait(STOP_PATIENCE)
        self.nspawn = None
        self.console.close()

    # -- inside

    def run(self, command, timeout=60):
        """(status, output and errors) of a shell command in the machine"""
        try:
            done = subprocess.run(['nsenter', '-t', str(self.leader), '-a', '/bin/sh', '-c', command], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False, cwd='/',
                                  env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C.UTF-8', 'SYSTEMD_COLORS': '0', 'SYSTEMD_PAGER': ''})
        except subprocess.TimeoutExpired as late:
            raise AssertionError('not done within %d s: %s' % (timeout, command)) from late
        return done.returncode, done.stdout.decode(errors='replace')

    def must(self, command, timeout=60):
        status, said = self.run(command, timeout)
        if status != 0:
            raise AssertionError('status %d: %s\n%s' % (status, command, said))
        return said

    def path(self, inside):
        """where the host sees a file of the machine"""
        return '/proc/%d/root%s' % (self.leader, inside)

    def put(self, inside, text, mode=0o644):
        with open(self.path(inside), 'wb') as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(self.path(inside), mode)

    def install(self):
        """what a package would: programs, unit, user, folders"""
        for program, place in PROGRAMS.items():
            shutil.copy(os.path.join(self.binaries, program), self.path('%s/%s' % (place, program)))
        for name, place in (('sie-dns-sensor.service', '/lib/systemd/system/sie-dns-sensor.service'),
                            ('sie-dns-sensor.sysusers', '/usr/lib/sysusers.d/sie-dns-sensor.conf'),
                            ('sie-dns-sensor.tmpfiles', '/usr/lib/tmpfiles.d/sie-dns-sensor.conf')):
            with open(os.path.join(ROOT, 'deploy', 'systemd', name), 'rb') as f:
                self.put(place, f.read())
        self.must('systemd-sysusers sie-dns-sensor.conf && systemd-tmpfiles --create sie-dns-sensor.conf && systemctl daemon-reload')

    def settings(self, **values):
        self.put('/etc/default/sie-dns-sensor', ''.join('%s="%s"\n' % x for x in values.items()))

    # -- the service

    def show(self, *properties):
        """{property: value} of the unit"""
        said = self.must('systemctl show %s %s' % (UNIT, ' '.join('-p ' + p for p in properties)))
        return dict(line.split('=', 1) for line in said.splitlines() if '=' in line)

    def state(self):
        return self.show('ActiveState')['ActiveState']

    def main_pid(self):
        """as the machine counts; 0: none"""
        return int(self.show('MainPID')['MainPID'])

    def processes(self):
        """{pid: (parent, state)} of the unit, as the machine counts"""
        listed = self.run('systemctl show %s -p ControlGroup --value' % UNIT)[1].strip()
        pids = self.run('cat /sys/fs/cgroup%s/cgroup.procs /sys/fs/cgroup/systemd%s/cgroup.procs 2>/dev/null' % (listed, listed))[1].split() if listed else []
        found = {}
        for pid in {int(x) for x in pids}:
            row = self.run('ps -o ppid=,stat= -p %d' % pid)[1].split()
            if len(row) == 2:
                found[pid] = (int(row[0]), row[1])
        return found

    def start_of_log(self):
        """from here on journal() tells"""
        said = self.must('journalctl -q -n 1 --show-cursor -o cat | tail -n 1')
        self.cursor = said.split('cursor: ')[1].strip()

    def journal(self, *fields):
        """lines of the service since start_of_log(); with fields, dicts of them"""
        self.must('journalctl --sync')
        after = "--after-cursor='%s'" % self.cursor if self.cursor else ''
        return self.must('journalctl -q --no-pager -o %s -u %s %s' % ('json --output-fields=' + ','.join(fields) if fields else 'cat', UNIT, after))

    def files(self, folders=('new', 'waiting', 'archive'), channel='ch202'):
        """finished files of the spool, as the host sees them, each name once"""
        found = {}
        for name in folders:
            folder = self.path('/var/spool/sie/%s/%s' % (name, channel))
            if os.path.isdir(folder):
                found.update({x: os.path.join(folder, x) for x in os.listdir(folder) if x.endswith('.nmsg') and not x.startswith('.')})
        return [found[x] for x in sorted(found)]


def skip(reason):
    required = os.environ.get('REQUIRE_ALL') == '1'
    print('%s: %s' % ('FAILED, REQUIRE_ALL=1 and it cannot run' if required else 'SKIPPED', reason))
    sys.exit(1 if required else 77)
