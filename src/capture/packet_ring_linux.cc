#include "capture/packet_ring_linux.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "capture/fanout_linux.h"
#include "capture/filter_program.h"
#include "capture/open_error.h"

namespace sie::capture {
namespace {

constexpr std::uint32_t block_octets = 256U << 10;  // holds the largest frame and its heads
constexpr unsigned retire_ms = 20;
constexpr std::uint32_t ethertype_all = 0x0003, ethertype_ipv4 = 0x0800, ethertype_ipv6 = 0x86dd;
constexpr std::size_t least_instructions = 256;  // also under the smallest net.core.optmem_max
constexpr std::uint32_t tag_octets = 4;
constexpr std::size_t address_at =
    (sizeof(tpacket3_hdr) + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT * TPACKET_ALIGNMENT;
constexpr unsigned told_after = 8;  // attempts

[[nodiscard]] bool is_tag(std::uint32_t type) { return type == 0x8100 || type == 0x88a8 || type == 0x9100; }

template <class T>
[[nodiscard]] bool set_option(int socket, int level, int name, const T& value) {
    return ::setsockopt(socket, level, name, &value, sizeof value) == 0;
}

// The kernel writes into the ring beside us: only the status of a block is looked at while it may.
[[nodiscard]] tpacket_hdr_v1& block_head(std::uint8_t* block) {
    return reinterpret_cast<tpacket_block_desc*>(static_cast<void*>(block))->hdr.bh1;
}
[[nodiscard]] std::uint32_t status_of(std::uint8_t* block) {
    return __atomic_load_n(&block_head(block).block_status, __ATOMIC_ACQUIRE);
}

[[nodiscard]] const sockaddr_ll& address_of(const std::uint8_t* frame) {
    return *reinterpret_cast<const sockaddr_ll*>(static_cast<const void*>(frame + address_at));
}

// Whether a packet of that type begins here, as far as its first octets tell.
[[nodiscard]] bool begins_ip(const Frame& frame, std::uint32_t type) {
    if (frame.octets.size() < 8) return false;
    const std::uint8_t* p = frame.octets.data();
    if (type == ethertype_ipv4) return p[0] >> 4 == 4 && load_be16(p + 2) <= frame.wire_length;
    return type == ethertype_ipv6 && p[0] >> 4 == 6 && load_be16(p + 4) + 40U <= frame.wire_length;
}

[[nodiscard]] bool give_program(int socket, int level, int name,
                                const std::vector<FilterInstruction>& program) {
    std::vector<sock_filter> code;
    code.reserve(program.size());
    for (const FilterInstruction& i : program) code.push_back({i.code, i.jump_true, i.jump_false, i.k});
    return set_option(socket, level, name, sock_fprog{static_cast<unsigned short>(code.size()), code.data()});
}

// What goes out on a device that sends everything back is seen once more when it comes in.
const std::vector<FilterInstruction> without_echoes{
    {bpf::load_word, 0, 0, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE)},
    {bpf::if_equal, 0, 3, PACKET_OUTGOING},
    {bpf::load_word, 0, 0, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_HATYPE)},
    {bpf::if_equal, 0, 1, ARPHRD_LOOPBACK},
    {bpf::give_constant, 0, 0, 0},
};
// Where a sent frame's tags stand is told differently by each kernel, once its link header is off. It was
// seen without them on the VLAN's own device.
const std::vector<FilterInstruction> without_sent_tags{
    {bpf::load_word, 0, 0, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE)},
    {bpf::if_equal, 0, 5, PACKET_OUTGOING},
    {bpf::load_word, 0, 0, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL)},
    {bpf::if_equal, 2, 0, 0x8100},
    {bpf::if_equal, 1, 0, 0x88a8},
    {bpf::if_equal, 0, 1, 0x9100},
    {bpf::give_constant, 0, 0, 0},
};

}  // namespace

Result<std::unique_ptr<LiveSource>> open_packet_ring(const LiveOptions& options) {
    auto opened = PacketRing::open(options);
    if (!opened) return fail(std::move(opened.error()));
    return std::unique_ptr<LiveSource>(std::move(*opened));
}

