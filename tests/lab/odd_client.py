#!/usr/bin/python3
"""odd_client.py ADDRESSES RESOLVERS SEED SECONDS: a client whose messages look like those that the sensor records.

Responses (QR=1) from high ports, queries from source port 53, queries so long that they fragment, things that are no DNS:
none of it may reach an output. ADDRESSES and RESOLVERS are JSON lists: (IPv4, IPv6), and such pairs.
"""
import json
import os
import random
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))
import wire  # noqa: E402


def main():
    mine, resolvers, chance = json.loads(sys.argv[1]), json.loads(sys.argv[2]), random.Random(int(sys.argv[3]))
    end = time.monotonic() + float(sys.argv[4])
    sockets = {}
    for address in mine:
        for port in 0, 53:
            s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM)
            s.bind((address, port))
            s.setblocking(False)
            sockets[':' in address, port] = s
    sent = 0
    while time.monotonic() < end:
        resolver = chance.choice(chance.choice(resolvers))
        six, ident, name = ':' in resolver, chance.getrandbits(16), 'client%d.plain0.nimbus' % sent
        port, message = chance.choice(((0, wire.dns(ident, name, qr=1)), (0, wire.dns(ident, name, qr=1, rcode=5)),
                                       (53, wire.dns(ident, name, rd=1)), (53, wire.dns(ident, name)),
                                       (0, wire.dns(ident, name, rd=1, additional=[wire.opt((12, bytes(2400)))])),
                                       (0, chance.randbytes(chance.randrange(60)))))
        try:
            sockets[six, port].sendto(message, (resolver, 53))
        except OSError:  # port unreachable, from before
            pass
        sent += 1
        for s in sockets.values():
            try:
                while s.recv(65535):
                    pass
            except OSError:
                pass
        time.sleep(0.05)
    print(sent)


if __name__ == '__main__':
    main()
