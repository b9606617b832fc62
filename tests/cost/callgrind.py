"""Instructions of a program, as valgrind counts them: the same number again and again, whatever else the machine does."""
import collections
import os
import re
import shutil
import subprocess
import tempfile

ROOM = re.compile(r'\bsie::(?:(base|net|dns|reassembly|nmsg|text|dnsqr|capture|spool|sensor|stream|service|tools)::)?')


def available():
    return shutil.which('valgrind') is not None


class Counted:
    """total, by function and by room of src ('libraries' for what is not ours); what the program printed"""

    def __init__(self, arguments, stdin=None):
        with tempfile.TemporaryDirectory(prefix='sie-cost.') as here:
            out = os.path.join(here, 'out')
            p = subprocess.run(['valgrind', '--tool=callgrind', '--callgrind-out-file=' + out, *arguments],
                               stdin=stdin or subprocess.DEVNULL, capture_output=True)
            if p.returncode != 0:
                raise RuntimeError('%s: status %s\n%s' % (' '.join(arguments), p.returncode, p.stderr.decode(errors='replace')))
            self.out = p.stdout
            self.functions = self_costs(out)
        self.total = sum(self.functions.values())

    def rooms(self):
        found = collections.Counter()
        for name, cost in self.functions.items():
            match = ROOM.search(name)
            found[(match[1] or 'base') if match else 'libraries'] += cost
        return found


def self_costs(path):
    """{function: its own instructions}, from callgrind's file: fn= names, then lines 'position cost'; the line behind calls=
    is the cost of what was called"""
    names, costs, function, skip = {}, collections.Counter(), None, False
    with open(path, encoding='utf-8', errors='replace') as f:
        for line in f:
            first = line[:1]
            if line.startswith('fn='):
                key, _, name = line[3:].rstrip('\n').partition(' ')
                if name:
                    names[key] = name
                function = names[key]
            elif line.startswith(('cfn=', 'cfi=', 'cob=', 'cfl=')):
                if line.startswith('cfn='):
                    key, _, name = line[4:].rstrip('\n').partition(' ')
                    if name:
                        names[key] = name
            elif line.startswith('calls='):
                skip = True
            elif first.isdigit() or first in '+-*':
                if skip:
                    skip = False
                elif function is not None:
                    costs[function] += int(line.split()[-1])
    return costs


def each(small, large, run, count):
    """(total, {room: …}) of one more of what `count` counts: run(small) and run(large) give a Counted"""
    a, b, n = run(small), run(large), count(large) - count(small)
    rooms, before = b.rooms(), a.rooms()
    return (b.total - a.total) / n, {room: (rooms[room] - before[room]) / n for room in rooms}
