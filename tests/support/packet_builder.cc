#include "support/packet_builder.h"

#include <arpa/inet.h>

#include <algorithm>
#include <stdexcept>

namespace sie::test {
namespace {

void put16(Bytes& to, std::size_t v) {
    to.push_back(static_cast<std::uint8_t>(v >> 8));
    to.push_back(static_cast<std::uint8_t>(v));
}

void put32(Bytes& to, std::uint32_t v) {
    put16(to, v >> 16);
    put16(to, v & 0xffff);
}

void append(Bytes& to, Octets octets) { to.insert(to.end(), octets.begin(), octets.end()); }

void patch16(Bytes& in, std::size_t at, unsigned v) {
    in.at(at) = static_cast<std::uint8_t>(v >> 8);
    in.at(at + 1) = static_cast<std::uint8_t>(v);
}

Bytes address(const std::string& text) {
    const bool v6 = text.find(':') != std::string::npos;
    Bytes octets(v6 ? 16 : 4);
    if (inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), octets.data()) != 1)
        throw std::invalid_argument("no address: " + text);
    return octets;
}

// RFC 1071: the complement of the sum, word by word.
unsigned checksum(const Bytes& octets) {
    unsigned sum = 0;
    for (std::size_t i = 0; i < octets.size(); ++i) {
        sum += i % 2 == 0 ? static_cast<unsigned>(octets[i]) << 8 : octets[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum ^ 0xffff;
}

void put_tags_and_type(Bytes& to, std::uint16_t type, const std::vector<std::uint16_t>& tags) {
    unsigned number = 100;
    for (const std::uint16_t tag : tags) {
        put16(to, tag);
        put16(to, number++);
    }
    put16(to, type);
}

}  // namespace

Bytes bytes(std::string_view hex) {
    Bytes out;
    int high = -1;
    for (const char c : hex) {
        if (c == ' ' || c == '\n') continue;
        const auto digit = std::string_view("0123456789abcdef").find(c);
        if (digit == std::string_view::npos) throw std::invalid_argument("not hexadecimal");
        if (high < 0) {
            high = static_cast<int>(digit);
        } else {
            out.push_back(static_cast<std::uint8_t>(high * 16 + static_cast<int>(digit)));
            high = -1;
        }
    }
    if (high >= 0) throw std::invalid_argument("half an octet");
    return out;
}

std::string to_hex(Octets octets) {
    std::string out;
    for (const std::uint8_t o : octets) {
        out += "0123456789abcdef"[o >> 4];
        out += "0123456789abcdef"[o & 15];
    }
    return out;
}

Bytes counting(std::size_t n) {
    Bytes out(n);
    for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>(i % 251);
    return out;
}

Bytes joined(std::initializer_list<Octets> pieces) {
    Bytes out;
    for (const Octets piece : pieces) append(out, piece);
    return out;
}

Bytes ipv4(const Ipv4& header, Octets payload) {
    const std::size_t size = 20 + header.options.size();
    Bytes out{static_cast<std::uint8_t>(0x40 | size / 4), 0};
    put16(out, size + payload.size());
    put16(out, header.id);
    put16(out, header.flags_and_offset);
    out.push_back(64);
    out.push_back(header.protocol);
    put16(out, 0);
    append(out, address(header.source));
    append(out, address(header.destination));
    append(out, header.options);
    patch16(out, 10, checksum(out));
    append(out, payload);
    return out;
}

Extension extension(std::uint8_t type, std::uint8_t length) {
    const std::size_t size = type == 51 ? (length + 2U) * 4 : (length + 1U) * 8;
    Bytes octets(size - 1);
    octets[0] = length;
    return {type, octets};
}

Extension fragment_header(std::uint32_t id, std::uint32_t offset, bool more) {
    Bytes octets{0};
    put16(octets, offset | (more ? 1 : 0));
    put32(octets, id);
    return {44, octets};
}

Bytes ipv6(const Ipv6& header, Octets payload) {
    Bytes chain;
    for (std::size_t i = 0; i < header.extensions.size(); ++i) {
        chain.push_back(i + 1 < header.extensions.size() ? header.extensions[i + 1].type : header.protocol);
        append(chain, header.extensions[i].octets);
    }
    Bytes out{0x60, 0, 0, 0};
    put16(out, chain.size() + payload.size());
    out.push_back(header.extensions.empty() ? header.protocol : header.extensions[0].type);
    out.push_back(64);
    append(out, address(header.source));
    append(out, address(header.destination));
    append(out, chain);
    append(out, payload);
    return out;
}

Bytes udp(const std::string& source, const std::string& destination, std::uint16_t source_port,
          std::uint16_t destination_port, Octets data) {
    Bytes out;
    put16(out, source_port);
    put16(out, destination_port);
    put16(out, 8 + data.size());
    put16(out, 0);
    append(out, data);
    Bytes summed = address(source);
    append(summed, address(destination));
    put16(summed, 17);
    put16(summed, out.size());
    append(summed, out);
    const unsigned sum = checksum(summed);
    patch16(out, 6, sum == 0 ? 0xffff : sum);
    return out;
}

Bytes udp4(Octets data) { return udp(Ipv4{}.source, Ipv4{}.destination, 40000, 53, data); }
Bytes udp6(Octets data) { return udp(Ipv6{}.source, Ipv6{}.destination, 40000, 53, data); }

std::vector<Bytes> fragments4(Ipv4 header, Octets data, std::size_t piece) {
    std::vector<Bytes> out;
    for (std::size_t at = 0; at < data.size(); at += piece) {
        const std::size_t n = std::min(piece, data.size() - at);
        header.flags_and_offset = static_cast<std::uint16_t>(at / 8 | (at + n < data.size() ? 0x2000 : 0));
        out.push_back(ipv4(header, data.subspan(at, n)));
    }
    return out;
}

std::vector<Bytes> fragments6(const Ipv6& header, std::uint32_t id, Octets data, std::size_t piece) {
    std::vector<Bytes> out;
    for (std::size_t at = 0; at < data.size(); at += piece) {
        const std::size_t n = std::min(piece, data.size() - at);
        Ipv6 one = header;
        one.extensions.push_back(fragment_header(id, static_cast<std::uint32_t>(at), at + n < data.size()));
        out.push_back(ipv6(one, data.subspan(at, n)));
    }
    return out;
}

Bytes ethernet(std::uint16_t type, Octets payload, const std::vector<std::uint16_t>& tags) {
    Bytes out = bytes("020000000002 020000000001");
    put_tags_and_type(out, type, tags);
    append(out, payload);
    return out;
}

// Packet type 2, ARPHRD 2, length of the address 2, the address in 8, protocol 2.
Bytes linux_sll(std::uint16_t type, Octets payload, const std::vector<std::uint16_t>& tags) {
    Bytes out = bytes("0000 0001 0006 0200000000010000");
    put_tags_and_type(out, type, tags);
    append(out, payload);
    return out;
}

// Protocol 2, reserved 2, interface 4, ARPHRD 2, packet type 1, length of the address 1, the address in 8.
// The type of the first tag stands in the header, the tags themselves behind it.
Bytes linux_sll2(std::uint16_t type, Octets payload, const std::vector<std::uint16_t>& tags) {
    Bytes chain;
    put_tags_and_type(chain, type, tags);
    Bytes out(chain.begin(), chain.begin() + 2);
    append(out, bytes("0000 00000002 0001 00 06 0200000000010000"));
    out.insert(out.end(), chain.begin() + 2, chain.end());
    append(out, payload);
    return out;
}

Bytes bsd_header(std::uint32_t family, bool little_endian, Octets payload) {
    Bytes out;
    put32(out, family);
    if (little_endian) std::reverse(out.begin(), out.end());
    append(out, payload);
    return out;
}

}  // namespace sie::test
