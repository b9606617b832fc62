// Payloads from JSON, one object a line (FACTS N53–N55 with the points that REFERENCE §4 mends).
//
// In: lines as append_json() writes them, or as a person does: keys in any order, unknown ones and derived
// fields are passed over. Out: a payload whose octets the reader owns until its next line. Errors (damaged):
// what in the object is not understood, and why. One thread; memory is used again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "nmsg/payload.h"

namespace sie::text {

class JsonReader {
  public:
    // Numbers of operators and groups that are given by name; nothing for a name that is not known.
    using Alias = std::function<std::optional<std::uint32_t>(std::string_view)>;
    explicit JsonReader(Alias operator_number = {}, Alias group_number = {});
    ~JsonReader();
    JsonReader(JsonReader&&) noexcept;
    JsonReader& operator=(JsonReader&&) noexcept;

    // A line without its end. `now` is the time of a record that has none.
    [[nodiscard]] Result<nmsg::Payload> read(std::string_view line, Time now);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sie::text
