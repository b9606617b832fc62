// Where payloads go: NMSG files and datagrams, presentation, JSON.
//
// put() takes a payload and keeps nothing of it but octets; close() writes what is left. tick() is called ten
// times a second while the input is live: what has waited for more than half a second goes out. An error of
// any is the end of that sink. One thread at a time (an NMSG file compresses in threads of its own).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "nmsg/compression.h"
#include "nmsg/container.h"
#include "nmsg/payload.h"
#include "sensor/container_output.h"
#include "stream/endpoint.h"
#include "text/payload_text.h"

namespace sie::stream {

class Sink {
  public:
    virtual ~Sink() = default;
    [[nodiscard]] virtual Result<void> put(const nmsg::Payload& payload) = 0;
    [[nodiscard]] virtual Result<void> tick() { return {}; }
    // Hands all that was put to the operating system: what does not fit is told here, and what comes later
    // goes into no file that would hide the gap. Called ahead of a close() in another thread.
    [[nodiscard]] virtual Result<void> drain() { return {}; }
    // Also after an error: what was written before it is kept.
    [[nodiscard]] virtual Result<void> close() = 0;
    // What was lost on the way out, in lines for people; called after close().
    virtual void report(const std::function<void(const std::string&)>&) const {}
};

// Ticks that something may wait for more to come.
inline constexpr int ticks_to_flush = 5;

struct SinkOptions {
    text::EnvelopeStyle style;  // its source, operator and group go into NMSG too
    nmsg::Compression compression = nmsg::Compression::none;
    bool unbuffered = false;  // a container a payload, a write a record
    std::size_t datagram_container = nmsg::default_datagram_container;  // B of FACTS N13 for datagrams
};

[[nodiscard]] std::unique_ptr<Sink> make_nmsg_sink(std::unique_ptr<sensor::ContainerOutput> output,
                                                   const SinkOptions& options);
[[nodiscard]] std::unique_ptr<Sink> make_presentation_sink(std::unique_ptr<sensor::ContainerOutput> output,
                                                           const SinkOptions& options);
[[nodiscard]] std::unique_ptr<Sink> make_json_sink(std::unique_ptr<sensor::ContainerOutput> output,
                                                   const SinkOptions& options);
// The packets in dnsqr, packet, pkt and ncap payloads, as pcapng: raw IP, frames of pkt as Ethernet. A
// payload without any is counted.
[[nodiscard]] std::unique_ptr<Sink> make_capture_sink(std::unique_ptr<sensor::ContainerOutput> output,
                                                      const SinkOptions& options);

// The pace of what is sent (FACTS N26); the sinks of one -s share one. `rate` containers a second; after a
// delay at most `burst` of them are sent at once to make up for it.
class SendPacer {
  public:
    SendPacer(double rate, std::uint32_t burst);
    void wait();  // until the next one may go

  private:
    std::int64_t period_ns_, most_behind_ns_, next_ns_ = 0;
};

// Datagrams to one address and port, with sequence numbers (N15). `pacer` may be null. A receiver that is not
// there loses what is sent to it: counted, not the end. Errors: system (no route, no such address).
[[nodiscard]] Result<std::unique_ptr<Sink>> open_datagram_sink(const Endpoint& to,
                                                               std::shared_ptr<SendPacer> pacer,
                                                               const SinkOptions& options);

}  // namespace sie::stream
