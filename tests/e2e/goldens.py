#!/usr/bin/python3
"""goldens.py BINARIES: the captures of goldens/ give what stands beside them, from nmsgtool and from the sensor.

Needs nothing but the tree. When the shared model is there, what stands beside them is held against it too.
"""
import os
import re
import shlex
import sys

from programs import HERE, Programs, Report, balances, counted, folder, ledger

WHERE = os.path.join(HERE, 'goldens')
CAPTURE = re.compile(r'(\w+)\.(?:pcap|pcapng)(?:\.gz)?$')


def lines_of(name):
    path = os.path.join(WHERE, name)
    return open(path, encoding='ascii').read().splitlines() if os.path.exists(path) else None


def ending(lines):
    """(lines, exit status, what the error must name)"""
    if not lines or not lines[-1].startswith('# '):
        return lines, 0, []
    status = int(re.search(r'exit status (\d)', lines[-1])[1])
    named = re.search(r'damaged: (\S+): (offset \d+)', lines[-1])
    return lines[:-1], status, list(named.groups()) if named else []


def check_run(report, done, what, status, named):
    error = done.err.decode(errors='replace')
    return report.check(done.status == status and all(x in error for x in named), '%s: exit status %d %s' % (what, status, named), done)


def one(report, programs, name, capture):
    env = dict(x.split('=', 1) for x in lines_of(name + '.env'))
    arguments = shlex.split((lines_of(name + '.args') or [''])[0])
    expected, status, named = ending(lines_of(name + '.lines'))
    with folder() as here:
        out = os.path.join(here, 'out.nmsg')
        done = programs.record([capture], out, env, arguments)
        if check_run(report, done, name, status, named) and status != 2:
            report.same(expected, programs.lines(out, True, True), name, done)
    summary = lines_of(name + '.summary')
    if summary is None:
        return
    summary, status, named = ending(summary)
    own = lines_of(name + '.sensor.lines')
    sensor_lines, _, _ = ending(lines_of(name + '.lines') if own is None else own)
    with folder() as here:
        done = programs.replay([capture], here, env, ['--compression', 'none', '--rotation-interval', '86400'])
        if not check_run(report, done, name + ' (sensor)', status, named) or status == 2:
            return
        report.same(sensor_lines, programs.lines(here, True, True), name + ' (sensor)', done)
        report.same(sorted(summary), ledger(done), name + ' (ledger)', done)
        report.check(not balances(done), name + ' (balances)', balances(done))
        return done


def main():
    programs, report = Programs(sys.argv[1]), Report('goldens')
    captures = {CAPTURE.match(x)[1]: os.path.join(WHERE, x) for x in sorted(os.listdir(WHERE)) if CAPTURE.match(x)}
    report.check(len(captures) >= 160, 'there are 160 goldens', len(captures))
    shown = set()
    for name, capture in captures.items():
        one(report, programs, name, capture)
        shown |= {x.split()[1] for x in lines_of(name + '.summary') or () if x.startswith('drop ')}
    # What only a live sensor or a full disk counts has its tests elsewhere.
    elsewhere = {'kernel_drop', 'queue_full', 'disk_full', 'filtered_bpf'}
    report.check(set(counted()) - shown <= elsewhere, 'each drop reason is shown by a golden', set(counted()) - shown - elsewhere)
    changed = {'b%02d' % n for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 24, 26, 10, 17, 25)}
    report.check(changed <= {x[:3] for x in captures}, 'each row of the wanted differences has a golden', changed - {x[:3] for x in captures})
    report.leave()


if __name__ == '__main__':
    main()
