// DNS messages: names read one way as the other, record sets are those of a plain search, and both text forms
// show every record.
#include "dns/name.h"
#include "dns/wire_name.h"
#include "fuzz/rdata_holds.h"
#include "text/json_syntax.h"
#include "text/message_text.h"

namespace sie::fuzz::dns_message {
namespace {

using dns::MessageRecords, dns::NameFault, dns::Record;

// The text of the owner, by each of three ways.
std::string name_holds(Octets message, const MessageRecords& records, const Record& record) {
    dns::WireName name;
    std::size_t at = record.name_at, passed = record.name_at;
    require(name.read(message, at, message.size(), true) == NameFault::none,
            "the owner of a record can be read");
    require(dns::pass_wire_name(message, passed, message.size(), true) == NameFault::none && passed == at,
            "a name ends in one place");
    require(name.octets().size() <= dns::most_name_octets, "a name is no longer than a name may be");
    TextBuffer direct, plain;
    const bool no_escape = records.append_name_of(record, direct);
    require(no_escape == dns::append_name(name.octets(), plain), "both ways know of escapes");
    require_same(direct.view(), plain.view(), "a name is the same, followed or copied");
    return dns::lowered(as_text(name.octets()));
}

void sets_hold(Octets message, const MessageRecords& records, dns::Section section) {
    std::vector<std::string> owners;
    const auto& all = records.of(section);
    for (const Record& record : all) owners.push_back(name_holds(message, records, record));
    std::vector<std::uint32_t> heads, next, plain_heads;
    records.group(section, heads, next);
    const auto same = [&](std::size_t a, std::size_t b) {
        return all[a].type == all[b].type && all[a].rrclass == all[b].rrclass && owners[a] == owners[b];
    };
    for (std::uint32_t i = 0; i < all.size(); ++i) {
        std::uint32_t behind = i + 1, before = 0;
        while (behind < all.size() && !same(i, behind)) ++behind;
        require(next[i] == (behind < all.size() ? behind : MessageRecords::none),
                "a record's next one is of its set");
        while (!same(before, i)) ++before;
        if (before == i) plain_heads.push_back(i);
    }
    require(heads == plain_heads, "a set begins where it first appears");
}

}  // namespace
}  // namespace sie::fuzz::dns_message

SIE_FUZZ_TARGET(dns_message) {
    using namespace sie;
    using namespace sie::fuzz;
    using namespace sie::fuzz::dns_message;
    if (input.size() > 65'535) return;
    MessageRecords records;
    const bool is_message = records.parse(input);
    for (const dns::RdataForm form : {dns::RdataForm::reference, dns::RdataForm::standard}) {
        text::MessageText writer(form);
        TextBuffer text, json;
        require(writer.append_presentation(text, input) == is_message, "what is a message has lines");
        writer.append_json(json, input);
        require(is_message ? text::is_json(json.view()) : json.view() == "null", "a message in JSON is JSON");
        require(json.view().find('\n') == std::string_view::npos, "JSON is one line");
    }
    for (std::size_t i = 0; is_message && i < dns::section_count; ++i) {
        const auto section = static_cast<dns::Section>(i);
        if (records.of(section).size() < 300) sets_hold(input, records, section);
        if (section == dns::Section::question) continue;
        for (const Record& record : records.of(section)) rdata_holds(records.rdata_of(record));
    }
}
