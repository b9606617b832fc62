#!/usr/bin/python3
"""make_capture.py BINARIES: the captures of `make bench` are what they are said to be.

About 40,000 frames are read by this script itself: counts, shares, order, checksums, fragments that complete; Zipf's law;
the same octets for the same seed; as compressible as a real resolver's capture; and the sensor makes of them what the
generator says.
"""
import gzip
import json
import os
import struct
import subprocess
import sys
import zlib
from collections import Counter

import nmsg_lines
import wire
from measure import RESOLVER
from programs import Programs, Report, folder
from speed import shared_captures

PACKETS = 40_000
RATIO = 2.79  # gzip -6 of captures/unbound-full, where that is missing


class Frame:
    """what stands in a frame, its checksums verified"""

    def __init__(self, stamp, octets):
        self.stamp, ip = stamp, octets[14:]
        self.part, self.right = None, True
        if octets[12:14] == b'\x08\x00':
            flags = struct.unpack_from('!H', ip, 6)[0]
            self.right = wire.ones(ip[:20]) == 0xffff and struct.unpack_from('!H', ip, 2)[0] == len(ip)
            self.ends, self.data, self.six = ip[12:20], ip[20:], False
            if flags & 0x3fff:
                self.part = ip[4:6], (flags & 0x1fff) * 8, bool(flags & 0x2000)
        else:
            self.ends, self.data, self.six = ip[8:40], ip[40:], True
            self.right = struct.unpack_from('!H', ip, 4)[0] == len(ip) - 40
            if ip[6] == 44:
                offset = struct.unpack_from('!H', self.data, 2)[0]
                self.part, self.data = (self.data[4:8], offset & 0xfff8, bool(offset & 1)), self.data[8:]


def frames(octets):
    at, found = 24, []
    while at < len(octets):
        second, micro, size = struct.unpack_from('<III', octets, at)
        found.append(Frame(second * 1_000_000 + micro, octets[at + 16:at + 16 + size]))
        at += 16 + size
    return found


def datagrams(found, report):
    """(stamp, ends, UDP datagram, IPv6, parts it came in) of all that is whole"""
    waiting, whole, disordered = {}, [], 0
    for frame in found:
        if frame.part is None:
            whole.append((frame.stamp, frame.ends, frame.data, frame.six, 1))
            continue
        ident, offset, more = frame.part
        pieces = waiting.setdefault((frame.ends, ident), [])
        disordered += offset != sum(map(len, pieces))
        pieces.append(frame.data)
        if not more:
            whole.append((frame.stamp, frame.ends, b''.join(waiting.pop((frame.ends, ident))), frame.six, len(pieces)))
    report.same((0, 0), (len(waiting), disordered), 'every datagram completes, its fragments in order')
    return whole


def udp_is_right(ends, data):
    half = len(ends) // 2
    pseudo = ends[:half] + ends[half:] + struct.pack('!HH', 17, len(data))
    return struct.unpack_from('!H', data, 4)[0] == len(data) and data[6:8] != b'\0\0' and wire.ones(pseudo + data) == 0xffff


def question_name(dns):
    end = 12
    while dns[end]:
        end += 1 + dns[end]
    return dns[12:end + 1]


