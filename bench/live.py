"""What the live measurements share: a veth pair in a namespace of its own, receivers on it, the sender, the check.

Nothing but the sender's frames passes the pair: the namespace has no addresses, and IPv6 is off. The sender runs on
CPU 0, which also carries the kernel's way into the packet sockets, receivers on CPU 1 unless they ask for both.
"""
import ctypes
import glob
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

RESOLVERS = '198.19.1.1,2001:db8:1::1'
SEND, RECEIVE = 'snd0', 'rcv0'
RING_KBYTES = 16384  # for all receivers alike
TICKS = os.sysconf('SC_CLK_TCK')
PATIENCE = 60
CLONE_NEWNET = 0x40000000


class Unable(Exception):
    """this machine cannot do it; the text says why"""


def text_of(path):
    with open(path, encoding='utf-8', errors='replace') as f:
        return f.read()


class Namespace:
    """with Namespace() as n: a namespace with the pair in it; gone at the end, with what still runs in it"""

    made = 0

    def __init__(self):
        self.started = []  # receivers and senders

    def __enter__(self):
        if os.geteuid() != 0:
            raise Unable('a network namespace needs root')
        if not shutil.which('ip'):
            raise Unable('ip is not installed (iproute2)')
        # Ended from outside, too, it leaves nothing behind.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        Namespace.made += 1
        self.name = 'sie-live-%d-%d' % (os.getpid(), Namespace.made)
        done = subprocess.run(['ip', 'netns', 'add', self.name], capture_output=True, text=True)
        if done.returncode != 0:
            raise Unable('no network namespace here: ' + done.stderr.strip())
        try:
            self.fd = os.open('/run/netns/' + self.name, os.O_RDONLY | os.O_CLOEXEC)
            self.run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1')
            self.run('ip', 'link', 'add', SEND, 'type', 'veth', 'peer', 'name', RECEIVE)
            for end in SEND, RECEIVE:
                self.run('ip', 'link', 'set', 'dev', end, 'up')
            # Until both ends carry: a frame sent before is dropped.
            self.until(lambda: self.run('ip', 'link', 'show', 'up').count('LOWER_UP') == 2, 'the pair is up')
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for one in self.started:
            one.kill()
        if getattr(self, 'fd', None) is not None:
            os.close(self.fd)
        subprocess.run(['ip', 'netns', 'del', self.name], capture_output=True)

    def run(self, *arguments):
        done = subprocess.run(['ip', 'netns', 'exec', self.name, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise Unable('%s: %s' % (' '.join(arguments), done.stderr.strip()))
        return done.stdout

    @staticmethod
    def until(holds, what, patience=PATIENCE):
        ends = time.monotonic() + patience
        while not holds():
            if time.monotonic() > ends:
                raise RuntimeError('after %d s: not true that %s' % (patience, what))
            time.sleep(0.002)


libc = ctypes.CDLL(None, use_errno=True)


def place(namespace, cpus, nice, stamp=None):
    """for preexec_fn: in which namespace a program runs, on which CPUs, before whom; when it starts goes into `stamp`"""
    wanted = set(cpus) & os.sched_getaffinity(0)

    def set_up():
        if libc.setns(namespace.fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), 'setns')
        if wanted:
            os.sched_setaffinity(0, wanted)
        if nice:
            os.setpriority(os.PRIO_PROCESS, 0, nice)
            # Where the kernel groups by session, niceness counts inside one only, and the group has one of its own.
            os.setsid()
            try:
                with open('/proc/self/autogroup', 'w', encoding='ascii') as f:
                    f.write(str(nice))
            except OSError:
                pass
        if stamp is not None:
            os.write(stamp, struct.pack('d', time.time()))
    return set_up


def threads_cpu(pid):
    """{thread id: (name, ns it ran)}"""
    found = {}
    for path in glob.glob('/proc/%d/task/*' % pid):
        try:
            found[int(path.rsplit('/', 1)[1])] = (text_of(path + '/comm').strip(), int(text_of(path + '/schedstat').split()[0]))
        except (OSError, IndexError):
            pass  # it ended meanwhile
    return found


def machine_cpu():
    """(softirq, all that is not idle) in seconds, all CPUs"""
    n = [int(x) for x in text_of('/proc/stat').split('\n', 1)[0].split()[1:9]]  # user nice system idle iowait irq softirq steal
    return n[6] / TICKS, (sum(n) - n[3] - n[4]) / TICKS


def memory_kib(pid, word):
    return int(re.search(r'^%s:\s+(\d+) kB' % word, text_of('/proc/%d/status' % pid), re.M).group(1))


def interface_counts(pid, interface=RECEIVE):
    """(frames that came, dropped on the way in, sent, dropped on the way out) in the namespace of a process"""
    for line in text_of('/proc/%d/net/dev' % pid).splitlines():
        name, _, numbers = line.strip().partition(':')
        if name == interface:
            n = [int(x) for x in numbers.split()]
            return n[1], n[3], n[9], n[11]
    raise RuntimeError('%s is not there' % interface)


class Receiver:
    """a program that captures on the pair"""

    def __init__(self, name, arguments, cpus=(1,), nice=0, sockets=1):
        self.name, self.arguments, self.cpus, self.nice, self.sockets = name, arguments, cpus, nice, sockets
        self.folder = None

    def start(self, namespace, folder, patience=PATIENCE):
        self.folder = folder
        self.out = tempfile.TemporaryFile()
        self.err = tempfile.TemporaryFile()
        arguments = [x.replace('FOLDER', folder) for x in self.arguments]
        env = {k: v for k, v in os.environ.items() if not k.startswith(('DNSQR_', 'NMSG_'))}
        reader, writer = os.pipe()
        try:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err, env=env,
                                            preexec_fn=place(namespace, self.cpus, self.nice, writer))
            self.begun = struct.unpack('d', os.read(reader, 8))[0]
        finally:
            os.close(reader)
            os.close(writer)
        self.pid = self.process.pid
        namespace.started.append(self)
        namespace.until(lambda: self.process.poll() is not None or self.captures(), self.name + ' captures', patience)
        if self.process.poll() is not None:
            self.finish()
            raise RuntimeError('%s ended at once:\n%s' % (self.name, self.error_text))

    def captures(self):
        """whether its packet sockets are bound to an interface and running"""
        rows = [x.split() for x in text_of('/proc/%d/net/packet' % self.pid).splitlines()[1:]]
        # sk RefCnt Type Proto Iface R Rmem User Inode; the sender's own has protocol 0
        return sum(row[3] != '0000' and row[4] != '0' and row[5] == '1' for row in rows) >= self.sockets

    def stop(self, number=signal.SIGINT, patience=PATIENCE):
        """ends it; status, CPU of all of its life, how long it took"""
        begun = time.monotonic()
        os.kill(self.pid, number)
        return self.wait(patience, begun)

    def wait(self, patience=PATIENCE, begun=None):
        begun = begun or time.monotonic()
        while True:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - begun > patience:
                self.process.kill()
                self.process.wait()
                raise RuntimeError('%s did not end within %d s' % (self.name, patience))
            time.sleep(0.002)
        self.process.returncode = self.status = os.waitstatus_to_exitcode(status)
        self.ended_after = time.monotonic() - begun
        self.cpu, self.resident_kib = usage.ru_utime + usage.ru_stime, usage.ru_maxrss
        self.faults, self.switches = usage.ru_minflt, usage.ru_nvcsw + usage.ru_nivcsw
        self.finish()
        return self.status

    def finish(self):
        for name in 'out', 'err':
            file = getattr(self, name)
            file.seek(0)
            setattr(self, {'out': 'output', 'err': 'error_text'}[name], file.read().decode(errors='replace'))
            file.close()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            self.finish()

    # What a subclass tells of its own: frames kept, dropped by the kernel; None: it does not tell.
    def told(self):
        return None, None


