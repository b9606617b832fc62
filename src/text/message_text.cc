#include "text/message_text.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text_append.h"
#include "dns/name.h"
#include "dns/type_name.h"
#include "text/json_string.h"

namespace sie::text {

namespace {

using dns::Section;

struct Flag {
    std::uint16_t bit;
    std::string_view name;
};
constexpr std::array<Flag, 7> flags{{{0x8000, "qr"},
                                     {0x0400, "aa"},
                                     {0x0200, "tc"},
                                     {0x0100, "rd"},
                                     {0x0080, "ra"},
                                     {0x0020, "ad"},
                                     {0x0010, "cd"}}};

// What JSON shows of all flags that a header can have: made once, found by their seven bits.
constexpr std::size_t longest_flags = 35;
struct FlagsInJson {
    std::array<char, longest_flags> text{};
    std::uint8_t size = 0;
};
constexpr std::array<FlagsInJson, 128> flags_in_json = [] {
    std::array<FlagsInJson, 128> table{};
    for (std::size_t set = 0; set < table.size(); ++set) {
        FlagsInJson& shown = table[set];
        for (std::size_t i = 0; i < flags.size(); ++i) {
            if ((set >> (flags.size() - 1 - i) & 1) == 0) continue;
            if (shown.size != 0) shown.text[shown.size++] = ',';
            for (const char c : {'"', flags[i].name[0], flags[i].name[1], '"'}) shown.text[shown.size++] = c;
        }
    }
    return table;
}();
// Side by side, in the order of `flags`.
constexpr std::size_t seven_bits(std::uint16_t header) {
    return (header >> 9 & 0x40U) | (header >> 5 & 0x3cU) | (header >> 4 & 3U);
}

// More than any row of literals, numbers, flags and names of codes here takes.
constexpr std::size_t room_of_literals = 512;

// In quotes; unnamed ones are numbers, without (N51).
char* put_code(char* out, char* (*put_name)(char*, std::uint16_t), std::uint16_t number) {
    char* const end = put_name(out + 1, number);
    if (end == nullptr) return put_decimal(out, number);
    *out = *end = '"';
    return end + 1;
}
char* put_opcode(char* out, std::uint16_t opcode) {
    return dns::put_opcode_name(out, static_cast<std::uint8_t>(opcode));
}

// Unnamed ones are numbers.
void append_code(TextBuffer& text, std::string_view name, std::uint16_t number) {
    name.empty() ? append_decimal(text, number) : void(text += name);
}

// The name that stands whole, without pointers, in these octets and in no more of them.
bool is_whole_name(Octets wire) {
    std::size_t at = 0;
    while (at < wire.size() && wire[at] != 0 && wire[at] <= dns::most_label_octets)
        at += std::size_t{1} + wire[at];
    return at + 1 == wire.size() && wire[at] == 0 && wire.size() <= dns::most_name_octets;
}

}  // namespace

void MessageText::know_name(Octets wire, std::size_t at, std::size_t size) {
    known_name_ = is_whole_name(wire) ? wire : Octets{};
    known_at_ = at;
    known_size_ = size;
}

// What the message repeats by a pointer is repeated from the text; so is the name that was known before.
template <class Append>
void MessageText::append_owner(TextBuffer& text, const dns::Record& record, const Append& append) {
    if (records_.has_question_name(record)) return text.repeat(question_name_at_, question_name_size_);
    const std::uint16_t pointer = records_.owner_pointer(record);
    if (pointer != 0 && pointer == owner_pointer_) return text.repeat(owner_at_, owner_size_);
    const std::size_t start = text.size();
    append();
    if (pointer == 0) return;
    owner_pointer_ = pointer;
    owner_at_ = start;
    owner_size_ = text.size() - start;
}

// Of the first question, for the records that point to it.
template <class Append>
void MessageText::append_question_name(TextBuffer& text, bool first, const Append& append) {
    const bool known = first && records_.has_known_name();
    const std::size_t start = text.size();
    known ? text.repeat(known_at_, known_size_) : append();
    if (!first) return;
    question_name_at_ = known ? known_at_ : start;
    question_name_size_ = text.size() - start;
}

void MessageText::append_presentation_record(TextBuffer& text, const dns::Record& record) {
    append_owner(text, record, [&] { records_.append_name_of(record, text); });
    char* out = text.room(room_of_literals);
    *out++ = ' ';
    out = put_decimal(out, record.ttl);
    *out++ = ' ';
    out = dns::put_class(out, record.rrclass);
    *out++ = ' ';
    out = dns::put_type(out, record.type, form_);
    *out++ = ' ';
    const dns::Rdata rdata = records_.rdata_of(record);
    if (char* const end = dns::put_address(out, rdata, form_)) {
        *end = '\n';
        return text.grow_to(end + 1);
    }
    text.grow_to(out);
    const std::size_t behind_blank = text.size();
    dns::append_rdata(text, rdata, form_);
    // No rdata, no blank; but an opaque one, even if nothing of it is shown, keeps it (N42).
    if (text.size() == behind_blank && rdata.from == rdata.to && dns::rdata_is_known(rdata))
        text.cut(text.size() - 1);
    text += '\n';
}

void MessageText::append_presentation_header(TextBuffer& text) {
    const dns::Header& header = records_.header();
    text += ";; ->>HEADER<<- opcode: ";
    append_code(text, dns::opcode_name(header.opcode()), header.opcode());
    text += ", rcode: ";
    append_code(text, dns::rcode_name(records_.rcode()), records_.rcode());
    char* out = put(text.room(room_of_literals), ", id: ");
    out = put(put_decimal(out, header.id), "\n;; flags:");
    for (const Flag& flag : flags) {
        const std::array<char, 3> shown{' ', flag.name[0], flag.name[1]};
        std::memcpy(out, shown.data(), shown.size());
        out += (header.flags & flag.bit) != 0 ? shown.size() : 0;
    }
    const auto count = [&](Section section) { return records_.of(section).size(); };
    out = put_decimal(put(out, "; QUERY: "), count(Section::question));
    out = put_decimal(put(out, ", ANSWER: "), count(Section::answer));
    out = put_decimal(put(out, ", AUTHORITY: "), count(Section::authority));
    out = put_decimal(put(out, ", ADDITIONAL: "), count(Section::additional));
    out = put(out, "\n\n");
    if (const auto& edns = records_.edns()) {
        out = put_decimal(put(out, ";; OPT PSEUDOSECTION:\n; EDNS: version: "), edns->version);
        out = edns->dnssec_ok() ? put(out, ", flags: do; udp: ") : put(out, ", flags:; udp: ");
        text.grow_to(put(put_decimal(out, edns->udp_size), "\n"));
        dns::for_each_edns_option(edns->options, [&](std::uint16_t code, Octets data) {
            text += "; ";
            dns::append_edns_option(text, code, data);
            text += '\n';
        });
        return;
    }
    text.grow_to(out);
}

bool MessageText::append_presentation(TextBuffer& text, Octets message) {
    if (!records_.parse(message, known_name_)) return false;
    owner_pointer_ = 0;
    append_presentation_header(text);
    text += ";; QUESTION SECTION:\n";
    bool first = true;
    for (const dns::Record& record : records_.of(Section::question)) {
        text += ';';
        append_question_name(text, first, [&] { records_.append_name_of(record, text); });
        first = false;
        char* out = text.room(room_of_literals);
        *out++ = ' ';
        out = dns::put_class(out, record.rrclass);
        *out++ = ' ';
        out = dns::put_type(out, record.type, form_);
        *out++ = '\n';
        text.grow_to(out);
    }
    text += "\n;; ANSWER SECTION:\n";
    for (const dns::Record& record : records_.of(Section::answer)) append_presentation_record(text, record);
    text += "\n;; AUTHORITY SECTION:\n";
    for (const dns::Record& record : records_.of(Section::authority))
        append_presentation_record(text, record);
    text += "\n;; ADDITIONAL SECTION:\n";
    for (const dns::Record& record : records_.of(Section::additional))
        append_presentation_record(text, record);
    return true;
}

// Its records are those that next_ tells from `head` on.
void MessageText::append_json_set(TextBuffer& json, std::span<const dns::Record> records, std::uint32_t head,
                                  bool more) {
    const dns::Record& first = records[head];
    std::uint32_t ttl = first.ttl;
    if (more)
        for (std::uint32_t i = next_[head]; i != dns::MessageRecords::none; i = next_[i])
            ttl = std::min(ttl, records[i].ttl);
    json += "{\"rrname\":";
    append_owner(json, first,
                 [&] { append_json_through(json, [&] { return records_.append_name_of(first, json); }); });
    char* out = put(json.room(room_of_literals), ",\"rrttl\":");
    out = put(put_decimal(out, ttl), ",\"rrclass\":\"");
    out = put(dns::put_class(out, first.rrclass), "\",\"rrtype\":\"");
    out = put(dns::put_type(out, first.type, form_), "\",\"rdata\":[");
    json.grow_to(out);
    for (std::uint32_t i = head;;) {
        const dns::Rdata rdata = records_.rdata_of(records[i]);
        char* const quote = json.room(room_of_literals);
        *quote = '"';
        if (char* const end = dns::put_address(quote + 1, rdata, form_)) {
            *end = '"';
            json.grow_to(end + 1);
        } else {
            append_json_through(json, [&] { return dns::append_rdata(json, rdata, form_); });
        }
        if (!more || (i = next_[i]) == dns::MessageRecords::none) break;
        json += ',';
    }
    json += "]}";
}

void MessageText::append_json_records(TextBuffer& json, Section section) {
    const std::span<const dns::Record> records = records_.of(section);
    if (records.empty()) return;
    if (records.size() == 1) return append_json_set(json, records, 0, false);
    records_.group(section, heads_, next_);
    for (const std::uint32_t head : heads_) {
        if (head != heads_.front()) json += ',';
        append_json_set(json, records, head, true);
    }
}

void MessageText::append_json_header(TextBuffer& json) {
    const dns::Header& header = records_.header();
    char* out = put(json.room(room_of_literals), "{\"header\":{\"opcode\":");
    out = put(put_code(out, put_opcode, header.opcode()), ",\"rcode\":");
    out = put(put_code(out, dns::put_rcode_name, records_.rcode()), ",\"id\":");
    out = put(put_decimal(out, header.id), ",\"flags\":[");
    const FlagsInJson& shown = flags_in_json[seven_bits(header.flags)];
    std::memcpy(out, shown.text.data(), shown.text.size());
    out = put(out + shown.size, "]");
    const auto& edns = records_.edns();
    if (!edns) {
        json.grow_to(put(out, "},\"question\":["));
        return;
    }
    out = put_decimal(put(out, ",\"opt\":{\"edns\":{\"version\":"), edns->version);
    out = edns->dnssec_ok() ? put(out, ",\"flags\":[\"do\"],\"udp\":") : put(out, ",\"flags\":[],\"udp\":");
    out = put(put_decimal(out, edns->udp_size), ",\"options\":[");
    if (edns->options.empty()) {
        json.grow_to(put(out, "]}}},\"question\":["));
        return;
    }
    json.grow_to(out);
    bool first = true;
    dns::for_each_edns_option(edns->options, [&](std::uint16_t code, Octets data) {
        if (!first) json += ',';
        first = false;
        append_json_through(json, [&] { dns::append_edns_option(json, code, data); });
    });
    json += "]}}},\"question\":[";
}

void MessageText::append_json(TextBuffer& json, Octets message) {
    if (!records_.parse(message, known_name_)) {
        json += "null";
        return;
    }
    owner_pointer_ = 0;
    append_json_header(json);
    bool first = true;
    for (const dns::Record& record : records_.of(Section::question)) {
        json += first ? "{\"qname\":" : ",{\"qname\":";
        append_question_name(json, first, [&] {
            append_json_through(json, [&] { return records_.append_name_of(record, json); });
        });
        first = false;
        char* out = put(json.room(room_of_literals), ",\"qclass\":\"");
        out = put(dns::put_class(out, record.rrclass), "\",\"qtype\":\"");
        json.grow_to(put(dns::put_type(out, record.type, form_), "\"}"));
    }
    json += "],\"answer\":[";
    append_json_records(json, Section::answer);
    json += "],\"authority\":[";
    append_json_records(json, Section::authority);
    json += "],\"additional\":[";
    append_json_records(json, Section::additional);
    json += "]}";
}

}  // namespace sie::text
