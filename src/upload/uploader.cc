#include "upload/uploader.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>

#include "spool/file_name.h"
#include "upload/back_off.h"
#include "upload/child_process.h"
#include "upload/silence.h"
#include "upload/upload_pass.h"

namespace sie::upload {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds between_reports{250};
// A folder that takes long to walk is walked less often: at most a twentieth of the time.
constexpr int look_share = 20;

[[nodiscard]] std::int64_t unix_time() { return std::time(nullptr); }

void set_signals() {
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    static_cast<void>(std::signal(SIGCHLD, SIG_DFL));
}

[[nodiscard]] std::string line_of_arrival(const UploadSettings& settings, const WaitingFile& file) {
    return "successfully uploaded " + spool::in_folder(settings.waiting_folder, file.name);
}

class Uploader {
  public:
    Uploader(const UploadSettings& settings, const UploaderPorts& ports)
        : settings_(settings),
          ports_(ports),
          back_off_(settings.first_back_off, settings.longest_back_off, random_draw()),
          silence_(settings.warn_minutes, Clock::now()),
          pass_(settings, random_draw(),
                {ports.log, [this](const WaitingFile& file) { on_arrived(file); },
                 [this] {
                     ++status_.connections;
                     report();
                 },
                 [this] { on_tick(); }, ports.stop_fd}) {}

    void run() {
        report();
        while (!asked_to_stop(ports_.stop_fd)) {
            const auto begun = Clock::now();
            milliseconds pause = settings_.look_interval;
            if (begun >= next_try_) {
                if (const auto failure_pause = work()) {
                    next_try_ = Clock::now() + *failure_pause;
                    status_.next_try_s =
                        unix_time() + std::chrono::ceil<std::chrono::seconds>(*failure_pause).count();
                }
                pause = std::max(pause, std::chrono::duration_cast<milliseconds>(look_took_) * look_share);
            }
            if (next_try_ > Clock::now())
                pause = std::min(pause, std::chrono::ceil<milliseconds>(next_try_ - Clock::now()));
            watch_silence();
            report();
            rest(pause);
        }
        report();
    }

  private:
    // Sends until nothing waits or something fails; then the time to the next try.
    [[nodiscard]] std::optional<milliseconds> work() {
        while (!asked_to_stop(ports_.stop_fd)) {
            const auto folder = pass_.take_folder();
            if (!folder) return hold(folder.error());
            if (auto sound = pass_.check_place(); !sound) {
                if (*folder) static_cast<void>(count());  // for the status
                return hold(sound.error());
            }
            if (!*folder) return idle();
            if (pass_.is_exhausted()) {
                if (auto counted = count(); !counted) return hold(counted.error());
                if (pass_.is_exhausted()) return idle();
            }
            status_.state = UploadState::sending;
            ++status_.attempts;
            const PassEnd end = pass_.send_batch();
            if (end.anything_sent) back_off_.after_success();
            if (end.stopped) return {};
            if (end.fault) return end.is_held ? hold(*end.fault) : failed(*end.fault);
        }
        return {};
    }

    [[nodiscard]] Result<void> count() {
        const auto start = Clock::now();
        const auto waiting = pass_.look();
        look_took_ = Clock::now() - start;
        if (!waiting) return fail(waiting.error());
        status_.waiting_files = waiting->files;
        status_.waiting_octets = waiting->octets;
        status_.refused_files = waiting->refused;
        return {};
    }

    std::optional<milliseconds> idle() {
        status_.state = UploadState::idle;
        told_.clear();
        set_error({});
        return {};
    }

    // What must be mended here: told once, looked at again with each look.
    std::optional<milliseconds> hold(const Error& why) {
        status_.state = UploadState::held;
        status_.last_failure_s = unix_time();
        if (const std::string text = why.text(); told_ != text) {
            told_ = text;
            ports_.log(Severity::error, "upload: " + text);
        }
        set_error(told_);
        return settings_.look_interval;
    }

