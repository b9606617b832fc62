#include "tools/sie-dns-sensor_upload.h"

#include <fmt/format.h>

#include <cstdio>

#include "upload/uploader.h"

namespace sie::tools {

upload::UploadSettings upload_settings_of(const service::SensorSettings& settings) {
    upload::UploadSettings out;
    out.waiting_folder = settings.spooldir + "/waiting/" + settings.channel;
    out.channel = settings.channel;
    if (settings.login != service::placeholder_login) out.login = settings.login;
    out.submitserver = settings.submitserver;
    out.uploadkey = settings.uploadkey;
    out.knownhosts = settings.knownhosts;
    out.source = settings.upload_source;
    out.warn_minutes = settings.upload_warn_minutes;
    return out;
}

int upload_now(const service::SensorSettings& settings) {
    return upload::upload_once(
        upload_settings_of(settings), [](upload::Severity severity, const std::string& line) {
            const bool is_news = severity == upload::Severity::info;
            fmt::print(is_news ? stdout : stderr, "{}{}\n", is_news ? "" : "sie-dns-sensor: ", line);
            std::fflush(is_news ? stdout : stderr);
        });
}

}  // namespace sie::tools
