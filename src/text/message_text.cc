#include "text/message_text.h"

#include <algorithm>
#include <array>

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

struct Title {
    Section section;
    std::string_view count, heading, key;
};
constexpr std::array<Title, 4> titles{
    {{Section::question, "QUERY", ";; QUESTION SECTION:\n", "question"},
     {Section::answer, "ANSWER", "\n;; ANSWER SECTION:\n", "answer"},
     {Section::authority, "AUTHORITY", "\n;; AUTHORITY SECTION:\n", "authority"},
     {Section::additional, "ADDITIONAL", "\n;; ADDITIONAL SECTION:\n", "additional"}}};

// Unnamed ones are numbers; `quote` goes around names only (N51).
void append_code(TextBuffer& text, std::string_view name, std::uint16_t number, std::string_view quote) {
    if (name.empty()) return append_decimal(text, number);
    text += quote;
    text += name;
    text += quote;
}

}  // namespace

bool MessageText::append_presentation(TextBuffer& text, Octets message) {
    if (!records_.parse(message)) return false;
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
            if (question) text += ';';
            records_.append_name_of(record, text);
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
        if (records_.has_question_name(first))
            json.repeat(question_name_at_, question_name_size_);
        else
            append_json_through(json, [&] { return records_.append_name_of(first, json); });
        json += ",\"rrttl\":";
        append_decimal(json, ttl);
        json += ",\"rrclass\":\"";
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

void MessageText::append_json(TextBuffer& json, Octets message) {
    if (!records_.parse(message)) {
        json += "null";
        return;
    }
    const dns::Header& header = records_.header();
    json += "{\"header\":{\"opcode\":";
    append_code(json, dns::opcode_name(header.opcode()), header.opcode(), "\"");
    json += ",\"rcode\":";
    append_code(json, dns::rcode_name(records_.rcode()), records_.rcode(), "\"");
    json += ",\"id\":";
    append_decimal(json, header.id);
    json += ",\"flags\":[";
    bool first = true;
    for (const Flag& flag : flags) {
        if ((header.flags & flag.bit) == 0) continue;
        json += first ? "\"" : ",\"";
        json += flag.name;
        json += '"';
        first = false;
    }
    json += ']';
    if (const auto& edns = records_.edns()) {
        json += ",\"opt\":{\"edns\":{\"version\":";
        append_decimal(json, edns->version);
        json += edns->dnssec_ok() ? ",\"flags\":[\"do\"],\"udp\":" : ",\"flags\":[],\"udp\":";
        append_decimal(json, edns->udp_size);
        json += ",\"options\":[";
        first = true;
        dns::for_each_edns_option(edns->options, [&](std::uint16_t code, Octets data) {
            if (!first) json += ',';
            first = false;
            append_json_through(json, [&] { dns::append_edns_option(json, code, data); });
        });
        json += "]}}";
    }
    json += "},\"question\":[";
    first = true;
    for (const dns::Record& record : records_.of(Section::question)) {
        json += first ? "{\"qname\":" : ",{\"qname\":";
        first = false;
        const std::size_t name_at = json.size();
        append_json_through(json, [&] { return records_.append_name_of(record, json); });
        if (&record == &records_.of(Section::question).front()) {
            question_name_at_ = name_at;
            question_name_size_ = json.size() - name_at;
        }
        json += ",\"qclass\":\"";
        dns::append_class(json, record.rrclass);
        json += "\",\"qtype\":\"";
        dns::append_type(json, record.type, form_);
        json += "\"}";
    }
    for (const Section section : {Section::answer, Section::authority, Section::additional}) {
        json += "],\"";
        json += titles[static_cast<std::size_t>(section)].key;
        json += "\":[";
        append_json_records(json, section);
    }
    json += "]}";
}

}  // namespace sie::text
