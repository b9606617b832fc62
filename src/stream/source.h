// Where payloads come from: NMSG files and datagrams, JSON lines, capture files.
//
// next() gives payloads as views valid until its next call. At the end, or at damage, it returns false;
// error() tells which. What is dropped on the way (a wrong CRC, a record that is not understood) is counted,
// and told by report() when the source has ended, a line each kind. One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/octet_source.h"
#include "base/result.h"
#include "capture/packet_filter.h"
#include "dnsqr/settings.h"
#include "nmsg/payload.h"
#include "stream/frame_row.h"
#include "text/json_reader.h"
#include "text/payload_types.h"

namespace sie::stream {

struct Dropped {
    std::uint64_t crc_failures = 0, malformed = 0;  // payloads
    std::uint64_t by_kernel = 0;                    // datagrams for which the socket had no room
};

class Source {
  public:
    virtual ~Source() = default;
    [[nodiscard]] virtual bool next(nmsg::Payload& out) = 0;
    [[nodiscard]] virtual const std::optional<Error>& error() const = 0;
    // Nothing more is read: what was made already, and the queries that wait in a table, still come out.
    virtual void stop() = 0;
    // What next() dropped, in lines for people; called once it has returned false.
    virtual void report(const std::function<void(const std::string&)>& line) const = 0;
    // Records that were not understood: the run goes on, but its exit status is 1.
    [[nodiscard]] virtual std::uint64_t not_understood() const { return 0; }
    [[nodiscard]] virtual Dropped dropped() const { return {}; }
    // What it did, for those who ask (-dd).
    virtual void statistics(const std::function<void(const std::string&)>&) const {}
    [[nodiscard]] virtual const OctetSource* octets() const = 0;  // for progress; null if it has no end
};

// `stop` as in OctetSource.
// `rate`: octets of containers a second (FACTS N27); 0: as fast as it goes.
[[nodiscard]] Result<std::unique_ptr<Source>> open_nmsg(const std::string& path,
                                                        const std::atomic<bool>* stop,
                                                        std::uint64_t rate = 0);
// A record that is not understood is told to `complain` with its line at once.
[[nodiscard]] Result<std::unique_ptr<Source>> open_json(const std::string& path,
                                                        const std::atomic<bool>* stop,
                                                        text::JsonReader reader,
                                                        std::function<void(const Error&)> complain);
// base:dnsqr payloads of capture files in a row, by the rules of the sensor: they share one table and one
// clock. A damaged file ends the row. `filter` may be null and outlives the source.
[[nodiscard]] Result<std::unique_ptr<Source>> open_captures(std::vector<std::string> paths,
                                                            const std::atomic<bool>* stop,
                                                            const dnsqr::Settings& settings,
                                                            const capture::PacketFilter* filter);

// The packets of capture files as base:packet, base:pkt or base:ncap payloads (FACTS N34), one each. What
// such a payload cannot hold (no IP packet, cut short, another link than Ethernet for base:pkt) is counted.
[[nodiscard]] Result<std::unique_ptr<Source>> open_packets(std::vector<std::string> paths,
                                                           const std::atomic<bool>* stop,
                                                           const text::PayloadType& type,
                                                           const capture::PacketFilter* filter);
// The same two of other frames, such as an InterfaceRow.
[[nodiscard]] std::unique_ptr<Source> make_transaction_source(std::unique_ptr<FrameRow> frames,
                                                              const dnsqr::Settings& settings,
                                                              const capture::PacketFilter* filter);
[[nodiscard]] std::unique_ptr<Source> make_packet_source(std::unique_ptr<FrameRow> frames,
                                                         const text::PayloadType& type,
                                                         const capture::PacketFilter* filter);
[[nodiscard]] bool is_made_of_packets(const text::PayloadType& type);

}  // namespace sie::stream
