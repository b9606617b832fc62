#include "base/stream_decoder.h"

#include <fmt/format.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <string_view>
#include <utility>

namespace sie {
namespace {

constexpr std::array<std::uint8_t, 2> gzip_magic{0x1f, 0x8b};
constexpr std::array<std::uint8_t, 6> xz_magic{0xfd, '7', 'z', 'X', 'Z', 0};
constexpr std::uint32_t zstd_magic = 0xfd2fb528;
constexpr std::uint32_t zstd_skippable = 0x184d2a50;  // to …5f

bool begins_with(Octets octets, Octets magic) {
    return octets.size() >= magic.size() && equal(octets.first(magic.size()), magic);
}

std::string ends_early(std::string_view format) {
    return fmt::format("compressed data ends early ({})", format);
}
std::string is_damaged(std::string_view format, std::string_view why) {
    return fmt::format("compressed data is damaged ({}: {})", format, why);
}

// gzip and xz: members that begin with a magic number, padding behind them.
class MemberDecoder : public StreamDecoder {
  public:
    Step decode(Octets in, bool last, MutableOctets out) final {
        Step all;
        while (all.state == State::more && all.produced == 0) {
            Step one = inside_ ? inside(in.subspan(all.consumed), out) : between(in.subspan(all.consumed));
            all.consumed += one.consumed;
            all.produced = one.produced;
            all.state = one.state;
            all.why = std::move(one.why);
            if (all.consumed == in.size() && all.produced == 0 && all.state == State::more) {
                if (last && inside_) {
                    all.state = State::damage;
                    all.why = ends_early(format_);
                } else if (last) {
                    all.state = State::end;
                }
                break;
            }
        }
        return all;
    }

  protected:
    MemberDecoder(std::string_view format, Octets magic) : format_(format), magic_(magic) {}

    // Makes ready for a member.
    virtual void begin() = 0;
    // Goes on inside a member; `end` stands for the end of this one.
    virtual Step code(Octets in, MutableOctets out) = 0;

  private:
    Step inside(Octets in, MutableOctets out) {
        Step step = code(in, out);
        if (step.state == State::end) {
            inside_ = false;
            matched_ = 0;
            step.state = State::more;
        } else if (step.state == State::damage) {
            step.why = is_damaged(format_, step.why);
        }
        return step;
    }

    // The magic number is matched octet by octet, since it may arrive in two pieces; the decoder gets it from
    // here.
    Step between(Octets in) {
        Step step;
        while (matched_ < magic_.size() && step.consumed < in.size()) {
            const std::uint8_t octet = in[step.consumed];
            if (octet == magic_[matched_]) {
                ++matched_;
            } else if (matched_ != 0 || octet != 0) {
                step.consumed = in.size();
                step.state = State::end;
                return step;
            }
            ++step.consumed;
        }
        if (matched_ == magic_.size()) {
            begin();
            inside_ = true;
            std::uint8_t nothing = 0;
            Step head = inside(magic_, MutableOctets(&nothing, 0));
            step.state = head.state;
            step.why = std::move(head.why);
        }
        return step;
    }

    std::string_view format_;
    Octets magic_;
    std::size_t matched_ = 0;
    bool inside_ = false;
};

class GzipDecoder final : public MemberDecoder {
  public:
    GzipDecoder() : MemberDecoder("gzip", gzip_magic) {
        if (inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();
    }
    ~GzipDecoder() override { inflateEnd(&stream_); }

  private:
    void begin() override { inflateReset(&stream_); }

    Step code(Octets in, MutableOctets out) override {
        constexpr std::size_t most = std::numeric_limits<uInt>::max();
        const uInt in_size = static_cast<uInt>(std::min(in.size(), most));
        const uInt out_size = static_cast<uInt>(std::min(out.size(), most));
        stream_.next_in = const_cast<Bytef*>(in.data());
        stream_.avail_in = in_size;
        stream_.next_out = out.data();
        stream_.avail_out = out_size;
        const int code = inflate(&stream_, Z_NO_FLUSH);
        Step step{.consumed = in_size - stream_.avail_in,
                  .produced = out_size - stream_.avail_out,
                  .state = {},
                  .why = {}};
        if (code == Z_STREAM_END) {
            step.state = State::end;
        } else if (code != Z_OK && code != Z_BUF_ERROR) {
            step.state = State::damage;
            step.why = stream_.msg != nullptr ? stream_.msg : zError(code);
        }
        return step;
    }

    z_stream stream_{};
};

class XzDecoder final : public MemberDecoder {
  public:
    XzDecoder() : MemberDecoder("xz", xz_magic) {}
    ~XzDecoder() override { lzma_end(&stream_); }

