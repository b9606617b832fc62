#include "base/quoted.h"

#include <gtest/gtest.h>

namespace sie {
namespace {

TEST(Quoted, LeavesPrintableTextAlone) { EXPECT_EQ(quoted("a b~"), R"("a b~")"); }

TEST(Quoted, ShowsOtherOctetsInHexadecimal) {
    EXPECT_EQ(quoted("a\n\x1b\x7f\xc3\xa9"), R"("a\x0a\x1b\x7f\xc3\xa9")");
    EXPECT_EQ(quoted(std::string_view("\0", 1)), R"("\x00")");
}

TEST(Quoted, CutsLongText) {
    EXPECT_EQ(quoted("abcd", 4), R"("abcd")");
    EXPECT_EQ(quoted("abcde", 4), R"("abcd...")");
}

}  // namespace
}  // namespace sie
