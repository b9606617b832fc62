#include "capture/packet_filter.h"

#include <pcap/pcap.h>

namespace sie::capture {

struct PacketFilter::Program {
    bpf_program code{};
    bool compiled = false;
    ~Program() {
        if (compiled) pcap_freecode(&code);
    }
};

PacketFilter::PacketFilter(std::unique_ptr<Program> program) : program_(std::move(program)) {}
PacketFilter::PacketFilter(PacketFilter&&) noexcept = default;
PacketFilter& PacketFilter::operator=(PacketFilter&&) noexcept = default;
PacketFilter::~PacketFilter() = default;

Result<PacketFilter> PacketFilter::compile(const std::string& option, const std::string& expression) {
    constexpr int longest_packet = 262'144;
    const std::unique_ptr<pcap_t, void (*)(pcap_t*)> handle(pcap_open_dead(DLT_RAW, longest_packet),
                                                            pcap_close);
    if (!handle) return fail(ErrorKind::system, option, "libpcap gives no handle");
    auto program = std::make_unique<Program>();
    if (pcap_compile(handle.get(), &program->code, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
        return fail(ErrorKind::usage, option,
                    std::string("\"") + expression + "\": " + pcap_geterr(handle.get()),
                    "write it as pcap-filter(7) says; it is judged from the IP header on");
    program->compiled = true;
    return PacketFilter(std::move(program));
}

bool PacketFilter::matches(Octets ip) const {
    pcap_pkthdr header{};
    header.caplen = header.len = static_cast<bpf_u_int32>(ip.size());
    return pcap_offline_filter(&program_->code, &header, ip.data()) != 0;
}

}  // namespace sie::capture
