#!/usr/bin/python3
"""make_seeds.py FOLDER [NMSGTOOL]: what the corpora began with, FOLDER/UNIT/…, from captures, tables and files of the tree.

With `scripts/fuzz minimise` they become part of the corpora again, when a target or its form of input has changed. With
nmsgtool, payloads of every type become containers too.
"""
import glob
import gzip
import hashlib
import lzma
import os
import random
import re
import struct
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))
import nmsg_lines  # noqa: E402

# As net::LinkType numbers them.
LINKS = {0: 6, 1: 0, 12: 1, 14: 1, 101: 1, 108: 7, 113: 4, 228: 2, 229: 3, 276: 5}
HEADERS = {0: 14, 1: 0, 2: 0, 3: 0, 4: 16, 5: 20, 6: 4, 7: 4}


def octets_of(path):
    data = open(path, 'rb').read()
    if path.endswith('.gz'):
        return gzip.decompress(data)
    return lzma.decompress(data) if path.endswith('.xz') else data


def frames_of(data):
    """(link, octets) of each frame of a classic pcap"""
    order = {b'\xd4\xc3\xb2\xa1': '<', b'\x4d\x3c\xb2\xa1': '<', b'\xa1\xb2\xc3\xd4': '>', b'\xa1\xb2\x3c\x4d': '>'}.get(data[:4])
    if order is None:
        return
    link, at = LINKS.get(struct.unpack(order + 'I', data[20:24])[0] & 0x3ffffff), 24
    while link is not None and at + 16 <= len(data):
        size = struct.unpack(order + 'I', data[at + 8:at + 12])[0]
        yield link, data[at + 16:at + 16 + size]
        at += 16 + size


def dns_of(link, frame):
    """the DNS message of a frame without options, tags or fragments; '' if it is none"""
    ip = frame[HEADERS[link]:]
    if not ip:
        return b''
    udp = ip[(ip[0] & 15) * 4:] if ip[0] >> 4 == 4 else ip[40:]
    return udp[8:] if len(udp) > 20 and 53 in struct.unpack('!HH', udp[:4]) else b''


def block(kind, body, order='<'):
    body += b'\0' * (-len(body) % 4)
    return struct.pack(order + 'II', kind, 12 + len(body)) + body + struct.pack(order + 'I', 12 + len(body))


def pcapng(order, options, packets):
    out = block(0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1), order)
    return out + block(1, struct.pack(order + 'HHI', 1, 0, 40) + options, order) + b''.join(packets)


def captures():
    frame = bytes(range(60))
    for order in '<>':
        enhanced = block(6, struct.pack(order + 'IIIII', 0, 1, 2, 60, 60) + frame, order)
        simple = block(3, struct.pack(order + 'I', 60) + frame, order)
        obsolete = block(2, struct.pack(order + 'HHIIII', 0, 3, 1, 2, 60, 64) + frame, order)
        for resolution in (0, 3, 6, 9, 12, 30, 0x80, 0x8a, 0xbf):
            options = struct.pack(order + 'HHBxxxHHqHH', 9, 1, resolution, 14, 8, 100, 0, 0)
            yield pcapng(order, options, [enhanced, simple, obsolete, block(5, bytes(12), order), enhanced])
        yield pcapng(order, struct.pack(order + 'HHH', 2, 3, 0) + b'a\0', [simple])
        yield pcapng(order, b'', [block(6, struct.pack(order + 'IIIII', 7, 1, 2, 60, 60) + frame, order)])
        yield pcapng(order, b'', [block(6, struct.pack(order + 'IIIII', 0, 1, 2, 61, 60) + frame, order)])


def random_octets(seed, most):
    source = random.Random(seed)
    return source.randbytes(1 + source.randrange(most))


