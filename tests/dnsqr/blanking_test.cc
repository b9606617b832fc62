// From a zeroed output nobody may compute the resolver's address (REFERENCE §3 "Zeroing", §7 "Who is
// blanked"; FACTS B1, B2, B4).
#include "dnsqr/blanking.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dnsqr/made_message.h"

namespace sie::dnsqr {
namespace {

using test::Bytes;

// The packets of the message after blanking.
std::vector<Bytes> blanked(const Made& made, bool responder_listed) {
    std::vector<Bytes> copies = made.packets();
    std::vector<std::uint8_t*> places;
    for (Bytes& copy : copies) places.push_back(copy.data());
    blank_resolver(made.message, responder_listed, places.data());
    return copies;
}

Bytes zeroed(Bytes packet, std::initializer_list<std::pair<std::size_t, std::size_t>> ranges) {
    for (const auto& [from, n] : ranges)
        std::fill_n(packet.begin() + static_cast<std::ptrdiff_t>(from), n, 0);
    return packet;
}

TEST(BlankResolver, OfAnIpv4QueryZeroesSourceAndBothChecksums) {
    const Made made({.rest = test::counting(20)});
    EXPECT_EQ(blanked(made, false)[0], zeroed(made.packets()[0], {{10, 2}, {12, 4}, {26, 2}}));
}

TEST(BlankResolver, OfAnIpv4ResponseZeroesTheDestination) {
    const Made made({.response = true});
    EXPECT_EQ(blanked(made, false)[0], zeroed(made.packets()[0], {{10, 2}, {16, 4}, {26, 2}}));
}

TEST(BlankResolver, OfAListedResponderZeroesBothAddresses) {
    for (const bool response : {false, true}) {
        const Made four({.response = response});
        EXPECT_EQ(blanked(four, true)[0], zeroed(four.packets()[0], {{10, 2}, {12, 8}, {26, 2}}));
        const Made six({.initiator = "2001:db8::1", .responder = "2001:db8::2", .response = response});
        EXPECT_EQ(blanked(six, true)[0], zeroed(six.packets()[0], {{8, 32}, {46, 2}}));
    }
}

// B1: the response loses its destination, the query keeps that of the server.
TEST(BlankResolver, OfIpv6ZeroesTheInitiatorOnly) {
    const Made query({.initiator = "2001:db8::1", .responder = "2001:db8::2"});
    EXPECT_EQ(blanked(query, false)[0], zeroed(query.packets()[0], {{8, 16}, {46, 2}}));
    const Made response({.initiator = "2001:db8::1", .responder = "2001:db8::2", .response = true});
    EXPECT_EQ(blanked(response, false)[0], zeroed(response.packets()[0], {{24, 16}, {46, 2}}));
}

// Record route and a time stamp, both with an address.
TEST(BlankResolver, ZeroesAllIpv4OptionOctets) {
    const Made made({.options = test::bytes("070704c0000201 01 44080501c0000201")});
    EXPECT_EQ(blanked(made, false)[0], zeroed(made.packets()[0], {{10, 2}, {12, 4}, {20, 16}, {42, 2}}));
}

TEST(BlankResolver, ZeroesTheChecksumInTheInitialFragmentAndTheAddressInEach) {
    for (const bool response : {false, true}) {
        const Made made({.response = response, .rest = test::counting(200), .piece = 64});
        ASSERT_GT(made.packets().size(), 3U);
        const auto after = blanked(made, false);
        const std::size_t address = response ? 16 : 12;
        for (std::size_t i = 0; i < after.size(); ++i) {
            Bytes expected = zeroed(made.packets()[i], {{10, 2}, {address, 4}});
            if (i == 0) expected = zeroed(expected, {{26, 2}});
            EXPECT_EQ(after[i], expected) << i;
        }
    }
}

TEST(BlankResolver, FindsTheChecksumBehindHeadersInTheFragmentedData) {
    // UDP stands 24 octets into the data: its checksum at 30 … 32, in the second fragment of 24 octets. A
    // gate refuses such an initial fragment (RFC 7112); the arithmetic holds all the same.
    const Made made({.initiator = "2001:db8::1",
                     .responder = "2001:db8::2",
                     .rest = test::counting(60),
                     .fragmented = {test::extension(60, 2)},
                     .piece = 24});
    EXPECT_EQ(made.message.base, 24U);
    const auto after = blanked(made, false);
    EXPECT_EQ(after[0], zeroed(made.packets()[0], {{8, 16}}));
    EXPECT_EQ(after[1], zeroed(made.packets()[1], {{8, 16}, {48 + 6, 2}}));
}

const Say six{.initiator = "2001:db8::1", .responder = "2001:db8::2"};

// 24 octets: length 2, type 0, one segment left, 4 reserved octets, an address.
test::Extension routing(const std::string& address = "20010db8000000000000000000000001") {
    return {43, test::bytes("02 00 01 aabbccdd" + address)};
}
// 32 octets: Pad1, PadN of 2, the home address, an option of another kind.
test::Extension home(std::uint8_t header, const std::string& address = "20010db8000000000000000000000001") {
    return {header, test::bytes("03 00 0102eeee c910" + address + "1e050102030405")};
}

TEST(BlankResolver, ZeroesRoutingDataBehindSegmentsLeft) {
    Say say = six;
    say.extensions = {routing()};
    const Made made(say);
    EXPECT_EQ(blanked(made, false)[0], zeroed(made.packets()[0], {{8, 16}, {44, 20}, {70, 2}}));
}

TEST(BlankResolver, ZeroesHomeAddressesInDestinationAndHopByHopOptions) {
    for (const std::uint8_t header : {0, 60}) {
        Say say = six;
        say.extensions = {home(header)};
        const Made made(say);
        EXPECT_EQ(blanked(made, false)[0], zeroed(made.packets()[0], {{8, 16}, {49, 16}, {78, 2}}));
    }
}

TEST(BlankResolver, WalksAChainOfHeadersToItsEnd) {
    Say say = six;
    say.extensions = {home(0), routing(), test::extension(51, 4), home(60)};
    const Made made(say);
    EXPECT_EQ(blanked(made, false)[0],
              zeroed(made.packets()[0], {{8, 16}, {49, 16}, {76, 20}, {120 + 9, 16}, {120 + 32 + 6, 2}}));
}

TEST(BlankResolver, AnOptionCutByItsHeaderIsZeroedToItsEnd) {
    Say say = six;
    // 16 octets: the home address states 16 of which only 10 are there.
    say.extensions = {{60, test::bytes("01 0100 c910 20010db8000000000000")}};
    const Made made(say);
    EXPECT_EQ(blanked(made, false)[0], zeroed(made.packets()[0], {{8, 16}, {46, 10}, {62, 2}}));
}

TEST(BlankResolver, OfEachFragmentWalksTheHeadersInFrontOfItsData) {
    Say say = six;
    say.extensions = {routing()};
    say.rest = test::counting(200);
    say.piece = 64;
    const Made made(say);
    const auto after = blanked(made, false);
    for (std::size_t i = 0; i < after.size(); ++i) {
        Bytes expected = zeroed(made.packets()[i], {{8, 16}, {44, 20}});
        if (i == 0) expected = zeroed(expected, {{72 + 6, 2}});
        EXPECT_EQ(after[i], expected) << i;
    }
}

// Behind the fragment header only the initial fragment has headers; what looks like them later is data.
TEST(BlankResolver, TakesNoDataForHeaders) {
    Say say = six;
    say.fragmented = {routing()};
    say.rest = Bytes(200, 1);  // as a routing header it would have 16 octets
    say.piece = 64;
    const Made made(say);
    const auto after = blanked(made, false);
    ASSERT_GT(after.size(), 3U);
    EXPECT_EQ(after[0], zeroed(made.packets()[0], {{8, 16}, {48 + 4, 20}, {48 + 24 + 6, 2}}));
    for (std::size_t i = 1; i < after.size(); ++i)
        EXPECT_EQ(after[i], zeroed(made.packets()[i], {{8, 16}})) << i;
}

// ---- client subnets (REFERENCE §1.5, §7)

// An OPT record with a /24 of IPv4 in four octets; these stand at the end of the message.
const Bytes subnet = test::bytes("00 0029 1000 00000000 000c 0008 0008 0001 1800 cb007107");

std::vector<Bytes> without_subnets(const Made& made) {
    std::vector<dns::OctetRange> room(dns::most_client_subnets);
    const auto ranges = dns::find_client_subnets(made.message.dns, room);
    EXPECT_EQ(ranges.size(), 1U);
    std::vector<Bytes> copies = made.packets();
    std::vector<std::uint8_t*> places;
    for (Bytes& copy : copies) places.push_back(copy.data());
    blank_client_subnets(made.message, ranges, places.data());
    return copies;
}

TEST(BlankClientSubnets, ZeroesTheAddressOctetsAndTheUdpChecksum) {
    const Made four({.rest = subnet});
    EXPECT_EQ(without_subnets(four)[0],
              zeroed(four.packets()[0], {{26, 2}, {four.packets()[0].size() - 4, 4}}));
    Say say = six;
    say.rest = subnet;
    const Made made(say);
    EXPECT_EQ(without_subnets(made)[0],
              zeroed(made.packets()[0], {{46, 2}, {made.packets()[0].size() - 4, 4}}));
}

TEST(BlankClientSubnets, FollowsTheOctetsAcrossFragments) {
    // 60 octets of DNS and UDP, the address in the last four: with pieces of 8 it stands in the last two.
    const Made made({.name = "ww.example", .rest = subnet, .piece = 8});
    const std::size_t octets = 8 + 12 + 12 + 4 + subnet.size();
    ASSERT_EQ(octets % 8, 3U);  // one octet is in the last piece but one
    const auto after = without_subnets(made);
    for (std::size_t i = 0; i < after.size(); ++i) {
        Bytes expected = made.packets()[i];
        if (i == 0) expected = zeroed(expected, {{26, 2}});
        if (i + 2 == after.size()) expected = zeroed(expected, {{27, 1}});
        if (i + 1 == after.size()) expected = zeroed(expected, {{20, 3}});
        EXPECT_EQ(after[i], expected) << i;
    }
}

TEST(BlankClientSubnets, WithoutAnyLeavesEverything) {
    const Made made({});
    Bytes copy = made.packets()[0];
    std::uint8_t* place = copy.data();
    blank_client_subnets(made.message, {}, &place);
    EXPECT_EQ(copy, made.packets()[0]);
}

// ---- the attempt: whoever sees only the output cannot tell two resolvers apart

struct Resolver {
    std::string four, six, hex4, hex6;
};
const Resolver one{"192.0.2.1", "2001:db8::1", "c0000201", "20010db8000000000000000000000001"};
const Resolver other{"203.0.113.254", "2001:db8:ffff:1:2:3:4:5", "cb0071fe",
                     "20010db8ffff00010002000300040005"};

// Everything that a resolver may say, whole and in fragments, with its address wherever a header may hold it.
std::vector<Say> all_of(const Resolver& resolver, bool listed_responder) {
    std::vector<Say> all;
    for (const std::size_t piece : {0, 32})
        for (int form = 0; form < 5; ++form) {
            Say say;
            say.id = static_cast<std::uint16_t>(all.size());
            say.piece = piece;
            say.rest = test::counting(70);
            const bool v6 = form >= 2;
            say.initiator = v6 ? resolver.six : resolver.four;
            say.responder = v6 ? "2001:db8:9::2" : "198.51.100.2";
            if (listed_responder) std::swap(say.initiator, say.responder);
            if (form == 1) say.options = test::bytes("070704" + resolver.hex4 + "00");
            if (form == 3) say.extensions = {home(0, resolver.hex6), routing(resolver.hex6)};
            if (form == 4) {
                say.extensions = {routing(resolver.hex6)};
                if (piece == 0)
                    say.extensions.push_back(home(60, resolver.hex6));
                else
                    say.piece = 64, say.fragmented = {home(60, resolver.hex6)};
            }
            all.push_back(say);
        }
    return all;
}

std::vector<Kept> output_of(const Resolver& resolver, bool listed_responder, const char* zero,
                            const char* qr) {
    // The lists are the same for both, so that nothing but the address differs.
    Rules rules(
        settings_of({{"DNSQR_RES_ADDRS", listed_responder
                                             ? "192.0.2.1,203.0.113.254,198.51.100.2,2001:db8::/32"
                                             : "192.0.2.1,203.0.113.254,2001:db8::1,2001:db8:ffff:1:2:3:4:5"},
                     {"DNSQR_ZERO_RESOLVER_ADDRESS", zero},
                     {"DNSQR_CAPTURE_QR", qr}}));
    for (const bool pairs : {true, false}) {
        for (Say say : all_of(resolver, listed_responder)) {
            if (pairs) rules.say(say);  // the later answers are unsolicited
            say.response = true;
            rules.say(say);
        }
    }
    for (const Say& say : all_of(resolver, listed_responder)) rules.say(say);
    rules.flush();
    return rules.kept();
}

TEST(ZeroedOutput, IsTheSameWhateverTheResolversAddress) {
    for (const bool listed_responder : {false, true}) {
        for (const char* qr : {"both", "0", "1"}) {
            const auto first = output_of(one, listed_responder, "1", qr),
                       second = output_of(other, listed_responder, "1", qr);
            ASSERT_EQ(first.size(), second.size());
            ASSERT_GE(first.size(), 20U);
            for (std::size_t i = 0; i < first.size(); ++i)
                EXPECT_TRUE(first[i] == second[i]) << listed_responder << ' ' << qr << ' ' << i;
        }
    }
}

// The attempt would see a leak: without zeroing every payload differs.
TEST(ZeroedOutput, WithoutZeroingEveryPayloadTellsTheResolver) {
    const auto first = output_of(one, false, "0", "both"), second = output_of(other, false, "0", "both");
    ASSERT_EQ(first.size(), second.size());
    for (std::size_t i = 0; i < first.size(); ++i) EXPECT_FALSE(first[i] == second[i]) << i;
}

// Octets of the address stand nowhere, in no order of the payload.
TEST(ZeroedOutput, HoldsTheAddressNowhere) {
    for (const bool listed_responder : {false, true}) {
        for (const Kept& kept : output_of(one, listed_responder, "1", "both")) {
            EXPECT_EQ(kept.zeroed, true);
            EXPECT_EQ(kept.query_ip, Bytes(kept.query_ip.size()));
            for (const auto* packets : {&kept.queries, &kept.responses})
                for (const auto& packet : *packets)
                    for (const std::string& hex : {one.hex4, one.hex6}) {
                        const Bytes address = test::bytes(hex);
                        EXPECT_EQ(std::search(packet.octets.begin(), packet.octets.end(), address.begin(),
                                              address.end()),
                                  packet.octets.end());
                    }
        }
    }
}

}  // namespace
}  // namespace sie::dnsqr
