#include "upload/upload_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "upload/back_off.h"
#include "upload/child_setup.h"
#include "upload/uploader.h"

namespace sie::upload {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using spool::Descriptor;

constexpr char command_reload = 'r', command_wake = 'w';
constexpr milliseconds first_pause{1'000}, longest_pause{300'000}, patience{3'000};

struct Pipe {
    Descriptor reading, writing;

    [[nodiscard]] static std::optional<Pipe> open() {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) return {};
        Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
        for (const int end : ends) {
            ::fcntl(end, F_SETFD, FD_CLOEXEC);
            ::fcntl(end, F_SETFL, O_NONBLOCK);
        }
        return pipe;
    }
};

void ignore_signals_of_the_terminal() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1})
        static_cast<void>(std::signal(signal, SIG_IGN));
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Waits for a child, at most so long; its wait status.
[[nodiscard]] std::optional<int> wait_for(pid_t child, milliseconds most) {
    const auto until = Clock::now() + most;
    for (;;) {
        int status = 0;
        const pid_t got = ::waitpid(child, &status, WNOHANG);
        if (got == child) return status;
        if (got < 0 && errno != EINTR) return 0;
        if (Clock::now() >= until) return {};
        std::this_thread::sleep_for(milliseconds(10));
    }
}

[[nodiscard]] std::string how_it_ended(int status) {
    return WIFSIGNALED(status) ? fmt::format("a signal ended it ({})", WTERMSIG(status))
                               : fmt::format("it ended with status {}", WEXITSTATUS(status));
}

// The process that begins uploaders.
class Keeper {
  public:
    Keeper(const UploadWork& work, const Descriptor& commands, const Descriptor& reports)
        : work_(work),
          commands_(commands),
          reports_(reports),
          pause_(first_pause, longest_pause, random_draw()) {}

    int run() {
        ignore_signals_of_the_terminal();
        if (work_.confine) {
            if (const auto done = work_.confine(); !done) {
                work_.log(Severity::error, "uploader: " + done.error().text());
                return 1;
            }
        }
        settings_ = work_.settings();
        begin();
        for (;;) {
            std::array<pollfd, 2> polled{{{commands_.get(), POLLIN, 0}, {alive_.reading.get(), POLLIN, 0}}};
            int wait = -1;
            if (begin_at_ && !uploader_)
                wait = static_cast<int>(std::max<std::int64_t>(
                    0, std::chrono::ceil<milliseconds>(*begin_at_ - Clock::now()).count()));
            if (::poll(polled.data(), polled.size(), wait) < 0 && errno != EINTR) break;
            if (polled[0].revents != 0 && !take_commands()) break;
            if (uploader_ && (polled[1].revents & (POLLHUP | POLLERR)) != 0) has_ended();
            if (begin_at_ && !uploader_ && Clock::now() >= *begin_at_) begin();
        }
        end();
        return 0;
    }

  private:
    // False: the sensor is gone.
    [[nodiscard]] bool take_commands() {
        std::array<char, 64> octets{};
        const ssize_t got = ::read(commands_.get(), octets.data(), octets.size());
        if (got == 0) return false;
        for (ssize_t i = 0; i < got; ++i) {
            const char what = octets[static_cast<std::size_t>(i)];
            if (what == command_wake && uploader_) static_cast<void>(!::write(wake_.writing.get(), &what, 1));
            if (what == command_reload) {
                end();
                settings_ = work_.settings();
                begin();
            }
        }
        return true;
    }

    void begin() {
        begin_at_.reset();
        if (!settings_) return;
        auto stop = Pipe::open(), wake = Pipe::open(), alive = Pipe::open();
        const pid_t parent = ::getpid();
        const pid_t child = stop && wake && alive ? ::fork() : -1;
        if (child < 0) return put_off("cannot fork: " + std::generic_category().message(errno));
        if (child == 0) {
            stop->writing = Descriptor();
            alive->reading = Descriptor();
            end_with_parent(parent);
            static_cast<void>(std::signal(SIGTERM, SIG_DFL));  // the parent's end is told by it
            const int reports = reports_.get();
            run_uploader(*settings_, {work_.log,
                                      [reports](const UploadStatus& status) {
                                          // What finds no room is told again with the next change.
                                          static_cast<void>(!::write(reports, &status, sizeof status));
                                      },
                                      stop->reading.get(), wake->reading.get()});
            ::_exit(0);
        }
        uploader_ = child;
        stop_ = std::move(stop->writing);
        wake_ = std::move(*wake);
        alive_.reading = std::move(alive->reading);
        begun_ = Clock::now();
    }

