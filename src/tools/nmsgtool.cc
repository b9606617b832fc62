// nmsgtool: the command line of the stream engine.

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <random>
#include <thread>

#include "base/quoted.h"
#include "daemon/background.h"
#include "stream/clock.h"
#include "stream/datagram_source.h"
#include "stream/engine.h"
#include "stream/file_output.h"
#include "stream/interface_row.h"
#include "stream/statistics.h"
#include "stream/ticker.h"
#include "tools/nmsgtool_options.h"
#include "tools/nmsgtool_work.h"
#include "tools/progress_bar.h"
#include "tools/stop_signal.h"

namespace {

using namespace sie;
using tools::NmsgtoolOptions;
using tools::Work;

int refuse(const Error& error) {
    fmt::print(stderr, "nmsgtool: {}\n", error.text());
    return error.exit_status();
}

template <class Each>
void each_output_path(NmsgtoolOptions& given, const Each& each) {
    for (auto* paths : {&given.nmsg_outs, &given.text_outs, &given.json_outs, &given.pcap_outs})
        for (std::string& path : *paths) each(path);
}
template <class Each>
void each_input_path(NmsgtoolOptions& given, const Each& each) {
    for (auto* paths : {&given.pcaps, &given.nmsgs, &given.jsons})
        for (std::string& path : *paths) each(path);
}

// Opening an output empties it: an input that is the same file would be gone before it is read.
Result<void> check_outputs(NmsgtoolOptions& given) {
    Result<void> result;
    std::error_code none;
    std::vector<std::string> outputs;
    if (given.daemon && (given.stats || given.json_stats))
        result =
            fail(ErrorKind::usage, "-D", "nobody sees --stats in the background", "leave one of them out");
    each_output_path(given, [&](const std::string& output) {
        if (given.daemon && output == "-")
            result = fail(ErrorKind::usage, "-D", "there is no standard output in the background",
                          "write to a file");
        // Two outputs of one file would write over each other.
        const bool is_file = output != "-" && (given.kicker || !std::filesystem::exists(output, none) ||
                                               std::filesystem::is_regular_file(output, none));
        for (const std::string& other : outputs)
            if (is_file && (std::filesystem::weakly_canonical(output, none) ==
                                std::filesystem::weakly_canonical(other, none) ||
                            std::filesystem::equivalent(output, other, none)))
                result = fail(ErrorKind::usage, "-w, -o, -J, --writepcap",
                              sie::quoted(output) + " is an output twice", "write to another file");
        outputs.push_back(output);
        if (output == "-" || given.kicker || !std::filesystem::is_regular_file(output, none)) return;
        each_input_path(given, [&](const std::string& input) {
            if (std::filesystem::equivalent(input == "-" ? "/dev/stdin" : input, output, none))
                result = fail(ErrorKind::usage, "-w, -o, -J, --writepcap",
                              sie::quoted(output) + " is an input as well", "write to another file");
        });
    });
    return result;
}

// The folder changes to / in the background (FACTS -D [D]: relative names would then lead there).
void make_absolute(NmsgtoolOptions& given) {
    const auto absolute = [](std::string& path) {
        if (path != "-") path = std::filesystem::absolute(path).string();
    };
    each_input_path(given, absolute);
    each_output_path(given, absolute);
}

// Can it be long in coming? Pipes and terminals can; files of the disk cannot.
bool is_slow(const std::string& path) {
    struct stat status {};
    const int found = path == "-" ? ::fstat(STDIN_FILENO, &status) : ::stat(path.c_str(), &status);
    return found == 0 && !S_ISREG(status.st_mode);
}

using MakeSink = std::unique_ptr<stream::Sink> (*)(std::unique_ptr<sensor::ContainerOutput>,
                                                   const stream::SinkOptions&);

stream::Output file_output(const std::string& path, const char* suffix, MakeSink make,
                           const std::optional<std::string>& kicker, const stream::SinkOptions& options) {
    const bool is_stdout = path == "-";
    stream::Output output;
    output.rotates = kicker && !is_stdout;
    output.reopens = !kicker && !is_stdout;
    output.open = [=](stream::Output::Opening opening, Time now) -> Result<std::unique_ptr<stream::Sink>> {
        auto file = kicker && !is_stdout
                        ? stream::open_rotating_output(path, suffix, *kicker, now)
                        : stream::open_file_output(path, opening == stream::Output::Opening::again);
        if (!file) return fail(std::move(file.error()));
        return make(std::move(*file), options);
    };
    return output;
}

std::vector<stream::Output> outputs_of(const NmsgtoolOptions& given, const Work& work) {
    std::vector<stream::Output> outputs;
    const auto files = [&](const std::vector<std::string>& paths, const char* suffix, MakeSink make) {
        for (const std::string& path : paths)
            outputs.push_back(file_output(path, suffix, make, given.kicker, work.sinks));
    };
    files(given.nmsg_outs, ".nmsg", stream::make_nmsg_sink);
    files(given.text_outs, "", stream::make_presentation_sink);
    files(given.json_outs, ".json", stream::make_json_sink);
    files(given.pcap_outs, ".pcapng", stream::make_capture_sink);
    for (const stream::Destination& destination : work.send) {
        const auto pacer = destination.rate
                               ? std::make_shared<stream::SendPacer>(*destination.rate, destination.frequency)
                               : nullptr;
        for (const stream::Endpoint& endpoint : destination.endpoints) {
            stream::Output output;
            output.open = [=, options = work.sinks](stream::Output::Opening, Time) {
                return stream::open_datagram_sink(endpoint, pacer, options);
            };
            outputs.push_back(std::move(output));
        }
    }
    if (outputs.empty() && !given.stats && !given.json_stats)
        files({"-"}, "", stream::make_presentation_sink);
    return outputs;
}

stream::EngineOptions engine_options(const NmsgtoolOptions& given, Work& work, tools::StopSignal& stop,
                                     stream::Statistics* statistics) {
    stream::EngineOptions options;
    options.mirror = given.mirror;
    options.rotate = given.kicker.has_value();
    options.count = given.count;
    if (given.interval) {
        const auto seconds = static_cast<std::int64_t>(*given.interval);
        std::random_device random;
        const std::int64_t offset =
            given.randomize ? std::uniform_int_distribution<std::int64_t>(0, seconds - 1)(random) : 0;
        options.interval = {seconds, offset};
    }
    options.live = !work.listen.empty() || !work.interfaces.empty();
    options.live = options.live || given.byte_rate;
    for (const auto* paths : {&given.pcaps, &given.nmsgs, &given.jsons})
        for (const std::string& path : *paths) options.live = options.live || is_slow(path);
    options.clock = stream::clock_now;
    options.on_over = [&stop] { stop.ask(); };
    options.filter = work.payload_filter ? &*work.payload_filter : nullptr;
    options.statistics = statistics;
    return options;
}

// Reads everything there is to read, and keeps what there is to say about it.
class Reading {
  public:
    Reading(const NmsgtoolOptions& given, const Work& work, stream::Engine& engine, tools::StopSignal& stop,
            stream::Statistics* statistics)
        : given_(given), work_(work), engine_(engine), stop_(stop), statistics_(statistics) {}

