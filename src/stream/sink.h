// Where payloads go: NMSG files, presentation, JSON.
//
// put() takes a payload and keeps nothing of it; close() writes what is left. An error of either is the end
// of that sink. One thread (an NMSG file compresses in threads of its own).
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "nmsg/compression.h"
#include "nmsg/payload.h"
#include "text/payload_text.h"

namespace sie::stream {

class Sink {
  public:
    virtual ~Sink() = default;
    [[nodiscard]] virtual Result<void> put(const nmsg::Payload& payload) = 0;
    [[nodiscard]] virtual Result<void> close() = 0;
};

struct SinkOptions {
    text::EnvelopeStyle style;  // its source, operator and group go into NMSG too
    nmsg::Compression compression = nmsg::Compression::none;
    bool unbuffered = false;  // a container a payload, a write a record
};

// A path, or "-" for standard output.
[[nodiscard]] Result<std::unique_ptr<Sink>> open_nmsg_sink(const std::string& path,
                                                           const SinkOptions& options);
[[nodiscard]] Result<std::unique_ptr<Sink>> open_presentation_sink(const std::string& path,
                                                                   const SinkOptions& options);
[[nodiscard]] Result<std::unique_ptr<Sink>> open_json_sink(const std::string& path,
                                                           const SinkOptions& options);

}  // namespace sie::stream
