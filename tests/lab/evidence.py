"""Holds what the sensor wrote against what stands in a capture of the same interface.

Wanted: each UDP query datagram of the resolver to port 53, and each response datagram from port 53 to it, in exactly one
payload, but for what has a question that does not fit (dns_bad_question), fewer than twelve octets (dns_short), or
fragments that never complete. Nothing else in any payload. No client's address anywhere. Datagrams are compared octet by
octet, as multisets of (source, destination, ports, DNS octets), and so are the IP packets they came in.
"""
import ipaddress
import json
import re
import struct
import subprocess
from collections import Counter, defaultdict, deque

import datagrams
import nmsg_lines
from programs import balances

DNS_HEADER = 12
LATE = 10 ** 9  # ns
QUERY, RESPONSE = 'query', 'response'
HEADER_ONLY_RCODES = (1, 2, 4, 5)  # with which an answer without a question belongs to a query
TYPES = {'UDP_QUERY_RESPONSE': (1, 1), 'UDP_UNANSWERED_QUERY': (1, 0), 'UDP_UNSOLICITED_RESPONSE': (0, 1)}
FRAGMENT_WORDS = ('fragment_duplicate', 'fragment_overlap', 'fragment_bad_length', 'fragment_timeout')
TIMES = (11, 12)  # fields of a payload line


def packed(addresses):
    return [ipaddress.ip_address(a).packed for a in addresses]


def kind_of(d, resolvers):
    """what the sensor must record a datagram as, or None"""
    if len(d.data) < DNS_HEADER:
        return None
    if d.data[2] & 0x80:
        return RESPONSE if d.destination in resolvers and d.sport == datagrams.PORT else None
    return QUERY if d.source in resolvers and d.dport == datagrams.PORT else None


class Capture:
    """what tcpdump saw, read by datagrams.py: the wanted datagrams and all that the totals are made of"""

    def __init__(self, path, resolvers):
        self.path, self.resolvers = path, set(packed(resolvers))
        self.reader = datagrams.Reader(self.resolvers)
        self.wanted, self.bad_question, self.short, self.client_side = [], 0, 0, 0
        self.odd = Counter()
        for d in self.reader.datagrams(datagrams.frames(path)):
            kind = kind_of(d, self.resolvers)
            if kind is None:
                self.refused(d)
            elif datagrams.bad_question(d.data):
                self.bad_question += 1
            else:
                self.wanted.append((kind, d))
        self.pair()

    def refused(self, d):
        if len(d.data) < DNS_HEADER:
            self.short += 1
            self.odd['shorter than a header'] += d.sport == datagrams.PORT and d.destination in self.resolvers
        elif datagrams.PORT in (d.sport, d.dport):
            upstream = d.sport == datagrams.PORT and d.destination in self.resolvers
            self.odd['QR=0 from port 53 to the resolver'] += upstream
            self.client_side += not upstream
            self.odd['QR=1 to port 53 of the resolver'] += d.destination in self.resolvers and bool(d.data[2] & 0x80)
            self.odd['client side in fragments'] += len(d.packets) > 1

    def pair(self):
        """responses to the queries they answer, first in first out, for the totals"""
        waiting = defaultdict(deque)
        self.pairs, self.late = 0, 0
        for kind, d in self.wanted:
            query = kind == QUERY
            ends = (d.source, d.destination, d.sport) if query else (d.destination, d.source, d.dport)
            key = (*ends, d.data[:2], datagrams.question(d.data))
            if query:
                waiting[key].append(d.stamp)
            elif waiting.get(key):
                self.pairs += 1
                self.late += d.stamp - waiting[key].popleft() > LATE
            else:
                self.odd['response to nothing asked, or again'] += 1
            if not query:
                self.odd['header-only response'] += len(d.data) == DNS_HEADER
                self.odd['checksum absent'] += not d.checksum
                self.odd['TC'] += bool(d.data[2] & 2)
                self.odd['more than 8 fragments'] += len(d.packets) > 8

    def fragmented(self):
        return sum(len(d.packets) > 1 for kind, d in self.wanted)


