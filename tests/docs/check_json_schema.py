#!/usr/bin/python3
"""check_json_schema.py NMSGTOOL ROOT: docs/nmsg.schema.json, docs/json.md and docs/nmsg-format.md hold against nmsgtool.

Lines that nmsgtool -J writes (of the example, of each golden capture, of tests/docs/payloads.jsonl and of the shared
vectors, if they are there) must obey the schema, and lines with a planted mistake must not. Schema, json.md and the
tables of the code name the same fields. The examples of both documents are read by nmsgtool and give what stands below
them. Needs jsonschema (Debian: python3-jsonschema), else it is skipped.
"""
import copy
import glob
import json
import os
import re
import shlex
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    jsonschema = None

NMSGTOOL, ROOT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))
from programs import Report, folder, skip  # noqa: E402

BLOCK = re.compile(r'^```(\w+)([^\n]*)\n(.*?)^```$', re.M | re.S)
JSON_OUT = ['-J', '-']


def text_of(name):
    with open(os.path.join(ROOT, name), encoding='utf-8') as f:
        return f.read()


def run(arguments, octets=b'', env=None):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(('DNSQR_', 'NMSG_'))}
    return subprocess.run([NMSGTOOL, *arguments], input=octets, capture_output=True, env=clean | (env or {}), timeout=300)


def lines_in(octets):
    # Text that is stored as damaged UTF-8 may come out so; lines end at \n and nowhere else.
    return octets.decode(errors='replace').split('\n')[:-1]


def as_pairs(text):
    """a JSON value that remembers the order of its keys"""
    return json.loads(text, object_pairs_hook=lambda pairs: ('object', pairs))


# ---- The schema

class Schema:
    def __init__(self, schema):
        self.schema, self.defs = schema, schema['$defs']
        self.validator = jsonschema.Draft202012Validator(schema)
        self.branches = {}  # validators of anyOf and oneOf members

    def faults(self, line):
        return ['%s: %s' % ('.'.join(map(str, e.absolute_path)) or 'line', e.message[:300]) for e in self.validator.iter_errors(line)]

    def resolved(self, part):
        return self.defs[part['$ref'].rsplit('/', 1)[1]] if '$ref' in part else part

    def holds(self, part, value):
        key = id(part)
        if key not in self.branches:
            self.branches[key] = jsonschema.Draft202012Validator({'$defs': self.defs, **part})
        return self.branches[key].is_valid(value)

    def walk(self, part, value, seen):
        """hands seen(path of the schema's object, its schema, the value's object) each object that the schema describes"""
        where = part.get('$ref', '')
        part = self.resolved(part)
        for branch in part.get('anyOf', ()):
            if self.holds(branch, value):
                self.walk(branch, value, seen)
        if isinstance(value, dict) and 'properties' in part:
            seen(part, value)
            for key, inner in value.items():
                self.walk(part['properties'].get(key, {}), inner, seen)
            if where == '' and value.get('message') is not None and value.get('mname') in self.defs:
                self.walk({'$ref': '#/$defs/' + value['mname']}, value['message'], seen)
        elif isinstance(value, list):
            for item in value:
                self.walk(part.get('items', {}), item, seen)

    def objects(self):
        """(name, schema) of every object: the line, the types, and what is inside them"""
        found = [('line', self.schema)]
        for name, part in self.defs.items():
            for inner in [part, *part.get('anyOf', ())]:
                if 'properties' in inner:
                    found.append((name, inner))
                    found += [(name + '.' + key, value) for key, value in inner['properties'].items() if 'properties' in value]
        return found


def check_shape(report, schema):
    jsonschema.Draft202012Validator.check_schema(schema.schema)
    for name, part in schema.objects():
        report.check(part.get('additionalProperties') is False, 'schema: %s takes no other keys' % name)
        report.check(set(part.get('required', ())) <= set(part['properties']), 'schema: %s requires what it describes' % name)
    report.check(len(schema.objects()) >= 22, 'schema: every object was found', [x for x, _ in schema.objects()])


# ---- Against the tables of the code

