#include "stream/statistics.h"

#include <fmt/format.h>
#include <libpsl.h>

#include <algorithm>

#include "base/address_text.h"
#include "base/text_append.h"
#include "dns/name.h"
#include "dns/type_name.h"
#include "text/json_string.h"
#include "text/time_text.h"

namespace sie::stream {

namespace {

constexpr std::size_t shown = 10;
constexpr std::array<double, 5> percents{50, 90, 95, 99, 99.9};

std::string type_label(std::uint32_t vendor, std::uint32_t type) {
    const text::PayloadType* known = text::find_type(vendor, type);
    const std::string_view name = text::vendor_name(vendor);
    return fmt::format("{}:{}", name.empty() ? std::to_string(vendor) : std::string(name),
                       known == nullptr ? std::to_string(type) : std::string(known->name));
}

using Rows = std::vector<std::pair<std::string, std::uint64_t>>;

template <class Map, class Name>
Rows rows_of(const Map& map, const Name& name) {
    Rows rows;
    for (const auto& [key, count] : map) rows.emplace_back(name(key), count);
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    return rows;
}

void append_table(std::string& out, std::string_view title, const Rows& rows, std::uint64_t whole,
                  std::size_t most) {
    if (rows.empty()) return;
    out += fmt::format("\n{}\n", title);
    for (std::size_t i = 0; i < std::min(most, rows.size()); ++i)
        out += fmt::format("  {:<40} {:>14} {:>6.2f} %\n", rows[i].first, rows[i].second,
                           100.0 * static_cast<double>(rows[i].second) / static_cast<double>(whole));
    if (rows.size() > most) out += fmt::format("  and {} more\n", rows.size() - most);
}

void append_object(std::string& json, std::string_view key, const Rows& rows) {
    json += fmt::format(",\"{}\":{{", key);
    bool first = true;
    for (const auto& [name, count] : rows) {
        if (!first) json += ',';
        first = false;
        TextBuffer quoted;
        text::append_json_string(quoted, name);
        json += fmt::format("{}:{}", quoted.view(), count);
    }
    json += '}';
}

std::string time_text(std::pair<std::int64_t, std::uint32_t> moment) {
    TextBuffer out;
    text::append_date(out, moment.first);
    out += '.';
    append_padded(out, moment.second, 9);
    return out.str();
}

}  // namespace

// The list of public suffixes: the newest of the system, else the one built into libpsl.
struct Statistics::SuffixList {
    SuffixList() : list(psl_latest(nullptr)) {}
    ~SuffixList() { psl_free(list); }
    SuffixList(const SuffixList&) = delete;
    SuffixList& operator=(const SuffixList&) = delete;
    psl_ctx_t* list;
};

Statistics::Statistics() : suffixes_known_(std::make_unique<SuffixList>()) {}
Statistics::~Statistics() = default;

void Statistics::take(const nmsg::Payload& payload) {
    ++payloads_;
    ++by_type_[{payload.vendor, payload.type}];
    sizes_.add(payload.octets.size());
    octets_ += payload.octets.size();
    const Moment moment{payload.time_sec, payload.time_nsec};
    first_ = std::min(first_, moment);
    last_ = std::max(last_, moment);
    switch (decoded_.decode(payload)) {
        case text::DecodedPayload::Outcome::decoded: take_fields(payload); break;
        case text::DecodedPayload::Outcome::unknown_type: ++unknown_; break;
        case text::DecodedPayload::Outcome::undecodable: ++undecodable_; break;
    }
}

// Any type that has fields of these names counts; a DNS transaction of base:dnsqr has a kind and a delay
// besides.
void Statistics::take_fields(const nmsg::Payload& payload) {
    const auto& rows = decoded_.type()->rows;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const std::string_view name = rows[row].name;
        const bool address = name == "response_ip" || name == "response_address";
        const bool rcode = name == "rcode", qtype = name == "qtype", qname = name == "qname";
        if (!address && !rcode && !qtype && !qname) continue;
        const auto value = decoded_.value(row);
        if (!value) continue;
        if (rcode) ++by_rcode_[static_cast<std::uint16_t>(value->number)];
        if (qtype) ++by_qtype_[static_cast<std::uint16_t>(value->number)];
        if (qname) take_name(value->octets);
        if (address && (value->octets.size() == 4 || value->octets.size() == 16)) {
            scratch_.clear();
            value->octets.size() == 4 ? append_ipv4(scratch_, value->octets.data())
                                      : append_ipv6(scratch_, value->octets.data());
            responders_.add(scratch_.view());
        }
    }
    if (payload.vendor != nmsg::vendor_base || payload.type != nmsg::type_dnsqr) return;
    const std::uint64_t kind = decoded_.fields().last("type")->number;
    ++(kind < by_kind_.size() ? by_kind_[kind] : other_kinds_);
    if (const auto delay = decoded_.dnsqr_delay(); delay && *delay >= 0 && *delay < 1e9)
        delays_.add(static_cast<std::uint64_t>(*delay * 1e9));
}

void Statistics::take_name(Octets name) {
    if (name.empty() || name.size() > dns::most_name_octets) return;
    scratch_.clear();
    dns::append_name(name, scratch_);
    std::transform(scratch_.data(), scratch_.data() + scratch_.size(), scratch_.data(),
                   [](char c) { return static_cast<char>(dns::lower(static_cast<std::uint8_t>(c))); });
    if (scratch_.size() > 1) scratch_.cut(scratch_.size() - 1);  // the list knows no last dot
    scratch_ += '\0';                                            // for libpsl, which wants a C string
    const char* domain = psl_registrable_domain(suffixes_known_->list, scratch_.data());
    suffixes_.add(domain != nullptr ? std::string_view(domain)
                                    : std::string_view(scratch_.data(), scratch_.size() - 1));
}

