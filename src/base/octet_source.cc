#include "base/octet_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/stream_decoder.h"

namespace sie {
namespace {

constexpr std::size_t input_octets = std::size_t{256} << 10;
constexpr std::size_t least_buffer_octets = 64;

}  // namespace

struct OctetSource::State {
    State(int open_fd, std::string input_name, std::size_t buffer_octets, const std::atomic<bool>* stop_flag)
        : fd(open_fd),
          name(std::move(input_name)),
          stop(stop_flag),
          capacity(std::max(buffer_octets, least_buffer_octets)),
          buffer(std::make_unique_for_overwrite<std::uint8_t[]>(capacity)) {}
    ~State() { ::close(fd); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    // Both give the number of octets put into `room`, 0 at the end and after a failure.
    std::size_t read_file(MutableOctets room);
    std::size_t unpack(MutableOctets room);

    // More octets of the stream; sets `ended` when there are none.
    std::size_t more(MutableOctets room) {
        const std::size_t got = decoder ? unpack(room) : read_file(room);
        if (!decoder && got == 0) ended = true;
        delivered += got;
        return got;
    }

    void fail_at(std::uint64_t offset, ErrorKind kind, std::string why) {
        error = Error{kind, name, offset, std::move(why), {}};
    }

    const int fd;
    const std::string name;
    const std::atomic<bool>* const stop;
    std::size_t capacity;
    std::unique_ptr<std::uint8_t[]> buffer;
    std::uint64_t delivered = 0;  // octets of the uncompressed stream that were put into the buffer
    bool ended = false;
    std::optional<Error> error;

    std::uint64_t consumed = 0;
    std::optional<std::uint64_t> size;

    // Compressed input only.
    std::unique_ptr<StreamDecoder> decoder;
    std::unique_ptr<std::uint8_t[]> input;
    Octets unread;  // of `input`
    bool input_ended = false;
    bool decoder_holds_output = false;
};

std::size_t OctetSource::State::read_file(MutableOctets room) {
    for (;;) {
        const ssize_t got = ::read(fd, room.data(), room.size());
        if (got >= 0) {
            consumed += static_cast<std::size_t>(got);
            return static_cast<std::size_t>(got);
        }
        const int number = errno;
        if (number == EINTR) {
            if (stop != nullptr && *stop) return 0;
            continue;
        }
        if (number == EAGAIN) {  // standard input may be shared with who made it so
            pollfd ready{fd, POLLIN, 0};
            ::poll(&ready, 1, -1);
            continue;
        }
        fail_at(delivered, ErrorKind::system, "cannot read: " + std::generic_category().message(number));
        return 0;
    }
}

std::size_t OctetSource::State::unpack(MutableOctets room) {
    while (!ended) {
        if (unread.empty() && !input_ended && !decoder_holds_output) {
            unread = {input.get(), read_file({input.get(), input_octets})};
            input_ended = unread.empty();
            if (error) break;  // what the decoder still held was delivered already
        }
        StreamDecoder::Step step = decoder->decode(unread, input_ended, room);
        unread = unread.subspan(step.consumed);
        decoder_holds_output = step.produced == room.size();
        if (step.state != StreamDecoder::State::more) ended = true;
        if (step.state == StreamDecoder::State::damage) {
            fail_at(delivered + step.produced, ErrorKind::damaged, std::move(step.why));
        }
        if (step.produced != 0) return step.produced;
    }
    ended = true;
    return 0;
}

Result<OctetSource> OctetSource::open(const std::string& path, std::size_t buffer_octets,
                                      const std::atomic<bool>* stop) {
    const bool standard_input = path == "-";
    // A copy of the descriptor, so that closing it leaves standard input open.
    const int fd = standard_input ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                  : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    std::string name = standard_input ? "standard input" : path;
    if (fd < 0) return fail_errno(std::move(name), "cannot open", errno);
    return adopt(fd, std::move(name), buffer_octets, stop);
}

Result<OctetSource> OctetSource::adopt(int fd, std::string name, std::size_t buffer_octets,
                                       const std::atomic<bool>* stop) {
    auto state = std::make_unique<State>(fd, std::move(name), buffer_octets, stop);
    struct stat status {};
    if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        state->size = static_cast<std::uint64_t>(status.st_size);

    const std::size_t room = std::min(state->capacity, input_octets);
    std::size_t held = 0;
    while (held < StreamDecoder::longest_magic && !state->ended)
        held += state->more({state->buffer.get() + held, room - held});
    if (state->error) {
        state->error->offset.reset();
        return fail(std::move(*state->error));
    }
    state->decoder = StreamDecoder::for_stream({state->buffer.get(), held});
    if (state->decoder) {
        state->input = std::make_unique_for_overwrite<std::uint8_t[]>(input_octets);
        std::memcpy(state->input.get(), state->buffer.get(), held);
        state->unread = {state->input.get(), held};
        state->input_ended = std::exchange(state->ended, false);
        state->delivered = held = 0;
    }
    OctetSource source(std::move(state));
    source.end_ += held;
    return source;
}

OctetSource::OctetSource(std::unique_ptr<State> state)
    : state_(std::move(state)), begin_(state_->buffer.get()), end_(begin_) {}

OctetSource::OctetSource(OctetSource&& other) noexcept
    : state_(std::move(other.state_)),
      begin_(std::exchange(other.begin_, nullptr)),
      end_(std::exchange(other.end_, nullptr)) {}

OctetSource& OctetSource::operator=(OctetSource&& other) noexcept {
    state_ = std::move(other.state_);
    begin_ = std::exchange(other.begin_, nullptr);
    end_ = std::exchange(other.end_, nullptr);
    return *this;
}

OctetSource::~OctetSource() = default;

Octets OctetSource::refill(std::size_t n) {
    assert(n <= largest_window);
    State& s = *state_;
    if (s.ended) return {begin_, end_};

    std::size_t held = at_hand();
    const std::size_t passed = static_cast<std::size_t>(begin_ - s.buffer.get());
    std::uint8_t* begin = s.buffer.get() + passed;
    if (n > s.capacity) {
        const std::size_t capacity = std::max(n, std::min(2 * s.capacity, largest_window));
        auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
        std::memcpy(larger.get(), begin, held);
        s.buffer = std::move(larger);
        s.capacity = capacity;
        begin = s.buffer.get();
    } else if (held == 0 || n > s.capacity - passed) {
        std::memmove(s.buffer.get(), begin, held);
        begin = s.buffer.get();
    }
    const std::size_t room = s.capacity - static_cast<std::size_t>(begin - s.buffer.get());
    while (held < n && !s.ended) held += s.more({begin + held, room - held});
    begin_ = begin;
    end_ = begin + held;
    return {begin_, end_};
}

std::uint64_t OctetSource::offset() const { return state_->delivered - at_hand(); }
const std::optional<Error>& OctetSource::error() const { return state_->error; }
const std::string& OctetSource::name() const { return state_->name; }
bool OctetSource::compressed() const { return state_->decoder != nullptr; }
std::uint64_t OctetSource::consumed() const { return state_->consumed; }
std::optional<std::uint64_t> OctetSource::size() const { return state_->size; }

}  // namespace sie