def main():
    programs, report = Programs(sys.argv[1]), Report('make_capture')
    maker = os.path.join(os.path.abspath(sys.argv[1]), 'make_capture')

    def made(path, *options):
        done = subprocess.run([maker, path, '--describe', *options], capture_output=True, text=True)
        report.check(done.returncode == 0, ' '.join(options), done.stderr)
        with open(path, 'rb') as f:
            return f.read(), json.loads(done.stdout)

    def near(what, value, wanted, by):
        report.check(abs(value - wanted) <= by, '%s: %.4f, wanted %.4f ± %.4f' % (what, value, wanted, by))

    with folder() as here:
        def path(name):
            return os.path.join(here, name)
        octets, about = made(path('a.pcap'), '--packets', str(PACKETS))
        again, _ = made(path('b.pcap'), '--packets', str(PACKETS))
        other, _ = made(path('c.pcap'), '--packets', str(PACKETS), '--seed', '2')
        report.check(octets == again, 'the same octets for the same seed')
        report.check(octets != other and len(set(octets[i:i + 64] for i in range(24, 64024, 64)) & set(other[i:i + 64] for i in range(24, 64024, 64))) < 10,
                     'others for another seed')
        piped = subprocess.run([maker, '-', '--packets', str(PACKETS)], stdout=subprocess.PIPE, check=True).stdout
        report.check(piped == octets, 'the same through a pipe')

        found = frames(octets)
        report.check(len(found) == about['packets'] and PACKETS <= len(found) <= PACKETS + 20, 'as many frames as asked', (len(found), about['packets']))
        report.check(len(octets) == about['octets'], 'octets', (len(octets), about['octets']))
        report.check(all(f.right for f in found), 'IP headers are right')
        report.check(all(a.stamp <= b.stamp for a, b in zip(found, found[1:])), 'stamps rise')
        whole = datagrams(found, report)
        report.check(all(udp_is_right(x[1], x[2]) for x in whole), 'UDP checksums are right')

        queries, delays, names, rcodes, parts, six, do, sizes, strange = {}, [], Counter(), Counter(), Counter(), 0, 0, [], 0
        for stamp, ends, data, is_six, pieces in whole:
            sport, dport = struct.unpack_from('!HH', data)
            dns = data[8:]
            half = len(ends) // 2
            name = question_name(dns)
            if not dns[2] & 0x80:
                strange += dport != 53 or pieces != 1
                queries.setdefault((ends, sport, dns[:2], name), []).append(stamp)
                six += is_six
                do += dns[-11:-8] == b'\0\0\x29' and dns[-4] == 0x80
                continue
            key = ends[half:] + ends[:half], dport, dns[:2], name
            if sport != 53 or not queries.get(key):
                strange += 1
                continue
            delays.append(stamp - queries[key].pop(0))
            rcodes[dns[3] & 15] += 1
            parts[pieces > 1] += 1
            sizes.append(len(dns))
            if not dns[3] & 15 and dns[12 + len(name) + 1] in (1, 28, 65):
                names[name] += 1
        report.same(0, strange, 'queries to port 53, responses that have one')
        answered, asked = len(delays), sum(len(x) for x in queries.values()) + len(delays)
        report.same((about['transactions'], about['answered'], about['unanswered'], about['fragmented']),
                    (asked, answered, asked - answered, parts[True]), 'the counts that are told')
        near('IPv6', six / asked, 0.30, 0.015)
        near('DO', do / asked, 0.92, 0.01)
        near('EDNS', about['share']['edns'], 0.97, 0.01)
        near('unanswered', 1 - answered / asked, 0.05, 0.006)
        near('NXDOMAIN', rcodes[3] / answered, 0.15, 0.01)
        near('in fragments', parts[True] / answered, 0.0205, 0.004)
        near('DNSSEC', about['share']['with_signatures'], 0.10, 0.03)
        near('mean response', sum(sizes) / len(sizes), 278, 20)
        delays.sort()
        near('median delay, ms', delays[answered // 2] / 1000, 9, 0.5)
        near('within 5 to 15 ms', sum(5000 <= x <= 15_000 for x in delays) / answered, 0.72, 0.03)
        near('beyond 100 ms', sum(x > 100_000 for x in delays) / answered, 0.0068, 0.003)
        report.check(1_000_000 < delays[-1] <= 6_000_000, 'the longest delay', delays[-1])
        for what, value in (('nxdomain', rcodes[3] / answered), ('unanswered', 1 - answered / asked), ('ipv6', six / asked), ('dnssec_ok', do / asked)):
            near('as told: ' + what, about['share'][what], value, 0.00011)

        # Zipf's law over 60,000 names: the first has 1/11.58 of all, the tenth a tenth of that.
        report.check(about['names_in_all'] == 60_000, 'of 60,000 names')
        of_names, ranked = sum(names.values()), [n for _, n in names.most_common(12)]
        near('the first name', ranked[0] / of_names, 1 / 11.58, 0.01)
        near('the tenth name', ranked[9] / of_names, 0.1 / 11.58, 0.003)
        report.check(about['names'] > 5000, 'different names', about['names'])

        real = os.path.join(shared_captures(), 'unbound-full.pcap.gz')
        ratio = RATIO
        if os.path.exists(real):
            plain = gzip.open(real).read()
            ratio = len(plain) / len(zlib.compress(plain, 6))
            near('gzip -6 of unbound-full', ratio, RATIO, 0.02)
        near('gzip -6', len(octets) / len(zlib.compress(octets, 6)), ratio, 0.1 * ratio)

        out = path('out')
        os.mkdir(out)
        done = programs.replay([path('a.pcap')], out, extra=['--res-addrs', ','.join(RESOLVER), '--compression', 'fast'])
        told = json.loads(done.out)
        report.same({'UDP_QUERY_RESPONSE': answered, 'UDP_UNANSWERED_QUERY': asked - answered}, told['payloads'], 'payloads', done)
        report.same((about['fragments'] - about['fragmented'], {}), (told['joined'], told['drops']), 'fragments joined, nothing dropped')
        verdicts = Counter(nmsg_lines.line(e).split('|')[17] for x in os.listdir(out) for e in nmsg_lines.read(os.path.join(out, x)))
        report.same({'CORRECT': answered, '-': asked - answered}, dict(verdicts), 'checksums as the sensor sees them')

        _, about = made(path('d.pcap'), '--packets', '4000', '--ipv6', '0', '--unanswered', '50')
        report.check(about['share']['ipv6'] == 0 and abs(about['share']['unanswered'] - 0.5) < 0.04, 'other shares', about)
        octets, about = made(path('e.pcap'), '--packets', '0', '--waiting', '600')
        stamps = [f.stamp for f in frames(octets)]
        report.check(about['unanswered'] == about['packets'] == len(stamps) == 600 and 59_000_000 < stamps[-1] - stamps[0] < 60_000_000,
                     'what waits at the start', about)
        wrong = subprocess.run([maker, os.path.join(here, 'missing', 'x.pcap')], capture_output=True, text=True)
        report.check(wrong.returncode == 1 and 'missing/x.pcap: No such file' in wrong.stderr, 'a place that is not there', wrong.stderr)
    report.leave()


if __name__ == '__main__':
    main()
