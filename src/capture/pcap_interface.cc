#include "capture/live_source.h"

namespace sie::capture {

Result<std::unique_ptr<LiveSource>> open_pcap_interface(const LiveOptions& options) {
    return fail(ErrorKind::usage, options.interface, "libpcap as a live source is not there yet");
}

}  // namespace sie::capture
