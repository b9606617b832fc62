#include "upload/upload_fault.h"

#include <gtest/gtest.h>

namespace sie::upload {
namespace {

struct Case {
    Fault fault;
    int status;
    std::deque<std::string> lines;  // as OpenSSH 9.2 and rsync 3.5 say it
};

const std::string unexplained = "rsync error: unexplained error (code 255) at io.c(232) [sender=3.5.0]";

TEST(UploadFault, WhatSshAndRsyncSayIsUnderstood) {
    const Case cases[] = {
        {Fault::unknown_host_key, 255, {"Host key verification failed.", unexplained}},
        {Fault::changed_host_key,
         255,
         {"@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @", "Host key verification failed."}},
        {Fault::key_refused,
         255,
         {"isp@c: Permission denied (publickey).",
          "rsync: connection unexpectedly closed (0 bytes received so far) [sender]", unexplained}},
        {Fault::key_unusable,
         255,
         {"Load key \"/k\": invalid format", "isp@c: Permission denied (publickey)."}},
        {Fault::name_not_found, 255, {"ssh: Could not resolve hostname c: Name or service not known"}},
        {Fault::connection_refused, 255, {"ssh: connect to host c port 49222: Connection refused"}},
        {Fault::unreachable, 255, {"ssh: connect to host c port 49222: No route to host"}},
        {Fault::timed_out, 255, {"ssh: connect to host c port 49222: Connection timed out"}},
        {Fault::timed_out, 255, {"Connection timed out during banner exchange"}},
        {Fault::timed_out,
         30,
         {"rsync error: timeout in data send/receive (code 30) at io.c(205) [sender=3.5.0]"}},
        {Fault::timed_out, 30, {}},
        {Fault::source_address, 255, {"bind 192.0.2.9: Cannot assign requested address"}},
        {Fault::no_common_algorithm,
         255,
         {"Unable to negotiate with 192.0.2.1 port 49222: no matching host key type found."}},
        {Fault::remote_disk_full,
         11,
         {"rsync: [receiver] write failed on \"/up/x\": No space left on device (28)"}},
        {Fault::remote_folder_missing,
         11,
         {"rsync: [Receiver] mkdir \"/up/ch202\" failed: No such file or directory (2)"}},
        {Fault::remote_folder_closed,
         23,
         {"rsync: [receiver] mkstemp \"/up/.x\" failed: Permission denied (13)"}},
        {Fault::remote_busy,
         12,
         {"/usr/bin/rrsync error: Another instance of rrsync is already accessing this directory."}},
        {Fault::remote_command, 12, {"/usr/bin/rrsync error: sending to read-only server is not allowed"}},
        {Fault::remote_command, 127, {"sh: 1: rsync: not found"}},
        {Fault::cannot_remove, 0, {"rsync: [sender] sender failed to remove x: Permission denied (13)"}},
        {Fault::cut, 12, {"rsync: connection unexpectedly closed (8 bytes received so far) [sender]"}},
        {Fault::cut, 12, {}},
        {Fault::remote_write, 11, {}},
        {Fault::other, 1, {}},
        {Fault::other, 23, {"something new"}},
    };
    for (const Case& c : cases) {
        const ChildEnd end{c.status, 0, false, false};
        EXPECT_EQ(fault_of(end, c.lines), c.fault)
            << (c.lines.empty() ? std::to_string(c.status) : c.lines.front());
        const Error error = error_of(c.fault, "c port 49222", end, c.lines);
        EXPECT_FALSE(error.why.empty());
        EXPECT_EQ(error.exit_status(), 1);
    }
}

TEST(UploadFault, AHostileLineStaysOneShortLine) {
    const std::deque<std::string> lines{std::string("\x1b[2J\nforged ") + std::string(100'000, 'x')};
    const std::string text = error_of(Fault::other, "c", {1, 0, false, false}, lines).text();
    EXPECT_LT(text.size(), 400U);
    for (const char c : text) EXPECT_TRUE(c >= ' ' && c <= '~');
}

TEST(UploadFault, OnlyTheLastLinesAreKept) {
    LastLines last;
    for (int i = 0; i < 100'000; ++i) last.take(std::to_string(i));
    EXPECT_EQ(last.lines().size(), 20U);
    EXPECT_EQ(last.lines().back(), "99999");
}

TEST(UploadFault, TheLimitOfARunIsSaid) {
    const ChildEnd end{-1, 15, false, true};
    EXPECT_EQ(fault_of(end, {}), Fault::timed_out);
    EXPECT_NE(error_of(Fault::timed_out, "c", end, {}).why.find("rsync was ended"), std::string::npos);
}

}  // namespace
}  // namespace sie::upload
