#include "text/payload_text.h"

#include "base/text_append.h"
#include "text/time_text.h"

namespace sie::text {

// UTC, at least nine digits behind the dot. The second of the payload before is mostly that of this one.
void PayloadText::append_time(TextBuffer& text, std::int64_t seconds, std::uint32_t nanoseconds) {
    if (seconds != date_second_ || date_.empty()) {
        TextBuffer date;
        append_date(date, seconds);
        date += '.';
        date_ = Piece(date.view());
        date_second_ = seconds;
    }
    text.grow_to(date_.put(text.room(sizeof date_)));
    append_padded(text, nanoseconds, 9);
}

// False if there is nothing to show but octets.
bool PayloadText::body_is_shown(const nmsg::Payload& payload) {
    switch (decoded_.decode(payload)) {
        case DecodedPayload::Outcome::decoded:
            if (in_use_ != decoded_.type()) use_type();
            return true;
        case DecodedPayload::Outcome::unknown_type: ++unknown_; return false;
        case DecodedPayload::Outcome::undecodable: break;
    }
    ++undecodable_;
    return false;
}

void PayloadText::use_type() {
    in_use_ = decoded_.type();
    use_rows_in_json();
    use_rows_in_presentation();
}

}  // namespace sie::text
