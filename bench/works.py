"""The captures that bench.py works on: made once, kept, copied into memory; and whether what was made of them is complete."""
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'e2e'))
import speed  # noqa: E402

MEBIBYTE = 1 << 20
KEPT = os.path.join(SOURCE, 'build', 'bench-works')


def place(octets):
    """(folder in memory, '') or (None, why files go to the disk)"""
    memory = '/dev/shm'
    if not os.access(memory, os.W_OK):
        return None, 'there is no %s to write to: files go to the disk, and CPU of the kernel with them' % memory
    free = shutil.disk_usage(memory).free
    if free < octets:
        return None, '%s has %.1f GB of the %.1f that are needed: files go to the disk, and CPU of the kernel with them' % (memory, free / 1e9, octets / 1e9)
    return memory, ''


class Work:
    """a capture and what it must give: payloads by kind, drops by reason, fragments joined"""

    def __init__(self, name, path, about, payloads, joined=None, drops=None):
        self.name, self.path, self.about, self.payloads = name, path, about, {k: v for k, v in payloads.items() if v}
        self.joined, self.drops = joined, drops or {}
        self.packets, self.octets = about['packets'], os.path.getsize(path)


class Works:
    def __init__(self, tools, kept=KEPT, need=0):
        self.maker, self.kept = os.path.join(os.path.abspath(tools), 'make_capture'), kept
        if not os.access(self.maker, os.X_OK):
            raise RuntimeError('%s is not built: scripts/build release bench' % self.maker)
        os.makedirs(kept, exist_ok=True)
        with open(self.maker, 'rb') as f:
            self.version = hashlib.sha256(f.read())
        memory, self.note = place(need)
        self.folder = tempfile.TemporaryDirectory(prefix='sie-bench.', dir=memory or kept)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def take_memory(self, octets):
        """has the host give what a run is about to write: a virtual machine may have handed free pages back to it, and pays
        several times what a page costs for each that it touches again"""
        if self.note:  # there is none: files go to the disk
            return
        path = self.path('taken')
        with open(path, 'wb') as f:
            for _ in range(octets // MEBIBYTE + 1):
                f.write(bytes(MEBIBYTE))
        os.unlink(path)

    def path(self, *names):
        return os.path.join(self.folder.name, *names)

    def keep(self, name, key, make):
        """the path of a kept file and what is told about it; make(path) gives that; older ones of the name go"""
        stem = os.path.join(self.kept, '%s-%s' % (name, key[:12]))
        if not os.path.exists(stem + '.json'):
            for old in glob.glob(os.path.join(self.kept, name + '-*')):
                os.unlink(old)
            about = make(stem + '.pcap')
            with open(stem + '.new', 'w', encoding='utf-8') as f:
                json.dump(about, f)
            os.rename(stem + '.new', stem + '.json')
        with open(stem + '.json', encoding='utf-8') as f:
            about = json.load(f)
        here = self.path(name + '.pcap')
        shutil.copyfile(stem + '.pcap', here)
        return here, about

    def capture(self, name, **options):
        """a work of make_capture"""
        arguments = [x for k, v in options.items() for x in ('--' + k, str(v))]
        version = self.version.copy()
        version.update(repr(arguments).encode())

        def make(path):
            done = subprocess.run([self.maker, path, '--describe', *arguments], stdout=subprocess.PIPE, check=True)
            return json.loads(done.stdout)
        path, about = self.keep(name, version.hexdigest(), make)
        return Work(name, path, about, {'UDP_QUERY_RESPONSE': about['answered'], 'UDP_UNANSWERED_QUERY': about['unanswered']},
                    about['fragments'] - about['fragmented'])

    def real(self, packets):
        """captures/unbound-full repeated, or None where it is missing"""
        if not os.path.exists(os.path.join(speed.shared_captures(), 'unbound-full.pcap.gz')):
            return None
        path, about = self.keep('U', hashlib.sha256(b'%d' % packets).hexdigest(),
                                lambda path: repeat_real(path, packets))
        counts = {'payload': {}, 'drop': {}}
        with open(os.path.join(speed.shared_captures(), 'unbound-full.sensor.summary'), encoding='utf-8') as f:
            for words in map(str.split, f):
                counts.setdefault(words[0], {})[words[1]] = int(words[-1]) * about['times']
        return Work('U', path, about, counts['payload'], drops=counts['drop'])


def repeat_real(path, packets):
    packets, times = speed.repeated(speed.octets_of_capture()[1], path, packets)
    return {'packets': packets, 'times': times}


def incomplete(nmsgtool, work, summary, files):
    """what is missing or too much in the ledger of a run, and in its files (None: it wrote none); '' if all is there"""
    found, faults = json.loads(summary), []
    if found['payloads'] != work.payloads:
        faults.append('the ledger has payloads %s' % found['payloads'])
    if work.joined is not None and found['joined'] != work.joined:
        faults.append('%d fragments joined of %d' % (found['joined'], work.joined))
    if found.get('drops', {}) != work.drops:
        faults.append('drops %s' % found['drops'])
    if files is not None:
        if len(files) != found['written']['files'] or sum(map(os.path.getsize, files)) != found['written']['octets']:
            faults.append('%d files of %d octets, the ledger says %s' % (len(files), sum(map(os.path.getsize, files)), found['written']))
        done = subprocess.run([nmsgtool, *[x for name in files for x in ('-r', name)], '--json-stats'], capture_output=True, text=True)
        read = json.loads(done.stdout) if done.returncode == 0 else {}
        if read.get('transactions') != work.payloads or read.get('crc_failures') or read.get('malformed'):
            faults.append('the files hold %s%s' % (read.get('transactions', 'what nmsgtool cannot read: ' + done.stderr.strip()[-300:]),
                                                  ', wrong CRCs %s, malformed %s' % (read.get('crc_failures'), read.get('malformed')) if read else ''))
    return '; '.join(faults) and 'there should be %s; %s' % (work.payloads, '; '.join(faults))
