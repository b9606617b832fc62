#!/usr/bin/python3
"""check_docs.py BINARIES [--planted]: the documents hold: their commands run, their links exist, their tables are the code's.

A block marked `sh` is run, in a folder that looks like the tree after `make build`. A block that must not be run says
`sh not-run: REASON`; only blocks of apt-get, make and cmake may. --planted: each check finds a fault made for it.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BLOCK = re.compile(r'^```(\S*)([^\n]*)\n(.*?)^```$', re.M | re.S)
# What the test of the Makefile runs, and what runs this very test.
ELSEWHERE = re.compile(r'^(make (run|test|build|lint|install|clean)\b.*)$')


def documents(root):
    names = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'ARCHITECTURE.md', 'examples/README.md']
    return [x for x in names if os.path.exists(os.path.join(root, x))] + sorted(
        os.path.relpath(x, root) for x in glob.glob(os.path.join(root, 'docs', '*.md')))


def text_of(root, name):
    return open(os.path.join(root, name), encoding='utf-8').read()


def blocks(text):
    """(language, note, commands) of each fenced block"""
    return [(m[1], m[2].strip(), m[3]) for m in BLOCK.finditer(text)]


def check_commands(root, binaries):
    faults, ran = [], 0
    for name in documents(root):
        for language, note, commands in blocks(text_of(root, name)):
            if language != 'sh':
                continue
            if (name, note) == ('docs/collector.md', 'collector'):
                continue  # check_collector.py runs them, in a machine of their own
            if (name, note) == ('docs/operations.md', 'machine'):
                continue  # tests/service/service.py runs them, in a machine with the service
            if (name, note) == ('README.md', 'package'):
                continue  # tests/package/package_lab.py runs them, in a machine with the package
            if note:
                if not note.startswith('not-run: ') or not all(re.match(r'(apt-get|make|cmake|ctest)\b', x) for x in commands.splitlines()):
                    faults.append('%s: a block is not run without a good reason: %s' % (name, commands))
                continue
            rest = '\n'.join(x for x in commands.splitlines() if not ELSEWHERE.match(x))
            if not rest.strip():
                continue
            with tempfile.TemporaryDirectory(prefix='sie-docs.') as here:
                shutil.copytree(os.path.join(root, 'examples'), os.path.join(here, 'examples'))
                os.makedirs(os.path.join(here, 'build', 'release'))
                os.symlink(os.path.abspath(binaries), os.path.join(here, 'build', 'release', 'bin'))
                # What an earlier block of the same document made stands there: examples build on one another.
                if 'example.nmsg' in rest and '-w example.nmsg' not in rest:
                    subprocess.run(['build/release/bin/nmsgtool', '-p', 'examples/resolver.pcap', '-V', 'base', '-T', 'dnsqr', '-w', 'example.nmsg'], cwd=here, check=True)
                done = subprocess.run(['bash', '-eu', '-o', 'pipefail', '-c', rest], cwd=here, capture_output=True, text=True, timeout=120)
                ran += 1
                if done.returncode not in (0, 141):
                    faults.append('%s: status %d: %s\n%s' % (name, done.returncode, rest, done.stderr[-800:]))
    if not ran:
        faults.append('no command was run')
    return faults


def check_links(root):
    faults = []
    for name in documents(root):
        for target in re.findall(r'\]\(([^)#]+)\)', text_of(root, name)):
            if '://' not in target and not os.path.exists(os.path.join(root, os.path.dirname(name), target)):
                faults.append('%s: %s does not exist' % (name, target))
    return faults


def check_drop_reasons(root):
    code = re.findall(r'^\s*X\((\w+), (frame|message|transaction),', text_of(root, 'src/base/drop_reason.h'), re.M)
    said = [(w, k) for w, k in re.findall(r'^\| `(\w+)` \| (\w+)s \|', text_of(root, 'docs/drop-reasons.md'), re.M)]
    return [] if code == said and code else ['docs/drop-reasons.md differs from src/base/drop_reason.h: %s' % sorted(set(code) ^ set(said))]


def check_settings(root, binaries):
    """the flags; tests/service holds the rows against the table"""
    faults, text, offered = [], text_of(root, 'docs/settings.md'), set()
    for topic in ('--help', '--help-settings'):
        done = subprocess.run([os.path.join(binaries, 'sie-dns-sensor'), 'run', topic], capture_output=True, text=True)
        offered |= {x for left in re.findall(r'^  (-\S+)', done.stdout, re.M) for x in left.split(',') if x.startswith('--')}
        faults += ['run %s: a line of more than 80 columns: %s' % (topic, x) for x in done.stdout.splitlines() if len(x) > 80 and 'Usage' not in x]
    said = set(re.findall(r'`(--[a-z-]+)', text))
    if offered != said or len(offered) < 40:
        faults.append('docs/settings.md differs from run --help: %s' % sorted(offered ^ said))
    names = re.findall(r'SettingRow\{\s*"(\w+)"', text_of(root, 'src/dnsqr/settings.cc') + text_of(root, 'src/service/settings.cc'))
    rows = re.findall(r'^\| `(\w+)` \| `--', text, re.M)
    if len(names) < 40 or sorted(rows) != sorted(names):
        faults.append('docs/settings.md differs from the table of settings: %s' % sorted(set(names) ^ set(rows)))
    return faults


# Of the log and of systemd, not of a literal in the sources: the words of the ledger.
LEDGER_LINE = re.compile(r'^(not_initiator|filtered_rd|fragment_duplicate)$')


def literals(root):
    """all string literals of the sources, those side by side joined, in one text"""
    found = []
    for path in glob.glob(os.path.join(root, 'src', '**', '*.cc'), recursive=True) + glob.glob(os.path.join(root, 'src', '**', '*.h'), recursive=True):
        text = text_of(root, path)
        joined = re.sub(r'(?<!\\)"\s*\n\s*"', '', text)
        found += re.findall(r'"((?:[^"\\\n]|\\.)*)"', joined)
    return '\n'.join(found)


def check_messages(root):
    """docs/operations.md: each message that its tables quote is one of the program"""
    text, code, faults, quoted = text_of(root, 'docs/operations.md'), literals(root), [], []
    for title, column in (('From the old package', 1), ('Trouble', 0)):
        part = text.split('## %s\n' % title)[1].split('\n## ')[0]
        for line in re.findall(r'^\| .* \|$', part, re.M):
            quoted += re.findall(r'`([^`]+)`', line.strip('| ').split(' | ')[column])
    quoted = [x.replace('compression default is', 'compression {} is') for x in quoted]
    faults += ['docs/operations.md: no message of the program: %s' % x for x in quoted if x not in code and not LEDGER_LINE.match(x)]
    if len(quoted) < 40:
        faults.append('docs/operations.md: only %d messages were found' % len(quoted))
    return faults


def all_faults(root, binaries):
    return check_commands(root, binaries) + check_messages(root) + check_links(root) + check_drop_reasons(root) + check_settings(root, binaries)


PLANTED = [('README.md', 'nmsgtool -r example.nmsg', 'nmsgtool -r exmaple.nmsg'), ('README.md', '(CONTRIBUTING.md)', '(CONTRIBUTNIG.md)'),
           ('docs/drop-reasons.md', '| `dns_short` | frames |', '| `dns_short` | messages |'), ('docs/settings.md', '`--bpf EXPR`', '`--bfp EXPR`'),
           ('docs/settings.md', '| `dns_ports` |', '| `dns_prots` |'), ('docs/operations.md', '--zero-resolver-address 1', '--zero-resolver-address 0'), ('docs/operations.md', '`is set but empty`', '`is set but void`'), ('docs/operations.md', '`the spool overflowed and lost`', '`the spool overflowed and kept`'),
           ('CONTRIBUTING.md', 'sh not-run: it builds for minutes', 'sh later: it builds for minutes')]


def planted(binaries):
    missed = []
    for name, good, bad in PLANTED:
        with tempfile.TemporaryDirectory(prefix='sie-docs.') as here:
            for part in ('README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'ARCHITECTURE.md', 'LICENSE'):
                shutil.copy(os.path.join(ROOT, part), here)
            for part in ('docs', 'examples', 'src'):
                shutil.copytree(os.path.join(ROOT, part), os.path.join(here, part))
            text = text_of(here, name)
            assert good in text, (name, good)
            with open(os.path.join(here, name), 'w', encoding='utf-8') as f:
                f.write(text.replace(good, bad, 1))
            if not all_faults(here, binaries):
                missed.append('planted in %s: %s: nobody saw it' % (name, bad))
    return missed


def main():
    binaries = os.path.abspath(sys.argv[1])
    faults = planted(binaries) if '--planted' in sys.argv else all_faults(ROOT, binaries)
    for fault in faults:
        print('FAILED docs: ' + fault)
    if not faults:
        print('the planted faults are seen' if '--planted' in sys.argv else 'the documents hold')
    sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
