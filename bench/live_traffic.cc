#include "live_traffic.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "made_packets.h"

namespace sie::bench {

namespace {

// Behind the DNS header: the length of the first label, n, then at an even place eight digits.
constexpr std::size_t digits = 8, first_label = 1 + digits, digits_at = dns_header + 2;
// Where names point to: the question's name, and the zone in it.
constexpr unsigned whole = dns_header, apex = dns_header + 1 + first_label;

}  // namespace

LiveIdentity identity_of(std::uint32_t number) {
    std::uint32_t h = number * 0x9e3779b1U;  // the finalizer of MurmurHash3: one to one
    h ^= h >> 16;
    h *= 0x85ebca6bU;
    h ^= h >> 13;
    h *= 0xc2b2ae35U;
    h ^= h >> 16;
    return {static_cast<std::uint16_t>(h), static_cast<std::uint16_t>(1024 + (h >> 16) % 64'000)};
}

// What one transaction is made of.
struct LiveTraffic::Making {
    struct Zone {
        std::string name;
        bool is_signed;
        std::vector<Bytes> servers;  // as NS data; most stand in the zone itself
        std::vector<Bytes> addresses;
        Bytes signature;
    };

    Random random;
    std::vector<Zone> zones;

    // What a zone says about itself is the same in every response, as it is in real traffic.
    void make_zones(std::size_t count) {
        zones.resize(count);
        for (Zone& zone : zones) zone.name = made_word(random, 4, 14);
        for (Zone& zone : zones) {
            zone.is_signed = random.percent(13);
            put_noise(zone.signature, 256, random);
            for (std::size_t n = 2 + random.below(4), i = 0; i < n; ++i) {
                Bytes& server = zone.servers.emplace_back();
                put_label(server,
                          random.percent(60) ? "ns" + std::to_string(i + 1) : made_word(random, 3, 9));
                if (random.percent(60)) {
                    put_pointer(server, apex);
                } else {
                    put_label(server, zones[random.below(count)].name);
                    put_label(server, "example");
                    put8(server, 0);
                }
            }
            for (int i = 0; i < 8; ++i) {
                Bytes& address = zone.addresses.emplace_back();
                if (i % 3 == 2) {
                    put32(address, 0x20010db8);
                    put_noise(address, 4, random);
                    put32(address, 0);
                    put32(address, static_cast<std::uint32_t>(random.below(256)));
                } else {
                    put16(address, 198 << 8 | 51);
                    put_noise(address, 2, random);
                }
            }
        }
    }

    // Header, question nNNNNNNNN.zone.tld, and an OPT record: what resolvers ask with.
    Bytes question(const std::string& zone, unsigned flags, unsigned type, bool edns) {
        Bytes out;
        put_message_header(out, 0, flags, edns);
        put_label(out, "n00000000");
        put_label(out, zone);
        put_label(out, "example");
        put8(out, 0);
        put16(out, type);
        put16(out, 1);
        return out;
    }
    void counted(Bytes& out, const Bytes& data) {
        const RecordData length(out);
        put_octets(out, data);
    }

    // A response of about `size` octets: answers, the zone's servers and their addresses, signatures.
    Bytes response(const Zone& of, unsigned type, std::size_t size, bool edns) {
        constexpr std::uint32_t ttls[] = {60, 300, 3600, 21'600, 86'400, 172'800};
        const bool nxdomain = random.percent(15);
        const bool signed_zone = size > 700 || of.is_signed;
        const std::string& zone = of.name;
        Bytes out = question(zone, 0x8400 | (nxdomain ? 3 : 0), type, edns);
        unsigned answers = 0, authority = 0, additional = edns ? 1 : 0;
        const auto signature = [&](unsigned owner, unsigned covered) {
            put_record(out, owner, 46, ttls[random.below(6)]);
            Bytes data;
            put_signature_head(data, covered, random);
            put_label(data, zone);
            put_label(data, "example");
            put8(data, 0);
            if (covered == 48) {
                put_octets(data, of.signature);
            } else {
                put_noise(data, 64, random);
            }
            counted(out, data);
        };
        if (!nxdomain) {
            for (std::size_t n = 1 + random.below(3), i = 0; i < n; ++i, ++answers) {
                put_record(out, whole, type, ttls[random.below(6)]);
                Bytes data;
                if (type == 1) {
                    put16(data, 203 << 8);
                    put_noise(data, 2, random);
                } else if (type == 28) {
                    put32(data, 0x20010db8);
                    put16(data, static_cast<unsigned>(random.below(4096)));
                    put32(data, 0);
                    put32(data, 0);
                    put_noise(data, 2, random);
                } else {
                    put_label(data, made_word(random, 20, 60));
                }
                counted(out, data);
            }
            if (signed_zone) {
                signature(whole, type);
                ++answers;
            }
        } else {
            put_record(out, apex, 6, 900);
            Bytes data;
            put_label(data, "ns1");
            put_pointer(data, apex);
            put_label(data, "hostmaster");
            put_pointer(data, apex);
            put_soa_numbers(data, random);
            counted(out, data);
            ++authority;
            if (signed_zone) {
                signature(apex, 6);
                ++authority;
            }
        }
        const std::size_t end = size - (edns ? 11 : 0);
        for (std::size_t i = 0; i < of.servers.size() && !nxdomain && out.size() + 24 < end;
             ++i, ++authority) {
            put_record(out, apex, 2, 86'400);
            counted(out, of.servers[i]);
        }
        for (std::size_t i = 0; out.size() + 16 < end; ++i, ++additional) {
            if (size > 900 && out.size() + 300 < size) {
                signature(apex, 48);
            } else {
                const Bytes& address = of.addresses[i % of.addresses.size()];
                put_record(out, apex, address.size() == 4 ? 1 : 28, 86'400);
                counted(out, address);
            }
        }
        if (edns) put_opt(out, 1232, true);
        set_counts(out, answers, authority, additional);
        return out;
    }
};

LiveTraffic::LiveTraffic(std::uint64_t seed) {
    for (std::size_t i = 0; i < hex_.size(); ++i) {
        const char pair[2] = {"0123456789abcdef"[i >> 4], "0123456789abcdef"[i & 15]};
        std::memcpy(&hex_[i], pair, 2);
    }
    Making making{{(seed * 0x9e3779b97f4a7c15ULL) | 1}, {}};
    making.make_zones(2000);
    octets_.reserve(std::size_t{4} << 20);
    for (std::uint32_t i = 0; i < transactions_in_round; ++i) make(i, making);
    schedule(seed);
}

void LiveTraffic::make(std::uint32_t index, Making& making) {
    Random& random = making.random;
    const bool ipv6 = random.percent(30), answered = !random.percent(5),
               fragmented = answered && random.percent(3);
    const bool edns = random.percent(97);
    const Making::Zone& zone =  // few zones are asked for often
        making.zones[static_cast<std::size_t>(std::pow(random.unit(), 3) *
                                              static_cast<double>(making.zones.size()))];
    constexpr unsigned types[] = {1, 1, 1, 1, 1, 28, 28, 28, 16, 1};
    const unsigned type = types[random.below(10)];
    // A server of its own for each index, so that fragments of two rounds differ by their IP id alone.
    Bytes server;
    if (ipv6) {
        for (const unsigned word :
             {0x2001U, 0x0db8U, 0x0053U, static_cast<unsigned>(random.below(65'536)), 0U, 0U, index, 0x53U})
            put16(server, word);
    } else {
        put16(server, 198 << 8 | 18);
        put16(server, 0x2000 + index);
    }

    const auto add = [&](Bytes message, bool response) {
        const Octets resolver = ipv6 ? Octets(resolver6) : Octets(resolver4);
        const Octets source = response ? Octets(server) : resolver,
                     destination = response ? resolver : Octets(server);
        Bytes udp;
        put16(udp, response ? 53 : 0);
        put16(udp, response ? 0 : 53);
        put16(udp, static_cast<unsigned>(udp_header + message.size()));
        put16(udp, 0);
        put_octets(udp, message);
        // Without id, port and digits, which are added with each number.
        std::memset(udp.data() + udp_header + digits_at, 0, digits);
        const std::uint32_t sum = udp_sum(udp, source, destination);

        const bool in_parts = response && fragmented;
        const std::size_t step = in_parts ? octets_in_part(ipv6) : udp.size();
        for (std::size_t at = 0; at < udp.size(); at += step) {
            const std::size_t octets = std::min(step, udp.size() - at);
            Frame frame{};
            frame.begin = static_cast<std::uint32_t>(octets_.size());
            Bytes out;
            // To a station that does not exist: the receiver's own stack drops it first thing.
            put_ethernet(out, ipv6, true);
            const IpPlaces ip = put_ip(out, {.ipv6 = ipv6,
                                             .source = source,
                                             .destination = destination,
                                             .octets = octets,
                                             .in_parts = in_parts,
                                             .more = at + octets < udp.size(),
                                             .offset = at});
            frame.ip_id_at = ip.id_at;
            frame.ip_sum_at = ip.checksum_at;
            frame.ip_sum = ip.sum;
            frame.wide_ip_id = ipv6;
            if (at == 0) {
                frame.udp_at = static_cast<std::uint16_t>(out.size());
                frame.port_at = static_cast<std::uint16_t>(out.size() + (response ? 2 : 0));
                frame.udp_sum = sum;
            }
            put_octets(out, Octets(udp).subspan(at, octets));
            frame.octets = static_cast<std::uint16_t>(out.size());
            put_octets(octets_, out);
            frames_.push_back(frame);
            shape_.frame_octets += out.size();
        }
    };

    queries_.push_back(static_cast<std::uint32_t>(frames_.size()));
    Bytes query = making.question(zone.name, random.percent(10) ? 0x0010 : 0, type, edns);
    if (edns) put_opt(query, 1232, true);
    add(std::move(query), false);
    const std::size_t before = frames_.size();
    if (answered) {
        const double spread = std::exp(0.55 * random.normal());
        const std::size_t size =
            fragmented ? 1550 + random.below(1050)
                       : std::min<std::size_t>(1200, static_cast<std::size_t>(180 * spread) + 20);
        Bytes response = making.response(zone, type, size, edns);
        shape_.response_octets += response.size();
        add(std::move(response), true);
    }
    parts_.push_back(static_cast<std::uint8_t>(frames_.size() - before));
    ++shape_.transactions;
    shape_.answered += answered ? 1 : 0;
    shape_.fragmented += fragmented ? 1 : 0;
    shape_.ipv6 += ipv6 ? 1 : 0;
    shape_.frames = frames_.size();
}

void LiveTraffic::schedule(std::uint64_t seed) {
    Random random{(seed * 0xd1342543de82ef95ULL) | 1};
    struct Due {
        std::uint32_t place;  // in units of a transaction
        Slot slot;
    };
    std::vector<Due> due;
    for (std::uint32_t i = 0; i < transactions_in_round; ++i) {
        due.push_back({i, {i, 0, false, 0, queries_[i]}});
        if (parts_[i] == 0) continue;
        // At 300,000 packets a second a median of 9 ms.
        const double behind = 1350 * std::exp(0.8 * random.normal());
        const auto later =
            static_cast<std::uint32_t>(std::clamp(behind, 20.0, double{transactions_in_round - 1}));
        for (std::uint16_t part = 0; part < parts_[i]; ++part)
            due.push_back({(i + later) % transactions_in_round,
                           {i, static_cast<std::uint8_t>((i + later) / transactions_in_round), true, part,
                            queries_[i] + 1U + part}});
    }
    std::stable_sort(due.begin(), due.end(), [](const Due& a, const Due& b) { return a.place < b.place; });
    for (const Due& d : due) slots_.push_back(d.slot);
}

Octets LiveTraffic::patch(std::uint32_t which, std::uint32_t number) {
    const Frame& frame = frames_[which];
    std::uint8_t* const at = octets_.data() + frame.begin;
    const std::uint32_t round = number / transactions_in_round;
    if (frame.ip_id_at != nowhere) {
        if (frame.wide_ip_id) {
            store_be32(at + frame.ip_id_at, round);
        } else {
            std::uint16_t id = 0;
            store_be16(at + frame.ip_id_at, static_cast<std::uint16_t>(round));
            std::memcpy(&id, at + frame.ip_id_at, 2);
            const std::uint16_t sum = checksum(frame.ip_sum + id);
            std::memcpy(at + frame.ip_sum_at, &sum, 2);
        }
    }
    if (frame.udp_at != nowhere) {
        const LiveIdentity identity = identity_of(number);
        std::uint16_t words[6] = {0,
                                  0,
                                  hex_[number >> 24],
                                  hex_[number >> 16 & 0xff],
                                  hex_[number >> 8 & 0xff],
                                  hex_[number & 0xff]};
        std::uint8_t* const message = at + frame.udp_at + udp_header;
        store_be16(at + frame.port_at, identity.port);
        store_be16(message, identity.id);
        std::memcpy(&words[0], at + frame.port_at, 2);
        std::memcpy(&words[1], message, 2);
        std::memcpy(message + digits_at, &words[2], digits);
        std::uint32_t sum = frame.udp_sum;
        for (const std::uint16_t word : words) sum += word;
        const std::uint16_t result = udp_checksum(sum);
        std::memcpy(at + frame.udp_at + 6, &result, 2);
    }
    return {at, frame.octets};
}

bool LiveSequence::next(const LiveTraffic::Slot*& slot, std::uint32_t& number) {
    for (;;) {
        if (stopped_ && left_-- == 0) {
            left_ = 0;
            return false;
        }
        slot = &slots_[at_];
        const bool before_start = slot->rounds_late > round_;
        number = (round_ - slot->rounds_late) * transactions_in_round + slot->index;
        if (++at_ == slots_.size()) {
            at_ = 0;
            ++round_;
        }
        if (before_start || (stopped_ && number >= begun_)) continue;
        if (!slot->response) begun_ = number + 1;
        return true;
    }
}

void LiveSequence::stop() {
    if (!stopped_) left_ = slots_.size();
    stopped_ = true;
}

bool LiveTraffic::number_in(Octets name, std::uint32_t& number) {
    if (name.size() < 1 + first_label || name[0] != first_label || name[1] != 'n') return false;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        const std::uint8_t c = name[2 + i];
        if (c >= '0' && c <= '9')
            value = value << 4 | (c - std::uint32_t{'0'});
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (c - std::uint32_t{'a'} + 10);
        else
            return false;
    }
    number = value;
    return true;
}

}  // namespace sie::bench
