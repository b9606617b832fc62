// The reader against the vectors of the original tool, against protobuf, and against lies of every kind.
#include "nmsg/reader.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

#include "base/crc32c.h"
#include "nmsg.pb.h"
#include "nmsg/container.h"
#include "support/packet_builder.h"
#include "support/source_of.h"

namespace sie::nmsg {
namespace {

using test::Bytes;

Bytes file(const std::string& name) {
    std::ifstream in(std::string(SIE_TEST_DATA) + "/nmsg/data/" + name, std::ios::binary);
    Bytes octets{std::istreambuf_iterator<char>(in), {}};
    EXPECT_FALSE(octets.empty()) << name;
    return octets;
}

struct Read {
    std::vector<std::pair<std::uint32_t, Bytes>> payloads;  // vendor << 16 | type, octets
    ReadCounts counts;
    std::optional<Error> error;
};

Read read_all(Octets octets, ReadLimits limits = {},
              std::size_t buffer = OctetSource::default_buffer_octets) {
    Read out;
    auto reader = Reader::read(source_of(octets, buffer), limits);
    if (!reader) {
        out.error = reader.error();
        return out;
    }
    Payload payload;
    while (reader->next(payload))
        out.payloads.emplace_back(payload.vendor << 16 | payload.type,
                                  Bytes(payload.octets.begin(), payload.octets.end()));
    out.counts = reader->counts();
    out.error = reader->error();
    return out;
}

Bytes container(Octets body, std::uint8_t flags = 0, std::uint8_t version = 2) {
    Bytes out{'N', 'M', 'S', 'G', flags, version};
    const auto size = static_cast<std::uint32_t>(body.size());
    if (version == 2) {
        out.push_back(static_cast<std::uint8_t>(size >> 24));
        out.push_back(static_cast<std::uint8_t>(size >> 16));
    }
    out.push_back(static_cast<std::uint8_t>(size >> 8));
    out.push_back(static_cast<std::uint8_t>(size));
    out.insert(out.end(), body.begin(), body.end());
    return out;
}

Bytes packed(const google::protobuf::MessageLite& message) {
    const std::string text = message.SerializePartialAsString();
    return {text.begin(), text.end()};
}

oracle::Nmsg message_of(const std::vector<std::string>& payloads, bool crcs = true) {
    oracle::Nmsg message;
    for (const std::string& octets : payloads) {
        auto* payload = message.add_payloads();
        payload->set_vid(1);
        payload->set_msgtype(6);
        payload->set_time_sec(1'700'000'000);
        payload->set_time_nsec(0);
        payload->set_payload(octets);
        if (crcs) message.add_payload_crcs(__builtin_bswap32(crc32c(as_octets(octets))));
    }
    return message;
}

Bytes zlib_body(Octets body, std::uint32_t stated) {
    Bytes out(4 + ::compressBound(body.size()));
    uLongf size = out.size() - 4;
    EXPECT_EQ(::compress2(out.data() + 4, &size, body.data(), body.size(), 9), Z_OK);
    out.resize(4 + size);
    store_be32(out.data(), stated);
    return out;
}

std::vector<Bytes> fragments(Octets data, std::size_t piece, std::uint32_t id = 5) {
    std::vector<Bytes> out;
    const std::size_t last = (data.size() - 1) / piece;
    for (std::size_t i = 0; i <= last; ++i) {
        oracle::NmsgFragment fragment;
        fragment.set_id(id);
        fragment.set_current(static_cast<std::uint32_t>(i));
        fragment.set_last(static_cast<std::uint32_t>(last));
        const Octets part = data.subspan(i * piece, std::min(piece, data.size() - i * piece));
        fragment.set_fragment(part.data(), part.size());
        fragment.set_crc(__builtin_bswap32(crc32c(data)));
        out.push_back(container(packed(fragment), 2));
    }
    return out;
}

Bytes joined(const std::vector<Bytes>& parts) {
    Bytes out;
    for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
    return out;
}

TEST(Reader, ReadsTheVectorsOfTheOriginal) {
    struct Vector {
        const char* name;
        std::size_t payloads;
        std::uint64_t crc_failures;
    };
    for (const Vector& v : {Vector{"sog.nmsg", 1, 0},
                            {"badcrc.nmsg", 1, 1},
                            {"v1-logline.nmsg", 1, 0},
                            {"unknown-type.nmsg", 2, 0},
                            {"nmsg-fragments.nmsg", 1, 0},
                            {"nmsg-fragments-z.nmsg", 1, 0},
                            {"dnsqr-qr.nmsg", 1, 0},
                            {"dnsqr-qr-zlib.nmsg", 1, 0}}) {
        const Read got = read_all(file(v.name));
        EXPECT_EQ(got.payloads.size(), v.payloads) << v.name;
        EXPECT_EQ(got.counts.crc_failures, v.crc_failures) << v.name;
        EXPECT_FALSE(got.error) << v.name << ": " << (got.error ? got.error->text() : "");
    }
    EXPECT_EQ(read_all(file("dnsqr-qr.nmsg")).payloads, read_all(file("dnsqr-qr-zlib.nmsg")).payloads);
}

TEST(Reader, TellsTheCrcsThatDiffer) {  // N8
    auto reader = Reader::read(source_of(file("badcrc.nmsg")));
    Payload payload;
    while (reader->next(payload)) {}
    const auto [calculated, stored] = reader->last_crc_failure();
    EXPECT_NE(calculated, stored);
}

TEST(Reader, TakesCrcsThatAreMissingOrPacked) {  // N8
    EXPECT_EQ(read_all(container(packed(message_of({"a", "b"}, false)))).payloads.size(), 2U);
    oracle::Nmsg bare = message_of({"a", "b"}, false);
    Bytes body = packed(bare);
    Bytes crcs;
    for (const char* text : {"a", "b"}) {
        std::uint32_t crc = __builtin_bswap32(crc32c(as_octets(text)));
        for (; crc >= 128; crc >>= 7) crcs.push_back(static_cast<std::uint8_t>(crc | 128));
        crcs.push_back(static_cast<std::uint8_t>(crc));
    }
    body.push_back(0x12);
    body.push_back(static_cast<std::uint8_t>(crcs.size()));
    body.insert(body.end(), crcs.begin(), crcs.end());
    EXPECT_EQ(read_all(container(body)).payloads.size(), 2U);
    body.back() ^= 1;
    const Read bad = read_all(container(body));
    EXPECT_EQ(bad.payloads.size(), 1U);
    EXPECT_EQ(bad.counts.crc_failures, 1U);
}

TEST(Reader, AcceptsVersion1AfterACompressedContainer) {  // N3
    const Bytes plain = packed(message_of({"x"}));
    const Bytes both = joined(
        {container(zlib_body(plain, static_cast<std::uint32_t>(plain.size())), 1), container(plain, 0, 1)});
    const Read got = read_all(both);
    EXPECT_EQ(got.payloads.size(), 2U);
    EXPECT_FALSE(got.error);
}

TEST(Reader, OtherFlagBitsMeanNothing) {  // N2
    EXPECT_EQ(read_all(container(packed(message_of({"x"})), 0x80)).payloads.size(), 1U);
}

TEST(Reader, NoOctetsAndNoPayloadsAreFine) {  // N18
    EXPECT_FALSE(read_all({}).error);
    const Bytes empty = joined({container({}), container(packed(message_of({"x"})))});
    EXPECT_EQ(read_all(empty).payloads.size(), 1U);
}

TEST(Reader, ACutFileIsAnErrorThatNamesFileAndOffset) {  // N16 mended
    const Bytes whole =
        joined({container(packed(message_of({"one"}))), container(packed(message_of({"two"})))});
    const std::size_t first = container(packed(message_of({"one"}))).size();
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
        const Read got = read_all(Octets(whole).first(cut));
        EXPECT_EQ(got.payloads.size(), cut >= first ? 1U : 0U) << cut;
        if (cut == first) {
            EXPECT_FALSE(got.error);
            continue;
        }
        ASSERT_TRUE(got.error) << cut;
        EXPECT_NE(got.error->text().find("made.up"), std::string::npos);
        EXPECT_EQ(got.error->exit_status(), 1);
        if (cut > first) { EXPECT_EQ(got.error->offset, first) << cut; }
    }
}

TEST(Reader, LyingLengthsTakeNoMemory) {
    Bytes huge{'N', 'M', 'S', 'G', 0, 2, 0xff, 0xff, 0xff, 0xff};
    EXPECT_TRUE(read_all(huge).error);
    // Inflated beyond the bound, stated or hidden.
    const Bytes zeros(std::size_t{20} << 20);
    const Bytes stated = zlib_body(zeros, static_cast<std::uint32_t>(zeros.size()));
    EXPECT_TRUE(read_all(container(stated, 1)).error);
    EXPECT_TRUE(read_all(container(zlib_body(zeros, 100), 1)).error);
    EXPECT_TRUE(read_all(container(zlib_body(Octets(zeros).first(50), 100), 1)).error);
    // A smaller bound of the caller's holds too.
    EXPECT_TRUE(
        read_all(container(packed(message_of({std::string(5000, 'x')}))), {.container_octets = 4096}).error);
}

TEST(Reader, BadMagicAndVersionAreErrorsAndWhatStoodBeforeIsKept) {  // N16
    const Bytes good = container(packed(message_of({"x"})));
    for (const Bytes& bad :
         {Bytes{'N', 'M', 'S', 'H', 0, 2, 0, 0, 0, 0}, Bytes{'N', 'M', 'S', 'G', 0, 3, 0, 0, 0, 0},
          Bytes{'N', 'M', 'S', 'G', 1, 1, 0, 0, 0, 0}}) {
        const Read got = read_all(joined({good, bad}));
        EXPECT_EQ(got.payloads.size(), 1U);
        ASSERT_TRUE(got.error);
        EXPECT_EQ(got.error->offset, good.size());
    }
}

TEST(Reader, APayloadThatDoesNotDecodeIsCountedAndTheRestGoesOn) {
    oracle::Nmsg message = message_of({"a", "b", "c"}, false);
    message.mutable_payloads(1)->clear_vid();  // required
    const Read got = read_all(container(packed(message)));
    EXPECT_EQ(got.payloads.size(), 2U);
    EXPECT_EQ(got.counts.malformed_payloads, 1U);
    EXPECT_FALSE(got.error);
}

TEST(Reader, FragmentsComeInAnyOrderDoubledAndInterleaved) {  // N24
    const Bytes one = packed(message_of({std::string(3000, 'x')})),
                two = packed(message_of({std::string(2000, 'y')}));
    std::vector<Bytes> pieces = fragments(one, 480, 1);
    for (const Bytes& piece : fragments(two, 480, 2)) pieces.push_back(piece);
    pieces.push_back(pieces[0]);
    std::mt19937 random(3);
    for (int i = 0; i < 50; ++i) {
        std::shuffle(pieces.begin(), pieces.end(), random);
        const Read got = read_all(joined(pieces));
        EXPECT_EQ(got.payloads.size(), 2U);
        EXPECT_FALSE(got.error);
    }
}

TEST(Reader, AnIncompleteSetIsCounted) {
    std::vector<Bytes> pieces = fragments(packed(message_of({std::string(3000, 'x')})), 480);
    pieces.pop_back();
    const Read got = read_all(joined(pieces));
    EXPECT_EQ(got.payloads.size(), 0U);
    EXPECT_EQ(got.counts.fragments_incomplete, pieces.size());
}

TEST(Reader, FragmentsThatContradictTheirSetAreRejected) {
    const Bytes data = packed(message_of({std::string(3000, 'x')}));
    const auto with = [&](std::uint32_t current, std::uint32_t last, std::uint32_t crc) {
        oracle::NmsgFragment fragment;
        fragment.set_id(5);
        fragment.set_current(current);
        fragment.set_last(last);
        fragment.set_fragment("abc");
        fragment.set_crc(crc);
        return container(packed(fragment), 2);
    };
    EXPECT_EQ(read_all(with(3, 2, 1)).counts.fragments_rejected, 1U);
    EXPECT_EQ(read_all(with(0, UINT32_MAX, 1)).counts.fragments_rejected, 1U);
    std::vector<Bytes> pieces = fragments(data, 480);
    const std::uint32_t crc = __builtin_bswap32(crc32c(data));
    pieces.insert(pieces.begin() + 1, with(1, 99, crc));
    EXPECT_GE(read_all(joined(pieces)).counts.fragments_rejected, 1U);
    // The data as a whole must have the CRC that its pieces state.
    EXPECT_EQ(read_all(joined({with(0, 1, 77), with(1, 1, 77)})).counts.fragments_rejected, 2U);
}

TEST(Reader, SetsHaveABoundAndTheOldestGoes) {
    std::vector<Bytes> pieces;
    for (std::uint32_t id = 0; id < 200; ++id) {
        oracle::NmsgFragment fragment;
        fragment.set_id(id);
        fragment.set_current(0);
        fragment.set_last(1);
        fragment.set_fragment(std::string(1000, 'x'));
        pieces.push_back(container(packed(fragment), 2));
    }
    const Read got = read_all(joined(pieces), {.fragment_sets = 10});
    EXPECT_EQ(got.counts.fragments_incomplete, 200U);
    EXPECT_EQ(got.counts.fragments, 200U);
}

TEST(Reader, WhatTheWriterWroteComesBackOctetForOctet) {
    std::mt19937_64 random(9);
    for (const Compression level :
         {Compression::none, Compression::fast, Compression::default_, Compression::best}) {
        Compressor compressor(level);
        ContainerBuilder builder(8192);
        Bytes wire;
        std::vector<std::pair<std::uint32_t, Bytes>> put;
        const auto flush = [&] {
            if (!builder.empty())
                frame_container(builder.finish(), builder.oversized(), 8192, compressor,
                                static_cast<std::uint32_t>(random()), wire);
            builder.reset();
        };
        for (int i = 0; i < 300; ++i) {
            Bytes octets(random() % (i % 20 == 0 ? 30'000 : 600));
            for (auto& octet : octets) octet = static_cast<std::uint8_t>(random() % 7);
            Payload payload;
            payload.vendor = static_cast<std::uint32_t>(random() % 3 == 0 ? 99 : 1);
            payload.type = static_cast<std::uint32_t>(random() % 300);
            payload.octets = octets;
            if (!builder.fits(encoded_size(payload))) flush();
            builder.add(payload);
            put.emplace_back(payload.vendor << 16 | payload.type, octets);
            if (builder.oversized()) flush();
        }
        flush();
        const Read whole = read_all(wire);
        EXPECT_EQ(whole.payloads, put) << word_of(level);
        EXPECT_FALSE(whole.error);
        EXPECT_EQ(read_all(wire, {}, 64).payloads, put) << "through small windows";
    }
}

TEST(Reader, NoChangeOfOctetsMakesItMisbehave) {
    std::mt19937 random(20231114);
    std::vector<Bytes> sources;
    for (const char* name : {"sog.nmsg", "dnsqr-qr.nmsg", "dnsqr-qr-zlib.nmsg", "nmsg-fragments.nmsg",
                             "nmsg-fragments-z.nmsg", "v1-logline.nmsg"})
        sources.push_back(file(name));
    std::uint64_t errors = 0;
    for (int i = 0; i < 6000; ++i) {
        Bytes octets = sources[random() % sources.size()];
        for (unsigned n = 1 + random() % 4; n > 0; --n)
            octets[random() % octets.size()] = static_cast<std::uint8_t>(random());
        const Read whole = read_all(octets), small = read_all(octets, {}, 64);
        ASSERT_EQ(whole.payloads, small.payloads) << i;
        ASSERT_EQ(whole.error.has_value(), small.error.has_value()) << i;
        errors += whole.error ? 1 : 0;
    }
    EXPECT_GT(errors, 500U);
}

}  // namespace
}  // namespace sie::nmsg
