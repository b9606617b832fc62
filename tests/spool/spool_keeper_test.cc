#include "spool/spool_keeper.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spool/file_name.h"
#include "spool/spool_folder.h"

namespace sie::spool {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t noon = 1'795'521'600;

class Keeper : public InFolder {
  protected:
    SpoolRules rules(bool upload, bool archive) const {
        return {.spooldir = folder.string(), .channel = "ch202", .upload = upload, .archive = archive};
    }
    SpoolKeeper open(SpoolRules with) const {
        auto keeper = SpoolKeeper::open(std::move(with));
        EXPECT_TRUE(keeper) << keeper.error().text();
        return std::move(*keeper);
    }
    static std::string name(std::int64_t seconds, const std::string& suffix = ".nmsg",
                            const std::string& prefix = "host") {
        return prefix + "." + file_stamp(Time::of(noon + seconds, 5)) + suffix;
    }
    // A file of `containers` with three payloads each.
    std::string file(const std::string& below, const std::string& called, int containers = 1,
                     std::size_t octets = 10) const {
        fs::create_directories(folder / below);
        Bytes all;
        for (int i = 0; i < containers; ++i) {
            const auto one = made_container(static_cast<std::uint64_t>(i), octets);
            all.insert(all.end(), one.begin(), one.end());
        }
        put(below + "/" + called, all);
        return called;
    }
    std::vector<std::string> in(const std::string& below) const {
        std::vector<std::string> names;
        if (!fs::exists(folder / below)) return names;
        for (const auto& entry : fs::directory_iterator(folder / below))
            names.push_back(entry.path().filename());
        std::sort(names.begin(), names.end());
        return names;
    }
    std::uint64_t on_disk(const std::string& path) const {
        struct stat status {};
        EXPECT_EQ(::stat((folder / path).c_str(), &status), 0);
        return static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
    static std::string texts(SpoolKeeper& keeper) {
        std::string all;
        for (const SpoolEvent& event : keeper.take_events())
            all += (event.warning ? "W " : "I ") + event.text + "\n";
        return all;
    }
    using Bytes = std::vector<std::uint8_t>;
    using Names = std::vector<std::string>;
};

TEST_F(Keeper, MakesItsFolders) {
    open(rules(true, false));
    EXPECT_EQ(listing(), (Names{"new", "waiting"}));
    open(rules(true, true));
    EXPECT_EQ(listing(), (Names{"archive", "new", "waiting"}));
    EXPECT_TRUE(fs::is_directory(folder / "archive" / "ch202"));
}

TEST_F(Keeper, NamesTheFolderThatCannotBeMade) {
    put("new", Bytes{1});
    const auto keeper = SpoolKeeper::open(rules(true, false));
    ASSERT_FALSE(keeper);
    EXPECT_NE(keeper.error().text().find((folder / "new").string()), std::string::npos)
        << keeper.error().text();
}

TEST_F(Keeper, UploadMovesToWaiting) {
    auto keeper = open(rules(true, false));
    const Names files{file("new/ch202", name(0)), file("new/ch202", name(60, ".nmsg.zst"))};
    keeper.take_finished();
    EXPECT_EQ(in("new/ch202"), Names{});
    EXPECT_EQ(in("waiting/ch202"), files);
    EXPECT_EQ(keeper.counts().to_waiting, 2U);
    EXPECT_EQ(texts(keeper), "");
}

TEST_F(Keeper, ArchiveAndUploadIsOneFileWithTwoNames) {
    auto keeper = open(rules(true, true));
    const std::string one = file("new/ch202", name(0));
    keeper.take_finished();
    EXPECT_EQ(in("new/ch202"), Names{});
    EXPECT_TRUE(fs::equivalent(folder / "waiting/ch202" / one, folder / "archive/ch202" / one));
    EXPECT_EQ(keeper.counts().archived, 1U);
}

TEST_F(Keeper, ArchiveAloneLeavesNothingElsewhere) {
    auto keeper = open(rules(false, true));
    const std::string one = file("new/ch202", name(0));
    keeper.take_finished();
    EXPECT_EQ(in("new/ch202"), Names{});
    EXPECT_EQ(in("waiting/ch202"), Names{});
    EXPECT_EQ(in("archive/ch202"), Names{one});
    EXPECT_EQ(fs::hard_link_count(folder / "archive/ch202" / one), 1U);
}

TEST_F(Keeper, NeitherRemovesWhatIsClosed) {
    auto keeper = open(rules(false, false));
    file("new/ch202", name(0));
    keeper.take_finished();
    EXPECT_EQ(in("new/ch202"), Names{});
    EXPECT_EQ(in("waiting/ch202"), Names{});
    EXPECT_EQ(keeper.counts().removed, 1U);
    EXPECT_EQ(keeper.counts().lost_files, 0U);
}

TEST_F(Keeper, PartFilesLocksLinksFoldersAndOtherNamesStay) {
    auto keeper = open(rules(true, false));
    put("target", Bytes{1});
    const Names stay{part_name("host." + file_stamp(Time::of(noon, 5))), ".sie-dns-sensor.lock", "notes.txt",
                     "host.20261124.1200.nmsg", "-x." + file_stamp(Time::of(noon, 5)) + ".nmsg"};
    for (const std::string& called : stay) put("new/ch202/" + called, Bytes{1});
    fs::create_symlink(folder / "target", folder / "new/ch202" / name(1));
    fs::create_directory(folder / "new/ch202" / name(2));
    const auto before = in("new/ch202");
    keeper.take_finished();
    keeper.keep_bound();
    EXPECT_EQ(in("new/ch202"), before);
    EXPECT_EQ(in("waiting/ch202"), Names{});
}

TEST_F(Keeper, ANameThatWaitsAlreadyIsNotReplacedAndToldOnce) {
    auto keeper = open(rules(true, false));
    const std::string one = file("new/ch202", name(0));
    put("waiting/ch202/" + one, Bytes{42});
    keeper.take_finished();
    keeper.take_finished();
    EXPECT_EQ(content("waiting/ch202/" + one), std::string(1, 42));
    EXPECT_EQ(keeper.counts().to_waiting, 0U);
    EXPECT_EQ(in("new/ch202"), Names{one});
    const std::string told = texts(keeper);
    EXPECT_NE(
        told.find("W " + (folder / "new/ch202" / one).string() + ": cannot move it to waiting/: File exists"),
        std::string::npos)
        << told;
    EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1);
}

// Killed between the link and the move.
TEST_F(Keeper, AnArchiveThatHasTheFileAlreadyIsNoObstacle) {
    const std::string one = name(0);
    auto keeper = open(rules(true, true));
    file("new/ch202", one);
    fs::create_hard_link(folder / "new/ch202" / one, folder / "archive/ch202" / one);
    keeper.take_finished();
    EXPECT_EQ(in("waiting/ch202"), Names{one});
    EXPECT_EQ(texts(keeper), "");
    EXPECT_EQ(keeper.counts().archived, 1U);
}

TEST_F(Keeper, AnotherFileOfThatNameInTheArchiveIsKeptAndTold) {
    auto keeper = open(rules(false, true));
    const std::string one = file("new/ch202", name(0));
    put("archive/ch202/" + one, Bytes{42});
    keeper.take_finished();
    EXPECT_EQ(content("archive/ch202/" + one), std::string(1, 42));
    EXPECT_EQ(in("new/ch202"), Names{one});
    EXPECT_EQ(keeper.counts().not_archived, 0U);  // it is still to be archived
    EXPECT_NE(texts(keeper).find("cannot archive it: File exists"), std::string::npos);
}

// Tried each second, counted once.
TEST_F(Keeper, AFileThatCannotLeaveIsNotCountedAgainAndAgain) {
    auto keeper = open(rules(true, true));
    const std::string one = file("new/ch202", name(0));
    put("waiting/ch202/" + one, Bytes{42});
    for (int i = 0; i < 3; ++i) keeper.take_finished();
    EXPECT_EQ(keeper.counts().archived, 0U);
    fs::remove(folder / "waiting/ch202" / one);
    keeper.take_finished();
    EXPECT_EQ(keeper.counts().archived, 1U);
    EXPECT_EQ(keeper.counts().to_waiting, 1U);
}

TEST_F(Keeper, AFullDiskStopsTheArchiveAndNotTheUpload) {
    SpoolRules with = rules(true, true);
    with.least_free_percent = 100;  // no file system is as empty as that
    auto keeper = open(with);
    for (int i = 0; i < 3; ++i) file("new/ch202", name(60 * i));
    keeper.take_finished();
    EXPECT_EQ(in("waiting/ch202").size(), 3U);
    EXPECT_EQ(in("archive/ch202"), Names{});
    EXPECT_EQ(keeper.counts().not_archived, 3U);
    EXPECT_TRUE(keeper.archiving_stopped());
    const std::string told = texts(keeper);
    EXPECT_NE(told.find("less than 100 % of its file system are free"), std::string::npos) << told;
    EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1);
    with.least_free_percent = 0;
    keeper.set_rules(with);
    file("new/ch202", name(600));
    keeper.take_finished();
    EXPECT_FALSE(keeper.archiving_stopped());
    EXPECT_EQ(in("archive/ch202").size(), 1U);
    EXPECT_NE(texts(keeper).find("archiving goes on"), std::string::npos);
}