def code_types():
    """{name: (number, [(field, symbols, twin, number of the wire)])} from src/text/payload_types.cc"""
    text = text_of('src/text/payload_types.cc')
    symbols = {m[1]: [(int(n), w) for n, w in re.findall(r'\{(\d+), "(\w+)"\}', m[2])]
               for m in re.finditer(r'constexpr Symbol (\w+)\[\] = \{(.*?)\};', text, re.S)}
    rows = {}
    for m in re.finditer(r'constexpr FieldRow (\w+)_rows\[\] = \{(.*?)\n\};', text, re.S):
        rows[m[1]] = []
        for row in re.findall(r'\{"(\w+)", (.*?)\}(?=,\s*(?:\{"|$))', m[2].rstrip().rstrip(',') + ',', re.S):
            if 'in_neither' in row[1]:
                continue
            used = [symbols[w] for w in re.findall(r'\w+', row[1]) if w in symbols]
            twin = re.search(r'"(\w+)"', row[1])
            rows[m[1]].append((row[0], used[0] if used else None, twin and twin[1]))
    return {name: (int(number), rows[name]) for number, name in re.findall(r'\{base, (\d+), "(\w+)", \w+_rows\}', text)}


def check_code(report, schema):
    types = code_types()
    report.check(len(types) == 14 and sum(len(r) for _, r in types.values()) > 120, 'the tables of the code were read', types)
    for name, (number, rows) in types.items():
        fields = [x for field, _, twin in rows for x in ([field, twin] if twin else [field])]
        report.same(fields, list(schema.defs[name]['properties']), 'schema: the fields of %s are those of the code, in its order' % name)
        for field, symbols, _ in rows:
            if symbols is None:
                continue
            words, numbers = schema.resolved(schema.defs[name]['properties'][field])['oneOf']
            report.same([w for _, w in symbols], words['enum'], 'schema: the names of %s.%s are those of the code' % (name, field))
            known = {n for n, _ in symbols}
            report.check(not any(schema.holds(numbers, n) for n in known) and schema.holds(numbers, max(known) + 1),
                         'schema: a number of %s.%s is one without a name' % (name, field))
    text = text_of('src/dns/type_name.cc')
    for table, place in (('types', schema.defs['rrtype']), ('classes', schema.defs['class']), ('rcodes', schema.defs['rcode']),
                         ('opcodes', schema.defs['dns_header']['properties']['opcode'])):
        rows = re.search(r'constexpr Row %s\[\] = \{(.*?)\};' % table, text, re.S)[1]
        report.same(re.findall(r'\{\d+, "([^"]+)"\}', rows), place['anyOf'][0]['enum'], 'schema: the names of %s are those of the code' % table)


# ---- Real lines

def golden_lines():
    where = os.path.join(ROOT, 'tests', 'e2e', 'goldens')

    def words(name):
        path = os.path.join(where, name)
        return open(path, encoding='ascii').read().split('\n') if os.path.exists(path) else []
    for capture in sorted(glob.glob(os.path.join(where, '*.pcap*'))):
        name = re.match(r'(\w+)\.', os.path.basename(capture))[1]
        env = dict(x.split('=', 1) for x in words(name + '.env') if x)
        arguments = shlex.split((words(name + '.args') or [''])[0])
        done = run(['-V', 'base', '-T', 'dnsqr', '-p', capture, *arguments, *JSON_OUT], env=env)
        yield name, words(name + '.lines'), lines_in(done.stdout)


def read_back(report, what, lines, where):
    """lines through -j and an NMSG file"""
    out = os.path.join(where, 'back.nmsg')
    written = run(['-j', '-', '-w', out], ''.join(x + '\n' for x in lines).encode())
    report.check(written.returncode == 0, '%s: nmsgtool -j takes them' % what, written.stderr.decode())
    return lines_in(run(['-r', out, *JSON_OUT]).stdout)


