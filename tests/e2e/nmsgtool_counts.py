#!/usr/bin/python3
"""nmsgtool_counts.py BINARIES: choosing with --filter, counting with --stats, captures out, compressed files, packets in.

tshark reads the captures back, jq and this script count again what --stats counts.
"""
import base64
import calendar
import collections
import gzip
import json
import lzma
import os
import re
import shutil
import subprocess
import sys
import time

import wire
from programs import HERE, SOURCE, Programs, Report, folder, need
from wire import BOTH, R, S, R6, S6, a, ether, ip4, ip6, q, tcp

DATA = os.path.join(HERE, '..', 'nmsg', 'data')
RESOLVER = os.path.join(SOURCE, 'examples', 'resolver.pcap')
MAKE = ['-V', 'base', '-T', 'dnsqr']


class Counts:
    def __init__(self, report, programs, here):
        self.report, self.programs, self.here = report, programs, here
        self.nmsg = self.path('resolver.nmsg')
        self.ok('-p', RESOLVER, *MAKE, '-w', self.nmsg)
        self.lines = [json.loads(x) for x in self.ok('-r', self.nmsg, '-J', '-').out.splitlines()]

    def path(self, name):
        return os.path.join(self.here, name)

    def ok(self, *arguments, status=0, words=(), env=None):
        done = self.programs.run([self.programs.nmsgtool, *arguments], env, b'')
        self.report.check(done.status == status and all(w.encode() in done.err for w in words), ' '.join(arguments)[:200], done)
        return done

    def tshark(self, path, *fields):
        rows = subprocess.run(['tshark', '-n', '-r', path, '-T', 'fields', *[x for f in fields for x in ('-e', f)]], capture_output=True)
        self.report.check(rows.returncode == 0 and b'malformed' not in rows.stderr, 'tshark reads %s' % path, rows.stderr)
        return [tuple(x.split('\t')) for x in rows.stdout.decode().split('\n')[:-1]]


def filters(t):
    """each expression against the same question asked of the JSON in Python"""
    below = lambda name, suffix: name.lower().endswith('.' + suffix)
    asked = [
        ('rcode=NXDOMAIN', lambda m: m.get('rcode') == 'NXDOMAIN'),
        ('type=UDP_QUERY_RESPONSE and not rcode=NOERROR', lambda m: m['type'] == 'UDP_QUERY_RESPONSE' and m.get('rcode') != 'NOERROR'),
        ('qtype=A or qtype=AAAA', lambda m: m.get('qtype') in ('A', 'AAAA')),
        ('qname=*.com', lambda m: below(m.get('qname', '')[:-1], 'com')),
        ('delay>0.01', lambda m: m.get('delay', 0) > 0.01),
        ('not delay', lambda m: 'delay' not in m),
        ('response_ip=0.0.0.0/1 or response_ip=::/0', lambda m: m['response_ip'] and (':' in m['response_ip'] or int(m['response_ip'].split('.')[0]) < 128)),
        ('query_port>=32768 and response_port=53', lambda m: m['query_port'] >= 32768 and m['response_port'] == 53),
        ('udp_checksum=CORRECT', lambda m: m.get('udp_checksum') == 'CORRECT'),
    ]
    hits = 0
    for expression, holds in asked:
        got = [json.loads(x)['message'] for x in t.ok('-r', t.nmsg, '--filter', expression, '-J', '-').out.splitlines()]
        expected = [x['message'] for x in t.lines if holds(x['message'])]
        hits += 0 < len(expected) < len(t.lines)
        t.report.check(got == expected, '--filter %s' % expression, (len(got), len(expected)))
    t.report.check(hits >= 5, 'most of them divide what is there', hits)
    # Captures and JSON are filtered as well.
    made = t.ok('-p', RESOLVER, *MAKE, '--filter', 'rcode=NXDOMAIN', '-J', '-').out
    back = t.ok('-j', write(t, 'all.jsonl', t.ok('-r', t.nmsg, '-J', '-').out), '--filter', 'rcode=NXDOMAIN', '-J', '-').out
    t.report.check(made == back and made.count(b'\n') == sum(x['message'].get('rcode') == 'NXDOMAIN' for x in t.lines), 'of every source')
    t.ok('-r', t.nmsg, '--filter', 'rcode=NXDOMAIN and', status=2, words=['--filter', 'offset 18'])


