"""CPU and memory of whole processes, in interleaved rounds: what `make bench` and the tests of speed and of the flood share."""
import os
import statistics
import subprocess
import sys

RESOLVER = ('198.19.1.1', '2001:db8:1::1')
# What passes of a capture: the resolver's DNS, fragments, IPv6.
FILTER = '(udp port 53 and (host %s or host %s)) or (ip[6:2] & 0x3fff != 0) or ip6' % RESOLVER
NOISE = 1.1  # of a gate: others use the machine as well


# The kernel counts into a program's peak what its process was before exec, this script. So a small process stands between,
# runs the program as its child and tells of that: status, CPU seconds of user and system, peak in KiB.
SMALL = '''
import os, signal, sys
told = int(sys.argv[1])
os.set_inheritable(told, False)
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ, setsigdef=[signal.SIGPIPE])
_, status, usage = os.wait4(child, 0)
os.write(told, ("%d %r %r %d" % (os.waitstatus_to_exitcode(status), usage.ru_utime, usage.ru_stime, usage.ru_maxrss)).encode())
'''


class Cost:
    """user + system seconds of all threads (kernel: system alone), peak resident KiB, and how it ended; no DNSQR_ or NMSG_ variable is seen"""

    def __init__(self, arguments, stdin=None, stdout=subprocess.DEVNULL):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(('DNSQR_', 'NMSG_'))}
        reader, writer = os.pipe()
        p = subprocess.Popen([sys.executable, '-I', '-S', '-c', SMALL, str(writer), *arguments], stdin=stdin or subprocess.DEVNULL, stdout=stdout,
                             stderr=subprocess.PIPE, env=clean, pass_fds=[writer])
        os.close(writer)
        self.out = p.stdout.read() if p.stdout else b''
        self.err = p.stderr.read()
        with open(reader, encoding='ascii') as f:
            told = f.read().split()
        p.wait()
        if len(told) != 4:
            raise RuntimeError('%s: %s' % (arguments[0], self.err.decode(errors='replace')))
        self.status, self.kernel, self.resident_kib = int(told[0]), float(told[2]), int(told[3])
        self.cpu = float(told[1]) + self.kernel


def interleaved(rounds, commands, told=None):
    """{name: [the Cost of each round]}; commands: {name: a function that runs one}, one after the other in each round"""
    costs = {name: [] for name in commands}
    for number in range(rounds):
        for name, run in commands.items():
            if told:
                told('round %d of %d: %s' % (number + 1, rounds, name))
            cost = run()
            if cost.status != 0:
                raise RuntimeError('%s: status %s\n%s' % (name, cost.status, cost.err.decode(errors='replace')))
            costs[name].append(cost)
    return costs


def ratios(costs, ours, theirs):
    """CPU of ours to that of theirs, round by round"""
    return [a.cpu / b.cpu for a, b in zip(costs[ours], costs[theirs])]


def medians(rounds, **commands):
    """{name: median of CPU seconds}"""
    return {name: statistics.median(c.cpu for c in costs) for name, costs in interleaved(rounds, commands).items()}


def tcpdump(capture):
    return Cost(['tcpdump', '-r', capture, '-w', '/dev/null', FILTER])


def replay(sensor, capture, level, out=None, extra=(), resolvers=RESOLVER, stdin=None):
    """the sensor on a capture file, with its summary on standard output; out None: containers are thrown away"""
    where = ['--output-dir', out, '--prefix', 'bench'] if out else ['--discard']
    return Cost([sensor, 'run', '--pcap', capture, '--res-addrs', ','.join(resolvers), *where, '--quiet', '--json-summary',
                 '--compression', level, *extra], stdin=stdin, stdout=subprocess.PIPE)
