#!/usr/bin/python3
"""captures.py BINARIES: real resolver captures under every setting: payload lists, ledgers, balances, privacy.

Two jobs at a time. A job is one run of a program on one capture under one setting, in one of a few ways (from a file,
through a pipe, compressed), and gives the failures it found as text.
"""
import csv
import gzip
import hashlib
import multiprocessing
import os
import re
import subprocess
import sys
from collections import Counter

import nmsg_lines
from programs import Programs, Report, balances, difference, folder, ledger, shared

# The clients of the lab (captures/README.md): 198.19.200.2 … 9 and 2001:db8:c1::2 … 9, as octets and as text.
CLIENTS = re.compile(rb'(?s:\xc6\x13\xc8[\x02-\x09]|\x20\x01\x0d\xb8\x00\xc1\0{9}[\x02-\x09])')
CLIENTS_TEXT = re.compile(rb'198\.19\.200\.[2-9](?![0-9])|2001:0?db8:0*c1:[0:]*[2-9](?![0-9a-f])', re.I)
A_RECORD = re.compile(rb'(?s)\0\x01\0\x01....\0\x04$')  # type A, class IN, TTL, four octets of rdata
RDATA = {'unbound-full': 1, 'bind-full': 2, 'nano': 1}  # A records whose rdata is a client's address: content, not traffic
TYPES = {'query_response': 'UDP_QUERY_RESPONSE', 'unanswered': 'UDP_UNANSWERED_QUERY', 'unsolicited': 'UDP_UNSOLICITED_RESPONSE',
         'tcp': 'TCP', 'icmp': 'ICMP', 'query_only': 'UDP_QUERY_ONLY', 'response_only': 'UDP_RESPONSE_ONLY'}
LEVELS = ('none', 'fast', 'default', 'best', 'zstd')


def sha(lines):
    return hashlib.sha256(''.join(x + '\n' for x in lines).encode()).hexdigest()


def wrong_lines(lines, listed, row):
    """a text on how lines differ from the list, or where there is none from counts and digest"""
    if listed is not None:
        return difference(listed, lines) if lines != listed else ''
    kinds = Counter(x.split('|', 1)[0] for x in lines)
    counts = ['%s %d instead of %s' % (k, kinds[v], row[k]) for k, v in TYPES.items() if kinds[v] != int(row[k])]
    if len(lines) != int(row['payloads']) or counts:
        return '%d payloads instead of %s; %s' % (len(lines), row['payloads'], '; '.join(counts))
    if sha(sorted(lines)) != row['sha256_of_sorted_lines']:
        return 'the counts are right, the lines are not'
    return '' if sha(lines) == row['sha256_of_lines_in_output_order'] else 'the lines are right, their order is not'


def exposed(octets, most):
    """client addresses in a plain file, but for `most` of them as rdata of A records"""
    found = []
    for hit in CLIENTS.finditer(octets):
        if A_RECORD.search(octets[max(0, hit.start() - 10):hit.start()]) and most:
            most -= 1
        else:
            found.append('client octets at %d: %s' % (hit.start(), octets[hit.start() - 8:hit.end()].hex()))
    found += ['client text %s' % x for x in CLIENTS_TEXT.findall(octets)]
    return '\n'.join(found[:5])


def privacy_holds_for(env):
    return 'DNSQR_RES_ADDRS' in env and '198.19.1.1' not in env.get('DNSQR_AUTH_ADDRS', '')


