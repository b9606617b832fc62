// Changed octets through everything that reads NMSG and JSON: containers, payloads, both text forms, JSON
// back, containers again.
//
//   mutate [--rounds N] [--seed S] [--from R] PATH…      files and folders: .nmsg, and .json or .jsonl with a
//   payload a line
//
// Every input goes through as it is, then N changed ones. A round is made from the seed and its number alone;
// a crash prints both, and `--seed S --from R --rounds 1` repeats it. Built with sanitizers it finds what
// crashes do not show. Besides, it holds: a line of JSON is JSON; what JSON says is read back as the same
// payload; a container gives back what was put into it.
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "base/number.h"
#include "nmsg/container.h"
#include "nmsg/reader.h"
#include "text/json_reader.h"
#include "text/json_syntax.h"
#include "text/payload_filter.h"
#include "text/payload_text.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace {

using namespace sie;

// What is told when the end comes unasked.
std::uint64_t seed_in_hand = 0, round_in_hand = 0;
void tell_round() {
    const std::string text =
        fmt::format("mutate: in --seed {} --from {} --rounds 1\n", seed_in_hand, round_in_hand);
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}
[[noreturn]] void broken(const std::string& what, std::string_view with) {
    fmt::print(stderr, "mutate: {}\n{}\n", what, with.substr(0, 4000));
    tell_round();
    std::_Exit(1);
}

struct Owned {
    nmsg::Payload payload;
    std::string octets;
};
struct Counts {
    std::uint64_t payloads = 0, read_back = 0, damaged = 0, refused = 0, filters = 0;
};

class Pipeline {
  public:
    Counts counts;

    void file(std::string_view octets, bool small_buffer) {
        if (::ftruncate(memory_, 0) != 0 || ::pwrite(memory_, octets.data(), octets.size(), 0) < 0 ||
            ::lseek(memory_, 0, SEEK_SET) < 0)
            broken("memfd", {});
        auto source = OctetSource::adopt(::dup(memory_), "made.up", small_buffer ? 64 : 8192);
        if (!source) return;
        nmsg::ReadLimits limits;
        limits.container_octets = std::size_t{1} << 20;
        auto reader = nmsg::Reader::read(std::move(*source), limits);
        if (!reader) return;
        nmsg::Payload payload;
        while (reader->next(payload)) take(payload);
        counts.damaged += reader->error() ? 1 : 0;
    }
    void json(std::string_view line) {
        auto payload = json_.read(line, Time{});
        if (!payload) {
            ++counts.refused;
            return;
        }
        Owned owned{*payload, std::string(as_text(payload->octets))};
        owned.payload.octets = as_octets(owned.octets);
        take(owned.payload);
    }
    void take(const nmsg::Payload& payload) {
        ++counts.payloads;
        text_.clear();
        plain_.append_presentation(text_, payload);
        text_.clear();
        standard_.append_presentation(text_, payload);
        standard_.append_json(text_, payload);
        text_.clear();
        plain_.append_json(text_, payload);
        const std::string first = text_.str();
        for (text::PayloadFilter& filter : filters_) counts.filters += filter.matches(payload) ? 1 : 0;
        if (std::count(first.begin(), first.end(), '\n') != 1 || first.back() != '\n')
            broken("JSON is not one line", first);
        back(payload, std::string_view(first).substr(0, first.size() - 1));
        contain(payload);
    }

