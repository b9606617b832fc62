// Names of operators and groups (FACTS N70): lines of a number, blanks and a word.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sie::stream {

class AliasFile {
  public:
    // A file that is missing has no names; reading stops at the first line that is malformed.
    [[nodiscard]] static AliasFile read(const std::string& path);

    [[nodiscard]] std::string_view name_of(std::uint32_t number) const;                 // "" if it has none
    [[nodiscard]] std::optional<std::uint32_t> number_of(std::string_view name) const;  // in any case

  private:
    std::map<std::uint32_t, std::string> names_;
    std::map<std::string, std::uint32_t, std::less<>> numbers_;  // by lower-case name
};

}  // namespace sie::stream
