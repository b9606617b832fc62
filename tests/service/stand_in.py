"""What tests of scripts that start the sensor run in its place: a program by that name that writes down how it was called.

    stand_in.write(PATH, LOG)      makes it; the file LOG gets a line for each call and each signal

Like the sensor it refuses a file that holds the word `refused` (status 2), starts nothing where it holds `unconfigured`,
goes to the background with `--daemon` once its pid file is written, removes that at its end, and takes SIGHUP. A file
that holds `slow` lets it need a second to end.
"""
import os
import stat
import sys

TEXT = '''#!%s -B
import os, signal, sys, time

def log(text):
    with open(%r, 'a', encoding='utf-8') as f:
        f.write(text + '\\n')

arguments = sys.argv[1:]
log(' '.join(arguments))
file = arguments[1] if arguments[0] == 'check-config' else arguments[arguments.index('--config') + 1]
with open(file, encoding='utf-8') as f:
    text = f.read()
if 'refused' in text:
    print('F:1:1: this is refused; write that', file=sys.stderr)
    sys.exit(2)
if arguments[0] == 'check-config' or 'unconfigured' in text:
    sys.exit(0)
assert '--daemon' in arguments and '--service' in arguments
pid_file = arguments[arguments.index('--pid-file') + 1]
reader, writer = os.pipe()
if os.fork() != 0:
    os.close(writer)
    os._exit(0 if os.read(reader, 1) == b'1' else 1)
os.setsid()
ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
signal.signal(signal.SIGHUP, lambda *_: log('SIGHUP'))
with open(pid_file, 'w', encoding='ascii') as f:
    f.write('%%d\\n' %% os.getpid())
nothing = os.open(os.devnull, os.O_RDWR)
for n in 0, 1, 2:
    os.dup2(nothing, n)
os.write(writer, b'1')
limit = time.monotonic() + 60
while not ended and time.monotonic() < limit:
    time.sleep(0.02)
if 'slow' in text:
    time.sleep(1)
os.unlink(pid_file)
log('ended')
'''


def write(path, log):
    with open(path, 'w', encoding='utf-8') as f:
        f.write(TEXT % (sys.executable, log))
    os.chmod(path, stat.S_IRWXU)
