#include "stream/sink.h"

namespace sie::stream {

namespace {

constexpr std::size_t write_octets = std::size_t{64} << 10;

class TextSink final : public Sink {
  public:
    using Append = void (text::PayloadText::*)(TextBuffer&, const nmsg::Payload&);
    TextSink(std::unique_ptr<sensor::ContainerOutput> output, const SinkOptions& options, Append append)
        : output_(std::move(output)),
          text_(options.style),
          append_(append),
          unbuffered_(options.unbuffered) {}

    Result<void> put(const nmsg::Payload& payload) override {
        (text_.*append_)(held_, payload);
        if (unbuffered_) return flush();
        return held_.size() >= write_octets ? write() : Result<void>{};
    }
    Result<void> tick() override {
        return held_.empty() || ++waited_ < ticks_to_flush ? Result<void>{} : flush();
    }
    Result<void> drain() override { return write(); }
    Result<void> close() override {
        auto written = write();
        auto closed = output_->close();
        return written ? closed : written;
    }

  private:
    Result<void> write() {
        waited_ = 0;
        auto written = output_->write(as_octets(held_.view()), {});
        held_.clear();
        return written;
    }
    Result<void> flush() {
        if (auto written = write(); !written) return written;
        return output_->flush();
    }

    std::unique_ptr<sensor::ContainerOutput> output_;
    text::PayloadText text_;
    const Append append_;
    const bool unbuffered_;
    int waited_ = 0;
    TextBuffer held_;
};

}  // namespace

std::unique_ptr<Sink> make_presentation_sink(std::unique_ptr<sensor::ContainerOutput> output,
                                             const SinkOptions& options) {
    return std::make_unique<TextSink>(std::move(output), options, &text::PayloadText::append_presentation);
}

std::unique_ptr<Sink> make_json_sink(std::unique_ptr<sensor::ContainerOutput> output,
                                     const SinkOptions& options) {
    return std::make_unique<TextSink>(std::move(output), options, &text::PayloadText::append_json);
}

}  // namespace sie::stream
