#include "base/text_append.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sie {

namespace {

constexpr char lower_digits[] = "0123456789abcdef", upper_digits[] = "0123456789ABCDEF";
constexpr char base32hex_digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
constexpr char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Two digits at a time: 00 to 99.
constexpr std::array<char, 200> digit_pairs = [] {
    std::array<char, 200> table{};
    for (unsigned i = 0; i < 100; ++i) {
        table[2 * i] = static_cast<char>('0' + i / 10);
        table[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return table;
}();

// Two digits of `bits` each for every number of twice as many.
template <unsigned bits>
constexpr std::array<std::array<char, 2>, std::size_t{1} << 2 * bits> pairs_of(const char* digits) {
    std::array<std::array<char, 2>, std::size_t{1} << 2 * bits> table{};
    for (std::size_t i = 0; i < table.size(); ++i)
        table[i] = {digits[i >> bits], digits[i & ((std::size_t{1} << bits) - 1)]};
    return table;
}
constexpr auto lower_pairs = pairs_of<4>(lower_digits), upper_pairs = pairs_of<4>(upper_digits);
constexpr auto base32hex_pairs = pairs_of<5>(base32hex_digits);
constexpr auto base64_pairs = pairs_of<6>(base64_digits);

#if defined(__x86_64__)

const bool has_avx2 = __builtin_cpu_supports("avx2");

// 24 octets to 32 digits, none but these octets read. Each lane of 32 bits gets three octets, multiplications
// move their four groups of six bits into octets of their own, and a table by ranges of digits adds what lies
// between a value and its character.
__attribute__((target("avx2"))) inline void put_base64_block(const std::uint8_t* in, char* out) {
    // The second half is loaded from the ninth octet on, so that it ends with the last one.
    const __m256i spread = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,  //
                                            5, 4, 6, 5, 8, 7, 9, 8, 11, 10, 12, 11, 14, 13, 15, 14);
    const __m256i offsets = _mm256_broadcastsi128_si256(
        _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                      '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0));
    __m128i low, high;
    std::memcpy(&low, in, sizeof low);
    std::memcpy(&high, in + 8, sizeof high);
    const __m256i octets =
        _mm256_shuffle_epi8(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1), spread);
    const __m256i first_and_third = _mm256_mulhi_epu16(
        _mm256_and_si256(octets, _mm256_set1_epi32(0x0fc0fc00)), _mm256_set1_epi32(0x04000040));
    const __m256i second_and_fourth = _mm256_mullo_epi16(
        _mm256_and_si256(octets, _mm256_set1_epi32(0x003f03f0)), _mm256_set1_epi32(0x01000010));
    const __m256i values = _mm256_or_si256(first_and_third, second_and_fourth);
    // 0 for a-z, 1 to 10 for digits, 11 and 12 for + and /, 13 for A-Z.
    __m256i range = _mm256_subs_epu8(values, _mm256_set1_epi8(51));
    range = _mm256_or_si256(
        range, _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), values), _mm256_set1_epi8(13)));
    const __m256i digits = _mm256_add_epi8(values, _mm256_shuffle_epi8(offsets, range));
    std::memcpy(out, &digits, sizeof digits);
}

// Groups of three, at least eight of them; the last block may overlap the one before, whose digits it writes
// once more.
__attribute__((target("avx2"))) void put_base64_blocks(const std::uint8_t* in, std::size_t groups,
                                                       char* out) {
    std::size_t i = 0;
    for (; i + 8 <= groups; i += 8) put_base64_block(in + 3 * i, out + 4 * i);
    if (i < groups) put_base64_block(in + 3 * (groups - 8), out + 4 * (groups - 8));
}

#endif

