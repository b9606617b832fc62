#!/usr/bin/python3
"""fuzz.py run|coverage|planted|minimise|check [UNIT…|N…]: what scripts/fuzz does with the targets that it has built.

run       each target for SECONDS (60), JOBS at a time, from its corpus; an input that breaks one is kept there
coverage  how many lines of its unit each corpus covers (llvm-cov); fewer than 85 % is a failure
planted   each planted fault is compiled, and its target must find it within SECONDS; N… or FUZZ_PLANTED: these alone
minimise  the smallest corpora that cover as much as they do now together with build/fuzz/new and build/fuzz/seeds
check     units, sources, corpora, planted faults and the document say the same (needs no build)
"""
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from units import PLANTED, UNITS  # noqa: E402

CORPUS = os.path.join('tests', 'fuzz', 'corpus')
BUILD = os.path.join('build', 'fuzz')
SECONDS = int(os.environ.get('SECONDS_EACH', '60'))
JOBS = int(os.environ.get('JOBS', '0')) or os.cpu_count() or 1
LEAST_COVERED = 85.0
MOST_OCTETS, MOST_FILES = 3_000_000, 1500


def calm():
    """Clang 14's sanitizers do not know address spaces as random as newer kernels make them."""
    word = ['setarch', os.uname().machine, '-R']
    return word if shutil.which('setarch') and subprocess.run(word + ['true'], capture_output=True).returncode == 0 else []


def libfuzzer(program, unit, seconds, new, artifacts):
    """exit status, what it said, how long it took, and its seconds of processor"""
    os.makedirs(new, exist_ok=True)
    command = calm() + [program, new, os.path.join(CORPUS, unit), '-max_total_time=%d' % seconds, '-timeout=5', '-print_final_stats=1',
                        '-artifact_prefix=' + artifacts]
    dictionary = os.path.join('tests', 'fuzz', unit + '.dict')
    if os.path.exists(dictionary):
        command.append('-dict=' + dictionary)
    begin = time.monotonic()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode(errors='replace')
    return child.returncode, text, time.monotonic() - begin, usage.ru_utime + usage.ru_stime


def figure(text, name):
    found = re.search(r'stat::%s:\s+(\d+)' % name, text)
    return int(found[1]) if found else 0


def run(units):
    def one(unit):
        prefix = os.path.join(CORPUS, unit, 'found-')
        status, text, took, processor = libfuzzer(os.path.join(BUILD, 'bin', 'fuzz_' + unit), unit, SECONDS,
                                                  os.path.join(BUILD, 'new', unit), prefix)
        runs = figure(text, 'number_of_executed_units')
        words = '%-14s %9d executions in %4.0f s, %6.0f a second of processor, %5d new inputs' % (
            unit, runs, took, runs / max(processor, 0.01), figure(text, 'new_units_added'))
        print(words if status == 0 else words + '  BROKEN', flush=True)
        if status == 0:
            return True
        lines = [x for x in text.splitlines() if not re.match(r'#\d+\s', x)]
        kept = re.search(r'Test unit written to (\S+)', text)
        print('\n'.join(lines[-60:]))
        print('fuzz: %s: %s' % (unit, 'the input is kept as %s; ctest tries it from now on' % kept[1] if kept else 'no input was kept'))
        return False

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return all(list(pool.map(one, units)))


def tool(name):
    for word in (name + '-14', name):
        if shutil.which(word):
            return word
    sys.exit('fuzz: %s is missing: apt-get install llvm' % name)


