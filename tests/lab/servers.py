"""Configurations of nsd, knot, unbound and named for the lab, and their starting: as root, in the foreground, in a run folder."""
import os
import shutil

from network import KNOT, NSD, RESOLVERS, SERVERS

EDNS_SIZE = 4096  # the defaults are 1232, and nothing would fragment


def written(network, name, text):
    path = os.path.join(network.folder, name)
    with open(path, 'w', encoding='ascii') as f:
        f.write(text)
    return path


def folder(network, name):
    path = os.path.join(network.folder, name)
    os.makedirs(path, exist_ok=True)
    return path


def own_copy(network, program):
    """Debian's AppArmor profiles go by the path of unbound and named, and allow no file of ours"""
    return shutil.copy(shutil.which(program), os.path.join(network.folder, program + '.copy'))


def start_nsd(network, zones):
    run = folder(network, 'nsd')
    text = 'server:\n'
    text += ''.join('  ip-address: %s\n' % a for pair in NSD for a in pair)  # one each: answers leave from the address asked
    for key, value in (('chroot', ''), ('username', ''), ('database', ''), ('zonesdir', ''), ('xfrdfile', ''),
                       ('zonelistfile', run + '/zones'), ('pidfile', run + '/pid'), ('logfile', run + '/log')):
        text += '  %s: "%s"\n' % (key, value)
    text += '  ipv4-edns-size: %d\n  ipv6-edns-size: %d\n  rrl-ratelimit: 0\n' % (EDNS_SIZE, EDNS_SIZE)  # RRL would cut answers
    text += '  minimal-responses: no\n  refuse-any: no\n  server-count: 1\nremote-control:\n  control-enable: no\n'
    for zone in served(zones):
        text += 'zone:\n  name: "%s."\n  zonefile: "%s"\n' % (zone.name, zone_file(network, zone))
    network.start(SERVERS, 'nsd', 'nsd', '-d', '-c', written(network, 'nsd.conf', text))


def start_knot(network, zones):
    run = folder(network, 'knot')
    text = 'server:\n  listen: [%s]\n' % ', '.join('"%s@53"' % a for pair in KNOT for a in pair)
    text += '  rundir: "%s"\n  udp-max-payload: %d\n  version: ""\n  identity: ""\n' % (run, EDNS_SIZE)
    text += '  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n'
    text += 'database:\n  storage: "%s"\ncontrol:\n  listen: "%s/control"\n' % (run, run)
    text += 'log:\n  - target: stderr\n    any: warning\n'
    text += 'template:\n  - id: default\n    zonefile-load: whole\n    zonefile-sync: -1\n    journal-content: none\n    semantic-checks: off\n'
    text += 'zone:\n'
    for zone in served(zones):
        text += '  - domain: "%s."\n    file: "%s"\n' % (zone.name, zone_file(network, zone))
    network.start(SERVERS, 'knot', 'knotd', '-c', written(network, 'knot.conf', text))


def served(zones):
    return [z for z in zones if not z.odd]


def zone_file(network, zone):
    return os.path.join(network.folder, 'zones', zone.label())


def hints(network, root):
    text = ''
    for i, (four, six) in enumerate(root.servers):
        text += '. 3600000 IN NS ns%d.\nns%d. 3600000 IN A %s\nns%d. 3600000 IN AAAA %s\n' % (i, i, four, i, six)
    return written(network, 'root.hints', text)


def start_unbound(network, root):
    four, six = RESOLVERS['unbound']
    anchor = written(network, 'root.key', '. 3600 IN DNSKEY %s\n' % ' '.join(root.anchor))
    text = 'server:\n'
    for key, value in (('chroot', '""'), ('username', '""'), ('pidfile', '""'), ('use-syslog', 'no'), ('verbosity', 1),
                       ('directory', '"%s"' % network.folder), ('interface', four), ('interface', six),
                       ('outgoing-interface', four), ('outgoing-interface', six), ('num-threads', 1),
                       ('root-hints', '"%s"' % hints(network, root)), ('trust-anchor-file', '"%s"' % anchor),
                       ('edns-buffer-size', EDNS_SIZE), ('max-udp-size', EDNS_SIZE), ('access-control', '0.0.0.0/0 allow_snoop'),
                       ('access-control', '::/0 allow_snoop'), ('unblock-lan-zones', 'yes'), ('use-caps-for-id', 'yes'),
                       ('aggressive-nsec', 'no'), ('infra-host-ttl', 20), ('outgoing-range', 4096), ('num-queries-per-thread', 2048)):
        text += '  %s: %s\n' % (key, value)
    text += 'remote-control:\n  control-enable: no\n'
    return network.start('unbound', 'unbound', own_copy(network, 'unbound'), '-d', '-c', written(network, 'unbound.conf', text))


def start_named(network, root):
    four, six = RESOLVERS['named']
    run = folder(network, 'named')
    flags, protocol, algorithm, *key = root.anchor
    text = '''options {
  directory "%s"; managed-keys-directory "%s"; pid-file none; lock-file none; session-keyfile none;
  listen-on { %s; }; listen-on-v6 { %s; }; query-source address %s; query-source-v6 address %s;
  recursion yes; allow-query { any; }; allow-recursion { any; }; allow-query-cache { any; }; notify no;
  dnssec-validation yes; synth-from-dnssec no; empty-zones-enable no; recursive-clients 4000;
  edns-udp-size %d; max-udp-size %d;
};
controls { };
trust-anchors { "." static-key %s %s %s "%s"; };
zone "." { type hint; file "%s"; };
logging { channel quiet { stderr; severity error; }; category default { quiet; }; };
''' % (run, run, four, six, four, six, EDNS_SIZE, EDNS_SIZE, flags, protocol, algorithm, ''.join(key), hints(network, root))
    return network.start('named', 'named', own_copy(network, 'named'), '-f', '-n', '1', '-c', written(network, 'named.conf', text))


START = {'unbound': start_unbound, 'named': start_named}
