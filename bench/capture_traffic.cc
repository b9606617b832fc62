#include "capture_traffic.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

namespace sie::bench {

namespace {

constexpr std::uint16_t type_a = 1, type_ns = 2, type_cname = 5, type_soa = 6, type_mx = 15, type_txt = 16,
                        type_aaaa = 28, type_ds = 43, type_rrsig = 46, type_dnskey = 48, type_nsec3 = 50,
                        type_https = 65;
constexpr std::int64_t millisecond = 1'000'000, microsecond = 1'000;
constexpr std::int64_t between_fragments = 12 * microsecond;
constexpr std::uint32_t ttls[] = {60, 300, 300, 900, 3600, 3600, 21'600, 86'400};

// Below .example, which nobody can register (RFC 2606).
struct Domain {
    std::string_view label;
    unsigned percent;
};
constexpr Domain domains[] = {{"com", 45}, {"net", 12}, {"org", 9}, {"de", 9}, {"uk", 6},
                              {"fr", 5},   {"jp", 4},   {"io", 4},  {"br", 3}, {"info", 3}};
constexpr std::uint8_t domain_servers = 4;

// Seeds of what is the same each time it is asked for.
enum class About : std::uint64_t { zone = 1, name, server, signature, transaction };
[[nodiscard]] Random random_about(std::uint64_t seed, About what, std::uint64_t number,
                                  std::uint64_t more = 0) {
    return random_of(mixed(mixed(seed) + static_cast<std::uint64_t>(what) * 0x100000001ULL + number) + more);
}

// 198.18.x.x, 2001:db8:53:x::1xxx.
struct ServerAddress {
    std::uint8_t octets[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0x53};
    std::size_t size;

    ServerAddress(std::uint64_t server, bool ipv6) : size(ipv6 ? 16 : 4) {
        if (ipv6) {
            store_be16(octets + 6, static_cast<std::uint16_t>(server >> 16));
            store_be16(octets + 14, static_cast<std::uint16_t>((server & 0xfff) | 0x1000));
        } else {
            store_be16(octets, 198 << 8 | 18);
            store_be16(octets + 2, static_cast<std::uint16_t>(server));
        }
    }
    [[nodiscard]] Octets view() const { return {octets, size}; }
};

void put_words(Bytes& out, Random& random, std::size_t octets) {
    for (; octets >= 8; octets -= 8) {
        std::uint8_t word[8];
        store_le64(word, random.word());
        put_octets(out, word);
    }
    put_noise(out, octets, random);
}

}  // namespace

// One message, from its header to the OPT record. Names that stand in it once are pointed to.
class CaptureTraffic::Writer {
  public:
    Writer(const CaptureTraffic& traffic, const Transaction& t, Bytes& out)
        : traffic_(traffic),
          t_(t),
          out_(out),
          name_(traffic.names_[t.name]),
          zone_(traffic.zones_[name_.zone]),
          of_zone_(random_about(traffic.options_.seed, About::zone, name_.zone)),
          of_name_(random_about(traffic.options_.seed, About::name, t.name, t.type)),
          signed_(zone_.is_signed && t.dnssec_ok) {}

    // Where the zone's name stands in the question.
    void zone_at(std::size_t at) { apex_ = at; }
    [[nodiscard]] bool has_signatures() const { return has_signatures_; }

    void write() {
        switch (t_.kind) {
            case Kind::answer: answer(); break;
            case Kind::nodata: denial(false); break;
            case Kind::nxdomain: denial(true); break;
            case Kind::referral: referral(); break;
        }
        if (t_.octets != 0) fill();
        if (t_.edns) {
            put_opt(out_, 1232, t_.dnssec_ok);
            ++additional_;
        }
        set_counts(out_, answers_, authority_, additional_);
    }

  private:
    [[nodiscard]] static std::uint32_t ttl(Random& random) { return ttls[random.below(std::size(ttls))]; }
    void address(std::size_t owner, bool ipv6, std::uint32_t time, std::uint64_t of) {
        put_record(out_, owner, ipv6 ? type_aaaa : type_a, time);
        const RecordData data(out_);
        put_octets(out_, ServerAddress(of, ipv6).view());
    }

