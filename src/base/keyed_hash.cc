#include "base/keyed_hash.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sie {

namespace {

KeyedHash::Pair with_tail(SipHash of_head, Octets tail) {
    SipHash of_whole = of_head;
    of_whole.octets(tail);
    return {static_cast<std::uint32_t>(of_head.finish()), static_cast<std::uint32_t>(of_whole.finish())};
}

}  // namespace

KeyedHash::KeyedHash(HashKey key) : key_(key), round_keys_{}, with_aes_(has_aes()) {
    for (std::uint64_t i = 0; i < 4; ++i) {
        SipHash hash(key);
        hash.word(i);
        round_keys_[i] = hash.finish();
    }
}

KeyedHash::Pair KeyedHash::by_siphash(std::uint64_t a, std::uint64_t b, Octets tail) const {
    SipHash head(key_);
    head.word(a);
    head.word(b);
    return with_tail(head, tail);
}

KeyedHash::Pair KeyedHash::by_siphash(const std::uint8_t* a, const std::uint8_t* b, std::uint64_t c,
                                      Octets tail) const {
    SipHash head(key_);
    head.octets({a, 16});
    head.octets({b, 16});
    head.word(c);
    return with_tail(head, tail);
}

#if defined(__x86_64__)

#define SIE_AES __attribute__((target("aes,sse4.1"), always_inline)) inline

namespace {

SIE_AES __m128i load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }

SIE_AES __m128i words(std::uint64_t low, std::uint64_t high) {
    return _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low));
}

struct Rounds {
    __m128i first, second;

    SIE_AES __m128i mix(__m128i state, __m128i block) const {
        return _mm_aesenc_si128(_mm_aesenc_si128(_mm_xor_si128(state, block), first), second);
    }
};

SIE_AES std::uint32_t low_part(__m128i state) { return static_cast<std::uint32_t>(_mm_cvtsi128_si32(state)); }

// 1 to 16 octets left of the tail: the last 16 of it (some of them twice), or all of a shorter one.
SIE_AES __m128i last_block(Octets tail, const std::uint8_t* p, std::size_t left) {
    if (tail.size() >= 16) return load(p + left - 16);
    if (left >= 8) return words(load_le64(p), load_le64(p + left - 8));
    if (left >= 4) return words(load_le32(p), load_le32(p + left - 4));
    if (left > 0) return words(p[0] | std::uint64_t{p[left / 2]} << 8 | std::uint64_t{p[left - 1]} << 16, 0);
    return _mm_setzero_si128();
}

SIE_AES KeyedHash::Pair with_tail(const Rounds& rounds, __m128i head, Octets tail) {
    const std::uint32_t of_head = low_part(rounds.mix(head, rounds.second));
    const std::uint8_t* p = tail.data();
    std::size_t left = tail.size();
    __m128i state = head;
    for (; left > 16; p += 16, left -= 16) state = rounds.mix(state, load(p));
    state = rounds.mix(state, last_block(tail, p, left));
    return {of_head, low_part(rounds.mix(state, words(tail.size(), 0)))};
}

}  // namespace

bool KeyedHash::has_aes() {
    return __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("sse4.1") != 0;
}

__attribute__((target("aes,sse4.1"))) KeyedHash::Pair KeyedHash::by_aes(std::uint64_t a, std::uint64_t b,
                                                                        Octets tail) const {
    const Rounds rounds{load(round_keys_), load(round_keys_ + 2)};
    return with_tail(rounds, rounds.mix(words(key_.k0, key_.k1), words(a, b)), tail);
}

__attribute__((target("aes,sse4.1"))) KeyedHash::Pair KeyedHash::by_aes(const std::uint8_t* a,
                                                                        const std::uint8_t* b,
                                                                        std::uint64_t c, Octets tail) const {
    const Rounds rounds{load(round_keys_), load(round_keys_ + 2)};
    const __m128i addresses = rounds.mix(rounds.mix(words(key_.k0, key_.k1), load(a)), load(b));
    return with_tail(rounds, rounds.mix(addresses, words(c, 0)), tail);
}

#undef SIE_AES

#else

bool KeyedHash::has_aes() { return false; }
KeyedHash::Pair KeyedHash::by_aes(std::uint64_t a, std::uint64_t b, Octets tail) const {
    return by_siphash(a, b, tail);
}
KeyedHash::Pair KeyedHash::by_aes(const std::uint8_t* a, const std::uint8_t* b, std::uint64_t c,
                                  Octets tail) const {
    return by_siphash(a, b, c, tail);
}

#endif

}  // namespace sie
