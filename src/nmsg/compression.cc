#include "nmsg/compression.h"

#include <libdeflate.h>

#include <array>
#include <new>
#include <stdexcept>
#include <utility>

#if __has_include(<isa-l/igzip_lib.h>) && !defined(SIE_WITHOUT_ISAL)
#include <isa-l/igzip_lib.h>
#define SIE_HAVE_ISAL 1
#else
#define SIE_HAVE_ISAL 0
#endif

namespace sie::nmsg {
namespace {

constexpr std::array<std::pair<Compression, std::string_view>, 4> words{{
    {Compression::none, "none"},
    {Compression::fast, "fast"},
    {Compression::default_, "default"},
    {Compression::best, "best"},
}};

constexpr std::size_t length_octets = 4;

// A deflate block codes at most 258 octets in two bits.
constexpr std::size_t most_expansion = 1032;

struct FreeCompressor {
    void operator()(libdeflate_compressor* p) const { libdeflate_free_compressor(p); }
};
struct FreeDecompressor {
    void operator()(libdeflate_decompressor* p) const { libdeflate_free_decompressor(p); }
};

int libdeflate_level(Compression level) {
    switch (level) {
        case Compression::default_: return 5;
        case Compression::best: return 12;
        case Compression::none:
        case Compression::fast: break;
    }
    return 1;
}

}  // namespace

std::optional<Compression> compression_of(std::string_view word) {
    for (const auto& [level, name] : words)
        if (name == word) return level;
    return {};
}

std::string_view word_of(Compression compression) {
    for (const auto& [level, name] : words)
        if (level == compression) return name;
    return {};
}

struct Compressor::State {
    Compression level = Compression::none;
    std::unique_ptr<libdeflate_compressor, FreeCompressor> deflate;
#if SIE_HAVE_ISAL
    std::unique_ptr<isal_zstream> stream;
    std::vector<std::uint8_t> level_buffer;
#endif

    libdeflate_compressor* libdeflate() {
        if (!deflate) deflate.reset(libdeflate_alloc_compressor(libdeflate_level(level)));
        if (!deflate) throw std::bad_alloc();
        return deflate.get();
    }

    // The length of the zlib stream, or 0 if it did not come about.
    std::size_t compress_isal(Octets body, MutableOctets out);
    std::size_t compress_libdeflate(Octets body, MutableOctets out) {
        return libdeflate_zlib_compress(libdeflate(), body.data(), body.size(), out.data(), out.size());
    }
};

#if SIE_HAVE_ISAL
std::size_t Compressor::State::compress_isal(Octets body, MutableOctets out) {
    if (body.size() > UINT32_MAX || out.size() > UINT32_MAX) return 0;
    isal_deflate_stateless_init(stream.get());
    stream->level = 1;
    stream->level_buf = level_buffer.data();
    stream->level_buf_size = static_cast<std::uint32_t>(level_buffer.size());
    stream->gzip_flag = IGZIP_ZLIB;
    stream->end_of_stream = 1;
    stream->flush = NO_FLUSH;
    stream->next_in = const_cast<std::uint8_t*>(body.data());  // ISA-L only reads there
    stream->avail_in = static_cast<std::uint32_t>(body.size());
    stream->next_out = out.data();
    stream->avail_out = static_cast<std::uint32_t>(out.size());
    if (isal_deflate_stateless(stream.get()) != COMP_OK || stream->avail_in != 0) return 0;
    return stream->total_out;
}
#else
std::size_t Compressor::State::compress_isal(Octets, MutableOctets) { return 0; }
#endif

Compressor::Compressor(Compression level) : state_(std::make_unique<State>()) {
    state_->level = level;
    if (level == Compression::none) return;
#if SIE_HAVE_ISAL
    if (level == Compression::fast) {
        state_->stream = std::make_unique<isal_zstream>();
        state_->level_buffer.resize(ISAL_DEF_LVL1_DEFAULT);
        return;
    }
#endif
    state_->libdeflate();
}

Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

Compression Compressor::level() const { return state_->level; }

std::size_t Compressor::compress(Octets body, MutableOctets room) {
    if (state_->level == Compression::none) throw std::logic_error("level none does not compress");
    if (body.size() > UINT32_MAX) throw std::length_error("a compressed body is less than 4 GiB");
    store_be32(room.data(), static_cast<std::uint32_t>(body.size()));
    const MutableOctets place = room.subspan(length_octets);
    std::size_t size = 0;
    if (SIE_HAVE_ISAL != 0 && state_->level == Compression::fast) size = state_->compress_isal(body, place);
    if (size == 0) size = state_->compress_libdeflate(body, place);
    if (size == 0) throw std::logic_error("the bound of libdeflate was too small");
    return length_octets + size;
}

std::size_t Compressor::most_octets(std::size_t body_octets) {
    return length_octets + libdeflate_zlib_compress_bound(nullptr, body_octets);
}

void Compressor::append(Octets body, std::vector<std::uint8_t>& out) {
    const std::size_t start = out.size();
    out.resize(start + most_octets(body.size()));
    out.resize(start + compress(body, MutableOctets(out).subspan(start)));
}

struct Decompressor::State {
    std::unique_ptr<libdeflate_decompressor, FreeDecompressor> inflate{libdeflate_alloc_decompressor()};
    std::size_t trailing_octets = 0;
};

Decompressor::Decompressor() : state_(std::make_unique<State>()) {
    if (!state_->inflate) throw std::bad_alloc();
}
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

Decompressor::Outcome Decompressor::inflate(Octets framed, std::size_t most, std::vector<std::uint8_t>& out) {
    if (framed.size() < length_octets) return Outcome::damaged;
    const std::size_t stated = load_be32(framed.data());
    const Octets stream = framed.subspan(length_octets);
    if (stated > most) return Outcome::too_large;
    if (stated / most_expansion > stream.size()) return Outcome::damaged;
    out.resize(stated);
    std::uint8_t nothing = 0;
    std::size_t used = 0, made = 0;
    // N11: octets behind the stream are ignored; the stream itself must give what was stated, no less and no
    // more.
    const libdeflate_result result =
        libdeflate_zlib_decompress_ex(state_->inflate.get(), stream.data(), stream.size(),
                                      out.empty() ? &nothing : out.data(), stated, &used, &made);
    if (result != LIBDEFLATE_SUCCESS || made != stated) return Outcome::damaged;
    state_->trailing_octets = stream.size() - used;
    return Outcome::done;
}

std::size_t Decompressor::trailing_octets() const { return state_->trailing_octets; }

}  // namespace sie::nmsg
