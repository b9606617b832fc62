#include "spool/whole_containers.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <vector>

#include "base/octets.h"
#include "base/stream_decoder.h"
#include "nmsg/container.h"
#include "nmsg/container_reader.h"
#include "spool/durable.h"

namespace sie::spool {
namespace {

constexpr std::size_t chunk_octets = std::size_t{256} << 10;
constexpr std::size_t least_header = 8;  // version 1 (N3)
constexpr std::string_view magic = "NMSG";
constexpr std::uint32_t zstd_magic = 0xfd2fb528;
// No sensor's output shrinks so far: a frame that claims it is made to keep us busy.
constexpr std::uint64_t most_expansion = 1000;

// Takes octets in pieces of any size and tells where the last whole container among them ended.
class ContainerRow {
  public:
    ContainerRow() { held_.reserve(limits_.container_octets + nmsg::header_octets); }
    // False as soon as one is not whole; nothing behind that counts.
    [[nodiscard]] bool push(Octets octets) {
        while (!octets.empty()) {
            const std::size_t wanted = length_of_next() - held_.size();
            const std::size_t taken = std::min(wanted, octets.size());
            held_.insert(held_.end(), octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(taken));
            octets = octets.subspan(taken);
            if (taken < wanted) break;
            if (!take()) return false;
        }
        return true;
    }
    [[nodiscard]] std::uint64_t whole() const { return whole_; }
    [[nodiscard]] std::uint64_t containers_whole() const { return containers_whole_; }
    // Nothing was begun that is not whole yet.
    [[nodiscard]] bool even() const { return whole_ == passed_ && held_.empty(); }
    // After push() said false: it begins with no header of a container that we know,
    [[nodiscard]] bool foreign() const { return foreign_; }
    // or the container that is not whole ended here.
    [[nodiscard]] std::uint64_t passed() const { return passed_; }

  private:
    [[nodiscard]] bool version_1() const { return load_be16(held_.data() + 4) == 1; }
    [[nodiscard]] std::size_t header_octets() const {
        return version_1() ? least_header : nmsg::header_octets;
    }
    // How much must be held before the next step.
    [[nodiscard]] std::size_t length_of_next() const {
        if (held_.size() < least_header) return least_header;
        if (held_.size() < header_octets()) return header_octets();
        return header_octets() + body_octets();
    }
    [[nodiscard]] std::size_t body_octets() const {
        return version_1() ? load_be16(held_.data() + 6) : load_be32(held_.data() + 6);
    }
    // The step: judges a header, or a container when its body is there.
    [[nodiscard]] bool take() {
        const bool known = as_text(Octets(held_).first(magic.size())) == magic &&
                           (version_1() || held_[5] == 2) &&
                           (held_.size() < header_octets() || body_octets() <= limits_.container_octets);
        if (!known) {
            foreign_ = passed_ == 0;
            return false;
        }
        if (held_.size() < header_octets() || held_.size() < header_octets() + body_octets()) return true;
        return take_container();
    }
    [[nodiscard]] bool take_container() {
        using Outcome = nmsg::ContainerReader::Outcome;
        const std::uint8_t flags = version_1() ? std::uint8_t{0} : held_[4];
        const Octets body = Octets(held_).subspan(header_octets());
        const bool is_fragment = (flags & nmsg::flag_fragment) != 0;
        const auto fragment = is_fragment ? nmsg::decode_fragment(body) : std::nullopt;
        const Outcome outcome = containers_in_.open(flags, body);
        passed_ += held_.size();
        if (outcome == Outcome::incomplete) {
            ++fragments_waiting_;
            held_.clear();
            return sound_so_far();
        }
        if (outcome != Outcome::opened) return false;
        nmsg::Payload payload;
        while (containers_in_.next(payload)) {}
        held_.clear();
        if (!sound_so_far()) return false;
        // A length that was damaged can end the container in front of its first payload, behind its zlib
        // stream, or between two CRCs.
        if (containers_in_.payloads_taken() == 0 || containers_in_.trailing_octets() != 0 ||
            containers_in_.payloads_without_crc() != 0)
            return false;
        ++containers_;
        if (fragment) fragments_waiting_ -= std::min<std::uint64_t>(fragments_waiting_, fragment->last);
        if (fragments_waiting_ == 0) {
            whole_ = passed_;
            containers_whole_ = containers_;
        }
        return true;
    }
    [[nodiscard]] bool sound_so_far() const {
        const nmsg::ReadCounts& counts = containers_in_.counts();
        return counts.crc_failures + counts.malformed_payloads + counts.fragments_rejected +
                   counts.fragments_incomplete ==
               0;
    }