def coverage(units):
    build, good = os.path.join('build', 'fuzz-coverage'), True
    program = os.path.join(build, 'bin', 'fuzz_replay')
    for unit in units:
        raw, data = (os.path.join(build, unit + end) for end in ('.profraw', '.profdata'))
        subprocess.run([program, unit, os.path.join(CORPUS, unit)], check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, LLVM_PROFILE_FILE=raw))
        subprocess.run([tool('llvm-profdata'), 'merge', '-sparse', raw, '-o', data], check=True)
        sources = {os.path.realpath(os.path.join('src', x)) for x in UNITS[unit]}
        report = json.loads(subprocess.run([tool('llvm-cov'), 'export', '-summary-only', '-instr-profile=' + data, program],
                                           check=True, capture_output=True, text=True).stdout)
        lines = covered = 0
        parts = []
        for each in report['data'][0]['files']:
            if os.path.realpath(each['filename']) not in sources:
                continue
            summary = each['summary']['lines']
            lines, covered = lines + summary['count'], covered + summary['covered']
            parts.append('%s %.0f' % (os.path.basename(each['filename']), 100 * summary['covered'] / max(1, summary['count'])))
        share = 100 * covered / max(1, lines)
        files = len(os.listdir(os.path.join(CORPUS, unit)))
        if len(parts) != len(sources) or share < LEAST_COVERED:
            good = False
        word = '' if share >= LEAST_COVERED else '  TOO FEW'
        print('%-14s %5.1f %% of %4d lines by %3d inputs%s   %s' % (unit, share, lines, files, word, ', '.join(parts)), flush=True)
        if len(parts) != len(sources):
            print('fuzz: %s: only %d of %d sources are known to llvm-cov' % (unit, len(parts), len(sources)))
    return good


def planted_text(file, good, bad):
    text = open(os.path.join('src', file), encoding='utf-8').read()
    if text.count(good) != 1:
        raise ValueError('src/%s has %d times: %s' % (file, text.count(good), good))
    return text.replace(good, bad)


def build_planted(number, unit, file, good, bad, compiled):
    """The target with the fault: its source compiled anew, in front of the library that has the sound one."""
    here = os.path.abspath(os.path.join(BUILD, 'planted', str(number)))
    shutil.rmtree(here, ignore_errors=True)
    for each in {file, compiled}:
        os.makedirs(os.path.join(here, os.path.dirname(each)), exist_ok=True)
        if each != file:
            shutil.copy(os.path.join('src', each), os.path.join(here, each))
    with open(os.path.join(here, file), 'w', encoding='utf-8') as f:
        f.write(planted_text(file, good, bad))
    source = os.path.abspath(os.path.join('src', compiled))
    entry = next(x for x in json.load(open(os.path.join(BUILD, 'compile_commands.json'))) if x['file'] == source)
    words = [x for x in shlex.split(entry['command']) if 'ccache' not in os.path.basename(x)]
    thing = os.path.join(here, 'planted.o')
    words[words.index('-o') + 1] = thing
    words[words.index(source)] = os.path.join(here, compiled)
    subprocess.run(words[:1] + ['-I' + here, '-Wno-error'] + words[1:], cwd=entry['directory'], check=True)
    link = subprocess.run(['ninja', '-C', BUILD, '-t', 'commands', '-s', 'bin/fuzz_' + unit], check=True, capture_output=True,
                          text=True).stdout
    words = shlex.split(next(x for x in link.splitlines()[::-1] if ' -o ' in x).split('&&')[1])
    words = [x for x in words if 'ccache' not in os.path.basename(x)]
    program = os.path.join(here, 'fuzz_' + unit)
    words[words.index('-o') + 1] = program
    first = next(i for i, x in enumerate(words) if x.endswith('_fuzz.cc.o'))
    words.insert(first + 1, thing)
    subprocess.run(words, cwd=BUILD, check=True)
    return program


def planted(numbers):
    good = True
    for number, unit, file, sound, fault, *compiled in PLANTED:
        if numbers and number not in numbers:
            continue
        program = build_planted(number, unit, file, sound, fault, compiled[0] if compiled else file)
        with tempfile.TemporaryDirectory(prefix='sie-fuzz.') as here:
            status, text, took, _ = libfuzzer(program, unit, SECONDS, os.path.join(here, 'new'), here + '/')
        # The reason of a sanitizer, of libFuzzer (a hang), of an assertion or of the target itself.
        said = re.search(r"this does not hold: (.*)|ERROR: \w+: ([\w-]+)|runtime error: (.*)|Assertion `(.*)' failed", text)
        word = next((x for x in said.groups() if x), '') if said else ''
        found = status != 0 and bool(said)
        good = good and found
        print('%2d %-14s %-28s %s' % (number, unit, file, 'found in %4.1f s: %s' % (took, word) if found else
                                     'NOT FOUND in %.0f s\n%s' % (took, text[-800:])), flush=True)
    return good


