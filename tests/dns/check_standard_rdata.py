#!/usr/bin/python3
"""check_standard_rdata.py TSV: holds the vectors of standard_rdata.tsv against BIND and dnspython.

Both read each record in the generic form of RFC 3597 and print it as they know it. Compared without blanks (they divide
long hexadecimal and base64) and without case where letters are digits. What differs by choice is named below, with why.
"""
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile

# Types whose text is hexadecimal or base32hex: case means nothing.
DIGITS = {22, 31, 32, 34, 43, 44, 50, 51, 52, 53, 55, 59, 63, 104, 106, 32768, 32769}
CERT_TYPES = {'PKIX': '1', 'OID': '254'}
ALGORITHMS = {'RSAMD5': '1', 'DH': '2', 'DSA': '3', 'RSASHA1': '5', 'RSASHA256': '8'}
SKIP = {
    'BIND': {
        10: 'NULL is refused in zone files', 24: 'SIG is refused in zone files', 30: 'NXT is refused in zone files',
        41: 'OPT is refused in zone files', 128: 'meta', 249: 'meta', 250: 'meta', 251: 'meta', 252: 'meta', 253: 'meta', 254: 'meta', 255: 'meta',
        6: 'a zone has one', 3: 'obsolete, refused in zone files', 4: 'obsolete, refused in zone files',
    },
    'dnspython': {
        41: 'its own words for options', 128: 'meta', 249: 'meta', 250: 'meta', 251: 'meta', 252: 'meta', 253: 'meta', 254: 'meta', 255: 'meta',
    },
}
# Single rows: (who, start of the text): why.
CHOICES = {
    ('dnspython', 16, r'"\000\127\255\"\\ x"'): 'escapes more than it must',
}


def normal(typ, text):
    if text.startswith('\\#'):
        return ''.join(text.split()).upper()
    if typ == 37:
        kind, tag, algorithm, *key = text.split()
        text = ' '.join([CERT_TYPES.get(kind, kind), tag, ALGORITHMS.get(algorithm, algorithm), *key])
    if typ == 29:  # sizes that are the defaults may be left out, and digits of them (RFC 1876 §3)
        words = text.split()
        east = next(i for i, w in enumerate(words) if w in ('E', 'W'))
        sizes = [float(w.rstrip('m')) for w in words[east + 1:]]
        sizes += [None, 1.0, 10000.0, 10.0][len(sizes):]
        return words[:east + 1] + sizes
    if typ in (27, 64, 65):  # quotation marks are free where no blank is inside (RFC 1035 §5.1, RFC 9460 §2.1)
        text = text.replace('"', '')
    if typ in (64, 65):  # keys that were registered after its version
        for number, name in (7, 'dohpath'), (8, 'ohttp'):
            text = text.replace('key%d' % number, name)
        text = text.replace('key9=\\000\\029\\000\\023', 'tls-supported-groups=29,23')
    if typ in (104, 106):  # leading zeros of a group (RFC 6742 §2.1.2)
        preference, groups = text.split()
        text = preference + ' ' + ':'.join('%04x' % int(g, 16) for g in groups.split(':'))
    text = ''.join(re.split(r'[\s()]+', text)) if typ not in (5,) else text
    return text.upper() if typ in DIGITS else text


def rows(path):
    for line in open(path, encoding='utf-8'):
        if not line.startswith('#'):
            typ, octets, text, source = line.rstrip('\n').split('\t')
            yield int(typ), bytes.fromhex('' if octets == '-' else octets), text, source


def with_bind(vectors):
    """{number of the row: what BIND prints}"""
    with tempfile.TemporaryDirectory() as here:
        zone = os.path.join(here, 'zone')
        printed = {}
        # One zone each: a record that BIND refuses would take the others with it.
        for number, (typ, octets, _, _) in enumerate(vectors):
            if typ in SKIP['BIND']:
                continue
            with open(zone, 'w') as f:
                f.write('$TTL 60\n@ SOA ns. h. 1 2 3 4 5\n@ NS ns.\nr%d TYPE%d \\# %d %s\n' % (number, typ, len(octets), octets.hex()))
            done = subprocess.run(['named-checkzone', '-q', '-i', 'none', '-k', 'ignore', '-m', 'ignore', '-n', 'ignore', '-M', 'ignore', '-S', 'ignore', '-T', 'ignore', '-D', '-s', 'full', '-o', '-', 'example', zone],
                                  capture_output=True, text=True)
            found = re.search(r'^r%d\.example\.\s+60\s+IN\s+(\S+)\s*(.*)$' % number, done.stdout, re.M)
            printed[number] = (found.group(2) if found.group(1) else '') if found else None
        return printed


