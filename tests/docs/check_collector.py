#!/usr/bin/python3
"""check_collector.py BINARIES [--planted]: docs/collector.md makes a collector: its commands are run, then a sensor uploads to it.

All in namespaces of its own: the folders that the commands write lie under overlays that go away with it, the network
has a loopback alone, and nsd has the zone. `systemctl restart ssh` is a stand-in that starts the real sshd, since
there is no systemd in a namespace; the packages are there already. --planted: faults in the page are seen.
"""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'upload'))
import collector  # noqa: E402
from collector import Lab, Names, Uploader, Files, descendants, hashes, kill, until  # noqa: E402
from check_docs import ROOT, blocks, text_of  # noqa: E402
from programs import Report  # noqa: E402

UNDER_OVERLAYS = ('/etc', '/srv', '/var')
RECORDS = 'collector A 127.0.0.1\n_rsync._tcp.submit SRV 10 0 49222 collector\n'
SYSTEMCTL = '''#!/bin/sh
[ "$*" = "restart ssh" ] || exit 1
mkdir -p /run/sshd
exec /usr/sbin/sshd -E {here}/sshd.log -o PidFile={here}/sshd.pid
'''


class Machine:
    def __init__(self, binaries):
        self.room = '/mnt'
        subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', self.room], check=True)
        for folder in UNDER_OVERLAYS:
            upper, work = self.room + '/upper' + folder, self.room + '/work' + folder
            os.makedirs(upper)
            os.makedirs(work)
            subprocess.run(['mount', '-t', 'overlay', '-o', 'lowerdir=%s,upperdir=%s,workdir=%s' % (folder, upper, work), 'overlay', folder], check=True)
        self.lab = Lab()
        # The commands add users to the files themselves.
        for path in ('/etc/passwd', '/etc/shadow'):
            content = open(path, encoding='utf-8').read()
            subprocess.run(['umount', path], check=True)
            with open(path, 'w', encoding='utf-8') as f:
                f.write(content)
        self.names = Names(self.lab, RECORDS)
        self.tools = os.path.join(self.lab.here, 'tools')
        os.mkdir(self.tools)
        with open(os.path.join(self.tools, 'systemctl'), 'w', encoding='utf-8') as f:
            f.write(SYSTEMCTL.format(here=self.lab.here))
        os.chmod(os.path.join(self.tools, 'systemctl'), 0o755)
        if not os.path.exists('/etc/ssh/ssh_host_ed25519_key'):
            collector.keygen('/etc/ssh/ssh_host_ed25519_key', 'host')
        self.env = dict(os.environ, PATH='%s:%s:%s' % (self.tools, binaries, os.environ['PATH']))

    def run(self, commands):
        return subprocess.run(['bash', '-eu', '-o', 'pipefail', '-c', commands], cwd=self.lab.here, capture_output=True, text=True, timeout=60, env=self.env,
                              stdin=subprocess.DEVNULL, check=False)

    def sshd(self):
        path = os.path.join(self.lab.here, 'sshd.pid')
        return int(open(path, encoding='utf-8').read()) if os.path.exists(path) else None


