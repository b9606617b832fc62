#include "dns/client_subnet.h"

#include <algorithm>
#include <optional>

#include "dns/message.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sie::dns {

namespace {

constexpr std::uint16_t type_opt = 41, option_client_subnet = 8;

// The options of an OPT record whose rdata is octets[at … end); `end` may lie behind the message.
OctetRange* find_in_options(Octets message, std::size_t at, std::size_t end, OctetRange* out) {
    const std::uint8_t* const octets = message.data();
    const std::size_t stop = std::min(end, message.size());
    const OctetRange* const last_exact = out + most_exact_in_record;
    while (at + 4 <= stop) {
        const std::uint32_t code_and_length = load_be32(octets + at), length = code_and_length & 0xffff;
        if (code_and_length - length == std::uint32_t{option_client_subnet} << 16 && length > 4) {
            const auto from = static_cast<std::uint32_t>(at + 8);
            const std::uint32_t to = from + length - 4;
            if (to > stop || out == last_exact) {  // cut off, or too many
                if (from < stop) *out++ = {from, static_cast<std::uint32_t>(stop)};
                break;
            }
            *out++ = {from, to};
        }
        at += 4 + length;
    }
    return out;
}

}  // namespace

std::span<const OctetRange> find_client_subnets(Octets message, std::span<OctetRange> room) {
    const std::optional<Header> header = read_header(message);
    if (!header) return {};
    OctetRange* out = room.data();
    const auto found = [&] { return room.first(static_cast<std::size_t>(out - room.data())); };
    std::size_t at = header_octets;
    for (unsigned i = 0; i < header->question_count; ++i) {
        const std::optional<std::size_t> end = skip_name(message, at);
        if (!end) return {};
        at = *end + 4;
    }
    const unsigned records =
        unsigned{header->answer_count} + header->authority_count + header->additional_count;
    for (unsigned i = 0; i < records && at < message.size(); ++i) {
        // Nearly all owners are a pointer or the root.
        const std::uint8_t first = message[at];
        std::size_t fixed = at + (first == 0 ? 1 : 2);  // type, class, ttl, rdlength
        if (first != 0 && first < 192) {
            const std::optional<std::size_t> behind_name = skip_name(message, at);
            if (!behind_name) break;
            fixed = *behind_name;
        }
        if (fixed + 10 > message.size()) break;
        const std::uint8_t* const record = message.data() + fixed;
        at = fixed + 10 + load_be16(record + 8);
        if (load_be16(record) == type_opt) out = find_in_options(message, fixed + 10, at, out);
    }
    return found();
}

bool may_hold_client_subnet_plain(Octets message) {
    for (std::size_t i = header_octets; i + 1 < message.size(); ++i) {
        if (message[i] == 0 && message[i + 1] == option_client_subnet) return true;
    }
    return false;
}

#if defined(__SSE2__)
bool may_hold_client_subnet(Octets message) {
    // 16 places for the pair at a time: 17 octets. The last block is moved back so that it ends with the
    // message.
    if (message.size() < header_octets + 17) return may_hold_client_subnet_plain(message);
    const __m128i zero = _mm_setzero_si128(), eight = _mm_set1_epi8(8);
    const auto load = [](const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); };
    const auto pairs = [&](std::size_t at) {
        const std::uint8_t* const p = message.data() + at;
        return _mm_and_si128(_mm_cmpeq_epi8(load(p), zero), _mm_cmpeq_epi8(load(p + 1), eight));
    };
    const auto any = [](__m128i found) { return _mm_movemask_epi8(found) != 0; };
    const std::size_t last = message.size() - 17;
    std::size_t at = header_octets;
    for (; at + 48 < last; at += 64) {
        if (any(_mm_or_si128(_mm_or_si128(pairs(at), pairs(at + 16)),
                             _mm_or_si128(pairs(at + 32), pairs(at + 48)))))
            return true;
    }
    __m128i found = pairs(last);
    for (; at < last; at += 16) found = _mm_or_si128(found, pairs(at));
    return any(found);
}
#else
bool may_hold_client_subnet(Octets message) { return may_hold_client_subnet_plain(message); }
#endif

}  // namespace sie::dns
