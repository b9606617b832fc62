#include <fmt/format.h>

#include <algorithm>

#include "stream/clock.h"
#include "stream/source.h"

namespace sie::stream {

namespace {

constexpr std::size_t most_line = OctetSource::largest_window;

class JsonSource final : public Source {
  public:
    JsonSource(OctetSource octets, text::JsonReader reader, std::function<void(const Error&)> complain)
        : octets_(std::move(octets)), reader_(std::move(reader)), complain_(std::move(complain)) {}

    bool next(nmsg::Payload& out) override {
        while (!stopped_) {
            octets_.advance(line_octets_);
            line_octets_ = 0;
            const auto line = next_line();
            if (!line) return false;
            ++line_;
            if (line->find_first_not_of(" \t\r") == std::string_view::npos) continue;
            auto payload = reader_.read(*line, clock_now());
            if (payload) {
                out = *payload;
                return true;
            }
            ++not_understood_;
            Error error = std::move(payload.error());
            error.what = fmt::format("{}: line {}: {}", octets_.name(), line_, error.what);
            complain_(error);
        }
        return false;
    }
    void stop() override { stopped_ = true; }
    const std::optional<Error>& error() const override { return error_ ? error_ : octets_.error(); }
    const OctetSource* octets() const override { return &octets_; }
    void report(const std::function<void(const std::string&)>& line) const override {
        if (not_understood_ != 0)
            line(fmt::format("{}: {} records not understood", octets_.name(), not_understood_));
    }
    std::uint64_t not_understood() const override { return not_understood_; }

  private:
    // Without its end; the last one may have none. Sets line_octets_, which are passed over before the next.
    std::optional<std::string_view> next_line() {
        std::size_t searched = 0;
        for (std::size_t wanted = 1;;) {
            const Octets window = octets_.want(wanted);
            const auto end = std::find(window.begin() + static_cast<std::ptrdiff_t>(searched), window.end(),
                                       std::uint8_t{'\n'});
            const auto size = static_cast<std::size_t>(end - window.begin());
            if (end != window.end() || window.size() < wanted) {
                line_octets_ = std::min(size + 1, window.size());
                if (window.empty()) return std::nullopt;
                return as_text(window.first(size));
            }
            searched = window.size();
            if (searched == most_line) {
                error_ = Error{ErrorKind::damaged,
                               octets_.name(),
                               octets_.offset(),
                               fmt::format("line {} is longer than {} octets", line_ + 1, most_line),
                               {}};
                return std::nullopt;
            }
            wanted = std::min(most_line, 2 * searched);
        }
    }

    OctetSource octets_;
    text::JsonReader reader_;
    std::function<void(const Error&)> complain_;
    std::size_t line_octets_ = 0;
    std::uint64_t line_ = 0, not_understood_ = 0;
    std::optional<Error> error_;
    bool stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> open_json(const std::string& path, const std::atomic<bool>* stop,
                                          text::JsonReader reader,
                                          std::function<void(const Error&)> complain) {
    auto octets = OctetSource::open(path, OctetSource::default_buffer_octets, stop);
    if (!octets) return fail(std::move(octets.error()));
    return std::make_unique<JsonSource>(std::move(*octets), std::move(reader), std::move(complain));
}

}  // namespace sie::stream
