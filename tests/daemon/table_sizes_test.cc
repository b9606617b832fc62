#include "daemon/table_sizes.h"

#include <gmock/gmock.h>

#include <random>

namespace sie::daemon {
namespace {

using ::testing::HasSubstr;

TableWishes wishes_of(std::uint64_t megabytes, unsigned workers = 1, unsigned interfaces = 1) {
    TableWishes wishes;
    wishes.memory_ulimit_kbytes = megabytes * 1024;
    wishes.workers = workers;
    wishes.interfaces = interfaces;
    return wishes;
}

TEST(TableSizes, TheDefaultsFitIntoTheDefault) {
    const auto sizes = sizes_for({});
    ASSERT_TRUE(sizes);
    EXPECT_EQ(sizes->state_table_max, 131'072U);
    EXPECT_EQ(sizes->stored_octets, std::size_t{64} << 20);
    EXPECT_EQ(sizes->ring_kbytes, 16'384U);
    EXPECT_EQ(sizes->queued_containers, 32U);
    EXPECT_EQ(sizes->stack_octets, std::size_t{8} << 20);
    EXPECT_THAT(sizes->made_smaller, ::testing::IsEmpty());
}

TEST(TableSizes, WhatFitsIntoEachLimit) {
    const struct {
        std::uint64_t megabytes;
        unsigned workers;
        std::uint32_t least_queries;
        std::uint64_t ring_kbytes;
        std::size_t queued;
    } rows[] = {
        {64, 1, 8'000, 512, 4},        {128, 1, 50'000, 16'384, 32},  {128, 2, 10'000, 1'024, 24},
        {256, 1, 131'072, 16'384, 32}, {256, 2, 120'000, 16'384, 32}, {512, 2, 131'072, 16'384, 32},
        {512, 4, 131'072, 16'384, 32},
    };
    for (const auto& row : rows) {
        const auto sizes = sizes_for(wishes_of(row.megabytes, row.workers));
        ASSERT_TRUE(sizes) << row.megabytes << " " << row.workers << ": " << sizes.error().text();
        EXPECT_GE(sizes->state_table_max, row.least_queries) << row.megabytes << " " << row.workers;
        EXPECT_EQ(sizes->ring_kbytes, row.ring_kbytes) << row.megabytes << " " << row.workers;
        EXPECT_EQ(sizes->queued_containers, row.queued) << row.megabytes << " " << row.workers;
        EXPECT_LE(sizes->expected_kbytes, row.megabytes * 1024);
    }
}

TEST(TableSizes, AnEncoderThatTakesMoreLeavesLess) {
    TableWishes wishes = wishes_of(128);
    const auto usual = sizes_for(wishes);
    wishes.writer_kbytes = best_writer_kbytes;
    const auto best = sizes_for(wishes);
    ASSERT_TRUE(usual && best);
    EXPECT_LT(best->state_table_max, usual->state_table_max);
    EXPECT_LE(best->expected_kbytes, 128U * 1024);
    wishes.memory_ulimit_kbytes = 65'536;
    EXPECT_FALSE(sizes_for(wishes));
}

TEST(TableSizes, SaysWhatWasMadeSmaller) {
    const auto sizes = sizes_for(wishes_of(64));
    ASSERT_TRUE(sizes);
    ASSERT_EQ(sizes->made_smaller.size(), 4U);
    EXPECT_THAT(sizes->made_smaller[0], HasSubstr("memory_ulimit_kbytes: 65536 KiB leave room for "));
    EXPECT_THAT(sizes->made_smaller[0], HasSubstr(" of 131072 queries that may wait (state_table_max)"));
    EXPECT_THAT(sizes->made_smaller[2],
                HasSubstr("512 of 16384 KiB for the rings of an interface (ring_kbytes)"));
    EXPECT_THAT(sizes->made_smaller[3], HasSubstr("4 of 32 containers that may wait for the disk"));
}

TEST(TableSizes, WhatCannotFitIsRefusedWithWhatItTakes) {
    const auto sizes = sizes_for(wishes_of(64, 4));
    ASSERT_FALSE(sizes);
    EXPECT_EQ(sizes.error().kind, ErrorKind::usage);
    EXPECT_THAT(sizes.error().text(),
                HasSubstr("65536 KiB are too few for 4 workers and 1 interface; set at least "));
    TableWishes wishes = wishes_of(64, 4);
    wishes.memory_ulimit_kbytes =
        std::stoull(sizes.error().remedy.substr(sizes.error().remedy.find_first_of("0123456789")));
    EXPECT_TRUE(sizes_for(wishes));
    --wishes.memory_ulimit_kbytes;
    EXPECT_FALSE(sizes_for(wishes));
}

TEST(TableSizes, NothingIsEverMoreThanWantedOrThanTheLimit) {
    std::mt19937_64 random(20231114);
    unsigned fitted = 0;
    for (int i = 0; i < 20'000; ++i) {
        TableWishes wishes;
        wishes.memory_ulimit_kbytes = 65'536 + random() % (std::uint64_t{1} << (10 + random() % 20));
        wishes.state_table_max = 1 + static_cast<std::uint32_t>(random() % (1U << (random() % 25)));
        wishes.ring_kbytes = 1 + random() % (1U << (random() % 22));
        wishes.workers = 1 + static_cast<unsigned>(random() % 8);
        wishes.interfaces = 1 + static_cast<unsigned>(random() % 8);
        const auto sizes = sizes_for(wishes);
        if (!sizes) continue;
        ++fitted;
        ASSERT_LE(sizes->expected_kbytes, wishes.memory_ulimit_kbytes) << i;
        ASSERT_LE(sizes->state_table_max, wishes.state_table_max) << i;
        ASSERT_GE(sizes->state_table_max, 1U) << i;
        ASSERT_LE(sizes->ring_kbytes, wishes.ring_kbytes) << i;
        ASSERT_GE(sizes->ring_kbytes, 1U) << i;
        ASSERT_LE(sizes->queued_containers, 32U) << i;
        ASSERT_GE(sizes->queued_containers, 4U) << i;
        ASSERT_GE(sizes->stored_octets, std::size_t{4} << 20) << i;
    }
    EXPECT_GT(fitted, 5'000U);
}

}  // namespace
}  // namespace sie::daemon
