#include "spool/file_name.h"

#include <gtest/gtest.h>

namespace sie::spool {
namespace {

TEST(FileStamp, IsUtcWithEpochAndNanoseconds) {
    EXPECT_EQ(file_stamp(Time::of(1'700'000'000, 5)), "20231114.2213.1700000000.000000005");
    EXPECT_EQ(file_stamp(Time::of(0, 0)), "19700101.0000.0.000000000");
    EXPECT_EQ(file_stamp(Time::of(951'782'399, 999'999'999)), "20000228.2359.951782399.999999999");
    EXPECT_EQ(file_stamp(Time::of(951'782'400, 0)), "20000229.0000.951782400.000000000");
    EXPECT_EQ(file_stamp(Time::of(-1, 999'999'999)), "19691231.2359.-1.999999999");
}

TEST(PartName, IsReadBack) {
    for (const char* prefix : {"test", "ns1.example.com", "a", "-", "a_b-c.9"})
        for (const std::int64_t second : {1'700'000'000L, 0L, -1L, 9'000'000'000L}) {
            const std::string name = std::string(prefix) + '.' + file_stamp(Time::of(second, 7));
            EXPECT_EQ(name_of_part(part_name(name)), name);
        }
}

TEST(PartName, OfAnotherFormIsNone) {
    for (const char* name : {"",
                             ".",
                             ".part",
                             "..part",
                             ".test.part",
                             "test.20231114.2213.1700000000.000000005.part",
                             ".20231114.2213.1700000000.000000005.part",        // no prefix
                             "..20231114.2213.1700000000.000000005.part",       // an empty one
                             ".test.20231114.2213.1700000000.000000005.part~",  // another ending
                             ".test.20231114.2213.1700000000.000000005.nmsg",   //
                             ".test.20231114.2214.1700000000.000000005.part",   // minute and epoch differ
                             ".test.20231115.2213.1700000000.000000005.part",   // date and epoch differ
                             ".test.20231114.2213.1700000000.5.part",           // nanoseconds short
                             ".test.20231114.2213.1700000000.4294967297.part",  // too large for 32 bits
                             ".test.20231114.2213.1700000000.1000000000.part",  // a whole second
                             ".test.20231114.2213.+1700000000.000000005.part",  //
                             ".test.20231114.2213.17000000000.000000005.part",  // beyond what Time holds
                             ".test.20231114.2213.99999999999999999999.000000005.part",
                             ".te st.20231114.2213.1700000000.000000005.part",
                             ".te\nst.20231114.2213.1700000000.000000005.part",
                             ".te/st.20231114.2213.1700000000.000000005.part",
                             ".t\xc3\xa9st.20231114.2213.1700000000.000000005.part"})
        EXPECT_FALSE(name_of_part(name)) << name;
}

}  // namespace
}  // namespace sie::spool
