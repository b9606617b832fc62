// NMSG files: a file says the same in one piece as in many; payloads that were read come out of new
// containers as they went in; both ways to a CRC agree.
#include "base/crc32c.h"
#include "fuzz/two_ways.h"
#include "nmsg/container.h"
#include "nmsg/reader.h"

namespace sie::fuzz::container {
namespace {

// Small, so that what is refused for its size or evicted is met.
constexpr nmsg::ReadLimits limits{std::size_t{1} << 18, 4, std::size_t{1} << 16};

struct Seen {
    std::vector<Bytes> payloads;  // each as it would be written
    nmsg::ReadCounts counts;
    std::string error;
};

Seen read(Result<OctetSource> source, nmsg::ReadLimits bounds) {
    Seen seen;
    auto reader = source ? nmsg::Reader::read(std::move(*source), bounds)
                         : Result<nmsg::Reader>(fail(std::move(source.error())));
    if (!reader) {
        seen.error = reader.error().text();
        return seen;
    }
    for (nmsg::Payload payload; reader->next(payload);) {
        seen.payloads.emplace_back(nmsg::encoded_size(payload));
        require(nmsg::encode(payload, seen.payloads.back().data()) ==
                    seen.payloads.back().data() + seen.payloads.back().size(),
                "a payload takes the octets that it said");
        require(crc32c(payload.octets) == crc32c_plain(payload.octets), "the fast CRC is the plain one");
        require(reader->share_of_container() <= 1, "no more than the container is handed out");
    }
    seen.counts = reader->counts();
    require(seen.counts.payloads == seen.payloads.size(), "each payload is counted");
    if (reader->error()) seen.error = reader->error()->text();
    return seen;
}

void put(nmsg::ContainerBuilder& builder, nmsg::Compressor& compressor, Bytes& file) {
    const bool oversized = builder.oversized();
    nmsg::frame_container(builder.finish(), oversized, nmsg::least_container, compressor, 7, file);
    builder.reset();
}

void write_and_read(const std::vector<Bytes>& payloads, nmsg::Compression compression) {
    nmsg::ContainerBuilder builder(nmsg::least_container);
    nmsg::Compressor compressor(compression);
    Bytes file, scattered;
    for (const Bytes& octets : payloads) {
        const auto payload = nmsg::decode_payload(octets, &scattered);
        require(payload.has_value(), "a payload that was written is read");
        if (!builder.fits(octets.size())) put(builder, compressor, file);
        builder.add(*payload);
    }
    if (!builder.empty()) put(builder, compressor, file);
    const Seen again = read(as_file(file), {});
    require(again.error.empty() && again.counts.crc_failures == 0 && again.counts.fragments_rejected == 0,
            "what we write is sound");
    require(again.payloads == payloads, "payloads come out of containers as they went in");
}

}  // namespace
}  // namespace sie::fuzz::container

SIE_FUZZ_TARGET(container) {
    using namespace sie::fuzz;
    using namespace sie::fuzz::container;
    if (input.size() > most_in_pieces) return;
    const Seen whole = read(as_file(input), limits), pieces = read(in_pieces(input), limits);
    require_same(whole.error, pieces.error, "a file ends the same way in pieces");
    require(whole.payloads == pieces.payloads, "a file says the same in pieces");
    if (whole.payloads.empty() || whole.payloads.size() > 1000) return;
    write_and_read(whole.payloads,
                   input.size() % 2 == 0 ? sie::nmsg::Compression::none : sie::nmsg::Compression::fast);
}