FILTERS = '''qname=www.example.com|qname=*.example.com and rcode=NXDOMAIN|rcode>=2 or rcode<1|qtype=AAAA|qtype!=28|qclass=in
type=UDP_QUERY_RESPONSE|type=1|response_ip=2001:db8::/32|query_ip!=192.0.2.128/25|proto=udp|proto=17 and id=0x1234|timeout<1
delay>0.02|resolver_address_zeroed=true|query_packet=450000|time="2023-11-14 22:13:20.5"|time>1700000000|vname=base
mname=dns*|vid=1|msgtype=9|source=0x1234abcd|operator=3|group!=4|size>40|source|not udp_checksum=CORRECT|response_packet
(qtype=A or rcode=3) and not (qclass=CH)|NOT NOT rcode=3|category!=x|message='hello*'|message.time=1700000000|sensor_id=beef
rdata='10 mail.example.com'|rdata=192.0.2.*|rdata|rrtype=TYPE65280|rcode=|(rcode=3|nothing=3|qname<a|qtype=NOTYPE|qname="abc
response_ip=1.2.3.4/8|time=yesterday|source=xyz|query=00|rrttl<=3600|section=1|srcip=192.0.2.0/24|dstport<1024|headers=*x*
query|response|dns|message|type=trap|len_frame>=1514|payload=00010203|helo=mail|rcpt=c@*|xmltype=greeting|query_message
message_type=RESOLVER_RESPONSE|query_zone=com|socket_family=INET6|identity=6e7331|srchost!=''|lint0=40001|type!=pcap'''
VALUES = ['a*b*c\0aXXbYYc', '**\0', 'abc\0abc', '192.0.2.0/24\0\xc0\0\2\1', '2001:db8::/33\0 \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1',
          '192.0.2.1\0\xc0\0\2\1', '::/0\0\xc0\0\2\1', '0.0.0.0/0\0', '::ffff:192.0.2.1\0' + '\0' * 16, '192.0.2.0/25\0\xc0\0\2\x81',
          '192.0.2.0/7\0abcd', '1:2:3:4:5:6:7:8\0' + 'x' * 15]
SHELL = ['A=x', "export A='it'\\''s' B=\"a\\\"b\"; C=$A", 'A=x\\\n\\\ny\nB="${A}z"', 'A=${A', 'A=`x`', 'A=$(x)', 'A=$((1))', 'A=(1 2)', 'A+=1',
         'if true; then A=1; fi', 'A=1 command', 'A=~/x', 'A=a&&b', 'A=a|b', 'A=<x', "A=$'x'", 'A=x;;', ';', 'export', 'export -n A', 'A =1',
         '1A=2', '. /etc/x', '\xef\xbb\xbfA=1\r\nB=2\r\n', 'A=\u201cx\u201d', 'A="x\ny"', 'A=\1', 'A=\0', 'A=\xff', '# c\0', 'A=$@', 'A=$', 'A=a\\ b',
         'set -e', 'A=$B', 'B=1 A=$B', 'unset A', 'f() {', 'A[1]=2', 'A=a#b # c', 'A=x\\', '\\\nA=y']
SETTINGS = '''DNSQR_RES_ADDRS="192.0.2.1, 2001:db8::/32"|DNSQR_AUTH_ADDRS=198.51.100.0/24,0.0.0.0/0,::ffff:1.2.3.4|DNSQR_CAPTURE_QR=both|DNSQR_CAPTURE_RD=1
DNSQR_QUERY_TIMEOUT=0x3c|DNSQR_STATE_TABLE_MAX=4|DNSQR_ZERO_RESOLVER_ADDRESS=yes|DNSQR_FILTER_QNAMES_EXCLUDE=a.example:b\\\\.c|DNSQR_FILTER_QNAMES_INCLUDE=.
DNSQR_FILTER_RCODES_EXCLUDE=NXDOMAIN,2|DNSQR_FILTER_RCODES_INCLUDE="servfail, 15"|DNSQR_CAPTURE_TCP=1|DNSQR_CAPTURE_ICMP=on|DNSQR_ZERO_CLIENT_SUBNET=0
dns_ports=53,5353|interface="eth0 eth1+"|bpf="udp port 53"|workers=4|ring_kbytes=8192|cpu_affinity=0-3,5|spooldir=/var/spool/sie|channel=ch203
outfile_prefix=x|compression=fast|compression=zstd|rotation_interval=60|rotation_offset=random|rotation_offset=70|upload=no|archive=yes|upload_zstd=yes
login=sie-username|login=me|submitserver=a.example|uploadkey=/k|knownhosts=/h|upload_source=192.0.2.9|upload_warn_minutes=5|syslog_priority=local5.info
syslog_priority=daemon.7|max_spool_size_kbytes=1024|memory_ulimit_kbytes=65536|metrics_textfile=/var/m.prom|metrics_port=9100|dnstype=auth
bpfpat="udp and host 192.0.2.1"|bpfpat_src="src host (2001:db8::1)"|interval=3|maxper=2|rsync=x|wrapsrv=y|intreface=eth0|workers=0|DNSQR_RES_ADDRS=1.2.3'''

# Refused, alone or with the others.
UNSOUND = ('dnstype', 'bpfpat', 'workers=0', 'rotation_offset=70', 'DNSQR_RES_ADDRS=1.2.3', 'DNSQR_CAPTURE_TCP', 'DNSQR_CAPTURE_ICMP',
           'compression=zstd')


