#include "stream/alias_file.h"

#include <fstream>
#include <sstream>

#include "base/number.h"
#include "dns/name.h"

namespace sie::stream {

AliasFile AliasFile::read(const std::string& path) {
    AliasFile file;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string number, name, more;
        if (!(words >> number >> name) || words >> more) break;
        const auto value = parse_number(number, 0, UINT32_MAX);
        if (!value) break;
        file.names_.emplace(static_cast<std::uint32_t>(*value), name);
        file.numbers_.emplace(dns::lowered(name), static_cast<std::uint32_t>(*value));
    }
    return file;
}

std::string_view AliasFile::name_of(std::uint32_t number) const {
    const auto found = names_.find(number);
    return found == names_.end() ? std::string_view{} : found->second;
}

std::optional<std::uint32_t> AliasFile::number_of(std::string_view name) const {
    const auto found = numbers_.find(dns::lowered(name));
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace sie::stream
