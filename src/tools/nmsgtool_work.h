// What the options of nmsgtool and its environment mean, as the engine wants it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "capture/live_source.h"
#include "capture/packet_filter.h"
#include "dnsqr/settings.h"
#include "stream/alias_file.h"
#include "stream/endpoint.h"
#include "stream/engine.h"
#include "text/payload_filter.h"
#include "tools/nmsgtool_options.h"

namespace sie::tools {

struct Work {
    dnsqr::Settings settings;
    std::optional<capture::PacketFilter> filter;
    stream::Selection selection;
    std::optional<text::PayloadFilter> payload_filter;
    stream::SinkOptions sinks;
    std::vector<capture::LiveOptions> interfaces;
    std::vector<stream::Endpoint> listen;
    std::vector<stream::Destination> send;
    std::shared_ptr<const stream::AliasFile> operators, groups;
};

// Errors: usage. Warnings about settings go to standard error.
[[nodiscard]] Result<Work> read_work(const NmsgtoolOptions& given);

}  // namespace sie::tools
