#include "dns/wire_name.h"

#include "dns/label_text.h"
#include "dns/name.h"

namespace sie::dns {

namespace {

// Labels handed to `each`: where the octets of each begin, and how many they are.
template <class Each>
[[gnu::always_inline]] inline NameFault walk_name(Octets message, std::size_t& at, std::size_t end,
                                                  bool pointers, const Each& each) {
    std::size_t from = at, stop = end, size = 0;
    bool followed = false;
    for (;;) {
        if (from >= stop) return NameFault::cut;
        const std::size_t length = message[from];
        if (length >= 192) {
            if (!pointers) return NameFault::bad_label;
            if (stop - from < 2) return NameFault::cut;
            const std::size_t target = load_be16(message.data() + from) & 0x3fffU;
            if (target >= from) return NameFault::bad_pointer;
            if (!followed) at = from + 2;
            followed = true;
            from = target;
            stop = message.size();
            continue;
        }
        if (length > most_label_octets) return NameFault::bad_label;
        if (stop - from - 1 < length) return NameFault::cut;
        size += length + 1;
        if (size > most_name_octets) return NameFault::too_long;
        if (length == 0) break;
        each(message.data() + from + 1, length);
        from += length + 1;
    }
    if (!followed) at = from + 1;
    return NameFault::none;
}

// What most names are: labels that are shown as they are, and perhaps a pointer to more of them. Null: it is
// another, or none; what was written does not count.
[[gnu::always_inline]] inline char* put_plain_name(char* out, Octets message, std::size_t& at,
                                                   std::size_t end, bool pointers) {
    const std::uint8_t* const readable = message.data() + message.size();
    char* const begin = out;
    std::size_t from = at, stop = end, size = 1, behind = 0;
    for (;;) {
        if (from >= stop) return nullptr;
        const std::uint8_t* in = message.data() + from;
        if (*in != 0 && *in <= most_label_octets) {
            const std::size_t labels = put_plain_labels(out, in, readable);
            if (labels == 0 || labels >= stop - from) return nullptr;
            out += labels;
            from += labels;
            size += labels;
            in += labels;
            if (size > most_name_octets) return nullptr;
        }
        if (*in == 0) break;
        if (*in < 192 || !pointers || stop - from < 2) return nullptr;
        const std::size_t target = load_be16(in) & 0x3fffU;
        if (target >= from) return nullptr;
        if (behind == 0) behind = from + 2;
        from = target;
        stop = message.size();
    }
    at = behind != 0 ? behind : from + 1;
    if (out == begin) *out++ = '.';  // the root
    return out;
}

// The first octet of a label of the name at `at`, or of its end; `at` moves there.
std::size_t label_at(Octets message, std::size_t& at) {
    while (message[at] >= 192) at = load_be16(message.data() + at) & 0x3fffU;
    return message[at];
}

}  // namespace

NameFault WireName::read(Octets message, std::size_t& at, std::size_t end, bool pointers) {
    size_ = 0;
    const std::uint8_t* const readable = message.data() + message.size();
    const NameFault fault =
        walk_name(message, at, end, pointers, [&](const std::uint8_t* label, std::size_t length) {
            // With its length it has at most 64 octets: so many at once where so many are there.
            const std::uint8_t* const from = label - 1;
            if (readable - from >= std::ptrdiff_t{longest_label})
                std::memcpy(octets_.data() + size_, from, longest_label);
            else
                std::memcpy(octets_.data() + size_, from, length + 1);
            size_ += length + 1;
        });
    if (fault == NameFault::none) octets_[size_++] = 0;
    return fault;
}

bool same_wire_name(Octets message, std::size_t one, std::size_t other) {
    for (;;) {
        const std::size_t size = label_at(message, one);
        if (label_at(message, other) != size) return false;
        if (one == other || size == 0) return true;  // the rest is one and the same, or nothing
        for (std::size_t i = 1; i <= size; ++i)
            if (lower(message[one + i]) != lower(message[other + i])) return false;
        one += size + 1;
        other += size + 1;
    }
}

NameFault pass_wire_name(Octets message, std::size_t& at, std::size_t end, bool pointers) {
    return walk_name(message, at, end, pointers, [](const std::uint8_t*, std::size_t) {});
}

NameFault put_wire_name(char*& out, Octets message, std::size_t& at, std::size_t end, bool pointers,
                        bool& plain) {
    if (char* const behind = put_plain_name(out, message, at, end, pointers)) {
        out = behind;
        return NameFault::none;
    }
    char* to = out;
    bool all_plain = plain;
    const std::uint8_t* const readable = message.data() + message.size();
    const NameFault fault =
        walk_name(message, at, end, pointers, [&](const std::uint8_t* label, std::size_t length) {
            to = put_label(to, label, length, readable, all_plain);
        });
    if (fault != NameFault::none) return fault;
    if (to == out) *to++ = '.';  // the root
    out = to;
    plain = all_plain;
    return fault;
}

NameFault append_wire_name(Octets message, std::size_t& at, std::size_t end, bool pointers, TextBuffer& text,
                           bool& plain) {
    char* out = text.room(wire_name_room);
    const NameFault fault = put_wire_name(out, message, at, end, pointers, plain);
    if (fault == NameFault::none) text.grow_to(out);
    return fault;
}

}  // namespace sie::dns