class Tcpdump(Receiver):
    def __init__(self, **more):
        super().__init__('tcpdump', ['tcpdump', '-n', '-Z', 'root', '-i', RECEIVE, '-B', str(RING_KBYTES), '-w', '/dev/null'], **more)

    def told(self):
        kept = re.search(r'^(\d+) packets? captured', self.error_text, re.M)
        drops = re.search(r'^(\d+) packets? dropped by kernel', self.error_text, re.M)
        return int(kept.group(1)), int(drops.group(1))


class Dnscap(Receiver):
    """-f: fragments too, so that all that is sent is kept"""

    def __init__(self, **more):
        super().__init__('dnscap', ['dnscap', '-N', '-f', '-S', '-i', RECEIVE, '-o', 'pcap_buffer_size=%d' % (RING_KBYTES << 10), '-w', 'FOLDER/dnscap'], **more)

    def told(self):
        kept = 0
        for file in glob.glob(os.path.join(self.folder, 'dnscap.*')):
            done = subprocess.run(['tcpdump', '-r', file, '--count'], capture_output=True, text=True)
            kept += int(re.search(r'(\d+) packets?', done.stdout + done.stderr).group(1))
        drops = re.search(r'\d+ recv (\d+) drop', self.error_text)
        return kept, int(drops.group(1)) if drops else None


class Sensor(Receiver):
    def __init__(self, program, compression, name=None, extra=(), output=('--output-dir', 'FOLDER', '--prefix', 'live'), **more):
        super().__init__(name or compression, [program, 'run', '--interface', RECEIVE, '--res-addrs', RESOLVERS, *output, '--compression', compression,
                                               '--json-summary', *extra], **more)

    def told(self):
        self.summary = json.loads(self.output.strip().splitlines()[-1])
        drops = self.summary.get('drops', {}).get('kernel_drop', 0)
        return self.summary['frames'] - drops, drops

    def files(self):
        return sorted(glob.glob(os.path.join(self.folder, '*.nmsg')))


class Sender:
    """the sender, running; wait() gives what it did"""

    def __init__(self, program, namespace, rate, seconds=0, transactions=0, nice=0):
        arguments = [program, '--interface', SEND, '--rate', str(rate), '--cpu', str(min(os.sched_getaffinity(0)))]
        arguments += ['--seconds', str(seconds)] if seconds else []
        arguments += ['--transactions', str(transactions)] if transactions else []
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        preexec_fn=place(namespace, os.sched_getaffinity(0), nice))
        namespace.started.append(self)

    def wait(self, patience=PATIENCE):
        out, err = self.process.communicate(timeout=patience)
        if self.process.returncode != 0:
            raise RuntimeError('send_live: status %d\n%s' % (self.process.returncode, err))
        sent = json.loads(out)
        ends = [sent['devices'][SEND], sent['devices'][RECEIVE]]
        sent['veth_dropped'] = sum(e['rx_dropped'] + e['tx_dropped'] for e in ends)
        return sent

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def checked(program, files, transactions, remove=False):
    """what check_live says about files"""
    arguments = [program] + (['--remove'] if remove else [])
    done = subprocess.run(arguments, input=''.join('%s\n' % f for f in files) + 'sent %d\n' % transactions, capture_output=True, text=True)
    if not done.stdout:
        raise RuntimeError('check_live: ' + done.stderr)
    return json.loads(done.stdout)


def work_folder():
    """in memory where the machine has such a place: the disk is not what is measured"""
    memory = '/dev/shm'
    good = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30
    return tempfile.TemporaryDirectory(prefix='sie-live.', dir=memory if good else None)