def job(work):
    """(what, [failures]) of one run"""
    binaries, capture, name, setting, env, listed, row, summary, way = work
    programs, failures = Programs(binaries), []
    what = '%s %s %s' % (os.path.basename(capture), setting, way)
    octets = open(capture, 'rb').read() if way == 'pipe' else b''
    source = '-' if way == 'pipe' else capture
    with folder() as here:
        if setting == 'sensor':
            level = way if way in LEVELS else 'none'
            done = programs.replay([source], here, env, ['--compression', level, '--rotation-interval', '86400'], octets=octets)
        else:
            done = programs.record([source], os.path.join(here, 'out.nmsg'), env, ['-z'] if way == 'zlib' else [], octets=octets)
        if done.status != 0:
            return what, ['exit status 0\n%s' % done]
        files = [os.path.join(here, x) for x in sorted(os.listdir(here))]
        try:
            lines = [nmsg_lines.line(e) for file in files for e in nmsg_lines.read(file)]
        except nmsg_lines.Damaged as why:
            return what, ['its file can be read\n%s' % why]
        wrong = wrong_lines(lines, gunzipped(listed), row)
        if wrong:
            failures.append('payload lines\n%s' % wrong)
        if setting == 'sensor':
            got, expected = ledger(done), sorted(open(summary, encoding='ascii').read().splitlines())
            if got != expected:
                failures.append('ledger\nmissing %s\ntoo many %s' % (sorted(set(expected) - set(got or ())),
                                                                   sorted(set(got or ()) - set(expected))))
            if balances(done):
                failures.append('balances: %s' % balances(done))
        if privacy_holds_for(env):
            plain = b''.join(x for file in files for x in nmsg_lines.bodies(nmsg_lines.inflated(file)))
            seen = exposed(plain + done.out + done.err, RDATA.get(name, 0))
            if seen:
                failures.append('no client is shown\n%s' % seen)
        second = os.path.join(os.path.dirname(capture), 'nmsg_list.py')
        if (name, setting, way) == ('twoif', 'none', 'file') and os.path.exists(second):
            p = subprocess.run([sys.executable, '-B', second, '--order', *files], capture_output=True, text=True)
            if p.stdout.splitlines() != lines:
                failures.append('nmsg_list.py prints the same\n%s' % (difference(p.stdout.splitlines(), lines) + p.stderr))
    return what, failures


def gunzipped(listed):
    return gzip.open(listed, 'rt', encoding='ascii').read().splitlines() if listed else None


def settings(where):
    rows = [x.rstrip('\n').split('\t') for x in open(os.path.join(where, 'SETTINGS.tsv'), encoding='utf-8')][1:]
    return {r[0]: dict(x.split('=', 1) for x in r[1:] if x) for r in rows if r[0]}


def works(binaries, where):
    """every row of COUNTS.tsv from its file, and a few in other ways, the longest first"""
    environments, there = settings(where), os.listdir(where)
    for row in csv.DictReader(open(os.path.join(where, 'COUNTS.tsv'), encoding='utf-8'), delimiter='\t'):
        name, setting = row['capture'], row['setting']
        env = dict(environments[setting])
        if (name, setting) == ('forwarder', 'sensor'):
            env['DNSQR_CAPTURE_RD'] = '1'
        captures = sorted(x for x in there if x in [name + s for s in ('.pcap', '.pcapng', '.pcap.gz', '.pcap.zst')])
        listed = os.path.join(where, '%s.%s.payloads.gz' % (name, setting))
        listed = listed if os.path.exists(listed) else None
        summary = os.path.join(where, name + '.sensor.summary')
        ways = ['file']
        if name in ('unbound-cut', 'twoif', 'fragshuffle') and setting in ('none', 'sensor'):
            ways.append('pipe')
        if name in ('bind-cut', 'vlan'):
            ways += LEVELS[1:] if setting == 'sensor' else ['zlib'] if setting in ('none', 'zero4') else []
        for capture in captures if setting in ('none', 'zero', 'sensor') else captures[:1]:
            for way in ways:
                yield (os.path.abspath(binaries), os.path.join(where, capture), name, setting, env, listed, row, summary, way)


def planted(report):
    """the checks of this script find what they are for"""
    seen = b'\0\x07\xc6\x13\xc8\x03\0'
    report.check(exposed(seen, 0) and not exposed(b'\xc6\x13\xc8\x01' + b'198.19.200.1', 0), 'planted client octets are found')
    report.check(exposed(b'\x20\x01\x0d\xb8\0\xc1' + bytes(9) + b'\x02', 0), 'a planted IPv6 client is found')
    report.check(exposed(b'x 198.19.200.7 y', 0) and exposed(b'2001:db8:c1::9', 0), 'planted client text is found')
    record = b'\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc6\x13\xc8\x05'
    report.check(not exposed(record, 1) and exposed(record, 0) and exposed(2 * record, 1), 'rdata is let through once')
    report.check(wrong_lines(['a', 'b'], ['b', 'a'], None), 'a wrong order is found')


def main():
    report, where = Report('captures'), shared('captures')
    Programs(sys.argv[1])
    planted(report)
    todo = sorted(works(sys.argv[1], where), key=lambda w: -int(w[6]['payloads']))
    report.check(len(todo) > 160, 'there are captures and settings', len(todo))
    with multiprocessing.Pool(2) as pool:
        for what, failures in pool.imap_unordered(job, todo):
            report.check(not failures, what, '\n'.join(failures))
    report.leave()


if __name__ == '__main__':
    main()
