// The way of a packet: each reason for dropping, which reason wins, the clock, and no allocation on the way.
#include "sensor/packet_path.h"

#include <gtest/gtest.h>

#include "sensor/container_writer.h"
#include "sensor/payload_packer.h"
#include "support/allocation_counter.h"
#include "support/packet_builder.h"

namespace sie::sensor {
namespace {

using test::Bytes;
using test::bytes;

constexpr std::int64_t start = 1'700'000'000;
const std::string resolver = "192.0.2.1", server = "198.51.100.2", client = "203.0.113.7";

Bytes query(std::uint16_t id, bool response = false) {
    Bytes message = bytes("0000 0100 0001 0000 0000 0000 03777777076578616d706c6500 0001 0001");
    message[0] = static_cast<std::uint8_t>(id >> 8);
    message[1] = static_cast<std::uint8_t>(id);
    if (response) message[2] |= 0x80;
    return message;
}

Bytes datagram(const std::string& from, const std::string& to, std::uint16_t source_port,
               std::uint16_t destination_port, Octets data) {
    return test::ipv4({.source = from, .destination = to},
                      test::udp(from, to, source_port, destination_port, data));
}

Bytes question(std::uint16_t id) { return datagram(resolver, server, 33333, 53, query(id)); }
Bytes answer(std::uint16_t id) { return datagram(server, resolver, 53, 33333, query(id, true)); }

Bytes patched(Bytes packet, std::size_t at, std::string_view hex) {
    const Bytes octets = bytes(hex);
    std::copy(octets.begin(), octets.end(), packet.begin() + static_cast<std::ptrdiff_t>(at));
    return packet;
}

struct NoSink final : dnsqr::PayloadSink, ClockListener {
    void payload(const nmsg::DnsqrPayload& payload, Time, nmsg::Blank) override {
        types.push_back(payload.type);
    }
    void clock(Time now) override { last = now; }
    std::vector<nmsg::DnsqrType> types;
    Time last;
};

class Path {
  public:
    explicit Path(std::initializer_list<std::pair<const char*, const char*>> set = {
                      {"DNSQR_RES_ADDRS", "192.0.2.1,2001:db8::1"}}) {
        for (const auto& [name, value] : set) {
            const auto applied = dnsqr::find_setting(name)->apply(settings, name, value);
            EXPECT_TRUE(applied) << (applied ? "" : applied.error().text());
        }
        path.emplace(settings, HashKey{1, 2}, ledger, sink, sink, nullptr);
    }
    ~Path() {
        path->finish();
        for (const auto type : sink.types) ++ledger.payloads[static_cast<std::size_t>(type)];
        EXPECT_EQ(ledger.balances(), (std::array<std::int64_t, 3>{}));
    }
    void put(Octets packet, double second = 0, net::LinkType link = net::LinkType::raw,
             std::uint32_t wire = 0) {
        capture::Frame frame;
        frame.octets = packet;
        frame.time = Time{start * Time::per_second + static_cast<std::int64_t>(second * 1e9)};
        frame.wire_length = wire == 0 ? static_cast<std::uint32_t>(packet.size()) : wire;
        frame.link = link;
        path->frame(frame);
    }
    [[nodiscard]] std::uint64_t operator[](DropReason reason) const { return ledger.drops[index_of(reason)]; }
    [[nodiscard]] std::uint64_t kind(dnsqr::TransactionKind of) const {
        return ledger.transactions.by_kind[static_cast<std::size_t>(of)];
    }