Result<std::unique_ptr<PacketRing>> PacketRing::open(const LiveOptions& options) {
    const std::string& name = options.interface;
    if (auto good = check_interface_name(name); !good) return fail(std::move(good.error()));
    std::unique_ptr<PacketRing> ring(new PacketRing(options));
    ring->control_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (ring->control_ < 0) return fail_errno(name, "no socket to ask about it", errno);
    const auto device = ring->look();
    if (!device) return fail(no_such_interface(name));
    if (auto attached = ring->attach(*device); !attached) {
        // Kernels before 6.13 take no socket into a group while its interface is down.
        if (device->up || !options.fanout_group || attached.error().kind != ErrorKind::system)
            return fail(std::move(attached.error()));
        ring->state_ = LinkState::down;
    }
    return ring;
}

PacketRing::~PacketRing() {
    close_socket();
    if (control_ >= 0) ::close(control_);
}

std::int64_t PacketRing::latency_ns() const {
    // The kernel looks once every retire_ms whether a block is as old as its last look.
    return std::int64_t{2 * retire_ms + 10} * 1'000'000;
}

// ---- frames

bool PacketRing::next_block() {
    for (std::uint32_t looked = 0; looked <= blocks_ && ring_ != nullptr; ++looked) {
        std::uint8_t* block = ring_ + std::size_t{block_} * block_octets;
        if (holds_block_) {
            __atomic_store_n(&block_head(block).block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
            holds_block_ = false;
            block_ = block_ + 1 == blocks_ ? 0 : block_ + 1;
            continue;
        }
        if ((status_of(block) & TP_STATUS_USER) == 0) break;
        holds_block_ = true;
        left_ = block_head(block).num_pkts;
        frame_ = block + block_head(block).offset_to_first_pkt;
        if (left_ != 0) return true;
    }
    clear_error();
    return false;
}

void PacketRing::take(Frame& out) {
    const std::uint8_t* const head = frame_;
    const auto& frame = *reinterpret_cast<const tpacket3_hdr*>(static_cast<const void*>(head));
    --left_;
    frame_ += frame.tp_next_offset;
    __builtin_prefetch(frame_);
    out.octets = {head + frame.tp_mac, frame.tp_snaplen};
    out.wire_length = frame.tp_len;
    out.time = Time::of(frame.tp_sec, frame.tp_nsec);
    out.tags_taken = (frame.tp_status & TP_STATUS_VLAN_VALID) != 0 ? 1 : 0;
    out.link = net::LinkType::ethernet;
    if (!device_.ethernet) take_off_tags(head, out);
}

// From the network header on. Tags may stand there that the kernel did not take off: it names either the
// first of them or, since 6.11, what follows the last. What is not IP has no octets then, so that nobody
// takes it for IP.
void PacketRing::take_off_tags(const std::uint8_t* head, Frame& out) const {
    out.link = net::LinkType::raw;
    std::uint32_t type = ntohs(address_of(head).sll_protocol);
    while ((is_tag(type) || !begins_ip(out, type)) && out.octets.size() >= tag_octets && out.tags_taken < 3) {
        const std::uint32_t next = load_be16(out.octets.data() + 2);
        if (!is_tag(type) && !is_tag(next) && next != type) break;
        if (is_tag(type)) type = next;
        out.octets = out.octets.subspan(tag_octets);
        out.wire_length -= tag_octets;
        ++out.tags_taken;
    }
    if (type == ethertype_ipv4 || type == ethertype_ipv6) return;
    out.octets = {};
    out.wire_length = 0;
}

// ---- attaching

std::optional<PacketRing::Device> PacketRing::look() const {
    Device device;
    if (options_.interface == "any") {
        device.loops = true;
        return device;
    }
    ifreq request{};
    std::memcpy(request.ifr_name, options_.interface.data(), options_.interface.size());
    if (::ioctl(control_, SIOCGIFINDEX, &request) != 0) return {};
    device.index = request.ifr_ifindex;
    if (::ioctl(control_, SIOCGIFFLAGS, &request) != 0) return {};
    device.up = (request.ifr_flags & IFF_UP) != 0;
    if (::ioctl(control_, SIOCGIFHWADDR, &request) != 0) return {};
    const auto type = request.ifr_hwaddr.sa_family;
    device.loops = type == ARPHRD_LOOPBACK;
    device.ethernet = type == ARPHRD_ETHER || device.loops;
    return device;
}

Result<void> PacketRing::attach(const Device& device) {
    const auto steps = [&]() -> Result<void> {
        if (socket_ < 0) {
            if (auto done = open_socket(device); !done) return done;
            if (auto done = make_ring(); !done) return done;
        }
        if (!options_.fanout_group) {
            if (auto done = attach_filter(device); !done) return done;
            return bind_to(device);
        }
        // Kernels before 6.13 take only a bound socket into a group: until it is in, it accepts nothing.
        reject_everything();
        if (auto done = bind_to(device); !done) return done;
        if (auto done = join_fanout(device); !done) return done;
        return attach_filter(device);
    };
    auto done = steps();
    if (!done) {
        // A plain socket stays: it may be bound again by whoever may not open another.
        if (options_.fanout_group || !bound_once_)
            close_socket();
        else
            reject_everything();
        bound_ = false;
        return done;
    }
    device_ = device;
    bound_ = bound_once_ = true;
    state_ = device.up ? LinkState::attached : LinkState::down;
    clear_error();
    return {};
}

Result<void> PacketRing::open_socket(const Device& device) {
    const std::string& name = options_.interface;
    // Protocol 0: nothing is received before the socket is bound to one.
    const int type = device.ethernet ? SOCK_RAW : SOCK_DGRAM;
    socket_ = ::socket(AF_PACKET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_ < 0) {
        const int error = errno;
        if (error == EPERM || error == EACCES) return fail(missing_privilege(name, std::strerror(error)));
        return fail_errno(name, "no packet socket", error);
    }
    device_ = device;
    bound_once_ = false;
    return {};
}

Result<void> PacketRing::make_ring() {
    const std::string& name = options_.interface;
    const std::string smaller = "set a smaller ring_kbytes";
    const std::size_t most = std::numeric_limits<std::uint32_t>::max() / block_octets;
    if (options_.ring_octets / block_octets > most)
        return fail(
            ErrorKind::usage, name,
            "a ring of " + std::to_string(options_.ring_octets) + " octets is larger than the kernel has any",
            smaller);
    blocks_ = static_cast<std::uint32_t>(std::max<std::size_t>(2, options_.ring_octets / block_octets));
    if (!set_option(socket_, SOL_PACKET, PACKET_VERSION, int{TPACKET_V3}))
        return fail_errno(name, "the kernel has no TPACKET_V3", errno);
    tpacket_req3 request{};
    request.tp_block_size = block_octets;
    request.tp_block_nr = blocks_;
    request.tp_frame_size = block_octets;  // of no meaning in this version, but checked
    request.tp_frame_nr = blocks_;
    request.tp_retire_blk_tov = retire_ms;
    const std::size_t octets = std::size_t{blocks_} * block_octets;
    const auto no_room = [&](int error) {
        return fail(ErrorKind::system, name,
                    "no ring of " + std::to_string(octets >> 10) + " KiB: " + std::strerror(error), smaller);
    };
    if (!set_option(socket_, SOL_PACKET, PACKET_RX_RING, request)) return no_room(errno);
    void* mapped = ::mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_SHARED, socket_, 0);
    if (mapped == MAP_FAILED) return no_room(errno);
    ring_ = static_cast<std::uint8_t*>(mapped);
    ring_octets_ = octets;
    block_ = left_ = 0;
    holds_block_ = false;
    return {};
}

