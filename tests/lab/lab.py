#!/usr/bin/python3
"""lab.py BINARIES [--small] [--offline] [--seed N] [--keep] [--again FOLDER]: the sensor beside two resolvers at work.

unbound and named resolve for clients against nsd, knot and an odd server, through a wire that delays, reorders, loses and
doubles (README.md). Beside each, sie-dns-sensor records live what tcpdump captures; afterwards every datagram is compared.
--offline: the sensor reads tcpdump's captures afterwards, and nothing live is run. --keep: the folder stays; it does on
failure. --again: only compare what a kept folder has.
"""
import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'e2e'))

import judge  # noqa: E402
import servers  # noqa: E402
import zones  # noqa: E402
from network import (BLACKHOLE, CLIENTS, CLIENTS_OF, MIDDLE, ODD, ODD_CLIENT, RESOLVERS, SERVERS, Network, Unable,  # noqa: E402
                     until)
from programs import Programs, Report, need, skip  # noqa: E402

TOOLS = ('ip', 'ethtool', 'sysctl', 'tcpdump', 'tshark', 'nsd', 'knotd', 'unbound', 'named', 'dig', 'dnsperf', 'dnssec-keygen', 'dnssec-signzone')
WIRE = {'loss': 0.01, 'double': 0.01, 'late': 0.012, 'delay': [0.001, 0.012], 'hold': [1.05, 2.2],
        'blackhole': [a for pair in BLACKHOLE for a in pair]}
