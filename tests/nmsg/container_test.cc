// Containers as written, read back by protobuf and by zlib; N13's boundaries against the rule in its own
// words.
#include "nmsg/container.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "base/crc32c.h"
#include "nmsg.pb.h"
#include "support/packet_builder.h"

namespace sie::nmsg {
namespace {

using test::Bytes;

Payload payload_of(Octets octets, std::int64_t time_sec = 1'700'000'000) {
    Payload payload;
    payload.vendor = 1;
    payload.type = 6;
    payload.time_sec = time_sec;
    payload.time_nsec = 5;
    payload.octets = octets;
    return payload;
}

oracle::Nmsg parsed(Octets body) {
    oracle::Nmsg message;
    EXPECT_TRUE(message.ParseFromArray(body.data(), static_cast<int>(body.size())));
    return message;
}

Bytes framed(Octets body, bool oversized, Compression level, std::size_t capacity = most_container) {
    Compressor compressor(level);
    Bytes out;
    frame_container(body, oversized, capacity, compressor, 0xabcd, out);
    return out;
}

Bytes inflated(Octets stream, std::size_t size) {
    Bytes out(size + 1);
    uLongf got = out.size();
    EXPECT_EQ(::uncompress(out.data(), &got, stream.data(), stream.size()), Z_OK);
    EXPECT_EQ(got, size);
    out.resize(got);
    return out;
}

// A base:dnsqr payload, of which the octets of one packet are given.
struct OnePacket {
    explicit OnePacket(Octets octets) : packet{octets, 1'700'000'000, 5} {
        payload.type = DnsqrType::udp_unanswered_query;
        payload.query_packets = {&packet, 1};
    }
    DnsqrPacket packet;
    DnsqrPayload payload;
};

// Lengths of one to three octets before the payload and around it: what is written at once is what is written
// in two steps, and fits exactly where that fits.
TEST(ContainerBuilder, TakesADnsqrPayloadAsItTakesTheSameEncodedBefore) {
    const Bytes octets = test::counting(70'000);
    for (const std::size_t around : {std::size_t{128}, std::size_t{16'384}, octets.size() - 40})
        for (std::size_t size = around - 80; size < around + 40; ++size)
            for (const std::int64_t time : {std::int64_t{1'700'000'000}, std::int64_t{-1}, std::int64_t{0}}) {
                const OnePacket one(Octets(octets).first(size));
                Bytes encoded(encoded_size(one.payload));
                encode(one.payload, encoded.data());
                ASSERT_GE(most_encoded_size(one.payload), encoded.size());
                Payload before = payload_of(encoded, time);
                before.type = type_dnsqr;
                ContainerBuilder at_once(most_container), in_two_steps(most_container);
                for (int i = 0; i < 2; ++i) {
                    at_once.add(one.payload, time, 5);
                    in_two_steps.add(before);
                }
                const Octets a = at_once.finish(), b = in_two_steps.finish();
                ASSERT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << size;
            }
}

TEST(ContainerBuilder, FitsADnsqrPayloadExactlyWhereTheRuleSays) {
    const Bytes octets = test::counting(2'000);
    const OnePacket first(Octets(octets).first(300));
    int fit = 0, not_fit = 0;
    for (std::size_t size = 1; size < octets.size(); ++size) {
        const OnePacket next(Octets(octets).first(size));
        Bytes encoded(encoded_size(next.payload));
        encode(next.payload, encoded.data());
        Payload same = payload_of(encoded);
        same.type = type_dnsqr;
        ContainerBuilder builder(1'000);
        EXPECT_TRUE(builder.fits(next.payload, same.time_sec));  // an empty one takes any
        builder.add(first.payload, same.time_sec, 5);
        ASSERT_EQ(builder.fits(next.payload, same.time_sec), builder.fits(encoded_size(same))) << size;
        ++(builder.fits(encoded_size(same)) ? fit : not_fit);
    }
    EXPECT_GT(fit, 100);
    EXPECT_GT(not_fit, 100);
}

TEST(ContainerBuilder, WritesWhatProtobufReads) {
    ContainerBuilder builder(most_container);
    const Bytes first = test::counting(20), second = test::counting(300);
    Payload sourced = payload_of(second, -1);
    sourced.source = 0x1234abcd;
    sourced.group_operator = 3;
    sourced.group = 40;
    builder.add(payload_of(first));
    builder.add(sourced);
    const oracle::Nmsg message = parsed(builder.finish(Sequence{7, 99}));
    ASSERT_EQ(message.payloads_size(), 2);
    EXPECT_EQ(message.payloads(0).payload(), std::string(first.begin(), first.end()));
    EXPECT_EQ(message.payloads(0).time_sec(), 1'700'000'000);
    EXPECT_EQ(message.payloads(0).time_nsec(), 5U);
    EXPECT_FALSE(message.payloads(0).has_source());
    EXPECT_EQ(message.payloads(1).time_sec(), -1);
    EXPECT_EQ(message.payloads(1).source(), 0x1234abcdU);
    EXPECT_EQ(message.payloads(1).group_operator(), 3U);
    EXPECT_EQ(message.payloads(1).group(), 40U);
    ASSERT_EQ(message.payload_crcs_size(), 2);
    EXPECT_EQ(message.payload_crcs(1), __builtin_bswap32(crc32c(second)));
    EXPECT_EQ(message.sequence(), 7U);
    EXPECT_EQ(message.sequence_id(), 99U);
}

TEST(ContainerBuilder, WritesTheWorkedExampleOctetForOctet) {  // FACTS-nmsg 1.8
    const Bytes logline = test::bytes("0a0463617400 120c68656c6c6f20776f726c6400");
    Payload payload = payload_of(logline, 1'700'000'100);
    payload.time_nsec = 0;
    payload.source = 0x1234abcd;
    payload.group_operator = 3;
    payload.group = 40;
    ContainerBuilder builder(most_container);
    builder.add(payload);
    EXPECT_EQ(test::to_hex(framed(builder.finish(), false, Compression::none)),
              "4e4d53470002000000370a2f0801100618e4e2cfaa0625000000002a140a0463617400120c68656c6c6f20776f726c"
              "640038cdd7d2"
              "91014003482810bd84d1d208");
}

TEST(ContainerBuilder, AbsentOctetsHaveTheCrcZero) {  // N7
    ContainerBuilder builder(most_container);
    Payload payload = payload_of({});
    payload.has_octets = false;
    builder.add(payload);
    const oracle::Nmsg message = parsed(builder.finish());
    EXPECT_FALSE(message.payloads(0).has_payload());
    EXPECT_EQ(message.payload_crcs(0), 0U);
}

TEST(ContainerBuilder, KeepsUnknownFieldsAndCountsThem) {
    ContainerBuilder builder(most_container);
    const Bytes unknown = test::bytes("9206 03616263");  // field 98: "abc"
    const Bytes octets = test::counting(4);
    Payload payload = payload_of(octets);
    const std::size_t without = encoded_size(payload);
    payload.unknown = unknown;
    EXPECT_EQ(encoded_size(payload), without + unknown.size());
    builder.add(payload);
    const oracle::Nmsg message = parsed(builder.finish());
    EXPECT_EQ(message.payloads(0).GetReflection()->GetUnknownFields(message.payloads(0)).field_count(), 1);
}

// N13 in its own words.
struct Rule {
    std::size_t limit, reserve, estimate = 10;
    [[nodiscard]] bool flushes(std::size_t size) const {
        return estimate != 10 && estimate + size + 32 >= limit;
    }
    void add(std::size_t size) {
        estimate +=
            size + 2 + (size >= 128 ? 1 : 0) + (size >= 16384 ? 1 : 0) + (size >= 2097152 ? 1 : 0) + 6;
    }
    [[nodiscard]] bool fragments() const { return estimate + reserve > limit; }
};

TEST(ContainerBuilder, ClosesExactlyWhereN13Says) {
    std::mt19937_64 random(13);
    const Bytes octets = test::counting(1'200'000);
    for (const bool sequenced : {false, true})
        for (const std::size_t capacity :
             {std::size_t{512}, std::size_t{1280}, std::size_t{8192}, most_container}) {
            ContainerBuilder builder(capacity, sequenced);
            Rule rule{capacity, sequenced ? 18U : 0U};
            for (int i = 0; i < 3000; ++i) {
                // Sizes of all scales, and every size around what is still free.
                std::size_t size = random() % (capacity / (1 + random() % 64) + 1);
                if (random() % 2 == 0 && rule.estimate + 80 < capacity)
                    size = capacity - rule.estimate - 80 + random() % 60;
                const Payload payload = payload_of(Octets(octets).first(std::min(size, octets.size())));
                const std::size_t encoded = encoded_size(payload);
                ASSERT_EQ(!builder.fits(encoded), rule.flushes(encoded))
                    << capacity << ' ' << rule.estimate << ' ' << encoded;
                if (!builder.fits(encoded)) {
                    builder.reset();
                    rule.estimate = 10;
                }
                builder.add(payload);
                rule.add(encoded);
                ASSERT_EQ(builder.oversized(), rule.fragments()) << capacity << ' ' << rule.estimate;
                if (builder.oversized()) {
                    ASSERT_EQ(builder.payload_count(), 1U);
                    builder.reset();
                    rule.estimate = 10;
                }
            }
        }
}

TEST(ContainerBuilder, AWholeContainerIsNeverLongerThanItsCapacity) {
    const Bytes octets = test::counting(400);
    ContainerBuilder builder(8192);
    while (builder.fits(encoded_size(payload_of(octets)))) builder.add(payload_of(octets));
    EXPECT_LT(framed(builder.finish(), false, Compression::none).size(), 8192U);
}

TEST(ContainerBuilder, FinishIntoHandsAPlainContainerOverAndStartsAnew) {
    ContainerBuilder builder(1280);
    builder.add(payload_of(test::counting(30)));
    const Octets body = builder.finish();
    const Bytes expected(body.begin(), body.end());
    ContainerBuilder again(1280);
    again.add(payload_of(test::counting(30)));
    Bytes into;
    again.finish_into(into);
    const Bytes plain = framed(expected, false, Compression::none);
    EXPECT_EQ(into, plain);
    EXPECT_TRUE(again.empty());
    again.add(payload_of(test::counting(30)));
    again.finish_into(into);
    EXPECT_EQ(into, plain);
}

TEST(FrameContainer, CompressesSoThatZlibReads) {  // N10
    ContainerBuilder builder(most_container);
    for (int i = 0; i < 500; ++i) builder.add(payload_of(test::counting(200)));
    const Octets finished = builder.finish();
    const Bytes body(finished.begin(), finished.end());
    std::size_t last = body.size();
    for (const Compression level : {Compression::fast, Compression::default_, Compression::best}) {
        const Bytes out = framed(body, false, level);
        ASSERT_EQ(test::to_hex(Octets(out).first(6)), "4e4d53470102");
        EXPECT_EQ(load_be32(out.data() + 6), out.size() - 10);
        ASSERT_EQ(load_be32(out.data() + 10), body.size());
        EXPECT_EQ(inflated(Octets(out).subspan(14), body.size()), body);
        EXPECT_LE(out.size(), last) << word_of(level);
        last = out.size();
    }
}

struct Pieces {
    Bytes data;
    std::vector<oracle::NmsgFragment> all;
};

Pieces pieces_of(Octets wire, std::uint8_t flags) {
    Pieces pieces;
    while (!wire.empty()) {
        EXPECT_EQ(test::to_hex(wire.first(6)), flags == 2 ? "4e4d53470202" : "4e4d53470302");
        const std::size_t size = load_be32(wire.data() + 6);
        oracle::NmsgFragment fragment;
        EXPECT_TRUE(fragment.ParseFromArray(wire.data() + 10, static_cast<int>(size)));
        pieces.data.insert(pieces.data.end(), fragment.fragment().begin(), fragment.fragment().end());
        pieces.all.push_back(fragment);
        wire = wire.subspan(10 + size);
    }
    return pieces;
}

TEST(FrameContainer, CutsWhatIsTooLargeIntoFragments) {  // N21
    ContainerBuilder builder(512);
    builder.add(payload_of(test::counting(2000)));
    ASSERT_TRUE(builder.oversized());
    const Octets body = builder.finish();
    const Pieces pieces = pieces_of(framed(body, true, Compression::none, 512), 2);
    EXPECT_TRUE(equal(pieces.data, body));
    for (std::size_t i = 0; i < pieces.all.size(); ++i) {
        EXPECT_EQ(pieces.all[i].id(), 0xabcdU);
        EXPECT_EQ(pieces.all[i].current(), i);
        EXPECT_EQ(pieces.all[i].last(), pieces.all.size() - 1);
        EXPECT_EQ(pieces.all[i].crc(), __builtin_bswap32(crc32c(body)));
        if (i + 1 < pieces.all.size()) { EXPECT_EQ(pieces.all[i].fragment().size(), 480U); }
    }
}

TEST(FrameContainer, LastIsRightWhenThePiecesComeOutEven) {  // N22 mended
    for (std::size_t pieces = 2; pieces < 6; ++pieces) {
        const Bytes body = test::counting(480 * pieces);
        const Pieces made = pieces_of(framed(body, true, Compression::none, 512), 2);
        ASSERT_EQ(made.all.size(), pieces);
        EXPECT_EQ(made.all.back().last(), pieces - 1);
        EXPECT_EQ(made.data, body);
    }
}

TEST(FrameContainer, WhatFitsOnceCompressedGoesAsOrdinaryContainer) {  // N23 mended
    const Bytes body(5000, 7);
    const Bytes out = framed(body, true, Compression::default_, 512);
    EXPECT_EQ(test::to_hex(Octets(out).first(6)), "4e4d53470102");
    EXPECT_EQ(inflated(Octets(out).subspan(14), body.size()), body);
}

TEST(FrameContainer, CompressedFragmentsHoldTheLengthAndTheStream) {
    std::mt19937 random(1);
    Bytes body(5000);
    for (auto& octet : body) octet = static_cast<std::uint8_t>(random());
    const Pieces pieces = pieces_of(framed(body, true, Compression::fast, 512), 3);
    ASSERT_GT(pieces.all.size(), 5U);
    ASSERT_EQ(load_be32(pieces.data.data()), body.size());
    EXPECT_EQ(inflated(Octets(pieces.data).subspan(4), body.size()), body);
}

TEST(FrameDatagrams, EachPieceIsADatagramWithinItsBound) {  // N25
    ContainerBuilder builder(512);
    builder.add(payload_of(test::counting(3000)));
    Compressor compressor(Compression::none);
    Bytes all;
    std::size_t count = 0;
    frame_datagrams(builder.finish(), true, 512, compressor, UINT32_MAX, [&](Octets datagram) {
        EXPECT_LE(datagram.size(), 10U + 480 + 19);
        all.insert(all.end(), datagram.begin(), datagram.end());
        ++count;
    });
    EXPECT_GT(count, 6U);
    EXPECT_TRUE(equal(pieces_of(all, 2).data, builder.finish()));
}

}  // namespace
}  // namespace sie::nmsg