class Output:
    """what the sensor wrote, read by nmsg_lines.py"""

    def __init__(self, files):
        self.files, self.faults = files, []
        self.datagrams, self.packets, self.types, self.verdicts = Counter(), Counter(), Counter(), Counter()
        self.late = self.six = 0
        for file in files:
            for envelope in nmsg_lines.read(file):
                self.payload(nmsg_lines.message(envelope[5][0]))
        self.transactions = sum(self.types.values())

    def payload(self, m):
        kind = nmsg_lines.TYPES[m[1][0]]
        self.types[kind] += 1
        queries, responses = m.get(12, []), m.get(15, [])
        if kind not in TYPES or (bool(queries), bool(responses)) != tuple(map(bool, TYPES[kind])):
            self.fault('a payload of type %s with %d query and %d response packets' % (kind, len(queries), len(responses)))
            return
        self.six += len(m[2][0]) == 16
        for packets, ends in (queries, (m[2][0], m[3][0], m[5][0], m[6][0])), (responses, (m[3][0], m[2][0], m[6][0], m[5][0])):
            if not packets:
                continue
            try:
                d = datagrams.whole(packets)
            except (ValueError, struct.error, IndexError) as why:
                self.fault('%s: %s' % (kind, why))
                continue
            self.packets.update(packets)
            self.datagrams[QUERY if packets is queries else RESPONSE, *d.key()] += 1
            if ends != (d.source, d.destination, d.sport, d.dport) or m[7][0] != int.from_bytes(d.data[:2], 'big'):
                self.fault('addresses, ports or id of a payload are not those of its packets: %s' % shown((kind, *d.key())))
        if responses:
            verdict = nmsg_lines.VERDICTS[m[21][0]] if 21 in m else '-'
            self.verdicts[verdict] += 1
            if verdict != datagrams.checksum_verdict(datagrams.whole(responses)):
                self.fault('udp_checksum %s is not the verdict on the response' % verdict)
        if kind == 'UDP_QUERY_RESPONSE':
            self.late += stamp(m, 16, 17) - stamp(m, 13, 14) > LATE

    def fault(self, text):
        self.faults.append(text)


def stamp(m, seconds, fractions):
    """of the last packet, in ns"""
    return m[seconds][-1] * 10 ** 9 + int.from_bytes(m[fractions][-1], 'little')


def shown(key):
    kind, source, destination, sport, dport, data = key
    return '%s %s#%d > %s#%d: %d octets %s' % (kind, ipaddress.ip_address(source), sport, ipaddress.ip_address(destination), dport,
                                             len(data), data[:40].hex())


def some(counter, show=shown):
    return '\n'.join('%d × %s' % (n, show(key)) for key, n in counter.most_common(5))


def exposed(texts, files, clients, capture):
    """client addresses in the sensor's output: as text in what it said, as octets in its containers, inflated.

    Octets of signatures are random, and four of them may happen to be an address: what stands in the DNS octets of a wanted
    datagram is content. So octets count only as far as they are more than the capture has in those.
    """
    faults = ['%s shows %s' % (where, a) for where, text in texts for a in clients if has_text(text, a)]
    by_octets = dict(zip(packed(clients), clients))
    content, seen = Counter(), Counter()
    for _, d in capture.wanted:
        for octets in [d.data] if len(d.packets) == 1 else d.packets:
            content.update({a: octets.count(a) for a in by_octets if a in octets})
    for file in files:
        for body in nmsg_lines.bodies(nmsg_lines.inflated(file)):
            faults += ['%s has the text %s' % (file, a) for a in clients if has_text(body, a)]
            seen.update({a: body.count(a) for a in by_octets if a in body})
    return faults + ['the octets of %s stand %d times in NMSG files' % (by_octets[a], n) for a, n in (seen - content).items()]


def has_text(octets, address):
    """the address as text, and not a part of a longer number"""
    text = address.encode()
    return text in octets.lower() and re.search(b'(?<![0-9a-f.:])' + re.escape(text) + b'(?![0-9a-f:]|\\.[0-9])', octets, re.I) is not None