    dnsqr::Settings settings;
    Ledger ledger;
    NoSink sink;
    std::optional<PacketPath> path;
};

TEST(PacketPath, PairsAQueryWithItsAnswer) {
    Path p;
    p.put(question(1));
    p.put(answer(1), 0.5);
    EXPECT_EQ(p.kind(dnsqr::TransactionKind::pair), 1U);
    EXPECT_EQ(p.ledger.messages, 2U);
}

struct Reason {
    DropReason reason;
    Bytes packet;
    net::LinkType link = net::LinkType::raw;
    std::uint32_t wire = 0;
};

Bytes tcp(std::size_t size) { return test::ipv4({.protocol = 6}, Bytes(size)); }

TEST(PacketPath, CountsEachFrameUnderTheReasonThatApplies) {
    const Bytes good = question(1);
    const Bytes routed = test::ipv6({.extensions = {{0, bytes("ff000000000000")}}}, test::udp6(query(1)));
    const std::vector<Reason> reasons{
        {DropReason::cut_short, Bytes(good.begin(), good.begin() + 40), net::LinkType::raw,
         static_cast<std::uint32_t>(good.size())},
        {DropReason::not_ip, test::ethernet(0x0806, Bytes(28)), net::LinkType::ethernet},
        {DropReason::bad_ip_header, patched(good, 0, "44")},
        {DropReason::bad_ip_length, patched(good, 2, "ffff")},
        {DropReason::bad_extension_header, routed},
        {DropReason::not_udp, tcp(20)},
        {DropReason::bad_udp_header, patched(good, 24, "0007")},
        {DropReason::other_port, datagram(resolver, server, 33333, 5353, query(1))},
        {DropReason::dns_short, datagram(resolver, server, 33333, 53, Bytes(11))},
        {DropReason::not_initiator, datagram(client, resolver, 33333, 53, query(1))},
        {DropReason::dns_bad_question,
         datagram(resolver, server, 33333, 53, bytes("0001 0100 0001 0000 0000 0000 05616263"))}};
    for (const Reason& row : reasons) {
        Path p;
        p.put(row.packet, 0, row.link, row.wire);
        EXPECT_EQ(p[row.reason], 1U) << word_of(row.reason);
        EXPECT_EQ(p.ledger.dropped(Counted::frame), 1U) << word_of(row.reason);
        EXPECT_EQ(p.ledger.messages, 0U) << word_of(row.reason);
    }
}

TEST(PacketPath, CountsWhatTcpAndIcmpLack) {
    Path p({{"DNSQR_RES_ADDRS", "192.0.2.1"}, {"DNSQR_CAPTURE_TCP", "1"}, {"DNSQR_CAPTURE_ICMP", "1"}});
    p.put(tcp(19));
    EXPECT_EQ(p[DropReason::bad_tcp_header], 1U);
    p.put(test::ipv4({.protocol = 1}, Bytes(8)));
    EXPECT_EQ(p[DropReason::icmp_no_quote], 1U);
}

TEST(PacketPath, CountsWhatAFilterRejectsBeforeItsLengths) {
    const auto filter = capture::PacketFilter::compile("-b", "host 198.51.100.99");
    Path p;
    p.path.emplace(p.settings, HashKey{1, 2}, p.ledger, p.sink, p.sink, &*filter);
    p.put(patched(question(1), 24, "0007"));
    EXPECT_EQ(p[DropReason::filtered_bpf], 1U);
}

TEST(PacketPath, CountsFragmentsUnderTheirWords) {
    const Bytes whole = test::udp(server, resolver, 53, 33333, Bytes(100));
    const auto pieces = test::fragments4({.source = server, .destination = resolver}, whole, 40);
    ASSERT_EQ(pieces.size(), 3U);
    Path p;
    p.put(pieces[0]);
    p.put(pieces[0]);
    EXPECT_EQ(p[DropReason::fragment_duplicate], 1U);
    p.put(pieces[0], 31);
    EXPECT_EQ(p[DropReason::fragment_timeout], 1U);
    p.put(test::fragments4({.source = client, .destination = server}, whole, 40)[0]);
    EXPECT_EQ(p[DropReason::not_initiator], 1U);
    p.put(patched(pieces[1], 6, "2001"), 31);  // from octet 8 on: over the first
    EXPECT_EQ(p[DropReason::fragment_overlap], 2U);
    Path bad;
    bad.put(patched(test::ipv4({.source = server, .destination = resolver}, Bytes(20)), 6, "2000"));
    EXPECT_EQ(bad[DropReason::fragment_bad_length], 1U);
    Path many;
    for (std::uint16_t id = 0; id < 4097; ++id)
        many.put(test::ipv4({.source = server, .destination = resolver, .id = id, .flags_and_offset = 0x2000},
                            Bytes(16)));
    EXPECT_EQ(many[DropReason::fragment_evicted], 1U);
}

TEST(PacketPath, JoinsFragmentsOfQueryAndAnswer) {
    Path p;
    for (const Bytes& piece : test::fragments4({}, test::udp(resolver, server, 33333, 53, query(1)), 16))
        p.put(piece);
    for (const Bytes& piece : test::fragments4({.source = server, .destination = resolver},
                                               test::udp(server, resolver, 53, 33333, query(1, true)), 16))
        p.put(piece, 1);
    EXPECT_EQ(p.kind(dnsqr::TransactionKind::pair), 1U);
    EXPECT_EQ(p.ledger.joined, 4U);
}

TEST(PacketPath, OnlyWhatIsAdmittedMovesTheClock) {  // REFERENCE §7
    Path p;
    p.put(question(1), 1);
    const Time before = p.sink.last;
    p.put(tcp(20), 100);
    p.put(datagram(resolver, server, 33333, 5353, query(1)), 100);
    p.put(datagram(resolver, server, 33333, 53, Bytes(11)), 100);
    p.put(datagram(client, resolver, 33333, 53, query(1)), 100);
    p.put(patched(question(1), 24, "0007"), 100);
    EXPECT_EQ(p.sink.last, before);
    p.put(datagram(resolver, server, 33333, 53, bytes("0001 0100 0001 0000 0000 0000 05616263")), 100);
    EXPECT_NE(p.sink.last, before) << "dns_bad_question does";
    EXPECT_EQ(p.kind(dnsqr::TransactionKind::unanswered), 1U);
}

TEST(PacketPath, WithoutListsEveryUdpPacketMovesTheClock) {
    Path p({});
    p.put(question(1), 1);
    p.put(datagram(client, server, 1000, 2000, query(1)), 100);
    EXPECT_EQ(p.kind(dnsqr::TransactionKind::unanswered), 1U);
    EXPECT_EQ(p[DropReason::other_port], 1U);
}

TEST(PacketPath, TheClientSideOfAListedResolverIsNeverRecorded) {
    Path p;
    p.put(datagram(client, resolver, 4000, 53, query(1)));
    p.put(datagram(resolver, client, 53, 4000, query(1, true)));
    p.put(datagram(client, resolver, 53, 53, query(2)));
    p.put(datagram(client, resolver, 4000, 53, query(3, true)));  // plays a responder
    EXPECT_EQ(p[DropReason::not_initiator], 4U);
}

TEST(PacketPath, DnsPortsReplaceFiftyThree) {
    Path p({{"DNSQR_RES_ADDRS", "192.0.2.1"}, {"dns_ports", "5300,5301"}});
    p.put(datagram(resolver, server, 33333, 5301, query(1)));
    p.put(question(2));
    EXPECT_EQ(p.ledger.messages, 1U);
    EXPECT_EQ(p[DropReason::other_port], 1U);
}

// ---- steady state

// 20,000 transactions: pairs, unanswered queries that expire, fragments of both families, client subnets.
class Traffic {
  public:
    Traffic() {
        for (std::uint16_t i = 0; i < 2000; ++i) {
            frames_.push_back(question(i));
            if (i % 4 != 0) frames_.push_back(answer(i));
            if (i % 50 == 0) {
                const Bytes longer = test::joined({query(i, true), Bytes(400)});
                for (const Bytes& piece :
                     test::fragments4({.source = server, .destination = resolver, .id = i},
                                      test::udp(server, resolver, 53, 33333, longer), 160))
                    frames_.push_back(piece);
                const Bytes udp6 = test::udp("2001:db8::2", "2001:db8::1", 53, 33333, longer);
                for (const Bytes& piece :
                     test::fragments6({.source = "2001:db8::2", .destination = "2001:db8::1"}, i, udp6, 160))
                    frames_.push_back(piece);
            }
        }
    }
    void through(PacketPath& path, int round) const {
        capture::Frame frame;
        frame.link = net::LinkType::raw;
        for (std::size_t i = 0; i < frames_.size(); ++i) {
            frame.octets = frames_[i];
            frame.wire_length = static_cast<std::uint32_t>(frames_[i].size());
            frame.time = Time::of(start + round * 100 + static_cast<std::int64_t>(i / 50), 0);
            path.frame(frame);
        }
    }

