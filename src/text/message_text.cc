#include "text/message_text.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text_append.h"
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

struct Title {
    Section section;
    std::string_view count, heading;
};
constexpr std::array<Title, 4> titles{{{Section::question, "QUERY", ";; QUESTION SECTION:\n"},
                                       {Section::answer, "ANSWER", "\n;; ANSWER SECTION:\n"},
                                       {Section::authority, "AUTHORITY", "\n;; AUTHORITY SECTION:\n"},
                                       {Section::additional, "ADDITIONAL", "\n;; ADDITIONAL SECTION:\n"}}};

// More than any row of literals, numbers and flags here has.
constexpr std::size_t room_of_literals = 256;

// Unnamed ones are numbers; `quote` goes around names only (N51).
void append_code(TextBuffer& text, std::string_view name, std::uint16_t number, std::string_view quote) {
    if (name.empty()) return append_decimal(text, number);
    text += quote;
    text += name;
    text += quote;
}

}  // namespace

// What the message repeats by a pointer is repeated from the text.
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
    const std::size_t start = text.size();
    append();
    if (!first) return;
    question_name_at_ = start;
    question_name_size_ = text.size() - start;
}

bool MessageText::append_presentation(TextBuffer& text, Octets message) {
    if (!records_.parse(message)) return false;
    owner_pointer_ = 0;
    const dns::Header& header = records_.header();
    text += ";; ->>HEADER<<- opcode: ";
    append_code(text, dns::opcode_name(header.opcode()), header.opcode(), "");
    text += ", rcode: ";
    append_code(text, dns::rcode_name(records_.rcode()), records_.rcode(), "");
    text += ", id: ";
    append_decimal(text, header.id);
    text += "\n;; flags:";
    for (const Flag& flag : flags)
        if ((header.flags & flag.bit) != 0) {
            text += ' ';
            text += flag.name;
        }
    std::string_view before = "; ";
    for (const Title& title : titles) {
        text += before;
        text += title.count;
        text += ": ";
        append_decimal(text, records_.of(title.section).size());
        before = ", ";
    }
    text += "\n\n";
    if (const auto& edns = records_.edns()) {
        text += ";; OPT PSEUDOSECTION:\n; EDNS: version: ";
        append_decimal(text, edns->version);
        text += ", flags:";
        if (edns->dnssec_ok()) text += " do";
        text += "; udp: ";
        append_decimal(text, edns->udp_size);
        text += '\n';
        dns::for_each_edns_option(edns->options, [&](std::uint16_t code, Octets data) {
            text += "; ";
            dns::append_edns_option(text, code, data);
            text += '\n';
        });
    }
    for (const Title& title : titles) {
        text += title.heading;
        for (const dns::Record& record : records_.of(title.section)) {
            const bool question = title.section == Section::question;
            const auto append_name = [&] { records_.append_name_of(record, text); };
            if (question) {
                text += ';';
                append_question_name(text, &record == &records_.of(Section::question).front(), append_name);
            } else {
                append_owner(text, record, append_name);
            }
            text += ' ';
            if (!question) {
                append_decimal(text, record.ttl);
                text += ' ';
            }
            dns::append_class(text, record.rrclass);
            text += ' ';
            dns::append_type(text, record.type, form_);
            if (!question) {
                text += ' ';
                const std::size_t behind_blank = text.size();
                const dns::Rdata rdata = records_.rdata_of(record);
                dns::append_rdata(text, rdata, form_);
                // No rdata, no blank; but an opaque one, even if nothing of it is shown, keeps it (N42).
                if (text.size() == behind_blank && rdata.from == rdata.to && dns::rdata_is_known(rdata))
                    text.cut(text.size() - 1);
            }
            text += '\n';
        }
    }
    return true;
}

void MessageText::append_json_records(TextBuffer& json, Section section) {
    const std::vector<dns::Record>& records = records_.of(section);
    if (records.empty()) return;
    records_.group(section, heads_, next_);
    const auto each = [&](std::uint32_t head, const auto& visit) {
        for (std::uint32_t i = head; i != dns::MessageRecords::none; i = next_[i]) visit(records[i]);
    };
    for (const std::uint32_t head : heads_) {
        const dns::Record& first = records[head];
        std::uint32_t ttl = first.ttl;
        each(head, [&](const dns::Record& record) { ttl = std::min(ttl, record.ttl); });
        if (head != heads_.front()) json += ',';
        json += "{\"rrname\":";
        append_owner(json, first, [&] {
            append_json_through(json, [&] { return records_.append_name_of(first, json); });
        });
        char* out = put(json.room(room_of_literals), ",\"rrttl\":");
        json.grow_to(put(put_decimal(out, ttl), ",\"rrclass\":\""));
        dns::append_class(json, first.rrclass);
        json += "\",\"rrtype\":\"";
        dns::append_type(json, first.type, form_);
        json += "\",\"rdata\":";
        char before = '[';
        each(head, [&](const dns::Record& record) {
            json += before;
            before = ',';
            append_json_through(json,
                                [&] { return dns::append_rdata(json, records_.rdata_of(record), form_); });
        });
        json += "]}";
    }
}

void MessageText::append_json_header(TextBuffer& json) {
    const dns::Header& header = records_.header();
    json += "{\"header\":{\"opcode\":";
    append_code(json, dns::opcode_name(header.opcode()), header.opcode(), "\"");
    json += ",\"rcode\":";
    append_code(json, dns::rcode_name(records_.rcode()), records_.rcode(), "\"");
    char* out = put(json.room(room_of_literals), ",\"id\":");
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
    json.grow_to(put(put_decimal(out, edns->udp_size), ",\"options\":["));
    bool first = true;
    dns::for_each_edns_option(edns->options, [&](std::uint16_t code, Octets data) {
        if (!first) json += ',';
        first = false;
        append_json_through(json, [&] { dns::append_edns_option(json, code, data); });
    });
    json += "]}}},\"question\":[";
}

void MessageText::append_json(TextBuffer& json, Octets message) {
    if (!records_.parse(message)) {
        json += "null";
        return;
    }
    owner_pointer_ = 0;
    append_json_header(json);
    bool first = true;
    for (const dns::Record& record : records_.of(Section::question)) {
        json += first ? "{\"qname\":" : ",{\"qname\":";
        first = false;
        append_question_name(json, &record == &records_.of(Section::question).front(), [&] {
            append_json_through(json, [&] { return records_.append_name_of(record, json); });
        });
        json += ",\"qclass\":\"";
        dns::append_class(json, record.rrclass);
        json += "\",\"qtype\":\"";
        dns::append_type(json, record.type, form_);
        json += "\"}";
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
