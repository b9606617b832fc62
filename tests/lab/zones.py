"""The lab's own DNS tree: a root, six TLDs, some hundred zones below them, in part signed; and the questions about them.

make() writes and signs the zone files, children first, since the parent holds their DS records. A zone's servers are
good ones (nsd, knot), lame or blackholed ones, or the odd server, which answers for a zone in the way that the zone's
first label names (odd_server.py).
"""
import concurrent.futures
import itertools
import os
import subprocess

from network import BLACKHOLE, KNOT, LAME, NSD, ODD
from odd_server import BEHAVIOURS

TLDS = ('nimbus', 'cobalt', 'juniper', 'saffron', 'quartz', 'osprey')
UNSIGNED_TLDS = ('osprey',)
GOOD = NSD + KNOT
BIG = (1500, 3700)  # octets of a TXT set: more than a link carries at once, less than 4096
SOA = '@ 30 IN SOA ns0 hostmaster 1 3600 900 604800 5\n'


class Zone:
    def __init__(self, name, servers, keys=None, odd=None):
        self.name, self.servers, self.keys, self.odd, self.anchor = name, servers, keys, odd, None

    def label(self):
        return self.name or 'root'

    def glue(self):
        """NS records and addresses of the zone's servers, for the zone and for its parent"""
        at, below = self.name + '.', '.' + self.name if self.name else ''
        lines = []
        for i, (four, six) in enumerate(self.servers):
            host = 'ns%d%s.' % (i, below)
            lines += ['%s 120 IN NS %s' % (at, host), '%s 120 IN A %s' % (host, four), '%s 120 IN AAAA %s' % (host, six)]
        return '\n'.join(lines) + '\n'


def plan(chance, small):
    """the zones, parents first"""
    def good():
        return [chance.choice(NSD), chance.choice(KNOT)]

    zones = [Zone('', [NSD[0], KNOT[0]], 'ec')]
    zones += [Zone(t, good(), None if t in UNSIGNED_TLDS else 'ec') for t in TLDS]

    def add(word, servers, keys=None, odd=None):
        zones.append(Zone('%s.%s' % (word, chance.choice(TLDS)), servers, keys, odd))

    for i in range(50 if small else 190):
        add('plain%d' % i, good())
    for i in range(8 if small else 34):
        add('signed%d' % i, good(), 'ec')
    for i in range(2 if small else 14):
        add('keys%d' % i, good(), 'rsa')  # three RSA keys: the DNSKEY answer fragments by itself
    for i in range(4 if small else 10):
        add('halflame%d' % i, [chance.choice(GOOD), chance.choice(LAME)])
        add('halfdead%d' % i, [chance.choice(GOOD), chance.choice(BLACKHOLE)])
    for i in range(1 if small else 3):
        add('lame%d' % i, LAME)
        add('dead%d' % i, BLACKHOLE)
    for behaviour in BEHAVIOURS:
        for i in range(1 if small else 2):
            add('%s%d' % (behaviour, i), ODD[:2], odd=behaviour)
    return zones


