#!/usr/bin/python3
"""libpcap_replay.py ROOT PROGRAM: capture_frames, run below ROOT, gives every frame of a capture that is sent on a veth pair,
octet for octet, with a time at which it was sent. Where libpcap's timeval is shorter than the program takes it for, times
and lengths are others. Needs root.
"""
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))
import veth  # noqa: E402
from programs import Report  # noqa: E402

CLOCK_SLACK_NS = 1_000_000  # the kernel's stamps are as fine as the clock that both read


def main():
    root, program = sys.argv[1:3]
    veth.need_namespaces()
    report = Report('libpcap replay')
    _, frames = veth.frames_of(os.path.join(ROOT, 'examples', 'resolver.pcap'))
    frames = [x for x in frames if len(x) >= 14][:2000]
    with veth.Namespace() as space:
        capture = space.start(['chroot', root, program, 'b0', str(len(frames))], stdout=subprocess.PIPE, text=True)
        report.same('ready\n', capture.stdout.readline(), 'it captures')
        begun = time.time_ns()
        # A hundred a second-hundredth, so that times differ.
        space.send(0, frames, at=[i // 100 * 0.01 for i in range(len(frames))])
        said = capture.communicate(timeout=60)[0]
        ended = time.time_ns()
    report.same(0, capture.returncode, 'all frames came')
    rows = [x.split() for x in said.splitlines()]
    report.check([x.hex() for x in frames] == [x[2] for x in rows if len(x) == 3], 'octet for octet', said[:500])
    report.same([len(x) for x in frames], [int(x[1]) for x in rows], 'the lengths on the wire')
    times = [int(x[0]) for x in rows]
    report.check(times and begun - CLOCK_SLACK_NS <= min(times) and max(times) <= ended + CLOCK_SLACK_NS,
                 'times are those of the sending', (begun, times[:2], times[-2:], ended))
    report.check(times == sorted(times) and len(set(times)) > 100, 'and go on')
    report.leave()


if __name__ == '__main__':
    main()
