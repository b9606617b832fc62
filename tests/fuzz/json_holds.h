// What must hold of every payload on its way through JSON.
#pragma once

#include "fuzz/fuzz_target.h"
#include "text/json_reader.h"
#include "text/json_syntax.h"
#include "text/payload_text.h"

namespace sie::fuzz {

struct Owned {
    nmsg::Payload payload;
    std::string octets;
    explicit Owned(const nmsg::Payload& from) : payload(from), octets(as_text(from.octets)) {
        payload.octets = as_octets(octets);
    }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
};

// Without its line end.
inline std::string json_of(const nmsg::Payload& payload) {
    TextBuffer text;
    text::PayloadText().append_json(text, payload);
    require(text.ends_with('\n') && text.view().find('\n') == text.size() - 1, "JSON is one line");
    return std::string(text.view().substr(0, text.size() - 1));
}

// Where a payload is from: what JSON said must be read back, octets from anywhere may be none of it.
enum class From : std::uint8_t { anywhere, json };

// What JSON says is read as a payload that says the same, and is read as itself. (The first reading may lose
// what JSON does not show: fields that are not known, high bits of numbers, what stands behind a NUL.)
inline void comes_back(const nmsg::Payload& payload, From from) {
    text::JsonReader reader, again;
    const std::string line = json_of(payload);
    const auto read = reader.read(line, {});
    if (!read) {
        require(from != From::json, "what JSON said is written as JSON");
        // Surrogates and code points beyond Unicode are let through by the writer (N48), and by no reader.
        require(!text::is_json(line) || line.find("\"message\":null") == std::string::npos,
                "octets that JSON shows as such are read back");
        return;
    }
    require(read->vendor == payload.vendor && read->type == payload.type, "the type comes back");
    const Owned first(*read);
    const std::string second_line = json_of(first.payload);
    const auto second = again.read(second_line, {});
    require(second.has_value(), "what was read from JSON is read back");
    require_same(first.octets, as_text(second->octets), "the octets of a payload come back from JSON");
    require(second->time_sec == first.payload.time_sec && second->time_nsec == first.payload.time_nsec &&
                second->source == first.payload.source && second->group == first.payload.group &&
                second->group_operator == first.payload.group_operator,
            "the envelope comes back from JSON");
    require_same(second_line, json_of(*second), "JSON of what came back is the same");
}

}  // namespace sie::fuzz
