#include "dns/message.h"

namespace sie::dns {

std::optional<Header> read_header(Octets message) {
    if (message.size() < header_octets) return std::nullopt;
    const std::uint8_t* const p = message.data();
    return Header{load_be16(p),     load_be16(p + 2), load_be16(p + 4),
                  load_be16(p + 6), load_be16(p + 8), load_be16(p + 10)};
}

QuestionOutcome read_question(Octets message, Question& out) {
    if (message.size() < header_octets) return QuestionOutcome::bad;
    if (load_be16(message.data() + 4) != 1 || message.size() == header_octets) return QuestionOutcome::absent;
    const std::optional<std::size_t> end = skip_name(message, header_octets);
    if (!end || *end > message.size() || message.size() - *end < 4) return QuestionOutcome::bad;
    out.octets = message.subspan(header_octets, *end + 4 - header_octets);
    return QuestionOutcome::present;
}

}  // namespace sie::dns