def minimise(units):
    for unit in units:
        kept = os.path.join(CORPUS, unit)
        os.makedirs(kept, exist_ok=True)
        sources = [kept] + [x for x in (os.path.join(BUILD, 'new', unit), os.path.join(BUILD, 'seeds', unit)) if os.path.isdir(x)]
        with tempfile.TemporaryDirectory(prefix='sie-fuzz.') as here:
            # Without counts of how often each edge was passed: one input for an edge is enough.
            program = os.path.join(BUILD, 'bin', 'fuzz_' + unit)
            subprocess.run(calm() + [program, '-set_cover_merge=1', '-use_counters=0', here] + sources, check=True, capture_output=True)
            for name in os.listdir(kept):
                if not name.startswith('found-'):
                    os.remove(os.path.join(kept, name))
            for name in os.listdir(here):
                shutil.copy(os.path.join(here, name), os.path.join(kept, name[:12]))
        names = os.listdir(kept)
        print('%-14s %4d inputs, %7d octets' % (unit, len(names), sum(os.path.getsize(os.path.join(kept, x)) for x in names)), flush=True)
    return True


def check():
    faults = []
    targets = {x[:-len('_fuzz.cc')] for x in os.listdir(os.path.join('tests', 'fuzz')) if x.endswith('_fuzz.cc')}
    if targets != set(UNITS):
        faults.append('targets and units.py differ: %s' % sorted(targets ^ set(UNITS)))
    document = open(os.path.join('docs', 'fuzzing.md'), encoding='utf-8').read()
    octets = files = 0
    for unit, sources in UNITS.items():
        faults += ['%s: src/%s does not exist' % (unit, x) for x in sources if not os.path.exists(os.path.join('src', x))]
        if not re.search(r'^\| `%s` \|' % unit, document, re.M):
            faults.append('docs/fuzzing.md has no row for %s' % unit)
        folder = os.path.join(CORPUS, unit)
        names = os.listdir(folder) if os.path.isdir(folder) else []
        if not names:
            faults.append('%s: there is no corpus' % unit)
        files += len(names)
        octets += sum(os.path.getsize(os.path.join(folder, x)) for x in names)
    if octets > MOST_OCTETS or files > MOST_FILES:
        faults.append('the corpora hold %d octets in %d files, more than %d in %d' % (octets, files, MOST_OCTETS, MOST_FILES))
    for number, unit, file, good, bad, *_ in PLANTED:
        try:
            planted_text(file, good, bad)
        except (OSError, ValueError) as error:
            faults.append('planted fault %d: %s' % (number, error))
        if unit not in UNITS:
            faults.append('planted fault %d: no unit is called %s' % (number, unit))
    if {x[1] for x in PLANTED} != set(UNITS) or len({x[0] for x in PLANTED}) != len(PLANTED):
        faults.append('not every unit has a planted fault, or two have one number')
    for fault in faults:
        print('FAILED fuzz: ' + fault)
    if not faults:
        print('%d units, %d inputs, %d octets, %d planted faults' % (len(UNITS), files, octets, len(PLANTED)))
    return not faults


def main():
    os.chdir(ROOT)
    what, given = (sys.argv + [''])[1], sys.argv[2:]
    if what == 'planted':
        numbers = [int(x) for x in given or os.environ.get('FUZZ_PLANTED', '').split()]
        sys.exit(0 if planted(numbers) else 1)
    unknown = [x for x in given if x not in UNITS]
    if unknown or what not in ('run', 'coverage', 'minimise', 'check'):
        sys.exit(__doc__ if not unknown else 'fuzz: no unit is called %s; there are %s' % (unknown[0], ' '.join(UNITS)))
    units = given or list(UNITS)
    sys.exit(0 if (check() if what == 'check' else {'run': run, 'coverage': coverage, 'minimise': minimise}[what](units)) else 1)


if __name__ == '__main__':
    main()
