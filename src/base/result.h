// What a function returns when its caller can act on a failure.
//
// An Error names the thing (a file, an option, an address), the place in it, the reason, and how to mend it;
// text() is the one line that a user reads. Bad packets are not errors: they are drop reasons
// (drop_reason.h). Exceptions are left to programming errors and to start-up.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include <cstdint>

namespace sie {

// What kind of failure, as far as callers act differently on it. The exit status of a program follows from
// it.
enum class ErrorKind : std::uint8_t {
    damaged,  // input that is not what it says it is; what stood before the damage was used     (exit status
              // 1)
    system,   // the operating system refused: no such file, no space, a file that exists already (exit status
              // 1)
    usage,  // a setting, an option or an argument is wrong                                    (exit status 2)
    denied,  // privileges or an interface are missing                                          (exit status
             // 3)
};

struct Error {
    ErrorKind kind = ErrorKind::damaged;
    std::string what;                     // the thing: a path, an option, a variable
    std::optional<std::uint64_t> offset;  // the place in a file, in octets from its start (uncompressed)
    std::string why;                      // the reason, without a full stop
    std::string remedy;                   // what to do about it; may be empty

    [[nodiscard]] std::string text() const;  // "WHAT: offset N: WHY; REMEDY"
    [[nodiscard]] int exit_status() const;   // 1, 2 or 3
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorKind kind, std::string what, std::string why,
                                                std::string remedy = {}) {
    return tl::unexpected<Error>(
        Error{kind, std::move(what), std::nullopt, std::move(why), std::move(remedy)});
}
// The failure of a system call: "WHAT: WHY: No such file or directory" from the errno value given.
[[nodiscard]] tl::unexpected<Error> fail_errno(std::string what, std::string why, int error_number);

}  // namespace sie
