#include "upload/silence.h"

#include <fmt/format.h>

namespace sie::upload {

std::uint32_t Silence::minutes(Moment now) const {
    return age(now) >= limit_ ? static_cast<std::uint32_t>(age(now).count()) : 0;
}

std::optional<Silence::Line> Silence::on_success(Moment now) {
    const auto silent = age(now);
    const bool was_told = next_ > limit_;
    last_ = now;
    next_ = limit_;
    has_succeeded_ = true;
    if (!was_told) return {};
    return Line{Severity::info, fmt::format("upload: works again after {} minutes", silent.count())};
}

std::optional<Silence::Line> Silence::at(Moment now, bool anything_waits, const std::string& why) {
    if (age(now) < next_) return {};
    while (next_ <= age(now)) next_ *= 2;
    std::string text = fmt::format("upload: no successful upload for {} minutes", age(now).count());
    if (!has_succeeded_) text += ", none since the start";
    if (!why.empty()) {
        text += "; last error: " + why;
    } else if (!anything_waits) {
        text += "; no file waits: is anything recorded?";
    }
    return Line{Severity::warning, text};
}

}  // namespace sie::upload
