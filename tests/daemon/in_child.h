// Runs a test's body in a child process, for what cannot be undone: privileges, filters, limits.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

namespace sie::test {

// The wait status of the child; 0: the body returned true. A child that takes longer than 10 s is killed. It
// leaves no core file and none of the parent's tests run in it.
inline int in_child(const std::function<bool()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_CORE, &none);
        const bool good = body();
        ::_exit(good ? 0 : 1);
    }
    if (child < 0) return -1;
    for (int i = 0; i < 10'000; ++i) {
        int status = 0;
        if (::waitpid(child, &status, WNOHANG) == child) return status;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

inline bool died_of(int status, int signal) { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }

}  // namespace sie::test
