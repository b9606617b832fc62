#include "net/packet.h"

#include <gtest/gtest.h>

#include "support/packet_builder.h"

namespace sie::net {
namespace {

using test::Bytes;
using test::bytes;
using test::counting;
using test::extension;
using test::fragment_header;

constexpr Transports udp_only{}, everything{.tcp = true, .icmp = true};

struct Decoded {
    std::string word;  // the drop reason, or "ok"
    PacketView view;
};

[[nodiscard]] std::string word(std::optional<DropReason> drop) {
    return std::string(drop ? word_of(*drop) : "ok");
}

[[nodiscard]] Decoded decode(LinkType link, const Bytes& frame, Transports wanted = udp_only,
                             std::size_t cut_octets = 0) {
    Decoded out;
    out.word = word(
        decode_frame(link, frame, static_cast<std::uint32_t>(frame.size() + cut_octets), wanted, out.view));
    return out;
}

[[nodiscard]] std::string raw(const Bytes& packet, Transports wanted = udp_only) {
    return decode(LinkType::raw, packet, wanted).word;
}

[[nodiscard]] Bytes packet4() { return test::ipv4({}, test::udp4(counting(12))); }
[[nodiscard]] Bytes packet6() { return test::ipv6({}, test::udp6(counting(12))); }

[[nodiscard]] Bytes with(Bytes packet, std::size_t at, std::string_view hex) {
    const Bytes octets = bytes(hex);
    std::copy(octets.begin(), octets.end(), packet.begin() + static_cast<std::ptrdiff_t>(at));
    return packet;
}

// ---- link layers

TEST(DecodeFrame, FindsIpv4BehindEveryLinkHeader) {
    const Bytes ip = packet4();
    const std::vector<std::pair<LinkType, Bytes>> frames{
        {LinkType::ethernet, test::ethernet(0x0800, ip)},
        {LinkType::ethernet, test::ethernet(0x0800, ip, {0x8100})},
        {LinkType::ethernet, test::ethernet(0x0800, ip, {0x88a8, 0x8100})},
        {LinkType::ethernet, test::ethernet(0x0800, ip, {0x9100, 0x8100})},
        {LinkType::linux_sll, test::linux_sll(0x0800, ip)},
        {LinkType::linux_sll, test::linux_sll(0x0800, ip, {0x8100, 0x88a8})},
        {LinkType::linux_sll2, test::linux_sll2(0x0800, ip)},
        {LinkType::linux_sll2, test::linux_sll2(0x0800, ip, {0x9100, 0x8100})},
        {LinkType::bsd_null, test::bsd_header(2, true, ip)},
        {LinkType::bsd_null, test::bsd_header(2, false, ip)},
        {LinkType::bsd_loop, test::bsd_header(2, false, ip)},
        {LinkType::raw, ip},
        {LinkType::ipv4, ip},
    };
    for (const auto& [link, frame] : frames) {
        const Decoded d = decode(link, frame);
        ASSERT_EQ(d.word, "ok") << test::to_hex(frame);
        EXPECT_EQ(test::to_hex(d.view.ip), test::to_hex(ip));
        EXPECT_EQ(d.view.ip.data() + d.view.ip.size(), frame.data() + frame.size()) << "a view, not a copy";
        EXPECT_EQ(d.view.family, Family::v4);
        EXPECT_EQ(d.view.protocol, 17);
        EXPECT_EQ(d.view.transport_at, 20U);
        EXPECT_EQ(d.view.source_port(), 40000);
        EXPECT_EQ(d.view.destination_port(), 53);
        EXPECT_FALSE(d.view.fragment);
        EXPECT_EQ(test::to_hex({d.view.source(), 4}), "c0000201");
        EXPECT_EQ(test::to_hex({d.view.destination(), 4}), "c6336402");
    }
}

TEST(DecodeFrame, FindsIpv6BehindEveryLinkHeader) {
    const Bytes ip = packet6();
    std::vector<std::pair<LinkType, Bytes>> frames{
        {LinkType::ethernet, test::ethernet(0x86dd, ip)},
        {LinkType::ethernet, test::ethernet(0x86dd, ip, {0x88a8, 0x8100})},
        {LinkType::linux_sll, test::linux_sll(0x86dd, ip)},
        {LinkType::linux_sll2, test::linux_sll2(0x86dd, ip)},
        {LinkType::raw, ip},
        {LinkType::ipv6, ip},
    };
    for (const std::uint32_t family : {10U, 24U, 28U, 30U}) {
        frames.emplace_back(LinkType::bsd_null, test::bsd_header(family, true, ip));
        frames.emplace_back(LinkType::bsd_null, test::bsd_header(family, false, ip));
        frames.emplace_back(LinkType::bsd_loop, test::bsd_header(family, false, ip));
    }
    for (const auto& [link, frame] : frames) {
        const Decoded d = decode(link, frame);
        ASSERT_EQ(d.word, "ok") << test::to_hex(frame);
        EXPECT_EQ(test::to_hex(d.view.ip), test::to_hex(ip));
        EXPECT_EQ(d.view.family, Family::v6);
        EXPECT_EQ(d.view.transport_at, 40U);
        EXPECT_EQ(test::to_hex({d.view.source(), 16}), "20010db8000000000000000000000001");
        EXPECT_EQ(test::to_hex({d.view.destination(), 16}), "20010db8000000000000000000000002");
    }
}

TEST(DecodeFrame, TagsThatTheKernelTookCountAsWell) {
    const Bytes ip = packet4();
    const auto word_of = [&](LinkType link, const Bytes& frame, std::uint8_t taken) {
        PacketView view;
        const auto octets = static_cast<std::uint32_t>(frame.size());
        const bool packet = whole_packet(link, frame, taken).has_value();
        const std::string decoded = word(decode_frame(link, frame, octets, udp_only, view, taken));
        EXPECT_EQ(packet, decoded == "ok");
        return decoded;
    };
    const Bytes plain = test::ethernet(0x0800, ip), one = test::ethernet(0x0800, ip, {0x8100}),
                two = test::ethernet(0x0800, ip, {0x88a8, 0x8100});
    EXPECT_EQ(word_of(LinkType::ethernet, plain, 1), "ok");
    EXPECT_EQ(word_of(LinkType::ethernet, plain, 2), "ok");
    EXPECT_EQ(word_of(LinkType::ethernet, plain, 3), "not_ip");
    EXPECT_EQ(word_of(LinkType::ethernet, one, 1), "ok");
    EXPECT_EQ(word_of(LinkType::ethernet, one, 2), "not_ip");
    EXPECT_EQ(word_of(LinkType::ethernet, two, 0), "ok");
    EXPECT_EQ(word_of(LinkType::ethernet, two, 1), "not_ip");
    EXPECT_EQ(word_of(LinkType::raw, ip, 2), "ok");
    EXPECT_EQ(word_of(LinkType::raw, ip, 3), "not_ip");
}

TEST(DecodeFrame, NotIpIsWhatIsNeitherIpv4NorIpv6) {
    const Bytes ip = packet4();
    EXPECT_EQ(decode(LinkType::ethernet, test::ethernet(0x0806, ip)).word, "not_ip");
    EXPECT_EQ(decode(LinkType::ethernet, test::ethernet(0x0800, ip, {0x8100, 0x8100, 0x8100})).word, "not_ip")
        << "a third tag";
    EXPECT_EQ(decode(LinkType::ethernet, test::ethernet(0x0800, ip, {0x9200})).word, "not_ip");
    EXPECT_EQ(decode(LinkType::linux_sll, test::linux_sll(0x0004, ip)).word, "not_ip");
    EXPECT_EQ(decode(LinkType::linux_sll2, test::linux_sll2(0x0004, ip)).word, "not_ip");
    EXPECT_EQ(decode(LinkType::bsd_null, test::bsd_header(7, true, ip)).word, "not_ip");
    EXPECT_EQ(decode(LinkType::bsd_loop, test::bsd_header(2, true, ip)).word, "not_ip")
        << "loop: network order only";
    EXPECT_EQ(decode(LinkType::raw, with(ip, 0, "55")).word, "not_ip");
}

TEST(DecodeFrame, LinkHeaderThatEndsEarlyIsNotIpOrCutShort) {
    const std::vector<std::pair<LinkType, Bytes>> headers{
        {LinkType::ethernet, test::ethernet(0x0800, {}, {0x88a8, 0x8100})},
        {LinkType::linux_sll, test::linux_sll(0x0800, {}, {0x8100})},
        {LinkType::linux_sll2, test::linux_sll2(0x0800, {}, {0x8100})},
        {LinkType::bsd_null, test::bsd_header(2, true, {})},
        {LinkType::bsd_loop, test::bsd_header(2, false, {})},
        {LinkType::raw, bytes("45")},
        {LinkType::ipv4, bytes("45")},
        {LinkType::ipv6, bytes("60")},
    };
    for (const auto& [link, header] : headers) {
        for (std::size_t n = 0; n < header.size(); ++n) {
            const Bytes frame(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(n));
            EXPECT_EQ(decode(link, frame).word, "not_ip") << test::to_hex(frame);
            EXPECT_EQ(decode(link, frame, udp_only, 1).word, "cut_short") << test::to_hex(frame);
        }
    }
}

TEST(DecodeFrame, WrongTypeInACutFrameIsNotIpSinceNothingIsMissing) {
    EXPECT_EQ(decode(LinkType::ethernet, test::ethernet(0x0806, {}), udp_only, 28).word, "not_ip");
    EXPECT_EQ(decode(LinkType::bsd_null, test::bsd_header(7, true, {}), udp_only, 28).word, "not_ip");
    EXPECT_EQ(decode(LinkType::raw, bytes("50"), udp_only, 28).word, "not_ip");
}

TEST(DecodeFrame, PaddingIsNotPartOfThePacket) {
    Bytes frame = test::ethernet(0x0800, packet4());
    frame.insert(frame.end(), 10, 0xee);
    EXPECT_EQ(decode(LinkType::ethernet, frame).view.ip.size(), 40U);
    EXPECT_EQ(decode(LinkType::ethernet, frame, udp_only, 100).word, "ok") << "the cut took padding only";
}

TEST(DecodeFrame, LinkTypesOfOneFamilyTakeNoOther) {
    EXPECT_EQ(decode(LinkType::ipv4, packet6()).word, "bad_ip_header");
    EXPECT_EQ(decode(LinkType::ipv6, packet4()).word, "bad_ip_header");
}

// ---- truncation at every length

struct Truncated {
    LinkType link;
    Bytes frame;
    std::size_t ip_at, ip_header;
};

TEST(DecodeFrame, FrameCutAnywhereIsCutShortAndOneThatEndsEarlyIsBad) {
    const std::vector<Truncated> cases{
        {LinkType::ethernet, test::ethernet(0x0800, packet4()), 14, 20},
        {LinkType::ethernet, test::ethernet(0x86dd, packet6(), {0x8100}), 18, 40},
        {LinkType::linux_sll2,
         test::linux_sll2(0x0800, test::ipv4({.options = Bytes(8)}, test::udp4(counting(5)))), 20, 20},
        {LinkType::raw, test::ipv6({.extensions = {extension(60, 1)}}, test::udp6(counting(9))), 1, 40},
    };
    for (const Truncated& c : cases) {
        ASSERT_EQ(decode(c.link, c.frame).word, "ok");
        for (std::size_t n = 0; n < c.frame.size(); ++n) {
            const Bytes frame(c.frame.begin(), c.frame.begin() + static_cast<std::ptrdiff_t>(n));
            EXPECT_EQ(decode(c.link, frame, udp_only, c.frame.size() - n).word, "cut_short") << n;
            const std::size_t ip_at = c.link == LinkType::raw ? 0 : c.ip_at;
            const char* expected = n < c.ip_at               ? "not_ip"
                                   : n < ip_at + c.ip_header ? "bad_ip_header"
                                                             : "bad_ip_length";
            EXPECT_EQ(decode(c.link, frame).word, expected) << n;
        }
    }
}

// ---- IPv4

TEST(DecodeIpv4, BadHeaderIsWrongVersionOrLessThanTwentyOctets) {
    const Bytes ip = packet4();
    EXPECT_EQ(decode(LinkType::ethernet, test::ethernet(0x0800, with(ip, 0, "65"))).word, "bad_ip_header");
    EXPECT_EQ(raw(with(ip, 0, "44")), "bad_ip_header");
    EXPECT_EQ(raw(with(ip, 0, "40")), "bad_ip_header");
    EXPECT_EQ(raw(bytes("45")), "bad_ip_header");
}

TEST(DecodeIpv4, BadLengthIsLessThanTheHeaderOrMoreThanTheFrame) {
    const Bytes ip = packet4();
    EXPECT_EQ(raw(with(ip, 2, "0013")), "bad_ip_length");
    EXPECT_EQ(raw(with(ip, 2, "0000")), "bad_ip_length");
    EXPECT_EQ(raw(with(ip, 2, "0029")), "bad_ip_length");
    EXPECT_EQ(raw(with(with(ip, 0, "4f"), 2, "0028")), "bad_ip_length") << "header of 60 octets";
}

TEST(DecodeIpv4, WrongHeaderWinsOverTheCut) {
    Bytes ip = packet4();
    ip.resize(30);
    EXPECT_EQ(decode(LinkType::raw, ip, udp_only, 10).word, "cut_short");
    EXPECT_EQ(decode(LinkType::raw, with(ip, 0, "44"), udp_only, 10).word, "bad_ip_header");
    EXPECT_EQ(decode(LinkType::raw, with(ip, 2, "0010"), udp_only, 10).word, "bad_ip_length");
    EXPECT_EQ(decode(LinkType::raw, with(ip, 9, "32"), udp_only, 10).word, "cut_short")
        << "not_udp comes later";
}

TEST(DecodeIpv4, OptionsAreSkipped) {
    const Bytes packet = test::ipv4({.options = Bytes(40, 1)}, test::udp4(counting(3)));  // outlives its view
    const Decoded d = decode(LinkType::raw, packet);
    ASSERT_EQ(d.word, "ok");
    EXPECT_EQ(d.view.transport_at, 60U);
    EXPECT_EQ(d.view.destination_port(), 53);
}

TEST(DecodeIpv4, DontFragmentAndTheReservedBitMakeNoFragment) {
    for (const std::uint16_t flags : {0x4000, 0x8000, 0xc000}) {
        const Bytes ip = test::ipv4({.flags_and_offset = flags}, test::udp4({}));
        EXPECT_FALSE(decode(LinkType::raw, ip).view.fragment);
        EXPECT_FALSE(decode(LinkType::ethernet, test::ethernet(0x0800, ip)).view.fragment);
    }
}

TEST(DecodeIpv4, InitialFragmentHasPortsIdProtocolAndMore) {
    const Bytes ip = test::ipv4({.id = 0xbeef, .flags_and_offset = 0x2000}, test::udp4(counting(8)));
    for (const Decoded& d :
         {decode(LinkType::raw, ip), decode(LinkType::ethernet, test::ethernet(0x0800, ip))}) {
        ASSERT_EQ(d.word, "ok");
        ASSERT_TRUE(d.view.fragment);
        EXPECT_EQ(d.view.fragment->id, 0x0011beefU);
        EXPECT_EQ(d.view.fragment->offset, 0U);
        EXPECT_TRUE(d.view.fragment->more);
        EXPECT_EQ(d.view.transport_at, 20U);
        EXPECT_EQ(d.view.fragment_data_at(), 20U);
    }
}

TEST(DecodeIpv4, LaterFragmentNeedsNoTransportHeader) {
    const Decoded d =
        decode(LinkType::raw, test::ipv4({.flags_and_offset = 0x1fff, .options = Bytes(4)}, bytes("aa")));
    ASSERT_EQ(d.word, "ok");
    EXPECT_EQ(d.view.fragment->offset, 65528U);
    EXPECT_FALSE(d.view.fragment->more);
    EXPECT_EQ(d.view.transport_at, 24U);
    EXPECT_EQ(raw(test::ipv4({.flags_and_offset = 1}, {})), "ok") << "empty";
}

TEST(DecodeIpv4, FragmentsOfOtherProtocolsAreNotUdp) {
    EXPECT_EQ(raw(test::ipv4({.protocol = 6, .flags_and_offset = 1}, counting(8))), "not_udp");
    EXPECT_EQ(raw(test::ipv4({.protocol = 6, .flags_and_offset = 1}, counting(8)), {.tcp = true}), "ok");
    EXPECT_EQ(raw(test::ipv4({.protocol = 0, .flags_and_offset = 1}, counting(8))), "not_udp")
        << "no extension headers here";
}

// ---- IPv6

TEST(DecodeIpv6, BadHeaderIsWrongVersionOrLessThanFortyOctets) {
    const Bytes ip = packet6();
    EXPECT_EQ(decode(LinkType::ethernet, test::ethernet(0x86dd, with(ip, 0, "45"))).word, "bad_ip_header");
    EXPECT_EQ(raw(Bytes(ip.begin(), ip.begin() + 39)), "bad_ip_header");
}

TEST(DecodeIpv6, BadLengthIsZeroOrMoreThanTheFrame) {
    const Bytes ip = packet6();
    EXPECT_EQ(raw(with(ip, 4, "0000")), "bad_ip_length");
    EXPECT_EQ(raw(with(ip, 4, "0015")), "bad_ip_length");
    EXPECT_EQ(decode(LinkType::raw, with(ip, 4, "0000"), udp_only, 9).word, "bad_ip_length")
        << "zero also when cut";
    EXPECT_EQ(decode(LinkType::raw, with(ip, 4, "0015"), udp_only, 9).word, "cut_short");
    EXPECT_EQ(decode(LinkType::raw, with(with(ip, 0, "45"), 4, "0000"), udp_only).word, "bad_ip_length");
}

TEST(DecodeIpv6, WalksEveryExtensionHeaderWithItsRealSize) {
    for (const std::uint8_t length : {0, 1, 3}) {
        const Bytes ip =
            test::ipv6({.extensions = {extension(0, length), extension(60, length), extension(43, length),
                                       extension(51, length), extension(60, 0)}},
                       test::udp6(counting(4)));
        const Decoded d = decode(LinkType::raw, ip);
        ASSERT_EQ(d.word, "ok");
        EXPECT_EQ(d.view.transport_at, 40 + 3 * (length + 1U) * 8 + (length + 2U) * 4 + 8);
        EXPECT_EQ(d.view.destination_port(), 53);
    }
}

TEST(DecodeIpv6, OtherHeadersAreNotUdp) {
    for (const std::uint8_t next : {50, 59, 58, 135, 139, 140, 253})
        EXPECT_EQ(
            raw(test::ipv6({.extensions = {extension(0, 0)}, .protocol = next}, counting(16)), everything),
            "not_udp")
            << int{next};
}

TEST(DecodeIpv6, ChainThatDoesNotEndInsideThePacketIsBad) {
    EXPECT_EQ(raw(test::ipv6({.protocol = 0}, counting(7))), "bad_extension_header")
        << "no room for the smallest";
    EXPECT_EQ(raw(test::ipv6({.protocol = 60}, bytes("1101000000000000"))), "bad_extension_header");
    EXPECT_EQ(raw(test::ipv6({.protocol = 51}, bytes("1101000000000000"))), "bad_extension_header");
    EXPECT_EQ(raw(test::ipv6({.protocol = 44}, bytes("11000000000000"))), "bad_extension_header");
    EXPECT_EQ(raw(test::ipv6({.extensions = {extension(0, 0), extension(43, 0)}, .protocol = 60}, {})),
              "bad_extension_header");
}

TEST(DecodeIpv6, ChainThatEndsWithThePacketHasNoRoomForUdp) {
    EXPECT_EQ(raw(test::ipv6({.extensions = {extension(0, 0)}}, {})), "bad_udp_header");
}

TEST(DecodeIpv6, SecondFragmentHeaderIsBad) {
    EXPECT_EQ(raw(test::ipv6({.extensions = {fragment_header(1, 0, true), fragment_header(1, 0, false)}},
                             test::udp6({}))),
              "bad_extension_header");
}

TEST(DecodeIpv6, InitialFragmentKnowsWhereItsHeaderStandsAndWhoNamesIt) {
    const Bytes ip = test::ipv6({.extensions = {extension(0, 1), extension(43, 0),
                                                fragment_header(0xdeadbeef, 0, true), extension(60, 0)}},
                                test::udp6(counting(8)));
    const Decoded d = decode(LinkType::raw, ip);
    ASSERT_EQ(d.word, "ok");
    ASSERT_TRUE(d.view.fragment);
    EXPECT_EQ(d.view.fragment->id, 0xdeadbeefU);
    EXPECT_EQ(d.view.fragment->header_at, 64U);
    EXPECT_EQ(d.view.fragment->named_at, 56U);
    EXPECT_EQ(d.view.fragment_data_at(), 72U);
    EXPECT_EQ(d.view.transport_at, 80U);
    EXPECT_TRUE(d.view.fragment->more);
}

TEST(DecodeIpv6, FixedHeaderNamesAFragmentHeaderThatComesFirst) {
    const Decoded d =
        decode(LinkType::raw, test::ipv6({.extensions = {fragment_header(1, 0, false)}}, test::udp6({})));
    ASSERT_EQ(d.word, "ok");
    ASSERT_TRUE(d.view.fragment) << "an atomic fragment is one too";
    EXPECT_FALSE(d.view.fragment->more);
    EXPECT_EQ(d.view.fragment->named_at, 6U);
}

TEST(DecodeIpv6, LaterFragmentIsDataWhateverItsOctetsLookLike) {
    for (const std::uint8_t next : {17, 0, 43, 51, 60}) {
        const Decoded d = decode(
            LinkType::raw,
            test::ipv6({.extensions = {fragment_header(1, 1232, false)}, .protocol = next}, bytes("ff")));
        ASSERT_EQ(d.word, "ok") << int{next};
        EXPECT_EQ(d.view.protocol, next);
        EXPECT_EQ(d.view.fragment->offset, 1232U);
        EXPECT_EQ(d.view.transport_at, 48U);
    }
    for (const std::uint8_t next : {44, 50, 6, 58})
        EXPECT_EQ(
            raw(test::ipv6({.extensions = {fragment_header(1, 1232, false)}, .protocol = next}, counting(8))),
            "not_udp")
            << int{next};
}

TEST(DecodeIpv6, InitialFragmentHoldsTheWholeChain) {
    EXPECT_EQ(raw(test::ipv6({.extensions = {fragment_header(1, 0, true)}, .protocol = 60},
                             bytes("1101000000000000"))),
              "bad_extension_header");
    EXPECT_EQ(raw(test::ipv6({.extensions = {fragment_header(1, 0, true)}}, counting(7))), "bad_udp_header");
}

TEST(DecodeIpv6, FragmentHeaderMayStandBehind65535Octets) {
    std::vector<test::Extension> chain(31, extension(60, 255));
    chain.push_back(extension(60, 250));
    chain.push_back(fragment_header(7, 8, false));
    const Decoded d = decode(LinkType::raw, test::ipv6({.extensions = chain}, {}));
    ASSERT_EQ(d.word, "ok");
    EXPECT_EQ(d.view.fragment->header_at, 40U + 31 * 2048 + 2008);
    EXPECT_EQ(d.view.fragment->header_at, 65536U);
    EXPECT_EQ(d.view.fragment_data_at(), d.view.ip.size());
}

// ---- transport

TEST(DecodeTransport, BadUdpHeaderIsLessThanEightOctets) {
    EXPECT_EQ(raw(test::ipv4({}, counting(7))), "bad_udp_header");
    EXPECT_EQ(raw(test::ipv4({}, counting(8))), "ok") << "its length field is judged later";
    EXPECT_EQ(decode(LinkType::ethernet, test::ethernet(0x0800, test::ipv4({}, counting(7)))).word,
              "bad_udp_header");
    EXPECT_EQ(raw(test::ipv4({.flags_and_offset = 0x2000}, counting(7))), "bad_udp_header")
        << "initial fragment";
}

TEST(DecodeTransport, TcpIsNotUdpUnlessAskedFor) {
    const Bytes ip = test::ipv4({.protocol = 6}, counting(20));
    EXPECT_EQ(raw(ip), "not_udp");
    EXPECT_EQ(raw(ip, {.icmp = true}), "not_udp");
    EXPECT_EQ(raw(ip, {.tcp = true}), "ok");
    EXPECT_EQ(raw(test::ipv6({.protocol = 6}, counting(20)), {.tcp = true}), "ok");
}

TEST(DecodeTransport, BadTcpHeaderIsLessThanTwentyOctets) {
    EXPECT_EQ(raw(test::ipv4({.protocol = 6}, counting(19)), everything), "bad_tcp_header");
    EXPECT_EQ(raw(test::ipv4({.protocol = 6}, counting(19))), "not_udp") << "which comes first";
}

TEST(DecodeTransport, IcmpIsNotUdpUnlessAskedFor) {
    EXPECT_EQ(raw(test::ipv4({.protocol = 1}, counting(8))), "not_udp");
    EXPECT_EQ(raw(test::ipv4({.protocol = 1}, counting(8)), {.icmp = true}), "ok");
    EXPECT_EQ(raw(test::ipv6({.protocol = 1}, counting(8)), {.icmp = true}), "ok")
        << "protocol 1 over IPv6 too";
    EXPECT_EQ(raw(test::ipv6({.protocol = 58}, counting(8)), {.icmp = true}), "not_udp") << "ICMPv6";
}

TEST(DecodeTransport, IcmpWithoutItsHeaderHasNoQuote) {
    EXPECT_EQ(raw(test::ipv4({.protocol = 1}, counting(7)), {.icmp = true}), "icmp_no_quote");
}

// ---- the fast path and the plain one

TEST(DecodeFrame, FastPathAgreesWithDecodeIpWhateverOctetOfTheHeaderDiffers) {
    const Bytes frame = test::ethernet(0x0800, packet4());
    for (std::size_t at = 14; at < 34; ++at) {
        for (unsigned value = 0; value < 256; ++value) {
            Bytes changed = frame;
            changed[at] = static_cast<std::uint8_t>(value);
            PacketView a, b;
            const auto fast = decode_frame(LinkType::ethernet, changed, 54, udp_only, a);
            const auto plain = decode_ip(Family::v4, Octets(changed).subspan(14), false, udp_only, b);
            ASSERT_EQ(word(fast), word(plain)) << at << ' ' << value;
            if (fast) continue;
            EXPECT_EQ(a.ip.data(), b.ip.data());
            EXPECT_EQ(a.ip.size(), b.ip.size());
            EXPECT_EQ(a.transport_at, b.transport_at);
            EXPECT_EQ(a.protocol, b.protocol);
            EXPECT_EQ(a.fragment.has_value(), b.fragment.has_value());
        }
    }
}

TEST(DecodeFrame, NothingOfTheFrameBeforeStaysInTheView) {
    PacketView view;
    const Bytes fragment =
        test::ethernet(0x86dd, test::ipv6({.extensions = {fragment_header(1, 8, true)}}, counting(8)));
    ASSERT_EQ(word(decode_frame(LinkType::ethernet, fragment, 70, udp_only, view)), "ok");
    ASSERT_TRUE(view.fragment);
    const Bytes whole = test::ethernet(0x0800, packet4());
    ASSERT_EQ(word(decode_frame(LinkType::ethernet, whole, 54, udp_only, view)), "ok");
    EXPECT_FALSE(view.fragment);
    EXPECT_EQ(view.family, Family::v4);
}

TEST(DecodeFrame, RandomOctetsNeverPutAnOffsetOutsideThePacket) {
    std::uint64_t state = 1;
    const auto random = [&state] {
        return static_cast<std::uint8_t>((state = state * 6364136223846793005U + 1442695040888963407U) >> 56);
    };
    for (int round = 0; round < 200000; ++round) {
        Bytes frame(random() % 120U);
        for (auto& o : frame) o = random() % 4 == 0 ? std::uint8_t{44} : random();
        if (!frame.empty()) frame[0] = static_cast<std::uint8_t>(random() % 2 == 0 ? 0x45 : 0x60);
        if (frame.size() > 6) frame[4] = frame[2] = 0;
        PacketView view;
        if (decode_frame(LinkType::raw, frame, static_cast<std::uint32_t>(frame.size()), everything, view))
            continue;
        ASSERT_LE(view.ip.size(), frame.size());
        ASSERT_LE(view.transport_at, view.ip.size());
        if (view.fragment) ASSERT_LE(view.fragment_data_at(), view.transport_at);
        if (!view.fragment || view.fragment->offset == 0) ASSERT_LE(view.transport_at + 8, view.ip.size());
    }
}

}  // namespace
}  // namespace sie::net
