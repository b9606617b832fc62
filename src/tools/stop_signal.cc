#include "tools/stop_signal.h"

#include <csignal>
#include <ctime>

namespace sie::tools {

namespace {

constexpr int wake = SIGUSR2;  // interrupts a read, nothing else

sigset_t waited_for() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

}  // namespace

StopSignal::StopSignal() : maker_(pthread_self()) {
    struct sigaction action {};
    action.sa_handler = [](int) {};  // without SA_RESTART
    sigaction(wake, &action, nullptr);
    const sigset_t set = waited_for();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    thread_ = std::thread([this] { wait(); });
}

StopSignal::~StopSignal() {
    gone_ = true;
    thread_.join();
}

void StopSignal::wait() {
    const sigset_t set = waited_for();
    const timespec moment{0, 10'000'000};
    int wakes_left = 100;
    while (!gone_) {
        const int signal = sigtimedwait(&set, nullptr, &moment);
        if (signal > 0) {
            if (asked_.exchange(true)) {
                std::signal(signal, SIG_DFL);
                pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
                raise(signal);
            }
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
