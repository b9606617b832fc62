#!/usr/bin/python3
"""check_metrics.py DRIVER TREE [--planted]: metrics, JSON, documents, dashboard and alerts agree with one another.

Real output of the writers is what everything is held against; promtool (Debian's prometheus) judges output and rules.
Status 77 where promtool is missing. --planted is run by itself at the end: each check finds a fault made for it.
"""
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

DRIVER, TREE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SAMPLE = re.compile(r'^(sie_dns_sensor_\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@functools.lru_cache(maxsize=None)
def output(form, report):
    return subprocess.run([DRIVER, 'print', form, report], capture_output=True, check=True, timeout=30).stdout


def text_of(tree, name):
    with open(os.path.join(tree, name), encoding='utf-8') as f:
        return f.read()


def samples(report):
    """name -> list of {label: value}, of real output"""
    found = {}
    for line in output('metrics', report).decode('ascii').splitlines():
        if line.startswith('#'):
            continue
        m = SAMPLE.match(line)
        assert m, line
        float(m[3])
        found.setdefault(m[1], []).append(dict(LABEL.findall(m[2] or '')))
    return found


def promtool(*arguments, text=None):
    # `test rules` syncs a small database to the disk for each case: to memory, where there is such a folder.
    environment = dict(os.environ, TMPDIR='/dev/shm') if os.path.isdir('/dev/shm') else None
    done = subprocess.run(['promtool', *arguments], input=text, capture_output=True, timeout=300, env=environment)
    said = (done.stdout + done.stderr).decode('utf-8', 'replace')
    return [] if done.returncode == 0 else ['promtool %s: %s' % (' '.join(arguments[:2]), said[-1500:])]


def check_output():
    faults = []
    for report in ('full', 'calm', 'empty', 'hostile'):
        text = output('metrics', report)
        faults += promtool('check', 'metrics', text=text)
        lint = subprocess.run(['promtool', 'check', 'metrics'], input=text, capture_output=True, timeout=60)
        if lint.stdout.strip() or lint.stderr.strip():
            faults.append('promtool check metrics, %s: %s' % (report, lint.stdout + lint.stderr))
    return faults


def check_metrics_document(tree):
    """docs/metrics.md against the table, both ways and in order"""
    table = []
    for line in output('metric-table', 'full').decode().splitlines():
        name, kind, labels, text, absent = line.split('\t')
        shown = ', '.join('`%s`' % x for x in labels.split(',') if x)
        table.append('| `%s` | %s | %s | %s | %s |' % (name, kind, shown, text, absent))
    said = [x for x in text_of(tree, 'docs/metrics.md').splitlines() if x.startswith('| `sie_dns_sensor_')]
    if '--write-rows' in sys.argv:
        print('\n'.join(table))
    return [] if said == table and len(table) > 50 else ['docs/metrics.md differs from the table: %s' % sorted(set(said) ^ set(table))]


def paths_of(value, at=''):
    """every name in a JSON value, as docs/status.md writes it"""
    if isinstance(value, dict):
        for key, inner in value.items():
            path = at + '.' + key if at else key
            yield path
            yield from paths_of(inner, path)
    elif isinstance(value, list):
        yield at + '[]'
        for inner in value:
            yield from paths_of(inner, at + '[]')


def check_json_document(tree):
    faults = []
    section = text_of(tree, 'docs/status.md').split('## JSON')[1]
    said = {x for row in re.findall(r'^\| (`[^|]*) \|', section, re.M) for x in re.findall(r'`([^`]+)`', row)}
    free = {x[:-1] for x in said if x.endswith('.*')}
    for report in ('full', 'calm', 'empty', 'hostile'):
        found = set()
        for path in paths_of(json.loads(output('json', report).decode('ascii'))):
            group = next((x + '*' for x in free if path.startswith(x)), path)
            found.add(group)
        names = {x for x in found if not any(y.startswith((x + '.', x + '[]')) for y in found | said)}
        documented = {x for x in said if not any(y.startswith((x + '.',)) or (y.startswith(x) and x.endswith('[]') and y != x) for y in said)}
        if report == 'full' and names != documented:
            faults.append('docs/status.md differs from the JSON: %s' % sorted(names ^ documented))
        if names - documented - {x.rstrip('[]') for x in said} - said:
            faults.append('%s has names that docs/status.md has not: %s' % (report, sorted(names - documented - said)))
    words = re.findall(r'^\| `(\w+)` \|', text_of(tree, 'docs/status.md').split('## Warnings')[1].split('\n## ')[0], re.M)
    if words != output('warnings', 'full').decode().split():
        faults.append('docs/status.md: the warnings differ from the code: %s' % words)
    return faults


def check_json_values():
    hostile = json.loads(output('json', 'hostile').decode('ascii'))
    faults = []
    if hostile['interfaces'][0]['name'] != 'a"b\\c{d}' or hostile['interfaces'][1]['name'] != '\\x1b[2J\\x0a\\xff\\xfe=,':
        faults.append('names of interfaces come out as %r' % hostile['interfaces'])
    if 'evil' in hostile or hostile['upload']['stopped'] != '\\x0d\\x0a"}],"evil":[{"':
        faults.append('text from outside gets out of its string: %r' % hostile['upload'])
    if len(hostile['upload']['last_error']) > 1300:
        faults.append('a long error is not cut')
    full = json.loads(output('json', 'full').decode('ascii'))
    if full['frames'] != 36000000 or full['upload']['age_seconds'] != 3700 or len(full['history']['transactions_per_second']) != 60:
        faults.append('values of the full report are lost')
    return faults


def expressions(tree):
    """(where, expression) of alerts and dashboard"""
    for alert, text in re.findall(r'alert: (\w+)\n\s+expr: (.*)', text_of(tree, 'deploy/prometheus/alerts.yml')):
        yield alert, text
    dashboard = json.loads(text_of(tree, 'deploy/grafana/sie-dns-sensor.json'))
    for panel in dashboard['panels']:
        for target in panel['targets']:
            yield panel['title'], target['expr']
    for variable in dashboard['templating']['list']:
        if isinstance(variable['query'], dict):
            yield variable['name'], variable['query']['query']


def check_expressions(tree):
    """every metric occurs in real output, with each label and a value that the matcher means"""
    faults, found, seen = [], samples('full'), set()
    outside = {'instance', 'job'}  # what Prometheus adds
    for where, text in expressions(tree):
        metrics = re.findall(r'(sie_dns_sensor_\w+)(\{[^}]*\})?', text)
        if not metrics:
            faults.append('%s: no metric of ours in %s' % (where, text))
        labels_here = set()
        for name, matchers in metrics:
            seen.add(name)
            if name not in found:
                faults.append('%s: %s is not in real output' % (where, name))
                continue
            labels_here |= set(found[name][0])
            for label, kind, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', matchers or ''):
                if label in outside:
                    continue
                there = [x[label] for x in found[name] if label in x]
                if not there:
                    faults.append('%s: %s has no label %s' % (where, name, label))
                for part in value.split('|') if '~' in kind else [value]:
                    if part not in there and there:
                        faults.append('%s: %s{%s} is never %s' % (where, name, label, part))
        for listed in re.findall(r'\b(?:by|on|without|ignoring)\s*\(([^)]*)\)', text):
            for label in re.findall(r'\w+', listed):
                if label not in labels_here | outside:
                    faults.append('%s: groups by %s, which no metric in it has' % (where, label))
    yml = text_of(tree, 'deploy/prometheus/alerts.yml')
    for block in yml.split('- alert: ')[1:]:
        name = block.split('\n')[0]
        expr = re.search(r'expr: (.*)', block)[1]
        allowed = outside | {y for x in re.findall(r'sie_dns_sensor_\w+', expr) if x in found for y in found[x][0]}
        for label in re.findall(r'\$labels\.(\w+)', block):
            if label not in allowed:
                faults.append('%s: its text has the label %s, its expression has not' % (name, label))
    panels = {x.split('{')[0] for _, text in expressions(tree) for x in re.findall(r'sie_dns_sensor_\w+', text)}
    for needed in ('transactions_total', 'drops_total', 'queries_waiting', 'resident_memory_bytes', 'spool_bytes', 'upload_age_seconds', 'clock_state'):
        if 'sie_dns_sensor_' + needed not in panels:
            faults.append('nothing shows ' + needed)
    return faults


def check_rules(tree):
    folder = os.path.join(tree, 'deploy/prometheus')
    alerts, tests = text_of(tree, 'deploy/prometheus/alerts.yml'), text_of(tree, 'deploy/prometheus/alerts_test.yml')
    faults = promtool('check', 'rules', os.path.join(folder, 'alerts.yml')) + promtool('test', 'rules', os.path.join(folder, 'alerts_test.yml'))
    for alert in re.findall(r'- alert: (\w+)', alerts):
        for word in (' fires: ', ' is silent: '):
            if alert + word not in tests:
                faults.append('alerts_test.yml has no case in which %s%s' % (alert, word.rstrip(': ')))
    return faults


def all_faults(tree):
    return check_metrics_document(tree) + check_json_document(tree) + check_expressions(tree) + check_rules(tree)


PLANTED = [('docs/metrics.md', '| `sie_dns_sensor_frames_total` | counter |', '| `sie_dns_sensor_frames_total` | gauge |'),
           ('docs/metrics.md', '| `sie_dns_sensor_cpu_seconds_total`', '| `sie_dns_sensor_cpu_second_total`'),
           ('docs/status.md', '`written.hurried`', '`written.hurry`'), ('docs/status.md', '| `cpu_seconds` |', '| `cpu_secs` |'),
           ('docs/status.md', '| `evictions` |', '| `eviction` |'),
           ('deploy/grafana/sie-dns-sensor.json', 'sie_dns_sensor_peak_memory_bytes', 'sie_dns_sensor_top_memory_bytes'),
           ('deploy/grafana/sie-dns-sensor.json', 'sum by (kind)', 'sum by (type)'),
           ('deploy/grafana/sie-dns-sensor.json', 'folder=~\\"new|waiting\\"', 'folder=~\\"new|wating\\"'),
           ('deploy/prometheus/alerts.yml', 'reason=~"queue_full|disk_full"', 'reason=~"queue_fall|disk_full"'),
           ('deploy/prometheus/alerts.yml', '{{ $labels.interface }}', '{{ $labels.device }}'),
           ('deploy/prometheus/alerts.yml', 'filtered_rd_ratio > 0.5', 'filtered_rd_ratio > 0.8'),
           ('deploy/prometheus/alerts_test.yml', 'SieDnsSensorEvictions is silent', 'SieDnsSensorEviction is silent')]


def planted():
    missed = []
    for name, good, bad in PLANTED:
        with tempfile.TemporaryDirectory(prefix='sie-status.') as here:
            for part in ('docs', 'deploy'):
                shutil.copytree(os.path.join(TREE, part), os.path.join(here, part))
            text = text_of(here, name)
            assert good in text, (name, good)
            with open(os.path.join(here, name), 'w', encoding='utf-8') as f:
                f.write(text.replace(good, bad, 1))
            checks = {'docs/metrics.md': [check_metrics_document], 'docs/status.md': [check_json_document]}.get(name, [check_expressions, check_rules])
            if not any(check(here) for check in checks):
                missed.append('planted in %s: %s: nobody saw it' % (name, bad))
    if not promtool('check', 'metrics', text=output('metrics', 'full').replace(b'# TYPE sie_dns_sensor_frames_total counter', b'# TYPE sie_dns_sensor_frames_total conter')):
        missed.append('promtool takes a type that there is not')
    return missed


def main():
    if shutil.which('promtool') is None:
        print('skipped: promtool is not installed')
        sys.exit(77)
    faults = check_output() + check_json_values() + all_faults(TREE)
    faults = faults or planted()
    for fault in faults:
        print('FAILED status: ' + fault)
    if not faults:
        print('metrics, JSON, documents, dashboard and alerts agree; %d planted faults are seen' % (len(PLANTED) + 1))
    sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
