#!/usr/bin/python3
"""check_man.py NMSGTOOL TREE: the man page is sound and says every option that the program has, and no other."""
import os
import re
import subprocess
import sys

import manual_page


def main():
    tool, tree = sys.argv[1:3]
    page = os.path.join(tree, 'docs', 'man', 'nmsgtool.1')
    faults = manual_page.lint(page)
    shown = subprocess.run(['mandoc', '-T', 'ascii', page], capture_output=True, text=True).stdout
    shown = re.sub('.\b', '', shown)
    # Of each line that begins an item: the options in it.
    said = set()
    for line in shown.splitlines():
        if re.match(r' {4,8}-', line):
            said |= set(re.findall(r'(?<![\w-])(--?[A-Za-z][\w-]*)', line))
    said |= set(re.findall(r'(--(?:get|set)\w+)', shown))
    has = {'-h', '--help', '-v', '--version'}
    for line in subprocess.run([tool, '-h', 'all'], capture_output=True, text=True).stderr.splitlines():
        if re.match(r' +-', line):
            has |= set(re.findall(r'(?<![\w-])(--?[A-Za-z][\w-]*)', line[:31]))
    for option in sorted(has - said):
        faults.append('%s is not in the page' % option)
    for option in sorted(said - has):
        faults.append('%s is in the page, but the program has no such option' % option)
    if len(has) < 60:
        faults.append('only %d options were found in the help' % len(has))
    print('\n'.join(faults) or 'the page says all %d options' % len(has))
    sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
