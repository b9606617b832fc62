// What nmsgtool --stats counts: payloads by type, transactions by kind, names, servers, delays.
//
// In: payloads, and at the end what their sources dropped. Out: a table for people, or one JSON object
// (docs/json.md names its fields). Memory is bounded: 64 MiB (top_counts.h). One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text_buffer.h"
#include "nmsg/payload.h"
#include "stream/percentiles.h"
#include "stream/top_counts.h"
#include "text/decoded_payload.h"

namespace sie::stream {

class Statistics {
  public:
    Statistics();
    ~Statistics();
    Statistics(const Statistics&) = delete;
    Statistics& operator=(const Statistics&) = delete;

    void take(const nmsg::Payload& payload);
    // Of a source: payloads, and datagrams that the kernel lost.
    void add_dropped(std::uint64_t crc_failures, std::uint64_t malformed, std::uint64_t by_kernel);

    [[nodiscard]] std::string table() const;
    [[nodiscard]] std::string json() const;

  private:
    void take_fields(const nmsg::Payload& payload);
    void take_name(Octets name);

    struct SuffixList;
    std::unique_ptr<SuffixList> suffixes_known_;
    text::DecodedPayload decoded_;
    TextBuffer scratch_;

    std::uint64_t payloads_ = 0, undecodable_ = 0, unknown_ = 0, crc_failures_ = 0, malformed_ = 0,
                  by_kernel_ = 0, octets_ = 0;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> by_type_;
    std::array<std::uint64_t, nmsg::dnsqr_type_count> by_kind_{};
    std::uint64_t other_kinds_ = 0;
    std::map<std::uint16_t, std::uint64_t> by_rcode_, by_qtype_;
    TopCounts responders_, suffixes_;
    Percentiles delays_, sizes_;  // nanoseconds; octets
    using Moment = std::pair<std::int64_t, std::uint32_t>;
    Moment first_{INT64_MAX, 0}, last_{INT64_MIN, 0};
};

}  // namespace sie::stream
