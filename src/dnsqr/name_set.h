// A list of names in wire form, lower case, and the question what stands at or below them.
//
// Built once, read from any thread. covers() allocates nothing; it costs the labels of the name asked for
// times the logarithm of the names of equal length, whatever name a stranger sends.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/octets.h"
#include "dns/name.h"

namespace sie::dnsqr {

class NameSet {
  public:
    // `names`: wire form, lower case. Longer ones than 255 octets cover nothing and are left out.
    explicit NameSet(std::vector<std::string> names = {});

    // Does a listed name equal this one (wire form, any case) or stand above it? A name over 255 octets, or
    // one that ends in a pointer, is below no listed name, not even below the root (REFERENCE §7).
    [[nodiscard]] bool covers(Octets name) const;
    [[nodiscard]] bool empty() const { return names_.empty(); }
    // Shortest first, each once.
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

  private:
    [[nodiscard]] bool holds(std::string_view name) const;

    std::vector<std::string> names_;  // by length, then by octets
    std::array<std::uint32_t, dns::most_name_octets + 2>
        of_length_{};  // where the names of each length begin in names_
};

}  // namespace sie::dnsqr