    // ns1 of the zone, or of the provider, whose domain stands here the first time only.
    void server_name(std::size_t k) {
        const std::uint8_t digit[] = {3, 'n', 's', static_cast<std::uint8_t>('1' + k)};
        put_octets(out_, digit);
        if (zone_.provider == 0) return put_pointer(out_, apex_);
        if (provider_) return put_pointer(out_, *provider_);
        provider_ = out_.size();
        const std::uint32_t at = traffic_.providers_[zone_.provider - 1];
        const Octets wires = traffic_.wires_;
        std::size_t end = at;
        while (wires[end] != 0) end += 1U + wires[end];
        put_octets(out_, wires.subspan(at, end + 1 - at));
    }

    // The zone's servers. Their addresses follow when the authority section is complete.
    void servers(unsigned& section) {
        servers_ttl_ = ttl(of_zone_);
        for (std::size_t k = 0; k < zone_.servers; ++k, ++section) {
            put_record(out_, apex_, type_ns, servers_ttl_);
            const RecordData data(out_);
            hosts_[k] = out_.size();
            server_name(k);
        }
    }
    void glue() {
        for (std::size_t k = 0; k < zone_.servers; ++k)
            for (const bool ipv6 : {false, true}) {
                address(hosts_[k], ipv6, servers_ttl_, traffic_.server(name_.zone, k));
                ++additional_;
            }
    }

    // `which`: of several with the same owner's kind and type.
    void signature(std::size_t owner, std::uint16_t covered, unsigned& section, std::uint64_t which = 0) {
        if (!signed_) return;
        Random random =
            random_about(traffic_.options_.seed, About::signature, name_.zone,
                         which << 48 | (owner == apex_ ? 0 : std::uint64_t{t_.name} + 1) << 16 | covered);
        put_record(out_, owner, type_rrsig, 3600);
        const RecordData data(out_);
        put_signature_head(out_, covered, of_zone_);
        put_octets(out_, traffic_.wire(zone_.wire_at, zone_.wire_octets));
        put_words(out_, random, name_.zone % 4 == 0 ? 128 : 64);  // RSA of 1,024 bits, else ECDSA
        ++section;
        has_signatures_ = true;
    }

    void addresses(std::size_t owner, bool ipv6) {
        const std::uint32_t time = ttl(of_name_);
        const std::uint64_t count =
            std::max<std::uint64_t>(1, std::min(of_name_.below(5), of_name_.below(5)));
        for (std::uint64_t i = 0; i < count; ++i, ++answers_) {
            put_record(out_, owner, ipv6 ? type_aaaa : type_a, time);
            const RecordData data(out_);
            if (ipv6) {
                put32(out_, 0x20010db8);
                put16(out_, static_cast<unsigned>(of_name_.below(4096)));
                put32(out_, 0);
                put32(out_, 0);
            } else {
                put16(out_, 203 << 8);
            }
            put_noise(out_, 2, of_name_);
        }
        signature(owner, ipv6 ? type_aaaa : type_a, answers_);
    }

    void answer() {
        const std::size_t owner = dns_header;
        switch (t_.type) {
            case type_a:
            case type_aaaa: {
                std::size_t at = owner;
                if (of_name_.percent(25)) {  // an alias into somebody's network of distribution
                    put_record(out_, owner, type_cname, ttl(of_name_));
                    {
                        const RecordData data(out_);
                        at = out_.size();
                        put_label(out_, made_word(of_name_, 5, 16));
                        put_label(out_, "cdn");
                        put_pointer(out_, apex_);
                    }
                    ++answers_;
                    signature(owner, type_cname, answers_);
                }
                addresses(at, t_.type == type_aaaa);
                break;
            }
            case type_https: {
                put_record(out_, owner, type_https, ttl(of_name_));
                {
                    const RecordData data(out_);  // priority, root, alpn=h2,h3 (RFC 9460)
                    put_octets(out_, as_octets(std::string_view("\0\1\0\0\1\0\6\2h2\2h3", 13)));
                }
                ++answers_;
                signature(owner, type_https, answers_);
                break;
            }
            case type_txt:
                for (std::uint64_t i = 0, n = 1 + of_name_.below(3); i < n; ++i, ++answers_) {
                    put_record(out_, owner, type_txt, 3600);
                    const RecordData data(out_);
                    put_label(out_,
                              i == 0 ? "v=spf1 include:_spf." + made_word(of_name_, 5, 12) + ".example -all"
                                     : "verification=" + made_word(of_name_, 24, 60));
                }
                signature(owner, type_txt, answers_);
                break;
            case type_mx:
                for (std::uint64_t i = 0; i < 2; ++i, ++answers_) {
                    put_record(out_, apex_, type_mx, 3600);
                    const RecordData data(out_);
                    put16(out_, static_cast<unsigned>(10 * (i + 1)));
                    put_label(out_, i == 0 ? "mx1" : "mx2");
                    put_pointer(out_, apex_);
                }
                signature(apex_, type_mx, answers_);
                break;
            case type_ns:
                servers(answers_);
                signature(apex_, type_ns, answers_);
                return glue();
            case type_ds: delegation_signer(answers_); break;
            case type_dnskey:
                for (std::uint64_t i = 0; i < 2; ++i, ++answers_) key(i == 0 ? 257 : 256);
                signature(apex_, type_dnskey, answers_);
                break;
            default: break;
        }
        if (!zone_.whole) return;
        servers(authority_);
        signature(apex_, type_ns, authority_);
        glue();
    }

