#!/usr/bin/python3
"""files.py BINARIES: the files that the sensor writes: names, rotation, what is there already, disks that fail, exits."""
import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import time

import wire
from programs import Programs, Report, balances, folder, need
from wire import BOTH, a, q

NAME = re.compile(r'test\.(\d{8})\.(\d{4})\.(\d+)\.(\d{9})\.nmsg$')
LISTS = {'DNSQR_RES_ADDRS': BOTH}


def capture_of(here, frames, name='in.pcap', **more):
    path = os.path.join(here, name)
    with open(path, 'wb') as f:
        f.write(wire.pcap(frames, 101, **more))
    return path


def listing(out):
    return sorted(os.listdir(out))


def rotation(report, programs):
    frames = [q('10.000000005', 1), a('10.5', 1), q('39.999999999', 2), q(40, 3), q('39', 4), q(100, 5), q(260, 6), q(261, 7)]
    with folder() as here:
        out = os.path.join(here, 'out')
        os.mkdir(out)
        done = programs.replay([capture_of(here, frames, unit=1)], out, LISTS, ['--rotation-interval', '60'])
        report.check(done.status == 0, 'rotation run', done)
        # T0 = 1700000000 is 20 s behind a full minute: boundaries at T0 + 40, 100, …; at 100 s nothing is due but query 2,
        # and a file without a payload does not come to be.
        expected = ['test.20231114.2213.1700000010.000000005.nmsg', 'test.20231114.2215.1700000100.000000000.nmsg',
                    'test.20231114.2217.1700000260.000000000.nmsg']
        got = listing(out)
        report.check(all(NAME.match(x) for x in got), 'names', got)
        report.check(got == expected, 'a file for each interval with a payload, named by its first packet', got)
        ids = {x: [line.split('|')[6] for line in programs.lines(os.path.join(out, x))] for x in got}
        report.check(list(ids.values()) == [['1'], ['2', '4'], ['3', '5', '6', '7']], 'each payload is in the file of its time', ids)
    with folder() as here:
        capture = capture_of(here, [x for i in range(0, 200, 10) for x in (q(i, i), a('%d.1' % i, i))])
        for offset, first in (('0', ['0', '40', '100', '160']), ('20', ['0', '60', '120', '180']), ('59', ['0', '40', '100', '160'])):
            out = os.path.join(here, offset)
            os.mkdir(out)
            done = programs.replay([capture], out, LISTS, ['--rotation-interval', '60', '--rotation-offset', offset])
            starts = [str(int(NAME.match(x)[3]) - wire.T0) for x in listing(out)]
            report.check(done.status == 0 and starts == first, 'rotation offset ' + offset, (starts, done))


def zstd_frames(report, programs):
    frames = [x for i in range(0, 200, 2) for x in (q(i, i), a('%d.1' % i, i))]
    with folder() as here:
        plain, zstd = os.path.join(here, 'plain'), os.path.join(here, 'zstd')
        capture = capture_of(here, frames)
        for out, level in ((plain, 'none'), (zstd, 'zstd')):
            os.mkdir(out)
            done = programs.replay([capture], out, LISTS, ['--compression', level, '--rotation-interval', '60'])
            report.check(done.status == 0, level, done)
        names = listing(zstd)
        report.check(names == [x + '.zst' for x in listing(plain)] and len(names) == 4, 'the files of zstd end in .nmsg.zst', names)
        for name in names:
            path = os.path.join(zstd, name)
            tested = subprocess.run(['zstd', '-tq', path], capture_output=True)
            report.check(tested.returncode == 0, 'zstd(1) finds its frames and checksums sound', tested.stderr)
            listed = subprocess.run(['zstd', '-lv', path], capture_output=True, text=True).stdout
            report.check('XXH64' in listed, 'there are checksums', listed)
            octets = subprocess.run(['zstd', '-dcq', path], capture_output=True).stdout
            report.check(octets == open(os.path.join(plain, name[:-4]), 'rb').read(), 'its content is the plain file', name)
            copy = subprocess.run([programs.nmsgtool, '-r', path, '-w', '-'], capture_output=True)
            report.check(copy.returncode == 0 and copy.stdout == octets, 'nmsgtool reads it', copy.stderr)


