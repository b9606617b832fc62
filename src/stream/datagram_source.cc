#include "stream/datagram_source.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/siphash.h"
#include "nmsg/container.h"
#include "nmsg/container_reader.h"
#include "stream/clock.h"
#include "stream/sequence_gaps.h"

namespace sie::stream {

namespace {

constexpr int receive_buffer_octets = 16 << 20;
constexpr std::size_t largest_datagram = 65'535;
constexpr unsigned batch = 32;
constexpr int wait_ms = 100;

// What recvmmsg() fills, laid out once.
class Batch {
  public:
    Batch() : room_(std::make_unique_for_overwrite<std::uint8_t[]>(batch * largest_datagram)) {
        for (unsigned i = 0; i < batch; ++i) {
            parts_[i] = {room_.get() + i * largest_datagram, largest_datagram};
            messages_[i].msg_hdr.msg_iov = &parts_[i];
            messages_[i].msg_hdr.msg_iovlen = 1;
            messages_[i].msg_hdr.msg_name = &senders_[i];
            messages_[i].msg_hdr.msg_control = controls_[i].octets;
        }
    }
    // Datagrams that are there already; 0 if there are none.
    unsigned receive(int fd) {
        for (mmsghdr& message : messages_) {
            message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
            message.msg_hdr.msg_controllen = sizeof(Control::octets);
        }
        const int got = ::recvmmsg(fd, messages_, batch, MSG_DONTWAIT, nullptr);
        return got > 0 ? static_cast<unsigned>(got) : 0;
    }
    [[nodiscard]] Octets octets(unsigned i) const {
        return {room_.get() + i * largest_datagram, messages_[i].msg_len};
    }
    [[nodiscard]] const sockaddr_storage& sender(unsigned i) const { return senders_[i]; }
    // The socket's own count of datagrams dropped so far, if this one carries it.
    [[nodiscard]] std::optional<std::uint32_t> dropped(unsigned i) {
#ifdef SO_RXQ_OVFL
        msghdr& header = messages_[i].msg_hdr;
        for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c))
            if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
                std::uint32_t count = 0;
                std::memcpy(&count, CMSG_DATA(c), sizeof count);
                return count;
            }
#else
        static_cast<void>(i);
#endif
        return std::nullopt;
    }

  private:
    struct Control {
        alignas(cmsghdr) std::uint8_t octets[CMSG_SPACE(sizeof(std::uint32_t))];
    };
    std::unique_ptr<std::uint8_t[]> room_;
    iovec parts_[batch];
    mmsghdr messages_[batch]{};
    sockaddr_storage senders_[batch]{};
    Control controls_[batch]{};
};

class DatagramSource final : public Source {
  public:
    explicit DatagramSource(const std::atomic<bool>* stop) : stop_(stop) {}
    ~DatagramSource() override {
        for (const pollfd& socket : sockets_) ::close(socket.fd);
    }
    DatagramSource(const DatagramSource&) = delete;
    DatagramSource& operator=(const DatagramSource&) = delete;

    Result<void> bind(const Endpoint& endpoint) {
        sockaddr_storage address{};
        const socklen_t size = to_socket_address(endpoint, address);
        const std::string name = "-l " + to_text(endpoint);
        const int fd = ::socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0) return fail_errno(name, "cannot make a socket", errno);
        sockets_.push_back({fd, POLLIN, 0});
        dropped_.push_back(0);
        const int on = 1, room = receive_buffer_octets;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
#ifdef SO_RCVBUFFORCE
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);  // root only
#endif
#ifdef SO_RXQ_OVFL
        setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
