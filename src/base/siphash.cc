#include "base/siphash.h"

#include <random>

#if defined(__linux__) && !defined(SIE_PORTABLE)
#include <sys/random.h>

#include <array>
#endif

namespace sie {

HashKey HashKey::random() {
#if defined(__linux__) && !defined(SIE_PORTABLE)
    // Requests of up to 256 octets are answered whole (getrandom(2)).
    std::array<std::uint8_t, 16> octets{};
    if (getrandom(octets.data(), octets.size(), 0) == static_cast<ssize_t>(octets.size()))
        return {load_le64(octets.data()), load_le64(octets.data() + 8)};
#endif
    std::random_device device;
    std::uniform_int_distribution<std::uint64_t> word;
    HashKey key;
    key.k0 = word(device);
    key.k1 = word(device);
    return key;
}

}  // namespace sie
