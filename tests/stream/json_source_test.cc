// Lines of JSON as a source: what ends a line, what is too long, what is not understood.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "stream/source.h"

namespace sie::stream {
namespace {

const std::string record = R"({"time":1,"vname":"base","mname":"logline","message":{"message":"x"}})";

struct Read {
    std::size_t payloads = 0;
    std::uint64_t not_understood = 0;
    std::vector<std::string> complaints;
    std::optional<Error> error;
};

Read read(const std::string& lines) {
    const std::string path = ::testing::TempDir() + "json_source_test." + std::to_string(::getpid());
    std::ofstream(path, std::ios::binary) << lines;
    Read got;
    auto source = open_json(path, nullptr, text::JsonReader(),
                            [&](const Error& why) { got.complaints.push_back(why.text()); });
    EXPECT_TRUE(source);
    nmsg::Payload payload;
    while ((*source)->next(payload)) ++got.payloads;
    got.not_understood = (*source)->not_understood();
    got.error = (*source)->error();
    std::filesystem::remove(path);
    return got;
}

TEST(JsonSource, LinesMayBeBlankAndTheLastUnterminated) {
    EXPECT_EQ(read("").payloads, 0U);
    EXPECT_EQ(read(record).payloads, 1U);
    EXPECT_EQ(read("\n \t\r\n" + record + "\r\n\n" + record + "\n").payloads, 2U);
}

TEST(JsonSource, ARecordThatIsNotUnderstoodIsToldWithItsLine) {
    const Read got = read(record + "\n\nnonsense\n" + record + "\n{}\n");
    EXPECT_EQ(got.payloads, 2U);
    EXPECT_EQ(got.not_understood, 2U);
    ASSERT_EQ(got.complaints.size(), 2U);
    EXPECT_NE(got.complaints[0].find("line 3"), std::string::npos);
    EXPECT_NE(got.complaints[1].find("line 5"), std::string::npos);
    EXPECT_FALSE(got.error);
}

TEST(JsonSource, LongLinesAreReadAndEndlessOnesRefused) {
    const auto with = [](std::size_t n) {
        return R"({"vname":"base","mname":"logline","message":{"message":")" + std::string(n, 'x') + "\"}}";
    };
    EXPECT_EQ(read(with(5'000'000) + "\n" + record).payloads, 2U);
    const Read got = read(with(std::size_t{17} << 20));
    EXPECT_EQ(got.payloads, 0U);
    ASSERT_TRUE(got.error);
    EXPECT_NE(got.error->text().find("line 1"), std::string::npos);
}

TEST(JsonSource, AMissingFileIsNamed) {
    const auto source = open_json("/no/such/file", nullptr, text::JsonReader(), {});
    ASSERT_FALSE(source);
    EXPECT_NE(source.error().text().find("/no/such/file"), std::string::npos);
}

}  // namespace
}  // namespace sie::stream
