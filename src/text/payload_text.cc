#include "text/payload_text.h"

#include <algorithm>
#include <chrono>

#include "base/text_append.h"

namespace sie::text {

// UTC, at least nine digits behind the dot. The second of the payload before is mostly that of this one.
void PayloadText::append_time(std::string& text, const nmsg::Payload& payload) {
    if (payload.time_sec != date_second_ || date_.empty()) {
        using namespace std::chrono;
        // What no calendar has is shown as its nearest end.
        constexpr std::int64_t least = -62'135'596'800, most = 253'402'300'799;  // years 1 to 9999
        const sys_seconds moment{seconds{std::clamp(payload.time_sec, least, most)}};
        const sys_days day = floor<days>(moment);
        const year_month_day date{day};
        const auto second = (moment - day).count();
        date_.clear();
        append_padded(date_, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
        date_ += '-';
        append_padded(date_, static_cast<unsigned>(date.month()), 2);
        date_ += '-';
        append_padded(date_, static_cast<unsigned>(date.day()), 2);
        date_ += ' ';
        append_padded(date_, static_cast<std::uint64_t>(second / 3600), 2);
        date_ += ':';
        append_padded(date_, static_cast<std::uint64_t>(second / 60 % 60), 2);
        date_ += ':';
        append_padded(date_, static_cast<std::uint64_t>(second % 60), 2);
        date_second_ = payload.time_sec;
    }
    text += date_;
    text += '.';
    append_padded(text, payload.time_nsec, 9);
}

// Sets type_ and fields_; false if there is nothing to show but octets.
bool PayloadText::body_is_shown(const nmsg::Payload& payload) {
    type_ = find_type(payload.vendor, payload.type);
    if (type_ == nullptr) {
        ++unknown_;
        return false;
    }
    bool shown = payload.has_octets && fields_.decode(*type_, payload.octets);
    // Rdata means nothing without its type and class (N38).
    std::uint16_t type, rrclass;
    for (std::size_t row = 0; shown && row < type_->rows.size(); ++row)
        shown = type_->rows[row].kind != Kind::rdata || fields_.count(row) == 0 || rdata_type(type, rrclass);
    if (!shown) ++undecodable_;
    return shown;
}

bool PayloadText::rdata_type(std::uint16_t& type, std::uint16_t& rrclass) const {
    const FieldValue *t = fields_.last("rrtype"), *c = fields_.last("rrclass");
    if (t == nullptr || c == nullptr) return false;
    type = static_cast<std::uint16_t>(t->number);
    rrclass = static_cast<std::uint16_t>(c->number);
    return true;
}

}  // namespace sie::text
