#include <thread>

#include "nmsg/container.h"
#include "sensor/container_writer.h"
#include "stream/sink.h"

namespace sie::stream {

namespace {

class NmsgSink final : public Sink {
  public:
    NmsgSink(std::unique_ptr<sensor::ContainerOutput> output, const SinkOptions& options)
        : style_(options.style),
          unbuffered_(options.unbuffered),
          output_(std::move(output)),
          writer_(*output_, options.compression, std::max(1U, std::thread::hardware_concurrency())) {}

    Result<void> put(const nmsg::Payload& payload) override {
        nmsg::Payload written = payload;
        const auto set = [](auto& field, const auto& value) {
            if (value && *value != 0) field = value;  // N9
        };
        set(written.source, style_.source);
        set(written.group_operator, style_.group_operator);
        set(written.group, style_.group);
        if (!builder_.fits(nmsg::encoded_size(written))) flush();
        builder_.add(written);
        if (unbuffered_ || builder_.oversized()) flush();
        return writer_.failed() ? close() : Result<void>{};
    }
    Result<void> close() override {
        flush();
        sensor::Ledger ledger;
        if (auto error = writer_.finish(ledger)) return fail(std::move(*error));
        return {};
    }

  private:
    void flush() {
        if (builder_.empty()) return;
        container_.oversized = builder_.oversized();
        builder_.finish_into(container_.octets);
        writer_.submit(container_);
    }

    const text::EnvelopeStyle style_;
    const bool unbuffered_;
    std::unique_ptr<sensor::ContainerOutput> output_;
    sensor::ContainerWriter writer_;
    nmsg::ContainerBuilder builder_{nmsg::most_container};
    sensor::Container container_;
};

}  // namespace

Result<std::unique_ptr<Sink>> open_nmsg_sink(const std::string& path, const SinkOptions& options) {
    auto output = sensor::PlainOutput::open(path);
    if (!output) return fail(std::move(output.error()));
    return std::make_unique<NmsgSink>(std::move(*output), options);
}

}  // namespace sie::stream
