// Filter expressions: which payloads are taken, by any field of theirs.
//
//   EXPR   = AND { "or" AND }          AND = NOT { "and" NOT }
//   NOT    = "not" NOT | "(" EXPR ")" | FIELD | FIELD OP VALUE
//   OP     = "=" | "!=" | "<" | "<=" | ">" | ">="
//   VALUE  = word | 'text' | "text"
//
// FIELD is a name that presentation or JSON shows, or one of time, vname, mname, vid, msgtype, source,
// operator, group, size. A field alone: it is there. Of repeated fields one value is enough. Values are
// written as they are shown: addresses (also as prefixes), names of types, classes, rcodes and enumerations
// or their numbers, times, true and false, octets in hexadecimal. In names, texts and rdata * stands for any
// octets; names and rdata compare without case, and *.example.com is everything below example.com. A != B is
// not (A = B), so it is true where A is missing.
//
// Limits: 64 KiB of text, 1,000 comparisons, 100 levels. One thread each.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "nmsg/payload.h"

namespace sie::text {

class PayloadFilter {
  public:
    using Alias = std::function<std::optional<std::uint32_t>(std::string_view)>;
    // Errors: usage, with the place in the expression. Aliases may be empty.
    [[nodiscard]] static Result<PayloadFilter> parse(const std::string& option, std::string_view expression,
                                                     const Alias& operator_number = {},
                                                     const Alias& group_number = {});
    PayloadFilter(PayloadFilter&&) noexcept;
    PayloadFilter& operator=(PayloadFilter&&) noexcept;
    ~PayloadFilter();

    [[nodiscard]] bool matches(const nmsg::Payload& payload);

  private:
    struct Program;
    explicit PayloadFilter(std::unique_ptr<Program>);
    std::unique_ptr<Program> program_;
};

}  // namespace sie::text