    std::optional<milliseconds> failed(const Error& why) {
        ++status_.failures;
        status_.state = UploadState::backing_off;
        status_.last_failure_s = unix_time();
        told_.clear();
        set_error(why.text());
        static_cast<void>(count());
        return back_off_.after_failure();
    }

    void on_arrived(const WaitingFile& file) {
        ports_.log(Severity::info, line_of_arrival(settings_, file));
        ++status_.files_sent;
        status_.octets_sent += file.octets;
        status_.waiting_files -= std::min<std::uint64_t>(status_.waiting_files, 1);
        status_.waiting_octets -= std::min(status_.waiting_octets, file.octets);
        status_.last_success_s = unix_time();
        status_.next_try_s = 0;
        set_error({});
        if (const auto line = silence_.on_success(Clock::now())) ports_.log(line->severity, line->text);
        on_tick();
    }

    void on_tick() {
        if (Clock::now() - last_report_ < between_reports) return;
        watch_silence();
        report();
    }

    void watch_silence() {
        const auto now = Clock::now();
        if (const auto line = silence_.at(now, status_.waiting_files > 0, status_.last_error))
            ports_.log(line->severity, line->text);
        status_.silent_minutes = silence_.minutes(now);
    }

    void set_error(const std::string& text) {
        std::memset(status_.last_error, 0, sizeof status_.last_error);
        text.copy(status_.last_error, sizeof status_.last_error - 1);
    }

    void report() {
        last_report_ = Clock::now();
        if (ports_.report) ports_.report(status_);
    }

    void rest(milliseconds pause) const {
        std::array<pollfd, 2> polled{{{ports_.stop_fd, POLLIN, 0}, {ports_.wake_fd, POLLIN, 0}}};
        ::poll(polled.data(), polled.size(),
               static_cast<int>(std::min<std::int64_t>(pause.count(), 3'600'000)));
        if ((polled[1].revents & POLLIN) == 0) {
            // A waker that is gone for good must not turn this into a busy loop.
            if (polled[1].revents != 0) static_cast<void>(asked_to_stop(ports_.stop_fd, pause));
            return;
        }
        std::array<char, 512> octets;
        while (::read(ports_.wake_fd, octets.data(), octets.size()) == static_cast<ssize_t>(octets.size())) {}
    }

    const UploadSettings& settings_;
    const UploaderPorts& ports_;
    BackOff back_off_;
    Silence silence_;
    UploadStatus status_;
    std::string told_;  // the fault that holds it, said already
    Clock::time_point next_try_ = Clock::time_point::min(), last_report_{};
    Clock::duration look_took_{};
    UploadPass pass_;
};

}  // namespace

void run_uploader(const UploadSettings& settings, const UploaderPorts& ports) {
    set_signals();
    Uploader(settings, ports).run();
}

int upload_once(const UploadSettings& settings, const Log& log, int stop_fd) {
    set_signals();
    UploadPass pass(settings, random_draw(),
                    {log,
                     [&](const WaitingFile& file) { log(Severity::info, line_of_arrival(settings, file)); },
                     {},
                     {},
                     stop_fd});
    const auto refuse = [&](const Error& why) {
        log(Severity::error, "upload: " + why.text());
        return why.kind == ErrorKind::denied ? 3 : 1;
    };
    const auto folder = pass.take_folder();
    if (!folder) return refuse(folder.error());
    if (!*folder) {
        log(Severity::info, "upload: nothing waits: there is no folder " + settings.waiting_folder);
        return 0;
    }
    while (true) {
        if (pass.is_exhausted()) {
            const auto waiting = pass.look();
            if (!waiting) return refuse(waiting.error());
            if (pass.is_exhausted()) return 0;
        }
        const PassEnd end = pass.send_batch();
        if (end.stopped) return 1;
        if (end.fault) return end.is_held ? refuse(*end.fault) : 1;
    }
}

}  // namespace sie::upload
