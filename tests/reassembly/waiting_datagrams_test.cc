#include "reassembly/waiting_datagrams.h"

#include <gtest/gtest.h>

#include <list>
#include <map>
#include <random>

#include "support/packet_builder.h"

namespace sie::reassembly {
namespace {

using test::Bytes;
using test::counting;

constexpr std::uint32_t none = WaitingDatagrams::none;

DatagramKey key_of(const Bytes& packet) {
    net::PacketView view;
    const auto family = packet[0] >> 4 == 4 ? net::Family::v4 : net::Family::v6;
    EXPECT_FALSE(net::decode_ip(family, packet, false, {.tcp = true}, view).has_value());
    return DatagramKey::of(view);
}

DatagramKey numbered(std::uint32_t id) { return {net::Family::v4, id, {}}; }

// Q16.
TEST(DatagramKey, OfIpv4IsAddressesIdAndProtocol) {
    const test::Ipv4 header{.flags_and_offset = 0x2001};
    const DatagramKey key = key_of(test::ipv4(header, counting(8)));
    EXPECT_EQ(key, key_of(test::ipv4({.flags_and_offset = 0x0003}, counting(16))));
    for (auto change : {+[](test::Ipv4& h) { h.source = "192.0.2.2"; },
                        +[](test::Ipv4& h) { h.destination = "198.51.100.3"; },
                        +[](test::Ipv4& h) { h.id = 0x1235; }, +[](test::Ipv4& h) { h.protocol = 6; }}) {
        test::Ipv4 other = header;
        change(other);
        EXPECT_FALSE(key == key_of(test::ipv4(other, counting(8))));
    }
}

TEST(DatagramKey, TellsTheTwoAddressesApart) {
    const test::Ipv4 there{.flags_and_offset = 0x2001};
    const test::Ipv4 back{
        .source = there.destination, .destination = there.source, .flags_and_offset = 0x2001};
    EXPECT_FALSE(key_of(test::ipv4(there, counting(8))) == key_of(test::ipv4(back, counting(8))));
}

TEST(DatagramKey, OfIpv6IsAddressesAndTheWholeId) {
    const auto packet = [](const std::string& source, std::uint32_t id, std::uint8_t protocol) {
        return key_of(test::ipv6(
            {.source = source, .extensions = {test::fragment_header(id, 8, true)}, .protocol = protocol},
            counting(8)));
    };
    const DatagramKey key = packet("2001:db8::1", 0x12345678, 17);
    EXPECT_EQ(key, packet("2001:db8::1", 0x12345678, 17));
    EXPECT_EQ(key, packet("2001:db8::1", 0x12345678, 60));  // only the initial fragment's next header counts
    EXPECT_FALSE(key == packet("2001:db8::3", 0x12345678, 17));
    EXPECT_FALSE(key == packet("2001:db8::1", 0x12345679, 17));
    EXPECT_FALSE(key == packet("2001:db8::1", 0x02345678, 17));
}

TEST(DatagramKey, TellsTheFamiliesApart) {
    DatagramKey four = numbered(7), six = four;
    six.family = net::Family::v6;
    EXPECT_FALSE(four == six);
}

TEST(WaitingDatagrams, FindsWhatWasAddedUntilItIsRemoved) {
    WaitingDatagrams waiting(2, {1, 2});
    EXPECT_EQ(waiting.find(numbered(1)), none);
    EXPECT_EQ(waiting.oldest(), none);
    const std::uint32_t index = waiting.add(numbered(1), Time{5});
    EXPECT_EQ(waiting.find(numbered(1)), index);
    EXPECT_EQ(waiting.find(numbered(2)), none);
    EXPECT_EQ(waiting[index].first.ns, 5);
    EXPECT_EQ(waiting.size(), 1U);
    waiting.remove(index);
    EXPECT_EQ(waiting.find(numbered(1)), none);
    EXPECT_EQ(waiting.oldest(), none);
    EXPECT_EQ(waiting.size(), 0U);
}

TEST(WaitingDatagrams, ARecordStartsAnew) {
    WaitingDatagrams waiting(1, {1, 2});
    const std::uint32_t index = waiting.add(numbered(1), Time{5});
    waiting[index].spoiled = DropReason::fragment_overlap;
    waiting[index].end = 8;
    waiting[index].fragments = 3;
    waiting.remove(index);
    const std::uint32_t again = waiting.add(numbered(2), Time{6});
    EXPECT_FALSE(waiting[again].spoiled.has_value());
    EXPECT_FALSE(waiting[again].end.has_value());
    EXPECT_EQ(waiting[again].fragments, 0U);
    EXPECT_EQ(waiting[again].root, FragmentPool::none);
}

TEST(WaitingDatagrams, AgreesWithAListInOrderOfCreation) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        constexpr std::size_t room = 64;
        WaitingDatagrams waiting(room, {seed, 2});
        std::list<std::uint32_t> order;               // of ids
        std::map<std::uint32_t, std::uint32_t> twin;  // id → index
        for (int step = 0; step < 5000; ++step) {
            const std::uint32_t id = random() % 200;
            const auto at = twin.find(id);
            ASSERT_EQ(waiting.find(numbered(id)), at == twin.end() ? none : at->second);
            if (at == twin.end() && twin.size() < room) {
                // Stamps may fall; the order is that of creation.
                twin.emplace(id, waiting.add(numbered(id), Time{static_cast<int>(random() % 100)}));
                order.push_back(id);
            } else if (at != twin.end()) {
                waiting.remove(at->second);
                twin.erase(at);
                order.remove(id);
            }
            ASSERT_EQ(waiting.size(), twin.size());
            std::uint32_t listed = waiting.oldest();
            for (const std::uint32_t expected : order) {
                ASSERT_EQ(listed, twin.at(expected));
                listed = waiting[listed].newer;
            }
            ASSERT_EQ(listed, none);
        }
    }
}

}  // namespace
}  // namespace sie::reassembly