    // Opens what may be refused before anything is read.
    Result<void> open(sensor::FrameMerge::Sources interfaces) {
        if (!interfaces.empty()) live_.push_back({from_interfaces(std::move(interfaces)), {}});
        if (work_.listen.empty()) return {};
        auto sockets = stream::open_datagrams(work_.listen, &stop_.asked());
        if (!sockets) return fail(std::move(sockets.error()));
        live_.push_back({std::move(*sockets), work_.selection});
        return {};
    }
    // Files one after the other; interfaces and sockets beside them.
    void run() {
        std::vector<std::thread> beside;
        for (Live& live : live_)
            beside.emplace_back([&] { static_cast<void>(take(*live.source, live.selection, {})); });
        read_files();
        for (std::thread& thread : beside) thread.join();
    }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }
    [[nodiscard]] bool complained() const { return complained_; }

  private:
    struct Live {
        std::unique_ptr<stream::Source> source;
        stream::Selection selection;
    };
    std::unique_ptr<stream::Source> from_interfaces(sensor::FrameMerge::Sources interfaces) {
        auto row = std::make_unique<stream::InterfaceRow>(
            std::move(interfaces), stop_.asked(), [this] { return engine_.over(); },
            [](const std::string& line) { fmt::print(stderr, "nmsgtool: WARNING: {}\n", line); });
        const capture::PacketFilter* filter = work_.filter ? &*work_.filter : nullptr;
        const text::PayloadType& type = *work_.selection.type;
        return stream::is_made_of_packets(type)
                   ? stream::make_packet_source(std::move(row), type, filter)
                   : stream::make_transaction_source(std::move(row), work_.settings, filter);
    }
    void read_files() {
        if (!given_.pcaps.empty() && !read(open_captures(), {})) return;
        for (const std::string& path : given_.nmsgs)
            if (!read(stream::open_nmsg(path, &stop_.asked(), given_.byte_rate.value_or(0)), work_.selection))
                return;
        for (const std::string& path : given_.jsons) {
            text::JsonReader reader(
                [names = work_.operators](std::string_view name) { return names->number_of(name); },
                [names = work_.groups](std::string_view name) { return names->number_of(name); });
            const auto complain = [&](const Error& why) {
                const std::lock_guard lock(mutex_);
                bar_.clear();
                fmt::print(stderr, "nmsgtool: {}\n", why.text());
            };
            if (!read(stream::open_json(path, &stop_.asked(), std::move(reader), complain), {})) return;
        }
    }
    Result<std::unique_ptr<stream::Source>> open_captures() {
        const capture::PacketFilter* filter = work_.filter ? &*work_.filter : nullptr;
        const text::PayloadType& type = *work_.selection.type;
        return stream::is_made_of_packets(type)
                   ? stream::open_packets(given_.pcaps, &stop_.asked(), type, filter)
                   : stream::open_captures(given_.pcaps, &stop_.asked(), work_.settings, filter);
    }
    // Opens a source when its turn comes and reads it; false: the run is over.
    bool read(Result<std::unique_ptr<stream::Source>> source, const stream::Selection& selection) {
        if (!source) {
            if (!stop_.asked()) keep(std::move(source.error()));
            return false;
        }
        std::function<void(const stream::Source&, std::uint64_t)> progress;
        if (bar_.shown())
            progress = [&](const stream::Source& from, std::uint64_t count) {
                const std::lock_guard lock(mutex_);
                if (from.octets() != nullptr) bar_.update(*from.octets(), count, "payloads");
            };
        return take(**source, selection, progress);
    }
    // False: the run is over.
    bool take(stream::Source& source, const stream::Selection& selection,
              const std::function<void(const stream::Source&, std::uint64_t)>& progress) {
        const bool more = engine_.run(source, selection, stop_.asked(), progress);
        const std::lock_guard lock(mutex_);
        bar_.clear();
        source.report([](const std::string& line) { fmt::print(stderr, "nmsgtool: WARNING: {}\n", line); });
        if (given_.debug >= 2)
            source.statistics([](const std::string& line) { fmt::print(stderr, "nmsgtool: {}\n", line); });
        const stream::Dropped dropped = source.dropped();
        if (statistics_ != nullptr)
            statistics_->add_dropped(dropped.crc_failures, dropped.malformed, dropped.by_kernel);
        complained_ = complained_ || source.not_understood() != 0;
        // Cut where the signal came: no damage.
        if (!more && !stop_.asked() && source.error() && !error_) error_ = source.error();
        return more;
    }
    void keep(Error error) {
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = std::move(error);
    }

