#!/usr/bin/python3
"""bench.py BINARIES: every row of `make bench` can be measured, and a run that is not complete is found.

On small captures, which say nothing about speed. Planted: a sensor whose files lack their last container.
"""
import json
import os
import subprocess
import sys

from programs import SOURCE, Programs, Report, folder, need

BENCH = os.path.join(SOURCE, 'bench', 'bench.py')
# Runs the real one, then cuts the last container off its last file.
FORGETFUL = '''#!%s
import os, subprocess, sys
done = subprocess.run([%r, *sys.argv[1:]])
if '--output-dir' in sys.argv:
    out = sys.argv[sys.argv.index('--output-dir') + 1]
    name = os.path.join(out, sorted(os.listdir(out))[-1])
    octets = open(name, 'rb').read()
    at = last = 0
    while at < len(octets):
        last, at = at, at + 10 + int.from_bytes(octets[at + 6:at + 10], 'big')
    os.truncate(name, last)
sys.exit(done.returncode)
'''


def main():
    programs, report = Programs(sys.argv[1]), Report('bench')
    need('tcpdump', 'gzip', 'jq')
    tools = os.path.abspath(sys.argv[1])
    with folder() as here:
        def bench(binaries, *more, **env):
            return subprocess.run([sys.executable, '-B', BENCH, binaries, '--quick', '--works', os.path.join(here, 'works'), *more],
                                  capture_output=True, text=True, env={**os.environ, **env})
        file = os.path.join(here, 'all.json')
        done = bench(tools, '--work', 'S,U', '--json', file)
        if report.check(done.returncode == 0, 'all rows', done.stdout[-3000:] + done.stderr[-3000:]):
            with open(file, encoding='utf-8') as f:
                found = json.load(f)
            measured = {r['row'] for r in found['rows'] if r['measured'] is not None and r['measured'] > 0}
            report.same(sorted({*range(1, 13), 17}), sorted(measured), 'each row is measured')
            report.same([], [r for r in found['rows'] if r['measured'] is None], 'and none is left out')
            report.check('every run gave all payloads' in done.stdout and not found['incomplete'], 'and complete', done.stdout)
            report.check(len(found['growth']['traffic']) == len(found['growth']['table']) == 3, 'growth', found['growth'])
            report.check('not judged' in done.stdout and 'MISSED' not in done.stdout, 'small captures are not judged', done.stdout)
            compared = subprocess.run([sys.executable, '-B', BENCH, '--compare', file, file], capture_output=True, text=True)
            report.check(compared.returncode == 0 and compared.stdout.count('+0.0 %') >= 15, 'compared with itself', compared.stdout + compared.stderr)

        planted = os.path.join(here, 'planted')
        os.mkdir(planted)
        for name in os.listdir(tools):
            if name != 'sie-dns-sensor':
                os.symlink(os.path.join(tools, name), os.path.join(planted, name))
        with open(os.path.join(planted, 'sie-dns-sensor'), 'w', encoding='utf-8') as f:
            f.write(FORGETFUL % (sys.executable, programs.sensor))
        os.chmod(os.path.join(planted, 'sie-dns-sensor'), 0o755)
        done = bench(planted, '--rows', '1', '--work', 'S')
        report.check(done.returncode == 1 and 'S, none: payloads complete' in done.stdout and 'the files hold {' in done.stdout,
                     'a container less is found', done.stdout + done.stderr)

        done = bench(tools, '--rows', '1,11', PATH=here)
        report.check(done.returncode == 3 and 'tcpdump is not installed: apt-get install tcpdump' in done.stderr and 'install jq (rows 11)' in done.stderr,
                     'what is missing is named', done.stderr)
    report.leave()


if __name__ == '__main__':
    main()
