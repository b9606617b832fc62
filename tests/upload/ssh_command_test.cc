#include "upload/ssh_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sie::upload {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

UploadSettings made_settings() {
    UploadSettings settings;
    settings.channel = "ch202";
    settings.login = "isp";
    settings.uploadkey = "/k ey's \"x\" ${HOME} %h ~";
    settings.knownhosts = "/known hosts";
    return settings;
}

TEST(SshCommand, NothingOfUserOrMachineAndNobodyToAsk) {
    const std::string command = ssh_command(made_settings(), "/usr/bin/ssh", 49222);
    for (const char* part :
         {"/usr/bin/ssh -F none -p 49222 ", " -o BatchMode=yes", " -o IdentitiesOnly=yes",
          " -o IdentityAgent=none", " -o StrictHostKeyChecking=yes", " -o GlobalKnownHostsFile=none",
          " -o PasswordAuthentication=no", " -o KbdInteractiveAuthentication=no",
          " -o ClearAllForwardings=yes", " -o ForwardAgent=no", " -o ServerAliveInterval=15",
          " -o ServerAliveCountMax=3", " -o ConnectTimeout=30"})
        EXPECT_THAT(command + " ", HasSubstr(part));
    EXPECT_THAT(command, Not(HasSubstr("BindAddress")));
}

TEST(SshCommand, PathsComeInTheEnvironmentSoThatNobodyCutsThem) {
    const UploadSettings settings = made_settings();
    const std::string command = ssh_command(settings, "/usr/bin/ssh", 1);
    EXPECT_THAT(command, HasSubstr(" -o IdentityFile=${SIE_UPLOAD_KEY}"));
    EXPECT_THAT(command, HasSubstr(" -o UserKnownHostsFile=${SIE_KNOWN_HOSTS}"));
    EXPECT_EQ(command.find_first_of("'\"\\%~"), std::string::npos) << command;
    const auto environment = upload_environment(settings);
    EXPECT_THAT(environment, Contains("SIE_UPLOAD_KEY=" + settings.uploadkey));
    EXPECT_THAT(environment, Contains("SIE_KNOWN_HOSTS=" + settings.knownhosts));
    EXPECT_EQ(environment.size(), 5U) << "a short list of its own";
}

TEST(SshCommand, TheSourceAddress) {
    UploadSettings settings = made_settings();
    settings.source = net::parse_address("2001:db8::7").value();
    EXPECT_THAT(ssh_command(settings, "ssh", 1), HasSubstr(" -o BindAddress=2001:db8::7"));
}

TEST(Destination, NamesAndAddresses) {
    const UploadSettings settings = made_settings();
    EXPECT_EQ(destination(settings, {0, 0, 1, "c.example"}), "isp@c.example:up/ch202/");
    EXPECT_EQ(destination(settings, {0, 0, 1, "192.0.2.1"}), "isp@192.0.2.1:up/ch202/");
    EXPECT_EQ(destination(settings, {0, 0, 1, "2001:db8::1"}), "isp@[2001:db8::1]:up/ch202/");
}

TEST(RsyncArguments, NoWayToWriteAFinalNameInPieces) {
    const auto arguments = rsync_arguments(made_settings(), "/usr/bin/rsync", "/usr/bin/ssh", {0, 0, 7, "c"});
    EXPECT_EQ(arguments.front(), "/usr/bin/rsync");
    EXPECT_EQ(arguments.back(), "isp@c:up/ch202/");
    for (const char* needed : {"--remove-source-files", "--from0", "--files-from=-", "--timeout=60", "."})
        EXPECT_THAT(arguments, Contains(needed));
    for (const char* wrong : {"--partial", "--inplace", "--append", "-P"})
        EXPECT_THAT(arguments, Not(Contains(wrong)));
}

}  // namespace
}  // namespace sie::upload
