// What the micro benchmarks work on: traffic of capture_traffic.h, kept in memory, as frames, as messages and
// as payloads. Made once for each program; all views stay valid.
#pragma once

#include <vector>

#include "bench/capture_traffic.h"
#include "dnsqr/message.h"
#include "nmsg/dnsqr_payload.h"

namespace sie::bench {

class MadeFrames {
  public:
    explicit MadeFrames(const CaptureOptions& options);

    struct Frame {
        Time time;
        Octets octets;
    };
    [[nodiscard]] const std::vector<Frame>& frames() const { return frames_; }

  private:
    Bytes octets_;
    std::vector<Frame> frames_;
};

// The queries or the responses among the frames, without those in fragments.
class MadeMessages {
  public:
    MadeMessages(const MadeFrames& frames, bool responses);
    [[nodiscard]] const std::vector<dnsqr::Message>& messages() const { return messages_; }

  private:
    std::vector<reassembly::Part> parts_;
    std::vector<dnsqr::Message> messages_;
};

// What the transaction rules make of the frames.
class MadePayloads {
  public:
    explicit MadePayloads(const MadeFrames& frames);

    struct Made {
        Time time;
        nmsg::DecodedDnsqr decoded;
    };
    [[nodiscard]] const std::vector<Made>& payloads() const { return payloads_; }
    // The body of a container that holds as many of them as fit.
    [[nodiscard]] std::vector<std::uint8_t> container(std::size_t capacity) const;

  private:
    std::vector<Bytes> encoded_;
    std::vector<Made> payloads_;
};

// 20,000 frames as in `make bench`, with their payloads.
[[nodiscard]] const MadeFrames& ordinary_frames();
[[nodiscard]] const MadePayloads& ordinary_payloads();

}  // namespace sie::bench
