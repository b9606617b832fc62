#!/bin/bash
# Makes the captures of tests/capture/data and, beside each, what tshark reads in it (NAME.frames: time, octets
# captured, octets on the wire, tshark's number of the encapsulation, octets in hex).
#
# Needs text2pcap, editcap, mergecap, tshark (Wireshark 4.0), jq, scapy, gzip, xz, zstd. The results are committed;
# run it again only to add a capture. Nothing of ours takes part.
set -euo pipefail
export LC_ALL=C TZ=UTC
data=$(cd "$(dirname "$0")" && pwd)/data
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -f "$data"/*
cd "$work"

quiet() { "$@" 2>/dev/null; }

# A DNS query for a./A, in UDP, in IPv4 and IPv6: the packets inside every frame below.
query='12 34 01 00 00 01 00 00 00 00 00 00 01 61 00 00 01 00 01'
echo "0000 $query" > query.txt
packet_hex() { quiet text2pcap -q -F pcap -l 101 "$@" -u 5353,53 query.txt packet.pcap; tail -c +41 packet.pcap | xxd -p | tr -d '\n'; }
v4=$(packet_hex -4 192.0.2.1,198.51.100.53)
v6=$(packet_hex -6 2001:db8::1,2001:db8::53)

# frame SECONDS.FRACTION HEX: appends to frames.txt, as text2pcap reads it
frame() { { echo "$1"; echo "0000 $(sed 's/../& /g' <<< "$2")"; } >> frames.txt; }
# make NAME FORMAT LINKTYPE: a capture of frames.txt
make() { quiet text2pcap -q -t '%s.%f' -F "$2" -l "$3" frames.txt "$data/$1"; rm frames.txt; }
# The section header that Wireshark writes tells of the machine: an empty one instead.
plain_section() {
    /usr/bin/python3 - "$1" <<'P'
import struct, sys
b = open(sys.argv[1], 'rb').read()
n = struct.unpack('<I', b[4:8])[0]
open(sys.argv[1], 'wb').write(struct.pack('<IIIHHqI', 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0, -1, 28) + b[n:])
P
}
expect() {  # NAME [file to read instead]
    paste -d ' ' \
        <(quiet tshark -r "${2:-$data/$1}" -T fields -E separator=' ' -e frame.time_epoch -e frame.cap_len -e frame.len -e frame.encap_type) \
        <(quiet tshark -r "${2:-$data/$1}" -T json -x | jq -r '.[]._source.layers.frame_raw[0]') > "$data/$1.frames"
}

# Link headers that end in a protocol number: two frames each, IPv4 and IPv6, for each way of tagging.
ethernet=020000000002020000000001
sll=0000000100060200000000010000
sll2_rest=000000000002000100060200000000010000
tags=([1]=none [2]=q [3]=ad_q [4]=9100 [5]=q_q)
for i in 1 2 3 4 5; do
    case $i in
        1) before=() behind= ;;
        2) before=(8100) behind=0069 ;;
        3) before=(88a8) behind=006481000069 ;;
        4) before=(9100) behind=0069 ;;
        5) before=(8100) behind=006481002069 ;;
    esac
    for family in 4 6; do
        if [ $family = 4 ]; then type=0800 ip=$v4; else type=86dd ip=$v6; fi
        first=${before[0]:-$type} rest=${behind:+$behind$type}
        eval "e$family=\$ethernet\$first\$rest\$ip s$family=\$sll\$first\$rest\$ip t$family=\$first\$sll2_rest\$rest\$ip"
    done
    for kind in e s t; do
        case $kind in e) name=ethernet link=1 ;; s) name=sll link=113 ;; t) name=sll2 link=276 ;; esac
        four=${kind}4 six=${kind}6
        frame 1700000000.000001 "${!four}"
        frame 1700000001.999999 "${!six}"
        make ${name}_${tags[$i]}.pcap pcap $link
    done
done

# Link types without a protocol number, or with an address family.
frame 1700000000.5 "$v4"; frame 1700000000.6 "$v6"; make raw_101.pcap pcap 101
for number in 12 14; do
    cp "$data/raw_101.pcap" "$data/raw_$number.pcap"
    printf "\\x$(printf %02x $number)" | dd of="$data/raw_$number.pcap" bs=1 seek=20 conv=notrunc status=none
done
frame 1700000000.5 "$v4"; make ipv4.pcap pcap 228
frame 1700000000.5 "$v6"; make ipv6.pcap pcap 229
frame 1700000000.5 "02000000$v4"; frame 1700000000.6 "1c000000$v6"; make null_little.pcap pcap 0
frame 1700000000.5 "00000002$v4"; frame 1700000000.6 "0000001e$v6"; make null_big.pcap pcap 0
frame 1700000000.5 "00000002$v4"; frame 1700000000.6 "00000018$v6"; make loop.pcap pcap 108

# Formats. (e4, e6: the last ones made above, with two 802.1Q tags.)
many() { for i in 1 2 3 4 5; do frame 170000000$i.12345678$i "$e4"; frame 170000000$i.98765432$i "$e6"; done; }
many; make nanoseconds.pcap nsecpcap 1
many; make nanoseconds.pcapng pcapng 1; plain_section "$data/nanoseconds.pcapng"
quiet editcap -F modpcap "$data/ethernet_none.pcap" "$data/modified.pcap"
quiet editcap -F pcap -s 60 "$data/ethernet_none.pcap" "$data/snap60.pcap"
quiet mergecap -I none -F pcapng -w "$data/two_interfaces.pcapng" "$data/ethernet_none.pcap" "$data/raw_101.pcap"
plain_section "$data/two_interfaces.pcapng"
cat "$data/two_interfaces.pcapng" "$data/nanoseconds.pcapng" > "$data/two_sections.pcapng"
quiet editcap -F pcap -r "$data/ethernet_none.pcap" "$data/no_frames.pcap" 999
/usr/bin/python3 - "$data" <<'P'
import sys
from scapy.utils import PcapWriter, RawPcapReader
data = sys.argv[1]
for source, target, nano in ('ethernet_none', 'big_endian', False), ('nanoseconds', 'big_endian_nanoseconds', True):
    w = PcapWriter('%s/%s.pcap' % (data, target), linktype=1, nano=nano, endianness='>')
    w.write_header(None)
    for octets, m in RawPcapReader('%s/%s.pcap' % (data, source)):
        w.write_packet(octets, sec=m.sec, usec=m.usec, caplen=m.caplen, wirelen=m.wirelen)
    w.close()
P
for f in "$data"/*.pcap*; do case $f in *.frames) ;; *) expect "$(basename "$f")" ;; esac; done

# Compression: two members each, cut in the middle of a record.
plain=$data/nanoseconds.pcap
head -c 333 "$plain" > one; tail -c +334 "$plain" > two
for f in one two; do gzip -nc $f; done > "$data/two_members.pcap.gz"
for f in one two; do xz -c $f; done > "$data/two_members.pcap.xz"
{ zstd -qc one; printf '\x53\x2a\x4d\x18\x05\0\0\0skip!'; zstd -qc two; } > "$data/two_members.pcap.zst"
for f in gz xz zst; do expect two_members.pcap.$f "$plain"; done