  private:
    // JSON that is read prints as JSON that reads as the same octets. (The first reading may lose what JSON
    // does not show: fields that are not known, high bits of numbers.)
    void back(const nmsg::Payload& payload, std::string_view first) {
        auto read = again_.read(first, Time{});
        if (!read) {
            // Surrogates and code points above U+10FFFF are let through by the writer (N48), not by any
            // reader.
            if (text::is_json(first) && first.find("\"message\":null") != std::string_view::npos)
                broken("a payload that is shown as octets is not read back", first);
            return;
        }
        ++counts.read_back;
        if (read->vendor != payload.vendor || read->type != payload.type)
            broken("another type is read back", first);
        const std::string octets(as_text(read->octets));
        Owned owned{*read, octets};
        owned.payload.octets = as_octets(owned.octets);
        text_.clear();
        plain_.append_json(text_, owned.payload);
        const std::string second = text_.str();
        auto once_more = again_.read(std::string_view(second).substr(0, second.size() - 1), Time{});
        if (!once_more) broken("what was read from JSON does not read back", second);
        if (as_text(once_more->octets) != octets)
            broken("JSON reads as other octets the second time", second);
    }
    void contain(const nmsg::Payload& payload) {
        builder_.add(payload);
        const bool oversized = builder_.oversized();
        const Octets body = builder_.finish();
        framed_.clear();
        nmsg::frame_container(body, oversized, nmsg::least_container,
                              counts.payloads % 2 == 0 ? none_ : fast_, 7, framed_);
        builder_.reset();
        if (::ftruncate(memory_, 0) != 0 || ::pwrite(memory_, framed_.data(), framed_.size(), 0) < 0 ||
            ::lseek(memory_, 0, SEEK_SET) < 0)
            broken("memfd", {});
        auto source = OctetSource::adopt(::dup(memory_), "made.up", 8192);
        auto reader = nmsg::Reader::read(std::move(*source));
        nmsg::Payload got;
        if (!reader || !reader->next(got) || as_text(got.octets) != as_text(payload.octets) ||
            got.vendor != payload.vendor || got.time_sec != payload.time_sec ||
            got.source != payload.source || reader->next(got) || reader->error())
            broken("a container does not give back its payload", {});
    }
    static text::EnvelopeStyle standard_style() {
        text::EnvelopeStyle style;
        style.rdata_form = dns::RdataForm::standard;
        return style;
    }
    static std::vector<text::PayloadFilter> filters() {
        std::vector<text::PayloadFilter> made;
        for (const char* expression :
             {"qname=*.example.com or rdata=*a* or delay>0.1 or response_ip=2001:db8::/32 or dns",
              "not (srcip=192.0.2.0/24 or dstport<1024 or query or message or headers=*x*)"})
            if (auto filter = text::PayloadFilter::parse("--filter", expression))
                made.push_back(std::move(*filter));
        return made;
    }

    const int memory_ = ::memfd_create("mutate", MFD_CLOEXEC);
    text::PayloadText plain_, standard_{standard_style()};
    text::JsonReader json_, again_;
    TextBuffer text_;
    std::vector<text::PayloadFilter> filters_ = filters();
    nmsg::ContainerBuilder builder_{nmsg::least_container};
    nmsg::Compressor none_{nmsg::Compression::none}, fast_{nmsg::Compression::fast};
    std::vector<std::uint8_t> framed_;
};

class Changes {
  public:
    explicit Changes(std::uint64_t seed, std::uint64_t round) : random_(seed * 0x9e3779b97f4a7c15U + round) {}
    std::uint32_t below(std::size_t n) { return n == 0 ? 0 : static_cast<std::uint32_t>(random_() % n); }

    void change(std::string& octets, bool text) {
        static constexpr std::size_t times[] = {1, 1, 1, 2, 3, 8};
        for (std::size_t left = times[below(std::size(times))]; left > 0; --left) once(octets, text);
    }

  private:
    void once(std::string& octets, bool text) {
        static constexpr char odd[] = {0, 1, 2, 0x3f, 0x40, 0x7f, '\x80', '\xc0', '\xff', '\xfe'};
        static constexpr const char* words[] = {"null",
                                                "{}",
                                                "[]",
                                                "\"\"",
                                                "-1",
                                                "1e400",
                                                "4294967296",
                                                "\\u0000",
                                                "\\\\",
                                                "true",
                                                "\"\\\\# 1 ff\"",
                                                "99999999999999999999",
                                                "\\ud800"};
        const std::size_t at = below(octets.size() + 1),
                          size = below(std::min<std::size_t>(octets.size() - at, 16) + 1);
        switch (below(text ? 8 : 7)) {
            case 0:
                if (at < octets.size()) octets[at] = odd[below(std::size(odd))];
                break;
            case 1:
                if (at < octets.size()) octets[at] = static_cast<char>(octets[at] ^ 1 << below(8));
                break;
            case 2: octets.erase(at, size); break;
            case 3: octets.insert(at, octets.substr(below(octets.size() + 1), size)); break;
            case 4: octets.insert(at, 1 + below(8), odd[below(std::size(odd))]); break;
            case 5:
                if (below(8) == 0)
                    octets.resize(at);
                else if (at < octets.size())
                    octets[at] = static_cast<char>(octets[at] + (below(2) == 0 ? 1 : -1));
                break;
            case 6:
                if (at < octets.size()) octets[at] = static_cast<char>(random_());
                break;
            default: octets.replace(at, size, words[below(std::size(words))]); break;
        }
    }
    std::mt19937_64 random_;
};

struct Inputs {
    std::vector<std::string> files, lines;
    std::vector<Owned> payloads;