  private:
    void begin() override {
        if (lzma_stream_decoder(&stream_, memory_bound, 0) != LZMA_OK) throw std::bad_alloc();
    }

    Step code(Octets in, MutableOctets out) override {
        stream_.next_in = in.data();
        stream_.avail_in = in.size();
        stream_.next_out = out.data();
        stream_.avail_out = out.size();
        const lzma_ret code = lzma_code(&stream_, LZMA_RUN);
        Step step{.consumed = in.size() - stream_.avail_in,
                  .produced = out.size() - stream_.avail_out,
                  .state = {},
                  .why = {}};
        if (code == LZMA_STREAM_END) {
            step.state = State::end;
        } else if (code != LZMA_OK && code != LZMA_BUF_ERROR) {
            step.state = State::damage;
            step.why = reason(code);
        }
        return step;
    }

    static std::string_view reason(lzma_ret code) {
        switch (code) {
            case LZMA_MEM_ERROR: return "out of memory";
            case LZMA_MEMLIMIT_ERROR: return "needs more than 128 MiB of memory";
            case LZMA_FORMAT_ERROR: return "wrong header";
            case LZMA_OPTIONS_ERROR: return "unknown options";
            case LZMA_DATA_ERROR: return "wrong data";
            default: return "cannot be decoded";
        }
    }

    lzma_stream stream_ = LZMA_STREAM_INIT;
};

class ZstdDecoder final : public StreamDecoder {
  public:
    ZstdDecoder() : stream_(ZSTD_createDCtx()) {
        if (stream_ == nullptr) throw std::bad_alloc();
        ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, zstd_window_log_bound);
    }
    ~ZstdDecoder() override { ZSTD_freeDCtx(stream_); }

    Step decode(Octets in, bool last, MutableOctets out) override {
        ZSTD_inBuffer from{in.data(), 0, 0};
        ZSTD_outBuffer to{out.data(), out.size(), 0};
        Step step;
        // Between frames, without input, the library would already begin the next frame.
        while (to.pos == 0 && (inside_ || from.pos < in.size())) {
            const std::size_t before = from.pos;
            const bool flushing = std::exchange(flushing_, false);
            from.size = before + (flushing ? 0 : std::min(wanted_, in.size() - before));
            const std::size_t code = ZSTD_decompressStream(stream_, &to, &from);
            if (ZSTD_isError(code) != 0) {
                step.state = State::damage;
                step.why = is_damaged("zstd", ZSTD_getErrorName(code));
                break;
            }
            inside_ = code != 0;
            wanted_ = !inside_                     ? frame_start_octets
                      : code > block_header_octets ? code - block_header_octets
                                                   : code;
            flushing_ = inside_ && to.pos == to.size;
            if (from.pos == before && to.pos == 0 && !flushing) break;
        }
        step.consumed = from.pos;
        step.produced = to.pos;
        if (last && step.state == State::more && to.pos == 0 && from.pos == in.size()) {
            step.state = inside_ ? State::damage : State::end;
            if (inside_) step.why = ends_early("zstd");
        }
        return step;
    }

  private:
    // Fewer than the shortest frame has.
    static constexpr std::size_t frame_start_octets = 5;
    static constexpr std::size_t block_header_octets = 3;  // RFC 8878 §3.1.1.2

    ZSTD_DCtx* stream_;
    bool inside_ = false;
    // The library is given what it needs for one block, and none while it holds output. It asks for the
    // header of the next as well; but when it meets damage there it gives nothing of the block either, so
    // that what stood before the damage would depend on how much was at hand.
    std::size_t wanted_ = frame_start_octets;
    bool flushing_ = false;
};

}  // namespace

std::unique_ptr<StreamDecoder> StreamDecoder::for_stream(Octets first) {
    if (begins_with(first, gzip_magic)) return std::make_unique<GzipDecoder>();
    if (begins_with(first, xz_magic)) return std::make_unique<XzDecoder>();
    if (first.size() >= 4) {
        const std::uint32_t magic = load_le32(first.data());
        if (magic == zstd_magic || (magic & 0xfffffff0) == zstd_skippable)
            return std::make_unique<ZstdDecoder>();
    }
    return nullptr;
}

}  // namespace sie
