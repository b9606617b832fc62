// The corpora without libFuzzer: every input of a unit through its target, in any build.
//
//   fuzz_replay UNIT PATH…      files, and all files of folders, in the order of their names
//
// Prints how many there were; with --verbose each before it is tried. A promise that does not hold, or a
// crash, ends the process; the input in hand is named then. No input is an error.
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>

#include <unistd.h>

#include "fuzz/fuzz_target.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define SIE_ADDRESS_SANITIZER 1
#endif
#endif

namespace {

std::string in_hand;  // the path of the input

void tell() {
    const std::string line = "fuzz_replay: in " + in_hand + "\n";
    if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
}

void tell_at_death() {
#if defined(__SANITIZE_ADDRESS__) || defined(SIE_ADDRESS_SANITIZER)
    __sanitizer_set_death_callback(tell);
#endif
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL})
        std::signal(signal, [](int number) {
            tell();
            std::signal(number, SIG_DFL);
            std::raise(number);
        });
}

// A copy of its own size, so that a sanitizer sees a step over its end.
void replay(const std::filesystem::path& path, void (*target)(sie::Octets)) {
    in_hand = path.string();
    std::ifstream file(path, std::ios::binary);
    const std::string octets{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) {
        std::fprintf(stderr, "fuzz_replay: %s: cannot be read\n", in_hand.c_str());
        std::exit(1);
    }
    const auto copy = std::make_unique<std::uint8_t[]>(octets.size());
    std::copy(octets.begin(), octets.end(), copy.get());
    target({copy.get(), octets.size()});
}

}  // namespace

int main(int argc, char** argv) {
    void (*target)(sie::Octets) = nullptr;
    for (const auto& each : sie::fuzz::registered())
        if (argc > 1 && std::strcmp(each.unit, argv[1]) == 0) target = each.target;
    if (target == nullptr) {
        std::fprintf(stderr, "usage: fuzz_replay UNIT [--verbose] PATH…\nunits:");
        for (const auto& each : sie::fuzz::registered()) std::fprintf(stderr, " %s", each.unit);
        std::fputc('\n', stderr);
        return 2;
    }
    bool verbose = false;
    std::set<std::filesystem::path> inputs;
    for (int i = 2; i < argc; ++i) {
        if (std::strcmp(argv[i], "--verbose") == 0)
            verbose = true;
        else if (std::filesystem::is_directory(argv[i]))
            for (const auto& entry : std::filesystem::directory_iterator(argv[i]))
                inputs.insert(entry.path());
        else
            inputs.insert(argv[i]);
    }
    if (inputs.empty()) {
        std::fprintf(stderr, "fuzz_replay: %s: there is no input\n", argv[1]);
        return 1;
    }
    tell_at_death();
    for (const auto& path : inputs) {
        if (verbose) std::fprintf(stderr, "%s\n", path.c_str());
        replay(path, target);
    }
    std::printf("%s: %zu inputs\n", argv[1], inputs.size());
}
