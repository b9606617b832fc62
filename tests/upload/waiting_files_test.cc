#include "upload/waiting_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "spool/durable.h"
#include "spool/file_name.h"
#include "upload_folder.h"

namespace sie::upload {
namespace {

class WaitingFilesTest : public InFolder {
  protected:
    static std::string name(const std::string& prefix, std::int64_t second) {
        return prefix + "." + spool::file_stamp(Time::of(second, 5)) + ".nmsg";
    }
    Waiting look(std::size_t most) {
        const spool::Descriptor fd = spool::open_folder(folder);
        return waiting.look(fd.get(), most).value();
    }
    static std::vector<std::string> names(const std::vector<WaitingFile>& files) {
        std::vector<std::string> out;
        for (const WaitingFile& file : files) out.push_back(file.name);
        return out;
    }
    WaitingFiles waiting{"FOLDER", log()};
};

TEST_F(WaitingFilesTest, OldestFirstAcrossPrefixes) {
    const std::vector<std::string> in_order{name("zz", 100), name("aa", 200), name("mm", 300),
                                            name("aa", 400)};
    for (const auto& n : {in_order[2], in_order[0], in_order[3], in_order[1]}) put(n, "four");
    const Waiting found = look(10);
    EXPECT_EQ(names(found.oldest), in_order);
    EXPECT_EQ(found.files, 4U);
    EXPECT_EQ(found.octets, 16U);
    EXPECT_EQ(found.refused, 0U);
    EXPECT_TRUE(lines.empty());
}

TEST_F(WaitingFilesTest, AFullFolderGivesTheOldestAndCountsAll) {
    for (int i = 0; i < 500; ++i) put(name("vm", (i * 7'919) % 500), "ab");
    const Waiting found = look(10);
    ASSERT_EQ(found.oldest.size(), 10U);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(found.oldest[static_cast<std::size_t>(i)].name, name("vm", i));
    EXPECT_EQ(found.files, 500U);
    EXPECT_EQ(found.octets, 1'000U);
}

TEST_F(WaitingFilesTest, WhatIsNotAFinishedFileIsToldOnceAndCounted) {
    put("-e" + name("vm", 1));
    put("a\nb." + name("vm", 1));
    put("notes.txt");
    put(".part");
    std::filesystem::create_symlink("/etc/passwd", folder / name("link", 1));
    std::filesystem::create_directory(folder / name("dir", 1));
    for (int round = 0; round < 3; ++round) {
        const Waiting found = look(10);
        EXPECT_EQ(found.files, 0U);
        EXPECT_EQ(found.refused, 5U);
    }
    EXPECT_EQ(lines.size(), 5U);
    for (const std::string& line : lines) {
        EXPECT_TRUE(line.starts_with("FOLDER: \"")) << line;
        EXPECT_EQ(line.find('\n'), std::string::npos);
    }
}

TEST_F(WaitingFilesTest, AThousandOddNamesAreNotAThousandLines) {
    for (int i = 0; i < 1'000; ++i) put(fmt::format("odd{}", i));
    EXPECT_EQ(look(10).refused, 1'000U);
    EXPECT_EQ(look(10).refused, 1'000U);
    EXPECT_EQ(lines.size(), 101U);
    EXPECT_NE(lines.back().find("more files"), std::string::npos);
}

TEST_F(WaitingFilesTest, ABatchHasBoundsAndPassesOverWhatHasLeft) {
    for (int i = 0; i < 6; ++i) put(name("vm", i), std::string(100, 'x'));
    put(name("vm", 6), std::string(1'000, 'x'));
    auto queue = look(10).oldest;
    std::filesystem::remove(folder / name("vm", 1));
    const spool::Descriptor fd = spool::open_folder(folder);
    EXPECT_EQ(names(waiting.take_batch(fd.get(), queue, 2, 10'000)),
              (std::vector{name("vm", 0), name("vm", 2)}));
    EXPECT_EQ(names(waiting.take_batch(fd.get(), queue, 10, 250)),
              (std::vector{name("vm", 3), name("vm", 4)}));
    EXPECT_EQ(names(waiting.take_batch(fd.get(), queue, 10, 250)), (std::vector{name("vm", 5)}));
    // Larger than the bound: alone.
    EXPECT_EQ(names(waiting.take_batch(fd.get(), queue, 10, 250)), (std::vector{name("vm", 6)}));
    EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace sie::upload
