#include "dnsqr/name_set.h"

#include <algorithm>
#include <utility>

namespace sie::dnsqr {

NameSet::NameSet(std::vector<std::string> names) : names_(std::move(names)) {
    std::erase_if(
        names_, [](const std::string& name) { return name.empty() || name.size() > dns::most_name_octets; });
    std::sort(names_.begin(), names_.end(), [](const std::string& a, const std::string& b) {
        return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
    std::size_t at = 0;
    for (std::size_t length = 0; length < of_length_.size(); ++length) {
        while (at < names_.size() && names_[at].size() < length) ++at;
        of_length_[length] = static_cast<std::uint32_t>(at);
    }
}

bool NameSet::holds(std::string_view name) const {
    const auto first = names_.begin() + of_length_[name.size()],
               last = names_.begin() + of_length_[name.size() + 1];
    return std::binary_search(first, last, name, std::less<>{});
}

bool NameSet::covers(Octets name) const {
    if (names_.empty() || name.size() > dns::most_name_octets) return false;
    // Length octets are folded with the rest, as the original does: it matters only in a label of 65 … 90
    // octets, which no valid name has, and then decides where the next label is looked for.
    std::array<std::uint8_t, dns::most_name_octets> folded;
    dns::lower(name, folded.data());
    const Octets octets(folded.data(), name.size());
    for (std::size_t at = 0; at < octets.size(); at += std::size_t{1} + octets[at]) {
        // Most lengths have no name: a name of 127 labels is compared with few.
        const std::size_t length = octets.size() - at;
        if (of_length_[length] != of_length_[length + 1] && holds(as_text(octets.subspan(at)))) return true;
        if (octets[at] >= 192) return false;
    }
    return false;
}

}  // namespace sie::dnsqr