TEST_F(Keeper, BeyondTheBoundTheOldestGoWhateverTheirPrefixFolderAndChannel) {
    auto keeper = open(rules(true, false));
    const std::string first = file("waiting/ch202", name(0, ".nmsg", "zz"), 4, 3'000);
    const std::string second = file("new/ch207", name(60, ".nmsg.zst", "aa"), 4, 3'000);
    const std::string third = file("waiting/ch202", name(120), 4, 3'000),
                      fourth = file("waiting/ch207", name(180), 4, 3'000);
    std::uint64_t all = 0;
    for (const std::string& path : {"waiting/ch202/" + first, "new/ch207/" + second, "waiting/ch202/" + third,
                                    "waiting/ch207/" + fourth})
        all += on_disk(path);
    const std::uint64_t one = on_disk("waiting/ch202/" + first);
    const std::uint64_t octets = content("waiting/ch202/" + first).size();
    ASSERT_GT(one, 0U);

    SpoolRules with = rules(true, false);
    with.most_octets = all;
    keeper.set_rules(with);
    keeper.keep_bound();
    EXPECT_EQ(keeper.counts().lost_files, 0U);

    with.most_octets = all - 1;
    keeper.set_rules(with);
    keeper.keep_bound();
    EXPECT_EQ(in("waiting/ch202"), Names{third});
    EXPECT_EQ(in("new/ch207"), Names{second});
    EXPECT_EQ(keeper.counts().lost_files, 1U);
    EXPECT_EQ(keeper.counts().lost_octets, octets);
    EXPECT_EQ(keeper.counts().lost_payloads, 12U);
    EXPECT_EQ(texts(keeper), fmt::format("W spool overflow, removing {} ({} octets, 12 payloads)\n",
                                         (folder / "waiting/ch202" / first).string(), octets));

    with.most_octets = one + 1;
    keeper.set_rules(with);
    keeper.keep_bound();
    EXPECT_EQ(in("waiting/ch202"), Names{});
    EXPECT_EQ(in("waiting/ch207"), Names{fourth});
    EXPECT_EQ(keeper.counts().lost_files, 3U);
}

TEST_F(Keeper, PartFilesCountAndStayAndTheBoundThatCannotBeKeptIsToldOnce) {
    auto keeper = open(rules(true, false));
    const std::string part = part_name("host." + file_stamp(Time::of(noon, 5)));
    file("new/ch202", part, 4, 3'000);
    SpoolRules with = rules(true, false);
    with.most_octets = 1024;
    keeper.set_rules(with);
    keeper.keep_bound();
    keeper.keep_bound();
    EXPECT_EQ(in("new/ch202"), Names{part});
    const std::string told = texts(keeper);
    EXPECT_NE(told.find("nothing in them can be removed"), std::string::npos) << told;
    EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1);
    EXPECT_EQ(keeper.content().new_files, 1U);
}

TEST_F(Keeper, WhatIsBeingSentIsPassedOverWhileThereAreOthers) {
    auto keeper = open(rules(true, false));
    const std::string sent = file("waiting/ch202", name(0), 4, 3'000),
                      other = file("waiting/ch202", name(60), 4, 3'000);
    const Descriptor sender(::open((folder / "waiting/ch202" / sent).c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_GE(sender.get(), 0);
    if (!is_open_elsewhere(open_folder((folder / "waiting/ch202").string()).get(), sent))
        SIE_SKIP("this file system gives no leases");
    SpoolRules with = rules(true, false);
    with.most_octets = on_disk("waiting/ch202/" + sent);
    keeper.set_rules(with);
    keeper.keep_bound();
    EXPECT_EQ(in("waiting/ch202"), Names{sent});
    with.most_octets = 1024;  // then it goes all the same: the bound holds
    keeper.set_rules(with);
    keeper.keep_bound();
    EXPECT_EQ(in("waiting/ch202"), Names{});
}

TEST_F(Keeper, ADamagedFileCountsThePayloadsBeforeTheDamage) {
    auto keeper = open(rules(true, false));
    const std::string one = file("waiting/ch202", name(0), 2, 3'000);
    Bytes octets(16'384, 0xff);
    {
        std::ofstream out(folder / "waiting/ch202" / one, std::ios::binary | std::ios::app);
        out.write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
    }
    SpoolRules with = rules(true, false);
    with.most_octets = 0;
    keeper.set_rules(with);
    keeper.keep_bound();
    EXPECT_EQ(keeper.counts().lost_payloads, 6U);
}

TEST_F(Keeper, TellsWhatLiesInTheFolders) {
    auto keeper = open(rules(true, false));
    file("waiting/ch202", name(60));
    file("waiting/ch202", name(0));
    put("waiting/ch202/notes.txt", Bytes(100));
    file("waiting/ch207", name(-60));
    file("new/ch202", part_name("host." + file_stamp(Time::of(noon, 5))));
    keeper.keep_bound();
    EXPECT_EQ(keeper.content().waiting_files, 2U);
    EXPECT_EQ(keeper.content().waiting_octets, 2 * content("waiting/ch202/" + name(0)).size());
    EXPECT_EQ(keeper.content().oldest_waiting_s, noon);
    EXPECT_EQ(keeper.content().new_files, 1U);
    EXPECT_EQ(keeper.content().archive_files, 0U);
}

TEST_F(Keeper, TellsWhatLiesInTheArchiveWhileArchivingIsOn) {
    auto keeper = open(rules(true, true));
    const std::string one = file("new/ch202", name(0));
    put("archive/ch202/notes.txt", Bytes(100));
    keeper.take_finished();
    keeper.keep_bound();
    EXPECT_EQ(keeper.content().archive_files, 1U);
    EXPECT_EQ(keeper.content().archive_octets, content("archive/ch202/" + one).size());
}

TEST_F(Keeper, StopsBetweenFiles) {
    auto keeper = open(rules(true, false));
    for (int i = 0; i < 5; ++i) file("waiting/ch202", name(i));
    SpoolRules with = rules(true, false);
    with.most_octets = 0;
    keeper.set_rules(with);
    const std::atomic<bool> stop = true;
    keeper.keep_bound(&stop);
    EXPECT_EQ(in("waiting/ch202").size(), 5U);
}

// More files than are remembered at once: all that are too many go all the same, oldest first.
TEST_F(Keeper, GoesOnBeyondTheFilesOfOneRound) {
    auto keeper = open(rules(true, false));
    constexpr int files = static_cast<int>(SpoolKeeper::most_at_once) + 100;
    for (int i = 0; i < files; ++i) put("waiting/ch202/" + name(i), Bytes(100));
    const std::uint64_t one = on_disk("waiting/ch202/" + name(0));
    SpoolRules with = rules(true, false);
    with.most_octets = 10 * one;
    keeper.set_rules(with);
    keeper.keep_bound();
    const auto left = in("waiting/ch202");
    ASSERT_EQ(left.size(), 10U);
    EXPECT_EQ(left.front(), name(files - 10));
    EXPECT_EQ(keeper.counts().lost_files, static_cast<std::uint64_t>(files - 10));
}

}  // namespace
}  // namespace sie::spool
