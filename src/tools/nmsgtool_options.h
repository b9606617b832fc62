// The command line of nmsgtool, as it was given, and its help.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace sie::tools {

struct NmsgtoolOptions {
    // Inputs.
    std::vector<std::string> interfaces, pcaps, nmsgs, jsons, sockets, channels;
    // Outputs.
    std::vector<std::string> nmsg_outs, text_outs, json_outs, socket_outs, pcap_outs;
    bool stats = false, json_stats = false;
    // What is made and taken.
    std::string vendor, type, bpf, filter;
    std::string set_source, set_operator, set_group, get_source, get_operator, get_group;
    // How it is written.
    bool zlib = false, mirror = false, unbuffered = false;
    std::string zlevel, end_of_line = "\\n", rdata = "nmsg", datagram_container;
    // When it ends or rotates.
    std::optional<std::uint64_t> count, interval, byte_rate;
    bool randomize = false;
    std::optional<std::string> kicker;
    // How it runs.
    bool daemon = false;
    std::string pid_file, user;
    int debug = 0;
};

// What to do: run with these, or end with a status (help, version and errors have been printed).
[[nodiscard]] std::variant<NmsgtoolOptions, int> read_command_line(int argc, char** argv);

}  // namespace sie::tools