// Groups of three, any number.
void put_base64_groups(const std::uint8_t* in, std::size_t groups, char* out) {
    for (; groups > 0; --groups, in += 3, out += 4) {
        const std::uint32_t group = std::uint32_t{in[0]} << 16 | std::uint32_t{in[1]} << 8 | in[2];
        std::memcpy(out, base64_pairs[group >> 12].data(), 2);
        std::memcpy(out + 2, base64_pairs[group & 4095].data(), 2);
    }
}

// How many digits a number has: to it is added, by the place of its highest bit, what makes the upper half of
// the sum the answer. Between two powers of two lies at most one power of ten.
constexpr std::array<std::uint64_t, 32> count_of_digits = [] {
    std::array<std::uint64_t, 32> table{};
    std::uint64_t digits = 1, power = 10;  // the least number with more digits
    for (unsigned bit = 0; bit < table.size(); ++bit) {
        const std::uint64_t least = std::uint64_t{1} << bit;
        if (least >= power) {
            ++digits;
            power *= 10;
        }
        table[bit] = power < 2 * least ? ((digits + 1) << 32) - power : digits << 32;
    }
    return table;
}();

[[gnu::always_inline]] inline std::size_t digits_of(std::uint32_t value) {
    const auto bit = static_cast<unsigned>(31 - std::countl_zero(value | 1));
    return (count_of_digits[bit] + value) >> 32;
}

// Eight digits, zeros in front, of a number below 10^8; the first in the lowest octet, each from 0 to 9. All
// at once: the number is divided into lanes of four digits, these into lanes of two, and these into octets.
[[gnu::always_inline]] inline std::uint64_t eight_digits(std::uint32_t value) {
    const std::uint64_t fours = value / 10'000 | std::uint64_t{value % 10'000} << 32;
    const std::uint64_t hundreds = fours * 10'486 >> 20 & 0x0000'007f'0000'007f;  // of 0 to 9999 exactly
    const std::uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
    const std::uint64_t tens = twos * 103 >> 10 & 0x000f'000f'000f'000f;  // of 0 to 99 exactly
    return tens | (twos - 10 * tens) << 8;
}

constexpr std::uint64_t zeros = 0x3030'3030'3030'3030;
constexpr std::uint32_t ten_to_8 = 100'000'000;

[[gnu::always_inline]] inline char* put_eight_digits(char* out, std::uint32_t value) {
    const std::uint64_t digits = detail::small(eight_digits(value) | zeros);
    std::memcpy(out, &digits, sizeof digits);
    return out + sizeof digits;
}

// Below 10^8; writes eight octets, of which the end says how many count.
[[gnu::always_inline]] inline char* put_few_digits(char* out, std::uint32_t value) {
    const std::size_t size = digits_of(value);
    const std::uint64_t digits = detail::small((eight_digits(value) | zeros) >> (64 - 8 * size));
    std::memcpy(out, &digits, sizeof digits);
    return out + size;
}

}  // namespace

char* put_decimal(char* out, std::uint64_t value) {
    if (value < 100) {
        const bool one = value < 10;  // then it is the second of the pair
        const char* const pair = &digit_pairs[2 * value];
        out[0] = pair[one ? 1 : 0];
        out[1] = pair[1];
        return out + (one ? 1 : 2);
    }
    if (value < ten_to_8) return put_few_digits(out, static_cast<std::uint32_t>(value));
    const std::uint64_t high = value / ten_to_8;
    const auto low = static_cast<std::uint32_t>(value % ten_to_8);
    if (high < ten_to_8) return put_eight_digits(put_few_digits(out, static_cast<std::uint32_t>(high)), low);
    out = put_few_digits(out, static_cast<std::uint32_t>(high / ten_to_8));
    return put_eight_digits(put_eight_digits(out, static_cast<std::uint32_t>(high % ten_to_8)), low);
}

char* put_nine_digits(char* out, std::uint32_t value) {
    *out = static_cast<char>('0' + value / ten_to_8);
    return put_eight_digits(out + 1, value % ten_to_8);
}

void append_decimal(TextBuffer& text, std::uint64_t value) {
    text.grow_to(put_decimal(text.room(longest_decimal), value));
}

