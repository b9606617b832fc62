// Makes an upload key: a private key and its public line, by ssh-keygen, where neither was before.
//
// Both files are made in a hidden folder beside their place, which nobody else can enter, and get their names
// when they are whole; a name that is taken is never touched. Whatever fails, nothing is left behind. Called
// in a process with one thread (child_process.h); INT, TERM and HUP are held back meanwhile.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace sie::upload {

enum class KeyKind : std::uint8_t { ed25519, rsa4096 };

struct Owner {
    uid_t uid;
    gid_t gid;
};

struct NewKey {
    std::string path;  // absolute; the public line goes to path + ".pub"
    KeyKind kind = KeyKind::ed25519;
    std::string comment;         // printable ASCII
    std::optional<Owner> owner;  // of the files, and of the folder if it is made here; nothing: the caller
};

// The public line, without a line end. The files have the modes 0600 and 0644; a folder that was missing has
// 0700, those above it 0755. Errors: system ("PATH already exists"; no such program, disk full); denied,
// where the folder may not be written.
[[nodiscard]] Result<std::string> make_key(const NewKey& wanted);

}  // namespace sie::upload
