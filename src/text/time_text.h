// Times as the text forms write them: YYYY-MM-DD HH:MM:SS, perhaps with a fraction of up to nine digits, UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text_buffer.h"

namespace sie::text {

// Seconds since 1970 and nanoseconds; nothing if it is no such time.
[[nodiscard]] std::optional<std::pair<std::int64_t, std::uint32_t>> time_from_text(std::string_view text);

// The other way, without a fraction. What no calendar has is shown as its nearest end, year 1 or 9999.
void append_date(TextBuffer& text, std::int64_t seconds_since_1970);

}  // namespace sie::text