char* put_signed(char* out, std::int64_t value) {
    const auto number = static_cast<std::uint64_t>(value);
    if (value >= 0) return put_decimal(out, number);
    *out = '-';
    return put_decimal(out + 1, 0 - number);
}

void append_signed(TextBuffer& text, std::int64_t value) {
    text.grow_to(put_signed(text.room(1 + longest_decimal), value));
}

void append_padded(TextBuffer& text, std::uint64_t value, unsigned width) {
    char* const begin = text.room(longest_decimal);
    if (width == 9 && value < std::uint64_t{10} * ten_to_8)  // nanoseconds
        return text.grow_to(put_nine_digits(begin, static_cast<std::uint32_t>(value)));
    const std::size_t least = std::clamp<std::size_t>(width, 1, longest_decimal);
    // From the last digit on, zeros included, where it belongs.
    std::uint64_t rest = value;
    char* at = begin + least;
    for (; at - begin >= 2; rest /= 100) {
        at -= 2;
        std::memcpy(at, &digit_pairs[2 * (rest % 100)], 2);
    }
    if (at != begin) {
        *begin = static_cast<char>('0' + rest % 10);
        rest /= 10;
    }
    if (rest == 0) return text.grow(least);
    append_decimal(text, value);  // wider than asked for
}

void append_hex(TextBuffer& text, Octets octets, bool upper_case) {
    const auto& pairs = upper_case ? upper_pairs : lower_pairs;
    char* out = text.room(2 * octets.size());
    for (const std::uint8_t octet : octets) {
        std::memcpy(out, pairs[octet].data(), 2);
        out += 2;
    }
    text.grow(2 * octets.size());
}

char* put_base64(char* out, Octets octets) {
    const std::size_t groups = octets.size() / 3, rest = octets.size() % 3;
#if defined(__x86_64__)
    if (groups >= 8 && has_avx2)
        put_base64_blocks(octets.data(), groups, out);
    else
#endif
        put_base64_groups(octets.data(), groups, out);
    out += 4 * groups;
    if (rest == 0) return out;
    const std::uint8_t* const last = octets.data() + 3 * groups;
    const std::uint32_t group = std::uint32_t{last[0]} << 16 | (rest == 2 ? std::uint32_t{last[1]} << 8 : 0);
    std::memcpy(out, base64_pairs[group >> 12].data(), 2);
    out[2] = rest == 2 ? base64_digits[group >> 6 & 63] : '=';
    out[3] = '=';
    return out + 4;
}

void append_base64(TextBuffer& text, Octets octets) {
    text.grow_to(put_base64(text.room(base64_size(octets.size())), octets));
}

// RFC 4648 §7, upper case, without padding (RFC 5155 §3.3).
void append_base32hex(TextBuffer& text, Octets octets) {
    char* const begin = text.room((octets.size() * 8 + 4) / 5);
    char* out = begin;
    std::size_t i = 0;
    for (; i + 5 <= octets.size(); i += 5, out += 8) {
        const std::uint64_t group = std::uint64_t{load_be32(octets.data() + i)} << 8 | octets[i + 4];
        std::memcpy(out, base32hex_pairs[group >> 30].data(), 2);
        std::memcpy(out + 2, base32hex_pairs[group >> 20 & 1023].data(), 2);
        std::memcpy(out + 4, base32hex_pairs[group >> 10 & 1023].data(), 2);
        std::memcpy(out + 6, base32hex_pairs[group & 1023].data(), 2);
    }
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (; i < octets.size(); ++i) {
        held = held << 8 | octets[i];
        for (bits += 8; bits >= 5; bits -= 5) *out++ = base32hex_digits[held >> (bits - 5) & 31];
    }
    if (bits > 0) *out++ = base32hex_digits[held << (5 - bits) & 31];
    text.grow(static_cast<std::size_t>(out - begin));
}

}  // namespace sie
