#include "capture/live_source.h"

namespace sie::capture {

Result<std::unique_ptr<LiveSource>> open_live_source(const LiveOptions& options, bool by_libpcap) {
#ifdef SIE_PORTABLE
    (void)by_libpcap;
    return open_pcap_interface(options);
#else
    return by_libpcap ? open_pcap_interface(options) : open_packet_ring(options);
#endif
}

}  // namespace sie::capture
