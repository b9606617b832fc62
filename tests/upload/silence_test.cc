#include "upload/silence.h"

#include <gtest/gtest.h>

namespace sie::upload {
namespace {

using std::chrono::minutes;
constexpr Silence::Moment start{std::chrono::hours(1)};

TEST(Silence, IsToldAtTheLimitAndWheneverItHasDoubled) {
    Silence silence(60, start);
    std::vector<long> told;
    for (long m = 0; m <= 1'000; ++m) {
        if (const auto line = silence.at(start + minutes(m), true, "why")) {
            told.push_back(m);
            EXPECT_EQ(line->severity, Severity::warning);
            EXPECT_EQ(line->text, "upload: no successful upload for " + std::to_string(m) +
                                      " minutes, none since the start; last error: why");
        }
        EXPECT_EQ(silence.minutes(start + minutes(m)), m < 60 ? 0U : static_cast<std::uint32_t>(m));
    }
    EXPECT_EQ(told, (std::vector<long>{60, 120, 240, 480, 960}));
}

TEST(Silence, ItsEndIsToldAndItBeginsAnew) {
    Silence silence(60, start);
    EXPECT_FALSE(silence.on_success(start + minutes(59)));
    EXPECT_FALSE(silence.at(start + minutes(118), true, ""));
    EXPECT_TRUE(silence.at(start + minutes(119), true, ""));
    const auto over = silence.on_success(start + minutes(130));
    ASSERT_TRUE(over);
    EXPECT_EQ(over->text, "upload: works again after 71 minutes");
    EXPECT_EQ(silence.minutes(start + minutes(130)), 0U);
    EXPECT_FALSE(silence.at(start + minutes(189), true, ""));
    EXPECT_TRUE(silence.at(start + minutes(190), true, ""));
}

TEST(Silence, NothingThatWaitsIsAFaultToo) {
    Silence silence(5, start);
    const auto line = silence.at(start + minutes(6), false, "");
    ASSERT_TRUE(line);
    EXPECT_NE(line->text.find("is anything recorded?"), std::string::npos);
}

}  // namespace
}  // namespace sie::upload
