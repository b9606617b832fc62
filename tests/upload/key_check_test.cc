#include "upload/key_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "upload/shell_word.h"
#include "upload_folder.h"

namespace sie::upload {
namespace {

using KeyCheckTest = InFolder;

TEST_F(KeyCheckTest, AKeyOfItsOwnerAloneIsGood) {
    const std::string key = put("key");
    for (const mode_t mode : {0600U, 0400U}) {
        ::chmod(key.c_str(), mode);
        EXPECT_TRUE(check_upload_key(key, ::getuid(), ::getuid()));
    }
}

TEST_F(KeyCheckTest, EachFaultNamesTheCommandThatMendsIt) {
    const std::string key = put("a key");
    const uid_t me = ::getuid();
    const auto fault = [&](const std::string& path, uid_t uploader) {
        const auto checked = check_upload_key(path, uploader, uploader);
        return checked ? std::string()
                       : std::to_string(checked.error().exit_status()) + " " + checked.error().text();
    };
    EXPECT_EQ(fault(folder / "none", me),
              "1 " + (folder / "none").string() + ": upload key does not exist; make one with sie-gen-key");
    EXPECT_EQ(fault(folder, me),
              "1 " + folder.string() + ": upload key is not a regular file; make one with sie-gen-key");
    for (const mode_t mode : {0640U, 0604U, 0610U, 0602U}) {
        ::chmod(key.c_str(), mode);
        char octal[8];
        std::snprintf(octal, sizeof octal, "%04o", mode);
        EXPECT_EQ(fault(key, me), "3 " + key + ": upload key is open to others (mode " + octal +
                                      "); chmod 600 '" + key + "'");
    }
    ::chmod(key.c_str(), 0600);
    EXPECT_NE(fault(key, me + 4'000'000).find("3 " + key + ": upload key belongs to "), std::string::npos);
    EXPECT_NE(fault(key, me + 4'000'000).find("; chown " + std::to_string(me + 4'000'000) + " '"),
              std::string::npos);
}

TEST_F(KeyCheckTest, WhereRootUploadsTheKeyOfTheSpoolsOwnerWillDo) {
    const std::string key = put("key");
    ::chmod(key.c_str(), 0600);
    const uid_t me = ::getuid();
    EXPECT_TRUE(check_upload_key(key, 0, me));
    if (me != 0) EXPECT_FALSE(check_upload_key(key, 0, me + 1));
    EXPECT_FALSE(check_upload_key(key, me + 1, me)) << "only for root";
}

TEST_F(KeyCheckTest, KnownHosts) {
    const std::string hosts = put("hosts", "* ssh-ed25519 AAAA\n");
    ::chmod(hosts.c_str(), 0644);
    EXPECT_TRUE(check_known_hosts(hosts));
    ::chmod(hosts.c_str(), 0664);
    EXPECT_EQ(check_known_hosts(hosts).error().text(),
              hosts + ": file of known hosts may be written by others (mode 0664); chmod 644 " + hosts);
    EXPECT_EQ(check_known_hosts(hosts).error().exit_status(), 3);
    EXPECT_NE(check_known_hosts(folder / "none").error().text().find("does not exist; put the line"),
              std::string::npos);
    EXPECT_NE(check_known_hosts(put("empty", "")).error().text().find("is empty"), std::string::npos);
    EXPECT_NE(check_known_hosts(folder).error().text().find("not a regular file"), std::string::npos);
}

TEST(ShellWord, CanBePasted) {
    EXPECT_EQ(shell_word("/var/spool/sie/keys/upload"), "/var/spool/sie/keys/upload");
    EXPECT_EQ(shell_word("/a b"), "'/a b'");
    EXPECT_EQ(shell_word("it's $HOME"), "'it'\\''s $HOME'");
    EXPECT_EQ(shell_word(""), "''");
    EXPECT_EQ(shell_word("a\nb").find('\n'), std::string::npos);
}

}  // namespace
}  // namespace sie::upload