    const NmsgtoolOptions& given_;
    const Work& work_;
    stream::Engine& engine_;
    tools::StopSignal& stop_;
    stream::Statistics* const statistics_;
    std::vector<Live> live_;
    tools::ProgressBar bar_;
    std::mutex mutex_;
    std::optional<Error> error_;
    bool complained_ = false;
};

int run(NmsgtoolOptions given) {
    auto work = tools::read_work(given);
    if (!work) return refuse(work.error());
    if (auto checked = check_outputs(given); !checked) return refuse(checked.error());

    daemon::PidFile pid_file("-P");
    if (!given.pid_file.empty())
        if (auto opened = pid_file.open(given.pid_file, given.user); !opened) return refuse(opened.error());
    daemon::Background background("-D");
    if (given.daemon) {
        make_absolute(given);
        if (auto started = background.start(); !started) return refuse(started.error());
    }
    sensor::FrameMerge::Sources interfaces;
    for (const capture::LiveOptions& options : work->interfaces) {
        auto source = capture::open_live_source(options);
        if (!source) return refuse(source.error());
        interfaces.push_back(std::move(*source));
    }
    if (!given.user.empty())
        if (auto done = daemon::become_user(given.user, "-U"); !done) return refuse(done.error());

    std::unique_ptr<stream::Statistics> statistics;
    if (given.stats || given.json_stats) statistics = std::make_unique<stream::Statistics>();
    // Ahead of every other thread: signals are blocked in those that come later.
    stream::Engine* hung_up = nullptr;
    std::mutex hangup;
    tools::StopSignal stop([&] {
        const std::lock_guard lock(hangup);
        if (hung_up != nullptr) hung_up->rotate(stream::clock_now());
    });
    std::optional<Error> error;
    bool complained = false;
    {
        stream::Engine engine(outputs_of(given, *work), engine_options(given, *work, stop, statistics.get()));
        if (auto opened = engine.open(); !opened) return refuse(opened.error());
        Reading reading(given, *work, engine, stop, statistics.get());
        if (auto opened = reading.open(std::move(interfaces)); !opened) return refuse(opened.error());
        // The pid first: who waited for this program to go to the background reads it at once.
        if (auto written = pid_file.write(); !written) return refuse(written.error());
        if (auto gone = background.ready(); !gone) return refuse(gone.error());
        {
            const std::lock_guard lock(hangup);
            hung_up = &engine;
        }
        {
            const stream::Ticker ticker(engine);
            reading.run();
        }
        {
            const std::lock_guard lock(hangup);
            hung_up = nullptr;
        }
        error = reading.error();
        complained = reading.complained();
        if (auto finished = engine.finish(); !finished && !error) error = std::move(finished.error());
        engine.report([](const std::string& line) { fmt::print(stderr, "nmsgtool: WARNING: {}\n", line); });
    }
    // Beside payloads on standard output the counts would spoil them.
    bool payloads_on_stdout = false;
    each_output_path(given, [&](const std::string& path) { payloads_on_stdout |= path == "-"; });
    std::FILE* const to = payloads_on_stdout ? stderr : stdout;
    if (given.stats) std::fputs(statistics->table().c_str(), to);
    if (given.json_stats) std::fputs(statistics->json().c_str(), to);
    if ((std::fflush(to) != 0 || std::ferror(to) != 0) && !error)
        error = fail_errno("standard output", "cannot be written", errno).value();
    if (error) return refuse(*error);
    return complained ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        auto given = tools::read_command_line(argc, argv);
        if (const int* status = std::get_if<int>(&given)) return *status;
        return run(std::get<NmsgtoolOptions>(std::move(given)));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "nmsgtool: %s\n", error.what());
        return 1;
    }
}