def seeds(tree, nmsgtool):
    """(unit, octets)"""
    paths = sorted(glob.glob(tree('tests/capture/data/*.pcap*')) + glob.glob(tree('tests/e2e/goldens/*.pcap')))
    paths = [x for x in paths if not x.endswith('.frames')]
    files = [open(x, 'rb').read() for x in paths if os.path.getsize(x) < 3000] + list(captures())
    yield from (('capture_file', x) for x in files)
    yield from (('capture_file', gzip.compress(x, 9, mtime=0)) for x in files[:3])
    yield from (('capture_file', lzma.compress(x, preset=0)) for x in files[:3])
    all_frames = [list(frames_of(octets_of(x))) for x in paths if not x.endswith('.zst')]
    all_frames.append(list(frames_of(octets_of(tree('examples/resolver.pcap'))))[:1500])
    dns = set()
    for number, frames in enumerate(all_frames):
        for link, frame in frames:
            if len(frame) < 2000:
                yield 'frame', bytes([link, number & 0x1b]) + frame
                dns.add(dns_of(link, frame))
        part = [x for x in frames if len(x[1]) < 2000][:24]
        for settings in (0, 2, 6, 33, 40, 16, 8) if number % 8 == 0 else (number & 0x50, 33, 34):
            steps = [struct.pack('!BH', number >> 2 & 3 | link << 3, len(frame)) + frame for link, frame in part]
            yield 'packet_path', bytes([settings]) + b''.join(steps)
    for message in sorted(dns - {b''}):
        yield 'dns_message', message
        yield 'question', message[:80]
    for row in open(tree('tests/dns/client_subnets.tsv'), encoding='utf-8'):
        if not row.startswith('#'):
            for unit in ('question', 'dns_message'):
                yield unit, bytes.fromhex(row.split('\t')[0])
    for row in open(tree('tests/dns/standard_rdata.tsv'), encoding='utf-8'):
        if not row.startswith('#'):
            kind, octets = int(row.split('\t')[0]), row.split('\t')[1]
            octets = b'' if octets == '-' else bytes.fromhex(octets)
            yield 'rdata', struct.pack('!HB', kind, 1) + octets
            if len(octets) < 200:
                question = bytes.fromhex('123481800001000100000000016100') + struct.pack('!HH', kind, 1)
                yield 'dns_message', question + b'\xc0\x0c' + struct.pack('!HHIH', kind, 1, 60, len(octets)) + octets
    for option in (8, 10, 12, 15):
        yield 'rdata', struct.pack('!HBHH', 41, 1, option, 8) + bytes([0, 1, 24, 0, 192, 0, 2, 0])
    for seed in range(60):
        yield 'reassembly', random_octets(seed, 90)
        yield 'dnsqr', random_octets(seed, 120)
    paths = sorted(glob.glob(tree('tests/nmsg/data/*.nmsg')) + glob.glob(tree('tests/mutate/found/*.nmsg')))
    containers = [open(x, 'rb').read() for x in paths]
    lines = open(tree('tests/docs/payloads.jsonl'), 'rb').read().splitlines()
    for line in lines:
        yield 'json', line
        if nmsgtool:
            for more in ([], ['-z']):
                command = [nmsgtool, '-j', '-', '-w', '-'] + more
                containers.append(subprocess.run(command, input=line + b'\n', check=True, capture_output=True).stdout)
    for file in containers:
        yield 'container', file
        if file[4:6] == b'\0\2':
            for payload in nmsg_lines.message(file[10:10 + struct.unpack('!I', file[6:10])[0]]).get(1, []):
                yield 'payload', payload
    yield 'container', b''.join(containers[:6])
    yield from (('filter', x.encode()) for x in re.split(r'[|\n]', FILTERS))
    yield from (('filter', x.encode('latin-1')) for x in VALUES)
    for path in sorted(glob.glob(tree('tests/service/data/*.conf'))) + [tree('examples/sie-dns-sensor.conf')]:
        yield 'configuration', open(path, 'rb').read()
    yield from (('configuration', x.encode('latin-1') if max(x) < '\u0100' else x.encode()) for x in SHELL)
    rows = re.split(r'[|\n]', SETTINGS)
    yield from (('configuration', x.encode()) for x in rows + ['\n'.join(rows[i:i + 6]) for i in range(0, len(rows), 6)])
    sound = [x for x in rows if not x.startswith(UNSOUND)]
    yield 'configuration', '\n'.join(sound).encode()


def main():
    out, nmsgtool = sys.argv[1], (sys.argv + [''])[2]
    count = 0
    for unit, octets in seeds(lambda x: os.path.join(ROOT, x), nmsgtool):
        os.makedirs(os.path.join(out, unit), exist_ok=True)
        with open(os.path.join(out, unit, hashlib.sha1(octets).hexdigest()[:12]), 'wb') as f:
            f.write(octets)
        count += 1
    print('%d seeds' % count)


if __name__ == '__main__':
    main()