    const nmsg::ReadLimits limits_{};
    nmsg::ContainerReader containers_in_{limits_};
    std::vector<std::uint8_t> held_;
    bool foreign_ = false;
    std::uint64_t passed_ = 0, whole_ = 0, containers_ = 0, containers_whole_ = 0, fragments_waiting_ = 0;
};

// Octets of a file, from its start, a chunk at a time; each valid until the next.
class Chunks {
  public:
    Chunks(int fd, std::uint64_t size) : fd_(fd), size_(size), chunk_(chunk_octets) {}
    // Empty at the end.
    [[nodiscard]] tl::expected<Octets, int> next() {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_.size(), size_ - at_));
        const MutableOctets octets = MutableOctets(chunk_).first(n);
        if (const int error_number = read_at(fd_, octets, at_); error_number != 0)
            return tl::unexpected(error_number);
        at_ += n;
        return octets;
    }

  private:
    int fd_;
    std::uint64_t size_, at_ = 0;
    std::vector<std::uint8_t> chunk_;
};

using Form = WholeContainers::Form;

[[nodiscard]] tl::expected<WholeContainers, int> in_plain(int fd, std::uint64_t size) {
    ContainerRow row;
    Chunks chunks(fd, size);
    bool sound = true;
    while (sound) {
        const auto chunk = chunks.next();
        if (!chunk) return tl::unexpected(chunk.error());
        if (chunk->empty()) break;
        sound = row.push(*chunk);
    }
    WholeContainers found{Form::plain, row.whole(), row.containers_whole()};
    if (found.octets == 0) found.form = Form::nothing;
    if (found.octets == 0 && !sound && row.foreign()) found.form = Form::none;
    if (found.octets == 0 && !sound && !row.foreign() && row.passed() < size) found.form = Form::damaged;
    return found;
}

[[nodiscard]] tl::expected<WholeContainers, int> in_zstd(int fd, std::uint64_t size) {
    const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> decoder(ZSTD_createDCtx(), ZSTD_freeDCtx);
    if (decoder == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(decoder.get(), ZSTD_d_windowLogMax, StreamDecoder::zstd_window_log_bound);
    ContainerRow row;
    Chunks chunks(fd, size);
    std::vector<std::uint8_t> out(chunk_octets);
    WholeContainers found{Form::zstd, 0, 0};
    std::uint64_t consumed = 0, produced = 0;
    for (bool sound = true; sound;) {
        const auto chunk = chunks.next();
        if (!chunk) return tl::unexpected(chunk.error());
        if (chunk->empty()) break;
        ZSTD_inBuffer in{chunk->data(), chunk->size(), 0};
        bool more = true;  // input, or output that did not fit
        while (sound && more) {
            ZSTD_outBuffer to{out.data(), out.size(), 0};
            const std::size_t code = ZSTD_decompressStream(decoder.get(), &to, &in);
            produced += to.pos;
            sound = ZSTD_isError(code) == 0 && produced <= most_expansion * size + out.size();
            if (!sound && found.octets == 0) found.form = Form::damaged;
            if (!row.push(Octets(out).first(to.pos))) {
                sound = false;
                if (found.octets == 0) found.form = row.foreign() ? Form::none : Form::damaged;
            }
            if (sound && code == 0 && row.even()) {
                found.octets = consumed + in.pos;
                found.containers = row.containers_whole();
            }
            more = in.pos < in.size || to.pos == to.size;
        }
        consumed += chunk->size();
    }
    if (found.octets == 0 && found.form == Form::zstd) found.form = Form::nothing;
    return found;
}

}  // namespace

tl::expected<WholeContainers, int> whole_containers(int fd, std::uint64_t size) {
    Chunks chunks(fd, size);
    const auto first = chunks.next();
    if (!first) return tl::unexpected(first.error());
    const auto is_zero = [](std::uint8_t octet) { return octet == 0; };
    if (std::all_of(first->begin(), first->end(), is_zero)) return WholeContainers{};
    std::array<std::uint8_t, 4> zstd{};
    store_le32(zstd.data(), zstd_magic);
    const Octets begun = first->first(std::min(first->size(), magic.size()));
    if (equal(begun, as_octets(magic).first(begun.size()))) return in_plain(fd, size);
    if (equal(begun, Octets(zstd).first(begun.size()))) return in_zstd(fd, size);
    return WholeContainers{Form::none, 0, 0};
}

}  // namespace sie::spool
