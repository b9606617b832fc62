"""What each fuzz target is for: the sources of its unit, whose lines its corpus must cover, and faults to be found.

A planted fault is a change of one place of the sources: (number, unit, file, what stands there, what takes its place);
of a header, also the source that is compiled with it.
"""

# Paths below src; a unit's corpus must cover 85 % of their lines.
UNITS = {
    'capture_file': ['capture/capture_file.cc', 'capture/pcap.cc', 'capture/pcapng.cc', 'capture/damage.cc',
                     'capture/pcapng_writer.cc', 'base/stream_decoder.cc'],
    'frame': ['net/packet.cc', 'net/checksum.cc'],
    'reassembly': ['reassembly/reassembler.cc', 'reassembly/waiting_datagrams.cc', 'reassembly/fragment_tree.cc',
                   'reassembly/octet_cells.cc'],
    'dns_message': ['dns/message_records.cc', 'dns/wire_name.cc', 'text/message_text.cc'],
    'rdata': ['dns/rdata_text.cc', 'dns/rdata_parse.cc', 'dns/standard_rdata.cc', 'dns/svc_params.cc',
              'dns/rdata_layout.cc', 'dns/standard_types.cc', 'base/encoded_octets.cc'],
    'question': ['dns/message.h', 'dns/client_subnet.cc', 'dns/name.cc', 'dnsqr/name_set.cc'],
    'dnsqr': ['dnsqr/transactions.cc', 'dnsqr/query_table.cc', 'dnsqr/blanking.cc'],
    'packet_path': ['sensor/packet_path.cc', 'sensor/icmp_quote.cc', 'dnsqr/blanking.cc'],
    'container': ['nmsg/reader.cc', 'nmsg/container_reader.cc', 'nmsg/body.cc', 'nmsg/fragments.cc', 'nmsg/payload.cc',
                  'nmsg/framing.cc', 'nmsg/protobuf.h'],
    'payload': ['nmsg/payload.cc', 'nmsg/dnsqr_payload.cc', 'nmsg/protobuf.h', 'text/decoded_payload.cc',
                'text/payload_fields.cc', 'text/payload_json.cc', 'text/payload_text.cc', 'text/presentation.cc',
                'text/recorded_packets.cc', 'text/json_string.cc', 'text/transaction_line.cc'],
    'json': ['text/json_reader.cc', 'text/json_syntax.cc', 'text/payload_encoder.cc',
             'text/time_text.cc'],
    'filter': ['text/payload_filter.cc', 'text/filter_value.cc', 'text/value_text.cc', 'net/address.cc'],
    'configuration': ['service/shell_fragment.cc', 'service/configuration.cc', 'service/settings.cc',
                      'service/nearest_name.cc', 'dnsqr/settings.cc'],
    'status_question': ['status/status_protocol.cc'],
}

PLANTED = [
    # A block that the file cuts short.
    (1, 'capture_file', 'capture/pcapng.cc', 'if (block.size() < length) return damage("cut inside a block");', ''),
    # The end of an extension header.
    (2, 'frame', 'net/packet.cc', 'if (size > total - at) return DropReason::bad_extension_header;',
     'if (size > total - at + 8) return DropReason::bad_extension_header;'),
    # A pointer that points to itself or forward.
    (3, 'dns_message', 'dns/wire_name.cc', 'if (target >= from) return NameFault::bad_pointer;',
     'if (target >= stop) return NameFault::bad_pointer;'),
    # RFC 5722.
    (4, 'reassembly', 'reassembly/reassembler.cc', 'return DropReason::fragment_overlap;', 'return {};'),
    # A reason of the ledger.
    (5, 'packet_path', 'sensor/packet_path.cc', 'if (!header) return drop(DropReason::dns_short);', 'if (!header) return;'),
    # What a container's header states.
    (6, 'container', 'nmsg/reader.cc', 'if (window.size() < header.length) {', 'if (window.empty() && header.length != 0) {'),
    # The eleventh octet of a varint.
    (7, 'payload', 'nmsg/protobuf.h', 'constexpr std::size_t longest_varint = 10;', 'constexpr std::size_t longest_varint = 11;',
     'nmsg/payload.cc'),
    # An escape of a JSON string.
    (8, 'json', 'text/json_string.cc', "case '\\\\': *out++ = c; return out;", "case '\\\\': out[-1] = c; return out;"),
    # A prefix of one family against an address of another.
    (9, 'filter', 'text/filter_value.cc', 'if (address.size() != wanted.size()) return false;', ''),
    # A continuation line behind a continuation line.
    (10, 'configuration', 'service/shell_fragment.cc',
     "while (at_ + 1 < text_.size() && text_[at_] == '\\\\' && text_[at_ + 1] == '\\n') at_ += 2;",
     "if (at_ + 1 < text_.size() && text_[at_] == '\\\\' && text_[at_ + 1] == '\\n') at_ += 2;"),
    # The second in which a query leaves.
    (11, 'dnsqr', 'dnsqr/query_table.cc', 'if (of >= second) break;', 'if (of > second) break;'),
    # A string that is one octet longer than its rdata.
    (12, 'rdata', 'dns/standard_rdata.cc', 'if (left() < octets) return std::nullopt;',
     'if (left() + 1 < octets) return std::nullopt;'),
    # The fixed part of a record that ends one octet early.
    (13, 'question', 'dns/client_subnet.cc', 'if (fixed + 10 > message.size()) break;', 'if (fixed + 9 > message.size()) break;'),
    # A screen as wide as the client says.
    (14, 'status_question', 'status/status_protocol.cc', '*number >= least_columns && *number <= most_columns', '*number >= least_columns'),
]
