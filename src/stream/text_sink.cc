#include "sensor/container_output.h"
#include "stream/sink.h"

namespace sie::stream {

namespace {

constexpr std::size_t write_octets = std::size_t{64} << 10;

class TextSink final : public Sink {
  public:
    using Append = void (text::PayloadText::*)(std::string&, const nmsg::Payload&);
    TextSink(std::unique_ptr<sensor::ContainerOutput> output, const SinkOptions& options, Append append)
        : output_(std::move(output)),
          text_(options.style),
          append_(append),
          unbuffered_(options.unbuffered) {}

    Result<void> put(const nmsg::Payload& payload) override {
        (text_.*append_)(held_, payload);
        return unbuffered_ || held_.size() >= write_octets ? write() : Result<void>{};
    }
    Result<void> close() override {
        if (auto written = write(); !written) return written;
        return output_->close();
    }

  private:
    Result<void> write() {
        auto written = output_->write(as_octets(held_), {});
        held_.clear();
        return written;
    }

    std::unique_ptr<sensor::ContainerOutput> output_;
    text::PayloadText text_;
    const Append append_;
    const bool unbuffered_;
    std::string held_;
};

Result<std::unique_ptr<Sink>> open(const std::string& path, const SinkOptions& options,
                                   TextSink::Append append) {
    auto output = sensor::PlainOutput::open(path);
    if (!output) return fail(std::move(output.error()));
    return std::make_unique<TextSink>(std::move(*output), options, append);
}

}  // namespace

Result<std::unique_ptr<Sink>> open_presentation_sink(const std::string& path, const SinkOptions& options) {
    return open(path, options, &text::PayloadText::append_presentation);
}

Result<std::unique_ptr<Sink>> open_json_sink(const std::string& path, const SinkOptions& options) {
    return open(path, options, &text::PayloadText::append_json);
}

}  // namespace sie::stream
