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

NameFault append_wire_name(Octets message, std::size_t& at, std::size_t end, bool pointers, TextBuffer& text,
                           bool& plain) {
    // Room for the longest name at once; what is written counts only if all of it is a name.
    char* const begin = text.room(label_room(most_name_octets));
    char* out = begin;
    bool all_plain = plain;
    const std::uint8_t* const readable = message.data() + message.size();
    const NameFault fault =
        walk_name(message, at, end, pointers, [&](const std::uint8_t* label, std::size_t length) {
            out = put_label(out, label, length, readable, all_plain);
        });
    if (fault != NameFault::none) return fault;
    if (out == begin) *out++ = '.';  // the root
    text.grow_to(out);
    plain = all_plain;
    return fault;
}

}  // namespace sie::dns
