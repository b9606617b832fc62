"""What the captures and outputs of a lab must show, resolver by resolver, and the totals that they must reach."""
import concurrent.futures
import json
import os
import re
import shutil
import signal

import evidence
import nmsg_lines
from network import RESOLVERS, every_client
from programs import Done, Report

LOCK = '.sie-dns-sensor.lock'  # against a second sensor; it stays
NAME = r'(lab|test)\.\d{8}\.\d{4}\.\d{10}\.\d{9}\.nmsg'
# What each resolver must have had; the small lab is a tenth.
LEAST = {'transactions': 20_000, 'IPv6, %': 30, 'fragmented': 500, 'late': 200}
LEAST_SMALL = {'transactions': 2_000, 'IPv6, %': 30, 'fragmented': 50, 'late': 20}
ODD_WAYS = ('shorter than a header', 'QR=0 from port 53 to the resolver', 'QR=1 to port 53 of the resolver', 'client side in fragments',
            'response to nothing asked, or again', 'header-only response', 'checksum absent', 'TC', 'more than 8 fragments')


def judge(report, programs, folder, small, offline):
    """both resolvers at once, from the files in the folder of a lab"""
    work = [(programs, folder, who, small, offline) for who in RESOLVERS]
    with concurrent.futures.ProcessPoolExecutor(len(work), initializer=interruptible) as pool:
        for found in pool.map(judge_one, work):
            report.checks += found.checks
            report.failures += found.failures
    with open(os.path.join(folder, 'wire.out'), encoding='ascii') as f:
        counts = json.loads(f.read() or '{}')
    print('the wire: %s' % ', '.join('%s %d' % x for x in counts.items()), flush=True)
    report.check(all(counts.get(k) for k in ('lost', 'doubled', 'held', 'blackholed')), 'the wire impairs', counts)


def interruptible():
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, signal.SIG_DFL)


def said(folder, name):
    with open(os.path.join(folder, name), 'rb') as f:
        return f.read()


def judge_one(work):
    """a report on one resolver"""
    programs, folder, who, small, offline = work
    report, pcap = Report('lab'), os.path.join(folder, who + '.pcap')
    log = said(folder, 'tcpdump-%s.err' % who)
    report.check(b'\n0 packets dropped by kernel' in log, '%s: tcpdump has every packet' % who, log)
    capture = evidence.Capture(pcap, RESOLVERS[who])
    copied = evidence.against_tshark(report, who, capture)
    # From the capture file: what must come out of it offline.
    replayed = os.path.join(folder, 'replayed-' + who)
    shutil.rmtree(replayed, ignore_errors=True)
    os.mkdir(replayed)
    done = programs.replay([pcap], replayed, extra=['--res-addrs', ','.join(RESOLVERS[who]), '--rotation-interval', '86400'])
    report.check(done.status == 0, '%s: replay' % who, done)
    results = [('%s, replayed' % who, replayed, done, False)]
    if not offline:
        done = Done(['sie-dns-sensor'], {}, 0, said(folder, 'sensor-%s.out' % who), said(folder, 'sensor-%s.err' % who))
        results.append(('%s, live' % who, os.path.join(folder, 'live-' + who), done, True))
    lines = []
    for title, where, done, live in results:
        left = sorted(x for x in os.listdir(where) if x != LOCK)
        report.check(left and all(re.fullmatch(NAME, x) for x in left), '%s: only whole files are left' % title, left)
        files = [os.path.join(where, x) for x in left if x.endswith('.nmsg')]
        try:
            output = evidence.Output(files)
        except nmsg_lines.Damaged as why:
            report.check(False, '%s: its files can be read' % title, why)
            continue
        shown = programs.run([programs.nmsgtool, *[x for f in files for x in ('-r', f)], '-J', '-'])
        texts = ('the log', done.err), ('the summary', done.out), ('nmsgtool -J', shown.out)
        missing, invented = evidence.compare(report, title, capture, output, every_client(), texts)
        evidence.compare_ledger(report, title, capture, output, done, live)
        totals(report, title, capture, output, missing, invented, LEAST_SMALL if small else LEAST)
        lines.append(evidence.without_times(files))
    if len(lines) == 2:
        lacks, has = lines[0] - lines[1], lines[1] - lines[0]
        report.check(lines[0] and not lacks and not has, '%s: live gives the lines of the replay, times aside' % who,
                     'live lacks\n%s\nand has besides\n%s' % (evidence.some(lacks, str), evidence.some(has, str)))
    print('  %s: %s; %d datagrams with copied fragments; client side %d messages, bad questions %d' % (
        who, ', '.join('%s %d' % x for x in sorted(capture.odd.items())), copied, capture.client_side, capture.bad_question), flush=True)
    for way in ODD_WAYS:
        report.check(capture.odd[way], '%s: odd traffic was there: %s' % (who, way))
    report.check(capture.bad_question and capture.client_side, '%s: bad questions and clients were there' % who)
    return report


def totals(report, title, capture, output, missing, invented, least):
    got = {'transactions': output.transactions, 'IPv6, %': 100 * output.six / max(1, output.transactions),
           'fragmented': capture.fragmented(), 'late': min(capture.late, output.late)}
    print('%s: missing %d, invented %d; datagrams %d; %s; %s' % (
        title, missing, invented, len(capture.wanted), ', '.join('%s %d (≥ %d)' % (k, v, least[k]) for k, v in got.items()),
        ', '.join('%s %d' % x for x in sorted((output.types + output.verdicts).items()))), flush=True)
    for word, value in got.items():
        report.check(value >= least[word], '%s: at least %d %s' % (title, least[word], word), value)
