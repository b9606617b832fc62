"""A real collector for the uploader's tests: sshd, rrsync and nsd in network and mount namespaces of the test's own.

A script calls enter() first: it is run again under unshare(1), so that ports, addresses, users and resolv.conf are
its own and nothing of the machine is touched. Then Collector starts an sshd, Names a DNS server; both end with the
process at the latest, since everything they start is ended by its number.
"""
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'e2e'))
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'docs'))

LOGIN = 'lab'
LAB_UID = 64999


def skip(reason):
    print('SKIPPED: ' + reason)
    sys.exit(1 if os.environ.get('REQUIRE_ALL') == '1' else 77)


OWN_PROCESSES = ['--pid', '--fork', '--kill-child', '--mount-proc']


def enter(*programs, more=()):
    """again, in namespaces; skips where that or a program is missing. more: OWN_PROCESSES, to see no others"""
    for program in ('unshare', 'ip', 'ssh', 'ssh-keygen', 'rsync', 'rrsync', 'sshd', 'nsd', *programs):
        if not shutil.which(program, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin'):
            skip('%s is not installed' % program)
    if os.geteuid() != 0:
        skip('only root makes namespaces')
    if os.environ.get('SIE_IN_NAMESPACE') != '1':
        os.environ['SIE_IN_NAMESPACE'] = '1'
        os.execvp('unshare', ['unshare', '-m', '-n', *more, sys.executable, '-B', *sys.argv])
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    os.environ['PATH'] += ':/usr/sbin:/sbin'


def own_file(here, path, text):
    """text in the place of a file of /etc, for this namespace alone"""
    made = os.path.join(here, os.path.basename(path))
    with open(made, 'w', encoding='utf-8') as f:
        f.write(text)
    os.chmod(made, 0o644)
    subprocess.run(['mount', '--bind', made, os.path.realpath(path)], check=True)
    return made


def until(holds, seconds, step=0.02):
    """waits for it; its last value"""
    end = time.monotonic() + seconds
    while True:
        value = holds()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)


def descendants(pid):
    parents = {}
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                stat = open('/proc/%s/stat' % entry, encoding='latin-1').read()
            except OSError:
                continue
            parents.setdefault(int(stat[stat.rindex(')') + 2:].split()[1]), []).append(int(entry))
    found, ends = [], [pid]
    while ends:
        for child in parents.get(ends.pop(), []):
            found.append(child)
            ends.append(child)
    return found


def command_of(pid):
    try:
        return open('/proc/%d/cmdline' % pid, 'rb').read().replace(b'\0', b' ').decode()
    except OSError:
        return ''


def kill(pids, number=signal.SIGKILL):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def keygen(path, comment='lab', kind='ed25519'):
    subprocess.run(['ssh-keygen', '-q', '-t', kind, '-N', '', '-C', comment, '-f', path], check=True)
    return open(path + '.pub', encoding='utf-8').read().strip()


class Lab:
    """folder, user, keys; what the collectors of one test share"""

    def __init__(self):
        self.here = tempfile.mkdtemp(prefix='sie-upload.')
        os.chmod(self.here, 0o755)
        users = open('/etc/passwd', encoding='utf-8').read()
        own_file(self.here, '/etc/passwd', users + '%s:*:%d:%d::%s:/bin/sh\n' % (LOGIN, LAB_UID, LAB_UID, self.here))
        own_file(self.here, '/etc/shadow', '%s:*:19000:0:99999:7:::\nroot:*:19000:0:99999:7:::\n' % LOGIN)
        os.makedirs('/run/sshd', exist_ok=True)
        self.host_key = keygen(os.path.join(self.here, 'host'))
        self.key = os.path.join(self.here, 'upload')
        self.public = keygen(self.key)
        self.knownhosts = self.file('known_hosts', '* %s\n' % ' '.join(self.host_key.split()[:2]))
        self.waiting = os.path.join(self.here, 'spool', 'waiting', 'ch202')
        os.makedirs(self.waiting)

    def file(self, name, text, mode=0o644):
        path = os.path.join(self.here, name)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def close(self):
        for path in ('/etc/passwd', '/etc/shadow'):
            subprocess.run(['umount', os.path.realpath(path)], check=True)
        shutil.rmtree(self.here, ignore_errors=True)


