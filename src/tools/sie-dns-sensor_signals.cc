#include "tools/sie-dns-sensor_signals.h"

#include <pthread.h>

#include <csignal>
#include <ctime>

namespace sie::tools {

namespace {

sigset_t taken() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&set, signal);
    return set;
}

}  // namespace

LiveSignals::LiveSignals() {
    const sigset_t set = taken();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

int LiveSignals::wait(std::chrono::milliseconds most) const {
    const sigset_t set = taken();
    const timespec moment{most.count() / 1000, most.count() % 1000 * 1'000'000};
    const int signal = sigtimedwait(&set, nullptr, &moment);
    return signal > 0 ? signal : 0;
}

void LiveSignals::release() const {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM}) {
        std::signal(signal, SIG_DFL);
        sigaddset(&set, signal);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace sie::tools
