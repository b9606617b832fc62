#!/usr/bin/python3
"""sbom.py BUILD: scripts/sbom of BUILD (build/release, build/static) has the fields that CycloneDX 1.4 demands and names every
library that the programs ask for, by what readelf and dpkg say; a bill from which one is missing, or in which a version is
wrong, is seen.
"""
import copy
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))
from programs import Report, folder, need, skip  # noqa: E402

PROGRAMS = ('sie-dns-sensor', 'nmsgtool', 'sie-gen-key')
# Of a static build; each is asked for by some layer. glibc is in all.
ARCHIVES = {'glibc', 'gcc-12', 'zlib', 'xz-utils', 'libzstd', 'libdeflate', 'libpcap', 'libpsl', 'libseccomp', 'libcap-ng', 'simdjson', 'fmtlib'}
HEADERS = {'cli11', 'tl-expected'}


def needed(build):
    """{program: names that it asks for}"""
    found = {}
    for name in PROGRAMS:
        said = subprocess.run(['readelf', '--wide', '--dynamic', os.path.join(build, 'bin', name)], capture_output=True, text=True, check=True).stdout
        found[name] = set(re.findall(r'\(NEEDED\).*\[(.*)\]', said))
    return found


def values(entry, name):
    return {x['value'] for x in entry.get('properties', []) if x['name'] == name}


def faults(bill, asked):
    """what is wrong with a bill of programs that ask for these"""
    found = []
    if bill.get('bomFormat') != 'CycloneDX' or bill.get('specVersion') != '1.4' or not isinstance(bill.get('version'), int):
        found.append('it is no CycloneDX 1.4')
    if not re.fullmatch(r'urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', bill.get('serialNumber', '')):
        found.append('serialNumber')
    main = bill.get('metadata', {}).get('component', {})
    with open(os.path.join(ROOT, 'VERSION'), encoding='ascii') as f:
        if (main.get('name'), main.get('version')) != ('sie-dns-sensor', f.read().strip()):
            found.append('metadata names %s' % main)
    references = [main.get('bom-ref')]
    files, sources, libraries = set(), set(), {}
    for entry in bill.get('components', []):
        references.append(entry.get('bom-ref'))
        if entry.get('type') not in ('library', 'application') or not entry.get('name') or not entry.get('version') or not entry.get('licenses'):
            found.append('a component lacks a field: %s' % entry)
        if entry.get('type') == 'library':
            libraries[entry['bom-ref']] = entry
            files |= values(entry, 'sie:file')
            sources |= values(entry, 'sie:source')
            said = subprocess.run(['dpkg-query', '-W', '-f=${Version}\n', entry['name']], capture_output=True, text=True, check=False).stdout
            if entry['version'] not in said.splitlines():
                found.append('%s: version %s, dpkg says %s' % (entry['name'], entry['version'], said.strip()))
            if not entry.get('purl', '').startswith('pkg:deb/debian/%s@' % entry['name']):
                found.append('%s: purl' % entry['name'])
    if len(set(references)) != len(references) or None in references:
        found.append('a reference is twice, or missing')
    depends = {x['ref']: set(x.get('dependsOn', [])) for x in bill.get('dependencies', [])}
    for ref, on in depends.items():
        found += ['%s depends on what is not there: %s' % (ref, x) for x in sorted(on | {ref}) if x not in references]
    for program, names in asked.items():
        on = depends.get('program:' + program, set())
        theirs = set().union(*(values(libraries[x], 'sie:file') for x in on if x in libraries))
        found += ['%s asks for %s, which is not in the bill' % (program, x) for x in sorted(names) if x not in theirs]
    found += ['not in the bill: %s' % x for x in sorted(HEADERS - sources)]
    if not any(asked.values()):
        found += ['not in the bill: %s' % x for x in sorted(ARCHIVES - sources)]
    return found


def main():
    build = os.path.abspath(sys.argv[1])
    need('readelf', 'ninja', 'ldd', 'dpkg-query')
    report, asked = Report('sbom'), needed(build)
    if not os.path.exists(os.path.join(build, 'build.ninja')):
        skip('%s was not built by ninja' % build)
    with folder() as here:
        path = os.path.join(here, 'bill.json')
        done = subprocess.run([os.path.join(ROOT, 'scripts/sbom'), build, path], capture_output=True, text=True, check=False)
        if report.check(done.returncode == 0, 'scripts/sbom', done.stderr):
            with open(path, encoding='utf-8') as f:
                bill = json.load(f)
            report.same([], faults(bill, asked), 'nothing is wrong with the bill')
            for entry in bill['components']:
                if entry['type'] != 'library' or not (values(entry, 'sie:source') & (ARCHIVES | HEADERS) or values(entry, 'sie:file') & set().union(*asked.values())):
                    continue
                planted = copy.deepcopy(bill)
                planted['components'] = [x for x in planted['components'] if x['bom-ref'] != entry['bom-ref']]
                for row in planted['dependencies']:
                    row['dependsOn'] = [x for x in row['dependsOn'] if x != entry['bom-ref']]
                report.check(faults(planted, asked) or values(entry, 'sie:source') == {'gcc-12'} and not any(asked.values()),
                             'planted: without %s it would pass' % entry['name'])
            for change in ({'specVersion': '9'}, {'serialNumber': 'x'}, {'metadata': {}}):
                report.check(faults(bill | change, asked), 'planted: %s would pass' % change)
            planted = copy.deepcopy(bill)
            planted['components'][0]['version'] += '.1'
            report.check(faults(planted, asked), 'planted: a wrong version would pass')
    report.leave()


if __name__ == '__main__':
    main()
