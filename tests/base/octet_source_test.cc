#include "base/octet_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <vector>

#include "support/source_of.h"

namespace sie {
namespace {

std::vector<std::uint8_t> numbered(std::size_t size) {
    std::vector<std::uint8_t> octets(size);
    for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
    return octets;
}

struct Pipe {
    Pipe() { EXPECT_EQ(::pipe(ends.data()), 0); }
    [[nodiscard]] int reading() const { return ends[0]; }
    [[nodiscard]] int writing() const { return ends[1]; }
    std::array<int, 2> ends{};
};

void write_all(int fd, Octets octets) {
    while (!octets.empty()) {
        const ssize_t n = ::write(fd, octets.data(), octets.size());
        ASSERT_GT(n, 0);
        octets = octets.subspan(static_cast<std::size_t>(n));
    }
}

TEST(OctetSource, MissingFileIsASystemErrorThatNamesIt) {
    const auto source = OctetSource::open("/nowhere/at.all");
    ASSERT_FALSE(source.has_value());
    EXPECT_EQ(source.error().kind, ErrorKind::system);
    EXPECT_EQ(source.error().text(), "/nowhere/at.all: cannot open: No such file or directory");
}

TEST(OctetSource, FolderIsASystemError) {
    const auto source = OctetSource::open("/");
    ASSERT_FALSE(source.has_value());
    EXPECT_EQ(source.error().kind, ErrorKind::system);
    EXPECT_EQ(source.error().text(), "/: cannot read: Is a directory");
}

TEST(OctetSource, EmptyFileEndsAtOnceWithoutAnError) {
    OctetSource source = source_of({});
    EXPECT_TRUE(source.want(1).empty());
    EXPECT_FALSE(source.error());
    EXPECT_FALSE(source.compressed());
    EXPECT_EQ(source.offset(), 0U);
    EXPECT_EQ(source.size(), 0U);
}

TEST(OctetSource, ShortFileIsPlainAndGivesFewerThanWanted) {
    const auto octets = numbered(3);
    OctetSource source = source_of(octets);
    EXPECT_TRUE(equal(source.want(100), octets));
    EXPECT_TRUE(equal(source.want(100), octets));
    source.advance(3);
    EXPECT_TRUE(source.want(1).empty());
    EXPECT_EQ(source.offset(), 3U);
    EXPECT_FALSE(source.error());
}

TEST(OctetSource, GivesConsecutiveOctetsWhateverTheBufferAndTheSteps) {
    const auto octets = numbered(5000);
    for (const std::size_t buffer :
         {std::size_t{1}, std::size_t{100}, std::size_t{4096}, std::size_t{1} << 20}) {
        for (const std::size_t step : {1U, 7U, 63U, 64U, 99U, 1000U}) {
            OctetSource source = source_of(octets, buffer);
            std::size_t at = 0;
            for (;;) {
                const Octets window = source.want(step);
                ASSERT_EQ(source.offset(), at);
                ASSERT_GE(window.size(), std::min(step, octets.size() - at));
                ASSERT_LE(window.size(), octets.size() - at);
                ASSERT_TRUE(equal(window, Octets(octets).subspan(at, window.size())));
                if (window.empty()) break;
                const std::size_t passed = std::min(step, window.size());
                source.advance(passed);
                at += passed;
            }
            EXPECT_EQ(at, octets.size());
            EXPECT_EQ(source.consumed(), octets.size());
        }
    }
}

TEST(OctetSource, GrowsForAWindowLargerThanTheBuffer) {
    const auto octets = numbered(300'000);
    OctetSource source = source_of(octets, 1000);
    EXPECT_GE(source.want(10).size(), 10U);
    source.advance(10);
    const Octets window = source.want(250'000);
    ASSERT_GE(window.size(), 250'000U);
    EXPECT_TRUE(equal(window, Octets(octets).subspan(10, window.size())));
}

TEST(OctetSource, WindowStaysWhereItIsUntilTheNextWant) {
    const auto octets = numbered(200);
    OctetSource source = source_of(octets, 64);
    const Octets window = source.want(64);
    source.advance(64);
    EXPECT_TRUE(equal(window, Octets(octets).first(64)));
}

TEST(OctetSource, GoesOnAfterAMove) {
    const auto octets = numbered(200);
    OctetSource first = source_of(octets, 64);
    first.advance(first.want(30).size());
    const auto passed = static_cast<std::size_t>(first.offset());
    OctetSource second = std::move(first);
    EXPECT_EQ(second.offset(), passed);
    OctetSource third = source_of({});
    third = std::move(second);
    const auto rest = drain(third);
    EXPECT_TRUE(equal(rest, Octets(octets).subspan(passed)));
}

TEST(OctetSource, ReadsAPipeThatIsWrittenInSmallPieces) {
    const auto octets = numbered(2000);
    const Pipe pipe;
    std::thread writer([&] {
        for (std::size_t i = 0; i < octets.size(); i += 7) {
            write_all(pipe.writing(), Octets(octets).subspan(i, std::min<std::size_t>(7, octets.size() - i)));
        }
        ::close(pipe.writing());
    });
    auto source = OctetSource::adopt(pipe.reading(), "pipe", 128);
    ASSERT_TRUE(source.has_value());
    EXPECT_EQ(source->size(), std::nullopt);
    EXPECT_EQ(drain(*source, 50), octets);
    EXPECT_FALSE(source->error());
    writer.join();
}

TEST(OctetSource, WantReturnsAsSoonAsEnoughIsThere) {
    const Pipe pipe;
    const auto octets = numbered(10);
    write_all(pipe.writing(), octets);
    auto source = OctetSource::adopt(pipe.reading(), "pipe");
    ASSERT_TRUE(source.has_value());
    EXPECT_EQ(source->want(10).size(), 10U);  // would wait for ever if it asked for more
    ::close(pipe.writing());
}

TEST(OctetSource, GoesOnAfterASignal) {
    struct sigaction action {};
    action.sa_handler = [](int) {};  // without SA_RESTART: read() gives EINTR
    struct sigaction before {};
    ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
    const auto octets = numbered(20);
    const Pipe pipe;
    const pthread_t reader = ::pthread_self();
    std::thread writer([&] {
        for (const std::uint8_t octet : octets) {
            for (int i = 0; i < 3; ++i) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                ::pthread_kill(reader, SIGUSR1);
            }
            write_all(pipe.writing(), {&octet, 1});
        }
        ::close(pipe.writing());
    });
    auto source = OctetSource::adopt(pipe.reading(), "pipe");
    ASSERT_TRUE(source.has_value());
    EXPECT_EQ(drain(*source), octets);
    EXPECT_FALSE(source->error());
    writer.join();
    ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(OctetSource, WaitsForADescriptorThatDoesNotBlock) {
    const auto octets = numbered(20);
    const Pipe pipe;
    ASSERT_EQ(::fcntl(pipe.reading(), F_SETFL, O_NONBLOCK), 0);
    std::thread writer([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        write_all(pipe.writing(), octets);
        ::close(pipe.writing());
    });
    auto source = OctetSource::adopt(pipe.reading(), "pipe");
    ASSERT_TRUE(source.has_value());
    EXPECT_EQ(drain(*source), octets);
    writer.join();
}

TEST(OctetSource, DashIsStandardInputAndLeavesItOpen) {
    const auto octets = numbered(20);
    const int kept = ::dup(STDIN_FILENO);
    const int file = file_with(octets);
    ASSERT_EQ(::dup2(file, STDIN_FILENO), STDIN_FILENO);
    ::close(file);
    {
        auto source = OctetSource::open("-");
        ASSERT_TRUE(source.has_value());
        EXPECT_EQ(source->name(), "standard input");
        EXPECT_EQ(drain(*source), octets);
    }
    EXPECT_NE(::fcntl(STDIN_FILENO, F_GETFD), -1);
    if (kept < 0) {
        ::close(STDIN_FILENO);
    } else {
        ::dup2(kept, STDIN_FILENO);
        ::close(kept);
    }
}

TEST(OctetSource, ReadErrorInTheMiddleGivesWhatStoodBeforeAndTheReason) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    const auto octets = numbered(10);
    write_all(ends[1], octets);
    write_all(ends[0], octets);
    ::close(ends[1]);  // with octets that it did not read: the other end gets ECONNRESET
    auto source = OctetSource::adopt(ends[0], "socket");
    ASSERT_TRUE(source.has_value());
    EXPECT_TRUE(equal(source->want(20), octets));
    ASSERT_TRUE(source->error());
    EXPECT_EQ(source->error()->kind, ErrorKind::system);
    EXPECT_EQ(source->error()->text(), "socket: offset 10: cannot read: Connection reset by peer");
    source->advance(10);
    EXPECT_TRUE(source->want(1).empty());
}

TEST(OctetSource, KnowsTheSizeOfAFile) {
    OctetSource source = source_of(numbered(1234));
    EXPECT_EQ(source.size(), 1234U);
    EXPECT_EQ(source.name(), "made.up");
}

}  // namespace
}  // namespace sie
