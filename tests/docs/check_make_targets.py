#!/usr/bin/python3
"""check_make_targets.py TREE: the front door in a clone: help, build, run, install, clean, and a clear refusal."""
import os
import subprocess
import sys
import tempfile


def main():
    tree, faults = os.path.abspath(sys.argv[1]), []
    with tempfile.TemporaryDirectory(prefix='sie make.') as here:  # a path with a blank
        clone, image = os.path.join(here, 'tree'), os.path.join(here, 'image')
        subprocess.run(['git', 'clone', '-q', tree, clone], check=True)

        # The front door is looked at, not the programs: without optimizing they are there in half the time.
        plain = {**os.environ, 'CMAKE_CXX_COMPILER_LAUNCHER': 'sh;-c;exec "$@" -O0 -fno-lto -Wno-error -Wno-cpp;sh'}

        def make(*arguments, status=0, words=()):
            done = subprocess.run(['make', *arguments], cwd=clone, env=plain, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            text = done.stdout + done.stderr
            if (done.returncode == 0) != (status == 0) or not all(w in text for w in words):
                faults.append('make %s: status %d\n%s' % (' '.join(arguments), done.returncode, text[-1500:]))

        make(words=['make run', 'make test', 'make install'])
        make('run', 'PCAP=missing.pcap', 'RES_ADDRS=192.0.2.1', status=2, words=['missing.pcap'])
        make('run', words=['balances (each must be 0)   frames 0, messages 0, transactions 0', 'What to type next'])
        make('install', 'DESTDIR=' + image, 'PREFIX=/usr')
        for name in ('sbin/sie-dns-sensor', 'bin/nmsgtool'):
            if not os.access(os.path.join(image, 'usr', name), os.X_OK):
                faults.append('make install did not install ' + name)
        make('clean')
        left = [x for x in ('build', 'run') if os.path.exists(os.path.join(clone, x))]
        if left:
            faults.append('make clean left %s' % left)
    for fault in faults:
        print('FAILED make targets: ' + fault)
    if not faults:
        print('the make targets work')
    sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
