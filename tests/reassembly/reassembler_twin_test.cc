// The reassembler against a plain twin: a map of lists, each rule of REFERENCE §7 "Fragments" as it is
// written.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <tuple>

#include "reassembly/made_fragments.h"

namespace sie::reassembly {
namespace {

using test::Bytes;

struct Twin {
    struct Held {
        std::uint32_t offset, size;
        bool more;
        Bytes packet, data;
        Time time;
        std::uint32_t data_at, header_at, named_at;
        [[nodiscard]] std::uint32_t end() const { return offset + size; }
    };
    struct Record {
        Time first;
        std::uint64_t created = 0;
        std::vector<Held> held{};
        std::optional<std::uint32_t> end{};
        std::optional<DropReason> spoiled{};
    };
    using Key = std::tuple<Bytes, std::uint32_t>;  // both addresses, id (of IPv4 with the protocol)

    Limits limits;
    std::map<Key, Record> records{};
    std::uint64_t created = 0;
    DropCounts drops{};
    Bytes rebuilt{};
    std::vector<Held> parts{};

    void drop(DropReason reason, std::uint64_t n = 1) { drops[index_of(reason)] += n; }

    void expire(Time now) {
        std::erase_if(records, [&](const auto& entry) {
            const Record& record = entry.second;
            const bool due = now.ns - record.first.ns > limits.lifetime_ns;
            if (due) drop(DropReason::fragment_timeout, record.held.size());
            return due;
        });
    }

    void finish() {
        for (const auto& [key, record] : records) drop(DropReason::fragment_timeout, record.held.size());
        records.clear();
    }

    [[nodiscard]] std::size_t octets() const {
        std::size_t sum = 0;
        for (const auto& [key, record] : records)
            for (const Held& held : record.held) sum += held.packet.size();
        return sum;
    }

    void make_room() {
        while (records.size() > limits.datagrams || octets() > limits.octets) {
            const auto oldest = std::min_element(
                records.begin(), records.end(),
                [](const auto& a, const auto& b) { return a.second.created < b.second.created; });
            drop(DropReason::fragment_evicted, oldest->second.held.size());
            records.erase(oldest);
        }
    }

    static std::optional<DropReason> breach(const Record& record, const Held& held, bool four) {
        const std::uint32_t in_front = four ? held.data_at : held.header_at;
        if (held.more && held.size % 8 != 0) return DropReason::fragment_bad_length;
        if (in_front + held.end() > (four ? 65535U : 65536U)) return DropReason::fragment_bad_length;
        if (!held.more && record.end) return DropReason::fragment_bad_length;
        for (const Held& other : record.held)
            if (!held.more && other.end() > held.end()) return DropReason::fragment_bad_length;
        if (record.end && held.end() > *record.end) return DropReason::fragment_bad_length;
        for (const Held& other : record.held)
            if (other.offset < held.end() && held.offset < other.end()) return DropReason::fragment_overlap;
        return {};
    }

    Outcome insert(const net::PacketView& view, Time time) {
        const bool four = view.family == net::Family::v4;
        const std::uint32_t data_at = view.fragment_data_at();
        const Bytes packet(view.ip.begin(), view.ip.end());
        const Bytes data(view.ip.begin() + data_at, view.ip.end());
        const Held held{view.fragment->offset,
                        static_cast<std::uint32_t>(data.size()),
                        view.fragment->more,
                        packet,
                        data,
                        time,
                        data_at,
                        view.fragment->header_at,
                        view.fragment->named_at};
        const std::size_t addresses = four ? 12 : 8;
        const Key key{Bytes(packet.begin() + addresses, packet.begin() + addresses + (four ? 8 : 32)),
                      view.fragment->id};
        if (!records.contains(key)) records[key] = Record{.first = time, .created = ++created};
        Record& record = records[key];
        if (record.spoiled) {
            drop(*record.spoiled);
            return Outcome::dropped;
        }
        for (const Held& other : record.held) {
            if (other.offset == held.offset && other.more == held.more && other.data == held.data) {
                drop(DropReason::fragment_duplicate);
                return Outcome::dropped;
            }
        }
        if (const auto reason = breach(record, held, four)) {
            drop(*reason, record.held.size() + 1);
            record.held.clear();
            record.spoiled = reason;
            make_room();
            return Outcome::dropped;
        }
        record.held.push_back(held);
        if (!held.more) record.end = held.end();
        std::uint32_t covered = 0;
        for (const Held& other : record.held) covered += other.size;
        if (!record.end || covered != *record.end) {
            make_room();
            return records.contains(key) ? Outcome::held : Outcome::dropped;
        }
        std::sort(record.held.begin(), record.held.end(), [](const Held& a, const Held& b) {
            return std::tie(a.offset, a.size) < std::tie(b.offset, b.size);
        });
        rebuild(record, four);
        records.erase(key);
        return Outcome::complete;
    }

    void rebuild(const Record& record, bool four) {
        const Held& initial = record.held.front();
        const auto front = static_cast<std::ptrdiff_t>(four ? initial.data_at : initial.header_at);
        rebuilt.assign(initial.packet.begin(), initial.packet.begin() + front);
        parts.clear();
        for (const Held& held : record.held) {
            rebuilt.insert(rebuilt.end(), held.data.begin(), held.data.end());
            if (held.size != 0) parts.push_back(held);
        }
        const auto put16 = [&](std::size_t at, std::size_t value) {
            rebuilt[at] = static_cast<std::uint8_t>(value >> 8);
            rebuilt[at + 1] = static_cast<std::uint8_t>(value);
        };
        if (!four) {
            rebuilt[initial.named_at] = initial.packet[initial.header_at];
            put16(4, rebuilt.size() - 40);
            return;
        }
        put16(2, rebuilt.size());
        put16(6, 0);
        put16(10, 0);
        std::size_t sum = 0;
        for (std::ptrdiff_t i = 0; i < front; i += 2) sum += rebuilt[i] * 256U + rebuilt[i + 1];
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        put16(10, sum ^ 0xffff);
    }
};

// Fragments of few small datagrams, so that they meet: most are true, some lie.
class Hostile {
  public:
    explicit Hostile(unsigned seed) : random_(seed) {}

