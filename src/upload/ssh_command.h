// How rsync and ssh are called: arguments, environment, destination. Pure text; nothing of it passes through
// a shell.
//
// rsync gets ssh's command line as one text, which it cuts at blanks, and ssh reads -o values by rules of its
// own (quotes, "%", "~"). Paths of key and known hosts may hold any of these, so they do not stand there at
// all: they come in the environment, which ssh 8.4 and newer expands after everything else, once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "upload/service_targets.h"
#include "upload/settings.h"

namespace sie::upload {

// For rsync's -e. `ssh`: its path, without blanks. No configuration of user or machine, no agent, no
// password, no forwarding; only the key and the host keys that are set.
[[nodiscard]] std::string ssh_command(const UploadSettings& settings, const std::string& ssh,
                                      std::uint16_t port);

// LOGIN@HOST:up/CHANNEL/, an IPv6 address in brackets.
[[nodiscard]] std::string destination(const UploadSettings& settings, const ServiceTarget& target);

// rsync's argument vector: sends the files of the working folder whose names it reads on standard input, each
// ended by a zero octet, removes each one that the other side has whole, and says "sender removed NAME" for
// it on standard output. The command at the other side is the one that the old package ran there.
[[nodiscard]] std::vector<std::string> rsync_arguments(const UploadSettings& settings,
                                                       const std::string& rsync, const std::string& ssh,
                                                       const ServiceTarget& target);

// All of the environment that rsync and ssh see, NAME=VALUE.
[[nodiscard]] std::vector<std::string> upload_environment(const UploadSettings& settings);

}  // namespace sie::upload
