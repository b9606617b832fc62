#!/usr/bin/python3
"""static_programs.py STATIC [DYNAMIC]: the programs of `make static` in a folder that holds nothing else: no library, no
loader, an nsswitch.conf that names modules which are not there. They replay, read, check a file, know users of
/etc/passwd, and run as a service; what they record is what the DYNAMIC programs record (default: build/release/bin).
The system calls are cut to those of Linux 3.10, of the oldest distributions that are still met.

Needs root: the folder is entered with chroot, in a network namespace of its own.
"""
import ctypes
import glob
import json
import os
import platform
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))
from programs import Report, folder, need, skip  # noqa: E402

PROGRAMS = ('sie-dns-sensor', 'nmsgtool', 'sie-gen-key')
USER, UID = 'sie-dns-sensor', 991
RES = '198.19.1.1,2001:db8:1::1'
# The first number that Linux 3.10 does not know; only where the table is known here.
FIRST_UNKNOWN = {'x86_64': 314, 'i686': 351}


def old_kernel():
    """in a child: calls that Linux 3.10 does not know answer ENOSYS, as they would there"""
    load, jump, answer = 0x20, 0x35, 0x06  # BPF_LD|W|ABS, BPF_JMP|JGE|K, BPF_RET|K
    rows = [(load, 0, 0, 0), (jump, 0, 1, FIRST_UNKNOWN[platform.machine()]),
            (answer, 0, 0, 0x00050000 | 38), (answer, 0, 0, 0x7fff0000)]
    rows = b''.join(struct.pack('HBBI', *x) for x in rows)
    octets = ctypes.create_string_buffer(rows, len(rows))

    class Program(ctypes.Structure):
        _fields_ = [('length', ctypes.c_ushort), ('rows', ctypes.c_void_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(rows) // 8, ctypes.addressof(octets))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(program)):
        os._exit(99)


class Place:
    """the folder with nothing in it"""

    def __init__(self, path, static):
        self.path = path
        for name in ('bin', 'dev', 'etc/default', 'tmp', 'var/spool', 'run', 'proc'):
            os.makedirs(os.path.join(path, name))
        os.chmod(os.path.join(path, 'tmp'), 0o1777)
        os.mknod(os.path.join(path, 'dev/null'), 0o20666, os.makedev(1, 3))
        os.chmod(os.path.join(path, 'dev/null'), 0o666)
        os.mknod(os.path.join(path, 'dev/urandom'), 0o20666, os.makedev(1, 9))
        os.chmod(os.path.join(path, 'dev/urandom'), 0o666)
        for name in PROGRAMS:
            shutil.copy(os.path.join(static, name), os.path.join(path, 'bin'))
        shutil.copy(os.path.join(ROOT, 'examples/resolver.pcap'), os.path.join(path, 'tmp'))
        self.put('etc/passwd', 'root:x:0:0::/:/bin/sh\n%s:x:%d:%d::/var/spool/sie:/sbin/nologin\n' % (USER, UID, UID))
        self.put('etc/group', 'root:x:0:\n%s:x:%d:\n' % (USER, UID))
        self.put('etc/hosts', '127.0.0.1 localhost\n')
        # Who heeds this looks no further than at a data base that is not there.
        self.put('etc/nsswitch.conf', ''.join('%s: db [UNAVAIL=return NOTFOUND=return] sss files\n' % x
                                              for x in ('passwd', 'group', 'hosts', 'services')))

    def put(self, name, text):
        with open(os.path.join(self.path, name), 'w', encoding='utf-8') as f:
            f.write(text)

    def enter(self, old):
        os.chroot(self.path)
        os.chdir('/')
        if old:
            old_kernel()

    def run(self, *words, old=False):
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, env={'PATH': '/bin'}, timeout=120,
                              preexec_fn=lambda: self.enter(old), check=False)
        return done.returncode, done.stdout, done.stderr.decode(errors='replace')

    def begin(self, *words, log):
        with open(log, 'wb') as f:
            return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=f, stderr=f, env={'PATH': '/bin'}, preexec_fn=lambda: self.enter(False))


def octets_of(pattern):
    found = b''
    for name in sorted(glob.glob(pattern)):
        with open(name, 'rb') as f:
            found += f.read()
    return found


def check_alone(report, static):
    for name in PROGRAMS:
        done = subprocess.run(['readelf', '--wide', '--dynamic', '--program-headers', os.path.join(static, name)], capture_output=True, text=True, check=True)
        wants = [x.strip() for x in done.stdout.splitlines() if 'NEEDED' in x or 'INTERP' in x]
        report.same([], wants, name + ': needs no library and no loader')
        report.check('DYN' not in done.stdout or 'GNU_RELRO' in done.stdout, name + ': relocations are read-only')
        report.check('GNU_STACK' in done.stdout and 'RWE' not in done.stdout, name + ': no memory that can be written and executed')


