#include "dnsqr/message.h"

#include <gtest/gtest.h>

#include "dnsqr/made_message.h"

namespace sie::dnsqr {
namespace {

TEST(Message, SplitsItsQuestion) {
    const Made made({.name = "www.example", .type = 0x1234, .qclass = 0xfe01});
    EXPECT_TRUE(equal(made.message.question_name(), wire_name("www.example")));
    EXPECT_EQ(made.message.question_type(), 0x1234);
    EXPECT_EQ(made.message.question_class(), 0xfe01);
}

TEST(Message, TimeIsThatOfTheFirstRecordedPacket) {
    const Made made({.time = Time{500}, .piece = 16});
    ASSERT_GT(made.message.parts.size(), 1U);
    EXPECT_EQ(made.message.time(), Time{500});
}

TEST(Message, AddressesAreOfTheFamily) {
    EXPECT_EQ(Made({}).message.address_octets(), 4U);
    EXPECT_EQ(Made({.initiator = "2001:db8::1", .responder = "2001:db8::2"}).message.address_octets(), 16U);
}

}  // namespace
}  // namespace sie::dnsqr