def follow(page, binaries, report):
    """what the page says, up to an upload, and after it"""
    machine = Machine(binaries)
    lab = machine.lab
    with open(os.path.join(lab.here, 'conf'), 'w', encoding='utf-8') as f:
        f.write('uploadkey=%s/keys/upload\nsubmitserver=submit.example\n' % lab.here)
    subprocess.run([os.path.join(binaries, 'sie-gen-key'), '--config', os.path.join(lab.here, 'conf')], check=True, stdout=subprocess.DEVNULL)
    os.replace(os.path.join(lab.here, 'keys', 'upload.pub'), os.path.join(lab.here, 'upload.pub'))
    lab.key, lab.knownhosts = os.path.join(lab.here, 'keys', 'upload'), os.path.join(lab.here, 'known')
    todo = [c for language, note, c in blocks(page) if language == 'sh' and note == 'collector']
    settings = dict(re.findall(r'`(login|channel|submitserver)="(\S+)"`', page))
    report.check(len(todo) == 9 and len(settings) == 3, 'the page has its commands and settings', (len(todo), settings))
    assert '/etc/ssh/sie-keys/sie-isp1\npkill' in todo[-1], 'the last block ends it'
    printed = {}
    up = Uploader(os.path.join(binaries, 'upload_driver'), lab, server=settings.get('submitserver'), login=settings.get('login'), channel=settings.get('channel'))
    inbox = '/srv/sie/isp1/up/ch202'
    try:
        for commands in todo[:5]:
            done = machine.run(commands)
            printed[commands] = done.stdout
            if not report.check(done.returncode == 0, 'this works: ' + commands, done.stderr):
                return
        with open(lab.knownhosts, 'w', encoding='utf-8') as f:
            f.write(printed[todo[4]])
        files = Files(lab.waiting)
        name = files.name(1)
        subprocess.run([os.path.join(binaries, 'nmsgtool'), '-p', os.path.join(ROOT, 'examples', 'resolver.pcap'), '-V', 'base', '-T', 'dnsqr',
                        '-w', os.path.join(lab.waiting, name)], check=True)
        sent = hashes(lab.waiting)
        if not report.same(0, up.once(), 'a sensor uploads to the collector that the page has made', up.logs):
            return
        report.same(sent, hashes(inbox), 'and its file is there')
        old = os.path.join(inbox, '.%s.abcdef' % name)
        with open(old, 'w', encoding='utf-8') as f:
            f.write('cut off')
        os.utime(old, (time.time() - 200000,) * 2)
        for commands in todo[5:8]:
            done = machine.run(commands)
            printed[commands] = done.stdout
            report.check(done.returncode == 0, 'this works: ' + commands, done.stderr)
        report.same('', printed[todo[5]], 'no file is damaged')
        report.check(not os.path.exists(old) and os.path.exists(os.path.join(inbox, name)), 'what was cut off is cleared away, the file is not')
        report.check(re.search(r'^%s/ \d{4}-\d\d-\d\d \d\d:\d\d$' % inbox, printed[todo[7]], re.M), 'the last arrival is shown', printed[todo[7]])
        with open(os.path.join(inbox, files.name(2)), 'w', encoding='utf-8') as f:
            f.write('not NMSG')
        report.check('is damaged' in machine.run(todo[5]).stdout, 'a damaged file is named')
        # What the page says of options and of the user.
        files.make(3, 1000)
        line = open('/etc/ssh/sie-keys/sie-isp1', encoding='utf-8').read()
        for option, why in (('-no-del', 'does not run rsync for this key'), ('-no-overwrite', 'are still here')):
            with open('/etc/ssh/sie-keys/sie-isp1', 'w', encoding='utf-8') as f:
                f.write(line.replace('-no-lock', '-no-lock ' + option))
            if option == '-no-overwrite':
                subprocess.run(['cp', os.path.join(lab.waiting, files.name(3)), inbox], check=True)
            report.check(up.once() == 1 and up.said(why), option + ' is not to be used: ' + why, up.logs)
        with open('/etc/ssh/sie-keys/sie-isp1', 'w', encoding='utf-8') as f:
            f.write(line)
        report.same(0, up.once(), 'without them it goes', up.logs)
        shell = subprocess.run(['ssh', '-F', 'none', '-o', 'BatchMode=yes', '-o', 'UserKnownHostsFile=' + lab.knownhosts, '-i', lab.key, '-p', '49222',
                                'sie-isp1@collector.example', 'id; cat /etc/passwd'], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL, check=False)
        report.check(shell.returncode != 0 and 'uid=' not in shell.stdout and 'root:' not in shell.stdout, 'the key opens no shell', shell)
        away = subprocess.run(['rsync', '-e', 'ssh -F none -o BatchMode=yes -o UserKnownHostsFile=%s -i %s -p 49222' % (lab.knownhosts, lab.key),
                               'sie-isp1@collector.example:up/ch202/' + name, lab.here + '/stolen'], capture_output=True, text=True, timeout=30, check=False)
        report.check(away.returncode != 0 and not os.path.exists(lab.here + '/stolen'), 'and reads nothing back', away)
        report.same(0, machine.run(todo[8]).returncode, 'this works: ' + todo[8])
        files.make(4, 1000)
        report.check(up.once() == 1 and up.said('does not accept login and upload key'), 'and the sensor is refused after it', up.logs)
    finally:
        if machine.sshd():
            kill([machine.sshd(), *descendants(machine.sshd())])
        machine.names.close()
        subprocess.run(['rm', '-rf', lab.here], check=True)


SEEN = 42  # the exit status of a run that found something, unlike that of one that broke
PLANTED = [('install -d -o sie-isp1 -g', 'install -d -g'), ('/etc/ssh/sie-keys/%u', '/etc/ssh/sie-key/%u'), ('"[collector.example]:49222"', '"[submit.example]:49222"'),
           ('sshd -t\n', 'sshd -T -t -z\n'), ('`login="sie-isp1"`', '`login="sie-isp2"`'), ('-mmin +1440 -delete', '-mmin +1440 -print')]


def main():
    collector.enter('dig', 'useradd', more=collector.OWN_PROCESSES)
    report = Report('docs/collector.md')
    page, binaries = text_of(ROOT, 'docs/collector.md'), os.path.abspath(sys.argv[1])
    if '--planted' not in sys.argv:
        follow(page, binaries, report)
        report.leave()
    for good, bad in PLANTED:
        assert good in page, good
        pid = os.fork()
        if pid == 0:
            # A mount namespace of its own for each.
            os.execvp('unshare', ['unshare', '-m', '-n', *collector.OWN_PROCESSES, sys.executable, '-B', __file__, binaries, '--one', good, bad])
        report.check(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == SEEN, 'planted, and nobody saw it: ' + bad)
    report.leave()


def one():
    good, bad = sys.argv[3:5]
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    sys.stdout = open(os.devnull, 'w', encoding='utf-8')
    report = Report('planted')
    follow(text_of(ROOT, 'docs/collector.md').replace(good, bad, 1), os.path.abspath(sys.argv[1]), report)
    os._exit(SEEN if report.failures else 0)


if __name__ == '__main__':
    one() if '--one' in sys.argv else main()
