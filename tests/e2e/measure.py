"""CPU and memory of whole processes, in interleaved rounds: what the tests of speed and of the flood share."""
import os
import statistics
import subprocess


class Cost:
    """user + system seconds of all threads, peak resident KiB, and how it ended"""

    def __init__(self, arguments, stdin=None, stdout=subprocess.DEVNULL):
        p = subprocess.Popen(arguments, stdin=stdin or subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE)
        self.out = p.stdout.read() if p.stdout else b''
        self.err = p.stderr.read()
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = self.status = os.waitstatus_to_exitcode(status)
        self.cpu, self.resident_kib = usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def medians(rounds, **commands):
    """{name: median of CPU seconds}; commands: functions that run one and give a Cost"""
    costs = {name: [] for name in commands}
    for _ in range(rounds):
        for name, run in commands.items():
            cost = run()
            if cost.status != 0:
                raise RuntimeError('%s: status %s\n%s' % (name, cost.status, cost.err.decode(errors='replace')))
            costs[name].append(cost.cpu)
    return {name: statistics.median(x) for name, x in costs.items()}
