#!/usr/bin/python3
"""check_program.py DRIVER TREE: `status` and `status --watch` as programs: pipes, terminals, keys, signals, exit statuses.

The terminal is a pty. Every wait is bounded; only processes started here are ended.
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import urllib.request

DRIVER = os.path.abspath(sys.argv[1])
faults = []


def expect(true, what):
    if not true:
        faults.append(what)


class Server:
    def __init__(self, path, report='full', port_file=None):
        words = [DRIVER, 'serve', path, report] + ([port_file] if port_file else [])
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.ready = self.process.stdout.readline() == b'ready\n'

    def end(self, how=None):
        if how:
            self.process.send_signal(how)
        self.process.stdin.close()
        self.process.wait(10)
        error = self.process.stderr.read().decode()
        self.process.stdout.close()
        self.process.stderr.close()
        return error


def ask(path, form, **more):
    environment = dict(os.environ, TERM='xterm', LC_ALL='C.UTF-8')
    environment.pop('NO_COLOR', None)
    environment.update(more)
    return subprocess.run([DRIVER, 'ask', path, form], capture_output=True, timeout=30, env=environment, stdin=subprocess.DEVNULL)


class Terminal:
    """a program on a pty of its own"""

    def __init__(self, *words, columns=80, rows=24, **more):
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows, tell=False)
        self.before = termios.tcgetattr(self.slave)
        environment = dict(os.environ, TERM='xterm', LC_ALL='C.UTF-8')
        environment.pop('NO_COLOR', None)
        environment.update(more)

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([DRIVER, *words], stdin=self.slave, stdout=self.slave, stderr=self.slave, env=environment, preexec_fn=own_terminal)
        self.seen = b''

    def resize(self, columns, rows, tell=True):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
        if tell:
            os.kill(self.process.pid, signal.SIGWINCH)

    def read(self, until=None, seconds=10.0):
        """what comes until `until` is in it, or for so long; the part since the last call"""
        start, end = len(self.seen), time.monotonic() + seconds
        while time.monotonic() < end and not (until and until in self.seen[start:]):
            if select.select([self.master], [], [], 0.05)[0]:
                self.seen += os.read(self.master, 65536)
            elif self.process.poll() is not None:
                break
        return self.seen[start:]

    def key(self, octets):
        os.write(self.master, octets)

    def end(self, seconds=10.0):
        """its exit status; None if it had to be killed"""
        limit = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < limit:
            self.read(seconds=0.05)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            return None
        self.read(seconds=0.2)
        return self.process.returncode

    def restored(self):
        return self.seen.count(b'\x1b[?1049h') == self.seen.count(b'\x1b[?1049l') and \
            self.seen.rstrip().endswith(b'\x1b[?25h\x1b[?1049l') and termios.tcgetattr(self.slave) == self.before

    def close(self):
        os.close(self.master)
        os.close(self.slave)


def in_pipes(path):
    text = ask(path, 'text')
    expect(text.returncode == 0 and text.stdout.startswith(b'sie-dns-sensor 1.2.3, up 1 h') and text.stderr == b'', 'text in a pipe: %s' % text)
    expect(b'\x1b' not in text.stdout and text.stdout.isascii(), 'colours or blocks in a pipe')
    parsed = json.loads(ask(path, 'json').stdout)
    expect(parsed['version'] == '1.2.3', 'json')
    expect(ask(path, 'metrics').stdout.startswith(b'# HELP sie_dns_sensor_info '), 'metrics')
    watch = ask(path, 'watch')
    expect(watch.returncode == 2 and watch.stderr == b'sie-dns-sensor: error: --watch: needs a terminal; take status, or status --json\n', '--watch without a terminal: %s' % watch)
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([DRIVER, 'ask', path, 'json'], stdout=full, stderr=subprocess.PIPE, timeout=30)
        expect(done.returncode == 1 and b'No space left' in done.stderr, 'a full disk behind the output: %s' % done)


def on_terminals(path):
    for more, coloured in (({}, True), ({'NO_COLOR': '1'}, False), ({'NO_COLOR': ''}, True), ({'TERM': 'dumb'}, False)):
        terminal = Terminal('ask', path, 'text', columns=100, **more)
        status = terminal.end()
        expect(status == 0 and b'process' in terminal.seen, 'text on a terminal: %r %r' % (status, terminal.seen[-300:]))
        expect((b'\x1b[33mWARNING' in terminal.seen) == coloured and (b'\x1b' in terminal.seen) == coloured, 'colours with %s: %r' % (more, terminal.seen[:200]))
        expect('\u2588'.encode() in terminal.seen, 'blocks where the locale is UTF-8')
        terminal.close()
    terminal = Terminal('ask', path, 'text', LC_ALL='C')
    terminal.end()
    expect(terminal.seen.isascii() and b'###' in terminal.seen, 'ASCII where it is not')
    terminal.close()


def frames(octets):
    return octets.split(b'\x1b[H')[1:]


def shown(frame):
    return [re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]|\r', '', x) for x in frame.decode('utf-8', 'replace').split('\n')]


def watching(path, server):
    terminal = Terminal('ask', path, 'watch')
    terminal.read(until=b'Ctrl-C ends this')
    expect(terminal.seen.startswith(b'\x1b[?1049h\x1b[?25l'), 'the alternate screen is entered')
    first = shown(frames(terminal.seen)[0])
    expect(len(first) == 24 and max(map(len, first)) <= 80 and first[0].startswith('sie-dns-sensor 1.2.3'), 'a frame of 80x24: %s' % first)
    expect('lines more' in first[22], 'what does not fit is told: %s' % first[22])
    keys = termios.tcgetattr(terminal.slave)[3]
    expect(not keys & (termios.ECHO | termios.ICANON), 'keys are taken one by one')
    begin = time.monotonic()
    terminal.read(until=b'Ctrl-C ends this')
    expect(time.monotonic() - begin < 4, 'the next frame comes by itself')
    for columns, rows in ((132, 60), (50, 10), (1, 1), (20, 2), (80, 24)):
        terminal.resize(columns, rows)
        got = b''
        for _ in range(4):  # one that was under way may still be of the old size
            got = terminal.read(until=b'\x1b[K\x1b[J')
            lines = shown(frames(got)[-1]) if frames(got) else []
            if lines and len(lines) <= max(rows, 2) and max(map(len, lines)) <= columns:
                break
        expect(lines and len(lines) <= max(rows, 2) and max(map(len, lines)) <= columns, '%dx%d: %s' % (columns, rows, lines))
        if rows == 60:
            expect(lines[0].startswith('sie-dns-sensor') and any(x.startswith('process') for x in lines), 'a high window shows all')
    terminal.key(b'x\x1b[A\x00')
    expect(terminal.process.poll() is None, 'other keys do nothing')
    # Stopped and continued, as by Ctrl-Z and fg.
    os.kill(terminal.process.pid, signal.SIGTSTP)
    terminal.read(until=b'\x1b[?1049l', seconds=5)
    time.sleep(0.2)
    expect(termios.tcgetattr(terminal.slave) == terminal.before, 'the terminal is as before while it is stopped')
    os.kill(terminal.process.pid, signal.SIGCONT)
    expect(b'\x1b[?1049h' in terminal.read(until=b'Ctrl-C ends this'), 'and drawn anew after that')
    # The sensor goes away, and another one comes.
    server.end(signal.SIGKILL)
    expect(b'nobody listens on this socket' in terminal.read(until=b'nobody listens', seconds=5) + terminal.read(until=b'ends this', seconds=5), 'a sensor that is gone is told')
    server = Server(path, 'calm')
    expect(server.ready, 'the socket of a killed one is replaced: %s' % ('' if server.ready else server.end()))
    expect(b'up 1 min' in terminal.read(until=b'up 1 min', seconds=5), 'and is asked again')
    terminal.key(b'q')
    expect(terminal.end() == 0 and terminal.restored(), 'q ends it: %r' % terminal.seen[-100:])
    terminal.close()
    for name, leave in (('Ctrl-C', lambda t: t.key(b'\x03')), ('SIGTERM', lambda t: os.kill(t.process.pid, signal.SIGTERM)),
                        ('SIGHUP', lambda t: os.kill(t.process.pid, signal.SIGHUP)), ('Q', lambda t: t.key(b'Q')), ('Ctrl-\\', lambda t: t.key(b'\x1c'))):
        terminal = Terminal('ask', path, 'watch')
        terminal.read(until=b'Ctrl-C ends this')
        leave(terminal)
        status = terminal.end()
        expect(status == 0 and terminal.restored(), '%s: status %s, %r' % (name, status, terminal.seen[-100:]))
        terminal.close()
    # The terminal is closed under it.
    terminal = Terminal('ask', path, 'watch')
    terminal.read(until=b'Ctrl-C ends this')
    terminal.close()
    try:
        terminal.process.wait(10)
    except subprocess.TimeoutExpired:
        terminal.process.kill()
        faults.append('it outlives its terminal')
    return server


def failures(folder):
    gone = ask(os.path.join(folder, 'none'), 'text')
    expect(gone.returncode == 1 and b'none: no such socket; is the sensor running?' in gone.stderr and not gone.stdout, 'no sensor: %s' % gone)
    terminal = Terminal('ask', os.path.join(folder, 'none'), 'watch')
    expect(terminal.end() == 1 and b'\x1b' not in terminal.seen and b'no such socket' in terminal.seen, '--watch without a sensor: %r' % terminal.seen)
    terminal.close()
    # A sensor of somebody who means ill: what comes may not steer the terminal.
    path = os.path.join(folder, 'evil')
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    listening.settimeout(10)
    terminal = Terminal('ask', path, 'text')
    client = listening.accept()[0]
    body = b'\x1b]0;mine\x07\x1b[2J\rgone\n'
    client.sendall(b'ok %d\n' % len(body) + body)
    client.close()
    listening.close()
    expect(terminal.end() == 0 and b'\x1b]' not in terminal.seen and b'\x1b[2J' not in terminal.seen and b'?]0;mine' in terminal.seen, 'steered: %r' % terminal.seen)
    terminal.close()


def main():
    with tempfile.TemporaryDirectory(prefix='sie-status.') as folder:
        path, port_file = os.path.join(folder, 'status.sock'), os.path.join(folder, 'port')
        server = Server(path, 'full', port_file)
        if not server.ready:
            print('FAILED status: the driver does not serve: %s' % server.end())
            sys.exit(1)
        try:
            second = Server(path)
            expect(not second.ready and 'a running sensor listens there' in second.end(), 'a second sensor on the same socket is refused')
            with open(port_file, encoding='ascii') as f:
                port = int(f.read())
            got = urllib.request.urlopen('http://127.0.0.1:%d/metrics' % port, timeout=10)
            expect(got.status == 200 and got.read() == ask(path, 'metrics').stdout, 'the port and the socket say the same')
            in_pipes(path)
            on_terminals(path)
            server = watching(path, server)
        finally:
            server.end()
        expect(not os.path.exists(path), 'the socket is removed at the end')
        failures(folder)
    for fault in faults:
        print('FAILED status: ' + fault)
    if not faults:
        print('the status program does as it says')
    sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
