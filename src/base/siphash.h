// SipHash-1-3 over 64-bit words (Aumasson, Bernstein 2012): the keyed hash of everything that attackers may
// choose.
//
// The key is drawn at start, fixed in tests; without it nobody can make keys that meet in one bucket.
#pragma once

#include <bit>
#include <cstdint>

#include "base/octets.h"

namespace sie {

struct HashKey {
    std::uint64_t k0 = 0, k1 = 0;
    [[nodiscard]] static HashKey random();  // from the operating system
};

class SipHash {
  public:
    explicit SipHash(HashKey key)
        : v0_(key.k0 ^ 0x736f6d6570736575U),
          v1_(key.k1 ^ 0x646f72616e646f6dU),
          v2_(key.k0 ^ 0x6c7967656e657261U),
          v3_(key.k1 ^ 0x7465646279746573U) {}

    void word(std::uint64_t m) {
        v3_ ^= m;
        round();
        v0_ ^= m;
        length_ += 8;
    }
    // Whole words, then the rest padded with zeros; the length goes into the last word as in the paper.
    void octets(Octets o) {
        const std::uint8_t* p = o.data();
        std::size_t n = o.size();
        for (; n >= 8; n -= 8, p += 8) word(load_le64(p));
        if (n != 0) {
            word(rest_of(p, n));
            length_ -= 8 - n;
        }
    }
    [[nodiscard]] std::uint64_t finish() {
        const std::uint64_t m = length_ << 56;
        v3_ ^= m;
        round();
        v0_ ^= m;
        v2_ ^= 0xff;
        round();
        round();
        round();
        return v0_ ^ v1_ ^ v2_ ^ v3_;
    }

  private:
    // 1 to 7 octets, the first one lowest, without a loop.
    [[nodiscard]] static std::uint64_t rest_of(const std::uint8_t* p, std::size_t n) {
        if (n >= 4) return load_le32(p) | std::uint64_t{load_le32(p + n - 4)} << (8 * (n - 4));
        return p[0] | std::uint64_t{p[n / 2]} << (8 * (n / 2)) | std::uint64_t{p[n - 1]} << (8 * (n - 1));
    }
    void round() {
        v0_ += v1_;
        v1_ = std::rotl(v1_, 13);
        v1_ ^= v0_;
        v0_ = std::rotl(v0_, 32);
        v2_ += v3_;
        v3_ = std::rotl(v3_, 16);
        v3_ ^= v2_;
        v0_ += v3_;
        v3_ = std::rotl(v3_, 21);
        v3_ ^= v0_;
        v2_ += v1_;
        v1_ = std::rotl(v1_, 17);
        v1_ ^= v2_;
        v2_ = std::rotl(v2_, 32);
    }
    std::uint64_t v0_, v1_, v2_, v3_, length_ = 0;
};

}  // namespace sie
