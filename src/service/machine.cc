#include "service/machine.h"

#include <fmt/format.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

namespace sie::service {

namespace {

enum class Kind { folder, file };

// What is wrong with the thing at that path; empty if nothing is.
[[nodiscard]] std::string fault_of(const std::string& path, Kind wanted) {
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) return std::generic_category().message(errno);
    if (wanted == Kind::folder && !S_ISDIR(found.st_mode)) return "is not a folder";
    if (wanted == Kind::file && !S_ISREG(found.st_mode)) return "is not a regular file";
    return {};
}

}  // namespace

std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "unknown";
    addrinfo hints{}, *found = nullptr;
    hints.ai_flags = AI_CANONNAME;
    std::string full;
    if (getaddrinfo(name.data(), nullptr, &hints, &found) == 0 && found->ai_canonname != nullptr)
        full = found->ai_canonname;
    if (found != nullptr) freeaddrinfo(found);
    return full.find('.') == std::string::npos ? name.data() : full;
}

Result<std::string> file_prefix(const SensorSettings& settings) {
    if (!settings.outfile_prefix.empty()) return settings.outfile_prefix;
    SensorSettings checked;
    if (auto applied = find_setting("outfile_prefix")->apply_to(checked, "the host's name", host_name());
        !applied) {
        applied.error().remedy = "give another first part of file names with outfile_prefix or --prefix NAME";
        return fail(std::move(applied.error()));
    }
    return checked.outfile_prefix;
}

std::vector<std::string> machine_notes(const SensorSettings& settings) {
    std::vector<std::string> notes;
    const auto look = [&](const char* setting, const std::string& path, Kind wanted, const char* remedy) {
        if (const std::string fault = fault_of(path, wanted); !fault.empty())
            notes.push_back(fmt::format("{}: {}: {}{}", setting, path, fault, remedy));
    };
    for (const Interface& interface : settings.interfaces)
        if (if_nametoindex(interface.name.c_str()) == 0)
            notes.push_back(fmt::format("interface: this machine has no interface {}", interface.name));
    look("spooldir", settings.spooldir, Kind::folder, "");
    if (settings.upload) {
        look("uploadkey", settings.uploadkey, Kind::file, "; sie-gen-key makes one");
        look("knownhosts", settings.knownhosts, Kind::file, "");
    }
    if (!settings.metrics_textfile.empty()) {
        const std::string folder = settings.metrics_textfile.substr(0, settings.metrics_textfile.rfind('/'));
        look("metrics_textfile", folder.empty() ? "/" : folder, Kind::folder, "");
    }
    return notes;
}

}  // namespace sie::service
