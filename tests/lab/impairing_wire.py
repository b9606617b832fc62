#!/usr/bin/python3
"""impairing_wire.py A B SEED SETTINGS: carries frames between interfaces A and B, and not all of them well.

IPv4 and IPv6 datagrams of UDP and fragments are delayed at random (so they overtake each other), lost, doubled, and now
and then held back for more than a second. ARP and neighbour discovery pass at once, everything else (TCP, ICMP) with one
constant delay, in order. What goes to a blackholed address is dropped. SETTINGS is a JSON object: loss, double, late
(probabilities, each way), delay and hold ([least, most] in seconds), blackhole (addresses). SIGTERM prints the counts, as JSON.
"""
import heapq
import ipaddress
import json
import random
import select
import signal
import socket
import struct
import sys
import time

SOL_PACKET, ADD_MEMBERSHIP, STATISTICS, IGNORE_OUTGOING, MR_PROMISC = 263, 1, 6, 23, 1
ETH_P_ALL, RCVBUFFORCE, SNDBUFFORCE = 3, 33, 32
CONSTANT_DELAY = 0.005
MOST_AT_ONCE = 64  # frames read before what is due is sent


def opened(name):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    # Else it would read its own frames.
    s.setsockopt(SOL_PACKET, IGNORE_OUTGOING, 1)
    s.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 16 << 20)
    s.setsockopt(socket.SOL_SOCKET, SNDBUFFORCE, 4 << 20)
    s.bind((name, ETH_P_ALL))
    s.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, struct.pack('iHH8s', socket.if_nametoindex(name), MR_PROMISC, 0, b''))
    s.setblocking(False)
    return s


def classified(frame):
    """(how it is carried, destination): 'once', 'constant' or 'impaired'"""
    kind = frame[12:14]
    if kind == b'\x08\0' and len(frame) >= 34:
        fragment = frame[20] & 0x3f or frame[21]
        return 'impaired' if frame[23] == 17 or fragment else 'constant', frame[30:34]
    if kind == b'\x86\xdd' and len(frame) >= 54:
        following = frame[20]
        if following == 58 and len(frame) > 54 and 133 <= frame[54] <= 137:
            return 'once', b''
        return 'impaired' if following in (17, 44) else 'constant', frame[38:54]
    return 'once', b''


def main():
    names, seed, settings = sys.argv[1:3], int(sys.argv[3]), json.loads(sys.argv[4])
    blackhole = {ipaddress.ip_address(a).packed for a in settings['blackhole']}
    loss, double, late, delay, hold = (settings[k] for k in ('loss', 'double', 'late', 'delay', 'hold'))
    chance = random.Random(seed)
    ends = [opened(name) for name in names]
    other = {ends[0].fileno(): ends[1], ends[1].fileno(): ends[0]}
    by_number = {s.fileno(): s for s in ends}
    count = dict.fromkeys(('frames', 'lost', 'doubled', 'held', 'blackholed', 'send_errors', 'kernel_drops'), 0)
    waiting, order = [], 0  # (time to send, order, socket, frame)
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    poll = select.poll()
    for s in ends:
        poll.register(s, select.POLLIN)

    def send(s, frame):
        try:
            s.send(frame)
        except OSError:
            count['send_errors'] += 1

    def carry(frame, to):
        nonlocal order
        how, destination = classified(frame)
        count['frames'] += 1
        if how == 'once':
            send(to, frame)
            return
        if destination in blackhole:
            count['blackholed'] += 1
            return
        if how == 'constant':
            order += 1
            heapq.heappush(waiting, (time.monotonic() + CONSTANT_DELAY, order, to, frame))
            return
        if chance.random() < loss:
            count['lost'] += 1
            return
        copies = 1 + (chance.random() < double)
        count['doubled'] += copies - 1
        for _ in range(copies):
            after = chance.uniform(*delay)
            if chance.random() < late:
                after += chance.uniform(*hold)
                count['held'] += 1
            order += 1
            heapq.heappush(waiting, (time.monotonic() + after, order, to, frame))

    while not ended:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, to, frame = heapq.heappop(waiting)
            send(to, frame)
        pause = 200 if not waiting else min(200, max(0, int((waiting[0][0] - time.monotonic()) * 1000) + 1))
        for number, _ in poll.poll(pause):
            for _ in range(MOST_AT_ONCE):
                try:
                    frame = by_number[number].recv(65535)
                except BlockingIOError:
                    break
                except OSError:  # the link went down
                    break
                carry(frame, other[number])
    for s in ends:
        count['kernel_drops'] += struct.unpack('II', s.getsockopt(SOL_PACKET, STATISTICS, 8))[1]
    json.dump(count, sys.stdout)


if __name__ == '__main__':
    main()