def check_lines(report, schema, where):
    """every line is obeyed; returns those of payloads.jsonl"""
    payloads = text_of('tests/docs/payloads.jsonl').split('\n')[:-1]
    report.same(payloads, read_back(report, 'payloads.jsonl', payloads, where), 'payloads.jsonl comes back octet for octet')
    example = os.path.join(ROOT, 'examples', 'resolver.pcap')
    corpora = {'payloads.jsonl': payloads}
    for kind, least in (('dnsqr', 4000), ('packet', 50), ('pkt', 50), ('ncap', 50)):
        count = [] if kind == 'dnsqr' else ['-c', '50']
        corpora['example ' + kind] = lines_in(run(['-p', example, '-V', 'base', '-T', kind, *count, *JSON_OUT]).stdout)
        report.check(len(corpora['example ' + kind]) >= least, 'the example gives %s' % kind, len(corpora['example ' + kind]))
    giving = 0
    for name, expected, got in golden_lines():
        # What a golden must give is tested elsewhere; here it is that none is left out by mistake.
        report.check(bool(got) == bool([x for x in expected if x and not x.startswith('# ')]), 'golden %s gives payloads if it must' % name)
        giving += bool(got)
        corpora['golden ' + name] = got
    report.check(giving >= 100, 'a hundred goldens give payloads', giving)
    names = os.path.join(where, 'names')
    with open(names, 'w', encoding='ascii') as f:
        f.write('3 north\n40 sensors\n')
    named = run(['-j', os.path.join(ROOT, 'tests', 'docs', 'payloads.jsonl'), *JSON_OUT], env={'NMSG_OPALIAS_FILE': names, 'NMSG_GRALIAS_FILE': names})
    corpora['payloads.jsonl with names'] = lines_in(named.stdout)
    report.check(b'"operator":"north","group":"sensors"' in named.stdout, 'operators and groups have names', named.stderr.decode())
    vectors = os.path.join(os.environ.get('SIE_SHARED') or os.path.join(os.path.dirname(ROOT), 'shared'), 'conformance')
    for path in sorted(glob.glob(os.path.join(vectors, '*.nmsg'))):
        corpora['vector ' + os.path.basename(path)] = lines_in(run(['-r', path, *JSON_OUT]).stdout)
    for what, lines in corpora.items():
        for number, text in enumerate(lines, 1):
            line = json.loads(text)
            faults = schema.faults(line)

            def in_order(part, value):
                if list(value) != [k for k in part['properties'] if k in value]:
                    faults.append('keys are not in the order of the schema: %s' % list(value))
            schema.walk(schema.schema, line, in_order)
            report.check(not faults, '%s, line %d obeys the schema' % (what, number), '\n'.join(faults[:3]))
    return payloads


def check_coverage(report, schema, payloads):
    """payloads.jsonl alone shows every field, and every name of every enumeration of dnsqr"""
    shown = {id(part): set() for _, part in schema.objects()}
    for text in payloads:
        schema.walk(schema.schema, json.loads(text), lambda part, value: shown[id(part)].update(value))
    for name, part in schema.objects():
        report.same(set(), set(part['properties']) - shown[id(part)], 'payloads.jsonl shows every field of %s' % name)


# ---- Mistakes that the schema must refuse

def mistakes(schema, line):
    """(what, a copy of the line with one mistake)"""
    for key in schema.schema['required']:
        yield 'no ' + key, {k: v for k, v in line.items() if k != key}
    count = []
    schema.walk(schema.schema, line, lambda part, value: count.append(part))
    for n, part in enumerate(count):
        def spoiled(change):
            wrong, places = copy.deepcopy(line), []
            schema.walk(schema.schema, wrong, lambda p, value: places.append(value))
            change(places[n])
            return wrong
        yield 'an extra key', spoiled(lambda value: value.update(surplus=1))
        places = []
        schema.walk(schema.schema, line, lambda p, value: places.append(value))
        for key in places[n]:
            if part['properties'][key].keys() - {'description'}:
                yield 'no sense in ' + key, spoiled(lambda value, key=key: value.update({key: {'no': 'sense'}}))
            if 'oneOf' in schema.resolved(part['properties'][key]):
                yield 'a name that is none in ' + key, spoiled(lambda value, key=key: value.update({key: 'UDP_QUERY_REPLY'}))
            if key in part.get('required', ()) and part is not schema.schema:
                yield 'no ' + key, spoiled(lambda value, key=key: value.pop(key))


PLANTED = [  # of the first line of a type: keys, and what is put there
    ('logline', ['time'], '2023-11-14 22:13:20'), ('logline', ['time'], '2023-11-14T22:13:20.000000000'), ('logline', ['time'], 1700000000),
    ('logline', ['source'], '1234ABCD'), ('logline', ['source'], '00000000'), ('logline', ['source'], 305441741), ('logline', ['group'], 0),
    ('logline', ['vname'], 'SIE'), ('logline', ['mname'], 'dnsqr'), ('logline', ['mname'], '(unknown)'), ('logline', ['vid'], 1),
    ('logline', ['message'], None), ('dnsqr', ['message', 'query_port'], 65536), ('dnsqr', ['message', 'id'], -1), ('dnsqr', ['message', 'id'], 1.5),
    ('dnsqr', ['message', 'query_ip'], '192.0.2.256'), ('dnsqr', ['message', 'query_ip'], ''), ('dnsqr', ['message', 'qname'], 'www.example.com'),
    ('dnsqr', ['message', 'qtype'], 1), ('dnsqr', ['message', 'qtype'], 'SMIMEA'), ('dnsqr', ['message', 'qclass'], 'in'), ('dnsqr', ['message', 'type'], 1),
    ('dnsqr', ['message', 'type'], 2**32), ('dnsqr', ['message', 'rcode'], 0), ('dnsqr', ['message', 'query_packet'], 'AQID'), ('dnsqr', ['message', 'query'], 'AQI'),
    ('dnsqr', ['message', 'query'], ''), ('dnsqr', ['message', 'proto'], 17), ('dnsqr', ['message', 'delay'], -1.0), ('dnsqr', ['message', 'query_time_nsec'], [2**31]),
    ('dnsqr', ['message', 'query_json', 'header', 'flags'], ['rd', 'rd']), ('dnsqr', ['message', 'query_json', 'header', 'rcode'], 4096),
    ('http', ['message', 'p0f_score'], -32769), ('dnsobs', ['message', 'time'], 2**64), ('dnsobs', ['message', 'sensor_id'], '0a'),
    ('(unknown)', ['vid'], 2**32), ('(unknown)', ['vid'], 1), ('(unknown)', ['payload'], 'AQI'), ('(unknown)', ['message'], {})]


