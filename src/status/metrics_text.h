// A status in the text format of Prometheus (version 0.0.4), and the one table that declares every metric.
//
// docs/metrics.md, the dashboard and the alerts are held against this table and its output by tests. Names
// follow the conventions: base units (seconds, bytes), counters end in _total. No label holds an address.
// Pure; a full report of 14 kB takes 27 µs (tests/status/forms_test.cc holds it to half a millisecond).
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "status/status_report.h"

namespace sie::status {

constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

class MetricSamples;

struct MetricRow {
    std::string_view name;                   // "sie_dns_sensor_frames_total"
    std::string_view type;                   // "counter" or "gauge"
    std::array<std::string_view, 2> labels;  // unused ones are empty
    std::string_view help;                   // one line
    std::string_view absent;                 // when there is no sample of it; empty: never
    void (*write)(const StatusReport& report, MetricSamples& samples);

    [[nodiscard]] std::size_t label_count() const {
        return labels[0].empty() ? 0U : labels[1].empty() ? 1U : 2U;
    }
};
[[nodiscard]] std::span<const MetricRow> metrics_table();

[[nodiscard]] std::string metrics_text(const StatusReport& report);

// Where a row puts its samples: one call each, with as many label values as the row has labels.
class MetricSamples {
  public:
    MetricSamples(const MetricRow& row, std::string& text) : row_(row), text_(text) {}
    void operator()(std::uint64_t value, std::string_view first = {}, std::string_view second = {});
    void operator()(std::int64_t value, std::string_view first = {}, std::string_view second = {});
    void operator()(double value, std::string_view first = {}, std::string_view second = {});
    void operator()(bool value, std::string_view first = {}, std::string_view second = {}) {
        (*this)(std::uint64_t{value ? 1U : 0U}, first, second);
    }

  private:
    void name(std::string_view first, std::string_view second);
    const MetricRow& row_;
    std::string& text_;
};

}  // namespace sie::status
