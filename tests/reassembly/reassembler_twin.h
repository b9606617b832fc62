// The reassembler's plain twin: a map of lists, each rule of REFERENCE §7 "Fragments" as it is written.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "reassembly/reassembler.h"

namespace sie::reassembly {

struct Twin {
    using Bytes = std::vector<std::uint8_t>;
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

}  // namespace sie::reassembly
