"""real_upload.py BINARIES: the uploader against a real sshd, rrsync and DNS: targets, keys, names, faults, stops."""
import os
import socket
import subprocess
import sys
import time

import collector
from collector import LAB_UID, Collector, Files, Lab, Names, Uploader, descendants, command_of, hashes, kill, until
from programs import Report

RECORDS = '''
up A 127.0.0.1
a A 127.0.0.1
b A 127.0.0.2
c A 127.0.0.3
_rsync._tcp.two SRV 10 0 49222 a
_rsync._tcp.two SRV 20 0 49222 b
_rsync._tcp.down SRV 10 0 49222 c
_rsync._tcp.down SRV 20 0 49222 b
_rsync._tcp.half SRV 10 100 49222 a
_rsync._tcp.half SRV 10 100 49222 b
_rsync._tcp.port SRV 10 1 50222 a
_rsync._tcp.gone SRV 0 0 0 .
_rsync._tcp.odd SRV 0 0 49222 -oProxyCommand\\.x
plain A 127.0.0.1
'''


class Cases:
    def __init__(self, report, driver):
        self.report, self.driver = report, driver
        self.lab = Lab()
        self.names = Names(self.lab, RECORDS)
        self.number = 0
        self.files = Files(self.lab.waiting)

    def uploader(self, **settings):
        return Uploader(self.driver, self.lab, **settings)

    def put(self, octets=1000, count=1, prefix='vm'):
        made = []
        for _ in range(count):
            self.number += 1
            made.append(self.files.make(self.number, octets, prefix))
        return made

    def empty(self):
        for name in os.listdir(self.lab.waiting):
            path = os.path.join(self.lab.waiting, name)
            subprocess.run(['rm', '-rf', '--', path], check=True)

    def waits(self):
        return sorted(x for x in os.listdir(self.lab.waiting) if not x.startswith('.'))

    def collect(self, name, **kind):
        return Collector(self.lab, name, **kind).start()

    # ---- the way of a file

    def one_file(self):
        at, report = self.collect('plain'), self.report
        name = self.put()[0]
        up = self.uploader()
        report.same(0, up.once(), 'once: status 0', up.logs)
        report.same({name: self.files.made[name]}, hashes(at.up), 'the file is at the collector, the same octets')
        report.same([], self.waits(), 'and gone here')
        report.same(['info successfully uploaded %s/%s' % (self.lab.waiting, name)], up.logs, 'the line of the old package')
        report.same((0, []), (up.once(), up.logs), 'nothing waits: status 0, nothing said')
        report.same('rsync --server -e.LsfxCIvu --timeout=5 --remove-source-files . up/ch202/\n', open(at.commands, encoding='utf-8').read(),
                    'the command of the old package there')
        at.kill()

    def order(self):
        """oldest first, whatever the prefix, and many files in one connection"""
        at, report = self.collect('order'), self.report
        for prefix in ('zz', 'mm', 'aa'):
            self.put(count=2, prefix=prefix)
        up = self.uploader(files=1)
        report.same(0, up.once(), 'status 0', up.logs)
        sent = [x.rsplit('/', 1)[1].split('.')[0] for x in up.said('successfully')]
        report.same(['zz', 'zz', 'mm', 'mm', 'aa', 'aa'], sent, 'by the moment in the name, not by the prefix')
        before = at.connections()
        self.put(count=50)
        report.same(0, self.uploader().once(), 'fifty more')
        report.same(1, at.connections() - before, 'fifty files, one connection')
        at.kill()

    def one_by_hand_beside_another(self):
        at, report = self.collect('lock'), self.report
        up = self.uploader().start()
        until(lambda: up.status(), 5)
        hand = self.uploader()
        report.same(1, hand.once(), 'a second uploader is refused', hand.logs)
        report.check(hand.said('another uploader is at work here'), 'and says why', hand.logs)
        up.stop()
        report.same(0, hand.once(), 'after the first one has gone it may', hand.logs)
        at.kill()

    def odd_names(self):
        at, report = self.collect('names'), self.report
        good = self.put()[0]
        bad = ['-oProxyCommand=touch x.' + good[3:], 'a b.' + good[3:], 'a\nb.' + good[3:], 'ü.' + good[3:], 'vm.nmsg', '-e.nmsg', '$(id).' + good[3:]]
        for name in bad:
            open(os.path.join(self.lab.waiting, name), 'w', encoding='utf-8').close()
        os.symlink('/etc/passwd', os.path.join(self.lab.waiting, 'link.' + good[3:]))
        os.mkdir(os.path.join(self.lab.waiting, 'dir.' + good[3:]))
        os.mkfifo(os.path.join(self.lab.waiting, 'fifo.' + good[3:]))
        open(os.path.join(self.lab.waiting, '.hidden.part'), 'w', encoding='utf-8').close()
        up = self.uploader(look_ms=50).start()
        report.check(until(lambda: up.said('successfully'), 10), 'the good one goes', up.lines)
        until(lambda: up.status().get('state') == 0, 5)
        time.sleep(0.3)  # several looks
        up.stop()
        report.same([good], at.arrived(), 'nothing else is sent')
        report.same(10, len(self.waits()), 'all others are left alone')
        report.same(10, len(up.said('is not uploaded')), 'each is said once', up.logs)
        report.same(10, up.status()['refused'], 'and counted')
        report.check(all('\n' not in x and 'ü' not in x for x in up.logs), 'no odd octet in the log')
        self.empty()
        at.kill()

    # ---- targets

    def targets(self):
        report = self.report
        a, b = self.collect('a', address='127.0.0.1'), self.collect('b', address='127.0.0.2')
        for server, taker in (('two.example', a), ('down.example', b), ('plain.example', a), ('two.example.', a)):
            name = self.put()[0]
            up = self.uploader(server=server)
            report.same(0, up.once(), server + ': status 0', up.logs)
            report.check(name in taker.arrived(), server + ': taken by the one that it should be', (a.arrived(), b.arrived()))
            if server == 'down.example':
                report.check(up.said('failed to upload %s/%s' % (self.lab.waiting, name)) and up.said('c.example port 49222: nothing takes connections'),
                             'the first target down is said', up.logs)
        before = len(a.arrived()), len(b.arrived())
        up = self.uploader(server='half.example', files=1)
        self.put(count=16)
        report.same(0, up.once(), 'equal weights: status 0', up.logs)
        got = len(a.arrived()) - before[0], len(b.arrived()) - before[1]
        report.check(sum(got) == 16 and min(got) >= 1, 'equal weights: both take their part', got)
        self.put()
        a.kill()
        up = self.uploader(server='plain.example')
        report.same(1, up.once(), 'nobody there: status 1', up.logs)
        elsewhere = self.collect('elsewhere', port=50222)
        report.same(0, self.uploader(server='port.example').once(), 'the port of the record')
        report.same(1, len(elsewhere.arrived()), 'the port of the record takes it')
        for collector_ in (b, elsewhere):
            collector_.kill()

    def no_targets(self):
        report = self.report
        self.put()
        for server, why in (('gone.example', 'this service is not there'), ('odd.example', 'names no usable host'),
                            ('x.broken', 'the look-up failed'), ('x.elsewhere', 'the look-up failed'),
                            ('nobody.example', 'has no address')):
            up = self.uploader(server=server)
            report.same(1, up.once(), server + ': status 1', up.logs)
            report.check(up.said(why), '%s: %s' % (server, why), up.logs)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(('127.0.0.9', 53))
            self.names.ask('127.0.0.9')
            up = self.uploader(server='two.example')
            report.same(1, up.once(), 'a server that is silent: status 1', up.logs)
            report.check(up.said('the look-up failed'), 'a server that is silent: said', up.logs)
            self.names.ask('127.0.0.9\noptions timeout:20')
            up = self.uploader(server='two.example', look_up_s=1)
            report.same(1, up.once(), 'the look-up has a bound', up.logs)
            report.check(up.said('no answer within 1 s'), 'the look-up has a bound: said', up.logs)
            up = self.uploader(server='two.example').start()
            until(lambda: up.status().get('state') == 1, 5)
            took = up.stop()
            report.check(took < 1, 'stops within a second in a look-up', took)
        self.names.ask('127.0.0.1')
        report.same(1, len(self.waits()), 'the file is still here')
        self.empty()

    def source_address(self):
        at, report = self.collect('source'), self.report
        self.put()
        report.same(0, self.uploader(source='127.0.0.77').once(), 'from another address')
        report.check('from 127.0.0.77 port' in open(at.log, encoding='utf-8').read(), 'the collector sees it')
        self.put()
        up = self.uploader(source='192.0.2.9')
        report.same(1, up.once(), 'an address that is not here: status 1')
        report.check(up.said('cannot leave from the address of upload_source'), 'and said', up.logs)
        self.empty()
        at.kill()
        six = self.collect('six', address='::1')
        name = self.put()[0]
        up = self.uploader(server='::1', source='::1')
        report.same(0, up.once(), 'an IPv6 address for server', up.logs)
        report.same([name], six.arrived(), 'an IPv6 address for server: it arrives')
        six.kill()

    # ---- keys

    def keys(self):
        at, report, lab = self.collect('keys'), self.report, self.lab
        self.put()
        other = os.path.join(lab.here, 'other')
        collector.keygen(other)
        folder = os.path.join(lab.here, 'odd "folder\'s" ${HOME} %h ~ \\ x')
        os.mkdir(folder)
        for status, text, settings in (
                (1, 'the host\'s key is not known', dict(knownhosts=lab.file('strangers', 'else.example %s\n' % lab.host_key))),
                (1, 'does not accept login and upload key', dict(key=other)),
                (1, 'does not accept login and upload key', dict(login='nobody')),
                (1, 'upload key does not exist; make one with sie-gen-key', dict(key=lab.here + '/none')),
                (1, 'upload key is not a regular file', dict(key=lab.here)),
                (1, 'file of known hosts does not exist', dict(knownhosts=lab.here + '/none')),
                (1, 'file of known hosts is empty', dict(knownhosts=lab.file('nothing', ''))),
                (3, 'may be written by others (mode 0666); chmod 644 ', dict(knownhosts=lab.file('open', 'x', 0o666))),
                (1, 'login: is not set', dict(login=''))):
            up = self.uploader(**settings)
            report.same(status, up.once(), '%s: status' % text, up.logs)
            report.check(up.said(text), text, up.logs)
        changed = lab.file('changed', '[127.0.0.1]:49222 %s\n' % open(other + '.pub', encoding='utf-8').read())
        up = self.uploader(knownhosts=changed)
        report.check(up.once() == 1 and up.said('another key than the one that is known'), 'a changed host key', up.logs)
        os.chmod(other, 0o640)
        up = self.uploader(key=other)
        report.check(up.once() == 3 and up.said('open to others (mode 0640); chmod 600 ' + other), 'mode of the key: status 3, the command', up.logs)
        os.chmod(other, 0o600)
        os.chown(other, LAB_UID, LAB_UID)
        up = self.uploader(key=other)
        report.check(up.once() == 3 and up.said('upload key belongs to lab, but root uploads; chown root ' + other), 'owner of the key: status 3', up.logs)
        report.same(1, len(self.waits()), 'the file is still here')
        report.same([], at.arrived(), 'nothing arrived')
        # A path with everything that some reader takes for its own.
        key, hosts = os.path.join(folder, 'up load\'s "key" ${X}%h'), os.path.join(folder, 'known hosts \'"')
        os.link(lab.key, key)
        os.link(lab.knownhosts, hosts)
        up = self.uploader(key=key, knownhosts=hosts)
        report.same(0, up.once(), 'paths with blanks, quotes and odd characters work', up.logs)
        # As the sensor's user.
        os.chown(lab.waiting, LAB_UID, LAB_UID)
        os.chown(lab.key, LAB_UID, LAB_UID)
        self.put()
        up = self.uploader(user=LAB_UID)
        report.same(0, up.once(), 'as an ordinary user', up.logs)
        self.put()
        report.same(0, self.uploader().once(), 'root with the key of the owner of the folder')
        os.chown(lab.key, 0, 0)
        self.put()
        up = self.uploader(user=LAB_UID)
        report.check(up.once() == 3 and up.said('chown lab '), 'an ordinary user with the key of root', up.logs)
        os.chown(lab.waiting, 0, 0)
        os.chown(lab.key, LAB_UID, LAB_UID)
        up = self.uploader(user=LAB_UID)
        report.check(up.once() == 1 and up.said('sent files could not be removed'), 'a folder that may not be written: nothing is sent', up.logs)
        os.chown(lab.key, 0, 0)
        self.empty()
        at.kill()

    def key_mended_while_it_runs(self):
        at, report = self.collect('mended'), self.report
        away = self.lab.key + '.away'
        os.rename(self.lab.key, away)
        self.put()
        up = self.uploader(longest_ms=60000, first_ms=60000).start()
        report.check(until(lambda: up.status().get('state') == 3, 5), 'a missing key: held', up.lines)
        time.sleep(0.7)
        report.same(1, len(up.said('upload key does not exist')), 'said once', up.logs)
        os.rename(away, self.lab.key)
        report.check(until(lambda: up.said('successfully'), 5), 'goes on by itself once it is there', up.lines)
        up.stop()
        at.kill()

    # ---- faults of the other side

    def remote_faults(self):
        report, lab = self.report, self.lab
        bare = 'the collector cannot write (its disk is full'  # under load rsync may lose the line that says which
        self.put(count=3, octets=40000)
        nothing = self.collect('no-folder', home=os.path.join(lab.here, 'bare'))
        up = self.uploader()
        report.check(up.once() == 1 and (up.said('the collector has no folder up') or up.said(bare)), 'remote folder missing', up.logs)
        nothing.kill()
        closed = Collector(lab, 'closed')
        os.chown(closed.home + '/up', 0, 0)
        closed.start()
        up = self.uploader()
        report.check(up.once() == 1 and (up.said('may not write its folder') or up.said(bare)), 'remote folder closed', up.logs)
        closed.kill()
        shell = self.collect('shell', command='echo what do you want')
        up = self.uploader()
        report.check(up.once() == 1 and up.said('does not run rsync for this key'), 'another command', up.logs)
        shell.kill()
        read_only = self.collect('read', command='/usr/bin/rrsync -ro ' + lab.here)
        up = self.uploader()
        report.check(up.once() == 1 and up.said('does not run rsync for this key'), 'a key that may only read', up.logs)
        read_only.kill()
        report.same(3, len(self.waits()), 'all are still here')
        full = os.path.join(lab.here, 'full')
        os.mkdir(full)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', full], check=True)
        os.makedirs(full + '/up/ch202')
        for path in (full, full + '/up', full + '/up/ch202'):
            os.chown(path, LAB_UID, LAB_UID)
        at = self.collect('full-disk', home=full)
        up = self.uploader()
        report.check(up.once() == 1 and (up.said("the collector's disk is full") or up.said(bare)), 'remote disk full', up.logs)
        report.check(2 <= len(self.waits()) <= 3, 'what did not fit is still here', self.waits())
        report.check(all(self.files.made[k] == v for k, v in hashes(full + '/up/ch202').items()), 'no short file under a final name')
        subprocess.run(['mount', '-o', 'remount,size=10m', full], check=True)
        report.same(0, self.uploader().once(), 'with room again the rest goes')
        report.same(3, len(hashes(full + '/up/ch202')), 'all three are there')
        at.kill()
        subprocess.run(['umount', full], check=True)

    def hanging(self):
        """takes connections and says nothing; stops in the middle"""
        report = self.report
        self.put()
        with socket.create_server(('127.0.0.1', 49222)):
            start = time.monotonic()
            up = self.uploader(connect_s=1)
            report.check(up.once() == 1 and up.said('no answer in time'), 'silent at the greeting', up.logs)
            report.check(time.monotonic() - start < 5, 'silent at the greeting: bounded', time.monotonic() - start)
            up = self.uploader(connect_s=60, io_s=60).start()
            until(lambda: up.status().get('connections') == 1, 5)
            time.sleep(0.3)
            took = up.stop()
            report.check(took < 1, 'stops within a second while it connects', took)
        at = self.collect('hang', command='sleep 60')
        up = self.uploader(io_s=1)
        start = time.monotonic()
        report.check(up.once() == 1 and up.said('no answer in time'), 'silent after the login', up.logs)
        report.check(time.monotonic() - start < 8, 'silent after the login: bounded', time.monotonic() - start)
        up = self.uploader(io_s=60, run_s=1)
        report.check(up.once() == 1 and up.said('no answer in time; rsync was ended'), 'the limit of a run', up.logs)
        at.kill()
        self.put(octets=50_000_000)
        at = self.collect('busy', lock='')
        first = self.uploader(io_s=60, octets=1).start()
        report.check(until(at.receivers, 5), 'one is at work')
        at.halt()
        first.stop()
        up = self.uploader(io_s=5)
        report.check(up.once() == 1 and up.said('takes one upload at a time for this key'), 'a collector that locks', up.logs)
        at.kill()
        self.empty()

    def cut(self):
        """stopped, killed and cut in mid-file"""
        report = self.report
        at = self.collect('cut')
        name = self.put(octets=100_000_000)[0]
        up = self.uploader().start()

        def in_mid_file():
            return any(os.path.getsize(os.path.join(at.up, x)) > 1_000_000 for x in at.arrived() if x.startswith('.' + name) and os.path.exists(os.path.join(at.up, x)))

        def clean():
            """nothing that was cut off may be taken for a new transfer"""
            at.kill()
            for left in at.arrived():
                if left.startswith('.'):
                    os.unlink(os.path.join(at.up, left))

        report.check(until(in_mid_file, 10, 0.005), 'a big file is on its way')
        at.kill()
        report.check(until(lambda: up.said('the connection was cut'), 10), 'killed in mid-file: said', up.logs)
        report.same([name], self.waits(), 'killed in mid-file: the file is still here')
        report.check(name not in at.arrived(), 'killed in mid-file: no final name there', at.arrived())
        at.start()
        report.check(until(lambda: up.said('successfully'), 20), 'it is sent again', up.logs)
        report.same(self.files.made[name], hashes(at.up).get(name), 'the same octets')
        up.stop()

        name = self.put(octets=100_000_000)[0]
        up = self.uploader(io_s=60).start()
        report.check(until(in_mid_file, 10, 0.005), 'another big file is on its way')
        at.halt()
        children = descendants(up.process.pid)
        report.check(any('ssh' in command_of(x) for x in children), 'ssh is at work')
        took = up.stop()
        report.check(took < 1, 'stops within a second in mid-transfer', took)
        report.check(until(lambda: not any(os.path.exists('/proc/%d' % x) for x in children), 2), 'rsync and ssh are gone too', [command_of(x) for x in children])
        report.same([name], self.waits(), 'the file is still here')
        clean()

        at.start()
        up = self.uploader(io_s=60).start()
        report.check(until(in_mid_file, 10, 0.005), 'once more')
        at.halt()
        children = descendants(up.process.pid)
        kill([up.process.pid])
        report.check(until(lambda: not any(os.path.exists('/proc/%d' % x) for x in children), 3), 'killed itself: rsync and ssh go with it',
                     [command_of(x) for x in children])
        up.stop()
        clean()

        at.start()
        up = self.uploader(io_s=1).start()
        report.check(until(in_mid_file, 10, 0.005), 'and once more')
        at.halt()
        report.check(until(lambda: up.said('no answer in time'), 15), 'a receiver that stands still: given up in time', up.logs)
        clean()
        up.stop()
        self.empty()

    def status(self):
        """what the report says through a life: idle, down, back-off, up again"""
        report = self.report
        up = self.uploader(longest_ms=800).start()
        report.check(until(lambda: up.status().get('state') == 0, 5), 'idle', up.lines)
        self.put(count=5)
        report.check(until(lambda: up.status().get('failures', 0) >= 3, 10), 'nobody there: it tries again', up.lines)
        s = up.status()
        report.check(s['state'] in (1, 2) and s['waiting_files'] == 5 and s['waiting_octets'] == 5000 and 'nothing takes connections' in s['error'] and s['files'] == 0,
                     'counts while it is down', s)
        at = self.collect('status')
        report.check(until(lambda: up.status().get('files') == 5, 10), 'up again: all are sent', up.lines)
        report.check(until(lambda: up.status()['state'] == 0, 5), 'idle again', up.lines)
        s = up.status()
        report.check(s['waiting_files'] == 0 and s['octets'] == 5000 and s['error'] == '' and abs(s['success'] - time.time()) < 10, 'counts at the end', s)
        up.stop()
        at.kill()


def main():
    collector.enter()
    report = Report('real_upload')
    cases = Cases(report, os.path.join(os.path.abspath(sys.argv[1]), 'upload_driver'))
    wanted = sys.argv[2:] or ['one_file', 'order', 'one_by_hand_beside_another', 'odd_names', 'targets', 'no_targets', 'source_address', 'keys',
                              'key_mended_while_it_runs', 'remote_faults', 'hanging', 'cut', 'status']
    try:
        for name in wanted:
            start = time.monotonic()
            getattr(cases, name)()
            print('%s: %.1f s' % (name, time.monotonic() - start), flush=True)
    finally:
        cases.names.close()
        cases.lab.close()
    report.leave()


if __name__ == '__main__':
    main()