def existing_file(report, programs):
    with folder() as here:
        out = os.path.join(here, 'out')
        os.mkdir(out)
        capture = capture_of(here, [q(0), a('0.5')])
        first = programs.replay([capture], out, LISTS)
        path = os.path.join(out, listing(out)[0])
        with open(path, 'wb') as f:
            f.write(b'mine')
        second = programs.replay([capture], out, LISTS)
        error = second.err.decode()
        report.check(first.status == 0 and second.status == 1, 'a file that exists is an error', second)
        report.check(os.path.basename(path) in error and 'exist' in error, 'which names it', error)
        report.check(open(path, 'rb').read() == b'mine' and len(listing(out)) == 1, 'and it stays as it was', listing(out))
        report.check(json.loads(second.out)['drops'].get('disk_full') == 1 and not balances(second), 'its payload is counted', second.out)


def failing_disk(report, programs):
    frames = [x for i in range(20000) for x in (q('%d.0' % (i // 1000), i), a('%d.1' % (i // 1000), i))]
    frames.sort(key=lambda f: wire.nanoseconds(f[0]))

    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, 2_500_000))

    with folder() as here:
        out = os.path.join(here, 'out')
        os.mkdir(out)
        capture = capture_of(here, frames)
        arguments = [programs.sensor, 'run', '--pcap', capture, '--output-dir', out, '--prefix', 'test', '--res-addrs', BOTH,
                     '--compression', 'none', '--json-summary', '--rotation-interval', '86400']
        p = subprocess.run(arguments, capture_output=True, preexec_fn=small_files)
        done = type('Done', (), {'out': p.stdout, 'err': p.stderr})
        found = json.loads(p.stdout)
        report.check(p.returncode == 1, 'a disk that is full is an error', p.stderr)
        report.check(b'test.' in p.stderr or out.encode() in p.stderr, 'which names the file', p.stderr)
        report.check(found['drops'].get('disk_full', 0) > 0 and not balances(done), 'what is lost is counted', p.stdout)
        names = [x for x in listing(out) if not x.startswith('.')]
        kept = sum(len(programs.lines(os.path.join(out, x))) for x in names)
        report.check(kept == sum(found['payloads'].values()) and kept > 0, 'what was written is whole containers', (kept, found['payloads']))
        report.check(not [x for x in listing(out) if x.endswith('.part')], 'no part file is left', listing(out))
    with folder() as here:
        done = programs.replay([capture_of(here, [q(0)])], os.path.join(here, 'missing'), LISTS)
        error = done.err.decode()
        report.check(done.status == 1 and 'missing' in error, 'a folder that is missing is named', done)


def command_line(report, programs):
    def refused(what, arguments, word, env=None, status=2):
        done = programs.run([programs.sensor, *arguments], env or {})
        report.check(done.status == status and word in done.err.decode() and not done.out, what, done)

    with folder() as here:
        good = capture_of(here, [q(0), a('0.5')])
        run = ['run', '--pcap', good]
        refused('no list', run, 'DNSQR_RES_ADDRS')
        refused('unknown option', [*run, '--frobnicate'], 'frobnicate')
        refused('unknown subcommand', ['frobnicate'], 'frobnicate')
        refused('no subcommand', [], 'subcommand')
        refused('bad address', [*run, '--res-addrs', '198.18.0.256'], '198.18.0.256')
        refused('bad level', [*run, '--res-addrs', BOTH, '--compression', 'much'], 'much')
        refused('interval 0', [*run, '--res-addrs', BOTH, '--rotation-interval', '0'], '--rotation-interval')
        refused('interval over a day', [*run, '--res-addrs', BOTH, '--rotation-interval', '86401'], '86400')
        refused('offset not below the interval', [*run, '--res-addrs', BOTH, '--rotation-interval', '60', '--rotation-offset', '60'], 'rotation-offset')
        refused('bad filter', [*run, '--res-addrs', BOTH, '--bpf', 'prot udp'], 'prot udp')
        refused('bad prefix', [*run, '--res-addrs', BOTH, '--output-dir', here, '--prefix', 'a/b'], 'a/b')
        refused('no such file', ['run', '--pcap', good + '.gone', '--res-addrs', BOTH, '--quiet'], good + '.gone', status=1)
        refused('a folder instead of a file', ['run', '--pcap', here, '--res-addrs', BOTH, '--quiet'], here, status=1)
        refused('bad environment', run, 'DNSQR_QUERY_TIMEOUT', LISTS | {'DNSQR_QUERY_TIMEOUT': '3601'})
        done = programs.run([programs.sensor, *run, '--quiet', '--json-summary', '--query-timeout', '5'],
                            LISTS | {'DNSQR_QUERY_TIMEOUT': '3601x'})
        report.check(done.status == 2, 'a flag does not hide a bad variable', done)
        version = programs.run([programs.sensor, 'version'])
        report.check(version.status == 0 and re.fullmatch(rb'sie-dns-sensor \d+\.\d+\.\d+\n', version.out), 'version', version)
        for topic in (['--help'], ['run', '--help']):
            done = programs.run([programs.sensor, *topic])
            report.check(done.status == 0 and b'--pcap' in done.out + b'--pcap' and len(done.out.splitlines()) <= 50, 'help fits a screen', len(done.out.splitlines()))
        quiet = programs.run([programs.sensor, *run, '--quiet'], LISTS)
        report.check(quiet.status == 0 and not quiet.out and not quiet.err, '--quiet says nothing', quiet)
        plain = programs.run([programs.sensor, *run], LISTS)
        report.check(plain.status == 0 and not plain.out and b'balances' in plain.err and b'\r' not in plain.err, 'the summary is on standard error, with no progress bar in a pipe', plain)
        report.check(os.listdir(here) == ['in.pcap'], 'without --output-dir nothing is written', os.listdir(here))
        discard = programs.run([programs.sensor, *run, '--discard', '--json-summary'], LISTS)
        written = json.loads(discard.out)['written']
        report.check(written.get('containers') == 1 and written.get('octets', 0) > 0 and os.listdir(here) == ['in.pcap'], '--discard builds and throws away', discard)
        order = programs.run([programs.sensor, *run, '--json-summary', '--zero-resolver-address', '0', '--discard'],
                             LISTS | {'DNSQR_ZERO_RESOLVER_ADDRESS': '1'})
        report.check(order.status == 0, 'a flag is stronger than the environment', order)


def several_files(report, programs):
    with folder() as here:
        first = capture_of(here, [q(0, 1), q(1, 2)], 'first.pcap')
        second = capture_of(here, [a(2, 1), q(3, 3)], 'second.pcap')
        cut = os.path.join(here, 'cut.pcap')
        with open(cut, 'wb') as f:
            f.write(open(first, 'rb').read()[:-3])
        both = programs.replay([first, second], None, LISTS)
        report.check(json.loads(both.out)['transactions'] == {'pair': 1, 'unanswered': 2}, 'files in a row share one table', both.out)
        damaged = programs.replay([cut, second], None, LISTS)
        found = json.loads(damaged.out)
        report.check(damaged.status == 1 and 'cut.pcap' in damaged.err.decode() and 'offset' in damaged.err.decode(), 'damage names file and offset', damaged)
        report.check(found['transactions'] == {'unanswered': 1} and not balances(damaged), 'the run ends there, open queries leave', damaged.out)


def signals(report, programs):
    """a signal ends a run as the end of input does; a reader that goes away ends it quietly"""
    with folder() as here:
        good = capture_of(here, [q(i, i) for i in range(2000)])
        octets = open(good, 'rb').read()
        for number in (signal.SIGTERM, signal.SIGINT):
            out = os.path.join(here, 'out%d' % number)
            os.mkdir(out)
            p = subprocess.Popen([programs.sensor, 'run', '--pcap', '-', '--res-addrs', BOTH, '--output-dir', out, '--prefix', 'test',
                                  '--json-summary', '--rotation-interval', '86400'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            p.stdin.write(octets[:-7])
            p.stdin.flush()
            time.sleep(0.5)
            begun = time.monotonic()
            p.send_signal(number)
            text = p.stdout.read(), p.stderr.read()
            status, took = p.wait(20), time.monotonic() - begun
            report.check(status == 0 and took < 2, 'signal %d ends a run that waits for its pipe' % number, (status, took, text))
            found = json.loads(text[0]) if text[0] else {}
            report.check(found.get('payloads') == {'UDP_UNANSWERED_QUERY': 1999} and len(programs.lines(out)) == 1999,
                         'signal %d: all open queries leave' % number, text)
            p.stdin.close()
        endless = subprocess.Popen(['sh', '-c', 'cat "$0"; tail -c +25 "$0"; while tail -c +25 "$0"; do :; done 2>/dev/null', good], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        p = subprocess.Popen([programs.sensor, 'run', '--pcap', '-', '--res-addrs', BOTH, '--discard', '--json-summary'], stdin=endless.stdout,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        endless.stdout.close()
        time.sleep(0.5)
        begun = time.monotonic()
        p.send_signal(signal.SIGTERM)
        text = p.stdout.read(), p.stderr.read()
        status, took = p.wait(20), time.monotonic() - begun
        endless.wait(20)
        done = type('Done', (), {'out': text[0], 'err': text[1]})
        report.check(status == 0 and took < 2 and not balances(done), 'a signal in full traffic', (status, took, text))
        shown = subprocess.Popen([programs.sensor, 'run', '--pcap', good, '--res-addrs', BOTH, '--show', '2000'],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        shown.stdout.read(10)
        shown.stdout.close()
        error = shown.stderr.read()
        report.check(shown.wait(20) in (0, 1, -signal.SIGPIPE) and b'terminate' not in error, 'a closed pipe ends it quietly', error)


def on_terminal(arguments):
    """the exit status, and what is shown on a terminal: (moment, octets) of each read"""
    ours, theirs = pty.openpty()
    begun = time.monotonic()
    p = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    shown = []
    try:
        while octets := os.read(ours, 65536):
            shown.append((time.monotonic() - begun, octets))
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return p.wait(60), shown


def progress_of_a_row(report, programs):
    """the rate is of all files together, and of what is read, whether it is taken or not"""
    with folder() as here:
        source, count, files = os.path.join(here, 'in.nmsg'), 50_000, 3
        lines = b''.join(b'{"vname":"base","mname":"logline","message":{"category":"c","message":"%06d"}}\n' % i for i in range(count))
        done = subprocess.run([programs.nmsgtool, '-j', '-', '-w', source], input=lines, capture_output=True)
        report.check(done.returncode == 0, 'a file to read', done.stderr)
        # The pace makes each file take a second, so the rate is known.
        row = [programs.nmsgtool, *['-r', source] * files, '-B', str(os.path.getsize(source)), '-o', '/dev/null']
        for what, more in (('several files', []), ('a filter that takes nothing', ['--filter', 'message=never']), ('a type that is not there', ['-V', 'base', '-T', 'http'])):
            status, shown = on_terminal(row + more)
            drawn = [(when, int(rate), int(share)) for when, octets in shown for share, rate in re.findall(rb'\] +(\d+) %  (\d+) payloads/s', octets)]
            text = b''.join(octets for _, octets in shown)[-300:]
            report.check(status == 0 and len(drawn) >= 3 * files, what + ': a bar all the time', (status, len(drawn), text))
            late = [rate for when, rate, _ in drawn if when > 1.5]
            report.check(late and all(0.6 * count < rate < 1.8 * count for rate in late), what + ': the rate is of all of them', late)
            falls = sum(b[2] < a[2] for a, b in zip(drawn, drawn[1:]))
            report.check(falls == files - 1, what + ': the share is of the file in hand', [share for _, _, share in drawn])


def progress(report, programs):
    """a bar with rate and time left on a terminal; its line is cleared at the end"""
    with folder() as here:
        capture = os.path.join(here, 'many.pcap')
        with open(capture, 'wb') as f:
            subprocess.run([os.path.join(os.path.dirname(programs.sensor), 'make_flood'), '400000'], stdout=f, check=True)
        for arguments in ([programs.sensor, 'run', '--pcap', capture, '--res-addrs', '198.18.0.1', '--discard', '--json-summary'],
                          [programs.nmsgtool, '-p', capture, '-V', 'base', '-T', 'dnsqr', '-w', '/dev/null']):
            status, pieces = on_terminal(arguments)
            shown = b''.join(octets for _, octets in pieces)
            report.check(status == 0 and re.search(rb'\r\[#*\.*\] +\d+ %  \d+ \w+/s  \d+ s left', shown) and shown.endswith(b'\r\x1b[K'),
                         'a bar on a terminal: ' + os.path.basename(arguments[0]), shown[-300:])


def main():
    programs, report = Programs(sys.argv[1]), Report('files')
    need('zstd')
    for part in (rotation, zstd_frames, existing_file, failing_disk, command_line, several_files, signals, progress, progress_of_a_row):
        part(report, programs)
    report.leave()


if __name__ == '__main__':
    main()