void Statistics::add_dropped(std::uint64_t crc_failures, std::uint64_t malformed, std::uint64_t by_kernel) {
    crc_failures_ += crc_failures;
    malformed_ += malformed;
    by_kernel_ += by_kernel;
}

namespace {

Rows top_rows(const TopCounts& counts, std::size_t most) {
    Rows rows;
    for (const auto& [name, count] : counts.top(most)) rows.emplace_back(name, count);
    return rows;
}

template <std::size_t size>
Rows kinds_of(const std::array<std::uint64_t, size>& counts, std::uint64_t others) {
    Rows rows;
    for (std::size_t i = 0; i < size; ++i)
        if (counts[i] != 0) rows.emplace_back(nmsg::name_of(static_cast<nmsg::DnsqrType>(i)), counts[i]);
    if (others != 0) rows.emplace_back("unknown", others);
    return rows;
}

std::string label(const std::pair<std::uint32_t, std::uint32_t>& key) {
    return type_label(key.first, key.second);
}
std::string rcode_label(std::uint16_t rcode) { return dns::rcode_text(rcode); }
std::string qtype_label(std::uint16_t type) { return dns::type_text(type); }

std::uint64_t sum(const Rows& rows) {
    std::uint64_t whole = 0;
    for (const auto& row : rows) whole += row.second;
    return whole;
}

}  // namespace

std::string Statistics::table() const {
    std::string out = fmt::format("payloads        {:>14}\n", payloads_);
    const auto line = [&](std::uint64_t count, std::string_view name) {
        if (count != 0) out += fmt::format("{:<15} {:>14}\n", name, count);
    };
    line(crc_failures_, "wrong CRC");
    line(malformed_, "malformed");
    line(by_kernel_, "lost by kernel");
    line(undecodable_, "undecodable");
    line(unknown_, "unknown type");
    if (payloads_ == 0) return out;
    out += fmt::format("first           {}\nlast            {}\n", time_text(first_), time_text(last_));
    out += fmt::format("octets          {:>14}  a payload: {} to {}, mean {:.0f}\n", octets_, sizes_.least(),
                       sizes_.most(), sizes_.mean());
    if (delays_.count() != 0) {
        out += "delay (ms)     ";
        for (const double percent : percents)
            out += fmt::format(" p{:g} {:.3f}", percent, static_cast<double>(delays_.at(percent)) / 1e6);
        out += fmt::format(" most {:.3f}\n", static_cast<double>(delays_.most()) / 1e6);
    }
    append_table(out, "types", rows_of(by_type_, label), payloads_, 64);
    const Rows kinds = kinds_of(by_kind_, other_kinds_);
    append_table(out, "transactions", kinds, std::max<std::uint64_t>(1, sum(kinds)), kinds.size());
    const Rows rcodes = rows_of(by_rcode_, rcode_label), qtypes = rows_of(by_qtype_, qtype_label);
    append_table(out, "rcodes", rcodes, sum(rcodes), shown);
    append_table(out, "query types", qtypes, sum(qtypes), shown);
    for (const auto& [title, counts] : {std::pair{"responders", &responders_}, {"domains", &suffixes_}}) {
        append_table(out, fmt::format("{} ({} different)", title, counts->different()),
                     top_rows(*counts, shown), payloads_, shown);
        if (counts->others() != 0)
            out += fmt::format(
                "  and {} of rarer ones that memory had no room for: each count may be {} too low\n",
                counts->others(), counts->error());
    }
    return out;
}

std::string Statistics::json() const {
    std::string json = fmt::format(
        "{{\"payloads\":{},\"crc_failures\":{},\"malformed\":{},\"lost_by_kernel\":{},\"undecodable\":{},"
        "\"unknown\":{}",
        payloads_, crc_failures_, malformed_, by_kernel_, undecodable_, unknown_);
    if (payloads_ != 0)
        json += fmt::format(",\"first\":\"{}\",\"last\":\"{}\"", time_text(first_), time_text(last_));
    json += fmt::format(",\"octets\":{{\"sum\":{},\"least\":{},\"mean\":{:.1f},\"most\":{}}}", octets_,
                        sizes_.least(), sizes_.mean(), sizes_.most());
    json += fmt::format(",\"delay\":{{\"count\":{}", delays_.count());
    if (delays_.count() != 0) {
        for (const double percent : percents)
            json += fmt::format(",\"p{:g}\":{:.9f}", percent, static_cast<double>(delays_.at(percent)) / 1e9);
        json += fmt::format(",\"most\":{:.9f}", static_cast<double>(delays_.most()) / 1e9);
    }
    json += '}';
    append_object(json, "types", rows_of(by_type_, label));
    append_object(json, "transactions", kinds_of(by_kind_, other_kinds_));
    append_object(json, "rcodes", rows_of(by_rcode_, rcode_label));
    append_object(json, "qtypes", rows_of(by_qtype_, qtype_label));
    for (const auto& [title, counts] : {std::pair{"responders", &responders_}, {"domains", &suffixes_}}) {
        json += fmt::format(",\"{}\":{{\"different\":{},\"beyond_bound\":{},\"error\":{}", title,
                            counts->different(), counts->others(), counts->error());
        append_object(json, "top", top_rows(*counts, 100));
        json += '}';
    }
    json += "}\n";
    return json;
}

}  // namespace sie::stream
