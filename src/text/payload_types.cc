#include "text/payload_types.h"

#include <algorithm>
#include <array>
#include <string>

#include "dns/name.h"

namespace sie::text {

namespace {

using enum Storage;
using K = Kind;
using enum Label;
using enum Shown;

constexpr std::uint32_t base = 1;

// ---- ncap, pkt, packet

constexpr Symbol ncap_types[] = {{0, "IPV4"}, {1, "IPV6"}, {2, "Legacy"}};
constexpr Symbol ncap_legacy[] = {{0, "UDP"}, {1, "TCP"}, {2, "ICMP"}};
constexpr FieldRow ncap_rows[] = {
    {"type", 1, varint, K::enumeration, required, in_both, ncap_types},
    {"srcip", 4, bytes, K::ncap_source, optional},
    {"dstip", 5, bytes, K::ncap_destination, optional},
    {"srcport", 0, varint, K::ncap_source_port, derived},
    {"dstport", 0, varint, K::ncap_destination_port, derived},
    {"proto", 0, varint, K::ncap_proto, derived},
    {"ltype", 3, varint, K::enumeration, optional, in_json, ncap_legacy},
    {"lint0", 6, varint, K::u32, optional, in_json},
    {"lint1", 7, varint, K::u32, optional, in_json},
    {"payload", 2, bytes, K::ncap_payload, required},
    {"dns", 0, bytes, K::ncap_dns, derived, in_json},
};

constexpr FieldRow pkt_rows[] = {
    {"len_frame", 2, varint, K::u32, optional},
    {"payload", 1, bytes, K::bytes, required},
};

constexpr Symbol packet_types[] = {{1, "IP"}};
constexpr FieldRow packet_rows[] = {
    {"payload_type", 1, varint, K::enumeration, required, in_both, packet_types},
    {"payload", 2, bytes, K::bytes, required},
};

// ---- email, linkpair, http, ipconn, logline, xml, encode

constexpr Symbol email_types[] = {
    {0, "unknown"}, {1, "spamtrap"}, {2, "rej_network"}, {3, "rej_content"}, {4, "rej_user"}};
constexpr FieldRow email_rows[] = {
    {"type", 8, varint, K::enumeration, optional, in_both, email_types},
    {"headers", 2, bytes, K::multiline, optional},
    {"srcip", 3, bytes, K::ip, optional},
    {"srchost", 4, bytes, K::string, optional},
    {"helo", 5, bytes, K::string, optional},
    {"from", 6, bytes, K::string, optional},
    {"rcpt", 7, bytes, K::string, repeated},
    {"bodyurl", 9, bytes, K::string, repeated},
    {"body", 10, bytes, K::multiline, optional},
};

constexpr Symbol linkpair_types[] = {{0, "anchor"}, {1, "redirect"}};
constexpr FieldRow linkpair_rows[] = {
    {"type", 1, varint, K::enumeration, required, in_both, linkpair_types},
    {"src", 2, bytes, K::string, required},
    {"dst", 3, bytes, K::string, required},
    {"headers", 5, bytes, K::multiline, optional},
};

constexpr Symbol http_types[] = {{0, "unknown"}, {1, "sinkhole"}};
constexpr FieldRow http_rows[] = {
    {"type", 1, varint, K::enumeration, required, in_both, http_types},
    {"srcip", 2, bytes, K::ip, optional},
    {"srchost", 3, bytes, K::string, optional},
    {"srcport", 4, varint, K::u16, optional},
    {"dstip", 5, bytes, K::ip, optional},
    {"dstport", 6, varint, K::u16, optional},
    {"request", 7, bytes, K::multiline, optional},
    {"p0f_genre", 65, bytes, K::string, optional},
    {"p0f_detail", 66, bytes, K::string, optional},
    {"p0f_dist", 67, varint, K::i16, optional},
    {"p0f_link", 68, bytes, K::string, optional},
    {"p0f_tos", 69, bytes, K::string, optional},
    {"p0f_fw", 70, varint, K::u16, optional},
    {"p0f_nat", 71, varint, K::u16, optional},
    {"p0f_real", 72, varint, K::u16, optional},
    {"p0f_score", 73, varint, K::i16, optional},
    {"p0f_mflags", 74, varint, K::u16, optional},
    {"p0f_uptime", 75, varint, K::i32, optional},
};

constexpr FieldRow ipconn_rows[] = {
    {"proto", 1, varint, K::u16, optional},   {"srcip", 2, bytes, K::ip, optional},
    {"srcport", 3, varint, K::u16, optional}, {"dstip", 4, bytes, K::ip, optional},
    {"dstport", 5, varint, K::u16, optional},
};

constexpr FieldRow logline_rows[] = {
    {"category", 1, bytes, K::string, optional},
    {"message", 2, bytes, K::string, optional},
};

constexpr FieldRow xml_rows[] = {
    {"xmltype", 1, bytes, K::string, required},
    {"xmlpayload", 2, bytes, K::bytes, required},
};

constexpr Symbol encode_types[] = {{0, "TEXT"}, {1, "JSON"}, {2, "YAML"}, {3, "MSGPACK"}, {4, "XML"}};
constexpr FieldRow encode_rows[] = {
    {"type", 1, varint, K::enumeration, required, in_both, encode_types},
    {"payload", 2, bytes, K::encoded, required},
};

// ---- dns, dnsqr, dnsobs, dnstap

constexpr FieldRow dns_rows[] = {
    {"qname", 7, bytes, K::name, optional},     {"qclass", 9, varint, K::rrclass, optional},
    {"qtype", 8, varint, K::rrtype, optional},  {"section", 6, varint, K::u16, optional},
    {"rrname", 1, bytes, K::name, optional},    {"rrclass", 3, varint, K::rrclass, optional},
    {"rrtype", 2, varint, K::rrtype, optional}, {"rrttl", 4, varint, K::u32, optional},
    {"rdata", 5, bytes, K::rdata, repeated},
};

constexpr Symbol dnsqr_types[] = {{0, "UDP_INVALID"},
                                  {1, "UDP_QUERY_RESPONSE"},
                                  {2, "UDP_UNANSWERED_QUERY"},
                                  {3, "UDP_UNSOLICITED_RESPONSE"},
                                  {4, "TCP"},
                                  {5, "ICMP"},
                                  {6, "UDP_QUERY_ONLY"},
                                  {7, "UDP_RESPONSE_ONLY"}};
constexpr Symbol checksum_verdicts[] = {{0, "ERROR"}, {1, "ABSENT"}, {2, "INCORRECT"}, {3, "CORRECT"}};
constexpr FieldRow dnsqr_rows[] = {
    {"type", 1, varint, K::enumeration, required, in_both, dnsqr_types},
    {"query_ip", 2, bytes, K::ip, required},
    {"response_ip", 3, bytes, K::ip, required},
    {"proto", 4, varint, K::proto, required},
    {"query_port", 5, varint, K::u16, required},
    {"response_port", 6, varint, K::u16, required},
    {"id", 7, varint, K::u16, required},
    {"qname", 8, bytes, K::name, optional},
    {"qclass", 10, varint, K::rrclass, optional},
    {"qtype", 9, varint, K::rrtype, optional},
    {"rcode", 11, varint, K::rcode, optional},
    {"query_packet", 12, bytes, K::bytes, repeated, in_json},
    {"query_time_sec", 13, varint, K::i64, repeated, in_json},
    {"query_time_nsec", 14, fixed32, K::i32, repeated, in_json},
    {"response_packet", 15, bytes, K::bytes, repeated, in_json},
    {"response_time_sec", 16, varint, K::i64, repeated, in_json},
    {"response_time_nsec", 17, fixed32, K::i32, repeated, in_json},
    {"timeout", 20, fixed64, K::f64, optional},
    {"delay", 0, fixed64, K::dnsqr_delay, derived},
    {"udp_checksum", 21, varint, K::dnsqr_checksum, optional, in_both, checksum_verdicts},
    {"resolver_address_zeroed", 22, varint, K::boolean, optional},
    {"query", 0, bytes, K::dnsqr_query, derived, in_both, {}, "query_json"},
    {"response", 0, bytes, K::dnsqr_response, derived, in_both, {}, "response_json"},
    {"dns", 0, bytes, K::dnsqr_dns, derived, in_json},
    {"tcp", 18, bytes, K::bytes, optional, in_json},
    {"icmp", 19, bytes, K::bytes, optional, in_json},
};

constexpr FieldRow dnsobs_rows[] = {
    {"time", 1, varint, K::u64, required},
    {"response_ip", 2, bytes, K::ip, required},
    {"qname", 3, bytes, K::name, required},
    {"qtype", 4, varint, K::rrtype, required},
    {"qclass", 5, varint, K::rrclass, required},
    {"rcode", 6, varint, K::rcode, required},
    {"response", 7, bytes, K::message, optional, in_both, {}, "response_json"},
    {"query_zone", 8, bytes, K::name, optional},
    {"geoid", 9, bytes, K::bytes, optional},
    {"sensor_id", 10, fixed32, K::hex, optional},
};

constexpr Symbol dnstap_types[] = {{1, "MESSAGE"}};
constexpr Symbol dnstap_messages[] = {
    {1, "AUTH_QUERY"},   {2, "AUTH_RESPONSE"},   {3, "RESOLVER_QUERY"},  {4, "RESOLVER_RESPONSE"},
    {5, "CLIENT_QUERY"}, {6, "CLIENT_RESPONSE"}, {7, "FORWARDER_QUERY"}, {8, "FORWARDER_RESPONSE"},
    {9, "STUB_QUERY"},   {10, "STUB_RESPONSE"},  {11, "TOOL_QUERY"},     {12, "TOOL_RESPONSE"}};
constexpr Symbol socket_families[] = {{1, "INET"}, {2, "INET6"}};
constexpr Symbol socket_protocols[] = {{1, "UDP"}, {2, "TCP"}};
constexpr std::uint32_t in_message = 14;
constexpr FieldRow dnstap_rows[] = {
    {"identity", 1, bytes, K::bytes, optional},
    {"version", 2, bytes, K::bytes, optional},
    {"extra", 3, bytes, K::bytes, optional},
    {"type", 15, varint, K::enumeration, required, in_both, dnstap_types},
    {"message", 14, bytes, K::bytes, optional, in_neither},
    {"message_type", 1, varint, K::enumeration, required, in_both, dnstap_messages, {}, in_message},
    {"socket_family", 2, varint, K::enumeration, optional, in_both, socket_families, {}, in_message, true},
    {"socket_protocol", 3, varint, K::enumeration, optional, in_both, socket_protocols, {}, in_message, true},
    {"query_address", 4, bytes, K::ip, optional, in_both, {}, {}, in_message},
    {"query_port", 6, varint, K::u16, optional, in_both, {}, {}, in_message},
    {"query_time_sec", 8, varint, K::u64, optional, in_both, {}, {}, in_message},
    {"query_time_nsec", 9, fixed32, K::u32, optional, in_both, {}, {}, in_message},
    {"query_message", 10, bytes, K::message, optional, in_both, {}, "query_json", in_message},
    {"response_address", 5, bytes, K::ip, optional, in_both, {}, {}, in_message},
    {"response_port", 7, varint, K::u16, optional, in_both, {}, {}, in_message},
    {"response_time_sec", 12, varint, K::u64, optional, in_both, {}, {}, in_message},
    {"response_time_nsec", 13, fixed32, K::u32, optional, in_both, {}, {}, in_message},
    {"query_zone", 11, bytes, K::name, optional, in_both, {}, {}, in_message},
    {"response_message", 14, bytes, K::message, optional, in_both, {}, "response_json", in_message},
    {"id", 0, varint, K::dnstap_id, derived, in_both, {}, {}, in_message},
    {"qname", 0, bytes, K::dnstap_qname, derived, in_both, {}, {}, in_message},
    {"qclass", 0, varint, K::dnstap_qclass, derived, in_both, {}, {}, in_message},
    {"qtype", 0, varint, K::dnstap_qtype, derived, in_both, {}, {}, in_message},
    {"rcode", 0, varint, K::dnstap_rcode, derived, in_both, {}, {}, in_message},
};

constexpr PayloadType types[] = {
    {base, 1, "ncap", ncap_rows},         {base, 2, "email", email_rows},
    {base, 3, "linkpair", linkpair_rows}, {base, 4, "http", http_rows},
    {base, 5, "ipconn", ipconn_rows},     {base, 6, "logline", logline_rows},
    {base, 7, "dns", dns_rows},           {base, 8, "pkt", pkt_rows},
    {base, 9, "dnsqr", dnsqr_rows},       {base, 10, "xml", xml_rows},
    {base, 11, "encode", encode_rows},    {base, 12, "packet", packet_rows},
    {base, 13, "dnstap", dnstap_rows},    {base, 14, "dnsobs", dnsobs_rows},
};

constexpr std::array<std::string_view, 8> vendors{"",         "base",   "SIE",         "GTISC",
                                                  "Defintel", "Univie", "Unveillance", "WISC"};

}  // namespace

std::span<const PayloadType> all_types() { return types; }

const PayloadType* find_type(std::uint32_t vendor, std::uint32_t type) {
    if (vendor != base || type == 0 || type > std::size(types)) return nullptr;
    return &types[type - 1];
}

const PayloadType* find_type(std::string_view vendor, std::string_view type) {
    const std::string v = dns::lowered(vendor), t = dns::lowered(type);
    if (v != "base" && v != "isc") return nullptr;
    const auto* found = std::find_if(std::begin(types), std::end(types),
                                     [&](const PayloadType& row) { return row.name == t; });
    return found == std::end(types) ? nullptr : found;
}

std::string_view vendor_name(std::uint32_t vendor) { return vendor < vendors.size() ? vendors[vendor] : ""; }

}  // namespace sie::text
