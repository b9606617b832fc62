#include "stream/channel_file.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "base/quoted.h"

namespace sie::stream {

Result<std::vector<Endpoint>> read_channel(const std::string& name, const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        std::ifstream in(path);
        if (!in) continue;
        std::vector<Endpoint> endpoints;
        for (std::string line; std::getline(in, line);) {
            std::istringstream words(line);
            std::string word;
            if (!(words >> word) || word != name) continue;
            while (words >> word) {
                if (word.find("://") != std::string::npos)
                    return fail(ErrorKind::usage, path,
                                fmt::format("channel {} stands for {}, and ZMQ is not supported",
                                            sie::quoted(name), sie::quoted(word)),
                                "give it ADDRESS/PORT");
                auto more = parse_endpoints(path, word);
                if (!more) return fail(std::move(more.error()));
                endpoints.insert(endpoints.end(), more->begin(), more->end());
            }
        }
        if (endpoints.empty())
            return fail(ErrorKind::usage, path, fmt::format("no channel is called {}", sie::quoted(name)),
                        "add a line: NAME ADDRESS/PORT");
        return endpoints;
    }
    return fail(ErrorKind::usage, "-C", "there is no channel file",
                "write " + paths.front() + " with lines: NAME ADDRESS/PORT");
}

}  // namespace sie::stream
