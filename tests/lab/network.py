"""Namespaces, links and children of the lab: made here, and gone when the Network is left, however it is left.

One flat layer 2, everything on-link, no routes, no forwarding:

    unbound (eth0) ─┐                                       ┌─ servers (eth0): nsd, knot, odd, lame, blackhole
    named   (eth0) ─┼─ br0 ── x0=x1 [impairing wire] y1=y0 ── br1
    clients (eth0) ─┘

Namespaces are called sielab-PID-ROLE, so that labs can run side by side. Children get SIGTERM from the kernel should the
lab itself be killed; the namespaces that such a death leaves behind are removed by the next lab.
"""
import ctypes
import os
import re
import signal
import subprocess
import time

SERVERS, CLIENTS, MIDDLE = 'servers', 'clients', 'middle'

# Addresses of documentation and benchmarks (RFC 5737, 2544, 3849). Clients stand in no zone, so that their octets in an
# output are the sensor's fault.
RESOLVERS = {'unbound': ('198.19.1.1', '2001:db8:1::1'), 'named': ('198.19.1.2', '2001:db8:1::2')}
CLIENTS_OF = {'unbound': [('198.19.200.%d' % i, '2001:db8:c1::%x' % i) for i in (201, 202)],
              'named': [('198.19.201.%d' % i, '2001:db8:c2::%x' % i) for i in (203, 204)]}
ODD_CLIENT = ('198.19.202.205', '2001:db8:c3::cd')
NSD = [('198.18.10.%d' % i, '2001:db8:a::%d' % i) for i in (1, 2, 3, 4)]
KNOT = [('198.18.20.%d' % i, '2001:db8:b::%d' % i) for i in (1, 2, 3, 4)]
LAME = [('198.18.44.%d' % i, '2001:db8:44::%d' % i) for i in (1, 2)]        # nobody listens: port unreachable
BLACKHOLE = [('198.18.66.%d' % i, '2001:db8:66::%d' % i) for i in (1, 2)]   # the wire drops what goes there
ODD = [('198.18.77.%d' % i, '2001:db8:77::%d' % i) for i in (1, 2, 3)]      # the third only answers for the others

OFFLOADS = ('tx', 'rx', 'tso', 'gso', 'gro', 'sg')  # else checksums in captures are partial and segments are 64 KiB
SETTINGS = ('net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.default.dad_transmits=0',
            'net.ipv6.conf.default.accept_ra=0', 'net.ipv4.icmp_ratelimit=0', 'net.ipv6.icmp.ratelimit=0')
PDEATHSIG = 1


class Unable(Exception):
    """namespaces cannot be made here"""


def every_client():
    return [a for pairs in CLIENTS_OF.values() for pair in pairs for a in pair] + list(ODD_CLIENT)


def die_with_parent():
    ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGTERM)