def check_replay(report, place, dynamic, old):
    """the same octets as the dynamic program's, without compression; the same payloads with each"""
    kernel = ' under calls of Linux 3.10' if old else ''
    for level in ('none', 'fast', 'default', 'best', 'zstd'):
        for name in ('one', 'two'):
            shutil.rmtree(os.path.join(place.path, 'tmp', name), ignore_errors=True)
            os.mkdir(os.path.join(place.path, 'tmp', name))
        options = ['--res-addrs', RES, '--prefix', 'x', '--quiet', '--compression', level]
        status, _, err = place.run('/bin/sie-dns-sensor', 'run', '--pcap', '/tmp/resolver.pcap', '--output-dir', '/tmp/one', *options, old=old)
        report.check(status == 0, 'replay, %s%s' % (level, kernel), err)
        two = os.path.join(place.path, 'tmp/two')
        subprocess.run([os.path.join(dynamic, 'sie-dns-sensor'), 'run', '--pcap', os.path.join(ROOT, 'examples/resolver.pcap'),
                        '--output-dir', two, *options], check=True, capture_output=True)
        inside = sorted(os.path.join('/tmp/one', x) for x in os.listdir(os.path.join(place.path, 'tmp/one')))
        status, read, err = place.run('/bin/nmsgtool', *[x for name in inside for x in ('-r', name)], '-J', '-', old=old)
        report.check(status == 0, 'nmsgtool reads it, %s%s' % (level, kernel), err)
        names = [os.path.join(two, x) for x in sorted(os.listdir(two))]
        wanted = subprocess.run([os.path.join(dynamic, 'nmsgtool'), *[x for name in names for x in ('-r', name)], '-J', '-'],
                                check=True, capture_output=True).stdout
        report.check(len(wanted.splitlines()) > 2000 and read == wanted, 'payloads, %s%s: those of the dynamic programs' % (level, kernel),
                     '%d lines, %d lines' % (len(wanted.splitlines()), len(read.splitlines())))
        if level == 'none':
            report.check(octets_of(two + '/*') == octets_of(os.path.join(place.path, 'tmp/one/*')) != b'', 'files%s: the same octets' % kernel)
    with open(os.path.join(place.path, 'tmp/x.json'), 'wb') as f:
        f.write(wanted)
    status, text, err = place.run('/bin/nmsgtool', '-j', '/tmp/x.json', '-J', '-', old=old)
    report.check(status == 0 and text == wanted, 'nmsgtool reads JSON' + kernel, err)
    status, text, err = place.run('/bin/nmsgtool', '-r', inside[0], '--stats', old=old)
    report.check(status == 0 and text, 'nmsgtool --stats (list of suffixes)' + kernel, err)


def check_settings(report, place, dynamic):
    with open(os.path.join(ROOT, 'examples/sie-dns-sensor.conf'), encoding='utf-8') as f:
        shipped = f.read()
    for text in (shipped, shipped.replace('2001:db8::1"', '2001:db8::1/24"')):
        place.put('etc/default/sie-dns-sensor', text)
        path = os.path.join(place.path, 'etc/default/sie-dns-sensor')
        done = subprocess.run([os.path.join(dynamic, 'sie-dns-sensor'), 'check-config', path], capture_output=True, text=True, check=False)
        status, out, err = place.run('/bin/sie-dns-sensor', 'check-config')
        faults = [x for x in done.stderr.splitlines() if ':1' in x or ' has ' in x]
        report.check(status == done.returncode and [x.replace(path, '/etc/default/sie-dns-sensor') for x in faults] ==
                     [x for x in err.splitlines() if ':1' in x or ' has ' in x], 'check-config judges as the dynamic one', '%s %s' % (err, done.stderr))


def check_users(report, place):
    """the user is found in /etc/passwd, whatever nsswitch.conf says; root becomes that user"""
    os.chown(os.path.join(place.path, 'tmp/one'), UID, UID)
    source = '/tmp/one/' + sorted(os.listdir(os.path.join(place.path, 'tmp/one')))[0]
    status, _, err = place.run('/bin/nmsgtool', '-r', source, '-w', '/tmp/one/again', '-U', USER)
    report.check(status == 0, 'nmsgtool -U: a user of /etc/passwd is known', err)
    if status == 0:
        report.same(UID, os.stat(os.path.join(place.path, 'tmp/one/again')).st_uid, 'nmsgtool -U: it is that user')
    status, _, err = place.run('/bin/nmsgtool', '-r', source, '-w', '/tmp/one/again', '-U', 'nobody-here')
    report.check(status != 0 and 'nobody-here' in err, 'nmsgtool -U: another is not', err)


