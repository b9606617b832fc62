#include "sensor/file_compression.h"

#include <zstd.h>

#include <algorithm>
#include <new>
#include <random>
#include <stdexcept>

#include "nmsg/container.h"

namespace sie::sensor {
namespace {

constexpr std::string_view zstd_word = "zstd";

[[nodiscard]] nmsg::Compression bodies_of(FileCompression compression) {
    switch (compression) {
        case FileCompression::fast: return nmsg::Compression::fast;
        case FileCompression::default_: return nmsg::Compression::default_;
        case FileCompression::best: return nmsg::Compression::best;
        case FileCompression::none:
        case FileCompression::zstd: break;
    }
    return nmsg::Compression::none;
}

// Never shorter: octets that come into being are filled with zeros.
void grow(std::vector<std::uint8_t>& room, std::size_t octets) {
    if (room.size() < octets) room.resize(octets);
}

}  // namespace

std::optional<FileCompression> file_compression_of(std::string_view word) {
    if (word == zstd_word) return FileCompression::zstd;
    const auto bodies = nmsg::compression_of(word);
    return bodies ? std::optional(file_compression_of(*bodies)) : std::nullopt;
}

FileCompression file_compression_of(nmsg::Compression bodies) {
    switch (bodies) {
        case nmsg::Compression::none: break;
        case nmsg::Compression::fast: return FileCompression::fast;
        case nmsg::Compression::default_: return FileCompression::default_;
        case nmsg::Compression::best: return FileCompression::best;
    }
    return FileCompression::none;
}

std::string_view word_of(FileCompression compression) {
    return compression == FileCompression::zstd ? zstd_word : nmsg::word_of(bodies_of(compression));
}

std::string_view suffix_of(FileCompression compression) {
    return compression == FileCompression::zstd ? ".nmsg.zst" : ".nmsg";
}

std::size_t most_octets(FileCompression compression) {
    constexpr std::size_t container = nmsg::most_container + nmsg::header_octets;
    return compression == FileCompression::zstd ? ZSTD_compressBound(container)
                                                : nmsg::most_compressed_octets(nmsg::most_container);
}

// One frame (RFC 8878 §3.1) for each call, with the length of its content and a checksum of it, as zstd(1)
// writes them.
class ContainerEncoder::ZstdFrames {
  public:
    ZstdFrames() : context_(ZSTD_createCCtx(), ZSTD_freeCCtx) {
        if (context_ == nullptr) throw std::bad_alloc();
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
    }
    Octets frame(Octets content, std::vector<std::uint8_t>& room) {
        grow(room, std::max(ZSTD_compressBound(content.size()), most_octets(FileCompression::zstd)));
        const std::size_t size =
            ZSTD_compress2(context_.get(), room.data(), room.size(), content.data(), content.size());
        if (ZSTD_isError(size) != 0) throw std::bad_alloc();  // nothing else can fail with room enough
        return Octets(room).first(size);
    }

  private:
    static constexpr int level = 1;
    std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context_;
};

ContainerEncoder::ContainerEncoder(FileCompression compression) : bodies_(bodies_of(compression)) {
    if (compression == FileCompression::zstd) zstd_ = std::make_unique<ZstdFrames>();
}

ContainerEncoder::~ContainerEncoder() = default;

Octets ContainerEncoder::framed(const Container& container, std::vector<std::uint8_t>& room) {
    const Octets body = Octets(container.octets).subspan(nmsg::header_octets);
    if (!container.oversized) {
        grow(room, std::max(nmsg::most_compressed_octets(body.size()),
                            most_octets(file_compression_of(bodies_.level()))));
        return Octets(room).first(nmsg::compress_container(body, bodies_, room));
    }
    room.clear();
    nmsg::frame_container(body, true, nmsg::most_container, bodies_, std::random_device{}(), room);
    return room;
}

Octets ContainerEncoder::encode(const Container& container, std::vector<std::uint8_t>& encoded) {
    const bool as_it_stands = bodies_.level() == nmsg::Compression::none && !container.oversized;
    if (zstd_ == nullptr) return as_it_stands ? Octets(container.octets) : framed(container, encoded);
    return zstd_->frame(as_it_stands ? Octets(container.octets) : framed(container, fragments_), encoded);
}

}  // namespace sie::sensor