    void put_off(const std::string& why) {
        if (Clock::now() - begun_ > longest_pause) pause_.after_success();
        const milliseconds pause = pause_.after_failure();
        begin_at_ = Clock::now() + pause;
        work_.log(Severity::warning, fmt::format("uploader: {}; it is begun anew in {:.1f} s", why,
                                                 static_cast<double>(pause.count()) / 1e3));
    }

    void has_ended() {
        const auto status = wait_for(*uploader_, patience);
        uploader_.reset();
        alive_.reading = Descriptor();
        put_off(status ? how_it_ended(*status) : std::string("it has gone"));
    }

    void end() {
        begin_at_.reset();
        if (!uploader_) return;
        stop_ = Descriptor();
        if (!wait_for(*uploader_, patience)) {
            ::kill(*uploader_, SIGKILL);
            static_cast<void>(wait_for(*uploader_, patience));
        }
        uploader_.reset();
        alive_.reading = Descriptor();
    }

    const UploadWork& work_;
    const Descriptor &commands_, &reports_;
    BackOff pause_;
    std::optional<UploadSettings> settings_;
    std::optional<pid_t> uploader_;
    Descriptor stop_;
    Pipe wake_, alive_;  // alive: the uploader holds the writing end as long as it lives
    std::optional<Clock::time_point> begin_at_;
    Clock::time_point begun_{};
};

}  // namespace

Result<UploadProcess> UploadProcess::start(const UploadWork& work) {
    auto commands = Pipe::open(), reports = Pipe::open();
    if (!commands || !reports) return fail_errno("uploader", "cannot make a pipe", errno);
    const pid_t parent = ::getpid();
    const pid_t keeper = ::fork();
    if (keeper < 0) return fail_errno("uploader", "cannot fork", errno);
    if (keeper == 0) {
        commands->writing = Descriptor();
        reports->reading = Descriptor();
        if (::getppid() != parent) ::_exit(1);
        ::_exit(Keeper(work, commands->reading, reports->writing).run());
    }
    return UploadProcess(keeper, std::move(commands->writing), std::move(reports->reading));
}

UploadProcess::UploadProcess(UploadProcess&& other) noexcept
    : keeper_(std::exchange(other.keeper_, -1)),
      commands_(std::move(other.commands_)),
      reports_(std::move(other.reports_)),
      latest_(other.latest_),
      told_(other.told_),
      before_(other.before_),
      died_(other.died_) {}

UploadProcess::~UploadProcess() { stop(); }

void UploadProcess::command(char what) const {
    // A pipe that is full of commands has this one in it; SIGPIPE is ignored by whoever runs a sensor.
    if (commands_.get() >= 0) static_cast<void>(!::write(commands_.get(), &what, 1));
}
void UploadProcess::wake() const { command(command_wake); }
void UploadProcess::reload() const { command(command_reload); }

const UploadStatus& UploadProcess::status() {
    UploadStatus told;
    while (::read(reports_.get(), &told, sizeof told) == static_cast<ssize_t>(sizeof told)) {
        if (told.attempts < told_.attempts ||
            told.connections < told_.connections) {  // another uploader tells
            for (const auto count :
                 {&UploadStatus::files_sent, &UploadStatus::octets_sent, &UploadStatus::attempts,
                  &UploadStatus::connections, &UploadStatus::failures})
                before_.*count += told_.*count;
            before_.last_success_s = std::max(before_.last_success_s, told_.last_success_s);
            before_.last_failure_s = std::max(before_.last_failure_s, told_.last_failure_s);
        }
        told_ = told;
        latest_ = told;
        for (const auto count :
             {&UploadStatus::files_sent, &UploadStatus::octets_sent, &UploadStatus::attempts,
              &UploadStatus::connections, &UploadStatus::failures})
            latest_.*count += before_.*count;
        latest_.last_success_s = std::max(latest_.last_success_s, before_.last_success_s);
        latest_.last_failure_s = std::max(latest_.last_failure_s, before_.last_failure_s);
    }
    return latest_;
}

bool UploadProcess::has_died() {
    if (!died_ && keeper_ > 0 && wait_for(keeper_, milliseconds(0))) {
        died_ = true;
        keeper_ = -1;
    }
    return died_;
}

void UploadProcess::stop() {
    commands_ = Descriptor();
    const pid_t keeper = std::exchange(keeper_, -1);
    if (keeper <= 0 || wait_for(keeper, patience + milliseconds(1'000))) return;
    ::kill(keeper, SIGKILL);
    static_cast<void>(wait_for(keeper, patience));
}

}  // namespace sie::upload
