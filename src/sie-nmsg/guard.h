// No exception leaves the library: each function of its surface runs inside one of these.
#pragma once

#include <exception>
#include <new>
#include <utility>

#include "base/result.h"
#include "nmsg/reader.h"
#include "sie-nmsg/types.h"

namespace sie_nmsg {

[[nodiscard]] inline Error error_of(const sie::Error& error) {
    Error::Kind kind = Error::Kind::damaged;
    switch (error.kind) {
        case sie::ErrorKind::damaged: break;
        case sie::ErrorKind::system:
        case sie::ErrorKind::denied: kind = Error::Kind::system; break;
        case sie::ErrorKind::usage: kind = Error::Kind::usage; break;
    }
    return {kind, error.text(), error.offset};
}

// What `work` returns; `otherwise` and an error after an exception.
template <class T, class Work>
T guarded(Error& error, T otherwise, const Work& work) noexcept {
    try {
        error = {};
        return work();
    } catch (const std::bad_alloc&) {
        error.kind = Error::Kind::memory;
        error.text.clear();  // no room for words
    } catch (const std::exception& what) {
        error.kind = Error::Kind::system;
        try {
            error.text = what.what();
        } catch (...) { error.text.clear(); }
    }
    return otherwise;
}
template <class T, class Work>
T guarded(T otherwise, const Work& work) noexcept {
    Error error;
    return guarded(error, std::move(otherwise), work);
}

[[nodiscard]] inline sie::nmsg::ReadLimits limits_of(const Limits& limits) {
    return {limits.container_octets, limits.fragment_sets, limits.fragment_octets};
}
[[nodiscard]] inline Counts counts_of(const sie::nmsg::ReadCounts& counts) {
    return {counts.containers,           counts.payloads,
            counts.crc_failures,         counts.malformed_payloads,
            counts.fragments_incomplete, counts.fragments_rejected};
}

inline void to_view(const sie::nmsg::Payload& from, Payload& to) {
    to = {from.vendor,
          from.type,
          from.time_sec,
          from.time_nsec,
          from.octets,
          from.source.value_or(0),
          from.group_operator.value_or(0),
          from.group.value_or(0)};
}
[[nodiscard]] inline sie::nmsg::Payload from_view(const Payload& from) {
    sie::nmsg::Payload to;
    to.vendor = from.vendor;
    to.type = from.type;
    to.time_sec = from.time_sec;
    to.time_nsec = from.time_nsec;
    to.octets = from.octets;
    if (from.source != 0) to.source = from.source;
    if (from.operator_ != 0) to.group_operator = from.operator_;
    if (from.group != 0) to.group = from.group;
    return to;
}

}  // namespace sie_nmsg
