// The first question of a message, as the rules say it, octet by octet; names below listed ones; client
// subnets.
#include "dns/client_subnet.h"
#include "dns/message.h"
#include "dns/wire_name.h"
#include "dnsqr/name_set.h"
#include "fuzz/fuzz_target.h"

namespace sie::fuzz::question {
namespace {

using dns::QuestionOutcome;

// FACTS Q22, Q23. Where the question ends, if there is one.
QuestionOutcome plain_question(Octets message, std::size_t& end) {
    if (message.size() < 12) return QuestionOutcome::bad;
    if (message[4] != 0 || message[5] != 1 || message.size() == 12) return QuestionOutcome::absent;
    std::size_t at = 12;
    for (;; at += 1U + message[at]) {
        if (at >= message.size()) return QuestionOutcome::bad;
        if (message[at] == 0 || message[at] >= 192) break;
    }
    end = at + (message[at] == 0 ? 1 : 2) + 4;
    return end > message.size() ? QuestionOutcome::bad : QuestionOutcome::present;
}

// REFERENCE §7: label by label, in lower case; the octets that state lengths are folded with the rest.
bool plain_covers(const dnsqr::NameSet& set, Octets name) {
    if (name.size() > dns::most_name_octets) return false;
    const std::string folded = dns::lowered(as_text(name));
    for (std::size_t at = 0; at < folded.size();) {
        for (const std::string& listed : set.names())
            if (folded.substr(at) == listed) return true;
        const auto length = static_cast<std::uint8_t>(folded[at]);
        if (length >= 192) return false;
        at += 1U + length;
    }
    return false;
}

void name_holds(Octets name) {
    using namespace std::string_literals;
    static const dnsqr::NameSet listed({"\7example\0"s, "\3www\1a\0"s, "\1b\0"s}), root({"\0"s});
    require(
        listed.covers(name) == plain_covers(listed, name) && root.covers(name) == plain_covers(root, name),
        "the sorted names cover what a list of them covers");
    const std::string text = dns::name_to_text(name);
    for (const char c : text) require(c > 0x20 && c < 0x7f, "a name in text is printable");
    std::size_t at = 0;
    if (dns::pass_wire_name(name, at, name.size(), false) != dns::NameFault::none || at != name.size())
        return;
    const auto back = dns::name_from_text(text);
    require(back && as_octets(*back).size() == name.size() && equal(as_octets(*back), name),
            "a name comes back from its text");
}

void subnets_hold(Octets message) {
    static std::vector<dns::OctetRange> room(dns::most_client_subnets);
    const auto found = dns::find_client_subnets(message, room);
    const bool may_hold = dns::may_hold_client_subnet(message);
    require(may_hold == dns::may_hold_client_subnet_plain(message), "the quick look is the plain one");
    require(may_hold || found.empty(), "the quick look misses no subnet");
    require(found.size() <= dns::most_client_subnets, "there are no more subnets than said");
    std::uint32_t behind = 0;
    for (const dns::OctetRange& range : found) {
        require(range.from < range.to && range.to <= message.size(), "a subnet lies in the message");
        require(range.from >= behind, "subnets stand in rising order and do not overlap");
        behind = range.to;
    }
}

}  // namespace
}  // namespace sie::fuzz::question

SIE_FUZZ_TARGET(question) {
    using namespace sie;
    using namespace sie::fuzz;
    using namespace sie::fuzz::question;
    if (input.size() > 65'535) return;
    require(dns::read_header(input).has_value() == (input.size() >= 12), "twelve octets are a header");
    dns::Question read;
    std::size_t end = 0;
    const QuestionOutcome outcome = dns::read_question(input, read);
    require(outcome == plain_question(input, end), "the question is what the rules say");
    if (outcome == QuestionOutcome::present) {
        require(read.octets.data() == input.data() + 12 && read.octets.size() == end - 12,
                "it ends where they say");
        require(read.type() == load_be16(input.data() + end - 4) &&
                    read.qclass() == load_be16(input.data() + end - 2),
                "type and class are its last octets");
        name_holds(read.name());
    }
    subnets_hold(input);
}
