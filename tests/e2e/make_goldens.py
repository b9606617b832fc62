#!/usr/bin/python3
"""make_goldens.py: writes goldens/ anew: the captures from the tables, what they must give from the shared model.

For each golden: NAME.pcap (.pcapng, .gz), NAME.env (NAME=value lines), NAME.args (more arguments of nmsgtool, if any),
NAME.lines (nmsgtool's payloads as nmsg_lines.py --order --header --timeout prints them; a last line '# …' tells of an
end with an error), and, where a list is set and there are no arguments, NAME.summary (the sensor's ledger) and
NAME.sensor.lines where the sensor's defaults give other payloads. The expected results are the model's, which is not
our writer; a change of a result must be explained by a change of the rules.
"""
import gzip
import os
import shlex
import sys
from types import SimpleNamespace

import goldens_packets  # noqa: F401  (fills the table)
import wire
from goldens_transactions import TABLE
from programs import HERE, shared

WHERE = os.path.join(HERE, 'goldens')
SHOWN = SimpleNamespace(full=False, timeout=True)


def ran(model, capture, env, sensor, arguments):
    """(lines, summary) of the model"""
    options = dict(zip(arguments[::2], arguments[1::2]))
    try:
        m = model.model(env, sensor, options.get('-b'), int(options['-c']) if '-c' in options else None)
    except model.Refused:
        return ['# refused at start, exit status 2'], None
    end = []
    try:
        m.run([capture])
    except model.Damaged as why:
        name, offset, _ = str(why).split(': ', 2)
        end = ['# exit status 1: damaged: %s: %s' % (os.path.basename(name), offset)]
    lines = ['1/9|%d.%09d|-|-|-|' % divmod(d['time'], wire.SEC) + model.line(d, SHOWN) for d in m.out]
    return lines + end, m.summary() + end


def write(name, text):
    with open(os.path.join(WHERE, name), 'w', encoding='ascii') as f:
        f.write(text)


def main():
    sys.dont_write_bytecode = True
    sys.path.insert(0, shared('model'))
    import dnsqr_model as model
    for old in os.listdir(WHERE):
        os.unlink(os.path.join(WHERE, old))
    for name, (frames, env, more) in sorted(TABLE.items()):
        arguments = more.pop('args', '')
        members, suffix = more.pop('gz', 0), more.pop('suffix', 'pcap') + ''
        octets = frames if isinstance(frames, bytes) else wire.pcap(frames, **{'link': 1 if is_ether(frames) else 101} | more)
        if members:
            half = len(octets) // members + 1
            octets = b''.join(gzip.compress(octets[i:i + half], 9, mtime=0) for i in range(0, len(octets), half))
        capture = os.path.join(WHERE, '%s.%s%s' % (name, suffix, '.gz' if members else ''))
        with open(capture, 'wb') as f:
            f.write(octets)
        env = {'DNSQR_' + k: v for k, v in env.items() if v is not None}
        write(name + '.env', ''.join('%s=%s\n' % x for x in env.items()))
        if arguments:
            write(name + '.args', arguments + '\n')
        lines, _ = ran(model, capture, env, False, shlex.split(arguments))
        write(name + '.lines', ''.join(x + '\n' for x in lines))
        if not arguments and {'DNSQR_RES_ADDRS', 'DNSQR_AUTH_ADDRS'} & set(env):
            sensor_lines, summary = ran(model, capture, env, True, [])
            write(name + '.summary', ''.join(x + '\n' for x in (['# refused at start, exit status 2'] if summary is None else summary)))
            if sensor_lines != lines:
                write(name + '.sensor.lines', ''.join(x + '\n' for x in sensor_lines))
    print('%d goldens' % len(TABLE))


def is_ether(frames):
    return bool(frames) and frames[0][1][:6] == b'\2\0\0\0\0\1'


if __name__ == '__main__':
    main()
