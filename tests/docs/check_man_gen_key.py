#!/usr/bin/python3
"""check_man_gen_key.py SIE-GEN-KEY TREE: sie-gen-key(1) is sound and says every option that the program has, and no other."""
import os
import re
import subprocess
import sys

import manual_page


def main():
    program, tree = sys.argv[1:3]
    page = os.path.join(tree, 'docs', 'man', 'sie-gen-key.1')
    faults = manual_page.lint(page)
    said = set()
    for line in open(page, encoding='utf-8'):
        if line.startswith('.It '):
            said |= {'-' + x for x in re.findall(r'Fl (-[a-z][\w-]*|h\b)', line)}
    shown = subprocess.run([program, '--help'], capture_output=True, text=True, check=False).stdout
    has = {x for left in re.findall(r'^  (-\S+)', shown, re.M) for x in left.split(',')}
    faults += ['%s is not in the page' % x for x in sorted(has - said)]
    faults += ['%s is in the page, but the program has no such option' % x for x in sorted(said - has)]
    if len(has) != 6:
        faults.append('%d options were found in the help, not 6: %s' % (len(has), sorted(has)))
    print('\n'.join(faults) or 'the page says all %d options' % len(has))
    sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
