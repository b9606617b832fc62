"""What every end-to-end test needs: running the programs, folders that go away, comparing lists, reporting.

A test is a script with the folder of the binaries as its first argument. It makes a Report, calls check() for each
thing that must hold, and leaves with report.leave(): 0, 1 with each failure named, or 77 (skipped, with a reason;
a failure under REQUIRE_ALL=1). The programs run with no DNSQR_ or NMSG_ variable but those given.
"""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import nmsg_lines

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
SKIPPED = 77


class Done:
    """how a program ended"""

    def __init__(self, arguments, env, status, out, err):
        self.arguments, self.env, self.status, self.out, self.err = arguments, env, status, out, err

    def __str__(self):
        variables = ' '.join('%s=%s' % (k, shlex.quote(v)) for k, v in self.env.items())
        return '%s %s: status %s\n%s' % (variables, shlex.join(self.arguments), self.status,
                                         self.err.decode(errors='replace')[-1500:])


class Report:
    """collects what failed; one for each script"""

    def __init__(self, name):
        self.name, self.checks, self.failures = name, 0, []

    def check(self, holds, what, detail=''):
        self.checks += 1
        if not holds:
            self.failures.append(what)
            print('FAILED %s: %s%s' % (self.name, what, '\n' + str(detail).rstrip() if detail else ''), flush=True)
        return bool(holds)

    def same(self, expected, got, what, detail=''):
        return self.check(expected == got, what, difference(expected, got) + str(detail) if expected != got else '')

    def leave(self):
        if not self.checks:
            print('FAILED %s: nothing was checked' % self.name)
            sys.exit(1)
        print('%s: %d checks, %d failed' % (self.name, self.checks, len(self.failures)))
        for failure in self.failures[:40]:
            print('  failed: %s' % failure)
        sys.exit(1 if self.failures else 0)


def skip(reason):
    required = os.environ.get('REQUIRE_ALL') == '1'
    print('%s: %s' % ('FAILED, REQUIRE_ALL=1 and it cannot run' if required else 'SKIPPED', reason))
    sys.exit(1 if required else SKIPPED)


def shared(*path):
    """the folder of shared documents (SIE_SHARED, else beside the tree), or a skip"""
    folder = os.environ.get('SIE_SHARED') or os.path.join(os.path.dirname(SOURCE), 'shared')
    found = os.path.join(folder, *path)
    if not os.path.exists(found):
        skip('%s is not there (set SIE_SHARED)' % found)
    return found


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            skip('%s is not installed' % tool)


def folder(place=None):
    """a folder that goes away: with folder() as name"""
    return tempfile.TemporaryDirectory(prefix='sie-e2e.', dir=place)


def difference(expected, got, most=6):
    """the first lines in which two lists differ"""
    if not isinstance(expected, list) or not isinstance(got, list):
        return 'expected %r\n     got %r\n' % (expected, got)
    lines = ['%d lines expected, %d got' % (len(expected), len(got))]
    for i in range(max(len(expected), len(got))):
        a = expected[i] if i < len(expected) else '(nothing)'
        b = got[i] if i < len(got) else '(nothing)'
        if a != b:
            lines += ['line %d expected: %s' % (i + 1, a), 'line %d      got: %s' % (i + 1, b)]
            x, y = a.split('|'), b.split('|')
            if len(x) == len(y):
                lines.append('  fields that differ: %s' % [k + 1 for k in range(len(x)) if x[k] != y[k]])
            most -= 1
            if not most:
                lines.append('…')
                break
    return '\n'.join(lines) + '\n'


