#!/usr/bin/python3
"""check_man_conf.py TREE: sie-dns-sensor.conf(5) is sound mdoc, names pages that are shipped or Debian's, and what it shows is what a reader sees."""
import os
import re
import subprocess
import sys

import manual_page

OTHERS = {('pcap-filter', '7')}


def main():
    folder = os.path.join(sys.argv[1], 'docs', 'man')
    page = os.path.join(folder, 'sie-dns-sensor.conf.5')
    faults = manual_page.lint(page)
    with open(page, encoding='utf-8') as f:
        text = f.read()
    for name, section in sorted(set(re.findall(r'^\.Xr (\S+) (\d)', text, re.M)) - OTHERS):
        if not os.path.exists(os.path.join(folder, '%s.%s' % (name, section))):
            faults.append('%s(%s) is not shipped' % (name, section))
    # mdoc could swallow a quote or a dot.
    shown = subprocess.run(['mandoc', '-T', 'ascii', '-O', 'width=400', page], capture_output=True, text=True, check=False).stdout
    shown = re.sub('.\x08', '', shown)
    examples = re.findall(r'^\.Li (\w+="[^\n]*")$', text, re.M)
    faults += ['%s is not what a reader sees' % x for x in examples if 'Example: ' + x not in shown]
    if len(examples) < 40:
        faults.append('only %d examples were found' % len(examples))
    print('\n'.join(faults) or 'the page is sound, with %d examples' % len(examples))
    sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
