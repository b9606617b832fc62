#include "base/result.h"

#include <fmt/format.h>

#include <system_error>

namespace sie {

std::string Error::text() const {
    std::string line = what;
    if (offset) line += fmt::format(": offset {}", *offset);
    line += (line.empty() ? "" : ": ") + why;
    if (!remedy.empty()) line += "; " + remedy;
    return line;
}

int Error::exit_status() const {
    switch (kind) {
        case ErrorKind::damaged:
        case ErrorKind::system: return 1;
        case ErrorKind::usage: return 2;
        case ErrorKind::denied: return 3;
    }
    return 1;
}

tl::unexpected<Error> fail_errno(std::string what, std::string why, int error_number) {
    return fail(ErrorKind::system, std::move(what),
                fmt::format("{}: {}", why, std::generic_category().message(error_number)));
}

}  // namespace sie
