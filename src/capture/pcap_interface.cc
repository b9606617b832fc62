#include "capture/pcap_interface.h"

#include <fcntl.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "capture/open_error.h"

namespace sie::capture {
namespace {

constexpr int timeout_ms = 20;  // until a buffer that is not full is given to us
constexpr std::size_t least_instructions = 256;

[[nodiscard]] FilterStart start_of(net::LinkType link) {
    switch (link) {
        case net::LinkType::ethernet: return FilterStart::ethernet;
        case net::LinkType::linux_sll: return FilterStart::linux_sll;
        case net::LinkType::linux_sll2: return FilterStart::linux_sll2;
        case net::LinkType::bsd_null:
        case net::LinkType::bsd_loop: return FilterStart::bsd_loopback;
        case net::LinkType::raw:
        case net::LinkType::ipv4:
        case net::LinkType::ipv6: break;
    }
    return FilterStart::raw;
}

}  // namespace

Result<std::unique_ptr<LiveSource>> open_pcap_interface(const LiveOptions& options) {
    auto opened = PcapInterface::open(options);
    if (!opened) return fail(std::move(opened.error()));
    return std::unique_ptr<LiveSource>(std::move(*opened));
}

Result<std::unique_ptr<PcapInterface>> PcapInterface::open(const LiveOptions& options) {
    const std::string& name = options.interface;
    if (auto good = check_interface_name(name); !good) return fail(std::move(good.error()));
    if (options.fanout_group)
        return fail(ErrorKind::usage, name, "libpcap cannot share an interface's frames among workers",
                    "use one worker");
    std::unique_ptr<PcapInterface> source(new PcapInterface(options));
    source->control_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    if (source->control_ < 0 || ::fcntl(source->control_, F_SETFD, FD_CLOEXEC) != 0)
        return fail_errno(name, "no socket to ask about it", errno);
    const auto device = source->look();
    if (!device) return fail(no_such_interface(name));
    if (auto attached = source->attach(*device); !attached) return fail(std::move(attached.error()));
    return source;
}

PcapInterface::~PcapInterface() {
    if (control_ >= 0) ::close(control_);
}

void PcapInterface::Closed::operator()(pcap* handle) const { pcap_close(handle); }

std::optional<PcapInterface::Device> PcapInterface::look() const {
    Device device;
    if (options_.interface == "any") return device;
    device.index = ::if_nametoindex(options_.interface.c_str());
    ifreq request{};
    std::memcpy(request.ifr_name, options_.interface.data(), options_.interface.size());
    if (device.index == 0 || ::ioctl(control_, SIOCGIFFLAGS, &request) != 0) return {};
    device.up = (request.ifr_flags & IFF_UP) != 0;
    return device;
}

// Not of an interface that is down: libpcap would not take it.
Result<void> PcapInterface::attach(const Device& device) {
    const std::string& name = options_.interface;
    device_ = device;
    state_ = LinkState::down;
    if (!device.up) return {};
    state_ = LinkState::absent;
    std::array<char, PCAP_ERRBUF_SIZE> reason{};
    Handle handle(pcap_create(name.c_str(), reason.data()));
    if (!handle) return fail(ErrorKind::system, name, reason.data());
    pcap* const p = handle.get();
    constexpr std::size_t most = std::numeric_limits<int>::max();
    bool taken = pcap_set_snaplen(p, static_cast<int>(options_.snap_length)) == 0;
    taken = taken && pcap_set_promisc(p, options_.promiscuous ? 1 : 0) == 0;
    taken = taken && pcap_set_timeout(p, timeout_ms) == 0;
    taken = taken && pcap_set_buffer_size(p, static_cast<int>(std::min(options_.ring_octets, most))) == 0;
    if (!taken) return fail(ErrorKind::system, name, "libpcap refuses a setting");
    (void)pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);  // else microseconds
    if (const int status = pcap_activate(p); status < 0) {
        const std::string why = pcap_geterr(p)[0] != '\0' ? pcap_geterr(p) : pcap_statustostr(status);
        switch (status) {
            case PCAP_ERROR_NO_SUCH_DEVICE: return fail(no_such_interface(name));
            case PCAP_ERROR_PERM_DENIED:
            case PCAP_ERROR_PROMISC_PERM_DENIED: return fail(missing_privilege(name, why));
            case PCAP_ERROR_IFACE_NOT_UP: state_ = LinkState::down; return {};
            default:
                return fail(ErrorKind::system, name, why,
                            "a smaller ring_kbytes may help if memory is short");
        }
    }
    const auto link = net::link_type_of(static_cast<std::uint32_t>(pcap_datalink(p)));
    if (!link)
        return fail(ErrorKind::system, name,
                    "frames of link type " + std::to_string(pcap_datalink(p)) + " are not known");
    if (auto done = attach_filter(p, *link); !done) return done;
    if (pcap_setnonblock(p, 1, reason.data()) != 0) return fail(ErrorKind::system, name, reason.data());
    if (pcap_get_selectable_fd(p) < 0)
        return fail(ErrorKind::system, name, "libpcap cannot wait for its frames");
    link_ = *link;
    unit_ns_ = pcap_get_tstamp_precision(p) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
    handle_ = std::move(handle);
    given_ = 0;
    drops_seen_ = 0;
    broken_ = false;
    state_ = LinkState::attached;
    return {};
}

