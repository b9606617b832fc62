"""check_config.py BINARIES: check-config and run --config from outside: exit status, what goes to which output, order of strength.

The values themselves and the fixtures of ../shared are the business of tests/service.
"""
import os
import re
import sys

from programs import SOURCE, Programs, Report, folder

LEAST = 'interface=sie-none0\nDNSQR_RES_ADDRS=198.19.1.1,2001:db8:1::1\nlogin=example-isp\n'
PCAP = os.path.join(SOURCE, 'examples', 'resolver.pcap')


class Lab:
    def __init__(self, report, programs, here):
        self.report, self.programs, self.here = report, programs, here

    def file(self, text, name='conf'):
        path = os.path.join(self.here, name)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        return path

    def check(self, text, *flags, env=None):
        return self.programs.run([self.programs.sensor, 'check-config', self.file(text), *flags], env)


def effective(done):
    """{name: (value, origin)} of what is set"""
    lines = [re.match(r'(#?)(\w+)=(.*?) +# (.*)$', x) for x in done.out.decode().splitlines()]
    return {m[2]: (m[3], m[4]) for m in lines if m and not m[1]} if all(lines) else {}


def judging(lab):
    report = lab.report
    good = lab.check(LEAST + 'maxper=16\nchanel=x\nDNSQR_STATE_TABLE_MAX=0x100\n')
    found = effective(good)
    report.check(good.status == 0 and len(found) > 20, 'a sound file: status 0, the settings on standard output', good)
    report.same(('256', lab.here + '/conf:6'), found.get('DNSQR_STATE_TABLE_MAX'), 'value and place', good)
    report.same(('60', 'default'), found.get('rotation_interval'), 'a default', good)
    for line in ('warning: %s/conf:5:1: chanel is unknown' % lab.here, 'note: %s/conf:4:1: maxper has no meaning' % lab.here,
                 'note: interface: this machine has no interface sie-none0'):
        report.check(line in good.err.decode(), 'on standard error: ' + line, good)
    bad = lab.check('if x\n' + LEAST + 'workers=0\nchannel=a/b\n')
    report.check(bad.status == 2 and bad.out == b'', 'errors: status 2, nothing on standard output', bad)
    for line in ('conf:1:1: a condition (if)', 'conf:5:1: workers: "0"', 'conf:6:1: channel: "a/b"', '3 errors'):
        report.check(line in bad.err.decode(), 'all errors at once: ' + line, bad)
    missing = lab.programs.run([lab.programs.sensor, 'check-config', lab.here + '/none'])
    report.check(missing.status == 2 and b'/none: cannot be opened: No such file' in missing.err, 'no such file', missing)
    again = lab.check(good.out.decode())
    report.same({k: v[0] for k, v in found.items()}, {k: v[0] for k, v in effective(again).items()}, 'what it prints is a file', again)


def strength(lab):
    report = lab.report
    text = LEAST + 'workers=2\nchannel=file\ncompression=fast\n'
    done = lab.check(text, '--workers', '4', '--interface', 'a0+', '--interface', 'b0', env={'workers': '3', 'channel': 'environment'})
    found = effective(done)
    for name, value in (('workers', ('4', '--workers')), ('channel', ('environment', 'environment')), ('interface', ('a0+,b0', '--interface')),
                        ('compression', ('fast', lab.here + '/conf:6'))):
        report.same(value, found.get(name), 'flag, environment, file: ' + name, done)
    wrong = lab.check(text, '--ring-kbytes', '1', env={'login': '-x'})
    report.check(wrong.status == 2 and b'--ring-kbytes: ' in wrong.err and b'login (environment): ' in wrong.err, 'errors of flag and environment', wrong)


def running(lab):
    """run takes a file too: for captures its lists and rules, and it refuses what check-config refuses"""
    report, programs = lab.report, lab.programs
    good = lab.file(LEAST + 'DNSQR_QUERY_TIMEOUT=1\ncompression=none\noutfile_prefix=named\nrotation_interval=86400\n')
    bad = lab.file(LEAST + 'workers=0\nmetrics_port=0\n', 'bad')
    plain = ['run', '--pcap', PCAP, '--json-summary']
    flags = programs.run([programs.sensor, *plain, '--quiet', '--res-addrs', '198.19.1.1,2001:db8:1::1', '--query-timeout', '1'])
    from_file = programs.run([programs.sensor, *plain, '--quiet', '--config', good])
    drop_time = lambda done: re.sub(rb'"seconds":[^,}]*', b'', done.out)
    report.check(flags.status == 0 and from_file.status == 0, 'run --config reads a capture', from_file)
    report.same(drop_time(flags), drop_time(from_file), 'the file says the same as the flags')
    out = os.path.join(lab.here, 'out')
    os.mkdir(out)
    done = programs.run([programs.sensor, *plain, '--config', good, '--output-dir', out])
    names = os.listdir(out)
    report.check(done.status == 0 and len(names) == 1 and names[0].startswith('named.'), 'outfile_prefix of the file', '%s %s' % (names, done))
    for arguments, words in ((['run', '--config', bad, '--output-dir', out], [b'workers', b'metrics_port']), (['run'], [b'interface: is not set', b'DNSQR_RES_ADDRS']),
                             (['run', '--pcap', PCAP, '--interface', 'lo', '--res-addrs', '192.0.2.1'], [b'--interface', b'--pcap']),
                             (['run', '--config', lab.here, '--pcap', PCAP], [b'cannot be read']),
                             (['run', '--help-settings', 'all'], [b'is no topic'])):
        done = programs.run([programs.sensor, *arguments])
        report.check(done.status == 2 and all(w in done.err for w in words) and done.out == b'', 'refused: %s' % arguments, done)
    report.same(names, os.listdir(out), 'nothing was written by what was refused')


def help_fits(lab):
    for command in ('run', 'check-config'):
        done = lab.programs.run([lab.programs.sensor, command, '--help'])
        lines = done.out.decode().splitlines()
        lab.report.check(done.status == 0 and 10 < len(lines) <= 40, '%s --help: %d lines' % (command, len(lines)), done)
    whole = lab.programs.run([lab.programs.sensor, 'run', '--help-settings']).out.decode()
    for topic in ('capture', 'transactions', 'files', 'upload', 'service'):
        part = lab.programs.run([lab.programs.sensor, 'run', '--help-settings', topic]).out.decode()
        lab.report.check(part and part in whole and '(%s):' % topic in part and part.count('\n') <= 36, 'help of a topic: ' + topic, part)


def main():
    report, programs = Report('check_config'), Programs(sys.argv[1])
    for part in (judging, strength, running, help_fits):
        with folder() as here:
            part(Lab(report, programs, here))
    report.leave()


if __name__ == '__main__':
    main()
