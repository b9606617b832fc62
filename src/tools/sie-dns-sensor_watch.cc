#include "tools/sie-dns-sensor_watch.h"

#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "sensor/wake_pipe.h"
#include "status/status_client.h"

namespace sie::tools {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds between_frames{1000}, patience{2000};

// Written by the handler alone.
const sensor::WakePipe* rung = nullptr;
volatile std::sig_atomic_t end_signal = 0, stop_asked = 0;

void on_signal(int number) {
    const int error_number = errno;
    if (number == SIGTSTP)
        stop_asked = 1;
    else if (number != SIGWINCH)
        end_signal = number;
    if (rung != nullptr) rung->wake();
    errno = error_number;
}

// Signals end the loop in poll(2), not the process; as before when it goes.
class WatchSignals {
  public:
    explicit WatchSignals(const sensor::WakePipe& pipe) {
        rung = &pipe;
        end_signal = 0;
        stop_asked = 0;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            struct sigaction action {};
            action.sa_handler = on_signal;
            ::sigaction(numbers[i], &action, &before_[i]);
        }
    }
    ~WatchSignals() {
        for (std::size_t i = 0; i < numbers.size(); ++i) ::sigaction(numbers[i], &before_[i], nullptr);
        rung = nullptr;
    }
    WatchSignals(const WatchSignals&) = delete;
    WatchSignals& operator=(const WatchSignals&) = delete;

  private:
    static constexpr std::array numbers{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP};
    std::array<struct sigaction, numbers.size()> before_{};
};

void write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
        if (n < 0 && errno == EINTR && end_signal == 0) continue;
        if (n <= 0) return;  // the terminal is gone: its hang-up ends the loop
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

// The alternate screen and keys without echo; as before when it goes.
class WatchScreen {
  public:
    explicit WatchScreen(const termios& before) : before_(before) { enter(); }
    ~WatchScreen() { leave(); }
    WatchScreen(const WatchScreen&) = delete;
    WatchScreen& operator=(const WatchScreen&) = delete;
    void enter() const {
        termios keys = before_;
        keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
        keys.c_cc[VMIN] = 0;
        keys.c_cc[VTIME] = 0;
        ::tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
        write_all(status::enter_screen);
    }
    void leave() const {
        write_all(status::leave_screen);
        ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    }
    // As the default action of SIGTSTP; comes back with SIGCONT.
    void suspend() const {
        leave();
        ::raise(SIGSTOP);
        enter();
    }

  private:
    const termios before_;
};

enum class Next : std::uint8_t { frame, end };

// Until the next frame is due, sooner for a new size, or the end.
Next wait_for_key(const sensor::WakePipe& pipe, const WatchScreen& screen) {
    const Clock::time_point until = Clock::now() + between_frames;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        std::array<pollfd, 2> polled{{{STDIN_FILENO, POLLIN, 0}, {pipe.fd(), POLLIN, 0}}};
        const int n = ::poll(polled.data(), polled.size(), static_cast<int>(std::max<std::int64_t>(left, 0)));
        pipe.clear();
        if (end_signal != 0) return Next::end;
        if (stop_asked != 0) {
            stop_asked = 0;
            screen.suspend();
            return Next::frame;
        }
        if (n > 0 && polled[0].revents != 0) {
            std::array<char, 64> keys;
            const ssize_t count = ::read(STDIN_FILENO, keys.data(), keys.size());
            if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) return Next::end;
            for (ssize_t i = 0; i < count; ++i) {
                const char key = keys[static_cast<std::size_t>(i)];
                if (key == 'q' || key == 'Q') return Next::end;
            }
        }
        if (n > 0 && polled[1].revents != 0) return Next::frame;
        if (Clock::now() >= until) return Next::frame;
    }
}

}  // namespace

status::Screen terminal_size() {
    status::Screen screen;
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        screen.columns = size.ws_col;
        screen.rows = size.ws_row;
    }
    screen.colour = colours_wanted();
    return screen;
}

status::TextForm terminal_form(const status::Screen& screen) {
    static_cast<void>(std::setlocale(LC_CTYPE, ""));
    const bool utf8 = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
    return {std::clamp(screen.columns, status::least_columns, status::most_columns),
            utf8 ? status::Letters::blocks : status::Letters::ascii};
}

bool colours_wanted() {
    const char* no_colour = std::getenv("NO_COLOR");
    const char* terminal = std::getenv("TERM");
    return (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr &&
           std::string_view(terminal) != "dumb";
}

Result<void> watch_status(const std::string& socket) {
    termios before{};
    if (::isatty(STDOUT_FILENO) != 1 || ::tcgetattr(STDIN_FILENO, &before) != 0)
        return fail(ErrorKind::usage, "--watch", "needs a terminal", "take status, or status --json");
    const auto ask = [&](const status::Screen& screen) {
        return status::ask_status(socket, {status::StatusRequest::Kind::text, terminal_form(screen)},
                                  patience);
    };
    // What is wrong from the start is told as other commands tell it.
    auto answer = ask(terminal_size());
    if (!answer) return fail(std::move(answer.error()));
    const auto pipe = sensor::WakePipe::open();
    if (!pipe) return fail(pipe.error());
    const WatchSignals signals(*pipe);
    const WatchScreen on(before);
    for (;;) {
        const status::Screen screen = terminal_size();
        write_all(status::frame(status::safe_for_terminal(answer ? *answer : answer.error().text() + "\n"),
                                "q or Ctrl-C ends this", screen));
        if (wait_for_key(*pipe, on) == Next::end) return {};
        answer = ask(terminal_size());
    }
}

}  // namespace sie::tools