def with_dnspython(vectors):
    import dns.exception
    import dns.rdata
    printed = {}
    for number, (typ, octets, _, _) in enumerate(vectors):
        if typ in SKIP['dnspython']:
            continue
        try:
            printed[number] = dns.rdata.from_wire(1, typ, octets, 0, len(octets)).to_text()
        except (dns.exception.DNSException, ValueError, IndexError):
            printed[number] = None
    return printed


def names_of_bind():
    """{number: name} of every type that BIND has a name for: those it prints in the bitmaps of NSEC records"""
    with tempfile.TemporaryDirectory() as here:
        zone, step = os.path.join(here, 'zone'), 2048
        with open(zone, 'w') as f:
            f.write('$TTL 60\n@ SOA ns. h. 1 2 3 4 5\n@ NS ns.\n')
            for low in range(0, 65536, step):
                f.write('n%d NSEC x. %s\n' % (low, ' '.join('TYPE%d' % typ for typ in range(max(1, low), low + step))))
        done = subprocess.run(['named-checkzone', '-q', '-i', 'none', '-k', 'ignore', '-D', '-s', 'full', '-o', '-', 'example', zone], capture_output=True, text=True)
        found = re.findall(r'^n(\d+)\.example\.\s+60\s+IN\s+NSEC\s+x\. (.*)$', done.stdout, re.M)
        return {typ: name for low, printed in found for typ, name in zip(range(max(1, int(low)), int(low) + step), printed.split())}


def names_of_dnspython():
    import dns.rdatatype
    return {typ: dns.rdatatype.to_text(typ) for typ in range(1, 65536)}


def missing_types(vectors):
    """types with a name in BIND or dnspython, but without a row here"""
    have, missing = {typ for typ, _, _, _ in vectors}, []
    for who, names in (('BIND', names_of_bind()), ('dnspython', names_of_dnspython())):
        named = {typ: name for typ, name in names.items() if name != 'TYPE%d' % typ}
        if len(names) != 65535 or len(named) < 70:
            missing.append('%s named only %d types of %d' % (who, len(named), len(names)))
        missing += ['%s knows %d %s, which has no row' % (who, typ, name) for typ, name in named.items() if typ not in have]
    return missing


def main():
    system = '/usr/bin/python3'  # which has the packages of the system, whoever called
    if importlib.util.find_spec('dns') is None and os.path.exists(system) and not os.path.samefile(sys.executable, system):
        os.execv(system, [system, *sys.argv])
    vectors = list(rows(sys.argv[1]))
    asked = []
    if shutil.which('named-checkzone'):
        asked.append(('BIND', with_bind(vectors)))
    try:
        asked.append(('dnspython', with_dnspython(vectors)))
    except ImportError:
        pass
    if len(asked) < 2:
        print('SKIPPED: named-checkzone and dnspython are needed, there is %s' % ([a for a, _ in asked] or 'neither'))
        sys.exit(1 if os.environ.get('REQUIRE_ALL') == '1' else 77)
    failures, compared, types = 0, 0, set()
    for fault in missing_types(vectors):
        print(fault)
        failures += 1
    for who, printed in asked:
        for number, text in printed.items():
            typ, octets, ours, source = vectors[number]
            generic = ours.startswith('\\#')
            if text is None:
                if not generic:
                    print('%s refuses %d %s (%s)' % (who, typ, ours, source))
                    failures += 1
                continue
            if text.startswith('\\#') and not generic:
                continue  # a type that it does not know
            if (who, typ, ours) in CHOICES:
                continue
            if generic and not text.startswith('\\#'):
                if not source.startswith(('malformed', 'RFC 9460')):
                    print('%s knows %d: %s, we print %s' % (who, typ, text, ours))
                    failures += 1
                continue
            compared += 1
            types.add(typ)
            if normal(typ, text) != normal(typ, ours):
                print('%s, type %d (%s):\n  theirs %s\n  ours   %s' % (who, typ, source, text, ours))
                failures += 1
    print('%d texts of %d types compared, %d differ' % (compared, len(types), failures))
    sys.exit(1 if failures or len(types) < 60 else 0)


if __name__ == '__main__':
    main()
