#include <thread>

#include "nmsg/container.h"
#include "sensor/container_writer.h"
#include "stream/envelope.h"
#include "stream/sink.h"

namespace sie::stream {

namespace {

class NmsgSink final : public Sink {
  public:
    NmsgSink(std::unique_ptr<sensor::ContainerOutput> output, const SinkOptions& options)
        : style_(options.style),
          unbuffered_(options.unbuffered),
          output_(std::move(output)),
          writer_(*output_, sensor::file_compression_of(options.compression),
                  std::max(1U, std::thread::hardware_concurrency())) {}

    Result<void> put(const nmsg::Payload& payload) override {
        const nmsg::Payload written = with_envelope(payload, style_);
        if (!builder_.fits(nmsg::encoded_size(written))) flush();
        builder_.add(written);
        if (unbuffered_ || builder_.oversized()) flush();
        return writer_.failed() ? close() : Result<void>{};
    }
    Result<void> tick() override {
        if (builder_.empty() || ++waited_ < ticks_to_flush) return {};
        flush();
        return writer_.failed() ? close() : writer_.flush();
    }
    Result<void> drain() override {
        flush();
        auto done = writer_.flush();
        return done && writer_.failed() ? close() : done;
    }
    Result<void> close() override {
        flush();
        sensor::Ledger ledger;
        if (auto error = writer_.finish(ledger)) return fail(std::move(*error));
        return {};
    }

  private:
    void flush() {
        waited_ = 0;
        if (builder_.empty()) return;
        container_.oversized = builder_.oversized();
        builder_.finish_into(container_.octets);
        writer_.submit(container_);
    }

    const text::EnvelopeStyle style_;
    const bool unbuffered_;
    int waited_ = 0;
    std::unique_ptr<sensor::ContainerOutput> output_;
    sensor::ContainerWriter writer_;
    nmsg::ContainerBuilder builder_{nmsg::most_container};
    sensor::Container container_;
};

}  // namespace

std::unique_ptr<Sink> make_nmsg_sink(std::unique_ptr<sensor::ContainerOutput> output,
                                     const SinkOptions& options) {
    return std::make_unique<NmsgSink>(std::move(output), options);
}

}  // namespace sie::stream
