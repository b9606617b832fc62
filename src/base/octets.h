// Octets as they came from the wire, and the only way by which integers leave them.
//
// A view (Octets) never owns; whoever hands one out says how long it stays valid. Integers are read and
// written through the load_ and store_ functions below, whatever their alignment; nothing in the project
// lays a struct over octets. None of these functions checks bounds: behind a gate (net, dns, nmsg …) the
// caller has already shown that the octets are there.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace sie {

using Octets = std::span<const std::uint8_t>;
using MutableOctets = std::span<std::uint8_t>;

namespace detail {
template <class T>
[[nodiscard]] inline T load(const std::uint8_t* p) {
    T v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
template <class T>
inline void store(std::uint8_t* p, T v) {
    std::memcpy(p, &v, sizeof v);
}
[[nodiscard]] constexpr std::uint16_t swap(std::uint16_t v) { return __builtin_bswap16(v); }
[[nodiscard]] constexpr std::uint32_t swap(std::uint32_t v) { return __builtin_bswap32(v); }
[[nodiscard]] constexpr std::uint64_t swap(std::uint64_t v) { return __builtin_bswap64(v); }
constexpr bool little = std::endian::native == std::endian::little;
template <class T>
[[nodiscard]] constexpr T big(T v) {
    return little ? swap(v) : v;
}
template <class T>
[[nodiscard]] constexpr T small(T v) {
    return little ? v : swap(v);
}
}  // namespace detail

[[nodiscard]] inline std::uint16_t load_be16(const std::uint8_t* p) {
    return detail::big(detail::load<std::uint16_t>(p));
}
[[nodiscard]] inline std::uint32_t load_be32(const std::uint8_t* p) {
    return detail::big(detail::load<std::uint32_t>(p));
}
[[nodiscard]] inline std::uint64_t load_be64(const std::uint8_t* p) {
    return detail::big(detail::load<std::uint64_t>(p));
}
[[nodiscard]] inline std::uint16_t load_le16(const std::uint8_t* p) {
    return detail::small(detail::load<std::uint16_t>(p));
}
[[nodiscard]] inline std::uint32_t load_le32(const std::uint8_t* p) {
    return detail::small(detail::load<std::uint32_t>(p));
}
[[nodiscard]] inline std::uint64_t load_le64(const std::uint8_t* p) {
    return detail::small(detail::load<std::uint64_t>(p));
}

inline void store_be16(std::uint8_t* p, std::uint16_t v) { detail::store(p, detail::big(v)); }
inline void store_be32(std::uint8_t* p, std::uint32_t v) { detail::store(p, detail::big(v)); }
inline void store_le16(std::uint8_t* p, std::uint16_t v) { detail::store(p, detail::small(v)); }
inline void store_le32(std::uint8_t* p, std::uint32_t v) { detail::store(p, detail::small(v)); }
inline void store_le64(std::uint8_t* p, std::uint64_t v) { detail::store(p, detail::small(v)); }

[[nodiscard]] inline Octets as_octets(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(Octets octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}
[[nodiscard]] inline bool equal(Octets a, Octets b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace sie
