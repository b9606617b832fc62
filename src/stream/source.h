// Where payloads come from: NMSG files, JSON lines, capture files.
//
// next() gives payloads as views valid until its next call. At the end, or at damage, it returns false;
// error() tells which. What is dropped on the way (a wrong CRC, a record that is not understood) is told to
// `warn` when the source ends, a line each kind, and counted in `dropped`. One thread.
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
#include "text/json_reader.h"

namespace sie::stream {

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
    [[nodiscard]] virtual const OctetSource& octets() const = 0;  // for progress
};

// `stop` as in OctetSource.
[[nodiscard]] Result<std::unique_ptr<Source>> open_nmsg(const std::string& path,
                                                        const std::atomic<bool>* stop);
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

}  // namespace sie::stream
