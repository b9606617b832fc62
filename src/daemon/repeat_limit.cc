#include "daemon/repeat_limit.h"

#include <fmt/format.h>

#include <algorithm>

namespace sie::daemon {

namespace {

std::string with_more(std::string_view line, std::uint64_t more) {
    return more == 0 ? std::string(line) : fmt::format("{} (and {} more)", line, more);
}

}  // namespace

RepeatLimit::Key& RepeatLimit::find(std::string_view name, Moment now) {
    const auto known =
        std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) { return key.name == name; });
    if (known != keys_.end()) {
        if (now - known->last_seen >= forgotten && known->held == 0) known->told = 0;
        return *known;
    }
    Key* place = nullptr;
    if (keys_.size() < most_keys) {
        place = &keys_.emplace_back();
    } else {
        place = &*std::min_element(keys_.begin(), keys_.end(),
                                   [](const Key& a, const Key& b) { return a.last_seen < b.last_seen; });
        forgotten_lines_ += place->held;
        *place = Key{};
    }
    place->name = name;
    return *place;
}

std::optional<std::string> RepeatLimit::admit(Urgency urgency, std::string_view name, std::string_view line,
                                              Moment now) {
    if (name.empty()) return std::string(line);
    Key& key = find(name, now);
    key.last_seen = now;
    if (key.told < at_once || now - key.last_told >= pause) {
        key.told = std::min(key.told + 1, at_once);
        key.last_told = now;
        const std::uint64_t more = key.held;
        key.held = 0;
        return with_more(line, more);
    }
    ++key.held;
    key.held_line = line;
    key.urgency = urgency;
    return {};
}

RepeatLimit::Held RepeatLimit::take(Key& key, Moment now) {
    Held held{key.urgency, key.name, with_more(key.held_line, key.held - 1)};
    key.held = 0;
    key.last_told = now;
    return held;
}

std::vector<RepeatLimit::Held> RepeatLimit::due(Moment now) {
    std::vector<Held> all;
    for (Key& key : keys_)
        if (key.held > 0 && now - key.last_told >= pause) all.push_back(take(key, now));
    return all;
}

std::vector<RepeatLimit::Held> RepeatLimit::rest() {
    std::vector<Held> all;
    for (Key& key : keys_)
        if (key.held > 0) all.push_back(take(key, key.last_seen));
    return all;
}

}  // namespace sie::daemon
