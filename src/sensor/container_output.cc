#include "sensor/container_output.h"

namespace sie::sensor {

Result<void> DiscardOutput::write(Octets container, Time) {
    ++counts_.containers;
    counts_.octets += container.size();
    return {};
}

Result<void> SpoolOutput::write(Octets container, Time file_stamp) {
    if (file_.is_open() && file_stamp != stamp_)
        if (auto closed = close(); !closed) return closed;
    if (!file_.is_open()) {
        if (auto opened = file_.open(file_stamp); !opened) return opened;
        stamp_ = file_stamp;
    }
    return file_.write(container);
}

Result<void> SpoolOutput::close() {
    if (!file_.is_open()) return {};
    if (auto closed = file_.close(); !closed) return fail(closed.error());
    return {};
}

}  // namespace sie::sensor
