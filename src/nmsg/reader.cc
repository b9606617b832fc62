#include "nmsg/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "nmsg/container.h"
#include "nmsg/container_reader.h"

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
        : source(std::move(from)), limits(bounded(bounds)), containers(limits) {}

    OctetSource source;
    ReadLimits limits;
    ContainerReader containers;
    std::optional<Error> error;
    bool ended = false;
    std::uint64_t container_offset = 0;

    bool next(Payload& out);

  private:
    static ReadLimits bounded(ReadLimits limits) {
        limits.container_octets = std::min(limits.container_octets, most_window);
        return limits;
    }
    bool open_container();
    bool take_header(Header& header);
    bool take_body(const Header& header, Octets octets);
    bool damaged(std::string why, std::string remedy = {});
    bool end();
};

bool Reader::State::next(Payload& out) {
    while (!ended) {
        if (containers.next(out)) return true;
        if (!open_container()) return false;
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
    using Outcome = ContainerReader::Outcome;
    switch (containers.open(header.flags, octets)) {
        case Outcome::opened:
        case Outcome::incomplete: return true;
        case Outcome::malformed_fragment: return damaged("a malformed fragment");
        case Outcome::too_large:
            return damaged(fmt::format("a compressed container states more than the limit of {} octets",
                                       limits.container_octets));
        case Outcome::damaged_stream:
            return damaged("the zlib stream of a container is damaged or gives another length than stated");
        case Outcome::malformed_body: break;
    }
    return damaged("the body of a container is malformed");
}

bool Reader::State::damaged(std::string why, std::string remedy) {
    error = Error{ErrorKind::damaged, source.name(), container_offset, std::move(why), std::move(remedy)};
    return end();
}

bool Reader::State::end() {
    ended = true;
    if (!error && source.error()) error = source.error();
    containers.give_up();
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
const ReadCounts& Reader::counts() const { return state_->containers.counts(); }
const OctetSource& Reader::source() const { return state_->source; }
double Reader::share_of_container() const {
    const std::size_t all = state_->containers.body().payload_count();
    return all == 0 ? 1 : static_cast<double>(state_->containers.payloads_taken()) / static_cast<double>(all);
}
std::uint64_t Reader::container_offset() const { return state_->container_offset; }
std::pair<std::uint32_t, std::uint32_t> Reader::last_crc_failure() const {
    return state_->containers.last_crc_failure();
}

}  // namespace sie::nmsg
