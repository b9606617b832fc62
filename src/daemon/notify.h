// What a service manager is told of a process: sd_notify(3) and its watchdog, spoken by hand.
//
// In: $NOTIFY_SOCKET (a path, or "@name" for Linux's abstract names), $WATCHDOG_USEC and $WATCHDOG_PID, which
// are taken out of the environment so that no child speaks for its parent. Out: datagrams. Without a manager
// every call does nothing. A call waits for the manager a second at most and never fails its caller: false
// says that the datagram was not taken. The socket is made by from_environment(), so that a sandbox may be
// closed afterwards. Any thread, one at a time; from_environment() before there are threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/local_socket.h"

namespace sie::daemon {

class Notify {
  public:
    [[nodiscard]] static Notify from_environment();

    // A manager listens.
    [[nodiscard]] bool listening() const { return !address_.empty(); }
    // How soon the manager wants to hear from watchdog() each time; call it twice as often. Nothing: no
    // watchdog.
    [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval() const { return watchdog_; }

    bool ready();      // start is done; after reloading(): that is done
    bool reloading();  // ready() must follow
    bool stopping();
    bool watchdog();
    bool status(std::string_view text);  // one line; control octets become blanks

  private:
    bool send(std::string_view message);

    LocalSocket socket_;
    LocalAddress address_;
    std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace sie::daemon
