#include "nmsg/container_reader.h"

#include "base/crc32c.h"
#include "nmsg/container.h"

namespace sie::nmsg {

ContainerReader::ContainerReader(const ReadLimits& limits) : limits_(limits), fragments_(limits, counts_) {}

ContainerReader::Outcome ContainerReader::open(std::uint8_t flags, Octets body, Origin origin) {
    const bool compressed = (flags & flag_zlib) != 0;
    if ((flags & flag_fragment) == 0) return open_body(body, compressed);
    ++counts_.fragments;
    const std::optional<Fragment> fragment = decode_fragment(body);
    if (!fragment) return Outcome::malformed_fragment;
    const std::optional<Octets> whole = fragments_.add(*fragment, origin.sender, origin.now);
    return whole ? open_body(*whole, compressed) : Outcome::incomplete;
}

ContainerReader::Outcome ContainerReader::open_body(Octets octets, bool compressed) {
    taken_ = trailing_octets_ = without_crc_ = 0;
    if (compressed) {
        switch (decompressor_.inflate(octets, limits_.container_octets, inflated_)) {
            case Decompressor::Outcome::done: break;
            case Decompressor::Outcome::too_large: return Outcome::too_large;
            case Decompressor::Outcome::damaged: return Outcome::damaged_stream;
        }
        octets = inflated_;
        trailing_octets_ = decompressor_.trailing_octets();
    }
    if (!body_.open(octets)) return Outcome::malformed_body;
    ++counts_.containers;
    return Outcome::opened;
}

bool ContainerReader::next(Payload& out) {
    Octets octets;
    std::optional<std::uint32_t> stored;
    while (body_.next(octets, stored)) {
        ++taken_;
        std::optional<Payload> payload = decode_payload(octets, &scattered_);
        if (!payload) {
            ++counts_.malformed_payloads;
            continue;
        }
        if (!stored) ++without_crc_;
        if (stored) {
            const std::uint32_t calculated = crc32c(payload->octets);
            if (detail::swap(*stored) != calculated) {  // N7: stored with its octets swapped
                ++counts_.crc_failures;
                crc_failure_ = {calculated, *stored};
                continue;
            }
            payload->crc = calculated;
        }
        ++counts_.payloads;
        out = *payload;
        return true;
    }
    return false;
}

}  // namespace sie::nmsg
