// What --setsource, --setoperator and --setgroup write over (FACTS N9): values that are not zero.
#pragma once

#include "nmsg/payload.h"
#include "text/payload_text.h"

namespace sie::stream {

[[nodiscard]] inline nmsg::Payload with_envelope(nmsg::Payload payload, const text::EnvelopeStyle& style) {
    const auto set = [](auto& field, const auto& value) {
        if (value && *value != 0) field = value;
    };
    set(payload.source, style.source);
    set(payload.group_operator, style.group_operator);
    set(payload.group, style.group);
    return payload;
}

}  // namespace sie::stream