def run(*words, check=True):
    done = subprocess.run(words, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError('%s: %s' % (' '.join(words), (done.stderr or done.stdout).strip()))
    return done


class Network:
    def __init__(self, folder):
        self.folder, self.children = folder, []
        self.prefix = 'sielab-%d-' % os.getpid()

    def __enter__(self):
        remove_left_behind()
        if run('ip', 'netns', 'add', self.name(MIDDLE), check=False).returncode:
            raise Unable('ip netns add is refused')
        try:
            self.build()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            self.stop(child)
        for name in namespaces(self.prefix):
            run('ip', 'netns', 'del', name, check=False)

    def name(self, role):
        return self.prefix + role

    def build(self):
        addresses = {SERVERS: NSD + KNOT + LAME + BLACKHOLE + ODD,
                     CLIENTS: [x for pairs in CLIENTS_OF.values() for x in pairs] + [ODD_CLIENT],
                     **{role: [pair] for role, pair in RESOLVERS.items()}}
        middle = self.name(MIDDLE)
        for role in addresses:
            run('ip', 'netns', 'add', self.name(role))
        for role in (MIDDLE, *addresses):
            self.inside(role, 'sysctl', '-qw', *SETTINGS)
            run('ip', '-n', self.name(role), 'link', 'set', 'lo', 'up')
        for bridge in 'br0', 'br1':
            # Snooping would eat neighbour discovery.
            run('ip', '-n', middle, 'link', 'add', bridge, 'type', 'bridge', 'mcast_snooping', '0', 'stp_state', '0')
            self.up(MIDDLE, bridge)
        for inner, outer, bridge in ('x0', 'x1', 'br0'), ('y0', 'y1', 'br1'):
            run('ip', '-n', middle, 'link', 'add', inner, 'type', 'veth', 'peer', 'name', outer)
            run('ip', '-n', middle, 'link', 'set', 'dev', inner, 'master', bridge)
            for end in inner, outer:
                self.up(MIDDLE, end)
        for role, pairs in addresses.items():
            port = 'p-' + role
            run('ip', '-n', self.name(role), 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', port, 'netns', middle)
            run('ip', '-n', middle, 'link', 'set', 'dev', port, 'master', 'br1' if role == SERVERS else 'br0')
            self.up(MIDDLE, port)
            self.up(role, 'eth0')
            for four, six in pairs:
                run('ip', '-n', self.name(role), 'addr', 'add', four + '/15', 'dev', 'eth0')
                run('ip', '-n', self.name(role), 'addr', 'add', six + '/32', 'dev', 'eth0', 'nodad')

    def up(self, role, link):
        # No link-local address: neighbour discovery then uses the global one.
        run('ip', '-n', self.name(role), 'link', 'set', 'dev', link, 'addrgenmode', 'none')
        if not link.startswith('br'):
            self.inside(role, 'ethtool', '-K', link, *[x for o in OFFLOADS for x in (o, 'off')])
        run('ip', '-n', self.name(role), 'link', 'set', 'dev', link, 'up')

    def inside(self, role, *words, check=True):
        return run('ip', 'netns', 'exec', self.name(role), *words, check=check)

    def start(self, role, label, *words, env=None):
        """a child in a namespace; its output goes into FOLDER/LABEL.out and .err. `ip netns exec` execs: the pid is the program's."""
        with open(os.path.join(self.folder, label + '.out'), 'wb') as out, open(os.path.join(self.folder, label + '.err'), 'wb') as err:
            child = subprocess.Popen(['ip', 'netns', 'exec', self.name(role), *words], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                     start_new_session=True, preexec_fn=die_with_parent, env=env)
        child.label = label
        self.children.append(child)
        return child

    def stop(self, child, number=signal.SIGTERM, patience=15):
        """ends a child and gives its status"""
        if child.poll() is None:
            child.send_signal(number)
            try:
                child.wait(patience)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if child in self.children:
            self.children.remove(child)
        return child.returncode

    def said(self, label, suffix='.err'):
        with open(os.path.join(self.folder, label + suffix), 'rb') as f:
            return f.read()

    def alive(self):
        """raises if a child has ended by itself"""
        for child in self.children:
            if child.poll() is not None:
                text = (self.said(child.label) or self.said(child.label, '.out')).decode(errors='replace')
                raise RuntimeError('%s has ended, status %d:\n%s' % (child.label, child.returncode, text[-2000:]))

    def packet_sockets(self, role):
        """how many packet sockets of a namespace are bound and running: when a capture has begun"""
        rows = [line.split() for line in self.inside(role, 'cat', '/proc/net/packet').stdout.splitlines()]
        interface, running = rows[0].index('Iface'), rows[0].index('R')
        return sum(row[interface] != '0' and row[running] == '1' for row in rows[1:])


def namespaces(prefix):
    listed = run('ip', 'netns', 'list', check=False).stdout
    return [line.split()[0] for line in listed.splitlines() if line.startswith(prefix)]


def remove_left_behind():
    """namespaces of labs that were killed: their pid is no process any more"""
    for name in namespaces('sielab-'):
        made_by = re.match(r'sielab-(\d+)-', name)
        if made_by and not os.path.exists('/proc/' + made_by[1]):
            run('ip', 'netns', 'del', name, check=False)


def until(holds, what, seconds=30, pause=0.1):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError('waited %d s: %s' % (seconds, what))
        time.sleep(pause)
