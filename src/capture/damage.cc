#include "capture/damage.h"

#include <fmt/format.h>

#include <utility>

namespace sie::capture {

Error refusal_at(const OctetSource& source, std::uint64_t offset, std::string why, std::string remedy) {
    ErrorKind kind = ErrorKind::damaged;
    if (const auto& cause = source.error()) {
        kind = cause->kind;
        why += " (" + cause->why + ")";
    }
    return Error{kind, source.name(), offset, std::move(why), std::move(remedy)};
}

Error damage_at(const OctetSource& source, std::uint64_t offset, std::string why) {
    return refusal_at(source, offset, std::move(why), "what stood before was used");
}

std::optional<Error> short_at(const OctetSource& source, bool nothing_left, std::string why) {
    if (!nothing_left) return damage_at(source, source.offset(), std::move(why));
    if (!source.error()) return std::nullopt;
    const bool unreadable = source.error()->kind == ErrorKind::system;
    return damage_at(source, source.offset(), unreadable ? "the file ends early" : "damaged compression");
}

Error unknown_link_type(const OctetSource& source, std::uint64_t offset, std::uint32_t number) {
    return Error{ErrorKind::damaged, source.name(), offset, fmt::format("unknown link type {}", number),
                 "Ethernet, raw IP, IPv4, IPv6, Linux cooked and BSD null and loop can be read"};
}

}  // namespace sie::capture
