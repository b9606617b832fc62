#include "status/metrics_textfile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/octets.h"
#include "spool/durable.h"

namespace sie::status {
namespace {

// The same name each time, so that a crash leaves no more than one behind; hidden, and not *.prom.
[[nodiscard]] std::string beside(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
    return path.substr(0, name) + "." + path.substr(name) + ".part";
}

}  // namespace

Result<void> write_metrics_file(const std::string& path, std::string_view text) {
    const std::string part = beside(path);
    {
        // A FIFO or a link that somebody put there is not followed into.
        static_cast<void>(::unlink(part.c_str()));
        const spool::Descriptor file(
            ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
        if (file.get() < 0) return spool::refused(part, "cannot write the metrics", errno);
        int error = spool::write_at(file.get(), as_octets(text), 0);
        if (error == 0 && ::fchmod(file.get(), 0644) != 0) error = errno;
        if (error != 0) {
            static_cast<void>(::unlink(part.c_str()));
            return spool::refused(part, "cannot write the metrics", error);
        }
    }
    if (::rename(part.c_str(), path.c_str()) != 0) {
        const int error = errno;
        static_cast<void>(::unlink(part.c_str()));
        return spool::refused(path, "cannot replace the metrics", error);
    }
    return {};
}

}  // namespace sie::status