def records(zone, chance, hosts):
    """what a leaf zone holds beyond SOA and servers; the addresses are of ranges that nobody in the lab has"""
    lines = []
    for i in range(hosts):
        ttl = chance.choice((1, 5, 20, 60))
        lines.append('h%d %d IN A 203.0.113.%d' % (i, ttl, chance.randrange(1, 255)))
        lines.append('h%d %d IN AAAA 2001:db8:f000::%x' % (i, ttl, chance.randrange(1, 1 << 16)))
    lines += ['@ 20 IN MX 10 h0', '@ 20 IN MX 20 h1', '@ 20 IN TXT "v=spf1 -all"', '@ 20 IN A 203.0.113.1', '@ 20 IN CAA 0 issue "ca.nimbus"',
              '_sip._udp 20 IN SRV 0 5 5060 h0', 'alias 5 IN CNAME h0', 'x 5 IN TYPE65400 \\# 4 0A0B0C0D', '*.w 5 IN A 203.0.113.77',
              '*.w 5 IN AAAA 2001:db8:f000::77', '*.w 5 IN TXT "any name"']
    size = chance.randrange(*BIG)
    strings = ' '.join('"%s"' % ''.join(chance.choices('abcdefghijklmnopqrstuvwxyz0123456789', k=250)) for _ in range(size // 251))
    lines += ['*.t 5 IN TXT ' + strings, 'huge 5 IN TXT ' + ' '.join([strings] * 4)]  # more than 4096: TC, then TCP
    return '\n'.join(lines) + '\n'


def make(zones, folder, chance, threads=3):
    """zone files that nsd and knot can load, in FOLDER/zones; gives the root's trust anchor as (flags …, key)"""
    for part in 'zones', 'keys', 'ds':
        os.makedirs(os.path.join(folder, part))
    by_name = {z.name: z for z in zones}
    levels = [[z for z in zones if z.name.count('.') == 1], [by_name[t] for t in TLDS], [by_name['']]]
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for level in levels:
            below = {z.name: [c for c in zones if c.name and c.name.partition('.')[2] == z.name and c is not z] for z in level}
            texts = [text_of(z, below[z.name], folder, chance) for z in level]  # here, not in the threads: one seed, one tree
            list(pool.map(lambda both: finish(both[0], both[1], folder), zip(level, texts)))
    return by_name[''].anchor


def text_of(zone, children, folder, chance):
    text = '$ORIGIN %s.\n$TTL 30\n' % zone.name + SOA + zone.glue()
    for child in children:
        text += child.glue()
        ds = os.path.join(folder, 'ds', 'dsset-%s.' % child.name)
        if child.keys:
            with open(ds, encoding='ascii') as f:
                text += f.read()
    if zone.name.count('.') == 1:
        text += records(zone, chance, 20)
    return text


def finish(zone, text, folder):
    if zone.odd:
        return
    out = os.path.join(folder, 'zones', zone.label())
    plain = out + '.plain' if zone.keys else out
    with open(plain, 'w', encoding='ascii') as f:
        f.write(text)
    if not zone.keys:
        return
    keys, origin = os.path.join(folder, 'keys'), zone.name + '.'

    def tool(*words):
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError('%s: %s' % (' '.join(words), done.stderr))
        return done.stdout

    algorithm = ('-a', 'ECDSAP256SHA256') if zone.keys == 'ec' else ('-a', 'RSASHA256', '-b', '2048')
    name = tool('dnssec-keygen', '-q', '-K', keys, *algorithm, '-f', 'KSK', origin).strip()
    for _ in range(2 if zone.keys == 'rsa' else 1):
        tool('dnssec-keygen', '-q', '-K', keys, *algorithm, origin)
    nsec3 = ('-3', '-', '-H', '0') if zone.name.endswith('t') and '.' not in zone.name else ()
    tool('dnssec-signzone', '-S', '-K', keys, '-d', os.path.join(folder, 'ds'), '-o', origin, '-f', out, *nsec3, plain)
    if not zone.name:
        with open(os.path.join(keys, name + '.key'), encoding='ascii') as f:
            line = [x for x in f.read().splitlines() if 'DNSKEY' in x and not x.startswith(';')][0]
        zone.anchor = line.split('DNSKEY', 1)[1].split()


KINDS = (('wild', 40), ('host', 15), ('big', 11), ('keys', 2), ('odd', 11), ('none', 5), ('types', 5), ('alias', 4), ('bad', 1.2), ('tld', 1),
         ('huge', 0.5))  # and their weights
TYPES = ('A', 'AAAA', 'MX', 'TXT', 'SOA', 'NS', 'CAA', 'DNSKEY', 'DS', 'TYPE65400')


def questions(zones, chance, count):
    """lines of a dnsperf file; the odd zones come in turn, lest chance leave one out"""
    leaf = [x for x in zones if x.name.count('.') == 1 and not x.odd and not x.name.startswith(('lame', 'dead'))]
    bad = [x for x in zones if x.name.startswith(('lame', 'dead'))]
    keys = [x for x in zones if x.keys]
    odd = itertools.cycle(chance.sample([x for x in zones if x.odd], sum(bool(x.odd) for x in zones)))
    kinds = chance.choices(*zip(*KINDS), k=count)
    return [question(kind, chance, leaf, bad, keys, odd) for kind in kinds]


def question(kind, chance, leaf, bad, keys, odd):
    zone = chance.choice(leaf)
    label = 'q%08x' % chance.getrandbits(32)
    if kind == 'wild':
        return '%s.w.%s %s' % (label, zone.name, chance.choice(('A', 'AAAA')))
    if kind == 'host':
        return 'h%d.%s %s' % (chance.randrange(20), zone.name, chance.choice(('A', 'AAAA')))
    if kind == 'big':
        return '%s.t.%s TXT' % (label, zone.name)
    if kind == 'keys':
        return '%s. DNSKEY' % chance.choice(keys).name
    if kind == 'odd':
        return '%s.%s %s' % (label, next(odd).name, chance.choice(('A', 'AAAA', 'TXT')))
    if kind == 'none':
        return '%s.%s A' % (label, zone.name)
    if kind == 'types':
        qtype = chance.choice(TYPES)
        return '%s%s %s' % ('x.' if qtype == 'TYPE65400' else '', zone.name, qtype)
    if kind == 'alias':
        return 'alias.%s A' % zone.name
    if kind == 'bad':
        return '%s.%s A' % (label, chance.choice(bad).name)
    if kind == 'tld':
        return '%s.%s A' % (label, label)
    return 'huge.%s TXT' % zone.name