class Collector:
    def __init__(self, lab, name='collector', address='127.0.0.1', port=49222, command=None, home=None, lock='-no-lock'):
        self.lab, self.address, self.port = lab, address, port
        self.folder = os.path.join(lab.here, name)
        self.home = home or os.path.join(self.folder, 'home')
        self.up = os.path.join(self.home, 'up', 'ch202')
        os.makedirs(self.folder, exist_ok=True)
        os.makedirs(self.home, exist_ok=True)
        if not home:
            os.makedirs(os.path.join(self.home, 'up'), exist_ok=True)
        for path in (self.home, os.path.join(self.home, 'up')):
            if os.path.isdir(path):
                os.chown(path, LAB_UID, LAB_UID)
        self.commands = os.path.join(self.folder, 'commands')  # what was asked for, a line each
        open(self.commands, 'w', encoding='utf-8').close()
        os.chmod(self.commands, 0o666)
        keys = os.path.join(self.folder, 'keys')
        with open(keys, 'w', encoding='utf-8') as f:
            f.write('command="%s",restrict %s\n' % (
                command or 'echo $SSH_ORIGINAL_COMMAND >>%s; exec /usr/bin/rrsync -wo %s %s' % (self.commands, lock, self.home), lab.public))
        self.conf = os.path.join(self.folder, 'sshd_config')
        with open(self.conf, 'w', encoding='utf-8') as f:
            f.write('Port %d\nListenAddress %s\nHostKey %s\nPidFile none\nAuthorizedKeysFile %s\nUsePAM no\nStrictModes no\n'
                    'PasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n'
                    'LogLevel VERBOSE\n' % (port, address, os.path.join(lab.here, 'host'), keys))
        self.log = os.path.join(self.folder, 'log')
        self.process, self.halted = None, []

    def start(self):
        with open(self.log, 'a', encoding='utf-8') as log:
            self.process = subprocess.Popen(['/usr/sbin/sshd', '-D', '-e', '-f', self.conf], stderr=log, stdin=subprocess.DEVNULL)
        if not until(self.answers, 10) or self.process.poll() is not None:
            raise RuntimeError('sshd does not start: ' + open(self.log, encoding='utf-8').read())
        return self

    def answers(self):
        try:
            socket.create_connection((self.address, self.port), 1).close()
            return True
        except OSError:
            return False

    def receivers(self):
        """pids of the rsync processes at this side"""
        return [x for x in descendants(self.process.pid) if 'rsync --server' in command_of(x)] if self.process else []

    def halt(self):
        """receivers stand still, and hold their connections open"""
        self.halted += self.receivers()
        kill(self.halted, signal.SIGSTOP)

    def kill(self):
        """sshd and all that it started, at once"""
        kill(self.halted)
        self.halted = []
        if self.process:
            kill([self.process.pid, *descendants(self.process.pid)])
            self.process.wait()
            self.process = None

    def arrived(self):
        return sorted(os.listdir(self.up)) if os.path.isdir(self.up) else []

    def connections(self):
        return open(self.log, encoding='utf-8').read().count('Accepted publickey')


