// Runs something in a child process with pipes on its input and outputs, and gives up on it in time.
//
// The child leads a process group of its own, has every signal at its default, no descriptor but 0, 1 and 2,
// and ends when its parent does. A grandchild may hold its outputs open for three seconds more. However it
// ends, what is left of its group is killed, and it has been waited for. Call it in a process with one
// thread, with SIGCHLD at its default and SIGPIPE ignored.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sie::upload {

struct ChildWork {
    std::function<int()> body;  // in the child: its exit status, if it returns
    std::string input;          // given to it on standard input, then the end of file
};

struct ChildWatch {
    // Octets as they come, in the parent; either may be empty.
    std::function<void(std::string_view octets)> on_output, on_error;
    std::function<void()> on_tick;       // several times a second, while it runs
    int stop_fd = -1;                    // readable, or hung up: end it; -1: none
    std::chrono::milliseconds limit{0};  // after this long: end it; 0: none
};

struct ChildEnd {
    int exit_status = -1;  // -1: a signal ended it
    int signal = 0;
    bool stopped = false;      // because of stop_fd
    bool out_of_time = false;  // because of the limit
};

// Ending a child takes SIGTERM and, a third of a second later, SIGKILL. Errors (system): no pipe, no process.
[[nodiscard]] Result<ChildEnd> run_child(const ChildWork& work, const ChildWatch& watch);

// A body that becomes the program `argv` (argv[0] is its path) with that environment and nothing of the
// parent's, in the folder behind `folder_fd` (-1: "/"). 127 and a line on standard error if it cannot be
// started.
[[nodiscard]] std::function<int()> becoming(std::vector<std::string> argv,
                                            std::vector<std::string> environment, int folder_fd);

// The path of a program in /usr/local/bin, /usr/bin, /bin. Error (system) that names the package to install.
[[nodiscard]] Result<std::string> find_program(const std::string& name, const std::string& package);

inline constexpr const char* path_of_children = "PATH=/usr/local/bin:/usr/bin:/bin";

// Is something to read there, or its other end gone? Waits for at most `wait`. -1: merely waits.
[[nodiscard]] bool asked_to_stop(int stop_fd, std::chrono::milliseconds wait = std::chrono::milliseconds(0));

// Cuts what comes in pieces into lines, without their ends; of a line the first `most` octets are kept.
class LineCutter {
  public:
    explicit LineCutter(std::function<void(const std::string& line)> on_line, std::size_t most = 1'024)
        : on_line_(std::move(on_line)), most_(most) {}
    void take(std::string_view octets);
    void finish();  // a last line without an end

  private:
    std::function<void(const std::string&)> on_line_;
    std::size_t most_;
    std::string line_;
};

}  // namespace sie::upload