Result<void> PacketRing::bind_to(const Device& device) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ethertype_all);
    address.sll_ifindex = device.index;
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail_errno(options_.interface, "the packet socket cannot be bound", errno);
    if (options_.promiscuous && device.index != 0) {
        packet_mreq request{};
        request.mr_ifindex = device.index;
        request.mr_type = PACKET_MR_PROMISC;
        // Another index is another membership; that of an interface that went is gone with it.
        if (!(bound_once_ && bound_ && device_.index == device.index) &&
            !set_option(socket_, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request))
            return fail_errno(options_.interface, "cannot be made promiscuous", errno);
    }
    return {};
}

Result<void> PacketRing::join_fanout(const Device& device) {
    const int group = *options_.fanout_group | PACKET_FANOUT_CBPF << 16;
    if (!set_option(socket_, SOL_PACKET, PACKET_FANOUT, group) ||
        !give_program(socket_, SOL_PACKET, PACKET_FANOUT_DATA, make_fanout_program(device.ethernet)))
        return fail_errno(options_.interface,
                          "cannot share frames in group " + std::to_string(*options_.fanout_group), errno);
    return {};
}

Result<void> PacketRing::attach_filter(const Device& device) {
    const FilterStart start = device.ethernet ? FilterStart::ethernet : FilterStart::linux_cooked_socket;
    // Its memory is charged to the socket, up to net.core.optmem_max: then a shorter one has to do.
    for (std::size_t most = longest_filter;; most /= 2) {
        std::vector<FilterInstruction> program;
        if (device.loops) program = without_echoes;
        if (!device.ethernet)
            program.insert(program.end(), without_sent_tags.begin(), without_sent_tags.end());
        const auto rest = options_.filter ? make_kernel_filter(*options_.filter, start, options_.snap_length,
                                                               most - program.size())
                                          : accept_everything(options_.snap_length);
        program.insert(program.end(), rest.begin(), rest.end());
        if (give_program(socket_, SOL_SOCKET, SO_ATTACH_FILTER, program)) return {};
        if (errno != ENOMEM || most <= least_instructions)
            return fail_errno(options_.interface, "the kernel does not take the filter", errno);
    }
}

