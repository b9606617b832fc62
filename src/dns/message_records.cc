#include "dns/message_records.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <tuple>

#include "dns/name.h"
#include "dns/wire_name.h"

namespace sie::dns {

namespace {

constexpr std::uint16_t type_opt = 41;
constexpr std::uint16_t first_question_pointer = 0xc000 | header_octets;

bool is_at(Octets message, std::size_t at, Octets name) {
    return !name.empty() && message.size() - at >= name.size() &&
           std::memcmp(message.data() + at, name.data(), name.size()) == 0;
}

WireName name_at(Octets message, std::size_t at) {
    WireName name;
    // It was read once already, so it has no fault.
    static_cast<void>(name.read(message, at, message.size(), true));
    return name;
}

}  // namespace

template <bool question>
[[gnu::always_inline]] inline bool MessageRecords::read_record(std::size_t& at, Octets known) {
    Record record;
    record.name_at = static_cast<std::uint32_t>(at);
    const std::uint16_t pointer = pointer_at(at);
    if (pointer != 0 && (pointer == question_pointer_ || pointer == read_pointer_))
        at += 2;  // read already
    else if (question && at == header_octets && is_at(message_, at, known)) {
        at += known.size();
        has_known_name_ = true;
    } else if (message_[at] == 0)
        ++at;  // the root
    else if (pass_wire_name(message_, at, message_.size(), true) != NameFault::none)
        return false;
    else
        read_pointer_ = pointer;
    constexpr std::size_t fixed = question ? 4 : 10;
    if (message_.size() - at < fixed) return false;
    const std::uint8_t* p = message_.data() + at;
    record.type = load_be16(p);
    record.rrclass = load_be16(p + 2);
    at += fixed;
    record.rdata_from = record.rdata_to = static_cast<std::uint32_t>(at);
    if constexpr (question) {
        question_pointer_ = first_question_pointer;
    } else {
        record.ttl = load_be32(p + 4);
        const std::size_t size = load_be16(p + 8);
        if (message_.size() - at < size) return false;
        at += size;
        record.rdata_to = static_cast<std::uint32_t>(at);
        if (size != 0 && !rdata_is_well_formed(rdata_of(record))) return false;
        if (record.type == type_opt && !edns_) {
            edns_ =
                Edns{record.rrclass, static_cast<std::uint16_t>(record.ttl),
                     static_cast<std::uint8_t>(record.ttl >> 16), static_cast<std::uint8_t>(record.ttl >> 24),
                     message_.subspan(record.rdata_from, size)};
            return true;
        }
    }
    records_.push_back(record);
    return true;
}

template <Section section>
[[gnu::always_inline]] inline bool MessageRecords::read_section(unsigned count, std::size_t& at,
                                                                Octets known) {
    constexpr auto number = static_cast<std::size_t>(section);
    for (; count > 0 && at != message_.size(); --count)
        if (!read_record<section == Section::question>(at, known)) return false;
    sections_[number + 1] = records_.size();
    return true;
}

bool MessageRecords::parse(Octets message, Octets known) {
    records_.clear();
    sections_.fill(0);
    edns_.reset();
    read_pointer_ = question_pointer_ = 0;
    has_known_name_ = false;
    const auto header = read_header(message);
    if (!header || message.size() > UINT32_MAX) return false;
    header_ = *header;
    message_ = message;
    std::size_t at = header_octets;
    if (read_section<Section::question>(header->question_count, at, known) &&
        read_section<Section::answer>(header->answer_count, at, {}) &&
        read_section<Section::authority>(header->authority_count, at, {}) &&
        read_section<Section::additional>(header->additional_count, at, {}))
        return true;
    sections_.fill(0);
    return false;
}

bool MessageRecords::append_name_of(const Record& record, TextBuffer& text) const {
    std::size_t at = record.name_at;
    bool plain = true;
    // It was read once already, so it has no fault.
    static_cast<void>(append_wire_name(message_, at, message_.size(), true, text, plain));
    return plain;
}

// Each against the heads before it.
void MessageRecords::group_few(std::span<const Record> records, std::vector<std::uint32_t>& heads,
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
    if (const std::uint16_t pointer = pointer_at(a.name_at); pointer != 0 && pointer == pointer_at(b.name_at))
        return true;
    return same_wire_name(message_, a.name_at, b.name_at);
}

void MessageRecords::group(Section section, std::vector<std::uint32_t>& heads,
                           std::vector<std::uint32_t>& next) const {
    const std::span<const Record> records = of(section);
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
