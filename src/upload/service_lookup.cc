#include "upload/service_lookup.h"

#include <netinet/in.h>  // before resolv.h, which needs it

#include <arpa/nameser.h>
#include <fmt/format.h>
#include <netdb.h>
#include <resolv.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "net/address.h"
#include "upload/child_process.h"

namespace sie::upload {
namespace {

constexpr std::size_t most_answer_octets = std::numeric_limits<std::uint16_t>::max();

// The child's exit status.
enum Outcome : int { answered = 0, no_such_record = 10, try_again = 11, unanswerable = 12, no_resolver = 13 };

// Writes the answer, a DNS message, on standard output.
[[nodiscard]] int ask(const std::string& owner) {
    struct __res_state state {};
    if (res_ninit(&state) != 0) return no_resolver;
    std::vector<std::uint8_t> answer(most_answer_octets);
    const int length =
        res_nquery(&state, owner.c_str(), ns_c_in, ns_t_srv, answer.data(), static_cast<int>(answer.size()));
    if (length < 0) {
        switch (state.res_h_errno) {
            case HOST_NOT_FOUND:
            case NO_DATA: return no_such_record;
            case TRY_AGAIN: return try_again;
            default: return unanswerable;
        }
    }
    const std::size_t whole = std::min(static_cast<std::size_t>(length), answer.size());
    for (std::size_t at = 0; at < whole;) {
        const ssize_t n = ::write(1, answer.data() + at, whole - at);
        if (n <= 0) return no_resolver;
        at += static_cast<std::size_t>(n);
    }
    return answered;
}

}  // namespace

Result<std::vector<ServiceTarget>> look_up_targets(const std::string& name, const Draw& draw, int stop_fd,
                                                   std::chrono::seconds limit) {
    if (net::parse_address(name)) return std::vector{ServiceTarget{0, 0, standard_port, name}};
    std::string host = name;
    if (host.ends_with('.')) host.pop_back();
    if (!is_host_name(host))
        return fail(ErrorKind::usage, "submitserver", "is no host name", "write a name of a collector");

    const std::string owner = "_rsync._tcp." + host + ".";
    std::string answer;
    ChildWatch watch;
    watch.on_output = [&](std::string_view octets) {
        answer.append(octets.substr(0, most_answer_octets - std::min(answer.size(), most_answer_octets)));
    };
    watch.stop_fd = stop_fd;
    watch.limit = limit;
    const auto end = run_child({[&owner] { return ask(owner); }, {}}, watch);
    if (!end) return fail(end.error());

    const auto failed = [&](std::string why) {
        return fail(ErrorKind::system, owner + " SRV", std::move(why),
                    "see that the resolver of this machine answers: dig " + owner + " SRV");
    };
    if (end->stopped) return fail(ErrorKind::system, owner + " SRV", "the look-up was stopped");
    if (end->out_of_time) return failed(fmt::format("no answer within {} s", limit.count()));
    switch (end->exit_status) {
        case answered: break;
        case no_such_record: return std::vector{ServiceTarget{0, 0, standard_port, host}};
        case try_again:
            return failed("the look-up failed (no answer in time, or the server refuses or fails)");
        case unanswerable: return failed("the DNS server cannot answer the query");
        default: return failed("the look-up could not be made");
    }
    auto targets = service_targets_in(as_octets(answer), owner + " SRV");
    if (!targets) return targets;
    if (targets->empty()) targets->push_back({0, 0, standard_port, host});
    put_in_order(*targets, draw);
    return targets;
}

}  // namespace sie::upload
