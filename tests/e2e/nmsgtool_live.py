#!/usr/bin/python3
"""nmsgtool_live.py BINARIES: what nmsgtool does as time passes: UDP, rotation, signals, the background.

Only loopback is used, with ports that were free a moment before.
"""
import base64
import glob
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import nmsg_lines
from programs import HERE, Programs, Report, folder

DATA = os.path.join(HERE, '..', 'nmsg', 'data')
PATIENCE = 60


def free_port(family=socket.AF_INET, count=1):
    """the first of `count` free ports in a row"""
    while True:
        sockets = []
        try:
            first = None
            for i in range(count):
                s = socket.socket(family, socket.SOCK_DGRAM)
                sockets.append(s)
                s.bind(('127.0.0.1' if family == socket.AF_INET else '::1', first + i if first else 0))
                first = first or s.getsockname()[1]
            return first
        except OSError:
            pass
        finally:
            for s in sockets:
                s.close()


class Live:
    def __init__(self, report, programs, here):
        self.report, self.tool, self.here = report, programs.nmsgtool, here
        self.started = []
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(('DNSQR_', 'NMSG_', 'ARGV_'))}

    def path(self, name):
        return os.path.join(self.here, name)

    def start(self, *arguments, **more):
        p = subprocess.Popen([self.tool, *arguments], env=self.env, stdin=more.pop('stdin', subprocess.DEVNULL),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        self.started.append(p)
        return p

    def run(self, *arguments, status=0, **more):
        p = self.start(*arguments, **more)
        out, err = p.communicate(timeout=PATIENCE)
        self.report.check(p.returncode == status, ' '.join(arguments), (p.returncode, err))
        return out, err

    def end(self, p, number=signal.SIGTERM, status=0):
        p.send_signal(number)
        out, err = p.communicate(timeout=PATIENCE)
        self.report.check(p.returncode == status, 'ends with status %d: %s' % (status, p.args[1:]), (p.returncode, err))
        return out, err

    def json(self, path):
        return self.run('-r', path, '-J', '-')[0]

    def until(self, holds, what):
        ends = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > ends:
                return self.report.check(False, what)
            time.sleep(0.02)
        return True

    def listening(self, port, count=1):
        """until the kernel has the socket"""
        wanted = {'%04X' % (port + i) for i in range(count)}

        def there():
            found = set()
            for name in ('/proc/net/udp', '/proc/net/udp6'):
                if os.path.exists(name):
                    for line in open(name).readlines()[1:]:
                        found.add(line.split()[1].rsplit(':', 1)[1])
            return wanted <= found
        self.until(there, 'listens on %d' % port)


def lines(count, pad=lambda i: ''):
    return b''.join(b'{"time":"2023-11-14 22:13:20.%09d","vname":"base","mname":"logline","source":"%08x","operator":3,"group":4,"message":{"category":"n","message":"%d %s"}}\n'
                    % (i, i + 1, i, pad(i).encode()) for i in range(count))


def made(t, name, octets):
    with open(t.path(name + '.json'), 'wb') as f:
        f.write(octets)
    t.run('-j', t.path(name + '.json'), '-w', t.path(name))
    return t.path(name)


def sends(t, what, source, listen, send, *options, count):
    """everything that is sent arrives, as it was and in order"""
    expected = t.json(source)
    out = t.path('received.nmsg')
    receiver = t.start('-l', listen, '-w', out, '-dd')
    port = int(re.split(r'[/.]', listen)[-1])
    t.listening(port)
    begun = time.monotonic()
    t.run('-r', source, '-s', send, *options)
    took = time.monotonic() - begun
    # The receiver counts what its outputs wrote once half a second has passed without more.
    t.until(lambda: os.path.exists(out) and t.json_count(out) >= count, '%s: arrives' % what)
    _, err = t.end(receiver)
    got = t.json(out)
    t.report.check(got == expected, '%s: %d payloads come through without loss or change' % (what, count),
                   (len(got), len(expected), got.count(b'\n'), err))
    t.report.check(b'WARNING' not in err and b' 0 missing' in err, '%s: nothing is missing' % what, err)
    return took, err


def sockets(t):
    small = made(t, 'small', lines(60_000, lambda i: 'x' * (i % 90)))
    for what, host, family in ('IPv4', '127.0.0.1', socket.AF_INET), ('IPv6', '::1', socket.AF_INET6):
        if family == socket.AF_INET6 and not ipv6():
            continue
        port = free_port(family)
        took, _ = sends(t, what, small, '%s/%d' % (host, port), '%s/%d,900' % (host, port), count=60_000)
    # About 62 payloads a container: 900 a second are more than 50,000 payloads a second.
    t.report.check(took < 60_000 / 50_000, 'at 50,000 payloads a second or more', took)
    large = made(t, 'large', lines(3000, lambda i: 'y' * (20_000 if i % 10 == 0 else i % 2000)))
    for mtu, *options in ['512'], ['1400'], ['8192'], ['65507'], ['65507', '-z'], ['1'], ['1400', '-z'], ['8192', '--zlevel', 'fast'], ['1400', '--unbuffered']:
        port = free_port()
        sends(t, 'containers of ' + ' '.join([mtu, *options]), large, '127.0.0.1/%d' % port,
              '127.0.0.1/%d,20000' % port, '-m', mtu, *options, count=3000)


def ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
            s.bind(('::1', 0))
        return True
    except OSError:
        return False


def boundaries(t):
    """containers as the original cuts them (N13): groups of 3, 3, 1, 3, 4 at 512 octets"""
    source = os.path.join(DATA, 'boundary-in.nmsg')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        s.settimeout(PATIENCE)
        t.run('-r', source, '-s', '127.0.0.1/%d' % s.getsockname()[1], '-m', '512')
        expected = open(os.path.join(DATA, 'boundary-udp512.nmsg'), 'rb').read()
        got = b''
        while len(got) < len(expected):
            got += s.recv(65535)
    def counts(octets):
        return [len(nmsg_lines.message(body).get(1, [])) for body in nmsg_lines.bodies(octets)]
    t.report.check(counts(got) == counts(expected), 'containers of 512 octets hold what the original puts in them', (counts(got), counts(expected)))


def tells(t):
    """what is lost on the way is told"""
    port = free_port()
    receiver = t.start('-l', '127.0.0.1/%d' % port, '-J', '-')
    t.listening(port)
    good = open(os.path.join(DATA, 'sog.nmsg'), 'rb').read()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for bad in b'', b'NMSG', good[:-1], good + b'x', b'XMSG' + good[4:], good[:5] + b'\x03' + good[6:], good[:5] + b'\x01' + good[6:], os.urandom(3000):
            s.sendto(bad, ('127.0.0.1', port))
        s.sendto(good, ('127.0.0.1', port))
        # Containers 5 and 9 of one sender: 6, 7 and 8 are missing.
        for number in 5, 9:
            body = good[10:] + b'\x18%c\x20\x07' % number
            s.sendto(good[:6] + len(body).to_bytes(4, 'big') + body, ('127.0.0.1', port))
    got = receiver.stdout.readline() + receiver.stdout.readline() + receiver.stdout.readline()
    out, err = t.end(receiver)
    t.report.check(got.count(b'hello world') == 3 and not out, 'bad datagrams are dropped, the good one is taken', (got, out))
    t.report.check(b'8 datagrams dropped' in err and b'3 containers missing' in err, 'and told', err)
    # Nobody listens: counted, and the others go on.
    port = free_port()
    _, err = t.run('-r', os.path.join(DATA, 'sog.nmsg'), '-r', os.path.join(DATA, 'sog.nmsg'), '--unbuffered', '-s', '127.0.0.1/%d' % port, '-o', os.devnull, '--mirror')
    t.report.check(b'could not be sent (Connection refused)' in err, 'a receiver that is not there is told, and is not the end', err)
    _, err = t.run('-l', '127.0.0.1/1..40', status=2)
    t.report.check(b'21' in err, 'a row of ports has at most 21', err)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        _, err = t.run('-l', '127.0.0.1/%d' % s.getsockname()[1], '-o', os.devnull, status=1)
        t.report.check(b'Address already in use' in err, 'a port that is taken', err)


def channels(t):
    first = free_port(count=3)
    with open(t.path('chalias'), 'w') as f:
        f.write('other 127.0.0.1/1\nch1 127.0.0.1/%d..%d\nch1 127.0.0.1/%d\nzmq tcp://x\nbad 127.0.0.1\n' % (first, first + 1, first + 2))
    t.env['NMSG_CHALIAS_FILE'] = t.path('chalias')
    receiver = t.start('-C', 'ch1', '-J', '-', '-c', '3')
    t.listening(first, 3)
    for i in range(3):
        t.run('-r', os.path.join(DATA, 'sog.nmsg'), '-s', '127.0.0.1/%d' % (first + i))
    out, err = receiver.communicate(timeout=PATIENCE)
    t.report.check(out.count(b'\n') == 3 and receiver.returncode == 0, 'a channel is every port of its lines, and a count ends it', (out, err))
    for name, word in ('CH1', b'no channel'), ('zmq', b'ZMQ'), ('bad', b'no port'):
        _, err = t.run('-C', name, status=2)
        t.report.check(word in err, 'channel %s' % name, err)
    # A row of ports for -s: each is an output, in turn.
    receiver = t.start('-l', '127.0.0.1/%d..%d' % (first, first + 1), '-o', os.devnull, '-c', '4', '-dd')
    t.listening(first, 2)
    t.run(*['-r', os.path.join(DATA, 'sog.nmsg')] * 4, '-s', '127.0.0.1/%d..%d' % (first, first + 1))
    _, err = receiver.communicate(timeout=PATIENCE)
    t.report.check(b' 2 datagrams' in err, 'outputs in turn', err)
    del t.env['NMSG_CHALIAS_FILE']


def paces(t):
    source = made(t, 'paced', lines(40))
    port = free_port()
    receiver = t.start('-l', '127.0.0.1/%d' % port, '-o', os.devnull)
    t.listening(port)
    begun = time.monotonic()
    t.run('-r', source, '-s', '127.0.0.1/%d,20' % port, '--unbuffered')
    took = time.monotonic() - begun
    t.end(receiver)
    t.report.check(1.9 <= took < 6, '40 containers at 20 a second take two seconds', took)
    size = os.path.getsize(source)
    begun = time.monotonic()
    t.run('-r', source, '-o', os.devnull, '-B', str(size // 2))
    took = time.monotonic() - begun
    t.report.check(1.9 <= took < 6, '-B: a file at half of it a second takes two seconds', took)
    # What comes slowly goes out all the same.
    p = t.start('-r', source, '-J', '-', '-B', str(size // 20))
    begun = time.monotonic()
    t.report.check(b'"message":"0 "' in p.stdout.readline() and time.monotonic() - begun < 5, 'and it is shown as it comes', time.monotonic() - begun)
    t.end(p)
    p = t.start('-r', source, '-o', os.devnull, '-B', '1')
    time.sleep(0.3)
    begun = time.monotonic()
    t.end(p)
    t.report.check(time.monotonic() - begun < 1, 'and a signal waits for no pace', time.monotonic() - begun)


STAMP = r'\d{8}\.\d{4}\.\d{10}\.\d{9}'


def rotates(t):
    """under load: nothing lost, no part file left, every file named and kicked"""
    load = made(t, 'load', lines(200_000, lambda i: 'z' * 40))
    for name in 'nmsg', 'pres', 'json':
        os.mkdir(t.path(name))
    log = t.path('kicked')
    with open(t.path('kick'), 'w') as f:
        f.write('#!/bin/sh\necho "$1" >> %s\n' % log)
    os.chmod(t.path('kick'), 0o755)
    t.run('-r', load, '--mirror', '-c', '7000', '-w', t.path('nmsg/out'), '-J', t.path('json/o u t'), '-k', t.path('kick'))
    files = sorted(glob.glob(t.path('nmsg/*')))
    t.report.check(len(files) == 29 and all(re.fullmatch('out\\.' + STAMP + r'\.nmsg', os.path.basename(f)) for f in files), '-c -k: files of 7,000 payloads', files)
    counts = [t.json(f).count(b'\n') for f in files]
    t.report.check(counts == [7000] * 28 + [4000], 'exactly', counts)
    whole = b''.join(t.json(f) for f in files)
    t.report.check(whole == t.json(load), 'nothing is lost, the order is kept')
    jsons = sorted(glob.glob(t.path('json/*')))
    t.report.check(b''.join(open(f, 'rb').read() for f in jsons) == whole and all(re.fullmatch('o u t\\.' + STAMP + r'\.json', os.path.basename(f)) for f in jsons), 'of JSON too')
    t.until(lambda: os.path.exists(log) and len(open(log).read().splitlines()) == 58, 'every file is kicked')
    t.report.check(sorted(open(log).read().splitlines()) == sorted(files + jsons), 'by its name, blanks and all')
    t.report.check(not glob.glob(t.path('*/.*')), 'no part file is left')
    # By the clock, from a pipe that is never still.
    feeder = subprocess.Popen([sys.executable, '-c', 'import sys,time\nfor i in range(300):\n sys.stdout.write(\'{"vname":"base","mname":"logline","message":{"category":"c","message":"%d"}}\\n\' % i); sys.stdout.flush(); time.sleep(0.01)'], stdout=subprocess.PIPE)
    t.run('-j', '-', '-t', '1', '-k', '', '-o', t.path('pres/out'), stdin=feeder.stdout)
    feeder.wait()
    files = sorted(glob.glob(t.path('pres/*')))
    texts = [open(f).read() for f in files]
    t.report.check(4 <= len(files) <= 8 and all(re.fullmatch('out\\.' + STAMP, os.path.basename(f)) for f in files), '-t -k: a file a second, without a suffix', files)
    t.report.check(re.findall(r'message: (\d+)', ''.join(texts)) == [str(i) for i in range(300)], 'nothing is lost')
    starts = [float('%s.%s' % tuple(os.path.basename(f).split('.')[-2:])) for f in files[1:]]
    t.report.check(all(s - int(s) < 0.2 for s in starts), 'files begin with the second', starts)
    # Silence rotates as well, and a file without payloads is kept.
    os.mkdir(t.path('quiet'))
    reader, writer = os.pipe()
    p = t.start('-r', '-', '-t', '1', '-k', '', '-w', t.path('quiet/out'), stdin=reader)
    os.close(reader)
    t.until(lambda: len(glob.glob(t.path('quiet/out.*'))) >= 2, 'rotation without traffic')
    t.end(p)
    os.close(writer)
    t.report.check(all(os.path.getsize(f) == 0 for f in glob.glob(t.path('quiet/*'))) and not glob.glob(t.path('quiet/.*')), 'files of no payload, no part file')
    # Without -k an interval is the end.
    reader, writer = os.pipe()
    begun = time.monotonic()
    p = t.start('-r', '-', '-t', '1', '-w', t.path('once.nmsg'), stdin=reader)
    os.close(reader)
    p.communicate(timeout=PATIENCE)
    os.close(writer)
    t.report.check(p.returncode == 0 and time.monotonic() - begun < 3, '-t ends the run at the next second', p.returncode)
    t.env['NMSG_KICKER'] = ''
    t.run('-r', load, '-c', '150000', '-w', t.path('environment'))
    del t.env['NMSG_KICKER']
    t.report.check(len(glob.glob(t.path('environment.*'))) == 2, 'NMSG_KICKER is -k')


def rotates_under_datagrams(t):
    """a file a second while datagrams come without a pause: each payload is in one file, in order"""
    load, count = made(t, 'udp-load', lines(200_000, lambda i: 'u' * 40)), 200_000
    os.mkdir(t.path('udp'))
    port = free_port()
    receiver = t.start('-l', '127.0.0.1/%d' % port, '-t', '1', '-k', '', '-w', t.path('udp/out'), '--json-stats', '-dd')
    t.listening(port)
    begun = time.monotonic()
    t.run('-r', load, '-s', '127.0.0.1/%d,700' % port)
    took = time.monotonic() - begun
    time.sleep(1.2)
    out, err = t.end(receiver)
    files = sorted(glob.glob(t.path('udp/out.*')))
    t.report.check(count / took >= 20_000, 'at 20,000 payloads a second or more', count / took)
    t.report.check(len(files) >= took - 1 and len(files) >= 3 and all(re.fullmatch('out\\.' + STAMP + r'\.nmsg', os.path.basename(f)) for f in files), 'a file a second', (files, took))
    t.report.check(b''.join(t.json(f) for f in files) == t.json(load), 'nothing is lost or changed, the order is kept', (out, err))
    t.report.check(not glob.glob(t.path('udp/.*')), 'no part file is left')
    t.report.check(json.loads(out)['lost_by_kernel'] == 0 and b'WARNING' not in err, 'and nothing is said to be', (out, err))


def full_disk(t):
    """said with file and reason; what was written is whole, and nothing before it is lost"""
    disk = t.path('disk')
    os.mkdir(disk)
    size = 6 << 20
    if os.geteuid() != 0 or subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%d' % size, 'tmpfs', disk], capture_output=True).returncode != 0:
        print('SKIPPED: a file system of %d octets cannot be mounted' % size)
        return t.report.check(os.environ.get('REQUIRE_ALL') != '1', 'a small file system')
    try:
        load = made(t, 'more-than-fits', lines(200_000, lambda i: 'f' * 40))
        whole = t.json(load)
        for options in ['-t', '1', '-k', ''], ['-c', '7000', '-k', ''], ['-c', '7000', '-k', '', '-z'], ['-c', '100000', '-k', '', '-J', os.path.join(disk, 'out')], []:
            what = ' '.join(options[:4]) + str(options[4:]) or 'one file'
            name = os.path.join(disk, 'out')
            compressed = '-z' in options
            inputs = ['-r', load] * (8 if compressed else 1)
            p = t.start(*inputs, *([] if '-J' in options else ['-w', name]), *options)
            _, err = p.communicate(timeout=PATIENCE)
            t.report.check(p.returncode == 1 and b'No space left' in err and name.encode()[:-3] in err, what + ': a full disk is told with file and reason', (p.returncode, err))
            files = sorted(glob.glob(name + '*'))
            written = sum(os.path.getsize(f) for f in files)
            if options:
                t.report.check(not glob.glob(disk + '/.*'), what + ': no part file is left', os.listdir(disk))
                got = b''.join(open(f, 'rb').read() if '-J' in options else t.json(f) for f in files)
                t.report.check((whole * (8 if compressed else 1)).startswith(got), what + ': what is there is whole, and the beginning', len(got))
            # Not a container more is missing than the one that did not fit.
            t.report.check(size - written <= (1 << 20) + (64 << 10) * (len(files) + 1), what + ': the disk is used', (written, len(files)))
            for f in files:
                os.unlink(f)
    finally:
        subprocess.run(['umount', disk], check=True)


def loses(t):
    """what the kernel had no room for is counted, also behind the last datagram that came through"""
    port = free_port()
    receiver = t.start('-l', '127.0.0.1/%d' % port, '--json-stats')
    t.listening(port)

    def row():
        for line in open('/proc/net/udp').readlines()[1:]:
            words = line.split()
            if words[1].endswith(':%04X' % port):
                return int(words[4].split(':')[1], 16), int(words[-1])
        return 0, 0
    receiver.send_signal(signal.SIGSTOP)
    sent = 1500
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for _ in range(sent):
            s.sendto(b'x' * 60_000, ('127.0.0.1', port))
    lost = row()[1]
    t.report.check(0 < lost < sent, 'more than the socket has room for', row())
    receiver.send_signal(signal.SIGCONT)
    t.until(lambda: row()[0] == 0, 'the rest is read')
    out, err = t.end(receiver)
    t.report.check(json.loads(out)['lost_by_kernel'] == lost, 'is lost and counted', (lost, out))
    t.report.check(b'%d datagrams lost by the kernel' % lost in err and b'%d datagrams dropped' % (sent - lost) in err, 'and told', err)


def hangs_up(t):
    sog = open(os.path.join(DATA, 'sog.nmsg'), 'rb').read()
    os.mkdir(t.path('hup'))
    reader, writer = os.pipe()
    p = t.start('-r', '-', '-k', '', '-w', t.path('hup/out'), stdin=reader)
    os.close(reader)
    os.write(writer, sog)
    t.until(lambda: any(os.path.getsize(f) for f in glob.glob(t.path('hup/.*'))), 'a slow output is flushed')
    p.send_signal(signal.SIGHUP)
    t.until(lambda: len(glob.glob(t.path('hup/out.*'))) == 1, 'SIGHUP rotates')
    os.write(writer, sog)
    os.close(writer)
    p.communicate(timeout=PATIENCE)
    sizes = [os.path.getsize(f) for f in sorted(glob.glob(t.path('hup/out.*')))]
    t.report.check(p.returncode == 0 and sizes == [len(sog)] * 2, 'and nothing is lost', sizes)
    # Without -k: the file may have been moved away, and is made anew; what is there is continued.
    reader, writer = os.pipe()
    p = t.start('-r', '-', '-w', t.path('log.nmsg'), '-J', t.path('log.json.gz'), '--mirror', stdin=reader)
    os.close(reader)
    os.write(writer, sog)
    t.until(lambda: os.path.exists(t.path('log.nmsg')) and os.path.getsize(t.path('log.nmsg')), 'flushed')
    os.rename(t.path('log.nmsg'), t.path('log.1'))
    p.send_signal(signal.SIGHUP)
    t.until(lambda: os.path.exists(t.path('log.nmsg')), 'SIGHUP opens the file again')
    os.write(writer, sog)
    os.close(writer)
    p.communicate(timeout=PATIENCE)
    t.report.check([os.path.getsize(t.path(f)) for f in ('log.1', 'log.nmsg')] == [len(sog)] * 2, 'a file that was moved and its successor hold one each')
    shown = subprocess.run(['gzip', '-dc', t.path('log.json.gz')], stdout=subprocess.PIPE).stdout
    t.report.check(shown.count(b'hello world') == 2, 'one that stayed is continued', shown)


def incompressible(t):
    """payloads as large as a datagram takes, which zlib makes larger: none is refused by the network"""
    source = made(t, 'noise', b''.join(b'{"time":0,"vname":"base","mname":"xml","message":{"xmltype":"x","xmlpayload":"%s"}}\n'
                                       % base64.b64encode(os.urandom(size)) for size in range(65_280, 65_460, 5)))
    for options in [], ['-z'], ['--zlevel', 'best']:
        port = free_port()
        sends(t, ' '.join(['noise', *options]), source, '127.0.0.1/%d' % port, '127.0.0.1/%d,2000' % port, '-m', '65507', *options, count=36)


def flushes(t):
    sog = open(os.path.join(DATA, 'sog.nmsg'), 'rb').read()
    reader, writer = os.pipe()
    p = t.start('-r', '-', '-J', '-', stdin=reader)
    os.close(reader)
    begun = time.monotonic()
    os.write(writer, sog)
    line = p.stdout.readline()
    took = time.monotonic() - begun
    t.report.check(b'hello world' in line and took < 3, 'text is shown while the input is still open', took)
    os.close(writer)
    p.communicate(timeout=PATIENCE)


def background(t):
    sog = os.path.join(DATA, 'sog.nmsg')
    port = free_port()
    pid_file = t.path('tool.pid')
    # A relative name stays where it was meant.
    out, err = t.run('-l', '127.0.0.1/%d' % port, '-D', '-P', pid_file, '-J', 'background.json', cwd=t.here)
    t.report.check(not err, 'it says nothing', err)
    pid = int(open(pid_file).read())
    try:
        t.report.check(os.readlink('/proc/%d/cwd' % pid) == '/' and all(os.readlink('/proc/%d/fd/%d' % (pid, fd)) == '/dev/null' for fd in range(3)), 'folder and standard streams')
        t.report.check(os.getsid(pid) == pid, 'a session of its own')
        t.run('-r', sog, '-s', '127.0.0.1/%d' % port)
        t.until(lambda: os.path.getsize(t.path('background.json')) > 0, 'it works')
    finally:
        os.kill(pid, signal.SIGTERM)
    t.until(lambda: not os.path.exists(pid_file), 'the pid file goes with it')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        _, err = t.run('-l', '127.0.0.1/%d' % s.getsockname()[1], '-D', '-P', pid_file, '-J', os.devnull, status=1)
        t.report.check(b'Address already in use' in err and not os.path.exists(pid_file), 'an error reaches the terminal, with its status', err)
    _, err = t.run('-r', sog, '-D', '-J', '-', status=2)
    t.report.check(b'standard output' in err, 'no standard output in the background', err)
    _, err = t.run('-r', sog, '-D', '--stats', status=2)
    t.report.check(b'background' in err, 'nor counts that nobody sees', err)
    _, err = t.run('-r', sog, '-U', 'nobody-of-that-name', status=2)
    t.report.check(b'no user' in err, 'a user that is none', err)
    if os.geteuid() == 0:
        os.chmod(t.here, 0o755)
        os.mkdir(t.path('theirs'))
        os.chmod(t.path('theirs'), 0o777)
        t.run('-r', sog, '-w', t.path('theirs/out'), '-U', 'nobody', '-P', pid_file)
        t.report.check(os.stat(t.path('theirs/out')).st_uid != 0, '-U: files belong to that user')
        fifo = t.path('fifo')
        os.mkfifo(fifo, 0o666)
        os.chmod(fifo, 0o666)
        p = t.start('-r', fifo, '-o', os.devnull, '-U', 'nobody')
        with open(fifo, 'wb'):
            status = open('/proc/%d/status' % p.pid).read()
            ids = re.search(r'Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)', status).groups()
            t.report.check('0' not in ids and re.search(r'Groups:\s*([\d ]*)', status).group(1).split() in ([], [re.search(r'Gid:\s+(\d+)', status).group(1)]), 'no id of root is left', status)
        p.communicate(timeout=PATIENCE)
    else:
        _, err = t.run('-r', sog, '-U', 'root', status=3)


def beside(t):
    """a file and a socket are read at once"""
    sog = os.path.join(DATA, 'sog.nmsg')
    port = free_port()
    reader, writer = os.pipe()
    p = t.start('-r', '-', '-l', '127.0.0.1/%d' % port, '-J', '-', '-c', '2', stdin=reader)
    os.close(reader)
    t.listening(port)
    t.run('-r', sog, '-s', '127.0.0.1/%d' % port)
    first = p.stdout.readline()
    t.report.check(b'hello world' in first, 'a socket is read while a pipe is silent', first)
    os.write(writer, open(sog, 'rb').read())
    out, err = p.communicate(timeout=PATIENCE)
    os.close(writer)
    t.report.check(b'hello world' in out and p.returncode == 0, 'and the count of both ends it', (p.returncode, err))


def beside_with_a_bar(t):
    """files and a socket at once, with a progress bar: every payload of both comes out"""
    source = made(t, 'bar', lines(40_000))
    port = free_port()
    ours, theirs = pty.openpty()
    out = t.path('bar.out')
    p = subprocess.Popen([t.tool, *['-r', source] * 3, '-B', str(os.path.getsize(source)), '-l', '127.0.0.1/%d' % port, '-c', '140000', '-w', out], env=t.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    t.started.append(p)
    shown = []

    def watch():
        try:
            while octets := os.read(ours, 65536):
                shown.append(octets)
        except OSError:  # the other end is closed
            pass
    watcher = threading.Thread(target=watch)
    watcher.start()
    t.listening(port)
    t.run('-r', made(t, 'bar-small', lines(20_000)), '-s', '127.0.0.1/%d,300' % port)
    p.wait(PATIENCE)
    watcher.join()
    os.close(ours)
    text = b''.join(shown)
    t.report.check(p.returncode == 0 and t.json_count(out) == 140_000, 'files and a socket with a bar', (p.returncode, text[-2000:]))
    t.report.check(len(re.findall(rb'\r\[#*\.*\]', text)) >= 5 and b'WARNING' not in text, 'the bar is shown meanwhile', text[-2000:])


def json_count(self, path):
    done = subprocess.run([self.tool, '-r', path, '--json-stats'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout)['payloads'] if done.stdout else 0


Live.json_count = json_count


def main():
    report = Report('nmsgtool_live')
    programs = Programs(sys.argv[1])
    with folder() as here:
        t = Live(report, programs, here)
        try:
            for part in sockets, incompressible, boundaries, tells, channels, paces, rotates, rotates_under_datagrams, full_disk, loses, hangs_up, flushes, background, beside, beside_with_a_bar:
                part(t)
        finally:
            for p in t.started:
                if p.poll() is None:
                    p.kill()
                    p.wait()
    report.leave()


if __name__ == '__main__':
    main()