Result<void> PacketRing::set_filter(std::optional<FilterRules> filter) {
    std::swap(options_.filter, filter);
    if (socket_ < 0 || !bound_once_ || stopped_) return {};  // attach() takes it
    auto done = attach_filter(device_);
    if (!done) std::swap(options_.filter, filter);
    return done;
}

void PacketRing::reject_everything() const {
    if (socket_ >= 0)
        (void)give_program(socket_, SOL_SOCKET, SO_ATTACH_FILTER, {{bpf::give_constant, 0, 0, 0}});
}

void PacketRing::stop_accepting() {
    stopped_ = true;
    reject_everything();
}

void PacketRing::close_socket() {
    count_drops();
    if (ring_ != nullptr) ::munmap(ring_, ring_octets_);
    if (socket_ >= 0) ::close(socket_);
    ring_ = nullptr;
    socket_ = -1;
    blocks_ = block_ = left_ = 0;
    holds_block_ = bound_ = bound_once_ = false;
}

// ---- what changes

std::optional<LinkChange> PacketRing::attend() {
    if (stopped_) return {};
    const std::string& name = options_.interface;
    const LinkState before = state_;
    const auto device = look();
    if (!device) {
        if (bound_) reject_everything();  // it may live on under another name
        bound_ = false;
        state_ = LinkState::absent;
        if (options_.fanout_group && is_drained()) close_socket();
        if (before == LinkState::absent) return {};
        return LinkChange{state_, name + ": the interface is gone"};
    }
    if (bound_ && device->index == device_.index && device->ethernet == device_.ethernet) {
        state_ = device->up ? LinkState::attached : LinkState::down;
        if (state_ == before) return {};
        return LinkChange{state_,
                          name + (device->up ? ": the interface is up again" : ": the interface is down")};
    }
    // A socket of a group cannot be bound again, nor one read from another header on: a new one, once what
    // the old one holds has been read.
    bound_ = false;
    if (socket_ >= 0 && (options_.fanout_group || device->ethernet != device_.ethernet)) {
        if (!is_drained()) {
            state_ = LinkState::absent;
            return {};
        }
        close_socket();
    }
    if (auto attached = attach(*device); !attached) {
        state_ = device->up ? LinkState::absent : LinkState::down;
        // Others of the group may not have left the interface that went: patience before it is told.
        ++attempts_;
        if (attempts_ != (attached.error().kind == ErrorKind::denied ? 1U : told_after)) return {};
        return LinkChange{state_, "not attached again: " + attached.error().text()};
    }
    attempts_ = 0;
    return LinkChange{state_,
                      name + (device->up ? ": attached again" : ": attached again; the interface is down")};
}

// Of an interface that went: the kernel writes no more, and what a block that it still has holds is counted
// in its head.
bool PacketRing::is_drained() const {
    if (ring_ == nullptr) return true;
    if (left_ != 0) return false;
    const std::uint32_t next = !holds_block_ ? block_ : block_ + 1 == blocks_ ? 0 : block_ + 1;
    std::uint8_t* block = ring_ + std::size_t{next} * block_octets;
    return (status_of(block) & TP_STATUS_USER) == 0 &&
           __atomic_load_n(&block_head(block).num_pkts, __ATOMIC_RELAXED) == 0;
}

// Reading resets the kernel's count.
void PacketRing::count_drops() {
    tpacket_stats_v3 statistics{};
    socklen_t size = sizeof statistics;
    if (socket_ >= 0 && ::getsockopt(socket_, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0)
        drops_ += statistics.tp_drops;
}

std::uint64_t PacketRing::take_kernel_drops() {
    count_drops();
    return std::exchange(drops_, 0);
}

// An interface that goes down leaves ENETDOWN, with which poll() would return again and again.
void PacketRing::clear_error() const {
    int error = 0;
    socklen_t size = sizeof error;
    if (socket_ >= 0) (void)::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
}

}  // namespace sie::capture
