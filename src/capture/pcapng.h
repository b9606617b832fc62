// The pcapng format (draft-ietf-opsawg-pcapng): blocks, each with its length before and behind it.
//
//   block: 0 type | 4 length n | 8 body, padded to four octets | n-4 length n
//
// A section header block (0a0d0d0a, the same in both byte orders) tells the byte order and forgets the
// interfaces. Read: sections, interface descriptions, enhanced, simple and obsolete packets. Every other
// block is skipped, whatever its length; its two lengths must agree all the same. Section lengths are not
// used.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/octet_source.h"
#include "base/result.h"
#include "capture/frame.h"

namespace sie::capture {

// The unit of an interface's time stamps (if_tsresol) and what is added to them (if_tsoffset).
class TimeScale {
  public:
    TimeScale() { set_resolution(6); }
    // The octet of if_tsresol: a negative power of ten, or of two if its first bit is set.
    void set_resolution(std::uint8_t octet);
    void set_offset(std::int64_t seconds) { offset_seconds_ = seconds; }
    // Rounded down to nanoseconds, clamped to the range of Time.
    [[nodiscard]] Time time_of(std::uint64_t stamp) const;

  private:
    enum class Way : std::uint8_t { multiply, divide, shift };
    Way way_ = Way::multiply;
    std::uint8_t shift_ = 0;
    std::uint64_t factor_ = 1;  // or divisor; the divisor 0 stands for one beyond every stamp
    std::int64_t offset_seconds_ = 0;
};

class Pcapng {
  public:
    // Memory is bounded whatever the file says.
    static constexpr std::size_t most_interfaces = 65'536;
    static constexpr std::uint32_t longest_read_block =
        static_cast<std::uint32_t>(OctetSource::largest_window);

    [[nodiscard]] static bool begins(Octets first);

    // The next frame, valid until the next call; false at the end, or at damage, which `error` tells then.
    [[nodiscard]] bool next(OctetSource& source, Frame& out, std::optional<Error>& error);

  private:
    struct Interface {
        std::uint16_t link_number = 0;
        std::optional<net::LinkType> link;
        std::uint32_t snap_length = 0;
        TimeScale scale;
    };

    [[nodiscard]] std::uint16_t load16(const std::uint8_t* p) const {
        return big_endian_ ? load_be16(p) : load_le16(p);
    }
    [[nodiscard]] std::uint32_t load32(const std::uint8_t* p) const {
        return big_endian_ ? load_be32(p) : load_le32(p);
    }

    [[nodiscard]] bool skip_block(OctetSource& source, std::uint32_t length, std::optional<Error>& error);
    [[nodiscard]] bool describe_interface(Octets body);
    [[nodiscard]] bool packet(const OctetSource& source, std::uint32_t type, Octets body, Frame& out,
                              std::optional<Error>& error);

    bool big_endian_ = false;
    bool done_ = false;
    std::vector<Interface> interfaces_;
};

}  // namespace sie::capture
