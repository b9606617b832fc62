#include "tools/dnsqr_environment.h"

#include <cstdlib>
#include <string>

namespace sie::tools {

Result<void> apply_environment(dnsqr::Settings& settings) {
    for (const dnsqr::SettingRow& row : dnsqr::settings_table()) {
        const std::string name(row.name);
        if (const char* value = std::getenv(name.c_str()); value != nullptr)
            if (auto applied = row.apply(settings, row.name, value); !applied) return applied;
    }
    return {};
}

}  // namespace sie::tools
