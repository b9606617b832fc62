#include "nmsg/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "nmsg/body.h"
#include "nmsg/compression.h"
#include "nmsg/container.h"
#include "nmsg/fragments.h"

namespace sie::nmsg {
namespace {

constexpr std::size_t header_octets_v1 = 8;
// OctetSource hands out no larger window.
constexpr std::size_t most_window = std::size_t{16} << 20;

struct Header {
    std::uint8_t flags = 0;
    std::size_t octets = 0;  // of the header itself
    std::size_t length = 0;  // of the body
};

}  // namespace

struct Reader::State {
    State(OctetSource from, ReadLimits bounds)
        : source(std::move(from)), limits(bounded(bounds)), fragments(limits, counts) {}

    OctetSource source;
    ReadLimits limits;
    ReadCounts counts;
    std::optional<Error> error;
    bool ended = false;
    std::uint64_t container_offset = 0;

    FragmentSets fragments;
    Decompressor decompressor;
    std::vector<std::uint8_t> inflated, scattered;
    BodyWalk body;
    std::pair<std::uint32_t, std::uint32_t> crc_failure{};

    bool next(Payload& out);

  private:
    static ReadLimits bounded(ReadLimits limits) {
        limits.container_octets = std::min(limits.container_octets, most_window);
        return limits;
    }
    bool open_container();
    bool take_header(Header& header);
    bool take_body(const Header& header, Octets octets);
    bool open_body(Octets octets, bool compressed);
    bool damaged(std::string why, std::string remedy = {});
    bool end();
};

bool Reader::State::next(Payload& out) {
    while (!ended) {
        Octets octets;
        std::optional<std::uint32_t> stored;
        if (!body.next(octets, stored)) {
            if (!open_container()) return false;
            continue;
        }
        const std::optional<Payload> payload = decode_payload(octets, &scattered);
        if (!payload) {
            ++counts.malformed_payloads;
            continue;
        }
        if (stored) {
            const std::uint32_t calculated = crc32c(payload->octets);
            if (detail::swap(*stored) != calculated) {  // N7: stored with its octets swapped
                ++counts.crc_failures;
                crc_failure = {calculated, *stored};
                continue;
            }
        }
        ++counts.payloads;
        out = *payload;
        return true;
    }
    return false;
}

// Takes the next container or fragment; false at the end and at damage.
bool Reader::State::open_container() {
    container_offset = source.offset();
    Header header;
    if (!take_header(header)) return false;
    source.advance(header.octets);
    const Octets window = source.want(header.length);
    if (window.size() < header.length) {
        if (source.error()) return end();
        return damaged(
            fmt::format("the file ends inside a container: its header states {} octets, {} are there",
                        header.length, window.size()));
    }
    const Octets octets = window.first(header.length);
    source.advance(header.length);
    return take_body(header, octets);
}

bool Reader::State::take_header(Header& header) {
    const Octets window = source.want(header_octets);
    if (window.size() < header_octets && source.error()) return end();
    if (window.empty()) return end();
    constexpr std::string_view magic = "NMSG";
    const std::size_t begun = std::min(window.size(), magic.size());
    if (as_text(window.first(begun)) != magic.substr(0, begun))
        return damaged("not an NMSG container: its first octets are not \"NMSG\"",
                       container_offset == 0 ? "is it an NMSG file?" : "");
    if (window.size() >= header_octets_v1 && load_be16(window.data() + 4) == 1) {
        header = {0, header_octets_v1, load_be16(window.data() + 6)};  // N3
    } else {
        // A version 1 that is cut within its length is no unknown version.
        if (window.size() >= 6 && window[5] != 2 && load_be16(window.data() + 4) != 1)
            return damaged(
                fmt::format("NMSG version {} with flags {:#04x} is not known", window[5], window[4]),
                "this program reads versions 1 and 2");
        if (window.size() < header_octets) return damaged("the file ends inside the header of a container");
        header = {window[4], header_octets, load_be32(window.data() + 6)};
    }
    if (header.length > limits.container_octets)
        return damaged(fmt::format("a container states {} octets, more than the limit of {}", header.length,
                                   limits.container_octets));
    return true;
}

bool Reader::State::take_body(const Header& header, Octets octets) {
    const bool compressed = (header.flags & flag_zlib) != 0;
    if ((header.flags & flag_fragment) == 0) return open_body(octets, compressed);
    ++counts.fragments;
    const std::optional<Fragment> fragment = decode_fragment(octets);
    if (!fragment) return damaged("a malformed fragment");
    const std::optional<Octets> whole = fragments.add(*fragment);
    return whole ? open_body(*whole, compressed) : true;
}

bool Reader::State::open_body(Octets octets, bool compressed) {
    if (compressed) {
        switch (decompressor.inflate(octets, limits.container_octets, inflated)) {
            case Decompressor::Outcome::done: break;
            case Decompressor::Outcome::too_large:
                return damaged(
                    fmt::format("a compressed container states {} octets, more than the limit of {}",
                                load_be32(octets.data()), limits.container_octets));
            case Decompressor::Outcome::damaged:
                return damaged(
                    "the zlib stream of a container is damaged or gives another length than stated");
        }
        octets = inflated;
    }
    if (!body.open(octets)) return damaged("the body of a container is malformed");
    ++counts.containers;
    return true;
}

bool Reader::State::damaged(std::string why, std::string remedy) {
    error = Error{ErrorKind::damaged, source.name(), container_offset, std::move(why), std::move(remedy)};
    return end();
}

bool Reader::State::end() {
    ended = true;
    if (!error && source.error()) error = source.error();
    fragments.give_up();
    return false;
}

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<Reader> Reader::open(const std::string& path, ReadLimits limits) {
    Result<OctetSource> source = OctetSource::open(path);
    if (!source) return fail(std::move(source.error()));
    return read(std::move(*source), limits);
}

Result<Reader> Reader::read(OctetSource source, ReadLimits limits) {
    return Reader(std::make_unique<State>(std::move(source), limits));
}

bool Reader::next(Payload& out) { return state_->next(out); }
const std::optional<Error>& Reader::error() const { return state_->error; }
const ReadCounts& Reader::counts() const { return state_->counts; }
const OctetSource& Reader::source() const { return state_->source; }
std::pair<std::uint32_t, std::uint32_t> Reader::last_crc_failure() const { return state_->crc_failure; }

}  // namespace sie::nmsg
