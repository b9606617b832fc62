"""A stand-in for the package of the old sensor, 0.11.2-1, with its list of files, its scripts' steps and a daemon that lives.

    deb = old_package.build(FOLDER, ARCHITECTURE)

The daemon is a script called `nmsgtool`, as the old one shows in the process list. It writes each start, beat and end into
/var/log/old-sensor, a beat five times a second, and at TERM what it holds: a file below new/.
"""
import os

import package_machine

VERSION = '0.11.2-1'
DAEMON = r'''#!/bin/sh
log() { echo "$1 $$" >>/var/log/old-sensor; }
trap 'log ended; exit 0' TERM
log started
while :; do
    date +%s.%N >/var/log/old-sensor.beat
    sleep 0.2
done
'''
INIT = r'''#!/bin/sh
### BEGIN INIT INFO
# Provides:          sie_dns_sensor
# Required-Start:    $local_fs $network $syslog $remote_fs
# Required-Stop:     $local_fs $network $syslog $remote_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: SIE DNS sensor
### END INIT INFO
daemon=/usr/lib/sie-dns-sensor/nmsgtool
pidfile=/var/run/sie-dns-sensor.pid
[ -x "$daemon" ] || exit 0
[ -f /etc/default/sie-dns-sensor ] || exit 0
. /usr/lib/sie/functions
start() {
    [ -r "$pidfile" ] && kill -0 "$(cat "$pidfile")" 2>/dev/null && return 0
    sie_check_config || return 0
    chown -R sie-dns-sensor: "$spooldir"
    touch /var/log/old-sensor /var/log/old-sensor.beat
    chmod 666 /var/log/old-sensor /var/log/old-sensor.beat
    setpriv --reuid sie-dns-sensor --regid sie-dns-sensor --clear-groups "$daemon" </dev/null >/dev/null 2>&1 &
    echo $! >"$pidfile"
    chown sie-dns-sensor: "$pidfile"
}
stop() {
    [ -r "$pidfile" ] && kill "$(cat "$pidfile")" 2>/dev/null
    rm -f "$pidfile"
}
case "$1" in
    start) start ;;
    stop) stop ;;
    restart | force-reload) stop; start ;;
    *) exit 2 ;;
esac
exit 0
'''
FUNCTIONS = r'''. /etc/default/sie-dns-sensor
sie_check_config() {
    [ -n "$spooldir" ] && [ -n "$uploadkey" ] && [ -n "$login" ] || { echo "$0: a required config variable is missing."; return 1; }
    [ -f "$uploadkey" ] || { echo "$0: upload key does not exist."; return 1; }
}
'''
SETTINGS = '''spooldir="/var/spool/sie"
uploadkey="/var/spool/sie/keys/upload"
login="sie-username"
interval="60"
maxper="16"
channel="ch202"
interface="eth0"
DNSQR_RES_ADDRS="192.0.2.1, 2001:db8::1"
syslog_priority="local5.info"
max_spool_size_kbytes="524288"
memory_ulimit_kbytes="524288"
'''
CRON = '*/5 * * * * root test -x /usr/lib/sie/sie-trim-spool && /usr/lib/sie/sie-trim-spool\n'
SCRIPTS = {
    'postinst': '''#!/bin/sh
set -e
adduser --quiet --system --group --no-create-home --home /var/spool/sie sie-dns-sensor
if [ -x /etc/init.d/sie-dns-sensor ]; then
    update-rc.d sie-dns-sensor defaults >/dev/null
    invoke-rc.d sie-dns-sensor start || exit $?
fi
''',
    'prerm': '''#!/bin/sh
set -e
if [ -x /etc/init.d/sie-dns-sensor ]; then
    invoke-rc.d sie-dns-sensor stop || exit $?
fi
''',
    'postrm': '''#!/bin/sh
set -e
if [ "$1" = remove ]; then
    deluser --quiet --system sie-dns-sensor || true
fi
if [ "$1" = purge ]; then
    update-rc.d sie-dns-sensor remove >/dev/null
fi
'''}
FILES = {  # path: (mode, text)
    '/usr/bin/sie-gen-key': (0o755, '#!/bin/sh\n'), '/usr/bin/sie-rsync': (0o755, '#!/bin/sh\n'), '/usr/bin/sie-wrapsrv': (0o755, '#!/bin/sh\n'),
    '/usr/lib/sie/functions': (0o644, FUNCTIONS), '/usr/lib/sie/sie-kicker': (0o755, '#!/bin/sh\n'), '/usr/lib/sie/sie-trim-spool': (0o755, '#!/bin/sh\n'),
    '/usr/lib/sie-dns-sensor/nmsgtool': (0o755, DAEMON), '/usr/lib/sie-dns-sensor/libnmsg.so.6.0.0': (0o644, 'old'),
    '/usr/lib/sie-dns-sensor/nmsg/nmsg_msg9_base.so': (0o644, 'old'),
    '/etc/default/sie-dns-sensor': (0o644, SETTINGS), '/etc/cron.d/sie-trim-spool': (0o644, CRON), '/etc/init.d/sie-dns-sensor': (0o755, INIT),
    '/var/spool/sie/keys/known_hosts': (0o644, '* ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDold\n')}
FOLDERS = ['/var/spool/sie/locks', '/var/spool/sie/waiting']
CONFFILES = ['/etc/cron.d/sie-trim-spool', '/etc/default/sie-dns-sensor', '/etc/init.d/sie-dns-sensor']
# What is nobody's after the upgrade.
GONE = ['/usr/bin/sie-rsync', '/usr/bin/sie-wrapsrv', '/usr/lib/sie', '/usr/lib/sie-dns-sensor/libnmsg.so.6', '/usr/lib/sie-dns-sensor/libnmsg.so.6.0.0',
        '/usr/lib/sie-dns-sensor/nmsg', '/etc/cron.d/sie-trim-spool']


def build(folder, architecture):
    root = os.path.join(folder, 'old')

    def write(path, mode, text):
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        with open(root + path, 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(root + path, mode)

    for path, (mode, text) in FILES.items():
        write(path, mode, text)
    os.symlink('libnmsg.so.6.0.0', root + '/usr/lib/sie-dns-sensor/libnmsg.so.6')
    for path in FOLDERS:
        os.makedirs(root + path)
    write('/DEBIAN/control', 0o644, 'Package: sie-dns-sensor\nVersion: %s\nArchitecture: %s\nMaintainer: nobody <nobody@example.org>\nSection: net\n'
          'Priority: extra\nDepends: adduser\nDescription: stand-in for the old package\n' % (VERSION, architecture))
    write('/DEBIAN/conffiles', 0o644, ''.join(x + '\n' for x in CONFFILES))
    for name, text in SCRIPTS.items():
        write('/DEBIAN/' + name, 0o755, text)
    return package_machine.packed(root, folder, 'sie-dns-sensor', VERSION, architecture)
