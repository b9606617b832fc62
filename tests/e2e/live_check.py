#!/usr/bin/python3
"""live_check.py BINARIES: the check of the live measurements sees what it is there to see.

The traffic of send_live as a capture, replayed: each transaction once, as it was sent. Then frames are taken out,
doubled and changed, and the output cut: the check says exactly that.
"""
import json
import os
import struct
import subprocess
import sys

from programs import Programs, Report, folder

COUNT = 20_000


def records(octets):
    """the records of a capture: 16 octets of header and a frame each"""
    found, at = [], 24
    while at < len(octets):
        end = at + 16 + struct.unpack_from('<I', octets, at + 8)[0]
        found.append(octets[at:end])
        at = end
    return found


def main():
    programs, report = Programs(sys.argv[1]), Report('live_check')
    tools = os.path.abspath(sys.argv[1])

    def checked(file, *more, count=COUNT, status=0):
        done = subprocess.run([os.path.join(tools, 'check_live'), *more], input='%s\nsent %d\n' % (file, count), capture_output=True, text=True)
        report.check(done.returncode == status, 'status %d' % status, (done.returncode, done.stderr))
        return json.loads(done.stdout)

    with folder() as here:
        made = subprocess.run([os.path.join(tools, 'make_live'), str(COUNT)], stdout=subprocess.PIPE, check=True).stdout
        head, frames = made[:24], records(made)

        def recorded(name, frames):
            capture, out = os.path.join(here, name + '.pcap'), os.path.join(here, name)
            with open(capture, 'wb') as f:
                f.write(head + b''.join(frames))
            os.mkdir(out)
            done = programs.replay([capture], out, extra=['--res-addrs', '198.19.1.1,2001:db8:1::1', '--compression', 'fast', '--rotation-interval', '3600'])
            report.check(done.status == 0, name + ' is replayed', done)
            files = [os.path.join(out, x) for x in os.listdir(out)]
            report.check(len(files) == 1, name + ': one file', files)
            return files[0]

        def of(number):
            """places of the frames of a transaction that came in no fragments"""
            return [i for i, x in enumerate(frames) if b'n%08x' % number in x and len(x) < 1200]

        whole = recorded('whole', frames)
        found = checked(whole)
        report.check(found['once'] == found['sent'] == found['payloads'] == COUNT and found['pairs'] + found['unanswered'] == COUNT, 'each transaction once', found)
        report.check(not any(found[k] for k in ('divided', 'half', 'twice', 'missing', 'altered', 'invented', 'crc_failures', 'damage')), 'and nothing else', found)
        report.check(0.03 * COUNT < found['unanswered'] < 0.07 * COUNT, 'one in twenty is unanswered', found)
        joined = json.loads(programs.replay([os.path.join(here, 'whole.pcap')], extra=['--res-addrs', '198.19.1.1,2001:db8:1::1']).out)
        report.check(joined['joined'] > 0.02 * COUNT and not joined.get('drops'), 'some in fragments, and nothing dropped', joined)

        # Two frames each: a query and its response.
        pairs = [n for n in range(100, 400) if len(of(n)) == 2][:6]
        places = [of(n) for n in pairs]
        gone = {places[0][0], places[1][1], *places[2]}  # a query, a response, both
        changed = {places[4][1]: bytearray(frames[places[4][1]])}
        changed[places[4][1]][-14] ^= 1
        late = frames[places[5][1]]
        planted = []
        for i, frame in enumerate(frames):
            if i in gone or i == places[5][1]:
                continue
            planted.append(bytes(changed.get(i, frame)))
            if i == places[3][0]:
                planted.append(frame)
        # A response after its query was given up is divided from it.
        last = bytearray(frames[-1])
        second = struct.unpack_from('<I', last)[0] + 100
        tail = bytearray(late)
        struct.pack_into('<I', tail, 0, second)
        planted.append(bytes(tail))
        found = checked(recorded('planted', planted))
        wanted = {'half': 2, 'missing': 2, 'twice': 1, 'altered': 1, 'divided': 1, 'invented': 0, 'once': COUNT - 6}
        report.check({k: found[k] for k in wanted} == wanted, 'what was planted is found', found)

        found = checked(whole, count=COUNT - 5)
        report.check(found['invented'] == 5 and found['once'] == COUNT - 5, 'what was not sent is invented', found)
        report.check(checked(whole, '--seed', '2')['altered'] == COUNT, 'other traffic is not this traffic')
        with open(whole, 'rb') as f:
            octets = f.read()
        with open(os.path.join(here, 'cut.nmsg'), 'wb') as f:
            f.write(octets[:-100])
        found = checked(os.path.join(here, 'cut.nmsg'), '--remove', status=1)
        report.check('cut.nmsg' in found['damage'] and 0 < found['missing'] < COUNT, 'a cut file is told', found)
        report.check(not os.path.exists(os.path.join(here, 'cut.nmsg')), 'and removed when asked')
    report.leave()


if __name__ == '__main__':
    main()