LATEST = WIRE['hold'][1] + 2.5  # s until the last answer of the odd server has passed the wire
QUIET = 1.6  # s without a frame before the captures end: tcpdump reads a block of its ring when it is full or a second old
# Questions and their rate (1/s) for each of a resolver's four clients. named asks fewer upstream questions for each.
LOAD = {'unbound': (1200, 14), 'named': (2900, 32)}
LOAD_SMALL = {'unbound': (250, 13), 'named': (320, 16)}
WORKERS = {'unbound': 1, 'named': 4}
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Lab:
    def __init__(self, network, programs, report, options):
        self.network, self.programs, self.report, self.options = network, programs, report, options
        self.chance = random.Random(options.seed)
        self.began = time.monotonic()
        self.sensors, self.captures, self.resolvers, self.wire = {}, {}, {}, None

    def tell(self, text):
        print('%6.1f s  %s' % (time.monotonic() - self.began, text), flush=True)

    def path(self, *names):
        return os.path.join(self.network.folder, *names)

    def script(self, role, label, name, *arguments):
        return self.network.start(role, label, sys.executable, '-B', os.path.join(HERE, name), *map(str, arguments))

    def serve(self):
        self.zones = zones.plan(self.chance, self.options.small)
        zones.make(self.zones, self.network.folder, self.chance)
        signed = sum(bool(z.keys) for z in self.zones)
        self.tell('%d zones, %d of them signed' % (len(self.zones), signed))
        servers.start_nsd(self.network, self.zones)
        servers.start_knot(self.network, self.zones)
        self.script(SERVERS, 'odd', 'odd_server.py', json.dumps(ODD), self.chance.getrandbits(32))
        self.wire = self.script(MIDDLE, 'wire', 'impairing_wire.py', 'x1', 'y1', self.chance.getrandbits(32), json.dumps(WIRE))

    def ask(self, address, *words):
        return self.network.inside(CLIENTS, 'dig', '+tries=1', '+time=1', '@' + address, *words, check=False).stdout

    def capture(self, who):
        """tcpdump and the sensor, both before the resolver says its first word"""
        network, sockets = self.network, 1  # tcpdump's; the sensor has one for each worker
        self.captures[who] = network.start(who, 'tcpdump-' + who, 'tcpdump', '-n', '-i', 'eth0', '-s', '0', '-B', '32768', '-Z', 'root',
                                           '-w', self.path(who + '.pcap'))
        until(lambda: network.alive() or network.packet_sockets(who) >= sockets, 'tcpdump for %s opens its socket' % who)
        if self.options.offline:
            return
        os.mkdir(self.path('live-' + who))
        clean = {k: v for k, v in os.environ.items() if not k.startswith(('DNSQR_', 'NMSG_'))}
        self.sensors[who] = network.start(who, 'sensor-' + who, self.programs.sensor, 'run', '--interface', 'eth0', '--res-addrs', ','.join(RESOLVERS[who]),
                                          '--output-dir', self.path('live-' + who), '--prefix', 'lab', '--rotation-interval', '7', '--workers', str(WORKERS[who]),
                                          '--json-summary', env=clean)
        until(lambda: network.alive() or network.packet_sockets(who) >= sockets + WORKERS[who], 'the sensor for %s opens its sockets' % who)

    def start(self):
        for who in RESOLVERS:
            self.capture(who)
        root = self.zones[0]
        for address in root.servers[0] + root.servers[1]:
            until(lambda: 'SOA' in self.network.inside(SERVERS, 'dig', '+tries=1', '+time=1', '+norec', '@' + address, '.', 'SOA').stdout,
                  '%s serves the root' % address, 60)
        for who, begin in servers.START.items():
            self.resolvers[who] = begin(self.network, root)
        for who, addresses in RESOLVERS.items():
            for address in addresses:
                until(lambda: 'status: NOERROR' in self.ask(address, 'h0.plain0.%s' % self.tld('plain0'), 'A'), '%s resolves at %s' % (who, address), 90)
        self.tell('servers and resolvers answer')

    def tld(self, word):
        return next(z.name.partition('.')[2] for z in self.zones if z.name.startswith(word + '.'))

    def load(self):
        """dnsperf, a process for each client address, one of them over TCP besides; and the odd client"""
        asking, longest = [], 0
        for who, (count, rate) in (LOAD_SMALL if self.options.small else LOAD).items():
            for pair in CLIENTS_OF[who]:
                for i, client in enumerate(pair):
                    name = self.path('questions-%s' % client)
                    with open(name, 'w', encoding='ascii') as f:
                        f.writelines(q + '\n' for q in zones.questions(self.zones, self.chance, count))
                    words = ['dnsperf', '-a', client, '-f', ('inet', 'inet6')[i], '-s', RESOLVERS[who][i], '-d', name, '-n', '1', '-c', '1', '-T', '1',
                             '-q', '100', '-t', '5', '-Q', str(rate), '-e', *(['-D'] if pair is CLIENTS_OF[who][0] else [])]
                    asking.append(self.network.start(CLIENTS, 'dnsperf-%s' % client, *words))
                    longest = max(longest, count / rate)
            client, resolver = CLIENTS_OF[who][0][0], RESOLVERS[who][0]
            asking.append(self.network.start(CLIENTS, 'dnsperf-tcp-%s' % who, 'dnsperf', '-m', 'tcp', '-a', client, '-s', resolver, '-d', name, '-n', '1',
                                             '-Q', '3', '-l', str(int(longest)), '-t', '5'))
        self.script(CLIENTS, 'odd-client', 'odd_client.py', json.dumps(ODD_CLIENT), json.dumps(list(RESOLVERS.values())), self.chance.getrandbits(32), longest * 3 + 60)
        end = time.monotonic() + longest * 3 + 60
        while any(c.poll() is None for c in asking):
            if time.monotonic() > end:
                self.tell('the clients take too long, the rest is left')
                break
            self.network.children = [c for c in self.network.children if c not in asking or c.poll() is None]
            self.network.alive()
            time.sleep(0.25)
        for c in asking:
            self.network.stop(c)
        self.tell('the clients are done')

    def finish(self):
        """resolvers and servers first, then what is still on the wire, then the captures: both see the same last frame"""
        for child in list(self.resolvers.values()):
            self.network.stop(child)
        time.sleep(LATEST)
        watching = [*self.captures.values(), *self.sensors.values()]
        for child in [c for c in reversed(self.network.children) if c not in watching and c is not self.wire]:
            self.network.stop(child)
        time.sleep(QUIET)
        for child in watching:
            status = self.network.stop(child, signal.SIGINT)
            self.report.check(status == 0, '%s ends well' % child.label, self.network.said(child.label))
        self.network.stop(self.wire)
        self.tell('captured')


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument('binaries')
    for option in ('small', 'offline', 'keep'):
        arguments.add_argument('--' + option, action='store_true')
    arguments.add_argument('--seed', type=int, default=random.SystemRandom().getrandbits(31))
    arguments.add_argument('--again', metavar='FOLDER')
    options = arguments.parse_args()
    programs, report = Programs(options.binaries), Report('lab')
    if options.again:
        need('tshark')
        judge.judge(report, programs, os.path.abspath(options.again), options.small, options.offline)
        report.leave()
    if os.geteuid() != 0:
        skip('root is needed for namespaces and captures')
    need(*TOOLS)
    for number in INTERRUPTIONS:
        signal.signal(number, interrupted)
    print('lab: seed %d, %s' % (options.seed, 'small' if options.small else 'whole'), flush=True)
    folder = tempfile.mkdtemp(prefix='sie-lab.')
    stays = True
    try:
        with Network(folder) as network:
            lab = Lab(network, programs, report, options)
            for step in lab.serve, lab.start, lab.load, lab.finish:
                step()
        judge.judge(report, programs, folder, options.small, options.offline)
        lab.tell('compared')
        stays = options.keep or bool(report.failures)
    except Unable as why:
        stays = False
        skip('no namespaces here: %s' % why)
    except Interrupted as ended:
        stays = options.keep
        sys.exit(128 + ended.number)
    finally:
        if not stays:
            shutil.rmtree(folder)
        else:
            print('lab: seed %d; configurations, logs, captures and output are in %s' % (options.seed, folder), flush=True)
    report.leave()


class Interrupted(BaseException):
    """Ctrl-C and its like: everything is removed"""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


def interrupted(number, _):
    for n in INTERRUPTIONS:
        signal.signal(n, signal.SIG_IGN)
    raise Interrupted(number)


if __name__ == '__main__':
    main()