# Asks and answers on loopback, in this namespace.
def traffic(count):
    resolver, server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    resolver.bind(('127.0.0.1', 40053))
    server.bind(('127.0.0.53', 53))
    server.settimeout(5)
    for number in range(count):
        question = b'\x06static\x07example\x00' + struct.pack('>HH', 1, 1)
        resolver.sendto(struct.pack('>HHHHHH', number, 0, 1, 0, 0, 0) + question, ('127.0.0.53', 53))
        octets, _ = server.recvfrom(512)
        server.sendto(octets[:2] + b'\x84\x00' + octets[4:], ('127.0.0.1', 40053))
    resolver.close()
    server.close()


def until(holds, seconds=15):
    limit = time.monotonic() + seconds
    while not holds() and time.monotonic() < limit:
        time.sleep(0.1)
    return holds()


def check_service(report, place):
    """as root, with log, limits, sandbox and another user, in the background as the init scripts start it"""
    place.put('etc/default/sie-dns-sensor', 'login="x"\nchannel="ch1"\ninterface="lo"\nDNSQR_RES_ADDRS="127.0.0.1"\n'
              'outfile_prefix="s"\nupload="no"\narchive="yes"\nrotation_interval="2"\n')
    subprocess.run(['mount', '-t', 'proc', 'proc', os.path.join(place.path, 'proc')], check=True)
    words = ['/bin/sie-dns-sensor', 'run', '--config', '/etc/default/sie-dns-sensor', '--service', '--daemon', '--pid-file', '/run/s.pid']
    log = os.path.join(place.path, 'tmp/log')

    def said():
        with open(log, encoding='utf-8', errors='replace') as f:
            return f.read()
    started = place.begin(*words, log=log)
    status = started.wait(timeout=30)
    pid = 0
    try:
        if not report.check(status == 0 and os.path.exists(os.path.join(place.path, 'run/s.pid')), 'service: it starts and goes to the background', said()):
            return
        with open(os.path.join(place.path, 'run/s.pid'), encoding='ascii') as f:
            pid = int(f.read())
        with open('/proc/%d/status' % pid, encoding='ascii') as f:
            lines = dict(x.split(':', 1) for x in f.read().splitlines())
        report.same([str(UID)] * 4, lines['Uid'].split(), 'service: it is %s now' % USER)
        report.same('2', lines['Seccomp'].strip(), 'service: its calls are filtered')
        report.same('0000000000000000', lines['CapPrm'].strip(), 'service: no capability is left') if 'CapPrm' not in lines else \
            report.check(int(lines['CapPrm'], 16) & ~0x2000 == 0, 'service: no capability but CAP_NET_RAW is left', lines['CapPrm'])
        traffic(200)
        files = os.path.join(place.path, 'var/spool/sie/archive/ch1/*.nmsg')
        until(lambda: glob.glob(files))
        status, out, err = place.run('/bin/sie-dns-sensor', 'status', '--json')
        report.check(status == 0 and json.loads(out or b'{}').get('version', '1') is not None, 'service: it tells its status', err)
        os.kill(pid, signal.SIGTERM)
        gone = until(lambda: not os.path.exists('/proc/%d' % pid) or 'Z' in open('/proc/%d/stat' % pid, encoding='ascii').read().split(')')[1])
        report.check(gone, 'service: it ends at SIGTERM', said())
        names = sorted(os.path.join('/var/spool/sie/archive/ch1', os.path.basename(x)) for x in glob.glob(files))
        status, text, err = place.run('/bin/nmsgtool', *[x for name in names for x in ('-r', name)], '-J', '-')
        report.check(status == 0 and text.count(b'"static.example."') >= 200, 'service: all transactions are recorded', '%s %s %s' % (names, text[:500], said()))
    finally:
        if pid and os.path.exists('/proc/%d' % pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        subprocess.run(['umount', os.path.join(place.path, 'proc')], check=False)


def main():
    static = os.path.abspath(sys.argv[1])
    dynamic = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else os.path.join(ROOT, 'build/release/bin')
    need('readelf', 'unshare', 'ip')
    if os.geteuid() != 0:
        skip('chroot and a network namespace need root')
    if os.environ.get('SIE_STATIC_INSIDE') != '1':
        os.execvpe('unshare', ['unshare', '--net', '--mount', sys.executable, '-B', __file__, static, dynamic], os.environ | {'SIE_STATIC_INSIDE': '1'})
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    report = Report('static programs')
    check_alone(report, static)
    with folder() as here:
        os.chmod(here, 0o755)
        place = Place(os.path.join(here, 'place'), static)
        status, out, err = place.run('/bin/sie-dns-sensor', 'version')
        report.check(status == 0 and out.endswith(b' (static)\n'), 'version says static', err)
        status, _, err = place.run(os.path.join('/bin', 'nmsgtool'), '--version')
        report.check('(static)' in err, 'nmsgtool --version says static', err)
        check_replay(report, place, dynamic, False)
        if platform.machine() in FIRST_UNKNOWN:
            check_replay(report, place, dynamic, True)
        check_settings(report, place, dynamic)
        check_users(report, place)
        check_service(report, place)
    report.leave()


if __name__ == '__main__':
    main()
