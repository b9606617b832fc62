#include "dns/wire_name.h"

#include "dns/name.h"

namespace sie::dns {

NameFault WireName::read(Octets message, std::size_t& at, std::size_t end, bool pointers) {
    size_ = 0;
    std::size_t from = at, stop = end;
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
        if (length > 63) return NameFault::bad_label;
        if (stop - from - 1 < length) return NameFault::cut;
        if (size_ + length + 1 > longest_name) return NameFault::too_long;
        // A label has at most 64 octets with its length: so many at once where so many are there.
        if (message.size() - from >= longest_label)
            std::memcpy(octets_.data() + size_, message.data() + from, longest_label);
        else
            std::memcpy(octets_.data() + size_, message.data() + from, length + 1);
        size_ += length + 1;
        from += length + 1;
        if (length == 0) break;
    }
    if (!followed) at = from;
    return NameFault::none;
}

namespace {

// Labels handed to `each` with what may be read from their first octet on.
template <class Each>
NameFault walk_name(Octets message, std::size_t& at, std::size_t end, bool pointers, const Each& each) {
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
        each(message.subspan(from + 1), length);
        from += length + 1;
    }
    if (!followed) at = from + 1;
    return NameFault::none;
}

}  // namespace

NameFault pass_wire_name(Octets message, std::size_t& at, std::size_t end, bool pointers) {
    return walk_name(message, at, end, pointers, [](Octets, std::size_t) {});
}

NameFault append_wire_name(Octets message, std::size_t& at, std::size_t end, bool pointers, TextBuffer& text,
                           bool& plain) {
    const std::size_t start = text.size();
    bool all_plain = true;
    const NameFault fault = walk_name(message, at, end, pointers, [&](Octets readable, std::size_t length) {
        all_plain = append_label(readable, length, text) && all_plain;
    });
    if (fault != NameFault::none) {
        text.cut(start);
        return fault;
    }
    if (text.size() == start) text += '.';  // the root
    plain = plain && all_plain;
    return fault;
}

}  // namespace sie::dns