#endif
        if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0)
            return fail_errno(name, "cannot be listened on", errno);
        return {};
    }

    bool next(nmsg::Payload& out) override {
        for (;;) {
            if (open_ && containers_.next(out)) return true;
            open_ = false;
            if (taken_ < got_) {
                take(taken_++);
                continue;
            }
            if (stopped_ || !receive()) {
                containers_.give_up();
                count_last_drops();
                return false;
            }
        }
    }
    void stop() override { stopped_ = true; }
    const std::optional<Error>& error() const override { return error_; }
    const OctetSource* octets() const override { return nullptr; }
    Dropped dropped() const override {
        return {containers_.counts().crc_failures, containers_.counts().malformed_payloads,
                counts_.kernel_dropped};
    }
    void report(const std::function<void(const std::string&)>& line) const override {
        const auto tell = [&](std::uint64_t count, const char* what) {
            if (count != 0) line(fmt::format("-l: {} {}", count, what));
        };
        tell(counts_.malformed, "datagrams dropped that are no NMSG container");
        tell(counts_.kernel_dropped,
             "datagrams lost by the kernel: a larger net.core.rmem_max gives more room");
        tell(counts_.missing, "containers missing by the senders' numbers");
        tell(containers_.counts().crc_failures, "payloads dropped for a wrong CRC");
        tell(containers_.counts().malformed_payloads, "malformed payloads dropped");
        tell(containers_.counts().fragments_incomplete,
             "fragments dropped, the rest of their containers is missing");
        tell(containers_.counts().fragments_rejected, "contradictory fragments dropped");
    }
    void statistics(const std::function<void(const std::string&)>& line) const override {
        line(fmt::format("-l: {} datagrams, {} octets, {} containers, {} fragments, {} payloads, {} missing",
                         counts_.datagrams, counts_.octets, containers_.counts().containers,
                         containers_.counts().fragments, containers_.counts().payloads, counts_.missing));
    }

  private:
    // Waits for the next batch of one socket, each in turn; false once it is over.
    bool receive() {
        for (;;) {
            for (std::size_t i = 0; i < sockets_.size(); ++i) {
                turn_ = (turn_ + 1) % sockets_.size();
                got_ = batch_.receive(sockets_[turn_].fd);
                taken_ = 0;
                if (got_ != 0) {
                    now_ = clock_now();
                    return true;
                }
            }
            if (stop_ != nullptr && stop_->load(std::memory_order_relaxed)) return false;
            if (stopped_) return false;
            if (::poll(sockets_.data(), sockets_.size(), wait_ms) < 0 && errno != EINTR) {
                error_ = fail_errno("-l", "cannot wait for datagrams", errno).value();
                return false;
            }
        }
    }
    void take(unsigned i) {
        const Octets datagram = batch_.octets(i);
        ++counts_.datagrams;
        counts_.octets += datagram.size();
        if (const auto dropped = batch_.dropped(i)) count_drops(turn_, *dropped);
        // N4: one container, whole; N3: version 2 only.
        constexpr std::uint8_t version = 2;
        if (datagram.size() < nmsg::header_octets || as_text(datagram.first(4)) != "NMSG" ||
            datagram[5] != version ||
            load_be32(datagram.data() + 6) != datagram.size() - nmsg::header_octets) {
            ++counts_.malformed;
            return;
        }
        using Outcome = nmsg::ContainerReader::Outcome;
        switch (containers_.open(datagram[4], datagram.subspan(nmsg::header_octets), {sender(i, 0), now_})) {
            case Outcome::opened: break;
            case Outcome::incomplete: return;
            default: ++counts_.malformed; return;
        }
        open_ = true;
        const nmsg::BodyWalk& body = containers_.body();
        if (body.sequence() && body.sequence_id())
            counts_.missing += gaps_.take(sender(i, *body.sequence_id()), *body.sequence(), now_);
    }
    void count_drops(std::size_t socket, std::uint32_t dropped) {
        counts_.kernel_dropped += dropped - dropped_[socket];  // modulo 2^32, as it counts
        dropped_[socket] = dropped;
    }
    // A datagram carries what was dropped ahead of it: of what was dropped behind the last one only the
    // socket itself knows.
    void count_last_drops() {
#ifdef SO_MEMINFO
        constexpr std::size_t drops = 8, words = 9;  // SK_MEMINFO_DROPS, SK_MEMINFO_VARS: kept by the ABI
        for (std::size_t i = 0; i < sockets_.size(); ++i) {
            std::array<std::uint32_t, words> info{};
            socklen_t size = sizeof info;
            if (::getsockopt(sockets_[i].fd, SOL_SOCKET, SO_MEMINFO, info.data(), &size) == 0 &&
                size == sizeof info)
                count_drops(i, info[drops]);
        }
#endif
    }
    std::uint64_t sender(unsigned i, std::uint64_t sequence_id) const {
        const sockaddr_storage& from = batch_.sender(i);
        SipHash hash(key_);
        hash.word(sequence_id);
        if (from.ss_family == AF_INET) {
            sockaddr_in v4{};
            std::memcpy(&v4, &from, sizeof v4);
            hash.word(std::uint64_t{v4.sin_addr.s_addr} << 16 | v4.sin_port);
        } else {
            sockaddr_in6 v6{};
            std::memcpy(&v6, &from, sizeof v6);
            hash.octets({v6.sin6_addr.s6_addr, sizeof v6.sin6_addr.s6_addr});
            hash.word(v6.sin6_port);
        }
        return hash.finish();
    }

    const std::atomic<bool>* const stop_;
    const HashKey key_ = HashKey::random();
    std::vector<pollfd> sockets_;
    std::vector<std::uint32_t> dropped_;  // as each socket counted it last
    Batch batch_;
    std::size_t turn_ = 0;
    unsigned got_ = 0, taken_ = 0;
    Time now_;
    bool open_ = false, stopped_ = false;
    nmsg::ContainerReader containers_{nmsg::ReadLimits{}};
    SequenceGaps gaps_;
    DatagramCounts counts_;
    std::optional<Error> error_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_datagrams(const std::vector<Endpoint>& endpoints,
                                               const std::atomic<bool>* stop) {
    auto source = std::make_unique<DatagramSource>(stop);
    for (const Endpoint& endpoint : endpoints)
        if (auto bound = source->bind(endpoint); !bound) return fail(std::move(bound.error()));
    return source;
}

}  // namespace sie::stream
