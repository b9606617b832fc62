"""A stand-in of the package before 1.0: the files of its list, an init script, scriptlets, and a nmsgtool that sleeps.

build(folder, version, removes_user) gives the path of an rpm. What it installs and does is that of the packages of
0.6.16 to 0.11.2, as operators met them; nothing of their text is in it.
"""
import os
import shutil
import subprocess

DEFAULTS = '''spooldir=/var/spool/sie
uploadkey=/var/spool/sie/keys/upload
login=sie-username
interval=60
maxper=16
channel=ch202
interface=eth0
DNSQR_RES_ADDRS="192.0.2.1, 2001:db8::1"
syslog_priority=local5.info
max_spool_size_kbytes=524288
memory_ulimit_kbytes=524288
'''

INIT = '''#!/bin/sh
# chkconfig: 2345 99 60
# description: old sensor
# processname: nmsgtool
# pidfile: /var/run/sie-dns-sensor.pid
### BEGIN INIT INFO
# Provides: sie_dns_sensor
# Required-Start: $local_fs $network $syslog
# Required-Stop: $local_fs $network $syslog
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
# Short-Description: old sensor
### END INIT INFO
P=/var/run/sie-dns-sensor.pid
alive() { [ -e $P ] && kill -0 $(cat $P) 2>/dev/null; }
start() { alive || { setsid %(private)s/nmsgtool 3600 </dev/null >/dev/null 2>&1 & echo $! >$P; }; }
stop() { alive && kill $(cat $P); rm -f $P; }
case "$1" in
start) start ;;
stop) stop ;;
status) alive ;;
reload|restart) stop; start ;;
condrestart) alive && { stop; start; } || : ;;
esac
'''

SPEC = '''
%%global debug_package %%{nil}
%%global _build_id_links none
Name: sie-dns-sensor
Version: %(version)s
Release: 1.el6
Summary: stand-in
License: multiple
Group: Applications/Internet
AutoReqProv: no
%%description
stand-in
%%install
cp -a %(tree)s/. %%{buildroot}/
%%pre
getent group sie-dns-sensor >/dev/null || groupadd -r sie-dns-sensor
getent passwd sie-dns-sensor >/dev/null || useradd -r -g sie-dns-sensor -d /var/spool/sie -s /sbin/nologin sie-dns-sensor
%%post
for l in 2 3 4 5; do mkdir -p /etc/rc.d/rc$l.d; ln -sf ../init.d/sie-dns-sensor /etc/rc.d/rc$l.d/S99sie-dns-sensor; done
%%preun
if [ "$1" = 0 ]; then /etc/rc.d/init.d/sie-dns-sensor stop >/dev/null 2>&1; fi
exit 0
%%postun
%(postun)s
exit 0
%%files
%%config(noreplace) /etc/default/sie-dns-sensor
%%config /etc/rc.d/init.d/sie-dns-sensor
%%config /etc/cron.d/sie-trim-spool
/usr/bin/*
/usr/lib/sie
%(private)s
/var/spool/sie
'''

FILES = {'usr/bin': ('sie-gen-key', 'sie-rsync', 'sie-wrapsrv'), 'usr/lib/sie': ('functions', 'sie-kicker', 'sie-trim-spool')}


def build(folder, version='0.7.3', removes_user=False):
    tree, private = os.path.join(folder, 'tree'), '/usr/lib64/sie-dns-sensor'
    shutil.rmtree(tree, ignore_errors=True)

    def put(name, text, mode=0o644):
        path = os.path.join(tree, name.lstrip('/'))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(path, mode)
    for place, names in FILES.items():
        for name in names:
            put('%s/%s' % (place, name), '#!/bin/sh\nexit 0\n', 0o755)
    for name in ('libnmsg.so.6', 'libnmsg.so.6.0.0', 'nmsg/nmsg_msg8_isc.so'):
        put('%s/%s' % (private, name), '')
    shutil.copy(shutil.which('sleep'), os.path.join(tree, private.lstrip('/'), 'nmsgtool'))
    put('etc/default/sie-dns-sensor', DEFAULTS)
    put('etc/rc.d/init.d/sie-dns-sensor', INIT % {'private': private}, 0o755)
    put('etc/cron.d/sie-trim-spool', '*/5 * * * * root /usr/lib/sie/sie-trim-spool\n')
    put('var/spool/sie/keys/known_hosts', '* ssh-rsa AAAAstandin\n')
    for name in ('locks', 'waiting'):
        os.makedirs(os.path.join(tree, 'var/spool/sie', name))
    postun = 'if [ "$1" -ge 1 ]; then /etc/rc.d/init.d/sie-dns-sensor condrestart >/dev/null 2>&1; fi'
    if removes_user:
        postun = 'userdel sie-dns-sensor; groupdel sie-dns-sensor 2>/dev/null\n' + postun
    spec = os.path.join(folder, 'old.spec')
    with open(spec, 'w', encoding='utf-8') as f:
        f.write(SPEC % {'version': version, 'tree': tree, 'private': private, 'postun': postun})
    subprocess.run(['rpmbuild', '-bb', '--target', 'x86_64', '--define', '_topdir ' + os.path.join(folder, 'top'), '--define', '_rpmdir ' + folder,
                    '--define', '_rpmfilename old-%{VERSION}.rpm', '--define', '_binary_payload w9.gzdio', '--define', '__strip /bin/true', spec],
                   check=True, capture_output=True, text=True)
    return os.path.join(folder, 'old-%s.rpm' % version)