  private:
    std::vector<Bytes> frames_;
};

class Thrown final : public ContainerOutput {
  public:
    Result<void> write(Octets, Time) override { return {}; }
    Result<void> close() override { return {}; }
    spool::FileCounts counts() const override { return {}; }
};

TEST(PacketPath, AllocatesNothingInSteadyState) {
    for (const bool zero : {false, true})
        for (const char* table : {"131072", "100"}) {
            dnsqr::Settings settings;
            for (const auto& [name, value] : {std::pair{"DNSQR_RES_ADDRS", "192.0.2.1,2001:db8::1"},
                                              {"DNSQR_STATE_TABLE_MAX", table},
                                              {"DNSQR_ZERO_CLIENT_SUBNET", "1"},
                                              {"DNSQR_ZERO_RESOLVER_ADDRESS", zero ? "1" : "0"}})
                ASSERT_TRUE(dnsqr::find_setting(name)->apply(settings, name, value));
            Ledger ledger;
            Thrown output;
            ContainerWriter writer(output, FileCompression::none, 1);
            PayloadPacker packer(&writer, ledger, {60, 0});
            PacketPath path(settings, {1, 2}, ledger, packer, packer, nullptr);
            const Traffic traffic;
            for (int round = 0; round < 3; ++round) traffic.through(path, round);
            const std::uint64_t before = AllocationCount::now();
            for (int round = 3; round < 8; ++round) traffic.through(path, round);
            EXPECT_EQ(AllocationCount::now(), before) << "zeroing " << zero << ", table of " << table;
            path.finish();
            packer.flush();
            EXPECT_FALSE(writer.finish(ledger));
            EXPECT_EQ(ledger.balances(), (std::array<std::int64_t, 3>{}));
            EXPECT_GT(ledger.messages, 20'000U);
        }
}

TEST(AllocationCounter, Counts) {  // else the test above could not fail
    const std::uint64_t before = AllocationCount::now();
    const auto memory = std::make_unique<std::uint64_t>(before);
    EXPECT_EQ(AllocationCount::now(), *memory + 1);
}

}  // namespace
}  // namespace sie::sensor
