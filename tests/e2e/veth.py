"""A network namespace with pairs of veth ends, for tests that send frames to a live sensor.

    with veth.Namespace(pairs=1) as space:      # a0 -> b0, a1 -> b1 …; no addresses, no IPv6, nothing else is sent
        sensor = space.start([...])             # a program in it
        space.send(0, frames, at=times)         # (octets) out of a0, at their own pace

Needs root and iproute2; skips otherwise. Everything goes away with the namespace, also after a failure.
"""
import os
import secrets
import signal
import socket
import struct
import subprocess
import time

import programs

ETH_P_ALL = 3


def need_namespaces():
    programs.need('ip')
    if os.geteuid() != 0:
        programs.skip('network namespaces need root')
    name = 'sie-probe-' + secrets.token_hex(4)
    made = subprocess.run(['ip', 'netns', 'add', name], capture_output=True)
    if made.returncode != 0:
        programs.skip('no network namespace can be made here: %s' % made.stderr.decode().strip())
    subprocess.run(['ip', 'netns', 'del', name], check=True)


class Namespace:
    def __init__(self, pairs=1, mtu=65535):
        self.name, self.pairs, self.mtu = 'sie-' + secrets.token_hex(4), pairs, mtu
        self.started, self.sockets = [], {}

    def ip(self, *arguments):
        subprocess.run(['ip', '-n', self.name, *arguments], check=True, capture_output=True)

    def __enter__(self):
        subprocess.run(['ip', 'netns', 'add', self.name], check=True, capture_output=True)
        try:
            for word in ('all', 'default'):
                self.run(['sysctl', '-qw', 'net.ipv6.conf.%s.disable_ipv6=1' % word])
            for i in range(self.pairs):
                self.add_pair(i)
        except BaseException:
            self.__exit__()
            raise
        return self

    def add_pair(self, i):
        self.ip('link', 'add', 'a%d' % i, 'type', 'veth', 'peer', 'name', 'b%d' % i)
        for end in ('a', 'b'):
            self.ip('link', 'set', '%s%d' % (end, i), 'mtu', str(self.mtu), 'up')

    def __exit__(self, *_):
        for program in reversed(self.started):
            if program.poll() is None:
                program.kill()
                program.wait()
        for s in self.sockets.values():
            s.close()
        subprocess.run(['ip', 'netns', 'del', self.name], capture_output=True)

    def run(self, arguments, **more):
        return subprocess.run(['ip', 'netns', 'exec', self.name, *arguments], check=True, capture_output=True, **more)

    def start(self, arguments, env=None, **more):
        """a program in the namespace; its pid is the program's own, since ip replaces itself"""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(('DNSQR_', 'NMSG_'))}
        program = subprocess.Popen(['ip', 'netns', 'exec', self.name, *arguments], env=clean | (env or {}),
                                   stdin=subprocess.DEVNULL, **more)
        self.started.append(program)
        return program

    def socket(self, i):
        """a packet socket on a<i>, made in the namespace"""
        if i not in self.sockets:
            own = os.open('/proc/self/ns/net', os.O_RDONLY)
            there = os.open('/run/netns/' + self.name, os.O_RDONLY)
            try:
                setns(there)
                try:
                    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
                    s.bind(('a%d' % i, 0))
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
                    self.sockets[i] = s
                finally:
                    setns(own)
            finally:
                os.close(own)
                os.close(there)
        return self.sockets[i]

    def forget_socket(self, i):
        self.sockets.pop(i).close()

    def send(self, i, frames, at=None):
        """frames out of a<i>; at: seconds, for the pace"""
        s, begin = self.socket(i), time.monotonic()
        for k, frame in enumerate(frames):
            if at is not None:
                wait = begin + at[k] - at[0] - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
            s.send(frame)

    def counters(self, interface):
        """rx_dropped + tx_dropped of an interface, and what it received"""
        found = {}
        for word in ('rx_dropped', 'tx_dropped', 'rx_packets', 'tx_packets'):
            path = '/sys/class/net/%s/statistics/%s' % (interface, word)
            found[word] = int(self.run(['cat', path]).stdout)
        return found


def setns(fd):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), 'setns')


def frames_of(path):
    """(times, frames) of a classic pcap file of Ethernet, microseconds or nanoseconds, little endian"""
    octets = open(path, 'rb').read()
    magic, = struct.unpack_from('<I', octets)
    unit = {0xa1b2c3d4: 1e-6, 0xa1b23c4d: 1e-9}[magic]
    assert struct.unpack_from('<I', octets, 20)[0] == 1, 'not Ethernet'
    times, frames, at = [], [], 24
    while at + 16 <= len(octets):
        second, fraction, length, _ = struct.unpack_from('<IIII', octets, at)
        times.append(second + fraction * unit)
        frames.append(octets[at + 16:at + 16 + length])
        at += 16 + length
    return times, frames


def end(program, number=signal.SIGTERM, seconds=10):
    """(seconds that it took to end, output, errors)"""
    begin = time.monotonic()
    program.send_signal(number)
    out, err = program.communicate(timeout=seconds)
    return time.monotonic() - begin, out, err


def wait_for(condition, what, seconds=10):
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            raise AssertionError('waited %d s in vain for %s' % (seconds, what))
        time.sleep(0.02)
