#include "stream/file_output.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/stream_encoder.h"

namespace sie::stream {

namespace {

using sensor::ContainerOutput;

class PlainOutput final : public ContainerOutput {
  public:
    PlainOutput(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
    ~PlainOutput() override {
        if (fd_ > STDERR_FILENO) ::close(fd_);
    }
    PlainOutput(const PlainOutput&) = delete;
    PlainOutput& operator=(const PlainOutput&) = delete;

    Result<void> write(Octets octets, Time) override {
        for (Octets rest = octets; !rest.empty();) {
            const ssize_t n = ::write(fd_, rest.data(), rest.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && errno == EAGAIN) {  // standard output may be shared with who made it so
                pollfd room{fd_, POLLOUT, 0};
                ::poll(&room, 1, -1);
                continue;
            }
            if (n < 0) return fail_errno(name_, "cannot be written", errno);
            rest = rest.subspan(static_cast<std::size_t>(n));
        }
        ++counts_.containers;
        counts_.octets += octets.size();
        return {};
    }
    Result<void> close() override {
        counts_.files = 1;
        if (fd_ <= STDERR_FILENO) return {};
        const int fd = std::exchange(fd_, -1);
        if (::close(fd) != 0) return fail_errno(name_, "cannot be closed", errno);
        return {};
    }
    spool::FileCounts counts() const override { return counts_; }

  private:
    int fd_;
    const std::string name_;
    spool::FileCounts counts_;
};

class CompressedOutput final : public ContainerOutput {
  public:
    CompressedOutput(std::unique_ptr<ContainerOutput> to, StreamFormat format)
        : to_(std::move(to)), encoder_(make_stream_encoder(format)) {}
    Result<void> write(Octets octets, Time stamp) override {
        encoder_->append(octets, StreamEncoder::Then::more, held_);
        return pass(stamp);
    }
    Result<void> flush() override {
        encoder_->append({}, StreamEncoder::Then::flush, held_);
        return pass({});
    }
    Result<void> close() override {
        encoder_->append({}, StreamEncoder::Then::finish, held_);
        if (auto passed = pass({}); !passed) return passed;
        return to_->close();
    }
    spool::FileCounts counts() const override { return to_->counts(); }

  private:
    Result<void> pass(Time stamp) {
        auto written = held_.empty() ? Result<void>{} : to_->write(held_, stamp);
        held_.clear();
        return written;
    }
    std::unique_ptr<ContainerOutput> to_;
    std::unique_ptr<StreamEncoder> encoder_;
    std::vector<std::uint8_t> held_;
};

// The shell starts it in the background and is gone at once: nothing to wait for, and its end is nobody's
// concern here.
Result<void> kick(const std::string& command, const std::string& path) {
    std::string script = command + " \"$1\" &";
    std::array<std::string, 5> words{"sh", "-c", std::move(script), "sh", path};
    std::array<char*, 6> arguments{};
    for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
    // It gets no signal mask of ours: stop signals are blocked in the threads that write.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    pid_t shell = 0;
    const int number = posix_spawn(&shell, "/bin/sh", nullptr, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    if (number != 0) return fail_errno("-k", "cannot start /bin/sh", number);
    while (::waitpid(shell, nullptr, 0) < 0 && errno == EINTR) {}
    return {};
}

class RotatingOutput final : public ContainerOutput {
  public:
    RotatingOutput(std::string folder, std::string base, const std::string& suffix, std::string command)
        : file_(std::move(folder), std::move(base), suffix, true), command_(std::move(command)) {}
    Result<void> open(Time opened) { return file_.open(opened); }
    Result<void> write(Octets octets, Time) override { return file_.write(octets); }
    Result<void> close() override {
        auto path = file_.close();
        if (!path) return fail(std::move(path.error()));
        return command_.empty() ? Result<void>{} : kick(command_, *path);
    }
    spool::FileCounts counts() const override { return file_.counts(); }

  private:
    spool::OutputFile file_;
    const std::string command_;
};

}  // namespace

Result<std::unique_ptr<ContainerOutput>> open_file_output(const std::string& path, bool append) {
    std::unique_ptr<ContainerOutput> output;
    if (path == "-") {
        output = std::make_unique<PlainOutput>(STDOUT_FILENO, "standard output");
    } else {
        const int fd =
            ::open(path.c_str(), O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC) | O_CLOEXEC, 0644);
        if (fd < 0) return fail_errno(path, "cannot be written", errno);
        output = std::make_unique<PlainOutput>(fd, path);
    }
    if (const auto format = stream_format_of(path))
        output = std::make_unique<CompressedOutput>(std::move(output), *format);
    return output;
}

Result<std::unique_ptr<ContainerOutput>> open_rotating_output(const std::string& path,
                                                              const std::string& suffix,
                                                              const std::string& command, Time opened) {
    const auto slash = path.rfind('/');
    const bool has_folder = slash != std::string::npos;
    std::string folder = has_folder ? path.substr(0, slash == 0 ? 1 : slash) : std::string{};
    std::string base = has_folder ? path.substr(slash + 1) : path;
    if (base.empty())
        return fail(ErrorKind::usage, path, "names a folder", "add the first part of the files' names");
    auto output = std::make_unique<RotatingOutput>(std::move(folder), std::move(base), suffix, command);
    if (auto done = output->open(opened); !done) return fail(std::move(done.error()));
    return output;
}

}  // namespace sie::stream
