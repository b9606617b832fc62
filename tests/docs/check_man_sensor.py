#!/usr/bin/python3
"""check_man_sensor.py SENSOR TREE: sie-dns-sensor(8) is sound and says every flag that the commands have, and no other."""
import os
import re
import subprocess
import sys

import manual_page


def main():
    sensor, tree = sys.argv[1:3]
    page = os.path.join(tree, 'docs', 'man', 'sie-dns-sensor.8')
    faults = manual_page.lint(page)
    # Of each item of the source: the flags in it.
    said, has = set(), set()
    for line in open(page, encoding='utf-8'):
        if line.startswith('.It '):
            said |= {'-' + x for x in re.findall(r'Fl (-[a-z][\w-]*|h\b)', line)}
    for command in ('run', 'check-config', 'status', 'upload'):
        for topic in ('--help', '--help-settings')[:1 if command == 'status' else 2]:
            shown = subprocess.run([sensor, command, topic], capture_output=True, text=True).stdout
            has |= {x for left in re.findall(r'^  (-\S+)', shown, re.M) for x in left.split(',')}
    faults += ['%s is not in the page' % x for x in sorted(has - said)]
    faults += ['%s is in the page, but the program has no such flag' % x for x in sorted(said - has)]
    if len(has) < 50:
        faults.append('only %d flags were found in the help' % len(has))
    print('\n'.join(faults) or 'the page says all %d flags' % len(has))
    sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