def check_refusals(report, schema, payloads):
    lines, refused = [json.loads(x) for x in payloads], 0
    for number, line in enumerate(lines, 1):
        for what, wrong in mistakes(schema, line):
            refused += report.check(schema.faults(wrong), 'the schema refuses line %d of payloads.jsonl with %s' % (number, what))
    report.check(refused > 800, 'mistakes were planted', refused)
    for kind, keys, value in PLANTED:
        line = copy.deepcopy(next(x for x in lines if x['mname'] == kind))
        place = line
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value
        report.check(schema.faults(line), 'the schema refuses %s of %s: %r' % ('.'.join(keys), kind, value))
    for kind, key in (('dnsqr', 'query_json'), ('dnsqr', 'dns'), ('dnsobs', 'response'), ('dnstap', 'message_type'), ('dnstap', 'qtype')):
        line = copy.deepcopy(next(x for x in lines if x['mname'] == kind))
        del line['message'][key]
        report.check(schema.faults(line), 'the schema refuses %s without %s' % (kind, key))


# ---- docs/json.md

def flat(schema, part, prefix=''):
    """(name as json.md writes it, is it always there, schema) of each field, with those of encoded ones"""
    for name, value in part['properties'].items():
        yield prefix + name, name in part.get('required', ()), value
        inner = schema.resolved(value)
        if 'items' in inner:
            inner, name = schema.resolved(inner['items']), name + '[]'
        if 'properties' in inner and not name.startswith(('authority', 'additional')):
            yield from flat(schema, inner, prefix + name + '.')


def doc_tables(text):
    """{heading: [cells of each row]} of the tables whose first cell is a field"""
    tables, heading = {}, ''
    for line in text.split('\n'):
        if line.startswith('#'):
            heading = line.lstrip('# ')
        elif line.startswith('| `'):
            tables.setdefault(heading, []).append([x.strip() for x in re.split(r'(?<!\\)\|', line)[1:-1]])
    return tables


def doc_faults(schema, text):
    faults, tables = [], doc_tables(text)
    wanted = {'The line': schema.schema, 'Decoded DNS messages': next(x for x in schema.defs['dns_message']['anyOf'] if 'properties' in x)}
    for name, (number, _) in code_types().items():
        wanted['%s (1:%d)' % (name, number)] = schema.defs[name]
    others = {'Names of values', 'Counts'}  # Counts: of --json-stats, which is no line of -J
    if set(tables) != set(wanted) | others:
        faults.append('json.md: headings of tables: %s' % sorted(set(tables) ^ (set(wanted) | others)))
    values = {row[0].strip('`'): re.findall(r'`(\w+)`', row[1]) for row in tables.get('Names of values', ())}
    for heading, part in wanted.items():
        rows = {row[0].strip('`'): row for row in tables.get(heading, ())}
        fields = list(flat(schema, part))
        if list(rows) != [x for x, _, _ in fields]:
            faults.append('json.md, %s: the fields are not those of the schema: %s' % (heading, sorted(set(rows) ^ {x for x, _, _ in fields})))
            continue
        for name, required, value in fields:
            if (rows[name][2] in ('always', 'list')) != required:
                faults.append('json.md, %s: %s is there %s' % (heading, name, rows[name][2]))
            described = schema.resolved(value)
            if 'oneOf' in described:
                full = '%s.%s' % (heading.split()[0], name)
                if values.pop(full, None) != described['oneOf'][0]['enum']:
                    faults.append('json.md, names of values: %s' % full)
    if values:
        faults.append('json.md, names of values: nothing has these: %s' % sorted(values))
    return faults


