#include "sie-nmsg/text.h"

#include <algorithm>

#include "sie-nmsg/guard.h"
#include "text/json_reader.h"
#include "text/payload_filter.h"
#include "text/payload_text.h"

namespace sie_nmsg {

struct TextWriter::State {
    sie::text::PayloadText text;
    sie::TextBuffer held;
};

TextWriter::TextWriter() noexcept
    : state_(guarded(std::unique_ptr<State>(), [] { return std::make_unique<State>(); })) {}
TextWriter::~TextWriter() = default;

bool TextWriter::append_presentation(std::string& text, const Payload& payload) noexcept {
    return guarded(false, [&] {
        if (!state_) return false;
        state_->held.clear();
        state_->text.append_presentation(state_->held, from_view(payload));
        text += state_->held.view();
        return true;
    });
}

bool TextWriter::append_json(std::string& json, const Payload& payload) noexcept {
    return guarded(false, [&] {
        if (!state_) return false;
        state_->held.clear();
        state_->text.append_json(state_->held, from_view(payload));
        json += state_->held.view();
        return true;
    });
}

struct JsonReader::State {
    sie::text::JsonReader reader;
};

JsonReader::JsonReader() noexcept
    : state_(guarded(std::unique_ptr<State>(), [] { return std::make_unique<State>(); })) {}
JsonReader::~JsonReader() = default;

bool JsonReader::read(std::string_view line, Payload& payload, Error& error, std::int64_t now_sec,
                      std::uint32_t now_nsec) noexcept {
    return guarded(error, false, [&] {
        if (!state_) {
            error.kind = Error::Kind::memory;
            return false;
        }
        constexpr std::int64_t longest = INT64_MAX / sie::Time::per_second - 1;
        const auto now = sie::Time::of(std::clamp(now_sec, -longest, longest),
                                       std::min<std::uint32_t>(now_nsec, sie::Time::per_second - 1));
        const auto read = state_->reader.read(line, now);
        if (!read) {
            error = error_of(read.error());
            return false;
        }
        to_view(*read, payload);
        return true;
    });
}

struct Filter::State {
    sie::text::PayloadFilter filter;
};

Filter::Filter(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Filter::~Filter() = default;

std::unique_ptr<Filter> Filter::parse(std::string_view expression, Error& error) noexcept {
    return guarded(error, std::unique_ptr<Filter>(), [&]() -> std::unique_ptr<Filter> {
        auto filter = sie::text::PayloadFilter::parse("filter", expression);
        if (!filter) {
            error = error_of(filter.error());
            return nullptr;
        }
        // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new): guarded() catches it
        return std::unique_ptr<Filter>(new Filter(std::make_unique<State>(State{std::move(*filter)})));
    });
}

bool Filter::matches(const Payload& payload) noexcept {
    return guarded(false, [&] { return state_->filter.matches(from_view(payload)); });
}

}  // namespace sie_nmsg
