// What a live run tells while it runs: an interface that went down, a disk that is full. From any thread, at
// most a few lines a minute, never an address.
#pragma once

#include <cstdint>
#include <string>

namespace sie::sensor {

enum class Severity : std::uint8_t { info, warning, error };

class LiveLog {
  public:
    virtual ~LiveLog() = default;
    virtual void tell(Severity severity, const std::string& line) = 0;
};

}  // namespace sie::sensor
