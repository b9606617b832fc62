#include "service/nearest_name.h"

#include <algorithm>
#include <string>
#include <vector>

namespace sie::service {

namespace {

constexpr std::size_t longest = 64;

[[nodiscard]] std::string plain(std::string_view name) {
    std::string out;
    for (const char c : name)
        if (c != '_' && c != '-') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
}

}  // namespace

std::size_t spelling_distance(std::string_view one, std::string_view other) {
    const std::string a = plain(one), b = plain(other);
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(above);
        above.swap(row);
    }
    return above[b.size()];
}

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known) {
    if (name.size() > longest) return {};
    std::string_view best;
    std::size_t least = longest;
    for (const std::string_view candidate : known) {
        // People leave the prefix of the old variables out.
        const std::string_view bare = candidate.starts_with("DNSQR_") ? candidate.substr(6) : candidate;
        const std::size_t distance =
            std::min(spelling_distance(name, candidate), spelling_distance(name, bare));
        if (distance < least && distance <= std::max<std::size_t>(1, bare.size() / 3)) {
            least = distance;
            best = candidate;
        }
    }
    return best;
}

}  // namespace sie::service
