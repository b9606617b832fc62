#include "upload/ssh_command.h"

#include <fmt/format.h>

#include "net/address.h"
#include "upload/child_process.h"

namespace sie::upload {
namespace {

constexpr const char* key_variable = "SIE_UPLOAD_KEY";
constexpr const char* known_hosts_variable = "SIE_KNOWN_HOSTS";

// What never changes. GlobalKnownHostsFile: only the file that is set may vouch for a host.
constexpr const char* fixed_options[] = {
    "BatchMode=yes",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "PreferredAuthentications=publickey",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "GSSAPIAuthentication=no",
    "HostbasedAuthentication=no",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=none",
    "UpdateHostKeys=no",
    "CheckHostIP=no",
    "VerifyHostKeyDNS=no",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "ProxyCommand=none",
    "ControlMaster=no",
    "ControlPath=none",
    "RequestTTY=no",
    "ConnectionAttempts=1",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "TCPKeepAlive=yes",
    "LogLevel=ERROR",
};

}  // namespace

std::string ssh_command(const UploadSettings& settings, const std::string& ssh, std::uint16_t port) {
    std::string command = fmt::format("{} -F none -p {}", ssh, port);
    const auto add = [&](const std::string& option) { command += " -o " + option; };
    add(fmt::format("IdentityFile=${{{}}}", key_variable));
    add(fmt::format("UserKnownHostsFile=${{{}}}", known_hosts_variable));
    for (const char* option : fixed_options) add(option);
    add(fmt::format("ConnectTimeout={}", settings.connect_timeout.count()));
    if (settings.source) add("BindAddress=" + net::to_text(*settings.source));
    return command;
}

std::string destination(const UploadSettings& settings, const ServiceTarget& target) {
    const bool v6 = target.host.find(':') != std::string::npos;
    return fmt::format("{}@{}{}{}:up/{}/", settings.login, v6 ? "[" : "", target.host, v6 ? "]" : "",
                       settings.channel);
}

std::vector<std::string> rsync_arguments(const UploadSettings& settings, const std::string& rsync,
                                         const std::string& ssh, const ServiceTarget& target) {
    // No --partial, --inplace or --append: the other side writes a hidden file and renames it when it is
    // whole.
    return {rsync, "-e", ssh_command(settings, ssh, target.port),
            fmt::format("--timeout={}", settings.io_timeout.count()), "--remove-source-files", "--from0",
            "--files-from=-",
            // Three that --files-from would change for the other side, or for a file that has just left.
            "--no-relative", "--no-dirs", "--ignore-missing-args", "--info=REMOVE", "--outbuf=L", ".",
            destination(settings, target)};
}

std::vector<std::string> upload_environment(const UploadSettings& settings) {
    return {path_of_children, "LC_ALL=C", "HOME=/nonexistent",
            fmt::format("{}={}", key_variable, settings.uploadkey),
            fmt::format("{}={}", known_hosts_variable, settings.knownhosts)};
}

}  // namespace sie::upload