    static bool is_json(const std::filesystem::path& path) {
        return path.extension() == ".json" || path.extension() == ".jsonl";
    }
    void add(const std::filesystem::path& path) {
        if (std::filesystem::is_directory(path)) {
            std::vector<std::filesystem::path> inside;
            for (const auto& entry : std::filesystem::directory_iterator(path))
                inside.push_back(entry.path());
            std::sort(inside.begin(), inside.end());
            for (const auto& each : inside)
                if (each.extension() == ".nmsg" || is_json(each)) add(each);
            return;
        }
        std::ifstream in(path, std::ios::binary);
        if (is_json(path)) {
            for (std::string line; std::getline(in, line);) lines.push_back(line);
            return;
        }
        files.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
        auto reader = nmsg::Reader::open(path.string());
        nmsg::Payload payload;
        while (reader && reader->next(payload))
            payloads.push_back({payload, std::string(as_text(payload.octets))});
    }
};

// Payloads whose octets are changed behind the CRC: what a hostile sender makes.
void changed_payload(Changes& changes, const Inputs& inputs, Pipeline& pipeline) {
    Owned owned = inputs.payloads[changes.below(inputs.payloads.size())];
    changes.change(owned.octets, false);
    if (changes.below(16) == 0) owned.payload.type = changes.below(16);
    if (changes.below(64) == 0)
        owned.payload.time_sec = static_cast<std::int64_t>(changes.below(4)) - 2 + INT64_MIN;
    if (changes.below(64) == 0) owned.payload.time_nsec = UINT32_MAX - changes.below(2);
    owned.payload.octets = as_octets(owned.octets);
    owned.payload.crc.reset();
    pipeline.take(owned.payload);
}

void one_round(const Inputs& inputs, Pipeline& pipeline) {
    Changes changes(seed_in_hand, round_in_hand);
    switch (changes.below(4)) {
        case 0: {
            std::string octets = inputs.files[changes.below(inputs.files.size())];
            changes.change(octets, false);
            return pipeline.file(octets, changes.below(2) == 0);
        }
        case 1: {
            std::string line = inputs.lines[changes.below(inputs.lines.size())];
            changes.change(line, true);
            return pipeline.json(line);
        }
        default: return changed_payload(changes, inputs, pipeline);
    }
}

std::uint64_t number_of(const char* option, const char* text) {
    const auto number = parse_number(text, 0, UINT64_MAX / 2);
    if (!number) {
        fmt::print(stderr, "mutate: {}: {} is no number\n", option, text);
        std::exit(2);
    }
    return *number;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t rounds = 20'000, from = 0;
    seed_in_hand = std::random_device{}();
    Inputs inputs;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        std::uint64_t* const to = word == "--rounds" ? &rounds
                                  : word == "--seed" ? &seed_in_hand
                                  : word == "--from" ? &from
                                                     : nullptr;
        if (to == nullptr) {
            inputs.add(word);
        } else if (++i < argc) {
            *to = number_of(argv[i - 1], argv[i]);
        }
    }
    if (inputs.files.empty() || inputs.lines.empty() || inputs.payloads.empty()) {
        fmt::print(stderr, "mutate: no .nmsg and .json files with payloads are given\n");
        return 2;
    }
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_set_death_callback(tell_round);
#else
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL})
        std::signal(signal, [](int number) {
            tell_round();
            std::signal(number, SIG_DFL);
            std::raise(number);
        });
#endif
    std::set_terminate([] {
        if (const auto thrown = std::current_exception()) {
            try {
                std::rethrow_exception(thrown);
            } catch (const std::exception& what) {
                fmt::print(stderr, "mutate: thrown: {}\n", what.what());
            } catch (...) {}
        }
        tell_round();
        std::_Exit(1);
    });
    fmt::print("mutate: {} files, {} lines, {} payloads, seed {}, rounds {} to {}\n", inputs.files.size(),
               inputs.lines.size(), inputs.payloads.size(), seed_in_hand, from, from + rounds);
    std::fflush(stdout);
    [&]() noexcept {
        Pipeline pipeline;
        if (from == 0) {
            for (const std::string& file : inputs.files) pipeline.file(file, false);
            for (const std::string& line : inputs.lines) pipeline.json(line);
        }
        const auto tell = [&] {
            const Counts& counts = pipeline.counts;
            fmt::print(
                "mutate: {} rounds: {} payloads, {} read back from JSON, {} files damaged, {} lines refused, "
                "{} "
                "filters matched\n",
                round_in_hand - from, counts.payloads, counts.read_back, counts.damaged, counts.refused,
                counts.filters);
            std::fflush(stdout);
        };
        constexpr std::uint64_t between = 250'000;
        for (round_in_hand = from; round_in_hand < from + rounds;) {
            one_round(inputs, pipeline);
            if (++round_in_hand % between == 0) tell();
        }
        tell();
    }();
}