Result<void> PcapInterface::set_filter(std::optional<FilterRules> filter) {
    std::swap(options_.filter, filter);
    if (!handle_) return {};  // attach() takes it
    auto done = attach_filter(handle_.get(), link_);
    if (!done) std::swap(options_.filter, filter);
    return done;
}

Result<void> PcapInterface::attach_filter(pcap* handle, net::LinkType link) const {
    if (!options_.filter) return {};
    // Systems differ in the longest program that they take.
    for (std::size_t most = longest_filter;; most /= 2) {
        const auto made = make_kernel_filter(*options_.filter, start_of(link), options_.snap_length, most);
        std::vector<bpf_insn> code;
        code.reserve(made.size());
        for (const FilterInstruction& i : made) code.push_back({i.code, i.jump_true, i.jump_false, i.k});
        bpf_program program{static_cast<u_int>(code.size()), code.data()};
        if (pcap_setfilter(handle, &program) == 0) return {};
        if (most <= least_instructions)
            return fail(ErrorKind::system, options_.interface,
                        std::string("no filter: ") + pcap_geterr(handle));
    }
}

bool PcapInterface::next(Frame& out) {
    if (!handle_ || broken_ || frames_left_ == 0U) return false;
    pcap_pkthdr* header = nullptr;
    const u_char* octets = nullptr;
    const int got = pcap_next_ex(handle_.get(), &header, &octets);
    if (got != 1) {
        broken_ = got < 0;
        return false;
    }
    ++given_;
    if (frames_left_) --*frames_left_;
    out.octets = {octets, header->caplen};
    out.wire_length = header->len;
    out.link = link_;
    out.time = Time::of(header->ts.tv_sec, static_cast<std::uint32_t>(header->ts.tv_usec) * unit_ns_);
    out.tags_taken = 0;
    return true;
}

int PcapInterface::fd() const {
    return handle_ && !broken_ && state_ == LinkState::attached ? pcap_get_selectable_fd(handle_.get()) : -1;
}

std::int64_t PcapInterface::latency_ns() const { return std::int64_t{2 * timeout_ms + 10} * 1'000'000; }

void PcapInterface::count_drops() {
    pcap_stat statistics{};
    if (!handle_ || frames_left_ || pcap_stats(handle_.get(), &statistics) != 0) return;
    drops_ += statistics.ps_drop - drops_seen_;  // modulo 2^32
    drops_seen_ = statistics.ps_drop;
}

std::uint64_t PcapInterface::take_kernel_drops() {
    count_drops();
    return std::exchange(drops_, 0);
}

void PcapInterface::stop_accepting() {
    if (frames_left_) return;
    count_drops();
    pcap_stat statistics{};
    std::uint64_t accepted = given_;
    if (handle_ && pcap_stats(handle_.get(), &statistics) == 0) {
        drops_ += statistics.ps_drop - drops_seen_;
        // libpcap counts 32 bits.
        accepted +=
            (statistics.ps_recv - statistics.ps_drop - static_cast<std::uint32_t>(given_)) & 0xffffffff;
    }
    frames_left_ = accepted - given_;
}

void PcapInterface::close() {
    count_drops();
    handle_.reset();
}

std::optional<LinkChange> PcapInterface::attend() {
    if (frames_left_) return {};
    const std::string& name = options_.interface;
    const LinkState before = state_;
    const auto device = look();
    if (!device) {
        close();
        state_ = LinkState::absent;
        if (before == LinkState::absent) return {};
        return LinkChange{state_, name + ": the interface is gone"};
    }
    if (handle_ && !broken_ && device->index == device_.index) {
        state_ = device->up ? LinkState::attached : LinkState::down;
        if (state_ == before) return {};
        return LinkChange{state_,
                          name + (device->up ? ": the interface is up again" : ": the interface is down")};
    }
    close();
    if (auto attached = attach(*device); !attached) {
        if (std::exchange(told_, true)) return {};
        return LinkChange{state_, "not attached again: " + attached.error().text()};
    }
    told_ = false;
    if (state_ == LinkState::down) {
        if (before == LinkState::down) return {};
        return LinkChange{state_, name + ": the interface is down"};
    }
    return LinkChange{state_, name + ": attached again"};
}

}  // namespace sie::capture
