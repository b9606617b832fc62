// What the uploader is told: where files wait, who takes them, and the bounds within which it tries. Plain
// data; whoever fills it has checked login, channel and submitserver as src/service/settings.cc does.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "net/address.h"

namespace sie::upload {

struct UploadSettings {
    std::string waiting_folder;          // SPOOLDIR/waiting/CHANNEL, absolute
    std::string channel;                 // files go to up/CHANNEL/ at the collector
    std::string login;                   // empty: not set, nothing is sent
    std::string submitserver;            // a host name: SRV _rsync._tcp.NAME; or an address
    std::string uploadkey, knownhosts;   // absolute paths, whatever octets they hold
    std::optional<net::Address> source;  // the address from which uploads leave
    std::uint32_t warn_minutes = 60;     // age of the last success that is a warning

    // The bounds. Tests shorten them; the programs take them as they are.
    std::chrono::milliseconds look_interval{5'000};       // how often the waiting folder is looked through
    std::chrono::milliseconds first_back_off{5'000};      // after a failure; doubled with each further one,
    std::chrono::milliseconds longest_back_off{300'000};  // up to this
    std::chrono::seconds look_up_limit{30};               // for the SRV record
    std::chrono::seconds connect_timeout{30};             // for the connection and ssh's greeting
    std::chrono::seconds io_timeout{60};                  // without an octet from the other side
    std::size_t batch_files = 1'000;                      // in one ssh connection, at most
    std::uint64_t batch_octets = 64U << 20U;              // the same; a larger file goes alone
    std::chrono::seconds run_limit{600};                  // for a batch, and besides
    std::uint64_t slowest_octets_per_s = 16'384;          // what a batch's octets take at this rate
};

enum class Severity : std::uint8_t { info, warning, error };

// One line of the log, without a line end and without control characters. Called in the thread that uploads.
using Log = std::function<void(Severity, const std::string&)>;

}  // namespace sie::upload