def tshark_datagrams(path, resolvers):
    """the same wanted datagrams as tshark reassembles and reads them: Counter of (kind, …), and how many have a bad question.
    It makes a datagram even of fragments that contradict each other, which nobody else should (RFC 5722): not these."""
    fields = ('ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'udp.srcport', 'udp.dstport', 'udp.payload')
    done = subprocess.run(['tshark', '-n', '-r', path, '-o', 'ip.defragment:TRUE', '-o', 'ipv6.defragment:TRUE',
                           '-Y',
                           'udp.port == 53 && !icmp && !icmpv6 && !ip.fragment.overlap.conflict && !ipv6.fragment.overlap.conflict', '-T', 'fields', '-E', 'separator=|',
                           '-E', 'occurrence=f', *[x for f in fields for x in ('-e', f)]], capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError('tshark: %s' % done.stderr)
    listed, found, bad = set(packed(resolvers)), Counter(), 0
    for line in done.stdout.splitlines():
        a, b, c, d, sport, dport, payload = line.split('|')
        data = bytes.fromhex(payload.replace(':', ''))
        read = datagrams.Datagram(0, *packed((a or c, b or d)), struct.pack('!HHHH', int(sport), int(dport), 8 + len(data), 0) + data, ())
        kind = kind_of(read, listed)
        if kind and datagrams.bad_question(data):
            bad += 1
        elif kind:
            found[kind, *read.key()] += 1
    return found, bad


def against_tshark(report, who, capture):
    """datagrams.py reads what tshark reads. They may differ over datagrams of which a fragment came more than once, since
    tshark takes part of a late copy for the old datagram; those are compared without their number."""
    theirs, bad = tshark_datagrams(capture.path, [str(ipaddress.ip_address(a)) for a in capture.resolvers])
    ours = Counter((kind, *d.key()) for kind, d in capture.wanted)
    copied = {(kind, *d.key()) for kind, d in capture.wanted
              if len(d.packets) > 1 and capture.reader.copies[datagrams.Piece(d.packets[0]).key] > len(d.packets)}
    for x in copied:
        theirs.pop(x, None)
    rest = Counter({k: n for k, n in ours.items() if k not in copied})
    report.check(ours and rest == theirs, '%s: the test reads the datagrams that tshark reads' % who,
                 'tshark lacks\n%s\nand has besides\n%s' % (some(rest - theirs), some(theirs - rest)))
    report.check(bad == capture.bad_question, '%s: as many bad questions' % who, (bad, capture.bad_question))
    report.check(len(copied) * 5 < capture.fragmented() or len(copied) < 20, '%s: few datagrams have copied fragments' % who, len(copied))
    return len(copied)


def compare(report, who, capture, output, clients, texts):
    """the heart: nothing missing, nothing invented, nobody exposed; gives (missing, invented)"""
    wanted = Counter((kind, *d.key()) for kind, d in capture.wanted)
    missing, invented = wanted - output.datagrams, output.datagrams - wanted
    report.check(not missing, '%s: missing = 0' % who, some(missing))
    report.check(not invented, '%s: invented = 0' % who, some(invented))
    packets = Counter(p for _, d in capture.wanted for p in d.packets)
    report.check(output.packets == packets, '%s: the recorded packets are the captured ones' % who,
                 'missing\n%s\ninvented\n%s' % (some(packets - output.packets, bytes.hex), some(output.packets - packets, bytes.hex)))
    report.check(not output.faults, '%s: payloads agree with their packets' % who, '\n'.join(output.faults[:5]))
    seen = exposed(texts, output.files, clients, capture)
    report.check(not seen, '%s: no client is shown' % who, '\n'.join(seen[:5]))
    return sum(missing.values()), sum(invented.values())


def compare_ledger(report, who, capture, output, done, live):
    """the ledger closes, and says of the frames what the capture says"""
    report.check(not balances(done), '%s: the balances close' % who, balances(done))
    try:
        found = json.loads(done.out)
    except ValueError:
        return {}
    drops = found.get('drops', {})
    read = capture.reader.count
    lost = {k: v for k, v in drops.items() if k in ('kernel_drop', 'queue_full', 'disk_full', 'cut_short', 'fragment_evicted') and v}
    report.check(not lost and not found.get('evicted'), '%s: nothing was lost on the way' % who, lost)
    counted = {'messages': len(capture.wanted), 'joined': read['joined'], 'dns_bad_question': capture.bad_question,
               **{word: read[word] for word in FRAGMENT_WORDS}}
    counted['frames'] = read['passing' if live else 'frames']
    if live:
        counted['dns_short'] = capture.odd['shorter than a header']
    said = {word: found.get(word, drops.get(word, 0)) for word in counted}
    report.check(said == counted, '%s: the ledger counts what the capture has' % who, 'ledger  %s\ncapture %s' % (said, counted))
    report.check(Counter(found.get('payloads', {})) == output.types, '%s: payloads are as many as the ledger says' % who,
                 (found.get('payloads'), output.types))
    return found


def without_times(files):
    """Counter of the payload lines of files without their times"""
    lines = Counter()
    for file in files:
        for envelope in nmsg_lines.read(file):
            fields = nmsg_lines.line(envelope).split('|')
            lines['|'.join(x for i, x in enumerate(fields) if i not in TIMES)] += 1
    return lines
