#include "dns/message_records.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "dns/name.h"
#include "dns/wire_name.h"

namespace sie::dns {

namespace {

constexpr std::uint16_t type_opt = 41;

WireName name_at(Octets message, std::size_t at) {
    WireName name;
    // It was read once already, so it has no fault.
    static_cast<void>(name.read(message, at, message.size(), true));
    return name;
}

}  // namespace

bool MessageRecords::read_record(Section section, std::size_t& at) {
    Record record;
    record.name_at = at;
    const std::uint16_t pointer = at < message_.size() ? pointer_at(at) : std::uint16_t{0};
    if (pointer != 0 && (pointer == read_pointer_ || points_to_question(at)))
        at += 2;  // read already
    else if (pass_wire_name(message_, at, message_.size(), true) != NameFault::none)
        return false;
    else
        read_pointer_ = pointer;
    const bool question = section == Section::question;
    const std::size_t fixed = question ? 4 : 10;
    if (message_.size() - at < fixed) return false;
    const std::uint8_t* p = message_.data() + at;
    record.type = load_be16(p);
    record.rrclass = load_be16(p + 2);
    at += fixed;
    if (!question) {
        record.ttl = load_be32(p + 4);
        record.rdata_from = at;
        record.rdata_to = at + load_be16(p + 8);
        if (record.rdata_to > message_.size() || !rdata_is_well_formed(rdata_of(record))) return false;
        at = record.rdata_to;
        if (record.type == type_opt && !edns_) {
            edns_ =
                Edns{record.rrclass, static_cast<std::uint16_t>(record.ttl),
                     static_cast<std::uint8_t>(record.ttl >> 16), static_cast<std::uint8_t>(record.ttl >> 24),
                     message_.subspan(record.rdata_from, record.rdata_to - record.rdata_from)};
            return true;
        }
    }
    sections_[static_cast<std::size_t>(section)].push_back(record);
    return true;
}

// c0 0c: behind the header stands the first question, whose name was read.
bool MessageRecords::points_to_question(std::size_t at) const {
    constexpr std::uint16_t pointer = 0xc000 | header_octets;
    return !of(Section::question).empty() && message_.size() - at >= 2 &&
           load_be16(message_.data() + at) == pointer;
}

bool MessageRecords::parse(Octets message) {
    for (auto& section : sections_) section.clear();
    edns_.reset();
    read_pointer_ = 0;
    const auto header = read_header(message);
    if (!header) return false;
    header_ = *header;
    message_ = message;
    const std::array<std::uint16_t, section_count> counts{header->question_count, header->answer_count,
                                                          header->authority_count, header->additional_count};
    std::size_t at = header_octets;
    for (std::size_t section = 0; section < section_count; ++section)
        for (unsigned i = 0; i < counts[section]; ++i) {
            if (at == message.size()) return true;
            if (!read_record(static_cast<Section>(section), at)) return false;
        }
    return true;
}

bool MessageRecords::append_name_of(const Record& record, TextBuffer& text) const {
    std::size_t at = record.name_at;
    bool plain = true;
    // It was read once already, so it has no fault.
    static_cast<void>(append_wire_name(message_, at, message_.size(), true, text, plain));
    return plain;
}

// Each against the heads before it.
void MessageRecords::group_few(const std::vector<Record>& records, std::vector<std::uint32_t>& heads,
                               std::vector<std::uint32_t>& next) const {
    std::array<std::uint32_t, few> last{};  // of the set of each head
    for (std::uint32_t i = 0; i < records.size(); ++i) {
        std::size_t set = 0;
        while (set < heads.size() && !same_set(records[heads[set]], records[i])) ++set;
        if (set == heads.size())
            heads.push_back(i);
        else
            next[last[set]] = i;
        last[set] = i;
    }
}

bool MessageRecords::same_set(const Record& a, const Record& b) const {
    if (a.type != b.type || a.rrclass != b.rrclass) return false;
    return same_wire_name(message_, a.name_at, b.name_at);
}

void MessageRecords::group(Section section, std::vector<std::uint32_t>& heads,
                           std::vector<std::uint32_t>& next) const {
    const std::vector<Record>& records = of(section);
    next.assign(records.size(), none);
    heads.clear();
    if (records.size() == 1) heads.push_back(0);
    if (records.size() < 2) return;
    if (records.size() <= few) {
        group_few(records, heads, next);
        return;
    }
    // Sorted by key, then by place, equal ones stand together: no quadratic search, however many records a
    // hostile message holds.
    std::vector<std::string> owners(records.size());
    for (std::size_t i = 0; i < records.size(); ++i)
        owners[i] = lowered(as_text(name_at(message_, records[i].name_at).octets()));
    std::vector<std::uint32_t> order(records.size());
    std::iota(order.begin(), order.end(), 0);
    const auto key = [&](std::uint32_t i) {
        return std::tie(records[i].type, records[i].rrclass, owners[i]);
    };
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return std::tuple_cat(key(a), std::tie(a)) < std::tuple_cat(key(b), std::tie(b));
    });
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (i > 0 && key(order[i - 1]) == key(order[i]))
            next[order[i - 1]] = order[i];
        else
            heads.push_back(order[i]);
    }
    std::sort(heads.begin(), heads.end());
}

}  // namespace sie::dns
