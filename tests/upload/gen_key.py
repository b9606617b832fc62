"""gen_key.py BINARIES: sie-gen-key from outside: what it makes, for whom, what it says, what it refuses."""
import os
import pwd
import re
import signal
import stat
import subprocess
import sys
import time

import collector
from collector import LAB_UID, Lab, Uploader, Collector, Files, own_file, until
from programs import Report


class Keys:
    def __init__(self, report, binaries):
        self.report, self.binaries = report, binaries
        self.lab = Lab()
        self.number = 0

    def run(self, text, *arguments, user=None, env=None, path=None):
        self.number += 1
        conf = path or self.lab.file('conf%d' % self.number, text)
        command = [os.path.join(self.binaries, 'sie-gen-key'), '--config', conf, *arguments]
        if user:
            command = ['setpriv', '--reuid', str(user), '--regid', str(user), '--clear-groups', *command]
        clean = {'PATH': os.environ['PATH'], **(env or {})}
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean, check=False)

    def made(self):
        report, here = self.report, self.lab.here
        key = here + '/keys of \'this\'/up load'
        done = self.run('uploadkey="%s"\nsubmitserver=submit.example\nDNSQR_RES_ADDRS=junk\nif broken\n' % key, '--comment', 'sensor 7')
        report.same(0, done.returncode, 'a file that is wrong elsewhere is no obstacle', done.stderr)
        public = open(key + '.pub', encoding='utf-8').read()
        report.check(re.fullmatch(r'ssh-ed25519 AAAA\S+ sensor 7\n', public), 'ed25519 with the comment', public)
        report.check(public.strip() in done.stdout.splitlines(), 'the line is printed', done.stdout)
        report.check('operator of your collector (submit.example)' in done.stdout, 'and to whom it goes', done.stdout)
        report.same(['up load', 'up load.pub'], sorted(os.listdir(os.path.dirname(key))), 'two files and nothing else')
        report.same(['0o600', '0o644', '0o700'], [oct(stat.S_IMODE(os.stat(x).st_mode)) for x in (key, key + '.pub', os.path.dirname(key))], 'modes')
        report.same({0}, {os.stat(x).st_uid for x in (key, key + '.pub')}, 'root keeps it where there is no user sie-dns-sensor')
        report.check(subprocess.run(['ssh-keygen', '-y', '-P', '', '-f', key], capture_output=True, text=True, check=False).stdout.split()[1] == public.split()[1],
                     'the two belong together, without a passphrase')
        content = open(key, encoding='utf-8').read()
        again = self.run('uploadkey="%s"\n' % key)
        report.check(again.returncode == 1 and 'already exists' in again.stderr and again.stdout == '', 'a second time: refused', again)
        report.same(content, open(key, encoding='utf-8').read(), 'and untouched')
        os.rename(key, here + '/elsewhere')
        again = self.run('uploadkey="%s"\n' % key)
        report.check(again.returncode == 1 and '.pub' in again.stderr and not os.path.exists(key), 'only the .pub is there: refused too', again)
        plain = self.run('uploadkey=%s/plain\n' % here)
        report.check('sie-gen-key: %s/plain already exists' % here in self.run('uploadkey=%s/plain\n' % here).stderr, 'the message of the old package')
        host = subprocess.run(['hostname'], capture_output=True, text=True, check=True).stdout.strip()
        report.check(host.split('.')[0] in open(here + '/plain.pub', encoding='utf-8').read().split()[2], 'the comment is the host', plain)
        rsa = self.run('uploadkey=%s/rsa\n' % here, '--rsa')
        bits = subprocess.run(['ssh-keygen', '-l', '-f', here + '/rsa.pub'], capture_output=True, text=True, check=True).stdout
        report.check(rsa.returncode == 0 and bits.startswith('4096 ') and '(RSA)' in bits, '--rsa: 4096 bits', bits)

    def refused(self):
        report, here = self.report, self.lab.here
        for text, arguments, status, why in (
                ('uploadkey=\n', (), 2, 'sie-gen-key: uploadkey is not set'), ('uploadkey=" "\n', (), 2, 'uploadkey is not set'),
                ('uploadkey=keys/upload\n', (), 2, 'uploadkey'), ('uploadkey=$(id)\n', (), 2, 'uploadkey cannot be read'),
                ('uploadkey=%s/new\n' % here, ('--comment', 'a\nb'), 2, '--comment'), ('uploadkey=%s/new\n' % here, ('--comment', ''), 2, '--comment'),
                ('uploadkey=%s/new\n' % here, ('--nonsense',), 2, '--nonsense'), ('uploadkey=/proc/none/key\n', (), 1, '/proc/none: cannot be made')):
            done = self.run(text, *arguments)
            report.check(done.returncode == status and why in done.stderr + done.stdout, '%r %s: status %d, %s' % (text, arguments, status, why), done)
        report.check(self.run('', path=here + '/none').returncode == 2, 'no such file: status 2')
        report.check(not os.path.exists(here + '/new'), 'nothing was made')
        os.mkdir(here + '/roots')
        done = self.run('uploadkey=%s/roots/key\n' % here, user=LAB_UID)
        report.check(done.returncode == 3 and 'run sie-gen-key as a user who may write there' in done.stderr, 'a folder of root: status 3', done)
        report.same([], os.listdir(here + '/roots'), 'nothing is left in it')
        done = self.run('uploadkey=%s/file\n' % here, env={'uploadkey': here + '/environment'})
        report.check(done.returncode == 0 and os.path.exists(here + '/environment') and not os.path.exists(here + '/file'), 'the environment is stronger', done)

    def interrupted(self):
        """^C in the middle, and a disk without room"""
        report, folder = self.report, self.lab.here + '/slow'
        conf = self.lab.file('slow.conf', 'uploadkey=%s/sub/key\n' % folder)
        for wait in (0.0, 0.02, 0.05, 0.1, 0.2):
            run = subprocess.Popen([os.path.join(self.binaries, 'sie-gen-key'), '--config', conf, '--rsa'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
            time.sleep(wait)
            os.killpg(run.pid, signal.SIGINT)
            status = run.wait(60)
            left = sorted(os.listdir(folder + '/sub')) if os.path.isdir(folder + '/sub') else []
            report.check(left in ([], ['key', 'key.pub']), 'interrupted after %s s: both or none' % wait, (status, left))
            for name in left:
                os.unlink(os.path.join(folder, 'sub', name))
        full = self.lab.here + '/full'
        os.mkdir(full)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4k,nr_inodes=10', 'tmpfs', full], check=True)
        with open(full + '/filler', 'wb') as f:
            f.write(b'x' * 4096)
        done = self.run('uploadkey=%s/key\n' % full)
        report.check(done.returncode == 1, 'no room: status 1', done)
        report.same(['filler'], os.listdir(full), 'no room: nothing is left')
        subprocess.run(['umount', full], check=True)

    def for_the_sensor(self):
        """root makes it for the user sie-dns-sensor, who uploads with it"""
        report, lab = self.report, self.lab
        users = open('/etc/passwd', encoding='utf-8').read().replace('%s:*' % collector.LOGIN, 'sie-dns-sensor:*')
        own_file(lab.here, '/etc/passwd', users + '%s:*:%d:%d::%s:/bin/sh\n' % (collector.LOGIN, LAB_UID + 1, LAB_UID + 1, lab.here))
        self.report.same(LAB_UID, pwd.getpwnam('sie-dns-sensor').pw_uid, 'the user is there')
        key = lab.here + '/sensor/keys/upload'
        done = self.run('uploadkey=%s\n' % key)
        report.same(0, done.returncode, 'made by root', done.stderr)
        report.check('belongs to sie-dns-sensor' in done.stdout, 'and says for whom', done.stdout)
        report.same({(LAB_UID, LAB_UID)}, {(os.stat(x).st_uid, os.stat(x).st_gid) for x in (key, key + '.pub', os.path.dirname(key))}, 'owner and group')
        lab.key, lab.public = key, open(key + '.pub', encoding='utf-8').read().strip()
        os.chown(lab.waiting, LAB_UID, LAB_UID)
        at = Collector(lab)
        for path in (at.home, at.home + '/up'):
            os.chown(path, LAB_UID + 1, LAB_UID + 1)
        at.start()
        files = Files(lab.waiting)
        files.make(1, 1000)
        up = Uploader(os.path.join(self.binaries, 'upload_driver'), lab, user=LAB_UID)
        report.same(0, up.once(), 'the key works', up.logs)
        report.check(until(lambda: len(at.arrived()) == 1, 2), 'and a file arrives')
        at.kill()
        subprocess.run(['umount', '/etc/passwd'], check=True)


def main():
    collector.enter()
    report = Report('gen_key')
    keys = Keys(report, os.path.abspath(sys.argv[1]))
    try:
        for name in sys.argv[2:] or ['made', 'refused', 'interrupted', 'for_the_sensor']:
            getattr(keys, name)()
    finally:
        keys.lab.close()
    report.leave()


if __name__ == '__main__':
    main()
