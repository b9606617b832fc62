"""The sensor on an interface: the same lines as offline, signals, files, disks, locks, bounds (namespaces, root)."""
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import programs
import veth

p = programs.Programs(sys.argv[1])
report = programs.Report('live')
veth.need_namespaces()
RESOLVERS = '198.19.1.1,2001:db8:1::1'
EXAMPLE = os.path.join(programs.SOURCE, 'examples', 'resolver.pcap')


def start(space, out=None, interfaces=('b0',), extra=(), wrap=(), **more):
    """the sensor, when it captures; lines it says are kept for later"""
    where = ['--output-dir', out, '--prefix', 'test'] if out else []
    names = [x for i in interfaces for x in ('--interface', i)]
    sensor = space.start([*wrap, p.sensor, 'run', *names, *where, '--res-addrs', RESOLVERS, '--json-summary', *extra],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    sensor.said = []
    ready = threading.Event()

    def listen():
        for line in sensor.stderr:
            sensor.said.append(line.decode(errors='replace'))
            if b'capturing on' in line:
                ready.set()
        ready.set()

    sensor.listener = threading.Thread(target=listen, daemon=True)
    sensor.listener.start()
    if not ready.wait(10):
        raise AssertionError('the sensor did not start: %s' % sensor.said)
    return sensor


def stop(sensor, number=signal.SIGTERM, seconds=10):
    """how it ended: a Done with the seconds it took"""
    begin = time.monotonic()
    sensor.send_signal(number)
    try:
        sensor.wait(seconds)
    except subprocess.TimeoutExpired:
        sensor.kill()
        sensor.wait()
    took = time.monotonic() - begin
    out = sensor.stdout.read()
    sensor.listener.join(5)
    done = programs.Done(['sensor'], {}, sensor.returncode, out, ''.join(sensor.said).encode())
    done.took = took
    return done


def untimed(lines):
    """without the times of query and response, sorted"""
    return sorted('|'.join(x for i, x in enumerate(line.split('|')) if i not in (11, 12)) for line in lines)


def healthy(done, what, seconds=1.5):
    """a second is what it takes at most on a machine of its own; the rest is for those who run beside it"""
    report.same(0, done.status, what + ': exit status', done)
    report.check(done.took < seconds, '%s: ended after %.2f s' % (what, done.took), done)
    report.same('', programs.balances(done), what + ': balances', done)


def replayed(capture, what, extra=(), pairs=1, offline=None):
    """a capture over veth at its own pace against the offline run"""
    with programs.folder() as out, programs.folder() as reference, veth.Namespace(pairs) as space:
        times, frames = veth.frames_of(capture)
        done = p.replay([capture], reference, extra=['--res-addrs', RESOLVERS, *(offline or [])])
        report.same(0, done.status, what + ': offline', done)
        sensor = start(space, out, ['b%d' % i for i in range(pairs)], extra)
        if pairs == 1:
            space.send(0, frames, times)
        else:  # by turns, so that query and response often come in on different interfaces
            begin = time.monotonic()
            for k, frame in enumerate(frames):
                wait = begin + times[k] - times[0] - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                space.socket(k % pairs).send(frame)
        done = stop(sensor)
        healthy(done, what)
        report.same(untimed(p.lines(reference)), untimed(p.lines(out)), what + ': lines', done)
        report.same([], [x for x in os.listdir(out) if x.endswith('.part')], what + ': part files')
        report.same(0, json.loads(done.out)['drops'].get('kernel_drop', 0), what + ': kernel drops')


def captures():
    jobs = [(EXAMPLE, 'example', []), (EXAMPLE, 'example by libpcap', ['--libpcap']),
            (EXAMPLE, 'example, four workers', ['--workers', '4'])]
    if os.environ.get('REQUIRE_ALL') == '1' or os.path.exists(os.path.join(os.path.dirname(programs.SOURCE), 'shared')):
        for name in ('unbound-cut', 'vlan', 'vlanmix', 'frag', 'fragshuffle', 'bind-cut'):
            path = programs.shared('captures', name + '.pcap')
            jobs.append((path, name, []))
            if name in ('vlan', 'frag'):
                jobs.append((path, name + ' by libpcap', ['--libpcap']))
                jobs.append((path, name + ', four workers', ['--workers', '4']))
    failures = []

    def job(capture, what, extra, pairs=1):
        try:
            replayed(capture, what, extra, pairs)
        except Exception as e:  # in a thread it would be lost
            failures.append('%s: %r' % (what, e))

    threads = [threading.Thread(target=job, args=x) for x in jobs]
    threads.append(threading.Thread(target=job, args=(EXAMPLE, 'example over two interfaces', [], 2)))
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    report.same([], failures, 'replays that broke off')


def signals():
    times, frames = veth.frames_of(EXAMPLE)
    with programs.folder() as out, veth.Namespace() as space:
        for number in (signal.SIGTERM, signal.SIGINT):
            sensor = start(space, out)
            time.sleep(0.3)
            healthy(stop(sensor, number), 'idle, %s' % number.name)
        report.same([], [x for x in os.listdir(out) if x.endswith(('.nmsg', '.part'))], 'a file without a payload is not kept')

        # at full traffic
        sensor = start(space, out)
        ending = threading.Event()

        def flood():
            while not ending.is_set():
                space.send(0, frames[:2000])

        sender = threading.Thread(target=flood)
        sender.start()
        time.sleep(1.5)
        done = stop(sensor)
        ending.set()
        sender.join()
        healthy(done, 'at full traffic', 2.0)
        found = json.loads(done.out)
        report.check(found['frames'] > 4000, 'full traffic: %d frames' % found['frames'])
        report.same(sum(found['payloads'].values()), len(p.lines(out)), 'at full traffic: payloads in files', done)

    with programs.folder() as out, veth.Namespace() as space:
        sensor = start(space, out, extra=['--rotation-interval', '3600'])
        for turn in (1, 2):
            space.send(0, frames[:1000])
            veth.wait_for(lambda: any(x.endswith('.part') for x in os.listdir(out)), 'a part file')
            sensor.send_signal(signal.SIGUSR1)
            veth.wait_for(lambda: len([x for x in os.listdir(out) if x.endswith('.nmsg')]) == turn, 'a rotated file')
        name = [x for x in os.listdir(out) if x.endswith('.nmsg')][0]
        report.check(re.fullmatch(r'test\.\d{8}\.\d{4}\.\d{10}\.\d{9}\.nmsg', name), 'name %s' % name)
        # a second instance is refused
        second = space.start([p.sensor, 'run', '--interface', 'b0', '--res-addrs', RESOLVERS, '--output-dir', out],
                             stderr=subprocess.PIPE)
        err = second.communicate(timeout=10)[1].decode()
        report.same(3, second.returncode, 'second instance', err)
        report.check('in use by a sensor with pid %d' % sensor.pid in err, 'second instance is told who is there', err)
        healthy(stop(sensor), 'after rotation')


def rotation():
    """by the clock, with traffic and without; everything is in exactly one file"""
    times, frames = veth.frames_of(EXAMPLE)
    with programs.folder() as out, veth.Namespace() as space:
        sensor = start(space, out, extra=['--rotation-interval', '2'])
        space.send(0, frames, times)  # ten seconds
        before = len([x for x in os.listdir(out) if x.endswith('.nmsg')])
        time.sleep(3.5)
        silent = os.listdir(out)
        report.same([], [x for x in silent if x.endswith('.part')], 'the last file ends without traffic')
        done = stop(sensor)
        healthy(done, 'rotation')
        report.check(before >= 4, 'files in ten seconds: %d' % before, sorted(silent))
        report.same(sum(json.loads(done.out)['payloads'].values()), len(p.lines(out)), 'rotation: payloads in files')
        stamps = [int(x.split('.')[3]) for x in sorted(os.listdir(out)) if x.endswith('.nmsg')]
        report.check(all(b // 2 > a // 2 for a, b in zip(stamps, stamps[1:])), 'one file an interval', stamps)


def disks():
    """a full one, a read-only one; in a mount namespace of the sensor's own"""
    programs.need('unshare', 'mount')
    times, frames = veth.frames_of(EXAMPLE)
    with programs.folder() as place, veth.Namespace() as space:
        out = os.path.join(place, 'out')
        os.mkdir(out)
        script = 'mount -t tmpfs -o size=600k tmpfs %s && exec "$@"' % out
        sensor = start(space, out, wrap=['unshare', '-m', 'sh', '-c', script, 'sh'],
                       extra=['--compression', 'none', '--rotation-interval', '3600'])
        inside = '/proc/%d/root%s' % (sensor.pid, out)
        space.send(0, frames)
        veth.wait_for(lambda: any('disk_full' in x for x in sensor.said), 'the message of the full disk')
        for _ in range(20):  # room again
            subprocess.run(['nsenter', '-t', str(sensor.pid), '-m', 'mount', '-o', 'remount,size=64m', out], check=True)
            break
        space.send(0, frames[:2000])
        veth.wait_for(lambda: any('writing again' in x for x in sensor.said), 'the message that it writes again')
        sensor.send_signal(signal.SIGUSR1)
        veth.wait_for(lambda: any(x.endswith('.nmsg') for x in os.listdir(inside)), 'a file')
        written = len(p.lines(inside))
        done = stop(sensor)
        report.same('', programs.balances(done), 'full disk: balances', done)
        report.same(1, done.status, 'full disk: exit status', done)
        found = json.loads(done.out)
        report.check(found['drops'].get('disk_full', 0) > 0, 'full disk: counted', done)
        report.check(written > 0, 'full disk: %d payloads in a file' % written)
        report.check('No space left on device' in ''.join(sensor.said), 'full disk: the reason is told', done)


def fifo():
    """containers in a row into a FIFO; a reader that stalls ends the run in time"""
    times, frames = veth.frames_of(EXAMPLE)
    with programs.folder() as place, veth.Namespace() as space:
        path = os.path.join(place, 'fifo')
        os.mkfifo(path)
        octets = []
        reader = threading.Thread(target=lambda: octets.append(open(path, 'rb').read()))
        reader.start()
        sensor = start(space, extra=['--write-to', path])
        space.send(0, frames[:4000])
        done = stop(sensor)
        reader.join(10)
        healthy(done, 'a FIFO')
        with open(os.path.join(place, 'read.nmsg'), 'wb') as f:
            f.write(octets[0])
        report.same(sum(json.loads(done.out)['payloads'].values()), len(p.lines(f.name)), 'a FIFO: payloads')

        holder = os.open(path, os.O_RDWR)  # never read
        sensor = start(space, extra=['--write-to', path, '--compression', 'none'])
        space.send(0, frames[:4000])
        time.sleep(1.5)
        done = stop(sensor)
        report.check(3 < done.took < 5.2, 'a stalled FIFO: ended after %.2f s' % done.took, done)
        report.same(1, done.status, 'a stalled FIFO: exit status', done)
        report.same('', programs.balances(done), 'a stalled FIFO: balances', done)
        report.check('are lost' in done.err.decode(), 'a stalled FIFO: the loss is told', done)
        os.close(holder)


def interfaces():
    times, frames = veth.frames_of(EXAMPLE)
    for extra in ([], ['--workers', '2'], ['--libpcap']):
        what = 'interface %s' % ' '.join(extra)
        with programs.folder() as out, veth.Namespace() as space:
            sensor = start(space, out, extra=extra)

            def payloads():
                return len(sensor.said)

            space.send(0, frames[:1000])
            time.sleep(0.3)
            space.ip('link', 'set', 'b0', 'down')
            veth.wait_for(lambda: any('down' in x for x in sensor.said), what + ': told that it is down')
            space.ip('link', 'set', 'b0', 'up')
            time.sleep(1.0)
            space.send(0, frames[1000:2000])
            time.sleep(0.3)
            space.forget_socket(0)
            space.ip('link', 'del', 'a0')
            veth.wait_for(lambda: any('absent' in x or 'gone' in x or 'no interface' in x for x in sensor.said[1:]),
                          what + ': told that it is gone')
            space.add_pair(0)
            time.sleep(1.0)
            space.send(0, frames[2000:3000])
            time.sleep(0.3)
            done = stop(sensor)
            healthy(done, what)
            # each part alone: queries whose response came in another part are in none here
            found = json.loads(done.out)
            with programs.folder() as reference:
                whole = os.path.join(reference, 'first.pcap')
                octets = open(EXAMPLE, 'rb').read()
                end = 24
                for _ in range(3000):
                    end += 16 + int.from_bytes(octets[end + 8:end + 12], 'little')
                open(whole, 'wb').write(octets[:end])
                offline = p.replay([whole], extra=['--res-addrs', RESOLVERS])
                report.same(json.loads(offline.out)['messages'], found['messages'], what + ': messages', done)


def start_errors():
    with programs.folder() as out, veth.Namespace() as space:
        for arguments, status, words in (
                (['--interface', 'nosuch0', '--res-addrs', RESOLVERS], 3, ['nosuch0', 'b0']),
                (['--interface', 'b0'], 2, ['DNSQR_RES_ADDRS']),
                (['--interface', 'b0', '--res-addrs', RESOLVERS, '--output-dir', '/nonexistent/x'], 1, ['/nonexistent/x'])):
            where = [] if '--output-dir' in arguments else ['--output-dir', out]
            done = space.start([p.sensor, 'run', *arguments, *where], stderr=subprocess.PIPE)
            err = done.communicate(timeout=10)[1].decode()
            report.same(status, done.returncode, 'status of %s' % arguments, err)
            for word in words:
                report.check(word in err, '%s says %s' % (arguments, word), err)
        unprivileged = space.start(['setpriv', '--reuid', '65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all',
                                    p.sensor, 'run', '--interface', 'b0', '--res-addrs', RESOLVERS, '--discard'],
                                   stderr=subprocess.PIPE)
        err = unprivileged.communicate(timeout=10)[1].decode()
        report.same(3, unprivileged.returncode, 'without privileges', err)
        report.check('CAP_NET_RAW' in err, 'without privileges: the remedy', err)
        # 512 MB of address space hold with the defaults
        limited = start(space, out, wrap=['prlimit', '--as=%d' % (512 << 20)])
        space.send(0, veth.frames_of(EXAMPLE)[1])
        healthy(stop(limited), 'within 512 MB of address space')


def nmsgtool():
    """nmsgtool -i: transactions as of the capture file, packets one by one, count and signal, and its errors"""
    times, frames = veth.frames_of(EXAMPLE)
    settings = {'DNSQR_RES_ADDRS': RESOLVERS}
    with programs.folder() as place, veth.Namespace() as space:
        def started(*arguments, env=None):
            tool = space.start([p.nmsgtool, *arguments], env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
            # a packet socket that runs (the sender's own has no protocol, and does not) is the sign that it captures
            veth.wait_for(lambda: tool.poll() is not None or any(
                x.split()[5] == b'1' for x in space.run(['cat', '/proc/net/packet']).stdout.splitlines()[1:]), 'a packet socket')
            return tool

        def ended(tool, what):
            took, out, err = veth.end(tool)
            report.same(0, tool.returncode, what + ': exit status', err.decode())
            report.check(took < 1.5, '%s: ended after %.2f s' % (what, took))
            return out, err

        def path(x):
            return os.path.join(place, x)

        reference = p.record([EXAMPLE], path('offline.nmsg'), settings)
        report.same(0, reference.status, 'nmsgtool -p', reference)
        tool = started('-i', 'b0', '-V', 'base', '-T', 'dnsqr', '-w', path('live.nmsg'), env=settings)
        space.send(0, frames, times)
        ended(tool, 'nmsgtool -i')
        report.same(untimed(p.lines(path('offline.nmsg'))), untimed(p.lines(path('live.nmsg'))), 'nmsgtool -i: lines')

        tool = started('-i', 'b0+,128', '-T', 'packet', '-w', path('packets.nmsg'))
        space.send(0, frames[:500])
        time.sleep(0.3)
        out, err = ended(tool, 'nmsgtool -i -T packet')
        done = p.run([p.nmsgtool, '-r', path('packets.nmsg'), '--json-stats'])
        kept = sum(len(x) <= 128 and x[12:14] != b'\x08\x06' for x in frames[:500])  # ARP is no IP packet
        report.same(kept, json.loads(done.out)['payloads'], 'nmsgtool -i -T packet: packets within the snap length')
        report.check(b'skipped' in err, 'nmsgtool -i: what was cut is told', err)

        tool = started('-i', 'b0', '-T', 'dnsqr', '-c', '5', '-o', path('five'), env=settings)
        space.send(0, frames[:2000])
        tool.wait(5)
        report.same(0, tool.returncode, 'nmsgtool -i -c')
        for arguments, status, word in ((['-i', 'b0'], 2, '-T dnsqr'), (['-i', 'nosuch', '-T', 'dnsqr'], 3, 'nosuch'),
                                        (['-i', 'b0,x', '-T', 'dnsqr'], 2, 'snap length'), (['-i', '+', '-T', 'dnsqr'], 2, 'no interface')):
            done = space.start([p.nmsgtool, *arguments], stderr=subprocess.PIPE)
            err = done.communicate(timeout=10)[1].decode()
            report.check(done.returncode == status and word in err, 'nmsgtool %s' % arguments, '%d %s' % (done.returncode, err))


steps = [captures, signals, rotation, disks, fifo, interfaces, start_errors, nmsgtool]
wanted = sys.argv[2:]
for step in steps:
    if not wanted or step.__name__ in wanted:
        begin = time.monotonic()
        try:
            step()
        except Exception as e:
            report.check(False, '%s broke off: %r' % (step.__name__, e))
        print('%-14s %5.1f s' % (step.__name__, time.monotonic() - begin), flush=True)
report.leave()
