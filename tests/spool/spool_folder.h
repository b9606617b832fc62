// A folder of its own for each test, and containers that can be told apart.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "base/octets.h"
#include "nmsg/container.h"

namespace sie::spool {

// REQUIRE_ALL=1 makes a skip a failure.
#define SIE_SKIP(reason)                                                                        \
    do {                                                                                        \
        const char* all = std::getenv("REQUIRE_ALL");                                           \
        if (all != nullptr && std::string(all) == "1") FAIL() << "REQUIRE_ALL=1: " << (reason); \
        GTEST_SKIP() << (reason);                                                               \
    } while (false)

class InFolder : public ::testing::Test {
  protected:
    InFolder() {
        std::string form = (std::filesystem::temp_directory_path() / "sie-spool.XXXXXX").string();
        folder = ::mkdtemp(form.data());
    }
    ~InFolder() override { std::filesystem::remove_all(folder); }
    [[nodiscard]] std::vector<std::string> listing() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            names.push_back(entry.path().filename());
        std::sort(names.begin(), names.end());
        return names;
    }
    [[nodiscard]] std::string content(const std::string& of) const {
        std::ifstream in(folder / of, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void put(const std::string& name, Octets octets) const {
        std::ofstream out(folder / name, std::ios::binary);
        out.write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
    }
    std::filesystem::path folder;
};

// One write: a container with a few payloads, the first of which begins with `number`; `oversized`: in
// fragments.
inline std::vector<std::uint8_t> made_container(std::uint64_t number, std::size_t payload_octets,
                                                nmsg::Compression level = nmsg::Compression::none,
                                                bool oversized = false) {
    std::mt19937_64 random(number);
    nmsg::ContainerBuilder builder(nmsg::most_container);
    for (int i = 0; i < 3; ++i) {
        std::vector<std::uint8_t> octets(payload_octets);
        for (auto& octet : octets) octet = static_cast<std::uint8_t>(random() % 17);
        octets.resize(std::max<std::size_t>(octets.size(), 8));
        store_le64(octets.data(), number);
        nmsg::Payload payload;
        payload.vendor = nmsg::vendor_base;
        payload.type = nmsg::type_dnsqr;
        payload.time_sec = 1'700'000'000;
        payload.octets = octets;
        builder.add(payload);
    }
    nmsg::Compressor compressor(level);
    std::vector<std::uint8_t> out;
    nmsg::frame_container(builder.finish(), oversized, nmsg::least_container, compressor,
                          static_cast<std::uint32_t>(number), out);
    return out;
}

}  // namespace sie::spool
