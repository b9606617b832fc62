// Between two threads. Runs under the thread sanitizer too.
#include "sensor/container_queue.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace sie::sensor {
namespace {

Container holding(std::uint8_t value) {
    Container container;
    container.octets = {value};
    container.payloads[0] = value;
    return container;
}

TEST(ContainerQueue, GivesBackInOrderAndTellsWhenItIsFull) {
    ContainerQueue queue(2);
    EXPECT_EQ(queue.capacity(), 2U);
    Container a = holding(1), b = holding(2), c = holding(3);
    EXPECT_TRUE(queue.push(a));
    EXPECT_TRUE(a.octets.empty()) << "memory of an earlier container comes back";
    EXPECT_TRUE(queue.push(b));
    EXPECT_FALSE(queue.push(c));
    EXPECT_EQ(c.octets.front(), 3) << "what found no room is untouched";
    Container out;
    std::uint64_t mark = 9;
    ASSERT_TRUE(queue.pop(out, mark));
    EXPECT_EQ(out.octets.front(), 1);
    EXPECT_EQ(mark, 0U);
    EXPECT_TRUE(queue.push(c));
    ASSERT_TRUE(queue.pop(out, mark));
    EXPECT_EQ(out.octets.front(), 2);
    ASSERT_TRUE(queue.pop(out, mark));
    EXPECT_EQ(out.octets.front(), 3);
    EXPECT_FALSE(queue.pop(out, mark));
}

TEST(ContainerQueue, ItsMemoryIsThatOfTheContainersOnTheirWay) {
    ContainerQueue queue(30);
    std::set<const std::uint8_t*> places;
    Container in, out;
    std::uint64_t mark = 0;
    for (int i = 0; i < 200; ++i) {
        in.octets.resize(1000);
        places.insert(in.octets.data());
        ASSERT_TRUE(queue.push(in));
        ASSERT_TRUE(queue.pop(out, mark));
    }
    EXPECT_LE(places.size(), 3U) << "one on its way, one in each hand";
}

TEST(ContainerQueue, AFullOneStillTakesAMark) {
    ContainerQueue queue(1);
    Container a = holding(1), out;
    std::uint64_t mark = 0;
    ASSERT_TRUE(queue.push(a));
    EXPECT_TRUE(queue.push_mark(7));
    EXPECT_FALSE(queue.push_mark(8));
    ASSERT_TRUE(queue.pop(out, mark));
    EXPECT_EQ(mark, 0U);
    ASSERT_TRUE(queue.pop(out, mark));
    EXPECT_EQ(mark, 7U);
    EXPECT_EQ(out.octets.front(), 1) << "a mark leaves the container in hand alone";
    EXPECT_FALSE(queue.pop(out, mark));
}

TEST(ContainerQueue, EveryContainerCrossesOnceAndInOrder) {
    ContainerQueue queue(3);
    constexpr std::uint32_t count = 20'000;
    std::thread producer([&] {
        Container container;
        for (std::uint32_t i = 0; i < count;) {
            container.octets.assign(4, 0);
            store_be32(container.octets.data(), i);
            if (queue.push(container))
                ++i;
            else
                std::this_thread::yield();
        }
    });
    Container out;
    std::uint64_t mark = 0;
    for (std::uint32_t i = 0; i < count;) {
        if (!queue.pop(out, mark)) {
            std::this_thread::yield();
            continue;
        }
        ASSERT_EQ(load_be32(out.octets.data()), i);
        ++i;
    }
    producer.join();
    EXPECT_EQ(queue.waiting(), 0U);
}

}  // namespace
}  // namespace sie::sensor
