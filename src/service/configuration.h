// From what was given to what is run: file, environment and flags become one SensorSettings, with the origin
// of each value and everything that is wrong with them. The header to start from.
//
// In: the text of a configuration file, a way to ask for an environment variable, flags; nothing is read
// here. Out: the settings, and for each row of settings_table() where its value comes from; all errors, not
// only the first, and warnings and notes. Order of strength (REFERENCE §3): flag, environment, file, default.
// The settings may be used only if there is no error. One call, no state; owns what it returns.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "service/settings.h"
#include "service/shell_fragment.h"

namespace sie::service {

struct FileText {
    std::string path;  // as messages name it
    std::string text;
};

struct FlagValue {
    const SettingRow* row;
    std::string flag;  // as it was typed: "--workers"
    std::string value;
};

// What may say a setting, and what the settings are for.
struct Given {
    std::optional<FileText> file;
    std::function<const char*(const char* name)>
        environment;               // asked for names of the table only; may be empty
    std::vector<FlagValue> flags;  // a later one of the same row wins
    bool needs_list = true;        // without DNSQR_RES_ADDRS and DNSQR_AUTH_ADDRS it is an error
    bool needs_interface = false;  // live
    bool into_spool = false;       // its files wait in the spool, and are uploaded from there
};

struct Origin {
    enum class Kind : std::uint8_t { standard, file, environment, flag } kind = Kind::standard;
    std::string source;  // the file's path, or the flag
    Place place;         // in the file

    [[nodiscard]] std::string text() const;  // "default", "FILE:LINE", "environment", "--workers"
};

struct Configuration {
    SensorSettings settings;
    std::vector<Origin> origins;  // one for each row of settings_table()
    std::vector<Error> errors;    // kind usage
    std::vector<std::string> warnings, notes;

    // Where the value of that setting comes from. The name is one of the table.
    [[nodiscard]] const Origin& origin_of(std::string_view name) const;
};

[[nodiscard]] Configuration configure(const Given& given);

// Reads a configuration file, at most one octet more than most_fragment_octets. Errors: system (not there,
// not readable, a folder), with the path.
[[nodiscard]] Result<FileText> read_configuration_file(const std::string& path);

// One line a setting: NAME=value, padded, # where it came from. What is not set is a comment, and a value is
// quoted where sh would need it, so the text is a configuration file of the same settings.
[[nodiscard]] std::string effective_text(const Configuration& configuration);

}  // namespace sie::service
