#include "dns/wire_name.h"

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

}  // namespace sie::dns