def check_document(report, schema, where):
    text = text_of('docs/json.md')
    report.same([], doc_faults(schema, text), 'json.md names the fields of the schema')
    for good, bad in (('| `rrttl`', '| `rttl`'), ('| `vid`', '| `vendor`'), ('| `answer[].rdata`', '| `answer[].data`'), ('`UDP_QUERY_ONLY`', '`UDP_QUERY`'),
                      ('| `dnsqr.udp_checksum`', '| `dnsqr.checksum`'), ('### xml (1:10)', '### xml')):
        report.check(good in text and doc_faults(schema, text.replace(good, bad)), 'a fault planted in json.md is seen: %s' % bad)
    shown = 0
    for language, note, block in BLOCK.findall(text):
        if language == 'json' and not note:
            shown += 1
            line = json.dumps(json.loads(block))
            report.same([], schema.faults(json.loads(block)), 'json.md: example %d obeys the schema' % shown)
            got = read_back(report, 'json.md: example %d' % shown, [line], where)
            report.same([as_pairs(block)], [as_pairs(x) for x in got], 'json.md: example %d comes back as it is' % shown)
        elif language == 'json' and note.strip() == 'read as':
            # Pairs: what is written, and what is read.
            shown += 1
            lines = [x for x in block.split('\n') if x]
            report.same(lines[1::2], read_back(report, 'json.md: forms', lines[::2], where), 'json.md: what is read is what stands below')
        elif language == 'json' and note.strip() == 'refused':
            shown += 1
            for line in block.split('\n')[:-1]:
                done = run(['-j', '-', '-w', os.path.join(where, 'none.nmsg')], line.encode())
                report.check(done.returncode == 1 and b'line 1' in done.stderr, 'json.md: it is refused: %s' % line, done)
    report.check(shown >= 5, 'json.md has examples', shown)


# ---- docs/nmsg-format.md

def octets_of(block):
    """hexadecimal octets, and behind two blanks a comment"""
    return bytes.fromhex(''.join(re.split(r'\s{2,}', line.strip())[0] for line in block.split('\n')))


def octet_faults(text, where):
    """(faults, number of examples): each block of octets gives the JSON lines of the block behind it"""
    faults, shown, blocks = [], 0, BLOCK.findall(text)
    for (language, note, block), (after, _, lines) in zip(blocks, blocks[1:] + [('', '', '')]):
        if language != 'octets':
            continue
        shown += 1
        try:
            octets = octets_of(block)
        except ValueError as why:
            faults.append('example %d: %s' % (shown, why))
            continue
        done = run(['-r', '-', *JSON_OUT], octets)
        if after != 'json' or done.returncode != 0 or done.stderr or lines_in(done.stdout) != lines.split('\n')[:-1]:
            faults.append('example %d gives\n%s%s' % (shown, done.stdout.decode(), done.stderr.decode()))
        if note.strip() == 'written':
            out = os.path.join(where, 'written.nmsg')
            run(['-j', '-', '-w', out], lines.encode())
            with open(out, 'rb') as f:
                if f.read() != octets:
                    faults.append('example %d is not what nmsgtool writes' % shown)
    return faults, shown


def check_octets(report, where):
    text = text_of('docs/nmsg-format.md')
    faults, shown = octet_faults(text, where)
    report.same([], faults, 'nmsg-format.md: the examples give their lines')
    report.check(shown >= 4, 'nmsg-format.md has examples', shown)
    for number, (language, note, block) in enumerate(BLOCK.findall(text), 1):
        if language == 'octets':
            first = re.search(r'^[0-9a-f]{2}', block, re.M)[0]
            spoiled = text.replace(block, block.replace(first, '%02x' % (int(first, 16) ^ 1), 1))
            report.check(octet_faults(spoiled, where)[0], 'nmsg-format.md: a wrong octet is seen in block %d' % number)


def main():
    if jsonschema is None:
        # Debian's package is for Debian's Python, which need not be the first on the path.
        debian = '/usr/bin/python3'
        if os.path.realpath(sys.executable) != os.path.realpath(debian) and os.access(debian, os.X_OK) and \
                subprocess.run([debian, '-c', 'import jsonschema'], capture_output=True).returncode == 0:
            os.execv(debian, [debian, '-B', *sys.argv])
        skip('Python knows no jsonschema (Debian: python3-jsonschema)')
    report, schema = Report('json_schema'), Schema(json.loads(text_of('docs/nmsg.schema.json')))
    check_shape(report, schema)
    check_code(report, schema)
    with folder() as where:
        payloads = check_lines(report, schema, where)
        check_coverage(report, schema, payloads)
        check_refusals(report, schema, payloads)
        check_document(report, schema, where)
        check_octets(report, where)
    report.leave()


if __name__ == '__main__':
    main()
