#include "net/checksum.h"

#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sie::net {
namespace {

[[nodiscard]] constexpr std::uint16_t fold(std::uint64_t sum) {
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

// End-around carry: the sum stays the same modulo 2^16 − 1, and never becomes zero again once it was not.
[[nodiscard]] inline std::uint64_t add(std::uint64_t sum, std::uint64_t word) {
    sum += word;
    return sum + (sum < word ? 1 : 0);
}

#if defined(__x86_64__)
// One chain of carries: the compilers do not see one in four calls of add().
[[nodiscard]] inline std::uint64_t add_four_words(std::uint64_t sum, const std::uint8_t* p) {
    unsigned long long total = sum;
    unsigned char carry = 0;
    for (std::size_t at = 0; at < 32; at += 8)
        carry = _addcarry_u64(carry, total, detail::load<std::uint64_t>(p + at), &total);
    return total + carry;
}
#else
[[nodiscard]] inline std::uint64_t add_four_words(std::uint64_t sum, const std::uint8_t* p) {
    for (std::size_t at = 0; at < 32; at += 8) sum = add(sum, detail::load<std::uint64_t>(p + at));
    return sum;
}
#endif

// The sum of the machine's own words; the last one is filled up with zeros.
[[nodiscard]] inline std::uint64_t sum_of_words(const std::uint8_t* p, std::size_t n, std::uint64_t sum) {
    for (; n >= 32; n -= 32, p += 32) sum = add_four_words(sum, p);
    for (; n >= 8; n -= 8, p += 8) sum = add(sum, detail::load<std::uint64_t>(p));
    if ((n & 4) != 0) {
        sum = add(sum, detail::load<std::uint32_t>(p));
        p += 4;
    }
    if ((n & 2) != 0) {
        sum = add(sum, detail::load<std::uint16_t>(p));
        p += 2;
    }
    if ((n & 1) != 0) {
        const std::uint8_t last[2]{*p, 0};
        sum = add(sum, detail::load<std::uint16_t>(last));
    }
    return sum;
}

}  // namespace

// RFC 1071 §2: the sum may be taken over wider words, and in either byte order if the result is swapped.
std::uint16_t ones_complement_sum(Octets octets, std::uint64_t start) {
    return fold(std::uint64_t{detail::big(fold(sum_of_words(octets.data(), octets.size(), 0)))} +
                fold(start));
}

std::uint16_t ones_complement_sum_plain(Octets octets, std::uint64_t start) {
    std::uint64_t sum = fold(start);
    std::size_t i = 0;
    for (; i + 1 < octets.size(); i += 2) sum += load_be16(octets.data() + i);
    if (i < octets.size()) sum += std::uint64_t{octets[i]} << 8;
    return fold(sum);
}

bool udp_checksum_sum(Family family, const std::uint8_t* source, const std::uint8_t* destination, Octets udp,
                      std::uint16_t length_field) {
    // 0xffff is the same in both byte orders.
    std::uint64_t sum = std::uint64_t{detail::big(std::uint16_t{17})} + detail::big(length_field);
    if (family == Family::v4)
        sum += std::uint64_t{detail::load<std::uint32_t>(source)} + detail::load<std::uint32_t>(destination);
    else
        sum = sum_of_words(destination, 16, sum_of_words(source, 16, sum));
    return fold(sum_of_words(udp.data(), udp.size(), sum)) == 0xffff;
}

}  // namespace sie::net