    void key(unsigned flags) {
        put_record(out_, apex_, type_dnskey, 3600);
        const RecordData data(out_);
        put16(out_, flags);
        put8(out_, 3);
        put8(out_, 13);
        Random random = random_about(traffic_.options_.seed, About::zone, name_.zone, flags);
        put_words(out_, random, 64);
    }
    void delegation_signer(unsigned& section) {
        put_record(out_, apex_, type_ds, 86'400);
        {
            const RecordData data(out_);
            Random random = random_about(traffic_.options_.seed, About::zone, name_.zone, type_ds);
            put16(out_, static_cast<unsigned>(random.below(65'536)));
            put8(out_, 13);
            put8(out_, 2);
            put_words(out_, random, 32);
        }
        ++section;
        signature(apex_, type_ds, section);
    }

    void referral() {
        servers(authority_);
        if (signed_) delegation_signer(authority_);
        glue();
    }

    // SOA, and in signed zones the proof (RFC 5155: three records for a name, one for a type).
    void denial(bool of_name) {
        put_record(out_, apex_, type_soa, 900);
        {
            const RecordData data(out_);
            put_label(out_, "ns1");
            put_pointer(out_, apex_);
            put_label(out_, "hostmaster");
            put_pointer(out_, apex_);
            put_soa_numbers(out_, of_zone_);
        }
        ++authority_;
        signature(apex_, type_soa, authority_);
        if (!signed_) return;
        // Some dozens of gaps between names, of which three are shown.
        const std::uint64_t gap = of_name ? 1 + t_.number % 64 : 0;
        Random proof =
            random_about(traffic_.options_.seed, About::zone, name_.zone, type_nsec3 + (gap << 16));
        for (std::uint64_t i = 0; i < (of_name ? 3U : 1U); ++i) {
            const std::size_t owner = out_.size();
            put_label(out_, hashed(proof));
            put_record(out_, apex_, type_nsec3, 900);
            {
                const RecordData data(out_);
                put32(out_, 0x01000000);
                put8(out_, 0);
                put8(out_, 20);
                put_words(out_, proof, 20);
                put_octets(out_, as_octets(std::string_view("\0\6\x40\1\0\0\0\3", 8)));
            }
            ++authority_;
            signature(owner, type_nsec3, authority_, gap * 4 + i);
        }
    }
    // An NSEC3's first label: 32 digits of base32hex.
    static std::string hashed(Random& random) {
        std::string text;
        for (int i = 0; i < 32; ++i) text.push_back("0123456789abcdefghijklmnopqrstuv"[random.below(32)]);
        return text;
    }

    // Up to the size of a response that comes in fragments: a large key, and what long answers are made of.
    void fill() {
        const std::size_t end = t_.octets - (t_.edns ? 11U : 0U);
        constexpr std::size_t head = 12, least = head + 2, longest_text = 64;
        put_record(out_, apex_, type_dnskey, 3600);
        {
            const RecordData data(out_);
            put32(out_, 0x01000308);  // 256, protocol 3, RSA
            put_words(out_, of_zone_, 260);
        }
        ++additional_;
        const std::string text = "site-verification=" + made_word(of_zone_, 46, 46);
        for (std::uint64_t i = 0; out_.size() + least <= end; ++i, ++additional_) {
            const std::size_t room = end - out_.size() - head;
            if (room >= 4 + least && i % 8 != 0) {
                address(apex_, false, 3600, of_zone_());
                continue;
            }
            put_record(out_, apex_, type_txt, 3600);
            const RecordData data(out_);
            put_label(out_, std::string_view(text).substr(0, std::min(room - 1, longest_text)));
        }
    }

    const CaptureTraffic& traffic_;
    const Transaction& t_;
    Bytes& out_;
    const Name& name_;
    const Zone& zone_;
    Random of_zone_, of_name_;
    const bool signed_;
    bool has_signatures_ = false;
    std::size_t apex_ = dns_header;
    std::optional<std::size_t> provider_;
    std::size_t hosts_[8] = {};  // where the servers' names stand
    std::uint32_t servers_ttl_ = 0;
    unsigned answers_ = 0, authority_ = 0, additional_ = 0;
};

CaptureTraffic::CaptureTraffic(const CaptureOptions& options)
    : options_(options),
      salt_(mixed(options.seed)),
      random_(random_about(options.seed, About::transaction, 0)),
      next_ns_(options.begin_s * Time::per_second) {
    make_names();
    asked_.resize(names_.size());
    if (options_.packets == 0) next_ns_ = INT64_MAX;
}

void CaptureTraffic::make_names() {
    Random random = random_about(options_.seed, About::name, UINT64_MAX);
    const auto domain_of = [&]() -> std::uint8_t {
        std::uint64_t share = random.below(100);
        std::uint8_t i = 0;
        for (; share >= domains[i].percent; ++i) share -= domains[i].percent;
        return i;
    };
    const auto put_domain = [&](std::uint8_t domain) {
        put_label(wires_, domains[domain].label);
        put_label(wires_, "example");
        put8(wires_, 0);
    };
    const std::size_t provider_count = std::max<std::size_t>(8, options_.names / 60);
    for (std::size_t i = 0; i < provider_count; ++i) {
        providers_.push_back(static_cast<std::uint32_t>(wires_.size()));
        put_label(wires_, made_word(random, 5, 14));
        put_domain(domain_of());
    }
    const std::size_t zone_count = std::max<std::size_t>(8, options_.names / 5);
    for (std::size_t i = 0; i < zone_count; ++i) {
        Zone& zone = zones_.emplace_back();
        zone.wire_at = static_cast<std::uint32_t>(wires_.size());
        zone.domain = domain_of();
        put_label(wires_, made_word(random, 4, 14));
        put_domain(zone.domain);
        zone.wire_octets = static_cast<std::uint8_t>(wires_.size() - zone.wire_at);
        zone.servers = static_cast<std::uint8_t>(2 + random.below(3));
        // A few providers have most of the zones.
        const double place = std::pow(random.unit(), 3) * static_cast<double>(provider_count);
        zone.provider = random.percent(25) ? 0 : 1 + static_cast<std::uint32_t>(place);
        zone.is_signed = random.percent(13);
        zone.whole = random.percent(70);
    }
    double reached = 0;
    for (std::uint32_t rank = 1; rank <= options_.names; ++rank) {
        Name& name = names_.emplace_back();
        name.zone = static_cast<std::uint32_t>(random.below(zone_count));
        const Zone& zone = zones_[name.zone];
        name.wire_at = static_cast<std::uint32_t>(wires_.size());
        const std::uint64_t form = random.below(100);
        if (form < 30)
            put_label(wires_, "www");
        else if (form < 85)
            put_label(wires_, made_word(random, 3, 12));
        if (form >= 75 && form < 85) put_label(wires_, made_word(random, 3, 8));
        for (std::uint8_t i = 0; i < zone.wire_octets; ++i) put8(wires_, wires_[zone.wire_at + i]);
        name.wire_octets = static_cast<std::uint8_t>(wires_.size() - name.wire_at);
        reached += 1.0 / rank;
        reached_.push_back(reached);
    }
}

CaptureTraffic::Transaction CaptureTraffic::draw(std::int64_t ns) {
    Transaction t{};
    t.number = number_++;
    t.asked_ns = ns;
    const double place = random_.unit() * reached_.back();
    t.name = static_cast<std::uint32_t>(std::upper_bound(reached_.begin(), reached_.end() - 1, place) -
                                        reached_.begin());
    const Name& name = names_[t.name];
    const Zone& zone = zones_[name.zone];
    t.id = static_cast<std::uint16_t>(random_.below(65'536));
    t.port = static_cast<std::uint16_t>(1024 + random_.below(64'512));
    t.ipv6 = random_.percent(options_.ipv6);
    t.edns = random_.percent(97);
    t.dnssec_ok = t.edns && random_.percent(95);  // 92 % of all
    const std::uint64_t of_type = random_.below(100), of_kind = random_.below(100);
    t.type = of_type < 56   ? type_a
             : of_type < 82 ? type_aaaa
             : of_type < 90 ? type_https
             : of_type < 93 ? type_txt
             : of_type < 95 ? type_mx
             : of_type < 97 ? type_ns
             : of_type < 99 ? type_ds
                            : type_dnskey;
    const bool can_be_absent = t.type == type_aaaa || t.type == type_https || t.type == type_ds;
    // Whether a type is there is a fact about the name; whether servers above are asked is not.
    Random fact = random_about(options_.seed, About::name, t.name, 1000U + t.type);
    if (of_kind < options_.nxdomain)
        t.kind = Kind::nxdomain;
    else if (of_kind < options_.nxdomain + 16)
        t.kind = Kind::referral;
    else if ((can_be_absent && fact.percent(45)) ||
             ((t.type == type_ds || t.type == type_dnskey) && !zone.is_signed))
        t.kind = Kind::nodata;
    t.server =
        static_cast<std::uint8_t>(random_.below(t.kind == Kind::referral ? domain_servers : zone.servers));
    return t;
}

std::uint64_t CaptureTraffic::server(std::uint32_t zone, std::size_t k) const {
    const std::uint32_t provider = zones_[zone].provider;
    return mixed(salt_ + (std::uint64_t{provider} << 32) + (provider == 0 ? std::uint64_t{zone} << 3 : 0) +
                 k);
}

// Header and question into message_.
void CaptureTraffic::put_question(const Transaction& t, unsigned flags) {
    const Name& name = names_[t.name];
    message_.clear();
    put_message_header(message_, t.id, flags, t.edns);
    if (t.kind == Kind::nxdomain) {  // what random subdomains, mistakes and telemetry ask for
        Random random = random_about(options_.seed, About::transaction, t.number, 1);
        put_label(message_, made_word(random, 6, 14));
        const Zone& zone = zones_[name.zone];
        put_octets(message_, wire(zone.wire_at, zone.wire_octets));
    } else if (t.type == type_ns || t.type == type_mx || t.type == type_ds || t.type == type_dnskey) {
        const Zone& zone = zones_[name.zone];
        put_octets(message_, wire(zone.wire_at, zone.wire_octets));
    } else {
        put_octets(message_, wire(name.wire_at, name.wire_octets));
    }
    put16(message_, t.type);
    put16(message_, 1);
}

bool CaptureTraffic::frame(const Transaction& t, bool response, std::size_t part, std::int64_t ns,
                           Made& made) {
    const Name& name = names_[t.name];
    const std::uint64_t server = t.kind == Kind::referral
                                     ? mixed(salt_ - zones_[name.zone].domain * 8U - t.server - 1)
                                     : this->server(name.zone, t.server);
    const ServerAddress responder(server, t.ipv6);
    const Octets near = t.ipv6 ? Octets(resolver6) : Octets(resolver4);
    const Octets source = response ? responder.view() : near,
                 destination = response ? near : responder.view();

    udp_.clear();
    put16(udp_, response ? 53 : t.port);
    put16(udp_, response ? t.port : 53);
    put16(udp_, static_cast<unsigned>(udp_header + message_.size()));
    put16(udp_, 0);
    put_octets(udp_, message_);
    const std::uint16_t sum = udp_checksum(udp_sum(udp_, source, destination));
    std::memcpy(udp_.data() + 6, &sum, 2);

    IpPacket ip;
    ip.ipv6 = t.ipv6;
    ip.source = source;
    ip.destination = destination;
    ip.in_parts = response && t.octets != 0;
    ip.offset = ip.in_parts ? part * octets_in_part(t.ipv6) : 0;
    ip.octets = ip.in_parts ? std::min(octets_in_part(t.ipv6), udp_.size() - ip.offset) : udp_.size();
    ip.more = ip.offset + ip.octets < udp_.size();
    ip.id = static_cast<std::uint32_t>(mixed(salt_ + t.number * 2 + (response ? 1 : 0)));
    ip.flow = static_cast<std::uint32_t>(mixed(server + (response ? t.port : 0U)) & 0xfffff);
    ip.hops = static_cast<std::uint8_t>(response ? 44 + server % 16 : 64);
    ip.dont_fragment = !ip.in_parts;

    packet_.clear();
    put_ethernet(packet_, t.ipv6, response);
    (void)put_ip(packet_, ip);
    put_octets(packet_, Octets(udp_).subspan(ip.offset, ip.octets));
    made.frame = packet_;
    made.time = {ns - ns % microsecond};
    if (counts_.packets++ == 0) counts_.first = made.time;
    counts_.last = made.time;
    counts_.octets += packet_.size();
    counts_.fragments += ip.in_parts ? 1 : 0;
    return ip.more;
}

void CaptureTraffic::ask(const Transaction& t, Made& made) {
    put_question(t, t.dnssec_ok && t.number % 8 == 0 ? 0x0010 : 0);  // some with CD
    if (t.edns) put_opt(message_, 4096, t.dnssec_ok);
    ++counts_.transactions;
    counts_.ipv6 += t.ipv6 ? 1 : 0;
    counts_.edns += t.edns ? 1 : 0;
    counts_.dnssec_ok += t.dnssec_ok ? 1 : 0;
    if (!asked_[t.name]) {
        asked_[t.name] = true;
        ++counts_.names;
    }
    (void)frame(t, false, 0, t.asked_ns, made);
}

void CaptureTraffic::answer(const Due& due, Made& made) {
    const Transaction t = open_[due.slot];
    const Name& name = names_[t.name];
    put_question(t,
                 0x8000U | (t.kind == Kind::referral ? 0U : 0x0400U) | (t.kind == Kind::nxdomain ? 3U : 0U));
    const Zone& zone = zones_[name.zone];
    Writer writer(*this, t, message_);
    writer.zone_at(message_.size() - 4 - zone.wire_octets);
    writer.write();
    if (frame(t, true, due.part, due.ns, made))
        due_.push({due.ns + between_fragments, t.number, due.slot, static_cast<std::uint16_t>(due.part + 1)});
    else
        free_.push_back(due.slot);
    if (due.part == 0) {
        --pending_;
        ++counts_.answered;
        counts_.nxdomain += t.kind == Kind::nxdomain ? 1 : 0;
        counts_.referrals += t.kind == Kind::referral ? 1 : 0;
        counts_.with_signatures += writer.has_signatures() ? 1U : 0U;
        counts_.response_octets += message_.size();
        counts_.fragmented += t.octets != 0 ? 1 : 0;
        const std::int64_t delay = due.ns - t.asked_ns;
        counts_.within_5_to_15_ms += delay >= 5 * millisecond && delay <= 15 * millisecond ? 1 : 0;
        counts_.later_than_100_ms += delay > 100 * millisecond ? 1 : 0;
        counts_.longest_ns = std::max(counts_.longest_ns, delay);
    }
}

bool CaptureTraffic::next(Made& made) {
    if (waited_ < options_.waiting) {
        const std::int64_t minute = 60 * Time::per_second;
        const Transaction t =
            draw(options_.begin_s * Time::per_second - minute +
                 static_cast<std::int64_t>(static_cast<double>(minute) * waited_ / options_.waiting));
        ++waited_;
        ++counts_.unanswered;
        ask(t, made);
        return true;
    }
    if (!due_.empty() && due_.top().ns <= next_ns_) {
        const Due due = due_.top();
        due_.pop();
        answer(due, made);
        return true;
    }
    if (next_ns_ == INT64_MAX) return false;

    Transaction t = draw(next_ns_);
    const double gap = -std::log(1 - random_.unit()) / options_.rate;
    next_ns_ += std::max<std::int64_t>(1, static_cast<std::int64_t>(gap * 1e9));
    if (random_.percent(options_.unanswered)) {
        ++counts_.unanswered;
    } else {
        const bool in_fragments = t.edns && random_.below(1000) < options_.fragmented;
        t.octets = in_fragments ? static_cast<std::uint16_t>(1550 + random_.below(1050)) : std::uint16_t{0};
        // The tail: evenly over the powers from 15 ms to 6 s.
        const double delay_ms =
            random_.percent(1) ? 15 * std::pow(400, random_.unit()) : 9 * std::exp(0.5 * random_.normal());
        const auto delay = static_cast<std::int64_t>(std::clamp(delay_ms, 0.3, 6000.0) * 1e6);
        std::uint32_t slot = 0;
        if (free_.empty()) {
            slot = static_cast<std::uint32_t>(open_.size());
            open_.push_back(t);
        } else {
            slot = free_.back();
            free_.pop_back();
            open_[slot] = t;
        }
        due_.push({t.asked_ns + delay, t.number, slot, 0});
        ++pending_;
    }
    ask(t, made);
    if (counts_.packets - waited_ + pending_ >= options_.packets) next_ns_ = INT64_MAX;
    return true;
}

}  // namespace sie::bench