def write(t, name, octets):
    with open(t.path(name), 'wb') as f:
        f.write(octets)
    return t.path(name)


def statistics(t):
    bad = open(os.path.join(DATA, 'badcrc.nmsg'), 'rb').read()
    done = t.ok('-r', t.nmsg, '-r', write(t, 'bad.nmsg', bad), '--json-stats', '-c', '1000000')
    got = json.loads(done.out)
    good = t.ok('-r', t.path('bad.nmsg'), '-J', '-').out.splitlines()
    lines = t.lines + [json.loads(x) for x in good]
    messages = [x['message'] for x in lines if x['mname'] == 'dnsqr']
    def count(field, of=messages):
        return dict(collections.Counter(str(m[field]) for m in of if m.get(field) is not None))
    t.report.check(got['payloads'] == len(lines) and got['crc_failures'] == 1 and got['undecodable'] == 0, 'payloads and CRC failures', got)
    t.report.same(count('type'), got['transactions'], 'transactions by kind')
    everything = [x['message'] for x in lines if x['message']]
    t.report.same(count('rcode', everything), got['rcodes'], 'rcodes')
    t.report.same(count('qtype', everything), got['qtypes'], 'query types')
    responders = count('response_ip', everything)
    t.report.check(got['responders']['different'] == len(responders) and all(responders[k] == v for k, v in got['responders']['top'].items()), 'responders')
    t.report.check(list(got['responders']['top'].values()) == sorted(got['responders']['top'].values(), reverse=True), 'the most frequent first')
    t.report.same(dict(collections.Counter('%s:%s' % (x['vname'], x['mname']) for x in lines)), got['types'], 'types')
    times = sorted(x['time'] for x in lines)
    t.report.check((got['first'], got['last']) == (times[0], times[-1]), 'time range')
    delays = sorted(m['delay'] for m in messages if 'delay' in m)
    t.report.check(got['delay']['count'] == len(delays) and all(abs(got['delay'][name] / delays[-(-len(delays) * per_mille // 1000) - 1] - 1) < 0.02 for name, per_mille in (('p50', 500), ('p90', 900), ('p95', 950), ('p99', 990), ('p99.9', 999))) and abs(got['delay']['most'] - delays[-1]) < 1e-8, 'delays', (got['delay'], delays[len(delays) // 2]))
    domains = got['domains']['top']
    t.report.check(got['domains']['different'] > 3 and all(k == k.lower() for k in domains), 'domains', domains)
    co_uk = write(t, 'names.jsonl', b''.join(b'{"vname":"base","mname":"dns","message":{"qname":"%s"}}\n' % n for n in (b'a.b.example.co.uk.', b'Example.CO.UK.', b'co.uk.', b'.', b'www.example.com.', b'x.y.github.io.')))
    got = json.loads(t.ok('-j', co_uk, '--json-stats').out)
    t.report.same({'example.co.uk': 2, 'co.uk': 1, '.': 1, 'example.com': 1, 'y.github.io': 1}, got['domains']['top'], 'the public suffix list decides what is registered')
    table = t.ok('-r', t.nmsg, '--stats').out.decode()
    t.report.check(('payloads        %14d' % len(t.lines)) in table and 'UDP_QUERY_RESPONSE' in table and max(map(len, table.splitlines())) <= 100, 'a table for people', table)
    both = t.ok('-r', t.nmsg, '--stats', '-w', t.path('copy.nmsg'))
    # Beside payloads on standard output the counts go to standard error.
    beside = t.ok('-r', t.nmsg, '--json-stats', '-w', '-', words=['"payloads":%d' % len(t.lines)])
    t.report.check(beside.out == open(t.nmsg, 'rb').read(), 'they do not spoil payloads')
    t.report.check(b'payloads' in both.out and open(t.path('copy.nmsg'), 'rb').read() == open(t.nmsg, 'rb').read(), 'beside an output')
    t.report.check(t.ok('-r', t.nmsg, '--json-stats', '--filter', 'rcode=NXDOMAIN').out != b'' and json.loads(t.ok('-r', t.nmsg, '--json-stats', '-c', '3').out)['payloads'] == 3, 'of what is taken')
    unknown = json.loads(t.ok('-r', os.path.join(DATA, 'unknown-type.nmsg'), '--json-stats').out)
    t.report.check(unknown['unknown'] == 2 and unknown['types'].get('99:5') == 1, 'types that nobody knows', unknown)


def captures(t):
    need('tshark')
    out = t.path('out.pcapng')
    t.ok('-r', t.nmsg, '--writepcap', out)
    packets = []
    for x in t.lines:
        m = x['message']
        for kind in 'query', 'response':
            stamps = ['%d.%09d' % z for z in zip(m[kind + '_time_sec'], m[kind + '_time_nsec'])]
            packets += [(stamp, base64.b64decode(p)) for p, stamp in zip(m[kind + '_packet'], stamps)]
        own = '%d.%s' % (calendar.timegm(time.strptime(x['time'][:19], '%Y-%m-%d %H:%M:%S')), x['time'][20:])
        packets += [(own, base64.b64decode(m[kind])) for kind in ('tcp', 'icmp') if kind in m]
    rows = t.tshark(out, 'frame.time_epoch', 'frame.len', 'ip.src', 'ipv6.src', 'dns.id')
    t.report.check([(r[0], int(r[1])) for r in rows] == [(when, len(p)) for when, p in packets], 'every recorded packet, its time to the nanosecond', (len(rows), len(packets)))
    t.report.check(sum(bool(r[4]) for r in rows) > len(rows) * 0.8, 'Wireshark sees DNS in them')
    ids = {int(i, 0) for r in rows for i in r[4].split(',') if i}
    t.report.check({x['message']['id'] for x in t.lines if x['message']['type'] == 'UDP_QUERY_RESPONSE'} <= ids, 'of the transactions')
    again = t.ok('-p', out, *MAKE, '-J', '-').out.splitlines()
    t.report.check(len(again) >= len(t.lines) * 0.9, 'our own reader makes transactions of it', (len(again), len(t.lines)))
    # Where the resolver's address was zeroed it is zero in the capture.
    zeroed = t.path('zeroed.nmsg')
    frames = [x for i in range(5) for x in (q(i, i), a('%d.5' % i, i), q(i, i + 9, six=True), a('%d.5' % i, i + 9, six=True))]
    source = write(t, 'zero.pcap', wire.pcap(frames, 101))
    t.ok('-p', source, *MAKE, '-w', zeroed, env={'DNSQR_RES_ADDRS': BOTH, 'DNSQR_ZERO_RESOLVER_ADDRESS': '1'})
    t.ok('-r', zeroed, '--writepcap', out)
    ends = {x for row in t.tshark(out, 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst') for x in row if x}
    t.report.check(ends == {'0.0.0.0', '::', S, S6}, 'zeroed addresses stay zero', ends)
    # A payload that says so, whose maker left the address in the packets.
    left = [json.loads(x) for x in t.ok('-p', source, *MAKE, '-J', '-', env={'DNSQR_RES_ADDRS': BOTH}).out.splitlines()]
    for x in left:
        x['message']['resolver_address_zeroed'] = True
    t.ok('-j', write(t, 'left.jsonl', ''.join(json.dumps(x) + '\n' for x in left).encode()), '--writepcap', out)
    rows = t.tshark(out, 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'udp.checksum', 'ip.checksum')
    t.report.check({x for row in rows for x in row[:4] if x} == ends, 'nor does one go out that is still there', rows[:2])
    t.report.check({int(x, 0) for row in rows for x in row[4:] if x} == {0}, 'nor checksums that betray it', rows[:2])
    # packet, pkt and ncap; what holds no packet is told.
    tagged = write(t, 'ether.pcap', wire.pcap([(when, ether(octets)) for when, octets in (f[:2] for f in frames)], 1))
    for kind in 'packet', 'pkt', 'ncap':
        made = t.path(kind + '.nmsg')
        t.ok('-p', tagged, '-T', kind, '-w', made)
        t.ok('-r', made, '--writepcap', out)
        rows = t.tshark(out, 'frame.len', 'frame.protocols', 'dns.id')
        t.report.check(len(rows) == len(frames) and all(r[2] for r in rows) and all(r[1].startswith('eth:' if kind == 'pkt' else 'raw:') for r in rows), '%s out and in' % kind, rows[:3])
    done = t.ok('-r', os.path.join(DATA, 'sog.nmsg'), '--writepcap', out, words=['1 payloads have no packets'])
    t.report.check(t.tshark(out, 'frame.len') == [], 'an empty capture is one all the same')
    t.ok('-p', tagged, '-T', 'logline', status=2, words=['packet'])


def packets(t):
    """captures as base:packet, base:pkt and base:ncap"""
    four = ip4(R, S, 17, b'\0' * 8)
    frames = [('1.000000001', ether(four + b'\0' * 10)), ('2', ether(ip6(R6, S6, 17, b'\0' * 8), tags=((0x8100, 5),))),
              ('3', ether(b'\0' * 46, typ=0x0806)), ('4', ether(ip4(R, S, 47, b'gre')))]
    cut = ('5', ether(four)[:30], len(ether(four)))
    source = write(t, 'packets.pcap', wire.pcap([*frames, cut], 1, unit=1))
    lines = [json.loads(x) for x in t.ok('-p', source, '-V', 'base', '-T', 'packet', '-J', '-', words=['2 frames skipped']).out.splitlines()]
    t.report.check([x['time'][-10:] for x in lines] == ['.000000001', '.000000000', '.000000000'] and base64.b64decode(lines[0]['message']['payload']) == four, 'packet: IP packets without link header and padding', lines)
    lines = [json.loads(x) for x in t.ok('-p', source, '-T', 'pkt', '-J', '-').out.splitlines()]
    t.report.check(len(lines) == 5 and base64.b64decode(lines[4]['message']['payload']) == cut[1] and lines[4]['message']['len_frame'] == cut[2], 'pkt: frames with their length', lines[-1:])
    lines = [json.loads(x) for x in t.ok('-p', source, '-T', 'ncap', '-J', '-').out.splitlines()]
    t.report.check([x['message']['type'] for x in lines] == ['IPV4', 'IPV6', 'IPV4'], 'ncap', lines)
    lines = t.ok('-p', source, '-T', 'packet', '-b', 'ip6', '-J', '-').out.splitlines()
    t.report.check(len(lines) == 1, '-b chooses among them', lines)
    raw = write(t, 'raw.pcap', wire.pcap([('1', four)], 101))
    t.ok('-p', raw, '-T', 'pkt', '-J', '-', words=['1 frames skipped'])


def compressed(t):
    plain = t.ok('-r', t.nmsg, '-J', '-').out
    readers = {'gz': gzip.decompress, 'xz': lzma.decompress,
               'zst': lambda o: subprocess.run(['zstd', '-dcq'], input=o, stdout=subprocess.PIPE, check=True).stdout}
    for suffix, read in readers.items():
        if suffix == 'zst' and not shutil.which('zstd'):
            continue
        t.ok('-r', t.nmsg, '-w', t.path('c.nmsg.' + suffix), '-J', t.path('c.json.' + suffix), '-o', t.path('c.txt.' + suffix), '--writepcap', t.path('c.pcap.' + suffix), '--mirror')
        t.report.check(read(open(t.path('c.json.' + suffix), 'rb').read()) == plain, 'JSON in %s' % suffix)
        t.report.check(read(open(t.path('c.nmsg.' + suffix), 'rb').read()) == open(t.nmsg, 'rb').read(), 'NMSG in %s' % suffix)
        t.report.check(t.ok('-r', t.path('c.nmsg.' + suffix), '-J', '-').out == plain, 'is read back, whatever it is called')
        t.report.check(t.ok('-j', t.path('c.json.' + suffix), '-J', '-').out == plain, 'JSON too')
        t.report.check(t.ok('-p', t.path('c.pcap.' + suffix), *MAKE, '-J', '-').out.count(b'\n') > 10, 'and captures')
        t.ok('-r', t.nmsg, '-z', '-w', t.path('cz.nmsg.' + suffix))
        t.report.check(t.ok('-r', t.path('cz.nmsg.' + suffix), '-J', '-').out == plain, 'compressed twice')


def main():
    report = Report('nmsgtool_counts')
    programs = Programs(sys.argv[1])
    with folder() as here:
        t = Counts(report, programs, here)
        for part in filters, statistics, packets, compressed, captures:
            part(t)
    report.leave()


if __name__ == '__main__':
    main()
