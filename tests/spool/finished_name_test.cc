#include "spool/finished_name.h"

#include <gtest/gtest.h>

#include <string>

#include "spool/file_name.h"

namespace sie::spool {
namespace {

constexpr Time moment = Time::of(1'795'485'722, 544'042'443);

TEST(FinishedName, OursAndThoseOfTheOldPackageTellTheirMoment) {
    EXPECT_EQ(moment_of("vm.20261124.0202.1795485722.544042443.nmsg"), moment);
    EXPECT_EQ(moment_of("a.b-c_d.example.20261124.0202.1795485722.544042443.nmsg.zst"), moment);
    for (const std::int64_t seconds : {0L, 951'782'400L, 4'102'444'799L}) {
        const Time at = Time::of(seconds, 7);
        EXPECT_EQ(moment_of("x." + file_stamp(at) + ".nmsg"), at) << seconds;
    }
}

TEST(FinishedName, AnEpochThatIsOffByAZoneIsMended) {
    // What the old package wrote with TZ=America/New_York, and with a zone of half an hour.
    EXPECT_EQ(moment_of("vm.20261124.0202.1795503722.544042443.nmsg"), moment);
    EXPECT_EQ(moment_of("vm.20261124.0202.1795465922.544042443.nmsg"), moment);
}

TEST(FinishedName, EverythingElseIsNone) {
    const std::string stamp = "20261124.0202.1795485722.544042443";
    for (const std::string& name : {std::string(),
                                    std::string("."),
                                    std::string(".nmsg"),
                                    stamp + ".nmsg",
                                    "." + stamp + ".nmsg",
                                    "vm." + stamp,
                                    "vm." + stamp + ".part",
                                    ".vm." + stamp + ".nmsg",
                                    "-vm." + stamp + ".nmsg",
                                    "v m." + stamp + ".nmsg",
                                    "v/m." + stamp + ".nmsg",
                                    "v\nm." + stamp + ".nmsg",
                                    "v\xc3\xbc." + stamp + ".nmsg",
                                    "vm." + stamp + ".nmsg.gz",
                                    "vm." + stamp + ".NMSG",
                                    std::string("vm.20261124.0202.1795485722.nmsg"),
                                    std::string("vm.20261124.0202.1795485722.54404244.nmsg"),
                                    std::string("vm.20261124.0202..544042443.nmsg"),
                                    std::string("vm.20261124.0202.-795485722.544042443.nmsg"),
                                    std::string("vm.20261124.0202.+795485722.544042443.nmsg"),
                                    std::string("vm.20261124.0202.17954857220000000000.544042443.nmsg"),
                                    std::string("vm.20261124.2402.1795485722.544042443.nmsg"),
                                    std::string("vm.20261124.0260.1795485722.544042443.nmsg"),
                                    std::string("vm.20261331.0202.1795485722.544042443.nmsg"),
                                    std::string("vm.20260230.0202.1795485722.544042443.nmsg"),
                                    std::string("vm.99991231.0202.1795485722.544042443.nmsg"),
                                    std::string("vm.00000101.0202.1795485722.544042443.nmsg"),
                                    std::string("vm.nmsg")})
        EXPECT_FALSE(moment_of(name)) << name;
    const std::string longest = std::string(255 - stamp.size() - 6, 'x') + "." + stamp + ".nmsg";
    ASSERT_EQ(longest.size(), 255U);
    EXPECT_TRUE(moment_of(longest));
    EXPECT_FALSE(moment_of("x" + longest));
}

}  // namespace
}  // namespace sie::spool
