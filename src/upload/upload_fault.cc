#include "upload/upload_fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/quoted.h"

namespace sie::upload {
namespace {

constexpr std::size_t most_lines = 20;

// rsync(1), EXIT VALUES; ssh gives 255 for its own failures, a shell 126 and 127.
constexpr int rsync_startup = 2, rsync_file_io = 11, rsync_protocol = 12, rsync_timeout = 30,
              rsync_connect_timeout = 35;

// In the order in which they are looked for: what says more stands first.
struct Sign {
    std::string_view text;
    Fault fault;
};
constexpr Sign signs[] = {
    {"IDENTIFICATION HAS CHANGED", Fault::changed_host_key},
    {"Host key verification failed", Fault::unknown_host_key},
    {"bad permissions", Fault::key_unusable},
    {"Load key ", Fault::key_unusable},
    {"No such identity", Fault::key_unusable},
    // ssh's; of a file it is "Permission denied (13)".
    {"Permission denied (p", Fault::key_refused},
    {"Permission denied (g", Fault::key_refused},
    {"Permission denied (k", Fault::key_refused},
    {"Permission denied (h", Fault::key_refused},
    {"Too many authentication failures", Fault::key_refused},
    {"No user exists for uid", Fault::no_such_user_here},
    {"Could not resolve hostname", Fault::name_not_found},
    {"Cannot assign requested address", Fault::source_address},
    {"bind: ", Fault::source_address},
    {"Unable to negotiate", Fault::no_common_algorithm},
    {"Connection refused", Fault::connection_refused},
    {"No route to host", Fault::unreachable},
    {"Network is unreachable", Fault::unreachable},
    {"timed out", Fault::timed_out},
    {"timeout in data", Fault::timed_out},
    {"not responding", Fault::timed_out},
    {"No space left on device", Fault::remote_disk_full},
    {"Disk quota exceeded", Fault::remote_disk_full},
    {"sender failed to remove", Fault::cannot_remove},
    {"Another instance of rrsync", Fault::remote_busy},
    {"rrsync", Fault::remote_command},
    {"command not found", Fault::remote_command},
    {"is your shell clean", Fault::remote_command},
    {"No such file or directory", Fault::remote_folder_missing},
    {"Permission denied", Fault::remote_folder_closed},
    {"Read-only file system", Fault::remote_folder_closed},
    {"Connection reset by", Fault::cut},
    {"Broken pipe", Fault::cut},
    {"Connection closed by", Fault::cut},
    {"connection unexpectedly closed", Fault::cut},
};

struct Meaning {
    Fault fault;
    std::string_view why, remedy;
};
constexpr Meaning meanings[] = {
    {Fault::unknown_host_key, "the host's key is not known",
     "put the line that the collector's operator gives into the file of knownhosts"},
    {Fault::changed_host_key, "the host shows another key than the one that is known",
     "ask the collector's operator; if the key has been changed, put its new line into the file of "
     "knownhosts"},
    {Fault::key_refused, "the collector does not accept login and upload key",
     "see that login is right and that the collector has the line of the .pub file"},
    {Fault::key_unusable, "ssh cannot use the upload key",
     "see its modes and content, or make another with sie-gen-key"},
    {Fault::no_such_user_here, "this machine knows no name for the user who uploads",
     "add the user to /etc/passwd"},
    {Fault::name_not_found, "the host's name has no address",
     "see that the resolver of this machine answers"},
    {Fault::connection_refused, "nothing takes connections there",
     "see that the collector runs and that no firewall is between"},
    {Fault::unreachable, "the network does not lead there", "see routes and firewalls"},
    {Fault::source_address, "uploads cannot leave from the address of upload_source",
     "set one that an interface of this machine has"},
    {Fault::no_common_algorithm, "ssh here and there have no algorithm in common", "update the older one"},
    {Fault::timed_out, "no answer in time", "see that the collector runs and that no firewall is between"},
    {Fault::remote_disk_full, "the collector's disk is full", "tell its operator; files wait here"},
    {Fault::remote_folder_missing, "the collector has no folder up for this login", "tell its operator"},
    {Fault::remote_folder_closed, "the collector may not write its folder", "tell its operator"},
    // rsync's status may arrive without the line that says more.
    {Fault::remote_write, "the collector cannot write (its disk is full, or the folder is missing or closed)",
     "tell its operator; files wait here"},
    {Fault::remote_busy, "the collector takes one upload at a time for this key, and another one is at work",
     "tell its operator: rrsync -no-lock"},
    {Fault::remote_command, "the collector does not run rsync for this key", "tell its operator"},
    {Fault::cut, "the connection was cut", ""},
    {Fault::cannot_remove, "files arrived but cannot be removed here",
     "let the user who uploads write the waiting folder"},
    {Fault::other, "the transfer failed", ""},
};
static_assert([] {
    for (std::size_t i = 0; i < std::size(meanings); ++i)
        if (meanings[i].fault != static_cast<Fault>(i)) return false;
    return std::size(meanings) == static_cast<std::size_t>(Fault::other) + 1;
}());

[[nodiscard]] const Sign* sign_in(const std::string& line) {
    const auto* const found =
        std::ranges::find_if(signs, [&](const Sign& s) { return line.find(s.text) != std::string::npos; });
    return found == std::end(signs) ? nullptr : found;
}

// The line with the sign that stands first in the table; else the last line.
[[nodiscard]] const std::string* telling_line(const std::deque<std::string>& lines) {
    const Sign* best = nullptr;
    const std::string* line = lines.empty() ? nullptr : &lines.back();
    for (const std::string& candidate : lines)
        if (const Sign* sign = sign_in(candidate); sign != nullptr && (best == nullptr || sign < best)) {
            best = sign;
            line = &candidate;
        }
    return line;
}

}  // namespace

void LastLines::take(const std::string& line) {
    lines_.push_back(line);
    if (lines_.size() > most_lines) lines_.pop_front();
}

Fault fault_of(const ChildEnd& end, const std::deque<std::string>& lines) {
    if (end.out_of_time) return Fault::timed_out;
    if (const std::string* line = telling_line(lines))
        if (const Sign* sign = sign_in(*line)) return sign->fault;
    switch (end.exit_status) {
        case rsync_timeout:
        case rsync_connect_timeout: return Fault::timed_out;
        case rsync_startup:
        case 126:
        case 127: return Fault::remote_command;
        case rsync_file_io: return Fault::remote_write;
        case rsync_protocol: return Fault::cut;
        default: return Fault::other;
    }
}

Error error_of(Fault fault, const std::string& where, const ChildEnd& end,
               const std::deque<std::string>& lines) {
    const Meaning& meaning = meanings[static_cast<std::size_t>(fault)];
    std::string why(meaning.why);
    if (end.out_of_time) why += "; rsync was ended";
    if (end.exit_status > 0) why += fmt::format(" (status {})", end.exit_status);
    if (end.signal != 0 && !end.out_of_time)
        why += fmt::format(" (rsync was ended by signal {})", end.signal);
    if (const std::string* line = telling_line(lines)) why += ": " + quoted(*line, 200);
    return {ErrorKind::system, where, {}, std::move(why), std::string(meaning.remedy)};
}

}  // namespace sie::upload
