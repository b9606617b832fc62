// What the kernel shall let pass for these settings.
#pragma once

#include "capture/kernel_filter.h"
#include "dnsqr/settings.h"

namespace sie::sensor {

[[nodiscard]] inline capture::FilterRules kernel_rules(const dnsqr::Settings& settings) {
    return {settings.resolver_prefixes,
            settings.server_prefixes,
            settings.ports,
            !settings.has_lists(),
            {settings.wants_tcp(), settings.wants_icmp()}};
}

}  // namespace sie::sensor
