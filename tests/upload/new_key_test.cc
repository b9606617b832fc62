#include "upload/new_key.h"

#include <sys/stat.h>

#include <algorithm>

#include "upload_folder.h"

namespace sie::upload {
namespace {

namespace fs = std::filesystem;

class NewKeyTest : public InFolder {
  protected:
    [[nodiscard]] std::vector<std::string> listing(const fs::path& of) const {
        std::vector<std::string> names;
        if (fs::exists(of))
            for (const auto& entry : fs::directory_iterator(of)) names.push_back(entry.path().filename());
        std::ranges::sort(names);
        return names;
    }
    static unsigned mode(const fs::path& of) {
        struct stat status {};
        ::stat(of.c_str(), &status);
        return status.st_mode & 07777U;
    }
};

TEST_F(NewKeyTest, BothFilesWithTheirModesInAFolderOfTheirOwn) {
    const fs::path keys = folder / "a" / "keys";
    const auto line = make_key({keys / "upload", KeyKind::ed25519, "a host", {}});
    ASSERT_TRUE(line) << line.error().text();
    EXPECT_TRUE(line->starts_with("ssh-ed25519 AAAA")) << *line;
    EXPECT_TRUE(line->ends_with(" a host")) << *line;
    EXPECT_EQ(listing(keys), (std::vector<std::string>{"upload", "upload.pub"}));
    EXPECT_EQ(mode(keys), 0700U);
    EXPECT_EQ(
        mode(folder / "a"), 0755U & ~[] {
            const mode_t m = ::umask(0);
            ::umask(m);
            return m;
        }());
    EXPECT_EQ(mode(keys / "upload"), 0600U);
    EXPECT_EQ(mode(keys / "upload.pub"), 0644U);
}

TEST_F(NewKeyTest, WhatIsThereIsNeverTouched) {
    for (const char* taken : {"upload", "upload.pub"}) {
        put(taken, "mine");
        const auto line = make_key({folder / "upload", KeyKind::ed25519, "x", {}});
        ASSERT_FALSE(line);
        EXPECT_EQ(line.error().text(),
                  (folder / taken).string() +
                      " already exists; it is never overwritten; move it away if a new key is wanted");
        EXPECT_EQ(line.error().exit_status(), 1);
        EXPECT_EQ(listing(folder), std::vector<std::string>{taken});
        EXPECT_EQ(fs::file_size(folder / taken), 4U);
        fs::remove(folder / taken);
    }
    fs::create_symlink("/nowhere", folder / "upload");
    EXPECT_FALSE(make_key({folder / "upload", KeyKind::ed25519, "x", {}}));
    EXPECT_TRUE(fs::is_symlink(folder / "upload"));
}

TEST_F(NewKeyTest, AFailureLeavesNothing) {
    // A name too long for ".pub": known only once the key is made.
    const std::string longest(253, 'k');
    const auto line = make_key({folder / "new" / longest, KeyKind::ed25519, "x", {}});
    ASSERT_FALSE(line);
    EXPECT_EQ(listing(folder), std::vector<std::string>{});
    put("file");
    EXPECT_FALSE(make_key({folder / "file" / "key", KeyKind::ed25519, "x", {}}));
    EXPECT_EQ(listing(folder), std::vector<std::string>{"file"});
}

TEST_F(NewKeyTest, RsaHas4096Bits) {
    const auto line = make_key({folder / "upload", KeyKind::rsa4096, "x", {}});
    ASSERT_TRUE(line);
    EXPECT_TRUE(line->starts_with("ssh-rsa AAAA"));
    // RFC 4253: a modulus of 513 octets with its sign, in base64.
    EXPECT_GT(line->size(), 700U);
}

}  // namespace
}  // namespace sie::upload
