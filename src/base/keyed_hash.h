// Two keyed hashes at once: of a head of whole words, and of that head with octets behind it. For tables
// whose keys attackers choose: without the key, drawn at start, nobody can make many that meet in one bucket.
//
// With AES instructions, where the processor has them: each 16 octets are mixed into the state, which then
// goes through two AES rounds with key words of their own. After one round a difference of one octet fills
// one column of which the next 16 octets could take it away again; after two it is in all 16 octets, each
// through two S-boxes whose inputs are not known. Values never leave the process. Elsewhere: SipHash-1-3.
//
// Values differ between the two ways and from process to process. No state but the key, any thread.
#pragma once

#include <cstdint>

#include "base/siphash.h"

namespace sie {

class KeyedHash {
  public:
    struct Pair {
        std::uint32_t head, whole;
    };

    explicit KeyedHash(HashKey key);
    // The head: two words, or twice 16 octets where they stand and a word. (Not a span of words: what was
    // just written eight octets at a time must not be read sixteen at a time, or the processor waits.)
    [[nodiscard]] Pair operator()(std::uint64_t a, std::uint64_t b, Octets tail) const {
        return with_aes_ ? by_aes(a, b, tail) : by_siphash(a, b, tail);
    }
    [[nodiscard]] Pair operator()(const std::uint8_t* a, const std::uint8_t* b, std::uint64_t c,
                                  Octets tail) const {
        return with_aes_ ? by_aes(a, b, c, tail) : by_siphash(a, b, c, tail);
    }

    // The two ways, for tests. by_aes() may be called only where has_aes().
    [[nodiscard]] static bool has_aes();
    [[nodiscard]] Pair by_aes(std::uint64_t a, std::uint64_t b, Octets tail) const;
    [[nodiscard]] Pair by_aes(const std::uint8_t* a, const std::uint8_t* b, std::uint64_t c,
                              Octets tail) const;
    [[nodiscard]] Pair by_siphash(std::uint64_t a, std::uint64_t b, Octets tail) const;
    [[nodiscard]] Pair by_siphash(const std::uint8_t* a, const std::uint8_t* b, std::uint64_t c,
                                  Octets tail) const;

  private:
    HashKey key_;
    std::uint64_t round_keys_[4];  // two of 16 octets, from the key by SipHash
    bool with_aes_;
};

}  // namespace sie
