#include "base/text_append.h"

#include <algorithm>
#include <array>
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

const bool has_ssse3 = __builtin_cpu_supports("ssse3"), has_avx2 = __builtin_cpu_supports("avx2");

// The same as base64_blocks(), two of its blocks side by side.
__attribute__((target("avx2"))) std::size_t base64_double_blocks(Octets octets, char* out) {
    const __m256i spread =
        _mm256_broadcastsi128_si256(_mm_set_epi8(10, 11, 9, 10, 7, 8, 6, 7, 4, 5, 3, 4, 1, 2, 0, 1));
    const __m256i offsets = _mm256_broadcastsi128_si256(
        _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                      '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0));
    std::size_t i = 0;
    for (; i + 28 <= octets.size(); i += 24, out += 32) {  // twice sixteen are loaded, twelve apart
        __m128i low, high;
        std::memcpy(&low, octets.data() + i, sizeof low);
        std::memcpy(&high, octets.data() + i + 12, sizeof high);
        const __m256i in =
            _mm256_shuffle_epi8(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1), spread);
        const __m256i first_and_third = _mm256_mulhi_epu16(
            _mm256_and_si256(in, _mm256_set1_epi32(0x0fc0fc00)), _mm256_set1_epi32(0x04000040));
        const __m256i second_and_fourth = _mm256_mullo_epi16(
            _mm256_and_si256(in, _mm256_set1_epi32(0x003f03f0)), _mm256_set1_epi32(0x01000010));
        const __m256i values = _mm256_or_si256(first_and_third, second_and_fourth);
        __m256i range = _mm256_subs_epu8(values, _mm256_set1_epi8(51));
        range = _mm256_or_si256(
            range, _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), values), _mm256_set1_epi8(13)));
        const __m256i digits = _mm256_add_epi8(values, _mm256_shuffle_epi8(offsets, range));
        std::memcpy(out, &digits, sizeof digits);
    }
    return i;
}

