// The command line of sie-dns-sensor: the flags that the table of settings makes, and help by topic.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "capture/packet_filter.h"
#include "service/configuration.h"
#include "spool/rotation.h"

namespace sie::tools {

constexpr int usage_status = 2;

// Says an error on standard error; its exit status.
int refuse(const Error& error);

// The flags of every setting, added to one command. They outlive the parsing.
class SettingFlags {
  public:
    // Those of `shown` stand in --help, in the group of that name; the others in --help-settings only.
    SettingFlags(CLI::App& command, const std::string& group, const std::vector<std::string_view>& shown);

    [[nodiscard]] bool given(std::string_view setting) const;
    [[nodiscard]] std::vector<service::FlagValue> values() const;
    // --help-settings [TOPIC] was given: help is printed, the exit status returned.
    [[nodiscard]] std::optional<int> help() const;

  private:
    struct Flag {
        const service::SettingRow* row;
        CLI::Option* option;
    };
    std::vector<Flag> flags_;
    CLI::Option* help_ = nullptr;
};

struct Configured {
    service::Configuration configuration;  // its errors: all that is wrong
    int status = 0;                        // to exit with, if there are errors
    std::string own_addresses;             // as found, if they were wanted
};
// What the settings are for: capture files; interfaces, and output as the flags say; interfaces and the
// spool; what waits in the spool.
enum class Purpose : std::uint8_t { replay, live, spool, upload };
// File, environment and flags; `file`: empty for none. `own_addresses`: those of the interfaces are the list
// of resolvers. judged() says nothing; configured() says everything that is wrong on standard error, and
// warnings and notes unless `quiet`.
[[nodiscard]] Configured judged(const std::string& file, const SettingFlags& flags, Purpose purpose,
                                bool own_addresses = false);
[[nodiscard]] Configured configured(const std::string& file, const SettingFlags& flags, Purpose purpose,
                                    bool quiet, bool own_addresses = false);

// Its offset is drawn here if it is to be random.
[[nodiscard]] spool::Rotation rotation_of(const service::SensorSettings& settings);
// The expression of `bpf`, if there is one.
[[nodiscard]] Result<std::optional<capture::PacketFilter>> filter_of(const service::SensorSettings& settings);

// sie-dns-sensor check-config [FILE].
[[nodiscard]] int check_config(const std::string& file, const SettingFlags& flags);

}  // namespace sie::tools
