// A fuzz target: a function that takes octets from a stranger and must hold what it promises of them.
//
//   SIE_FUZZ_TARGET(question) { … require(…, "…"); }        `input` are the octets, for the time of the call
//
// With SIE_LIBFUZZER the file is a program of libFuzzer's; without it the target registers its name for
// fuzz_replay, which holds all of them. A promise that does not hold ends the process, as a crash would. One
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/octets.h"

namespace sie::fuzz {

using Bytes = std::vector<std::uint8_t>;

struct Registered {
    const char* unit;
    void (*target)(Octets input);
};
// Those of this program.
inline std::vector<Registered>& registered() {
    static std::vector<Registered> all;
    return all;
}
struct Registration {
    Registration(const char* unit, void (*target)(Octets)) { registered().push_back({unit, target}); }
};

[[noreturn]] inline void broken(const char* what) {
    std::fprintf(stderr, "fuzz: this does not hold: %s\n", what);
    std::abort();
}
inline void require(bool holds, const char* what) {
    if (!holds) broken(what);
}
// Two texts that must be the same.
inline void require_same(std::string_view one, std::string_view other, const char* what) {
    if (one == other) return;
    for (const std::string_view text : {one, other}) {
        std::fprintf(stderr, "fuzz: %zu octets: ", text.size());
        for (const char c : text.substr(0, 4000)) {
            if (c >= 0x20 && c < 0x7f)
                std::fputc(c, stderr);
            else
                std::fprintf(stderr, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
        }
        std::fputc('\n', stderr);
    }
    broken(what);
}

// What a target is told besides octets: small numbers, taken from the front. Behind the end all are 0.
class Choices {
  public:
    explicit Choices(Octets input) : rest_(input) {}
    [[nodiscard]] bool empty() const { return rest_.empty(); }
    std::uint8_t octet() {
        if (rest_.empty()) return 0;
        const std::uint8_t first = rest_[0];
        rest_ = rest_.subspan(1);
        return first;
    }
    std::uint16_t number16() {
        const unsigned high = octet();
        return static_cast<std::uint16_t>(high << 8 | octet());
    }
    // As many as there are, at most `n`.
    Octets octets(std::size_t n) {
        const Octets taken = rest_.first(n < rest_.size() ? n : rest_.size());
        rest_ = rest_.subspan(taken.size());
        return taken;
    }
    [[nodiscard]] Octets rest() const { return rest_; }

  private:
    Octets rest_;
};

}  // namespace sie::fuzz

#if defined(SIE_LIBFUZZER)
#define SIE_FUZZ_TARGET(unit)                                                             \
    static void unit##_target(sie::Octets input);                                         \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) { \
        unit##_target({octets, size});                                                    \
        return 0;                                                                         \
    }                                                                                     \
    static void unit##_target([[maybe_unused]] sie::Octets input)
#else
#define SIE_FUZZ_TARGET(unit)                                                       \
    static void unit##_target(sie::Octets input);                                   \
    static const sie::fuzz::Registration unit##_registration(#unit, unit##_target); \
    static void unit##_target([[maybe_unused]] sie::Octets input)
#endif
