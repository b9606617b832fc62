#!/usr/bin/python3
"""service.py BINARIES [CASE…]: the sensor as a service under a real systemd, with the shipped unit: every transaction that
was sent is counted in what was written, whatever happens to the service meanwhile.

The machine is service_lab.py's, the traffic that of bench/live.py (send_live, check_live). Without names all cases run, in
order, on one machine; each begins with the service stopped and an empty spool. Needs root; skips with a reason where no
machine can be had.
"""
import os
import subprocess
import sys
import time

from lab_service import CASES, Lab  # before the others: it says where their modules are
# In this order the cases run.
import service_life  # noqa: F401
import service_faults  # noqa: F401
import service_beside  # noqa: F401
import live
import service_lab
from programs import Report


def main():
    binaries, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    unknown = set(wanted) - {x.__name__ for x in CASES}
    if unknown:
        sys.exit('no such case: %s; there are %s' % (', '.join(sorted(unknown)), ', '.join(x.__name__ for x in CASES)))
    report = Report('service')
    try:
        with live.Namespace() as space, service_lab.Machine(binaries, space.name) as machine:
            machine.install()
            for function in CASES:
                if wanted and function.__name__ not in wanted:
                    continue
                begun, failed = time.monotonic(), len(report.failures)
                try:
                    function(Lab(binaries, space, machine, report))
                except (AssertionError, RuntimeError, OSError, KeyError, ValueError, subprocess.TimeoutExpired, live.Unable) as why:
                    report.check(False, function.__name__, '%s: %s\n%s' % (type(why).__name__, why, machine.journal()[-3000:]))
                print('%-14s %5.1f s  %s' % (function.__name__, time.monotonic() - begun, 'ok' if len(report.failures) == failed else 'FAILED'), flush=True)
    except (service_lab.Unable, live.Unable) as why:
        service_lab.skip(str(why))
    report.leave()


if __name__ == '__main__':
    main()