class Names:
    """nsd for the zone `example.`, and a resolv.conf that asks it"""

    def __init__(self, lab, records):
        self.folder = os.path.join(lab.here, 'nsd')
        os.makedirs(self.folder)
        with open(os.path.join(self.folder, 'zone'), 'w', encoding='utf-8') as f:
            f.write('$ORIGIN example.\n$TTL 60\n@ SOA ns root 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n' + records)
        conf = os.path.join(self.folder, 'conf')
        with open(conf, 'w', encoding='utf-8') as f:
            f.write('server:\n ip-address: 127.0.0.1\n username: ""\n chroot: ""\n zonesdir: "{0}"\n pidfile: "{0}/pid"\n xfrdir: "{0}"\n'
                    ' zonelistfile: "{0}/list"\n database: ""\n logfile: "{0}/log"\n'
                    'remote-control:\n control-enable: no\nzone:\n name: example.\n zonefile: zone\n'
                    'zone:\n name: broken.\n zonefile: none\n'.format(self.folder))
        self.resolv = own_file(lab.here, '/etc/resolv.conf', 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n')
        self.process = subprocess.Popen(['nsd', '-d', '-c', conf], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not until(self.answers, 10):
            raise RuntimeError('nsd does not start: ' + open(os.path.join(self.folder, 'log'), encoding='utf-8').read())

    def answers(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            s.sendto(bytes.fromhex('00010000000100000000000007') + b'example' + bytes.fromhex('0000060001'), ('127.0.0.1', 53))
            try:
                return s.recv(512)[3] & 15 == 0
            except OSError:
                return False

    def ask(self, server):
        """from now on that server is asked"""
        with open(self.resolv, 'w', encoding='utf-8') as f:
            f.write('nameserver %s\noptions timeout:1 attempts:1\n' % server)

    def close(self):
        kill([*descendants(self.process.pid), self.process.pid])
        self.process.wait()


class Uploader:
    """the driver at work; its lines are taken as they come"""

    def __init__(self, driver, lab, user=None, **settings):
        given = dict(folder=lab.waiting, channel='ch202', login=LOGIN, server='127.0.0.1', key=lab.key, knownhosts=lab.knownhosts,
                     look_ms=200, first_ms=100, longest_ms=400, connect_s=5, io_s=5)
        given.update(settings)
        self.command = [driver, *('%s=%s' % x for x in given.items())]
        if user:
            self.command = ['setpriv', '--reuid', str(user), '--regid', str(user), '--clear-groups', *self.command]
        self.lines, self.statuses, self.logs = [], [], []

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        return self

    def read(self):
        for line in self.process.stdout:
            line = line.rstrip('\n')
            self.lines.append(line)
            if line.startswith('status '):
                self.statuses.append(json.loads(line[7:]))
            elif line.startswith('log '):
                self.logs.append(line[4:])

    def status(self):
        return self.statuses[-1] if self.statuses else {}

    def said(self, text):
        return [x for x in self.logs if text in x]

    def stop(self):
        """seconds that it took"""
        start = time.monotonic()
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            kill([*descendants(self.process.pid), self.process.pid])
            self.process.wait()
        took = time.monotonic() - start
        self.thread.join(5)
        return took

    def once(self):
        """mode=once; the exit status"""
        with subprocess.Popen([*self.command, 'mode=once'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
            try:
                out, _ = running.communicate(timeout=240)
            except subprocess.TimeoutExpired:
                # What it started holds our output open.
                kill([*descendants(running.pid), running.pid])
                raise
        self.logs = [x[4:] for x in out.splitlines() if x.startswith('log ')]
        return running.returncode


class Files:
    """finished files with names of their own; knows what was made"""

    def __init__(self, folder, seed=1):
        self.folder, self.random, self.made = folder, random.Random(seed), {}

    def name(self, number, prefix='vm'):
        moment = 1795485722 + number
        return '%s.%s.%d.%09d.nmsg' % (prefix, time.strftime('%Y%m%d.%H%M', time.gmtime(moment)), moment, number)

    def make(self, number, octets, prefix='vm'):
        """appears whole, as the spool's files do"""
        name, content = self.name(number, prefix), self.random.randbytes(octets)
        self.made[name] = hashlib.sha256(content).hexdigest()
        with open(os.path.join(self.folder, '.new'), 'wb') as f:
            f.write(content)
        os.rename(os.path.join(self.folder, '.new'), os.path.join(self.folder, name))
        return name


def hashes(folder, hidden=False):
    if not os.path.isdir(folder):
        return {}
    return {x: hashlib.sha256(open(os.path.join(folder, x), 'rb').read()).hexdigest()
            for x in os.listdir(folder) if x.startswith('.') == hidden}