// Twelve octets to sixteen digits at a time; gives how many octets were taken. Each lane of 32 bits gets
// three octets, multiplications move their four groups of six bits into octets of their own, and a table by
// ranges of digits adds what lies between a value and its character.
__attribute__((target("ssse3"))) std::size_t base64_blocks(Octets octets, char* out) {
    const __m128i spread = _mm_set_epi8(10, 11, 9, 10, 7, 8, 6, 7, 4, 5, 3, 4, 1, 2, 0, 1);
    const __m128i offsets =
        _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                      '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
    std::size_t i = 0;
    for (; i + 16 <= octets.size(); i += 12, out += 16) {  // sixteen are loaded
        __m128i in;
        std::memcpy(&in, octets.data() + i, sizeof in);
        in = _mm_shuffle_epi8(in, spread);
        const __m128i first_and_third =
            _mm_mulhi_epu16(_mm_and_si128(in, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
        const __m128i second_and_fourth =
            _mm_mullo_epi16(_mm_and_si128(in, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
        const __m128i values = _mm_or_si128(first_and_third, second_and_fourth);
        // 0 for a-z, 1 to 10 for digits, 11 and 12 for + and /, 13 for A-Z.
        __m128i range = _mm_subs_epu8(values, _mm_set1_epi8(51));
        range =
            _mm_or_si128(range, _mm_and_si128(_mm_cmpgt_epi8(_mm_set1_epi8(26), values), _mm_set1_epi8(13)));
        const __m128i digits = _mm_add_epi8(values, _mm_shuffle_epi8(offsets, range));
        std::memcpy(out, &digits, sizeof digits);
    }
    return i;
}

#endif

char* put_four_digits(char* out, std::uint32_t value) {
    std::memcpy(out, &digit_pairs[2 * (value / 100)], 2);
    std::memcpy(out + 2, &digit_pairs[2 * (value % 100)], 2);
    return out + 4;
}

char* put_below_10000(char* out, std::uint32_t value) {
    if (value < 10) {
        *out = static_cast<char>('0' + value);
        return out + 1;
    }
    if (value < 100) {
        std::memcpy(out, &digit_pairs[2 * value], 2);
        return out + 2;
    }
    if (value >= 1000) return put_four_digits(out, value);
    *out = static_cast<char>('0' + value / 100);
    std::memcpy(out + 1, &digit_pairs[2 * (value % 100)], 2);
    return out + 3;
}

// Digits that end at `end`; gives where they begin.
char* digits_before(char* end, std::uint64_t value) {
    while (value >= 100) {
        end -= 2;
        std::memcpy(end, &digit_pairs[2 * (value % 100)], 2);
        value /= 100;
    }
    if (value < 10) {
        *--end = static_cast<char>('0' + value);
        return end;
    }
    end -= 2;
    std::memcpy(end, &digit_pairs[2 * value], 2);
    return end;
}

}  // namespace

// Written where it belongs: no copy of digits made elsewhere.
char* put_decimal(char* out, std::uint64_t value) {
    constexpr std::uint64_t ten_to_8 = 100'000'000, ten_to_16 = ten_to_8 * ten_to_8;
    if (value < 10'000) return put_below_10000(out, static_cast<std::uint32_t>(value));
    if (value < ten_to_8) {
        const auto low = static_cast<std::uint32_t>(value);
        return put_four_digits(put_below_10000(out, low / 10'000), low % 10'000);
    }
    if (value < ten_to_16) {
        const auto high = static_cast<std::uint32_t>(value / ten_to_8),
                   low = static_cast<std::uint32_t>(value % ten_to_8);
        out = high < 10'000 ? put_below_10000(out, high)
                            : put_four_digits(put_below_10000(out, high / 10'000), high % 10'000);
        return put_four_digits(put_four_digits(out, low / 10'000), low % 10'000);
    }
    char digits[longest_decimal];
    char* const last = digits + longest_decimal;
    const char* const first = digits_before(last, value);
    return std::copy(first, static_cast<const char*>(last), out);
}

void append_decimal(TextBuffer& text, std::uint64_t value) {
    text.grow_to(put_decimal(text.room(longest_decimal), value));
}

void append_signed(TextBuffer& text, std::int64_t value) {
    if (value < 0) text += '-';
    append_decimal(text,
                   value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value));
}

void append_padded(TextBuffer& text, std::uint64_t value, unsigned width) {
    const std::size_t least = std::clamp<std::size_t>(width, 1, longest_decimal);
    char* const begin = text.room(longest_decimal);
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

void append_base64(TextBuffer& text, Octets octets) {
    const std::size_t size = (octets.size() + 2) / 3 * 4;
    char* out = text.room(size);
    text.grow(size);
    const auto digit = [](std::uint32_t group, int shift) { return base64_digits[group >> shift & 63]; };
    std::size_t i = 0;
#if defined(__x86_64__)
    if (has_avx2) i = base64_double_blocks(octets, out);
    if (has_ssse3) i += base64_blocks(octets.subspan(i), out + i / 3 * 4);
    out += i / 3 * 4;
#endif
    // Four octets are loaded for the sake of three.
    for (; i + 4 <= octets.size(); i += 3) {
        const std::uint32_t group = load_be32(octets.data() + i) >> 8;
        std::memcpy(out, base64_pairs[group >> 12].data(), 2);
        std::memcpy(out + 2, base64_pairs[group & 4095].data(), 2);
        out += 4;
    }
    if (i + 3 == octets.size()) {
        const std::uint32_t group =
            std::uint32_t{octets[i]} << 16 | std::uint32_t{octets[i + 1]} << 8 | octets[i + 2];
        std::memcpy(out, base64_pairs[group >> 12].data(), 2);
        std::memcpy(out + 2, base64_pairs[group & 4095].data(), 2);
        return;
    }
    if (const std::size_t rest = octets.size() - i; rest > 0) {
        const std::uint32_t group =
            std::uint32_t{octets[i]} << 16 | (rest == 2 ? std::uint32_t{octets[i + 1]} << 8 : 0);
        *out++ = digit(group, 18);
        *out++ = digit(group, 12);
        *out++ = rest == 2 ? digit(group, 6) : '=';
        *out++ = '=';
    }
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