    [[nodiscard]] std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
    [[nodiscard]] bool one_in(std::uint32_t n) { return below(n) == 0; }

    Bytes next() {
        if (!sent_.empty() && one_in(8)) {
            Bytes again = sent_[below(static_cast<std::uint32_t>(sent_.size()))];
            if (one_in(2)) again[again[0] >> 4 == 4 ? 8 : 7] ^= 1;  // another time to live
            if (one_in(6)) again.back() ^= 1;                       // other data
            return again;
        }
        const std::uint32_t id = below(5), length = 33 + id % 3 * 16;  // of the datagram
        Piece piece{.offset = below(length / 8 + 1) * 8, .size = 8 + below(4) * 8, .id = id};
        piece.size = std::min(piece.size, length - piece.offset);
        piece.more = piece.offset + piece.size < length;
        if (one_in(40)) piece.offset = 65520 + below(2) * 8;
        if (one_in(30)) piece.more = !piece.more;
        if (one_in(30)) piece.size += below(9);
        if (one_in(30)) piece.size = 0;
        if (one_in(60)) piece.mark = 1;
        if (piece.offset == 0 && piece.size < 8) piece.size = 8;  // the gate of net asks for a UDP header
        if (one_in(4)) piece.options = 8 + below(2) * 8;
        const bool whole = piece.offset == 0 && !piece.more;  // of IPv4 that is no fragment
        sent_.push_back(one_in(2) && !whole ? piece4(piece) : piece6(piece));
        if (sent_.size() > 12) sent_.erase(sent_.begin());
        return sent_.back();
    }

    // Mostly forward by little; at times to the edge of the lifetime, over it, or back.
    Time tick() {
        switch (below(40)) {
            case 0: now_ += 30 * Time::per_second; break;
            case 1: now_ += 30 * Time::per_second + 1; break;
            case 2: now_ -= below(40) * Time::per_second; break;
            case 3: now_ += below(30) * Time::per_second; break;
            default: now_ += below(1000); break;
        }
        return Time{now_};
    }

  private:
    std::mt19937_64 random_;
    std::vector<Bytes> sent_;
    std::int64_t now_ = 1'700'000'000 * Time::per_second;
};

void compare_whole(const Twin& twin, const Datagram& whole) {
    ASSERT_EQ(test::to_hex(whole.packet.ip), test::to_hex(twin.rebuilt));
    ASSERT_EQ(whole.parts.size(), twin.parts.size());
    for (std::size_t i = 0; i < whole.parts.size(); ++i) {
        const Part& part = whole.parts[i];
        const Twin::Held& held = twin.parts[i];
        ASSERT_TRUE(equal(part.ip, held.packet));
        ASSERT_EQ(part.time, held.time);
        ASSERT_EQ(part.offset, held.offset);
        ASSERT_EQ(part.data_at, held.data_at);
    }
}

TEST(ReassemblerTwin, AgreesOnEveryFragmentOfManyHostileSequences) {
    std::uint64_t completed = 0;
    DropCounts all{};
    for (unsigned seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(seed);
        Hostile hostile(seed);
        const Limits limits{.octets = 150 + hostile.below(900), .datagrams = 1 + hostile.below(10)};
        Intake intake(limits);
        Twin twin{.limits = limits};
        for (int step = 0; step < 600; ++step) {
            SCOPED_TRACE(step);
            const Bytes packet = hostile.next();
            const Time time = hostile.tick();
            twin.expire(time);
            const auto result = intake.insert(packet, time);
            const std::uint64_t before = twin.drops[index_of(DropReason::fragment_timeout)];
            const Outcome expected = twin.insert(view_of(packet), time);
            ASSERT_EQ(twin.drops[index_of(DropReason::fragment_timeout)], before);
            ASSERT_EQ(result.outcome, expected);
            ASSERT_EQ(intake.drops.of, twin.drops);
            ASSERT_EQ(intake.reassembler.datagrams_waiting(), twin.records.size());
            ASSERT_EQ(intake.reassembler.octets_waiting(), twin.octets());
            ASSERT_LE(intake.reassembler.octets_waiting(), limits.octets);
            ASSERT_LE(intake.reassembler.datagrams_waiting(), limits.datagrams);
            if (expected == Outcome::complete) {
                ++completed;
                ASSERT_NO_FATAL_FAILURE(compare_whole(twin, intake.whole));
            }
        }
        intake.reassembler.finish();
        twin.finish();
        ASSERT_EQ(intake.drops.of, twin.drops);
        ASSERT_EQ(intake.inserted, intake.joined + intake.drops.all());
        for (std::size_t i = 0; i < all.size(); ++i) all[i] += twin.drops[i];
    }
    // The sequences must have met every word often, or the agreement says little.
    EXPECT_GT(completed, 1000U);
    for (const DropReason reason :
         {DropReason::fragment_duplicate, DropReason::fragment_bad_length, DropReason::fragment_overlap,
          DropReason::fragment_timeout, DropReason::fragment_evicted})
        EXPECT_GT(all[index_of(reason)], 1000U) << word_of(reason);
}

}  // namespace
}  // namespace sie::reassembly
