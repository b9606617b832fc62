// Goldens kept as tables: one row a line, fields separated by tabs, lines that begin with # are comments.
#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sie::test {

using Row = std::vector<std::string>;

// The rows of SIE_TEST_DATA/NAME; throws if there are none, so that a missing table cannot pass for a good
// one.
inline std::vector<Row> golden_rows(const std::string& path) {
    std::ifstream in(path);
    std::vector<Row> rows;
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line[0] == '#') continue;
        Row row;
        for (std::size_t at = 0; at <= line.size();) {
            const std::size_t end = std::min(line.find('\t', at), line.size());
            row.push_back(line.substr(at, end - at));
            at = end + 1;
        }
        rows.push_back(std::move(row));
    }
    if (rows.empty()) throw std::runtime_error("no rows in " + path);
    return rows;
}

// Octets from hexadecimal digits; "-" and "" are none.
inline std::vector<std::uint8_t> octets_of(std::string_view hex) {
    std::vector<std::uint8_t> octets;
    if (hex == "-") return octets;
    const auto digit = [](char c) {
        const std::size_t value = std::string_view("0123456789abcdef").find(c);
        if (value == std::string_view::npos) throw std::runtime_error("not a hexadecimal digit");
        return value;
    };
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        octets.push_back(static_cast<std::uint8_t>(digit(hex[i]) * 16 + digit(hex[i + 1])));
    }
    return octets;
}

inline std::string hex_of(std::span<const std::uint8_t> octets) {
    std::string hex;
    for (const std::uint8_t octet : octets) {
        hex += "0123456789abcdef"[octet >> 4];
        hex += "0123456789abcdef"[octet & 15];
    }
    return hex;
}

}  // namespace sie::test
