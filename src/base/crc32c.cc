#include "base/crc32c.h"

#include <array>
#include <cstddef>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace sie {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;

// Slicing by 8: row k gives the effect of an octet that k zero octets follow.
using SlicingTables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr SlicingTables make_slicing_tables() {
    SlicingTables tables{};
    for (std::uint32_t octet = 0; octet < 256; ++octet) {
        std::uint32_t crc = octet;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
        tables[0][octet] = crc;
    }
    for (std::size_t row = 1; row < tables.size(); ++row)
        for (std::size_t octet = 0; octet < 256; ++octet) {
            const std::uint32_t before = tables[row - 1][octet];
            tables[row][octet] = (before >> 8) ^ tables[0][before & 0xff];
        }
    return tables;
}

constexpr SlicingTables slicing = make_slicing_tables();

#if defined(__x86_64__)

// The instruction has a latency of three cycles and starts one each cycle: three strands of `strand` octets
// run side by side and are joined by moving the earlier ones over the octets of the later ones (a linear map
// of the 32 state bits, kept as a table for each octet of the state). Long strands first, short ones for the
// rest.
using MoveTables = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr MoveTables make_move_tables(std::size_t strand) {
    MoveTables tables{};
    for (std::size_t row = 0; row < tables.size(); ++row) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::uint32_t crc = std::uint32_t{1} << (8 * row + bit);
            for (std::size_t i = 0; i < strand; ++i) crc = (crc >> 8) ^ slicing[0][crc & 0xff];
            tables[row][std::size_t{1} << bit] = crc;
        }
        for (std::size_t octet = 1; octet < 256; ++octet) {
            const std::size_t rest = octet & (octet - 1);
            tables[row][octet] = tables[row][rest] ^ tables[row][octet ^ rest];
        }
    }
    return tables;
}

template <std::size_t strand>
constexpr MoveTables move_tables = make_move_tables(strand);

template <std::size_t strand>
std::uint32_t move_over(std::uint32_t crc) {
    constexpr const MoveTables& tables = move_tables<strand>;
    return tables[0][crc & 0xff] ^ tables[1][(crc >> 8) & 0xff] ^ tables[2][(crc >> 16) & 0xff] ^
           tables[3][crc >> 24];
}

template <std::size_t strand>
__attribute__((target("sse4.2"), always_inline)) inline void take_strands(const std::uint8_t*& p,
                                                                          std::size_t& left,
                                                                          std::uint64_t& crc) {
    for (; left >= 3 * strand; p += 3 * strand, left -= 3 * strand) {
        std::uint64_t second = 0, third = 0;
        for (std::size_t i = 0; i < strand; i += 8) {
            crc = _mm_crc32_u64(crc, load_le64(p + i));
            second = _mm_crc32_u64(second, load_le64(p + strand + i));
            third = _mm_crc32_u64(third, load_le64(p + 2 * strand + i));
        }
        const std::uint32_t joined =
            move_over<strand>(static_cast<std::uint32_t>(crc)) ^ static_cast<std::uint32_t>(second);
        crc = move_over<strand>(joined) ^ static_cast<std::uint32_t>(third);
    }
}

__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(Octets octets) {
    const std::uint8_t* p = octets.data();
    std::size_t left = octets.size();
    std::uint64_t crc = 0xffffffff;
    take_strands<128>(p, left, crc);
    take_strands<32>(p, left, crc);
    for (; left >= 8; p += 8, left -= 8) crc = _mm_crc32_u64(crc, load_le64(p));
    auto rest = static_cast<std::uint32_t>(crc);
    for (; left > 0; ++p, --left) rest = _mm_crc32_u8(rest, *p);
    return ~rest;
}

#endif

}  // namespace

std::uint32_t crc32c_plain(Octets octets) {
    const std::uint8_t* p = octets.data();
    std::size_t left = octets.size();
    std::uint32_t crc = 0xffffffff;
    for (; left >= 8; p += 8, left -= 8) {
        const std::uint32_t low = load_le32(p) ^ crc, high = load_le32(p + 4);
        crc = slicing[7][low & 0xff] ^ slicing[6][(low >> 8) & 0xff] ^ slicing[5][(low >> 16) & 0xff] ^
              slicing[4][low >> 24] ^ slicing[3][high & 0xff] ^ slicing[2][(high >> 8) & 0xff] ^
              slicing[1][(high >> 16) & 0xff] ^ slicing[0][high >> 24];
    }
    for (; left > 0; ++p, --left) crc = (crc >> 8) ^ slicing[0][(crc ^ *p) & 0xff];
    return ~crc;
}

std::uint32_t crc32c(Octets octets) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2") != 0) return crc32c_sse42(octets);
#endif
    return crc32c_plain(octets);
}

}  // namespace sie
