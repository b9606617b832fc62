#!/usr/bin/python3
"""cases.py BINARIES: the 230 cases of the original. Where expected/NAME.expected stands it is ours; else the original's."""
import base64
import calendar
import glob
import hashlib
import json
import os
import re
import shlex
import sys
import time

from programs import Programs, Report, folder, shared

RCODES = 'NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE'.split()
CLASSES, QTYPES = {'IN': 1, 'CH': 3, 'ANY': 255}, {'A': 1, 'NS': 2, 'AAAA': 28}
PROTOCOLS = {'UDP': 17, 'TCP': 6, 'ICMP': 1}


def number(text, names):
    """a mnemonic, TYPE65280 or a plain number"""
    if text is None:
        return '-'
    return str(names[text]) if text in names else re.fullmatch('(?:TYPE|CLASS)?([0-9]+)', text)[1]


def wire_name(m):
    """the name's octets: from its text, or, when the text is no regular name, from the message (facts Q23)"""
    text = m.get('qname')
    if text is None:
        return '-'
    if text == '.':
        return '00'
    labels = text.split('.')[:-1]
    if labels and '\\' not in text and all(0 < len(x) < 64 for x in labels):
        return ''.join('%02x%s' % (len(x), x.encode().hex()) for x in labels) + '00'
    b = base64.b64decode(m.get('response') or m['query'])
    i = 12
    while b[i] and b[i] < 192:
        i += 1 + b[i]
    return b[12:i + (2 if b[i] else 1)].hex()


def digests(packets):
    return ','.join(hashlib.sha256(base64.b64decode(x)).hexdigest()[:16] for x in packets) or '-'


def converted(text):
    """one line of the original's JSON as a line of nmsg_lines.py --header --timeout; computed members are ignored"""
    record = json.loads(text)
    m = record['message']
    moment, fraction = record['time'].split('.')
    stamp = '%d.%s' % (calendar.timegm(time.strptime(moment, '%Y-%m-%d %H:%M:%S')), fraction)

    def times(side):
        return ','.join('%d.%09d' % x for x in zip(m[side + '_time_sec'], m[side + '_time_nsec'])) or '-'

    segment = [digests([m[k]]) if k in m else '-' for k in ('tcp', 'icmp')]
    return '|'.join(['1/9', stamp, '-', '-', '-', m['type'], m['query_ip'] or 'empty', m['response_ip'] or 'empty',
                     str(PROTOCOLS[m['proto']]), str(m['query_port']), str(m['response_port']), str(m['id']), wire_name(m),
                     number(m.get('qtype'), QTYPES), number(m.get('qclass'), CLASSES),
                     number(m.get('rcode'), {x: i for i, x in enumerate(RCODES)}), times('query'), times('response'),
                     digests(m['query_packet']), digests(m['response_packet']), *segment, m.get('udp_checksum', '-'),
                     str(int(m['resolver_address_zeroed'])) if 'resolver_address_zeroed' in m else '-',
                     repr(m['timeout']) if 'timeout' in m else '-'])


def expectation(where, name):
    """the lines, the exit status, and the file and offset that the error must name (or None)"""
    ours = os.path.join(where, 'expected', name + '.expected')
    if not os.path.exists(ours):
        status = int(open(os.path.join(where, name + '.rc'), encoding='ascii').read())
        lines = [converted(x) for x in open(os.path.join(where, name + '.json'), encoding='utf-8')]
        return lines, 2 if status else 0, None
    lines = open(ours, encoding='utf-8').read().splitlines()
    if not lines or lines[-1][0] != '#':
        return lines, 0, None
    end = lines.pop()
    if 'exit status 2' in end:
        return lines, 2, None
    status, file, offset = re.search(r'exit status (\d): damaged: (\S+): offset (\d+)', end).groups()
    return lines, int(status), (file, offset)


def refused(env):
    """the variable that a refusal must name: the one beside a good DNSQR_RES_ADDRS, else that itself"""
    return next((k for k in env if k != 'DNSQR_RES_ADDRS'), 'DNSQR_RES_ADDRS')


def one(report, programs, where, name):
    env = dict(x.rstrip('\n').split('=', 1) for x in open(os.path.join(where, name + '.env'), encoding='utf-8'))
    arguments = os.path.join(where, name + '.args')
    extra = shlex.split(open(arguments, encoding='utf-8').read()) if os.path.exists(arguments) else []
    lines, status, damage = expectation(where, name)
    with folder() as here:
        out = os.path.join(here, 'out.nmsg')
        done = programs.record([os.path.join(where, name + '.pcap')], out, env, [x.replace('@DIR@', where) for x in extra],
                               seconds=60)
        if not report.check(done.status == status, '%s: exit status %d' % (name, status), done):
            return
        if status == 2:
            err = done.err.decode(errors='replace')
            report.check(refused(env) in err, '%s: the refusal names %s' % (name, refused(env)), done)
            return
        report.same(lines, programs.lines(out, True, True), name, done)
        if damage:
            err = done.err.decode(errors='replace')
            report.check(all(x in err for x in damage), '%s: the error names %s and %s' % (name, *damage), done)


def main():
    programs, report, where = Programs(sys.argv[1]), Report('cases'), shared('cases')
    names = sorted(os.path.basename(x)[:-5] for x in glob.glob(os.path.join(where, '*.pcap')))
    report.check(len(names) == 230, 'there are 230 cases', len(names))
    for name in names:
        one(report, programs, where, name)
    report.leave()


if __name__ == '__main__':
    main()
