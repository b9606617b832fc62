#include "upload/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "spool/durable.h"
#include "upload/child_setup.h"

namespace sie::upload {
namespace {

using spool::Descriptor;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds tick{100};
constexpr milliseconds grace{333};  // from SIGTERM to SIGKILL
constexpr milliseconds last_words{
    3'000};  // for a grandchild that still holds the pipes, such as ssh with an error line

struct Pipe {
    Descriptor read, write;
    // Never 0, 1 or 2, so that the child's dup2() calls do not tread on one another.
    [[nodiscard]] static Result<Pipe> open() {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) return fail_errno("child process", "cannot make a pipe", errno);
        for (int& end : ends)
            if (end <= 2) {
                const int moved = ::fcntl(end, F_DUPFD_CLOEXEC, 3);
                ::close(end);
                end = moved;
            }
        Pipe made{Descriptor(ends[0]), Descriptor(ends[1])};
        for (const int end : ends)
            if (end < 0 || ::fcntl(end, F_SETFD, FD_CLOEXEC) != 0)
                return fail_errno("child process", "cannot set up a pipe", errno);
        return made;
    }
};

void close_end(Descriptor& end) { end = Descriptor(); }

[[noreturn]] void be_the_child(const ChildWork& work, pid_t parent, const Pipe& in, const Pipe& out,
                               const Pipe& error) {
    ::setpgid(0, 0);
    end_with_parent(parent);
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (::dup2(in.read.get(), 0) < 0 || ::dup2(out.write.get(), 1) < 0 || ::dup2(error.write.get(), 2) < 0)
        ::_exit(127);
    ::_exit(work.body());
}

// What is left of its group goes while the child, not yet waited for, still holds the group's number.
int reap(pid_t child) {
    siginfo_t seen{};
    while (::waitid(P_PID, static_cast<id_t>(child), &seen, WEXITED | WNOWAIT) != 0 && errno == EINTR) {}
    ::kill(-child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return status;
}

[[nodiscard]] bool has_ended(pid_t child) {
    siginfo_t seen{};
    return ::waitid(P_PID, static_cast<id_t>(child), &seen, WEXITED | WNOWAIT | WNOHANG) != 0
               ? errno != EINTR
               : seen.si_pid == child;
}

void end_group(pid_t child) {
    ::kill(-child, SIGTERM);
    for (const auto until = Clock::now() + grace; Clock::now() < until && !has_ended(child);)
        ::poll(nullptr, 0, 5);
    ::kill(-child, SIGKILL);
}

// False at the end of the stream.
[[nodiscard]] bool pass_on(int fd, const std::function<void(std::string_view)>& to) {
    std::array<char, 16'384> octets;
    const ssize_t n = ::read(fd, octets.data(), octets.size());
    if (n < 0) return errno == EINTR || errno == EAGAIN;
    if (n > 0 && to) to({octets.data(), static_cast<std::size_t>(n)});
    return n > 0;
}

// What the parent does until the child has ended or has to.
void attend(pid_t child, std::string_view input, const ChildWatch& watch, Descriptor& to_input,
            Descriptor& output, Descriptor& error, ChildEnd& end) {
    const auto start = Clock::now();
    auto ended_at = Clock::time_point::max();
    ::fcntl(to_input.get(), F_SETFL, O_NONBLOCK);
    if (input.empty()) close_end(to_input);
    while (output.get() >= 0 || error.get() >= 0 || !has_ended(child)) {
        std::array<pollfd, 4> polled{{{watch.stop_fd, POLLIN, 0},
                                      {to_input.get(), POLLOUT, 0},
                                      {output.get(), POLLIN, 0},
                                      {error.get(), POLLIN, 0}}};
        const bool silent = output.get() < 0 && error.get() < 0;
        ::poll(polled.data(), polled.size(), silent ? 2 : static_cast<int>(tick.count()));
        if (polled[0].revents != 0) end.stopped = true;
        if (watch.limit.count() > 0 && Clock::now() - start > watch.limit) end.out_of_time = true;
        if (end.stopped || end.out_of_time) return end_group(child);
        if (polled[1].revents != 0) {
            const ssize_t n = ::write(to_input.get(), input.data(), input.size());
            if (n > 0) input.remove_prefix(static_cast<std::size_t>(n));
            if (input.empty() || (n < 0 && errno != EINTR && errno != EAGAIN)) close_end(to_input);
        }
        if (polled[2].revents != 0 && !pass_on(output.get(), watch.on_output)) close_end(output);
        if (polled[3].revents != 0 && !pass_on(error.get(), watch.on_error)) close_end(error);
        if (watch.on_tick) watch.on_tick();
        if (ended_at == Clock::time_point::max() && has_ended(child)) ended_at = Clock::now();
        if (ended_at != Clock::time_point::max() && Clock::now() - ended_at > last_words) return;
    }
}

}  // namespace

Result<ChildEnd> run_child(const ChildWork& work, const ChildWatch& watch) {
    auto in = Pipe::open(), out = Pipe::open(), error = Pipe::open();
    for (const auto* made : {&in, &out, &error})
        if (!*made) return fail(made->error());
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return fail_errno("child process", "cannot be made", errno);
    if (child == 0) be_the_child(work, parent, *in, *out, *error);
    ::setpgid(child, child);  // the child does it too: whoever comes first
    close_end(in->read);
    close_end(out->write);
    close_end(error->write);
    ChildEnd end;
    attend(child, work.input, watch, in->write, out->read, error->read, end);
    const int status = reap(child);
    if (WIFEXITED(status)) end.exit_status = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
    return end;
}

std::function<int()> becoming(std::vector<std::string> argv, std::vector<std::string> environment,
                              int folder_fd) {
    return [argv = std::move(argv), environment = std::move(environment), folder_fd]() mutable {
        const auto pointers_to = [](std::vector<std::string>& texts) {
            std::vector<char*> pointers;
            pointers.reserve(texts.size() + 1);
            for (std::string& text : texts) pointers.push_back(text.data());
            pointers.push_back(nullptr);
            return pointers;
        };
        const auto arguments = pointers_to(argv), variables = pointers_to(environment);
        if ((folder_fd >= 0 ? ::fchdir(folder_fd) : ::chdir("/")) == 0) {
            close_all_but_standard_streams();
            ::execve(arguments[0], arguments.data(), variables.data());
        }
        const std::string line = fmt::format("cannot run {}: {}\n", argv[0], std::strerror(errno));
        static_cast<void>(!::write(2, line.data(), line.size()));
        return 127;
    };
}

Result<std::string> find_program(const std::string& name, const std::string& package) {
    for (const char* folder : {"/usr/local/bin/", "/usr/bin/", "/bin/"})
        if (std::string path = folder + name; ::access(path.c_str(), X_OK) == 0) return path;
    return fail(ErrorKind::system, name, "is not installed", "apt-get install " + package);
}

bool asked_to_stop(int stop_fd, milliseconds wait) {
    pollfd polled{stop_fd, POLLIN, 0};
    return ::poll(&polled, 1, static_cast<int>(wait.count())) > 0;
}

void LineCutter::take(std::string_view octets) {
    while (!octets.empty()) {
        const std::size_t end = std::min(octets.find('\n'), octets.size());
        line_.append(octets.substr(0, std::min(end, most_ - line_.size())));
        if (end == octets.size()) return;
        octets.remove_prefix(end + 1);
        finish();
    }
}

void LineCutter::finish() {
    if (line_.ends_with('\r')) line_.pop_back();
    if (!line_.empty()) on_line_(line_);
    line_.clear();
}

}  // namespace sie::upload
