#include "tools/stop_signal.h"

#include <csignal>
#include <ctime>

namespace sie::tools {

namespace {

constexpr int wake = SIGUSR2;  // interrupts a read, nothing else

sigset_t waited_for(bool hangup) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (hangup) sigaddset(&set, SIGHUP);
    return set;
}

}  // namespace

StopSignal::StopSignal(std::function<void()> on_hangup)
    : on_hangup_(std::move(on_hangup)), maker_(pthread_self()) {
    struct sigaction action {};
    action.sa_handler = [](int) {};  // without SA_RESTART
    sigaction(wake, &action, nullptr);
    const sigset_t set = waited_for(on_hangup_ != nullptr);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    thread_ = std::thread([this] { wait(); });
}

StopSignal::~StopSignal() {
    gone_ = true;
    thread_.join();
}

void StopSignal::wait() {
    const sigset_t set = waited_for(on_hangup_ != nullptr);
    const timespec moment{0, 10'000'000};
    bool signalled = false;
    int wakes_left = 100;
    while (!gone_) {
        const int signal = sigtimedwait(&set, nullptr, &moment);
        if (signal == SIGHUP) {
            on_hangup_();
        } else if (signal > 0) {
            asked_ = true;
            if (signalled) {
                std::signal(signal, SIG_DFL);
                pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
                raise(signal);
            }
            signalled = true;
        }
        // For a second: one that comes between a look at the flag and the read would be lost. Not for longer,
        // so that the files are finished undisturbed.
        if (asked_ && wakes_left > 0) {
            --wakes_left;
            pthread_kill(maker_, wake);
        }
    }
}

}  // namespace sie::tools
