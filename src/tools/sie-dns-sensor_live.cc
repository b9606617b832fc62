#include "tools/sie-dns-sensor_live.h"

#include <fmt/format.h>

#include "tools/sie-dns-sensor_options.h"

namespace sie::tools {

int run_live(const service::SensorSettings& settings, const LiveCommand& /*command*/) {
    return refuse({ErrorKind::denied,
                   settings.interfaces.front().name,
                   {},
                   "live capture is not in this build",
                   "read a capture file with --pcap FILE"});
}

}  // namespace sie::tools
