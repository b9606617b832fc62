// Filter expressions over a payload of each type: not, and, or mean what they say. Behind a NUL: a text or an
// address that the value in front of it is compared with, in a plain way too.
#include <fstream>

#include "dns/name.h"
#include "fuzz/json_holds.h"
#include "net/address.h"
#include "text/filter_value.h"
#include "text/payload_filter.h"

namespace sie::fuzz::filters {
namespace {

using text::PayloadFilter;

const std::vector<std::unique_ptr<Owned>>& payloads() {
    static const auto all = [] {
        std::vector<std::unique_ptr<Owned>> made;
        std::ifstream lines(SIE_FUZZ_PAYLOADS);
        text::JsonReader reader;
        for (std::string line; std::getline(lines, line);)
            if (const auto payload = reader.read(line, {})) made.push_back(std::make_unique<Owned>(*payload));
        require(made.size() > 20, SIE_FUZZ_PAYLOADS " holds payloads");
        return made;
    }();
    return all;
}

// No fewer than it has.
std::size_t levels(std::string_view expression) {
    std::size_t found = 0;
    const std::string lower = dns::lowered(expression);
    for (std::size_t at = 0; at < lower.size(); ++at)
        found += lower[at] == '(' || lower.compare(at, 3, "not") == 0 ? 1 : 0;
    return found;
}

std::vector<bool> answers(const std::string& expression) {
    auto filter = PayloadFilter::parse("--filter", expression);
    require(filter.has_value(), "an expression stays one inside a larger one");
    std::vector<bool> all;
    for (const auto& each : payloads()) all.push_back(filter->matches(each->payload));
    return all;
}

// Each prefix of the pattern against each of the text.
bool plain_fits(std::string_view pattern, std::string_view text) {
    std::vector<char> row(text.size() + 1);
    row[0] = 1;
    for (const char p : pattern) {
        std::vector<char> next(text.size() + 1);
        next[0] = row[0] && p == '*';
        for (std::size_t t = 0; t < text.size(); ++t)
            next[t + 1] = p == '*' ? (row[t + 1] || next[t]) : (row[t] && p == text[t]);
        row = std::move(next);
    }
    return row.back() != 0;
}

void value_holds(std::string_view value, Octets has) {
    if (value.size() * has.size() < 100'000)
        require(text::fits({std::string(value), false}, as_text(has)) == plain_fits(value, as_text(has)),
                "a pattern fits what it fits letter by letter");
    const text::FieldRow row{"ip", 1, text::Storage::bytes, text::Kind::ip, text::Label::optional};
    const auto prefix = net::parse_prefix(value);
    const auto wanted = text::filter_value(row, text::Compare::equal, value);
    require(prefix.has_value() == wanted.has_value(), "an address of a filter is one of a list");
    if (!prefix) return;
    const bool six = has.size() == 16,
               inside = (six || has.size() == 4) &&
                        net::PrefixSet({&*prefix, 1})
                            .contains(six ? net::Family::v6 : net::Family::v4, has.data());
    TextBuffer scratch;
    require(text::holds(row, {0, has}, text::Compare::equal, *wanted, scratch) == inside,
            "an address is in a prefix by a filter as by a list");
    require_same(net::to_text(*net::parse_prefix(net::to_text(*prefix))), net::to_text(*prefix),
                 "a prefix comes back from its text");
}

}  // namespace
}  // namespace sie::fuzz::filters

SIE_FUZZ_TARGET(filter) {
    using namespace sie;
    using namespace sie::fuzz;
    using namespace sie::fuzz::filters;
    const std::string_view text = as_text(input);
    if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
        const Bytes copy(input.begin() + static_cast<std::ptrdiff_t>(nul + 1), input.end());
        return value_holds(text.substr(0, nul), copy);
    }
    const auto filter = PayloadFilter::parse("--filter", text);
    if (!filter) {
        require(filter.error().offset.value_or(0) <= text.size(),
                "the place of an error is in the expression");
        return;
    }
    // Longer and deeper ones are near the bounds, which the next ones would be over.
    if (text.size() > 500 || levels(text) > 20) return;
    const std::string e(text);
    const std::vector<bool> is = answers(e);
    std::vector<bool> is_not = is;
    is_not.flip();
    if (e.size() < 100) require(answers("not (" + e + ")") == is_not, "not is not");
    require(answers("(" + e + ") and (" + e + ")") == is && answers("(" + e + ") or (" + e + ")") == is,
            "twice the same says the same");
    require(answers("(" + e + ") and vid>=0") == is && answers("vid<0 or (" + e + ")") == is,
            "what always or never holds changes nothing");
}