class Programs:
    def __init__(self, binaries):
        self.sensor = os.path.join(os.path.abspath(binaries), 'sie-dns-sensor')
        self.nmsgtool = os.path.join(os.path.abspath(binaries), 'nmsgtool')
        for program in (self.sensor, self.nmsgtool):
            if not os.access(program, os.X_OK):
                print('FAILED: %s is not built' % program)
                sys.exit(1)

    def run(self, arguments, env=None, octets=b'', seconds=600, cwd=None):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(('DNSQR_', 'NMSG_'))}
        env = env or {}
        try:
            p = subprocess.run(arguments, input=octets, capture_output=True, env=clean | env, timeout=seconds, cwd=cwd)
            return Done(arguments, env, p.returncode, p.stdout, p.stderr)
        except subprocess.TimeoutExpired as late:
            return Done(arguments, env, 'none after %d s' % seconds, late.stdout or b'', late.stderr or b'')

    def record(self, captures, out, env=None, extra=(), **more):
        """nmsgtool -p: captures into one NMSG file"""
        files = [x for capture in captures for x in ('-p', capture)]
        return self.run([self.nmsgtool, '-V', 'base', '-T', 'dnsqr', *files, *extra, '-w', out], env, **more)

    def replay(self, captures, out=None, env=None, extra=(), **more):
        """sie-dns-sensor run --pcap: captures into a folder of NMSG files, with a JSON summary"""
        where = ['--output-dir', out, '--prefix', 'test'] if out else []
        return self.run([self.sensor, 'run', '--pcap', *captures, *where, '--quiet', '--json-summary', *extra], env, **more)

    def lines(self, out, header=False, timeout=False):
        """the payload lines of a file, or of the files of a folder in the order of their names"""
        names = [os.path.join(out, x) for x in sorted(os.listdir(out)) if x[0] != '.'] if os.path.isdir(out) else [out]
        return [nmsg_lines.line(e, header, timeout) for name in names for e in nmsg_lines.read(name)]


def ledger(done):
    """the JSON summary as lines of a .summary file, counts of zero left out; None if there is no such object"""
    try:
        found = json.loads(done.out)
        lines = [(word, found.get(word, 0)) for word in ('frames', 'joined', 'messages', 'client_subnet_zeroed', 'evicted')]
        lines += [('payload ' + k, v) for k, v in found.get('payloads', {}).items()]
        lines += [('drop ' + k, v) for k, v in found.get('drops', {}).items()]
    except (ValueError, AttributeError):
        return None
    return sorted('%s %d' % x for x in lines if x[1])


def counted():
    """{word: frame, message or transaction} of every drop reason, from the table in the sources"""
    text = open(os.path.join(SOURCE, 'src', 'base', 'drop_reason.h'), encoding='utf-8').read()
    rows = dict(re.findall(r'^\s*X\((\w+), (frame|message|transaction),', text, re.M))
    assert len(rows) > 20, 'the table of drop reasons was not understood'
    return rows


def balances(done):
    """what does not close of the three balances of the loss ledger, as text; empty if all close"""
    try:
        found = json.loads(done.out)
    except ValueError:
        return 'no summary: %s' % done
    kinds, of = counted(), {}
    drops, payloads, t = found.get('drops', {}), found.get('payloads', {}), found.get('transactions', {})
    for kind in ('frame', 'message', 'transaction'):
        of[kind] = sum(n for word, n in drops.items() if kinds.get(word) == kind)
    other = payloads.get('TCP', 0) + payloads.get('ICMP', 0)
    transactions = sum(t.get(k, 0) for k in ('pair', 'unanswered', 'unsolicited', 'query_only', 'response_only'))
    messages = of['message'] + t.get('pair', 0) + transactions
    lost = [k for k in drops if k not in kinds]
    sums = [('frames', found.get('frames', 0), of['frame'] + found.get('joined', 0) + found.get('messages', 0) + other),
            ('messages', found.get('messages', 0), messages),
            ('transactions', transactions + other, of['transaction'] + sum(payloads.values()))]
    wrong = ['%s: %d is not %d' % x for x in sums if x[1] != x[2]]
    return '; '.join(wrong + ['unknown reason %s' % k for k in lost])
