#include "sie-nmsg/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "nmsg/container.h"
#include "nmsg/container_reader.h"
#include "sie-nmsg/guard.h"

namespace sie_nmsg {

const char* version() noexcept { return SIE_VERSION; }

struct FileReader::State {
    sie::nmsg::Reader reader;
    Error error{};
};

FileReader::FileReader(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
FileReader::~FileReader() = default;

std::unique_ptr<FileReader> FileReader::open(const std::string& path, Error& error,
                                             const Limits& limits) noexcept {
    return guarded(error, std::unique_ptr<FileReader>(), [&]() -> std::unique_ptr<FileReader> {
        auto reader = sie::nmsg::Reader::open(path, limits_of(limits));
        if (!reader) {
            error = error_of(reader.error());
            return nullptr;
        }
        return std::unique_ptr<FileReader>(
            // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new): guarded() catches it
            new FileReader(std::unique_ptr<State>(new State{std::move(*reader)})));
    });
}

bool FileReader::next(Payload& payload) noexcept {
    if (state_->error) return false;
    Error error;
    const bool got = guarded(error, false, [&] {
        sie::nmsg::Payload read;
        if (state_->reader.next(read)) {
            to_view(read, payload);
            return true;
        }
        if (state_->reader.error()) error = error_of(*state_->reader.error());
        return false;
    });
    if (error) state_->error = std::move(error);
    return got;
}

const Error& FileReader::error() const noexcept { return state_->error; }
Counts FileReader::counts() const noexcept { return counts_of(state_->reader.counts()); }

struct ContainerReader::State {
    explicit State(const Limits& bounds) : limits(limits_of(bounds)), reader(limits) {}
    sie::nmsg::ReadLimits limits;
    sie::nmsg::ContainerReader reader;
};

ContainerReader::ContainerReader(const Limits& limits) noexcept
    : state_(guarded(std::unique_ptr<State>(), [&] { return std::make_unique<State>(limits); })) {}
ContainerReader::~ContainerReader() = default;

bool ContainerReader::open(Octets container, Error& error, std::uint64_t sender, std::int64_t now) noexcept {
    return guarded(error, false, [&] {
        const auto refuse = [&](Error::Kind kind, const char* why) {
            error = {kind, why, {}};
            return false;
        };
        if (!state_) return refuse(Error::Kind::memory, "");
        constexpr std::uint8_t version = 2;
        if (container.size() < sie::nmsg::header_octets || sie::as_text(container.first(4)) != "NMSG")
            return refuse(Error::Kind::damaged, "not an NMSG container");
        if (container[5] != version) return refuse(Error::Kind::damaged, "not NMSG version 2");
        const sie::Octets body = container.subspan(sie::nmsg::header_octets);
        if (sie::load_be32(container.data() + 6) != body.size())
            return refuse(Error::Kind::damaged, "the container has another length than its header states");
        if (body.size() > state_->limits.container_octets)
            return refuse(Error::Kind::damaged, "the container is larger than the limit");
        using Outcome = sie::nmsg::ContainerReader::Outcome;
        // Two of them may lie as far apart as time goes.
        constexpr std::int64_t longest = INT64_MAX / sie::Time::per_second / 2;
        const sie::Time when = sie::Time::of(std::clamp(now, -longest, longest), 0);
        switch (state_->reader.open(container[4], body, {sender, when})) {
            case Outcome::opened: return true;
            case Outcome::incomplete: return false;
            case Outcome::malformed_fragment: return refuse(Error::Kind::damaged, "a malformed fragment");
            case Outcome::too_large:
                return refuse(Error::Kind::damaged, "the inflated container is larger than the limit");
            case Outcome::damaged_stream:
                return refuse(Error::Kind::damaged, "the zlib stream of the container is damaged");
            case Outcome::malformed_body: break;
        }
        return refuse(Error::Kind::damaged, "the body of the container is malformed");
    });
}

bool ContainerReader::next(Payload& payload) noexcept {
    return guarded(false, [&] {
        sie::nmsg::Payload read;
        if (!state_ || !state_->reader.next(read)) return false;
        to_view(read, payload);
        return true;
    });
}

Counts ContainerReader::counts() const noexcept {
    return state_ ? counts_of(state_->reader.counts()) : Counts{};
}

struct FileWriter::State {
    State(int to, std::string path, const WriterOptions& options)
        : fd(to),
          name(std::move(path)),
          capacity(
              std::clamp(options.container_octets, sie::nmsg::least_container, sie::nmsg::most_container)),
          builder(capacity),
          compressor(static_cast<sie::nmsg::Compression>(options.compression)) {}
    ~State() {
        if (fd > STDERR_FILENO) ::close(fd);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    bool fail_with(Error& error) {
        failed = true;
        error = error_of(sie::fail_errno(name, "cannot be written", errno).value());
        return false;
    }
    bool flush(Error& error) {
        if (builder.empty()) return true;
        framed.clear();
        const bool oversized = builder.oversized();
        sie::nmsg::frame_container(builder.finish(), oversized, capacity, compressor,
                                   oversized ? std::random_device{}() : 0, framed);
        builder.reset();
        for (sie::Octets rest = framed; !rest.empty();) {
            const ssize_t n = ::write(fd, rest.data(), rest.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return fail_with(error);
            rest = rest.subspan(static_cast<std::size_t>(n));
        }
        return true;
    }
    bool put(const sie::nmsg::Payload& payload, Error& error) {
        if (!builder.fits(sie::nmsg::encoded_size(payload)) && !flush(error)) return false;
        builder.add(payload);
        return !builder.oversized() || flush(error);
    }

    int fd;
    std::string name;
    std::size_t capacity;
    sie::nmsg::ContainerBuilder builder;
    sie::nmsg::Compressor compressor;
    std::vector<std::uint8_t> framed;
    bool failed = false, closed = false;
};

FileWriter::FileWriter(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

FileWriter::~FileWriter() {
    Error ignored;
    if (!state_->closed && !state_->failed) static_cast<void>(close(ignored));
}

std::unique_ptr<FileWriter> FileWriter::open(const std::string& path, Error& error,
                                             const WriterOptions& options) noexcept {
    return guarded(error, std::unique_ptr<FileWriter>(), [&]() -> std::unique_ptr<FileWriter> {
        const bool to_stdout = path == "-";
        const int fd =
            to_stdout ? STDOUT_FILENO : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0) {
            error = error_of(sie::fail_errno(path, "cannot be written", errno).value());
            return nullptr;
        }
        auto state = std::make_unique<State>(fd, to_stdout ? "standard output" : path, options);
        // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new): guarded() catches it
        return std::unique_ptr<FileWriter>(new FileWriter(std::move(state)));
    });
}

// Work of a writer. Whatever ends it with an error ends the writer: after an exception the open container may
// hold half a payload.
template <class Work>
bool FileWriter::attempt(Error& error, const Work& work) noexcept {
    const bool done = guarded(error, false, [&] {
        if (state_->failed || state_->closed) {
            error = {Error::Kind::usage, state_->name + ": closed, or failed before", {}};
            return false;
        }
        return work();
    });
    if (!done) state_->failed = true;
    return done;
}

bool FileWriter::put(const Payload& payload, Error& error) noexcept {
    return attempt(error, [&] { return state_->put(from_view(payload), error); });
}

bool FileWriter::flush(Error& error) noexcept {
    return attempt(error, [&] { return state_->flush(error); });
}

bool FileWriter::close(Error& error) noexcept {
    return attempt(error, [&] {
        if (!state_->flush(error)) return false;
        state_->closed = true;
        if (state_->fd <= STDERR_FILENO) return true;
        const int fd = std::exchange(state_->fd, -1);
        return ::close(fd) == 0 || state_->fail_with(error);
    });
}

}  // namespace sie_nmsg
