#include "base/stream_encoder.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <new>
#include <stdexcept>

namespace sie {

namespace {

constexpr std::size_t piece = std::size_t{64} << 10;

// Calls `step(room)` with fresh room until it says that it has nothing more to give; it returns what it used.
template <class Step>
void drain(std::vector<std::uint8_t>& out, const Step& step) {
    for (bool more = true; more;) {
        const std::size_t had = out.size();
        out.resize(had + piece);
        std::size_t used = 0;
        more = step(MutableOctets(out).subspan(had), used);
        out.resize(had + used);
    }
}

class GzipEncoder final : public StreamEncoder {
  public:
    GzipEncoder() {
        constexpr int gzip_window = 15 + 16, memory = 8;
        if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, memory,
                         Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::bad_alloc();
    }
    ~GzipEncoder() override { deflateEnd(&stream_); }
    GzipEncoder(const GzipEncoder&) = delete;
    GzipEncoder& operator=(const GzipEncoder&) = delete;

    void append(Octets octets, Then then, std::vector<std::uint8_t>& out) override {
        const int mode = then == Then::more ? Z_NO_FLUSH : then == Then::flush ? Z_SYNC_FLUSH : Z_FINISH;
        // Its counts have 32 bits.
        constexpr std::size_t most = std::size_t{1} << 30;
        for (; octets.size() > most; octets = octets.subspan(most)) run(octets.first(most), Z_NO_FLUSH, out);
        run(octets, mode, out);
    }

  private:
    void run(Octets octets, int mode, std::vector<std::uint8_t>& out) {
        stream_.next_in = const_cast<Bytef*>(octets.data());  // read only
        stream_.avail_in = static_cast<uInt>(octets.size());
        drain(out, [&](MutableOctets room, std::size_t& used) {
            stream_.next_out = room.data();
            stream_.avail_out = static_cast<uInt>(room.size());
            deflate(&stream_, mode);
            used = room.size() - stream_.avail_out;
            return stream_.avail_out == 0;
        });
    }
    z_stream stream_{};
};

class XzEncoder final : public StreamEncoder {
  public:
    XzEncoder() {
        constexpr std::uint32_t preset = 6;
        if (lzma_easy_encoder(&stream_, preset, LZMA_CHECK_CRC64) != LZMA_OK) throw std::bad_alloc();
    }
    ~XzEncoder() override { lzma_end(&stream_); }
    XzEncoder(const XzEncoder&) = delete;
    XzEncoder& operator=(const XzEncoder&) = delete;

    void append(Octets octets, Then then, std::vector<std::uint8_t>& out) override {
        // An empty flush would be an error to it; an empty end is not.
        if (octets.empty() && then != Then::finish) return;
        const lzma_action action = then == Then::more    ? LZMA_RUN
                                   : then == Then::flush ? LZMA_SYNC_FLUSH
                                                         : LZMA_FINISH;
        stream_.next_in = octets.data();
        stream_.avail_in = octets.size();
        drain(out, [&](MutableOctets room, std::size_t& used) {
            stream_.next_out = room.data();
            stream_.avail_out = room.size();
            const lzma_ret status = lzma_code(&stream_, action);
            if (status != LZMA_OK && status != LZMA_STREAM_END && status != LZMA_BUF_ERROR)
                throw std::runtime_error("the xz encoder failed");
            used = room.size() - stream_.avail_out;
            return status == LZMA_OK && (stream_.avail_out == 0 || action != LZMA_RUN);
        });
    }

  private:
    lzma_stream stream_ = LZMA_STREAM_INIT;
};

class ZstdEncoder final : public StreamEncoder {
  public:
    ZstdEncoder() : stream_(ZSTD_createCCtx()) {
        if (stream_ == nullptr) throw std::bad_alloc();
    }
    ~ZstdEncoder() override { ZSTD_freeCCtx(stream_); }
    ZstdEncoder(const ZstdEncoder&) = delete;
    ZstdEncoder& operator=(const ZstdEncoder&) = delete;

    void append(Octets octets, Then then, std::vector<std::uint8_t>& out) override {
        const ZSTD_EndDirective mode = then == Then::more    ? ZSTD_e_continue
                                       : then == Then::flush ? ZSTD_e_flush
                                                             : ZSTD_e_end;
        ZSTD_inBuffer in{octets.data(), octets.size(), 0};
        drain(out, [&](MutableOctets room, std::size_t& used) {
            ZSTD_outBuffer to{room.data(), room.size(), 0};
            const std::size_t left = ZSTD_compressStream2(stream_, &to, &in, mode);
            if (ZSTD_isError(left) != 0) throw std::runtime_error("the zstd encoder failed");
            used = to.pos;
            return mode == ZSTD_e_continue ? in.pos < in.size : left != 0;
        });
    }

  private:
    ZSTD_CCtx* stream_;
};

}  // namespace

std::optional<StreamFormat> stream_format_of(std::string_view path) {
    if (path.ends_with(".gz")) return StreamFormat::gzip;
    if (path.ends_with(".xz")) return StreamFormat::xz;
    if (path.ends_with(".zst")) return StreamFormat::zstd;
    return std::nullopt;
}

std::unique_ptr<StreamEncoder> make_stream_encoder(StreamFormat format) {
    switch (format) {
        case StreamFormat::gzip: return std::make_unique<GzipEncoder>();
        case StreamFormat::xz: return std::make_unique<XzEncoder>();
        case StreamFormat::zstd: break;
    }
    return std::make_unique<ZstdEncoder>();
}

}  // namespace sie
