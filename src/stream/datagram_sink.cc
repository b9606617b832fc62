#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <random>

#include "nmsg/container.h"
#include "stream/envelope.h"
#include "stream/sink.h"

namespace sie::stream {

namespace {

constexpr int send_buffer_octets = 32 << 10;

std::uint64_t random_id() {
    std::random_device random;
    return std::uint64_t{random()} << 32 | random();
}

class DatagramSink final : public Sink {
  public:
    DatagramSink(int fd, std::string name, std::shared_ptr<SendPacer> pacer, const SinkOptions& options)
        : fd_(fd),
          name_(std::move(name)),
          pacer_(std::move(pacer)),
          style_(options.style),
          unbuffered_(options.unbuffered),
          capacity_(options.datagram_container),
          builder_(capacity_, true),
          compressor_(options.compression) {}
    ~DatagramSink() override {
        if (fd_ >= 0) ::close(fd_);
    }
    DatagramSink(const DatagramSink&) = delete;
    DatagramSink& operator=(const DatagramSink&) = delete;

    Result<void> put(const nmsg::Payload& payload) override {
        const nmsg::Payload written = with_envelope(payload, style_);
        if (!builder_.fits(nmsg::encoded_size(written)))
            if (auto sent = flush(); !sent) return sent;
        builder_.add(written);
        return unbuffered_ || builder_.oversized() ? flush() : Result<void>{};
    }
    Result<void> tick() override {
        return builder_.empty() || ++waited_ < ticks_to_flush ? Result<void>{} : flush();
    }
    Result<void> close() override {
        auto sent = flush();
        ::close(std::exchange(fd_, -1));
        return sent;
    }
    void report(const std::function<void(const std::string&)>& line) const override {
        if (lost_ != 0)
            line(fmt::format("{}: {} datagrams could not be sent ({}), of them {} payloads are lost", name_,
                             lost_, std::generic_category().message(lost_why_), lost_payloads_));
    }

  private:
    Result<void> flush() {
        waited_ = 0;
        if (builder_.empty()) return {};
        const std::size_t payloads = builder_.payload_count();
        const bool oversized = builder_.oversized();
        const Octets body = builder_.finish(nmsg::Sequence{number_++, id_});
        Result<void> result;
        bool whole = true;
        nmsg::frame_datagrams(body, oversized, capacity_, compressor_, oversized ? std::random_device{}() : 0,
                              [&](Octets datagram) {
                                  if (!result) return;
                                  if (pacer_) pacer_->wait();
                                  whole = send(datagram, result) && whole;
                              });
        if (!whole) lost_payloads_ += payloads;
        builder_.reset();
        return result;
    }
    // False: it was not sent; `result` tells whether that is the end.
    bool send(Octets datagram, Result<void>& result) {
        bool refused = false;
        for (;;) {
            if (::send(fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL) >= 0) return true;
            switch (errno) {
                case EINTR: continue;
                case EAGAIN: {
                    pollfd room{fd_, POLLOUT, 0};
                    ::poll(&room, 1, -1);
                    continue;
                }
                // The answer to an earlier datagram: that nobody listened. This one has not been tried yet.
                case ECONNREFUSED:
                    if (!refused) {
                        refused = true;
                        ++lost_;
                        lost_why_ = ECONNREFUSED;
                        continue;
                    }
                    return false;
                case ENOBUFS:
                case ENETUNREACH:
                case EHOSTUNREACH:
                case ENETDOWN:
                case EPERM:  // a packet filter's refusal
                    ++lost_;
                    lost_why_ = errno;
                    return false;
                default: {
                    const int number = errno;
                    auto error = fail_errno(name_, "cannot send", number);
                    if (number == EMSGSIZE)
                        error.value().remedy = fmt::format(
                            "{} octets are too many for a datagram; give a smaller -m", datagram.size());
                    result = error;
                    return false;
                }
            }
        }
    }

    int fd_;
    const std::string name_;
    const std::shared_ptr<SendPacer> pacer_;
    const text::EnvelopeStyle style_;
    const bool unbuffered_;
    const std::size_t capacity_;
    nmsg::ContainerBuilder builder_;
    nmsg::Compressor compressor_;
    const std::uint64_t id_ = random_id();
    std::uint32_t number_ = 0;
    int waited_ = 0, lost_why_ = 0;
    std::uint64_t lost_ = 0, lost_payloads_ = 0;
};

}  // namespace

Result<std::unique_ptr<Sink>> open_datagram_sink(const Endpoint& to, std::shared_ptr<SendPacer> pacer,
                                                 const SinkOptions& options) {
    sockaddr_storage address{};
    const socklen_t size = to_socket_address(to, address);
    const int fd = ::socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const std::string name = "-s " + to_text(to);
    if (fd < 0) return fail_errno(name, "cannot make a socket", errno);
    auto sink = std::make_unique<DatagramSink>(fd, name, std::move(pacer), options);
    const int on = 1, room = send_buffer_octets;
    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0)
        return fail_errno(name, "cannot be reached", errno);
    return sink;
}

}  // namespace sie::stream
